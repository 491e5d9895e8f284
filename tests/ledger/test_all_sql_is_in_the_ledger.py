"""Only the ledger contains SQL: everything else calls its methods."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import reconciler

_PACKAGE = Path(reconciler.__file__).parent
_SQL = re.compile(r"\s*(SELECT|INSERT|DELETE FROM|UPDATE \w+ SET|CREATE TABLE|DROP TABLE|PRAGMA) ?", re.MULTILINE)


def _statements(path: Path) -> Iterator[str]:
    """The texts of a module that begin as SQL does, and its uses of a connection."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value):
            yield node.value
        elif isinstance(node, ast.Attribute) and node.attr in {"_database", "executemany", "executescript"}:
            yield node.attr


def test_no_module_outside_the_ledger_holds_a_statement() -> None:
    """A module outside of `reconciler/ledger` has neither SQL in it nor the connection; the ledger has both."""
    inside: list[tuple[str, str]] = []
    outside: list[tuple[str, str]] = []
    for path in _PACKAGE.rglob("*.py"):
        (inside if path.parent.name == "ledger" else outside).extend((path.name, text) for text in _statements(path))
    assert outside == []
    assert len(inside) > 20
