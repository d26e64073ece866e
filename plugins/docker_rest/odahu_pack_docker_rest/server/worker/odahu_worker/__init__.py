"""The worker of a docker-rest image: one process that holds the model and predicts for the front."""
