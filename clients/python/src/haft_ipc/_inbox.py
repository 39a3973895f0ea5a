"""The inbox of every channel that threads use.

A channel over a socket has no thread: the threads that wait take turns at reading the socket (``source``) for
all. So a request and its answer stay in one thread when no other thread listens.
"""

import threading
import time
from collections import deque
from typing import Callable, Deque, Dict, List, Optional, Tuple, TypeVar, Union

from ._mailbox import HANGUP_INTERVAL, Arrived, Fields, Mailbox, PendingCall, log, response_data
from .errors import IpcChannelError, RequestError, TimedOut
from .json_types import Json
from .message import IpcMessage, message_of

Listener = Callable[[IpcMessage], object]
#: Reads for at most so many seconds. Gives the messages, and the reason when the connection has ended.
Source = Callable[[Optional[float]], Tuple[Arrived, Optional[IpcChannelError]]]

_T = TypeVar("_T")


class Call(PendingCall):
    """A request in flight; the thread that made it looks at it under the inbox's lock."""

    __slots__ = ("events", "response")

    def __init__(self, id: str, progress: bool, begun: float) -> None:
        self.id = id
        self.begun = begun
        self.response: Optional[Fields] = None
        #: Progress that the caller has not taken yet; None when the caller wants none.
        self.events: Optional[Deque[Fields]] = deque() if progress else None

    def answer(self, id: str, fields: Fields) -> None:
        self.response = fields

    def progress(self, fields: Fields) -> None:
        if self.events is not None:
            self.events.append(fields)

    def take(self) -> Optional[Fields]:
        """What the caller takes next: progress first, the response last."""
        return self.events.popleft() if self.events else self.response


class CallBatch(PendingCall):
    """Requests that one thread made together and waits for together."""

    __slots__ = ("ids", "responses")

    def __init__(self, ids: List[str], begun: float) -> None:
        self.ids = ids
        self.begun = begun
        #: By id.
        self.responses: Dict[str, Fields] = {}

    def answer(self, id: str, fields: Fields) -> None:
        self.responses[id] = fields

    def progress(self, fields: Fields) -> None:
        """Its caller wants none."""

    def results(self, return_exceptions: bool) -> List[Union[Json, RequestError]]:
        """The data of the responses, which have all come, in the order of the requests.

        :raises RequestError: one is an error, and ``return_exceptions`` is False
        """
        responses = self.responses
        results: List[Union[Json, RequestError]] = []
        for id in self.ids:
            try:
                results.append(response_data(responses[id]))
            except RequestError as error:
                if not return_exceptions:
                    raise
                results.append(error)
        return results

    @property
    def unanswered(self) -> List[str]:
        """The ids of the others."""
        return [id for id in self.ids if id not in self.responses]


class Inbox:
    """:param source: None when others call :meth:`put` (a channel inside the process)
    :param hung_up: whether the peer is gone and the system holds the rest of its bytes; called with the lock
        held
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
        self.mail: "Mailbox[Union[Call, CallBatch], Listener]" = Mailbox(name)
        self._changed = threading.Condition(self.lock)
        self._source = source
        self._taken = taken
        self._hung_up = hung_up
        self._listening: Optional[threading.Thread] = None
        self._receivers = 0
        self._waiting = 0
        self._reader: Optional[int] = None

    @property
    def end(self) -> Optional[IpcChannelError]:
        """Why nothing comes any more."""
        return self.mail.end

    def take(self, timeout: Optional[float]) -> IpcMessage:
        """See :meth:`IpcChannel.receive`."""
        with self.lock:
            self._receivers += 1
            try:
                deadline = None if timeout is None else time.monotonic() + timeout
                fields = self._wait(
                    self.mail.pop, timeout, deadline, lambda: f'No message on channel "{self.mail.name}"'
                )
            finally:
                self._receivers -= 1
        if self._taken is not None:
            self._taken()
        return message_of(fields)

    def try_take(self) -> Optional[IpcMessage]:
        """The next message that has arrived, one in the socket included."""
        with self.lock:
            if not self.mail and self._reader is None and self.mail.end is None:
                self._read(0.0)
            fields = self.mail.pop()
        if fields is None:
            return None
        if self._taken is not None:
            self._taken()
        return message_of(fields)

    def open_call(self, progress: bool) -> Call:
        """Registers a request before it is sent."""
        mail = self.mail
        with self.lock:
            (id,) = mail.next_ids(1)
            call = Call(id, progress, time.monotonic())
            mail.calls[call.id] = call
            return call

    def open_calls(self, count: int) -> CallBatch:
        """Registers that many requests before they are sent."""
        mail = self.mail
        with self.lock:
            batch = CallBatch(mail.next_ids(count), time.monotonic())
            mail.calls.update(dict.fromkeys(batch.ids, batch))
            return batch

    def close_calls(self, *ids: str) -> None:
        """Drops requests whose caller gave up."""
        with self.lock:
            self.mail.give_up(*ids)
            if self._waiting:
                self._changed.notify_all()

    def await_call(
        self,
        call: Call,
        method: str,
        timeout: Optional[float],
        on_progress: Optional[Callable[[str, Json], None]],
    ) -> Json:
        """The response's data; calls ``on_progress`` in this thread.

        :param timeout: seconds since :meth:`open_call`
        :raises RequestError: TimedOut, or the channel's end
        """
        deadline = None if timeout is None else call.begun + timeout
        looked = False
        while True:
            with self.lock:
                fields = None
                alone = self._reader is None and self._source is not None and self.mail.end is None
                if alone and not looked and call.response is None:
                    # Usually this thread is alone, and the first read brings the answer.
                    looked = True
                    self._read(timeout)
                    fields = None if self._waiting or call.events else call.response
                if fields is None:
                    fields = self._wait(
                        call.take, timeout, deadline, lambda: self.mail.no_answer(method), looked
                    )
            if fields["type"] == "response":
                return response_data(fields)
            event = fields.get("event")
            if on_progress is not None:
                on_progress(event if isinstance(event, str) else "", fields.get("data"))

    def await_calls(self, batch: CallBatch, timeout: Optional[float], deadline: Optional[float]) -> None:
        """Waits until every call has its response.

        :param timeout: seconds, for the error's text
        :raises TimedOut: or the channel's end
        """
        count = len(batch.ids)

        def all_answered() -> Optional[bool]:
            return True if len(batch.responses) == count else None

        with self.lock:
            self._wait(all_answered, timeout, deadline, lambda: f"No answers to {count} requests")

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See :meth:`IpcChannel.on_message`."""
        own: Listener = lambda message: listener(message)
        with self.lock:
            self.mail.listeners = [*self.mail.listeners, own]
            if self._listening is None:
                self._listening = threading.Thread(
                    target=self._tell_listeners, name=f"haft_ipc {self.mail.name}", daemon=True
                )
                self._listening.start()

        def stop() -> None:
            with self.lock:
                self.mail.listeners = [one for one in self.mail.listeners if one is not own]
                self._changed.notify_all()

        return stop

    def put(self, arrived: Arrived) -> None:
        """Adds messages; for a channel without a source."""
        with self.lock:
            self.mail.deliver(arrived)
            self._changed.notify_all()

    def finish(self, reason: IpcChannelError) -> None:
        """Ends the inbox; unread messages can still be taken. The first reason counts."""
        with self.lock:
            self.mail.finish(reason)
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
        """Makes :meth:`wait_until` look at its condition again."""
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
        """With the lock held: waits until ``found`` gives something.

        :param looked: whether this caller has read the socket; each does so at least once, however late
        """
        while True:
            result = found()
            if result is not None:
                # Another waiting thread has to become the reader.
                if self._waiting:
                    self._changed.notify_all()
                return result
            if self.mail.end is not None:
                raise self.mail.end
            left = None if deadline is None else deadline - time.monotonic()
            if looked and left is not None and left <= 0:
                raise TimedOut(f"{what()} within {timeout} s")
            looked = True
            if self._reader is not None or self._source is None:
                self._await_change(left)
            elif self.mail and self.mail.is_full and not self._hung_up():
                # The program has to take messages before more are read. One that only waits for an answer
                # does not take any, so a peer that has gone is noticed here.
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
        """With the lock held. This thread reads for all; the lock is free meanwhile."""
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
                self.mail.deliver(arrived)
            if end is not None:
                self.mail.finish(end)
            if self._waiting:
                self._changed.notify_all()

    def _next_for_listeners(self) -> "Optional[Tuple[Fields, Tuple[Listener, ...]]]":
        if self._receivers > 0 or not self.mail.listeners:
            return None
        fields = self.mail.pop()
        return None if fields is None else (fields, tuple(self.mail.listeners))

    def _tell_listeners(self) -> None:
        while True:
            try:
                with self.lock:
                    fields, listeners = self._wait(self._next_for_listeners, None, None, lambda: "")
            except IpcChannelError:
                return
            if self._taken is not None:
                self._taken()
            message = message_of(fields)
            for listener in listeners:
                try:
                    listener(message)
                except Exception:
                    # A mistake in a listener is its program's to see; the connection goes on.
                    log.exception('A listener of channel "%s" failed', self.mail.name)
