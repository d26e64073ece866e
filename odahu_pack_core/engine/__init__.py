"""Container engines: build contexts, and the Docker engine that executes resolved plans."""
