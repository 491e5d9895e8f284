"""Folders of images on this machine: the folder below the one that is given is the label of the images in it.

This is the form of torchvision's `ImageFolder` and Keras' `image_dataset_from_directory`: `photos/cat/1.jpg` has the
label `cat`, and so has `photos/cat/indoors/2.jpg`. An image that lies in the folder itself becomes a line without
labels. Images are sorted by name; the key is the prefix with the image's path in the folder. Images are not opened.

Sources: torchvision, ImageFolder; Keras, image_dataset_from_directory.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from reconciler.entries import bare_line
from reconciler.formats.conversion import IMAGE_FORMAT, Converted, Keys, Sources, Unreadable
from reconciler.formats.lines import label_line
from reconciler.formats.yolo_folder import IMAGES, is_image
from reconciler.model import Finding, Place
from reconciler.rule import error, note

# Folders that tools make for the parts of a dataset.
_SPLITS: Final = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})

NO_FOLDER: Final = error(
    "folder-not-a-folder", "this is not a folder with images", "give the folder that has a folder for each label"
)
SPLITS: Final = error(
    "folder-of-splits",
    "the folders are parts of a dataset ({names}), not labels",
    "convert each part alone: give the folder {names}, one per manifest",
)
NAME: Final = error(
    "folder-image-name", "the image's name is not UTF-8, so it has no S3 key", "rename the image and its folder"
)
UNLABELLED: Final = note(
    "folder-unlabelled",
    "images that lie in no folder of a label: {count:,}; each becomes a line without labels",
    "move them into the folder of their label",
)
OTHER_FILES: Final = note(
    "folder-other-files",
    "files that are not images, and are left out: {count:,}, the first '{first}'",
    "nothing needs to be done",
)


def convert(sources: Sources, keys: Keys, created: str) -> Iterator[Converted | Finding]:
    """Lines and findings of folders; the findings of a folder come before its lines."""
    for name in sources.names:
        try:
            found = list(_folder(sources, name.rstrip("/") or "/", keys, created))
        except Unreadable as fault:
            found = [fault.finding]
        yield from (one for one in found if isinstance(one, Finding))
        yield from (one for one in found if isinstance(one, Converted))


def _folder(sources: Sources, root: str, keys: Keys, created: str) -> Iterator[Converted | Finding]:
    files = sources.below(root)
    images = [file for file in files if is_image(file)]
    if not images:
        raise Unreadable(NO_FOLDER, Place(root))
    labels = dict.fromkeys(parts[0] for file in images if len(parts := PurePosixPath(file).parts) > 1)
    if labels and all(label.casefold() in _SPLITS for label in labels):
        raise Unreadable(SPLITS, Place(root), names=", ".join(labels))
    for file in images:
        yield _image(root, file, keys, created)
    bare = sum(len(PurePosixPath(file).parts) == 1 for file in images)
    if bare:
        yield UNLABELLED.finding(Place(root), count=bare)
    others = [file for file in files if not is_image(file)]
    if others:
        yield OTHER_FILES.finding(Place(root), count=len(others), first=others[0])


def _image(root: str, file: str, keys: Keys, created: str) -> Converted | Finding:
    place, parts = Place(f"{root}/{file}"), PurePosixPath(file).parts
    if PurePosixPath(file).suffix.lower() not in IMAGES:
        return IMAGE_FORMAT.finding(place)
    try:
        file.encode()
        key = keys.of(file, place)
    except UnicodeEncodeError:
        return NAME.finding(place)
    except Unreadable as fault:
        return fault.finding
    line = label_line(key, parts[:1], created) if len(parts) > 1 else bare_line(key)
    return Converted(key, line, place)
