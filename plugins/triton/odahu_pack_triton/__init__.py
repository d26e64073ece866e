"""The docker-triton packager: a model for NVIDIA Triton Inference Server in a container image."""
