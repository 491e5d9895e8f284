"""`--check-images`: what is wrong with the images themselves, in a folder and in S3, with few requests."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli.session import images as session
from reconciler.images import find
from reconciler.images.header import header_of
from reconciler.limits import IMAGE_FILE_BYTES
from tests.support.images import image, with_segments
from tests.support.s3 import Bucket, Watched, watched_s3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.cli.conftest import Account, Ran, World

# An image of each kind by its name, and what is said of it; the manifest says 640 x 480.
KINDS: dict[str, tuple[Any, ...]] = {
    "good.jpg": (image(),),
    "good.png": (image("PNG"),),
    "two.jpg": (with_segments(image(), 2),),
    "as-shown.jpg": (
        image(size=(480, 640), turn=6),
        "image-turned note: EXIF turns the image (orientation 6: 480 x 640",
    ),
    "as-stored.jpg": (image(turn=8), "the boxes were drawn on the image as stored"),
    "webp.jpg": (image("WEBP"), "image-not-jpeg-or-png error: the file is WebP, whatever its name says"),
    "cut.jpg": (
        image(size=(640, 480))[:1500],
        "image-cut-off error: the file ends before the image does (1,500 bytes)",
    ),
    "begun.jpg": (image()[:100], "image-damaged error: the file begins as JPEG, and its size in pixels cannot be read"),
    "cut.png": (image("PNG")[:-20], "image-cut-off error"),
    "empty.jpg": (b"", "image-empty error: the file has 0 bytes"),
    "endless.jpg": (with_segments(image(), 20), "image-not-decided note: not decided: the size in pixels is not in"),
    "tiny.png": (
        image("PNG", (60, 480)),
        "image-sides error: the image has 60 x 480 pixels; each side must have 64 to 4096",
        "image-size-differs error: the image has 60 x 480 pixels, and its boxes were drawn on 640 x 480",
    ),
    "other.jpg": (image(size=(800, 600)), "image-size-differs error: the image has 800 x 600 pixels, and its boxes"),
    "large.png": (image("PNG") + bytes(IMAGE_FILE_BYTES), "image-too-large error: the file has 15,0"),
    "missing.jpg": (None, "image-missing error: there is no such image"),
}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Bucket, Watched]]:
    """S3 with a bucket for this module, whose requests are watched."""
    with watched_s3("check-images") as made:
        yield made


class Place:
    """The bucket in a test, and the manifests of images in it."""

    def __init__(self, world: World, bucket: Bucket, watched: Watched) -> None:
        self.world, self.bucket, self.watched = world, bucket, watched

    def put(self, images: Mapping[str, bytes | None], **more: str) -> None:
        """Write the images that are there."""
        for name, content in images.items():
            if content is not None:
                self.bucket.client.put_object(Bucket=self.bucket.name, Key=name, Body=content, **more)
        self.watched.requests.clear()

    def declare(self, train: list[str], test: list[str] | None = None) -> None:
        """Declare one project with these images."""
        lines = [
            [self.world.boxes(f"s3://{self.bucket.name}/{name}", "RBC") for name in names]
            for names in (train, test or [])
        ]
        self.world.write("cells", lines[0], lines[1] if test else None)

    def check(self, *more: str) -> Ran:
        """Run `validate --check-images`."""
        return self.world.run("validate", "--check-images", *more)


@pytest.fixture
def place(world: World, served: tuple[Bucket, Watched], monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The bucket, empty."""
    bucket, watched = served
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
    watched.requests.clear()
    yield Place(world, bucket, watched)
    watched.seen = lambda _operation, _key: None
    watched.denied, watched.encrypted, watched.lists, watched.page = "", "", True, 1000
    for name in bucket.listed():
        bucket.client.delete_object(Bucket=bucket.name, Key=name)


def said(ran: Ran) -> dict[int, list[str]]:
    """The findings of a run by their line of the manifest, each as one line of text."""
    found: dict[int, list[str]] = {}
    for line in ran.out.splitlines():
        place, _, rest = line.strip().partition(" ")
        parts = place.split(":")
        if len(parts) == 3 and rest.startswith("image-"):
            found.setdefault(int(parts[1]), []).append(rest)
    return found


def expected(found: dict[int, list[str]], *, all_read: bool) -> None:
    """Each image of `KINDS` has its findings at its line, and no other; the size of each comes where all is read."""
    for number, (name, (_content, *words)) in enumerate(KINDS.items(), start=1):
        told = found.get(number, [])
        meant = [] if all_read and name == "endless.jpg" else words
        assert len(told) == len(meant), (name, told)
        assert all(any(word in one for one in told) for word in meant), (name, told)


@pytest.mark.parametrize("where", ["s3", "folder"])
def test_each_kind_of_image_has_its_finding_at_its_line(place: Place, tmp_path: Path, where: str) -> None:
    """The same findings for images in S3 and in a folder; exit code 3, because some of them cannot be used."""
    images = {f"photos/{name}": content for name, (content, *_words) in KINDS.items()}
    place.declare(list(images))
    folder = tmp_path / "pictures"
    if where == "s3":
        place.put(images)
    for name, content in images.items():
        if content is not None and where == "folder":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    ran = place.check(*(["--pictures", str(folder)] if where == "folder" else []))
    assert ran.code == 3
    expected(said(ran), all_read=where == "folder")
    assert "15 images checked, 9 cannot be used" in ran.out
    assert "2 images are turned by EXIF" in ran.out
    assert "cells would train: not known, because no test dataset is declared" in ran.out
    if where == "folder":
        assert place.watched.counts() == {}


def test_a_second_run_reads_no_image_that_did_not_change(place: Place) -> None:
    """One page of a listing tells that nothing changed; what is new, or was overwritten, is read."""
    images = {f"photos/{number}.jpg": image() for number in range(20)}
    place.put(images)
    place.declare(list(images))
    assert place.check().code == 0
    assert place.watched.counts() == {"List": 1, "Get": 20}
    again = place.check()
    assert place.watched.counts() == {"List": 1}
    assert "20 images checked (20 known from an earlier check), each can be used" in again.out
    place.put({"photos/3.jpg": image(), "photos/new.jpg": image()})
    place.declare([*images, "photos/new.jpg"])
    changed = place.check()
    assert place.watched.counts() == {"List": 1, "Get": 2}
    assert said(changed) == {
        4: ["image-overwritten note: the image was overwritten since it was checked last: look at its labels again"]
    }
    assert "image-overwritten" not in place.check().out


def test_keys_are_listed_while_that_takes_fewer_requests(place: Place) -> None:
    """Among many other objects three keys are looked up alone, after as many pages as could have paid."""
    place.watched.page = 2
    place.put({f"photos/{number}.txt": b"." for number in range(5)})
    images = {f"photos/{name}.jpg": image() for name in ("x", "y", "z")}
    place.put(images)
    place.declare(list(images))
    assert place.check().code == 0
    assert place.watched.counts() == {"List": 2, "Head": 3, "Get": 3}
    place.declare([next(iter(images))])
    assert place.check().code == 0
    assert place.watched.counts() == {"Head": 1}


def test_a_header_beyond_64_kb_is_read_in_steps_up_to_one_megabyte(place: Place) -> None:
    """Three steps for two large segments, sixteen where the size does not come; neither is read again."""
    place.put({"a.jpg": with_segments(image(), 2), "b.jpg": with_segments(image(), 20), "c.jpg": image()})
    place.declare(["a.jpg", "b.jpg", "c.jpg"])
    place.check()
    gets = [key for operation, key in place.watched.requests if operation == "Get"]
    assert {name: gets.count(name) for name in sorted(set(gets))} == {"a.jpg": 3, "b.jpg": 16, "c.jpg": 1}
    place.watched.requests.clear()
    assert "image-not-decided" in place.check().out
    assert place.watched.counts() == {"List": 1}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"denied": "b.jpg"}, "image-not-permitted error: the image may not be read: GetObject:"),
        ({"encrypted": "b.jpg"}, "image-key-refused error: the key that encrypts the image refuses:"),
        ({"lists": False, "denied": "b.jpg"}, "image-missing-or-not-permitted error: the image is missing or not"),
    ],
    ids=["denied", "kms", "without-list"],
)
def test_a_refusal_is_a_sentence_about_its_image(place: Place, setting: dict[str, Any], words: str) -> None:
    """The other image is judged all the same; without the right to list, missing and not permitted look alike."""
    place.put({"a.jpg": image(), "b.jpg": image(), "c.jpg": image()})
    place.declare(["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    for name, value in setting.items():
        setattr(place.watched, name, value)
    found = said(place.check())
    assert set(found) == {2, 4}
    assert found[2][0].startswith(words)
    assert found[4][0].startswith("image-missing" if place.watched.lists else "image-missing-or-not-permitted")


def test_an_archived_image_is_told_with_its_storage_class(place: Place) -> None:
    """S3 knows its size, and gives none of its bytes."""
    place.put({"a.jpg": image()})
    place.put({"b.jpg": image()}, StorageClass="GLACIER")
    place.declare(["a.jpg", "b.jpg"])
    assert said(place.check()) == {
        2: ["image-archived error: the image is archived (storage class GLACIER), so that nothing can read it"]
    }


def test_the_same_bytes_under_two_keys_are_a_duplicate_and_across_train_and_test_a_leak(place: Place) -> None:
    """Each names the other key and its line; a leak is a danger, which --strict refuses."""
    one, other = image(), image()
    place.put({"a.jpg": one, "b.jpg": one, "c.jpg": other, "d.jpg": other})
    place.declare(["a.jpg", "b.jpg", "c.jpg"], ["d.jpg"])
    ran = place.check("--strict")
    assert ran.code == 3
    assert "1 danger" in ran.err
    out = " ".join(ran.out.split())
    assert f"train.jsonl:2:1 image-duplicate note: the same bytes as s3://{place.bucket.name}/a.jpg (datasets/" in out
    assert (
        f"test.jsonl:1:1 image-leak note: the same bytes as s3://{place.bucket.name}/c.jpg of the training data" in out
    )


def test_many_requests_are_counted_and_priced_before_they_are_made(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off a terminal --yes is needed, on one the answer; nothing but the listing was asked for until then."""
    monkeypatch.setattr(session, "_ASKED_FROM", 2)
    place.put({f"{number}.jpg": image() for number in range(3)})
    place.declare([f"{number}.jpg" for number in range(3)])
    ran = place.check()
    assert ran.code == 3
    assert "about 3 more requests to S3: about $0.00 at the prices of us-east-1" in ran.err
    assert "add --yes" in ran.err
    assert place.watched.counts() == {"List": 1}
    no = place.world.run("validate", "--check-images", answer="n\n")
    assert (no.code, place.watched.counts()) == (4, {"List": 1})
    assert place.world.run("validate", "--check-images", answer="y\n").code == 0
    assert place.watched.counts() == {"List": 1, "Get": 3}
    assert place.check().code == 0  # nothing is read, so that nothing is asked
    place.put({"0.jpg": image(), "1.jpg": image(), "2.jpg": image()})
    assert place.check("--yes").code == 0


@pytest.mark.parametrize("content", [b"{", b'{"format":2,"of":"x","images":{}}', b"\xff", b'{"images":{"a":[1]}}'])
def test_what_is_remembered_is_private_and_forgotten_when_it_is_damaged(place: Place, content: bytes) -> None:
    """Only the owner reads it, git does not track it, and a file that cannot be read makes the images be read again."""
    place.put({"a.jpg": image(), "b.jpg": image()})
    place.declare(["a.jpg", "b.jpg"])
    place.check()
    (file,) = (place.world.folder / ".reconciler" / "images").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert (place.world.folder / ".reconciler" / ".gitignore").read_text() == "*\n"
    file.write_bytes(content)
    place.watched.requests.clear()
    assert place.check().code == 0
    assert place.watched.counts() == {"List": 1, "Get": 2}


def test_an_interrupt_ends_a_check_and_what_was_seen_is_remembered(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after some images: exit code 130, one sentence, and the next run reads the others alone."""
    monkeypatch.setattr(find, "_CHUNK", 4)
    images = {f"{number:02}.jpg": image() for number in range(12)}
    place.put(images)
    place.declare(list(images))

    def seen(operation: str, key: str) -> None:
        if (operation, key) == ("Get", "06.jpg"):
            os.kill(os.getpid(), signal.SIGINT)

    place.watched.seen = seen
    ran = place.check()
    assert ran.code == 130
    assert ran.err.strip().splitlines()[-1].startswith("error: interrupted; nothing was sent")
    place.watched.seen = lambda _operation, _key: None
    again = place.world.run("validate", "--check-images", "--json")
    assert again.code == 0
    assert 4 <= again.datasets[0]["images"]["known"] < 12


def test_progress_is_one_line_on_a_terminal(place: Place) -> None:
    """The number of images that were looked at, of all that there are."""
    place.put({"a.jpg": image(), "b.jpg": image()})
    place.declare(["a.jpg", "b.jpg"])
    err = place.world.run("validate", "--check-images", terminal=True).err
    assert "listing images" in err
    assert "checking images" in err


def test_a_name_cannot_act_on_a_terminal(place: Place) -> None:
    """What S3 and manifests say is made inert in findings, as everywhere."""
    name = "a\u202e\x1b[31m.jpg"
    place.put({"b.jpg": image(), "a.jpg": image()})
    place.declare([name, "b.jpg"], ["a.jpg"])
    place.put({"a.jpg": place.bucket.read("b.jpg")})
    ran = place.world.run("validate", "--check-images", terminal=True)
    assert "image-leak" in ran.out
    assert "\x1b[31m.jpg" not in ran.out
    assert "\u202e" not in ran.out


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_no_beginning_of_an_image_is_taken_for_another_size(form: str) -> None:
    """Cut anywhere, or with any byte changed to 0xff, an image has its size, none yet, or cannot be read."""
    whole = image(form, (640, 480), turn=6)
    for end in range(len(whole) + 1):
        for is_whole in (True, False):
            header = header_of(whole[:end], is_whole=is_whole)
            assert header is None or (header.width, header.height) in {(0, 0), (640, 480)}
            assert header is not None or not is_whole
    for at in range(min(len(whole), 700)):
        header_of(whole[:at] + b"\xff" + whole[at + 1 :], is_whole=True)


@pytest.mark.usefixtures("account")
def test_plan_and_doctor_check_the_images_too(place: Place, account: Account) -> None:
    """A plan is refused for an image that cannot be used; doctor has a line for it; JSON has figures and requests."""
    account.create("cells")
    place.put({"a.jpg": image(), "b.jpg": image("WEBP")})
    place.declare(["a.jpg", "b.jpg"])
    plan = place.world.run("plan", "--check-images", "--json")
    assert plan.code == 3
    assert plan.datasets[0]["images"]["wrong"] == 1
    assert {name: plan.document["calls"][name] for name in ("ListObjectsV2", "GetObject")} == {
        "ListObjectsV2": 1,
        "GetObject": 2,
    }
    doctor = place.world.run("doctor", "--check-images")
    assert doctor.code == 1
    assert "train.jsonl:2:1: the file is WebP, whatever its name says" in doctor.out
    assert "images" not in [line.split()[1] for line in place.world.run("doctor").out.splitlines()]
    place.put({"b.jpg": image()})
    assert place.world.run("plan", "--check-images").code == 0


def test_pictures_belong_to_a_check_or_to_the_html_view(place: Place, tmp_path: Path) -> None:
    """A folder that nothing would be read from is refused with the cure."""
    place.declare(["a.jpg"])
    ran = place.world.run("validate", "--pictures", str(tmp_path))
    assert ran.code == 3
    assert "--pictures is for --check-images" in ran.err
