"""A running stream of the daemon's events."""

import time
from typing import Callable, Iterator, Optional, Sequence

from ._closing import Closing
from ._daemon import subscribe_params
from .errors import Disconnected, IpcChannelError, TimedOut
from .local_socket import LocalSocketChannel
from .message import IpcMessage
from .stream import StreamItem, StreamPosition, Subscribed, after, stream_item


class Subscription(Closing):
    """Iterate it from one thread. Events come in order and at most once; gaps are announced as
    :class:`Lagged` or :class:`Reset`.

    The daemon closes the connection of a reader that takes nothing for 10 s while events wait. The
    subscription then reconnects and continues after the last item taken, so a program may pause for any time.
    """

    def __init__(
        self,
        connect: Callable[[], LocalSocketChannel],
        types: Sequence[str],
        subject: Optional[str],
        since: Optional[StreamPosition],
    ) -> None:
        self._connect = connect
        self._types = types
        self._subject = subject
        self._closed = False
        self._channel, answer = self._open(since)
        #: The daemon's state at the beginning of the stream.
        self.snapshot = answer.snapshot
        self._position = answer.position if since is None else since

    @property
    def position(self) -> StreamPosition:
        """The reader's position. Give it to ``subscribe(since=…)`` to continue from here."""
        return self._position

    def next(self, timeout: Optional[float] = None) -> StreamItem:
        """The next item.

        :param timeout: seconds
        :raises TimedOut: none came; nothing is lost
        :raises Disconnected: the daemon is gone, or the subscription was closed
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            try:
                message = self._channel.next_message(left)
            except TimedOut:
                raise TimedOut(f"No event within {timeout} s") from None
            except Disconnected:
                if self._closed:
                    raise
                self._resume()
                continue
            if message.type == "ping":
                self._answer(message)
            elif message.type == "event" and message.event is not None and message.id is None:
                return self._seen(message)

    def close(self) -> None:
        """Ends the stream, and an iteration that waits."""
        self._closed = True
        self._channel.close()

    def __iter__(self) -> Iterator[StreamItem]:
        return self

    def __next__(self) -> StreamItem:
        try:
            return self.next()
        except Disconnected:
            if self._closed:
                raise StopIteration from None
            raise

    def _open(self, since: Optional[StreamPosition]) -> "tuple[LocalSocketChannel, Subscribed]":
        channel = self._connect()
        try:
            params = subscribe_params(self._types, self._subject, since)
            return channel, Subscribed.from_wire(channel.request("events.subscribe", params))
        except BaseException:
            channel.close()
            raise

    def _resume(self) -> None:
        self._channel.close()
        channel, _ = self._open(self._position)
        self._channel = channel
        if self._closed:
            channel.close()

    def _answer(self, ping: IpcMessage) -> None:
        try:
            self._channel.send(IpcMessage("pong", id=ping.id), timeout=0)
        except IpcChannelError:
            # The next receive reports what is wrong.
            pass

    def _seen(self, message: IpcMessage) -> StreamItem:
        item = stream_item(message)
        self._position = after(item, self._position)
        return item
