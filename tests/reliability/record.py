"""The figures of the last full run, kept in docs/reliability.json; `docs/reliability.py` makes the page from them.

`RELIABILITY_RECORD=1 python -m pytest -m slow tests/reliability` writes them; without the variable the same tests hold
the present behaviour against them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

RECORD: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.json"
# Taken when this module is loaded: tests see none of the user's variables.
_RECORDING: Final = bool(os.environ.get("RELIABILITY_RECORD"))


def is_recording() -> bool:
    """Whether this run writes its figures down."""
    return _RECORDING


def recorded(section: str) -> Any:  # noqa: ANN401 - JSON
    """A section of the record; empty when there is none."""
    if not RECORD.is_file():
        return {}
    return json.loads(RECORD.read_text(encoding="utf-8")).get(section, {})


def write(section: str, figures: object) -> None:
    """Replace a section of the record, if this run records."""
    if not is_recording():
        return
    document = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    document[section] = figures
    text = json.dumps(dict(sorted(document.items())), indent=1, ensure_ascii=False)
    RECORD.write_text(f"{text}\n", encoding="utf-8")
