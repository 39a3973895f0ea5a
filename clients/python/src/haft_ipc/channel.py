"""The interface of every channel."""

import time
from abc import abstractmethod
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple, overload

from ._closing import Closing
from .errors import Disconnected, RequestError, TimedOut
from .json_types import Json, JsonInput
from .message import IpcMessage, Sendable
from .metrics import ChannelMetrics

#: Requests that :meth:`IpcChannel.requests` has in flight at once; a peer may refuse more than 128.
PIPELINE = 100


class IpcChannel(Closing):
    """Messages arrive once each, in the order they were sent. Any thread may call any method. Times are in
    seconds; None waits for ever.

    The program that made or accepted a channel closes it. After a close by either side, messages that have
    arrived can still be received; then pending and new calls raise the reason.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The channel's name."""

    @abstractmethod
    def send(self, message: Sendable, timeout: Optional[float] = None) -> bool:
        """Returns True when the message is accepted: at once while the peer reads, later when it is slow.

        :param message: an :class:`IpcMessage`, or a dict with its fields

        :raises TimedOut: the message was not accepted in time; it will not be sent
        :raises Disconnected: the peer is gone; the message may be lost
        :raises ShuttingDown: this side is closing
        :raises SendFailed: more than 8 MiB are waiting to be sent
        :raises Serialization: the message cannot be JSON, or the peer would refuse it
        """

    @abstractmethod
    def next_message(self, timeout: Optional[float] = None) -> IpcMessage:
        """Waits for the next message. Other threads may send meanwhile.

        :raises TimedOut: none came in time; no message is lost
        :raises Disconnected: the peer is gone and all that it sent has been received
        :raises ReceiveFailed: the peer sent what is not allowed
        """

    @abstractmethod
    def try_receive(self) -> Optional[IpcMessage]:
        """The next message if it has arrived, else None. None on a closed channel too."""

    @abstractmethod
    def request(self, method: str, data: JsonInput = None, timeout: Optional[float] = 30.0) -> Json:
        """Sends a request with a new id and gives the ``data`` of its response. Several threads may have
        requests in flight. Other messages that come meanwhile are kept for :meth:`receive`.

        :raises RequestError: the peer answered with an error
        :raises TimedOut: no answer in time; a late one is dropped
        """

    def requests(
        self,
        requests: Iterable[Tuple[str, JsonInput]],
        timeout: Optional[float] = 30.0,
        return_exceptions: bool = False,
    ) -> List[Any]:
        """Sends many requests without waiting for each answer, and gives the results in their order.

        :param requests: pairs of a method and its data
        :param timeout: seconds for all of them
        :param return_exceptions: put errors of the peer into the list; without it the first one is raised
        :raises RequestError: or TimedOut
        """
        results: List[Any] = []
        deadline = None if timeout is None else time.monotonic() + timeout
        for method, data in requests:
            try:
                left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
                results.append(self.request(method, data, left))
            except RequestError as error:
                if not return_exceptions:
                    raise
                results.append(error)
        return results

    @abstractmethod
    def on_message(self, listener: Callable[[IpcMessage], object]) -> Callable[[], None]:
        """Calls ``listener``, in a thread of the channel, for every message that no :meth:`receive` waits
        for: first for those that have arrived already. Gives a function that ends it."""

    @abstractmethod
    def shutdown(self) -> None:
        """Refuses new sends and requests. Those in flight finish, and receiving goes on."""

    @abstractmethod
    def is_shutdown(self) -> bool:
        """Whether :meth:`shutdown` or :meth:`close` was called, or the channel has ended."""

    @abstractmethod
    def wait_for_drain(self, seconds: float) -> bool:
        """Waits until no send and no request is in flight. False when the time is over before."""

    @abstractmethod
    def metrics(self) -> ChannelMetrics:
        """A snapshot of the counters."""

    @abstractmethod
    def close(self) -> None:
        """Sends what was accepted (for at most 2 s), then closes. Closing twice does nothing."""

    @overload
    def receive(self, timeout: None = None) -> IpcMessage: ...

    @overload
    def receive(self, timeout: Optional[float]) -> Optional[IpcMessage]: ...

    def receive(self, timeout: Optional[float] = None) -> Optional[IpcMessage]:
        """The next message, or None when none came in time; :meth:`next_message` raises instead."""
        try:
            return self.next_message(timeout)
        except TimedOut:
            return None

    def emit(self, event: str, data: JsonInput = None, timeout: Optional[float] = None) -> bool:
        """Sends ``{type: "event", event, data}``; see :meth:`send`."""
        return self.send(IpcMessage("event", event=event, data=data), timeout)

    def send_json(self, data: JsonInput, timeout: Optional[float] = None) -> bool:
        """Sends ``{type: "data", data}``; see :meth:`send`."""
        return self.send(IpcMessage("data", data=data), timeout)

    def __iter__(self) -> Iterator[IpcMessage]:
        """Receives until the channel is closed in order; raises when it broke."""
        while True:
            try:
                message = self.receive()
            except Disconnected:
                return
            yield message
