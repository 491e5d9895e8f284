"""`python -m rekognition_emulator`: options, start, log, clean stop.

Standard output has the variables to export, one a line, and nothing else; the log goes to standard error.
"""

from __future__ import annotations

import argparse
import errno
import re
import signal
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from rekognition_emulator.faults.document import PlanError
from rekognition_emulator.journal import ABOUT
from rekognition_emulator.operations.quota import DenialError
from rekognition_emulator.sources.s3 import S3Error, serve_s3
from rekognition_emulator.state.clock import Setting
from rekognition_emulator.state.latency import BY_NAME
from rekognition_emulator.state.sqlite import StateFileError
from rekognition_emulator.switches.switch import SwitchError
from rekognition_emulator.switches.table import parse

try:
    from rekognition_emulator.emulator import serve
    from rekognition_emulator.settings import Settings
except ImportError as missing:
    sys.exit(str(missing))

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rekognition_emulator.journal import Call
    from rekognition_emulator.state.clock import Clock

_STOPS = {signal.SIGINT, signal.SIGTERM}

KEPT_CALLS = 1000
"""Calls that a long-running emulator remembers for its page."""


def _bucket(argument: str) -> tuple[str, Path]:
    name, _, folder = argument.partition("=")
    if not name or not folder or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{argument!r} is not NAME=DIR with an existing folder")
    return name, Path(folder)


def _port(argument: str) -> int:
    if not argument.isdecimal() or int(argument[:6]) > 65_535:
        raise argparse.ArgumentTypeError(f"{argument!r} is not a port from 0 to 65535")
    return int(argument)


def _text(pattern: str, what: str) -> Callable[[str], str]:
    def checked(argument: str) -> str:
        if not re.fullmatch(pattern, argument):
            raise argparse.ArgumentTypeError(f"{argument!r} is not {what}")
        return argument

    return checked


_ACCOUNT = _text("[0-9]{12}", "an account id of twelve digits")
_REGION = _text("[a-z0-9-]+", "a Region such as us-east-1")
_ENDPOINT = _text(r"https?://[^/\s]+/?", "a URL such as http://127.0.0.1:9000")


def version() -> str:
    """The versions that decide what is answered: this package's, and botocore's for its service model."""
    try:
        own = metadata.version("rekognition-labels-as-code")
    except metadata.PackageNotFoundError:
        own = "(not installed)"
    return f"rekognition_emulator {own}, botocore {metadata.version('botocore')}"


def parser() -> argparse.ArgumentParser:
    """The options with their help."""
    made = argparse.ArgumentParser(
        prog="python -m rekognition_emulator",
        description="Serve Amazon Rekognition Custom Labels dataset operations over HTTP. Nothing leaves this machine.",
        epilog="`python -m rekognition_emulator.docs FILE` writes the page on switches, faults and the door for tests.",
    )
    add = made.add_argument
    add("--version", action="version", version=version())
    add("--port", type=_port, default=5557, help="0 lets the system choose (default: %(default)s)")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--state", type=Path, metavar="FILE", help="keep everything in this SQLite file (default: in memory)")
    add("--latency", choices=sorted(BY_NAME), default="real", help="how long updates take (default: %(default)s)")
    add("--quota", choices=["aws", "none"], default="none", help="throttle as AWS does (default: %(default)s)")
    add("--deny", action="append", default=[], metavar="OPERATION[:ARN]", help="answer AccessDeniedException; * and ?")
    add("--faults", type=Path, metavar="FILE", help="a fault plan (YAML)")
    add("--bucket", type=_bucket, action="append", default=[], metavar="NAME=DIR", help="a folder as an S3 bucket")
    s3 = made.add_mutually_exclusive_group()
    s3.add_argument(
        "--with-s3", action="store_true", help="serve S3 too (needs the extra `emulator`); --bucket fills it"
    )
    s3.add_argument("--s3-endpoint", type=_ENDPOINT, metavar="URL", help="read manifests from this S3 API")
    add("--switch", action="append", default=[], metavar="NAME=VALUE", help="answer an open question differently")
    add("--account", type=_ACCOUNT, default="111122223333", help="account id in ARNs (default: %(default)s)")
    add("--region", type=_REGION, default="us-east-1", help="Region of unsigned requests (default: %(default)s)")
    add("--seed", type=int, default=0, help="decides request ids and chances of faults (default: %(default)s)")
    return made


def _plan(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PlanError(f"The fault plan {path} is not text in UTF-8.") from error


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that the options ask for.

    Raises:
        OSError: when the fault plan cannot be read.
        PlanError: when it is not text.
        SwitchError: for an unknown switch or value.
    """
    return Settings(
        host=options.host,
        port=options.port,
        account=options.account,
        region=options.region,
        latency=BY_NAME[options.latency],
        switches=parse(options.switch),
        state=options.state,
        buckets={} if options.with_s3 else dict(options.bucket),
        s3_endpoint=options.s3_endpoint,
        quota=options.quota == "aws",
        deny=tuple(options.deny),
        faults=_plan(options.faults) if options.faults else "",
        plan_name=str(options.faults or ""),
        seed=options.seed,
        keep_calls=KEPT_CALLS,
    )


def printable(text: str) -> str:
    """Text of a request without control characters, cut to a line's length."""
    text = text[:200]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def log_line(call: Call) -> str:
    """One call in one line: status, operation, what it was about, time, request id, error, faults."""
    about = next((call.request[name] for name in ABOUT if call.request.get(name)), "-")
    parts = [str(call.status), call.operation, printable(str(about)), f"{call.seconds * 1000:.1f}ms", call.request_id]
    return printable(" ".join([*parts, call.error, *(f"fault={name}" for name in call.faults)]).rstrip())


def _say(text: str) -> None:
    with suppress(OSError):  # whoever read the log is gone: the service goes on
        print(text, file=sys.stderr, flush=True)


def _log(call: Call) -> None:
    _say(log_line(call))


def clock_line(clock: Clock) -> str:
    """That a kept clock does not show the system's time, in one line."""
    state = "stands still at" if clock.is_frozen else "goes on from"
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(clock.now()))
    return f"The clock {state} {moment}, as the state file has it."


def run(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM, which are blocked in every thread and taken here.

    A handler would not do: a signal delivered to a server thread leaves the main thread asleep.
    """
    settings = settings_of(options)
    with ExitStack() as stack:
        variables = {}
        if options.with_s3:
            endpoint = stack.enter_context(serve_s3(dict(options.bucket), settings.host))
            settings = replace(settings, s3_endpoint=endpoint)
            variables["AWS_ENDPOINT_URL_S3"] = endpoint
        emulator = stack.enter_context(serve(settings))
        emulator.front.journal.listeners.append(_log)
        for name, value in (emulator.environment | variables).items():
            print(f"export {name}={value}", flush=True)
        _say(f"Listening on {emulator.url} (a page for people is there too)")
        if emulator.clock.setting != Setting(None, 0.0):
            _say(clock_line(emulator.clock))
        signal.sigwait(_STOPS)


def unopened(error: OSError, options: argparse.Namespace) -> str:
    """What could not be opened, and the cure."""
    if error.filename:
        return f"Cannot open {error.filename}: {error.strerror}. Is the path right?"
    cure = "Try --port 0." if error.errno == errno.EADDRINUSE else "Is the address one of this machine?"
    return f"Cannot open {options.host}:{options.port}: {error.strerror}. {cure}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; answers the exit code: 0 stopped, 1 could not start."""
    options = parser().parse_args(arguments)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        run(options)
    except (StateFileError, PlanError, SwitchError, S3Error, DenialError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(unopened(error, options), file=sys.stderr)
        return 1
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
