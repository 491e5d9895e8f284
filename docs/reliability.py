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
# What happens, what is done by the command, and by an up (empty: the same).
_ENDINGS: Final = (
    (
        "first Ctrl-C, SIGTERM",
        "the running batch is waited for, nothing more is sent, live is read back; exit 130 (143)",
        "likewise, with Pulumi's exit code; where this SDK does not let Cancel be heard, it says so first, and runs on",
    ),
    (
        "second",
        "stopped at once; AWS still processes a batch that was sent",
        "the engine ends the provider within seconds; it sends nothing after the batch in flight",
    ),
    (
        "SIGKILL, power",
        "the next apply records it (`killed`, [snapshots.md](snapshots.md))",
        "likewise; if only the engine dies, the provider notices and sends nothing after the batch in flight",
    ),
    ("the network goes away", "waited for as long as `policy.patience` says; the screen says so", ""),
    (
        "credentials expire",
        "it stops, says so and what went in; exit 1. Credentials that can be renewed are: assumed roles, profiles",
        "likewise, and the state keeps it",
    ),
    ("no progress for `policy.patience`", "it stops and says so; exit 1", "likewise"),
)
_STATES: Final = (
    ("none", "creates it"),
    ("`CREATE_COMPLETE`, `UPDATE_COMPLETE`, `UPDATE_FAILED`", "takes it over: lists it and sends what differs"),
    ("`CREATE_IN_PROGRESS`, `UPDATE_IN_PROGRESS`", "waits until it has ended, whoever began it, then takes it over"),
    ("`CREATE_FAILED`", "deletes what is left, of which nothing can be listed, and creates it"),
    ("`DELETE_IN_PROGRESS`", "waits until it is gone and creates it"),
)
_SIGNS: Final = {"same run": "1", "next run": "2"}


def reliability_page() -> str:
    """The whole page."""
    record = json.loads(_RECORD.read_text(encoding="utf-8"))
    return "\n".join([*_head(), *_ends(), *_starts(), *_answers(), *_matrix(record["matrix"]), *_figures(record)])


def _head() -> Iterator[str]:
    yield "<!-- Made by `python docs/pages.py`; do not edit. -->\n"
    yield "# An apply that survives everything\n"
    yield "Nothing here was tried on the live service: faults, colleagues and deaths are those of the emulator"
    yield "([emulator.md](emulator.md)). The tests are in `tests/reliability`; the long ones and the figures:\n"
    yield "```\nRELIABILITY_RECORD=1 python -m pytest -m slow tests/reliability && python docs/pages.py\n```\n"


def _ends() -> Iterator[str]:
    """What ends an apply before its time, in both shells."""
    yield "## Stopped, killed, out of reach\n"
    yield "Nothing that was confirmed is lost, and running again goes on from what is live.\n"
    yield "| what happens | `reconciler apply` | `pulumi up` |"
    yield "|---|---|---|"
    for what, command, pulumi in _ENDINGS:
        yield f"| {what} | {command} | {pulumi or 'likewise'} |"
    yield ""


def _starts() -> Iterator[str]:
    """How a dataset may be found, by its project's name or ARN and its type."""
    yield "## As a dataset is found\n"
    yield "A project has one dataset of a type, so a project (by name or ARN) and a type name one, whoever made it.\n"
    yield "| state | what an apply does |"
    yield "|---|---|"
    for state, what in _STATES:
        yield f"| {state} | {what} |"
    yield ""


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
