"""Make docs/reliability.md from the table of faults and the figures of the last full run (reliability.json).

The figures are written by `RELIABILITY_RECORD=1 python -m pytest -m slow tests/reliability`; the page is made together
with the others by `python docs/pages.py`.
"""

# ruff: noqa: INP001 - a part of the script docs/pages.py

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from reconciler.aws.faults import answers
from rekognition_emulator import Switches

OPERATIONS: Final = (
    "DescribeProjects",
    "DescribeDataset",
    "ListDatasetEntries",
    "UpdateDatasetEntries",
    "CreateDataset",
    "DeleteDataset",
)
_RECORD: Final = Path(__file__).with_name("reliability.json")
# What happens, what `reconciler apply` does, and what `pulumi up` does (empty: the same).
_ENDINGS: Final = (
    (
        "first Ctrl-C, SIGTERM, a closed terminal (SIGHUP)",
        "waits for the running batch, sends nothing more and lists the result; exit 130 (143, 129)",
        "the same, with Pulumi's exit code; with an SDK that cannot detect Ctrl-C it continues, and says so first",
    ),
    (
        "second",
        "stopped at once; AWS still processes a batch that was sent",
        "the engine ends the provider within seconds; it sends nothing after the batch in flight",
    ),
    (
        "SIGKILL, power failure",
        "the next apply records it (`killed`, [snapshots.md](snapshots.md))",
        "the same; if only the engine is killed, the provider detects it and sends nothing after the batch in flight",
    ),
    (
        "Ctrl-C while AWS does not answer",
        "gives up a call that reads at once, one that follows an operation after 10 s, and waits for one that sends",
        "",
    ),
    ("the network is lost", "waits for up to `policy.patience`; the screen shows it", ""),
    (
        "credentials expire",
        "stops and reports what was sent; exit 1. Credentials that can be renewed are: assumed roles, profiles",
        "the same, and the state stores it",
    ),
    ("no progress for `policy.patience`", "stops and reports it; exit 1", ""),
    (
        "a full disk under the temporary database, any other error of this machine, a bug",
        "stops; screen, JSON and record have the ARN, the confirmed lines and the places of snapshots; exit 1",
        "the same, and the state stores it (`unfinished`)",
    ),
    (
        "the lines that an update overwrites cannot be copied (a full disk, no bucket, no permission)",
        "nothing is sent; exit 1. Killed at any point, each of these lines is live or in a copy that the record names",
        "the same, and the state stores it (`unfinished`)",
    ),
    (
        "any of these after AWS accepted the deletion of a dataset",
        "the place of the snapshot was shown and recorded before; the message says that the deletion was accepted",
        "the same; the next refresh, destroy or `pulumi up` finds the dataset gone",
    ),
)
_STATES: Final = (
    ("none", "creates it"),
    ("`CREATE_COMPLETE`, `UPDATE_COMPLETE`, `UPDATE_FAILED`", "uses it: lists it and sends what differs"),
    (
        "`CREATE_IN_PROGRESS`, `UPDATE_IN_PROGRESS`",
        "waits until the operation has ended, whoever began it, then uses it",
    ),
    (
        "`CREATE_FAILED`",
        "deletes it if it counts no entries in two looks, and creates it again; with entries it is left alone",
    ),
    ("`DELETE_IN_PROGRESS`", "waits until it is deleted and creates it again"),
)
_DELETES: Final = (
    ("an operation runs on it, such as a first load", "waits until it has ended, whoever began it"),
    ("one listed entry, or a count above 0", "asks the policy, and writes a snapshot with all of them first"),
    ("a listing without a line beside a count of 0", "deletes it: nothing else proves that it is empty"),
    ("listing and count disagree, or an edit while it is looked at", "looks again; after 6 times an error"),
    (
        "`CREATE_FAILED`, not to be listed",
        "deletes it if two looks agree that it is idle, without entries and unchanged",
    ),
    ("the ARN is not the one that the state records", "refuses, with both ARNs"),
    ("the recorded ARN is not found", "says so, once it is proven that the credentials are of the ARN's account"),
    ("the credentials are of a different account, or it is not known of which", "an error; nothing leaves the state"),
    ("the end of the deletion is not confirmed (credentials expire)", "says that AWS accepted it"),
)
_SIGNS: Final = {"same run": "1", "next run": "2"}


_DRIFT: Final = (
    ("finished", "its digest of live, in which bare lines do not count"),
    ("did not finish, was killed, or is running", "drift, whatever is live"),
    ("was refused before it sent anything", "the apply before it"),
    ("was one of version 0.1.0", "the state: its digest of all lines; a record has none: every difference is drift"),
    ("was made with another `compare`, and only its record is known", "every difference is drift"),
    ("left no record that can be read (lost, cut, tracked by git, of somebody else)", "every difference is drift"),
    ("deleted the dataset", "every difference is drift"),
)


def reliability_page() -> str:
    """The whole page."""
    record = json.loads(_RECORD.read_text(encoding="utf-8"))
    return "\n".join(
        [
            *_head(),
            *_ends(),
            *_starts(),
            *_deletes(),
            *_drift(),
            *_answers(),
            *_open_answers(),
            *_matrix(record["matrix"]),
            *_figures(record),
        ]
    )


def _head() -> Iterator[str]:
    yield "<!-- Made by `python docs/pages.py`; do not edit. -->\n"
    yield "# Faults, and what an apply does about them\n"
    yield "Nothing here was tried on the live service: the emulator ([emulator.md](emulator.md)) makes the faults and"
    yield "changes of others. The tests are in `tests/reliability`; this runs the long ones and writes their figures:\n"
    yield "<!-- not run: it takes half an hour -->"
    yield "```console\n$ RELIABILITY_RECORD=1 python -m pytest -m slow tests/reliability && python docs/pages.py\n```\n"


def _ends() -> Iterator[str]:
    """What ends an apply early, in both shells."""
    yield "## Interrupted, killed, disconnected\n"
    yield "Nothing that was confirmed is lost, and the next run continues from what is live.\n"
    yield "| what happens | `reconciler apply` | `pulumi up` |"
    yield "|---|---|---|"
    for what, command, pulumi in _ENDINGS:
        yield f"| {what} | {command} | {pulumi or 'the same'} |"
    yield ""


def _starts() -> Iterator[str]:
    """The states in which an apply may find a dataset."""
    yield "## The state of the dataset\n"
    yield "A project has one dataset per type: a project (by name or ARN) and a type identify it, whoever created it.\n"
    yield "| state | what an apply does |"
    yield "|---|---|"
    for state, what in _STATES:
        yield f"| {state} | {what} |"
    yield ""


def _deletes() -> Iterator[str]:
    """What is looked at before a dataset is deleted."""
    yield "## Deletes\n"
    yield "One function sends every DeleteDataset: of `destroy: delete`, of `extra: replace`, of a replacement, and of"
    yield "a dataset whose creation failed.\n"
    yield "| the dataset | what happens |"
    yield "|---|---|"
    for state, what in _DELETES:
        yield f"| {state} | {what} |"
    yield ""


def _drift() -> Iterator[str]:
    """By what it is judged whether live has drifted."""
    yield "## Drift\n"
    yield "`reconciler drift` and `pulumi refresh` judge by one function, from what the last apply read back. Where"
    yield "that is not known, a difference counts as drift, and the command says so.\n"
    yield "| the last apply | live is judged by |"
    yield "|---|---|"
    for what, by in _DRIFT:
        yield f"| {what} | {by} |"
    yield ""


def _answers() -> Iterator[str]:
    """Operation by exception; rows that are the same for all operations are written once."""
    yield "## What an apply does about an error\n"
    yield "After a failed connection, a truncated reply or a status of 500 the call is sent again with growing"
    yield "pauses, after an error for 5 minutes. For an endpoint that never answered, retries end after 30 seconds;"
    yield "when the network is lost during a run, they end after `policy.patience`; Ctrl-C ends it. What is not"
    yield "from AWS (a proxy's page, a different server) fails within 5 seconds with what was received; so does what"
    yield "answers in place of S3, and an answer in place of STS fails at once. Every retry, of S3 too,"
    yield "is told: operation, error, attempt, and for how long. A call that may have succeeded is expected to be"
    yield "done. A body that is too large (HTTP 413, or AWS's constraint on its length) is halved, and the size is"
    yield "kept for the run. LimitExceededException of a busy dataset is a running operation; otherwise the call is"
    yield "tried three times within a minute. In the table, *it* is the resource of the call.\n"
    rows: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for operation, code, answer, cause, cure in answers(OPERATIONS):
        rows[code, answer.name.lower().replace("_", " "), f"{cause}; {cure}"].append(operation)
    yield "| exception | operations | answer | message when that does not help |"
    yield "|---|---|---|---|"
    for (code, what, said), operations in sorted(rows.items()):
        named = "all" if len(operations) == len(OPERATIONS) else ", ".join(f"`{one}`" for one in operations)
        yield f"| `{code}` | {named} | {what} | {_cell(said)} |"
    yield ""


def _open_answers() -> Iterator[str]:
    yield "## Answers that AWS leaves open\n"
    many = len(fields(Switches))
    yield f"Each of the emulator's {many} switches is such an answer. Every value of each is tried in six stories:"
    yield "three applies, and one with a failed update, a busy dataset, and a different busy dataset of the"
    yield "account. Each converges and then sends nothing, or says why it cannot: where the service merges lines,"
    yield "drops lines of missing images, takes less than one line, or refuses every update after a failed one.\n"


def _matrix(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    same = sum(row[4] == "same run" for row in rows)
    yield "## Every fault at every operation\n"
    yield f"{len(rows):,} trials: a fault at the first, the middle or the last call of an operation, in an apply"
    yield "of three batches to a dataset (`apply`) or in one that deletes it and loads it again (`replace`). Each trial"
    yield "checks that nothing is lost, that the run reported its result correctly, that after the next run live is as"
    yield f"desired, and that one more run sends nothing. **1**: the same run succeeded ({same:,}). **2**: it reported"
    yield f"why not, and the next run succeeded ({len(rows) - same:,}). In the order of calls; fewer for fewer calls.\n"
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
    """The messages of runs that did not complete."""
    said = dict.fromkeys(_plain(row[5]) for row in rows if row[5])
    yield "### Messages\n"
    yield "The messages of the runs marked 2, without AWS's own text and the request id, which they have in brackets.\n"
    yield from (f"- {_cell(sentence)}" for sentence in sorted(said))
    yield ""


def _plain(sentence: str) -> str:
    """A sentence without the name of the operation and the request id."""
    operation, colon, rest = sentence.removesuffix(" [request id ID]").partition(": ")
    return f"OPERATION: {rest}" if operation in OPERATIONS else f"{operation}{colon}{rest}"


def _figures(record: dict[str, Any]) -> Iterator[str]:
    """A section for each test that has figures."""
    for section, paragraph in _SECTIONS.items():
        if section in record:
            yield from paragraph(record[section])


def _kills(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "## Killed at every call\n"
    yield "SIGKILL before and after every single API call of an apply of six batches, in a real process of each shell."
    yield "The next run succeeded every time, nothing was lost, and no line that was live already was sent again.\n"
    yield "| shell | what it did | calls | kills | next run succeeded |"
    yield "|---|---|---|---|---|"
    for shell, story, calls, kills in rows:
        yield f"| `{shell}` | {story} | {calls} | {kills} | {kills} |"
    yield ""


def _machine(figures: dict[str, int]) -> Iterator[str]:
    yield "## Random stories\n"
    yield f"{figures['stories']:,} random stories ({figures['calls']:,} calls) of edits, changes by others, faults"
    yield "and kills: every report was true, and after a last run without faults live was as desired. A failure prints"
    yield "its steps with the fault plan and its seed, which replay it.\n"
    yield _STORIES
    yield "`make test` runs 50 and 10 of them, `make test-full` 1,000 and 300.\n"


_STORIES: Final = """\
The first and the last kind have one oracle: **every labelled line that was ever live is live, or in a snapshot or a
copy of overwritten lines that `restore` reads**. It is asked at every call that destroys a line, and after
every step to the end of the story, killed steps included; what a colleague destroyed is theirs.

- Stories of one dataset (`test_machine.py`). Steps: edits of the manifest, apply, destroy under each policy,
  the apply of a second program, a colleague's edits and deletion of the dataset, previews, time that passes,
  copies of live that are lost or those of an earlier day. Faults: up to three rules of
  the kinds above at any call, SIGKILL at any call, a full disk under the copies and the temporary database.
  The [probe](probe.md) and the cache are on, or a run asks for a full listing. Also checked: what each run reports,
  that a plan made with a copy is the one that a listing gives, and that one more run sends nothing. After an update
  that leaves LastUpdatedTimestamp as it was, `policy.full-read` passes before the next run.
- A colleague edits before each call of a plan and of an apply, and after the last (`test_colleagues.py`), however
  DescribeDataset tells the time: the next run plans as if it had listed.
- Stories of a Pulumi program over two projects (`test_renames.py`). Steps: edits, `up`, `refresh`, `destroy`;
  resources renamed, swapped, moved to the other project (with and without a name that stays, `resource:`),
  removed and added, with and without the list of `datasets_from`, under each `destroy` policy. Faults: up to
  two rules of the kinds that fail or delay a call, SIGKILL at any call. Also checked: no `up` deletes a
  dataset that the program is for, a refresh forgets only what is gone, and a preview is empty only where no
  replaced dataset is left.
"""


def _bisecting(figures: dict[str, int]) -> Iterator[str]:
    yield "## Lines at fault in a batch\n"
    yield f"{figures['searches']} searches for three lines among {figures['lines']:,} that the service fails as a"
    yield f"whole: {figures['fewest']} to {figures['most']} UpdateDatasetEntries calls (80 are allowed), all three"
    yield f"named by file and line, the other {figures['lines'] - 3:,} live. Wherever the three lines are, 67 calls are"
    yield "enough: calculated for all places, and checked at every place of small batches.\n"


def _two_at_once(figures: dict[str, int]) -> Iterator[str]:
    yield "## Two applies at the same time\n"
    yield f"{figures['orders']} orders of the calls of two applies with different manifests: both succeeded in"
    yield f"{figures['2']}, one in {figures['1']}, none in {figures['0']}; each that succeeded had live as desired at"
    yield "that moment.\n"


_SECTIONS: Final[dict[str, Callable[[Any], Iterator[str]]]] = {
    "kills": _kills,
    "machine": _machine,
    "bisecting": _bisecting,
    "two at once": _two_at_once,
}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
