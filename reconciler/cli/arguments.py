"""What the user typed, as a frozen record; and the help.

Knows commands, options and their texts. Refuses to know what a command does. A wrong argument is a sentence with "did
you mean", never a usage dump.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

from reconciler.errors import BadInput
from reconciler.guards import parse_allow
from reconciler.inert import inert

__all__ = ["COMMANDS", "Options", "parse", "wants_json"]

# So many changes of a dataset are shown unless the user asks for more or fewer.
_SHOWN: Final = 50
_DATASETS: Final = Path("datasets")
COMMANDS: Final = {
    "validate": "read all declarations and manifests and report every finding; needs no AWS account",
    "plan": "show what an apply would change; changes nothing",
    "apply": "show the plan, ask, and make the live datasets equal to the manifests",
}
_EXIT_CODES: Final = """\
exit codes:
  0    done
  1    failed: the service, the network or this machine
  2    there are changes (only with `plan --exit-code`)
  3    bad input or usage; nothing was sent
  4    refused by a policy or guard, or by the answer to `Apply?`; nothing was sent
  5    applied, but lines were rejected
  130  interrupted by Ctrl-C (143: by SIGTERM)
"""
_EPILOGS: Final = {
    None: """\
examples:
  reconciler validate                          check everything under ./datasets
  reconciler plan --project blood-cells        what would change in one project
  reconciler plan --exit-code --json > plan.json
  reconciler apply --yes -v                    apply without asking, showing every call

Options stand after the command: `reconciler plan --help` lists them.
""",
    "validate": """\
examples:
  reconciler validate
  reconciler validate elsewhere/datasets --json
""",
    "plan": """\
examples:
  reconciler plan
  reconciler plan --project blood-cells --all
  reconciler plan --exit-code                  exit 2 when anything would change, for scripts
""",
    "apply": """\
examples:
  reconciler apply                             shows the plan and asks
  reconciler apply --project blood-cells --yes

Datasets are applied one after another. A failure stops its project; the next project goes on, and the exit code is
that of the worst failure. A project with `managed: true` is never created here: `pulumi up` does that. Pulumi's state
is left alone; the next `pulumi up` records what was applied.

The first Ctrl-C finishes the running batch and stops; a second one leaves at once.
""",
}


@dataclass(frozen=True, slots=True)
class Options:
    """A command line that was understood. `limit` None shows all changes; `projects` empty means all."""

    command: str
    datasets: Path
    projects: tuple[str, ...] = ()
    json: bool = False
    verbose: bool = False
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    exit_code: bool = False
    limit: int | None = _SHOWN
    yes: bool = False
    snapshots: str | None = None
    allow: Mapping[str, str] = field(default_factory=dict)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, as an exception."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{inert(message)}; see `{self.prog} --help`")


def parse(arguments: Sequence[str]) -> Options:
    """Understand the arguments; prints and leaves (SystemExit 0) for --help and --version.

    Raises:
        BadInput: they are wrong.
    """
    parser, commands = _parsers()
    _check_command(arguments, commands)
    given, rest = parser.parse_known_args(arguments)
    if rest:
        raise BadInput(_unknown(rest[0], commands[given.command]))
    return _options(given)


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for, also where the rest of the arguments is wrong."""
    return "--json" in arguments


def _options(given: argparse.Namespace) -> Options:
    if given.command == "validate":
        return Options("validate", _folder(given), tuple(given.project), json=given.json, verbose=given.verbose)
    _check_endpoint(given.endpoint_url)
    return Options(
        given.command,
        given.datasets or _DATASETS,
        tuple(given.project),
        json=given.json,
        verbose=given.verbose,
        region=given.region,
        profile=given.profile,
        endpoint_url=given.endpoint_url,
        exit_code=getattr(given, "exit_code", False),
        limit=_limit(given),
        yes=getattr(given, "yes", False),
        snapshots=given.snapshots,
        allow=parse_allow(given.allow, "--allow"),
    )


def _limit(given: argparse.Namespace) -> int | None:
    if given.all or given.limit is not None:
        limit: int | None = given.limit
        return limit
    return None if given.json else _SHOWN


def _folder(given: argparse.Namespace) -> Path:
    folder, datasets = given.folder, given.datasets
    if folder is not None and datasets is not None:
        raise BadInput("give the folder once, as FOLDER or as --datasets")
    chosen: Path = folder or datasets or _DATASETS
    return chosen


def _check_command(arguments: Sequence[str], commands: dict[str, _Parser]) -> None:
    """Before argparse: its own message for a wrong command lists them all and suggests none."""
    first = next(iter(arguments), "")
    if first in commands or first in {"-h", "--help", "--version"}:
        return
    known = ", ".join(commands)
    if not first:
        raise BadInput(f"give a command: {known}; see `reconciler --help`")
    if first.startswith("-"):
        raise BadInput(f"the command stands first, then its options: `reconciler plan {inert(first)}`")
    raise BadInput(f"there is no command {inert(first)!r}{_suggestion(first, commands)}; there are: {known}")


def _unknown(word: str, parser: _Parser) -> str:
    """What is wrong with an argument that no option and no position takes."""
    if not word.startswith("-"):
        return f"{inert(word)!r} is one argument too many; see `{parser.prog} --help`"
    options = [option for option in parser._option_string_actions if option.startswith("--")]  # noqa: SLF001 - no public list
    name = word.partition("=")[0]
    return f"there is no option {inert(name)}{_suggestion(name, options)}; see `{parser.prog} --help`"


def _suggestion(word: str, known: Sequence[str] | dict[str, _Parser]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _check_endpoint(url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        raise BadInput("--endpoint-url is not a URL; give one like https://host:port") from None
    if not usable:
        raise BadInput(f"--endpoint-url {inert(url)} is not an http or https address; give one like https://host:port")
    if parts.username or parts.password:
        raise BadInput("--endpoint-url carries a user name or password; take it out: requests are signed instead")


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    parser = _Parser(
        prog="reconciler",
        description="Keep Amazon Rekognition Custom Labels datasets equal to the manifests in git.",
        epilog=f"{_EPILOGS[None]}\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=_version())
    kinds = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    commands = {name: _command(kinds, name) for name in COMMANDS}
    commands["validate"].add_argument(
        "folder", metavar="FOLDER", nargs="?", type=Path, help="the folder of the declarations (default: datasets)"
    )
    for name in ("plan", "apply"):
        _add_aws(commands[name])
        _add_shown(commands[name])
        commands[name].add_argument(
            "--snapshots",
            metavar="PLACE",
            help="where a dataset's entries are kept before it is deleted: a folder or s3://BUCKET/FOLDER "
            "(default: .reconciler/snapshots beside the datasets)",
        )
        commands[name].add_argument(
            "--allow",
            metavar='GUARD="WHY"',
            action="append",
            default=[],
            help="override a guard for this run, with a reason; may be given several times",
        )
    commands["plan"].add_argument("--exit-code", action="store_true", help="exit 2 when there are changes")
    commands["apply"].add_argument("--yes", action="store_true", help="apply without asking")
    return parser, commands


def _command(kinds: "argparse._SubParsersAction[_Parser]", name: str) -> _Parser:
    parser = kinds.add_parser(
        name,
        help=COMMANDS[name],
        description=f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.",
        epilog=f"{_EPILOGS[name]}\n{_EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--datasets", metavar="DIR", type=Path, help="the folder with one folder a project (default: datasets)"
    )
    parser.add_argument(
        "--project", metavar="NAME", action="append", default=[], help="only this project; may be given several times"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output instead of text")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="every finding, and every call with its answer, on standard error"
    )
    return parser


def _add_aws(parser: _Parser) -> None:
    group = parser.add_argument_group("connection")
    group.add_argument(
        "--region", help="where to look for projects by name (default: AWS_REGION, AWS_DEFAULT_REGION, the profile's)"
    )
    group.add_argument("--profile", help="a profile of the AWS configuration files (default: AWS_PROFILE)")
    group.add_argument("--endpoint-url", metavar="URL", help="another endpoint than AWS's, for the emulator")


def _add_shown(parser: _Parser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--limit",
        metavar="N",
        type=_number,
        help=f"show at most N changes of a dataset (default: {_SHOWN}; all with --json)",
    )
    group.add_argument("--all", action="store_true", help="show all changes")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _version() -> str:
    try:
        return f"reconciler {metadata.version('rekognition-labels-as-code')}"
    except metadata.PackageNotFoundError:
        return "reconciler (not installed: run from its source)"
