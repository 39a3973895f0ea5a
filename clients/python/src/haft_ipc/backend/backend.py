"""The registry of handlers, and the life of a backend."""

import os
import sys
from typing import Callable, Dict, Mapping, Optional, TypeVar, Union, overload

from ..errors import HaftError, ShuttingDown
from ..json_types import JsonInput
from .conversation import Conversation
from .legacy import LegacyConversation
from .native import NativeConversation
from .runner import Handler, Runner
from .stop_signal import StopSignal

_F = TypeVar("_F", bound=Handler)


class Backend:
    """:param workers: threads in which plain handlers run; ``async`` ones share one event loop in one more thread"""

    def __init__(self, *, workers: int = 8) -> None:
        self._workers = workers
        self._handlers: Dict[str, Handler] = {}
        self._conversation: Optional[Conversation] = None

    @overload
    def handler(self, name: str) -> Callable[[_F], _F]: ...

    @overload
    def handler(self, name: _F) -> _F: ...

    def handler(self, name: Union[str, _F]) -> Union[Callable[[_F], _F], _F]:
        """Registers a function, plain or ``async``, under its own name or the one given. It is called with the
        request's ``data`` and its result is the response's. An exception is answered as the error ``failed``; a
        :class:`haft_ipc.RequestError` as what it says.

        :raises ValueError: the name is taken
        """
        if isinstance(name, str):
            given = name

            def register(function: _F) -> _F:
                self._register(given, function)
                return function

            return register
        self._register(getattr(name, "__name__", ""), name)
        return name

    def emit(self, event: str, data: JsonInput = None) -> None:
        """Sends an event to the parent; any thread may.

        :raises ShuttingDown: the backend does not run
        :raises Disconnected: the parent is gone
        """
        if self._conversation is None:
            raise ShuttingDown(f'Cannot send the event "{event}": the backend does not run', next="Call run() first")
        self._conversation.event(event, data)

    def run(self, env: Optional[Mapping[str, str]] = None) -> None:
        """Serves until the parent says stop, ends the channel, or SIGTERM comes; then what is in flight finishes, and
        this returns, so that the program can end with 0.

        :param env: instead of ``os.environ``
        :raises HaftError: the program was started without a channel
        :raises IpcChannelError: the channel cannot be reached, or the parent broke the protocol
        """
        runner = Runner(self._handlers, self._workers)
        with StopSignal() as stop:
            conversation = _conversation(os.environ if env is None else env, runner, stop)
            try:
                conversation.start(sorted(self._handlers))
                self._conversation = conversation
                stop.wait()
                runner.finish()
            finally:
                self._conversation = None
                conversation.close()
            conversation.raise_failure()

    def _register(self, name: str, function: Handler) -> None:
        if name in self._handlers:
            raise ValueError(f'Two handlers are called "{name}"')
        self._handlers[name] = function


def _conversation(env: Mapping[str, str], runner: Runner, stop: StopSignal) -> Conversation:
    channel = env.get("HAFT_IPC_CHANNEL", "")
    mode = env.get("HAFT_IPC_MODE") or "channel"
    if mode == "legacy":
        return LegacyConversation(runner, stop)
    if mode != "channel":
        raise HaftError(f'HAFT_IPC_MODE is "{mode}"', next='It takes "channel" or "legacy"')
    if channel == "":
        raise HaftError(
            f"{sys.argv[0]} is a backend, and HAFT_IPC_CHANNEL does not say where its parent listens",
            next="Let haft start it, or set HAFT_IPC_MODE=legacy to talk to it over stdin and stdout",
        )
    return NativeConversation(channel, env, runner, stop)
