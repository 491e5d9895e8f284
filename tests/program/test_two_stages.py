"""The example of two stages: the folder in `examples/`, run by the local engine as its page says."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from tests.program.workspace import REPOSITORY, Workspace
from tests.support.accounts import ROLE, client_of, entries_of

if TYPE_CHECKING:
    from pathlib import Path

    from rekognition_emulator import Emulator

EXAMPLE = REPOSITORY / "examples" / "two-stages"


def test_the_example_of_two_stages(tmp_path: Path, emulator: Emulator) -> None:
    """Each stack loads its account, prod with its own keys; previews are empty then; a role of its own works, too."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    theirs = client_of(emulator)
    projects = [theirs.create_project(ProjectName=name)["ProjectArn"] for name in ("cells", "smears")]
    stacks = {name: Workspace(folder, emulator, stack=name) for name in ("dev", "prod")}
    stacks["dev"].point_at_interpreter()
    stacks["dev"].create_project("cells")
    stacks["dev"].configure({"twostages:smearsProject": projects[1], "twostages:smearsRole": ROLE})
    stacks["prod"].configure()
    for workspace in stacks.values():
        workspace.up()
        workspace.preview("--expect-no-changes")
    keys = [entry.key for entry in emulator.entries(stacks["dev"].projects()["cells"]["TRAIN"])]
    assert keys == ["s3://acme-dev/cells/0001.jpg", "s3://acme-dev/cells/0002.jpg"]
    [prod] = [one for one in theirs.describe_projects()["ProjectDescriptions"] if one["ProjectArn"] == projects[0]]
    keys = [entry.key for entry in emulator.entries(prod["Datasets"][0]["DatasetArn"])]
    assert keys == ["s3://acme-prod/cells/0001.jpg", "s3://acme-prod/cells/0002.jpg"]
    assert entries_of(theirs, projects[1]) == [1]
    [record] = (folder / ".reconciler" / "prod-records.jsonl").read_text().splitlines()
    assert json.loads(record)["role"] == ROLE
