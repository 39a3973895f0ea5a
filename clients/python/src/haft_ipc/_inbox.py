"""What has arrived and what waits for it, shared by every kind of channel.

A channel over a socket has no thread of its own: whoever waits for something reads the socket for all (``source``),
one thread at a time, and the others wait for that one. So a request and its answer never change threads while nobody
else listens.
"""

import logging
import threading
import time
from collections import deque
from typing import Callable, Deque, Dict, List, Optional, Tuple, TypeVar

from .errors import IpcChannelError, RequestError, TimedOut
from .json_types import Json
from .limits import LIMITS
from .message import IpcMessage, message_of
from .metrics import LatencyHistogram

Fields = Dict[str, Json]
Listener = Callable[[IpcMessage], None]
#: Messages with their sizes.
Arrived = List[Tuple[Fields, int]]
#: Reads for at most that many seconds and gives what came, and the reason when nothing comes any more.
Source = Callable[[Optional[float]], Tuple[Arrived, Optional[IpcChannelError]]]

#: Seconds after which it is looked whether a peer has gone whose messages nobody takes.
HANGUP_INTERVAL = 0.1

_T = TypeVar("_T")
_log = logging.getLogger("haft_ipc")


class Call:
    """A request in flight."""

    __slots__ = ("begun", "id", "progress", "response")

    def __init__(self, id: str, progress: bool) -> None:
        self.id = id
        self.begun = time.monotonic()
        self.response: Optional[Fields] = None
        #: Events of this request that have not been told; None when nobody wants them.
        self.progress: Optional[Deque[Fields]] = deque() if progress else None

    def take(self) -> Optional[Fields]:
        """What is to be told next, the response last."""
        return self.progress.popleft() if self.progress else self.response


class Inbox:
    """:param source: None when others call :meth:`put` (a channel inside the process)
    :param hung_up: whether no more can come than the system holds already; called with the lock held
    :param taken: called, without the lock, after a message was taken
    """

    def __init__(
        self,
        name: str,
        source: Optional[Source],
        taken: Optional[Callable[[], None]] = None,
        hung_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self.lock = threading.Lock()
        self._changed = threading.Condition(self.lock)
        self._name = name
        self._source = source
        self._taken = taken
        self._hung_up = hung_up
        self._messages: Deque[Tuple[Fields, int]] = deque()
        self._bytes = 0
        self._calls: Dict[str, Call] = {}
        #: Ids of requests that were given up, whose late answers nobody wants.
        self._abandoned: Deque[str] = deque(maxlen=1024)
        self._listeners: List[Listener] = []
        self._listening: Optional[threading.Thread] = None
        self._receivers = 0
        self._waiting = 0
        self._reader: Optional[int] = None
        self._next_id = 0
        #: Takes what answers no request, instead of it being kept; called with the lock held.
        self.unclaimed: Optional[Callable[[Fields], None]] = None
        self.end: Optional[IpcChannelError] = None
        self.peak = 0
        self.latency = LatencyHistogram()

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def calls(self) -> int:
        """Requests in flight."""
        return len(self._calls)

    def take(self, timeout: Optional[float]) -> IpcMessage:
        """See :meth:`IpcChannel.receive`."""
        with self.lock:
            self._receivers += 1
            try:
                deadline = None if timeout is None else time.monotonic() + timeout
                fields = self._wait(self._pop, timeout, deadline, lambda: f'No message on channel "{self._name}"')
            finally:
                self._receivers -= 1
        if self._taken is not None:
            self._taken()
        return message_of(fields)

    def try_take(self) -> Optional[IpcMessage]:
        """What has arrived, a look at the socket included."""
        with self.lock:
            if not self._messages and self._reader is None and self.end is None:
                self._read(0.0)
            fields = self._pop()
        if fields is None:
            return None
        if self._taken is not None:
            self._taken()
        return message_of(fields)

    def open_call(self, progress: bool) -> Call:
        """Registers a request before it is sent."""
        with self.lock:
            self._next_id += 1
            call = Call(str(self._next_id), progress)
            self._calls[call.id] = call
            return call

    def close_call(self, call: Call) -> None:
        """Nobody wants the answer any more."""
        with self.lock:
            if self._calls.pop(call.id, None) is not None:
                self._abandoned.append(call.id)
            if self._waiting:
                self._changed.notify_all()

    def await_call(
        self,
        call: Call,
        method: str,
        timeout: Optional[float],
        on_progress: Optional[Callable[[str, Json], None]],
    ) -> Json:
        """The response's data; progress is told in this thread.

        :param timeout: seconds since :meth:`open_call`
        :raises RequestError: TimedOut, or the channel's end
        """
        deadline = None if timeout is None else call.begun + timeout
        looked = False
        while True:
            with self.lock:
                fields = None
                if not looked and self._reader is None and self._source is not None and self.end is None:
                    # Mostly nobody else is here, and the first read brings the answer.
                    looked = True
                    self._read(timeout)
                    fields = None if self._waiting or call.progress else call.response
                if fields is None:
                    fields = self._wait(call.take, timeout, deadline, lambda: self._no_answer(method), looked)
            if fields["type"] == "response":
                if "error" in fields:
                    error = fields["error"]
                    if isinstance(error, dict):
                        raise RequestError.from_wire(error)
                return fields.get("data")
            event = fields.get("event")
            if on_progress is not None:
                on_progress(event if isinstance(event, str) else "", fields.get("data"))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See :meth:`IpcChannel.on_message`."""
        own: Listener = lambda message: listener(message)
        with self.lock:
            self._listeners = [*self._listeners, own]
            if self._listening is None:
                self._listening = threading.Thread(
                    target=self._tell_listeners, name=f"haft_ipc {self._name}", daemon=True
                )
                self._listening.start()

        def stop() -> None:
            with self.lock:
                self._listeners = [one for one in self._listeners if one is not own]
                self._changed.notify_all()

        return stop

    def put(self, arrived: Arrived) -> None:
        """Adds what came, without a source."""
        with self.lock:
            self._deliver(arrived)
            self._changed.notify_all()

    def finish(self, reason: IpcChannelError) -> None:
        """No message comes any more; those that are here can still be taken. The first reason stays."""
        with self.lock:
            if self.end is None:
                self.end = reason
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Waits for something that :meth:`wake` announces."""
        with self.lock:
            self._waiting += 1
            try:
                return self._changed.wait_for(condition, seconds)
            finally:
                self._waiting -= 1

    def wake(self) -> None:
        """Something that :meth:`wait_until` waits for may have changed."""
        with self.lock:
            self._changed.notify_all()

    def wait_for_reader(self, seconds: float) -> None:
        """Waits until no other thread reads the socket."""
        own = threading.get_ident()
        self.wait_until(lambda: self._reader is None or self._reader == own, seconds)

    def _wait(
        self,
        found: Callable[[], Optional[_T]],
        timeout: Optional[float],
        deadline: Optional[float],
        what: Callable[[], str],
        looked: bool = False,
    ) -> _T:
        """With the lock held: until ``found`` gives something.

        :param looked: whether the socket was looked at, which is done once, however late it is
        """
        while True:
            result = found()
            if result is not None:
                # Somebody has to read on for those who wait.
                if self._waiting:
                    self._changed.notify_all()
                return result
            if self.end is not None:
                raise self.end
            left = None if deadline is None else deadline - time.monotonic()
            if looked and left is not None and left <= 0:
                raise TimedOut(f"{what()} within {timeout} s")
            looked = True
            if self._reader is not None or self._source is None:
                self._await_change(left)
            elif self._messages and self._is_full() and not self._hung_up():
                # Nobody reads while nobody takes, and nobody takes whose program waits for an answer here.
                self._await_change(HANGUP_INTERVAL if left is None else min(left, HANGUP_INTERVAL))
            else:
                self._read(left)

    def _await_change(self, seconds: Optional[float]) -> None:
        self._waiting += 1
        try:
            self._changed.wait(seconds)
        finally:
            self._waiting -= 1

    def _read(self, timeout: Optional[float]) -> None:
        """With the lock held, which is free for others while this thread reads for all."""
        source = self._source
        if source is None:
            return
        self._reader = threading.get_ident()
        self.lock.release()
        arrived: Arrived = []
        end: Optional[IpcChannelError] = None
        try:
            arrived, end = source(timeout)
        finally:
            self.lock.acquire()
            self._reader = None
            if arrived:
                self._deliver(arrived)
            if end is not None and self.end is None:
                self.end = end
            if self._waiting:
                self._changed.notify_all()

    def _deliver(self, arrived: Arrived) -> None:
        for fields, size in arrived:
            id = fields.get("id")
            kind = fields["type"]
            call = self._calls.get(id) if isinstance(id, str) else None
            if call is not None and kind == "response":
                call.response = fields
                del self._calls[call.id]
                if "error" not in fields:
                    self.latency.record(time.monotonic() - call.begun)
            elif call is not None and kind == "event":
                if call.progress is not None:
                    call.progress.append(fields)
            elif kind == "response" and id is None and "error" in fields and self._calls:
                # An error without an id is about the connection: everybody who waits is to know.
                for one in self._calls.values():
                    one.response = fields
                self._calls.clear()
            elif self.unclaimed is not None:
                self.unclaimed(fields)
            elif not (kind in ("response", "event") and id in self._abandoned):
                self._messages.append((fields, size))
                self._bytes += size
        if len(self._messages) > self.peak:
            self.peak = len(self._messages)

    def _pop(self) -> Optional[Fields]:
        if not self._messages:
            return None
        fields, size = self._messages.popleft()
        self._bytes -= size
        return fields

    def _is_full(self) -> bool:
        return len(self._messages) >= LIMITS.unread_messages or self._bytes >= LIMITS.unread_bytes

    def _no_answer(self, method: str) -> str:
        if self._is_full():
            return f'{len(self._messages)} messages are unread, so the answer to "{method}" could not be read'
        return f'No answer to "{method}"'

    def _tell_listeners(self) -> None:
        def next_message() -> "Optional[Tuple[Fields, List[Listener]]]":
            if self._receivers > 0 or not self._listeners:
                return None
            fields = self._pop()
            return None if fields is None else (fields, self._listeners)

        while True:
            try:
                with self.lock:
                    fields, listeners = self._wait(next_message, None, None, lambda: "")
            except IpcChannelError:
                return
            if self._taken is not None:
                self._taken()
            message = message_of(fields)
            for listener in listeners:
                try:
                    listener(message)
                except Exception:
                    # The listener's mistake is its program's to hear of, not the connection's to suffer from.
                    _log.exception('A listener of channel "%s" failed', self._name)
