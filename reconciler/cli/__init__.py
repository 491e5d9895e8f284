"""The command `reconciler`: arguments in, text or JSON out. Only this package prints."""

import sys
from collections.abc import Sequence

from reconciler.errors import Exit

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's) and give its exit code."""
    try:
        # Loading the program takes some tenths of a second; a Ctrl-C then must not show a traceback either.
        from reconciler.cli.main import main as run  # noqa: PLC0415 - see above

        return run(argv)
    except KeyboardInterrupt:  # before or after a command; the command itself can report more
        sys.stderr.write("error: interrupted (SIGINT)\n")
        return int(Exit.SIGINT)
