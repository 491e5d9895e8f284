"""Where the pictures of a report come from: a folder, or S3 with the connection of the run.

Knows the option. Refuses to know thumbnails (`reconciler.store.pictures`).
"""

from pathlib import Path

from reconciler.aws.objects import Objects, S3Address
from reconciler.cli.record import Run
from reconciler.cli.view_arguments import S3
from reconciler.errors import NotFound, ReconcilerError
from reconciler.store.pictures import Read, Thumbnails, from_folder, from_s3

__all__ = ["pictures_of", "told"]

# Custom Labels takes images up to 15 MB (Custom Labels Developer Guide, Guidelines and quotas).
_OBJECT_BYTES = 16_000_000


def pictures_of(run: Run) -> Thumbnails | None:
    """The source of pictures that was asked for; None: boxes are drawn on a frame."""
    images = run.options.asked.images
    if images is None:
        return None
    if images != S3:
        return from_folder(Path(images))
    return from_s3(_reader(run.objects(None))) if run.objects else None


def told(pictures: Thumbnails) -> str:
    """What became of the pictures, in a line."""
    rest = ((pictures.missing, "missing"), (pictures.failed, "unreadable"), (pictures.beyond, "beyond the size limit"))
    return ", ".join([f"pictures: {pictures.shown:,} shown", *(f"{many:,} {word}" for many, word in rest if many)])


def _reader(objects: Objects) -> Read:
    """Reads objects; a bucket that refused once is not asked again for every picture."""
    refused: dict[str, str] = {}

    def read(bucket: str, key: str) -> bytes | None:
        if bucket in refused:
            raise OSError(refused[bucket])
        try:
            return _limited(objects, S3Address(bucket, key))
        except NotFound:
            return None
        except ReconcilerError as error:
            refused[bucket] = str(error)
            raise OSError(str(error)) from None

    return read


def _limited(objects: Objects, address: S3Address) -> bytes:
    """An object's bytes.

    Raises:
        OSError: it is larger than any picture that the service takes.
    """
    content = bytearray()
    for piece in objects.read(address):
        content += piece
        if len(content) > _OBJECT_BYTES:
            raise OSError(f"the object has more than {_OBJECT_BYTES / 1e6:g} MB")
    return bytes(content)
