"""One interface for every way to exchange messages, whatever lies below."""

from abc import abstractmethod
from typing import Callable, Iterator, Optional

from ._closing import Closing
from .errors import Disconnected
from .json_types import Json, JsonInput
from .message import IpcMessage
from .metrics import ChannelMetrics


class IpcChannel(Closing):
    """Messages arrive in the order they were sent, each once. Every method may be called from any thread; times are
    seconds, None waits without end.

    The one who made or accepted a channel closes it. After a close, by either side, messages that have arrived can
    still be received; then everything pending and everything new raises the reason.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What the channel is called."""

    @abstractmethod
    def send(self, message: IpcMessage, timeout: Optional[float] = None) -> None:
        """Returns when the message is accepted: at once while the peer reads, later while it is slow to.

        :raises TimedOut: the message was not accepted in time, and is certain not to be sent
        :raises Disconnected: the peer is gone; the message may be lost
        :raises ShuttingDown: this side has begun to close
        :raises SendFailed: more than 8 MiB wait to be sent
        :raises Serialization: the message has no JSON text, or one that the peer would refuse
        """

    @abstractmethod
    def receive(self, timeout: Optional[float] = None) -> IpcMessage:
        """The next message. A send from another thread goes on meanwhile.

        :raises TimedOut: none came in time; no message is lost
        :raises Disconnected: the peer is gone and all that it sent has been received
        :raises ReceiveFailed: the peer sent what is not allowed
        """

    @abstractmethod
    def try_receive(self) -> Optional[IpcMessage]:
        """The next message if it has arrived. None also on a closed channel."""

    @abstractmethod
    def request(self, method: str, data: JsonInput = None, timeout: Optional[float] = 30.0) -> Json:
        """Sends a request with an id of its own and gives the ``data`` of its response. Requests of several threads
        may be in flight together; other messages that come meanwhile are kept for :meth:`receive`.

        :raises RequestError: the peer answered with an error
        :raises TimedOut: no answer in time; a late one is dropped
        """

    @abstractmethod
    def on_message(self, listener: Callable[[IpcMessage], None]) -> Callable[[], None]:
        """Calls ``listener`` in a thread of the channel for every message that no :meth:`receive` waits for, those
        that have arrived already included. Gives a function that ends it."""

    @abstractmethod
    def shutdown(self) -> None:
        """Takes no new sends and requests; those in flight finish, and receiving goes on."""

    @abstractmethod
    def is_shutdown(self) -> bool:
        """Whether :meth:`shutdown` or :meth:`close` was called, or the channel has ended."""

    @abstractmethod
    def wait_for_drain(self, seconds: float) -> bool:
        """Waits until no send and no request is in flight. False when some still are after that time."""

    @abstractmethod
    def metrics(self) -> ChannelMetrics:
        """What was counted so far."""

    @abstractmethod
    def close(self) -> None:
        """Lets what was accepted go out (for 2 s at most), then closes. Closing twice does nothing."""

    def emit(self, event: str, data: JsonInput = None, timeout: Optional[float] = None) -> None:
        """Sends ``{type: "event", event, data}``; see :meth:`send`."""
        self.send(IpcMessage("event", event=event, data=data), timeout)

    def send_json(self, data: JsonInput, timeout: Optional[float] = None) -> None:
        """Sends ``{type: "data", data}``; see :meth:`send`."""
        self.send(IpcMessage("data", data=data), timeout)

    def __iter__(self) -> Iterator[IpcMessage]:
        """Receives until the channel is closed in order; raises when it broke."""
        while True:
            try:
                message = self.receive()
            except Disconnected:
                return
            yield message
