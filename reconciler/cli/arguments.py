"""From what the user typed to `Options`; and the help.

A wrong argument is a sentence with "did you mean", never a usage dump.

The options of reviews and their views, and of the commands that need no account: report, diff, convert.
"""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

from reconciler.aws.arns import DatasetArn
from reconciler.cli.help import COMMANDS, EPILOGS, EXIT_CODES
from reconciler.cli.options import STANDARD_OUTPUT, Asked, Options
from reconciler.errors import BadInput
from reconciler.formats import FORMATS
from reconciler.guards import GUARDS, parse_allow, read_variable
from reconciler.model import DatasetType
from reconciler.text import inert
from reconciler.views import VIEWS

_DATASETS: Final = Path("datasets")
# Commands that read what they are given, and no declarations of a run.
_BESIDE: Final = ("report", "diff", "convert")


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
    """Whether JSON was asked for on standard output, also where the rest of the arguments is wrong."""
    return "--json" in arguments or "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _options(given: argparse.Namespace) -> Options:
    if given.command == "validate":
        return Options("validate", _folder(given), tuple(given.project), json=given.json, verbose=given.verbose)
    if given.command in _BESIDE:
        return _beside(given)
    _check_endpoint(given.endpoint_url)
    if given.command == "restore":
        _check_destination(given)
    return Options(
        given.command,
        given.datasets or _DATASETS,
        tuple(given.project),
        json=given.json,
        verbose=given.verbose,
        region=_region(given),
        profile=given.profile,
        endpoint_url=given.endpoint_url,
        exit_code=getattr(given, "exit_code", False),
        limit=given.limit,
        everything=given.all,
        yes=getattr(given, "yes", False),
        snapshots=getattr(given, "snapshots", None),
        audit=getattr(given, "audit", None),
        allow=_allowed(given),
        snapshot=getattr(given, "snapshot", ""),
        dataset_type=DatasetType(given.type.upper()) if getattr(given, "type", None) else None,
        dataset_arn=getattr(given, "dataset_arn", None),
        asked=asked(given),
    )


def _allowed(given: argparse.Namespace) -> dict[str, str]:
    """Overrides of guards: by the environment, and over them by `--allow`."""
    if not hasattr(given, "allow"):
        return {}
    return read_variable(os.environ) | parse_allow(given.allow, "--allow")


def _beside(given: argparse.Namespace) -> Options:
    """The options of a command that reads what it is given."""
    return Options(
        given.command,
        Path(getattr(given, "datasets", _DATASETS)),
        verbose=given.verbose,
        exit_code=getattr(given, "exit_code", False),
        asked=asked(given),
    )


def _region(given: argparse.Namespace) -> str | None:
    """The region: of the dataset's ARN where one is given, else as it was asked for."""
    asked: str | None = given.region
    if not getattr(given, "dataset_arn", None):
        return asked
    arn = DatasetArn.parse(given.dataset_arn)
    if asked not in {None, arn.region}:
        raise BadInput(f"--region {inert(asked or '')} is not the region of --dataset-arn, {arn.region}; leave it out")
    return arn.region


def _check_destination(given: argparse.Namespace) -> None:
    """A snapshot goes to one dataset, named in one way."""
    if given.dataset_arn and not (given.project or given.type):
        return
    if given.dataset_arn or len(given.project) != 1 or not given.type:
        raise BadInput("name one dataset to restore to: --project NAME with --type train or test, or --dataset-arn ARN")


def _folder(given: argparse.Namespace) -> Path:
    folder, datasets = given.folder, given.datasets
    if folder is not None and datasets is not None:
        raise BadInput("give the folder once, as PATH or as --datasets")
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
        epilog=f"{EPILOGS[None]}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=_version())
    kinds = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    commands = {name: _command(kinds, name) for name in COMMANDS}
    commands["validate"].add_argument(
        "folder",
        metavar="PATH",
        nargs="?",
        type=Path,
        help="the folder of all projects (default: datasets), that of one, or one manifest",
    )
    for name in ("plan", "apply", "restore"):
        _add_aws(commands[name])
        _add_shown(commands[name])
    for name in ("plan", "apply"):
        commands[name].add_argument(
            "--allow",
            metavar='GUARD="WHY"',
            action="append",
            default=[],
            help="override a guard for this run, with a reason; may be given several times (or RECONCILER_ALLOW); the "
            f"guards: {', '.join(GUARDS)}",
        )
        commands[name].add_argument(
            "--snapshots",
            metavar="PLACE",
            help="where a dataset's entries are kept before it is deleted: a folder or s3://BUCKET/FOLDER "
            "(default: .reconciler/snapshots beside the datasets)",
        )
    commands["plan"].add_argument("--exit-code", action="store_true", help="exit 2 when there are changes")
    add_plan_views(commands["plan"])
    add_apply_plan(commands["apply"])
    add_report(commands["report"])
    add_diff(commands["diff"])
    add_convert(commands["convert"])
    for name in ("apply", "restore"):
        commands[name].add_argument("--yes", action="store_true", help="apply without asking")
        commands[name].add_argument(
            "--audit",
            metavar="PLACE",
            help="where each record of an apply also goes: a file, or s3://BUCKET/FOLDER "
            "(always: .reconciler/audit beside the datasets)",
        )
    _add_destination(commands["restore"])
    return parser, commands


def _command(kinds: "argparse._SubParsersAction[_Parser]", name: str) -> _Parser:
    parser = kinds.add_parser(
        name,
        help=COMMANDS[name],
        description=f"{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.",
        epilog=f"{EPILOGS[name]}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if name not in _BESIDE:
        _add_declared(parser)
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="every entry and finding; every call on standard error",
    )
    return parser


def _add_declared(parser: _Parser) -> None:
    """Which declarations the command is about."""
    parser.add_argument(
        "--datasets", metavar="DIR", type=Path, help="the folder with one folder a project (default: datasets)"
    )
    parser.add_argument(
        "--project", metavar="NAME", action="append", default=[], help="only this project; may be given several times"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output instead of text")


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
        help="show N entries of each dataset, the riskiest (default: a screen or two; with --json up to 20,000)",
    )
    group.add_argument("--all", action="store_true", help="show every entry")


def _add_destination(parser: _Parser) -> None:
    parser.add_argument("snapshot", metavar="SNAPSHOT", help="a snapshot: a file, or an address in S3")
    parser.add_argument("--type", choices=[kind.word for kind in DatasetType], help="the dataset of --project")
    parser.add_argument("--dataset-arn", metavar="ARN", help="the dataset, in place of --project and --type")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _version() -> str:
    try:
        return f"reconciler {metadata.version('rekognition-labels-as-code')}"
    except metadata.PackageNotFoundError:
        return "reconciler (not installed: run from its source)"


# The value of --images that reads pictures from where their keys point to.
S3: Final = "s3"
# A fixed date keeps the output the same from one run to the next; `--created` says a better one.
_CREATED: Final = "2000-01-01T00:00:00"


def add_plan_views(parser: argparse.ArgumentParser) -> None:
    """The views that a plan can be written as."""
    group = parser.add_argument_group("views of the plan (- is standard output)")
    for view in VIEWS.values():
        if view.option:
            group.add_argument(f"--{view.option}", metavar="FILE", help=view.help)
    _add_pictures(group, f"pictures for --html: a folder, or {S3} to read them from where they are")
    group.add_argument(
        "--base",
        metavar="REF",
        help="a git revision; marks each change as this branch's, pending on the base, or drift",
    )


def add_apply_plan(parser: argparse.ArgumentParser) -> None:
    """The plan that was reviewed."""
    parser.add_argument(
        "--plan",
        metavar="ID",
        help="apply only the plan that was reviewed: its id, or the file of `plan --save`, which also tells which "
        "entries moved since",
    )


def add_report(parser: argparse.ArgumentParser) -> None:
    """`report plan.json`."""
    parser.add_argument(
        "saved",
        metavar="PLAN",
        help="a plan as JSON: what `plan --save`, `diff --format json` or `--json` of any command wrote",
    )
    _add_format(parser)


def add_diff(parser: argparse.ArgumentParser) -> None:
    """`diff A B`."""
    parser.add_argument(
        "before", metavar="A", help="a manifest, a folder, or a git revision (main:datasets, HEAD~1, a tag)"
    )
    parser.add_argument("after", metavar="B", help="likewise; a path that exists is taken before a revision")
    parser.add_argument(
        "--datasets",
        metavar="DIR",
        default="datasets",
        help="the folder that a revision without a path stands for (default: %(default)s)",
    )
    parser.add_argument("--exit-code", action="store_true", help="exit 2 when there are changes")
    _add_format(parser)


def add_convert(parser: argparse.ArgumentParser) -> None:
    """`convert FORMAT FILE...`."""
    parser.add_argument(
        "annotations",
        metavar="FORMAT",
        choices=sorted(FORMATS),
        help=f"the annotations: {' or '.join(sorted(FORMATS))}",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="annotation files, in the manifest's order")
    parser.add_argument(
        "--images", required=True, metavar="S3-ADDRESS", help="where the images lie, s3://bucket/folder/"
    )
    parser.add_argument("--created", default=_CREATED, metavar="DATE", help="creation-date of every line (%(default)s)")
    _add_output(parser)


def asked(given: argparse.Namespace) -> Asked:
    """What was asked for.

    Raises:
        BadInput: options that exclude one another, or a folder that is not there.
    """
    if given.command == "convert":
        return Asked(
            files={"lines": given.output},
            sources=tuple(given.files),
            annotations=given.annotations,
            prefix=given.images,
            created=given.created,
        )
    files = {given.format: given.output} if hasattr(given, "format") else _saved(given)
    _check_standard_output(files, as_json=getattr(given, "json", False))
    images = getattr(given, "images", None)
    _check_images(images, files, account=hasattr(given, "profile"))
    named = (getattr(given, name, None) for name in ("saved", "before", "after"))
    return Asked(
        files=files,
        base=getattr(given, "base", None),
        images=images,
        links=getattr(given, "links", True),
        plan=getattr(given, "plan", None),
        sources=tuple(name for name in named if name is not None),
    )


def _saved(given: argparse.Namespace) -> dict[str, str]:
    """The views of a plan that go into files."""
    places = ((name, getattr(given, view.option, None)) for name, view in VIEWS.items() if view.option)
    return {view: place for view, place in places if place is not None}


def _check_standard_output(files: dict[str, str], *, as_json: bool) -> None:
    places = Counter([*files.values(), *([STANDARD_OUTPUT] if as_json else [])])
    if places[STANDARD_OUTPUT] > 1:
        raise BadInput("standard output takes one document: name files for the others")
    twice = [place for place, many in places.items() if many > 1]
    if twice:
        raise BadInput(f"{inert(twice[0])} is named for two views; name a file for each")


def _check_images(images: str | None, files: dict[str, str], *, account: bool) -> None:
    if images is None:
        return
    if "html" not in files:
        raise BadInput("--images is for the HTML view, which is not asked for")
    if images == S3 and not account:
        raise BadInput(
            "--images s3 needs an account, which only `reconciler plan` uses; name a folder with the pictures"
        )
    if images != S3 and not Path(images).is_dir():
        raise BadInput(f"--images {inert(images)}: there is no such folder")


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=list(VIEWS), default="text", help=f"the view: {', '.join(VIEWS)} (default: text)"
    )
    _add_output(parser)
    _add_pictures(parser, "pictures for the HTML view: a folder")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="FILE", default=STANDARD_OUTPUT, help="where it goes (default: standard output)"
    )


def _add_pictures(parser: "argparse.ArgumentParser | argparse._ArgumentGroup", text: str) -> None:
    parser.add_argument("--images", metavar="DIR", help=text)
    parser.add_argument(
        "--no-links", dest="links", action="store_false", help="no links to S3 and the AWS console in the HTML view"
    )
