"""The command line: Pulumi's flags; every other flag is refused by name."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from localengine.errors import EngineError, Exit, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "preview": "show the changes that `up` would make",
    "up": "run the program and make the changes",
    "refresh": "compare the state with the resources that exist, and store the result",
    "destroy": "delete every resource in the state",
    "export": "print the state as `pulumi stack export` does",
}
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


@dataclass(frozen=True, slots=True)
class Options:
    """One command line."""

    command: str
    cwd: Path
    stack: str | None
    state: str | None
    yes: bool
    skip_preview: bool
    diff: bool
    json: bool
    non_interactive: bool
    expect_no_changes: bool
    preview_only: bool
    refresh: bool
    targets: frozenset[str]
    target_dependents: bool
    clear_pending_creates: bool


def parse(arguments: Sequence[str]) -> Options:
    """The options of a command line.

    Raises EngineError with exit code 2 for a flag that is wrong or unknown, SystemExit for --help.
    """
    parser = _parser()
    known, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise _usage(RefusedError(f"`{unknown[0]}` on {known.command}").message)
    options = Options(
        command=known.command,
        cwd=Path(known.cwd).resolve(),
        stack=known.stack,
        state=known.state,
        yes=getattr(known, "yes", False) or _skips_confirmation(),
        skip_preview=getattr(known, "skip_preview", False),
        diff=getattr(known, "diff", False),
        json=getattr(known, "json", False),
        non_interactive=getattr(known, "non_interactive", False),
        expect_no_changes=getattr(known, "expect_no_changes", False),
        preview_only=getattr(known, "preview_only", False),
        refresh=_boolean(getattr(known, "refresh", "false")),
        targets=frozenset(getattr(known, "target", None) or ()),
        target_dependents=getattr(known, "target_dependents", False),
        clear_pending_creates=getattr(known, "clear_pending_creates", False),
    )
    return _consistent(options)


def _consistent(options: Options) -> Options:
    if options.preview_only and options.skip_preview:
        raise _usage("--skip-preview and --preview-only cannot be used together")
    if options.preview_only and options.yes and not _skips_confirmation():
        raise _usage("--yes and --preview-only cannot be used together")
    if patterns := [target for target in sorted(options.targets) if "*" in target]:
        raise _usage(RefusedError(f"the pattern `{patterns[0]}` in --target").message)
    if not options.cwd.is_dir():
        raise _usage(f"--cwd: {options.cwd} is not a folder")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m localengine",
        description="Runs a Pulumi Python program without the Pulumi CLI.",
        epilog="For trials and tests; use Pulumi in production. Environment: PULUMI_STACK, "
        "PULUMI_CONFIG_PASSPHRASE, LOCALENGINE_STATE (the folder of the state files), LOCALENGINE_TRACE (a file for "
        "every call, secrets included).",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
        _place(command)
        if name != "export":
            _flags(command, name)
    return parser


def _place(command: argparse.ArgumentParser) -> None:
    command.add_argument("-C", "--cwd", default=".", metavar="DIR", help="run in DIR")
    command.add_argument("-s", "--stack", metavar="NAME", help="the stack; default: PULUMI_STACK, or the only stack")
    command.add_argument("--state", metavar="DIR", help="folder of the state files; default: .localengine")


def _flags(command: argparse.ArgumentParser, name: str) -> None:
    def flag(*names: str, text: str) -> None:
        command.add_argument(*names, action="store_true", help=text)

    flag("-y", "--yes", text="approve the changes after the preview")
    flag("-f", "--skip-preview", text="skip the preview")
    flag("--diff", text="show every changed property")
    flag("-j", "--json", text="print JSON")
    flag("--non-interactive", text="never prompt")
    if name != "destroy":
        flag("--expect-no-changes", text="exit with 7 if there are changes")
    if name in ("refresh", "destroy"):
        flag("--preview-only", text="show the changes without making them")
    command.add_argument(
        "-t", "--target", action="append", metavar="URN", help="change only this resource; can be repeated"
    )
    if name == "destroy":
        flag("--target-dependents", text="also delete what depends on the targets")
    if name == "refresh":
        flag("--clear-pending-creates", text="remove pending creations from the state")
    if name != "refresh":
        command.add_argument(
            "-r", "--refresh", nargs="?", const="true", default="false", help="refresh the state first"
        )


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as an EngineError."""

    def error(self, message: str) -> NoReturn:
        raise _usage(f"{message} (see {self.prog} --help)")


def _usage(message: str) -> EngineError:
    return EngineError(message, Exit.USAGE)


def _boolean(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise _usage("unable to determine value for --refresh")
    return text.lower() in _TRUE


def _skips_confirmation() -> bool:
    return os.environ.get("PULUMI_SKIP_CONFIRMATIONS", "").lower() in _TRUE
