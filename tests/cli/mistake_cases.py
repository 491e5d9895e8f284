"""What people put in place of a manifest: a row for each mistake, with its code and a part of its cure."""

import json
from collections.abc import Callable

METADATA = (
    '"boxes-metadata": {"objects": [{"confidence": 1}], "class-map": {"0": "cat"}, "human-annotated": "yes", '
    '"creation-date": "2020-01-01T00:00:00", "type": "groundtruth/object-detection"}'
)
KEY = '"source-ref": "s3://acme-vision/1.jpg"'


def line(box: str, width: int = 640, height: int = 480, key: str = KEY) -> str:
    """A line with a box, given as the text of its members."""
    size = f'"image_size": [{{"width": {width}, "height": {height}, "depth": 3}}]'
    value = f'"boxes": {{{size}, "annotations": [{{"class_id": 0, {box}}}]}}'
    return f"{{{key}, {value}, {METADATA}}}\n"


SIDES = '"left": 10, "top": 20, "width": 30, "height": 40'
GOOD = line(SIDES)
OTHER = GOOD.replace("1.jpg", "2.jpg")
COCO = {"info": {}, "images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
CONFLICT = f"{GOOD}<<<<<<< HEAD\n{OTHER}=======\n{OTHER.replace('cat', 'dog')}>>>>>>> main\n"

CREATE_ML = {"image": "a.jpg", "annotations": [{"label": "cat", "coordinates": {"x": 1, "y": 2}}]}
LABEL_STUDIO = {"image": "/data/upload/a.png", "id": 1, "label": [{"rectanglelabels": ["cat"]}], "annotator": 1}
VIA = {"filename": "a.jpg", "size": 1, "regions": [{"shape_attributes": {"name": "rect"}}]}
IN_VALUE = json.dumps({name: json.dumps(one) if name == "boxes" else one for name, one in json.loads(GOOD).items()})
IN_METADATA = json.dumps({name: json.dumps(one) if "-m" in name else one for name, one in json.loads(GOOD).items()})

# The file, the code, and what the cure or the sentence says.
MISTAKES: dict[str, tuple[str, str, str]] = {
    "a merge conflict": (CONFLICT, "merge-conflict", "2, 4, 6"),
    "a rest of a merge conflict": (f"{GOOD}>>>>>>> main\n", "merge-conflict", "lines 2"),
    "a pointer of Git LFS": (LFS, "git-lfs-pointer", "git lfs pull"),
    "a pointer of Git LFS in CI": (LFS, "git-lfs-pointer", "lfs: true"),
    "a table": ("image,label\ns3://acme-vision/1.jpg,cat\n", "table-file", "reconciler convert csv train.jsonl"),
    "a table with semicolons": ("image;label\n1.jpg;cat\n", "table-file", "reconciler convert csv train.jsonl"),
    "a table without a head": ("s3://acme-vision/1.jpg,cat\n", "table-file", "reconciler convert csv train.jsonl"),
    "a table with tabs and quotes": (
        '"image"\t"label"\n"1.jpg"\t"cat"\n',
        "table-file",
        "reconciler convert csv train.jsonl",
    ),
    "a list of images": ("s3://acme-vision/1.jpg\ns3://acme-vision/2.jpg\n", "image-list", "for each image"),
    "LabelMe": ('{"version": "5.0", "flags": {}, "shapes": [{"label": "cat"}]}\n', "other-format", "LabelMe"),
    "VGG Image Annotator": ('{\n  "_via_settings": {}}\n', "other-format", "convert --help"),
    "Label Studio": (
        '[{"id": 1, "annotations": [{}]}]\n',
        "label-studio-file",
        "reconciler convert label-studio train.jsonl",
    ),
    "a Python dictionary": (GOOD.replace('"', "'"), "invalid-json", "json.dumps"),
    "a word of Python": (GOOD.replace("640", "None"), "invalid-json", "the word None, which JSON does not have"),
    "labels of YOLO": ("0 0.5 0.5 0.25 0.25\n1 0.1 0.1 0.05 0.05\n", "yolo-file", "reconciler convert yolo"),
    "COCO in one line": (json.dumps(COCO), "coco-file", "reconciler convert coco train.jsonl"),
    "COCO over several lines": (json.dumps(COCO, indent=2), "coco-file", "reconciler convert coco train.jsonl"),
    "COCO with its annotations first": (
        json.dumps({"annotations": [{"id": 1}] * 9000, **COCO}),
        "coco-file",
        "reconciler convert coco",
    ),
    "Pascal VOC": ("<annotation>\n<filename>a.jpg</filename>\n</annotation>\n", "voc-file", "reconciler convert voc"),
    "a web page": ("<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "web-page", "download"),
    "a polygon of YOLO": ("0 0.5 0.5 0.6 0.5 0.6 0.6 0.7 0.7\n", "yolo-polygons", "for object detection"),
    "an oriented box of YOLO": ("1 0.5 0.5 0.6 0.5 0.6 0.6 0.5 0.6\n", "yolo-polygons", "reconciler convert yolo"),
    "a prediction of YOLO": ("0 0.5 0.5 0.25 0.25 0.91\n", "yolo-file", "reconciler convert yolo"),
    "DOTA": ("2753 2408 2861 2385 2888 2468 2805 2502 plane 0\n", "other-format", "DOTA"),
    "KITTI": ("Car 0.00 0 -1.58 587.0 173.3 614.1 200.1 1.6 1.7 3.6 -0.6 1.7 46.7 -1.59\n", "other-format", "KITTI"),
    "CVAT": ('<?xml version="1.0"?>\n<annotations>\n<version>1.1</version></annotations>\n', "other-format", "CVAT"),
    "XML of a different tool": (
        "<!-- x -->\n<project><name>a</name></project>\n",
        "other-format",
        "other than Pascal VOC",
    ),
    "an error of S3": (
        "<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>\n",
        "web-page",
        "an error of Amazon S3",
    ),
    "Create ML": (json.dumps([CREATE_ML]), "other-format", "Create ML"),
    "Create ML over several lines": (json.dumps([CREATE_ML], indent=2), "other-format", "Create ML"),
    "Label Studio, short": (
        json.dumps([LABEL_STUDIO]),
        "label-studio-file",
        "reconciler convert label-studio train.jsonl",
    ),
    "Label Studio, tasks": (
        json.dumps([{"data": {}, "annotations": [LABEL_STUDIO]}], indent=1),
        "label-studio-file",
        "reconciler convert label-studio train.jsonl",
    ),
    "annotations of VGG Image Annotator": (json.dumps({"a.jpg1": VIA}), "other-format", "VGG Image Annotator"),
    "a table of VGG Image Annotator": ("#filename,file_size,file_attributes\n", "other-format", "VGG Image Annotator"),
    "LabelMe in one line": ('{"imagePath": "a.jpg", "shapes": [{"label": "cat"}]}\n', "other-format", "LabelMe"),
    "a list of a different tool": ('[\n  {"file": "a.jpg", "boxes": []}\n]\n', "foreign-json", "convert --help"),
    "an object of a different tool": ('{\n  "file": "a.jpg", "boxes": []\n}\n', "foreign-json", "convert --help"),
    "a response of DetectCustomLabels": ('{"CustomLabels": [{"Name": "cat"}]}', "rekognition-response", "fractions"),
    "a response of ListDatasetEntries": (
        json.dumps({"DatasetEntries": [GOOD]}),
        "not-json-lines",
        "jq -c '.DatasetEntries[] | fromjson' train.jsonl",
    ),
    "Vertex AI": ('{"imageGcsUri": "gs://b/a.jpg", "boundingBoxAnnotations": []}\n' * 2, "other-format", "Vertex AI"),
    "Azure": ('{"image_url": "a.jpg", "image_details": {}, "label": []}\n', "other-format", "Azure Machine Learning"),
    "Labelbox": ('{"data_row": {"id": "x"}, "projects": {}}\n' * 2, "other-format", "Labelbox"),
    "Hugging Face": ('{"file_name": "a.jpg", "objects": {"bbox": []}}\n' * 2, "other-format", "Hugging Face"),
    "objects of a different tool": ('{"picture": "a.jpg", "tags": ["cat"]}\n', "source-ref-missing", "s3://bucket/key"),
    "the name of the key with a typo": (
        GOOD.replace("source-ref", "source_ref"),
        "source-ref-missing",
        "is `source_ref` meant",
    ),
    "a line of a log": (f"2024-01-01 INFO x\n{GOOD}", "invalid-json", "the line does not begin with `{`"),
    "a sentence of a tool": ("fatal: not a git repository\n", "invalid-json", "the line does not begin with `{`"),
    "TOML": ("[data]\n", "invalid-json", "one JSON object per line"),
    "class ids as text": (
        GOOD.replace('"class_id": 0', '"class_id": "0"'),
        "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
        "`class_id` is text, not a whole number",
    ),
    "a class-map as list": (
        GOOD.replace('{"0": "cat"}', '["cat"]'),
        "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
        "`class-map` is a list, not an object",
    ),
    "a pointer of Git LFS below blank lines": (f"\n\n {LFS}", "git-lfs-pointer", "git lfs pull"),
    "a table with old ends of lines": ("image,label\r1.jpg,cat\r", "table-file", "reconciler convert csv"),
    "labels of YOLO with old ends of lines": ("0 0.5 0.5 0.2 0.2\r1 0.1 0.1 0.05 0.05\r", "yolo-file", "convert yolo"),
    "old ends of lines": (GOOD.replace("\n", "\r") + OTHER.strip(), "invalid-json", "tr '\\r' '\\n'"),
    "a comment above": (f"// images of May\n{GOOD}", "comment-in-json-lines", "remove the lines"),
    "comments": (f"# images of May\n#\n{GOOD}# of June\n  // none\n", "comment-in-json-lines", "remove the lines"),
    "nothing but comments": ("# images of May\n\n# none\n", "comment-in-json-lines", "remove the lines"),
    "YAML below a comment": (
        "# images of May\nimages: s3://a-b/\nentries: []\n",
        "yaml-in-json-lines",
        "name the file .yaml",
    ),
    "fractions beyond the edge": (
        line('"left": 0.1, "top": -0.02, "width": 1.02, "height": 0.4'),
        "boxes-as-fractions",
        "multiply",
    ),
    "some fractions": (
        line(f'{SIDES}}}, {{"class_id": 0, "left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4').replace(
            '[{"confidence": 1}]', '[{"confidence": 1}, {"confidence": 1}]'
        ),
        "boxes-as-fractions",
        "1 of 2 boxes is fractions of the image",
    ),
    "members of Amazon Rekognition": (
        line('"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4'),
        "box-members",
        "multiply left and width by the image's width",
    ),
    "a box in a box": (line('"BoundingBox": {"Left": 0.1}'), "box-members", "in place of boundingbox"),
    "a box by its center": (line('"cx": 10, "cy": 20, "w": 30, "h": 40'), "box-members", "left: cx - w / 2"),
    "JSON in JSON": (json.dumps(GOOD.strip()) + "\n", "json-in-json", "jq -c fromjson train.jsonl"),
    "JSON in a value": (IN_VALUE, "json-in-value", "without quotes"),
    "JSON in metadata": (IN_METADATA, "json-in-value", "without quotes"),
    "a comma before the end": (GOOD.replace("}}\n", "},}\n"), "trailing-comma", "remove the comma"),
    "a comma at the end of a list": (GOOD.replace("}]}", "},]}", 1), "trailing-comma", "remove the comma"),
    "a byte order mark inside": (f"{GOOD}\ufeff{OTHER}", "byte-order-mark-inside", "sed -i"),
    "fractions": (line('"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4'), "boxes-as-fractions", "multiply"),
    "corners": (line('"left": 500, "top": 300, "width": 600, "height": 400'), "boxes-as-corners", "xmax - xmin"),
    "a turned image": (line('"left": 9, "top": 400, "width": 9, "height": 200'), "width-and-height-swapped", "swap"),
    "x, y, w, h": (line('"x": 10, "y": 20, "w": 30, "h": 40'), "box-members", "left: x, top: y, width: w, height: h"),
    "x, y, width, height": (line('"x": 10, "y": 20, "width": 30, "height": 40'), "box-members", "left: x, top: y"),
    "xmin to ymax": (line('"xmin": 10, "ymin": 20, "xmax": 30, "ymax": 40'), "box-members", "width: xmax - xmin"),
    "x1 to y2": (line('"x1": 10, "y1": 20, "x2": 30, "y2": 40'), "box-members", "height: y2 - y1"),
    "a bbox": (line('"bbox": [10, 20, 30, 40]'), "box-members", "in place of bbox"),
}
URLS = [
    "https://acme-vision.s3.amazonaws.com/a/1%20x.jpg",
    "https://acme-vision.s3.eu-west-1.amazonaws.com/a/1%20x.jpg",
    "https://acme-vision.s3-eu-west-1.amazonaws.com/a/1%20x.jpg?X-Amz-Signature=abc",
    "https://acme-vision.s3.dualstack.eu-west-1.amazonaws.com/a/1 x.jpg",
    "http://s3.eu-west-1.amazonaws.com/acme-vision/a/1 x.jpg",
    "https://s3.amazonaws.com/acme-vision/a/1+x.jpg".replace("+", "%20"),
    "https://eu-west-1.console.aws.amazon.com/s3/object/acme-vision?region=eu-west-1&prefix=a/1+x.jpg",
    "arn:aws:s3:::acme-vision/a/1 x.jpg",
    "S3://acme-vision/a/1 x.jpg",
]
VARIANTS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "with ends of lines of Windows": lambda text: text.replace("\n", "\r\n"),
    "without the last end of line": lambda text: text.rstrip("\n"),
    "with a byte order mark": lambda text: f"\ufeff{text}",
}
