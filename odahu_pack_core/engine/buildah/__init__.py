"""The engine that builds with the ``buildah`` command, where plans run programs and no daemon is."""
