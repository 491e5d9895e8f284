"""A manifest in YAML for each rule about it: the rule's code, and a manifest that breaks it at the sign §."""

from tests.manifest.lines import BARE

YAML_HEAD = "images: s3://pics/\nsize: [640, 480]\n"
BOX = "{label: RBC, left: 1, top: 2, width: 30, height: 40}"


def box(sides: str) -> str:
    """A YAML manifest with one box."""
    return entry(f"image: a.jpg\n    boxes: [{{label: x, {sides}}}]")


def entry(text: str, head: str = YAML_HEAD) -> str:
    """A YAML manifest with one entry."""
    return f"{head}entries:\n  - {text}\n"


YAML_CASES = [
    ("yaml-empty", ""),
    ("yaml-empty", "# nothing\n"),
    ("yaml-empty", "%YAML 1.1\n---\n#"),
    ("mapping-expected", "§- image: a.jpg\n"),
    ("mapping-expected", "§7"),
    ("yaml-tab", "images: s3://pics/\nentries:\n§\t- image: a.jpg\n"),
    ("yaml-box-members", entry("image: a.jpg\n    boxes: [§{label: x, x: 1, y: 2, w: 30, h: 40}]")),
    ("invalid-yaml", "images: §'s3://pics/\nentries: []\n"),
    ("invalid-yaml", "images: s3://pics/\nentries: §[{image: a.jpg}\n"),
    ("invalid-yaml", entry("image: a.jpg\n   §labels: [a]")),
    ("invalid-yaml", entry("image: a.jpg§: b")),
    ("invalid-yaml", entry("image: §@a.jpg")),
    ("invalid-yaml", "{§"),
    ("invalid-yaml", entry('image: "a\\U§FFFFFFFF"')),
    ("invalid-yaml", "%YAML 2.0\n---\nentries: []\n".replace("%", "§%")),
    ("yaml-character", entry("image: a§\x01.jpg")),
    ("yaml-character", entry("image: a§\u2028.jpg")),
    ("yaml-tag", entry("image: §!!str a.jpg")),
    ("yaml-tag", "images: s3://pics/\nentries: §!seq []\n"),
    ("yaml-merge-key", entry("image: a.jpg\n    §<<: {labels: [a]}")),
    ("yaml-key-not-text", entry("image: a.jpg\n    ? §[a]\n    : b")),
    ("yaml-several-documents", "entries: []\n§---\nentries: []\n"),
    ("yaml-alias-unknown", entry("image: §*nobody")),
    ("yaml-alias-unknown", entry("labels: &a [§*a]")),
    (
        "yaml-aliases-too-many",
        entry("source-ref: s3://pics/a.jpg\n    a: &a [x, x, x, x, x, x, x, x, x, x]\n")
        + "".join(f"    {new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in ("ab", "bc", "cd"))
        + f"    e: [{', '.join(['*d'] * 7 + ['§*d'] + ['*d'] * 2)}]\n",
    ),
    ("repeated-member", entry("image: a.jpg\n    §image: b.jpg")),
    ("repeated-member", "images: s3://pics/\nentries: []\n§entries: []\n"),
    ("nesting-too-deep", entry("source-ref: s3://pics/a.jpg\n    a: " + "[" * 49 + "§[" + "]" * 50)),
    ("nesting-too-deep", entry("source-ref: s3://pics/a.jpg\n    a: " + "[" * 49 + "§[" + "[" * 30_000)),
    ("unknown-key", "§image: s3://pics/\nentries: []\n"),
    ("unknown-key", entry("image: a.jpg\n    §label: [x]")),
    ("unknown-key", entry("image: a.jpg\n    boxes: [{label: x, left: 1, top: 2, width: 3, height: 4, §heigth: 4}]")),
    ("entries-missing", "images: s3://pics/\n"),
    ("list-expected", "entries: §null\n"),
    ("list-expected", "entries: §{image: a.jpg}\n"),
    ("list-expected", entry("image: a.jpg\n    labels: §cat")),
    ("list-expected", entry("image: a.jpg\n    labels: §null")),
    ("list-expected", entry("image: a.jpg\n    boxes: §~")),
    ("mapping-expected", entry("§a.jpg")),
    ("mapping-expected", entry("image: a.jpg\n    boxes: [§[1, 2, 3, 4]]")),
    ("text-expected", entry("image: §[a.jpg]")),
    ("text-expected", entry("image: a.jpg\n    labels: [§[a]]")),
    ("empty-text", entry("image: §''")),
    ("empty-label", entry("image: a.jpg\n    labels: [§'']")),
    ("empty-label", entry("image: a.jpg\n    boxes: [{label: §'', left: 1, top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    boxes: [{label: x, left: §'1', top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    boxes: [{label: x, left: §012, top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    boxes: [{label: x, left: §.nan, top: 2, width: 3, height: 4}]")),
    ("number-expected", entry("image: a.jpg\n    confidence: §high")),
    ("number-too-large", entry("image: a.jpg\n    confidence: §1e400")),
    ("number-too-large", entry("source-ref: s3://pics/a.jpg\n    n: §1e400")),
    ("whole-number-expected", entry("image: a.jpg\n    size: [§640.5, 480]")),
    ("list-expected", entry("image: a.jpg\n    size: §640x480")),
    ("text-expected", entry("image: a.jpg\n    created: §[2024]")),
    ("text-expected", "images: §{}\nentries: []\n"),
    ("size-form", entry("image: a.jpg\n    size: §[640]")),
    ("missing-key", entry("image: a.jpg\n    boxes: [§{label: x, left: 1, top: 2, width: 3}]")),
    ("boxes-without-size", entry(f"image: a.jpg\n    boxes: §[{BOX}]", "images: s3://pics/\n")),
    ("boxes-without-size", entry("image: a.jpg\n    boxes: §[]", "images: s3://pics/\n")),
    ("image-and-source-ref", entry("§image: a.jpg\n    source-ref: s3://pics/a.jpg")),
    ("json-lines-in-yaml", "{§" + BARE[1:] + "\n"),
    ("labels-beside-source-ref", entry("source-ref: s3://pics/a.jpg\n    §labels: [a]")),
    ("image-missing", entry("§labels: [a]")),
    ("image-without-prefix", entry("image: §a.jpg", "")),
    ("images-prefix-illegal", "images: §pics/\nentries: []\n"),
    ("images-prefix-illegal", "images: §s3://\nentries: [{image: a.jpg}]\n"),
    ("bucket-illegal", "images: §s3://lab#/\nentries: [{image: a.jpg}]\n"),
    ("bucket-illegal", entry("image: §s3://lab#/a.jpg")),
    ("source-ref-not-s3", entry("image: §https://pics/a.jpg")),
    ("source-ref-repeated", entry("image: a.jpg\n  - image: §a.jpg")),
    ("confidence-range", entry("image: a.jpg\n    confidence: §1.01")),
    ("human-annotated-value", entry("image: a.jpg\n    human-annotated: §true")),
    ("date-form", f"created: §2024-01-01\n{entry('image: a.jpg')}"),
    ("date-form", f"created: §2024-13-01T00:00:00\n{entry('image: a.jpg')}"),
    ("empty-value", entry("source-ref: s3://pics/a.jpg\n    color:§\n    x: 1")),
    ("repeated-label", entry("image: a.jpg\n    labels: [a, §a]")),
    ("comment-after-image", entry("image: §a.jpg #1")),
    ("comment-after-image", entry("source-ref: §s3://pics/a.jpg # 1")),
    ("two-buckets", entry("image: a.jpg\n  - image: §s3://other/a.jpg")),
    # AWS's codes, at the place of what the person wrote.
    (
        "ERROR_INVALID_BOUNDING_BOX",
        box("left: §600, top: 2, width: 41, height: 4"),
    ),
    (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        box("left: 6, top: 2, width: 4, height: §1"),
    ),
    (
        "ERROR_NO_VALID_ANNOTATIONS",
        box("left: 6, top: 2, width: 4, height: 1").replace("[{", "§[{"),
    ),
    ("ERROR_INVALID_IMAGE_DIMENSION", entry(f"image: a.jpg\n    size: [640, §5000]\n    boxes: [{BOX}]")),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", entry(f"image: a.jpg\n    labels: [a, §{'b' * 256}]")),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", entry(f"image: a.jpg\n    boxes: [{BOX.replace('RBC', '§' + 'b' * 256)}]")),
    ("ERROR_TOO_MANY_BOUNDING_BOXES", entry(f"image: a.jpg\n    boxes: [{', '.join([BOX] * 50)}, §{BOX}]")),
    ("ERROR_UNSUPPORTED_USE_CASE_TYPE", entry("source-ref: s3://pics/a.jpg\n    a: 1\n    a-metadata: {type: §what}")),
    ("zero-boxes", entry("image: a.jpg\n    boxes: §[]")),
]

RAW_BOXES = """source-ref: s3://pics/a.jpg
    b:
      image_size: [{width: 640, height: 480, depth: 3}]
      annotations:
        - {class_id: 0, left: 1, top: 2, width: 30, height: 40}
        - {class_id: 1, left: 5, top: 6, width: 70, height: 80}
    b-metadata:
      {objects: [{confidence: 1}, {confidence: 1}], class-map: {0: x, 1: y}, type: groundtruth/object-detection,
       human-annotated: yes, creation-date: 2020-01-01T00:00:00}"""

# Raw lines in YAML are judged by the rules for JSON Lines, at the places of the YAML.
RAW_CASES = [
    ("ERROR_INVALID_BOUNDING_BOX", "left: 5", "left: §600"),
    ("ERROR_MISSING_CLASS_MAP_ID", "class_id: 1", "class_id: §7"),
    ("ERROR_INVALID_IMAGE_DIMENSION", "height: 480", "height: §48"),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", "{class_id: 1, left: 5,", "§{class_id: 1,"),
    ("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", "human-annotated: yes", "human-annotated: §true"),
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", "{confidence: 1}]", "§{}]"),
    ("ERROR_INVALID_LABEL_NAME_LENGTH", "1: y", "1: §''"),
    ("source-ref-not-text", "s3://pics/a.jpg", "§[a]"),
    ("source-ref-not-s3", "s3://pics/a.jpg", "§7"),
    ("number-too-large", "left: 5", "left: §1e400"),
    ("number-too-large", "left: 5", "left: §" + "9" * 400),
]
