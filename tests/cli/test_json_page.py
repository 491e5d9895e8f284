"""docs/reference/json.md: its examples are parts of real documents, its recipes give what is shown."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.review.model import Review

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^`(\w+)\.json`[^\n]*:\n\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECIPE = re.compile(r"^```console\n(\$ jq .*?)^```$", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
# What another run would say differently: times, ids, who ran it.
OTHERWISE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?|\b[0-9a-f]{16,}\b|\b\d{13}\b|\b\w+ on \w+$")
JQ = shutil.which("jq")


def _edited(account: Account, line: str) -> None:
    """A colleague sends a line, as the console does."""
    with closing(account.emulator.client()) as client:
        client.update_dataset_entries(DatasetArn=account.dataset("cells"), Changes={"GroundTruth": line.encode()})


@pytest.fixture
def documents(account: Account, world: World) -> dict[str, str]:
    """What each command writes in one story: a load, two corrections with a reason, and a colleague's edit."""
    account.create("cells")
    made, test = {}, world.many(2, first=8)
    frozen = "managed: false\npolicy: {guards: {test-set: frozen}}"
    world.write("cells", [*world.many(3), world.boxes("0003.jpg", "RBC", left=620)], test, frozen)
    made["validate"] = world.run("validate", "--json")
    world.write("cells", world.many(4), test, frozen)
    assert world.run("apply", "--yes").code == 0
    (world.folder / "before").mkdir()
    shutil.copy(world.folder / "datasets/cells/train.jsonl", world.folder / "before/train.jsonl")
    world.write("cells", [*world.many(2), *world.many(3, "WBC", first=2)], world.many(3, first=8), frozen)
    made["diff"] = world.run("diff", "before/train.jsonl", "datasets/cells/train.jsonl", "--format", "json")
    made["plan"] = world.run("plan", "--json")
    made["apply"] = world.run("apply", "--yes", "--allow", "test-set=an image of a new scanner", "--json")
    _edited(account, world.boxes("0000.jpg", "WBC"))
    made["drift"] = world.run("drift", "--json")
    made["history"] = world.run("history", "--json")
    made["doctor"] = world.run("doctor", "--json")
    record = next(one["id"] for one in made["history"].document["applies"] if one["overwritten"])
    made["restore"] = world.run("restore", record, "--dry-run", "--json")
    made["error"] = world.run("plan", "--project", "cell", "--json")
    return {name: ran.out for name, ran in made.items()}


def test_the_examples_are_parts_of_real_documents(documents: dict[str, str]) -> None:
    """Each member that an example shows is in the command's document, with that value; each command has one."""
    examples = dict(EXAMPLE.findall(PAGE))
    assert set(examples) == set(documents)
    for name, text in examples.items():
        assert _missing(json.loads(text), json.loads(documents[name]), name) == []


def _missing(shown: Any, real: Any, where: str) -> list[str]:  # noqa: ANN401 - JSON
    """Where an example shows what the document does not have; elements are in their order, some are left out."""
    if isinstance(shown, dict) and isinstance(real, dict):
        faults = [f"{where}.{name}" for name in shown if name not in real]
        return faults or [one for name in shown for one in _missing(shown[name], real[name], f"{where}.{name}")]
    if isinstance(shown, list) and isinstance(real, list) and any(isinstance(one, dict) for one in shown):
        rest = iter(real)
        return [f"{where}: {one}" for one in shown if all(_missing(one, other, where) for other in rest)]
    texts = (OTHERWISE.sub("?", str(one)) for one in (shown, real))
    same = type(shown) is type(real) and len(set(texts)) == 1
    return [] if same else [f"{where}: {shown!r}, not {real!r}"]


@pytest.mark.skipif(JQ is None, reason="needs jq (Debian: apt-get install jq)")
def test_the_recipes_give_what_is_shown(documents: dict[str, str], tmp_path: Path) -> None:
    """Each jq command on the page gives the lines below it, for the documents of the story."""
    for name, text in documents.items():
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    recipes = [block.removeprefix("$ ").partition("\n") for block in RECIPE.findall(PAGE)]
    assert len(recipes) > 10
    for command, _, shown in recipes:
        done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=False, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == (shown, ""), command


def test_every_member_of_the_document_is_on_the_page() -> None:
    """The table of the document has all its members, in their order."""
    assert tuple(MEMBER.findall(PAGE))[-len(Review.__struct_fields__) :] == Review.__struct_fields__
