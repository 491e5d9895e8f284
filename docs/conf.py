"""The site: `make docs-site` builds it with Sphinx in build/site. A page, link or anchor that is missing fails.

The site has the layout of the repository, so that one link leads to the same place here and there. The pages are
written for the repository; the navigation, which the site adds, is added while they are read.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

ROOT: Final = Path(__file__).resolve().parents[1]

# Pages in the order of the navigation. A pattern takes the pages of a folder that no row names.
NAVIGATION: Final = {
    "Getting started": ["docs/getting-started", "examples/README"],
    "Concepts": [
        "docs/concepts/desired-and-live",
        "docs/concepts/plan",
        "docs/concepts/drift-and-difference",
        "docs/concepts/guards",
        "docs/concepts/whose-change",
        "docs/concepts/*",
    ],
    "How-to": ["docs/how-to/review-a-pull-request", "docs/how-to/*", "docs/github-actions"],
    "Reference": [
        "docs/cli",
        "docs/manifests",
        "docs/findings",
        "docs/review",
        "docs/reference/*",
        "docs/stages",
        "docs/settings",
        "docs/iam/README",
        "docs/pulumi",
        "docs/snapshots",
        "docs/images",
        "docs/probe",
        "docs/examples/README",
    ],
    "Architecture and decisions": [
        "docs/architecture",
        "docs/decisions/README",
        "docs/testing",
        "docs/performance",
        "docs/emulator",
        "docs/localengine",
        "CONTRIBUTING",
    ],
    "What is known of the service": ["docs/service", "docs/reliability"],
    "More": ["docs/faq", "docs/glossary", "CHANGELOG", "SECURITY"],
}
# Pages that are read from their folder's first page.
WITHIN: Final = {
    "docs/decisions/README": ["docs/decisions/*"],
    "docs/examples/README": ["docs/examples/*"],
    "examples/README": ["examples/*/README"],
    "docs/testing": ["tests/data/README", "tests/data/*/README", "tests/emulator/clients/README"],
}

# Terminals and tables need more room than furo's lines of prose; a name is not broken.
_STYLE: Final = """
table.docutils { margin-left: 0 }
table.docutils th { text-align: left }
@media (min-width: 63em) {
  body .main, body .content { min-width: 0 }
  body .content { box-sizing: border-box; width: 64em }
  body .sidebar-drawer { width: max(15em, 50% - 40em) }
  table.docutils td:first-child code { white-space: nowrap }
  table.docutils td:not(:first-child) { overflow-wrap: anywhere }
  table.docutils td:not(:first-child) code { overflow-wrap: normal }
}
"""
project = "Labels as code"
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "examples/**.md", "tests/data/**.md", "tests/emulator/clients/README.md"]
exclude_patterns = [".*", "build", "dist", "**/node_modules", "**/target", "tests/localengine"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # a report is a comment: it begins with a heading of its second level
nitpicky = True
html_theme = "furo"
html_title = project
html_show_copyright = False
html_copy_source = False
html_use_index = False


def setup(app: "Sphinx") -> None:
    """Add the navigation and the pictures to what Sphinx does."""
    app.connect("source-read", _with_navigation)
    app.connect("doctree-resolved", _with_reports)
    app.connect("html-page-context", _with_style)
    app.connect("build-finished", _with_pictures)


def pages_of(rows: list[str]) -> list[str]:
    """The pages that these rows of the navigation name, as they are on the disk."""
    named = {*WITHIN, *(row for part in (*NAVIGATION.values(), *WITHIN.values()) for row in part)}
    found = [(row, path.relative_to(ROOT).as_posix()[:-3]) for row in rows for path in sorted(ROOT.glob(f"{row}.md"))]
    return [page for row, page in found if page == row or page not in named]


def _with_navigation(_app: "Sphinx", page: str, source: list[str]) -> None:
    parts = NAVIGATION if page == root_doc else {"": WITHIN.get(page, [])}
    for caption, rows in parts.items():
        options = [":hidden:", ":titlesonly:", *([f":caption: {caption}"] if caption else [])]
        listed = [f"/{one}" for one in pages_of(rows)]
        if listed:
            source[0] += "\n".join(("\n", "```{toctree}", *options, "", *listed, "```", ""))


def _with_reports(_app: "Sphinx", doctree: "nodes.document", page: str) -> None:
    """A link to a page of HTML opens it; a link to any other file saves it."""
    from docutils import nodes  # noqa: PLC0415 - a test reads this file without Sphinx

    for link in list(doctree.findall(lambda node: node.tagname == "download_reference")):
        if link["reftarget"].endswith(".html"):
            place = f"{'../' * page.count('/')}_downloads/{link['filename']}"
            link.replace_self(nodes.reference("", "", *link.children, refuri=place))


def _with_style(_app: "Sphinx", _page: str, _template: str, context: dict[str, str], _tree: object) -> None:
    context["metatags"] = context.get("metatags", "") + f"<style>{_STYLE}</style>"


def _with_pictures(app: "Sphinx", error: Exception | None) -> None:
    """Copy what the pages show by HTML of their own, which Sphinx does not read; a server looks for index.html."""
    if error is None:
        site = Path(app.outdir)
        shutil.copytree(ROOT / "docs" / "pictures", site / "docs" / "pictures", dirs_exist_ok=True)
        shutil.copyfile(site / f"{root_doc}.html", site / "index.html")
