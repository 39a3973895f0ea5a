"""A channel inside one process."""

import threading
from typing import Callable, Optional, Tuple

from ._frame_error import FrameError
from ._inbox import Inbox
from ._json_text import decode_json, encode_json
from .channel import IpcChannel
from .errors import Disconnected, IpcChannelError, Serialization, ShuttingDown, TimedOut
from .json_types import Json, JsonInput
from .limits import LIMITS
from .message import IpcMessage, Sendable, check_message, wire_fields
from .metrics import ChannelCounts, ChannelMetrics


class ThreadChannel(IpcChannel):
    """One end of a pair, or (made directly) a channel that receives what it sends, for the threads that share
    it.

    Each direction is bounded, and a sender waits while it is full. Messages are copied
    through their JSON text, so that both ends see the same as over a socket."""

    def __init__(self, name: str, capacity: int = LIMITS.unread_messages) -> None:
        if capacity < 1:
            raise ValueError(f'The capacity of channel "{name}" must be at least 1')
        self._name = name
        self._capacity = capacity
        #: Announces room in this inbox, and the end of the channel.
        self._room = threading.Condition()
        self._inbox = Inbox(name, None, self._announce_room)
        self._peer: ThreadChannel = self
        self._shutting_down = False
        self._counts = ChannelCounts(name, "thread")

    @classmethod
    def pair(cls, name: str, capacity: int = LIMITS.unread_messages) -> "Tuple[ThreadChannel, ThreadChannel]":
        """Two connected ends.

        :param capacity: the most unread messages in each direction; at least 1
        """
        left, right = cls(name, capacity), cls(name, capacity)
        left._peer, right._peer = right, left
        return left, right

    @property
    def name(self) -> str:
        return self._name

    def send(self, message: Sendable, timeout: Optional[float] = None) -> bool:
        try:
            try:
                text = encode_json(wire_fields(message))
                fields = check_message(decode_json(text))
            except (FrameError, ValueError, TypeError, RecursionError) as error:
                raise Serialization(f'Cannot send on channel "{self._name}": {error}') from error
            peer = self._open_peer()
            with peer._room:
                if not peer._room.wait_for(
                    lambda: len(peer._inbox.mail) < peer._capacity or self._inbox.end is not None, timeout
                ):
                    raise TimedOut(
                        f'Peer of channel "{self._name}" did not take the message within {timeout} s',
                        next="Make the peer receive, or wait longer",
                    )
                self._open_peer()
                peer._inbox.put([(fields, 0)])
                peer._counts.messages_received += 1
                peer._counts.bytes_received += len(text)
        except IpcChannelError:
            self._counts.send_errors += 1
            raise
        self._counts.messages_sent += 1
        self._counts.bytes_sent += len(text)
        return True

    def next_message(self, timeout: Optional[float] = None) -> IpcMessage:
        return self._inbox.take(timeout)

    def try_receive(self) -> Optional[IpcMessage]:
        return self._inbox.try_take()

    def request(self, method: str, data: JsonInput = None, timeout: Optional[float] = 30.0) -> Json:
        call = self._inbox.open_call(False)
        try:
            self.send(IpcMessage("request", id=call.id, method=method, data=data), timeout)
            return self._inbox.await_call(call, method, timeout, None)
        finally:
            self._inbox.close_calls(call.id)

    def on_message(self, listener: Callable[[IpcMessage], object]) -> Callable[[], None]:
        return self._inbox.listen(listener)

    def shutdown(self) -> None:
        self._shutting_down = True

    def is_shutdown(self) -> bool:
        return self._shutting_down or self._inbox.end is not None

    def wait_for_drain(self, seconds: float) -> bool:
        return self._inbox.wait_until(lambda: not self._inbox.mail.calls, seconds)

    def metrics(self) -> ChannelMetrics:
        return self._counts.snapshot(self._inbox.mail.peak, self._inbox.mail.latency)

    def close(self) -> None:
        self._finish(f'Channel "{self._name}" was closed by this side')
        self._peer._finish(f'Peer of channel "{self._name}" closed it')

    def _open_peer(self) -> "ThreadChannel":
        if self._inbox.end is not None:
            raise self._inbox.end
        if self._shutting_down:
            raise ShuttingDown(f'Channel "{self._name}" is closing')
        return self._peer

    def _finish(self, reason: str) -> None:
        self._inbox.finish(Disconnected(reason))
        self._announce_room()
        self._peer._announce_room()

    def _announce_room(self) -> None:
        with self._room:
            self._room.notify_all()
