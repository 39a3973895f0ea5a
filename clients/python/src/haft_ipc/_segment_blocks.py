"""Which parts of a segment are taken."""

from typing import List, NamedTuple, Optional

#: Blocks begin at a cache line.
_ALIGNMENT = 64


class Block(NamedTuple):
    """One payload in a segment."""

    id: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        """Where the next block can begin."""
        return self.offset + max(-(-self.length // _ALIGNMENT), 1) * _ALIGNMENT


class SegmentBlocks:
    """:param size: bytes of the segment"""

    def __init__(self, size: int) -> None:
        self._size = size
        #: In the order of their offsets.
        self._held: List[Block] = []
        self._next_id = 1

    def take(self, length: int) -> Optional[Block]:
        """The first part that is free and long enough; None while there is none."""
        block = Block(self._next_id, 0, length)
        index = 0
        while index < len(self._held) and self._held[index].offset < block.end:
            block = block._replace(offset=self._held[index].end)
            index += 1
        if block.offset + length > self._size:
            return None
        self._held.insert(index, block)
        self._next_id += 1
        return block

    def give_back(self, id: int) -> None:
        """Frees a block. An unknown id changes nothing."""
        self._held = [held for held in self._held if held.id != id]
