"""The client of haft's daemon, for asyncio."""

import asyncio
from typing import Any, Awaitable, Callable, Iterable, List, Mapping, Optional, Tuple

from .._closing import AsyncClosing
from .._daemon import CONNECT_TIMEOUT, NOT_RUNNING, hello, start_daemon
from .._endpoint import DAEMON_ENDPOINT, daemon_endpoint
from ..errors import Disconnected
from ..json_types import Json, JsonInput
from ..stream import Ack, StreamPosition
from ._inbox import OnProgress
from .local_socket import LocalSocketChannel
from .subscription import Subscription


class Client(AsyncClosing):
    """A connection to the daemon; made by :meth:`connect`, used from one event loop. Parameters and errors
    are those of :class:`haft_ipc.Client`."""

    def __init__(
        self,
        channel: LocalSocketChannel,
        ack: Ack,
        again: Callable[[], Awaitable[LocalSocketChannel]],
    ) -> None:
        self._channel = channel
        self._again = again
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

        async def open_channel() -> LocalSocketChannel:
            return await LocalSocketChannel.connect(
                DAEMON_ENDPOINT, path=path, timeout=timeout, framing=framing
            )

        async def greet(channel: LocalSocketChannel) -> Ack:
            channel.take_parts()
            try:
                return Ack.from_wire(await channel.request("hello", hello(client), timeout))
            except BaseException:
                await channel.close()
                raise

        async def again() -> LocalSocketChannel:
            channel = await open_channel()
            await greet(channel)
            return channel

        try:
            channel = await open_channel()
        except Disconnected as error:
            if not spawn:
                raise Disconnected(error.message, next=NOT_RUNNING) from error
            await asyncio.get_running_loop().run_in_executor(None, start_daemon, haft, socket, env, 30.0)
            channel = await open_channel()
        channel.only_requests()
        return cls(channel, await greet(channel), again)

    async def request(
        self,
        method: str,
        data: Optional[Mapping[str, JsonInput]] = None,
        timeout: Optional[float] = 30.0,
        on_progress: Optional[OnProgress] = None,
    ) -> Json:
        """See :meth:`haft_ipc.Client.request`; cancelling it cancels the request."""
        return await self._channel.request(method, {} if data is None else data, timeout, on_progress)

    async def requests(
        self,
        requests: Iterable[Tuple[str, Mapping[str, JsonInput]]],
        timeout: Optional[float] = 30.0,
        return_exceptions: bool = False,
    ) -> List[Any]:
        """See :meth:`haft_ipc.Client.requests`."""
        return await self._channel.requests(requests, timeout, return_exceptions)

    async def subscribe(
        self, *types: str, subject: Optional[str] = None, since: Optional[StreamPosition] = None
    ) -> Subscription:
        """See :meth:`haft_ipc.Client.subscribe`."""
        return await Subscription.open(self._again, types, subject, since)

    async def close(self) -> None:
        """Closes the connection; subscriptions have their own."""
        await self._channel.close()
