"""The message of every channel; each frame has one."""

from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Union

from ._frame_error import FrameError
from .json_types import Json, JsonInput

#: The values of a message's ``type``.
MESSAGE_TYPES = frozenset(("request", "response", "event", "ping", "pong", "data", "ready"))
_STRINGS = ("id", "method", "event", "subject")
_NUMBERS = ("seq", "time")
#: Every field, in the order of the wire.
_FIELDS = ("type", "id", "method", "event", "data", "error", "oneway", "seq", "time", "subject")


@dataclass
class IpcMessage:
    """One message. ``type`` decides which of the other fields count; None means that a field is absent.

    ``error`` is ``{code, name?, message, data?}``. Events of the daemon's stream have ``seq``, ``time``
    (milliseconds since 1970) and ``subject``. A request with ``oneway`` gets no response.
    """

    type: str
    id: Optional[str] = None
    method: Optional[str] = None
    event: Optional[str] = None
    data: JsonInput = None
    error: Optional[Mapping[str, JsonInput]] = None
    oneway: Optional[bool] = None
    seq: Union[int, float, None] = None
    time: Union[int, float, None] = None
    subject: Optional[str] = None

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


def message_of(fields: Mapping[str, Json]) -> IpcMessage:
    """The message of an object that :func:`check_message` has accepted."""
    message = IpcMessage.__new__(IpcMessage)
    get = fields.get
    message.__dict__.update({name: get(name) for name in _FIELDS})
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
