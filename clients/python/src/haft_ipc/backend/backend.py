"""The life of a backend."""

import os
from typing import Mapping, Optional

from ..errors import ShuttingDown
from ..json_types import JsonInput
from .conversation import Conversation
from .legacy import LegacyConversation
from .native import NativeConversation
from .registry import HandlerRegistry
from .runner import Runner
from .start import required_channel
from .stop_signal import StopSignal


class Backend(HandlerRegistry):
    """:param workers: threads for plain handlers; ``async`` handlers share one event loop in one more
    thread"""

    def __init__(self, *, workers: int = 8) -> None:
        super().__init__()
        self._workers = workers
        self._conversation: Optional[Conversation] = None

    def emit(self, event: str, data: JsonInput = None) -> None:
        """Sends an event to the parent; any thread may.

        :raises ShuttingDown: the backend does not run
        :raises Disconnected: the parent is gone
        """
        if self._conversation is None:
            raise ShuttingDown(
                f'Cannot send the event "{event}": the backend does not run', next="Call run() first"
            )
        self._conversation.event(event, data)

    def run(self, env: Optional[Mapping[str, str]] = None) -> None:
        """Serves until the parent says stop, the channel ends, or SIGTERM comes. Then requests in flight
        finish and this returns, so that the program can end with 0.

        :param env: instead of ``os.environ``
        :raises HaftError: the program was started without a channel
        :raises IpcChannelError: the channel cannot be reached, or the parent broke the protocol
        """
        runner = Runner(self._handlers, self._workers)
        with StopSignal() as stop:
            conversation = _conversation(os.environ if env is None else env, runner, stop)
            try:
                conversation.ready(sorted(self._handlers))
                # Before the first request: its handler may emit at once.
                self._conversation = conversation
                conversation.listen()
                stop.wait()
                runner.finish()
            finally:
                self._conversation = None
                conversation.close()
            conversation.raise_failure()


def _conversation(env: Mapping[str, str], runner: Runner, stop: StopSignal) -> Conversation:
    channel = required_channel(env)
    if channel is None:
        return LegacyConversation(runner, stop.set)
    return NativeConversation(channel, env, runner, stop.set)
