"""Channels between processes, over a socket that only this user can reach."""

import threading
import time
import weakref
from typing import Mapping, Optional

from ._closing import Closing
from ._connect import connect_transport, listen_transport
from ._endpoint import find_endpoint, resolve_endpoint
from ._framing import check_framing
from ._stream_channel import StreamChannel
from .errors import Disconnected, EndpointError, HaftError, Io, TimedOut
from .limits import LIMITS

#: Seconds between attempts to connect: the first, and the longest.
FIRST_WAIT = 0.005
LONGEST_WAIT = 0.1


class LocalSocketChannel(StreamChannel):
    """One end of a connection; made by :meth:`connect`, or by :meth:`LocalSocketChannelServer.accept`."""

    @classmethod
    def connect(
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
        """Connects to the server of this name.

        :param name: the channel's name, or the path of its socket
        :param path: the socket's path, where the name is not to decide it
        :param timeout: seconds for all attempts together
        :param retry: go on trying until a server listens; needs ``timeout``
        :param framing: ``length`` or ``lines``; by default the one that the server certainly knows
        :param max_frame_bytes: of one frame, each way; at most 16 MiB - 1
        :param frame_timeout: seconds from the first to the last byte of a frame from the peer
        :param env: instead of ``os.environ``, to find the endpoint
        :raises Disconnected: no server listens
        :raises TimedOut: not within ``timeout``
        :raises EndpointError: the endpoint is not safe to use
        :raises Io: the system refused
        """
        if retry and timeout is None:
            raise ValueError("retry=True needs a timeout")
        chosen = None if framing is None else check_framing(framing)
        deadline = None if timeout is None else time.monotonic() + timeout
        wait = FIRST_WAIT
        while True:
            # Looked for each time: a parent may listen at one of several places, and not yet.
            address, known = find_endpoint(name, path, env)
            left = None if deadline is None else max(deadline - time.monotonic(), 0.001)
            try:
                transport = connect_transport(address, left)
            except HaftError:
                raise
            except TimeoutError as error:
                raise TimedOut(f'No connection to channel "{name}" within {timeout} s') from error
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if not retry or deadline is None:
                    raise Disconnected(f'Nothing listens on channel "{name}" ("{address}")') from error
                if time.monotonic() >= deadline:
                    raise TimedOut(
                        f'Nothing listened on channel "{name}" ("{address}") within {timeout} s'
                    ) from error
                time.sleep(min(wait, max(deadline - time.monotonic(), 0.0)))
                wait = min(wait * 2, LONGEST_WAIT)
            except OSError as error:
                raise Io(f'Cannot connect to "{address}": {error.strerror or error}') from error
            else:
                return cls(
                    name,
                    transport,
                    framing=chosen or known,
                    max_frame_bytes=max_frame_bytes,
                    frame_timeout=frame_timeout,
                )

    @staticmethod
    def server(
        name: str,
        *,
        path: Optional[str] = None,
        max_frame_bytes: int = LIMITS.frame,
        frame_timeout: float = LIMITS.frame_timeout,
        max_connections: int = LIMITS.connections,
        env: Optional[Mapping[str, str]] = None,
    ) -> "LocalSocketChannelServer":
        """Listens under a name; clients can connect when it returns. Parameters as in :meth:`connect`.

        :param max_connections: accepted channels that are not closed; one more is closed at once
        :raises EndpointError: another process listens there, or the endpoint is not safe to use
        """
        return LocalSocketChannelServer(
            name,
            path,
            max_frame_bytes=max_frame_bytes,
            frame_timeout=frame_timeout,
            max_connections=max_connections,
            env=env,
        )


class LocalSocketChannelServer(Closing):
    """Listens until it is closed. The caller of :meth:`accept` closes the channel that it gets. Parameters as
    in :meth:`LocalSocketChannel.server`."""

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
        self._lock = threading.Lock()
        self._closed = False
        self._max_connections = max_connections
        self._channels: "weakref.WeakSet[LocalSocketChannel]" = weakref.WeakSet()
        try:
            self._listener = listen_transport(self.path, max_frame_bytes)
        except OSError as error:
            raise EndpointError(
                f'Cannot listen at "{self.path}": {error.strerror or error}',
                next="Choose a directory that you can write to",
            ) from error

    def accept(self, timeout: Optional[float] = None) -> LocalSocketChannel:
        """The next connection whose framing is known; the server speaks both.

        :param timeout: seconds
        :raises TimedOut: none came
        :raises Disconnected: the server was closed
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._lock.acquire(timeout=-1 if timeout is None else max(timeout, 0.0)):
            raise self._timed_out(timeout)
        try:
            while True:
                left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
                channel = self._next(left)
                if self.connections < self._max_connections:
                    self._channels.add(channel)
                    return channel
                channel.close()
        except TimeoutError:
            raise self._timed_out(timeout) from None
        except OSError as error:
            if self._closed:
                raise Disconnected(f'Channel "{self.name}" is closed') from None
            raise Io(f'Cannot accept on channel "{self.name}": {error.strerror or error}') from error
        finally:
            self._lock.release()

    @property
    def connections(self) -> int:
        """Accepted channels that are not closed by this side."""
        return sum(not channel.is_closed for channel in self._channels)

    def close(self) -> None:
        """Stops listening and removes the socket; a pending accept raises Disconnected."""
        if not self._closed:
            self._closed = True
            self._listener.close()

    def shutdown(self) -> None:
        """Does what :meth:`close` does."""
        self.close()

    def _next(self, timeout: Optional[float]) -> LocalSocketChannel:
        transport, decoder = self._listener.accept(timeout)
        return LocalSocketChannel(
            self.name,
            transport,
            decoder=decoder,
            max_frame_bytes=self._max_frame_bytes,
            frame_timeout=self._frame_timeout,
        )

    def _timed_out(self, timeout: Optional[float]) -> TimedOut:
        return TimedOut(f'No connection on channel "{self.name}" within {timeout} s')
