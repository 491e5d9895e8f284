"""project.yaml and the folders under `datasets/`: what they declare, and every wrong declaration with its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import Exit, InvalidDeclaration
from reconciler.manifest import load_project, load_projects
from reconciler.manifest.project.policy import parse_patience
from reconciler.model import DatasetType, ProjectDeclaration
from reconciler.policy import Compare, Destroy, Extra, Marking, Policy
from tests.manifest.project_cases import ARN, PROJECT_CASES

Write = Callable[..., Path]


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """An empty `datasets` folder."""
    folder = tmp_path / "datasets"
    folder.mkdir()
    return folder


@pytest.fixture
def write(datasets: Path) -> Write:
    """Write a project's folder: `write("cells", "managed: true", "train.jsonl", "test.yaml")`."""

    def write_folder(name: str, text: str | None, *files: str) -> Path:
        folder = datasets / name
        folder.mkdir()
        if text is not None:
            (folder / "project.yaml").write_text(text)
        for file in files:
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).touch()
        return folder

    return write_folder


def load(datasets: Path) -> tuple[ProjectDeclaration, ...]:
    """What the folder declares, as the user of a program beside it sees it."""
    return load_projects(datasets, "datasets")


def refusals(datasets: Path) -> list[tuple[str, str]]:
    """The codes and places of everything wrong."""
    with pytest.raises(InvalidDeclaration) as refused:
        load(datasets)
    return [(finding.code, str(finding.place)) for finding in refused.value.findings]


@pytest.mark.parametrize(("code", "text", "instead"), PROJECT_CASES)
def test_a_wrong_declaration_is_refused_at_its_place(
    code: str, text: str, instead: str, write: Write, datasets: Path
) -> None:
    """Each case names the rule and the exact line and column, and nothing else."""
    before, sign, _ = text.partition("§")
    write("cells", text.replace("§", ""), "train.jsonl")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    place = "datasets/cells/project.yaml" + (f":{line}:{column}" if sign else "")

    assert refusals(datasets) == [(instead or code, place)]


def test_a_short_file_takes_every_default(write: Write, datasets: Path) -> None:
    """The project is managed, named after its folder, with manifests of default names and the default policy."""
    folder = write("cells", "managed: true\n", "train.manifest", "test.yml", "notes.txt")

    (project,) = load(datasets)

    assert (project.name, project.managed, project.project_arn, project.labels) == ("cells", True, None, None)
    assert (project.folder, project.shown) == (folder, "datasets/cells")
    assert [(d.dataset_type, d.manifest, d.shown, d.policy) for d in project.datasets] == [
        (DatasetType.TRAIN, folder / "train.manifest", "datasets/cells/train.manifest", Policy()),
        (DatasetType.TEST, folder / "test.yml", "datasets/cells/test.yml", Policy()),
    ]


def test_the_whole_form_is_read(write: Write, datasets: Path) -> None:
    """Every key is read, and the policy of a dataset overrides that of the project."""
    write(
        "cells",
        """\
project: 0001
managed: false
train: lists/train.jsonl
test: {manifest: b.yaml, policy: {extra: fail, patience: 90s}}
labels: [RBC, no, 012]
policy:
  extra: unlabel
  marked: refuse
  compare: strict
  patience: 1h30m
  destroy: keep
""",
        "lists/train.jsonl",
    )

    (project,) = load(datasets)
    train, test = project.datasets

    assert (project.name, project.managed) == ("0001", False)
    assert project.labels == ("RBC", "no", "012")
    assert train.policy == Policy(Extra.UNLABEL, Marking.REFUSE, Compare.STRICT, 5400, Destroy.KEEP)
    assert test.policy == Policy(Extra.FAIL, Marking.REFUSE, Compare.STRICT, 90, Destroy.KEEP)
    assert (train.shown, test.shown) == ("datasets/cells/lists/train.jsonl", "datasets/cells/b.yaml")


def test_an_arn_names_the_project(write: Write, datasets: Path) -> None:
    """The name is the ARN's, not the folder's; the same name beside it is accepted."""
    write("a", f"projectArn: {ARN}\nproject: cells\n", "train.jsonl")

    (project,) = load(datasets)

    assert (project.name, project.managed, project.project_arn) == ("cells", False, ARN)


def test_folders_come_in_the_order_of_their_names(write: Write, datasets: Path) -> None:
    """The order does not depend on the file system."""
    for name in ("b", "a", "B", "10", "9"):
        write(name, "managed: true", "train.jsonl")

    assert [project.name for project in load(datasets)] == ["10", "9", "B", "a", "b"]


def test_folders_that_declare_nothing_are_passed_over(write: Write, datasets: Path) -> None:
    """Hidden folders, folders without a manifest, and files are skipped."""
    write(".cache", None, "train.jsonl")
    write("images", None, "a.jpg")
    (datasets / "README.md").touch()

    assert load(datasets) == ()


def test_a_folder_with_a_manifest_and_no_project_yaml_is_refused(write: Write, datasets: Path) -> None:
    """A forgotten file is an error and does not remove the project."""
    write("cells", None, "train.jsonl")
    write("dogs", None, "project.yml", "train.jsonl")

    assert refusals(datasets) == [
        ("project-yaml-missing", "datasets/cells"),
        ("project-yaml-name", "datasets/dogs/project.yml"),
    ]


def test_a_missing_datasets_folder_is_refused(tmp_path: Path) -> None:
    """A wrong setting is an error and does not remove every project."""
    with pytest.raises(InvalidDeclaration, match=r"^lists datasets-missing: there is no such folder\n  create it"):
        load_projects(tmp_path / "lists", "lists")


def test_a_file_in_the_place_of_the_datasets_folder_is_refused(tmp_path: Path) -> None:
    """The message does not say that it is missing."""
    (tmp_path / "lists").touch()
    with pytest.raises(
        InvalidDeclaration, match=r"this is a file\n  name the folder that holds one folder per project"
    ):
        load_projects(tmp_path / "lists", "lists")


def test_one_folder_is_read_whatever_stands_beside_it(write: Write) -> None:
    """A fault in a different project does not matter; places are shown with the folder's name as the user gave it."""
    write("other", "mangaed: true", "train.jsonl")
    folder = write("cells", "managed: false", "train.jsonl")
    project = load_project(folder, "here")
    assert project is not None
    assert (project.name, project.shown, project.datasets[0].shown) == ("cells", "here", "here/train.jsonl")


@pytest.mark.parametrize("test", ["train.jsonl", "./train.jsonl", "link.jsonl"])
def test_a_test_dataset_with_the_training_manifest_is_seen(test: str, write: Write, datasets: Path) -> None:
    """The path may be written in any way; two files with the same content are two files."""
    folder = write("cells", f"test: {test}", "train.jsonl")
    (folder / "link.jsonl").symlink_to("train.jsonl")
    write("planes", "managed: true", "train.jsonl", "test.jsonl")
    cells, planes = load(datasets)
    assert [one.is_training_too for one in cells.datasets] == [False, True]
    assert [one.is_training_too for one in planes.datasets] == [False, False]


def test_two_folders_cannot_name_one_project(write: Write, datasets: Path) -> None:
    """Name and ARN are compared; the finding is at the second folder's line and names the first folder."""
    write("a", "project: cells", "train.jsonl")
    write("cells", "managed: true", "train.jsonl")
    write("x", f"projectArn: {ARN}", "train.jsonl")
    write("y", f"\nprojectArn: {ARN}", "train.jsonl")

    assert refusals(datasets) == [
        ("project-twice", "datasets/cells/project.yaml:1:1"),
        ("project-twice", "datasets/y/project.yaml:2:13"),
    ]


def test_two_folders_cannot_have_one_name_in_the_state(write: Write, datasets: Path) -> None:
    """The folder's name counts where there is no `resource`."""
    write("a", "resource: cells", "train.jsonl")
    write("b", "resource: cells", "train.jsonl")
    write("cells", "project: x", "train.jsonl")
    assert [code for code, _place in refusals(datasets)] == ["resource-twice", "resource-twice"]


def test_datasets_need_one_manifest_each(write: Write, datasets: Path) -> None:
    """No manifest, two of a default name, and a long form without one are each reported."""
    write("a", "managed: true")
    write("b", "managed: true", "train.jsonl", "train.yaml")
    write("c", "train: {policy: {extra: fail}}")

    assert refusals(datasets) == [
        ("no-dataset", "datasets/a/project.yaml"),
        ("two-default-manifests", "datasets/b/project.yaml"),
        ("no-default-manifest", "datasets/c/project.yaml:1:8"),
    ]


def test_one_dataset_is_enough(write: Write, datasets: Path) -> None:
    """A project may have a test dataset alone."""
    write("a", "managed: true", "test.jsonl")

    assert [dataset.dataset_type for dataset in load(datasets)[0].datasets] == [DatasetType.TEST]


def test_a_link_that_leaves_the_folder_is_refused(write: Write, datasets: Path, tmp_path: Path) -> None:
    """Manifests, named or not, and project.yaml must not be such links; a link inside the folder is accepted."""
    (tmp_path / "secret.jsonl").touch()
    (tmp_path / "project.yaml").write_text("managed: true")
    for name in ("a", "b", "d", "e"):
        write(name, "train: lists/x.jsonl" if name == "a" else "managed: true")
    (datasets / "a" / "lists").symlink_to(tmp_path)
    (datasets / "b" / "train.jsonl").symlink_to(tmp_path / "secret.jsonl")
    write("c", None, "train.jsonl")
    (datasets / "c" / "project.yaml").symlink_to(tmp_path / "project.yaml")
    (datasets / "d" / "real.jsonl").touch()
    (datasets / "d" / "train.jsonl").symlink_to("real.jsonl")
    (datasets / "e" / "train.jsonl").symlink_to("train.jsonl")

    assert refusals(datasets) == [
        ("path-leaves-folder", "datasets/a/project.yaml:1:8"),
        ("path-leaves-folder", "datasets/b/project.yaml"),
        ("path-leaves-folder", "datasets/c/project.yaml"),
        ("path-leaves-folder", "datasets/e/project.yaml"),
    ]


def test_a_huge_project_yaml_is_refused(write: Write, datasets: Path) -> None:
    """A file that is too large is reported without being parsed."""
    write("a", "# " + "x" * 1_000_000, "train.jsonl")

    assert refusals(datasets) == [("project-yaml-too-large", "datasets/a/project.yaml")]


def test_all_faults_of_all_folders_are_shown_together(write: Write, datasets: Path) -> None:
    """The message has a line per finding: place, code, what is wrong; the cure is below it. It is bad input."""
    write("a", "mangaed: true\npolicy: {patience: soon}", "train.jsonl")
    write("b", "project: b!", "train.jsonl")

    with pytest.raises(InvalidDeclaration) as refused:
        load(datasets)

    lines = str(refused.value).splitlines()
    assert refused.value.exit_code is Exit.BAD_INPUT
    assert len(lines) / 2 == refused.value.total == 3
    assert lines[0].startswith(
        'datasets/a/project.yaml:1:1 unknown-key: there is no key "mangaed" in project.yaml (did'
    )
    assert lines[4:] == [
        'datasets/b/project.yaml:1:10 project-name-illegal: the project name "b!" is illegal',
        "  use 1 to 255 of a-z, A-Z, 0-9, underscore, dot, hyphen; `project:` sets another name than the folder's",
    ]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1h1m1s", 3661), ("0h1s", 1)]
)
def test_a_duration_is_hours_minutes_and_seconds(text: str, seconds: int) -> None:
    """Hours, minutes and seconds come in that order, each at most once."""
    assert parse_patience(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0m", "30", "m", "1.5h", "30m1h", "30 m", "-1m", "1w", "1h1d", "٣m", "1H"])
def test_anything_else_is_no_duration(text: str) -> None:
    """A number without a unit is refused, because it might mean seconds or minutes."""
    assert parse_patience(text) is None


def test_paths_are_shown_as_the_user_wrote_the_folder(write: Write, datasets: Path) -> None:
    """`./lists/` and `lists` are shown alike; an absolute folder stays absolute."""
    write("a", "managed: true", "train.jsonl")

    shown: list[Any] = [load_projects(datasets, text)[0].datasets[0].shown for text in ("./lists/", "lists", "/x", ".")]

    assert shown == ["lists/a/train.jsonl", "lists/a/train.jsonl", "/x/a/train.jsonl", "a/train.jsonl"]
