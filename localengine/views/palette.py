"""The signs, words and colours of operations.

All views use this table; words and signs from pulumi/pulumi pkg/resource/deploy/step.go and pkg/backend/display/
progress.go, colours from sdk/go/common/diag/colors. Also escapes control characters in text.
"""

from __future__ import annotations

from dataclasses import dataclass

from localengine.engine.events import Op, Severity


@dataclass(frozen=True, slots=True)
class Words:
    """The sign of an operation, and its words while it runs, after it, in a plan, and after a failure."""

    sign: str
    running: str
    done: str
    plan: str
    colour: int | None

    @property
    def failed(self) -> str:
        """The words for a step that failed."""
        return f"{_FAILED.get(self.running, self.running)} failed".strip()


WORDS = {
    Op.SAME: Words("  ", "", "", "", None),
    Op.CREATE: Words("+ ", "creating", "created", "create", 2),
    Op.UPDATE: Words("~ ", "updating", "updated", "update", 3),
    Op.DELETE: Words("- ", "deleting", "deleted", "delete", 1),
    Op.REPLACE: Words("+-", "replacing", "replaced", "replace", 13),
    Op.CREATE_REPLACEMENT: Words("++", "creating replacement", "created replacement", "create replacement", 10),
    Op.DELETE_REPLACED: Words("--", "deleting original", "deleted original", "delete original", 9),
    Op.REFRESH: Words("~ ", "refreshing", "refresh", "refresh", 3),
}
# Shorter words for the failed parts of a replacement.
_FAILED = {"creating replacement": "creating", "deleting original": "deleting"}
SEVERITY_COLOURS = {Severity.ERROR: 1, Severity.WARNING: 3, Severity.INFO: None}
HEADLINE = 13
_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours text for a terminal; returns it unchanged elsewhere."""

    on: bool

    def colour(self, text: str, number: int | None, *, bold: bool = False) -> str:
        """`text` in a colour of the 256-colour palette; unchanged when colours are off or there is no text."""
        if not self.on or not text.strip() or (number is None and not bold):
            return text
        start = "" if number is None else f"\x1b[38;5;{number}m"
        return f"{start}{_BOLD if bold else ''}{text}{_RESET}"

    def verb(self, text: str, op: Op) -> str:
        """`text` in the colour of an operation."""
        return self.colour(text, WORDS[op].colour)

    def headline(self, text: str) -> str:
        """`text` as a heading."""
        return self.colour(text, HEADLINE, bold=True)


def safe(text: str) -> str:
    """`text` with every control character but newline and tab escaped: text cannot control the terminal."""
    return "".join(char if char in "\n\t" or char.isprintable() else _escape(char) for char in text)


def quoted(text: str) -> str:
    """`text` in double quotes on one line, control characters escaped."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{safe(inner)}"'


def _escape(char: str) -> str:
    code = ord(char)
    return {"\r": "\\r"}.get(char) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def display_type(kind: str) -> str:
    """A type as Pulumi shows it: `aws:rekognition:Project` for `aws:rekognition/project:Project`."""
    parts = kind.split(":")
    if len(parts) != 3 or "/" not in parts[1]:
        return safe(kind)
    module, _, file = parts[1].rpartition("/")
    camel = parts[2][:1].lower() + parts[2][1:]
    return safe(f"{parts[0]}:{module}:{parts[2]}" if file == camel else kind)
