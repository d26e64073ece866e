"""The command of a docker-cli image: batch predictions from files to files, and the model's schemas.

``main`` reads the command line. ``predict`` then goes from ``tasks`` (which ``inputs``, in which ``shards``,
to which ``results``) to a ``run``: pieces of inputs are answered by a ``predictor`` in this process or by a
``crew`` of ``worker`` processes, and written in their order. Nothing of the model is imported before the
inputs are found and the output is known to be writable.
"""
