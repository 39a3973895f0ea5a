"""The client of haft's daemon, for asyncio."""

import asyncio
from typing import Any, Iterable, List, Mapping, Optional, Tuple

from .._closing import AsyncClosing
from .._daemon import CONNECT_TIMEOUT, Target
from .._endpoint import daemon_endpoint
from ..json_types import Json, JsonInput
from ..stream import Ack, StreamPosition
from ._connector import Connector
from ._inbox import OnProgress
from .local_socket import LocalSocketChannel
from .subscription import Subscription


class Client(AsyncClosing):
    """A connection to the daemon; made by :meth:`connect`, used from one event loop. Parameters and errors
    are those of :class:`haft_ipc.Client`."""

    def __init__(self, connector: Connector, channel: LocalSocketChannel, ack: Ack) -> None:
        channel.only_requests()
        self._connector = connector
        self._channel = channel
        self._connecting = asyncio.Lock()
        self._closed = False
        #: The daemon's answer to ``hello``.
        self.ack = ack

    @classmethod
    async def connect(
        cls,
        *,
        socket: Optional[str] = None,
        timeout: float = CONNECT_TIMEOUT,
        spawn: bool = False,
        haft: str = "haft",
        client: str = "haft_ipc.aio",
        framing: str = "length",
        env: Optional[Mapping[str, str]] = None,
    ) -> "Client":
        """See :meth:`haft_ipc.Client.connect`."""
        path = socket or daemon_endpoint(env)
        connector = Connector(Target(socket, path, timeout, spawn, haft, client, framing, env))
        return cls(connector, *await connector.connect())

    async def request(
        self,
        method: str,
        data: Optional[Mapping[str, JsonInput]] = None,
        timeout: Optional[float] = 30.0,
        on_progress: Optional[OnProgress] = None,
    ) -> Json:
        """See :meth:`haft_ipc.Client.request`; cancelling it cancels the request."""
        return await (await self._live()).request(method, {} if data is None else data, timeout, on_progress)

    async def requests(
        self,
        requests: Iterable[Tuple[str, Mapping[str, JsonInput]]],
        timeout: Optional[float] = 30.0,
        return_exceptions: bool = False,
    ) -> List[Any]:
        """See :meth:`haft_ipc.Client.requests`."""
        return await (await self._live()).requests(requests, timeout, return_exceptions)

    async def subscribe(
        self, *types: str, subject: Optional[str] = None, since: Optional[StreamPosition] = None
    ) -> Subscription:
        """See :meth:`haft_ipc.Client.subscribe`."""
        return await Subscription.open(self._connector, types, subject, since)

    async def close(self) -> None:
        """Closes the connection; subscriptions have their own."""
        self._closed = True
        await self._channel.close()

    async def _live(self) -> LocalSocketChannel:
        """The channel, to the next daemon where this one has ended."""
        if self._closed or not self._channel.has_ended:
            return self._channel
        async with self._connecting:
            if not self._closed and self._channel.has_ended:
                await self._channel.close()
                self._channel, self.ack = await self._connector.connect()
                self._channel.only_requests()
            if self._closed:
                await self._channel.close()
            return self._channel
