"""Folders with a folder for each label."""

from pathlib import Path

import pytest

from reconciler.entries import meaning_of
from tests.support.formats import IMAGES, codes, converted


def make(root: Path, *files: str) -> Path:
    """A folder with empty files."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def test_the_folder_below_is_the_label(tmp_path: Path) -> None:
    """Deeper folders do not count, images beside the folders have no label, and other files are counted."""
    root = make(tmp_path, "dog/in/2.PNG", "cat/1.jpg", "3.jpeg", "cat/.DS_Store", "cat/a.txt", ".git/4.jpg")
    lines, findings = converted("folder", root)

    found = {line["source-ref"].removeprefix(IMAGES): set(meaning_of(line).labels) for line in lines}
    assert found == {"3.jpeg": set(), "cat/1.jpg": {"cat"}, "dog/in/2.PNG": {"dog"}}
    assert [code for _, code, _ in codes(findings)] == ["folder-unlabelled", "folder-other-files"]


def test_an_image_that_custom_labels_does_not_take_is_left_out_by_name(tmp_path: Path) -> None:
    """WebP gives no line; the finding names the file."""
    lines, (finding,) = converted("folder", make(tmp_path, "cat/1.jpg", "cat/2.webp"))

    assert [line["source-ref"] for line in lines] == [IMAGES + "cat/1.jpg"]
    assert (finding.code, finding.place.file) == ("image-format", f"{tmp_path}/cat/2.webp")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (("train/1.jpg", "Val/2.jpg"), "folder-of-splits"),
        (("cat/notes.txt",), "folder-not-a-folder"),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path: Path, files: tuple[str, ...], code: str) -> None:
    """Parts of a dataset are not labels, and a folder without images is a wrong folder."""
    lines, findings = converted("folder", make(tmp_path, *files))
    assert (lines, [one.code for one in findings]) == ([], [code])
