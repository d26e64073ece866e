"""The docker-cli packager: a GPPI model as a batch command in a container image."""
