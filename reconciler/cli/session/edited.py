"""A manifest changed by position, entry by entry; what was written is read again before it takes the file's place."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.session.files import NewFiles
from reconciler.entries.image_prefixes import line_mapped_back, mapped_back
from reconciler.errors import BadInput
from reconciler.ledger import DESIRED, Ledger
from reconciler.manifest import Findings, read_manifest
from reconciler.manifest.edit import Edits, edited
from reconciler.manifest.forms import is_yaml
from reconciler.manifest.parts import parts_of
from reconciler.model import Part, Place, ProjectDeclaration, Reporter
from reconciler.policy import Compare
from reconciler.run import DatasetRun
from reconciler.text import inert

# The slashes of s3://bucket.
_BUCKET: Final = 2


class Taken(Struct, frozen=True):
    """An entry of which the manifest takes live's line (`goes`: it leaves the manifest).

    `place` is where the manifest has it, None where it does not; `seq` its number in the ledger, of the side that has
    it.
    """

    key: str
    place: Place | None
    seq: int
    goes: bool = False


def edit_manifest(
    one: DatasetRun, files: NewFiles, taken: Sequence[Taken], project: ProjectDeclaration, report: Reporter
) -> Findings:
    """Write a manifest's new text beside it: the entries that are taken have live's lines, or are gone.

    A new entry goes to the end of the file that holds most of its folder, else of the last one. `project` is as it
    will be; what a reader then finds in the manifest is given back.

    Raises:
        BadInput: an entry cannot be edited by position, or no entry would be left. InvalidDeclaration: a reader refuses
            an entry that is taken.
    """
    left = one.ledger.desired_facts(Compare.LABELS).entries
    left += sum(entry.place is None for entry in taken) - sum(entry.goes for entry in taken)
    if not left:
        raise BadInput(f"no entry would be left in {inert(one.dataset.shown)}; nothing was written")
    marked = frozenset(repository_key(one, row.key) for row in one.ledger.marked())
    written = {}
    for part, entries in _by_file(one, taken):
        came = [entry for entry in entries if entry.place is None]
        changed = {entry.place.line: entry for entry in entries if entry.place}
        edits = Edits(_Changed(one, changed), _Added(one, came), marked)
        with part.path.open("rb") as handle:
            form = is_yaml(part.path)
            pieces = edited(handle, edits, part.shown, is_yaml=form, defaults=one.dataset.defaults)
            written[part.path] = files.write(part.path, pieces)
    with Ledger() as after:
        findings = read_again(one, written, project, after, report)
        _refuse_other_changes(one, after, taken, left, findings)
    return findings


def _by_file(one: DatasetRun, taken: Sequence[Taken]) -> Iterator[tuple[Part, Sequence[Taken]]]:
    """The files of a manifest that change, each with the entries that it takes.

    Raises:
        BadInput: no entry would be left in a file.
    """
    parts = parts_of(one.dataset)
    if len(parts) == 1:
        yield parts[0], taken
        return
    home = _Homes(one.ledger, parts[-1].shown)
    for part in parts:
        entries = [entry for entry in taken if (entry.place.file if entry.place else home.of(entry.key)) == part.shown]
        if entries and home.entries[part.shown] == sum(entry.goes for entry in entries) == len(entries):
            raise BadInput(f"no entry would be left in {inert(part.shown)}; remove the file; nothing was written")
        if entries:
            yield part, entries


class _Homes:
    """The file of a manifest that holds most of a folder of images; `entries` counts those of each file."""

    def __init__(self, ledger: Ledger, last: str) -> None:
        self.entries = Counter[str]()
        self._last, self._folders = last, dict[str, Counter[str]]()
        for row in ledger.desired_rows():
            file = row.place.file if row.place else last
            self.entries[file] += 1
            for folder in _folders(row.key):
                self._folders.setdefault(folder, Counter())[file] += 1

    def of(self, key: str) -> str:
        """The file of a new entry: by the nearest folder of its image of which there are entries, else the last."""
        found = next((self._folders[folder] for folder in _folders(key) if folder in self._folders), None)
        return max(found, key=lambda file: (found[file], file)) if found else self._last


def _folders(key: str) -> Iterator[str]:
    """The folders of an image in its bucket, from the nearest upwards."""
    folder = key.rpartition("/")[0]
    while folder.count("/") > _BUCKET:
        yield folder
        folder = folder.rpartition("/")[0]


def read_again(
    one: DatasetRun,
    written: Mapping[Path, Path],
    project: ProjectDeclaration,
    ledger: Ledger,
    report: Reporter = lambda _progress: None,
) -> Findings:
    """What a reader finds in a manifest of a project, of which files are replaced by what was `written`.

    Its entries are the desired side of the ledger.
    """
    parts = tuple(Part(written.get(part.path, part.path), part.shown) for part in parts_of(one.dataset))
    dataset = replace(one.dataset, files=parts, retired=project.retired_in(one.dataset.dataset_type))
    return read_manifest(dataset, project.labels, ledger.accept, report)


class _Changed(Mapping[int, str | None]):
    """The listed line that takes the place of the manifest's, by its number; each is read when it is asked for."""

    def __init__(self, one: DatasetRun, by_line: Mapping[int, Taken]) -> None:
        self._one, self._by_line = one, by_line

    def __getitem__(self, line: int) -> str | None:
        entry = self._by_line[line]
        return None if entry.goes else repository_line(self._one, self._one.ledger.desired_row(entry.seq).live)

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_line)

    def __len__(self) -> int:
        return len(self._by_line)


class _Added(Collection[str]):
    """The listed lines that the manifest does not have; each is read when it is asked for."""

    def __init__(self, one: DatasetRun, came: Sequence[Taken]) -> None:
        self._one, self._came = one, came

    def __iter__(self) -> Iterator[str]:
        return (repository_line(self._one, self._one.ledger.live_row(entry.seq).live) for entry in self._came)

    def __contains__(self, line: object) -> bool:
        return any(line == one for one in self)

    def __len__(self) -> int:
        return len(self._came)


def repository_line(one: DatasetRun, line: bytes | None) -> str:
    """A listed line with its key as it is in the repository: without the prefix of the stage.

    Raises:
        BadInput: the key is in the stage, and no key of the repository is mapped to it.
    """
    text = (line or b"").decode("utf-8", "surrogatepass")
    return _mapped_back(one, lambda: line_mapped_back(text, one.dataset.images))


def repository_key(one: DatasetRun, key: str) -> str:
    """A live key as it is in the repository.

    Raises:
        BadInput: as for `repository_line`.
    """
    return _mapped_back(one, lambda: mapped_back(key, one.dataset.images))


def _mapped_back(one: DatasetRun, result: Callable[[], str]) -> str:
    try:
        return result()
    except ValueError as error:
        raise BadInput(
            f"{inert(one.dataset.shown)}: {inert(str(error))} by `images` of the stage; choose entries with --only, or "
            "map its prefix in stages.yaml; nothing was written"
        ) from None


def _refuse_other_changes(
    one: DatasetRun, after: Ledger, taken: Sequence[Taken], left: int, findings: Findings
) -> None:
    """The new file has live's content for exactly the entries that are taken, and the old one's for all others."""
    shown = inert(one.dataset.shown)
    wanted = {entry.key: entry for entry in taken}
    for key, _labelled in one.ledger.keys(DESIRED):
        content = after.digests(key, Compare.STRICT)[0]
        if key not in wanted and content != one.ledger.digests(key, Compare.STRICT)[0]:
            raise BadInput(f"{shown}: the entry {inert(key)} would change too; edit the file by hand")
    for key, entry in wanted.items():
        meaning = after.digests(key, Compare.LABELS)[0]
        if meaning != (None if entry.goes else one.ledger.digests(key, Compare.LABELS)[1]):
            findings.raise_if_refused()
            raise BadInput(f"{shown}: the entry {inert(key)} could not be written; edit the file by hand")
    if after.desired_facts(Compare.LABELS).entries != left:
        raise BadInput(f"{shown}: other entries would change too; edit the file by hand")
