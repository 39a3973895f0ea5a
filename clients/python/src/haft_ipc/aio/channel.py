"""A channel for asyncio, over a socket that only this user can reach."""

import asyncio
import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, AsyncIterator, Callable, Dict, Mapping, Optional, Type, cast

from .._endpoint import resolve_endpoint
from .._frame_error import FrameError
from .._framing import Framing, check_framing, frame
from .._inbox import Arrived, Fields
from .._json_text import encode_json, encode_request
from ..errors import (
    ERROR_CODES,
    Disconnected,
    EndpointError,
    Io,
    IpcChannelError,
    ReceiveFailed,
    RequestError,
    SendFailed,
    Serialization,
    ShuttingDown,
    TimedOut,
)
from ..json_types import Json, JsonInput
from ..limits import LIMITS
from ..local_socket import FIRST_WAIT, LONGEST_WAIT
from ..message import IpcMessage
from ..metrics import ChannelMetrics
from ._inbox import Inbox, Listener, OnProgress
from ._wire import FrameTimeout, Wire

if TYPE_CHECKING:
    from .server import LocalSocketChannelServer

#: Seconds after which a drain is looked for again.
_DRAIN_INTERVAL = 0.02


class LocalSocketChannel:
    """One end of a connection; made by :meth:`connect`, or by :meth:`LocalSocketChannelServer.accept`, and used from
    one event loop. Its methods do what those of :class:`haft_ipc.LocalSocketChannel` do, and raise the same errors;
    cancelling one that waits loses nothing."""

    def __init__(self, name: str, wire: Wire, max_frame_bytes: int) -> None:
        self._name = name
        self._wire = wire
        self._framing: Framing = wire.decoder.framing or "length"
        self._max_frame_bytes = min(max_frame_bytes, LIMITS.frame_ceiling)
        self._inbox = Inbox(name, wire)
        self._gone = asyncio.Event()
        self._shutting_down = False
        self._closed = False
        #: Bytes of senders that wait for room.
        self._waiting_bytes = 0
        self._made = time.monotonic()
        self._messages_sent = self._messages_received = self._bytes_sent = self._bytes_received = 0
        self._send_errors = self._receive_errors = 0
        wire.start(self._arrived, self._ended)

    @classmethod
    async def connect(
        cls,
        name: str,
        *,
        path: Optional[str] = None,
        timeout: Optional[float] = None,
        retry: bool = False,
        framing: str = "length",
        max_frame_bytes: int = LIMITS.frame,
        frame_timeout: float = LIMITS.frame_timeout,
        env: Optional[Mapping[str, str]] = None,
    ) -> "LocalSocketChannel":
        """See :meth:`haft_ipc.LocalSocketChannel.connect`."""
        if retry and timeout is None:
            raise ValueError("retry=True needs a timeout")
        known = check_framing(framing)
        address = resolve_endpoint(name, path, env)
        deadline = None if timeout is None else time.monotonic() + timeout
        wait = FIRST_WAIT
        while True:
            channel = cls(name, Wire(max_frame_bytes, frame_timeout, known), max_frame_bytes)
            left = None if deadline is None else max(deadline - time.monotonic(), 0.001)
            try:
                await asyncio.wait_for(_open(address, channel._wire), left)
            except asyncio.TimeoutError as error:
                raise TimedOut(f'No connection to channel "{name}" within {timeout} s') from error
            except (FileNotFoundError, ConnectionRefusedError) as error:
                if not retry or deadline is None:
                    raise Disconnected(f'Nobody listens on channel "{name}" ("{address}")') from error
                if time.monotonic() >= deadline:
                    raise TimedOut(f'Nobody listened on channel "{name}" ("{address}") within {timeout} s') from error
                await asyncio.sleep(min(wait, max(deadline - time.monotonic(), 0.0)))
                wait = min(wait * 2, LONGEST_WAIT)
            except OSError as error:
                raise Io(f'Cannot connect to "{address}": {error.strerror or error}') from error
            else:
                return channel

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
        from .server import LocalSocketChannelServer

        return LocalSocketChannelServer(
            name,
            resolve_endpoint(name, path, env),
            max_frame_bytes=max_frame_bytes,
            frame_timeout=frame_timeout,
            max_connections=max_connections,
        )

    @property
    def name(self) -> str:
        """What the channel is called."""
        return self._name

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    async def send(self, message: IpcMessage, timeout: Optional[float] = None) -> None:
        """Returns when the message is accepted: at once while the peer reads, later while it is slow to.

        :raises TimedOut: the message was not accepted in time, and is certain not to be sent
        :raises SendFailed: more than 8 MiB wait to be sent
        """
        await self._send_text(lambda: encode_json(message.to_wire()), timeout)

    async def emit(self, event: str, data: JsonInput = None, timeout: Optional[float] = None) -> None:
        """Sends ``{type: "event", event, data}``."""
        await self.send(IpcMessage("event", event=event, data=data), timeout)

    async def send_json(self, data: JsonInput, timeout: Optional[float] = None) -> None:
        """Sends ``{type: "data", data}``."""
        await self.send(IpcMessage("data", data=data), timeout)

    async def receive(self, timeout: Optional[float] = None) -> IpcMessage:
        """The next message.

        :param timeout: seconds
        """
        return await self._inbox.take(timeout)

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
        """Sends a request with an id of its own and gives the ``data`` of its response. When it is cancelled, or out of
        time, the peer is told to cancel.

        :param on_progress: called with name and data of every event that has the request's id; what it raises, this
            raises
        :raises RequestError: the peer answered with an error
        """
        call = self._inbox.open_call(on_progress)
        try:
            await self._send_text(lambda: encode_request(call.id, method, data), timeout)
            left = None if timeout is None else max(call.begun + timeout - time.monotonic(), 0.0)
            await asyncio.wait({call.response}, timeout=left)
            if not call.response.done():
                raise TimedOut(f"{self._inbox.no_answer(method)} within {timeout} s")
            response = call.response.result()
        except BaseException as error:
            self._inbox.close_call(call)
            if isinstance(error, (TimedOut, asyncio.CancelledError)):
                self.send_now(IpcMessage("request", oneway=True, method="cancel", data={"id": call.id}))
            raise
        failure = response.get("error")
        if isinstance(failure, dict):
            raise RequestError.from_wire(failure)
        return response.get("data")

    def on_message(self, listener: Listener) -> Callable[[], None]:
        """Calls ``listener``, plain or ``async``, in the event loop for every message that no :meth:`receive` waits
        for, one after the other, those that have arrived already included. Gives a function that ends it."""
        return self._inbox.listen(listener)

    def only_requests(self) -> None:
        """For a user who never receives: pings are answered, and what else comes unasked is dropped."""
        self._inbox.unclaimed = self._answer_ping

    def shutdown(self) -> None:
        """Takes no new sends and requests; those in flight finish, and receiving goes on."""
        self._shutting_down = True

    def is_shutdown(self) -> bool:
        """Whether :meth:`shutdown` or :meth:`close` was called, or the channel has ended."""
        return self._shutting_down or self._inbox.end is not None

    async def wait_for_drain(self, seconds: float) -> bool:
        """Waits until no send and no request is in flight. False when some still are after that time."""
        deadline = time.monotonic() + seconds
        while self._inbox.calls > 0 or self._waiting_bytes > 0 or self._wire.queued > 0:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await asyncio.sleep(min(left, _DRAIN_INTERVAL))
        return True

    def metrics(self) -> ChannelMetrics:
        """What was counted so far."""
        return ChannelMetrics(
            messages_sent=self._messages_sent,
            messages_received=self._messages_received,
            bytes_sent=self._bytes_sent,
            bytes_received=self._bytes_received,
            send_errors=self._send_errors,
            receive_errors=self._receive_errors,
            peak_unread=self._inbox.peak,
            uptime=time.monotonic() - self._made,
            latency=self._inbox.latency.snapshot(),
        )

    async def close(self) -> None:
        """Lets what was accepted go out (for 2 s at most), then closes. Closing twice does nothing."""
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

    async def __aenter__(self) -> "LocalSocketChannel":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    def send_now(self, message: IpcMessage) -> None:
        """Sends a small message that nobody waits for, or drops it when there is no room."""
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
            self._send_errors += 1
            raise
        self._wire.write(data)
        self._messages_sent += 1
        self._bytes_sent += len(text)

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
                next="The peer has to read, or the message to wait longer",
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
            raise FrameError("too-large", f"message of {len(text)} bytes; at most {self._max_frame_bytes} are allowed")
        return frame(self._framing, text)

    def _answer_ping(self, fields: Fields) -> None:
        if fields["type"] == "ping":
            id = fields.get("id")
            self.send_now(IpcMessage("pong", id=id if isinstance(id, str) else None))

    def _arrived(self, arrived: Arrived) -> None:
        for _, size in arrived:
            self._messages_received += 1
            self._bytes_received += size
        self._inbox.put(arrived)

    def _ended(self, error: Optional[Exception]) -> None:
        if isinstance(error, FrameError):
            self._receive_errors += 1
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
        from .._unix_transport import peer_uid

        open_runtime_directory(os.path.dirname(address) or ".")
        refuse_foreign_socket(address)
        transport, _ = await loop.create_unix_connection(lambda: wire, address)
        uid = peer_uid(transport.get_extra_info("socket"))
        if uid is not None and uid != os.getuid():
            wire.abort()
            raise EndpointError(f'Refusing socket "{address}": it is served by user {uid}')
