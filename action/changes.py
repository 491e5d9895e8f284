"""The changes of a saved plan: how many, in words, and a digest of each."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

# What a change does to its entry; its place in the file, its number and whose it is may differ from run to run.
_CONTENT: Final = (
    "verb",
    "key",
    "words",
    "labels_kept",
    "labels_added",
    "labels_removed",
    "boxes",
    "fields",
    "sizes_before",
    "sizes_after",
)
# The digits of a plan id that name the changes (the others show which side moved).
_DECIDING: Final = 24
_VERBS: Final = (("add", "to add"), ("update", "to update"), ("unlabel", "to unlabel"))

Document = Mapping[str, Any]


def datasets(document: Document) -> Iterator[Mapping[str, Any]]:
    """The datasets of a plan, project after project."""
    for project in document.get("projects", ()):
        yield from project["datasets"]


def count(document: Document) -> int:
    """The number of entries that an apply would send."""
    return sum(one[verb] for one in datasets(document) for verb, _words in _VERBS)


def projects(document: Document) -> list[str]:
    """The names of the projects that an apply would change, in the order of the plan."""
    return list(dict.fromkeys(one["project"] for one in datasets(document) if one["has_changes"]))


def status(document: Document) -> str:
    """`3 to add, 17 to update, 1 danger`."""
    counts = [(sum(one[verb] for one in datasets(document)), words) for verb, words in _VERBS]
    for word, words in (("danger", "dangers"), ("check", "checks")):
        many = sum(one["level"] == word for one in document.get("dangers", ()))
        counts.append((many, word if many == 1 else words))
    errors = sum(one["findings"]["errors"] for one in datasets(document))
    counts.append((errors, "error" if errors == 1 else "errors"))
    said = ", ".join(f"{many:,} {words}" for many, words in counts if many)
    changed = any(one["has_changes"] for one in datasets(document))
    return said or ("changes without an entry" if changed else "no changes")


def digests(document: Document) -> dict[str, dict[str, Any]]:
    """By the title of a dataset: the digits of its plan id that name the changes, and a digest of each change."""
    return {
        one["title"]: {"plan": one["plan_id"][:_DECIDING], "changes": sorted(_digested(one))}
        for one in datasets(document)
    }


def unseen(document: Document, reviewed: list[Mapping[str, Any]]) -> list[str]:
    """The changes of a plan that none of the reviews showed, as `TITLE: KEY` each; what is beyond the plan's list last.

    `reviewed` are what `digests` gave for each review. A dataset whose plan is one of a review needs no look at its
    changes.
    """
    found: list[str] = []
    for one in datasets(document):
        seen = [review[one["title"]] for review in reviewed if one["title"] in review]
        if not one["has_changes"] or any(review["plan"] == one["plan_id"][:_DECIDING] for review in seen):
            continue
        known = {digest for review in seen for digest in review["changes"]}
        mine = _digested(one)
        found += [f"{one['title']}: {words}" for digest, words in mine.items() if digest not in known]
        sent = one["add"] + one["update"] + one["unlabel"]
        listed = sum(change["verb"] != "live-only" for change in one["changes"])
        if sent > listed:
            found.append(f"{one['title']}: {sent - listed:,} changes beyond those that a review lists")
    return found


def _digested(dataset: Mapping[str, Any]) -> dict[str, str]:
    """A digest of each change that is sent, with the entry's key; a dataset that is replaced is a change of its own."""
    found = {}
    if dataset["action"] == "replace":
        found[_digest(["replace"])] = "the dataset is deleted and created again"
    for change in dataset["changes"]:
        if change["verb"] != "live-only":
            found[_digest([change.get(name) for name in _CONTENT])] = str(change["key"])
    return found


def _digest(content: list[Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:32]
