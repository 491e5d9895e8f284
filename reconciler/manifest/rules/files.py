"""The rules of a manifest as a file: it cannot be read, is empty, or is something else.

Sources, by short name:
    rules: Custom Labels Developer Guide, "Validation rules for manifest files";
    JSON: RFC 8259; JSON Lines: jsonlines.org.
"""

from typing import Final

from reconciler.limits import DATASET_ENTRIES, LINE_CHARACTERS
from reconciler.rule import error, note

_RULES: Final = "Custom Labels Developer Guide, Validation rules for manifest files"
_JSON: Final = "RFC 8259"

MISSING: Final = error("manifest-missing", "there is no such file", "{cure}")
DIRECTORY: Final = error("manifest-directory", "this is a directory", "name a file: JSON Lines or YAML")
EMPTY_FOLDER: Final = error(
    "manifest-folder-empty",
    "the folder has no manifest",
    "put files into it whose names end in .jsonl, .manifest, .yaml or .yml, or correct its name where it is declared",
)
NOT_A_FILE: Final = error("manifest-not-a-file", "this is a device, pipe or socket", "name a regular file")
UNREADABLE: Final = error("manifest-unreadable", "the file cannot be read: {reason}", "fix the file's permissions")
NO_LINE: Final = error(
    "manifest-empty",
    "the manifest has no lines",
    "add entries; for a dataset that is meant to be empty write a YAML manifest with `entries: []`",
    _RULES,
)
NOT_UTF8: Final = error("not-utf-8", "not UTF-8 text (byte 0x{byte:02x}){guess}", "save the file as UTF-8", _JSON)

# Files that are something else.
LFS_POINTER: Final = error(
    "git-lfs-pointer",
    "this is a pointer of Git LFS; the file itself was not fetched",
    "run `git lfs pull`; in GitHub Actions set `lfs: true` for actions/checkout",
    "Git LFS, specification",
)
COMPRESSED: Final = error("compressed-file", "the file is compressed ({kind})", "decompress it: {tool} {file}")
MERGE_CONFLICT: Final = error(
    "merge-conflict",
    "the file has an unresolved merge conflict: markers in the lines {lines}",
    "choose between the two sides and remove the markers (<<<<<<<, =======, >>>>>>>)",
    "git-merge, How conflicts are presented",
)
COCO_FILE: Final = error(
    "coco-file",
    "this is a file in COCO's format, not a manifest",
    "convert it: reconciler convert coco {file} --image-prefix s3://BUCKET/FOLDER/ -o {output}",
)
VOC_FILE: Final = error(
    "voc-file",
    "this is XML, such as a file in Pascal VOC's format, not a manifest",
    "convert it: reconciler convert voc {file} --image-prefix s3://BUCKET/FOLDER/ -o {output}",
)
YOLO_FILE: Final = error(
    "yolo-file",
    "this is a label file in YOLO's format (class, center and size as fractions), not a manifest",
    "convert the folder that has data.yaml: reconciler convert yolo FOLDER --image-prefix s3://BUCKET/FOLDER/ "
    "-o {output}",
)
YOLO_POLYGONS: Final = error(
    "yolo-polygons",
    "this is a label file in YOLO's format for segmentation or oriented boxes (a polygon on each line), not a manifest",
    "export the dataset for object detection (lines `class cx cy w h`), and convert its folder: reconciler convert "
    "yolo FOLDER --image-prefix s3://BUCKET/FOLDER/ -o {output}",
)
OTHER_FORMAT: Final = error(
    "other-format",
    "this is a file in the format of {kind}, not a manifest",
    "export the annotations as COCO, Pascal VOC or YOLO and convert them: reconciler convert --help",
)
LABEL_STUDIO_FILE: Final = error(
    "label-studio-file",
    "this is an export of Label Studio, not a manifest",
    "export with the format JSON (not JSON-MIN) and convert it: reconciler convert label-studio {file} --image-prefix "
    "s3://BUCKET/FOLDER/ -o {output}",
)
TABLE: Final = error(
    "table-file",
    "this looks like {kind}, not a manifest",
    "convert it, as CSV: reconciler convert csv {file} --image-prefix s3://BUCKET/FOLDER/ -o {output}",
)
LIST: Final = error(
    "image-list",
    "this looks like a list of images, not a manifest",
    'write a line {{"source-ref": "s3://BUCKET/KEY", ...}} for each image, or a YAML manifest (docs/manifests.md)',
)
NOT_TEXT: Final = error("binary-file", "this is {kind}, not text", "name the right file")
ANSWER: Final = error(
    "rekognition-response",
    "this is a response of Amazon Rekognition's API, not a manifest",
    "write a line for each image (docs/manifests.md); `Left`, `Top`, `Width` and `Height` are fractions of the image",
    "Amazon Rekognition API Reference, BoundingBox",
)
FOREIGN_JSON: Final = error(
    "foreign-json",
    "this is JSON without a `source-ref`, not a manifest",
    "export the annotations as COCO, Pascal VOC or YOLO and convert them: reconciler convert --help",
)
WEB_PAGE: Final = error(
    "web-page", "this is {kind}, not a manifest: perhaps a download failed", "download the file again"
)
TOO_LARGE: Final = error(
    "manifest-too-large",
    f"the file has {{size:,}} bytes; {DATASET_ENTRIES:,} lines of {LINE_CHARACTERS:,} characters, the most that the "
    "service takes, have {most:,}",
    "name the right file",
    _RULES,
)
LARGE_FILE: Final = note(
    "large-file",
    "the file has {size:,} MiB; GitHub warns of a file from 50 MiB on, and refuses one beyond 100 MiB",
    "split it: `train:` and `test:` take a list of files, or a folder; the short form is smaller, too",
    "GitHub Docs, About large files on GitHub",
)
REFUSED_BY_GITHUB: Final = note(
    "file-refused-by-github",
    "the file has {size:,} MiB; GitHub refuses a file beyond 100 MiB",
    "split it: `train:` and `test:` take a list of files, or a folder; or store it with Git LFS: git lfs track {file}",
    "GitHub Docs, About large files on GitHub",
)
NOT_JSON_LINES: Final = error(
    "not-json-lines",
    "this is {what}, not JSON Lines",
    "write the object of each image on its own line: jq -c {select} {file}",
    "JSON Lines",
)
YAML_IN_JSON_LINES: Final = error(
    "yaml-in-json-lines", "this looks like YAML, but the file's name is that of JSON Lines", "name the file .yaml"
)
