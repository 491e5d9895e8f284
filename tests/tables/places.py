"""Where the rows of the tables are found, printed as JSON: run in a copy of the tree to which rows were added."""

import json
import sys
from contextlib import redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from reconciler.cli.arguments import parse
from reconciler.cli.checkup import CHECKS
from reconciler.cli.commands.convert import Disk
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.guards import Asked, parse_allow
from reconciler.ledger import Ledger
from reconciler.manifest.project.folders import load_projects
from reconciler.model import DatasetType
from reconciler.plan import Request, plan
from reconciler.policy import Policy
from reconciler.provider.resource import Dataset
from reconciler.provider.state import parse_policy, policy_properties
from reconciler.review.build import review_of
from reconciler.views import VIEWS, How
from reconciler.views.json_document import schema_text
from tests.support.filling import filled
from tests.support.lines import labelled
from tests.support.plans import run_of

sys.path.insert(0, str(Path.cwd() / "docs"))
pages: Any = import_module("pages")

SETTINGS = "{spare: skip, extra: park, guards: {made-up: 40%}}"


def _declared() -> Policy:
    """The policy that project.yaml declares."""
    with TemporaryDirectory() as folder:
        project = Path(folder, "p")
        project.mkdir()
        (project / "project.yaml").write_text(f"policy: {SETTINGS}\n")
        (project / "train.jsonl").write_text("{}\n")
        return load_projects(Path(folder), "datasets")[0].datasets[0].policy


def _help(*arguments: str) -> str:
    shown = StringIO()
    with redirect_stdout(shown), suppress(SystemExit):
        parse(arguments)
    return shown.getvalue()


def _views(ledger: Ledger) -> dict[str, str]:
    policy = Policy(guards={})
    made = plan(ledger, Request("p train", policy, Asked(DatasetType.TRAIN)), exists=True)
    review = review_of([run_of(ledger, made)])
    return {name: view.make(review, How(verbose=True)) for name, view in VIEWS.items()}


def _checked() -> dict[str, Any]:
    """What the check of a new row found; it asks about the machine alone."""
    nobody: Any = None
    [row] = [check for check in CHECKS if check.name == "made-up"]
    [answer] = row.answers(nobody)
    return msgspec.structs.asdict(answer)


declared = _declared()
given = parse_policy({"spare": "skip", "extra": "park", "guards": {"made-up": "40%"}})
with filled([labelled("s3://b/1.jpg", "a")], [labelled("s3://b/1.jpg", "b")]) as ledger:
    views = _views(ledger)
sys.stdout.write(
    json.dumps(
        {
            "project.yaml": policy_properties(declared),
            "program": policy_properties(given),
            "round trip": parse_policy(policy_properties(given)) == given,
            "default": policy_properties(Policy()),
            "allow": parse_allow(["made-up=why"], "--allow"),
            "schema": schema_text(),
            "docstring": Dataset.__init__.__doc__,
            "page": pages.manifests_page(),
            "findings": pages.findings_page(),
            "help": {name: _help(name, "--help") for name in ("plan", "report", "convert")},
            "views": views,
            "check": _checked(),
            "converted": [
                one.line.decode()
                for one in FORMATS["made-up"].convert(Disk([]), images="s3://pics/", created="")
                if isinstance(one, Converted)
            ],
        }
    )
)
