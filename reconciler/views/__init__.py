"""The table of views of a review.

A view is one function below with `@_view(name, option, help)` above it; its module is loaded when the view is made.
The table itself loads nothing: the parser of the command line reads it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from reconciler.review.model import Review
    from reconciler.views.pictures import Thumbnails
    from reconciler.views.terminal.tables import Painter


class How(NamedTuple):
    """How a view is shown: the terminal's width and colours (None: neither), and the user's options.

    `pictures` makes the source of pictures for a view that shows them, `files` the names of files for a forge: from the
    root of the repository.
    """

    width: int | None = None
    paint: "Painter | None" = None
    verbose: bool = False
    entries: int | None = None
    links: bool = True
    pictures: "Callable[[], Thumbnails | None]" = lambda: None
    files: Callable[[str], str] = str


_Make = Callable[["Review", How], str | Iterable[str]]


class View(NamedTuple):
    """A row: the option of `plan` that writes it ("": none), its help, and the function that makes it.

    What it makes is the text, or its pieces one after the other where it may be long.
    """

    option: str
    help: str
    makes: _Make

    def pieces(self, review: "Review", how: How) -> Iterable[str]:
        """The text of the view, in pieces."""
        made = self.makes(review, how)
        return (made,) if isinstance(made, str) else made

    def make(self, review: "Review", how: How) -> str:
        """The text of the view."""
        return "".join(self.pieces(review, how))


VIEWS: Final[dict[str, View]] = {}
# The views that name files for a forge.
FOR_FORGES: Final = frozenset({"sarif", "github", "gitlab", "junit"})


def _view(name: str, option: str = "", help_: str = "") -> Callable[[_Make], _Make]:
    """Enter a function that makes a view into the table."""

    def enter(make: _Make) -> _Make:
        VIEWS[name] = View(option, help_, make)
        return make

    return enter


@_view("text")
def _text(review: "Review", how: How) -> str:
    from reconciler.views.terminal import view as terminal  # noqa: PLC0415 - see above

    return terminal.view(review, width=how.width, paint=how.paint, verbose=how.verbose, entries=how.entries)


@_view("markdown", "markdown", "the plan as a comment for a pull request")
def _markdown(review: "Review", _how: How) -> str:
    from reconciler.views.markdown import view as markdown  # noqa: PLC0415 - see above

    return markdown.view(review)


@_view("html", "html", "the plan as one page, with the boxes drawn")
def _html(review: "Review", how: How) -> Iterable[str]:
    from reconciler.views.html import view as html  # noqa: PLC0415 - see above

    return html.pieces(review, pictures=how.pictures(), links=how.links)


@_view("json", "save", "the plan as JSON, for `reconciler report` and `apply --plan`")
def _json(review: "Review", _how: How) -> Iterable[str]:
    from reconciler.views.json_document import document_pieces  # noqa: PLC0415 - see above

    return document_pieces(review)


@_view("sarif", help_="what was found, for code scanning (SARIF 2.1.0)")
def _sarif(review: "Review", how: How) -> str:
    from reconciler.views.annotations import sarif  # noqa: PLC0415 - see above

    return sarif.view(review, how.files)


@_view("github", help_="what was found, as annotations of a GitHub job")
def _github(review: "Review", how: How) -> str:
    from reconciler.views.annotations import forges  # noqa: PLC0415 - see above

    return forges.github(review, how.files)


@_view("gitlab", help_="what was found, as GitLab's Code Quality report")
def _gitlab(review: "Review", how: How) -> str:
    from reconciler.views.annotations import forges  # noqa: PLC0415 - see above

    return forges.gitlab(review, how.files)


@_view("junit", help_="what was found, as JUnit's XML")
def _junit(review: "Review", how: How) -> str:
    from reconciler.views.annotations import forges  # noqa: PLC0415 - see above

    return forges.junit(review, how.files)
