"""The options of each command of the command line."""

from typing import TYPE_CHECKING, Final

from reconciler.cli import grammar
from reconciler.cli.grammar import Parser, Renamed
from reconciler.cli.help import COMMANDS
from reconciler.limits import DEFAULT_RATE
from reconciler.text import either

if TYPE_CHECKING:
    import argparse

# The name of a file that is standard output.
STANDARD_OUTPUT: Final = "-"
# Commands that read the files in their arguments, and no project.yaml of a run.
_BESIDE: Final = ("report", "diff", "convert", "explain")
# Commands that compare with what is live: others leave the keys of the repository as they are.
_STAGED: Final = ("validate", "plan", "drift", "apply", "pull", "restore", "history", "doctor")
# The value of --pictures that reads pictures from where their keys point to.
S3: Final = "s3"
_SHELLS: Final = ("bash", "zsh", "fish")
# What --allow may name. The table of guards has them too, but it needs most of the nouns of this program.
GUARD_NAMES: Final = (
    *("updates", "label-removed", "label-share", "shrink", "test-set", "distributed", "leakage", "unusable"),
    *("theirs", "rename", "merge", "move", "boxes"),
)
# A fixed date keeps the output the same from one run to the next; `--created` gives a better one.
_CREATED: Final = "2000-01-01T00:00:00"
# The folder of datasets where none is named.
_NEAREST: Final = "the nearest datasets/ from here upwards"


def add_options(parser: Parser, name: str) -> None:
    """The options of a command, in the order of its help."""
    _add_common(parser, name)
    for add, names in _SHARED.items():
        if name in names:
            add(parser)
    if name in _OWN:
        _OWN[name](parser)


def _add_common(parser: Parser, name: str) -> None:
    """Options that several commands have in the same place."""
    add = parser.add_argument
    if name == "completion":
        add("shell", metavar="SHELL", choices=_SHELLS, help=f"the shell: {', '.join(_SHELLS)}")
        return
    if name == "help":
        add("topic", metavar="COMMAND", nargs="?", choices=list(COMMANDS), help="the command to explain")
        return
    if name == "explain":
        add("topic", metavar="CODE", help="a code as `reconciler validate`, `plan` and `convert` show it")
    if name not in _BESIDE:
        add("--datasets", metavar="DIR", help=f"the folder with one folder per project (default: {_NEAREST})")
    if name not in (*_BESIDE, "init"):
        several = "only this project; may be given several times"
        if name in _STAGED:
            add("--stage", metavar="NAME", help="a stage of stages.yaml in that folder (default: none)")
        add("--project", dest="projects", metavar="NAME", action="append", default=[], help=several)
    if name not in (*_BESIDE, "init", "pull", "rm", "rename-label", "split", "fmt"):
        add("--json", action="store_true", help="one JSON document on standard output instead of text")
    add("-v", "--verbose", action="store_true", help="every entry and finding; every call on standard error")


def _add_connection(parser: Parser) -> None:
    """Options of commands that use an account."""
    add = parser.add_argument_group("connection").add_argument
    add("--region", help="where to look for projects by name (default: AWS_REGION, AWS_DEFAULT_REGION, the profile's)")
    add("--profile", help="a profile of the AWS configuration files (default: AWS_PROFILE)")
    add("--endpoint-url", metavar="URL", help="an endpoint in place of AWS's, for the emulator")
    quota = f"calls per second of each operation (default: {DEFAULT_RATE:g} of the 5 that AWS allows an account)"
    add("--rate", metavar="N", type=grammar.rate, help=quota)


def _add_limit(parser: Parser) -> None:
    """Where entries are kept before they change, and how many entries are shown."""
    _add_snapshots(parser)
    add = parser.add_mutually_exclusive_group().add_argument
    default = "a screen or two; with --json up to 20,000"
    add(
        "--limit",
        metavar="N",
        type=grammar.number,
        help=f"show N entries of each dataset, the riskiest (default: {default})",
    )
    add("--all", dest="everything", action="store_true", help="show every entry")


def _add_snapshots(parser: Parser) -> None:
    place = "a folder or s3://BUCKET/FOLDER (default: .reconciler beside the datasets)"
    where = f"where entries are kept before they are deleted or overwritten: {place}"
    parser.add_argument("--snapshots", metavar="PLACE", help=where)


def _add_guarded(parser: Parser) -> None:
    loads = "load a large new dataset by one manifest in this bucket, or s3://BUCKET/FOLDER (default: in batches)"
    parser.add_argument("--manifest-bucket", metavar="BUCKET", help=loads)
    how = "override a guard for this run, with a reason; may be given several times (or RECONCILER_ALLOW)"
    named = f"{how}; the guards: {', '.join(GUARD_NAMES)}"
    parser.add_argument("--allow", metavar='GUARD="WHY"', action="append", default=[], help=named)


def _add_sending(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="apply without asking")
    _add_audit(parser)


def _add_records(parser: Parser) -> None:
    place = "a file, or s3://BUCKET/FOLDER (always: .reconciler/audit beside the datasets)"
    parser.add_argument("--audit", metavar="PLACE", help=f"also look for records in this place: {place}")


def _add_audit(parser: Parser) -> None:
    place = "a file, or s3://BUCKET/FOLDER (always: .reconciler/audit beside the datasets)"
    parser.add_argument("--audit", metavar="PLACE", help=f"also write each record to this place: {place}")


def _add_init(parser: Parser) -> None:
    add = parser.add_argument
    add("projects", metavar="PROJECT", nargs="*", help="the projects to declare (default: all that are live)")
    add("--pulumi", action="store_true", help="a Pulumi program too; where there is one, the lines to add are shown")
    add("--github", action="store_true", help="a GitHub workflow too; with --pulumi its jobs run pulumi")
    add("--gitlab", action="store_true", help="GitLab jobs too; with --pulumi they run pulumi")
    _add_form(parser)


def _add_validate(parser: Parser) -> None:
    what = f"the folder of all projects (default: {_NEAREST}), the folder of one project, or one manifest"
    parser.add_argument("folder", metavar="PATH", nargs="?", help=what)
    strict = "exit with code 3 for any finding above a note, any danger, and where training would not start"
    parser.add_argument("--strict", action="store_true", help=strict)
    _add_pictures_folder(parser)
    since = "a git revision; judge only what changed since: other projects and other lines are read, and counted"
    parser.add_argument("--since", metavar="REF", default="", help=since)
    _add_view(parser, None)
    _add_output(parser)


def _add_plan(parser: Parser) -> None:
    from reconciler.views import VIEWS  # noqa: PLC0415 - few commands need the table

    group = parser.add_argument_group("views of the plan (- is standard output)")
    for view in VIEWS.values():
        if view.option:
            group.add_argument(f"--{view.option}", metavar="FILE", help=view.help)
    _add_pictures(group, f"pictures for --html and --check-images: a folder, or {S3} to read them from where they are")
    _add_view(group, None)
    _add_output(group)
    what = "a git revision; marks each change as this branch's, pending on the base, or drift"
    group.add_argument("--base", metavar="REF", help=what)
    _add_records(parser)


def _add_drift(parser: Parser) -> None:
    what = "a git revision; only live changes that no revision of it has, and that an apply would undo, are drift"
    parser.add_argument("--base", metavar="REF", help=what)
    _add_records(parser)


def _add_apply(parser: Parser) -> None:
    which = "its id, or the file of `plan --save`, which also shows which entries have changed since"
    parser.add_argument("--plan", metavar="ID", help=f"apply only the plan that was reviewed: {which}")


def _add_pull(parser: Parser) -> None:
    _add_form(parser)
    _add_snapshots(parser)
    _add_records(parser)
    add = parser.add_argument
    ours = "take live's entry wherever it differs, also where only the manifest changed"
    add("--discard-ours", action="store_true", help=ours)
    both = "where both changed since the last apply: take live's entry, or leave git's (default: list and leave them)"
    add("--conflicts", choices=("live", "git"), default="", help=both)
    add("--base", metavar="REF", help="a git revision in place of the last apply, where no record of it is at hand")
    one = "only entries whose address, or key in the bucket, fits this pattern; may be given several times"
    add("--only", metavar="GLOB", action="append", default=[], help=one)
    add("--label", dest="labels", metavar="NAME", action="append", default=[], help="only entries with this label")
    add("--labeled", action="store_true", help="no live entries without labels that the manifest does not have")
    digest = "only the entry with this digest, which the list of entries shows; may be given several times"
    add("--entry", dest="entries", metavar="DIGEST", action="append", default=[], type=grammar.digest, help=digest)
    left = "entries that only live has, that it no longer has, or that have no labels there go to `retired`, with this"
    add("--retire", metavar="WHY", default="", help=f"{left} reason")
    add("--yes", action="store_true", help="do not ask about each entry on a terminal")
    _add_edits(parser)


def _add_edits(parser: Parser) -> None:
    add = parser.add_argument
    add("--patch", metavar="FILE", default="", help="write a patch for `git apply` (- is standard output), and no file")
    add("--allow-dirty", action="store_true", help="also change a file with changes that are not committed")


def _add_rm(parser: Parser) -> None:
    add = parser.add_argument
    what = "an address, a key in the bucket, or a pattern of either"
    add("sources", metavar="KEY", nargs="+", help=what)
    add("--reason", metavar="WHY", default="", help="why the images leave; project.yaml keeps it")
    add("--type", dest="dataset_type", choices=("train", "test"), help="only from this dataset (default: from both)")
    _add_edits(parser)


def _add_rename_label(parser: Parser) -> None:
    add = parser.add_argument
    for metavar, what in (("OLD", "the label that is there"), ("NEW", "its new name")):
        add("sources", metavar=metavar, action="append", help=what)
    add("--merge", action="store_true", help="NEW may be a label that is there too: the two become one")
    _add_edits(parser)


def _add_split(parser: Parser) -> None:
    add = parser.add_argument
    add("sources", metavar="MANIFEST", nargs="+", help="the new entries: JSON Lines or YAML")
    add(
        "--test",
        dest="share",
        metavar="SHARE",
        type=grammar.share,
        default=0.2,
        help="the share of test (default: 20%%)",
    )
    pattern = (
        "a regular expression: entries whose keys have the same match (or first part in parentheses) stay together"
    )
    add("--group", metavar="PATTERN", default="", help=pattern)
    _add_edits(parser)


def _add_fmt(parser: Parser) -> None:
    add = parser.add_argument
    what = "project.yaml files and manifests (default: those of all projects, or of --project)"
    add("sources", metavar="FILE", nargs="*", help=what)
    add("--check", action="store_true", help="write nothing; exit 2 when a file would change")
    add("--jsonl", action="store_true", help="format JSON Lines too: no blanks, no empty lines, lines end with LF")
    parser.set_defaults(allow_dirty=True)  # a file means the same afterwards


def _add_form(parser: Parser) -> None:
    how = "the form of a manifest that is not there yet: jsonl or yaml (default: jsonl)"
    parser.add_argument("--format", dest="manifests", choices=("jsonl", "yaml"), default="jsonl", help=how)


def _add_history(parser: Parser) -> None:
    parser.add_argument("--type", dest="dataset_type", choices=("train", "test"), help="only datasets of this type")
    add = parser.add_mutually_exclusive_group().add_argument
    add("--limit", metavar="N", type=grammar.number, help="show the newest N applies (default: 20)")
    add("--all", dest="everything", action="store_true", help="show every apply")
    _add_audit(parser)


def _add_doctor(parser: Parser) -> None:
    _add_pictures_folder(parser)
    _add_snapshots(parser)
    _add_audit(parser)


def _add_restore(parser: Parser) -> None:
    add = parser.add_argument
    what = "a snapshot (a file, or an address in S3); or the id of a record: what that apply overwrote comes back"
    add("snapshot", metavar="SNAPSHOT", help=what)
    add("--dry-run", action="store_true", help="show what would be sent, and send nothing")
    add("--force", action="store_true", help="for a record: also send entries that were edited since that apply")
    add("--type", dest="dataset_type", choices=("train", "test"), help="the dataset of --project")
    add("--dataset-arn", metavar="ARN", help="the dataset, in place of --project and --type")


def _add_report(parser: Parser) -> None:
    what = "a plan as JSON, written by `plan --save`, `diff --format json` or `--json` of any command"
    parser.add_argument("sources", metavar="PLAN", nargs=1, help=what)
    _add_format(parser)


def _add_diff(parser: Parser) -> None:
    add = parser.add_argument
    first = "a manifest, a folder, or a git revision (main:datasets, HEAD~1, a tag)"
    second = "the second side; an existing path takes precedence over a revision"
    for metavar, side in (("A", first), ("B", second)):
        add("sources", metavar=metavar, action="append", help=side)
    add("--datasets", metavar="DIR", help=f"the folder of a revision without a path (default: {_NEAREST})")
    _add_format(parser)


def _add_convert(parser: Parser) -> None:
    from reconciler.formats import EXPORTERS, FORMATS  # noqa: PLC0415 - no other command needs the tables

    add, known = parser.add_argument, sorted(FORMATS)
    add("annotations", metavar="FORMAT", choices=known, help=f"the annotations: {either(known)}")
    add("sources", metavar="FILE", nargs="+", help="annotation files, in the manifest's order")
    where = "where the images are, s3://bucket/folder/"
    add("--image-prefix", dest="prefix", metavar="S3-ADDRESS", help=where)
    add("--images", dest="prefix", action=Renamed, new="--image-prefix")
    fix = "for jsonl: set types of image-level labels that AWS's guide contradicts itself about"
    forms = sorted(EXPORTERS)
    add("--to", metavar="FORMAT", choices=forms, default="jsonl", help=f"what to write: {either(forms)} (%(default)s)")
    add("--fix-types", action="store_true", help=fix)
    low = "leave out labels and boxes with a lower confidence, from 0 to 1"
    sizes = "from-images: where a COCO, VOC or CSV file gives no size of an image, read it from the image, in "
    add("--sizes", choices=("from-images",), default="", help=f"{sizes}S3, or with --pictures in a folder")
    add("--pictures", metavar="DIR", help="a folder with the images, for --sizes")
    add("--yes", action="store_true", help="make more than 1,000 requests for --sizes without asking")
    add("--min-confidence", metavar="X", type=grammar.confidence, default=0.0, help=low)
    add("--human-only", action="store_true", help="leave out labels and boxes that no person gave")
    into = "merge into this manifest by meaning: only entries that mean something different change, new ones are added"
    add("--into", metavar="MANIFEST", default="", help=into)
    missing = "with --into: entries that the annotations do not have go to `retired` in project.yaml, with this reason"
    add("--retire-missing", dest="retire", metavar="WHY", default="", help=missing)
    _add_edits(parser)
    add("--created", default=_CREATED, metavar="DATE", help="creation-date of every line (%(default)s)")
    _add_output(parser)


def _add_full(parser: Parser) -> None:
    what = "list live, also where DescribeDataset proves that nothing moved since the last listing"
    parser.add_argument("--full", action="store_true", help=what)


def _add_images(parser: Parser) -> None:
    """The images themselves, beside what the manifests say of them."""
    add = parser.add_argument_group("images").add_argument
    where = f"with --pictures DIR in that folder, else where their keys point to, in {S3.upper()}"
    what = "check each image: is it there, may it be read, is it a JPEG or PNG of the size that the manifest says?"
    add("--check-images", action="store_true", help=f"{what} {where[0].upper()}{where[1:]}")
    asks = "make more than 1,000 requests for --check-images without asking"
    add("--yes", action="store_true", help=asks)


def _add_exit_code(parser: Parser) -> None:
    parser.add_argument("--exit-code", action="store_true", help="exit 2 when there are changes")


# Options of several commands, in the order of the help.
_SHARED: Final = {
    _add_connection: ("init", "validate", "plan", "drift", "apply", "pull", "restore", "history", "doctor"),
    _add_limit: ("plan", "drift", "apply", "restore"),
    _add_guarded: ("plan", "apply"),
    _add_sending: ("apply", "restore"),
    _add_full: ("plan", "drift", "apply", "pull", "restore"),
    _add_images: ("validate", "plan", "doctor"),
    _add_exit_code: ("plan", "diff"),
}
_OWN: Final = {
    "init": _add_init,
    "validate": _add_validate,
    "plan": _add_plan,
    "drift": _add_drift,
    "apply": _add_apply,
    "pull": _add_pull,
    "rm": _add_rm,
    "rename-label": _add_rename_label,
    "split": _add_split,
    "fmt": _add_fmt,
    "restore": _add_restore,
    "history": _add_history,
    "doctor": _add_doctor,
    "report": _add_report,
    "diff": _add_diff,
    "convert": _add_convert,
}


def _add_format(parser: Parser) -> None:
    _add_view(parser, "text")
    _add_output(parser)
    _add_pictures(parser, "pictures for the HTML view: a folder")


def _add_view(parser: "Parser | argparse._ArgumentGroup", default: str | None) -> None:
    from reconciler.views import VIEWS  # noqa: PLC0415 - few commands need the table

    views = f"the view: {', '.join(VIEWS)} (default: text)"
    parser.add_argument("--format", metavar="VIEW", choices=list(VIEWS), default=default, help=views)


def _add_output(parser: "Parser | argparse._ArgumentGroup") -> None:
    file = "the file to write (default: standard output)"
    parser.add_argument("-o", "--output", metavar="FILE", default=STANDARD_OUTPUT, help=file)


def _add_pictures_folder(parser: Parser) -> None:
    parser.add_argument("--pictures", metavar="DIR", help="a folder with the images, for --check-images")


def _add_pictures(parser: "Parser | argparse._ArgumentGroup", text: str) -> None:
    parser.add_argument("--pictures", metavar="DIR", help=text)
    parser.add_argument("--images", dest="pictures", action=Renamed, new="--pictures")
    links = "no links to S3 and the AWS console in the HTML view"
    parser.add_argument("--no-links", dest="links", action="store_false", help=links)
