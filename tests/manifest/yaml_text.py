"""Manifests in YAML that tests write, and the lines that they become."""

import json
from collections.abc import Callable
from typing import Any

HEAD = "images: s3://pics/cells/\nsize: [640, 480]\n"
BOX = "{label: RBC, left: 68, top: 315, width: 213, height: 163}"


def documents(read: Callable[..., Any], text: str) -> list[dict[str, Any]]:
    """The lines of a manifest without an error, as JSON."""
    got = read(text, "train.yaml")
    assert not got.findings.refused, list(got.findings)
    return [json.loads(entry.line) for entry in got.entries]
