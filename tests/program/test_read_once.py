"""A manifest is read once for the program, a preview's check and an update, which are processes of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.program.workspace import Workspace


def test_program_check_and_update_share_what_was_read(workspace: Workspace) -> None:
    """A `pulumi up` of a large manifest leaves one file in the cache, which the next preview uses."""
    workspace.create_project("cells")
    workspace.declare("cells", {"managed": False})
    label = {"class-name": "cat", "type": "groundtruth/image-classification", "human-annotated": "yes"}
    metadata = label | {"confidence": 1, "creation-date": "2026-01-31T00:00:00", "job-name": "j"}
    lines = (
        json.dumps(
            {"source-ref": f"s3://acme-vision/{number}.jpg", "kind": 1, "kind-metadata": metadata, "note": "x" * 90_000}
        )
        for number in range(12)
    )
    (workspace.folder / "datasets" / "cells" / "train.jsonl").write_text("\n".join(lines))
    workspace.up()
    cache = workspace.folder / ".reconciler" / "cache"
    (kept,) = cache.iterdir()
    before = kept.stat()
    workspace.preview("--expect-no-changes")
    assert [path.name for path in cache.iterdir()] == [kept.name]
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns > before.st_mtime_ns) == (before.st_ino, True)
