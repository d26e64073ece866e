"""The docker-rest packager: a GPPI model as a REST service in a container image."""
