"""Keys of the repository and keys of a stage: no two ever become one, and each way leads back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.entries.image_prefixes import is_ambiguous, mapped, mapped_back
from reconciler.manifest.project.stages import overlaps

if TYPE_CHECKING:
    from reconciler.model import Prefixes

PREFIXES = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(lambda parts: f"s3://{'/'.join(parts)}/")
KEYS = st.lists(st.sampled_from("abx"), min_size=2, max_size=4).map(lambda parts: f"s3://{'/'.join(parts)}")


@settings(max_examples=50, deadline=None)
@given(pairs=st.dictionaries(PREFIXES, PREFIXES, max_size=3), keys=st.sets(KEYS, min_size=2))
def test_no_two_keys_become_one(pairs: dict[str, str], keys: set[str]) -> None:
    """Of the keys that are not refused, no two are mapped to one, and each is mapped back to itself."""
    prefixes: Prefixes = tuple(sorted(pairs.items()))
    assume(not any(overlaps(prefixes)))
    accepted = [key for key in keys if not is_ambiguous(key, prefixes)]
    assert len({mapped(key, prefixes) for key in accepted}) == len(accepted)
    assert [mapped_back(mapped(key, prefixes), prefixes) for key in accepted] == accepted


@settings(max_examples=50, deadline=None)
@given(pairs=st.dictionaries(PREFIXES, PREFIXES, max_size=3), key=KEYS)
def test_a_live_key_is_mapped_back_to_a_key_that_is_mapped_to_it(pairs: dict[str, str], key: str) -> None:
    """Or it is refused, because there is none."""
    prefixes: Prefixes = tuple(sorted(pairs.items()))
    assume(not any(overlaps(prefixes)))
    try:
        back = mapped_back(key, prefixes)
    except ValueError:
        assert key not in {mapped(f"{of}{key.removeprefix(to)}", prefixes) for of, to in prefixes if key.startswith(to)}
    else:
        assert mapped(back, prefixes) == key
