"""odahu-pack beside MLflow, BentoML and a Dockerfile written by hand, on the same ground."""
