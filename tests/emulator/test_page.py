"""The status page at `/`."""

from __future__ import annotations

import json
import re
import urllib.request
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from rekognition_emulator import serve

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_rekognition import RekognitionClient

    from rekognition_emulator import Emulator
    from tests.emulator.conftest import Lines

HOSTILE = "<script>alert(1)</script>\"&'\x1b[31m\u202e"


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a tag."""
        del attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


def page(endpoint: str, path: str = "/") -> tuple[dict[str, str], str]:
    """The headers and the text of a page."""
    with urllib.request.urlopen(f"{endpoint}{path}", timeout=5) as reply:  # noqa: S310 - loopback
        return dict(reply.headers.items()), reply.read().decode()


def test_the_page_shows_what_there_is(emulator: Emulator, client: RekognitionClient, train: str, lines: Lines) -> None:
    """It has projects, datasets with status and statistics, calls, faults, and the entries of a dataset."""
    emulator.load_faults("faults: [{fault: slow, seconds: 0, name: my fault}]")
    client.update_dataset_entries(DatasetArn=train, Changes={"GroundTruth": lines.payload(lines.image("a.jpg", "cat"))})
    _, text = page(emulator)
    for part in ("cells", train, "UPDATE_COMPLETE", "UpdateDatasetEntries", "my fault"):
        assert part in text
    assert "UTC</td><td>1</td><td>1</td><td>1</td><td>0</td>" in text  # entries, labelled, labels, with errors
    entries = page(emulator, f"/?dataset={quote(train)}")[1]
    assert "s3://bucket/a.jpg" in entries
    assert "cat" in entries


def test_the_page_names_what_is_wrong_with_an_entry(emulator: Emulator, train: str, lines: Lines) -> None:
    """Each code of the service appears once, and text of a client that looks like a code does not add one."""
    bad = lines.boxes("a.jpg", ("RBC", 0, 0, 700, 9), ("RBC", 0, 0, 9, 900))
    emulator.edit_entries(train, [json.dumps(bad), json.dumps(lines.image("b.jpg", '"code":"ERROR_X"'))])
    text = page(emulator, f"/?dataset={quote(train)}")[1]
    assert '<td><span class="bad">ERROR_INVALID_BOUNDING_BOX, ERROR_NO_VALID_ANNOTATIONS</span></td>' in text
    assert text.count('class="bad"') == 1


def test_a_long_line_is_cut(emulator: Emulator, train: str, lines: Lines) -> None:
    """The page has only the beginning of a line of 100,000 characters."""
    emulator.edit_entries(train, [json.dumps(lines.image("a.jpg") | {"note": "x" * 50_000})])
    text = page(emulator, f"/?dataset={quote(train)}")[1]
    assert len(text) < 5000
    assert "… (50," in text


def test_an_empty_emulator_has_a_page_too(emulator: Emulator) -> None:
    """The page works without projects, and for a dataset that does not exist."""
    assert "None." in page(emulator)[1]
    assert "The dataset was not found" in page(emulator, "/?dataset=x")[1]


def test_hostile_keys_and_labels_stay_text(
    emulator: Emulator, client: RekognitionClient, train: str, lines: Lines
) -> None:
    """No tag, control character or direction override of theirs is on the page, and it forbids scripts."""
    emulator.edit_entries(train, [json.dumps(lines.image(f"{HOSTILE}.jpg", HOSTILE))])
    client.list_dataset_entries(DatasetArn=train, SourceRefContains=HOSTILE)
    seen = Tags()
    for path in ("/", f"/?dataset={quote(train)}"):
        headers, text = page(emulator, path)
        seen.feed(text)
        assert "script" not in seen.tags
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", text)
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<script>alert(1)</script>" in seen.text


def test_many_entries_are_paged(emulator: Emulator, train: str, lines: Lines) -> None:
    """A page has 100 entries and a link to the next."""
    emulator.edit_entries(train, [json.dumps(lines.image(f"{number:03}.jpg")) for number in range(150)])
    first = page(emulator, f"/?dataset={quote(train)}")[1]
    assert "099.jpg" in first
    assert "100.jpg" not in first
    link = re.search(r'href="(/\?dataset=[^"]+after=[^"]+)"', first)
    assert link
    assert "149.jpg" in page(emulator, link[1].replace("&amp;", "&"))[1]
    assert "after=" not in page(emulator, link[1].replace("&amp;", "&"))[1]


def test_a_deleted_project_leaves_the_page(slow: Emulator) -> None:
    """It is absent although no call has read it since its deletion was due."""
    client = slow.client()
    client.delete_project(ProjectArn=client.create_project(ProjectName="cells")["ProjectArn"])
    assert "DELETING" in page(slow)[1]
    slow.clock.advance(10)
    assert "<h3>cells</h3>" not in page(slow)[1]


@pytest.mark.parametrize("after", ["9" * 30, "9" * 5000, "-1", "x", "%00"])
def test_a_link_that_is_not_the_pages_shows_the_beginning(tmp_path: Path, lines: Lines, after: str) -> None:
    """An invalid position is taken as 0 by both stores."""
    with serve(state=tmp_path / "state") as emulator:
        client = emulator.client()
        project = client.create_project(ProjectName="cells")["ProjectArn"]
        train = client.create_dataset(ProjectArn=project, DatasetType="TRAIN")["DatasetArn"]
        emulator.edit_entries(train, [json.dumps(lines.image("a.jpg"))])
        assert "a.jpg" in page(emulator, f"/?dataset={quote(train)}&after={after}")[1]
