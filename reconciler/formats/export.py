"""Formats that a manifest can become: one row for each, and a module where the format needs one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from posixpath import commonprefix
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from reconciler.formats.conversion import Converted
    from reconciler.model import Finding


class ExportedFile(NamedTuple):
    """A file: its name in the folder, "" where the format is one file, and its content."""

    name: str
    content: bytes


class Exporter(NamedTuple):
    """A row: module and function of this package that export, what is written, and whether that is a folder."""

    function: str
    writes: str
    folder: bool = False

    def export(self, lines: "Sequence[Converted]", prefix: str = "") -> "Iterator[ExportedFile | Finding]":
        """The files, and findings about what the format cannot say.

        `prefix` is the s3:// address below which the names of images begin; "": the folder that all images share.
        """
        name = prefix.rstrip("/") + "/" if prefix else shared_folder(line.key for line in lines)
        module, function = self.function.split(":")
        yield from getattr(import_module(f"reconciler.formats.{module}"), function)(lines, name)


def shared_folder(keys: Iterable[str]) -> str:
    """The longest address that ends with "/" and that all keys begin with."""
    return commonprefix(list(keys)).rpartition("/")[0] + "/"


EXPORTERS: Final[Mapping[str, Exporter]] = {
    "coco": Exporter("to_coco:export", "COCO object detection: one JSON file"),
    "jsonl": Exporter("to_manifest:json_lines", "a manifest in JSON Lines"),
    "short": Exporter("to_manifest:short", "a manifest in the short form of JSON Lines where nothing is lost"),
    "yaml": Exporter("to_manifest:yaml", "a manifest in YAML, in the short form where nothing is lost"),
    "yolo": Exporter(
        "to_yolo:export", "YOLO: a folder with data.yaml and label files, without the images", folder=True
    ),
}
