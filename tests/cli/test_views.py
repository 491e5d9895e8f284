"""The views of a plan: written where they are asked for, however the run ends, and made again from the saved plan."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING

import msgspec
import pytest

from reconciler.review.model import FORMAT, Review
from reconciler.views.json_document import document_text
from tests.cli.repository import commit, git
from tests.support.png import png
from tests.support.s3 import running_s3

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Account, World

HOSTILE = "\x1b[31mred\x1b[0m\u202egpj.exe\x9b\x7f\U000e0041"
SAVED = ("--save", "plan.json", "--markdown", "plan.md", "--html", "plan.html")


def saved(world: World, name: str = "plan.json") -> Review:
    """A saved plan."""
    return msgspec.json.decode((world.folder / name).read_bytes(), type=Review)


@pytest.fixture
def cells(account: Account, world: World) -> World:
    """Two live entries, of which the manifest relabels one, and a new one."""
    account.create("cells")
    world.write("cells", world.many(2))
    assert world.run("apply", "--yes").code == 0
    world.write("cells", [world.boxes("0000.jpg", "WBC"), world.many(2)[1], world.boxes("new.jpg", "RBC")])
    return world


def test_a_plan_is_written_in_every_view_beside_its_text(cells: World) -> None:
    """Standard output is the same as without views; each file is the view of the same plan."""
    bare = cells.run("plan")
    ran = cells.run("plan", *SAVED)
    assert (ran.code, ran.out) == (bare.code, bare.out)
    review = saved(cells)
    assert (review.kind, review.format, review.exit_code) == ("plan", FORMAT, 0)
    assert (review.totals.add, review.totals.update) == (1, 1)
    markdown = (cells.folder / "plan.md").read_text()
    assert markdown.startswith("<!-- reconciler:plan -->\n")
    assert review.plan_id in markdown
    assert "s3://acme-vision/cells/new.jpg" in (cells.folder / "plan.html").read_text()


@pytest.mark.parametrize("option", ["--save", "--markdown", "--html"])
def test_a_view_on_standard_output_stands_there_alone(cells: World, option: str) -> None:
    """A view on standard output can be piped; the exit code still reports changes."""
    ran = cells.run("plan", option, "-", "--exit-code")
    assert ran.code == 2
    assert ran.out.startswith({"--save": "{", "--markdown": "<!-- reconciler", "--html": "<!DOCTYPE html>"}[option])
    assert "1 dataset, 1 with changes: 1 to add, 1 to update" not in ran.out.splitlines()


@pytest.mark.parametrize("view", ["text", "markdown", "html", "json"])
def test_report_makes_every_view_from_the_saved_plan(cells: World, view: str) -> None:
    """The views are those of `plan`, on standard output or in a file, without an account."""
    cells.run("plan", *SAVED)
    out = cells.run("report", "plan.json", "--format", view)
    assert out.code == 0, out
    assert cells.run("report", "plan.json", "--format", view, "-o", "again").out == ""
    assert (cells.folder / "again").read_text() == out.out
    direct = {"markdown": "plan.md", "html": "plan.html", "json": "plan.json"}.get(view)
    if view == "json":
        assert json.loads(out.out) == json.loads((cells.folder / "plan.json").read_text())
    elif direct:
        assert out.out == (cells.folder / direct).read_text()
    else:
        assert "1 dataset, 1 with changes: 1 to add, 1 to update" in out.out
        assert f"plan {saved(cells).plan_id}" in out.out


def test_the_text_view_has_colours_on_a_terminal_only(cells: World) -> None:
    """A pipe gets no colours, and `--verbose` shows every entry."""
    cells.run("plan", *SAVED)
    assert "\x1b[" in cells.run("report", "plan.json", terminal=True).out
    assert "\x1b[" not in cells.run("report", "plan.json").out
    assert "datasets/cells/train.jsonl:1" in cells.run("report", "plan.json", "--verbose").out


def test_a_plan_that_fails_is_written_too(account: Account, world: World) -> None:
    """After an invalid project.yaml or manifest, or an error of the service, the document contains the error."""
    account.create("cells")
    world.write("cells", world.many(1), settings="mnaaged: false")
    assert world.run("plan", *SAVED).code == 3
    review = saved(world)
    assert (review.exit_code, review.findings.errors, review.plan_id) == (3, 1, "")
    assert review.error is not None
    assert review.error.kind == "InvalidDeclaration"

    world.write("cells", ["{}"])
    assert world.run("plan", *SAVED).code == 3
    assert (saved(world).datasets[0].status, saved(world).totals.errors) == ("invalid", 1)

    world.write("cells", world.many(1))
    world.run("apply", "--yes")
    account.emulator.load_faults(
        "faults: [{fault: error, operation: ListDatasetEntries, error: AccessDeniedException, on: 1}]"
    )
    assert world.run("plan", *SAVED, "--full").code == 1
    assert (saved(world).datasets[0].status, saved(world).exit_code) == ("failed", 1)
    assert "the credentials may not make this call" in (world.folder / "plan.md").read_text().replace("\n", " ")


def test_a_view_that_cannot_be_written_ends_in_a_sentence(cells: World) -> None:
    """The screen still shows the plan; the exit code is 1."""
    ran = cells.run("plan", "--save", "none/plan.json")
    assert ran.code == 1
    assert "error: none/plan.json: No such file or directory" in ran.err
    assert "1 to add, 1 to update" in ran.out


def test_a_saved_plan_is_ascii_and_reads_back_as_it_was(account: Account, world: World) -> None:
    """Any character in keys and labels is inert in the file and is read back as it was."""
    account.create("cells")
    world.write("cells", [world.boxes(f"s3://acme-vision/{HOSTILE}.jpg", HOSTILE)])
    ran = world.run("plan", "--save", "-")
    assert ran.code == 0, ran
    assert all(" " <= character <= "~" for character in ran.out.rstrip("\n"))
    review = msgspec.json.decode(ran.out, type=Review)
    assert review.datasets[0].changes[0].key == f"s3://acme-vision/{HOSTILE}.jpg"
    assert json.loads(document_text(review)) == json.loads(ran.out)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "plan.json is not a saved plan"),
        ("[1]", "plan.json is not a saved plan"),
        ("[" * 100_000, "plan.json is not a saved plan"),
        ("{}", "plan.json is not a saved plan"),
        (
            '{"kind":"plan","format":99}',
            "plan.json is a plan of format 99, this version reads format 3; make a new one with `reconciler plan ",
        ),
        ('{"kind":"plan","format":3,"exit_code":"\\u001b"}', "plan.json is not a saved plan"),
    ],
)
def test_what_is_no_plan_is_said_so(world: World, content: str, said: str) -> None:
    """The exit code is 3, and nothing is written; a program gets its document, with the error."""
    (world.folder / "plan.json").write_text(content)
    ran = world.run("report", "plan.json", "--format", "markdown")
    assert (ran.code, ran.out) == (3, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    document = world.run("report", "plan.json", "--format", "json").document
    assert (document["command"], document["exit_code"], said in document["error"]["message"]) == ("report", 3, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "--save", "-", "--json"), "standard output takes one document"),
        (("plan", "--save", "-", "--html", "-"), "standard output takes one document"),
        (("plan", "--save", "a", "--html", "a"), "a is named for two views"),
        (("plan", "--pictures", "."), "--pictures is for the HTML view"),
        (("plan", "--html", "a", "--pictures", "none"), "--pictures none: there is no such folder"),
        (("report", "a", "--format", "html", "--pictures", "s3"), "--pictures s3 needs an account"),
        (("report", "none.json"), "none.json cannot be read"),
        (("report",), "PLAN"),
    ],
)
def test_what_does_not_fit_together_is_said_before_any_work(
    world: World, arguments: tuple[str, ...], said: str
) -> None:
    """Options that exclude each other end in one sentence and exit code 3."""
    ran = world.run(*arguments)
    assert ran.code == 3
    assert said in ran.err
    assert ran.err.count("\n") == 1


def picture() -> bytes:
    """A picture of the size that the manifest states."""
    return b64decode(png(640, 480, b"\x10\x80\x40").partition(",")[2])


def test_pictures_come_from_a_folder(cells: World) -> None:
    """The page contains the pictures; a remark counts those that are missing."""
    folder = cells.folder / "photos"
    folder.mkdir()
    (folder / "new.jpg").write_bytes(picture())
    ran = cells.run("plan", "--html", "plan.html", "--pictures", "photos", "--save", "plan.json")
    assert ran.code == 0, ran
    assert "pictures: 1 shown, 1 missing" in ran.err
    assert "data:image/jpeg;base64," in (cells.folder / "plan.html").read_text()
    again = cells.run("report", "plan.json", "--format", "html", "--pictures", "photos")
    assert again.out == (cells.folder / "plan.html").read_text()


def test_pictures_come_from_s3(cells: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are read from their keys; a bucket that cannot be read is asked once and does not stop the report."""
    with running_s3(tmp_path / "s3") as bucket:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
        bucket.client.put_object(Bucket=bucket.name, Key="a.jpg", Body=picture())
        # Buckets of other tests live as long as the process: all names are of this test's own.
        for project, place in (("planes", bucket.name), ("smears", f"not-{bucket.name}")):
            cells.write(project, [cells.boxes(f"s3://{place}/{name}.jpg", "RBC") for name in "ab"])
        cells.write("cells", cells.many(2))
        ran = cells.run("plan", "--html", "plan.html", "--pictures", "s3")
    assert ran.code == 1, ran  # no project is called planes
    assert "pictures: 1 shown, 1 missing, 2 unreadable" in ran.err


def test_links_are_left_out_on_request(cells: World) -> None:
    """With --no-links the page has no address of the AWS console."""
    cells.run("plan", "--html", "with.html")
    cells.run("plan", "--html", "without.html", "--no-links")
    assert "console.aws.amazon.com" in (cells.folder / "with.html").read_text()
    assert "console.aws.amazon.com" not in (cells.folder / "without.html").read_text()


def test_the_json_of_a_run_is_the_saved_plan(cells: World) -> None:
    """`--json` on standard output and a saved plan are the same to the letter; of two runs the time differs."""
    bare, ran = cells.run("plan", "--json"), cells.run("plan", "--json", *SAVED)
    assert bare.document | {"made": None} == ran.document | {"made": None}
    assert bare.document["made"]["time"].endswith(" UTC")
    assert (cells.folder / "plan.json").read_text() == ran.out


@pytest.fixture
def relabelled(world: World) -> World:
    """Two sides of a dataset: a label renamed everywhere, one image with two labels, one image that is new."""
    old = [world.boxes(f"{number}.jpg", "RBC", "WBC") for number in range(8)]
    new = [world.boxes(f"{number}.jpg", "Red", "WBC") for number in range(7)]
    new += [world.boxes("7.jpg", "Red"), world.boxes("8.jpg", "Red", "Spot")]
    for name, lines in (("old", old), ("new", new)):
        (world.folder / f"{name}.jsonl").write_text("\n".join(lines))
    return world


def test_a_comment_opens_with_what_no_group_explains_and_has_a_row_for_each_group(relabelled: World) -> None:
    """The overview has at most seven columns; the entries that groups explain are folded."""
    text = relabelled.run("diff", "old.jsonl", "new.jsonl", "--format", "markdown").out
    opening, _, rest = text.partition("| dataset |")
    assert "explained by no group" in opening
    assert "`7.jpg`" in opening
    assert "`8.jpg`" in opening
    assert "`3.jpg`" not in opening
    assert "`3.jpg`" in rest.partition("<details>")[2]
    header = f"| dataset |{rest.partition(chr(10))[0]}"
    assert header.count("|") - 1 <= 7
    (group,) = [line for line in rest.splitlines() if "**renamed**" in line]
    assert group.startswith("| **renamed** | label `RBC` renamed to `Red` on 8 entries")


def test_the_page_opens_with_what_no_group_explains_and_says_how_to_add_pictures(relabelled: World) -> None:
    """A group is one row of a table; a page with pictures does not tell how to add them."""
    page = relabelled.run("diff", "old.jsonl", "new.jsonl", "--format", "html").out.partition('id="data"')[0]
    first, _, rest = page.partition('<section class="dataset"')
    assert "Explained by no group" in first
    assert "7.jpg" in first
    assert "3.jpg" not in first
    assert rest.count('<tr class="group"') == 1
    assert "--pictures FOLDER" in rest
    pictures = relabelled.run("diff", "old.jsonl", "new.jsonl", "--format", "html", "--pictures", ".").out
    assert "--pictures FOLDER" not in pictures


def test_the_page_names_commit_author_time_and_plan(cells: World) -> None:
    """Who reviews a page knows of what it is, also of one that `report` made later."""
    commit(cells.folder)
    oid = git(cells.folder, "rev-parse", "HEAD").strip()
    ran = cells.run("plan", "--html", "plan.html", "--save", "plan.json")
    assert ran.code == 0, ran
    page = (cells.folder / "plan.html").read_text()
    plan_id = json.loads((cells.folder / "plan.json").read_text())["plan_id"]
    assert f"commit <code>{oid[:12]}</code> by a, made 20" in page
    assert f"plan <code>{plan_id}</code>" in page
    assert f"commit <code>{oid[:12]}</code> by a" in cells.run("report", "plan.json", "--format", "html").out
    (cells.folder / "datasets" / "cells" / "train.jsonl").write_text(cells.boxes("other.jpg", "RBC"))
    cells.run("plan", "--html", "plan.html")
    assert "with changes that are not committed" in (cells.folder / "plan.html").read_text()


def test_the_fewest_images_are_named_from_three_labels_on(world: World) -> None:
    """Of two labels one always has fewer."""
    for name, labels in (("two", ["RBC", "WBC"]), ("three", ["RBC", "WBC", "Spot"])):
        lines = [world.boxes(f"{number}.jpg", *labels) for number in range(3)]
        (world.folder / f"{name}.jsonl").write_text("\n".join(lines))
    (world.folder / "none.jsonl").write_text('{"source-ref": "s3://acme-vision/cells/none.jpg"}')
    for name, is_named in (("two", False), ("three", True)):
        for view in ("text", "markdown", "html"):
            shown = world.run("diff", "none.jsonl", f"{name}.jsonl", "--format", view).out.partition('id="data"')[0]
            assert ("fewest" in shown) == is_named, (name, view)


def test_notes_that_are_the_same_in_every_run_are_told_by_validate(cells: World) -> None:
    """An image without boxes is noted by `validate`; a plan does not repeat it in any view."""
    line = json.loads(cells.boxes("nothing.jpg", "RBC"))
    line["boxes"]["annotations"], line["boxes-metadata"]["objects"] = [], []
    with (cells.folder / "datasets" / "cells" / "train.jsonl").open("a") as file:
        file.write(f"{json.dumps(line)}\n")
    assert "zero boxes" in cells.run("validate").out
    ran = cells.run("plan", "--html", "plan.html", "--markdown", "plan.md")
    assert ran.code == 0, ran
    shown = ran.out + (cells.folder / "plan.html").read_text() + (cells.folder / "plan.md").read_text()
    assert "zero boxes" not in shown


def test_the_old_name_of_the_pictures_option_works_with_a_warning(relabelled: World) -> None:
    """`--images` had three meanings; the warning gives the new name."""
    arguments = ("diff", "old.jsonl", "new.jsonl", "--format", "html")
    old, new = (relabelled.run(*arguments, name, ".") for name in ("--images", "--pictures"))
    assert (old.code, "--images is now --pictures; use that name" in old.err) == (0, True)
    assert (new.code, "is now" in new.err) == (0, False)
    assert "Pictures for 0 of" in old.out
    assert "--images" not in relabelled.run("diff", "--help").out
