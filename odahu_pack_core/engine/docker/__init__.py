"""The Docker engine: its API spoken through docker-py, base images inspected, plans built and pushed."""
