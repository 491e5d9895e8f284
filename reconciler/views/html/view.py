"""A review as one HTML file that needs nothing else: no network, no server, no other file.

The page's frame is made here and readable without a script; the entries are data that the page's script draws when they
come into view. A content security policy in the page allows its own style and script, by their hashes, and pictures
inside the file; nothing else loads or runs, whatever a label says.
"""

from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.review.model import Review
from reconciler.text import Sentence, names_in
from reconciler.views import words as wording
from reconciler.views.html.page_data import page_data, project_link
from reconciler.views.lines import guard_lines, outcome_lines
from reconciler.views.pictures import PictureSource

# The number of entries in the page for readers without a script.
_STATIC: Final = 200
# The number of characters of a sentence that are shown.
_SENTENCE: Final = 700


def view(review: Review, *, pictures: PictureSource | None = None, links: bool = True) -> str:
    """The whole file. `pictures` is called for each entry, the riskiest first; None: boxes are drawn in a frame."""
    environment, style, script, policy = _page()
    data = page_data(review, pictures, links=links)
    entries = [(dataset, change) for dataset in review.datasets for change in dataset.changes]
    entries.sort(key=lambda pair: -pair[1].risk)
    page = environment.get_template("page.html")
    return page.render(
        review=review,
        policy=policy,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        data=Markup(data.json.decode()),  # noqa: S704 - written by `script_safe`
        drawn=data,
        with_pictures=pictures is not None,
        links=links,
        static=entries[:_STATIC],
        total=sum(dataset.changes_total for dataset in review.datasets),
    )


@lru_cache(maxsize=1)
def _page() -> tuple[Environment, str, str, str]:
    """Templates, style, script and content security policy, read once."""
    environment = Environment(
        loader=PackageLoader("reconciler.views.html", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": wording.shown,
        "said": wording.said,
        "told": _told,
        "names_in": names_in,
        "percent": wording.percent,
        "number": "{:,}".format,
        "step": wording.step,
        "most": _most,
    }
    environment.globals |= {
        "words": wording,
        "project_link": project_link,
        "guard_lines": guard_lines,
        "outcome_lines": outcome_lines,
    }
    folder = files("reconciler.views.html") / "page"
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    sources = (
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{hashes[0]}'",
        f"script-src 'sha256-{hashes[1]}'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return environment, style, script, "; ".join(sources)


def _told(words: str | Sentence, limit: int = _SENTENCE) -> Markup:
    """Words, with names as code."""
    told = wording.pieces((words,) if isinstance(words, str) else words, limit)
    return Markup("").join(Markup("<code>{}</code>" if is_name else "{}").format(text) for text, is_name in told)  # noqa: S704 - our own


def _most(rows: Iterable[Any], *names: str) -> int:
    """The greatest of some members over all rows, at least 1."""
    return max((getattr(row, name) for row in rows for name in names), default=0) or 1
