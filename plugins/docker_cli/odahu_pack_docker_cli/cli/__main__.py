"""Starts the command of a docker-cli image: ``python3 -I /opt/odahu/cli [COMMAND]``."""

import sys

from odahu_cli.interpreter import leave
from odahu_cli.main import main

if __name__ == "__main__":  # a model's spawned processes import this file again
    leave(main(sys.argv[1:]))
