"""Turns the bytes that the event loop reads into messages."""

import asyncio
import select
from typing import Callable, List, Optional

from .._answer_assembler import AnswerAssembler
from .._frame_decoder import FrameDecoder
from .._frame_error import FrameError
from .._framing import LENGTH_BYTES, Framing, preamble
from .._json_text import decode_json
from .._mailbox import Arrived
from ..message import check_message


class FrameTimeout(Exception):
    """The peer did not end a frame in time."""


class Wire(asyncio.BufferedProtocol):
    """Reads into the decoder's own buffer, once :meth:`start` was called.

    :param frame_timeout: seconds from the first to the last byte of a frame, not counting time in which
        reading is paused
    :param framing: given by the side that connects; the other side detects it from the first four bytes
    :param on_framing: given by the side that accepts, called once: with True when the framing is known
        (reading then pauses until :meth:`start`), with False when the peer has left before
    """

    def __init__(
        self,
        max_frame_bytes: int,
        frame_timeout: float,
        framing: Optional[Framing] = None,
        on_framing: Optional[Callable[["Wire", bool], None]] = None,
    ) -> None:
        self.decoder = FrameDecoder(max_frame_bytes, framing)
        #: Takes answers in parts; without it they are messages like others.
        self.assembler: Optional[AnswerAssembler] = None
        self._frame_timeout = frame_timeout
        self._on_framing = on_framing
        self._on_arrived: Optional[Callable[[Arrived], None]] = None
        self._on_end: Optional[Callable[[Optional[Exception]], None]] = None
        self._transport: Optional[asyncio.Transport] = None
        self._timer: Optional[asyncio.TimerHandle] = None
        self._room = asyncio.Event()
        self._room.set()

    def start(
        self, on_arrived: Callable[[Arrived], None], on_end: Callable[[Optional[Exception]], None]
    ) -> None:
        """Reads from now on.

        :param on_arrived: called with the messages of each read
        :param on_end: called at the end, with None when the peer closed in order, with FrameError or
            FrameTimeout when it broke the protocol, with another error otherwise
        """
        self._on_arrived = on_arrived
        self._on_end = on_end
        if self._transport is not None:
            self._cut(0)
            self.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a channel needs a transport that reads and writes")
        self._transport = transport
        if self.decoder.framing is not None:
            transport.write(preamble(self.decoder.framing))

    def get_buffer(self, sizehint: int) -> memoryview:
        space = self.decoder.space()
        # Just enough to detect the framing; the rest is for the accepted channel.
        return space if self.decoder.framing is not None else space[: LENGTH_BYTES - self.decoder.held]

    def buffer_updated(self, nbytes: int) -> None:
        if self._on_arrived is not None:
            self._cut(nbytes)
            return
        self.decoder.hold(nbytes)
        if self.decoder.framing is not None:
            self.pause_reading()
            self._tell_framing(True)

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self._stop_timer()
        self._room.set()
        self._tell_framing(False)
        if self._on_end is not None:
            self._on_end(exc)

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    @property
    def has_room(self) -> bool:
        """Whether the peer has taken enough bytes for more to be written."""
        return self._room.is_set()

    @property
    def queued(self) -> int:
        """Bytes that the system has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    async def room(self) -> None:
        """Returns when :attr:`has_room` is true."""
        await self._room.wait()

    def write(self, data: bytes) -> None:
        """Queues bytes."""
        if self._transport is not None:
            self._transport.write(data)

    def pause_reading(self) -> None:
        """Leaves new bytes in the kernel."""
        self._stop_timer()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Ends :meth:`pause_reading`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._watch_frame()

    def hung_up(self) -> bool:
        """Whether the peer is certainly gone, so that only bytes that the system holds can still come."""
        connected = None if self._transport is None else self._transport.get_extra_info("socket")
        if connected is None or connected.fileno() < 0 or not hasattr(select, "poll"):
            return False
        hangup = select.poll()
        hangup.register(connected.fileno(), 0)
        return len(hangup.poll(0)) > 0

    def close(self) -> None:
        """Closes when the written bytes are out."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Closes now."""
        if self._transport is not None:
            self._transport.abort()

    def _cut(self, count: int) -> None:
        texts: List[bytes] = []
        arrived: Arrived = []
        failure: Optional[FrameError] = None
        seen = self.decoder.frames
        try:
            self.decoder.advance(count, texts)
        except FrameError as error:
            failure = error
        try:
            for text in texts:
                fields = check_message(decode_json(text))
                whole = fields if self.assembler is None else self.assembler.take(fields)
                if whole is not None:
                    arrived.append((whole, len(text)))
        except FrameError as error:
            failure = error
        if self._timer is not None and self.decoder.frames != seen:
            self._stop_timer()
        self._watch_frame()
        if arrived and self._on_arrived is not None:
            self._on_arrived(arrived)
        if failure is not None and self._on_end is not None:
            self._stop_timer()
            self._on_end(failure)

    def _tell_framing(self, known: bool) -> None:
        tell, self._on_framing = self._on_framing, None
        if tell is not None:
            tell(self, known)

    def _watch_frame(self) -> None:
        if self.decoder.partial and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._frame_timeout, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._on_end is not None:
            self._on_end(FrameTimeout(f"did not end a message within {self._frame_timeout} s"))
        self.abort()
