"""`python -m rekognition_emulator`: the options, the start, the log and the clean stop.

Standard output has the variables to export, one per line, and nothing else; the log goes to standard error.
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

from rekognition_emulator.faults.plan_text import PlanError
from rekognition_emulator.journal import SUBJECT_MEMBERS
from rekognition_emulator.operations.admission import DenialError
from rekognition_emulator.sources.s3 import S3Error, serve_s3
from rekognition_emulator.state.clock import ClockSetting
from rekognition_emulator.state.latency import LATENCIES
from rekognition_emulator.state.sqlite import StateFileError
from rekognition_emulator.switches.all_switches import parse_switches
from rekognition_emulator.switches.switch import SwitchError
from rekognition_emulator.web.router import is_loopback

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
"""The number of calls that the journal of a command-line emulator keeps."""


def _bucket(argument: str) -> tuple[str, Path]:
    name, _, folder = argument.partition("=")
    if not name or not folder or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{argument!r} is not NAME=DIR with an existing folder")
    return name, Path(folder)


def _key_of_account(argument: str) -> tuple[str, str]:
    key, _, account = argument.partition("=")
    if not key:
        raise argparse.ArgumentTypeError(f"{argument!r} is not KEY=ACCOUNT")
    return key, _ACCOUNT(account)


def _port(argument: str) -> int:
    if not argument.isdecimal() or int(argument[:6]) > 65_535:
        raise argparse.ArgumentTypeError(f"{argument!r} is not a port from 0 to 65535")
    return int(argument)


def _text_like(pattern: str, what: str) -> Callable[[str], str]:
    def checked(argument: str) -> str:
        if not re.fullmatch(pattern, argument):
            raise argparse.ArgumentTypeError(f"{argument!r} is not {what}")
        return argument

    return checked


_ACCOUNT = _text_like("[0-9]{12}", "an account id of twelve digits")
_REGION = _text_like("[a-z0-9-]+", "a Region such as us-east-1")
_ENDPOINT = _text_like(r"https?://[^/\s]+/?", "a URL such as http://127.0.0.1:9000")


def version() -> str:
    """The versions of this package, and of botocore, whose service model it uses, in one line."""
    try:
        own = metadata.version("rekognition-labels-as-code")
    except metadata.PackageNotFoundError:
        own = "(not installed)"
    return f"rekognition_emulator {own}, botocore {metadata.version('botocore')}"


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, with all options and their help."""
    made = argparse.ArgumentParser(
        prog="python -m rekognition_emulator",
        description="Serve Amazon Rekognition Custom Labels dataset operations over HTTP. Nothing leaves this machine.",
        epilog="`python -m rekognition_emulator.docs FILE` documents switches, faults and the control interface.",
    )
    add = made.add_argument
    add("--version", action="version", version=version())
    add("--port", type=_port, default=5557, help="port to listen on; 0 lets the system choose (default: %(default)s)")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--state", type=Path, metavar="FILE", help="keep all state in this SQLite file (default: in memory)")
    add(
        "--latency",
        choices=sorted(LATENCIES),
        default="real",
        help="how long creations, updates and deletions take (default: %(default)s)",
    )
    add("--quota", choices=["aws", "none"], default="none", help="throttle at AWS's rates (default: %(default)s)")
    add(
        "--deny",
        action="append",
        default=[],
        metavar="OPERATION[:ARN]",
        help="refuse with AccessDeniedException; may have * and ?",
    )
    add("--faults", type=Path, metavar="FILE", help="a fault plan (YAML)")
    add(
        "--bucket",
        type=_bucket,
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="use the files of a folder as the objects of an S3 bucket",
    )
    s3 = made.add_mutually_exclusive_group()
    s3.add_argument(
        "--with-s3",
        action="store_true",
        help="also serve S3, with the buckets of --bucket (needs the extra `emulator`)",
    )
    s3.add_argument("--s3-endpoint", type=_ENDPOINT, metavar="URL", help="read manifests from this S3 API")
    add(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change the answer to a question that AWS leaves open",
    )
    add("--account", type=_ACCOUNT, default="111122223333", help="account id in ARNs (default: %(default)s)")
    add(
        "--account-of",
        type=_key_of_account,
        action="append",
        default=[],
        metavar="KEY=ACCOUNT",
        help="the account of an access key, if it is not that of --account",
    )
    add("--region", type=_REGION, default="us-east-1", help="Region of unsigned requests (default: %(default)s)")
    add("--seed", type=int, default=0, help="seed of request ids and of the chances of faults (default: %(default)s)")
    return made


def _plan(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PlanError(f"The fault plan {path} is not UTF-8 text.") from error


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings for the options.

    Raises:
        OSError: when the fault plan cannot be read.
        PlanError: when the fault plan is not UTF-8 text.
        SwitchError: for an unknown switch, or an invalid value of one.
    """
    return Settings(
        host=options.host,
        port=options.port,
        account=options.account,
        accounts=dict(options.account_of),
        region=options.region,
        latency=LATENCIES[options.latency],
        switches=parse_switches(options.switch),
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
    """Text from a request, safe for a terminal: at most 200 characters, with ? for those that cannot be printed."""
    text = text[:200]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def log_line(call: Call) -> str:
    """One call in one line: status, operation, what it was about, milliseconds, request id, error, faults."""
    about = next((call.request[name] for name in SUBJECT_MEMBERS if call.request.get(name)), "-")
    parts = [str(call.status), call.operation, printable(str(about)), f"{call.seconds * 1000:.1f}ms", call.request_id]
    return printable(" ".join([*parts, call.error, *(f"fault={name}" for name in call.faults)]).rstrip())


def _write_log(text: str) -> None:
    with suppress(OSError):  # the reader of the log has closed the pipe; the emulator keeps running
        print(text, file=sys.stderr, flush=True)


def _log(call: Call) -> None:
    _write_log(log_line(call))


def clock_line(clock: Clock) -> str:
    """A line that says how a clock from a state file differs from the system's."""
    state = "is frozen at" if clock.is_frozen else "runs from"
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(clock.now()))
    return f"The emulator's clock {state} {moment}, as set in the state file."


def run(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM, which are blocked in every thread and awaited here.

    A signal handler would not work: a signal that a server thread receives does not wake the main thread.
    """
    settings = settings_of(options)
    with ExitStack() as stack:
        variables = {}
        if options.with_s3:
            loopback = is_loopback(f"[{settings.host}]" if ":" in settings.host else settings.host)
            answers = is_loopback if loopback else lambda _host: True
            endpoint = stack.enter_context(serve_s3(dict(options.bucket), settings.host, answers=answers))
            settings = replace(settings, s3_endpoint=endpoint)
            variables["AWS_ENDPOINT_URL_S3"] = endpoint
        emulator = stack.enter_context(serve(settings))
        emulator.front_end.journal.listeners.append(_log)
        for name, value in (emulator.environment | variables).items():
            print(f"export {name}={value}", flush=True)
        _write_log(f"Listening on {emulator.url}; open it in a browser to see projects, datasets and calls.")
        if emulator.clock.setting != ClockSetting(None, 0.0):
            _write_log(clock_line(emulator.clock))
        signal.sigwait(_STOPS)


def cannot_open(error: OSError, options: argparse.Namespace) -> str:
    """The message for a file or an address that cannot be opened, with what to do."""
    if error.filename:
        return f"Cannot open {error.filename}: {error.strerror}. Check the path."
    cure = "Use --port 0." if error.errno == errno.EADDRINUSE else "Check that --host is an address of this machine."
    return f"Cannot listen on {options.host}:{options.port}: {error.strerror}. {cure}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0 when stopped by a signal, 1 when it could not start."""
    options = parser().parse_args(arguments)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        run(options)
    except (StateFileError, PlanError, SwitchError, S3Error, DenialError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(cannot_open(error, options), file=sys.stderr)
        return 1
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
