"""The client of haft's daemon."""

import threading
from typing import Any, Callable, Iterable, List, Mapping, Optional, Tuple

from ._closing import Closing
from ._connector import Connector
from ._daemon import CONNECT_TIMEOUT, Target
from ._endpoint import daemon_endpoint
from .json_types import Json, JsonInput
from .local_socket import LocalSocketChannel
from .stream import Ack, StreamPosition
from .subscription import Subscription


class Client(Closing):
    """A connection to the daemon; made by :meth:`connect`. Any thread may use it, and several may have
    requests in flight. The thread that waits for an answer reads the socket itself. When the daemon has
    ended, the next request connects anew, and starts another one with ``spawn``.
    """

    def __init__(self, connector: Connector, channel: LocalSocketChannel, ack: Ack) -> None:
        channel.only_requests()
        self._connector = connector
        self._channel = channel
        self._connecting = threading.Lock()
        self._closed = False
        #: The daemon's answer to ``hello``.
        self.ack = ack

    @classmethod
    def connect(
        cls,
        *,
        socket: Optional[str] = None,
        timeout: float = CONNECT_TIMEOUT,
        retry: bool = False,
        spawn: bool = False,
        haft: str = "haft",
        client: str = "haft_ipc",
        framing: str = "length",
        env: Optional[Mapping[str, str]] = None,
    ) -> "Client":
        """Connects where ``haft`` itself would: ``$HAFT_SOCKET``, else the user's runtime directory.

        :param socket: the daemon's socket, instead of that
        :param timeout: seconds for connecting and for the answer to ``hello``, without the start of a daemon
        :param retry: go on trying until the daemon listens
        :param spawn: run ``haft daemon start`` when no daemon listens
        :param haft: the binary that ``spawn`` runs
        :param client: the name of the program; ``client.list`` shows it
        :param framing: ``length`` or ``lines``
        :param env: instead of ``os.environ``, for the socket and for ``spawn``
        :raises Disconnected: no daemon listens
        :raises TimedOut: not within ``timeout``
        :raises RequestError: ``unsupported_protocol``
        :raises HaftError: the daemon cannot be started, or the endpoint is not safe to use
        """
        path = socket or daemon_endpoint(env)
        target = Target(socket, path, timeout, spawn, haft, client, framing, env)
        connector = Connector(target, retry)
        return cls(connector, *connector.connect())

    def request(
        self,
        method: str,
        data: Optional[Mapping[str, JsonInput]] = None,
        timeout: Optional[float] = 30.0,
        on_progress: Optional[Callable[[str, Json], None]] = None,
    ) -> Json:
        """Calls a method of the daemon and gives its result.

        :param timeout: seconds; None for methods that take long
        :param on_progress: called in this thread with name and data of every progress event of this request
        :raises RequestError: the daemon answered with an error
        :raises TimedOut: after ``timeout``; the daemon is asked to cancel
        :raises Disconnected: the daemon is gone; it may have carried out the request. The next call connects
            to the daemon that took its place
        """
        return self._live().request(method, {} if data is None else data, timeout, on_progress)

    def requests(
        self,
        requests: Iterable[Tuple[str, Mapping[str, JsonInput]]],
        timeout: Optional[float] = 30.0,
        return_exceptions: bool = False,
    ) -> List[Any]:
        """Calls many methods without waiting for each answer; see :meth:`IpcChannel.requests`."""
        return self._live().requests(requests, timeout, return_exceptions)

    def subscribe(
        self, *types: str, subject: Optional[str] = None, since: Optional[StreamPosition] = None
    ) -> Subscription:
        """Streams the daemon's events over a second connection, so that a slow reader does not delay
        requests.

        :param types: patterns such as ``app.*``; none for all
        :param subject: only events about this app, tool or task
        :param since: replay what came after this position
        :raises RequestError: a pattern is invalid
        """
        return Subscription(self._connector, types, subject, since)

    def close(self) -> None:
        """Closes the connection; subscriptions have their own."""
        self._closed = True
        self._channel.close()

    def _live(self) -> LocalSocketChannel:
        """The channel, to the next daemon where this one has ended."""
        if self._closed or not self._channel.has_ended:
            return self._channel
        with self._connecting:
            if not self._closed and self._channel.has_ended:
                self._channel.close()
                self._channel, self.ack = self._connector.connect()
                self._channel.only_requests()
            if self._closed:
                self._channel.close()
            return self._channel
