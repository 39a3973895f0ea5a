"""A channel to the parent over stdin and stdout, as lines of JSON."""

import os
import select
import sys
from typing import Any, Optional

from ._frame_decoder import FrameDecoder
from ._stream_channel import StreamChannel
from ._transport import Transport
from .errors import Io


class StdioChannel(StreamChannel):
    """Takes stdout for messages: from then on the program's prints, and those of its children, go to
    stderr."""

    kind = "stdio"

    def __init__(self, name: str) -> None:
        sys.stdout.flush()
        output = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        super().__init__(name, PipeTransport(0, output), decoder=FrameDecoder(framing="lines"))


class PipeTransport(Transport):
    """:param read: a descriptor that stays open, such as stdin
    :param write: a descriptor that this closes
    """

    def __init__(self, read: int, write: int) -> None:
        if not hasattr(select, "poll"):
            raise Io("Channels over stdin and stdout need poll, which this system lacks")
        self._read = read
        self._write = write
        self._readable: Any = select.poll()
        self._readable.register(read, select.POLLIN)
        # Wakes a thread that reads.
        self._wakes, self._waker = os.pipe()
        self._readable.register(self._wakes, select.POLLIN)
        self._ended = False

    def read_into(self, space: memoryview, timeout: Optional[float]) -> int:
        if not self._readable.poll(None if timeout is None else max(timeout, 0) * 1000):
            raise TimeoutError("nothing to read")
        if self._ended:
            return 0
        chunk = os.read(self._read, len(space))
        space[: len(chunk)] = chunk
        return len(chunk)

    def write_now(self, data: bytes) -> int:
        return 0

    def write(self, data: memoryview, timeout: Optional[float]) -> int:
        # A blocking pipe takes at most so many bytes at once without waiting.
        writable: Any = select.poll()
        writable.register(self._write, select.POLLOUT)
        if not writable.poll(None if timeout is None else max(timeout, 0) * 1000):
            raise TimeoutError("the parent does not read")
        return os.write(self._write, data[: select.PIPE_BUF])

    def shut_down(self) -> None:
        self._ended = True
        os.write(self._waker, b"x")

    def close(self) -> None:
        for descriptor in (self._write, self._wakes, self._waker):
            os.close(descriptor)
