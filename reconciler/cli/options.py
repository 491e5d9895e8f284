"""What the user typed, as frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.model import DatasetType
from reconciler.review.model import Command

STANDARD_OUTPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of reviews, and of files beside the declarations.

    `files` says where each view goes: format (`text`, `markdown`, `html`, `json`) to a file's name, "-" for standard
    output. `base` is a git revision, `images` a folder or `s3`, `plan` what an apply was reviewed as: an id, or the
    name of a saved plan. `sources` are the arguments of `report` (a saved plan), `diff` (two sides) and `convert`
    (annotation files); `annotations`, `prefix` and `created` are `convert`'s.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    images: str | None = None
    links: bool = True
    plan: str | None = None
    sources: tuple[str, ...] = ()
    annotations: str = ""
    prefix: str = ""
    created: str = ""

    @property
    def takes_standard_output(self) -> bool:
        """Whether a view goes to standard output, which then holds nothing else."""
        return STANDARD_OUTPUT in self.files.values()


@dataclass(frozen=True, slots=True)
class Options:
    """A command line that was understood. `limit` None: as many entries as fit a screen or two; `projects` empty: all.

    `everything` shows and keeps every change.

    `snapshot`, `dataset_type` and `dataset_arn` are for `restore`: what to bring back, and where to.
    """

    command: Command
    datasets: Path
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
    snapshot: str = ""
    dataset_type: DatasetType | None = None
    dataset_arn: str | None = None
    asked: Asked = field(default_factory=Asked)
