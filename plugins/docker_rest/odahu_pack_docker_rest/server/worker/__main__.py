"""Starts a worker: ``python3 -I /opt/odahu/worker --fd N``."""

import sys

from odahu_worker.main import main

if __name__ == "__main__":  # a model's spawned processes import this file again
    sys.exit(main(sys.argv[1:]))
