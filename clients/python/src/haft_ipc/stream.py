"""The items of a subscription to the daemon's events."""

from dataclasses import dataclass
from typing import Dict, Mapping, NamedTuple, Optional, Union, cast

from .errors import ReceiveFailed
from .json_types import Json, JsonInput
from .message import IpcMessage


class StreamPosition(NamedTuple):
    """A place in the daemon's stream of events, to continue from."""

    #: The id of one run of the daemon.
    epoch: str
    seq: int

    def to_wire(self) -> Dict[str, JsonInput]:
        """``{epoch, seq}``."""
        return {"epoch": self.epoch, "seq": self.seq}


@dataclass(frozen=True)
class Event:
    """An event of the stream; ``time`` is milliseconds since 1970."""

    event: str
    data: Json
    seq: int
    time: float
    subject: Optional[str]


@dataclass(frozen=True)
class Lagged:
    """The reader was too slow and missed the events from ``first`` to ``last``; ``dropped`` of them match its
    subscription. The stream goes on after them."""

    first: int
    last: int
    dropped: int


@dataclass(frozen=True)
class Reset:
    """The daemon was restarted. The stream goes on from ``position``; ask again for what is known."""

    position: StreamPosition


#: The type of a subscription's items.
StreamItem = Union[Event, Lagged, Reset]


@dataclass(frozen=True)
class Ack:
    """The daemon's answer to ``hello``."""

    #: 12 hex digits, given by the daemon, for this connection.
    client_id: str
    #: The daemon's process.
    pid: int
    version: str
    build: str
    #: The protocol version of this connection.
    protocol: int
    #: The end of the event stream at that time.
    position: StreamPosition

    @classmethod
    def from_wire(cls, data: Json) -> "Ack":
        """:raises ReceiveFailed: something is missing"""
        fields = _object(data, "hello")
        return cls(
            client_id=text(fields, "client_id"),
            pid=whole(fields, "pid"),
            version=text(fields, "version"),
            build=text(fields, "build"),
            protocol=whole(fields, "protocol"),
            position=StreamPosition(text(fields, "epoch"), whole(fields, "seq")),
        )


@dataclass(frozen=True)
class Subscribed:
    """The daemon's answer to ``events.subscribe``."""

    position: StreamPosition
    #: The state at that position.
    snapshot: Dict[str, Json]

    @classmethod
    def from_wire(cls, data: Json) -> "Subscribed":
        """:raises ReceiveFailed: something is missing"""
        fields = _object(data, "events.subscribe")
        snapshot = _object(fields.get("snapshot"), "events.subscribe")
        return cls(StreamPosition(text(fields, "epoch"), whole(fields, "seq")), snapshot)


def stream_item(message: IpcMessage) -> StreamItem:
    """The item of an event message. A notice is an event without ``seq``, outside the stream.

    :raises ReceiveFailed: a notice lacks its content
    """
    event = message.event or ""
    # A received message holds parsed JSON.
    data = cast(Json, message.data)
    if message.seq is not None:
        return Event(event, data, int(message.seq), float(message.time or 0), message.subject)
    fields = _object(data, event)
    if event == "lagged":
        return Lagged(whole(fields, "from"), whole(fields, "to"), whole(fields, "dropped"))
    if event == "reset":
        return Reset(StreamPosition(text(fields, "epoch"), whole(fields, "seq")))
    raise ReceiveFailed(f'The daemon sent an event "{event}" that has no "seq" and is not a notice')


def after(item: StreamItem, before: StreamPosition) -> StreamPosition:
    """The position of a reader after ``item``."""
    if isinstance(item, Reset):
        return item.position
    return StreamPosition(before.epoch, item.seq if isinstance(item, Event) else item.last)


def text(fields: Mapping[str, Json], name: str) -> str:
    """:raises ReceiveFailed: the field is not a text"""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise ReceiveFailed(f'The daemon sent no "{name}"', next="Upgrade haft_ipc if the daemon is newer")


def whole(fields: Mapping[str, Json], name: str) -> int:
    """:raises ReceiveFailed: the field is not a number"""
    value = fields.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    raise ReceiveFailed(f'The daemon sent no "{name}"', next="Upgrade haft_ipc if the daemon is newer")


def _object(data: Json, what: str) -> Dict[str, Json]:
    if isinstance(data, dict):
        return data
    raise ReceiveFailed(f'The daemon\'s answer to "{what}" is not an object')
