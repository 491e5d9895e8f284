"""The command `reconciler`: arguments in, conductor called, text or JSON out. The only rooms that print."""

import sys
from collections.abc import Sequence

from reconciler.errors import Exit

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's) and give its exit code."""
    try:
        # To load the program takes some tenths of a second, in which a Ctrl-C must be no traceback either.
        from reconciler.cli.main import main as run  # noqa: PLC0415 - see above

        return run(argv)
    except KeyboardInterrupt:  # before or after a command did its work; in between, that knows more to say
        sys.stderr.write("error: interrupted (SIGINT)\n")
        return int(Exit.SIGINT)
