"""Starts the server of a docker-rest image: ``python3 -I -S /opt/odahu/front [OPTIONS]``."""

import sys

from odahu_front.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
