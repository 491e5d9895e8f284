"""The page in a real browser: nothing complains, filters filter, boxes are where they belong, no label runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.review.model import Review
from reconciler.views.html.view import view
from reconciler.views.pictures import Picture
from tests.support.png import pixels, png
from tests.views.browser import CHROMIUM, DRIVER, MISSING, Browser, browser
from tests.views.hostile_review import HOSTILE, hostile
from tests.views.real_review import real
from tests.views.reviews import became, box, change, dataset, many, review, same

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)

CARDS: Final = "return document.querySelectorAll('.card').length"
STATUS: Final = "return document.querySelector('.status').textContent"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests here."""
    with browser(tmp_path_factory.mktemp("chromium")) as one:
        one.size(1200, 900)
        yield one


@pytest.fixture
def shown(chromium: Browser, tmp_path: Path) -> Iterator[Any]:
    """Open a review; afterwards nothing may have complained."""

    def show(what: Review, **more: Any) -> Browser:  # noqa: ANN401 - of `view`
        page = tmp_path / "review.html"
        page.write_text(view(what, **more), encoding="utf-8")
        chromium.open(page)
        return chromium

    yield show
    assert chromium.complaints() == []


def test_the_page_draws_and_nothing_complains(shown: Any) -> None:  # noqa: ANN401
    """Every entry a card, the riskiest first."""
    page = shown(real())
    assert page.until(CARDS) == 18
    assert page.run("return document.querySelector('.card h3 bdi').textContent") == "BloodImage_00017.jpg"


def test_a_kind_a_label_and_a_key_filter(shown: Any) -> None:  # noqa: ANN401
    """Each alone, and together; pressed again they are off."""
    page = shown(real())
    press = "document.querySelector(`[data-kind='${arguments[0]}']`).click();"
    page.run(press, "relabelled")
    assert page.run(STATUS) == "13 of 18 entries"
    page.run(press, "add")
    assert page.run(STATUS) == "16 of 18 entries"
    page.run(press, "relabelled")
    assert page.run(STATUS) == "3 of 18 entries"
    assert page.run("return [...document.querySelectorAll('.card')].every(card => card.classList.contains('add'))")
    page.run(press, "add")
    choose = (
        "const one = document.querySelector(`[data-filter='${arguments[0]}']`);"
        "one.value = [...one.options].find(option => option.text.startsWith(arguments[1])).value;"
        "one.dispatchEvent(new Event('change'));"
    )
    page.run(choose, "label", "Platelets (")
    assert page.run(STATUS) == "1 of 18 entries"
    page.run(choose, "label", "all labels")
    page.run(choose, "group", "RBC renamed")
    assert page.run(STATUS) == "12 of 18 entries"
    page.run(choose, "group", "all groups")
    page.keys("/")
    page.keys("image_00003")
    page.until("return document.querySelector('.status').textContent === '1 of 18 entries'")
    assert page.run("return document.querySelector('.card h3 bdi').textContent") == "BloodImage_00003.jpg"


def test_a_group_leads_to_its_entries(shown: Any) -> None:  # noqa: ANN401
    """A click on a group in the summary shows the entries of that group."""
    page = shown(real())
    page.run("document.querySelector('[data-group=\"0-1\"] .lead').click()")
    assert page.run(STATUS) == "12 of 18 entries"


def test_the_keyboard_walks_from_entry_to_entry(shown: Any) -> None:  # noqa: ANN401
    """The keys `j` and `k` move the focus to the next entry and to the one before."""
    page = shown(real())
    page.keys("jjk")
    assert page.run("return document.activeElement.dataset.entry") == "0-17"
    page.keys("j")
    assert page.run("return document.activeElement.dataset.entry") == "0-1"


def test_boxes_are_at_the_right_pixels(shown: Any) -> None:  # noqa: ANN401
    """The edges of a box, seen on a screenshot of a picture in one colour."""
    moved = became(box("WBC", 100, 60, 200, 120), box("WBC", 340, 240, 200, 120))
    page = shown(review(dataset([change(0, boxes=(moved,))])), pictures=lambda _key: sheet(640, 480))
    page.run("document.querySelector('figure.before svg').scrollIntoView({block: 'center'})")
    frame = page.run(
        "const one = document.querySelector('figure.before svg').getBoundingClientRect();"
        "return [one.left, one.top, one.width, one.height]"
    )
    rows = pixels(page.screenshot())
    scale = frame[2] / 640
    assert frame[3] == pytest.approx(480 * scale, abs=1)
    middle = round(frame[1] + (60 + 60) * scale)
    line = rows[middle][round(frame[0]) : round(frame[0] + frame[2])]
    stroke = [x for x, colour in enumerate(line) if colour == (168, 98, 0)]  # the colour of moved boxes
    assert min(stroke) == pytest.approx(100 * scale, abs=2)
    assert max(stroke) == pytest.approx(300 * scale, abs=2)
    column = [row[round(frame[0] + 280 * scale)] for row in rows[round(frame[1]) : round(frame[1] + frame[3])]]
    stroke = [y for y, colour in enumerate(column) if colour == (168, 98, 0)]
    assert min(stroke) == pytest.approx(60 * scale, abs=2)
    assert max(stroke) == pytest.approx(180 * scale, abs=2)


def sheet(width: int, height: int, orientation: int = 1) -> Picture:
    """A white picture; its thumbnail has a quarter of the size."""
    data = png(width // 4, height // 4, b"\xff\xff\xff")
    return Picture(data=data, width=width, height=height, orientation=orientation)


def test_the_old_position_of_a_moved_box_is_dashed_beside_the_new(shown: Any) -> None:  # noqa: ANN401
    """Only the picture after the change shows the old position, dashed, beside the new one."""
    page = shown(many(1))
    page.until(CARDS)
    rects = (
        "return [...document.querySelectorAll(`figure.${arguments[0]} rect.b-moved`)]"
        ".map(one => [one.getAttribute('x'), one.getAttribute('y'), getComputedStyle(one).strokeDasharray])"
    )
    assert page.run(rects, "before") == [["200", "100", "none"]]
    assert page.run(rects, "after") == [["200", "100", "6px, 4px"], ["203", "96", "none"]]


def test_a_turned_picture_is_drawn_upright_where_image_size_is_the_upright_one(shown: Any) -> None:  # noqa: ANN401
    """EXIF orientation 6: stored as landscape, labelled as portrait."""
    page = shown(
        review(dataset([change(0, boxes=(same(box("WBC", 1, 1)),))])), pictures=lambda _key: sheet(480, 640, 6)
    )
    page.until(CARDS)
    assert page.run("return document.querySelector('svg.image').getAttribute('viewBox')") == "0 0 640 480"
    assert (
        page.run("return document.querySelector('svg.image image').getAttribute('transform')")
        == "matrix(0 1 -1 0 640 0)"
    )
    assert "EXIF orientation 6" in page.run("return document.querySelector('.card').textContent")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_runs_nothing_and_makes_no_element(shown: Any, text: str) -> None:  # noqa: ANN401
    """As many elements as a harmless name makes, and no dialogue is open."""
    count = "return [...document.querySelectorAll('body *')].filter(one => one.tagName !== 'CODE').length"
    harmless = shown(hostile("name")).until(count)
    page = shown(hostile(text))
    assert page.until(CARDS) == 1
    assert page.run(count) == harmless
    assert page.run("return document.title").startswith("Labels:")


def test_thousands_of_entries_are_drawn_as_they_are_looked_at(shown: Any) -> None:  # noqa: ANN401
    """A few at first, more on the way down, all of them counted."""
    page = shown(many(5_000))
    first = page.until(CARDS)
    assert first < 100
    assert page.run(STATUS) == "5,000 of 5,000 entries"
    page.run("window.scrollTo(0, document.body.scrollHeight)")
    page.until(f"return document.querySelectorAll('.card').length > {first}")


def test_the_contact_sheet_shows_pictures_in_small_and_leads_to_their_entries(shown: Any) -> None:  # noqa: ANN401
    """Each entry with a picture is drawn before and after, in a grid, as far as filters let it; a link opens it."""
    missing = "BloodImage_00001.jpg"
    page = shown(real(), pictures=lambda key: Picture(note="gone") if key.endswith(missing) else sheet(640, 480))
    page.until(CARDS)
    page.keys("c")
    thumbs = "return document.querySelectorAll('.thumb').length"
    assert page.until(thumbs) == 17
    assert page.run(STATUS) == "17 of 18 entries, those with a picture"
    assert missing not in page.run("return document.querySelector('.list').textContent")
    assert page.run("return document.querySelectorAll('.thumb svg.image image').length") == 2 * 17 - 3
    assert (
        page.run("return [...document.querySelectorAll('.thumb .none')].map(one => one.textContent)")
        == ["no such entry"] * 3
    )
    across = "return [...document.querySelectorAll('.thumb')].slice(0, 3).map(one => one.getBoundingClientRect().top)"
    assert len(set(page.run(across))) == 1
    page.run("document.querySelector(`[data-kind='add']`).click()")
    assert page.run(thumbs) == 3
    page.run("document.querySelectorAll('.thumb a')[1].click()")
    page.until("return document.activeElement.classList.contains('card')")
    assert page.run("return `#${document.activeElement.id}` === location.hash")
    assert page.run("return document.querySelector('.contact').getAttribute('aria-pressed')") == "false"


def test_without_pictures_there_is_no_contact_sheet(shown: Any) -> None:  # noqa: ANN401
    """Neither the button nor its key."""
    page = shown(real())
    assert page.until(CARDS) == 18
    page.keys("c?")
    assert page.run("return document.querySelectorAll('.contact, .thumb').length") == 0
    assert "contact sheet" not in page.run("return document.getElementById('large').textContent")


def test_a_large_contact_sheet_is_drawn_as_it_is_looked_at_and_adds_nothing(shown: Any) -> None:  # noqa: ANN401
    """A few thumbs at first; they are made from what the entries have, so that the page holds each picture once."""
    picture = sheet(64, 48)
    page = shown(many(500), pictures=lambda _key: picture)
    page.until(CARDS)
    page.keys("c")
    assert page.until("return document.querySelectorAll('.thumb').length") < 100
    held = "return document.getElementById('data').textContent.split(arguments[0]).length - 1"
    assert page.run(held, picture.data) == 500


def test_on_a_phone_sentences_are_stacked_and_figures_stay_in_their_columns(shown: Any, chromium: Browser) -> None:  # noqa: ANN401
    """At 390 pixels a key in a table has the width of the page, and each figure is below its heading."""
    chromium.size(390, 844)
    try:
        page = shown(real())
        page.until(CARDS)
        assert page.run("return document.documentElement.scrollWidth <= window.innerWidth")
        assert page.run("return document.querySelector('.static td:nth-child(3)').getBoundingClientRect().width") > 300
        cells = "[...document.querySelectorAll(`.balance ${arguments[0]} > *`)]"
        lefts = f"return {cells}.map(one => one.getBoundingClientRect().left)"
        assert page.run(lefts, "thead tr") == page.run(lefts, "tbody tr:first-child")
    finally:
        chromium.size(1200, 900)


def test_a_narrow_page_does_not_scroll_sideways(shown: Any, chromium: Browser) -> None:  # noqa: ANN401
    """The page does not scroll sideways on a phone, even with the longest names."""
    chromium.size(500, 900)
    try:
        for what in (real(), hostile("x" * 2048)):
            page = shown(what)
            page.until(CARDS)
            assert page.run("return document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        chromium.size(1200, 900)


def test_a_picture_opens_large_and_closes(shown: Any) -> None:  # noqa: ANN401
    """In a dialogue that the keyboard closes."""
    page = shown(real())
    page.until(CARDS)
    page.run("document.querySelector('figcaption button').click()")
    assert page.run("return document.getElementById('large').open")
    assert page.run("return document.querySelectorAll('#large svg.image').length") == 1
    page.keys("\ue00c")  # Escape
    page.until("return !document.getElementById('large').open")


def test_a_question_mark_shows_the_keys(shown: Any) -> None:  # noqa: ANN401
    """The key `?` opens the list of keys in a dialogue that Escape closes."""
    page = shown(real())
    page.until(CARDS)
    page.keys("?")
    assert "next entry" in page.run("return document.getElementById('large').textContent")
    page.keys("\ue00c")  # Escape
    page.until("return !document.getElementById('large').open")


def test_the_link_of_an_entry_leads_to_it_even_far_down(shown: Any) -> None:  # noqa: ANN401
    """The address with an entry's anchor draws that entry and moves the focus to it."""
    page = shown(many(300))
    page.until(CARDS)
    last = "JSON.parse(document.getElementById('data').textContent).changes[299]"
    name = page.run(f"const row = {last}; return `entry-${{row[0]}}-${{row[1]}}`")
    page.run("location.hash = arguments[0]", name)
    page.until(f"return document.activeElement.id === '{name}'")
    assert page.run("return document.activeElement.querySelector('a.own').getAttribute('href')") == f"#{name}"


def test_a_wide_table_scrolls_by_keyboard(shown: Any) -> None:  # noqa: ANN401
    """The keyboard reaches each table of the summary that may scroll sideways."""
    page = shown(real())
    script = (
        "return [...document.querySelectorAll('main .wide')].every(one => one.closest('.card') || one.tabIndex === 0)"
    )
    assert page.run(script)
