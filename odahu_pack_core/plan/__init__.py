"""What was decided: image names, instructions, layers and the build plan; all of it pure."""
