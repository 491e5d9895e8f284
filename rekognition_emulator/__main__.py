"""The command line: `python -m rekognition_emulator [options]`.

Knows options, the printed variables, the log and the clean stop. Refuses to know the service.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from typing import TYPE_CHECKING

from rekognition_emulator.emulator import serve
from rekognition_emulator.latency import BY_NAME
from rekognition_emulator.settings import Settings

if TYPE_CHECKING:
    from rekognition_emulator.journal import Call

KEPT_CALLS = 1000


def parser() -> argparse.ArgumentParser:
    """The options with their help."""
    made = argparse.ArgumentParser(
        prog="python -m rekognition_emulator",
        description="Serve Amazon Rekognition Custom Labels dataset operations over HTTP. Nothing leaves this machine.",
    )
    made.add_argument("--port", type=int, default=5557, help="0 lets the system choose (default: %(default)s)")
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    made.add_argument(
        "--latency", choices=sorted(BY_NAME), default="real", help="how long updates take (default: real)"
    )
    made.add_argument("--account", default="111122223333", help="account id in ARNs (default: %(default)s)")
    made.add_argument("--region", default="us-east-1", help="Region of unsigned requests (default: %(default)s)")
    made.add_argument("--seed", type=int, default=0, help="decides request ids and chances of faults (default: 0)")
    return made


def printable(text: str) -> str:
    """Text of a request without control characters, cut to a line's length."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


def log_line(call: Call) -> str:
    """One call in one line."""
    about = call.request.get("DatasetArn") or call.request.get("ProjectArn") or call.request.get("ProjectName") or ""
    parts = [str(call.status), call.operation, printable(str(about)), f"{call.seconds * 1000:.1f} ms", call.request_id]
    return " ".join([*parts, call.error, *call.faults]).rstrip()


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; answers the exit code."""
    options = parser().parse_args(arguments)
    settings = Settings(
        host=options.host,
        port=options.port,
        account=options.account,
        region=options.region,
        latency=BY_NAME[options.latency],
        seed=options.seed,
        keep_calls=KEPT_CALLS,
    )
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with serve(settings) as emulator:
            emulator.front.journal.listeners.append(lambda call: print(log_line(call), file=sys.stderr, flush=True))
            for name, value in emulator.environment.items():
                print(f"export {name}={value}", flush=True)
            stopped.wait()
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror}. Try --port 0.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
