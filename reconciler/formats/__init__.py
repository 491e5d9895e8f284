"""Other annotation formats, turned into lines of a manifest: one module and one row per format.

A converter is pure: file contents in, lines and findings out, in the files' order; the same input gives the same bytes.
`reconciler convert` is the edge that reads and writes files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.formats.export import EXPORTERS, ExportedFile, Exporter

if TYPE_CHECKING:
    from reconciler.formats.conversion import Converted
    from reconciler.model import Finding

__all__ = ["EXPORTERS", "FORMATS", "ExportedFile", "Exporter", "Importer"]


class Importer(NamedTuple):
    """A row: the module of this package that converts, what it reads, an example, whether keys are made of names."""

    module: str
    reads: str
    example: str
    prefixed: bool = True

    def convert(
        self,
        sources: Iterable[tuple[str, bytes]],
        /,
        *,
        images: str,
        created: str,
        sizes: "Callable[[str], tuple[int, int] | None] | None" = None,
    ) -> "Iterator[Converted | Finding]":
        """Lines and findings, lazily and in the order of the files; a file's findings come before its lines.

        `sources` are names and contents of files; a format that reads folders needs `Sources`.
        `images` is the s3:// address under which the images lie, `created` the creation-date written into every line.
        `sizes` gives width and height of an image by its key where a file does not; None: that is a finding.
        The module's `convert` reads no clock and no network, and files only through `sources`.

        Raises:
            BadInput: `images` is not an s3:// address, or a file cannot be read.
        """
        from reconciler.formats.conversion import Keys  # noqa: PLC0415 - the parser reads the table, and only that

        keys = Keys(images if self.prefixed else "s3://none", sizes)
        yield from import_module(f"{__name__}.{self.module}").convert(sources, keys, created)
        yield from keys.findings()


FORMATS: Final[Mapping[str, Importer]] = {
    "coco": Importer(
        "coco",
        "COCO object detection: one JSON file for many images, with boxes",
        "coco instances.json --image-prefix s3://my-bucket/photos/ -o train.jsonl",
    ),
    "csv": Importer(
        "table",
        "CSV: a row of image and labels, as in AWS's guide, or a table with a header, with boxes or labels",
        "csv labels.csv --image-prefix s3://my-bucket/photos/ -o train.jsonl",
    ),
    "folder": Importer(
        "folder",
        "a folder of images with a folder for each label",
        "folder photos --image-prefix s3://my-bucket/photos/ -o train.jsonl",
    ),
    "ground-truth": Importer(
        "ground_truth",
        "output manifests of SageMaker Ground Truth: multi-label, adjustment, verification and streaming jobs",
        "ground-truth output.manifest --human-only -o train.jsonl",
        prefixed=False,
    ),
    "jsonl": Importer(
        "jsonl",
        "a manifest: sets the type of labels that AWS's converter left as multi-label; with --fix-types",
        "jsonl train.jsonl --fix-types -o train.jsonl",
        prefixed=False,
    ),
    "label-studio": Importer(
        "label_studio",
        "Label Studio: the JSON export, with boxes or choices",
        "label-studio project-1.json --image-prefix s3://my-bucket/photos/ -o train.jsonl",
    ),
    "manifest": Importer(
        "manifest",
        "a manifest, JSON Lines or YAML, for a different form: --to",
        "manifest train.jsonl --to yaml -o train.yaml",
        prefixed=False,
    ),
    "voc": Importer(
        "voc",
        "Pascal VOC: one XML file for each image, with boxes",
        "voc Labels/*.xml --image-prefix s3://my-bucket/cells/ --created 2024-01-31T12:00:00 -o train.jsonl",
    ),
    "yolo": Importer(
        "yolo",
        "YOLO: a folder with data.yaml, images and label files, or the folder of one of its splits",
        "yolo helmets/images/train --image-prefix s3://my-bucket/helmets/ -o train.jsonl",
    ),
}
