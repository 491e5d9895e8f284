"""`reconciler diff` against what Pulumi does: "no changes" is never said of two folders where `pulumi up` would act."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stdout
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli import main
from reconciler.manifest import load_projects
from reconciler.provider.state import policy_properties
from tests.support.provider_engine import Resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.provider_world import World

Side = dict[str, Any]
_STACKS: Final = count(1)
_SIZE: Final = {"width": 640, "height": 480, "depth": 3}


def _line(number: int, label: str, *, width: int = 40, job: str = "one") -> Side:
    """A line with one box."""
    metadata = {
        "objects": [{"confidence": 1}],
        "class-map": {"0": label},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2024-01-01T00:00:00",
        "job-name": f"labeling-job/{job}",
    }
    box = {"class_id": 0, "left": 10, "top": 10, "width": width, "height": 30}
    return {
        "source-ref": f"s3://acme-vision/cells/{number}.jpg",
        "boxes": {"image_size": [_SIZE], "annotations": [box]},
        "boxes-metadata": metadata,
    }


def _first() -> Side:
    """A folder with one project of one dataset."""
    return {
        "folder": "cells",
        "project": "cells",
        "manifest": "train.jsonl",
        "settings": {},
        "train": [_line(number, "RBC") for number in range(8)],
        "test": None,
        "blanks": "",
    }


def _another_job(side: Side) -> None:
    for line in side["train"]:
        line["boxes-metadata"]["job-name"] = "other"


# What can change between two sides, by name; those that nothing follows from are in `HARMLESS`.
CHANGES: Final[dict[str, Callable[[Side], object]]] = {
    "folder renamed": lambda side: side.update(folder=f"{side['folder']}-new"),
    "project renamed": lambda side: side.update(project=f"{side['project']}-new"),
    "manifest renamed": lambda side: side.update(manifest=f"new-{side['manifest']}"),
    "extra": lambda side: side["settings"].update(policy={"extra": "replace"}),
    "unlabel": lambda side: side["settings"].update(policy={"extra": "unlabel"}),
    "destroy": lambda side: side["settings"].update(policy={"destroy": "delete"}),
    "strict": lambda side: side["settings"].update(policy={"compare": "strict"}),
    "patience": lambda side: side["settings"].update(policy={"patience": "2h"}),
    "guards": lambda side: side["settings"].update(policy={"guards": {"updates": "off"}}),
    "labels": lambda side: side["settings"].update(labels=["RBC", "WBC"]),
    "labels in a different order": lambda side: side["settings"].update(labels=["WBC", "RBC"]),
    "label": lambda side: side["train"].__setitem__(0, _line(0, "WBC")),
    "box": lambda side: side["train"].__setitem__(1, _line(1, "RBC", width=60)),
    "box off the image": lambda side: side["train"].__setitem__(1, _line(1, "RBC", width=660)),
    "line removed": lambda side: side["train"].pop(),
    "line added": lambda side: side["train"].append(_line(len(side["train"]), "RBC")),
    "test added": lambda side: side.update(test=[_line(99, "RBC")]),
    "lines reversed": lambda side: side["train"].reverse(),
    "blank line": lambda side: side.update(blanks="\n"),
    "ignored field": _another_job,
}
HARMLESS: Final = {"lines reversed", "blank line", "ignored field"}


def _write(side: Side, root: Path) -> None:
    """One side as a folder of datasets."""
    shutil.rmtree(root, ignore_errors=True)
    folder = root / side["folder"]
    folder.mkdir(parents=True)
    declared = {"project": side["project"], "managed": False, "train": side["manifest"], **side["settings"]}
    (folder / "project.yaml").write_text(json.dumps(declared), encoding="utf-8")
    for name, lines in ((side["manifest"], side["train"]), ("test.jsonl", side["test"])):
        if lines is not None:
            text = "".join(f"{json.dumps(line)}\n{side['blanks']}" for line in lines)
            (folder / name).write_text(text, encoding="utf-8")


def _told(before: Path, after: Path) -> tuple[bool, int]:
    """Whether the command says that there are changes, and its exit code when it is asked for one."""
    with redirect_stdout(io.StringIO()) as out:
        code = main(["diff", str(before), str(after), "--format", "json", "--exit-code"])
    document = json.loads(out.getvalue())
    assert (document["totals"]["with_changes"] == 0) == ("no changes" in document["words"])
    return "no changes" not in document["words"], int(code)


class Stack:
    """A stack of Pulumi, whose program declares what `datasets_from` finds; its projects exist."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.datasets = f"datasets-{next(_STACKS)}"
        self.arns: dict[str, str] = {}
        self.resources: dict[str, Resource] = {}

    def declare(self, side: Side) -> dict[str, Resource]:
        """The resources that the program registers for a side."""
        _write(side, self.world.program / self.datasets)
        declared = {}
        for project in load_projects(self.world.program / self.datasets, self.datasets):
            if project.name not in self.arns:
                self.arns[project.name] = self.world.project()
            for dataset in project.datasets:
                name = f"{project.folder.name}-{dataset.dataset_type.word}"
                inputs = {
                    "projectArn": self.arns[project.name],
                    "datasetType": dataset.dataset_type.value,
                    "manifest": dataset.shown,
                    "policy": policy_properties(dataset.policy),
                    **({"labels": list(project.labels)} if project.labels is not None else {}),
                }
                resource = self.resources.get(name) or Resource(self.world.provider, name, inputs)
                resource.declared = inputs
                declared[name] = resource
        return declared

    def up(self, side: Side) -> bool:
        """Apply a side to the stack; gives whether Pulumi found anything to do."""
        declared = self.declare(side)
        due = declared.keys() != self.resources.keys()
        for resource in declared.values():
            due = resource.up() or due
        self.resources = declared
        return due


@given(
    st.lists(st.sampled_from(sorted(CHANGES)), max_size=2, unique=True),
    st.lists(st.sampled_from(sorted(CHANGES)), max_size=2, unique=True),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changes_is_said_only_where_pulumi_does_nothing(
    world: World, tmp_path: Path, earlier: list[str], later: list[str]
) -> None:
    """With live and state as an apply of A left them, an apply of B sends nothing and no resource is due."""
    before = _first()
    for name in earlier:
        CHANGES[name](before)
    after = json.loads(json.dumps(before))
    for name in later:
        CHANGES[name](after)
    _write(before, tmp_path / "a")
    _write(after, tmp_path / "b")
    changed, code = _told(tmp_path / "a", tmp_path / "b")
    assert code == (2 if changed else 0)
    if changed:
        return
    stack = Stack(world)
    stack.up(before)
    sent = world.calls("UpdateDatasetEntries")
    assert not stack.up(after), (earlier, later)
    assert world.calls("UpdateDatasetEntries") == sent, (earlier, later)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_each_change_that_pulumi_would_act_on_is_said(tmp_path: Path, name: str) -> None:
    """A folder, a project, a setting or a manifest's name that changes is a change; other order or blanks are none."""
    before, after = _first(), _first()
    CHANGES[name](after)
    _write(before, tmp_path / "a")
    _write(after, tmp_path / "b")
    assert _told(tmp_path / "a", tmp_path / "b") == ((False, 0) if name in HARMLESS else (True, 2))


def test_a_field_that_is_ignored_is_a_change_where_entries_will_be_marked(world: World, tmp_path: Path) -> None:
    """The service marked a line, so that `pulumi up` sends it again for any field; the diff says that before."""
    before = _first()
    before["settings"]["policy"] = {"guards": {"unusable": "off"}}  # it is the only line that is sent
    CHANGES["box off the image"](before)
    after = json.loads(json.dumps(before))
    _another_job(after)
    _write(before, tmp_path / "a")
    _write(after, tmp_path / "b")
    assert _told(tmp_path / "a", tmp_path / "b") == (True, 2)
    stack = Stack(world)
    stack.up(before)
    assert stack.up(after)


def test_a_preview_says_what_a_setting_was_and_becomes(world: World) -> None:
    """`extra: report -> replace` is a danger, although nothing is sent now."""
    stack, side = Stack(world), _first()
    stack.up(side)
    CHANGES["extra"](side)
    (resource,) = stack.declare(side).values()
    assert resource.preview()[0]
    assert "danger: extra: report -> replace; from now on a live entry without a line" in resource.messages[-1].text
