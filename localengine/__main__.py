"""`python -m localengine`: reads the command line and ends with Pulumi's exit codes."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from localengine.protocol.sdk import load_messages_only

if __name__ == "__main__":
    # While the modules below load, a Ctrl-C ends the process without a traceback; then `Interrupts` takes over.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    load_messages_only()

from localengine.engine.signals import Interrupts
from localengine.errors import EngineError, Exit
from localengine.options import parse
from localengine.views.console import Console

try:
    from localengine.command import prepare
except ImportError as missing:
    sys.exit(f"error: {missing}")

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run one command; every failure is one sentence on standard error, never a traceback."""
    interrupts = Interrupts()
    interrupts.install()
    console = Console(interactive="--non-interactive" not in arguments)
    try:
        return prepare(parse(arguments), console, interrupts).execute()
    except EngineError as error:
        console.error(error.message)
        return interrupts.exit or error.code
    except KeyboardInterrupt:
        return interrupts.exit or Exit.FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
