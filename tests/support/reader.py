"""A reader who types what a page shows, in a folder of their own: an emulator is AWS, the local engine is Pulumi.

A page says by HTML comments what its commands need and what is not seen on it:

    <!-- world: live -->              what there is from here on, in a new folder: one of `Worlds`; at first `applied`.
                                      It may be a file, such as `tests/cli/test_x.py`, which types what follows itself
    <!-- run: COMMAND -->             a command that is not shown, such as what somebody else does in the console
    <!-- not run: REASON -->          above a block: it is not typed
    <!-- not run (pip): REASON -->    likewise, but only the commands that begin so

In a block of the language `console` a line that begins with `$ ` is a command, `# exit code N` behind it what it ends
with; the lines below it are lines of its output, and `...` stands for those that are left out.

A shell runs each command. What it would start as `reconciler` only asks this process to do so, which has it all loaded.
It finds no programs but those that are named here: a page does nothing to this machine.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.cli import main
from rekognition_emulator import serve
from tests.support.png import png
from tests.support.quick_clock import in_a_hurry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from rekognition_emulator import Emulator

ROOT: Final = Path(__file__).resolve().parents[2]
PART: Final = re.compile(
    r"^<!-- (?P<word>world|run): (?P<said>.*?) -->$"
    r"|(?:^<!-- not run(?: \((?P<only>[^)]+)\))?: (?P<reason>[^>]+) -->\n)?^```(?P<language>\w*)\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_COMMAND: Final = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_EXPORT: Final = re.compile(r"export (\w+)=(\S*)")
# What a shell finds beside the stand-ins.
_PROGRAMS: Final = (
    *("git", "jq", "sed", "grep", "awk", "cat", "head", "tail", "sort", "wc", "diff", "ls", "cp", "mv", "rm"),
    *("mkdir", "touch", "zcat", "gzip", "date", "env", "sh", "tr", "cut"),
)
_CODE: Final = re.compile(r"# .*\bexit code (\d+)")
# What is different each time: dates, digests, hosts, durations.
_VARIES: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?( UTC|Z)?"), "DATE"),
    (re.compile(r"\d{8}T\d{6,}Z"), "DATE"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "DIGEST"),
    (re.compile(r"\bby \w+ on [\w.-]+"), "by SOMEBODY"),
    (re.compile(r"\b\d+(\.\d+)? ?s\b"), "SECONDS"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
)
# The program that the shell finds: it says what it was asked, and then does as it is told.
_STAND_IN: Final = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
    asked = {{"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}}
    line.sendall(json.dumps(asked).encode() + b"\\n")
    code, said = json.load(line.makefile())
for number, text in said:
    os.write(number, text.encode())
sys.exit(code)
"""
# The local engine, and beside it the commands that only prepare it. `doctor` asks it, too, so that it is a program.
_PULUMI: Final = """\
#!/bin/sh
case "$*" in
*--yes*|*--preview-only*) ;;
up*|refresh*|destroy*) set -- "$@" --yes ;;
esac
case "$1 $2" in
login*|"stack select") ;;
version*) echo v3.260.0 ;;
"stack init") echo config: >"Pulumi.$3.yaml" ;;
"config set") echo "  $3: $4" >>"Pulumi.$PULUMI_STACK.yaml" ;;
*) exec {python} -m localengine "$@" ;;
esac
"""


@dataclass(frozen=True)
class Step:
    """One command of a page, and what the page says of it."""

    command: str
    shown: str = ""

    @property
    def code(self) -> int:
        """The exit code that the page says."""
        found = _CODE.search(self.command)
        return int(found[1]) if found else 0


def worlds_of(page: str) -> list[tuple[str, list[Step]]]:
    """What a reader of this page types, and what others do; each time behind what there is to begin with."""
    worlds: list[tuple[str, list[Step]]] = [("applied", [])]
    for part in PART.finditer(page):
        if part["word"] == "world":
            worlds.append((part["said"], []))
        elif part["word"] == "run":
            worlds[-1][1].append(Step(part["said"]))
        elif part["language"] == "console":
            worlds[-1][1].extend(_typed(part["block"], part["only"] or ("" if part["reason"] else None)))
    return [world for world in worlds if world[1] and not world[0].endswith(".py")]


def _typed(block: str, without: str | None) -> Iterator[Step]:
    for command, shown in _COMMAND.findall(block):
        if without is None or not command.startswith(without):
            yield Step(command, shown)


def unseen(shown: str, printed: str) -> str:
    """The first lines that a page shows and that were not printed so, one after another; empty when there are none.

    Blank lines do not count. What follows a line `...` may be anywhere below what came before it.
    """
    rest = _constant(printed)
    for left_out, part in groupby(_constant(shown), key=lambda line: line == "..."):
        lines = list(part)
        at = next((at for at in range(len(rest)) if rest[at : at + len(lines)] == lines), None)
        if not left_out and at is None:
            return "\n".join(lines)
        rest = rest if left_out else rest[(at or 0) + len(lines) :]
    return ""


def _constant(text: str) -> list[str]:
    for varies, word in _VARIES:
        text = varies.sub(word, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


class _Stream(io.StringIO):
    """One of two streams whose texts keep their common order."""

    def __init__(self, number: int, said: list[tuple[int, str]]) -> None:
        super().__init__()
        self._number, self._said = number, said

    def write(self, text: str, /) -> int:
        """Keep it."""
        self._said.append((self._number, text))
        return len(text)


class _Agrees(io.StringIO):
    """A terminal at which somebody says yes to every question."""

    def isatty(self) -> bool:
        """Yes."""
        return True

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]  # typeshed gives StringIO two bases
        """Yes."""
        return "y\n"


@dataclass
class Reader:
    """A shell in a folder, and the programs that it finds first."""

    folder: Path
    emulator: Emulator
    patch: pytest.MonkeyPatch
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put the stand-ins on the path."""
        programs = self.folder.parent / f"{self.folder.name}-programs"
        programs.mkdir(exist_ok=True)
        self._address = f"{programs}/line"
        self._known: dict[str, Callable[[Sequence[str]], int]] = {
            "reconciler": main,
            "aws": self._aws,
            "colleague": self._colleague,
            "fault": self._fault,
            "pictures": pictures,
        }
        (programs / "pulumi").write_text(_PULUMI.format(python=sys.executable))
        (programs / "pulumi").chmod(0o755)
        for name in _PROGRAMS:
            (programs / name).unlink(missing_ok=True)
            if found := shutil.which(name):
                (programs / name).symlink_to(found)
        for name in self._known:
            stand_in = programs / name
            stand_in.write_text(_STAND_IN.format(python=sys.executable, address=self._address))
            stand_in.chmod(0o755)
        self.folder.mkdir(exist_ok=True)
        self.environment = {
            "PATH": str(programs),
            "HOME": str(programs),
            "USER": "ada",
            "LOGNAME": "ada",
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "PULUMI_STACK": "prod",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": said for who in ("AUTHOR", "COMMITTER") for what, said in _ADA.items()},
            **self.emulator.environment,
            "AWS_ENDPOINT_URL_STS": self.emulator.url,
            "AWS_ENDPOINT_URL_IAM": self.emulator.url,
            **in_a_hurry(programs / "site"),
            **self.environment,
        }

    def types(self, command: str) -> tuple[int, str]:
        """Run a command as a shell does; its exit code and what it printed."""
        if setting := _EXPORT.fullmatch(command):
            self.environment[setting[1]] = setting[2]
            return 0, ""
        with socket.socket(socket.AF_UNIX) as line, ThreadPoolExecutor(1) as shell:
            line.bind(self._address)
            line.listen()
            try:
                running = shell.submit(self._shell, command)
                while self._answer(line):
                    pass
                code, printed = running.result()
                return code, printed.replace(f"{self.folder}/", "")
            finally:
                Path(self._address).unlink()

    def _shell(self, command: str) -> tuple[int, str]:
        """In a thread of its own: the programs that the shell starts run in the main thread, for their signals."""
        try:
            done = subprocess.run(
                ["/bin/bash", "-c", command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            return done.returncode, done.stdout
        finally:
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(self._address)
                line.sendall(b"null\n")

    def _answer(self, line: socket.socket) -> bool:
        """Do what one program asks for; false when the shell has ended."""
        with line.accept()[0] as asking, asking.makefile("rw") as both:
            asked = json.loads(both.readline())
            if asked is not None:
                both.write(json.dumps(self._run(**asked)))
            return asked is not None

    def _run(self, words: list[str], folder: str, environment: dict[str, str]) -> tuple[int, list[tuple[int, str]]]:
        said: list[tuple[int, str]] = []
        with self.patch.context() as patch:
            for name in {*os.environ} - {*environment}:
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.chdir(folder)
            for number, name in ((1, "stdout"), (2, "stderr")):
                patch.setattr(sys, name, _Stream(number, said))
            patch.setattr(sys, "stdin", _Agrees())
            code = self._known[words[0]](words[1:])
        return code, said

    def _aws(self, words: Sequence[str]) -> int:
        """`aws rekognition OPERATION --option VALUE ...`, as far as an operation takes texts."""
        options = {name.removeprefix("--"): value for name, value in pairwise(words[2:]) if name.startswith("--")}
        client = self.emulator.client(options.pop("region", None))
        parameters = {"".join(part.title() for part in name.split("-")): value for name, value in options.items()}
        answer = getattr(client, words[1].replace("-", "_"))(**parameters)
        answer.pop("ResponseMetadata")
        json.dump(answer, sys.stdout, indent=4, default=str)
        return 0

    def _colleague(self, words: Sequence[str]) -> int:
        """`colleague PROJECT TYPE IMAGE [LABEL]`: relabel an image, or add it; `-` takes its labels off."""
        project, kind, image, *label = words
        (found,) = self.emulator.service.call("DescribeProjects", {"ProjectNames": [project]})["ProjectDescriptions"]
        arn = next(one["DatasetArn"] for one in found["Datasets"] if one["DatasetType"] == kind.upper())
        documents = [json.loads(entry.line) for entry in self.emulator.entries(arn)]
        edited = next((one for one in documents if one["source-ref"].endswith(f"/{image}")), None)
        if edited is None:
            edited = {**documents[0], "source-ref": f"{documents[0]['source-ref'].rpartition('/')[0]}/{image}"}
        if label == ["-"]:
            edited = {"source-ref": edited["source-ref"]}
        elif label:
            attribute = next(key for key in edited if isinstance(edited[key], dict) and "annotations" in edited[key])
            edited[f"{attribute}-metadata"]["class-map"] = {"0": label[0]}
            edited[attribute]["annotations"] = [{**box, "class_id": 0} for box in edited[attribute]["annotations"]]
        self.emulator.edit_entries(arn, [json.dumps(edited)])
        return 0

    def _fault(self, words: Sequence[str]) -> int:
        """`fault '{...}'`: the next calls meet it."""
        self.emulator.load_faults(f"faults: [{' '.join(words)}]")
        return 0


def pictures(words: Sequence[str]) -> int:
    """`pictures FOLDER COUNT WIDTH HEIGHT`: a picture for each key of these worlds."""
    folder, count, width, height = Path(words[0]), *map(int, words[1:])
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        content = b64decode(png(width, height, bytes((number, 0, 0))).partition(",")[2])
        (folder / f"{number:04}.jpg").write_bytes(content)
    return 0


_ADA: Final = {"NAME": "Ada", "EMAIL": "ada@example.com"}


@dataclass(frozen=True)
class Worlds:
    """What pages begin with, each made once and then copied.

    `empty`: nothing. `live`: a project that is labelled in the console. `applied`: it is in git, too, and applied.
    `copy`: a copy of this repository's program and one of its samples, of which nothing is live.
    """

    folder: Path
    s3: str

    @contextmanager
    def copy(self, kind: str, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Reader]:
        """A reader in a world of this kind; `folder` is made."""
        if not (self.folder / kind).exists():
            (self.folder / kind).mkdir()
            with self._reader(self.folder / kind, patch) as reader:
                self._make(kind, reader)
        shutil.copytree(self.folder / kind, folder, symlinks=True)
        with self._reader(folder, patch) as reader:
            yield reader

    @contextmanager
    def _reader(self, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Reader]:
        with serve(state=folder / "service.db", s3_endpoint=self.s3) as emulator:
            yield Reader(folder / "folder", emulator, patch, {"AWS_ENDPOINT_URL_S3": self.s3})

    def _make(self, kind: str, reader: Reader) -> None:
        if kind in {"live", "applied"}:
            _label(reader.emulator)
        if kind == "copy":
            _copy_program(reader.folder)
        for command in _MAKES.get(kind, ()):
            code, printed = reader.types(command)
            assert code == 0, printed


_MAKES: Final = {
    "applied": (
        "git init -q -b main && reconciler init cells --format yaml && git add -A && git commit -qm 'Labels as code'",
        "reconciler apply --yes",
    ),
    "copy": ("git init -q -b main && git add -A && git commit -qm 'Labels as code'",),
}


def _label(emulator: Emulator) -> None:
    """A project whose datasets were labelled in the console."""
    service = emulator.service
    project = service.call("CreateProject", {"ProjectName": "cells"})["ProjectArn"]
    for dataset, numbers in (("TRAIN", range(1, 41)), ("TEST", range(41, 51))):
        arn = service.call("CreateDataset", {"ProjectArn": project, "DatasetType": dataset})["DatasetArn"]
        emulator.edit_entries(arn, [json.dumps(_cells(number)) for number in numbers])


def _copy_program(folder: Path) -> None:
    """This repository's program and its smaller sample, with the environment of this test run."""
    for name in ("Pulumi.yaml", "__main__.py", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "datasets" / "ground-truth-lab", folder / "datasets" / "ground-truth-lab")
    (folder / ".venv").symlink_to(sys.prefix)


def _cells(number: int) -> dict[str, Any]:
    """An image with a red cell, every third with a white one, too."""
    names = ["RBC", "WBC"] if number % 3 == 0 else ["RBC"]
    boxes = [
        {"class_id": place, "left": 40 + 7 * number % 300 + 200 * place, "top": 30 + 5 * number % 200}
        for place, _name in enumerate(names)
    ]
    return {
        "source-ref": f"s3://acme-vision/cells/{number:04}.jpg",
        "bounding-box": {
            "image_size": [{"width": 640, "height": 480, "depth": 3}],
            "annotations": [{**box, "width": 90, "height": 80} for box in boxes],
        },
        "bounding-box-metadata": {
            "objects": [{"confidence": 1} for _name in names],
            "class-map": {str(place): name for place, name in enumerate(names)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-31T00:00:00",
            "job-name": "cells",
        },
    }
