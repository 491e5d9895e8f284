"""The tables for what grows: a row that is added is found in every place, and nothing else is touched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
GUARD: Final = """\
@_guard("made-up", 0.5, "somebody made it up")
def _made_up(_figures: Figures, _asked: Asked, _limit: float) -> _Said:
    return _Said(trips=True, words="it was made up")


"""
IMPORTER: Final = """\
from reconciler.formats.conversion import Converted
from reconciler.model import Place
from reconciler.rule import error

STRANGE = error("made-up-fault", "it is strange", "make it usual")


def convert(files, keys, created):
    yield Converted("k", b"made up", Place("f"))
"""
VIEW: Final = """

@_view("shout", "shout", "the plan, shouted")
def _shout(review, _how):
    return review.command.upper()
"""
# File, the text before which a row is put (None: the end), and the row.
ROWS: Final = (
    ("policy.py", '    FAIL = "fail", Leftover.STAYS', '    PARK = "park", Leftover.STAYS, "parks them", True\n'),
    (
        "policy.py",
        "    guards: Mapping[str, Threshold] = _setting(",
        '    spare: Rejection = _setting(Rejection.FAIL, "a spare setting")\n',
    ),
    (
        "guards/rules.py",
        "def _shares(",
        GUARD,
    ),
    ("cli/options.py", '    *("theirs", "rename"', '    "made-up",\n'),
    (
        "formats/__init__.py",
        '    "voc": Importer(',
        '    "made-up": Importer("made_up", "files that were made up", "made-up x.txt"),\n',
    ),
    (
        "formats/made_up.py",
        None,
        IMPORTER,
    ),
    (
        "views/__init__.py",
        None,
        VIEW,
    ),
    (
        "cli/checkup/__init__.py",
        '    Check("throttling"',
        '    Check("made-up", machine.system, "a demand that was made up", once),\n',
    ),
    ("manifest/rules/yaml.py", None, '\nMADE_UP: Final = error("made-up-code", "it is made up", "make another")\n'),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401 - JSON
    """What a copy of the tree with a row more in each table says in every place."""
    copy = tmp_path_factory.mktemp("tree")
    for folder in ("reconciler", "docs", "tests/support"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "examples"))
    for name, before, row in ROWS:
        path = copy / "reconciler" / name
        text = path.read_text() if path.exists() else ""
        assert before is None or text.count(before) == 1, f"{name} has no place for a row"
        path.write_text(text + row if before is None else text.replace(before, row + before))
    run = subprocess.run(
        [sys.executable, str(ROOT / "tests/tables/places.py")],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_a_new_setting_is_read_stored_and_described_everywhere(found: Any) -> None:  # noqa: ANN401 - JSON
    """One line of `Policy`: project.yaml, programs, state, schema, page and docstring know it."""
    assert found["project.yaml"]["spare"] == found["program"]["spare"] == "skip"
    assert found["round trip"]
    assert '"spare"' in found["schema"]
    assert "| `spare` | `fail` (default), `skip` | a spare setting" in found["page"]
    assert "`spare`" in found["docstring"]
    assert '"spare":"fail"' in found["views"]["json"]


def test_a_new_setting_with_its_default_makes_no_update_due(found: Any) -> None:  # noqa: ANN401 - JSON
    """A state of 0.1.0 does not have it, and is compared with a policy that does not store it."""
    assert set(found["default"]) == {"extra", "marked", "compare", "patience", "destroy"}


def test_a_new_word_of_extra_is_taken_everywhere(found: Any) -> None:  # noqa: ANN401 - JSON
    """A new word of `extra` is known everywhere, with what it does to the entries."""
    assert found["project.yaml"]["extra"] == found["program"]["extra"] == "park"
    assert '"park"' in found["schema"]
    assert "`park` parks them" in found["page"]


def test_a_new_guard_is_asked_shown_and_overridden(found: Any) -> None:  # noqa: ANN401 - JSON
    """One function with its row, and its name in the help: all that names or asks guards knows it."""
    assert found["project.yaml"]["guards"] == found["program"]["guards"] == {"made-up": "40%"}
    assert found["allow"] == {"made-up": "why"}
    assert '"made-up"' in found["schema"]
    assert "| `made-up` | 50% | somebody made it up |" in found["page"]
    assert "made-up" in found["help"]["plan"]
    for view in ("text", "markdown", "html", "json"):
        assert "it was made up" in found["views"][view], view


def test_a_new_view_has_its_option_and_its_format(found: Any) -> None:  # noqa: ANN401 - JSON
    """One function with its row is a new view: it has an option, a help text and a format."""
    assert found["views"]["shout"] == "PLAN"
    assert "--shout FILE" in found["help"]["plan"]
    assert "the plan, shouted" in found["help"]["plan"]
    assert "junit, shout (default: text)" in " ".join(found["help"]["report"].split())


def test_a_new_importer_converts_and_is_explained(found: Any) -> None:  # noqa: ANN401 - JSON
    """One row and one module are a new importer: it converts, and help and pages list it."""
    assert found["converted"] == ["made up"]
    assert "files that were made up" in found["help"]["convert"]
    assert "| `made-up` | files that were made up |" in found["page"]
    assert '<a id="made-up-fault"></a>`made-up-fault` | error | it is strange | make it usual |' in found["findings"]


def test_a_new_finding_has_an_anchor(found: Any) -> None:  # noqa: ANN401 - JSON
    """A new finding has an anchor in the page, so that a link can lead to it."""
    assert '<a id="made-up-code"></a>`made-up-code`' in found["findings"]


def test_a_new_check_is_made_and_has_its_demand(found: Any) -> None:  # noqa: ANN401 - JSON
    """One row is a new check of doctor: its function is asked, and the source of its demand is told."""
    assert found["check"]["check"] == "made-up"
    assert found["check"]["state"] == "ok"
    assert found["check"]["source"] == "a demand that was made up"
