"""What was seen of images, and of all images of a dataset together."""

from msgspec import Struct

from reconciler.images.header import Header
from reconciler.limits import S3_PRICE_OUT, S3_PRICES
from reconciler.rule import Rule


class Stat(Struct, frozen=True, array_like=True, gc=False):
    """A file as its store describes it: what changes with its bytes, how many they are, S3's storage class."""

    etag: str
    size: int
    storage: str = ""


# Keys of a bucket in the order of their bytes, each with its description; and whether there are more after them.
Page = tuple[list[tuple[str, Stat]], bool]


class Trouble(Exception):
    """Why an image cannot be read, as the finding that it becomes."""

    def __init__(self, rule: Rule, **details: object) -> None:
        super().__init__(rule.code)
        self.rule, self.details = rule, details


class Look(Struct, frozen=True):
    """What is known of one image: its description and header, or the trouble with it.

    `before` is the ETag that it had when it was checked last, "" where it was not.
    """

    stat: Stat | None = None
    header: Header | None = None
    trouble: Trouble | None = None
    before: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it is what it was when it was checked last, so that it was not read."""
        return self.stat is not None and self.header is not None and self.before == self.stat.etag


class Cost(Struct, frozen=True):
    """Requests that are still to be made, at most one range read for each image."""

    lookups: int = 0
    reads: int = 0
    bytes: int = 0

    @property
    def requests(self) -> int:
        """How many requests they are."""
        return self.lookups + self.reads

    @property
    def dollars(self) -> float:
        """What the requests cost."""
        return (self.lookups * S3_PRICES["HeadObject"] + self.reads * S3_PRICES["GetObject"]) / 1000

    @property
    def dollars_out(self) -> float:
        """What it costs to read the bytes from outside of the bucket's Region."""
        return self.bytes / 1e9 * S3_PRICE_OUT


class ImageCheck(Struct, frozen=True, kw_only=True):
    """The images of a dataset in figures.

    `images` were asked for, `wrong` of them cannot be used, or have a different size than their boxes: `errors` are the
    findings about them. `undecided`
    could not be judged, `turned` are turned by EXIF, `duplicates` have the bytes of another image of the dataset,
    `leaks` those of one of the project's other dataset, `overwritten` have changed since they were checked last.
    `known` have not, and were not read again.
    """

    images: int
    wrong: int = 0
    errors: int = 0
    undecided: int = 0
    turned: int = 0
    duplicates: int = 0
    leaks: int = 0
    overwritten: int = 0
    known: int = 0
