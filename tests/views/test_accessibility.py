"""The page under the rules of axe-core, in a real browser: nothing serious for those who see, hear or type differently.

`npm ci` in tests/views/accessibility installs it; without it the tests are skipped and say so.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.views.html.view import view
from reconciler.views.pictures import Picture
from tests.support.png import png
from tests.views.browser import CHROMIUM, DRIVER, MISSING, Browser, browser
from tests.views.hostile_review import hostile
from tests.views.real_review import real

AXE: Final = Path(__file__).parent / "accessibility" / "node_modules" / "axe-core" / "axe.min.js"
CARDS: Final = "return document.querySelectorAll('.card, .thumb').length"
RUN: Final = (
    "window.found = null;"
    "axe.run(document, {resultTypes: ['violations', 'incomplete']}).then("
    "all => { window.found = all; }, error => { window.found = {error: String(error)}; });"
)

pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING),
    pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: npm ci --prefix tests/views/accessibility"),
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests here."""
    with browser(tmp_path_factory.mktemp("chromium")) as one:
        yield one


def found(page: Browser) -> list[tuple[str, str, str]]:
    """What axe-core finds: rule, impact and element; contrast that it cannot tell, over a drawing, is left out."""
    page.run(RUN)
    result: Any = page.until("return window.found")
    assert "error" not in result
    unsure = [one for one in result["incomplete"] if one["id"] != "color-contrast"]
    return [
        (one["id"], one["impact"], node["html"][:200])
        for one in (*result["violations"], *unsure)
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(
    ("scheme", "width", "pictures"),
    [
        ("light", 1200, True),
        ("dark", 390, False),
        *(
            pytest.param(scheme, width, pictures, marks=pytest.mark.slow)
            for scheme, width, pictures in (("light", 390, True), ("dark", 1200, True), ("light", 390, False))
        ),
    ],
)
def test_nothing_on_the_page_is_a_serious_obstacle(
    chromium: Browser,
    tmp_path: Path,
    scheme: str,
    width: int,
    pictures: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    """With pictures and without, wide and on a phone, light and dark; the contact sheet and the list of keys too."""
    thumbnail = Picture(data=png(64, 48, b"\xff\xff\xff"), width=640, height=480)
    page = tmp_path / "review.html"
    page.write_text(view(real(), pictures=(lambda _key: thumbnail) if pictures else None), encoding="utf-8")
    chromium.size(width, 900)
    chromium.prefers(scheme)
    chromium.open(page)
    chromium.until(CARDS)
    chromium.run(AXE.read_text(encoding="utf-8"))
    assert found(chromium) == []
    if pictures:
        chromium.keys("c")
        chromium.until("return document.querySelectorAll('.thumb').length")
        assert found(chromium) == []
    chromium.keys("?")
    chromium.until("return document.getElementById('large').open")
    assert found(chromium) == []


@pytest.mark.slow
def test_long_and_acting_names_are_no_obstacle(chromium: Browser, tmp_path: Path) -> None:
    """Nor is a page of names that a colleague made to look like markup."""
    page = tmp_path / "review.html"
    page.write_text(view(hostile("<b>\u202ename" + "x" * 300)), encoding="utf-8")
    chromium.open(page)
    chromium.until(CARDS)
    chromium.run(AXE.read_text(encoding="utf-8"))
    assert found(chromium) == []
