"""A folder in YOLO's format: its data.yaml, its images, and where their label files are.

`yolo` describes the format and reads the label files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final, Self, TypeGuard

import yaml
from msgspec import Struct

from reconciler.errors import BadInput
from reconciler.formats import conversion
from reconciler.formats.conversion import Sources, Unreadable, refuse_mistaken
from reconciler.model import Finding, Place
from reconciler.rule import error

YOLO: Final = "Ultralytics, Object Detection Datasets Overview"
IMAGES: Final = (".jpg", ".jpeg", ".png")
_ALL_IMAGES: Final = (*IMAGES, ".bmp", ".dng", ".heic", ".jp2", ".mpo", ".pfm", ".tif", ".tiff", ".webp")
_DATA: Final = "data.yaml"
_SPLITS: Final = ("train", "val", "test")
# Folders above the one that is given in which data.yaml is looked for.
_PARENTS: Final = 3
_CLASS: Final = re.compile(r"[0-9]{1,9}")

NO_DATA: Final = error(
    "yolo-no-data-yaml",
    "no data.yaml can be read in this folder or those above it",
    "give the folder that has data.yaml, or the YAML file itself",
    YOLO,
)
NOT_YAML: Final = error("yolo-yaml", "not valid YAML: {reason}", "correct the YAML", "YAML 1.1")
NAMES: Final = error(
    "yolo-names",
    "`names` is not a list of names, or a mapping from class numbers to names",
    "write `names: [cat, dog]`, or `names:` with a line `0: cat` per class",
    YOLO,
)
REPEATED_NAME: Final = error(
    "yolo-repeated-name", "class {number} has a number or name that appears twice: '{name}'", "rename one of the two"
)
NO_SPLIT: Final = error(
    "yolo-no-split", "data.yaml has none of `train`, `val` and `test`", "add `train` with the folder of images", YOLO
)
SPLIT: Final = error(
    "yolo-split",
    "`{split}` names '{path}', which is not a folder with images or a list of images in the dataset's folder",
    "copy the images there if they are not there yet; else correct the path, or remove it",
    YOLO,
)

IMAGE_MISSING: Final = error(
    "yolo-image-missing", "the image '{image}' was not found", "add the image, or remove the line", YOLO
)
NOT_AN_IMAGE: Final = error("yolo-not-an-image", "'{file}' is not an image", "remove the line", YOLO)


class YoloDataset(Struct):
    """A folder and what its data.yaml says. Paths of files are relative to `root`, where `place` is the YAML file.

    `part` is the folder whose images are converted ("": all), `splits` a path per folder or list of images, `empty` the
    number of label files without boxes so far.
    """

    sources: Sources
    root: str
    part: str
    place: Place
    files: Mapping[str, None]
    folders: set[str]
    names: Mapping[int, str]
    splits: Sequence[tuple[str, Place, str]]
    path: str
    empty: int = 0

    @classmethod
    def opened(cls, sources: Sources, name: str) -> Self:
        """The dataset of a folder, of a folder in it, or of a YAML file."""
        root, file, content = _data_yaml(sources, name)
        place = Place(f"{root}/{file}")
        data = _mapping(content, place)
        part = PurePosixPath(name).relative_to(root).as_posix()
        path = data.get("path")
        files = dict.fromkeys(sources.below(root))
        return cls(
            sources,
            root,
            "" if part in {".", file} else part,
            place,
            files,
            {str(folder) for file in files for folder in PurePosixPath(file).parents},
            _names(data.get("names"), place),
            list(_splits(data, place)),
            path.value if isinstance(path, yaml.ScalarNode) else "",
        )

    def at(self, file: str, line: int = 0) -> Place:
        """A place in one of the files."""
        return Place(f"{self.root}/{file}", line)

    def text(self, file: str) -> Iterator[tuple[Place, str]]:
        """The lines of a file that are not blank."""
        content = self.sources.read(f"{self.root}/{file}")
        refuse_mistaken(str(self.at(file)), content)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            raise Unreadable(conversion.ENCODING, self.at(file), byte=fault.start) from fault
        return ((self.at(file, number), line) for number, line in enumerate(text.split("\n"), 1) if line.strip())

    def inside(self, path: str, *folders: str) -> str | None:
        """The file or folder ("." for the root) that a path means: from `path` of data.yaml, the root, or a folder."""
        path = path.strip().replace("\\", "/")
        for folder in (self.path, "", *folders):
            name = re.sub(r"^(\.\./)+", "", normpath(f"{folder}/{path}" if folder else path))
            if name in self.files or name in self.folders:
                return name
        return None

    def asked(self, file: str) -> bool:
        """Whether a file or folder lies in the part that is converted."""
        return not self.part or f"{file}/".startswith(f"{self.part}/")


def _data_yaml(sources: Sources, name: str) -> tuple[str, str, bytes]:
    """Folder, name and content of the YAML file: the one that is given, or data.yaml here or in a folder above."""
    given = PurePosixPath(name)
    if given.suffix in {".yaml", ".yml"}:
        return str(given.parent), given.name, sources.read(name)
    for folder in (given, *given.parents[:_PARENTS]):
        try:
            return str(folder), _DATA, sources.read(f"{folder}/{_DATA}")
        except BadInput:
            continue
    raise Unreadable(NO_DATA, Place(name))


def _mapping(content: bytes, place: Place) -> dict[str, yaml.Node]:
    """The YAML file's keys with their nodes; nothing is constructed and no alias is expanded."""
    refuse_mistaken(place.file, content)
    try:
        node = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as fault:
        raise Unreadable(conversion.ENCODING, place, byte=fault.start) from fault
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 0
        raise Unreadable(NOT_YAML, Place(place.file, line), reason=str(fault.problem)) from fault
    except (yaml.YAMLError, RecursionError) as fault:
        raise Unreadable(NOT_YAML, place, reason=str(fault)) from fault
    if not isinstance(node, yaml.MappingNode):
        raise Unreadable(NOT_YAML, place, reason="the file is not a mapping")
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _names(node: yaml.Node | None, place: Place) -> dict[int, str]:
    """The classes by number, written as in the file: a class `no` is not a truth value."""
    pairs: list[tuple[str, yaml.Node]] = []
    if isinstance(node, yaml.SequenceNode):
        pairs = [(str(number), value) for number, value in enumerate(node.value)]
    elif isinstance(node, yaml.MappingNode):
        pairs = [(key.value if isinstance(key, yaml.ScalarNode) else "", value) for key, value in node.value]
    names: dict[int, str] = {}
    seen: set[str] = set()
    for number, value in pairs:
        here = _line_of(value, place)
        if _CLASS.fullmatch(number) is None or not _is_text(value):
            raise Unreadable(NAMES, here)
        if int(number) in names or value.value in seen:
            raise Unreadable(REPEATED_NAME, here, number=int(number), name=value.value)
        names[int(number)] = value.value
        seen.add(value.value)
    if not names:
        raise Unreadable(NAMES, place if node is None else _line_of(node, place))
    return names


def _splits(data: Mapping[str, yaml.Node], place: Place) -> Iterator[tuple[str, Place, str]]:
    """Name, place and path of each folder or list of images."""
    for split in _SPLITS:
        node = data.get(split)
        for one in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if _is_text(one):
                yield split, _line_of(one, place), one.value
            elif one is not None and one.value:
                raise Unreadable(SPLIT, _line_of(one, place), split=split, path=type(one.value).__name__)


def _is_text(node: object) -> TypeGuard[yaml.ScalarNode]:
    return isinstance(node, yaml.ScalarNode) and bool(node.value) and not node.tag.endswith(":null")


def _line_of(node: yaml.Node, place: Place) -> Place:
    return Place(place.file, node.start_mark.line + 1)


def listed_images(dataset: YoloDataset, folders: set[str]) -> Iterator[str | Finding]:
    """The images of all splits that are asked for; the folders of their label files are added to `folders`."""
    if not dataset.splits:
        raise Unreadable(NO_SPLIT, dataset.place)
    for split, place, path in dataset.splits:
        name = dataset.inside(path)
        if name is None:
            raise Unreadable(SPLIT, place, split=split, path=path)
        if name in dataset.files:
            found: Iterable[str | Finding] = _in_list(dataset, name)
        else:
            below = "" if name == "." else f"{name}/"
            found = (file for file in dataset.files if file.startswith(below) and is_image(file))
            folders.update([_label_folder(f"{below}-")] if dataset.asked(name) else [])
        for one in found:
            if isinstance(one, Finding):
                yield one
            elif dataset.asked(one):
                folders.add(_label_folder(one))
                yield one


def _in_list(dataset: YoloDataset, name: str) -> Iterator[str | Finding]:
    for place, line in dataset.text(name):
        image = dataset.inside(line, str(PurePosixPath(name).parent))
        if image is None or image not in dataset.files:
            yield IMAGE_MISSING.finding(place, image=line.strip())
        elif is_image(image):
            yield image
        else:
            yield NOT_AN_IMAGE.finding(place, file=image)


def is_image(file: str) -> bool:
    """Whether YOLO takes a file as an image; Custom Labels takes `IMAGES`."""
    return PurePosixPath(file).suffix.lower() in _ALL_IMAGES


def label_file(image: str) -> str:
    """The label file of an image, whether it exists or not."""
    head, images, tail = f"/{image}".rpartition("/images/")
    return str(PurePosixPath(f"{head}/labels/{tail}" if images else f"/{image}").with_suffix(".txt"))[1:]


def _label_folder(image: str) -> str:
    return str(PurePosixPath(label_file(image)).parent)
