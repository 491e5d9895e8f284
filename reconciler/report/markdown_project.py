"""Train and test of a project together, in Markdown.

Knows what two datasets share, and names that look alike. Refuses to know the rest of the comment.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.comparison.figures import LookAlike, Splits
from reconciler.report.budget import Block, Piece, piece
from reconciler.report.escape import code
from reconciler.report.wording import alike_words, counted, percent, transfer_words
from reconciler.review.model import ProjectReview

__all__ = ["project_blocks"]

_RISK_BAD: Final = 110
_RISK_WORTH: Final = 50
_RISK_HINT: Final = 3
_LISTED: Final = 10


def project_blocks(project: ProjectReview) -> Iterator[Block]:
    """What can be said of train and test together; nothing where there is nothing."""
    pieces = [*_splits(project.splits), *(piece(_RISK_WORTH, _alike, pair) for pair in project.look_alikes)]
    yield Block(
        pieces,
        "remarks on train and test together",
        f"### {code(project.name)}: train and test together\n\n",
        "\n",
        note=lambda left: f"- and {left:,} more\n",
    )


def _splits(splits: Splits | None) -> Iterator[Piece]:
    if splits is None:
        return
    if splits.overlap is not None:
        low = splits.overlap < splits.overlap_needed
        yield piece(_RISK_BAD if low else _RISK_HINT, _overlap, splits.overlap, splits.overlap_needed)
    if splits.shared_count:
        yield piece(_RISK_BAD, _listed, "Same image in both", splits.shared_count, map(code, splits.shared))
    if splits.moved_count:
        moved = (f"{code(one.key)} ({transfer_words(one)})" for one in splits.moved)
        yield piece(_RISK_BAD, _listed, "Moves to the other set", splits.moved_count, moved)
    if splits.same_name_count:
        pairs = (f"{code(pair.train)} and {code(pair.test)}" for pair in splits.same_name)
        yield piece(
            _RISK_HINT, _listed, "Same file name in both, perhaps the same image", splits.same_name_count, pairs
        )
    for word, labels in (("train", splits.train_only), ("test", splits.test_only)):
        if labels:
            yield piece(_RISK_WORTH, _listed, f"Labels in {word} only", len(labels), map(code, labels))


def _overlap(overlap: float, needed: float) -> str:
    words = f"the test set has {percent(overlap)} of the training labels"
    if overlap < needed:
        return f"- **Too few labels in common**: {words}, {percent(needed)} are needed to train\n"
    return f"- Labels in common: {words}\n"


def _listed(what: str, count: int, texts: Iterable[str]) -> str:
    kept = list(texts)[:_LISTED]
    rest = f" and {count - len(kept):,} more" if count > len(kept) else ""
    return f"- **{what}** ({count:,}): {', '.join(kept)}{rest}\n"


def _alike(pair: LookAlike) -> str:
    images = f"{counted(pair.first_images, 'image', 'images')} and {counted(pair.second_images, 'image', 'images')}"
    return f"- **Look alike**: {code(pair.first)} and {code(pair.second)} {alike_words(pair)}; {images}\n"
