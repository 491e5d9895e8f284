"""The review as a page: it needs nothing, lets nothing in, and loses nothing."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.outcome import Failure
from reconciler.review.model import Review
from reconciler.views.html.view import console, page_data, project_link, view
from reconciler.views.pictures import Picture, shown_size
from tests.views.hostile_review import HOSTILE, hostile
from tests.views.real_review import real
from tests.views.reviews import box, change, dataset, many, review, same

KEY = "s3://blood-cells-images/scans/2024/BloodImage_00000.jpg"


def data_of(page: str) -> Any:  # noqa: ANN401 - JSON
    """The entries inside the page."""
    return json.loads(page.partition('<script type="application/json" id="data">')[2].partition("</script>")[0])


def hash_of(text: str) -> str:
    """As a content security policy writes it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else() -> None:
    """The policy allows the page's own style and script by their hashes, and nothing else."""
    page = view(real()).replace("&#39;", "'")
    policy = (re.search(r'Content-Security-Policy" content="([^"]*)"', page) or [""])[1]
    style, script = page.partition("<style>")[2].partition("</style>")[0], page.rpartition("<script>")[2]
    script = script.partition("</script>")[0]
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src {hash_of(style)}",
        f"script-src {hash_of(script)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_page_loads_nothing() -> None:
    """No source, stylesheet, import or frame; the only addresses are links to follow."""
    page = view(real())
    assert not re.search(r"<(?:link|iframe|object|embed|img|base|form)\b|\ssrc=|@import|url\(", page)
    assert "style=" not in page
    hosts = set(re.findall(r"\b(?:https?|wss?|ftp)://([^/\"'`\s]+)", page))
    assert hosts == {"www.w3.org", "eu-west-1.console.aws.amazon.com"}  # the name of SVG, and links to follow


def test_every_change_is_in_the_page() -> None:
    """The page has every change with its boxes, the riskiest first."""
    data = data_of(view(many(1_000)))
    assert len(data["changes"]) == 1_000
    assert [row[6] for row in data["changes"]] == sorted((row[6] for row in data["changes"]), reverse=True)
    assert all(len(row[10]["b"]) == 3 for row in data["changes"])


def test_keys_are_whole_again_with_their_folder() -> None:
    """Folder and rest, and the raw key where the shown one differs."""
    data = data_of(view(real()))
    keys = {data["datasets"][row[0]]["folder"] + row[3] for row in data["changes"]}
    assert keys == {one.key for dataset in real().datasets for one in dataset.changes}


def test_a_page_without_script_is_readable() -> None:
    """Summary, dangers, groups, balance, and the riskiest entries."""
    static = re.sub(r"<script.*?</script>", "", view(real()), flags=re.DOTALL)
    for words in ("1 image moves from test to train", "renamed", "Class balance", "BloodImage_00017.jpg", "look alike"):
        assert words in static


def test_boxes_that_take_too_much_room_are_left_out_by_risk_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entries stay, their drawings go."""
    monkeypatch.setattr("reconciler.views.html.view.DRAWN_BYTES", 5_000)
    made = page_data(many(1_000), None, links=False)
    rows = json.loads(made.json)["changes"]
    drawn = [row[6] for row in rows if "b" in row[10]]
    assert len(rows) == 1_000
    assert 0 < len(drawn) < 1_000
    assert min(drawn) >= max(row[6] for row in rows if "b" not in row[10])
    assert f"boxes are drawn for the {len(drawn)} riskiest" in view(many(1_000))


def test_pictures_are_asked_for_by_risk_and_counted() -> None:
    """One that is not there is no fault."""
    asked: list[str] = []

    def pictures(key: str) -> Picture | None:
        asked.append(key)
        return Picture(data="data:image/png;base64,AA", width=640, height=480) if key == KEY else None

    page = view(many(20), pictures=pictures)
    assert len(asked) == 20
    assert asked[0].endswith("9.jpg")
    assert "Pictures for 1 of 20 entries." in page


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (Picture(data="data:,", width=320, height=240), "the picture has 320x240 pixels, image_size says 640x480"),
        (Picture(data="data:,", width=640, height=480, orientation=6), "EXIF orientation 6"),
        (Picture(note="no picture: the file was not found"), "no picture: the file was not found"),
        (Picture(data="data:,", width=640, height=480), ""),
    ],
)
def test_what_is_odd_about_a_picture_is_said(picture: Picture, words: str) -> None:
    """Another size, a rotation, or why there is none."""
    (one,) = data_of(view(many(1), pictures=lambda _key: picture))["pictures"]
    assert words in one[4]
    assert bool(words) == bool(one[4])


def test_a_viewer_turns_a_picture_by_a_quarter_for_four_of_the_orientations() -> None:
    """For the EXIF orientations 5 to 8 width and height are exchanged."""
    sizes = [shown_size(Picture(width=4, height=3, orientation=number)) for number in range(1, 9)]
    assert sizes == [(4, 3)] * 4 + [(3, 4)] * 4


def test_links_lead_to_the_console_and_can_be_left_out() -> None:
    """The project's page; the object's address is made from what the data hold."""
    page = view(real())
    assert (
        'href="https://eu-west-1.console.aws.amazon.com/rekognition/custom-labels?region=eu-west-1#/projects/blood-cells"'
        in page
    )
    assert data_of(page)["datasets"][0]["console"] == "https://eu-west-1.console.aws.amazon.com"
    bare = view(real(), links=False)
    assert "console.aws" not in bare


def test_each_partition_has_its_console() -> None:
    """Links lead to the console of the commercial, the China or the GovCloud partition."""
    assert console(None) == "https://console.aws.amazon.com"
    assert console("cn-north-1").endswith(".amazonaws.cn")
    assert console("us-gov-west-1").endswith("amazonaws-us-gov.com")
    assert project_link(dataset([], project_arn=None)) is None


def test_an_empty_and_a_failed_review_make_a_page() -> None:
    """A review that is empty or failed is still a page, and shows the error."""
    failed = replace(Review(words="x"), error=Failure(kind="NotFound", message="no such project <b>"))
    assert "no such project &lt;b&gt;" in view(failed)
    assert "0 entries" in view(Review())


def test_kinds_of_changes_are_bits_and_labels_are_numbers() -> None:
    """What the filters of the page look at."""
    data = data_of(view(real()))
    kinds = [kind for kind, _words in data["kinds"]]
    by_number = {(row[0], row[1]): row for row in data["changes"]}
    mixed = by_number[(0, 1)]
    assert {kinds[bit] for bit in range(len(kinds)) if mixed[8] >> bit & 1} == {
        "moved",
        "resized",
        "relabelled",
        "box-added",
        "box-removed",
    }
    assert {data["labels"][number] for number in mixed[10]["n"]} == {"WBC", "RBC", "Platelets"}


def test_a_live_only_entry_is_found_by_the_labels_it_has() -> None:
    """The filter by label finds a live-only entry, although none of its labels changes."""
    stays = change(0, "live-only", boxes=(same(box("WBC", 1, 1)),), labels_kept=("blurred",))
    data = data_of(view(review(dataset([stays]))))
    assert {data["labels"][number] for number in data["changes"][0][10]["n"]} == {"WBC", "blurred"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_data_are_the_same_after_the_page(text: str) -> None:
    """Escaping changes nothing of what the script reads."""
    made = page_data(hostile(text), None, links=True)
    assert data_of(view(hostile(text))) == json.loads(made.json)
