"""The messages that answer a request."""

from typing import Optional

from ..errors import RequestError
from ..message import IpcMessage
from .runner import Outcome, Result


def response(id: Optional[str], outcome: Outcome) -> IpcMessage:
    """The message for a result or an error."""
    if isinstance(outcome, Result):
        return IpcMessage("response", id=id, data=outcome.data)
    return IpcMessage("response", id=id, error=outcome.to_wire())


def unsayable(id: Optional[str], outcome: Outcome, reason: Exception) -> IpcMessage:
    """The message instead of one that cannot be encoded, or is too long."""
    if isinstance(outcome, Result):
        return response(id, RequestError("failed", f"The result cannot be sent: {reason}"))
    return response(id, RequestError(outcome.name, outcome.message))
