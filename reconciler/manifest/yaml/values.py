"""Values of YAML nodes by what belongs in their place: text, a number, a list, true or false, one of some words.

A scalar is its text as written wherever text belongs; a number is one by JSON's grammar and without quotes. Every
reader reports what is wrong and then gives None.
"""

import math
import re
from collections.abc import Collection
from typing import Final

from reconciler.manifest.rules import lines as line_rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.manifest.yaml.nodes import MappingNode, Node, Report, Scalar, SequenceNode, kind_of_node
from reconciler.rule import Rule
from reconciler.text import did_you_mean

# A number as JSON spells it (RFC 8259, section 6).
NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DIGITS: Final = 300


def json_number(text: str) -> int | float | None:
    """The number that a text spells in JSON's grammar; None when it fits no 64-bit float."""
    match = NUMBER.fullmatch(text)
    if match is None or len(match[1]) > _DIGITS:
        return None
    if match[2] is None and match[3] is None:
        return int(text)
    value = float(text)
    return None if math.isinf(value) else value


class Fields:
    """Reads values; `report` takes a rule, line, column and details."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def wrong(self, rule: Rule, node: Node, **details: object) -> None:
        """Report a rule broken at a node."""
        self._report(rule, node.line, node.column, **details)

    def mapping(
        self, node: Node, what: str, known: Collection[str], cure: str = "write `key: value`"
    ) -> MappingNode | None:
        """A mapping; its unknown keys are reported, and stay."""
        if not isinstance(node, MappingNode):
            self.wrong(yaml_rules.MAPPING_EXPECTED, node, what=what, kind=kind_of_node(node), cure=cure)
            return None
        for name, key in node.names.items():
            if name not in known:
                self.unknown_key(key, what, known)
        return node

    def unknown_key(self, key: Scalar, where: str, known: Collection[str]) -> None:
        """Report a key that does not belong."""
        guess = did_you_mean(key.text, known)
        self.wrong(yaml_rules.UNKNOWN_KEY, key, name=key.text, where=where, guess=guess, known=", ".join(known))

    def items(self, node: Node, what: str) -> tuple[Node, ...] | None:
        """The items of a list."""
        if isinstance(node, SequenceNode):
            return node.items
        self.wrong(yaml_rules.LIST_EXPECTED, node, what=what, kind=kind_of_node(node))
        return None

    def text(self, node: Node, what: str, empty: Rule = yaml_rules.EMPTY_TEXT) -> str | None:
        """Text as written, at least one character."""
        if not isinstance(node, Scalar):
            self.wrong(yaml_rules.TEXT_EXPECTED, node, what=what, kind=kind_of_node(node))
        elif not node.text:
            self.wrong(empty, node, what=what)
        else:
            return node.text
        return None

    def number(self, node: Node, what: str) -> int | float | None:
        """A number by JSON's grammar."""
        if not isinstance(node, Scalar) or not node.plain or not NUMBER.fullmatch(node.text):
            self.wrong(yaml_rules.NUMBER_EXPECTED, node, what=what, kind=kind_of_node(node))
            return None
        number = json_number(node.text)
        if number is None:
            self.wrong(line_rules.OVERFLOW, node, text=node.text)
        return number

    def whole(self, node: Node, what: str) -> int | None:
        """A whole number; 640.0 is one."""
        number = self.number(node, what)
        if isinstance(number, float):
            if number.is_integer():
                return int(number)
            self.wrong(yaml_rules.WHOLE_EXPECTED, node, what=what, number=number)
            return None
        return number

    def flag(self, node: Node, what: str) -> bool | None:
        """JSON's true or false, without quotes."""
        if isinstance(node, Scalar) and node.plain and node.text in ("true", "false"):
            return node.text == "true"
        self.wrong(yaml_rules.FLAG_EXPECTED, node, what=what, kind=kind_of_node(node))
        return None
