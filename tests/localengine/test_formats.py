"""Values on the wire and in the state, written and read back."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localengine.engine.deletion import deletion_groups
from localengine.errors import EngineError, Exit
from localengine.protocol import urn as urns
from localengine.protocol.properties import (
    RESOURCE_REFERENCE,
    SIGNATURE,
    equal,
    from_struct,
    marked_like,
    masked,
    plain_bag,
    secret,
    to_struct,
    visible_changes,
)
from localengine.state.deployment import Operation, Resource, State, from_document, to_document
from localengine.state.passphrase import Crypter
from localengine.state.store import Store

if TYPE_CHECKING:
    from pathlib import Path

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
KEYS = st.text(min_size=1, max_size=8).filter(lambda key: key != SIGNATURE)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)
BAGS = st.dictionaries(KEYS, VALUES, max_size=4)
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(BAGS)
def test_a_bag_survives_the_wire(bag: dict[str, object]) -> None:
    """A bag that is sent as a protobuf Struct comes back equal, and whole numbers are whole again."""
    back = from_struct(to_struct(bag))
    assert equal(back, bag)
    assert all(not isinstance(value, float) or value != math.trunc(value) for value in back.values())


@FEW
@given(BAGS)
def test_a_secret_bag_is_the_same_bag_without_its_secrets(bag: dict[str, object]) -> None:
    """Marking and unwrapping secrets lose nothing, and a masked secret shows nothing."""
    hidden: dict[str, object] = {key: secret(value) for key, value in bag.items()}
    assert equal(plain_bag(hidden), bag)
    assert all(masked(value) == "[secret]" for value in hidden.values())
    assert equal(marked_like(bag, hidden), hidden)


@FEW
@given(BAGS, BAGS)
def test_a_bag_differs_from_another_exactly_where_its_values_do(old: dict[str, object], new: dict[str, object]) -> None:
    """The visible changes are the names with different values, except those with two underscores."""
    changes = visible_changes(old, new)
    assert visible_changes(old, old) == {}
    for name in {*old, *new}:
        differs = name not in old or name not in new or not equal(old[name], new[name])
        assert (name in changes) == (differs and not name.startswith("__"))


def test_equality_tells_truth_values_from_numbers() -> None:
    """A boolean never equals a number, unlike in Python."""
    assert not equal({"a": True}, {"a": 1})
    assert not equal([0], [False])
    assert equal({"a": [1, {"b": 1.0}]}, {"a": [1.0, {"b": 1}]})


def test_nested_secrets_are_found_again_by_place() -> None:
    """Secrets are marked again in objects and lists of the same shape."""
    given_: dict[str, object] = {"a": {"b": secret("x"), "c": 1}, "l": [1, secret("y")]}
    answered: dict[str, object] = {"a": {"b": "x", "c": 1, "d": 2}, "l": [1, "y"], "more": 3}
    expected = {"a": {"b": secret("x"), "c": 1, "d": 2}, "l": [1, secret("y")], "more": 3}
    assert marked_like(answered, given_) == expected


def test_a_provider_without_references_receives_the_id_or_the_urn() -> None:
    """A reference to a resource becomes its id, or its URN if it has no id."""
    reference = {SIGNATURE: RESOURCE_REFERENCE, "urn": "urn:x", "id": "i"}
    assert plain_bag({"r": reference, "c": {SIGNATURE: RESOURCE_REFERENCE, "urn": "urn:y"}}) == {"r": "i", "c": "urn:y"}


def test_urns_are_built_as_pulumi_builds_them() -> None:
    """The type of a parent is part of the URN, except the type of the root stack."""
    stack = urns.make("dev", "p", urns.STACK_TYPE, "p-dev")
    box = urns.make("dev", "p", "my:index:Box", "b", stack)
    child = urns.make("dev", "p", "aws:x/y:Y", "name::with colons", box)
    assert box == "urn:pulumi:dev::p::my:index:Box::b"
    assert child == "urn:pulumi:dev::p::my:index:Box$aws:x/y:Y::name::with colons"
    assert (urns.type_of(child), urns.name_of(child)) == ("aws:x/y:Y", "name::with colons")
    assert urns.split_reference(urns.reference(box, "id")) == (box, "id")


def names(count: int) -> list[str]:
    """URNs of resources."""
    return [urns.make("dev", "p", "t:i:T", str(number)) for number in range(count)]


@FEW
@given(
    st.integers(1, 8).flatmap(lambda count: st.tuples(st.just(count), st.lists(st.integers(0, 10**6), min_size=count)))
)
def test_nothing_is_deleted_before_what_depends_on_it(drawn: tuple[int, list[int]]) -> None:
    """Every resource is deleted once, after all its dependents, in a group of independent resources."""
    count, seeds = drawn
    listed = names(count)
    resources = [
        Resource(urn=urn, custom=True, dependencies=tuple(listed[n] for n in range(number) if seeds[number] >> n & 1))
        for number, urn in enumerate(listed)
    ]
    groups = deletion_groups(resources)
    position = {resource.urn: index for index, group in enumerate(groups) for resource in group}
    assert sorted(position) == sorted(listed)
    for resource in resources:
        assert all(position[needed] > position[resource.urn] for needed in resource.dependencies)


def whole() -> Resource:
    """A resource with every field."""
    return Resource(
        urn=names(1)[0],
        custom=True,
        id="i",
        inputs={"a": [1, secret({"b": "hidden"})]},
        outputs={"c": secret("also hidden")},
        parent="urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
        protect=True,
        dependencies=("urn:1",),
        property_dependencies={"a": ("urn:1",), "b": ()},
        provider="urn:pulumi:dev::p::pulumi:providers:t::default::id",
        init_errors=("half done",),
        pending_replacement=True,
        additional_secret_outputs=("c",),
        delete=True,
        retain_on_delete=True,
        ignore_changes=("a",),
    )


def test_a_resource_survives_the_state_with_every_field(tmp_path: Path) -> None:
    """A resource is equal after it is written and read; the file has no secret and no empty field."""
    store = Store(tmp_path, "dev", Crypter("", None))
    bare = Resource(urn="urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", custom=False)
    store.save(State((bare, whole())))
    text = store.path.read_text(encoding="utf-8")
    assert "hidden" not in text
    assert json.loads(text)["deployment"]["resources"][0].keys() == {"urn", "custom", "type"}
    assert Store(tmp_path, "dev", Crypter("", None)).load() == State((bare, whole()))


def test_a_state_keeps_the_salt_of_the_stack_file(tmp_path: Path) -> None:
    """The ciphertexts of the state can be decrypted with the same stack file by `pulumi stack import`."""
    crypter = Crypter("word", None)
    store = Store(tmp_path, "dev", crypter)
    store.save(State((whole(),)))
    document = store.document()["deployment"]
    assert isinstance(document, dict)
    assert document["secrets_providers"] == {"type": "passphrase", "state": {"salt": crypter.state}}
    assert Store(tmp_path, "dev", Crypter("word", crypter.state)).load() == State((whole(),))
    assert Store(tmp_path, "dev", Crypter("word", Crypter("word", None).state)).load() == State((whole(),))


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    """A state with secrets cannot be read with a wrong passphrase."""
    Store(tmp_path, "dev", Crypter("right", None)).save(State((whole(),)))
    with pytest.raises(EngineError, match="incorrect passphrase"):
        Store(tmp_path, "dev", Crypter("wrong", None)).load()


@pytest.mark.parametrize("sealed", ["", "v1:a", "v2:YQ==:YQ==", "v1:not base64:YQ==", "v1:AAAAAAAAAAAAAAAA:AAAA"])
def test_a_broken_ciphertext_is_one_sentence(sealed: str) -> None:
    """A ciphertext that cannot be decrypted gives an error, never a traceback."""
    with pytest.raises(EngineError):
        Crypter("", None).decrypt(sealed)


def test_a_ciphertext_of_pulumis_form_opens() -> None:
    """A text that this test encrypts with PBKDF2-HMAC-SHA256 and AES-256-GCM can be decrypted."""
    import base64  # noqa: PLC0415 - only this test builds a ciphertext itself
    import hashlib  # noqa: PLC0415 - likewise

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - likewise

    key = hashlib.pbkdf2_hmac("sha256", b"pass", b"saltsalt", 1_000_000, 32)

    def seal(text: str, nonce: bytes) -> str:
        return ":".join(
            [
                "v1",
                base64.b64encode(nonce).decode(),
                base64.b64encode(AESGCM(key).encrypt(nonce, text.encode(), None)).decode(),
            ]
        )

    state = f"v1:{base64.b64encode(b'saltsalt').decode()}:{seal('pulumi', b'n' * 12)}"
    assert Crypter("pass", state).decrypt(seal("the word", b"m" * 12)) == "the word"


def test_a_failed_write_leaves_the_old_state_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is replaced atomically, and no temporary file is left."""
    store = Store(tmp_path, "dev", Crypter("", None))
    store.save(State((Resource(urn=names(1)[0], custom=False),)))
    before = store.path.read_text(encoding="utf-8")

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.save(State())
    assert store.path.read_text(encoding="utf-8") == before
    assert list(tmp_path.iterdir()) == [store.path]


@pytest.mark.parametrize("field", ["external", "importID", "viewOf"])
def test_a_stored_field_the_engine_cannot_keep_is_refused(field: str) -> None:
    """A state with an unsupported field is refused, because the next write would lose the field."""
    document = to_document(State((whole(),)), lambda _: "sealed", "")
    entries = document["resources"]
    assert isinstance(entries, list)
    entries[0][field] = True
    with pytest.raises(EngineError, match=field):
        from_document(document, lambda _: "open")


def test_pending_operations_are_read_and_written() -> None:
    """A state of the real CLI with pending operations keeps them."""
    state = State((whole(),), (Operation("creating", replace(whole(), id="")),))
    document = to_document(state, lambda value: value, "")
    pending = document["pending_operations"]
    assert isinstance(pending, list)
    assert [(item["type"], item["resource"]["urn"]) for item in pending] == [("creating", whole().urn)]
    assert from_document(document, lambda value: value) == state


def test_exit_codes_are_those_of_pulumi() -> None:
    """Every exit code has the value that Pulumi uses."""
    assert {code.name: code.value for code in Exit} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "NO_SUCH_STACK": 6,
        "CHANGES_NOT_EXPECTED": 7,
        "TERMINATED": 8,
    }
