"""What people really put in place of a manifest: each mistake has a row with its code and its cure.

Every row is tried as it is and in the forms in which such a file also occurs: ends of lines of Windows, a byte order
mark before it, no end of line after it.
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.mistake_cases import COCO, CONFLICT, GOOD, LFS, MISTAKES, OTHER, SIDES, URLS, VARIANTS, line

if TYPE_CHECKING:
    from tests.cli.conftest import Account, World


def told(world: World, content: bytes, name: str = "train.jsonl") -> tuple[int, list[str], str]:
    """What `validate` says of a file: the exit code, the codes of all findings but notes, and all text in one line."""
    (world.folder / name).write_bytes(content)
    ran = world.run("validate", name)
    return ran.code, re.findall(r" ([A-Za-z_0-9-]+) (?:error|marked): ", ran.out), " ".join(ran.out.split())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_once_with_its_cure(world: World, mistake: str, variant: str) -> None:
    """The finding names what the person did, not what a parser met; nothing else is said about it."""
    text, code, cure = MISTAKES[mistake]
    _, codes, said = told(world, VARIANTS[variant](text).encode())
    assert codes == [code]
    assert cure in said


@pytest.mark.parametrize(
    ("box", "count", "width", "noted"),
    [
        ('"left": 60.5, "top": 20.1, "width": 30.2, "height": 40.4', 20, 640, True),
        ('"left": 60.5, "top": 20.1, "width": 30.2, "height": 40.4', 19, 640, False),
        ('"left": 60.5, "top": 20.1, "width": 30.2, "height": 40.4', 20, 100, False),
        ('"left": 60.5, "top": 20.1, "width": 42.2, "height": 40.4', 20, 640, False),
        ('"left": 10.5, "top": 20.1, "width": 30.2, "height": 40.4', 20, 640, False),
    ],
)
def test_boxes_that_may_be_percent_are_told(world: World, box: str, count: int, width: int, *, noted: bool) -> None:
    """They cannot be told from pixels for sure, so it is a note: 20 larger images, all boxes within 0 to 100."""
    lines = [line(box, width=width, key=f'"source-ref": "s3://acme-vision/{number}.jpg"') for number in range(count)]
    _, codes, _ = told(world, "".join(lines).encode())
    assert codes == []
    assert ("boxes-as-percent note: " in world.run("validate", "train.jsonl", "-v").out) == noted


def test_comments_are_neither_entries_nor_lines_that_are_lost(world: World) -> None:
    """They were counted as entries, and a diff said that lines could not be read."""
    (world.folder / "plain.jsonl").write_text(GOOD + OTHER)
    _, _, said = told(world, f"# of May\n{GOOD}// of June\n{OTHER}# none\n".encode())
    assert "2 entries" in said
    ran = world.run("diff", "plain.jsonl", "train.jsonl")
    assert "up to date: 2 entries" in ran.out
    assert "could not be read" not in ran.out


@pytest.mark.parametrize("left", [600, 630, 3000])
def test_clipping_is_never_the_cure_of_validate(world: World, left: int) -> None:
    """A box beyond the edge of the image may be right and the size wrong: clipped boxes are spoilt."""
    box = f'"left": {left}, "top": 20, "width": 300, "height": 40'
    text = line(f'{SIDES}}}, {{"class_id": 0, {box}').replace(
        '[{"confidence": 1}]', '[{"confidence": 1}, {"confidence": 1}]'
    )
    _, codes, said = told(world, text.encode())
    assert codes == ["ERROR_INVALID_BOUNDING_BOX"]
    assert "clip" not in said
    assert "correct the box, or the image's size" in said


@pytest.mark.parametrize(
    "mistake", [name for name, (_, code, _) in MISTAKES.items() if code.endswith(("-file", "-list", "-format"))]
)
def test_a_file_that_is_something_else_is_refused(world: World, mistake: str) -> None:
    """Nothing of it is an entry: exit code 3."""
    code, _, said = told(world, MISTAKES[mistake][0].encode())
    assert code == 3
    assert "0 entries" in said


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (gzip.compress(GOOD.encode(), mtime=0), "gzip"),
        (b"PK\x03\x04\x14\x00" + bytes(20), "zip"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\xfd7zXZ\x00\x00", "xz"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z"),
        (b"Rar!\x1a\x07\x01\x00", "rar"),
        (b"train.jsonl".ljust(257, b"\x00") + b"ustar\x0000", "tar"),
    ],
)
@pytest.mark.parametrize("name", ["train.jsonl", "train.yaml"])
def test_a_compressed_file_is_named_by_its_kind(world: World, content: bytes, kind: str, name: str) -> None:
    """The file's name does not say it, its first bytes do."""
    code, codes, said = told(world, content, name)
    assert (code, codes) == (3, ["compressed-file"])
    assert f"compressed ({kind})" in said


@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [
        (b"PAR1\x15\x04\x15\x10", "table-file", "a Parquet file"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "table-file", "an Excel workbook"),
        (b"SQLite format 3\x00\x10", "table-file", "a SQLite database"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "binary-file", "an image (JPEG)"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary-file", "an image (PNG)"),
        (b"%PDF-1.7\n", "binary-file", "a PDF document"),
        (b"\x80\x04\x95\x10\x00", "binary-file", "pickled data of Python"),
        (bytes(5000), "binary-file", "NUL bytes"),
        (GOOD.encode() + bytes(64), "binary-file", "NUL bytes"),
    ],
)
@pytest.mark.parametrize("name", ["train.jsonl", "train.yaml"])
def test_what_is_not_text_is_named_by_its_kind(world: World, content: bytes, code: str, kind: str, name: str) -> None:
    """An image or a table where a manifest is meant; a parser would only say that a byte is wrong."""
    exit_code, codes, said = told(world, content, name)
    assert (exit_code, codes) == (3, [code])
    assert kind in said


def test_a_file_beyond_all_limits_is_refused_at_once(world: World) -> None:
    """A sparse file of terabytes took hours in silence; a line without an end is read no further."""
    for name in ("train.jsonl", "train.yaml"):
        with (world.folder / name).open("wb") as file:
            file.write(GOOD.encode())
            file.truncate(3 * 10**12)
        ran = world.run("validate", name)
        assert (ran.code, re.findall(r" ([a-z-]+) error: ", ran.out)) == (3, ["manifest-too-large"])
        assert "3,000,000,000,000 bytes" in ran.out
    with (world.folder / "train.jsonl").open("r+b") as file:
        file.write(b" " * 9000)
        file.truncate(90 * 10**9)
    ran = world.run("validate", "train.jsonl")
    assert (ran.code, re.findall(r" ([a-z-]+) error: ", ran.out)) == (3, ["line-too-long"])
    assert "or more, and is read no further" in ran.out


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["train.jsonl", "train.yaml"])
def test_utf_16_is_named(world: World, encoding: str, name: str) -> None:
    """With a byte order mark and without, in both forms of manifests."""
    code, codes, said = told(world, GOOD.encode(encoding), name)
    assert (code, codes) == (3, ["not-utf-8"])
    assert "it looks like UTF-16" in said or encoding == "utf-32"


@pytest.mark.parametrize("url", URLS)
def test_the_s3_address_of_a_url_is_spelled_out(world: World, url: str) -> None:
    """Every form of an object's URL, decoded: the cure can be copied."""
    key = '"source-ref": ' + json.dumps(url)
    code, codes, said = told(world, line(SIDES, key=key).encode())
    assert (code, codes) == (3, ["source-ref-not-s3"])
    assert "write s3://acme-vision/a/1 x.jpg" in said


def test_a_long_address_is_spelled_out_whole(world: World) -> None:
    """What is cut in the middle cannot be copied; control characters stay escapes."""
    name = "/".join(["a-folder-with-a-long-name"] * 10)
    key = json.dumps(f"https://acme-vision.s3.amazonaws.com/{name}/1%1b.jpg")
    _, _, said = told(world, line(SIDES, key=f'"source-ref": {key}').encode())
    assert f"write s3://acme-vision/{name}/1\\x1b.jpg" in said.replace(" ", "").replace("write", "write ")


def test_a_url_of_another_host_has_no_s3_address(world: World) -> None:
    """Nothing is guessed."""
    _, _, said = told(world, line(SIDES, key='"source-ref": "https://example.com/1.jpg"').encode())
    assert "write it as s3://bucket/key" in said


def test_a_url_as_prefix_of_a_yaml_manifest_is_spelled_out(world: World) -> None:
    """The head is one line for all images, so its cure is one too."""
    text = "images: https://acme-vision.s3.amazonaws.com/a/\nentries:\n  - image: 1.jpg\n"
    code, codes, said = told(world, text.encode(), "train.yaml")
    assert (code, codes) == (3, ["images-prefix-illegal"])
    assert "write s3://acme-vision/a/" in said


def test_json_lines_under_the_name_of_yaml_are_told_once(world: World) -> None:
    """Its second line was told as a second document."""
    code, codes, said = told(world, (GOOD + OTHER).encode(), "train.yaml")
    assert (code, codes) == (3, ["json-lines-in-yaml"])
    assert "name the file .jsonl" in said


def test_a_tab_before_a_key_is_named(world: World) -> None:
    """In a YAML manifest and in project.yaml."""
    _, codes, _ = told(world, b"images: s3://acme-vision/\nentries:\n\t- image: 1.jpg\n", "train.yaml")
    assert codes == ["yaml-tab"]
    world.write("cells", [GOOD.strip()], settings="managed: true\npolicy:\n\textra: report")
    ran = world.run("validate")
    assert "datasets/cells/project.yaml:3:1 yaml-tab error:" in ran.out


@pytest.mark.parametrize("name", ["train.yaml", "project"])
def test_a_merge_conflict_in_yaml_is_named(world: World, name: str) -> None:
    """The scanner only says that a key has no colon."""
    if name == "project":
        world.write(
            "cells", [GOOD.strip()], settings="<<<<<<< HEAD\nmanaged: true\n=======\nmanaged: false\n>>>>>>> main"
        )
        ran = world.run("validate")
        assert "datasets/cells/project.yaml:1:1 merge-conflict error:" in ran.out
        assert "in the lines 1, 3, 5" in ran.out
    else:
        entries = "".join(f"  - image: {number}.jpg\n" for number in range(3))
        text = f"images: s3://acme-vision/\nentries:\n{entries}<<<<<<< HEAD\n{entries}=======\n>>>>>>> main\n"
        _, codes, said = told(world, text.encode(), name)
        assert codes == ["merge-conflict"]
        assert "in the lines 6, 10, 11" in said


def test_a_box_with_other_keys_in_yaml_is_named_once(world: World) -> None:
    """Each box was told eight times: four keys that are unknown, four that are missing."""
    boxes = "[{label: cat, xmin: 1, ymin: 2, xmax: 30, ymax: 40}, {label: cat, xmin: 1, ymin: 2, xmax: 3, ymax: 4}]"
    text = f"images: s3://acme-vision/\nsize: [640, 480]\nentries:\n  - image: 1.jpg\n    boxes: {boxes}\n"
    code, codes, said = told(world, text.encode(), "train.yaml")
    assert (code, codes) == (3, ["yaml-box-members"])
    assert "width: xmax - xmin" in said


def test_a_label_that_is_misspelt_is_told_once_with_its_count(world: World) -> None:
    """A typo that was copied through a manifest is one mistake."""
    lines = [GOOD.replace("1.jpg", f"{number}.jpg").replace("cat", "cta" if number else "dog") for number in range(40)]
    world.write("cells", [one.strip() for one in lines], settings="labels: [cat, dog]\nmanaged: false")
    ran = world.run("validate")
    assert ran.code == 3
    assert ran.out.count("label-not-declared") == 1
    assert '"cta" is not in `labels` of project.yaml (did you mean "cat"?); it is on 39 lines' in ran.out
    assert "train.jsonl:2:" in ran.out


@pytest.mark.parametrize(
    "name",
    [
        "train.json",
        "train.ndjson",
        "Train.jsonl",
        "Train.JSONL",
        "trains.jsonl",
        "training_set.jsonl",
        "train.jsonl.gz",
    ],
)
def test_a_manifest_of_a_wrong_name_is_named(world: World, name: str) -> None:
    """The project seemed to have no dataset."""
    folder = world.write("cells")
    (folder / name).write_text(GOOD)
    ran = world.run("validate")
    assert ran.code == 3
    assert f"project.yaml manifest-misnamed error: {name} is not read" in ran.out
    assert "rename it to train.jsonl" in ran.out


def test_a_test_set_of_a_wrong_name_is_not_passed_over(world: World) -> None:
    """The project would train without the test set that lies there; a file of another kind may lie there."""
    folder = world.write("cells", [GOOD.strip()])
    (folder / "test.json").write_text(json.dumps(COCO))
    assert "manifest-overlooked" not in world.run("validate").out
    document = json.loads(OTHER)
    for text in (OTHER, json.dumps([document]), json.dumps({"note": 1, **document})):
        (folder / "test.json").write_text(text)
        ran = world.run("validate")
        assert ran.code == 0
        assert "train.jsonl manifest-overlooked note: test.json beside this manifest looks like" in ran.out


@pytest.mark.parametrize(
    "name", ["Test.jsonl", "tests.jsonl", "testing.jsonl", "TEST.JSONL", "test_set.manifest", "Test.yaml"]
)
def test_a_test_set_of_nearly_the_name_is_named_in_validate_and_plan(world: World, account: Account, name: str) -> None:
    """A model would be trained without the test set that lies beside the manifest."""
    account.create("cells")
    folder = world.write("cells", [GOOD.strip()])
    text = "images: s3://acme-vision/\nentries:\n  - image: 2.jpg\n" if name.endswith("yaml") else OTHER
    (folder / name).write_text(text)
    for command in ("validate", "plan"):
        assert f"manifest-overlooked note: {name} beside this manifest looks like" in world.run(command).out
    (folder / name).write_text('{"a": 1}\n')
    assert "manifest-overlooked" not in world.run("validate").out


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# nothing\n",
        b"entries: 1\n",
        gzip.compress(b"x", mtime=0),
        LFS.encode(),
        b"\xef\xbb\xbf",
        b"images: s3://b/\n",
    ],
)
@pytest.mark.parametrize("name", ["train.jsonl", "train.yaml", "missing.jsonl"])
def test_no_place_has_a_line_zero(world: World, content: bytes, name: str) -> None:
    """What concerns a file as such has its name alone."""
    if name.startswith("train"):
        (world.folder / name).write_bytes(content)
    ran = world.run("validate", name)
    assert ran.code == 3
    assert ":0" not in ran.out + ran.err


def test_the_input_manifest_of_a_labelling_job_is_named(world: World) -> None:
    """It has the images and no labels: valid, sent, and useless."""
    lines = "".join(f'{{"source-ref": "s3://acme-vision/{number}.jpg"}}\n' for number in range(3))
    (world.folder / "train.jsonl").write_text(lines)
    ran = world.run("validate", "train.jsonl")
    assert ran.code == 0
    assert "train.jsonl all-unlabelled note: none of the 3 entries has labels" in ran.out
    assert "name the output manifest of the job" in ran.out


def test_what_is_fetched_for_a_converter_is_named_too(world: World) -> None:
    """A pointer of Git LFS and an archive are named whatever format was expected."""
    for content, code in (
        (LFS.encode(), "git-lfs-pointer"),
        (gzip.compress(b"x", mtime=0), "compressed-file"),
        (CONFLICT.encode(), "merge-conflict"),
    ):
        (world.folder / "in").write_bytes(content)
        for kind in ("coco", "voc", "jsonl"):
            arguments = ("--fix-types",) if kind == "jsonl" else ("--image-prefix", "s3://b/")
            ran = world.run("convert", kind, "in", *arguments)
            assert (ran.code, ran.out) == (3, "")
            assert f" {code} error:" in ran.err


def test_every_code_is_explained_and_has_an_anchor(world: World) -> None:
    """`reconciler explain` and docs/findings.md know every code of the table above, and a code that is misspelt."""
    page = (Path(__file__).parents[2] / "docs" / "findings.md").read_text()
    for code in {code for _, code, _ in MISTAKES.values()} | {"ERROR_INVALID_BOUNDING_BOX", "annotations-lost"}:
        ran = world.run("explain", code)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"{code} (")
        assert all(f"\n  {part}:" in ran.out for part in ("what is wrong", "cure", "class", "source"))
        assert f'<a id="{code.lower()}"></a>' in page
    ran = world.run("explain", "merge-conflit")
    assert (ran.code, ran.out) == (3, "")
    assert "did you mean `merge-conflict`?" in ran.err


def test_a_table_as_the_test_manifest_is_converted_to_its_own_name(world: World) -> None:
    """The cure writes the manifest that was asked for, not the one of training."""
    folder = world.write("cells", world.many(2), world.many(1))
    (folder / "test.jsonl").write_text("a.jpg,cat\nb.jpg,dog\n")
    ran = world.run("validate")
    assert (ran.code, "-o datasets/cells/test.jsonl" in ran.out) == (3, True), ran.out


def test_a_text_without_its_closing_quote_is_a_whole_sentence(world: World) -> None:
    """The finding says what is missing instead of ending before the place."""
    folder = world.write("cells")
    (folder / "train.jsonl").write_text('{"source-ref": "s3://a/b.jpg\n')
    ran = world.run("validate")
    assert (ran.code, "an opening quote without a closing one" in " ".join(ran.out.split())) == (3, True), ran.out
