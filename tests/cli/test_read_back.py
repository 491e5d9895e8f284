"""A saved plan is foreign input: a text that somebody put into any of its members is refused, or acts in no view."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec import inspect as types

from reconciler.errors import BadInput
from reconciler.review.model import FORMAT, Review
from reconciler.views import VIEWS, How
from reconciler.views.json_document import read_document
from tests.views.hostile_review import HOSTILE
from tests.views.test_hostile_text import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Account, World

PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Controls, markup, a table's cell, a link and a way out of a URL, in one text.
NASTY: Final = (
    "x\x1b[31m\x07\u202e\n# y\r\n| z | `</script><img src=x onerror=alert(1)>` @all [a](https://b) .evil.example/?#"
)
TEXTS: Final = st.sampled_from(HOSTILE) | st.text(
    st.sampled_from("`|<>&@#[]()*_~\\!:;/$\"'=-.a1 \n\r\x00\x1b\u202e{}%"), min_size=1
)
# A text for each pattern that a member must have.
SAMPLES: Final = (
    "plan",
    "DescribeDataset",
    "123456789012",
    "0123456789abcdef0123456789abcdef",
    "eu-west-1",
    "arn:aws:rekognition:eu-west-1:123456789012:project/cells/1",
    "arn:aws:rekognition:eu-west-1:123456789012:project/cells/dataset/train/2",
)
Where = tuple["str | int | None", ...]


def sample(kind: types.Type) -> Any:  # noqa: ANN401, C901, PLR0911 - any JSON; a row per kind of type
    """JSON of a type in which every member is there, and every list and mapping has one element."""
    match kind:
        case types.StrType(pattern=None):
            return "name"
        case types.StrType(pattern=pattern):
            return next(text for text in SAMPLES if re.search(pattern or "", text))
        case types.BoolType():
            return True
        case types.IntType() | types.FloatType():
            return 1
        case types.StructType(array_like=True):
            return [sample(field.type) for field in kind.fields]
        case types.StructType() | types.DataclassType():
            return {field.encode_name: sample(field.type) for field in kind.fields}
        case types.EnumType(cls=cls):
            return next(iter(cls)).value
        case types.LiteralType(values=values):
            return values[-1]
        case types.VarTupleType(item_type=inner) | types.FrozenSetType(item_type=inner):
            return [sample(inner)]
        case types.TupleType(item_types=inner):
            return [sample(one) for one in inner]
        case types.DictType(key_type=key, value_type=value):
            return {sample(key): sample(value)}
        case types.UnionType(types=inner):  # null is the last choice, a text the one before
            return sample(min(inner, key=lambda one: (isinstance(one, types.NoneType), isinstance(one, types.StrType))))
    raise AssertionError(kind)


@lru_cache(maxsize=1)
def whole() -> str:
    """A saved plan in which every member of every type is there."""
    document = sample(types.type_info(Review)) | {"kind": "plan", "format": FORMAT}
    for project in document["projects"]:
        for dataset in project["datasets"]:
            dataset["changes"] = [
                {**change, "verb": verb} for change in dataset["changes"] for verb in ("update", "add")
            ]
    text = json.dumps(document)
    read_document(text.encode(), "plan.json")
    return text


def texts_in(value: Any, path: Where = ()) -> Iterator[Where]:  # noqa: ANN401 - any JSON
    """The path of every text; that of a member's name ends in None where the name is data."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from texts_in(item, (*path, number))
    elif isinstance(value, dict):
        for name, item in value.items():
            if path[-1:] in {("calls",), ("guards",), ("box_changes",)}:
                yield (*path, name, None)
            yield from texts_in(item, (*path, name))


def replaced(path: Where, text: str) -> bytes:
    """The saved plan with another text in one place."""
    document: Any = json.loads(whole())
    *above, last = path[:-1] if path[-1] is None else path
    inner = document
    for step in above:
        inner = inner[step]
    if path[-1] is None:
        inner[text] = inner.pop(last)
    else:
        inner[last] = text
    return json.dumps(document).encode()


def views(content: bytes) -> dict[str, str] | None:
    """Every view of a saved plan, on a narrow terminal too; None if it is refused."""
    try:
        review = read_document(content, "plan.json")
    except BadInput:
        return None
    how = {"narrow": ("text", How(width=40, verbose=True)), **{name: (name, How(verbose=True)) for name in VIEWS}}
    return {name: VIEWS[view].make(review, options) for name, (view, options) in how.items()}


def acting(text: str) -> Iterator[str]:
    """Characters that do something instead of being seen."""
    for one in text:
        if one != "\n" and unicodedata.category(one) in {"Cc", "Cs", "Cf", "Zl", "Zp"}:
            yield one


def shape(made: dict[str, str]) -> tuple[object, ...]:
    """What the views are made of: the lines of text, the blocks of Markdown, the elements and links of HTML."""
    page = Page(made["html"])
    links = re.findall(r"(?:href|src|action)=\"([^\"#][^\"]*)\"", made["html"])
    links += [dataset["console"] for dataset in json.loads(page.scripts[0])["datasets"]]
    return (
        made["text"].count("\n"),
        [token.type for token in PARSER.parse(made["markdown"])],
        [tag for tag in page.tags if tag != "code"],
        page.attributes,
        len(page.scripts),
        sorted(str(urlsplit(link).hostname) for link in links),
    )


def check(path: Where, text: str) -> None:
    """The text is refused, or it acts in no view."""
    made = views(replaced(path, text))
    if made is None:
        return
    seen = {**made, "html": "".join(Page(made["html"]).texts)}
    for name, view in seen.items():
        assert not list(acting(view)), (path, name)
    plain = views(replaced(path, "other"))
    assert plain is not None, path
    assert shape(made) == shape(plain), path


PATHS: Final = list(texts_in(json.loads(whole())))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_no_member_of_a_saved_plan_acts_in_a_view(path: Where) -> None:
    """Each text in turn is replaced by one with controls, markup and addresses: typed, patterned or inert."""
    check(path, NASTY)


@settings(max_examples=100, deadline=None)
@given(path=st.sampled_from(PATHS), text=TEXTS)
def test_no_text_in_any_member_acts_in_a_view(path: Where, text: str) -> None:
    """Likewise for texts that nobody thought of."""
    check(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("projects", 0, "datasets", 0, "region"), "evil.example/?"),
        (("projects", 0, "datasets", 0, "region"), "eu-west-1\n"),
        (("projects", 0, "datasets", 0, "changes", 0, "sign"), "+ x\x1b[2J"),
    ],
    ids=str,
)
def test_a_plan_that_was_edited_is_refused_by_report_and_apply(
    world: World, account: Account, path: Where, text: str
) -> None:
    """A region that leads to another host, or a sign that is more than one: nothing is shown and nothing is sent."""
    account.create("cells")
    world.write("cells", world.many(1))
    (world.folder / "plan.json").write_bytes(replaced(path, text))
    for command in (
        ("report", "plan.json"),
        ("report", "plan.json", "--format", "html"),
        ("apply", "--plan", "plan.json", "--yes"),
    ):
        ran = world.run(*command)
        assert ran.code == 3, ran
        assert "plan.json is not a saved plan" in ran.err
        assert not list(acting(ran.out + ran.err))
    assert account.updates == 0
