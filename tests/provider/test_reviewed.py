"""With RECONCILER_PLAN, `pulumi up` applies the plan that was reviewed and no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.cli import main
from tests.support.provider_engine import CallError, running
from tests.support.provider_world import World, config_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rekognition_emulator import Emulator

Entries = dict[str, list[str] | None]
REVIEWED: Entries = {"1.jpg": ["cat"], "2.jpg": ["dog"]}


def reviewed(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: Mapping[str, Sequence[str] | None]
) -> tuple[str, str]:
    """A project, and the id of the plan that the command line shows for these entries."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    name = f"reviewed-{len(emulator.client().describe_projects()['ProjectDescriptions'])}"
    arn = str(emulator.client().create_project(ProjectName=name)["ProjectArn"])
    folder = tmp_path / "datasets" / name
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text(f"projectArn: {arn}\n")
    lines = [{"image": image, "labels": labels} for image, labels in entries.items()]
    (folder / "train.yaml").write_text(json.dumps({"images": "s3://acme-vision/images/", "entries": lines}))
    saved = tmp_path / "plan.json"
    asked = ["plan", "--datasets", str(tmp_path / "datasets"), "--save", str(saved), "--endpoint-url", emulator.url]
    assert main(asked) == 0
    return arn, json.loads(saved.read_text())["plan_id"]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (REVIEWED, ""),
        (REVIEWED | {"3.jpg": ["dog"]}, "changed since the review"),
    ],
)
def test_an_up_applies_what_was_reviewed_and_refuses_anything_else(
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entries: Entries,
    said: str,
) -> None:
    """The id is the one that `reconciler plan` shows; a refused up sends nothing and says what moved."""
    arn, plan_id = reviewed(emulator, tmp_path, monkeypatch, REVIEWED)
    program = tmp_path / "program"
    program.mkdir()
    with running(program, config_for(emulator), {}, {"RECONCILER_PLAN": plan_id}) as provider:
        world = World(emulator, provider)
        cells = world.declare(entries, project=arn)
        if not said:
            cells.up()
            assert world.live(cells) == REVIEWED
            return
        with pytest.raises(CallError) as caught:
            cells.up()
        assert said in caught.value.message
        assert "nothing was sent" in caught.value.message
        assert not world.arn(cells)
