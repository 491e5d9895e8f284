"""Plans held against the JSON Schema in the repository, by a validator that shares no code with what writes them."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Final

from jsonschema import Draft202012Validator

SCHEMA: Final = Path(__file__).parents[2] / "docs" / "schema" / "plan.schema.json"


@lru_cache(maxsize=1)
def validator() -> Draft202012Validator:
    """The validator of the schema in the repository; raises when that is not a valid schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(document: object) -> list[str]:
    """What the schema has against a document."""
    return [f"{error.json_path}: {error.message}" for error in validator().iter_errors(document)]


def plan_faults(text: str) -> list[str]:
    """The same for a text, if it is a plan at all."""
    try:
        document = json.loads(text)
    except ValueError:
        return []
    return faults(document) if isinstance(document, dict) and document.get("kind") == "plan" else []
