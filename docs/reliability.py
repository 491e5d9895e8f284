"""docs/reliability.md, made from the table of faults and from the figures of the last full run (reliability.json).

The figures are written by `RELIABILITY_RECORD=1 python -m pytest -m slow tests/reliability`; the page is made together
with the others by `python docs/pages.py`.
"""

# ruff: noqa: INP001 - a part of the script docs/pages.py, which finds it beside itself

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from reconciler.aws.faults import answers

OPERATIONS: Final = (
    "DescribeProjects",
    "DescribeDataset",
    "ListDatasetEntries",
    "UpdateDatasetEntries",
    "CreateDataset",
    "DeleteDataset",
)
_RECORD: Final = Path(__file__).with_name("reliability.json")
_SIGNS: Final = {"same run": "1", "next run": "2"}


def reliability_page() -> str:
    """The whole page."""
    record = json.loads(_RECORD.read_text(encoding="utf-8"))
    return "\n".join([*_head(), *_answers(), *_matrix(record["matrix"]), *_figures(record)])


def _head() -> Iterator[str]:
    yield "<!-- Made by `python docs/pages.py`; do not edit. -->\n"
    yield "# An apply that survives everything\n"
    yield "Nothing here was tried on the live service: faults, colleagues and deaths are those of the emulator"
    yield "([emulator.md](emulator.md)). The tests are in `tests/reliability`; the long ones and the figures:\n"
    yield "```\nRELIABILITY_RECORD=1 python -m pytest -m slow tests/reliability && python docs/pages.py\n```\n"


def _answers() -> Iterator[str]:
    """Operation by exception; rows that are the same for all operations are written once."""
    yield "## What is done about an error\n"
    yield "A connection that fails, a reply that is cut off and a status of 500 are sent again with growing pauses,"
    yield "errors for 5 minutes. An endpoint that never answered is given up after 30 seconds; a network that goes away"
    yield "in the middle of a run is waited for as long as `policy.patience` says, and the screen says so; Ctrl-C ends"
    yield "that wait. A call that may have done its work is expected to be done."
    yield "In the tables, *it* is what the call is about.\n"
    rows: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for operation, code, answer, cause, cure in answers(OPERATIONS):
        rows[code, answer.name.lower().replace("_", " "), f"{cause}; {cure}"].append(operation)
    yield "| exception | operations | answer | what is said when that does not help |"
    yield "|---|---|---|---|"
    for (code, what, said), operations in sorted(rows.items()):
        named = "all" if len(operations) == len(OPERATIONS) else ", ".join(f"`{one}`" for one in operations)
        yield f"| `{code}` | {named} | {what} | {_cell(said)} |"
    yield ""


def _matrix(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    same = sum(row[4] == "same run" for row in rows)
    yield "## Every fault at every operation\n"
    yield f"{len(rows):,} trials: a fault strikes the first, the middle or the last call of an operation, in an apply"
    yield "of three batches to a dataset (`apply`) or in one that deletes it and loads it anew (`replace`). Each trial"
    yield "holds that nothing is lost, that what the run said of itself is so, that the next run makes live as desired,"
    yield f"and that one more run sends nothing. **1**: the same run converged ({same:,}). **2**: it said why not, and"
    yield f"the next run did ({len(rows) - same:,}). In the order of the positions; fewer for fewer calls.\n"
    for scene in dict.fromkeys(row[0] for row in rows):
        yield from _scene(scene, [row for row in rows if row[0] == scene])
    yield from _sentences(rows)


def _scene(scene: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    cells: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for _scene, fault, operation, _position, end, _said in rows:
        cells[fault, operation].append(_SIGNS[end])
    operations = [one for one in OPERATIONS if any(key[1] == one for key in cells)]
    yield f"### `{scene}`\n"
    yield f"| fault | {' | '.join(operations)} |"
    yield f"|---|{'---|' * len(operations)}"
    for fault in dict.fromkeys(row[1] for row in rows):
        yield f"| {fault} | {' | '.join(' '.join(cells.get((fault, one), [])) for one in operations)} |"
    yield ""


def _sentences(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """What a run said that left the rest to the next one."""
    said = dict.fromkeys(_plain(row[5]) for row in rows if row[5])
    yield "### What was said\n"
    yield "Sentences of the runs marked 2, without AWS's own text and the request id, which stand in brackets.\n"
    yield from (f"- {_cell(sentence)}" for sentence in sorted(said))
    yield ""


def _plain(sentence: str) -> str:
    """A sentence without the name of the operation and the request id."""
    operation, colon, rest = sentence.removesuffix(" [request id ID]").partition(": ")
    return f"OPERATION: {rest}" if operation in OPERATIONS else f"{operation}{colon}{rest}"


def _figures(record: dict[str, Any]) -> Iterator[str]:
    """A section for each test whose figures are there."""
    for section, paragraph in _SECTIONS.items():
        if section in record:
            yield from paragraph(record[section])


def _kills(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "## Killed at every call\n"
    yield "SIGKILL before and after every single API call of an apply of six batches, in a real process of each shell."
    yield "The next run converged every time, nothing was lost, and no line that was live already was sent again.\n"
    yield "| shell | what it did | calls | kills | converged |"
    yield "|---|---|---|---|---|"
    for shell, story, calls, kills in rows:
        yield f"| `{shell}` | {story} | {calls} | {kills} | {kills} |"
    yield ""


def _machine(figures: dict[str, int]) -> Iterator[str]:
    yield "## Anything in any order\n"
    yield f"{figures['stories']:,} random stories ({figures['calls']:,} calls) of edits, colleagues, fault plans and"
    yield "kills: every report was true, and a quiet run at the end made live as desired. A failure prints its steps"
    yield "with the fault plan and its seed, which replay it.\n"


def _bisecting(figures: dict[str, int]) -> Iterator[str]:
    yield "## Lines at fault in a batch\n"
    yield f"{figures['searches']} searches for three lines among {figures['lines']:,} that the service fails as a"
    yield f"whole: {figures['fewest']} to {figures['most']} UpdateDatasetEntries calls (80 are allowed), all three"
    yield f"named by file and line, the other {figures['lines'] - 3:,} live. Wherever three lines stand, 67 calls are"
    yield "enough: reckoned for all places, and the reckoning tried at every place of small batches.\n"


def _two_at_once(figures: dict[str, int]) -> Iterator[str]:
    yield "## Two applies at the same time\n"
    yield f"{figures['orders']} orders of the calls of two applies with different manifests: both said that all was"
    yield f"well in {figures['2']}, one in {figures['1']}, none in {figures['0']}; whoever said so had live as desired"
    yield "at that moment.\n"


_SECTIONS: Final[dict[str, Callable[[Any], Iterator[str]]]] = {
    "kills": _kills,
    "machine": _machine,
    "bisecting": _bisecting,
    "two at once": _two_at_once,
}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
