"""The message of every channel; each frame has one."""

from dataclasses import dataclass
from enum import Enum
from typing import Dict, Mapping, Optional, Union, cast

from ._frame_error import FrameError
from ._json_text import decode_json, encode_json
from .json_types import Json, JsonInput


class IpcMessageType(str, Enum):
    """The values of a message's ``type``; each equals its text."""

    REQUEST = "request"
    RESPONSE = "response"
    PART = "part"
    EVENT = "event"
    PING = "ping"
    PONG = "pong"
    DATA = "data"
    READY = "ready"

    def __str__(self) -> str:
        return str(self.value)


MESSAGE_TYPES = frozenset(kind.value for kind in IpcMessageType)
_STRINGS = ("id", "method", "event", "subject")
_NUMBERS = ("seq", "time", "index", "parts")
#: Every field, in the order of the wire.
_FIELDS = ("type", "id", "method", "event", "data", "error", "oneway", "seq", "time", "subject")


@dataclass
class IpcMessage:
    """One message. ``type`` decides which of the other fields count; None means that a field is absent.

    ``error`` is ``{code, name?, message, data?}``. Events of the daemon's stream have ``seq``, ``time``
    (milliseconds since 1970) and ``subject``. A request with ``oneway`` gets no response.
    """

    type: str
    data: JsonInput = None
    id: Optional[str] = None
    method: Optional[str] = None
    event: Optional[str] = None
    error: Optional[Mapping[str, JsonInput]] = None
    oneway: Optional[bool] = None
    seq: Union[int, float, None] = None
    time: Union[int, float, None] = None
    subject: Optional[str] = None
    #: Bytes beside the JSON, on a shared memory channel.
    payload: Optional[bytes] = None

    def to_dict(self) -> Dict[str, JsonInput]:
        """A dict with ``type``, ``data`` (``{}`` when absent) and the other fields that are set."""
        return {**self.to_wire(), "type": str(self.type), "data": {} if self.data is None else self.data}

    def to_json(self) -> str:
        """The JSON text of :meth:`to_dict`.

        :raises ValueError: or TypeError: the data is not JSON
        """
        return encode_json(self.to_dict()).decode()

    @classmethod
    def from_dict(cls, value: Mapping[str, JsonInput]) -> "IpcMessage":
        """The message of a dict: ``type`` defaults to ``data``, ``data`` to ``{}``, and unknown keys are
        dropped.

        :raises ValueError: a field has the wrong type
        """
        given: Dict[str, JsonInput] = {"type": IpcMessageType.DATA.value, "data": {}, **value}
        fields = {name: given[name] for name in _FIELDS if given.get(name) is not None}
        try:
            return message_of(check_message(cast(Json, fields)))
        except FrameError as error:
            raise ValueError(f"Not a message: {value!r}") from error

    @classmethod
    def from_json(cls, text: Union[str, bytes]) -> "IpcMessage":
        """The message of a JSON text; see :meth:`from_dict`.

        :raises ValueError: it is not JSON, or not a message
        """
        try:
            value = decode_json(text.encode() if isinstance(text, str) else text)
        except FrameError as error:
            raise ValueError(str(error)) from error
        if not isinstance(value, dict):
            raise ValueError(f"Not a message: {text!r}")
        return cls.from_dict(value)

    def to_wire(self) -> Dict[str, JsonInput]:
        """The object that is sent: absent fields are left out."""
        fields = self.__dict__
        return {name: fields[name] for name in _FIELDS if fields[name] is not None}

    @classmethod
    def from_wire(cls, value: Json) -> "IpcMessage":
        """Checks a frame's value and drops unknown fields.

        :raises FrameError: ``not-a-message``
        """
        return message_of(check_message(value))


#: What a channel sends: a message, or a dict with its fields.
Sendable = Union[IpcMessage, Mapping[str, JsonInput]]


def wire_fields(message: Sendable) -> Dict[str, JsonInput]:
    """The object that is sent.

    :raises ValueError: a dict that is not a message
    """
    return (message if isinstance(message, IpcMessage) else IpcMessage.from_dict(message)).to_wire()


#: Every attribute of a message in which only the type is set.
_ABSENT: Dict[str, object] = {**dict.fromkeys(_FIELDS), "payload": None}
_KNOWN = frozenset(_FIELDS)


class FieldsWithPayload(Dict[str, Json]):
    """The object of a message whose bytes came beside it; parsed JSON is never of this type."""

    def __init__(self, fields: Mapping[str, Json], payload: bytes) -> None:
        super().__init__(fields)
        self.payload = payload


def message_of(fields: Mapping[str, Json]) -> IpcMessage:
    """The message of an object that :func:`check_message` has accepted."""
    message = IpcMessage.__new__(IpcMessage)
    if fields.keys() <= _KNOWN:
        message.__dict__ = {**_ABSENT, **fields}
    else:
        message.__dict__ = {**_ABSENT, **{name: fields[name] for name in _FIELDS if name in fields}}
    if type(fields) is FieldsWithPayload:
        message.payload = fields.payload
    return message


def check_message(value: Json) -> Dict[str, Json]:
    """Gives the value itself when it is a message.

    :raises FrameError: ``not-a-message``
    """
    if not isinstance(value, dict) or not (_is_answer(value) or _is_message(value)):
        raise FrameError("not-a-message", "Frame is not a message")
    return value


def _is_answer(fields: Dict[str, Json]) -> bool:
    """Whether it is a plain response; faster than :func:`_is_message`."""
    return (
        len(fields) == 3
        and "data" in fields
        and fields.get("type") == "response"
        and type(fields.get("id")) is str
    )


def _is_message(fields: Dict[str, Json]) -> bool:
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in MESSAGE_TYPES:
        return False
    for name in _STRINGS:
        if name in fields and not isinstance(fields[name], str):
            return False
    for name in _NUMBERS:
        if name in fields and not _is_number(fields[name]):
            return False
    if "oneway" in fields and not isinstance(fields["oneway"], bool):
        return False
    return "error" not in fields or _is_error(fields["error"])


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_error(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    name = value.get("name", "")
    return _is_number(value.get("code")) and isinstance(name, str) and isinstance(value.get("message"), str)
