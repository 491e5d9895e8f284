"""Thumbnails for reports: where a picture is looked for, limits, and what is said where there is none."""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import BadInput
from reconciler.views.pictures import Thumbnails, from_folder, from_s3


@pytest.fixture
def pillow() -> Any:  # noqa: ANN401 - Pillow is optional, so its types are not there
    """Pillow's Image module, or the test is skipped: it is an extra."""
    return pytest.importorskip("PIL.Image", reason="Pillow (the extra `pictures`) is not installed")


def jpeg(pillow: Any, size: tuple[int, int], orientation: int = 1) -> bytes:  # noqa: ANN401 - see `pillow`
    """A picture in one colour."""
    stream = BytesIO()
    image = pillow.new("RGB", size, "teal")
    exif = image.getexif()
    exif[0x0112] = orientation
    exif[0x010F] = "a maker of cameras"
    image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def test_without_pillow_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Pillow the error says what to install, only when a picture is needed."""
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    source = from_folder(tmp_path)
    with pytest.raises(BadInput, match=r"install it with pip install 'rekognition-labels-as-code\[pictures\]'"):
        source("s3://b/k.jpg")


@pytest.mark.parametrize("place", ["a/k.jpg", "b/a/k.jpg", "k.jpg"])
def test_a_key_is_found_with_its_path_with_its_bucket_or_by_its_name(place: str, tmp_path: Path) -> None:
    """A picture in the folder is found by its path, with its bucket, or by its name alone."""
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_bytes(b"picture")
    assert from_folder(tmp_path).read("s3://b/a/k.jpg") == b"picture"


@pytest.mark.parametrize(
    "key", ["s3://b/../secret", "s3://../secret", "s3://b//etc/passwd", "s3://b/", "", "s3://b/\0"]
)
def test_no_key_leads_out_of_the_folder(key: str, tmp_path: Path) -> None:
    """A key that was written by others never reads a file outside of the folder."""
    (tmp_path / "secret").write_bytes(b"secret")
    inner = tmp_path / "pictures"
    inner.mkdir()
    assert from_folder(inner).read(key) is None


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """The folder is all that was offered."""
    (tmp_path / "secret").write_bytes(b"secret")
    inner = tmp_path / "pictures"
    inner.mkdir()
    (inner / "k.jpg").symlink_to(tmp_path / "secret")
    assert from_folder(inner).read("s3://b/k.jpg") is None


def test_s3_is_asked_for_bucket_and_key() -> None:
    """The function that was passed in is called with bucket and key."""
    source = from_s3(lambda bucket, name: f"{bucket} {name}".encode())
    assert source.read("s3://b/a/k.jpg") == b"b a/k.jpg"
    assert source.read("s3://b/") is None


def test_a_thumbnail_is_small_and_tells_size_and_rotation(pillow: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """Rotation is told, not applied; nothing of EXIF is passed on."""
    (tmp_path / "k.jpg").write_bytes(jpeg(pillow, (2000, 1000), 6))
    picture = from_folder(tmp_path)("s3://b/k.jpg")
    assert (picture.width, picture.height, picture.orientation) == (2000, 1000, 6)
    assert picture.data.startswith("data:image/jpeg;base64,")
    assert len(picture.data) < 40_000
    assert "Exif" not in picture.data


def test_pictures_stop_at_the_limit_and_it_is_said(pillow: Any) -> None:  # noqa: ANN401
    """The entries that follow go without."""
    content = jpeg(pillow, (300, 300))
    source = from_s3(lambda _bucket, _name: content, limit=4_000)
    pictures = [source(f"s3://b/{number}.jpg") for number in range(10)]
    assert 0 < source.shown < 10
    assert source.used <= source.limit
    assert source.shown + source.beyond == 10
    assert all(picture.data or "limit" in picture.note for picture in pictures)


@pytest.mark.parametrize(
    "content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"\xff\xd8\xff\xe0" + b"\0" * 9]
)
def test_what_is_no_image_is_no_fault(pillow: Any, content: bytes) -> None:  # noqa: ANN401, ARG001 - skips without it
    """A file that is not an image gives a note in place of a picture."""
    source = from_s3(lambda _bucket, _name: content)
    assert source("s3://b/k.jpg").note == "no picture: the file cannot be read as an image"
    assert source.failed == 1


def test_what_is_not_there_or_not_readable_is_no_fault(pillow: Any) -> None:  # noqa: ANN401, ARG001 - skips without it
    """A picture that is missing or not readable gives a note with the reason."""
    assert "not found" in from_s3(lambda _bucket, _name: None)("s3://b/k.jpg").note

    def denied(_key: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    assert Thumbnails(denied)("s3://b/k.jpg").note == "no picture: Permission denied"
