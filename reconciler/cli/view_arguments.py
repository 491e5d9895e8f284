"""The options of reviews and their views, and of the commands that need no account: report, diff, convert.

Knows how they are spelled and which exclude one another. Refuses to know what they do.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Final

from reconciler.cli.options import STANDARD_OUTPUT, Asked
from reconciler.errors import BadInput
from reconciler.formats import FORMATS
from reconciler.inert import inert

__all__ = ["S3", "add_apply_plan", "add_convert", "add_diff", "add_plan_views", "add_report", "asked"]

# The value of --images that reads pictures from where their keys point to.
S3: Final = "s3"
_VIEWS: Final = ("text", "markdown", "html", "json")
# A fixed date keeps the output the same from one run to the next; `--created` says a better one.
_CREATED: Final = "2000-01-01T00:00:00"
_SAVED: Final = (("save", "json"), ("markdown", "markdown"), ("html", "html"))


def add_plan_views(parser: argparse.ArgumentParser) -> None:
    """The views that a plan can be written as."""
    group = parser.add_argument_group("views of the plan (- is standard output)")
    group.add_argument("--save", metavar="FILE", help="the plan as JSON, for `reconciler report` and `apply --plan`")
    group.add_argument("--markdown", metavar="FILE", help="the plan as a comment for a pull request")
    group.add_argument("--html", metavar="FILE", help="the plan as one page, with the boxes drawn")
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
    places = ((view, getattr(given, option, None)) for option, view in _SAVED)
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
        "--format", choices=_VIEWS, default=_VIEWS[0], help="the view: text, markdown, html or json (default: text)"
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
