"""The JSON Schema of the review, made from its types.

`make docs` writes it to docs/schema/plan.schema.json.
"""

import json
from inspect import cleandoc
from typing import Any, Final

import msgspec

from reconciler.guards import GUARDS
from reconciler.review.model import FORMAT, Review

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema as a JSON object."""
    made = _tidied(msgspec.json.schema(Review))
    names = {"enum": sorted(GUARDS)}
    made["$defs"]["GuardCheck"]["properties"]["name"] |= names
    made["$defs"]["Policy"]["properties"]["guards"]["propertyNames"] = names
    return {"$schema": _DIALECT, "title": f"The plan of a run of the reconciler, format {FORMAT}", **made}


def _tidied(value: Any) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """The schema with descriptions as every Python reads docstrings: before 3.13 they kept their indentation."""
    if isinstance(value, dict):
        return {
            name: cleandoc(member) if name == "description" and isinstance(member, str) else _tidied(member)
            for name, member in value.items()
        }
    return [_tidied(item) for item in value] if isinstance(value, list) else value


def schema_text() -> str:
    """The schema as it is in the repository: indented, with sorted members, ending in a newline."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"
