"""Pairs that the service stores differently from how they were sent, or would not take and `rejected: skip` let go of.

They are saved so that they are not sent with every apply.

One file per dataset. When it is lost, the lines are sent once more and the pairs are saved again.
"""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from reconciler.model import DatasetType
from reconciler.snapshots.folder import file_name, make_folder, opened

# The most pairs that are saved for a dataset; the lines of others are sent again.
PAIRS_KEPT: Final = 10_000
_FORMAT: Final = 1
_DIGEST: Final = re.compile(r"-?[0-9a-f]{16}")
# 10,000 digests take 200 kB; a larger file was not written by this program.
_FILE_BYTES: Final = 1_000_000


class SettledStore(Struct, frozen=True):
    """The files of all datasets in one folder, usually `.reconciler/settled`."""

    folder: Path

    def path(self, project_arn: str, dataset_type: DatasetType) -> Path:
        """The file of a dataset: type, project, and a hash of the ARN, for projects with the same name."""
        name = project_arn.rpartition(":project/")[2].partition("/")[0]
        return self.folder / f"{file_name(dataset_type.word, name, project_arn)}.json"

    def read(self, project_arn: str, dataset_type: DatasetType) -> frozenset[str]:
        """The saved pairs; none when there is no file, or one that cannot be read."""
        descriptor = opened(self.path(project_arn, dataset_type))
        if descriptor is None:
            return frozenset()
        try:
            with os.fdopen(descriptor, "rb") as file:
                document = json.loads(file.read(_FILE_BYTES))
        except (OSError, ValueError, RecursionError):
            return frozenset()
        return _pairs(document, project_arn)

    def write(self, project_arn: str, dataset_type: DatasetType, pairs: frozenset[str]) -> None:
        """Save these pairs and no others, unless they are saved already; a reader sees the old file or the new one.

        Raises:
            OSError: the file cannot be written.
        """
        before = self.read(project_arn, dataset_type)
        kept = [*sorted(pairs - before), *sorted(pairs & before)][:PAIRS_KEPT]  # the newest first
        if frozenset(kept) != before:
            document = {"format": _FORMAT, "projectArn": project_arn, "settled": sorted(kept)}
            make_folder(self.folder)
            _replace(self.path(project_arn, dataset_type), json.dumps(document, indent=1) + "\n")


def _pairs(document: Any, project_arn: str) -> frozenset[str]:  # noqa: ANN401 - a file may contain anything
    match document:
        case {"format": int(form), "projectArn": str(arn), "settled": list(pairs)} if (form, arn) == (
            _FORMAT,
            project_arn,
        ):
            return frozenset(pair for pair in pairs[:PAIRS_KEPT] if isinstance(pair, str) and _DIGEST.fullmatch(pair))
    return frozenset()


def _replace(path: Path, text: str) -> None:
    """Write to a temporary file, then rename it; mkstemp gives mode 0600."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:20]}-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
