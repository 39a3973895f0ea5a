"""The data of an inbox: unread messages, requests in flight, listeners.

Nothing here waits or locks. The inbox of threads (``_inbox``) and the inbox of asyncio (``aio._inbox``) add
that, each in its own way.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from typing import Callable, Deque, Dict, Generic, List, Optional, Tuple, TypeVar

from .errors import IpcChannelError, RequestError
from .json_types import Json
from .limits import LIMITS
from .metrics import LatencyHistogram

Fields = Dict[str, Json]
#: Messages with the sizes of their texts.
Arrived = List[Tuple[Fields, int]]

#: Seconds between two looks at whether the peer has gone, while its messages stay unread.
HANGUP_INTERVAL = 0.1

log = logging.getLogger("haft_ipc")


class PendingCall(ABC):
    """A request in flight, or several of one caller's."""

    __slots__ = ("begun", "id")

    def __init__(self, id: str) -> None:
        self.id = id
        self.begun = time.monotonic()

    @abstractmethod
    def answer(self, id: str, fields: Fields) -> None:
        """Takes the response to the request of this id, which comes once."""

    @abstractmethod
    def progress(self, fields: Fields) -> None:
        """Takes an event that has the request's id."""


_Call = TypeVar("_Call", bound=PendingCall)
_Listener = TypeVar("_Listener")


def response_data(fields: Fields) -> Json:
    """The data of a response.

    :raises RequestError: it is an error
    """
    if "error" in fields:
        error = fields["error"]
        if isinstance(error, dict):
            raise RequestError.from_wire(error)
    return fields.get("data")


class Mailbox(Generic[_Call, _Listener]):
    """:param name: of the channel, for messages to people"""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls: Dict[str, _Call] = {}
        self.listeners: List[_Listener] = []
        #: Takes messages that answer no request; without it they wait to be received.
        self.unclaimed: Optional[Callable[[Fields], None]] = None
        #: Why nothing comes any more.
        self.end: Optional[IpcChannelError] = None
        self.peak = 0
        self.latency = LatencyHistogram()
        self._messages: Deque[Tuple[Fields, int]] = deque()
        self._bytes = 0
        #: Ids of requests whose callers gave up: a late answer is dropped.
        self._abandoned: Deque[str] = deque(maxlen=1024)
        self._next_id = 0

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def is_full(self) -> bool:
        """Whether so much is unread that reading on has to wait."""
        return len(self._messages) >= LIMITS.unread_messages or self._bytes >= LIMITS.unread_bytes

    def next_ids(self, count: int) -> List[str]:
        """Ids for new requests."""
        first = self._next_id + 1
        self._next_id += count
        return [*map(str, range(first, first + count))]

    def give_up(self, *ids: str) -> None:
        """Drops the answers of requests when they still come."""
        for id in ids:
            if self.calls.pop(id, None) is not None:
                self._abandoned.append(id)

    def deliver(self, arrived: Arrived) -> None:
        """Answers requests, and keeps everything else for :meth:`pop`."""
        calls = self.calls
        # All of them came with one read.
        now = time.monotonic()
        begun: Dict[float, int] = {}
        for fields, size in arrived:
            id = fields.get("id")
            kind = fields["type"]
            call = calls.get(id) if isinstance(id, str) else None
            if call is not None and kind == "response":
                del calls[id]
                if "error" not in fields:
                    begun[call.begun] = begun.get(call.begun, 0) + 1
                call.answer(id, fields)
            elif call is not None and kind == "event":
                call.progress(fields)
            elif kind == "response" and id is None and "error" in fields and calls:
                # An error without an id is about the connection, so it fails every request in flight.
                failed = [*calls.items()]
                calls.clear()
                for one, its_call in failed:
                    its_call.answer(one, fields)
            elif self.unclaimed is not None:
                self.unclaimed(fields)
            elif not (kind in ("response", "event") and id in self._abandoned):
                self._messages.append((fields, size))
                self._bytes += size
        for time_begun, count in begun.items():
            self.latency.record(now - time_begun, count)
        if len(self._messages) > self.peak:
            self.peak = len(self._messages)

    def pop(self) -> Optional[Fields]:
        """The oldest unread message."""
        if not self._messages:
            return None
        fields, size = self._messages.popleft()
        self._bytes -= size
        return fields

    def put_back(self, fields: Fields) -> None:
        """Undoes :meth:`pop`."""
        self._messages.appendleft((fields, 0))

    def finish(self, reason: IpcChannelError) -> None:
        """Ends the mailbox; unread messages stay. The first reason counts."""
        if self.end is None:
            self.end = reason

    def no_answer(self, method: str) -> str:
        """Why a request has no answer, for a message to a person."""
        if self.is_full:
            return f'{len(self)} messages are unread, so the answer to "{method}" could not be read'
        return f'No answer to "{method}"'
