"""`reconciler diff`: what changes between two sides, without credentials and without a network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.repository import commit, git

if TYPE_CHECKING:
    from tests.cli.conftest import World


@pytest.fixture(autouse=True)
def nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No account."""
    del world
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)


def figures(world: World, before: str, after: str) -> tuple[int, int, int]:
    """The numbers of entries added, updated and no longer in the manifest."""
    ran = world.run("diff", before, after, "--format", "json")
    assert ran.code == 0, ran
    totals: dict[str, Any] = ran.document["totals"]
    return totals["add"], totals["update"], totals["live_only"]


def test_two_manifests_folders_and_revisions_are_compared(world: World) -> None:
    """Files, folders, tags, earlier commits and revisions with a path are compared in any pair of one kind."""
    world.write("cells", world.many(3))
    commit(world.folder, "v1")
    world.write("cells", [*world.many(2, "WBC"), world.boxes("new.jpg", "RBC")])
    commit(world.folder)
    for before, after in (("v1", "datasets"), ("HEAD~1", "main:datasets"), ("v1:datasets/cells", "datasets/cells")):
        assert figures(world, before, after) == (1, 2, 1), (before, after)
    manifest = "datasets/cells/train.jsonl"
    assert figures(world, f"v1:{manifest}", manifest) == (1, 2, 1)
    assert figures(world, manifest, f"v1:{manifest}") == (1, 2, 1)
    assert figures(world, "HEAD", "datasets") == (0, 0, 0)


def test_exit_code_tells_changes_only_when_asked(world: World) -> None:
    """An entry that is no longer in the manifest is a change too."""
    world.write("cells", world.many(3))
    commit(world.folder)
    assert world.run("diff", "HEAD", "datasets", "--exit-code").code == 0
    world.write("cells", world.many(2))
    assert world.run("diff", "HEAD", "datasets").code == 0
    ran = world.run("diff", "HEAD", "datasets", "--exit-code", "--format", "json")
    assert (ran.code, ran.document["exit_code"]) == (2, 2)
    assert ran.document["totals"]["with_changes"] == 1


def test_text_says_what_is_compared_and_what_changes(world: World) -> None:
    """The two sides are named as in the arguments; there is no plan id, because nothing can be applied."""
    world.write("cells", world.many(3))
    commit(world.folder)
    world.write("cells", [world.boxes("0000.jpg", "WBC"), *world.many(3)[1:]])
    ran = world.run("diff", "main", "datasets")
    assert ran.out.startswith("main -> datasets: 1 dataset, 1 with changes: 1 to update\n")
    assert "RBC" in ran.out
    assert "\nplan " not in ran.out


def test_json_lines_and_yaml_of_the_same_content_are_equal(world: World) -> None:
    """The format of a manifest does not count as a change."""
    folder = world.write("cells", [world.boxes("1.jpg", "RBC")])
    (folder / "train.yaml").write_text(
        json.dumps(
            {
                "images": "s3://acme-vision/cells/",
                "entries": [
                    {
                        "image": "1.jpg",
                        "size": [640, 480],
                        "boxes": [{"label": "RBC", "left": 10, "top": 0, "width": 40, "height": 30}],
                    }
                ],
            }
        )
    )
    assert figures(world, "datasets/cells/train.jsonl", "datasets/cells/train.yaml") == (0, 0, 0)


def test_findings_of_class_error_are_shown_and_the_diff_goes_on(world: World) -> None:
    """An invalid bucket name does not stop the diff."""
    folder = world.write("cells", world.many(3))
    lines = [line.replace("s3://acme-vision/", "s3://acme#vision/") for line in world.many(3)]
    for broken in ([], ["{"]):
        (folder / "new.jsonl").write_text("".join(f"{line}\n" for line in [*lines, *broken]))
        ran = world.run("diff", "datasets/cells/train.jsonl", "datasets/cells/new.jsonl")
        assert ran.code == 0
        assert ("3 to add" if broken else "3 to add, 3 no longer in the manifest") in ran.out
        assert 'error: "acme#vision" is not a valid S3 bucket name' in ran.out


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (("nope", "datasets"), "'nope': "),
        (("datasets", "datasets/cells/train.jsonl"), "are a file and a folder"),
        (("--", "-x", "datasets"), "'-x' is not a valid revision"),
        (("datasets",), "B"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(world: World, sides: tuple[str, ...], said: str) -> None:
    """The exit code is 3; with --json there is a document with the error."""
    world.write("cells", world.many(1))
    ran = world.run("diff", "--format", "json", *sides)
    assert ran.code == 3
    assert said in ran.err
    assert ran.err.count("\n") == 1
    if len(sides) == 2:
        assert said in ran.document["error"]["message"]


def test_names_with_odd_bytes_are_shown_inert(world: World) -> None:
    """A file name may contain any bytes; the document is still valid JSON."""
    name = "a\x1b[2J\udcff.jsonl"
    (world.folder / name).write_text(f"{world.many(1)[0]}\n")
    ran = world.run("diff", name, name)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert world.run("diff", name, name, "--format", "json").document["compared"]["before"] == "a\x1b[2J\\udcff.jsonl"


def test_a_label_that_is_a_word_of_the_sentence_is_the_only_name_in_it(world: World) -> None:
    """A label called `on` is code where it is named, and the word `on` beside it is a word, in every view."""
    for name, label in (("before.jsonl", "on"), ("after.jsonl", "off")):
        (world.folder / name).write_text("\n".join(world.many(3, label)))
    sides = ("before.jsonl", "after.jsonl")
    assert "label `on` renamed to `off` on 3 entries (3 boxes)" in world.run("diff", *sides, "--format", "markdown").out
    page = world.run("diff", *sides, "--format", "html").out
    assert "label <code>on</code> renamed to <code>off</code> on 3 entries (3 boxes)" in page
    assert "* label on renamed to off on 3 entries (3 boxes)" in world.run("diff", *sides).out
    (group,) = world.run("diff", *sides, "--format", "json").datasets[0]["groups"]
    assert group["words"] == ["label ", ["on"], " renamed to ", ["off"], " on 3 entries (3 boxes)"]


def test_a_sign_behind_a_key_is_no_part_of_its_name(world: World) -> None:
    """The bracket and the colon that follow a key are outside of its code span; labels beside it are names too."""
    lines = {"before": world.many(12, "R C"), "after": [*world.many(12, "red cell")[:6], *world.many(12, "WBC")[6:]]}
    for name, some in lines.items():
        (world.folder / f"{name}.jsonl").write_text("\n".join(some))
    comment = world.run("diff", "before.jsonl", "after.jsonl", "--format", "markdown").out
    assert (
        "the label `R C` would no longer be used (now 12 uses, the first in `s3://acme-vision/cells/0000.jpg`)"
        in comment
    )


@pytest.mark.parametrize("view", ["text", "markdown", "html"])
def test_labels_that_look_alike_are_told_once(world: World, view: str) -> None:
    """A pair is one danger and is not repeated under train and test, in whatever words."""
    (world.folder / "before.jsonl").write_text("\n".join(world.many(3, "cat")))
    (world.folder / "after.jsonl").write_text("\n".join([*world.many(2, "cat"), world.boxes("0002.jpg", "Cat")]))
    shown = world.run("diff", "before.jsonl", "after.jsonl", "--format", view).out.partition('id="data"')[0]
    assert len(re.findall("look alike|differ in case", shown, re.IGNORECASE)) == 2
    assert "look alike: they differ in case only" in " ".join(shown.split())


def test_a_revision_without_a_path_stands_for_what_the_other_side_names(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It means the path of the other side, from any folder; two revisions without paths mean whole folders."""
    for name in ("cells", "other"):
        world.write(name, world.many(3))
    commit(world.folder, "v1")
    world.write("cells", [*world.many(2, "WBC"), world.boxes("new.jpg", "RBC")])
    commit(world.folder)
    project, manifest = "datasets/cells", "datasets/cells/train.jsonl"
    for before, after in (
        ("v1", project),
        ("v1", manifest),
        ("v1", f"main:{project}"),
        ("v1", "main"),
        ("v1", str(world.folder / project)),
    ):
        assert figures(world, before, after) == (1, 2, 1), (before, after)
    assert figures(world, project, "v1") == (1, 2, 1)
    ran = world.run("diff", "v1", project, "--format", "json")
    assert [one["title"] for one in ran.document["projects"][0]["datasets"]] == ["cells train"]
    for folder, side, other in (
        ("cells", ".", "v1"),
        ("cells", "train.jsonl", "v1"),
        ("cells", "../cells", "v1"),
        ("", "cells", "v1:./cells"),
    ):
        monkeypatch.chdir(world.folder / "datasets" / folder)
        assert figures(world, other, side) == (1, 2, 1), (folder, side)


def test_what_is_no_longer_in_a_manifest_is_said_without_a_word_of_live(world: World) -> None:
    """An offline diff does not know what is live, and does not use that word."""
    world.write("cells", world.many(3))
    commit(world.folder)
    world.write("cells", world.many(2))
    ran = world.run("diff", "HEAD", "datasets")
    assert "1 image is no longer in the manifest; if it is live, it will still be used for training" in ran.out


def test_what_a_revision_does_not_have_yet_is_all_new(world: World) -> None:
    """The first dataset of a repository or project is reviewed like any other; an unknown revision is an error."""
    git(world.folder, "init", "--quiet")
    git(world.folder, "commit", "--quiet", "--allow-empty", "--message", "nothing yet")
    git(world.folder, "tag", "v0")
    world.write("cells", world.many(3))
    assert figures(world, "v0", "datasets") == (3, 0, 0)
    assert figures(world, "v0", "datasets/cells/train.jsonl") == (3, 0, 0)
    assert figures(world, "datasets", "v0") == (0, 0, 3)
    assert world.run("diff", "v9", "datasets").code == 3
    assert world.run("diff", "v0", "HEAD").code == 3


def test_a_renamed_folder_of_the_same_project_is_a_new_name_in_the_state(world: World) -> None:
    """Pairs are made by project and type: the entries are compared, and the new resource is a change."""
    world.write("cells", world.many(3), settings="project: cells\nmanaged: false")
    commit(world.folder)
    (world.folder / "datasets" / "cells").rename(world.folder / "datasets" / "blood")
    ran = world.run("diff", "HEAD", "datasets", "--exit-code")
    assert ran.code == 2
    assert "1 dataset, 1 with changes: 1 setting changed" in ran.out
    assert "same dataset, new name in the Pulumi state: cells-train -> blood-train" in ran.out


def test_a_folder_with_another_project_is_another_dataset(world: World) -> None:
    """Even if each side has one dataset only, they are not compared: the one is gone, the other is new."""
    world.write("cells", world.many(3))
    commit(world.folder)
    (world.folder / "datasets" / "cells").rename(world.folder / "datasets" / "blood")
    ran = world.run("diff", "HEAD", "datasets", "--format", "json")
    (blood, cells) = ran.datasets
    assert (blood["title"], blood["action"], blood["add"]) == ("blood train", "create", 3)
    assert (cells["title"], cells["live_only"]) == ("cells train", 3)
    assert cells["settings"][0]["setting"] == "dataset"
    words = "no longer declared: `pulumi up` refuses to delete it while it has entries (policy `destroy: refuse`)"
    assert [words] in [danger["words"] for danger in ran.document["dangers"]]


@pytest.mark.parametrize(
    ("settings", "level", "words"),
    [
        ("policy: {extra: replace}", "danger", "extra: report -> replace; from now on a live entry without a line "),
        ("policy: {destroy: delete}", "check", "destroy: refuse -> delete; from now on the dataset is deleted "),
        ("policy: {guards: {updates: off}}", "check", 'guards: {} -> {"updates": "off"}'),
        ("policy: {patience: 1h}", None, "patience: 1800 s -> 3600 s"),
        ("labels: [RBC, WBC]", None, "labels: any -> 2 labels"),
        ("train: other.jsonl", None, "manifest: train.jsonl -> other.jsonl"),
        (
            "projectArn: arn:aws:rekognition:eu-west-1:123456789012:project/cells/1",
            "check",
            "project: by name -> arn:aws:rekognition:eu-west-1:123456789012:project/cells/1",
        ),
    ],
)
def test_a_setting_that_changes_is_shown(world: World, settings: str, level: str | None, words: str) -> None:
    """In every view, with its level where it concerns data; the run has changes."""
    folder = world.write("cells", world.many(3))
    (folder / "other.jsonl").write_bytes((folder / "train.jsonl").read_bytes())
    commit(world.folder)
    managed = "" if settings.startswith("projectArn") else "managed: false\n"
    (folder / "project.yaml").write_text(f"{managed}{settings}\n")
    ran = world.run("diff", "HEAD", "datasets", "--exit-code", "--format", "json")
    assert ran.code == 2
    (change,) = ran.datasets[0]["settings"]
    assert "".join(map("".join, change["words"])).startswith(words)
    dangers = [one["level"] for one in ran.document["dangers"] if one["kind"] == "declaration"]
    assert dangers == ([level] if level else [])
    name = words.partition(":")[0]
    for view in ("text", "markdown", "html"):
        assert f"{name}: " in world.run("diff", "HEAD", "datasets", "--format", view).out


def test_a_side_of_which_nothing_could_be_read_is_not_empty(world: World) -> None:
    """A Git LFS pointer on either side: its findings are shown, nothing is compared, and the exit code says so."""
    folder = world.write("cells", world.many(2))
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"
    (folder / "pointer.jsonl").write_text(pointer)
    for before, after in (("pointer", "train"), ("train", "pointer")):
        sides = [f"datasets/cells/{name}.jsonl" for name in (before, after)]
        ran = world.run("diff", *sides, "--format", "json")
        assert ran.code == 3
        assert (ran.document["totals"]["add"], ran.document["totals"]["live_only"]) == (0, 0)
        assert ran.document["totals"]["errors"] > 0
        assert "datasets/cells/pointer.jsonl could not be read" in ran.datasets[0]["error"]["message"]
        for view in ("text", "markdown", "html"):
            out = world.run("diff", *sides, "--format", view).out
            assert "could not be read" in out
            assert "pointer.jsonl:1" in out
            assert "to add" not in out
            assert re.search(r"1 error in (`|<code>)?datasets/cells/pointer\.jsonl", out)


def test_a_line_that_repeats_an_image_with_other_labels_is_said(world: World) -> None:
    """Which of the two lines counts is unknown: on either side it is not said that nothing changed."""
    folder = world.write("cells", world.many(2))
    repeated = [*world.many(2), world.boxes("0000.jpg", "WBC")]
    (folder / "twice.jsonl").write_text("".join(f"{line}\n" for line in repeated))
    sides = ("datasets/cells/twice.jsonl", "datasets/cells/train.jsonl")
    for before, after in (sides, sides[::-1]):
        ran = world.run("diff", before, after, "--exit-code")
        assert ran.code == 2
        assert "no changes" not in ran.out
        assert "1 line of datasets/cells/twice.jsonl could not be read, or repeated an image" in ran.out
        assert "datasets/cells/twice.jsonl:3" in ran.out


def test_lines_that_could_not_be_read_are_said(world: World) -> None:
    """They may hold entries: the others are compared, and it is not said that nothing changed."""
    folder = world.write("cells", world.many(2))
    (folder / "broken.jsonl").write_text("".join(f"{line}\n" for line in [*world.many(2), "<<<<<<< HEAD"]))
    sides = ("datasets/cells/broken.jsonl", "datasets/cells/train.jsonl")
    for before, after in (sides, sides[::-1]):
        ran = world.run("diff", before, after, "--exit-code")
        assert ran.code == 2
        assert "no changes" not in ran.out
        assert "1 line of datasets/cells/broken.jsonl could not be read" in ran.out
        assert "datasets/cells/broken.jsonl:3" in ran.out


def test_entries_that_may_be_in_lines_that_could_not_be_read_count_on_no_side(world: World) -> None:
    """They were told as removed, or as added: what could not be read never counts as empty."""
    folder = world.write("cells", world.many(5))
    broken = [*world.many(2), world.many(3)[2][:-9], *world.many(1, "WBC", first=900)]
    (folder / "broken.jsonl").write_text("".join(f"{line}\n" for line in broken))
    sides = ["datasets/cells/broken.jsonl", "datasets/cells/train.jsonl"]
    for (before, after), done in ((sides, "added"), (sides[::-1], "removed")):
        ran = world.run("diff", before, after, "--format", "json")
        totals = ran.document["totals"]
        assert (totals["add"], totals["live_only"]) == ((0, 1) if done == "added" else (1, 0))
        (dataset,) = ran.datasets
        assert [change["verb"] for change in dataset["changes"]] == ["live-only" if done == "added" else "add"]
        for view in ("text", "markdown", "html"):
            said = " ".join(world.run("diff", before, after, "--format", view).out.split())
            assert f"whether 3 entries of datasets/cells/train.jsonl were {done} is not known" in said
    lines = [*world.many(5), "{"]
    (folder / "broken.jsonl").write_text("".join(f"{line}\n" for line in lines))
    said = world.run("diff", *sides).out
    assert "no difference in what could be compared: 5 entries" in said
    assert "the same entries" not in said


def test_more_boxes_than_are_matched_in_the_best_way_are_said(world: World) -> None:
    """From 201 boxes on a side the pairs are those of the greatest overlap, and the entry says so."""
    for name, moved in (("before", 0), ("after", 1)):
        line = json.loads(world.boxes("many.jpg", *["RBC"] * 201))
        for number, box in enumerate(line["boxes"]["annotations"]):
            box.update(left=2 * number + moved * (1 + number % 2), top=number)
        (world.folder / f"{name}.jsonl").write_text(json.dumps(line))
    said = "over 200 boxes: paired by the greatest overlap first"
    assert said in world.run("diff", "before.jsonl", "after.jsonl").out
    (world.folder / "few.jsonl").write_text(world.boxes("many.jpg", *["RBC"] * 3))
    assert said not in world.run("diff", "few.jsonl", "few.jsonl").out


def test_tables_say_which_column_is_the_second_file_and_which_is_live_after_an_apply(world: World) -> None:
    """Entries that are no longer in the manifest stay live: the two columns differ, and both are named."""
    for name, label, count in (("before", "RBC", 5), ("after", "WBC", 3)):
        (world.folder / f"{name}.jsonl").write_text("\n".join(world.many(count, label)))
    ran = world.run("diff", "before.jsonl", "after.jsonl")
    assert "each figure: before.jsonl -> live after an apply of after.jsonl; manifest: after.jsonl alone" in ran.out
    rows = {
        line.split()[0]: " ".join(line.split()) for line in ran.out.splitlines() if "RBC  " in line or "WBC  " in line
    }
    assert rows["WBC"].startswith("WBC 0 -> 3 3 ")
    assert rows["RBC"].startswith("RBC 5 -> 2 0 ")
    for view in ("markdown", "html"):
        out = world.run("diff", "before.jsonl", "after.jsonl", "--format", view).out
        assert "live after an apply of" in out
        assert "manifest" in out
    same = world.run("diff", "after.jsonl", "before.jsonl").out
    assert "each figure: after.jsonl -> live after an apply of before.jsonl\n" in same


def test_an_estimate_says_at_least_and_what_makes_it_more(world: World) -> None:
    """The number of calls depends on how long batches take and whether they fail."""
    for name, label in (("before", "RBC"), ("after", "WBC")):
        (world.folder / f"{name}.jsonl").write_text("\n".join(world.many(3, label)))
    out = world.run("diff", "before.jsonl", "after.jsonl").out
    assert "estimate: at least 10 calls, 1 batch, " in out
    assert "more for slow or failed batches and retries" in out


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("project: blood\nmanaged: false", "project: cells -> blood; "),
        ("managed: false\nregion: eu-west-1", "region: any -> eu-west-1; "),
    ],
)
def test_a_resource_that_gets_a_different_project_is_said(world: World, settings: str, words: str) -> None:
    """The folder keeps its name in the Pulumi state, and what it names there is replaced or looked for elsewhere."""
    world.write("cells", world.many(3))
    commit(world.folder)
    world.write("cells", world.many(3), settings=settings)
    ran = world.run("diff", "HEAD", "datasets", "--format", "json", "--exit-code")
    assert ran.code == 2
    said = ["".join(map("".join, one["words"])) for dataset in ran.datasets for one in dataset["settings"]]
    assert any(one.startswith(words) for one in said), said
