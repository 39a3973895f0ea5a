"""A running stream of the daemon's events, for asyncio."""

import asyncio
import time
from typing import AsyncIterator, Optional, Sequence, Tuple

from .._closing import AsyncClosing
from .._daemon import RETURN_TIMEOUT, is_lost, subscribe_params
from ..errors import Disconnected, HaftError, TimedOut
from ..local_socket import FIRST_WAIT, LONGEST_WAIT
from ..message import IpcMessage
from ..stream import StreamItem, StreamPosition, Subscribed, after, stream_item
from ._connector import Connector
from .local_socket import LocalSocketChannel


class Subscription(AsyncClosing):
    """See :class:`haft_ipc.Subscription`; iterate it with ``async for``, from one task."""

    def __init__(
        self,
        connector: Connector,
        types: Sequence[str],
        subject: Optional[str],
        opened: Tuple[LocalSocketChannel, Subscribed],
        since: Optional[StreamPosition],
    ) -> None:
        self._connector = connector
        self._types = types
        self._subject = subject
        self._channel, answer = opened
        self._closed = False
        #: When the daemon was lost that another one must take the place of.
        self._lost_at: Optional[float] = None
        #: The daemon's state at the beginning of the stream.
        self.snapshot = answer.snapshot
        self._position = answer.position if since is None else since

    @classmethod
    async def open(
        cls,
        connector: Connector,
        types: Sequence[str],
        subject: Optional[str],
        since: Optional[StreamPosition],
    ) -> "Subscription":
        """Subscribes over a new connection."""
        channel, _ = await connector.connect()
        return cls(connector, types, subject, await _open(channel, types, subject, since), since)

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
                if not await self._resume(timeout):
                    raise TimedOut(f"No event within {timeout} s") from None
                continue
            if message.type == "ping":
                self._channel.send_now(IpcMessage("pong", id=message.id))
            elif message.type == "event" and message.event is not None and message.id is None:
                item = stream_item(message)
                self._position = after(item, self._position)
                return item

    async def _resume(self, timeout: Optional[float]) -> bool:
        """See the plain one."""
        await self._channel.close()
        begun = time.monotonic()
        if self._lost_at is None:
            self._lost_at = begun
        wait = FIRST_WAIT
        while True:
            try:
                channel = await self._connector.again()
                self._channel, _ = await _open(channel, self._types, self._subject, self._position)
            except HaftError as error:
                now = time.monotonic()
                if self._closed or not is_lost(error) or now - self._lost_at > RETURN_TIMEOUT:
                    self._lost_at = None
                    raise
                if timeout is not None and now - begun >= timeout:
                    return False
            else:
                self._lost_at = None
                if self._closed:
                    await self._channel.close()
                return True
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

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
    channel: LocalSocketChannel,
    types: Sequence[str],
    subject: Optional[str],
    since: Optional[StreamPosition],
) -> Tuple[LocalSocketChannel, Subscribed]:
    try:
        return channel, Subscribed.from_wire(
            await channel.request("events.subscribe", subscribe_params(types, subject, since))
        )
    except BaseException:
        await channel.close()
        raise
