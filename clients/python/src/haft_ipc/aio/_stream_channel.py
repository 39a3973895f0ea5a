"""A channel over a connection of the event loop."""

import asyncio
import time
from functools import partial
from typing import Any, AsyncIterator, Callable, Dict, Iterable, List, Optional, Sequence, Tuple, overload

from .._answer_assembler import AnswerAssembler
from .._closing import AsyncClosing
from .._frame_error import FrameError
from .._framing import Framing, frame
from .._json_text import encode_event, encode_json, encode_request
from .._mailbox import Arrived, Fields, response_data
from ..channel import PIPELINE
from ..errors import (
    ERROR_CODES,
    Disconnected,
    Io,
    IpcChannelError,
    ReceiveFailed,
    SendFailed,
    Serialization,
    ShuttingDown,
    TimedOut,
)
from ..json_types import Json, JsonInput
from ..limits import LIMITS
from ..message import IpcMessage, Sendable, wire_fields
from ..metrics import ChannelCounts, ChannelMetrics
from ._inbox import Call, Inbox, Listener, OnProgress
from ._wire import FrameTimeout, Wire

#: Seconds between two looks at whether the channel is drained.
_DRAIN_INTERVAL = 0.02


class StreamChannel(AsyncClosing):
    """Used from one event loop. Its methods do the same as those of :class:`haft_ipc.IpcChannel` and raise
    the same errors. Cancelling one that waits loses no message."""

    #: The ``channel_type`` of its metrics.
    kind = "local_socket"

    def __init__(self, name: str, wire: Wire, max_frame_bytes: int) -> None:
        self._name = name
        self._wire = wire
        self._framing: Framing = wire.decoder.framing or "length"
        self._max_frame_bytes = min(max_frame_bytes, LIMITS.frame_ceiling)
        self._inbox = Inbox(name, wire)
        self._gone = asyncio.Event()
        self._shutting_down = False
        self._closed = False
        #: Bytes of the senders that wait for room.
        self._waiting_bytes = 0
        self._counts = ChannelCounts(name, self.kind)
        wire.start(self._arrived, self._ended)

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._name

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    @property
    def has_ended(self) -> bool:
        """Whether nothing can be sent any more, so that only what has arrived can still be received."""
        return self._inbox.end is not None

    async def send(self, message: Sendable, timeout: Optional[float] = None) -> bool:
        """Returns True when the message is accepted: at once while the peer reads, later when it is slow.

        :raises TimedOut: the message was not accepted in time; it will not be sent
        :raises SendFailed: more than 8 MiB are waiting to be sent
        """
        await self._send_text(lambda: encode_json(wire_fields(message)), timeout)
        return True

    async def emit(self, event: str, data: JsonInput = None, timeout: Optional[float] = None) -> bool:
        """Sends ``{type: "event", event, data}``."""
        await self._send_text(lambda: encode_event(event, data), timeout)
        return True

    async def send_json(self, data: JsonInput, timeout: Optional[float] = None) -> bool:
        """Sends ``{type: "data", data}``."""
        return await self.send(IpcMessage("data", data=data), timeout)

    async def next_message(self, timeout: Optional[float] = None) -> IpcMessage:
        """The next message.

        :param timeout: seconds
        :raises TimedOut: none came in time; no message is lost
        """
        return await self._inbox.take(timeout)

    @overload
    async def receive(self, timeout: None = None) -> IpcMessage: ...

    @overload
    async def receive(self, timeout: Optional[float]) -> Optional[IpcMessage]: ...

    async def receive(self, timeout: Optional[float] = None) -> Optional[IpcMessage]:
        """The next message, or None when none came in time; :meth:`next_message` raises instead."""
        try:
            return await self._inbox.take(timeout)
        except TimedOut:
            return None

    def try_receive(self) -> Optional[IpcMessage]:
        """The next message if the event loop has read it."""
        return self._inbox.try_take()

    async def request(
        self,
        method: str,
        data: JsonInput = None,
        timeout: Optional[float] = 30.0,
        on_progress: Optional[OnProgress] = None,
    ) -> Json:
        """Sends a request with a new id and gives the ``data`` of its response. Cancelling this, or its
        time-out, asks the peer to cancel.

        :param on_progress: called with name and data of every event that has the request's id; this method
            raises what it raises
        :raises RequestError: the peer answered with an error
        """
        call = self._inbox.open_call(on_progress)
        try:
            await self._send_text(lambda: encode_request(call.id, method, data), timeout)
            left = None if timeout is None else max(call.begun + timeout - time.monotonic(), 0.0)
            await asyncio.wait({call.response}, timeout=left)
            if not call.response.done():
                raise TimedOut(f"{self._inbox.mail.no_answer(method)} within {timeout} s")
            return response_data(call.response.result())
        except BaseException as error:
            self._inbox.mail.give_up(call.id)
            if isinstance(error, (TimedOut, asyncio.CancelledError)):
                self.send_now(IpcMessage("request", oneway=True, method="cancel", data={"id": call.id}))
            raise

    async def requests(
        self,
        requests: Iterable[Tuple[str, JsonInput]],
        timeout: Optional[float] = 30.0,
        return_exceptions: bool = False,
    ) -> List[Any]:
        """See :meth:`haft_ipc.IpcChannel.requests`."""
        all_requests = [*requests]
        deadline = None if timeout is None else time.monotonic() + timeout
        results: List[Any] = []
        for first in range(0, len(all_requests), PIPELINE):
            calls = await self._pipeline(all_requests[first : first + PIPELINE], timeout, deadline)
            results += [call.result(return_exceptions) for call in calls]
        return results

    async def _pipeline(
        self, requests: Sequence[Tuple[str, JsonInput]], timeout: Optional[float], deadline: Optional[float]
    ) -> List[Call]:
        """Sends requests and waits for their answers."""
        calls = [self._inbox.open_call(None) for _ in requests]
        try:
            for call, (method, data) in zip(calls, requests):
                await self._send_text(partial(encode_request, call.id, method, data), _left(deadline))
            waiting = {call.response for call in calls if not call.response.done()}
            if waiting and (await asyncio.wait(waiting, timeout=_left(deadline)))[1]:
                raise TimedOut(f"No answers to {len(calls)} requests within {timeout} s")
            return calls
        except BaseException as error:
            for call in calls:
                self._inbox.mail.give_up(call.id)
                if isinstance(error, (TimedOut, asyncio.CancelledError)) and not call.response.done():
                    self.send_now(IpcMessage("request", oneway=True, method="cancel", data={"id": call.id}))
            raise

    def on_message(self, listener: Listener) -> Callable[[], None]:
        """Calls ``listener``, plain or ``async``, in the event loop for every message that no :meth:`receive`
        waits for: first those that have arrived already, one after the other. Gives a function that ends
        it."""
        return self._inbox.listen(listener)

    def only_requests(self) -> None:
        """For a program that never receives: answers pings and drops other messages."""
        self._inbox.mail.unclaimed = self._answer_ping

    def take_parts(self) -> None:
        """For the client of a daemon: answers larger than a frame come in parts."""
        self._wire.assembler = AnswerAssembler()

    def shutdown(self) -> None:
        """Refuses new sends and requests. Those in flight finish, and receiving goes on."""
        self._shutting_down = True

    def is_shutdown(self) -> bool:
        """Whether :meth:`shutdown` or :meth:`close` was called, or the channel has ended."""
        return self._shutting_down or self._inbox.end is not None

    async def wait_for_drain(self, seconds: float) -> bool:
        """Waits until no send and no request is in flight. False when the time is over before."""
        deadline = time.monotonic() + seconds
        while self._inbox.mail.calls or self._waiting_bytes > 0 or self._wire.queued > 0:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await asyncio.sleep(min(left, _DRAIN_INTERVAL))
        return True

    def metrics(self) -> ChannelMetrics:
        """A snapshot of the counters."""
        return self._counts.snapshot(self._inbox.mail.peak, self._inbox.mail.latency)

    async def close(self) -> None:
        """Sends what was accepted (for at most 2 s), then closes. Closing twice does nothing."""
        self._closed = self._shutting_down = True
        self._inbox.finish(Disconnected(f'Channel "{self._name}" was closed by this side'))
        self._wire.close()
        try:
            await asyncio.wait_for(self._gone.wait(), LIMITS.close_timeout)
        except asyncio.TimeoutError:
            pass
        finally:
            self._wire.abort()

    async def __aiter__(self) -> AsyncIterator[IpcMessage]:
        """Receives until the channel is closed in order; raises when it broke."""
        while True:
            try:
                message = await self.receive()
            except Disconnected:
                return
            yield message

    def send_now(self, message: IpcMessage) -> None:
        """Sends a small message at once, or drops it when there is no room."""
        if self._inbox.end is None and self._wire.has_room:
            self._wire.write(self._frame_of(encode_json(message.to_wire())))

    async def _send_text(self, encode: Callable[[], bytes], timeout: Optional[float]) -> None:
        try:
            self._check_open()
            try:
                text = encode()
                data = self._frame_of(text)
            except (FrameError, ValueError, TypeError, RecursionError) as error:
                raise Serialization(f'Cannot send on channel "{self._name}": {error}') from error
            if not self._wire.has_room:
                await self._wait_for_room(len(data), timeout)
                self._check_open()
        except IpcChannelError:
            self._counts.send_errors += 1
            raise
        self._wire.write(data)
        self._counts.messages_sent += 1
        self._counts.bytes_sent += len(text)

    async def _wait_for_room(self, size: int, timeout: Optional[float]) -> None:
        if self._waiting_bytes + self._wire.queued + size > LIMITS.output_hard:
            raise SendFailed(
                f'Output queue of channel "{self._name}" is full ({LIMITS.output_hard} bytes)',
                next="Send from fewer tasks, or wait for each send before the next one",
            )
        self._waiting_bytes += size
        try:
            await asyncio.wait_for(self._wire.room(), timeout)
        except asyncio.TimeoutError:
            raise TimedOut(
                f'Peer of channel "{self._name}" did not take the message within {timeout} s',
                next="Make the peer read, or wait longer",
            ) from None
        finally:
            self._waiting_bytes -= size

    def _check_open(self) -> None:
        if self._inbox.end is not None:
            raise self._inbox.end
        if self._shutting_down:
            raise ShuttingDown(f'Channel "{self._name}" is closing')

    def _frame_of(self, text: bytes) -> bytes:
        if len(text) > self._max_frame_bytes:
            raise FrameError(
                "too-large", f"message of {len(text)} bytes; at most {self._max_frame_bytes} are allowed"
            )
        return frame(self._framing, text)

    def _answer_ping(self, fields: Fields) -> None:
        if fields["type"] == "ping":
            id = fields.get("id")
            self.send_now(IpcMessage("pong", id=id if isinstance(id, str) else None))

    def _arrived(self, arrived: Arrived) -> None:
        for _, size in arrived:
            self._counts.messages_received += 1
            self._counts.bytes_received += size
        self._inbox.put(arrived)

    def _ended(self, error: Optional[Exception]) -> None:
        if isinstance(error, FrameError):
            self._counts.receive_errors += 1
            code = ERROR_CODES["parse_error" if error.kind == "not-json" else "invalid_request"]
            body: Dict[str, JsonInput] = {"code": code, "message": str(error)}
            self.send_now(IpcMessage("response", error=body))
            self._inbox.finish(ReceiveFailed(f'Peer of channel "{self._name}" broke the protocol: {error}'))
            self._wire.close()
            return
        if isinstance(error, FrameTimeout):
            self._inbox.finish(Disconnected(f'Peer of channel "{self._name}" {error}'))
            return
        self._gone.set()
        if error is None or isinstance(error, (BrokenPipeError, ConnectionResetError)):
            midway = " in the middle of a message" if self._wire.decoder.partial else ""
            self._inbox.finish(Disconnected(f'Peer of channel "{self._name}" closed the connection{midway}'))
        else:
            self._inbox.finish(Io(f'Connection of channel "{self._name}" broke: {error}'))


def _left(deadline: Optional[float]) -> Optional[float]:
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)
