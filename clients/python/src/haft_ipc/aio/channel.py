"""A channel for asyncio, over a socket that only this user can reach."""

import asyncio
import os
import sys
from collections import deque
from types import TracebackType
from typing import AsyncIterator, Callable, Deque, Dict, Mapping, Optional, Tuple, Type, cast

from .._endpoint import resolve_endpoint
from .._frame_error import FrameError
from .._framing import Framing, check_framing, frame
from .._inbox import Arrived, Fields
from .._json_text import encode_json
from ..errors import (
    ERROR_CODES,
    Disconnected,
    Io,
    IpcChannelError,
    ReceiveFailed,
    RequestError,
    SendFailed,
    Serialization,
    TimedOut,
)
from ..json_types import Json, JsonInput
from ..limits import LIMITS
from ..message import IpcMessage, message_of
from ._wire import Wire

OnProgress = Callable[[str, Json], None]


class _Call:
    def __init__(self, on_progress: Optional[OnProgress]) -> None:
        self.response: "asyncio.Future[Fields]" = asyncio.get_running_loop().create_future()
        self.on_progress = on_progress


class AsyncLocalSocketChannel:
    """The connecting end of a local socket; made by :meth:`connect`, used from one event loop. Its methods do what
    those of :class:`haft_ipc.LocalSocketChannel` do, and raise the same errors."""

    def __init__(self, name: str, framing: Framing, max_frame_bytes: int) -> None:
        self.name = name
        self._framing = framing
        self._max_frame_bytes = min(max_frame_bytes, LIMITS.frame_ceiling)
        self._wire = Wire(framing, max_frame_bytes, self._arrived, self._ended)
        self._messages: Deque[Tuple[Fields, int]] = deque()
        self._bytes = 0
        self._paused = False
        self._calls: Dict[str, _Call] = {}
        self._abandoned: Deque[str] = deque(maxlen=1024)
        self._receivers: "Deque[asyncio.Future[Fields]]" = deque()
        self._next_id = 0
        self._end: Optional[IpcChannelError] = None
        self._gone = asyncio.Event()
        self._waiting_bytes = 0
        #: Takes what answers no request, instead of it being kept.
        self.unclaimed: Optional[Callable[[IpcMessage], None]] = None

    @classmethod
    async def connect(
        cls,
        name: str,
        *,
        path: Optional[str] = None,
        timeout: Optional[float] = None,
        framing: str = "length",
        max_frame_bytes: int = LIMITS.frame,
        env: Optional[Mapping[str, str]] = None,
    ) -> "AsyncLocalSocketChannel":
        """See :meth:`haft_ipc.LocalSocketChannel.connect`."""
        channel = cls(name, check_framing(framing), max_frame_bytes)
        address = resolve_endpoint(name, path, env)
        try:
            await asyncio.wait_for(_open(address, channel._wire), timeout)
        except asyncio.TimeoutError as error:
            raise TimedOut(f'No connection to channel "{name}" within {timeout} s') from error
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise Disconnected(f'Nobody listens on channel "{name}" ("{address}")') from error
        except OSError as error:
            raise Io(f'Cannot connect to "{address}": {error.strerror or error}') from error
        return channel

    async def send(self, message: IpcMessage) -> None:
        """Returns when the message is accepted: at once while the peer reads, later while it is slow to.

        :raises SendFailed: more than 8 MiB wait to be sent
        """
        await self._send_fields(message.to_wire())

    async def emit(self, event: str, data: JsonInput = None) -> None:
        """Sends ``{type: "event", event, data}``."""
        await self.send(IpcMessage("event", event=event, data=data))

    async def send_json(self, data: JsonInput) -> None:
        """Sends ``{type: "data", data}``."""
        await self.send(IpcMessage("data", data=data))

    async def receive(self, timeout: Optional[float] = None) -> IpcMessage:
        """The next message; cancelling it, or its time-out, loses none.

        :param timeout: seconds
        """
        message = self.try_receive()
        if message is not None:
            return message
        if self._end is not None:
            raise self._end
        waiting: "asyncio.Future[Fields]" = asyncio.get_running_loop().create_future()
        self._receivers.append(waiting)
        try:
            await asyncio.wait({waiting}, timeout=timeout)
            if waiting.done():
                return message_of(waiting.result())
            raise TimedOut(f'No message on channel "{self.name}" within {timeout} s')
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._messages.appendleft((waiting.result(), 0))
            raise
        finally:
            if waiting in self._receivers:
                self._receivers.remove(waiting)

    def try_receive(self) -> Optional[IpcMessage]:
        """The next message if it has arrived."""
        if not self._messages:
            return None
        fields, size = self._messages.popleft()
        self._bytes -= size
        if self._paused and not self._is_full():
            self._paused = False
            self._wire.resume_reading()
        return message_of(fields)

    async def request(
        self,
        method: str,
        data: JsonInput = None,
        timeout: Optional[float] = 30.0,
        on_progress: Optional[OnProgress] = None,
    ) -> Json:
        """Sends a request with an id of its own and gives the ``data`` of its response. When it is cancelled, or out of
        time, the peer is told to cancel.

        :raises RequestError: the peer answered with an error
        """
        self._next_id += 1
        id = str(self._next_id)
        call = self._calls[id] = _Call(on_progress)
        fields: Dict[str, JsonInput] = {"type": "request", "id": id, "method": method}
        if data is not None:
            fields["data"] = data
        try:
            await self._send_fields(fields)
            await asyncio.wait({call.response}, timeout=timeout)
            if not call.response.done():
                self._give_up(id)
                raise TimedOut(f'No answer to "{method}" within {timeout} s')
            response = call.response.result()
        except asyncio.CancelledError:
            self._give_up(id)
            raise
        finally:
            del self._calls[id]
        error = response.get("error")
        if isinstance(error, dict):
            raise RequestError.from_wire(error)
        return response.get("data")

    async def close(self) -> None:
        """Lets what was accepted go out (for 2 s at most), then closes."""
        self._finish(Disconnected(f'Channel "{self.name}" was closed by this side'))
        self._wire.close()
        try:
            await asyncio.wait_for(self._gone.wait(), LIMITS.close_timeout)
        except asyncio.TimeoutError:
            self._wire.abort()

    async def __aiter__(self) -> AsyncIterator[IpcMessage]:
        """Receives until the channel is closed in order; raises when it broke."""
        while True:
            try:
                message = await self.receive()
            except Disconnected:
                return
            yield message

    async def __aenter__(self) -> "AsyncLocalSocketChannel":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def _send_fields(self, fields: Dict[str, JsonInput]) -> None:
        if self._end is not None:
            raise self._end
        data = self._frame_of(fields)
        if self._waiting_bytes + len(data) > LIMITS.output_hard:
            raise SendFailed(
                f'Output queue of channel "{self.name}" is full ({LIMITS.output_hard} bytes)',
                next="Wait for each send before the next one",
            )
        self._waiting_bytes += len(data)
        try:
            await self._wire.room()
        finally:
            self._waiting_bytes -= len(data)
        if self._end is not None:
            raise self._end
        self._wire.write(data)

    def send_now(self, message: IpcMessage) -> None:
        """Queues a message without waiting for room: for the few small ones that nobody waits for."""
        if self._end is None:
            self._wire.write(self._frame_of(message.to_wire()))

    def _frame_of(self, fields: Dict[str, JsonInput]) -> bytes:
        try:
            text = encode_json(fields)
            if len(text) > self._max_frame_bytes:
                raise FrameError(
                    "too-large", f"message of {len(text)} bytes; at most {self._max_frame_bytes} are allowed"
                )
        except (FrameError, ValueError, TypeError, RecursionError) as error:
            raise Serialization(f'Cannot send on channel "{self.name}": {error}') from error
        return frame(self._framing, text)

    def _give_up(self, id: str) -> None:
        self._abandoned.append(id)
        self.send_now(IpcMessage("request", oneway=True, method="cancel", data={"id": id}))

    def _arrived(self, arrived: Arrived) -> None:
        for fields, size in arrived:
            self._route(fields, size)
        if self._is_full() and not self._paused:
            self._paused = True
            self._wire.pause_reading()

    def _route(self, fields: Fields, size: int) -> None:
        id = fields.get("id")
        kind = fields["type"]
        call = self._calls.get(id) if isinstance(id, str) else None
        if call is not None and kind in ("response", "event"):
            if kind == "event":
                event = fields.get("event")
                if call.on_progress is not None:
                    call.on_progress(event if isinstance(event, str) else "", fields.get("data"))
            elif not call.response.done():
                call.response.set_result(fields)
        elif kind == "response" and id is None and "error" in fields and self._calls:
            # An error without an id is about the connection: everybody who waits is to know.
            for one in self._calls.values():
                if not one.response.done():
                    one.response.set_result(fields)
        elif kind in ("response", "event") and id in self._abandoned:
            return
        elif self.unclaimed is not None:
            self.unclaimed(message_of(fields))
        else:
            self._keep(fields, size)

    def _keep(self, fields: Fields, size: int) -> None:
        while self._receivers:
            waiting = self._receivers.popleft()
            if not waiting.done():
                waiting.set_result(fields)
                return
        self._messages.append((fields, size))
        self._bytes += size

    def _is_full(self) -> bool:
        return len(self._messages) >= LIMITS.unread_messages or self._bytes >= LIMITS.unread_bytes

    def _ended(self, error: Optional[Exception]) -> None:
        if isinstance(error, FrameError):
            code = ERROR_CODES["parse_error" if error.kind == "not-json" else "invalid_request"]
            self.send_now(IpcMessage("response", error={"code": code, "message": str(error)}))
            self._finish(ReceiveFailed(f'Peer of channel "{self.name}" broke the protocol: {error}'))
            self._wire.close()
            return
        self._gone.set()
        if error is None or isinstance(error, (BrokenPipeError, ConnectionResetError)):
            midway = " in the middle of a message" if self._wire.decoder.partial else ""
            self._finish(Disconnected(f'Peer of channel "{self.name}" closed the connection{midway}'))
        else:
            self._finish(Io(f'Connection of channel "{self.name}" broke: {error}'))

    def _finish(self, reason: IpcChannelError) -> None:
        if self._end is not None:
            return
        self._end = reason
        waiting = [*self._receivers, *(call.response for call in self._calls.values())]
        self._receivers.clear()
        for one in waiting:
            if not one.done():
                one.set_exception(reason)
                # Whoever waited may have been cancelled meanwhile.
                one.exception()


async def _open(address: str, wire: Wire) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        # Type-checked, and never run on Windows.
        if not isinstance(loop, asyncio.ProactorEventLoop):
            raise Io("Pipes need the proactor event loop, which is Windows' default")
        # The loop takes any protocol, its stub only one.
        factory = cast("Callable[[], asyncio.StreamReaderProtocol]", lambda: wire)
        await loop.create_pipe_connection(factory, address)
    else:
        from .._runtime_directory import open_runtime_directory, refuse_foreign_socket

        open_runtime_directory(os.path.dirname(address) or ".")
        refuse_foreign_socket(address)
        await loop.create_unix_connection(lambda: wire, address)
