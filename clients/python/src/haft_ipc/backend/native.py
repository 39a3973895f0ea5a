"""The native conversation: haft's envelope, over the channel that the parent listens on."""

import sys
import threading
from typing import Dict, List, Mapping, Optional, cast

from ..errors import Disconnected, IpcChannelError, ReceiveFailed, RequestError, Serialization
from ..json_types import Json, JsonInput
from ..local_socket import LocalSocketChannel
from ..message import IpcMessage
from .conversation import Conversation
from .runner import Outcome, Result, Runner
from .stop_signal import StopSignal

#: Seconds in which the parent has to listen; it does before it starts a backend.
_CONNECT_TIMEOUT = 10.0


class NativeConversation(Conversation):
    """:param channel: the channel's name, or its socket's path"""

    def __init__(self, channel: str, env: Mapping[str, str], runner: Runner, stop: StopSignal) -> None:
        is_path = "/" in channel or "\\" in channel
        self._channel = LocalSocketChannel.connect(
            "backend" if is_path else channel,
            path=channel if is_path else None,
            timeout=_CONNECT_TIMEOUT,
            retry=True,
            env=env,
        )
        self._runner = runner
        self._stop = stop
        self._failure: Optional[IpcChannelError] = None

    def start(self, handlers: List[str]) -> None:
        _log_by_line()
        self._channel.send(IpcMessage("ready", data={"handlers": handlers}))
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
            self._stop.set()

    def _hear(self, message: IpcMessage) -> None:
        if message.type == "request":
            self._request(message)
        elif message.type == "ping":
            # From this thread, so that it is answered while every worker is busy.
            self._say(IpcMessage("pong", id=message.id))
        elif message.type == "event" and message.event == "backend.stop":
            self._stop.set()
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
        if isinstance(outcome, Result):
            try:
                self._say(IpcMessage("response", id=request.id, data=outcome.data))
                return
            except Serialization as error:
                outcome = RequestError("failed", f"The result cannot be sent: {error}")
        wire: Dict[str, JsonInput] = {**outcome.to_wire()}
        try:
            self._say(IpcMessage("response", id=request.id, error=wire))
        except Serialization:
            del wire["data"]
            self._say(IpcMessage("response", id=request.id, error=wire))

    def _say(self, message: IpcMessage) -> None:
        try:
            self._channel.send(message)
        except Serialization:
            raise
        except IpcChannelError:
            # The parent is gone, which the listening thread finds out.
            pass


def _log_by_line() -> None:
    """What is printed is a log: a reader at the end of a pipe wants each line when it is written."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)
