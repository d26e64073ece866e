"""Batch predictions with docker-cli's command, beside loops written by hand."""
