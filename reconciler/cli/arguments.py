"""From what the user typed to `Options`.

A wrong argument is a sentence with "did you mean", never a usage dump.
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from reconciler.aws.arns import DatasetArn
from reconciler.cli.options import STANDARD_OUTPUT, Asked, Options
from reconciler.cli.parser import BESIDE, S3, Parser, build_parser, completion
from reconciler.errors import BadInput
from reconciler.guards import parse_allow, read_variable
from reconciler.model import DatasetType
from reconciler.text import did_you_mean, inert
from reconciler.views import VIEWS

_DATASETS: Final = Path("datasets")


def parse(arguments: Sequence[str], show: Callable[[str], object] = print) -> Options:
    """Understand the arguments; leaves (SystemExit 0) after it has given `show` the help or the completion asked for.

    Raises:
        BadInput: they are wrong.
    """
    parser, commands = build_parser()
    arguments = arguments or ["help"]
    _check_command(arguments[0], commands)
    given, rest = parser.parse_known_args(arguments)
    if rest:
        raise BadInput(_unknown(rest[0], commands[given.command]))
    if given.command == "completion":
        show(completion(given.shell))
        parser.exit()
    if given.command == "help":
        show((commands[given.topic] if given.topic else parser).format_help())
        parser.exit()
    return _options(given)


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for on standard output, also where the rest of the arguments is wrong."""
    return "--json" in arguments or "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _options(given: argparse.Namespace) -> Options:
    if given.command == "validate":
        return Options("validate", _folder(given), tuple(given.project), json=given.json, verbose=given.verbose)
    if given.command in BESIDE:
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


def _check_command(first: str, commands: dict[str, Parser]) -> None:
    """Before argparse, whose own sentence about options before the command names the wrong thing."""
    if first in commands or first in {"-h", "--help", "-V", "--version"}:
        return
    if first.startswith("-"):
        raise BadInput(f"the command comes first, then its options: `reconciler plan {inert(first)}`")
    known = ", ".join(commands)
    raise BadInput(f"there is no command {inert(first)!r}{did_you_mean(first, commands)}; there are: {known}")


def _unknown(word: str, parser: Parser) -> str:
    """What is wrong with an argument that no option and no position takes."""
    if not word.startswith("-"):
        return f"{inert(word)!r} is one argument too many; see `{parser.prog} --help`"
    options = [option for option in parser._option_string_actions if option.startswith("--")]  # noqa: SLF001 - no public list
    name = word.partition("=")[0]
    return f"there is no option {inert(name)}{did_you_mean(name, options)}; see `{parser.prog} --help`"


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
