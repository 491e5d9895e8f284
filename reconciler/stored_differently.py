"""Pairs that the service stores differently from how they were sent, remembered so that they are not sent for ever.

One file a dataset. It is a memory, not a truth: when it is lost, the lines are sent once more and remembered again.
"""

import json
import os
import re
import tempfile
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from reconciler.model import DatasetType
from reconciler.snapshots.folder import make_folder

# More than so many pairs of a dataset are forgotten, and sent again.
KEPT: Final = 10_000
_FORMAT: Final = 1
_DIGEST: Final = re.compile(r"[0-9a-f]{16}")
# A file name may have 255 bytes, a project's name 255 characters.
_NAME_CHARACTERS: Final = 100
# 10,000 digests take 200 kB; a file beyond this is not ours.
_FILE_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class SettledStore:
    """The memories of all datasets under one folder, usually `.reconciler/settled`."""

    folder: Path

    def path(self, project_arn: str, dataset_type: DatasetType) -> Path:
        """Where the memory of a dataset stands: type, project, and a hash of the ARN, which tells twins apart."""
        name = project_arn.rpartition(":project/")[2].partition("/")[0][:_NAME_CHARACTERS]
        digest = blake2b(project_arn.encode(), digest_size=4).hexdigest()
        return self.folder / f"{dataset_type.word}-{name}-{digest}.json"

    def read(self, project_arn: str, dataset_type: DatasetType) -> frozenset[str]:
        """The remembered pairs; none when there is no file, or one that cannot be read."""
        try:
            with self.path(project_arn, dataset_type).open("rb") as file:
                document = json.loads(file.read(_FILE_BYTES))
        except (OSError, ValueError, RecursionError):
            return frozenset()
        return _pairs(document, project_arn)

    def write(self, project_arn: str, dataset_type: DatasetType, pairs: frozenset[str]) -> None:
        """Remember these pairs and no others; a reader sees the old file or the new one. Same pairs: no write.

        Raises:
            OSError: the file cannot be written.
        """
        before = self.read(project_arn, dataset_type)
        kept = _newest_first(pairs, before)[:KEPT]
        if frozenset(kept) != before:
            document = {"format": _FORMAT, "projectArn": project_arn, "settled": sorted(kept)}
            make_folder(self.folder)
            _replace(self.path(project_arn, dataset_type), json.dumps(document, indent=1) + "\n")


def _pairs(document: Any, project_arn: str) -> frozenset[str]:  # noqa: ANN401 - anything may stand in a file
    if not isinstance(document, dict) or document.get("format") != _FORMAT or document.get("projectArn") != project_arn:
        return frozenset()
    pairs = document.get("settled")
    if not isinstance(pairs, list):
        return frozenset()
    return frozenset(pair for pair in pairs[:KEPT] if isinstance(pair, str) and _DIGEST.fullmatch(pair))


def _newest_first(pairs: frozenset[str], before: frozenset[str]) -> list[str]:
    return [*sorted(pairs - before), *sorted(pairs & before)]


def _replace(path: Path, text: str) -> None:
    """Write beside the file, then put it in the file's place; mkstemp gives mode 0600."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:20]}-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
