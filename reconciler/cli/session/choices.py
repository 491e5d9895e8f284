"""Entries of which a manifest may take live's line: which differ, which of them are chosen, and how each is shown."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from reconciler.analysis.entry import Detail, detail_of, phrase
from reconciler.cli.chosen import Options
from reconciler.cli.screen import Screen
from reconciler.cli.session.edited import Taken
from reconciler.entries.image_names import Images
from reconciler.errors import BadInput
from reconciler.ledger import Row, Whose
from reconciler.model import Change, DatasetType, Verb
from reconciler.run import DatasetRun
from reconciler.text import Sentence, inert, sentence
from reconciler.views.terminal.beside import beside_lines
from reconciler.views.terminal.tables import Layout, columns_of
from reconciler.views.words import said, shown

# So many characters of the digest of a pair name an entry.
_NAMING: Final = 8
_QUESTION: Final = "Take live's entry? [y/n/a/q] "


class Part(Struct, frozen=True):
    """What one manifest takes of an entry."""

    one: DatasetRun
    taken: Taken

    @property
    def row(self) -> Row:
        """The entry on both sides."""
        ledger, seq = self.one.ledger, self.taken.seq
        return ledger.desired_row(seq) if self.taken.place else ledger.live_row(seq)


class Choice(Struct, frozen=True):
    """An entry that live has differently: one part, or two where it moves between train and test.

    `digest` names it, until one of its sides changes. `whose` is which side changed since the last apply; `UNKNOWN`
    where nobody can say.
    """

    digest: str
    parts: tuple[Part, ...]
    whose: Whose

    @property
    def moves(self) -> bool:
        """Whether the entry moves between train and test."""
        return len(self.parts) > 1


class Chosen(Struct):
    """The entries of a project that the options name, and how many others they leave.

    What only git changed is left by nobody, unless `--discard-ours` asks for it. `busy` are the datasets that differ.
    """

    choices: list[Choice]
    others: int
    busy: set[DatasetType]


class Side(Struct, frozen=True):
    """A dataset whose manifest may take entries; `settled` are pairs that are stored differently: they do not count.

    `judge` says of a key whose its difference is, None where nothing is known.
    """

    one: DatasetRun
    settled: frozenset[str]
    judge: Callable[[str], Whose | None]

    def differing(self) -> Iterator[tuple[Row, Choice]]:
        """What differs but for retired images, each as a choice with one part."""
        kept = (row for row in self.one.ledger.live_only() if not row.retired)
        for row in chain(self.one.ledger.differing(self.one.dataset.policy.compare, self.settled), kept):
            taken = Taken(row.key, row.place, row.seq, goes=not row.in_live)
            whose = self.judge(row.key) or Whose.UNKNOWN
            yield row, Choice(row.pair[:_NAMING], (Part(self.one, taken),), whose)


def chosen_of(sides: Sequence[Side], options: Options) -> Chosen:
    """The entries of a project's manifests that differ from live, as far as the options name them.

    An entry that moves is chosen with both of its parts.
    """
    only, moved = Images(options.only), _moved([side.one for side in sides])
    chosen, moving = Chosen([], 0, set()), dict[str, list[Choice]]()
    wanted: set[str] = set()
    mine = set() if options.discard_ours else {Whose.OURS}
    for side in sides:
        for row, choice in side.differing():
            chosen.busy.add(side.one.dataset.dataset_type)
            wants = _wants(row, options, only)
            if row.key in moved:
                moving.setdefault(row.key, []).append(choice)
                wanted.update([row.key] if wants else [])
            elif wants:
                chosen.choices.append(choice)
            else:
                chosen.others += choice.whose not in mine
    for key, parts in moving.items():
        choice = _together(parts)
        chosen.choices += [choice] if key in wanted else []
        chosen.others += key not in wanted and choice.whose not in mine
    return chosen


def _together(parts: Sequence[Choice]) -> Choice:
    """The parts of an entry that moves as one; where they have different sides, both changed."""
    sides = {part.whose for part in parts}
    mixed = Whose.UNKNOWN if Whose.UNKNOWN in sides else Whose.BOTH
    whose = parts[0].whose if len(sides) == 1 else mixed
    return Choice(parts[0].digest, tuple(part for one in parts for part in one.parts), whose)


def _moved(datasets: Sequence[DatasetRun]) -> frozenset[str]:
    """The keys that the manifest of one dataset has, and only the other dataset has live."""
    if len(datasets) != 2:
        return frozenset()
    gone = [{key for key, _meaning in one.ledger.only_desired()} for one in datasets]
    came = [(key for key, _meaning, _labelled in one.ledger.only_live()) for one in reversed(datasets)]
    return frozenset(key for keys, others in zip(gone, came, strict=True) for key in others if key in keys)


def _wants(row: Row, options: Options, only: Images) -> bool:
    """Whether the options name the entry."""
    return (
        (not only or row.key in only)
        and (not options.entries or any(row.pair.startswith(one) for one in options.entries))
        and (not options.labels or bool({*options.labels} & {*row.labels, *row.live_labels}))
        and (not options.labeled or not row.in_live or row.live_labelled or row.place is not None)
    )


def ask_each(choices: Sequence[Choice], screen: Screen) -> list[Choice]:
    """Ask about each on the terminal: y takes it, n leaves it; a takes, q leaves it and all others."""
    taken: list[Choice] = []
    layout = Layout(screen.width, 0, verbose=False)
    for number, choice in enumerate(choices, start=1):
        screen.line()
        for line, role in layout.wrap(f"{number:,} of {len(choices):,}: {said(_title(choice))}", "header", 0, 4):
            screen.line(line, role)
        for line, role in beside_lines(_detail(choice.parts[-1]), screen.width or 80):
            screen.line(line, role)
        answer = ""
        while answer not in {"y", "n", "a", "q"}:
            answer = (screen.answer(_QUESTION) or "q").strip().lower()[:1]
        if answer == "a":
            return [*taken, *choices[number - 1 :]]
        if answer == "q":
            break
        taken += [choice] if answer == "y" else []
    return taken


def choice_lines(choices: Sequence[Choice], screen: Screen, limit: int) -> None:
    """A line for each of the first entries: its digest for --entry, what happens to it in the manifest."""
    layout = Layout(screen.width, 0, verbose=False)
    kept = choices[:limit]
    screen.line("    git -> live", "dim")
    room = max((columns_of(_name(choice)) for choice in kept), default=0)
    for choice in kept:
        for line, role in layout.entry(choice.digest, _name(choice), room, said(_words(choice)), "plain"):
            screen.line(line, role)
    if len(choices) > len(kept):
        screen.line(f"    ... and {len(choices) - len(kept):,} more", "dim")


def _name(choice: Choice) -> str:
    part = choice.parts[-1]
    return f"{part.one.dataset.dataset_type.word} {shown(part.taken.key.removeprefix('s3://').partition('/')[2])}"


def _title(choice: Choice) -> Sentence:
    part = choice.parts[-1]
    both = "; git changed it too" if choice.whose is Whose.BOTH else ""
    return sentence(f"{inert(part.one.title)} {shown(part.taken.key)}  ", _words(choice), both)


def _words(choice: Choice) -> Sentence:
    """What live did to the entry."""
    detail, part = _detail(choice.parts[-1]), choice.parts[-1]
    if choice.moves:
        gone = next(part.one.dataset.dataset_type.word for part in choice.parts if part.taken.goes)
        came = next(part.one.dataset.dataset_type.word for part in choice.parts if not part.taken.goes)
        return (f"moved from {gone} to {came}",)
    if part.taken.goes:
        return sentence("no longer live: ", phrase(Verb.ADD, detail))
    if part.taken.place is None:
        return sentence("new: ", phrase(Verb.ADD, detail))
    return phrase(Verb.UPDATE, detail)


def _detail(part: Part) -> Detail:
    """The change of the manifest's line into live's."""
    row = part.row
    verb = Verb.UPDATE if row.place and row.in_live else Verb.ADD
    return detail_of(Change(verb, row.key, row.seq, row.live if row.in_live else None, row.desired))


def refuse_unknown(options: Options, choices: Sequence[Choice]) -> None:
    """An entry that is named by its digest must be there.

    Raises:
        BadInput: no entry has one of the digests.
    """
    for one in options.entries:
        if not any(choice.digest.startswith(one[:_NAMING]) for choice in choices):
            raise BadInput(f"--entry {inert(one)}: no entry that differs has this digest; `reconciler pull` lists them")
