"""The legacy conversation: lines of JSON on stdin and stdout.

    → {"id", "method", "params"}
    ← {"id", "ok": true, "result"}
    ← {"id", "ok": false, "error": {"name", "message"}}
    ← {"type": "ready", "handlers"}
    ← {"type": "event", "event", "data"}

The method ``__ping__`` is answered at once. What the program, its children and its libraries write to
descriptor 1 goes to stderr.
"""

import os
import sys
import threading
from typing import Callable, Dict, List, Mapping, Optional

from .._frame_decoder import FrameDecoder
from .._frame_error import FrameError
from .._json_text import decode_json, encode_json
from ..errors import Disconnected, IpcChannelError, ReceiveFailed, RequestError, Serialization
from ..json_types import Json, JsonInput
from .conversation import Conversation
from .runner import Outcome, Result, Runner


class LegacyConversation(Conversation):
    def __init__(self, runner: Runner, stop: Callable[[], None]) -> None:
        self._runner = runner
        self._stop = stop
        self._failure: Optional[IpcChannelError] = None
        self._lock = threading.Lock()
        sys.stdout.flush()
        self._out = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def ready(self, handlers: List[str]) -> None:
        self._say({"type": "ready", "handlers": handlers})

    def listen(self) -> None:
        threading.Thread(target=self._listen, name="haft_ipc backend", daemon=True).start()

    def event(self, event: str, data: JsonInput) -> None:
        self._say({"type": "event", "event": event, "data": data})

    def close(self) -> None:
        """Leaves stdin open: the listening thread may be reading it, and ends with the program."""

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _listen(self) -> None:
        decoder = FrameDecoder(framing="lines")
        try:
            while True:
                chunk = os.read(0, 65536)
                if not chunk:
                    return
                lines: List[bytes] = []
                decoder.feed(chunk, lines)
                for line in lines:
                    self._hear(line)
        except FrameError as error:
            self._failure = ReceiveFailed(f"The parent broke the protocol: {error}")
        except IpcChannelError as error:
            self._failure = error
        finally:
            self._stop()

    def _hear(self, line: bytes) -> None:
        request = decode_json(line)
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            raise FrameError("not-a-message", 'A request is an object with "id" and "method"')
        method = str(request["method"])
        id = request.get("id")
        if method == "__ping__":
            self._answer(id, Result("pong"))
        else:
            self._runner.call(method, request.get("params"), lambda outcome: self._answer(id, outcome))

    def _answer(self, id: Json, outcome: Outcome) -> None:
        try:
            if isinstance(outcome, Result):
                try:
                    self._say({"id": id, "ok": True, "result": outcome.data})
                    return
                except Serialization as error:
                    outcome = RequestError("failed", f"The result cannot be sent: {error}")
            error_body: Dict[str, JsonInput] = {"name": outcome.name, "message": outcome.message}
            self._say({"id": id, "ok": False, "error": error_body})
        except Disconnected:
            # The listening thread notices it.
            pass

    def _say(self, body: Mapping[str, JsonInput]) -> None:
        try:
            line = encode_json(body) + b"\n"
        except (FrameError, ValueError, TypeError, RecursionError) as error:
            raise Serialization(f"Cannot send: {error}") from error
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._out, line) :]
            except OSError as error:
                raise Disconnected(f"The parent does not read stdout any more: {error.strerror}") from error
