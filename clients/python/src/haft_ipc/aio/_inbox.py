"""The inbox of a channel that one event loop uses."""

import asyncio
import inspect
from collections import deque
from typing import Callable, Deque, Optional, Union

from .._mailbox import HANGUP_INTERVAL, Arrived, Fields, Mailbox, PendingCall, log, response_data
from ..errors import IpcChannelError, RequestError, TimedOut
from ..json_types import Json
from ..message import IpcMessage, message_of
from ._wire import Wire

OnProgress = Callable[[str, Json], None]
#: Plain or ``async``.
Listener = Callable[[IpcMessage], object]


class Call(PendingCall):
    """A request in flight."""

    __slots__ = ("_on_progress", "response")

    def __init__(self, id: str, on_progress: Optional[OnProgress]) -> None:
        super().__init__(id)
        self._on_progress = on_progress
        self.response: "asyncio.Future[Fields]" = asyncio.get_running_loop().create_future()

    def result(self, return_exceptions: bool) -> Union[Json, RequestError]:
        """The data of the response, which has come.

        :raises RequestError: it is an error, and ``return_exceptions`` is False
        """
        try:
            return response_data(self.response.result())
        except RequestError as error:
            if return_exceptions:
                return error
            raise

    def answer(self, id: str, fields: Fields) -> None:
        if not self.response.done():
            self.response.set_result(fields)

    def progress(self, fields: Fields) -> None:
        if self._on_progress is None or self.response.done():
            return
        event = fields.get("event")
        try:
            self._on_progress(event if isinstance(event, str) else "", fields.get("data"))
        except Exception as error:
            # The request raises what its callback raised.
            self.response.set_exception(error)


class Inbox:
    """:param wire: paused while too much is unread"""

    def __init__(self, name: str, wire: Wire) -> None:
        self.mail: "Mailbox[Call, Listener]" = Mailbox(name)
        self._wire = wire
        self._paused = False
        self._looking: Optional[asyncio.TimerHandle] = None
        self._receivers: "Deque[asyncio.Future[Fields]]" = deque()
        self._listening: "Optional[asyncio.Task[None]]" = None
        self._news = asyncio.Event()

    @property
    def end(self) -> Optional[IpcChannelError]:
        """Why nothing comes any more."""
        return self.mail.end

    async def take(self, timeout: Optional[float]) -> IpcMessage:
        """See :meth:`LocalSocketChannel.receive`."""
        message = self.try_take()
        if message is not None:
            return message
        if self.mail.end is not None:
            raise self.mail.end
        waiting: "asyncio.Future[Fields]" = asyncio.get_running_loop().create_future()
        self._receivers.append(waiting)
        try:
            await asyncio.wait({waiting}, timeout=timeout)
            if waiting.done():
                return message_of(waiting.result())
            raise TimedOut(f'No message on channel "{self.mail.name}" within {timeout} s')
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self.mail.put_back(waiting.result())
                self._news.set()
            raise
        finally:
            if waiting in self._receivers:
                self._receivers.remove(waiting)

    def try_take(self) -> Optional[IpcMessage]:
        """The next message that the event loop has read."""
        fields = self.mail.pop()
        if fields is None:
            return None
        if self._paused and not self.mail.is_full:
            self._resume()
        return message_of(fields)

    def open_call(self, on_progress: Optional[OnProgress]) -> Call:
        """Registers a request before it is sent."""
        call = Call(self.mail.next_ids(1)[0], on_progress)
        self.mail.calls[call.id] = call
        return call

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See :meth:`LocalSocketChannel.on_message`."""
        own: Listener = lambda message: listener(message)
        self.mail.listeners = [*self.mail.listeners, own]
        if self._listening is None:
            self._listening = asyncio.ensure_future(self._tell_listeners())
        self._news.set()

        def stop() -> None:
            self.mail.listeners = [one for one in self.mail.listeners if one is not own]

        return stop

    def put(self, arrived: Arrived) -> None:
        """Adds messages."""
        mail = self.mail
        mail.deliver(arrived)
        while self._receivers and mail:
            waiting = self._receivers.popleft()
            fields = None if waiting.done() else mail.pop()
            if fields is not None:
                waiting.set_result(fields)
        if mail:
            self._news.set()
            if not self._paused and mail.is_full and not self._wire.hung_up():
                self._paused = True
                self._wire.pause_reading()
                self._look_later()

    def finish(self, reason: IpcChannelError) -> None:
        """Ends the inbox; unread messages can still be taken. The first reason counts."""
        if self.mail.end is not None:
            return
        self.mail.finish(reason)
        self._look_no_more()
        self._news.set()
        waiting = [*self._receivers, *(call.response for call in self.mail.calls.values())]
        self._receivers.clear()
        for one in waiting:
            if not one.done():
                one.set_exception(reason)
                # The waiting task may be cancelled, and asyncio warns about exceptions that are never read.
                one.exception()

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
        """Notices that the peer is gone while unread messages pause the wire, so that requests in flight
        end."""
        if self._wire.hung_up():
            self._resume()
        else:
            self._look_later()

    async def _tell_listeners(self) -> None:
        while True:
            listeners = self.mail.listeners
            message = self.try_take() if listeners else None
            if message is None:
                if self.mail.end is not None:
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
                    # A mistake in a listener is its program's to see; the connection goes on.
                    log.exception('A listener of channel "%s" failed', self.mail.name)
