"""The reference page docs/emulator.md, written from the code.

`python -m rekognition_emulator.docs FILE` writes it, with `--check` it only says whether the file is current.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from rekognition_emulator import errors
from rekognition_emulator.__main__ import parser
from rekognition_emulator.aws_json import model, protocol
from rekognition_emulator.faults.plan import KINDS, description_of, options_of
from rekognition_emulator.lines.codes import LINE_CODES, Dropped, Terminal
from rekognition_emulator.lines.limits import Limits
from rekognition_emulator.state import latency, statuses
from rekognition_emulator.switches.table import table

_INTRODUCTION = """\
# The emulator

`rekognition_emulator` serves the dataset operations of Amazon Rekognition Custom Labels over HTTP on this machine. What
AWS documents it does; what AWS leaves open is a switch with a default. Nothing here was compared with the live service.

This page is written by `python -m rekognition_emulator.docs docs/emulator.md`; do not edit it.

## Installing it

```
pip install ".[emulator]"
```

in a checkout of the repository, whose own `.venv` (`make setup`) has it already. The extra `emulator` brings `regex`,
which the emulator needs, and moto's S3 server for `--with-s3`. Python 3.11 or later; no AWS account, no Docker.

In another project, from a wheel (`pip wheel --no-deps -w dist .` makes it):

```
pip install "dist/rekognition_labels_as_code-0.1.0-py3-none-any.whl[emulator]"
```

That brings the reconciler's Pulumi too, some 560 MB in all. The emulator imports none of it; alone it needs 85 MB:

```
pip install boto3 msgspec pyyaml regex          # and flask, flask-cors, "moto[s3]" for --with-s3
pip install --no-deps dist/rekognition_labels_as_code-0.1.0-py3-none-any.whl
```

The package is typed (`py.typed`). A state file of another version of the emulator is refused, not read wrongly.

## Starting it

```
python -m rekognition_emulator --port 0
```

prints the variables that make AWS clients talk to it (`AWS_ENDPOINT_URL_REKOGNITION`, dummy credentials, the Region),
one `export` a line on standard output; the log, one line a call, goes to standard error; SIGINT and SIGTERM stop it.
Paste the variables into another shell, and boto3, the AWS CLI and the other SDKs talk to the emulator unchanged (an
AWS CLI before 2.13 does not know the first variable and needs `--endpoint-url "$AWS_ENDPOINT_URL_REKOGNITION"`):

```
aws rekognition create-project --project-name cells
```

Signatures are read for the Region and never verified. It listens on loopback only unless `--host` says otherwise.

@@OPTIONS@@
With `--with-s3` and without it, `--bucket NAME=DIR` makes the files below a folder the objects of a bucket: a manifest
`DIR/train.manifest` is `{"Bucket": "NAME", "Name": "train.manifest"}` for CreateDataset. `--with-s3` also prints
`AWS_ENDPOINT_URL_S3`, so that clients can upload manifests themselves. What `--state` keeps survives `kill -9`:
projects, datasets, entries, tags, work that has begun, and the clock as it was set.

## In tests

```python
import rekognition_emulator

with rekognition_emulator.serve() as endpoint:       # a str; no delay, in memory, a free port on loopback
    client = endpoint.client()                       # a boto3 client of it
    project = client.create_project(ProjectName="cells")["ProjectArn"]
    assert endpoint.count_calls("CreateProject") == 1
```

`serve` takes the fields of `Settings` as keywords: `latency="real"`, `clock=Clock(start)` (stands still until
`endpoint.clock.advance(seconds)`; the caller's own, not kept in the state file), `switches=Switches(...)`,
`limits=Limits(entries=10)`, `state=Path(...)`, `buckets={"name": folder}`, `quota=True`,
`deny=("UpdateDatasetEntries",)`, `faults="..."`, `seed=1`. What it yields also has `url`, `environment` (the
variables), `calls`, `faults` (those that fired), `load_faults(plan)`, `entries(arn)`, `edit_entries(arn, lines)` and
`remove_entries(arn, keys)`.

With pytest nothing has to be set up: where the package is installed its plugin is loaded, and a test asks for the
fixture `rekognition_emulator`, the same object as above and a new one for every test. Settings come by indirect
parametrisation:

```python
import pytest

def test_a_project_is_there(rekognition_emulator):
    client = rekognition_emulator.client()
    client.create_project(ProjectName="cells")
    assert len(client.describe_projects()["ProjectDescriptions"]) == 1

@pytest.mark.parametrize("rekognition_emulator", [{"deny": ("CreateProject",)}], indirect=True)
def test_without_permission(rekognition_emulator):
    client = rekognition_emulator.client()
    with pytest.raises(client.exceptions.AccessDeniedException):
        client.create_project(ProjectName="cells")
```
"""

_SWITCHES = """\
## Switches: what AWS's material leaves open

On the command line `--switch NAME=VALUE`, any number of times; in Python `serve(switches=Switches(name=value))`.
"""

_DOOR = """\
## The door for tests: `/_emulator/`

| request | what it does |
|---|---|
| `GET /_emulator/health` | `{"status": "up"}` |
| `GET /_emulator/calls` | every call with its request, status, error, request id and faults; `DELETE` forgets them |
| `GET /_emulator/faults` | the plan with its counters, and the log of the faults that fired |
| `PUT /_emulator/faults` | a new plan, YAML or JSON; `DELETE` ends all faults |
| `GET /_emulator/clock` | the time, and whether the clock stands still |
| `POST /_emulator/clock` | `{"freeze": true or a time, "advance": seconds, "resume": true}`; each optional, kept |
| `POST /_emulator/entries` | `{"DatasetArn": ..., "lines": [...], "remove": [...]}`: an edit behind clients' backs |

`GET /` is a page for people.
"""

_PLAN = """\
## Faults

A fault plan is YAML or JSON (`--faults FILE`, `serve(faults=...)`, `PUT /_emulator/faults`):

```yaml
faults:
  - fault: error                      # a kind of the table below
    operation: UpdateDatasetEntries   # a name, a pattern or a list; default: the operations the kind is for
    on: 2                             # the second matching call; also [2, 4] and "2-5"
    error: ThrottlingException        # an option of the kind
  - fault: slow
    every: 3                          # every third matching call
    chance: 0.5                       # and then with this probability, drawn from the seed
    times: 4                          # at most so often
    when: {DatasetArn: "*/train/*"}   # condition on the request: member path -> value or pattern
    name: slow training set           # for the log; default: number and kind
```

Without `on`, `every`, `chance` and `times` a fault fires on every matching call. Each fault has its own stream of
random numbers from `--seed`, so a plan and a seed replay exactly for the same calls. A condition names a member of the
request by its path (`DatasetSource.DatasetArn`; a list stands for each of its items); one that no request can meet is
refused when the plan is read, with file and line, like every other mistake in a plan. Every fault that fired is in the
log with its request. Kinds:
"""


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _table(head: list[str], rows: list[list[object]]) -> str:
    lines: list[list[Any]] = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in row) + " |\n" for row in lines)


def _type(hint: Any) -> str:  # noqa: ANN401 - a type as typing has it
    named = {str: "text", int: "number", float: "number", bool: "true or false", Any: "anything"}
    if hint in named:
        return named[hint]
    if get_args(hint) and all(isinstance(each, str) for each in get_args(hint)):
        return " or ".join(f"`{each}`" for each in get_args(hint))
    if getattr(hint, "__origin__", None) is list:
        return f"list of {_type(get_args(hint)[0])}"
    return " or ".join(_type(each) for each in get_args(hint) if each is not type(None))


def _operations() -> str:
    rows: list[list[object]] = []
    for name in model.OPERATIONS:
        codes = ", ".join(sorted(model.modelled_errors(name)))
        rows.append([f"`{name}`", codes])
    return "## Operations\n\n" + _table(["operation", "exceptions of the service model"], rows)


def _options() -> str:
    """The options of the command line, as argparse has them."""
    rows: list[list[object]] = []
    for action in parser()._actions:  # noqa: SLF001 - argparse has no other list of its options
        if "--help" in action.option_strings:
            continue
        value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        value = "|".join(map(str, action.choices)) if action.choices else value
        name = f"`{action.option_strings[0]} {value}`".replace(" `", "`")
        rows.append([name, (action.help or "").replace("%(default)s", str(action.default))])
    return _table(["option", "what it does"], rows)


def _switches() -> str:
    rows: list[list[object]] = [
        [f"`{row['name']}`", row["question"], f"`{row['default']}`", row["type"], row["basis"]] for row in table()
    ]
    head = ["switch", "question", "default", "answers", "why this default"]
    return _SWITCHES + "\n" + _table(head, rows)


def _faults() -> str:
    rows: list[list[object]] = []
    for name, kind in KINDS.items():
        options = ", ".join(f"`{key}`: {_type(hint)}" for key, hint in options_of(kind).items())
        rows.append([f"`{name}`", description_of(kind), options, ", ".join(kind.operations)])
    return _PLAN + "\n" + _table(["kind", "what happens", "options", "operations"], rows)


def _lines() -> str:
    codes: list[list[object]] = [
        [
            f"`{code.code}`",
            code.message,
            f"{code.place.value}{' (switch)' if code.inferred else ''}",
            "yes" if code.stops else "",
        ]
        for code in LINE_CODES
    ]
    dropped = "".join(f"- {reason.value}\n" for reason in Dropped)
    return (
        "## Lines\n\nDropped without a word:\n\n"
        + dropped
        + "\nKept and marked under `cl-errors`. A code that ends the judging hides what would come after it; a place "
        "with (switch) is not shown by AWS: `inferred_error_places`.\n\n"
        + _table(["code", "message", "place", "ends the judging"], codes)
    )


def _statuses() -> str:
    terminal = "".join(f"- {reason.value}\n" for reason in Terminal)
    forbidden: list[list[object]] = [
        [f"`{operation}`", f"`{status}`", code]
        for operation, refused in statuses.FORBIDDEN.items()
        for status, code in sorted(refused.items())
    ]
    return (
        "## Statuses\n\nA status is settled when it is read. A create, update or distribution that fails as a whole "
        "has StatusMessageCode CLIENT_ERROR and one of these as StatusMessage:\n\n"
        + terminal
        + "\nCalls that a status forbids:\n\n"
        + _table(["operation", "status", "exception"], forbidden)
    )


def _numbers() -> str:
    limits: list[list[object]] = [[f"`{part.name}`", part.default] for part in fields(Limits)]
    seconds: list[list[object]] = [
        [f"`{part.name}`", getattr(latency.REAL, part.name)] for part in fields(latency.Latency)
    ]
    return (
        "## Numbers\n\nLimits (`serve(limits=Limits(...))` makes them smaller):\n\n"
        + _table(["limit", "value"], limits)
        + "\nSeconds of `--latency real` (AWS states none):\n\n"
        + _table(["work", "seconds"], seconds)
    )


def _errors() -> str:
    rows: list[list[object]] = [
        [f"`{code}`", 500 if code in errors.SERVER_SIDE else 400, text] for code, text in errors.MESSAGES.items()
    ]
    example = protocol.violation(101, "maxResults", "Member must have value less than or equal to 100")
    return (
        "## Errors\n\nAn error body has `__type`, `Code`, `Logref` (the request id) and `Message`; the header is "
        f"`x-amzn-RequestId`. Broken constraints of the service model read\n`1 validation error detected: {example}`."
        "\n\n" + _table(["exception", "HTTP status", "default text"], rows)
    )


def render() -> str:
    """The whole page."""
    introduction = _INTRODUCTION.replace("@@OPTIONS@@\n", _options() + "\n")
    parts = [introduction, _operations(), _switches(), _lines(), _statuses(), _errors(), _faults(), _DOOR, _numbers()]
    return "\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Write or check the page; answers 1 when it is not current."""
    parser = argparse.ArgumentParser(prog="python -m rekognition_emulator.docs", description="Write docs/emulator.md.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="only say whether the file is current")
    options = parser.parse_args(arguments)
    current = options.file.read_text(encoding="utf-8") if options.file.exists() else ""
    if current == render():
        return 0
    if options.check:
        sys.stderr.write(f"{options.file} is not current: run python -m rekognition_emulator.docs {options.file}\n")
        return 1
    options.file.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
