"""Errors. Each says what happened, where, and (in ``next``) what to do about it."""

from typing import Mapping, Optional

from .json_types import Json


class HaftError(Exception):
    """The base of every error of this package."""

    def __init__(self, message: str, *, next: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        #: The next step for a person, or None.
        self.next = next

    def __str__(self) -> str:
        return self.message if self.next is None else f"{self.message}\n{self.next}"


class EndpointError(HaftError):
    """The endpoint's name is invalid, or its path or directory is not safe to use."""


class IpcChannelError(HaftError):
    """An operation on a channel failed. ``kind`` is the reason, as on the TypeScript side."""

    kind = "io"


class Disconnected(IpcChannelError):
    """The peer closed, vanished, or this side closed the channel."""

    kind = "disconnected"


class TimedOut(IpcChannelError):
    """The caller's time-out has passed."""

    kind = "timed-out"


class ShuttingDown(IpcChannelError):
    """This side is closing the channel, so it takes no more messages."""

    kind = "shutting-down"


class SendFailed(IpcChannelError):
    """The message was not accepted, because too much is queued."""

    kind = "send-failed"


class ReceiveFailed(IpcChannelError):
    """The peer broke the protocol. The channel is closed."""

    kind = "receive-failed"


class Serialization(IpcChannelError):
    """The message cannot be JSON, or the peer would refuse it (too large, too deep)."""

    kind = "serialization"


class Io(IpcChannelError):
    """The operating system refused: no permission, no descriptor left, a broken connection."""

    kind = "io"


#: The stable names of a response's errors, and their numbers.
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
    """The response to a request was an error. A handler raises it to answer with that error.

    :param name: one of :data:`ERROR_CODES`; an unknown name becomes ``failed``
    :param data: details for programs, any JSON value
    """

    def __init__(self, name: str, message: str, *, data: Json = None) -> None:
        next = data.get("next") if isinstance(data, dict) else None
        super().__init__(message, next=next if isinstance(next, str) else None)
        self.name = name if name in ERROR_CODES else "failed"
        self.code = ERROR_CODES[self.name]
        self.data = data

    @classmethod
    def from_wire(cls, error: Mapping[str, Json]) -> "RequestError":
        """The error of a response on the wire."""
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
