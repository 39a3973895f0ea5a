"""A backend's conversation with its parent: haft's envelope, over a channel of the event loop."""

import asyncio
from typing import List, Mapping, Optional, Tuple, cast

from .._parent import CONNECT_TIMEOUT
from ..backend.responses import response, unsayable
from ..backend.runner import Outcome, Result, Runner
from ..backend.start import log_by_line
from ..errors import Disconnected, IpcChannelError, ReceiveFailed, Serialization
from ..json_types import Json, JsonInput
from ..message import IpcMessage
from .local_socket import LocalSocketChannel

#: While more answers than this wait for the parent to read, its requests are not read.
_MOST_ANSWERS = 128


class Conversation:
    """:param stop: set when the parent ends it"""

    def __init__(self, channel: LocalSocketChannel, runner: Runner, stop: asyncio.Event) -> None:
        self._channel = channel
        self._runner = runner
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._failure: Optional[IpcChannelError] = None
        # Sent one after the other, so that at most one takes room in the channel's queue.
        self._answers: "asyncio.Queue[Tuple[IpcMessage, Outcome]]" = asyncio.Queue()
        self._tasks: "List[asyncio.Task[None]]" = []

    @classmethod
    async def connect(
        cls, channel: str, env: Mapping[str, str], runner: Runner, stop: asyncio.Event
    ) -> "Conversation":
        """:param channel: the channel's name, or its socket's path"""
        opened = await LocalSocketChannel.connect(channel, timeout=CONNECT_TIMEOUT, retry=True, env=env)
        return cls(opened, runner, stop)

    async def ready(self, handlers: List[str]) -> None:
        """Says ``ready``."""
        log_by_line()
        await self._channel.send(IpcMessage("ready", data={"handlers": [*handlers]}))

    def listen(self) -> None:
        """Starts to hand requests to the runner, until the parent ends the conversation."""
        self._tasks = [self._loop.create_task(self._listen()), self._loop.create_task(self._answer())]

    async def event(self, event: str, data: JsonInput) -> None:
        """Sends an event."""
        await self._channel.emit(event, data)

    async def drain(self) -> None:
        """Returns when every answer is sent, or the parent is gone."""
        await self._answers.join()

    async def close(self) -> None:
        """Ends the conversation."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._channel.close()

    def raise_failure(self) -> None:
        """Raises the error that ended the conversation, if one did."""
        if self._failure is not None:
            raise self._failure

    async def _listen(self) -> None:
        try:
            while True:
                await self._hear(await self._channel.receive())
                if self._answers.qsize() > _MOST_ANSWERS:
                    await self._answers.join()
        except Disconnected:
            pass
        except IpcChannelError as error:
            self._failure = error
        finally:
            self._stop.set()

    async def _hear(self, message: IpcMessage) -> None:
        if message.type == "request":
            self._request(message)
        elif message.type == "ping":
            await self._channel.send(IpcMessage("pong", id=message.id))
        elif message.type == "event" and message.event == "backend.stop":
            self._stop.set()
        elif message.type == "response" and message.id is None and message.error is not None:
            raise ReceiveFailed(f"The parent refused what this backend said: {message.error.get('message')}")

    def _request(self, message: IpcMessage) -> None:
        data = cast(Json, message.data)
        method = message.method or ""
        if method == "cancel" and isinstance(data, dict):
            self._queue(message, Result({"cancelled": self._runner.cancel(data.get("id"))}))
        else:
            # A plain handler calls back from its thread.
            self._runner.call(
                method,
                data,
                lambda outcome: self._queue_soon(message, outcome),
                message.id,
            )

    def _queue_soon(self, request: IpcMessage, outcome: Outcome) -> None:
        try:
            self._loop.call_soon_threadsafe(self._queue, request, outcome)
        except RuntimeError:
            # The loop has ended, and the answer with it.
            pass

    def _queue(self, request: IpcMessage, outcome: Outcome) -> None:
        if not request.oneway and request.id is not None:
            self._answers.put_nowait((request, outcome))

    async def _answer(self) -> None:
        while True:
            request, outcome = await self._answers.get()
            try:
                try:
                    await self._channel.send(response(request.id, outcome))
                except Serialization as error:
                    await self._channel.send(unsayable(request.id, outcome, error))
            except IpcChannelError:
                # The parent is gone; the listening task notices it.
                pass
            finally:
                self._answers.task_done()
