"""What the pages show is true: manifests that may be copied, links that lead somewhere, commands that exist."""

import hashlib
import json
import re
import runpy
import shlex
from collections import Counter
from pathlib import Path

import pytest

from reconciler.cli.arguments import parse
from reconciler.cli.help import COMMANDS
from reconciler.manifest import load_project, read_manifest
from reconciler.model import DatasetDeclaration, DatasetType
from reconciler.provider.state import Inputs, Outputs

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for part in ("*", "docs/**/*", "examples/**/*") for path in ROOT.glob(f"{part}.md"))
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
TYPED = re.compile(r"^\$ reconciler (.+)$", re.MULTILINE)
LOADED = re.compile(r'<(?:script|link|img|source|iframe)\b[^>]*? (?:src|srcset|href)="([^"#]+)"')
COMMAND = re.compile(r"^(?:\$ )?reconciler ([a-z][a-z-]*)", re.MULTILINE)


def blocks(page: str, key: str) -> list[str]:
    """The examples of a page that have a key at the start of a line."""
    return [text for text in YAML.findall((ROOT / page).read_text()) if re.search(f"^{key}:", text, re.MULTILINE)]


@pytest.mark.parametrize("page", ["docs/getting-started.md", "docs/manifests.md"])
def test_manifests_on_the_pages_may_be_copied(page: str, tmp_path: Path) -> None:
    """There is no error, nothing that the service would mark, and no comment that is taken for a part of a name."""
    examples = blocks(page, "entries")
    assert examples
    for number, text in enumerate(examples):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        found = read_manifest(DatasetDeclaration(DatasetType.TRAIN, path, path.name), None, lambda _entry: None)
        assert {finding.code for finding in found} <= {"zero-boxes", "mixed-kinds"}
        assert found.entries


@pytest.mark.parametrize("page", ["docs/getting-started.md", "docs/manifests.md"])
def test_projects_on_the_pages_may_be_copied(page: str, tmp_path: Path) -> None:
    """Every key and value in them is one that is read."""
    examples = blocks(page, "project")
    assert examples
    for text in examples:
        (tmp_path / "project.yaml").write_text(text)
        for name in ("train.jsonl", "test.yaml"):
            (tmp_path / name).touch()
        assert load_project(tmp_path, "example")


def test_the_pictures_of_the_readme_show_what_the_examples_say() -> None:
    """They were drawn from the examples as they are (by `make docs` with Chromium), and all are there."""
    sources = [ROOT / "docs" / "examples" / f"label-renamed.{ending}" for ending in ("html", "md", "txt")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    assert (ROOT / "docs" / "pictures" / "source.sha256").read_text().strip() == digest
    shown = re.findall(r'(?:src|srcset)="([^"]+)"', (ROOT / "README.md").read_text())
    assert len(shown) == 5
    assert all((ROOT / path).is_file() for path in shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """The links lead to files that exist, and to headings in them; on the site a folder is not a page."""
    for target, heading in LINK.findall(page.read_text()):
        if target.startswith(("http", "mailto:", "javascript:")):
            continue
        path = page.parent / target if target else page
        assert path.is_file(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}


def test_the_built_site_loads_nothing_from_elsewhere() -> None:
    """Its scripts, styles and pictures are files of its own, and all are there."""
    pages = list((ROOT / "build" / "site").rglob("*.html"))
    if not pages:
        pytest.skip("the site is not built: make docs-site")
    for page in pages:
        for loaded in LOADED.findall(page.read_text("utf-8")):
            assert (page.parent / loaded.partition("?")[0]).is_file(), f"{page.name}: {loaded}"
    for style in (ROOT / "build" / "site").rglob("*.css"):
        assert not re.search(r"(?:url\(|@import )['\"]?(?:https?:)?//", style.read_text("utf-8"))


def test_every_page_is_in_the_navigation() -> None:
    """The rows of `docs/conf.py` name pages that exist, each page once, and no page is left out."""
    site = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    rows = [row for part in (*site["NAVIGATION"].values(), *site["WITHIN"].values()) for row in part]
    listed = [page for row in rows for page in site["pages_of"]([row])]
    pages = {page.relative_to(ROOT).with_suffix("").as_posix() for page in PAGES}
    assert Counter(page for page in listed if not page.startswith("tests/")) == Counter(pages - {site["root_doc"]})
    assert all(site["pages_of"]([row]) for row in rows)


def test_the_page_on_the_state_has_every_property() -> None:
    """A row for each property that is stored, and an example that has them all and is read as it was written."""
    page = (ROOT / "docs" / "reference" / "state.md").read_text()
    rows = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)))
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    declared = {*Inputs.__struct_fields__, *Outputs.__struct_fields__} - {"applied", "live_only", "unknown"}
    assert {*rows} == {*example} == {name[0] + name.title().replace("_", "")[1:] for name in declared}
    assert Outputs.parse(example).properties() == example


def test_commands_on_the_pages_exist() -> None:
    """Every command that a page shows after `reconciler` is accepted."""
    typed = {name for page in PAGES for name in COMMAND.findall(page.read_text())}
    assert typed
    assert typed <= set(COMMANDS)


def test_commands_on_the_pages_are_accepted_as_they_are(tmp_path: Path) -> None:
    """Every option and argument is one that the program takes, also of a command that no test types."""
    typed = [line for page in PAGES for line in TYPED.findall(page.read_text()) if not re.search(r"--help|\$\(", line)]
    assert len(typed) > 15
    for line in typed:
        there = line.replace("photos/", str(tmp_path))
        assert parse(shlex.split(re.split(r" [|>] ", there)[0], comments=True)).command, line


def test_every_file_that_the_architecture_names_exists() -> None:
    """A module or folder that a page names exists."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+/(?:[a-z_/]+(?:\.py)?)?|[a-z_]+\.py)`", page)
    roots = (ROOT / "reconciler", ROOT / "rekognition_emulator", ROOT)
    folders = [folder for folder in (ROOT / "reconciler").iterdir() if folder.is_dir()]
    assert len(named) > 80
    for name in named:
        assert any((root / name).exists() for root in (*roots, *folders)), name
