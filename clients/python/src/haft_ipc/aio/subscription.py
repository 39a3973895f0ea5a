"""A running stream of the daemon's events, for asyncio."""

from typing import AsyncIterator, Awaitable, Callable, Optional, Sequence, Tuple

from .._closing import AsyncClosing
from .._daemon import subscribe_params
from ..errors import Disconnected
from ..message import IpcMessage
from ..stream import StreamItem, StreamPosition, Subscribed, after, stream_item
from .local_socket import LocalSocketChannel

_Connect = Callable[[], Awaitable[LocalSocketChannel]]


class Subscription(AsyncClosing):
    """See :class:`haft_ipc.Subscription`; iterate it with ``async for``, from one task."""

    def __init__(
        self,
        connect: _Connect,
        types: Sequence[str],
        subject: Optional[str],
        opened: Tuple[LocalSocketChannel, Subscribed],
        since: Optional[StreamPosition],
    ) -> None:
        self._connect = connect
        self._types = types
        self._subject = subject
        self._channel, answer = opened
        self._closed = False
        #: The daemon's state at the beginning of the stream.
        self.snapshot = answer.snapshot
        self._position = answer.position if since is None else since

    @classmethod
    async def open(
        cls, connect: _Connect, types: Sequence[str], subject: Optional[str], since: Optional[StreamPosition]
    ) -> "Subscription":
        """Subscribes over a new connection."""
        return cls(connect, types, subject, await _open(connect, types, subject, since), since)

    @property
    def position(self) -> StreamPosition:
        """The reader's position."""
        return self._position

    async def next(self, timeout: Optional[float] = None) -> StreamItem:
        """The next item; see :meth:`haft_ipc.Subscription.next`. ``timeout`` counts from the last message."""
        while True:
            try:
                message = await self._channel.next_message(timeout)
            except Disconnected:
                if self._closed:
                    raise
                await self._channel.close()
                self._channel, _ = await _open(self._connect, self._types, self._subject, self._position)
                continue
            if message.type == "ping":
                self._channel.send_now(IpcMessage("pong", id=message.id))
            elif message.type == "event" and message.event is not None and message.id is None:
                item = stream_item(message)
                self._position = after(item, self._position)
                return item

    async def close(self) -> None:
        """Ends the stream, and an iteration that waits."""
        self._closed = True
        await self._channel.close()

    async def __aiter__(self) -> AsyncIterator[StreamItem]:
        while True:
            try:
                item = await self.next()
            except Disconnected:
                if self._closed:
                    return
                raise
            yield item


async def _open(
    connect: _Connect, types: Sequence[str], subject: Optional[str], since: Optional[StreamPosition]
) -> Tuple[LocalSocketChannel, Subscribed]:
    channel = await connect()
    try:
        return channel, Subscribed.from_wire(
            await channel.request("events.subscribe", subscribe_params(types, subject, since))
        )
    except BaseException:
        await channel.close()
        raise
