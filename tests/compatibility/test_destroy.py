"""`pulumi destroy` of a stack of 0.1.0 does what its last up recorded, with or without the program's files."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.compatibility.stack import Stack

    Left = Callable[[str], Stack]


@pytest.mark.parametrize(
    ("name", "labels", "snapshots"),
    [("settings", "labels", "kept/snapshots"), ("by-hand", "manifests", ".reconciler/snapshots")],
)
def test_each_dataset_is_deleted_kept_or_refused_as_its_last_up_recorded(
    left: Left, name: str, labels: str, snapshots: str
) -> None:
    """Without any manifest: `delete` deletes after a snapshot, `keep` and `refuse` touch nothing."""
    stack = left(name)
    before = stack.stored()
    policies = {one: each["outputs"]["policy"]["destroy"] for one, each in before.items()}
    kept = set((stack.folder / snapshots).glob("*"))
    shutil.rmtree(stack.folder / labels)
    assert "`destroy: refuse`" in stack.destroy(expected=1).text
    for one, policy in policies.items():
        live = stack.arn(*place(before[one]))
        assert (live == "") == (policy == "delete"), one
        assert not live or stack.live(*place(before[one])) == stack.was_live(*place(before[one]))
    assert set(stack.stored()) == {one for one, policy in policies.items() if policy == "refuse"}
    deleted = [one for one, policy in policies.items() if policy == "delete"]
    assert stack.sent == ["DeleteDataset"] * len(deleted)
    new = [gzip.decompress(path.read_bytes()) for path in set((stack.folder / snapshots).glob("*")) - kept]
    held = sorted(json.loads(line)["source-ref"] for content in new for line in content.splitlines())
    assert held == sorted(key for one in deleted for key in stack.was_live(*place(before[one])))


def test_managed_projects_whose_datasets_refuse_stay(left: Left) -> None:
    """The project of a refused dataset is not touched either; nothing is sent at all."""
    stack = left("samples")
    assert "`destroy: refuse`" in stack.destroy(expected=1).text
    assert stack.sent == []
    assert len(stack.stored()) == 4


def place(stored: dict[str, Any]) -> tuple[str, str]:
    """The project's name and the type of a dataset, from the id that 0.1.0 gave it."""
    arn, _, kind = stored["id"].rpartition("#")
    return arn.split("/")[1], kind
