"""Reading one manifest from disk: lines in, findings and accepted entries out.

`read_manifest` reads a manifest that is to be sent. `entries_despite_errors` reads one for looking at it: a line counts
when it is an object with a text `source-ref`, whatever else is wrong with it, and nothing that it reads is ever sent.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from msgspec.structs import replace

from reconciler.entries import SOURCE_REF, without_service_fields
from reconciler.entries.common_lines import CommonLines
from reconciler.entries.image_prefixes import mapped_line
from reconciler.entries.line import own_entry
from reconciler.entries.meaning import encoded
from reconciler.limits import DATASET_ENTRIES, INVALID_SHARE, LINE_CHARACTERS, REFUSED_FILE_BYTES, WARNED_FILE_BYTES
from reconciler.manifest.findings import BrokenRule, Collector, Findings, ParsedLine
from reconciler.manifest.forms import is_yaml, other_lines
from reconciler.manifest.jsonl import located
from reconciler.manifest.judge.line import Judgement, judge, of_stage_fault, source_ref_fault
from reconciler.manifest.judge.whole_manifest import Across, Notes
from reconciler.manifest.mistaken_files import HEAD, mistaken_file
from reconciler.manifest.parts import parts_of
from reconciler.manifest.rules import files
from reconciler.manifest.rules import lines as rules
from reconciler.model import DatasetDeclaration, DesiredEntry, Part, Place, Progress, Reporter
from reconciler.text import did_you_mean, inert

# A character takes at most 4 bytes in UTF-8.
_MOST_BYTES: Final = 4 * LINE_CHARACTERS * DATASET_ENTRIES


# Bytes that are read at once.
_BUFFER: Final = 2**17


@contextmanager
def open_regular(path: Path, collector: Collector, *, manifest: bool = True) -> Iterator[BinaryIO | None]:
    """The file, open for reading bytes; None after reporting why it cannot be read, or what it is instead."""
    try:
        handle = open_file(path)
    except (OSError, ValueError) as exception:
        _report(exception, path, collector)
        yield None
        return
    with handle:
        size = os.fstat(handle.fileno()).st_size
        if size > _MOST_BYTES:
            collector.report(files.TOO_LARGE, size=size, most=_MOST_BYTES)
            yield None
        elif mistake := mistaken_file(handle.read(HEAD), manifest=manifest):
            rule, details = mistake
            collector.report_at(rule, 1, 1, **details)
            yield None
        else:
            handle.seek(0)
            yield handle


def open_file(path: Path) -> BinaryIO:
    """A regular file, open for reading bytes; a pipe never makes the caller wait.

    Raises:
        OSError: it cannot be read, or is a device, pipe or socket (ENXIO). ValueError: its name is not valid.
    """
    handle = open(path, "rb", _BUFFER, opener=_without_waiting)  # noqa: SIM115 - the caller closes it
    if stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
        return handle
    handle.close()
    raise OSError(errno.ENXIO, "it is a device, pipe or socket", str(path))


def _without_waiting(name: str, flags: int) -> int:
    """Open for reading; without O_NONBLOCK a named pipe would wait for a writer for ever."""
    return os.open(name, flags | os.O_NONBLOCK)


def _report(exception: OSError | ValueError, path: Path, collector: Collector) -> None:
    number = exception.errno if isinstance(exception, OSError) else None
    if number in {errno.ENOENT, errno.ENOTDIR}:
        collector.report(files.MISSING, cure=partial(_missing_cure, path))
    elif number == errno.EISDIR:
        collector.report(files.DIRECTORY)
    elif number == errno.ENXIO:
        collector.report(files.NOT_A_FILE)
    else:
        collector.report(files.UNREADABLE, reason=os.strerror(number) if number else str(exception))


def _missing_cure(path: Path) -> str:
    cure = "write the file, or correct its name where it is declared"
    try:
        return cure + did_you_mean(path.name, sorted(sibling.name for sibling in path.parent.iterdir()))
    except OSError:
        return cure


# Findings about what is not meant as an entry: no line is lost with it.
_NO_LINES: Final = (files.NO_LINE, rules.COMMENT)


def read_manifest(
    dataset: DatasetDeclaration,
    labels: tuple[str, ...] | None,
    accept: Callable[[DesiredEntry], Place | None],
    report: Reporter = lambda _progress: None,
) -> Findings:
    """Stream a dataset's manifest: judge every line and hand the good ones to `accept`, in the file's order.

    `labels` is the project's closed list of labels, None when it is open. `accept` returns the place of an earlier
    entry with the same key, which makes this one an error, or None. A line with an error is not handed on. Keys are
    those of the stage from here on. `report` gets how many of the file's bytes are read.
    Never raises for what the file holds: everything is a finding. Memory is that of one line (JSON Lines) or one entry
    (YAML).
    """
    collector = Collector(dataset.shown, dataset.policy.marked, dataset.suppress, dataset.judged)
    reading = _Reading(collector, Across(collector, labels, accept, dataset), dataset)
    if dataset.overlooked:
        collector.report(rules.OVERLOOKED, example=dataset.overlooked)
    if dataset.is_training_too:
        collector.report(rules.TRAINING_TOO)
    for part in _parts(dataset, collector):
        _read_file(part, collector, reading, report)
    collector.shown = dataset.shown
    return reading.findings()


def _parts(dataset: DatasetDeclaration, collector: Collector) -> Iterator[Part]:
    """The files of a manifest; findings are about the file that was given last."""
    parts = parts_of(dataset)
    if not parts:
        collector.report(files.EMPTY_FOLDER)
    for part in parts:
        collector.shown = part.shown
        yield part


def _read_file(part: Part, collector: Collector, reading: "_Reading", report: Reporter) -> None:
    """Read one of the files of a manifest."""
    with open_regular(part.path, collector) as handle:
        if handle is None:
            return
        total = os.fstat(handle.fileno()).st_size
        if total >= WARNED_FILE_BYTES:
            rule = files.LARGE_FILE if total <= REFUSED_FILE_BYTES else files.REFUSED_BY_GITHUB
            collector.report(rule, size=total // 2**20)
        is_written = is_yaml(part.path)
        for number, line in enumerate(other_lines(part.path, handle, collector, reading.defaults, reading.take)):
            if line is not None and not (is_written and reading.take_written(line)):
                reading.read(line)
            if line is None or number % 100 == 0:
                report(Progress(f"reading {inert(part.shown)}", handle.tell(), total, "bytes"))


class _Reading:
    """One manifest on its way through the rules."""

    def __init__(self, collector: Collector, across: Across, dataset: DatasetDeclaration) -> None:
        self._collector, self._images, self.defaults = collector, dataset.images, dataset.defaults
        self._across = across
        self._notes = Notes()
        self._common = CommonLines()
        self._lines = self._marked = self._lost = self._known = 0

    def take(self, number: int, start: int, raw: bytes) -> bool:
        """Take a line as it is: of the common shape, and with nothing that was not seen before; else do nothing."""
        place = Place(self._collector.shown, number, 1)
        return self._take(raw, place, lambda: located(place, raw, (SOURCE_REF,)), start)

    def take_written(self, line: ParsedLine) -> bool:
        """Take a line that has a different form in the file, as `take` does."""
        return self._take(encoded(line.document), line.place, partial(line.locate, (SOURCE_REF,)))

    def _take(self, raw: bytes, place: Place, locate: Callable[[], Place], start: int | None = None) -> bool:
        line = None if self._images else self._common.read(raw)  # a line that a stage maps is not sent as it is
        if line is None or not self._across.knows(line) or not self._notes.knows(line, place):
            return False
        text = line.text()
        if len(text) > LINE_CHARACTERS:
            return False
        first = self._across.take(DesiredEntry(line.entry, text, place, "", start if text == raw else None))
        if first is not None:
            before = self._collector.error_count
            self._across.report_repeated(line.entry.key, first, locate)
            self._known += self._collector.error_count - before
        if line.empty or line.shape.extras:
            self._notes.count(line)
        self._lines += 1
        return True

    def read(self, line: ParsedLine) -> None:
        self._lost += self._collector.error_count - self._known
        self._across.count_line(line)
        own = without_service_fields(line.document)
        ambiguous = of_stage_fault(own, self._images)
        own = mapped_line(own, self._images)
        # What the service adds to listed lines declares nothing.
        line = ParsedLine(own, line.place, line.locate, line.written)
        fault = source_ref_fault(own) or ambiguous
        judgement = judge(own) if SOURCE_REF in own else Judgement()  # without a key the service drops the line
        for found in (*((fault,) if fault else ()), *judgement.faults):
            self._report(found, line)
        self._lines += 1
        self._marked += bool(judgement.faults)
        if SOURCE_REF in own:
            self._across.see_kinds(line, judgement)
        self._notes.see(line, judgement)
        if fault is None:
            self._entry(line, ", ".join(dict.fromkeys(found.rule.code for found in judgement.faults)))
        self._known = self._collector.error_count

    def findings(self) -> Findings:
        self._lost += self._collector.error_count - self._known - self._collector.has(*_NO_LINES)
        if self._marked > self._lines * INVALID_SHARE:
            self._collector.report(rules.MANY_MARKED, count=self._marked, lines=self._lines)
        self._notes.report(self._collector)
        lines = self._lines + self._lost if self._lines else 0
        return replace(self._across.findings(), lines=lines)

    def _entry(self, line: ParsedLine, unusable: str) -> None:
        entry, text = own_entry(line.document), encoded(line.document)
        self._notes.see_key(entry.key, line)
        if len(text) > LINE_CHARACTERS and (characters := len(text.decode())) > LINE_CHARACTERS:
            self._report(BrokenRule(rules.LONG_LINE, details={"size": f"{characters:,} characters"}), line)
        else:
            start, raw = line.written or (None, b"")
            self._across.judge(DesiredEntry(entry, text, line.place, unusable, start if raw == text else None), line)

    def _report(self, fault: BrokenRule, line: ParsedLine) -> None:
        self._collector.report(fault.rule, partial(line.locate, fault.path), **fault.details)


def entries_despite_errors(
    dataset: DatasetDeclaration, accept: Callable[[DesiredEntry], Place | None]
) -> tuple[int, int]:
    """Hand the entries of a manifest to `accept`, in its order; it returns the place of an earlier one of the same key.

    Returns how many lines are left out because they could not be read, and how many because they repeat a key: what
    they say is unknown.
    """
    collector = Collector(dataset.shown)
    common, lost, repeated = CommonLines(), 0, 0

    def take(number: int, _start: int, raw: bytes) -> bool:
        nonlocal repeated
        line = None if dataset.images else common.read(raw)
        if line is not None:
            repeated += accept(DesiredEntry(line.entry, line.text(), collector.place(number, 1))) is not None
        return line is not None

    for part in _parts(dataset, collector):
        with open_regular(part.path, collector) as handle:
            lines = other_lines(part.path, handle, collector, dataset.defaults, take) if handle else iter(())
            for line in filter(None, lines):
                own = mapped_line(without_service_fields(line.document), dataset.images)
                if isinstance(own.get(SOURCE_REF), str):
                    repeated += accept(DesiredEntry(own_entry(own), encoded(own), line.place)) is not None
                else:
                    lost += 1
    return lost + collector.error_count - collector.has(*_NO_LINES), repeated
