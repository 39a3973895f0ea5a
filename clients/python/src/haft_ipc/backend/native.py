"""The native conversation: haft's envelope, over the channel that the parent listens on."""

import threading
from typing import Callable, List, Mapping, Optional, cast

from .._parent import CONNECT_TIMEOUT
from ..errors import Disconnected, IpcChannelError, ReceiveFailed, Serialization
from ..json_types import Json, JsonInput
from ..local_socket import LocalSocketChannel
from ..message import IpcMessage
from .conversation import Conversation
from .responses import response, unsayable
from .runner import Outcome, Result, Runner
from .start import log_by_line


class NativeConversation(Conversation):
    """:param channel: the channel's name, or its socket's path"""

    def __init__(
        self, channel: str, env: Mapping[str, str], runner: Runner, stop: Callable[[], None]
    ) -> None:
        self._channel = LocalSocketChannel.connect(channel, timeout=CONNECT_TIMEOUT, retry=True, env=env)
        self._runner = runner
        self._stop = stop
        self._failure: Optional[IpcChannelError] = None

    def ready(self, handlers: List[str]) -> None:
        log_by_line()
        self._channel.send(IpcMessage("ready", data={"handlers": handlers}))

    def listen(self) -> None:
        threading.Thread(target=self._listen, name="haft_ipc backend", daemon=True).start()

    def event(self, event: str, data: JsonInput) -> None:
        self._channel.emit(event, data)

    def close(self) -> None:
        self._channel.close()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _listen(self) -> None:
        try:
            while True:
                self._hear(self._channel.receive())
        except Disconnected:
            pass
        except IpcChannelError as error:
            self._failure = error
        finally:
            self._stop()

    def _hear(self, message: IpcMessage) -> None:
        if message.type == "request":
            self._request(message)
        elif message.type == "ping":
            # Answered by this thread, so that busy workers do not delay it.
            self._say(IpcMessage("pong", id=message.id))
        elif message.type == "event" and message.event == "backend.stop":
            self._stop()
        elif message.type == "response" and message.id is None and message.error is not None:
            raise ReceiveFailed(f"The parent refused what this backend said: {message.error.get('message')}")

    def _request(self, message: IpcMessage) -> None:
        id = message.id
        data = cast(Json, message.data)
        method = message.method or ""
        if method == "cancel" and isinstance(data, dict):
            cancelled = self._runner.cancel(data.get("id"))
            self._answer(message, Result({"cancelled": cancelled}))
            return
        self._runner.call(method, data, lambda outcome: self._answer(message, outcome), id)

    def _answer(self, request: IpcMessage, outcome: Outcome) -> None:
        if request.oneway or request.id is None:
            return
        try:
            self._say(response(request.id, outcome))
        except Serialization as error:
            self._say(unsayable(request.id, outcome, error))

    def _say(self, message: IpcMessage) -> None:
        try:
            self._channel.send(message)
        except Serialization:
            raise
        except IpcChannelError:
            # The parent is gone; the listening thread notices it.
            pass
