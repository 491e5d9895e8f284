"""Plan ids: names for the changes that were reviewed, and what changed since.

A dataset's id is 32 hexadecimal digits: 24 of a digest of (verb, key, desired, live) over all its changes, the action
and the dataset's name, then 4 each of what the whole manifest and all of live hold. Only the first 24 decide; the
others show which side changed. The id of a run is the ids of its datasets, joined by "-": so a resource that knows only
its own dataset finds its part in it.

The order in which the service lists or the manifest names entries does not count, nor does the order of members in a
line. Account and region are not part of it: before its first apply a project has neither.

`moved` shows from an id alone which side changed; `reconciler.review.moved_entries` names entries, from a saved review.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final

from reconciler.changes import Comparison, in_brief
from reconciler.ledger import Brief, Ledger
from reconciler.model import Verb

DECIDING: Final = 24
_HINT: Final = 4
# Where there is no dataset yet; it identifies no dataset.
_NO_LIVE: Final = "0" * _HINT
_JOINT: Final = "-"
# Bytes of a change's digest.
_SIZE: Final = 16
_ID: Final = re.compile(f"[0-9a-f]{{{DECIDING + 2 * _HINT}}}")
_BETWEEN: Final = r"[-,;\s]+"


def plan_id(ledger: Ledger, compared: Comparison, title: str) -> str:
    """The id of one dataset's plan; `title` is "<project> <type>". Memory: 16 bytes per change."""
    whole = blake2b(f"{title}\0{compared.action}".encode("utf-8", "surrogatepass"), digest_size=16)
    for one in _sorted(_digests(in_brief(ledger, compared))):
        whole.update(one)
    live = compared.live.digest if compared.live else _NO_LIVE
    return whole.hexdigest()[:DECIDING] + compared.desired.digest[:_HINT] + live[:_HINT]


def _digests(changes: Iterable[tuple[Verb, Brief]]) -> Iterator[bytes]:
    """What each change does: its verb, its entry, and both lines of it."""
    verbs = {verb: _part(verb.value.encode()) for verb in Verb}
    for verb, row in changes:
        desired = b"bare" if verb is Verb.UNLABEL else row.want
        what = verbs[verb] + _part(row.stored_key) + _part(desired or b"") + _part(row.have or b"")
        yield blake2b(what, digest_size=_SIZE).digest()


def _part(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


def _sorted(digests: Iterable[bytes]) -> Iterator[bytes]:
    """Digests in order; an object for each would take four times the memory."""
    by_first_byte = [bytearray() for _ in range(256)]
    for digest in digests:
        by_first_byte[digest[0]] += digest
    for some in by_first_byte:
        yield from sorted(bytes(some[at : at + _SIZE]) for at in range(0, len(some), _SIZE))


def run_id(ids: Sequence[str]) -> str:
    """The id of a run from those of its datasets, "" when one of them is not known."""
    return _JOINT.join(sorted(ids)) if all(ids) else ""


def ids_in(text: str) -> tuple[str, ...]:
    """The ids of datasets in a text, joined as in the id of a run, or listed; none if it is not a valid plan id."""
    ids = tuple(re.split(_BETWEEN, text.strip().lower()))
    return ids if all(map(_ID.fullmatch, ids)) else ()


def moved(reviewed: str, now: str) -> str:
    """What changed since a review, in words: "" when the plan is still the one that was reviewed.

    `reviewed` is the id of a run (or of one dataset), `now` the id of one dataset's plan.
    """
    parts = ids_in(reviewed)
    if any(part[:DECIDING] == now[:DECIDING] for part in parts):
        return ""
    seen = now[DECIDING + _HINT :]
    live = seen != _NO_LIVE and any(part[DECIDING + _HINT :] == seen for part in parts)
    manifest = any(part[DECIDING : DECIDING + _HINT] == now[DECIDING : DECIDING + _HINT] for part in parts)
    if manifest and not live:
        return "live entries changed since the review; the manifest is as it was reviewed"
    if live and not manifest:
        return "the manifest changed since the review; live is as it was then"
    if live and manifest:
        return "settings changed since the review; manifest and live are as they were then"
    return "the manifest and live both changed since the review, or this dataset was not part of it"
