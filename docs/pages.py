"""The pages that are made from the code: `python docs/pages.py` writes them, `--check` checks that they are current.

docs/findings.md: every rule of manifests and project.yaml, with class, cure and source.
docs/cli.md: the help of every command.
docs/manifests.md, docs/stages.md, docs/reference/state.md: in pages of prose the tables between
`<!-- table: NAME -->` and `<!-- end of table -->`.
docs/reliability.md: what is done about errors, and the figures of the last full run.
docs/schema/plan.schema.json: the form of the JSON document; project.schema.json, manifest.schema.json: for editors.
"""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from reliability import reliability_page

from reconciler.cli.arguments import parse
from reconciler.cli.commands.explain import CLASSES, converter_rules
from reconciler.cli.help import COMMANDS
from reconciler.entries.codes import ENTRY_CODES
from reconciler.formats import EXPORTERS, FORMATS
from reconciler.guards import GUARDS, written
from reconciler.ledger import Facts
from reconciler.manifest.project.stages import STAGE_SETTINGS, Stage
from reconciler.manifest.rules import all_rules
from reconciler.manifest.schema import manifest_schema, project_schema
from reconciler.model import DatasetType, Severity
from reconciler.policy import SETTINGS, Choice, Compare, Policy, value_of
from reconciler.provider.state import Inputs, Outputs
from reconciler.rule import Rule
from reconciler.shell.drift import LeftLive
from reconciler.snapshots.probe import Doubt
from reconciler.views.json_document import schema_text

DOCS: Final = Path(__file__).resolve().parent
_MADE: Final = "<!-- Made by `python docs/pages.py`; do not edit. -->\n"
_TABLE: Final = re.compile(r"(<!-- table: ([a-z]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
_HEADINGS: Final = {Severity.ERROR: "Errors", Severity.MARKED: "Marked", Severity.NOTE: "Notes"}


_CONVERTING: Final = (
    "What `reconciler convert` can find. With an error nothing is written. Marked: a box or an annotation is clipped "
    "or left out. A note changes nothing."
)


def main() -> int:
    """Write or check the pages; 1 when one is not current."""
    parser = argparse.ArgumentParser(description="Write the pages that are made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is not current")
    check = parser.parse_args().check
    stale = []
    for name, make in PAGES.items():
        if name == "cli.md" and sys.version_info >= (3, 13):
            print("docs/cli.md is made with Python 3.11 or 3.12: argparse writes help differently since")
            continue
        path, text = DOCS / name, make()
        if check and (not path.is_file() or path.read_text() != text):
            stale.append(name)
        elif not check:
            path.write_text(text)
    for name in stale:
        print(f"docs/{name} is not current: run `python docs/pages.py`", file=sys.stderr)
    return 1 if stale else 0


def findings_page() -> str:
    """Every rule in three classes, and AWS's codes."""
    parts = [
        _MADE,
        "# Findings\n",
        "What reading `project.yaml` and manifests can find. Each finding is shown with file:line:column, what is",
        "wrong and the cure; the first 50 of a class in a file, then a count.\n",
    ]
    for severity, heading in _HEADINGS.items():
        parts += [f"## {heading}\n", f"{CLASSES[severity]}\n", _table(all_rules(), severity)]
    parts += ["## Annotations of other formats\n", f"{_CONVERTING}\n", _converting()]
    parts += ["## AWS's codes\n", "The 13 codes that Custom Labels documents for dataset operations.\n", _codes()]
    return "\n".join(parts)


def cli_page() -> str:
    """The help of the command and of its subcommands."""
    parts = [_MADE, "<!-- world: docs/pages.py -->\n", "# The command line\n", _block("reconciler --help", ["--help"])]
    for command in COMMANDS:
        parts += [f"## reconciler {command}\n", _block(f"reconciler {command} --help", [command, "--help"])]
    return "\n".join(parts)


def filled(name: str) -> str:
    """A page of prose with its tables written again."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", (DOCS / name).read_text())


def manifests_page() -> str:
    """The page on manifests."""
    return filled("manifests.md")


def stages_page() -> str:
    """The page on accounts and stages."""
    return filled("stages.md")


def stages_table() -> str:
    """Every setting of a stage, and what goes before it."""
    rows = [
        f"| `{name}` | {row.form} | {row.help} | {', '.join(f'`{one}`' for one in row.overridden_by if one) or '-'} |"
        for name, row in STAGE_SETTINGS.items()
    ]
    return "\n".join(("| setting | such as | meaning | overridden by |", "|---|---|---|---|", *rows, ""))


def probe_page() -> str:
    """The page on the probe."""
    return filled("probe.md")


def doubts_table() -> str:
    """Every reason to list live."""
    return "\n".join(("| doubt | when |", "|---|---|", *(f"| {row} | {row.says} |" for row in Doubt), ""))


def settings_table() -> str:
    """Every setting of a policy: how it is written, what it is about, and whether a change of it may send entries."""
    default = Policy()
    rows = []
    for name, row in SETTINGS.items():
        value, form, does = value_of(default, name), row.form, row.help
        if isinstance(value, Choice):
            form = ", ".join(f"`{one}`{' (default)' if one is value else ''}" for one in type(value))
            does += ": " + "; ".join(f"`{one}` {one.does}" for one in type(value))
        rows.append(f"| `{name}` | {form} | {does} | {'may send entries' if row.sends else 'is recorded'} |")
    return "\n".join(("| setting | values | meaning | a change of it |", "|---|---|---|---|", *rows, ""))


def guards_table() -> str:
    """Every guard with its recommended threshold."""
    rows = [f"| `{row.name}` | {written(row.default)} | {row.trips_when} |" for row in GUARDS.values()]
    return "\n".join(("| guard | default | trips when |", "|---|---|---|", *rows, ""))


def _table(rules: list[Rule], severity: Severity) -> str:
    rows = [
        f"| {_anchored(rule.code)} | {_cell(rule.what)} | {_cell(rule.cure)} | {_cell(rule.source)} |"
        for rule in rules
        if rule.severity is severity
    ]
    return "\n".join(("| code | what is wrong | cure | source |", "|---|---|---|---|", *rows, ""))


def _converting() -> str:
    """The rules of all modules of converters; the anchors of AWS's codes are above."""
    above = {rule.code for rule in all_rules()}
    rows = [
        f"| {f'`{rule.code}`' if rule.code in above else _anchored(rule.code)} | {rule.severity.value} "
        f"| {_cell(rule.what)} | {_cell(rule.cure)} | {_cell(rule.source)} |"
        for rule in {rule.what: rule for rule in converter_rules()}.values()
        if rule not in all_rules()
    ]
    return "\n".join(("| code | class | what is wrong | cure | source |", "|---|---|---|---|---|", *rows, ""))


def _anchored(code: str) -> str:
    """A code to which a link can lead: findings.md#code."""
    return f'<a id="{code.lower()}"></a>`{code}`'


def _codes() -> str:
    rows = [f"| `{row.code}` | {_cell(row.meaning)} | {_cell(row.cure)} |" for row in ENTRY_CODES.values()]
    return "\n".join(("| code | meaning | cure |", "|---|---|---|", *rows, ""))


def _cell(text: str) -> str:
    """A template as the cell of a table: doubled braces are single ones in what people see."""
    text = "as the message says" if text == "{cure}" else text.replace("{{", "{").replace("}}", "}")
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _block(title: str, arguments: list[str]) -> str:
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1"}  # the same page on every terminal
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            parse(arguments)
    except SystemExit:
        pass
    return f"```console\n$ {title}\n{output.getvalue().rstrip()}\n```\n"


def importers_table() -> str:
    """Every format that `reconciler convert` reads."""
    rows = [f"| `{name}` | {row.reads} | `reconciler convert {row.example}` |" for name, row in FORMATS.items()]
    return "\n".join(("| format | what is read | for example |", "|---|---|---|", *rows, ""))


def exporters_table() -> str:
    """Every format that `reconciler convert --to` writes."""
    rows = [f"| `{name}` | {row.writes} |" for name, row in EXPORTERS.items()]
    return "\n".join(("| `--to` | what is written |", "|---|---|", *rows, ""))


def state_page() -> str:
    """The page on the Pulumi state."""
    return filled("reference/state.md")


def state_example() -> str:
    """The properties of a dataset as a state has them, each that there may be."""
    project = "arn:aws:rekognition:us-east-1:111122223333:project/cells/1767225600000"
    dataset, replaced = (
        f"{project.rpartition('/')[0]}/dataset/train/{number}" for number in (1767225600129, 1767225500000)
    )
    digest = "0123456789abcdef0123456789abcdef"
    facts = Facts(entries=40, labelled=39, boxes=0, marked=0, digest=digest, labels_digest=digest)
    applied = Inputs(
        project_arn=project,
        dataset_type=DatasetType.TRAIN,
        manifest="datasets/cells/train.yaml",
        labels=("RBC", "WBC"),
        policy=Policy(),
        assume_role="arn:aws:iam::111122223333:role/labels",
        stage=Stage(name="prod", images=(("s3://acme-dev/", "s3://acme-prod/"),)),
        desired_digest=digest,
        content_digest=digest,
        entries=40,
    )
    outputs = Outputs(
        applied=applied,
        dataset_arn=dataset,
        applied_live=facts,
        live=facts,
        settled=frozenset({digest[:16]}),
        base=LeftLive("2026-01-31T09:00:00Z", dataset, Compare.LABELS, digest, digest, file="train.yaml"),
        replaced={replaced: project},
    )
    return f"```json\n{json.dumps(outputs.properties(), indent=2)}\n```\n"


TABLES: Final = {
    "state": state_example,
    "exporters": exporters_table,
    "doubts": doubts_table,
    "settings": settings_table,
    "stages": stages_table,
    "guards": guards_table,
    "importers": importers_table,
}
PAGES: Final[dict[str, Callable[[], str]]] = {
    "findings.md": findings_page,
    "cli.md": cli_page,
    "manifests.md": manifests_page,
    "probe.md": probe_page,
    "reference/state.md": state_page,
    "stages.md": stages_page,
    "reliability.md": reliability_page,
    "schema/plan.schema.json": schema_text,
    "schema/project.schema.json": project_schema,
    "schema/manifest.schema.json": manifest_schema,
}

if __name__ == "__main__":
    sys.exit(main())
