"""Finds and reads the images of one project: by listings or one by one, as many at once as S3 takes well.

A key is looked up in a listing by prefix while the listing has fewer pages than there are keys left to find, else
alone. A page begins with the folder of the next key, so that folders without images of ours cost nothing. What an image
is, is read from its first bytes, unless the same ETag and size were read before.

Memory: an image that is checked takes about 0.6 kB until the run ends.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, takewhile
from typing import Final, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.images.header import Header, header_of, kind_of
from reconciler.images.results import Cost, Look, Page, Stat, Trouble
from reconciler.limits import S3_AT_ONCE
from reconciler.manifest.rules import images as rules

# How much of a file is read for its size in pixels.
_MOST: Final = 1 << 20
# How many pages of a listing are asked for, whatever the number of keys is.
_PAGES: Final = 1000
# How many keys are handed out at once: a stop waits for none of the others.
_CHUNK: Final = 256


# From bucket, prefix and key: a page of the keys (without the bucket) that begin so and come after it. Raises Trouble.
Lister = Callable[[str, str, str], Page]


class Store(Protocol):
    """Where images are: in a folder, or in S3. Its functions are called from several threads.

    `step` is how many bytes are read at once.
    """

    step: int

    @property
    def page(self) -> Lister | None:
        """Gives a page of a listing; None where looking at each key is as cheap."""
        ...

    def stat(self, key: str) -> Stat:
        """The description of an image. Raises Trouble."""
        ...

    def part(self, key: str, start: int, end: int) -> bytes:
        """The bytes of an image from `start` up to, and without, `end`. Raises Trouble."""
        ...


class Seen(Struct, frozen=True, array_like=True, gc=False):
    """What an image was when it was checked last."""

    etag: str
    size: int
    header: Header


class Search(Struct):
    """The images of one project. `seen` are those that were checked before, by key; `looks` is what was found."""

    store: Store
    seen: Mapping[str, Seen]
    looks: dict[str, Look] = field(default_factory=dict)
    _may_list: bool = True
    _listed: dict[str, Stat] = field(default_factory=dict)
    _left: list[str] = field(default_factory=list)

    def list_all(self, keys: Iterable[str], tell: Callable[[int], None]) -> None:
        """Look for the keys in listings, as long as that takes fewer requests. `tell` receives the number of pages.

        Raises:
            ReconcilerError: S3 cannot be asked.
        """
        by_bucket: dict[str, list[str]] = {}
        for key in keys:
            bucket, _, name = key.removeprefix("s3://").partition("/")
            by_bucket.setdefault(bucket, []).append(name)
        for bucket, names in by_bucket.items():
            names.sort(key=_order)
            page = self.store.page
            left = self._list(page, bucket, names, tell) if page else names
            self._left += [f"s3://{bucket}/{name}" for name in left]

    def _list(self, page_of: Lister, bucket: str, names: Sequence[str], tell: Callable[[int], None]) -> Sequence[str]:
        """The names that no listing was asked for, because it would take more requests, or is not allowed."""
        top, after, at, pages = _folder_of_both(names[0], names[-1]), "", 0, 0
        while len(names) - at > pages + 1 and pages < _PAGES:
            after = max(after, _folder(names[at]), key=_order)
            try:
                page, more = page_of(bucket, top, after)
            except Trouble:
                self._may_list = False
                break
            pages += 1
            tell(pages)
            found = dict(page)
            after = page[-1][0] if page else after
            while at < len(names) and (not more or _order(names[at]) <= _order(after)):
                self._decide(f"s3://{bucket}/{names[at]}", found.get(names[at]))
                at += 1
        return names[at:]

    def _decide(self, key: str, stat: Stat | None) -> None:
        """Take what a listing says of a key."""
        seen = self.seen.get(key)
        before = seen.etag if seen else ""
        if stat is None:
            self.looks[key] = Look(trouble=Trouble(rules.MISSING, where=""), before=before)
        elif seen and (seen.etag, seen.size) == (stat.etag, stat.size):
            self.looks[key] = Look(stat, seen.header, before=before)
        else:
            self._listed[key] = stat

    def cost(self) -> Cost:
        """The requests that are left; an image that was read before and is looked up alone may have changed."""
        reads = [stat.size for stat in self._listed.values()]
        reads += [self.store.step for key in self._left if key not in self.seen]
        bytes_read = sum(min(size, self.store.step) for size in reads)
        return Cost(len(self._left), len(reads), bytes_read) if self.store.page else Cost()

    def read_all(self, tell: Callable[[int, int], None]) -> None:
        """Look up and read the images that are left. `tell` receives how many are done, and how many there are.

        Raises:
            ReconcilerError: S3 cannot be asked.
        """
        todo = iter(keys := [*self._listed, *self._left])
        pool = ThreadPoolExecutor(S3_AT_ONCE, thread_name_prefix="images")
        done = 0
        try:
            while chunk := list(islice(todo, _CHUNK)):
                for key, look in pool.map(self._look, chunk):
                    self.looks[key] = look
                    done += 1
                    tell(done, len(keys))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, key: str) -> tuple[str, Look]:
        """What an image is."""
        seen = self.seen.get(key)
        look = Look(before=seen.etag if seen else "")
        try:
            stat = self._listed.get(key) or self.store.stat(key)
        except Trouble as trouble:
            return key, replace(look, trouble=self._sure(trouble))
        if seen and (seen.etag, seen.size) == (stat.etag, stat.size):
            return key, replace(look, stat=stat, header=seen.header)
        try:
            header = _header(self.store, key, stat.size)
        except Trouble as trouble:
            if trouble.rule is rules.ARCHIVED:
                trouble.details["storage"] = stat.storage or "not told"
            return key, replace(look, stat=stat, trouble=trouble)
        return key, replace(look, stat=stat, header=header)

    def _sure(self, trouble: Trouble) -> Trouble:
        """A refusal, which without the right to list may also mean that there is no such image."""
        is_unsure = trouble.rule is rules.DENIED and not self._may_list
        return Trouble(rules.MISSING_OR_DENIED) if is_unsure else trouble


def _header(store: Store, key: str, size: int) -> Header:
    """What an image's first bytes say, read step by step.

    Raises:
        Trouble: it is empty, or cannot be read.
    """
    if not size:
        raise Trouble(rules.EMPTY)
    data = b""
    while True:
        piece = store.part(key, len(data), min(len(data) + store.step, size))
        data += piece
        header = header_of(data, is_whole=len(data) >= size)
        if header:
            return header
        if not piece:
            raise Trouble(rules.UNDECIDED, reason="the image changed while it was read")
        if len(data) >= _MOST:
            return Header(kind_of(data))


def _folder_of_both(one: str, other: str) -> str:
    """The folder that two names are in, and all names between them; "" for none."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    folder, slash, _rest = "".join(letter for letter, _same in alike).rpartition("/")
    return folder + slash


def _folder(name: str) -> str:
    """What comes before a name, and after the names of folders before it."""
    folder, slash, rest = name.rpartition("/")
    return folder + slash if rest else ""


def _order(name: str) -> bytes:
    """S3 lists keys in the order of their bytes (S3 API Reference, ListObjectsV2)."""
    return name.encode("utf-8", "surrogatepass")
