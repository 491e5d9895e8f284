"""What the user typed, as one frozen record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.model import DatasetType
from reconciler.review.model import Command

STANDARD_OUTPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Options:
    """A valid command line; an option that the command does not have keeps its default.

    `projects` empty: all. `limit` None: as many entries as fit a screen or two; `everything`: every change is shown
    and kept. `allow` overrides guards: name to reason. `plan` is what was reviewed: a plan id, or the file of a saved
    plan. `snapshot`, `dataset_type` and `dataset_arn` are for `restore`: what to restore, and where.

    `files` maps each view (`text`, `markdown`, `html`, `json`; `lines` for `convert`) to the name of a file, "-" for
    standard output. `base` is a git revision, `images` a folder or `s3`. `sources` are the arguments of `report` (a
    saved plan), `diff` (two sides) and `convert` (annotation files); `annotations`, `prefix` and `created` belong to
    `convert`.
    """

    command: Command
    datasets: Path = Path("datasets")
    projects: tuple[str, ...] = ()
    json: bool = False
    verbose: bool = False
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    exit_code: bool = False
    limit: int | None = None
    everything: bool = False
    yes: bool = False
    snapshots: str | None = None
    audit: str | None = None
    allow: Mapping[str, str] = field(default_factory=dict)
    plan: str | None = None
    snapshot: str = ""
    dataset_type: DatasetType | None = None
    dataset_arn: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    images: str | None = None
    links: bool = True
    sources: tuple[str, ...] = ()
    annotations: str = ""
    prefix: str = ""
    created: str = ""
