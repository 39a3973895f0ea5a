"""Runs a program's functions as a backend, in its own event loop.

from haft_ipc.aio import Backend

backend = Backend()

@backend.handler
async def greet(data):
    return {"text": f"Hello {data['name']}"}

asyncio.run(backend.run())
"""

import asyncio
import os
import signal
import threading
from contextlib import contextmanager
from typing import Callable, Iterator, Mapping, Optional, Union

from ..backend.legacy import LegacyConversation
from ..backend.registry import HandlerRegistry
from ..backend.runner import Runner
from ..backend.start import required_channel
from ..errors import ShuttingDown
from ..json_types import JsonInput
from ._conversation import Conversation


class Backend(HandlerRegistry):
    """See :class:`haft_ipc.backend.Backend`. ``async`` handlers run in the loop of :meth:`run`, plain ones in
    threads.

    :param workers: threads in which plain handlers run
    """

    def __init__(self, *, workers: int = 8) -> None:
        super().__init__()
        self._workers = workers
        self._conversation: Union[Conversation, LegacyConversation, None] = None

    async def emit(self, event: str, data: JsonInput = None) -> None:
        """Sends an event to the parent.

        :raises ShuttingDown: the backend does not run
        :raises Disconnected: the parent is gone
        """
        conversation = self._conversation
        if conversation is None:
            raise ShuttingDown(
                f'Cannot send the event "{event}": the backend does not run', next="Call run() first"
            )
        if isinstance(conversation, LegacyConversation):
            conversation.event(event, data)
        else:
            await conversation.event(event, data)

    async def run(self, env: Optional[Mapping[str, str]] = None) -> None:
        """Serves until the parent says stop, the channel ends, or SIGTERM comes. Then requests in flight
        finish and this returns. Cancelling it ends the conversation at once.

        :param env: instead of ``os.environ``
        :raises HaftError: the program was started without a channel
        :raises IpcChannelError: the channel cannot be reached, or the parent broke the protocol
        """
        env = os.environ if env is None else env
        channel = required_channel(env)
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        runner = Runner(self._handlers, self._workers, loop)
        try:
            with _on_sigterm(loop, stop.set):
                if channel is None:
                    await self._serve_legacy(runner, stop)
                else:
                    await self._serve(await Conversation.connect(channel, env, runner, stop), runner, stop)
        finally:
            self._conversation = None
            runner.drop()

    async def _serve(self, conversation: Conversation, runner: Runner, stop: asyncio.Event) -> None:
        try:
            await conversation.ready(sorted(self._handlers))
            self._conversation = conversation
            conversation.listen()
            await stop.wait()
            await _finish(runner)
            await conversation.drain()
        finally:
            await conversation.close()
        conversation.raise_failure()

    async def _serve_legacy(self, runner: Runner, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        conversation = LegacyConversation(runner, lambda: _set_soon(loop, stop))
        conversation.ready(sorted(self._handlers))
        self._conversation = conversation
        conversation.listen()
        await stop.wait()
        await _finish(runner)
        conversation.raise_failure()


def _set_soon(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    """Sets the event from any thread; does nothing once the loop has ended."""
    try:
        loop.call_soon_threadsafe(event.set)
    except RuntimeError:
        pass


async def _finish(runner: Runner) -> None:
    await asyncio.get_running_loop().run_in_executor(None, runner.finish)


@contextmanager
def _on_sigterm(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    """Calls ``stop`` on SIGTERM, where the loop can have signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        loop.add_signal_handler(signal.SIGTERM, stop)
    except (NotImplementedError, RuntimeError):
        # A program on Windows cannot handle SIGTERM.
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
