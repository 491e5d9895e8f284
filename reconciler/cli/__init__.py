"""The command `reconciler`: arguments in, text or JSON out. Only this package prints."""

import gc
import os
import sys
from collections.abc import Sequence

from reconciler.errors import Exit

__all__ = ["command", "main"]

# Objects made before the collector looks for circles among them; Python's default is 700.
_LOOK_AFTER = 50_000


def command() -> int:
    """Run the command as a process of its own, which ends with it.

    Loading makes many objects that live as long as the process: the collector does not look at them again and again,
    and not at all when the process ends.
    """
    gc.set_threshold(_LOOK_AFTER)
    code = main()
    gc.freeze()
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's) and give its exit code."""
    open_to_nowhere()
    if os.name != "posix":  # locks, signals and file modes are those of POSIX
        sys.stderr.write("error: this system is not POSIX; on Windows, run this program in WSL\n")
        return int(Exit.BAD_INPUT)
    try:
        # Loading the program takes some tenths of a second; a Ctrl-C then must not show a traceback either.
        from reconciler.cli.main import main as run  # noqa: PLC0415 - see above

        return run(argv)
    except KeyboardInterrupt:  # before or after a command; the command itself can report more
        sys.stderr.write("error: interrupted (SIGINT)\n")
        return int(Exit.SIGINT)


def open_to_nowhere() -> None:
    """Open standard streams that the caller has closed (`>&-`), or the next files that are opened take their place.

    The name of such a stream is that of the null device; `Screen` reports that it is closed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for the whole process
