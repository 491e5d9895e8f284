"""Manifests in YAML as our writer and as people write them, and with a slip here and there."""

import json
from random import Random
from typing import Any, Final

from reconciler.manifest.write import as_json, yaml_manifest

_TEXTS: Final = (
    *(
        "cat",
        "Red cell",
        "7",
        "0012",
        "no",
        "null",
        "a#b",
        "a.b(c)+d",
        "x_1-2",
        "é",
        "a  b",
        "a - b",
        "it's",
        "a&b",
        "a*",
    ),
    *("'a b'", '"a, b"', "'x: y'", "'#1'", "\U0001f642", "\u00a0x", "x\u2003y", "C:\\x", "x=y", "1.5", "a!", "50%"),
)
_ODD_TEXTS: Final = (
    *(
        "~",
        "''",
        '""',
        "'it''s'",
        '"a\\"b"',
        "@x",
        "-1",
        "- a",
        "a: b",
        "a:b",
        "a #b",
        "a: ",
        "a:",
        "x,y",
        "[a]",
        "{a: b}",
    ),
    *(
        "&a",
        "&a b",
        "*a",
        "!t a",
        "|",
        ">-",
        "? a",
        "%a",
        "`a`",
        "<<",
        "a\tb",
        "'a",
        '"a',
        "a\u2028b",
        "\x07",
        "a?b",
        "::",
    ),
    *("", " ", "#", "a]", "a}", "---", "...", "=======", "b\n     c", "'b\n     c'", "|\n      b", "[a,\n  b]"),
)
_IMAGES: Final = ("a.jpg", "x/b c.png", "s3://pics/c.jpg", "s3://other/d.jpg", "e%20.jpg", "é.jpg", "'f g.jpg'", "h")
_NUMBERS: Final = ("0", "3", "10", "120", "7.5", "0.25", "40", "99")
_ODD_NUMBERS: Final = (
    *(
        "-1",
        "01",
        "1.",
        ".5",
        "1e1",
        "1e400",
        "'1'",
        "+1",
        "0x1F",
        "1_0",
        "9999999999999999",
        "9" * 25,
        "9" * 400,
        "-0",
    ),
    *("-0.0", "1.0", "640.0", "1E-2", "null", "x", "", "1 2", "1:2", "\uff11", "true", "0.1234567890123456789", "1e99"),
)
_DATES: Final = ("2026-01-31T00:00:00", "2020-01-01T00:00:00.5Z", '"2020-01-01T00:00:00Z"')
_PREFIXES: Final = ("s3://pics/", "s3://pics/x", "'s3://pics/'")
_OTHER_LINES: Final = (
    "",
    "   ",
    "# note",
    "      # note",
    "  # - image: x",
    "\t",
    "  \t",
    "---",
    "...",
    "=======",
    "x: y",
)
_SIGNS: Final = (
    *"\t\n\r '\"#:,-?&*!|>%@[]{}\\~x7",
    *(
        "\ufeff",
        "\x85",
        "\u2028",
        "\x00",
        "\x7f",
        "\u00a0",
        "é",
        ": ",
        " #",
        "- ",
        "\n  - ",
        "\n- ",
        "\n  -",
        "\r\n",
        "''",
    ),
)

_COMMON: Final = """\
image: a.jpg
===
image: s3://pics/a b.jpg
    labels: [cat, Red cell, '1: 2', 7, é]  # seen twice
    confidence: 0.5
===
image: a.jpg
    # two
    labels:
      - cat
      - x:y

    created: 2026-01-31T00:00:00Z
===
image: a.jpg
    labels: []
    size: [640, 480, 1]
    human-annotated: no
    job-name: labeling-job/a

===
image: a.jpg
    boxes: [{label: RBC, left: 1, top: 2.5, width: 3, height: 4}, {label: 'a, b', left: 0, top: 2, width: 3, height: 4}]
===
image: a.jpg
    boxes: [{left: 1, label: RBC, top: 2.5, width: 3, height: 4}, { label: b, left: 0, top: 2, width: 3, height: 4 }]
===
boxes: [{label: RBC, left: 0, top: -2e1, width: 30, height: 40, confidence: 1}]
    image: a.jpg
===
image: a.jpg
    boxes:
      - {label: RBC, left: 1, top: 2, width: 3, height: 4, confidence: 0.25}


===
image: a.jpg
    boxes:
    - {height: 4, label: RBC, left: 1, top: 2, width: 3}
    - {height: 4, label: WBC, left: 1, top: 2, width: 3}
===
image: a.jpg
    boxes:
      - height: 4
        label: RBC
        left: 1
        top: 2
        width: 3
===
image: a.jpg
    boxes:
      - label: RBC
        left: 1
        top: 2
        width: 3
        height: 4
      - {label: x, left: 1, top: 2, width: 3, height: 4}  # another
===
source-ref: s3://pics/b.jpg
===
source-ref: s3://pics/b.jpg
    b:
      image_size:
        - {width: 640, height: 480, depth: 3}
      annotations:
      - {class_id: 0, left: 1, top: 2.50, width: 3, height: 4}
      - class_id: 0
        left: 1
    b-metadata:  # made by hand
      objects: [{confidence: 1}, {}]
      class-map: {0: x, "1": 'y z'}
      creation-date: 2020-01-01T00:00:00
===
{image: a.jpg, labels: [a, 'b'], boxes: []}
===
{"image": "a.jpg", "labels": ["a"], "boxes": [{"label": "a", "left": 1, "top": 2, "width": 3, "height": 4.5}]}
===
{"source-ref": "s3://pics/a.jpg", "b": 1, "b-metadata": {"class-name": "x", "others": [null, true]}}"""
# Entries of the common form, from behind their dash.
COMMON: Final = _COMMON.split("\n===\n")

_BOX: Final = "label: a, left: 1, top: 2, width: 3, height: 4"
_RAW: Final = '{"source-ref": "s3://pics/a.jpg", '
# Entries that look like it and are not, or that have a fault.
UNCOMMON: Final = (
    'image: "a.jpg"\n   job-name: x',
    "image: a.jpg\n   labels: [x]",
    "image: a.jpg\n  - image: b.jpg",
    "",
    "- image: a.jpg",
    "image: a.jpg\t",
    "image: a.jpg\n    labels: [a\t, b]",
    "image: a.jpg\n    labels: [a]\t# x",
    "image: a.jpg # 1",
    "image: a.jpg\n    created: x",
    "image: a.jpg\n    created: 2020-02-30T00:00:00",
    "image: a.jpg\n    confidence: 1.5",
    f"image: a.jpg\n    boxes: [{{{_BOX}, confidence: 2}}]",
    f"image: a.jpg\n    boxes: [{{{_BOX}, left: 1}}]",
    f"image: a.jpg\n    boxes:\n      - {{{_BOX}}}\n        confidence: 1",
    f"image: a.jpg\n    boxes:\n      {{{_BOX}}}",
    "image: a.jpg\n      b.jpg",
    "image: a.jpg\n    labels:\n      - a\n        b",
    "image: a.jpg\n    labels:\n    -a",
    "image: a.jpg\n    labels: [a]\n    labels: [b]",
    "{image: a.jpg, image: b.jpg}",
    '{"image": "a.jpg", "image": "b.jpg"}',
    f'{_RAW}"n": {"1" * 301}.5}}',
    f'{_RAW}"n": 1e999}}',
    f'{_RAW}"{"k" * 1100}": 1}}',
    f'{_RAW}"n": -0}}',
    f'{_RAW}"n": "\\ud83d\\ude00"}}',
    f'{_RAW}"labels": ["a"]}}',
    f'{_RAW}"image": "b.jpg"}}',
    f'{_RAW}"n": 1, "n": 2}}',
    f'{_RAW}"a-metadata": {{"class-name": 7}}}}',
    f'{_RAW}"a-metadata": {{"class-map": {{"0": null}}}}}}',
    f'{_RAW}"a-metadata": {{"class-map": [1]}}}}',
    f'{_RAW}"n": {"[" * 48}{"]" * 48}}}',
    f'{_RAW}"n": {"[" * 49}{"]" * 49}}}',
    f'{_RAW}"n": {"[" * 50}{"]" * 50}}}',
    f'{_RAW}"n": 1,}}',
    f'{_RAW}"n": NaN}}',
    '{"source-ref": 7}',
    '{"image": 7}',
    "image: a.jpg\n---\n",
    "image: a.jpg\n...\n",
    "image: a.jpg\n%YAML 1.1",
    "? image\n    : a.jpg",
    "image: |-\n      a.jpg",
    "image: a.jpg\n    labels: [a, &b c, *b]",
    "&a image: b",
    "image: a.jpg\n    <<: {labels: [a]}",
    "image: 'a.jpg",
    "[a]",
    "source-ref: s3://pics/a.jpg # 1",
    "source-ref: s3://pics/a.jpg\n    n: [a, ]",
    "source-ref: s3://pics/a.jpg\n    n: [a: 1]",
    "source-ref: s3://pics/a.jpg\n    n: x\n      y: 1",
    "source-ref: s3://pics/a.jpg\n    n:\n     a: 1\n      b: 2",
    "source-ref: s3://pics/a.jpg\n    n:\n",
    "source-ref: s3://pics/a.jpg\n    n: 1\n    n: 2",
    "source-ref: s3://pics/a.jpg\n    labels: [a]",
    "source-ref: s3://pics/a.jpg\n    n: {a: 1, a: 2}",
    "source-ref: s3://pics/a.jpg\n    n: {a:1}",
    "source-ref: s3://pics/a.jpg\n    n: [a] # x",
    "source-ref: s3://pics/a.jpg\n    n: 012",
    "source-ref: s3://pics/a.jpg\n    n: ['a', 'b c', '']",
    "source-ref: s3://pics/a.jpg\n    a-metadata: {type: 7}",
    "source-ref: s3://pics/a.jpg\n    a-metadata:\n      class-map: {0: 1}",
    "source-ref: s3://pics/a.jpg\n    n: [a",
    "source-ref: s3://pics/a.jpg\n    n: a]",
    "source-ref: s3://pics/a.jpg\n    n: [[a], {b: [c]}] d",
    "source-ref: s3://pics/a.jpg\n    n: {a}",
    "source-ref: s3://pics/a.jpg\n    n: - a",
    "source-ref: s3://pics/a.jpg\n    n:\n    -a",
    "source-ref: s3://pics/a.jpg\n    n:\n      - a: 1\n       b: 2",
    "source-ref: s3://pics/a.jpg\n    n:\n      - a\n        b",
    "source-ref: s3://pics/a.jpg\n    n: {? a}",
    "source-ref: s3://pics/a.jpg\n    n: [a, , b]",
    "source-ref: s3://pics/a.jpg\n    n: {a: b: c}",
    "source-ref: s3://pics/a.jpg\n    n: ~",
    'source-ref: s3://pics/a.jpg\n    n: ["a": 1]',
    f"source-ref: s3://pics/a.jpg\n    n: {'9' * 301}",
    "source-ref: 7\n    n: 1",
    f"source-ref: s3://pics/a.jpg\n    n: {'[' * 49}{']' * 49}",
    "source-ref: s3://pics/a.jpg\n    n: [!t, b]",
    "source-ref: s3://pics/a.jpg\n    n: {a: !x b}",
    "source-ref: s3://pics/a.jpg\n    n: {a: 1}b: 2}",
    "source-ref: s3://pics/a.jpg\n    n: {a [b]}",
    "source-ref: s3://pics/a.jpg\n    n: [a}",
    "source-ref: s3://pics/a.jpg\n    n: {a: [1}}",
    "source-ref: s3://pics/a.jpg\n    n: [a: ]",
    "source-ref: s3://pics/a.jpg\n    n: [true, null, false, True]",
    "source-ref: s3://pics/a.jpg\n    n: null",
    "source-ref: s3://pics/a.jpg\n    n:\n      foo",
    "source-ref: s3://pics/a.jpg\n    n:\n      - x:\n      y: 1",
    "source-ref: s3://pics/a.jpg" + "".join(f"\n{' ' * number}n:" for number in range(4, 64)) + " 1",
)


class Writer:
    """Writes manifests; `odd` of 1,000 values and places have a slip."""

    def __init__(self, random: Random, odd: int) -> None:
        self._random, self._odd = random, odd

    def file(self) -> bytes:
        """A whole manifest."""
        random = self._random
        text = "".join(yaml_manifest(lambda: lines)) if (lines := self._lines()) else self._by_hand()
        for _ in range(random.choice([0, 0, 1, 1, 2, 4]) if self._odd else 0):
            text = self._spoiled(text)
        if self._is_odd(100):
            text = text.replace("\n", "\r\n")
        if self._is_odd(200):
            text = text.rstrip("\n")
        raw = ("\ufeff" * self._is_odd(50) + text).encode()
        if self._is_odd(20):
            at = random.randrange(len(raw))
            raw = raw[:at] + random.choice([b"\xff", b"\xc3", b"\xe2\x80"]) + raw[at:]
        return raw

    def _is_odd(self, times: int = 1) -> bool:
        return self._random.randrange(1000) < min(self._odd, 1) * times

    def _of(self, usual: tuple[str, ...], odd: tuple[str, ...]) -> str:
        return self._random.choice(odd if self._random.randrange(1000) < self._odd else usual)

    def _lines(self) -> list[str]:
        """Now and then lines in AWS's form, for our own writer."""
        random = self._random
        return [json.dumps(self._line()) for _ in range(random.randrange(1, 6))] if random.random() < 0.3 else []

    def _line(self) -> dict[str, Any]:
        random = self._random
        line: dict[str, Any] = {
            "source-ref": f"s3://pics/{random.choice(['a', 'b c', 'é', '0'])}{random.randrange(9)}.jpg"
        }
        said = {
            "human-annotated": "yes",
            "creation-date": random.choice(["2026-01-31T00:00:00", "2020-01-01T00:00:00.5Z"]),
        }
        job = random.choice([{}, {"job-name": "x"}, {"job-name": "labeling-job/b"}])
        if random.random() < 0.6:
            box = {side: random.choice([1, 5, 17, 30.5]) for side in ("left", "top", "width", "height")}
            boxes = [{"class_id": random.randrange(2), **box} for _ in range(random.randrange(4))]
            size = {"width": random.choice([640, 100]), "height": 480, "depth": random.choice([3, 3, 1])}
            line["b"] = {"image_size": [size], "annotations": boxes}
            labels = random.choice([{"0": "cat", "1": "dog"}, {"0": "Red cell", "1": "é"}, {"0": "7", "1": 'a"b'}])
            used = {name: label for name, label in labels.items() if any(str(one["class_id"]) == name for one in boxes)}
            objects = [{"confidence": random.choice([1, 0.5])} for _ in boxes]
            kind = "groundtruth/object-detection"
            line["b-metadata"] = {"objects": objects, "class-map": used, "type": kind, **said, **job}
        if random.random() < 0.4:
            kind = "groundtruth/image-classification"
            label = random.choice(["cat", "a, b", "no", "7"])
            line["l"] = 1
            line["l-metadata"] = {"confidence": 1, "class-name": label, "type": kind, **said, **job}
        if random.random() < 0.1:
            line["other"] = random.choice([None, True, 1.5, -0.0, 2**70, "x", [1, {"a": []}], {"x": {"y": "z"}}])
        return line

    def _by_hand(self) -> str:
        random = self._random
        head = [line for line in self._head() if random.random() < 0.9]
        random.shuffle(head)
        indent = random.choice([2, 2, 2, 0, 4])
        entries = [self._entry(indent) for _ in range(random.randrange(7))]
        lines = [*head, "entries:" + " # all" * self._is_odd(20), *(line for entry in entries for line in entry)]
        if self._is_odd(30):
            lines.insert(0, random.choice(["---", "%YAML 1.1\n---", "# note", "x: 1"]))
        if self._is_odd(20):
            lines.append(random.choice(["size: [9, 9]", "7: x", "---", "...", "x", "? a", "é: 1"]))
        return "\n".join(lines) + "\n"

    def _head(self) -> list[str]:
        return [
            f"images: {self._of(_PREFIXES, ('pics', '&x s3://pics/', '[a]', ''))}",
            f"size: {self._of(('[640, 480]', '[640, 480, 1]'), ('[640]', '640', '[640.0, 480]', '[a, b]'))}",
            f"created: {self._of(_DATES, ('2026-01-31', '1'))}",
            *self._random.choice([[], [], ["human-annotated: no", "# note"], ["job-name: a b", "confidence: 0.5"]]),
        ]

    def _entry(self, indent: int) -> list[str]:
        random, dash = self._random, " " * indent + "- "
        way = random.random()
        if way < 0.1:
            document = random.choice([self._line(), self._short()])
            separators = random.choice([(", ", ": "), (",", ":")])
            return [
                dash + (as_json(document) if random.random() < 0.7 else json.dumps(document, separators=separators))
            ]
        if way < 0.2:
            members = [f"image: {random.choice(_IMAGES[:2])}", f"labels: {self._labels()}", f"boxes: {self._boxes()}"]
            return [f"{dash}{{{', '.join(members[: random.randrange(1, 4)])}}}"]
        if way < 0.35:
            return [line for one in self._raw(indent) for line in [one, *self._others()]]
        parts = [[f"image: {self._of(_IMAGES, _ODD_TEXTS)}"]]
        if random.random() < 0.5:
            parts.append(random.choice([[f"labels: {self._labels()}"], ["labels:", *self._label_lines()]]))
        if random.random() < 0.7:
            parts.append(random.choice([[f"boxes: {self._boxes()}"], ["boxes:", *self._box_lines()]]))
        parts += [[self._other_member()] for _ in range(random.choice([0, 0, 0, 1, 2]))]
        if random.random() < 0.2:
            random.shuffle(parts)
        lines = [" " * (indent + 2) + line for part in parts for line in part]
        lines[0] = dash + lines[0][len(dash) :]
        return [line for one in lines for line in [one + " # note" * self._is_odd(30), *self._others()]]

    def _others(self) -> list[str]:
        if self._random.random() < 0.02 and self._odd:
            return [self._random.choice(_OTHER_LINES[:5])]
        return [self._random.choice(_OTHER_LINES)] if self._is_odd(3) else []

    def _short(self) -> dict[str, Any]:
        random = self._random
        box = {
            "label": random.choice(["a", "7", 7, ""]),
            "left": 1,
            "top": random.choice([2, 2.5, "2"]),
            "width": 3,
            "height": 4,
        }
        some = {"labels": ["a", random.choice(["b", 7, ""])], "boxes": [box], "size": [64, 64], "confidence": 1, "x": 1}
        names = random.sample(list(some), random.randrange(4))
        return {"image": random.choice(["a.jpg", "s3://pics/b.jpg", 7]), **{name: some[name] for name in names}}

    def _raw(self, indent: int) -> list[str]:
        random, margin = self._random, " " * (indent + 2)
        box = f"{{class_id: 0, left: {self._number()}, top: 2, width: 3, height: 4}}"
        deep = random.choice(["", "  ", "  ", "    "])
        lines = [
            f"b: {{image_size: [{{width: 640, height: 480, depth: 3}}], annotations: [{box}]}}",
            *("b:", "  image_size:", f"  {deep}- width: 640", f"  {deep}  height: 480", f"  {deep}  depth: 3"),
            *("  annotations:", f"  {deep}- {box}", f"  {deep}- {box}"),
        ]
        lines = lines[:1] if random.random() < 0.5 else lines[1:]
        lines += ["b-metadata:", f"  objects: [{{confidence: {self._number()}}}, {{confidence: 1}}]"]
        lines += (
            ["  class-map:", f"    0: {self._text()}"]
            if random.random() < 0.5
            else [f"  class-map: {{0: {self._text()}}}"]
        )
        lines += [
            "  type: groundtruth/object-detection",
            "  human-annotated: yes",
            "  creation-date: 2020-01-01T00:00:00",
        ]
        if random.random() < 0.3:
            lines.append(
                f"o: {random.choice(['[a, [], {x: {}}]', '{y: [null, true, -1.50]}', self._text(), self._number()])}"
            )
        if self._is_odd(100):
            at = random.randrange(len(lines))
            lines[at] = random.choice([lines[at] + " # x", "  " + lines[at], lines[at][2:], lines[at] + ","])
        return [f"{' ' * indent}- source-ref: s3://pics/{random.randrange(9)}.jpg", *(margin + line for line in lines)]

    def _text(self) -> str:
        return self._of(_TEXTS, _ODD_TEXTS)

    def _number(self) -> str:
        return self._of(_NUMBERS, _ODD_NUMBERS)

    def _labels(self) -> str:
        return f"[{', '.join(self._text() for _ in range(self._random.choice([0, 1, 1, 1, 2, 3])))}]"

    def _label_lines(self) -> list[str]:
        blanks = " " * self._random.choice([0, 2, 2, 4])
        return [f"{blanks}- {self._text()}" for _ in range(self._random.randrange(1, 4))]

    def _members(self) -> list[str]:
        random = self._random
        members = [
            f"label: {self._text()}",
            *(f"{side}: {self._number()}" for side in ("left", "top", "width", "height")),
        ]
        if random.random() < 0.2:
            members.append(f"confidence: {self._of(('1', '0.5', '0'), _ODD_NUMBERS)}")
        if random.random() < 0.1:
            random.shuffle(members)
        if self._is_odd(10):
            members.append(random.choice(["x: 1", "label: b", "left: 1", "xmin: 1", "? a", "labels: [a]"]))
        if self._is_odd(10):
            members.pop(random.randrange(len(members)))
        return members

    def _box(self) -> str:
        comma = self._random.choice([", "] * 9 + [","])
        blank = self._random.choice([""] * 9 + [" "])
        return f"{{{blank}{comma.join(self._members())}{blank}}}"

    def _boxes(self) -> str:
        return f"[{', '.join(self._box() for _ in range(self._random.randrange(3)))}]"

    def _box_lines(self) -> list[str]:
        blanks = " " * self._random.choice([2, 2, 2, 0, 4])
        lines: list[str] = []
        for _ in range(self._random.randrange(1, 4)):
            if self._random.random() < 0.7:
                lines.append(f"{blanks}- {self._box()}")
            else:
                first, *rest = self._members()
                lines += [f"{blanks}- {first}", *(f"{blanks}  {one}" for one in rest)]
        return lines

    def _other_member(self) -> str:
        return self._random.choice(
            [
                f"size: {self._of(('[640, 480]', '[64, 64, 1]'), ('[640]', '[64.0, 64]', '[064, 64]', '[64,64]'))}",
                f"created: {self._of(_DATES, ('2020-13-01T00:00:00', 'x', ''))}",
                f"human-annotated: {self._of(('yes', 'no'), ('true', 'Yes', '', '[yes]'))}",
                f"job-name: {self._of(('labeling-job/x', 'a b'), _ODD_TEXTS)}",
                f"confidence: {self._of(('0.5', '1', '0'), _ODD_NUMBERS)}",
                *[f"{self._random.choice(['image', 'labels', 'x', 'Labels', 'source-ref', '<<', '7'])}: {self._text()}"]
                * self._is_odd(300),
            ]
        )

    def _spoiled(self, text: str) -> str:
        """The text with a sign or a line somewhere that is put in, left out, doubled, moved, quoted or indented."""
        random = self._random
        lines = text.split("\n")
        way, at = random.randrange(9), random.randrange(len(lines))
        if way == 0:
            lines[at] = " " * random.choice([1, 2, 3]) + lines[at]
        elif way == 1:
            lines[at] = lines[at].removeprefix(" " * random.choice([1, 2]))
        elif way == 2:
            lines.insert(random.randrange(len(lines)), lines[at])
        elif way == 3:
            lines.insert(random.randrange(len(lines)), lines.pop(at))
        elif way == 4:
            lines.pop(at)
        elif way == 5:
            lines.insert(at, random.choice(_OTHER_LINES))
        else:
            place = random.randrange(len(text))
            put = "" if way == 8 else random.choice(_SIGNS)
            return text[:place] + put + text[place + (way != 6) :]
        return "\n".join(lines)
