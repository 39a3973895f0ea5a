"""What a subscription to the daemon's events gives."""

from dataclasses import dataclass
from typing import Dict, Mapping, NamedTuple, Optional, Union, cast

from .errors import ReceiveFailed
from .json_types import Json, JsonInput
from .message import IpcMessage


class StreamPosition(NamedTuple):
    """A place in the daemon's stream of events, to go on from later."""

    #: Names one life of the daemon.
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
    """This reader was too slow: the events from ``first`` to ``last`` are lost to it, ``dropped`` of those that it
    asked for. The stream goes on after them."""

    first: int
    last: int
    dropped: int


@dataclass(frozen=True)
class Reset:
    """The daemon is another one than before: the stream goes on from ``position``, and what was known is to be asked
    for again."""

    position: StreamPosition


#: What iterating a subscription gives.
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
    #: Where the event stream stood.
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
    #: The state from which the stream goes on.
    snapshot: Dict[str, Json]

    @classmethod
    def from_wire(cls, data: Json) -> "Subscribed":
        """:raises ReceiveFailed: something is missing"""
        fields = _object(data, "events.subscribe")
        snapshot = _object(fields.get("snapshot"), "events.subscribe")
        return cls(StreamPosition(text(fields, "epoch"), whole(fields, "seq")), snapshot)


def stream_item(message: IpcMessage) -> StreamItem:
    """A notice stands outside the stream: it is an event without a number.

    :raises ReceiveFailed: a notice without its content
    """
    event = message.event or ""
    # What has been received came out of a frame.
    data = cast(Json, message.data)
    if message.seq is not None:
        return Event(event, data, int(message.seq), float(message.time or 0), message.subject)
    fields = _object(data, event)
    if event == "lagged":
        return Lagged(whole(fields, "from"), whole(fields, "to"), whole(fields, "dropped"))
    if event == "reset":
        return Reset(StreamPosition(text(fields, "epoch"), whole(fields, "seq")))
    raise ReceiveFailed(f'The daemon sent an event "{event}" that is neither of the stream nor a notice')


def after(item: StreamItem, before: StreamPosition) -> StreamPosition:
    """Where a reader stands that has seen ``item``."""
    if isinstance(item, Reset):
        return item.position
    return StreamPosition(before.epoch, item.seq if isinstance(item, Event) else item.last)


def text(fields: Mapping[str, Json], name: str) -> str:
    """:raises ReceiveFailed: the field is no text"""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise ReceiveFailed(f'The daemon sent no "{name}"', next="Is the daemon a newer one? Upgrade haft_ipc")


def whole(fields: Mapping[str, Json], name: str) -> int:
    """:raises ReceiveFailed: the field is no number"""
    value = fields.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    raise ReceiveFailed(f'The daemon sent no "{name}"', next="Is the daemon a newer one? Upgrade haft_ipc")


def _object(data: Json, what: str) -> Dict[str, Json]:
    if isinstance(data, dict):
        return data
    raise ReceiveFailed(f'The daemon\'s answer to "{what}" is no object')
