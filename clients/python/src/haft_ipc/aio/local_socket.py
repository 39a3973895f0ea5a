"""Channels for asyncio, over a socket that only this user can reach."""

import asyncio
import socket
import time
from collections import deque
from typing import AsyncIterator, Deque, Mapping, Optional, Set

from .._closing import AsyncClosing
from .._endpoint import find_endpoint, resolve_endpoint
from .._framing import check_framing
from ..errors import Disconnected, EndpointError, Io, TimedOut
from ..limits import LIMITS
from ..local_socket import FIRST_WAIT, LONGEST_WAIT
from ._sockets import is_ours, listen_socket, open_connection
from ._stream_channel import StreamChannel
from ._wire import Wire


class LocalSocketChannel(StreamChannel):
    """One end of a connection; made by :meth:`connect`, or by :meth:`LocalSocketChannelServer.accept`."""

    @classmethod
    async def connect(
        cls,
        name: str,
        *,
        path: Optional[str] = None,
        timeout: Optional[float] = None,
        retry: bool = False,
        framing: Optional[str] = None,
        max_frame_bytes: int = LIMITS.frame,
        frame_timeout: float = LIMITS.frame_timeout,
        env: Optional[Mapping[str, str]] = None,
    ) -> "LocalSocketChannel":
        """See :meth:`haft_ipc.LocalSocketChannel.connect`."""
        if retry and timeout is None:
            raise ValueError("retry=True needs a timeout")
        chosen = None if framing is None else check_framing(framing)
        deadline = None if timeout is None else time.monotonic() + timeout
        wait = FIRST_WAIT
        while True:
            # Looked for each time: a parent may listen at one of several places, and not yet.
            address, known = find_endpoint(name, path, env)
            wire = Wire(max_frame_bytes, frame_timeout, chosen or known)
            left = None if deadline is None else max(deadline - time.monotonic(), 0.001)
            try:
                await asyncio.wait_for(open_connection(address, wire), left)
            except asyncio.TimeoutError as error:
                raise TimedOut(f'No connection to channel "{name}" within {timeout} s') from error
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if not retry or deadline is None:
                    raise Disconnected(f'Nothing listens on channel "{name}" ("{address}")') from error
                if time.monotonic() >= deadline:
                    raise TimedOut(
                        f'Nothing listened on channel "{name}" ("{address}") within {timeout} s'
                    ) from error
                await asyncio.sleep(min(wait, max(deadline - time.monotonic(), 0.0)))
                wait = min(wait * 2, LONGEST_WAIT)
            except OSError as error:
                raise Io(f'Cannot connect to "{address}": {error.strerror or error}') from error
            else:
                return cls(name, wire, max_frame_bytes)

    @staticmethod
    async def server(
        name: str,
        *,
        path: Optional[str] = None,
        max_frame_bytes: int = LIMITS.frame,
        frame_timeout: float = LIMITS.frame_timeout,
        max_connections: int = LIMITS.connections,
        env: Optional[Mapping[str, str]] = None,
    ) -> "LocalSocketChannelServer":
        """Listens under a name; see :meth:`haft_ipc.LocalSocketChannel.server`."""
        return LocalSocketChannelServer(
            name,
            path,
            max_frame_bytes=max_frame_bytes,
            frame_timeout=frame_timeout,
            max_connections=max_connections,
            env=env,
        )


class LocalSocketChannelServer(AsyncClosing):
    """Listens until it is closed; made by :meth:`LocalSocketChannel.server`. The caller of :meth:`accept`
    closes the channel that it gets. Connections wait in the kernel until the next :meth:`accept`."""

    def __init__(
        self,
        name: str,
        path: Optional[str] = None,
        *,
        max_frame_bytes: int = LIMITS.frame,
        frame_timeout: float = LIMITS.frame_timeout,
        max_connections: int = LIMITS.connections,
        env: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.name = name
        self.path = resolve_endpoint(name, path, env)
        self._max_frame_bytes = max_frame_bytes
        self._frame_timeout = frame_timeout
        self._max_connections = max_connections
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._listening = False
        #: Connections whose framing is not known yet, and those that wait to be accepted.
        self._unready: Set[Wire] = set()
        self._ready: Deque[Wire] = deque()
        self._waiting: "Deque[asyncio.Future[None]]" = deque()
        self._channels: Set[LocalSocketChannel] = set()
        self._opening: "Set[asyncio.Task[None]]" = set()
        try:
            self._socket, self._remove = listen_socket(self.path)
        except OSError as error:
            raise EndpointError(
                f'Cannot listen at "{self.path}": {error.strerror or error}',
                next="Choose a directory that you can write to",
            ) from error

    async def accept(self, timeout: Optional[float] = None) -> LocalSocketChannel:
        """The next connection whose framing is known; the server speaks both.

        :param timeout: seconds
        :raises TimedOut: none came
        :raises Disconnected: the server was closed
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            if not self._ready and not await self._wait(left):
                raise TimedOut(f'No connection on channel "{self.name}" within {timeout} s')
            if self._closed:
                raise Disconnected(f'Channel "{self.name}" is closed')
            if not self._ready:
                # Another task was faster.
                continue
            wire = self._ready.popleft()
            if self.connections >= self._max_connections:
                wire.abort()
                continue
            channel = LocalSocketChannel(self.name, wire, self._max_frame_bytes)
            self._channels.add(channel)
            return channel

    @property
    def connections(self) -> int:
        """Accepted channels that are not closed by this side."""
        self._channels = {channel for channel in self._channels if not channel.is_closed}
        return len(self._channels)

    async def close(self) -> None:
        """Stops listening and removes the socket; a pending accept raises Disconnected."""
        if self._closed:
            return
        self._closed = True
        self._listen(False)
        self._remove()
        self._socket.close()
        for wire in [*self._unready, *self._ready]:
            wire.abort()
        self._unready.clear()
        self._ready.clear()
        self._wake(len(self._waiting))
        # Connections in opening end by themselves; a turn of the loop frees the others.
        await asyncio.gather(*self._opening)
        await asyncio.sleep(0)

    async def shutdown(self) -> None:
        """Does what :meth:`close` does."""
        await self.close()

    async def __aiter__(self) -> AsyncIterator[LocalSocketChannel]:
        """Accepts until the server is closed."""
        while True:
            try:
                channel = await self.accept()
            except Disconnected:
                return
            yield channel

    async def _wait(self, timeout: Optional[float]) -> bool:
        """Waits until there may be a connection, or the server is closed."""
        if self._closed:
            return True
        waiting: "asyncio.Future[None]" = self._loop.create_future()
        self._waiting.append(waiting)
        self._listen(True)
        try:
            await asyncio.wait({waiting}, timeout=timeout)
            if waiting.done():
                waiting.result()
            return waiting.done()
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif self._ready:
                # The woken task may be cancelled, so another one gets the connection.
                self._wake(1)
            if not self._waiting:
                self._listen(False)

    def _wake(self, count: int, error: Optional[Exception] = None) -> None:
        while count > 0 and self._waiting:
            waiting = self._waiting.popleft()
            if waiting.done():
                continue
            count -= 1
            if error is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(error)
                # The waiting task may be cancelled, and asyncio warns about exceptions that are never read.
                waiting.exception()

    def _listen(self, wanted: bool) -> None:
        if wanted and not self._listening:
            self._loop.add_reader(self._socket, self._take)
        elif self._listening and not wanted:
            self._loop.remove_reader(self._socket)
        self._listening = wanted

    def _take(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            failure = Io(f'Cannot accept on channel "{self.name}": {error.strerror or error}')
            self._wake(len(self._waiting), failure)
            self._listen(False)
            return
        full = len(self._unready) + len(self._ready) >= LIMITS.unauthenticated_connections
        if full or not is_ours(connection):
            connection.close()
            return
        connection.setblocking(False)
        wire = Wire(self._max_frame_bytes, self._frame_timeout, None, self._heard)
        self._unready.add(wire)
        opening = self._loop.create_task(self._open(wire, connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open(self, wire: Wire, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: wire, connection)
        except OSError:
            # The peer has left already.
            self._unready.discard(wire)
            connection.close()
        if self._closed:
            wire.abort()

    def _heard(self, wire: Wire, known: bool) -> None:
        if wire not in self._unready:
            return
        self._unready.remove(wire)
        if known:
            self._ready.append(wire)
            self._wake(1)
