"""The text of a fault plan: YAML or JSON, and the line on which each of its faults and keys stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

_BOOL = "tag:yaml.org,2002:bool"


class PlanError(ValueError):
    """A fault plan that cannot be understood; the text names the place, the mistake and the cure."""


class _Loader(yaml.SafeLoader):
    """YAML whose only truth values are true and false: the key `on` is a word, and so is the message `No`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile("true|false"), list("tf"))


@dataclass(frozen=True)
class Spec:
    """One fault as it is written: what it says, its number, and where (`lines`: of its keys, and `when: path`)."""

    says: object
    number: int
    source: str
    line: int
    lines: dict[str, int] = field(default_factory=dict)

    def wrong(self, sentence: str, key: str = "") -> PlanError:
        """The refusal of this fault, with the line of a key (or of the fault)."""
        line = self.lines.get(key, self.line)
        place = f"{self.source}:{line}" if self.source else f"Line {line}"
        return PlanError(f"{place}: Fault {self.number}: {sentence}")


def _lines(node: yaml.Node) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        found[str(key.value)] = key.start_mark.line + 1
        if key.value == "when":
            found |= {f"when: {path}": line for path, line in _lines(value).items()}
    return found


def _nodes(tree: yaml.Node | None) -> list[yaml.Node]:
    """The nodes of the faults, as far as there is a list of them."""
    if isinstance(tree, yaml.MappingNode):
        found = [value for key, value in tree.value if key.value == "faults"]
        tree = found[-1] if found else None
    return list(tree.value) if isinstance(tree, yaml.SequenceNode) else []


def read(text: str, source: str = "") -> list[Spec]:
    """The faults of a plan from the file `source`, in order.

    Raises:
        PlanError: when the text is not YAML, or no list of faults.
    """
    where = f"{source}: " if source else ""
    try:
        document: Any = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with fewer words
        nodes = _nodes(yaml.compose(text, _Loader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        place = f"{source}:{line}" if source else f"Line {line}"
        raise PlanError(f"{place}: The fault plan is not YAML: {error.problem}.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a word that looks like a date and is none
        raise PlanError(f"{where}The fault plan is not YAML: {error}") from error
    except RecursionError as error:
        raise PlanError(f"{where}The fault plan is not YAML that can be read: it is nested too deep.") from error
    if isinstance(document, dict) and set(document) - {"faults"}:
        other = ", ".join(f"`{key}`" for key in document if key != "faults")
        raise PlanError(f"{where}A fault plan has one key, `faults`; it has {other}.")
    faults = document.get("faults") if isinstance(document, dict) else document
    if faults is None:
        return []
    if not isinstance(faults, list):
        raise PlanError(f"{where}A fault plan is a list of faults, or a mapping with the key `faults`.")
    return [
        Spec(says, number, source, node.start_mark.line + 1, _lines(node))
        for number, (says, node) in enumerate(zip(faults, nodes, strict=True), start=1)
    ]
