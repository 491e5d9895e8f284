"""The page for people at `/`: projects, datasets, entries, the last calls and faults.

Knows plain HTML. Refuses scripts, styles from elsewhere and unescaped text: keys and labels may be hostile.
"""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from rekognition_emulator.manifest import counted_labels
from rekognition_emulator.wire import Answer

if TYPE_CHECKING:
    from rekognition_emulator.front import Front
    from rekognition_emulator.records import Dataset
    from rekognition_emulator.wire import HttpRequest

_LATEST = 50
_ENTRIES = 100
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem;max-width:75rem}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ccc;padding:.2rem .6rem;text-align:left;vertical-align:top}"
    "code{overflow-wrap:anywhere}th{font-weight:600}.error{color:#a00}"
)


def text(value: object) -> str:
    """Any text for HTML: escaped, control characters shown as a question mark."""
    return escape("".join(letter if letter.isprintable() else "?" for letter in str(value)))


def _table(head: list[str], rows: list[list[str]]) -> str:
    """A table of cells that are HTML already."""
    if not rows:
        return "<p>None.</p>"
    titles = "".join(f"<th>{text(each)}</th>" for each in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{titles}</tr>{body}</table>"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _position(after: str) -> int:
    """The position that a link names; what no link of ours has is the beginning."""
    return int(after) if after.isdecimal() and len(after) < 18 else 0


class Page:
    """Writes the page from what the emulator has now."""

    def __init__(self, front: Front) -> None:
        self.front = front

    def handle(self, request: HttpRequest) -> Answer:
        """The page; `?dataset=ARN&after=POSITION` shows a dataset's entries."""
        query = parse_qs(urlsplit(request.path).query)
        arn, after = query.get("dataset", [""])[0], query.get("after", ["0"])[0]
        with self.front.service.lock:
            body = self._dataset(arn, _position(after)) if arn else self._overview()
        html = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><title>Rekognition emulator</title>'
            f"<style>{_STYLE}</style><h1>Rekognition Custom Labels emulator</h1>{body}</html>"
        )
        return Answer(200, html.encode(errors="replace"), _HEADERS)

    def _overview(self) -> str:
        return (
            f"<h2>Projects and datasets</h2>{self._datasets()}"
            f"<h2>Last calls</h2>{self._calls()}<h2>Last faults</h2>{self._faults()}"
        )

    def _datasets(self) -> str:
        service = self.front.service
        rows = []
        for project in service.backend.store.projects():
            if service.lifecycle.settled_project(project) is None:
                continue
            datasets = service.lifecycle.datasets(project.arn)
            state = "DELETING" if project.gone_at is not None else "CREATED"
            rows.append([f"<b>{text(project.name)}</b>", text(state), f"<code>{text(project.arn)}</code>", "", "", ""])
            rows += [self._dataset_row(dataset) for dataset in datasets]
        return _table(["Name", "Status", "ARN, message", "Entries", "Labels", "Errors"], rows)

    def _dataset_row(self, dataset: Dataset) -> list[str]:
        tally, labels = dataset.tally, counted_labels(dataset.tally, self.front.service.backend.switches)
        link = f'<a href="/?dataset={quote(dataset.arn, safe="")}">{text(dataset.kind)}</a>'
        about = f"<code>{text(dataset.arn)}</code><br>{text(dataset.message)} ({text(_moment(dataset.updated))})"
        counts = f"{tally.total} ({tally.labeled} labelled)"
        return [link, text(dataset.status), about, counts, str(labels), str(tally.errors)]

    def _calls(self) -> str:
        rows = [
            [_moment(call.at), text(call.operation), str(call.status), text(call.error), text(", ".join(call.faults))]
            for call in reversed(self.front.journal.calls[-_LATEST:])
        ]
        return _table(["Time", "Operation", "Status", "Error", "Faults"], rows)

    def _faults(self) -> str:
        rows = [
            [_moment(fired.at), text(fired.name), text(fired.operation), text(fired.request_id)]
            for fired in reversed(self.front.faults.log[-_LATEST:])
        ]
        return _table(["Time", "Fault", "Operation", "Request"], rows)

    def _dataset(self, arn: str, after: int) -> str:
        backend = self.front.service.backend
        dataset = backend.store.dataset(arn)
        if dataset is None or self.front.service.lifecycle.settle(dataset) is None:
            return '<p>There is no such dataset. <a href="/">All projects</a></p>'
        found = backend.store.entries_after(arn, after, _ENTRIES + 1)
        shown, more = found[:_ENTRIES], ""
        if len(found) > _ENTRIES:
            more = f'<p><a href="/?dataset={quote(arn, safe="")}&amp;after={shown[-1][0]}">More</a></p>'
        rows = [
            [
                text(entry.key),
                text(", ".join(entry.used)),
                "errors" if entry.errors else "",
                f"<code>{text(entry.line)}</code>",
            ]
            for _, entry in shown
        ]
        table = _table(["source-ref", "Labels", "", "Line"], rows)
        return f'<p><a href="/">All projects</a></p><h2><code>{text(arn)}</code></h2>{table}{more}'
