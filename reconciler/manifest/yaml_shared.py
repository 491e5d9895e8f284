"""The values that may stand in the head of a YAML manifest for all entries, or in an entry.

Knows `size`, `created`, `human-annotated`, `job-name` and `confidence`. Refuses to know the other keys.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from reconciler.manifest.fields import Fields
from reconciler.manifest.image_labels import is_share
from reconciler.manifest.rules import yaml_rules as rules
from reconciler.manifest.yaml_nodes import Node

__all__ = ["SHARED_KEYS", "Shared", "read_shared"]

SHARED_KEYS: Final = ("size", "created", "human-annotated", "job-name", "confidence")
# Y-M-DTH:M:S, and fractions and Z as in AWS's examples.
# Source: Custom Labels Developer Guide, "Transforming COCO datasets".
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?Z?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shared:
    """Values, each None where nothing usable is written; `size` is width, height and perhaps depth, with its nodes."""

    size: tuple[int, ...] | None = None
    size_nodes: tuple[Node, ...] = ()
    created: str | None = None
    human_annotated: str | None = None
    job_name: str | None = None
    confidence: float | None = None

    def over(self, head: "Shared") -> "Shared":
        """An entry's values, and those of the head where the entry says nothing."""
        return Shared(
            size=head.size if self.size is None else self.size,
            size_nodes=head.size_nodes if self.size is None else self.size_nodes,
            created=head.created if self.created is None else self.created,
            human_annotated=head.human_annotated if self.human_annotated is None else self.human_annotated,
            job_name=head.job_name if self.job_name is None else self.job_name,
            confidence=head.confidence if self.confidence is None else self.confidence,
        )


def read_shared(members: Mapping[str, Node], fields: Fields) -> Shared:
    """Read the values that are there; what is wrong with them is reported."""
    size = members.get("size")
    numbers, nodes = (None, ()) if size is None else _size(size, fields)
    created, human = members.get("created"), members.get("human-annotated")
    job_name, share = members.get("job-name"), members.get("confidence")
    return Shared(
        size=numbers,
        size_nodes=nodes,
        created=None if created is None else _created(created, fields),
        human_annotated=None if human is None else _human_annotated(human, fields),
        job_name=None if job_name is None else fields.text(job_name, "`job-name`"),
        confidence=None if share is None else read_confidence(share, fields),
    )


def read_confidence(node: Node, fields: Fields) -> float | None:
    """A number from 0 to 1."""
    number = fields.number(node, "`confidence`")
    if number is not None and not is_share(number):
        fields.wrong(rules.SHARE, node, number=number)
        return None
    return number


def _size(node: Node, fields: Fields) -> tuple[tuple[int, ...] | None, tuple[Node, ...]]:
    items = fields.items(node, "`size`")
    if items is None:
        return None, ()
    if len(items) not in (2, 3):
        fields.wrong(rules.SIZE_FORM, node, count=len(items))
        return None, ()
    numbers = [fields.whole(item, "a side in `size`") for item in items]
    known = tuple(number for number in numbers if number is not None)
    return (known, items) if len(known) == len(numbers) else (None, ())


def _created(node: Node, fields: Fields) -> str | None:
    text = fields.text(node, "`created`")
    match = None if text is None else _DATE.fullmatch(text)
    if text is not None and (match is None or not _is_date(match[1])):
        fields.wrong(rules.DATE, node, what="`created`", text=text)
        return None
    return text


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _human_annotated(node: Node, fields: Fields) -> str | None:
    text = fields.text(node, "`human-annotated`")
    if text is not None and text not in ("yes", "no"):
        fields.wrong(rules.HUMAN, node, text=text)
        return None
    return text
