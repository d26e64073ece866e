"""What an image would run, run on this machine without a container, from the same plan."""
