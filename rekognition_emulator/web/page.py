"""The status page at `/`: projects, datasets, entries, the last calls and faults.

Keys and labels may be hostile: all text is escaped, and the page allows no scripts and no resources from elsewhere.
"""

from __future__ import annotations

import re
import time
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from rekognition_emulator.aws_json.wire import HttpResponse
from rekognition_emulator.journal import SUBJECT_MEMBERS
from rekognition_emulator.lines.manifest import counted_labels

if TYPE_CHECKING:
    from rekognition_emulator.aws_json.wire import HttpRequest
    from rekognition_emulator.lines.entries import Entry
    from rekognition_emulator.state.records import Dataset
    from rekognition_emulator.web.front_end import FrontEnd

_DATASET = ["Dataset", "Status", "Updated", "Entries", "Labelled", "Labels", "With errors"]
_ERROR = re.compile(r'"code":"(ERROR_[A-Z_]+)"')
_LATEST = 50
_ENTRIES = 100
_LONGEST = 2000  # characters of a key or line on the page
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}"
    "section{overflow-x:auto;margin-bottom:1.5rem}h3{margin:1.2rem 0 .2rem}"
    "table{border-collapse:collapse;width:100%;min-width:45rem}"
    "td,th{border-bottom:1px solid #8885;padding:.25rem .6rem;text-align:left;vertical-align:top}"
    "td{overflow-wrap:anywhere}th{font-weight:600;white-space:nowrap}.number{text-align:right}"
    "code{font-size:.85em}.wide{table-layout:fixed;min-width:60rem}.wide code{white-space:pre-wrap}"
    ".bad{color:light-dark(#a00,#f99)}.busy{color:light-dark(#850,#fc6)}.good{color:light-dark(#060,#8d8)}"
)


def html_text(value: object) -> str:
    """A value as text for HTML: escaped, with a question mark for each character that cannot be printed."""
    return escape("".join(letter if letter.isprintable() else "?" for letter in str(value)))


def _html_table(head: list[str], rows: list[list[str]], *, style: str = "", widths: tuple[int, ...] = ()) -> str:
    """A table; `head` is text, the cells of `rows` are HTML, `widths` are in per cent."""
    if not rows:
        return "<p>None.</p>"
    columns = "".join(f'<col style="width:{width}%">' for width in widths)
    titles = "".join(f'<th scope="col">{html_text(each)}</th>' for each in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<section><table class="{style}">{columns}<tr>{titles}</tr>{body}</table></section>'


def _code(value: object) -> str:
    return f"<code>{html_text(value)}</code>"


def _status(word: str) -> str:
    """A status in a colour."""
    style = "bad" if word.endswith("FAILED") else "good" if word.endswith(("COMPLETE", "CREATED")) else "busy"
    return f'<span class="{style}">{html_text(word)}</span>'


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _about(request: dict[str, Any]) -> str:
    """What a call was about: the end of the first ARN, or the first name, in its request."""
    found = next((request[name] for name in SUBJECT_MEMBERS if request.get(name)), "")
    return _code(str(found).partition(":project/")[2] or found) if found else ""


def _position(after: str) -> int:
    """The position in a link; 0 for a text that no link of this page has."""
    return int(after) if after.isdecimal() and len(after) < 18 else 0


class Page:
    """Renders the page from the present state of the emulator."""

    def __init__(self, front_end: FrontEnd) -> None:
        self.front_end = front_end

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The page; `?dataset=ARN&after=POSITION` shows a dataset's entries."""
        query = parse_qs(urlsplit(request.path).query)
        arn, after = query.get("dataset", [""])[0], query.get("after", ["0"])[0]
        with self.front_end.service.lock:
            body = self._dataset(arn, _position(after)) if arn else self._overview()
        html = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><title>Rekognition emulator</title>'
            f"<style>{_STYLE}</style><h1>Rekognition Custom Labels emulator</h1>{body}</html>"
        )
        return HttpResponse(200, html.encode(errors="replace"), _HEADERS)

    def _overview(self) -> str:
        clock = self.front_end.service.context.clock
        state = "it is frozen" if clock.is_frozen else "it is running"
        return (
            f"<p>The emulator's clock is at {_moment(clock.now())}; {state}.</p>"
            f"<h2>Projects and datasets</h2>{self._projects() or '<p>None.</p>'}"
            f"<h2>Last calls</h2>{self._calls()}<h2>Last faults</h2>{self._faults()}"
        )

    def _projects(self) -> str:
        service, shown = self.front_end.service, ""
        for project in service.context.store.projects():
            if service.lifecycle.current_project(project) is None:
                continue
            state = "DELETING" if project.gone_at is not None else "CREATED"
            rows = [self._dataset_row(dataset) for dataset in service.lifecycle.datasets(project.arn)]
            shown += f"<h3>{html_text(project.name)}</h3><p>{_status(state)} {_code(project.arn)}</p>"
            shown += _html_table(_DATASET, rows) if rows else "<p>No dataset.</p>"
        return shown

    def _dataset_row(self, dataset: Dataset) -> list[str]:
        link = f'<a href="/?dataset={quote(dataset.arn, safe="")}">{html_text(dataset.kind)}</a>'
        return [f"{link}<br>{_code(dataset.arn)}", *self._facts(dataset)]

    def _facts(self, dataset: Dataset) -> list[str]:
        """Status and statistics of a dataset."""
        tally, labels = dataset.tally, counted_labels(dataset.tally, self.front_end.service.context.switches)
        numbers = [f"{number:,}" for number in (tally.total, tally.labeled, labels, tally.errors)]
        said = f"{_status(str(dataset.status))}<br>{html_text(dataset.message)}"
        return [said, _moment(dataset.updated), *numbers]

    def _calls(self) -> str:
        rows = [
            [
                _moment(call.at),
                html_text(call.operation),
                _about(call.request),
                str(call.status),
                f'<span class="bad">{html_text(call.error)}</span>',
                html_text(", ".join(call.faults)),
            ]
            for call in reversed(self.front_end.journal.calls[-_LATEST:])
        ]
        head, widths = ["Time", "Operation", "About", "Status", "Error", "Faults"], (17, 18, 29, 6, 18, 12)
        return _html_table(head, rows, style="wide", widths=widths)

    def _faults(self) -> str:
        rows = [
            [
                _moment(each.at),
                html_text(each.name),
                html_text(each.fault),
                html_text(each.operation),
                _about(each.request),
            ]
            for each in reversed(self.front_end.faults.log[-_LATEST:])
        ]
        head, widths = ["Time", "Fault", "Kind", "Operation", "About"], (17, 22, 14, 18, 29)
        return _html_table(head, rows, style="wide", widths=widths)

    def _dataset(self, arn: str, after: int) -> str:
        context = self.front_end.service.context
        dataset = context.store.dataset(arn)
        if dataset is None or self.front_end.service.lifecycle.finish_due_work(dataset) is None:
            return '<p>The dataset was not found. <a href="/">All projects</a></p>'
        found = context.store.entries_after(arn, after, _ENTRIES + 1)
        shown, more = found[:_ENTRIES], ""
        if len(found) > _ENTRIES:
            more = f'<p><a href="/?dataset={quote(arn, safe="")}&amp;after={shown[-1][0]}">More</a></p>'
        rows = [_entry_row(entry) for _, entry in shown]
        entries = _html_table(["source-ref", "Labels", "Errors", "Line"], rows, style="wide", widths=(24, 14, 16, 46))
        facts = _html_table(_DATASET[1:], [self._facts(dataset)])
        return f'<p><a href="/">All projects</a></p><h2>{_code(arn)}</h2>{facts}{entries}{more}'


def _entry_row(entry: Entry) -> list[str]:
    codes = dict.fromkeys(_ERROR.findall(entry.line)) if entry.errors else ()
    wrong = f'<span class="bad">{html_text(", ".join(codes))}</span>' if codes else ""
    return [_cut(entry.key), _cut(", ".join(entry.used)), wrong, f"<code>{_cut(entry.line)}</code>"]


def _cut(long: str) -> str:
    """The beginning of a text that may have 100,000 characters, and its length."""
    return html_text(long) if len(long) <= _LONGEST else f"{html_text(long[:_LONGEST])} … ({len(long):,} characters)"
