"""A running stream of the daemon's events."""

import threading
import time
from typing import Iterator, Optional, Sequence

from ._closing import Closing
from ._connector import Connector
from ._daemon import RETURN_TIMEOUT, is_lost, subscribe_params
from .errors import Disconnected, HaftError, IpcChannelError, TimedOut
from .local_socket import FIRST_WAIT, LONGEST_WAIT, LocalSocketChannel
from .message import IpcMessage
from .stream import StreamItem, StreamPosition, Subscribed, after, stream_item


class Subscription(Closing):
    """Iterate it from one thread. Events come in order and at most once; gaps are announced as
    :class:`Lagged` or :class:`Reset`.

    The daemon closes the connection of a reader that takes nothing for 10 s while events wait. The
    subscription then reconnects and continues after the last item taken, so a program may pause for any time.
    It goes on with the next daemon, too, whose stream begins with :class:`Reset`; one that crashed it starts
    itself, with ``spawn``.
    """

    def __init__(
        self,
        connector: Connector,
        types: Sequence[str],
        subject: Optional[str],
        since: Optional[StreamPosition],
    ) -> None:
        self._connector = connector
        self._types = types
        self._subject = subject
        self._closed = threading.Event()
        #: When the daemon was lost that another one must take the place of.
        self._lost_at: Optional[float] = None
        self._channel, answer = self._open(connector.connect()[0], since)
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
        :raises Disconnected: the daemon is gone and none took its place, or the subscription was closed. The
            next call tries again
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            try:
                message = self._channel.next_message(left)
            except TimedOut:
                raise TimedOut(f"No event within {timeout} s") from None
            except Disconnected:
                if self._closed.is_set():
                    raise
                if not self._resume(deadline):
                    raise TimedOut(f"No event within {timeout} s") from None
                continue
            if message.type == "ping":
                self._answer(message)
            elif message.type == "event" and message.event is not None and message.id is None:
                return self._seen(message)

    def close(self) -> None:
        """Ends the stream, and an iteration that waits."""
        self._closed.set()
        self._channel.close()

    def __iter__(self) -> Iterator[StreamItem]:
        return self

    def __next__(self) -> StreamItem:
        try:
            return self.next()
        except Disconnected:
            if self._closed.is_set():
                raise StopIteration from None
            raise

    def _open(
        self, channel: LocalSocketChannel, since: Optional[StreamPosition]
    ) -> "tuple[LocalSocketChannel, Subscribed]":
        try:
            params = subscribe_params(self._types, self._subject, since)
            return channel, Subscribed.from_wire(channel.request("events.subscribe", params))
        except BaseException:
            channel.close()
            raise

    def _resume(self, deadline: Optional[float]) -> bool:
        """Goes on with the next daemon. False when the time is over before one has come.

        :raises Disconnected: none has come for too long
        """
        self._channel.close()
        if self._lost_at is None:
            self._lost_at = time.monotonic()
        wait = FIRST_WAIT
        while True:
            try:
                self._channel, _ = self._open(self._connector.again(), self._position)
            except HaftError as error:
                now = time.monotonic()
                if self._closed.is_set() or not is_lost(error) or now - self._lost_at > RETURN_TIMEOUT:
                    self._lost_at = None
                    raise
                if deadline is not None and now >= deadline:
                    return False
            else:
                self._lost_at = None
                if self._closed.is_set():
                    self._channel.close()
                return True
            self._closed.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)

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
