"""Bytes to messages, as the event loop hands them over."""

import asyncio
from typing import Callable, List, Optional

from .._frame_decoder import FrameDecoder
from .._frame_error import FrameError
from .._framing import Framing, preamble
from .._inbox import Arrived
from .._json_text import decode_json
from ..message import check_message


class Wire(asyncio.BufferedProtocol):
    """Reads into the decoder's own buffer.

    :param on_arrived: called with what a read brought
    :param on_end: called once: None for an end in order, FrameError for what is not allowed, OSError otherwise
    """

    def __init__(
        self,
        framing: Framing,
        max_frame_bytes: int,
        on_arrived: Callable[[Arrived], None],
        on_end: Callable[[Optional[Exception]], None],
    ) -> None:
        self.decoder = FrameDecoder(max_frame_bytes, framing)
        self._framing = framing
        self._on_arrived = on_arrived
        self._on_end = on_end
        self._transport: Optional[asyncio.Transport] = None
        self._room = asyncio.Event()
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a channel needs a transport that reads and writes")
        self._transport = transport
        transport.write(preamble(self._framing))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.decoder.space()

    def buffer_updated(self, nbytes: int) -> None:
        texts: List[bytes] = []
        arrived: Arrived = []
        failure: Optional[FrameError] = None
        try:
            self.decoder.advance(nbytes, texts)
        except FrameError as error:
            failure = error
        try:
            for text in texts:
                arrived.append((check_message(decode_json(text)), len(text)))
        except FrameError as error:
            failure = error
        if arrived:
            self._on_arrived(arrived)
        if failure is not None:
            self._on_end(failure)

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self._room.set()
        self._on_end(exc)

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    async def room(self) -> None:
        """Returns when the peer has taken enough of what was written."""
        if not self._room.is_set():
            await self._room.wait()

    def write(self, data: bytes) -> None:
        """Queues bytes."""
        if self._transport is not None:
            self._transport.write(data)

    def pause_reading(self) -> None:
        """Leaves what comes in the kernel."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Ends :meth:`pause_reading`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Closes when what was written is out."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Closes now."""
        if self._transport is not None:
            self._transport.abort()
