"""What has arrived and what waits for it, in one event loop."""

import asyncio
import inspect
import logging
import time
from collections import deque
from typing import Awaitable, Callable, Deque, Dict, List, Optional, Tuple, Union

from .._inbox import HANGUP_INTERVAL, Arrived, Fields
from ..errors import IpcChannelError, TimedOut
from ..json_types import Json
from ..limits import LIMITS
from ..message import IpcMessage, message_of
from ..metrics import LatencyHistogram
from ._wire import Wire

OnProgress = Callable[[str, Json], None]
Listener = Callable[[IpcMessage], Union[None, Awaitable[None]]]

_log = logging.getLogger("haft_ipc")


class Call:
    """A request in flight."""

    __slots__ = ("begun", "id", "on_progress", "response")

    def __init__(self, id: str, on_progress: Optional[OnProgress]) -> None:
        self.id = id
        self.begun = time.monotonic()
        self.on_progress = on_progress
        self.response: "asyncio.Future[Fields]" = asyncio.get_running_loop().create_future()


class Inbox:
    """:param wire: not read while too much is unread"""

    def __init__(self, name: str, wire: Wire) -> None:
        self._name = name
        self._wire = wire
        self._paused = False
        self._looking: Optional[asyncio.TimerHandle] = None
        self._messages: Deque[Tuple[Fields, int]] = deque()
        self._bytes = 0
        self._calls: Dict[str, Call] = {}
        #: Ids of requests that were given up, whose late answers nobody wants.
        self._abandoned: Deque[str] = deque(maxlen=1024)
        self._receivers: "Deque[asyncio.Future[Fields]]" = deque()
        self._listeners: List[Listener] = []
        self._listening: "Optional[asyncio.Task[None]]" = None
        self._news = asyncio.Event()
        self._next_id = 0
        #: Takes what answers no request, instead of it being kept.
        self.unclaimed: Optional[Callable[[Fields], None]] = None
        self.end: Optional[IpcChannelError] = None
        self.peak = 0
        self.latency = LatencyHistogram()

    @property
    def calls(self) -> int:
        """Requests in flight."""
        return len(self._calls)

    async def take(self, timeout: Optional[float]) -> IpcMessage:
        """See :meth:`LocalSocketChannel.receive`."""
        message = self.try_take()
        if message is not None:
            return message
        if self.end is not None:
            raise self.end
        waiting: "asyncio.Future[Fields]" = asyncio.get_running_loop().create_future()
        self._receivers.append(waiting)
        try:
            await asyncio.wait({waiting}, timeout=timeout)
            if waiting.done():
                return message_of(waiting.result())
            raise TimedOut(f'No message on channel "{self._name}" within {timeout} s')
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._messages.appendleft((waiting.result(), 0))
                self._news.set()
            raise
        finally:
            if waiting in self._receivers:
                self._receivers.remove(waiting)

    def try_take(self) -> Optional[IpcMessage]:
        """The next message if it is here."""
        if not self._messages:
            return None
        fields, size = self._messages.popleft()
        self._bytes -= size
        if self._paused and not self._is_full():
            self._resume()
        return message_of(fields)

    def open_call(self, on_progress: Optional[OnProgress]) -> Call:
        """Registers a request before it is sent."""
        self._next_id += 1
        call = Call(str(self._next_id), on_progress)
        self._calls[call.id] = call
        return call

    def close_call(self, call: Call) -> None:
        """Nobody wants the answer any more."""
        if self._calls.pop(call.id, None) is not None:
            self._abandoned.append(call.id)

    def no_answer(self, method: str) -> str:
        """Why there is none, for a message."""
        if self._is_full():
            return f'{len(self._messages)} messages are unread, so the answer to "{method}" could not be read'
        return f'No answer to "{method}"'

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See :meth:`LocalSocketChannel.on_message`."""
        own: Listener = lambda message: listener(message)
        self._listeners = [*self._listeners, own]
        if self._listening is None:
            self._listening = asyncio.ensure_future(self._tell_listeners())
        self._news.set()

        def stop() -> None:
            self._listeners = [one for one in self._listeners if one is not own]

        return stop

    def put(self, arrived: Arrived) -> None:
        """Adds what came."""
        for fields, size in arrived:
            self._route(fields, size)
        if len(self._messages) > self.peak:
            self.peak = len(self._messages)
        if self._messages:
            self._news.set()
            if not self._paused and self._is_full() and not self._wire.hung_up():
                self._paused = True
                self._wire.pause_reading()
                self._look_later()

    def finish(self, reason: IpcChannelError) -> None:
        """No message comes any more; those that are here can still be taken. The first reason stays."""
        if self.end is not None:
            return
        self.end = reason
        self._look_no_more()
        self._news.set()
        waiting = [*self._receivers, *(call.response for call in self._calls.values())]
        self._receivers.clear()
        for one in waiting:
            if not one.done():
                one.set_exception(reason)
                # Whoever waited may have been cancelled meanwhile.
                one.exception()

    def _route(self, fields: Fields, size: int) -> None:
        id = fields.get("id")
        kind = fields["type"]
        call = self._calls.get(id) if isinstance(id, str) else None
        if call is not None and kind == "response":
            del self._calls[call.id]
            if "error" not in fields:
                self.latency.record(time.monotonic() - call.begun)
            _resolve(call, fields)
        elif call is not None and kind == "event":
            _tell_progress(call, fields)
        elif kind == "response" and id is None and "error" in fields and self._calls:
            # An error without an id is about the connection: everybody who waits is to know.
            for one in self._calls.values():
                _resolve(one, fields)
            self._calls.clear()
        elif kind in ("response", "event") and id in self._abandoned:
            return
        elif self.unclaimed is not None:
            self.unclaimed(fields)
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

    def _resume(self) -> None:
        self._paused = False
        self._look_no_more()
        self._wire.resume_reading()

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(HANGUP_INTERVAL, self._look)

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _look(self) -> None:
        """Nobody reads while nobody takes, and nobody takes whose program waits for an answer here."""
        if self._wire.hung_up():
            self._resume()
        else:
            self._look_later()

    async def _tell_listeners(self) -> None:
        while True:
            listeners = self._listeners
            message = self.try_take() if listeners else None
            if message is None:
                if self.end is not None:
                    return
                self._news.clear()
                await self._news.wait()
                continue
            for listener in listeners:
                try:
                    told = listener(message)
                    if inspect.isawaitable(told):
                        await told
                except Exception:
                    # The listener's mistake is its program's to hear of, not the connection's to suffer from.
                    _log.exception('A listener of channel "%s" failed', self._name)


def _resolve(call: Call, fields: Fields) -> None:
    if not call.response.done():
        call.response.set_result(fields)


def _tell_progress(call: Call, fields: Fields) -> None:
    if call.on_progress is None or call.response.done():
        return
    event = fields.get("event")
    try:
        call.on_progress(event if isinstance(event, str) else "", fields.get("data"))
    except Exception as error:
        # Whoever made the request hears of it.
        call.response.set_exception(error)
