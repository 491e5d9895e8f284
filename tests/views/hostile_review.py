"""A review in which every text that others write is hostile."""

from typing import Final

from reconciler.analysis.results import (
    Balance,
    Counts,
    FieldChange,
    Group,
    IgnoredField,
    JobCount,
    LabelBalance,
    LookAlike,
    NamePair,
    Provenance,
    ProvenanceSide,
    Splits,
    Transfer,
)
from reconciler.model import Finding, Mark, Place, Severity
from reconciler.review.model import Danger, FindingCounts, OriginCounts, ProjectReview, Review
from reconciler.text import Name
from tests.views.reviews import added, became, box, change, dataset, review

# What a hostile author writes where a label, key, job or file belongs.
HOSTILE: Final = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<!-- --><b>bold</b>",
    "@everyone",
    "fixes #1 GH-2 owner/repo#3",
    "a|b",
    "`code` ``x``` ",
    "line\nbreak\r\n# heading",
    "\x1b[31mred\x1b[0m\x07",
    "\u202egnp.exe\u202c \u2066x\u2069",
    "**bold** _em_ ~~gone~~ [link](javascript:alert(1)) ![i](x)",
    "\\| \\` \\",
    "https://evil.example/?a=1&b=2 www.evil.example",
    "${{ secrets.X }} {{ 7*7 }} {% raw %}",
    " lead and trail  ",
    "",
    "\u0421at (Cyrillic Es)",
    "e\u0301\u0301\u0301\u0301\u0301\u0301",
    "nul\x00 bom\ufeff zw\u200bsp \u2028",
    "x" * 2048,
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "&lt;script&gt; &amp; &#64;",
    ":smile: $x^2$ 0123456789abcdef0123456789abcdef01234567",
    "</style><style>*{display:none}</style>",
    "\\u003c/script\\u003e",
    "__proto__",
    "constructor",
)


def hostile(text: str) -> Review:
    """A review in which every text that others write is this text."""
    boxes = (became(box(text, 10, 10), box(f"{text}2", 14, 9)), added(box(text, 30, 30)))
    one = change(
        0,
        key=text,
        words=("label added: ", Name(text), f" {text}"),
        place=Place(file=text, line=1),
        groups=(1,),
        labels_added=(text,),
        labels_removed=(f"{text}2",),
        labels_kept=(f"{text}3",),
        boxes=boxes,
        fields=(FieldChange(path=text, before=text, after=text),),
        marks=(Mark(text, text),),
    )
    group = Group(
        id=1,
        kind="renamed",
        words=(Name(text), f" renamed {text} ", Name(f"{text}2"), " on 1 entry"),
        entries=1,
        boxes=1,
        old=(text,),
        new=(f"{text}2",),
        examples=(text,),
        evidence=((Name(text), text),),
        exceptions=((text, Name(text)),),
        exception_count=1,
    )
    row = LabelBalance(
        label=text, images_before=1, images_after=2, boxes_before=1, boxes_after=2, share_before=0.1, share_after=0.2
    )
    findings = FindingCounts(errors=1, shown=(Finding(Severity.ERROR, "code", Place(text, 1), text, text),))
    whole = dataset(
        [one],
        manifest=text,
        words=text,
        bucket=text,
        refusals=((text,),),
        findings=findings,
        groups=(group,),
        balance=Balance(
            before=Counts(entries=1),
            after=Counts(entries=1),
            rows=(row,),
            appeared=(text,),
            gone=(text,),
            smallest=text,
        ),
        provenance=Provenance(
            before=ProvenanceSide(human=1),
            after=ProvenanceSide(machine=1),
            jobs=(JobCount(value=text, before=1, after=1),),
            ignored=(IgnoredField(field=text, entries=1),),
        ),
        origins=OriginCounts(revision=text, branch=1),
    )
    project = ProjectReview(
        name="blood-cells",
        folder=text,
        datasets=(whole,),
        splits=Splits(
            shared_count=1,
            shared=(text,),
            same_name_count=1,
            same_name=(NamePair(train=text, test=text),),
            moved_count=1,
            moved=(Transfer(key=text, source="train", target="test", danger=True),),
            train_only=(text,),
            test_only=(text,),
            overlap=0.4,
        ),
        look_alikes=(LookAlike(first=text, second=f"{text}2", why="letters", first_images=1, second_images=2),),
    )
    danger = Danger(
        level="danger", kind="replace", project="blood-cells", words=(text, Name(text)), count=1, examples=(text,)
    )
    return review(whole, projects=(project,), dangers=(danger,), findings=findings, words=text)
