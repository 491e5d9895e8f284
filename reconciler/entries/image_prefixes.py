"""The prefixes of images that a stage maps: a key of the repository to the key in the stage's bucket, and back.

Two keys never become one: no prefix of either side begins with another one of its side, and a key that begins with a
prefix of the stage without having one of the repository is refused (`is_ambiguous`).
"""

import json
from typing import Any

from reconciler.entries.meaning import SOURCE_REF, encoded
from reconciler.model import Prefixes


def mapped(key: str, prefixes: Prefixes) -> str:
    """The key in the stage of a key in the repository, or of a pattern of keys."""
    return next((to + key.removeprefix(of) for of, to in prefixes if key.startswith(of)), key)


def mapped_back(key: str, prefixes: Prefixes) -> str:
    """The key in the repository of a key in the stage.

    Raises:
        ValueError: no key of the repository is mapped to it.
    """
    found = next((of + key.removeprefix(to) for of, to in prefixes if key.startswith(to)), key)
    if mapped(found, prefixes) != key:
        raise ValueError(f"no key of the repository is mapped to {key}")
    return found


def is_ambiguous(key: str, prefixes: Prefixes) -> bool:
    """Whether a key of the repository is mapped to the same key as a different one."""
    return mapped_back(mapped(key, prefixes), prefixes) != key


def mapped_line(document: dict[str, Any], prefixes: Prefixes) -> dict[str, Any]:
    """A line with the key in the stage."""
    key = document.get(SOURCE_REF)
    return {**document, SOURCE_REF: mapped(key, prefixes)} if prefixes and isinstance(key, str) else document


def line_mapped_back(line: str, prefixes: Prefixes) -> str:
    """A listed line with the key in the repository, everything else as it was.

    Raises:
        ValueError: no key of the repository is mapped to its key.
    """
    if not prefixes:
        return line
    document = json.loads(line)
    return encoded({**document, SOURCE_REF: mapped_back(document[SOURCE_REF], prefixes)}).decode(
        "utf-8", "surrogatepass"
    )
