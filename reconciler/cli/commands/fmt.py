"""`reconciler fmt`: project.yaml and manifests in one layout; what they mean stays."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from reconciler.cli.screen import Screen
from reconciler.cli.session.files import NewFiles
from reconciler.cli.session.read import Run, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.entries.meaning import encoded
from reconciler.errors import Exit
from reconciler.manifest.findings import Collector
from reconciler.manifest.forms import is_yaml
from reconciler.manifest.jsonl import json_lines
from reconciler.manifest.layout import formatted
from reconciler.manifest.parts import parts_of
from reconciler.manifest.project.folders import document_in, project_beside
from reconciler.manifest.project.project_yaml import read_project
from reconciler.manifest.read import open_regular
from reconciler.manifest.tree import Unformattable
from reconciler.manifest.yaml.nodes import Fields
from reconciler.manifest.yaml.read import yaml_lines
from reconciler.model import NO_DEFAULTS
from reconciler.text import counted, inert

_PROJECT: Final = "project.yaml"


def fmt(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Format the files in the arguments, or those of all chosen projects.

    Raises:
        BadInput: a project is not found. InvalidDeclaration: a project.yaml is invalid.
    """
    options = run.options
    changed, refused, alike = list[str](), 0, 0
    with NewFiles(run, screen) as files:
        for path, shown in _files(run):
            if not options.jsonl and not is_yaml(path):
                continue
            try:
                old, new = _texts(path, shown)
            except Unformattable as why:
                refused += 1
                screen.remark(f"{inert(shown)} is not formatted: {inert(str(why))}; the file is as it was", "bad")
                continue
            if old == new:
                alike += 1
            else:
                changed.append(shown)
                files.write(path, [new])
        if not options.check:
            files.done()
    for shown in changed:
        screen.line(f"{inert(shown)}: {'would change' if options.check else 'formatted'}")
    screen.line(f"{counted(alike, 'file needs', 'files need')} no change")
    if refused:
        return Exit.BAD_INPUT
    return Exit.CHANGES if options.check and changed else Exit.DONE


def _files(run: Run) -> Iterator[tuple[Path, str]]:
    """The files to format, each once, with the names that users know."""
    if run.options.sources:
        yield from ((Path(name), name) for name in dict.fromkeys(run.options.sources))
        return
    seen = set[Path]()
    for project in chosen_projects(run.options.datasets, run.options.projects):
        yield project.folder / _PROJECT, f"{project.shown}/{_PROJECT}"
        for dataset in project.datasets:
            yield from (part for part in parts_of(dataset) if part.path not in seen)
            seen |= {part.path for part in parts_of(dataset)}


def _texts(path: Path, shown: str) -> tuple[bytes, bytes]:
    """The text of a file, and the one that it gets.

    Raises:
        Unformattable: the file is not valid, or something in it could not be kept.
    """
    collector = Collector(shown)
    with open_regular(path, collector, manifest=path.name != _PROJECT) as handle:
        old = handle.read() if handle else b""
    lines = list[bytes]()
    if not collector.error_count and path.name == _PROJECT:
        root = document_in(path, collector)
        if root is not None:
            read_project(root, path.resolve().parent, shown, Fields(collector.report_at))
    elif not collector.error_count and is_yaml(path):
        project = project_beside(path)
        defaults = project.defaults if project else NO_DEFAULTS
        for _line in yaml_lines(BytesIO(old), collector, defaults=defaults):
            pass
        _refuse(collector)
        return old, formatted(old, manifest=True, defaults=defaults)
    elif not collector.error_count:
        lines += (encoded(line.document) + b"\n" for line in json_lines(BytesIO(old), collector))
    _refuse(collector)
    return old, formatted(old, manifest=False) if is_yaml(path) else b"".join(lines)


def _refuse(collector: Collector) -> None:
    """A file with an error stays as it is."""
    if error := next(iter(collector.findings().errors), None):
        raise Unformattable(f"{error.place}: {error.message}")
