"""What an operation can fail with. Each says what happened, where, and (in ``next``) what to do about it."""

from typing import Mapping, Optional

from .json_types import Json


class HaftError(Exception):
    """The base of every error that this package raises on purpose."""

    def __init__(self, message: str, *, next: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        #: The next step for a person, or None.
        self.next = next

    def __str__(self) -> str:
        return self.message if self.next is None else f"{self.message}\n{self.next}"


class EndpointError(HaftError):
    """The endpoint's name is none, or its path or directory is not safe to use."""


class IpcChannelError(HaftError):
    """An operation on a channel failed; ``kind`` tells the reasons apart, as on the TypeScript side."""

    kind = "io"


class Disconnected(IpcChannelError):
    """The peer closed, vanished, or this side closed the channel."""

    kind = "disconnected"


class TimedOut(IpcChannelError):
    """The time that the caller allowed has passed."""

    kind = "timed-out"


class ShuttingDown(IpcChannelError):
    """The channel is being closed by this side and takes nothing more."""

    kind = "shutting-down"


class SendFailed(IpcChannelError):
    """The message was not accepted: too much is queued already."""

    kind = "send-failed"


class ReceiveFailed(IpcChannelError):
    """The peer sent what the protocol does not allow. The channel is closed."""

    kind = "receive-failed"


class Serialization(IpcChannelError):
    """The message has no JSON text, or one that the peer would refuse (too large, too deep)."""

    kind = "serialization"


class Io(IpcChannelError):
    """The operating system refused: no permission, no descriptor left, a broken connection."""

    kind = "io"


#: The stable names of the errors that a request is answered with, and their numbers.
ERROR_CODES: Mapping[str, int] = {
    "parse_error": -32700,
    "invalid_request": -32600,
    "method_not_found": -32601,
    "invalid_params": -32602,
    "internal_error": -32603,
    "cancelled": -32800,
    "shutting_down": -32000,
    "not_found": -32001,
    "failed": -32002,
    "timed_out": -32003,
    "too_many": -32004,
    "unsupported_protocol": -32005,
}


class RequestError(HaftError):
    """A request was answered with an error. Raised in a handler, it is what the request is answered with.

    :param name: one of :data:`ERROR_CODES`; a name that is not known is taken for ``failed``
    :param data: more for programs, any JSON value
    """

    def __init__(self, name: str, message: str, *, data: Json = None) -> None:
        next = data.get("next") if isinstance(data, dict) else None
        super().__init__(message, next=next if isinstance(next, str) else None)
        self.name = name if name in ERROR_CODES else "failed"
        self.code = ERROR_CODES[self.name]
        self.data = data

    @classmethod
    def from_wire(cls, error: Mapping[str, Json]) -> "RequestError":
        """The error of a response as it came over the wire."""
        name = error.get("name")
        message = error.get("message")
        return cls(
            name if isinstance(name, str) else "failed",
            message if isinstance(message, str) else "The request failed",
            data=error.get("data"),
        )

    def to_wire(self) -> "dict[str, Json]":
        """``{code, name, message, data?}``."""
        error: "dict[str, Json]" = {"code": self.code, "name": self.name, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error
