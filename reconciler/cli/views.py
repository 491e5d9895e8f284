"""One dataset on the screen: header, findings, plan, outcome; and the last line over all of them.

Knows the order of things, indents and colours. Refuses to know the words of plans and outcomes
(`reconciler.report.text`) and how they came about.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.cli.colours import Style
from reconciler.cli.record import DatasetRun
from reconciler.cli.terminal import Screen
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.inert import inert
from reconciler.manifest import Findings
from reconciler.model import Finding, Verb
from reconciler.plan import Action, Plan
from reconciler.report.text import change_lines, counted, finding_line, outcome_lines, outcome_summary, summary

__all__ = ["Views"]

# So many findings that stop nothing are shown beside a plan; -v shows all that are kept.
_FEW: Final = 3
_SIGNS: Final = {
    Verb.ADD.value: Style.ADD,
    Verb.UPDATE.value: Style.UPDATE,
    Verb.UNLABEL.value: Style.UNLABEL,
    Verb.LIVE_ONLY.value: Style.LIVE_ONLY,
}


class Views:
    """Shows datasets; `limit` bounds the changes of each, None for all."""

    def __init__(self, screen: Screen, *, limit: int | None, verbose: bool) -> None:
        self._screen = screen
        self._limit = limit
        self._few = None if verbose else _FEW

    def header(self, one: DatasetRun) -> None:
        """The dataset's name and its manifest."""
        self._screen.line(f"{inert(one.title)}  ({inert(one.dataset.shown)})", Style.HEADER)

    def validated(self, one: DatasetRun) -> None:
        """What a manifest holds and every finding that was kept."""
        self.header(one)
        findings = one.findings
        if findings:
            self._line(_content(findings))
            self._findings(findings.errors, findings.error_count, Style.BAD, "errors")
            self._findings(findings.marked, findings.marked_count, Style.WARNING, "marked findings")
            self._findings(findings.notes, findings.note_count, Style.DIM, "notes")

    def planned(self, one: DatasetRun, missing: str) -> None:
        """What an apply would do and what is worth a word; `missing` says that the project is not there."""
        self.header(one)
        if missing:
            self._line(missing, Style.WARNING)
        if one.plan:
            self._plan(one, one.plan)
        self._remarks(one)
        self._ending(one)
        self._screen.flush()

    def applied(self, one: DatasetRun) -> None:
        """What an apply did and what went not as wished."""
        self.header(one)
        if one.outcome:
            self._line(outcome_summary(one.outcome))
            for line in outcome_lines(one.outcome):
                self._line(line, Style.WARNING)
        self._ending(one)
        self._screen.flush()

    def _plan(self, one: DatasetRun, plan: Plan) -> None:
        self._line(summary(plan), Style.BAD if plan.action is Action.REPLACE else Style.PLAIN)
        for line in change_lines(one.ledger, plan, self._limit):
            self._line(line, _SIGNS.get(line[:1], Style.DIM), keep=False)
        for refusal in plan.refusals:
            self._line(f"refused: {inert(refusal, 1000)}", Style.BAD)

    def _remarks(self, one: DatasetRun) -> None:
        findings = one.findings
        if findings:
            self._some(findings.marked, findings.marked_count, Style.WARNING, "marked findings")
            self._some(findings.notes, findings.note_count, Style.DIM, "notes")

    def _some(self, findings: Sequence[Finding], count: int, style: Style, what: str) -> None:
        self._findings(findings[: self._few], count, style, what)

    def _findings(self, findings: Iterable[Finding], count: int, style: Style, what: str) -> None:
        shown = 0
        for finding in findings:
            shown += 1
            self._line(finding_line(finding), style)
        if count > shown:
            self._line(f"... and {count - shown:,} more {what}", style)

    def _ending(self, one: DatasetRun) -> None:
        if one.skipped:
            self._line(one.skipped, Style.DIM)
        elif one.failure:
            self._line(f"{_word(one.failure)}: {inert(str(one.failure), 2000)}", Style.BAD)

    def _line(self, text: str, style: Style = Style.PLAIN, *, keep: bool = True) -> None:
        self._screen.line(f"  {text}", style, keep=keep)


def _word(error: ReconcilerError) -> str:
    return "interrupted" if isinstance(error, Interrupted) else "failed"


def _content(findings: Findings) -> str:
    parts = [counted(findings.entries, "entry", "entries"), counted(len(findings.labels), "label", "labels")]
    if findings.boxes:
        parts.append(counted(findings.boxes, "box", "boxes"))
    if not findings.total:
        parts.append("no findings")
    return ", ".join(parts)
