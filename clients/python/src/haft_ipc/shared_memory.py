"""A channel for large payloads: messages go over another channel, payloads through memory that both processes
map.

Each side writes into a segment of its own. The peer copies a payload out and says so, which frees its place.
"""

import threading
import time
from queue import SimpleQueue
from typing import Callable, Optional, Tuple, Union, cast

from ._frame_error import FrameError
from ._inbox import Inbox
from ._mailbox import Fields
from ._segment_blocks import Block, SegmentBlocks
from ._shared_segment import SharedSegment
from .channel import IpcChannel
from .errors import (
    Disconnected,
    HaftError,
    IpcChannelError,
    ReceiveFailed,
    Serialization,
    ShuttingDown,
    TimedOut,
)
from .json_types import Json, JsonInput
from .message import FieldsWithPayload, IpcMessage, Sendable, check_message, wire_fields
from .metrics import ChannelCounts, ChannelMetrics

#: Bytes of a segment, unless an option says otherwise.
DEFAULT_SIZE = 64 * 1024 * 1024
_LARGEST_SIZE = 1024 * 1024 * 1024

# The events between the two sides.
_SEGMENT = "shm.segment"
_MAPPED = "shm.mapped"
_PAYLOAD = "shm.payload"
_RELEASE = "shm.release"


class SharedMemoryChannel(IpcChannel):
    """Made of a channel between two processes of one user by :meth:`over`, on both sides. The channel below
    belongs to it from then on. A received message has its bytes in ``payload``."""

    def __init__(self, channel: IpcChannel, size: int) -> None:
        self._channel = channel
        self._counts = ChannelCounts(channel.name, "shared_memory")
        self._inbox = Inbox(channel.name, None, self._announce_room)
        self._segment = SharedSegment.create(size)
        self._blocks = SegmentBlocks(size)
        #: Guards the segment's blocks and the peer's segment; announces a free block and the end.
        self._room = threading.Condition()
        self._peer: Optional[SharedSegment] = None
        self._closing = self._closed = False
        #: The peer has been told of the segment: no payload may come to it before.
        self._announced = False
        #: Events for the peer. The reading thread must not wait for a peer that waits for it in turn.
        self._events: "SimpleQueue[Optional[Tuple[str, JsonInput]]]" = SimpleQueue()
        self._events.put((_SEGMENT, {"path": self._segment.path, "size": size}))
        self._reading = threading.Thread(
            target=self._read, name=f"haft_ipc {channel.name} memory", daemon=True
        )
        self._writing = threading.Thread(
            target=self._write, name=f"haft_ipc {channel.name} events", daemon=True
        )
        self._reading.start()
        self._writing.start()

    @classmethod
    def over(cls, channel: IpcChannel, *, size: int = DEFAULT_SIZE) -> "SharedMemoryChannel":
        """Adds shared memory to a channel; the peer does the same.

        :param size: bytes of this side's segment, and of its longest payload
        :raises Io: the system has no file system in memory
        """
        return cls(channel, size)

    @property
    def name(self) -> str:
        return self._channel.name

    def send(self, message: Sendable, timeout: Optional[float] = None) -> bool:
        if isinstance(message, IpcMessage) and message.payload is not None:
            return self.send_payload(message, message.payload, timeout)
        self._channel.send(message, timeout)
        self._counts.messages_sent += 1
        return True

    def send_payload(
        self, message: Sendable, payload: Union[bytes, bytearray, memoryview], timeout: Optional[float] = None
    ) -> bool:
        """Sends a message with bytes beside it. Returns True when the bytes are in the segment and the
        message is accepted.

        :param payload: any object with the buffer interface
        :raises Serialization: the payload is longer than the segment
        :raises TimedOut: the peer has not made room in time
        """
        view = memoryview(payload).cast("B")
        size = self._segment.size
        if len(view) > size:
            self._counts.send_errors += 1
            raise Serialization(
                f'Payload of {len(view)} bytes on channel "{self.name}"; the segment has {size}',
                next="Send it in parts, or make the segment larger (size=…)",
            )
        try:
            self._check_open()
            fields = wire_fields(message)
            deadline = None if timeout is None else time.monotonic() + timeout
            with self._room:
                block = self._take_block(len(view))
                while block is None:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        raise TimedOut(f'Peer of channel "{self.name}" did not make room within {timeout} s')
                    self._room.wait(left)
                    self._check_open()
                    block = self._take_block(len(view))
                self._segment.memory[block.offset : block.offset + block.length] = bytes(view)
            try:
                self._channel.emit(_PAYLOAD, {"message": fields, **block._asdict()}, timeout)
            except BaseException:
                self._release(block.id)
                raise
        except IpcChannelError:
            self._counts.send_errors += 1
            raise
        self._counts.messages_sent += 1
        self._counts.bytes_sent += len(view)
        return True

    def next_message(self, timeout: Optional[float] = None) -> IpcMessage:
        return self._inbox.take(timeout)

    def try_receive(self) -> Optional[IpcMessage]:
        return self._inbox.try_take()

    def request(self, method: str, data: JsonInput = None, timeout: Optional[float] = 30.0) -> Json:
        return self._channel.request(method, data, timeout)

    def on_message(self, listener: Callable[[IpcMessage], object]) -> Callable[[], None]:
        return self._inbox.listen(listener)

    def shutdown(self) -> None:
        self._channel.shutdown()

    def is_shutdown(self) -> bool:
        return self._channel.is_shutdown() or self._inbox.end is not None

    def wait_for_drain(self, seconds: float) -> bool:
        return self._channel.wait_for_drain(seconds)

    def metrics(self) -> ChannelMetrics:
        below = self._channel.metrics()
        return self._counts.snapshot(self._inbox.mail.peak, self._inbox.mail.latency)._replace(
            latency=below.latency
        )

    def close(self) -> None:
        with self._room:
            self._closing = True
            self._room.notify_all()
        self._channel.close()
        self._reading.join()
        self._writing.join()

    def _write(self) -> None:
        try:
            for event, data in iter(self._events.get, None):
                self._channel.emit(event, data)
                if event == _SEGMENT:
                    with self._room:
                        self._announced = True
                        self._room.notify_all()
        except IpcChannelError:
            # The reading thread reports why the channel has ended.
            pass

    def _read(self) -> None:
        end: IpcChannelError
        try:
            while True:
                with self._room:
                    # Unread messages, and their payloads, take a bounded amount of memory.
                    self._room.wait_for(lambda: self._closing or not self._inbox.mail.is_full)
                self._take(self._channel.next_message())
        except IpcChannelError as error:
            end = error
        except (FrameError, HaftError, TypeError) as error:
            self._counts.receive_errors += 1
            end = ReceiveFailed(f'Peer of channel "{self.name}" broke the protocol: {error}')
            self._channel.close()
        self._inbox.finish(end)
        self._events.put(None)
        with self._room:
            self._closed = True
            self._room.notify_all()
            self._segment.close()
            if self._peer is not None:
                self._peer.close()

    def _take(self, message: IpcMessage) -> None:
        name = message.event if message.type == "event" else None
        if name == _SEGMENT:
            self._map(*_numbers_and_path(message.data))
        elif name == _MAPPED:
            self._segment.forget_name()
        elif name == _PAYLOAD:
            self._take_payload(message.data)
        elif name == _RELEASE:
            self._release(_number(message.data, "id"))
        else:
            self._deliver(cast(Fields, message.to_wire()), 0)

    def _map(self, path: str, size: int) -> None:
        if self._peer is not None or not 1 <= size <= _LARGEST_SIZE:
            raise FrameError("not-a-message", "it announced a second segment, or one without a size")
        self._peer = SharedSegment.open(path, size)
        self._events.put((_MAPPED, None))

    def _take_payload(self, data: JsonInput) -> None:
        offset, length = _number(data, "offset"), _number(data, "length")
        # Only the peer's own segment is read, whatever the peer claims.
        if self._peer is None or offset < 0 or length < 0 or offset + length > self._peer.size:
            raise FrameError("not-a-message", "it named a payload outside of its segment")
        fields = check_message(cast(Json, data["message"] if isinstance(data, dict) else None))
        payload = self._peer.memory[offset : offset + length]
        self._counts.bytes_received += length
        self._deliver(FieldsWithPayload(fields, payload), length)
        self._events.put((_RELEASE, {"id": _number(data, "id")}))

    def _deliver(self, fields: Fields, size: int) -> None:
        self._counts.messages_received += 1
        self._inbox.put([(fields, size)])

    def _announce_room(self) -> None:
        with self._room:
            self._room.notify_all()

    def _take_block(self, length: int) -> Optional[Block]:
        return self._blocks.take(length) if self._announced else None

    def _release(self, id: int) -> None:
        with self._room:
            self._blocks.give_back(id)
            self._room.notify_all()

    def _check_open(self) -> None:
        if self._closed:
            raise self._inbox.end or Disconnected(f'Channel "{self.name}" is closed')
        if self._channel.is_shutdown():
            raise ShuttingDown(f'Channel "{self.name}" is closing')


def _number(data: JsonInput, name: str) -> int:
    value = data.get(name) if isinstance(data, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise FrameError("not-a-message", f'it sent no "{name}"')


def _numbers_and_path(data: JsonInput) -> Tuple[str, int]:
    path = data.get("path") if isinstance(data, dict) else None
    if isinstance(path, str):
        return path, _number(data, "size")
    raise FrameError("not-a-message", "it announced a segment without a path")
