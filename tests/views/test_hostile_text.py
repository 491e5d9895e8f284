"""Text of others acts in no view: not in a terminal, not in Markdown, not in HTML. It stays readable."""

import json
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.analysis.results import LookAlike
from reconciler.review.dangers import dangers_of
from reconciler.review.model import ProjectReview
from reconciler.text import Name
from reconciler.views.html import view as html
from reconciler.views.markdown import view as markdown
from reconciler.views.markdown.escape import cells, code, prose
from reconciler.views.terminal import view as terminal
from reconciler.views.words import said, shown
from tests.views.hostile_review import HOSTILE, hostile

# GitHub's tables and strikethrough on top of CommonMark.
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OWN_TAGS = {"<br>", "<sub>", "</sub>"}
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
# Letters that make trouble more often than all of Unicode would.
TROUBLE = st.text(
    st.sampled_from("`|<>&@#[]()*_~\\!:;/$\"'=+-.1aA \t\n\r\x00\x1b\u202e\u200b\xa0\u0301\U000e0041\u05d0\uff5c{}%")
)
TEXTS = TROUBLE | st.text(max_size=80) | st.sampled_from(HOSTILE)
MODEST = settings(max_examples=60, deadline=None)


def flat(text: str) -> list[Token]:
    """All tokens of a document, inline ones in their place."""
    return [one for token in PARSER.parse(text) for one in (token, *(token.children or ()))]


def blocks(text: str) -> list[str]:
    """What the document is made of, without the content of its lines."""
    return [token.type for token in PARSER.parse(text)]


def appears(wanted: str, text: str) -> bool:
    """Whether it is there whole, or with its middle cut out where it is long."""
    if len(wanted) <= 100:
        return wanted in text
    return wanted[:50] in text and wanted[-20:] in text


class Page(HTMLParser):
    """Tags and texts of a page as a parser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open = ""
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element and its attributes."""
        self.tags.append(tag)
        self.open = tag
        self.attributes |= {name for name, _value in attrs}

    def handle_data(self, data: str) -> None:
        """Remember the text, a script's apart."""
        (self.scripts if self.open == "script" else self.texts).append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's signature
        """Nothing nests in a script."""
        self.open = ""


def acting(text: str) -> Iterator[str]:
    """Characters that do something instead of being seen."""
    for one in text:
        if one != "\n" and (
            unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(one) in BIDI
        ):
            yield one


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_terminal_shows_hostile_text_and_obeys_none(text: str) -> None:
    """No control character, no escape sequence, no override; the name is there."""
    seen = terminal.view(hostile(text), verbose=True)
    assert not list(acting(seen))
    assert appears(shown(text), seen)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_markdown_has_the_same_blocks_whatever_the_names_are(text: str) -> None:
    """No name makes a heading, list, table, cell, quote or HTML block of its own."""
    assert blocks(markdown.view(hostile(text))) == blocks(markdown.view(hostile("name")))


@MODEST
@given(TEXTS)
@example("x\n\n# y")
def test_markdown_has_the_same_blocks_for_any_text(text: str) -> None:
    """Likewise for texts that nobody thought of."""
    assert blocks(markdown.view(hostile(text))) == blocks(markdown.view(hostile("name")))


@MODEST
@given(TEXTS)
def test_markdown_holds_names_in_code_and_nothing_else_acts(text: str) -> None:
    """No link, image, emphasis, HTML or strikethrough comes from a name; outside of code nothing can be looked up."""
    tokens = flat(markdown.view(hostile(text)))
    kinds = {token.type for token in tokens}
    assert not kinds & {"link_open", "image", "em_open", "s_open", "fence", "code_block", "autolink"}
    assert {token.content for token in tokens if token.type == "html_inline"} <= OWN_TAGS
    loose = " ".join(token.content for token in tokens if token.type == "text")
    assert not re.search(r"@|#\d|://|www\.|\bGH-\d|\b[0-9a-f]{40}\b|:\w+:|\$|`", loose)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_markdown_names_stay_readable(text: str) -> None:
    """Names are shown as code, character for character except for what must be escaped."""
    codes = [token.content for token in flat(markdown.view(hostile(text))) if token.type == "code_inline"]
    assert any(appears(shown(text).strip(), one) for one in codes)


@MODEST
@given(TEXTS)
def test_a_code_span_is_one_code_span(text: str) -> None:
    """Whatever back-ticks are in it, alone and in a cell of a table."""
    inline = PARSER.parseInline(code(text))[0].children or []
    assert [token.type for token in inline] == ["code_inline"]
    row = PARSER.parse(f"| a | b |\n|---|---|\n{cells([code(text), 'x'])}")
    inside = [token for token in row if token.type == "inline"]
    assert len(inside) == 4
    assert [one.type for one in inside[2].children or []] == ["code_inline"]
    assert (inside[2].children or [])[0].content == inline[0].content


@MODEST
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_a_sentence_shows_every_character_of_it(head: str, tail: str, names: list[str]) -> None:
    """Apart from blanks and back-ticks around what it quotes, the sentence is rendered whole, as text and code."""
    sentence = (
        f"{head} -> ",
        Name(tail),
        " of ",
        *(piece for name in names for piece in (Name(name), " ")),
        ": 12 boxes",
    )
    inline = PARSER.parseInline(prose(sentence, 10_000, 10_000))[0].children or []
    assert {token.type for token in inline} <= {"text", "code_inline", "text_special"}
    seen = "".join(token.content for token in inline).replace("\N{RIGHTWARDS ARROW}", "->")
    wanted = said(sentence).replace("\N{RIGHTWARDS ARROW}", "->")
    assert "".join(seen.replace("`", "").split()) == "".join(wanted.replace("`", "").split())


def test_plain_words_are_not_set_as_code() -> None:
    """A sentence reads as a sentence."""
    assert prose("3 boxes moved, 1 added: 12 % of RBC (new)") == "3 boxes moved, 1 added: 12 % of RBC (new)"
    assert prose(("label added: ", Name("RBC"), "; overlap 66 %")) == "label added: `RBC`; overlap 66 %"


@pytest.mark.parametrize(
    "word",
    [
        "@all",
        "#1",
        "GH-1",
        "a_b",
        "**x**",
        "<b>",
        "www.x.org",
        "https://x.org",
        "deadbeef01",
        ":smile:",
        "1.",
        "$x$",
        '"GH-0',
        "(deadbeef01)",
    ],
)
def test_words_that_could_act_are_code(word: str) -> None:
    """Each on its own, and with the text around it that it came in; text that quotes it stays text."""
    assert prose(word) == f"`{word}`"
    middle = f"a {word} b" if word != "1." else "1. b"
    assert prose(middle) == f"`{middle}`"
    assert prose(f"a `{word}` b") == prose(("a ", Name(word), " b")) == f"a `{word}` b"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_html_has_the_same_elements_whatever_the_names_are(text: str) -> None:
    """No name makes an element or an attribute; the data are one script of JSON."""
    page, plain = Page(html.view(hostile(text))), Page(html.view(hostile("name")))
    assert [tag for tag in page.tags if tag != "code"] == [tag for tag in plain.tags if tag != "code"]
    assert page.attributes == plain.attributes
    assert len(page.scripts) == 2
    assert appears(shown(text), "".join(page.texts))


@MODEST
@given(TEXTS)
def test_html_is_inert_for_any_text(text: str) -> None:
    """Elements, attributes and characters; the data script holds no character that could end it."""
    page, plain = Page(html.view(hostile(text))), Page(html.view(hostile("name")))
    assert [tag for tag in page.tags if tag != "code"] == [tag for tag in plain.tags if tag != "code"]
    assert page.attributes == plain.attributes
    assert not list(acting("".join(page.texts)))
    assert not set("<>&\u2028\u2029") & set(page.scripts[0])
    data = json.loads(page.scripts[0])
    assert shown(text, 300) in data["labels"]


@MODEST
@given(TEXTS)
def test_a_name_is_inert_and_never_invisible(text: str) -> None:
    """Blanks at its ends, double and odd blanks, and empty names are seen."""
    name = shown(text)
    assert name.strip() == name
    assert name
    assert not list(acting(name))
    if text.isascii() and text.isprintable() and text == " ".join(text.split()) and text:
        assert name == text


def test_names_that_look_alike_are_told_apart_by_their_characters() -> None:
    """The letters that differ are named; blanks and selectors that are not seen are written out."""
    pairs = (
        LookAlike(first="cat", second="c\u0430t", why="letters", first_images=1, second_images=1),
        LookAlike(first="cat", second="Cat", why="case", first_images=1, second_images=1),
    )
    letters, case = dangers_of([ProjectReview(name="cells", folder="cells", look_alikes=pairs)])
    assert said(letters.words).endswith("that look the same: U+0430 CYRILLIC SMALL LETTER A")
    assert said(case.words).endswith("they differ in case only")
    assert shown("a\xa0b") == "a\\u00a0b"
    assert shown("a\ufe0f") == "a\\ufe0f"
    assert shown("e\u0301") == "e\u0301"
    assert shown("e\u0301\u0301\u0301") == "e\u0301\u0301\\u0301"
