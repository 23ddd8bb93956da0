"""The prefix cache: which named blocks there are, who uses them, and which are overwritten first.

The name of a block is the chain of all contents up to its end. Whose its last token is, and its
place, tell that as well: block 3 of stream 0 is the same whoever computed it. Blocks in a row that
share their fate are one extent, so what is done for a request does not depend on its length.

Whoever uses a block uses all that come before it, and gives the last one back first. So of each
content the blocks in memory are always the first ones, without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

NOBODY = -1 << 62
"""The owner of blocks that nobody can ask for any more."""
WITHOUT_LIMIT = 1 << 60
"""More blocks than anybody has."""


class Extent:
    """Blocks in a row with the same users, or freed at the same instant.

    Attributes:
        owner: whose content it is.
        first: the place of the first block in that content.
        after: the place after the last one.
        uses: by how many requests; with none the blocks are free to take.
        copy: whether it is a block whose name another one had before.
        rest: the blocks that were part of it until it was split.
        older: its neighbour in the list of those free, which is overwritten before.
        newer: the one that is overwritten after it.
    """

    __slots__ = ("after", "copy", "first", "newer", "older", "owner", "rest", "uses")

    def __init__(self, owner: int, first: int, after: int, uses: int = 0) -> None:
        self.owner = owner
        self.first = first
        self.after = after
        self.uses = uses
        self.copy = False
        self.rest: Extent | None = None
        self.older: Extent | None = None
        self.newer: Extent | None = None

    def parts(self, after: int) -> list[Extent]:
        """Its blocks up to one place, which may have been split in between."""
        found, part = [self], self
        while part.after < after:
            assert part.rest
            part = part.rest
            found.append(part)
        return found


class Segment:
    """A part of what a request consists of, and the blocks it holds of that.

    Attributes:
        owner: whose content it is.
        first: the place of its first block.
        after: the place after the last one that the request may have.
        named: up to where the request has named blocks, or found them.
        held: those blocks, and up to where each extent went when it was taken.
    """

    __slots__ = ("after", "first", "held", "named", "owner")

    def __init__(self, owner: int, first: int, after: int = WITHOUT_LIMIT) -> None:
        self.owner = owner
        self.first = self.named = first
        self.after = after
        self.held: list[tuple[Extent, int]] = []


class PrefixCache:
    """Named blocks, by content; free ones in the order in which they are overwritten.

    Attributes:
        free: named blocks that nobody uses.
        ever: how many of the first blocks of a content were ever named.
        lost: blocks that were asked for so far, but had been overwritten.
    """

    def __init__(self, *, limited: bool) -> None:
        """With memory that has no end nothing is overwritten, so a second copy is never of use."""
        self.limited = limited
        self.extents: dict[int, list[Extent]] = {}
        self.copies: dict[int, dict[int, dict[Extent, None]]] = {}
        self.end = Extent(NOBODY, 0, 0)
        self.end.older = self.end.newer = self.end
        self.ever: dict[int, int] = {}
        self.free = self.lost = 0

    def find(self, path: Sequence[Segment], most: int) -> tuple[int, int]:
        """How many of its first blocks are in memory, `most` at most; and how many nobody uses."""
        found = unused = 0
        for segment in path:
            limit = min(segment.after, most)
            for extent in self.extents.get(segment.owner, ()):
                if extent.first >= limit:
                    break
                found = min(extent.after, limit)
                if not extent.uses:
                    unused += found - extent.first
            if found < segment.after:
                break
        return found, unused

    def take(self, path: Sequence[Segment], found: int) -> None:
        """A request uses the blocks that were found."""
        for segment in path:
            if segment.first >= found:
                break
            segment.named = limit = min(segment.after, found)
            extents = self.extents[segment.owner]
            for place, extent in enumerate(extents):
                if extent.first >= limit:
                    break
                taken = extent
                if extent.after > limit:
                    taken = self._split(extents, place, limit)
                elif not extent.uses:
                    self._unlink(extent)
                if not taken.uses:
                    self.free -= taken.after - taken.first
                taken.uses += 1
                segment.held.append((taken, taken.after))

    def count_lost(self, path: Sequence[Segment], found: int, most: int) -> None:
        """A request that found so many of its first blocks, `most` at most, may miss some."""
        for segment in path:
            named = self.ever.get(segment.owner, 0)
            self.lost += max(0, min(named, segment.after, most) - max(found, segment.first))

    def name(self, segment: Segment, after: int) -> None:
        """Blocks of a request are filled up to some place: from now on others can find them."""
        first, after = segment.named, min(after, segment.after)
        segment.named = after
        extents = self.extents.setdefault(segment.owner, [])
        known = extents[-1].after if extents else segment.first
        if first < known:
            if self.limited:
                for place in range(first, min(after, known)):
                    self._add_copy(segment, place)
            first = known
        if first < after:
            extent = Extent(segment.owner, first, after, 1)
            extents.append(extent)
            if after > self.ever.get(segment.owner, 0):
                self.ever[segment.owner] = after
            segment.held.append((extent, after))

    def keep_nameless(self, blocks: int) -> None:
        """Free blocks whose names nobody can ask for; they are overwritten in their turn."""
        if self.limited:
            self._link(Extent(NOBODY, 0, blocks))

    def give_back(self, path: Sequence[Segment]) -> int:
        """A request uses its blocks no more, the last one first; how many nobody uses now."""
        before = self.free
        for segment in reversed(path):
            for extent, after in reversed(segment.held):
                parts = (extent,) if extent.after == after else extent.parts(after)[::-1]
                for part in parts:
                    part.uses -= 1
                    if not part.uses:
                        self._link(part)
        return self.free - before

    def make_fit(self, free: int) -> None:
        """No more blocks than these are free: what was free longest has been overwritten."""
        while self.free > free:
            oldest = self.end.newer
            assert oldest
            blocks = min(self.free - free, oldest.after - oldest.first)
            if oldest.owner in self.copies:
                blocks = 1
            oldest.after -= blocks
            self.free -= blocks
            self._forget(oldest)
            if oldest.after == oldest.first:
                self._unlink(oldest)

    def only_used_by(self, held: Sequence[tuple[Extent, int]]) -> int:
        """How many of the blocks that some requests hold nobody else does."""
        uses: dict[Extent, int] = {}
        for extent, after in held:
            for part in extent.parts(after):
                uses[part] = uses.get(part, 0) + 1
        return sum(part.after - part.first for part, theirs in uses.items() if theirs == part.uses)

    def state(self) -> tuple[object, ...]:
        """All that decides what happens next."""
        return (
            tuple((extent.owner, extent.first, extent.after) for extent in self._oldest_first()),
            frozenset(
                (extent.owner, extent.first, extent.after, extent.uses)
                for extents in self.extents.values()
                for extent in extents
            ),
        )

    def _oldest_first(self) -> Iterator[Extent]:
        extent = self.end.newer
        while extent is not None and extent is not self.end:
            yield extent
            extent = extent.newer

    def _split(self, extents: list[Extent], place: int, block: int) -> Extent:
        """The first part of an extent; if it was free, that part is so no more, and in no list."""
        extent = extents[place]
        if extent.uses:
            rest = Extent(extent.owner, block, extent.after, extent.uses)
            rest.rest, extent.rest = extent.rest, rest
            extent.after = block
            extents.insert(place + 1, rest)
            return extent
        taken = Extent(extent.owner, extent.first, block)
        extent.first = block
        extents.insert(place, taken)
        return taken

    def _add_copy(self, segment: Segment, place: int) -> None:
        """A second block of the same name: it is found when all that were named before are gone."""
        extent = Extent(segment.owner, place, place + 1, 1)
        extent.copy = True
        self.copies.setdefault(segment.owner, {}).setdefault(place, {})[extent] = None
        segment.held.append((extent, place + 1))

    def _forget(self, extent: Extent) -> None:
        """Its last block has been overwritten: the next of the same name takes its place."""
        copies = self.copies.get(extent.owner)
        extents = self.extents.get(extent.owner)
        if not extents:
            return
        if copies:
            of_block = copies.get(extent.after)
            if of_block:
                heir = extent if extent.copy else next(iter(of_block))
                del of_block[heir]
                if not extent.copy:
                    heir.copy = False
                    extents.insert(extents.index(extent) + 1, heir)
                if not of_block:
                    del copies[extent.after]
                    if not copies:
                        del self.copies[extent.owner]
        if not extent.copy and extent.first == extent.after:
            extents.remove(extent)
            if not extents:
                del self.extents[extent.owner]

    def _link(self, extent: Extent) -> None:
        """It is overwritten after all that are free."""
        end = self.end
        newest = end.older
        assert newest
        extent.older, extent.newer = newest, end
        newest.newer = end.older = extent
        self.free += extent.after - extent.first

    @staticmethod
    def _unlink(extent: Extent) -> None:
        older, newer = extent.older, extent.newer
        assert older
        assert newer
        older.newer, newer.older = newer, older
        extent.older = extent.newer = None
