"""Cuts a stream of bytes into frames, wherever its chunks begin and end."""

import struct
from typing import List, Optional

from ._frame_error import FrameError
from ._framing import LENGTH_BYTES, Framing, detect_framing
from .limits import LIMITS

_FIRST_BUFFER = 64 * 1024
_LENGTH = struct.Struct("<I")


class FrameDecoder:
    """Reuses one buffer. The buffer grows with the bytes that arrive, not with the length that a frame
    claims, and shrinks after a large frame.

    :param max_frame_bytes: of one frame; at most 16 MiB - 1
    :param framing: given by the side that chose it; the other side detects it from the first four bytes
    """

    __slots__ = (
        "_buffer",
        "_end",
        "_start",
        "_scanned",
        "_whole",
        "frames",
        "framing",
        "max_frame_bytes",
        "partial",
    )

    def __init__(self, max_frame_bytes: int = LIMITS.frame, framing: Optional[Framing] = None) -> None:
        self.max_frame_bytes = min(max_frame_bytes, LIMITS.frame_ceiling)
        #: None until four bytes have arrived.
        self.framing: Optional[Framing] = framing
        #: Whether a frame has begun and not ended.
        self.partial = False
        #: Frames so far, empty ones included.
        self.frames = 0
        self._buffer = bytearray(_FIRST_BUFFER)
        self._whole = memoryview(self._buffer)
        self._start = 0
        self._end = 0
        #: The bytes up to here hold no newline.
        self._scanned = 0

    @property
    def held(self) -> int:
        """Bytes that have arrived and are not part of a complete frame yet."""
        return self._end - self._start

    def space(self) -> memoryview:
        """Free memory for the next bytes. Write there, then call :meth:`advance` with the count."""
        if self._end == 0:
            return self._whole
        buffer = self._buffer
        if self._end == len(buffer):
            if self._start > 0:
                self._move(buffer)
            else:
                self._use(bytearray(len(buffer) * 2))
                self._buffer[: self._end] = buffer
        return self._whole[self._end :]

    def advance(self, count: int, frames: List[bytes]) -> None:
        """Takes ``count`` bytes that were written to :meth:`space`, and appends each complete frame to
        ``frames``.

        :raises FrameError: ``too-large``; the list has the frames before it, and the decoder cannot go on
        """
        self._end += count
        if self.framing is None:
            self._detect()
        if self.framing == "length":
            self._cut_lengths(frames)
        elif self.framing == "lines":
            self._cut_lines(frames)
        self.partial = self._end > self._start
        if not self.partial:
            self._start = self._end = self._scanned = 0
            if len(self._buffer) > _FIRST_BUFFER:
                self._use(bytearray(_FIRST_BUFFER))

    def hold(self, count: int) -> None:
        """Takes ``count`` bytes that were written to :meth:`space`, only to detect the framing. The next
        :meth:`advance` cuts them too."""
        self._end += count
        self.partial = self._end > self._start
        if self.framing is None:
            self._detect()

    def feed(self, chunk: bytes, frames: List[bytes]) -> None:
        """Does both :meth:`space` and :meth:`advance`, for bytes that lie elsewhere."""
        taken = 0
        while taken < len(chunk):
            space = self.space()
            count = min(len(space), len(chunk) - taken)
            space[:count] = chunk[taken : taken + count]
            self.advance(count, frames)
            taken += count

    def _cut_lengths(self, frames: List[bytes]) -> None:
        buffer = self._buffer
        whole = self._whole
        start = self._start
        end = self._end
        while end - start >= LENGTH_BYTES:
            (length,) = _LENGTH.unpack_from(buffer, start)
            if length > self.max_frame_bytes:
                self._start = start
                raise self._too_large(str(length))
            stop = start + LENGTH_BYTES + length
            if stop > end:
                break
            self.frames += 1
            if length > 0:
                frames.append(whole[start + LENGTH_BYTES : stop].tobytes())
            start = stop
        self._start = start

    def _cut_lines(self, frames: List[bytes]) -> None:
        buffer = self._buffer
        start = self._start
        end = self._end
        most = self.max_frame_bytes
        scanned = max(self._scanned, start)
        while start < end:
            newline = buffer.find(b"\n", scanned, end)
            if (end if newline == -1 else newline) - start > most:
                self._start = start
                raise self._too_large(f"more than {most}")
            if newline == -1:
                break
            self.frames += 1
            # A line of CR LF alone is empty too.
            if newline > start and not (newline == start + 1 and buffer[start] == 0x0D):
                frames.append(self._whole[start:newline].tobytes())
            start = scanned = newline + 1
        self._start = start
        self._scanned = end

    def _detect(self) -> None:
        if self._end - self._start >= LENGTH_BYTES:
            self.framing = detect_framing(self._buffer[self._start + LENGTH_BYTES - 1])

    def _use(self, buffer: bytearray) -> None:
        self._buffer = buffer
        self._whole = memoryview(buffer)

    def _move(self, buffer: bytearray) -> None:
        """Moves the incomplete frame to the beginning of the buffer."""
        kept = self._end - self._start
        buffer[:kept] = buffer[self._start : self._end]
        self._scanned = max(self._scanned - self._start, 0)
        self._start, self._end = 0, kept

    def _too_large(self, size: str) -> FrameError:
        return FrameError("too-large", f"Frame of {size} bytes; at most {self.max_frame_bytes} are allowed")
