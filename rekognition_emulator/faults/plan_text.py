"""The text of a fault plan, YAML or JSON, taken apart: its faults, each with the lines of its keys.

What the keys mean is in plan.py; here a mistake is one of form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

_BOOL = "tag:yaml.org,2002:bool"


class PlanError(ValueError):
    """An invalid fault plan; the text has the place, the mistake and how to fix it."""


class _Loader(yaml.SafeLoader):
    """YAML whose only truth values are true and false: the key `on` is a word, and so is the message `No`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile("true|false"), list("tf"))


@dataclass(frozen=True)
class FaultSpec:
    """One fault as it is written in a plan.

    `content`: its value, of any type; `number`: its position in the plan, from 1; `source`: the file, or empty;
    `line`: its first line; `lines`: the line of each of its keys, and of each condition as `when: path`.
    """

    content: object
    number: int
    source: str
    line: int
    lines: dict[str, int] = field(default_factory=dict)

    def error(self, sentence: str, key: str = "") -> PlanError:
        """The exception for a mistake in this fault, with the line of `key` (or of the fault)."""
        line = self.lines.get(key, self.line)
        place = f"{self.source}:{line}" if self.source else f"Line {line}"
        return PlanError(f"{place}: Fault {self.number}: {sentence}")


def read_specs(text: str, source: str = "") -> list[FaultSpec]:
    """The faults of a plan from the file `source`, in order.

    Raises:
        PlanError: when the text is not YAML, or not a list of faults.
    """
    where = f"{source}: " if source else ""
    document, nodes = _parse(text, source)
    if isinstance(document, dict) and set(document) - {"faults"}:
        other = ", ".join(f"`{key}`" for key in document if key != "faults")
        raise PlanError(f"{where}A fault plan has one key, `faults`; unknown: {other}.")
    faults = document.get("faults") if isinstance(document, dict) else document
    if faults is None:
        return []
    if not isinstance(faults, list):
        raise PlanError(f"{where}A fault plan is a list of faults, or a mapping with the key `faults`.")
    return [
        FaultSpec(content, number, source, node.start_mark.line + 1, _key_lines(node))
        for number, (content, node) in enumerate(zip(faults, nodes, strict=True), start=1)
    ]


def _parse(text: str, source: str) -> tuple[Any, list[yaml.Node]]:
    """The document, and the nodes of its faults."""
    where = f"{source}: " if source else ""
    try:
        return yaml.load(text, _Loader), _fault_nodes(yaml.compose(text, _Loader))  # noqa: S506 - a SafeLoader with fewer words
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        place = f"{source}:{line}" if source else f"Line {line}"
        raise PlanError(f"{place}: The fault plan is not valid YAML: {error.problem}.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a word that looks like a date and is not one
        raise PlanError(f"{where}The fault plan is not valid YAML: {error}") from error
    except RecursionError as error:
        raise PlanError(f"{where}The fault plan is nested too deeply to be read as YAML.") from error


def _fault_nodes(tree: yaml.Node | None) -> list[yaml.Node]:
    """The nodes of the faults; empty when the document has no list of faults."""
    if isinstance(tree, yaml.MappingNode):
        found = [value for key, value in tree.value if key.value == "faults"]
        tree = found[-1] if found else None
    return list(tree.value) if isinstance(tree, yaml.SequenceNode) else []


def _key_lines(node: yaml.Node) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        found[str(key.value)] = key.start_mark.line + 1
        if key.value == "when":
            found |= {f"when: {path}": line for path, line in _key_lines(value).items()}
    return found
