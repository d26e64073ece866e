"""The command of a docker-cli image: batch predictions from file to file, and the model's schemas.

Nothing of the model is imported before its input is read and its output is known to be writable.
"""
