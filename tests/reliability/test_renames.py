"""Resources that are renamed, swapped, moved and removed, in bad times: no line is lost, and no preview lies.

Stories of a whole Pulumi program over two projects. No `pulumi up` deletes a dataset with entries that the program is
for. After every command each labelled line that was ever live is live, or in a copy on the disk that `restore` reads. A
preview says that all is well only where it is.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from reconciler.entries import entry_of
from reconciler.guards import OFF
from reconciler.policy import Destroy
from reconciler.provider import process
from reconciler.snapshots.snapshot import read_snapshot
from tests.reliability.dying import Death, Killed, mortal_gateway
from tests.reliability.matrix import OPERATIONS, VARIANTS, faults_of
from tests.reliability.record import write
from tests.reliability.trial import COLLEAGUES, KEY, plan_text
from tests.support.desk import Desk
from tests.support.inline_engine import Engine, UpFailed
from tests.support.lines import labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rekognition_emulator import Emulator

pytestmark = pytest.mark.usefixtures("_small")
NAMES = st.sampled_from(["a", "b", "c"])
KEYS = [KEY.format(number) for number in range(1, 6)]
# A listing or a colleague of whom nothing in the API tells is not in these stories.
_OUT = COLLEAGUES | {"stale-listing", "kill", "lose", "merge", "rewrite"}
_numbers = count()


def _rules() -> st.SearchStrategy[list[dict[str, Any]]]:
    """A fault plan of at most two rules."""
    kinds = [
        (name, operation)
        for operation in OPERATIONS
        for name in faults_of(operation)
        if (VARIANTS.get(name) or {"fault": "error"})["fault"] not in _OUT
    ]
    return st.lists(st.builds(_rule, st.sampled_from(kinds), st.integers(1, 12)), max_size=2)


def _rule(kind: tuple[str, str], call: int) -> dict[str, Any]:
    name, operation = kind
    return (VARIANTS.get(name) or {"fault": "error", "error": name}) | {"operation": operation, "on": call}


def _deaths() -> st.SearchStrategy[Death | None]:
    return st.none() | st.builds(Death, st.integers(1, 40), st.booleans())


class Renamed(RuleBasedStateMachine):
    """A program, its stack, and two projects."""

    emulator: Emulator
    folder: Path

    @initialize(listed=st.booleans(), destroy=st.sampled_from(Destroy))
    def begin(self, listed: bool, destroy: Destroy) -> None:  # noqa: FBT001 - drawn
        """One resource; `listed`: each gets the list of all datasets, as `datasets_from` hands it over."""
        self.emulator.load_faults("")
        shutil.rmtree(self.folder / ".reconciler", ignore_errors=True)
        self.desks = [Desk(self.emulator, f"r{next(_numbers)}") for _project in range(2)]
        self.engine = Engine(self.desks[0].clock)
        self.listed, self.policy = listed, destroy
        self.program: dict[str, tuple[int, dict[str, str]]] = {"a": (0, {KEYS[0]: "a", KEYS[1]: "b"})}
        self.ever: set[tuple[str, bytes]] = set()
        self.up([], 0, None)

    @rule(name=NAMES, keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True), label=st.sampled_from("abc"))
    def edit_the_manifest(self, name: str, keys: list[str], label: str) -> None:
        """New entries or versions, or a new resource for a project that none is for."""
        if name in self.program:
            self.program[name][1].update(dict.fromkeys(keys, label))
        elif free := {0, 1} - {project for project, _entries in self.program.values()}:
            self.program[name] = (min(free), dict.fromkeys(keys, label))

    @precondition(lambda self: self.program)
    @rule(data=st.data(), new=NAMES)
    def rename(self, data: Any, new: str) -> None:  # noqa: ANN401 - hypothesis' own type
        """A folder or a resource gets a name that is free."""
        old = data.draw(st.sampled_from(sorted(self.program)))
        if new not in self.program:
            self.program[new] = self.program.pop(old)

    @precondition(lambda self: len(self.program) == 2)
    @rule()
    def swap(self) -> None:
        """Two names exchange their projects and their manifests, as two folders that exchange their names."""
        one, other = self.program
        self.program[one], self.program[other] = self.program[other], self.program[one]

    @precondition(lambda self: self.program)
    @rule(data=st.data())
    def move(self, data: Any) -> None:  # noqa: ANN401 - hypothesis' own type
        """A resource is for the other project from now on: with `resource:`, its name in the state stays."""
        name = data.draw(st.sampled_from(sorted(self.program)))
        project, entries = self.program[name]
        if 1 - project not in {taken for taken, _entries in self.program.values()}:
            self.program[name] = (1 - project, entries)

    @precondition(lambda self: self.program)
    @rule(data=st.data())
    def remove(self, data: Any) -> None:  # noqa: ANN401 - hypothesis' own type
        """A resource leaves the program."""
        del self.program[data.draw(st.sampled_from(sorted(self.program)))]

    @rule(destroy=st.sampled_from(Destroy))
    def set_policy(self, destroy: Destroy) -> None:
        """What a destroy does from the next `pulumi up` on."""
        self.policy = destroy

    @rule(rules=_rules(), seed=st.integers(0, 99), death=_deaths())
    def up(self, rules: list[dict[str, Any]], seed: int, death: Death | None) -> None:
        """A `pulumi up` in bad times destroys nothing without a copy, whether it fails or is killed."""
        declared = self.declared()
        wanted = {self.desks[project].arn for project, _entries in self.program.values()}
        with self.watching(wanted) as deleted:
            self.command(lambda: self.engine.up(declared), rules, seed, death)
        assert not deleted

    @rule(rules=_rules(), seed=st.integers(0, 99), death=_deaths())
    def refresh(self, rules: list[dict[str, Any]], seed: int, death: Death | None) -> None:
        """A refresh forgets only what is gone."""
        before = self.recorded()
        self.command(self.engine.refresh, rules, seed, death)
        assert not (before - self.recorded()) & self.datasets()

    @rule(rules=_rules(), seed=st.integers(0, 99), death=_deaths())
    def destroy(self, rules: list[dict[str, Any]], seed: int, death: Death | None) -> None:
        """A destroy in bad times."""
        self.command(self.engine.destroy, rules, seed, death)

    @contextmanager
    def watching(self, wanted: set[str]) -> Iterator[list[str]]:
        """A block, and those of these datasets with entries that it deletes."""
        deleted: list[str] = []

        def look(operation: str, request: dict[str, Any], _caller: object) -> None:
            if operation == "DeleteDataset" and (arn := request["DatasetArn"]) in wanted and self.emulator.entries(arn):
                deleted.append(arn)

        self.emulator.front_end.before_work.append(look)
        try:
            yield deleted
        finally:
            self.emulator.front_end.before_work.remove(look)

    def command(self, run: Callable[[], object], rules: list[dict[str, Any]], seed: int, death: Death | None) -> None:
        """One command of Pulumi in bad times."""
        note(f"fault plan:\n{plan_text(*rules)}seed: {seed}\nkilled: {death}")
        self.emulator.front_end.faults.load(plan_text(*rules), seed)
        self.engine.start(mortal_gateway(self.desks[0], death))
        try:
            run()
        except (Killed, UpFailed):
            pass
        finally:
            self.emulator.load_faults("")
        self.lost_nothing()

    def teardown(self) -> None:
        """A quiet up says what it refuses, or makes everything as declared; then a preview is empty, if all is done."""
        if not hasattr(self, "engine"):
            return
        self.emulator.load_faults("")
        self.quiet(preview=False)
        failed = self.quiet(preview=False)
        self.lost_nothing()
        if failed:
            assert "Traceback" not in failed
            return
        for project, entries in self.program.values():
            live = {key: entry_of(line).meaning for key, line in self.desks[project].live().items()}
            assert all(live[key] == entry_of(labelled(key, label)).meaning for key, label in entries.items())
        assert not self.engine.pending
        self.engine.start(mortal_gateway(self.desks[0], None))
        assert self.engine.up(self.declared(), preview=True) == any(
            arn in self.datasets() for one in self.engine.resources.values() for arn in one.outputs.get("replaced", ())
        )

    def quiet(self, *, preview: bool) -> str:
        """One command without faults; why it failed, or nothing."""
        self.engine.start(mortal_gateway(self.desks[0], None))
        try:
            self.engine.up(self.declared(), preview=preview)
        except UpFailed as failed:
            return str(failed)
        return ""

    def declared(self) -> dict[str, dict[str, Any]]:
        """The program's resources as Check gets them, with their manifests written."""
        arns = {name: self.desks[project].target.project_arn for name, (project, _entries) in self.program.items()}
        listed = {f"{arn}#train": name for name, arn in arns.items()}
        for name, (_project, entries) in self.program.items():
            lines = [json.dumps(labelled(key, label)) + "\n" for key, label in entries.items()]
            (self.folder / f"{name}.jsonl").write_text("".join(lines))
        policy = {"destroy": self.policy.value, "guards": dict.fromkeys(OFF, "off")}
        return {
            name: {
                "projectArn": arn,
                "datasetType": "TRAIN",
                "manifest": f"{name}.jsonl",
                "policy": policy,
                **({"claims": listed} if self.listed else {}),
            }
            for name, arn in arns.items()
        }

    def recorded(self) -> set[str]:
        """The ARNs of the datasets that the state has."""
        return {one.outputs["datasetArn"] for one in self.engine.resources.values()}

    def datasets(self) -> set[str]:
        """The ARNs of what AWS has."""
        return {desk.arn for desk in self.desks}

    def lost_nothing(self) -> None:
        """Each labelled line that was ever live is live, or in a copy on the disk."""
        live = {self.version(line) for desk in self.desks for line in desk.live().values() if entry_of(line).labelled}
        self.ever |= live
        assert not self.ever - live - {self.version(json.loads(line)) for line in self.copies()}

    def copies(self) -> Iterator[str]:
        """The lines of all copies that `restore` reads."""
        folder = self.folder / ".reconciler"
        for path in (*folder.glob("snapshots/*.jsonl.gz"), *folder.glob("overwritten/*.jsonl.gz")):
            if not path.name.endswith((".sent.jsonl.gz", ".stored.jsonl.gz")):
                yield from read_snapshot(path)

    @staticmethod
    def version(line: dict[str, Any]) -> tuple[str, bytes]:
        """Which entry, and what its line means."""
        entry = entry_of(line)
        return entry.key, entry.meaning


def _run(emulator: Emulator, folder: Path, examples: int, *, derandomize: bool) -> int:
    """So many stories; how many calls there were."""

    class Here(Renamed):
        pass

    Here.emulator, Here.folder = emulator, folder
    before = process._PROCESS.copy()
    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=examples, stateful_step_count=8, deadline=None, derandomize=derandomize, database=None
            ),
        )
    finally:
        process._PROCESS[:] = before
    return emulator.count_calls()


def test_renames_swaps_and_moves_in_bad_times_lose_nothing(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten stories, the same in every run."""
    monkeypatch.chdir(tmp_path)
    assert _run(emulator, tmp_path, 10, derandomize=True)


@pytest.mark.slow
def test_the_same_for_three_hundred_stories_that_differ_from_run_to_run(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hundred random stories."""
    monkeypatch.chdir(tmp_path)
    calls = _run(emulator, tmp_path, 300, derandomize=False)
    write("renames", {"stories": 300, "calls": calls})
