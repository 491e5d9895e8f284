"""`python -m reconciler`: the command line, where its script is not on the path."""

import sys

from reconciler.cli import command

if __name__ == "__main__":
    sys.exit(command())
