"""What `reconciler init` writes: project.yaml, a Pulumi program, the jobs of a forge."""

import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from reconciler.policy import SETTINGS, Choice, Policy, value_of

PACKAGE: Final = "rekognition-labels-as-code"
_DAY: Final = 86_400
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")  # of Markdown
_FILES: Final = Path(__file__).parent
# What the jobs give to each command that judges whose a change is: the places that outlive a runner.
_PLACES: Final = '--snapshots "$RECONCILER_PLACE/snapshots" --audit "$RECONCILER_PLACE/audit"'


def program_lines(argument: str) -> str:
    """The lines that a Pulumi program needs; `argument` names the folder of the datasets from the program's."""
    return f"from reconciler import datasets_from\n\ndatasets_from({json.dumps(argument) if argument else ''})\n"


def project_yaml(name: str, account: str, region: str, *, managed: bool, looked: bool = True) -> str:
    """The project.yaml of a project; `account` and `region` are empty where the project was not found.

    A comment says so where nobody `looked` for it. Every setting is a comment with its default and its meaning.
    """
    where = f'account: "{account}"\nregion: {region}\n'
    if managed:
        where = ""  # not with `managed: true`: the program's provider decides
    elif not (account and region):
        where = '# account: "111122223333" # calls are refused with credentials of any other\n# region: eu-west-1\n'
    arn = f"arn:aws:iam::{account or '111122223333'}:role/labels"
    role = "" if managed else f"# assumeRole: {arn} # a role that calls for this project are made with\n"
    lines = "\n".join(f"# {line}" for line in _settings())
    return (
        f"project: {name}\n"
        f"managed: {'true' if managed else 'false'} # true: the Pulumi program declares the project\n"
        f"{'' if looked else '# What is live was not looked at: set `managed: true` if the project is new.' + chr(10)}"
        f"{where}"
        f"{role}"
        f"# projectArn: arn:aws:rekognition:{region or 'eu-west-1'}:{account or '111122223333'}:project/{name}/0 "
        "# instead of `project`, `managed`, `account` and `region`: exactly this one\n"
        f"# resource: {name} # the name in the Pulumi state; default: the name of this folder\n"
        "# train: train.jsonl # default: whichever of train.jsonl, train.manifest, train.yaml, train.yml exists\n"
        "# test: test.jsonl\n"
        "# labels: [cat, dog] # the closed list of labels: any other is an error\n"
        "# images: s3://my-bucket/folder/ # for lines in the short form: before each `image`\n"
        "# size: [640, 480] # of their images\n"
        "# created: 2026-01-31T00:00:00 # creation-date of their labels\n"
        "# retired: [{image: KEY, reason: WHY}] # images that left on purpose; `reconciler rm` writes it\n"
        "# suppress: [{code: many-lines-marked, reason: WHY, until: 2027-01-31}] # counted, not shown\n"
        "# allow: [{guard: updates, reason: WHY, manifests: {train: DIGEST}}] # `reconciler plan -v` prints it\n"
        f"{lines}\n"
    )


def _settings() -> Iterator[str]:
    """The table of settings as lines of YAML."""
    yield "policy:"
    policy = Policy()
    for name, row in SETTINGS.items():
        default = value_of(policy, name)
        if isinstance(default, Choice):
            yield f"  {name}: {default} # {row.help}: {' | '.join(type(default))}"
        else:
            value = _time(default) if isinstance(default, int) else "{}"
            about = _LINK.sub(r"\1", row.help)
            yield f"  {name}: {value} # {about}, such as {row.form.replace('`', '')}"


def _time(seconds: int) -> str:
    """A time as project.yaml has it: in days, or else in minutes."""
    return f"{seconds // 60}m" if seconds % _DAY else f"{seconds // _DAY}d"


# The manifest of a project without a dataset: something to begin with.
FIRST_MANIFEST: Final = """\
# One entry for each image: `labels`, or `boxes` with the size of the image, or neither for an unlabelled image.
images: s3://my-bucket/folder/
# size: [640, 480]
entries: []
# - image: 0001.jpg
#   labels: [cat]
# - image: 0002.jpg
#   boxes:
#     - {label: cat, left: 10, top: 10, width: 60, height: 40}
"""


def template(file: str, **values: str) -> str:
    """A file of this folder; `@NAME@` in it is replaced."""
    text = (_FILES / file).read_text(encoding="utf-8")
    for key, value in {"version": _version(), "package": PACKAGE, "places": _PLACES, **values}.items():
        text = text.replace(f"@{key}@", value)
    return text


def _version() -> str:
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""
