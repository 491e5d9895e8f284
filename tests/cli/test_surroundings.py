"""Closed standard streams, names that are not UTF-8, and what AWS adds later: a sentence, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_overwritten import copies, record_of

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World

ROOT = Path(__file__).parents[2]
NAME = os.fsdecode(b"c\xff")


def started(world: World, how: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process whose streams a shell closed, as `>&-` does."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {how}', "sh", sys.executable, "-m", "reconciler", *arguments],  # noqa: S607 - the system's shell
        cwd=world.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [("validate",), ("validate", "--json"), ("--version",), ("plan", "--help"), ()])
def test_a_standard_output_that_is_closed_is_a_sentence_and_exit_1(world: World, arguments: tuple[str, ...]) -> None:
    """What was asked for was written nowhere, and that is a failure."""
    world.write("cells", world.many(1))
    ran = started(world, ">&-", *arguments)
    assert (ran.returncode, ran.stderr) == (1, "error: the output could not be written: standard output is closed\n")


@pytest.mark.parametrize("how", ["2>&-", "2>&- <&-", "<&-"])
def test_without_the_other_streams_the_command_does_its_work(world: World, how: str) -> None:
    """Remarks are lost with standard error; nothing is asked of a standard input that is closed."""
    world.write("cells", world.many(1))
    ran = started(world, how, "validate")
    assert (ran.returncode, "1 entry" in ran.stdout) == (0, True), ran
    refused = started(world, how, "apply")
    assert (refused.returncode, "Traceback" in refused.stderr) == (3, False)
    assert "<" not in how or "2" in how or "there is no terminal to ask on" in refused.stderr


def test_with_all_streams_closed_no_file_takes_their_place(world: World, account: Account) -> None:
    """An apply does its work; the files that it writes have their own content and no other."""
    account.create("cells")
    world.write("cells", world.many(2))
    arguments = ("apply", "--yes", "--endpoint-url", account.emulator.url, "--save", "plan.json")
    ran = started(world, ">&- 2>&- <&-", *(one for one in arguments if one not in {"--save", "plan.json"}), "-v")
    assert ran.returncode == 1
    assert len(account.keys("cells")) == 2
    (month,) = (world.folder / ".reconciler" / "audit").iterdir()
    assert len(month.read_text().splitlines()) == 1
    assert '"outcome":"done"' in month.read_text()


def test_folders_whose_names_are_not_utf_8_work_in_every_view(world: World, account: Account) -> None:
    """Plan, apply, record and restore; the names are shown with escapes."""
    account.create("cells")
    world.write("cells", world.many(2), settings="managed: false\npolicy: {guards: {label-removed: off}}")
    (world.folder / "datasets").rename(world.folder / NAME)
    where = ("--datasets", NAME)
    views = ("--save", "plan.json", "--markdown", f"{NAME}.md", "--html", f"{NAME}.html")
    assert world.run("plan", *where, *views).code == 0
    assert world.run("apply", *where, "--yes", "--snapshots", f"{NAME}/kept", "--audit", f"{NAME}.log").code == 0
    manifest = world.folder / NAME / "cells" / "train.jsonl"
    manifest.write_text(manifest.read_text().replace("RBC", "WBC"))
    ran = world.run("apply", *where, "--yes")
    assert ran.code == 0, ran
    back = world.run("restore", record_of(ran), *where, "--yes")
    assert (back.code, len(copies(world))) == (0, 2), back
    assert (world.folder / f"{NAME}.log").stat().st_size
    for text in (ran.out, ran.err, back.out, back.err):
        text.encode()
    assert world.run("plan", *where, "--json").document["projects"]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", NAME),
        ("plan", "--datasets", NAME),
        ("plan", "--project", NAME),
        ("plan", "--base", NAME),
        ("plan", "--region", NAME),
        ("plan", "--profile", NAME),
        ("plan", "--endpoint-url", f"http://{NAME}"),
        ("plan", "--allow", f"{NAME}=why"),
        ("plan", "--snapshots", f"s3://{NAME}/x"),
        ("diff", NAME, "datasets"),
        ("diff", f"main:{NAME}", "datasets"),
        ("report", NAME),
        ("convert", "coco", NAME, "--images", "s3://acme-vision/cells/"),
        ("restore", NAME, "--project", "cells", "--type", "train", "--yes"),
        ("restore", NAME, "--dataset-arn", NAME, "--yes"),
        ("apply", "--plan", NAME, "--yes"),
        (NAME,),
        ("help", NAME),
    ],
)
def test_an_argument_that_is_not_utf_8_is_a_sentence(world: World, arguments: tuple[str, ...]) -> None:
    """Nothing that these name is there; the answer says so."""
    world.write("cells", world.many(1))
    ran = world.run(*arguments)
    assert ran.code in {1, 3}, ran
    assert "unexpected" not in ran.out + ran.err
    (ran.out + ran.err).encode()


@pytest.mark.parametrize("annotations", ["yolo", "voc"])
def test_an_image_whose_name_is_not_utf_8_is_a_finding(world: World, annotations: str) -> None:
    """S3 keys are UTF-8; nothing is written."""
    folder = world.folder / "yolo"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    (folder / "images" / f"{NAME}.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\0\0\0\0")
    (folder / "labels" / f"{NAME}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (folder / "data.yaml").write_text("path: .\ntrain: images\nnames: [RBC]\n")
    source = folder if annotations == "yolo" else folder / "labels" / f"{NAME}.txt"
    ran = world.run("convert", annotations, str(source), "--images", "s3://acme-vision/cells/")
    assert (ran.code, "unexpected" in ran.err, ran.out) == (3, False, ""), ran
    ran.err.encode()


def test_a_type_of_dataset_that_aws_adds_later_is_not_this_programs(
    world: World, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that has one is planned and applied as before."""
    account.create("cells")
    answer = account.emulator.service.answer

    def later(operation: str, request: dict[str, Any], caller: Any = None) -> dict[str, Any]:  # noqa: ANN401 - passed on
        reply = answer(operation, request, caller)
        for project in reply.get("ProjectDescriptions", []):
            arn = project["ProjectArn"].rpartition("/")[0] + "/dataset/validation/1690564858106"
            project["Datasets"] = [*project.get("Datasets", []), {"DatasetType": "VALIDATION", "DatasetArn": arn}]
        return reply

    monkeypatch.setattr(account.emulator.service, "answer", later)
    world.write("cells", world.many(2))
    ran = world.run("apply", "--yes")
    assert (ran.code, "2 added" in ran.out) == (0, True), ran
    assert world.run("plan", "--exit-code").code == 0
