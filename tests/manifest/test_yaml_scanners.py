"""Manifests in YAML: libyaml and PyYAML's own scanner are of one mind."""

import io
from typing import Any

import pytest
import yaml

from reconciler.manifest.findings import Collector
from reconciler.manifest.yaml.read import yaml_lines
from tests.manifest.yaml_text import BOX, HEAD

QUOTED = BOX.replace("RBC", "'a b'")
LOADERS = [pytest.param(yaml.SafeLoader, id="python"), pytest.param(yaml.CSafeLoader, id="libyaml")]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEAD}entries:\n  - image: 'é\U0001f642' #x\n    boxes: ['é', {BOX}, {QUOTED}]\n",
        f"\ufeff{HEAD}entries:\n  - {{image: 'é\U0001f642', boxes: [{BOX}, {QUOTED}]}} #x\n",
        f"{HEAD}entries:\r\n  - image: a.jpg #x\r\n    labels: [x, 'y']\r\n\r\n  - image: a.jpg\r\n",
        f"{HEAD}entries:\n  - image: >-\n      a b\n      c.jpg\n    labels: ['x\n      y']\n",
        f"{HEAD}entries:\n  - image: a.jpg\n    labels: [!t x]\n    <<: {{x: y}}\n    image: b\n",
        f"{HEAD}entries:\n\t- image: a.jpg\n",
        f"{HEAD}entries:\n  - image: 'a.jpg\n",
        f"{HEAD}entries: [a, b\n",
        f"{HEAD}entries:\n  - a: b: c\n",
        f"{HEAD}entries:\n  - image: *x\n",
        f"{HEAD}---\nentries: []\n",
        "entries: \x07\n",
        "",
    ],
)
def test_both_scanners_of_pyyaml_read_the_same(loader: Any, text: str) -> None:  # noqa: ANN401 - a class of PyYAML's
    """With and without libyaml the lines, their places and the findings are the same."""

    def outcome(chosen: Any) -> tuple[list[Any], list[str]]:  # noqa: ANN401 - a class of PyYAML's
        collector = Collector("train.yaml")
        lines = list(yaml_lines(io.BytesIO(text.encode()), collector, chosen))
        found = collector.findings(0, 0, (), None)
        places = [
            (line.document, line.place, line.locate(("bounding-box", "annotations", 1, "left"))) for line in lines
        ]
        return places, [f"{finding.place} {finding.code}" for finding in found]

    assert outcome(loader) == outcome(None)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("escape", ["\\ud800", "\\uDFFF", "\\UFFFFFFFF", "\\U00110000"])
def test_an_escape_that_names_no_character_is_refused(loader: Any, escape: str) -> None:  # noqa: ANN401 - a class of PyYAML's
    """Both scanners report them, though each stops at a different one."""
    collector = Collector("train.yaml")

    lines = list(yaml_lines(io.BytesIO(f'entries:\n  - image: "s3://pics/{escape}"\n'.encode()), collector, loader))

    assert lines == []
    assert collector.error_count == 1
