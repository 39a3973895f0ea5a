"""What a request is answered with, in haft's envelope."""

from typing import Optional

from ..errors import RequestError
from ..message import IpcMessage
from .runner import Outcome, Result


def response(id: Optional[str], outcome: Outcome) -> IpcMessage:
    """The message that says how a request ended."""
    if isinstance(outcome, Result):
        return IpcMessage("response", id=id, data=outcome.data)
    return IpcMessage("response", id=id, error=outcome.to_wire())


def unsayable(id: Optional[str], outcome: Outcome, reason: Exception) -> IpcMessage:
    """The message instead of one that has no JSON text, or too long a one."""
    if isinstance(outcome, Result):
        return response(id, RequestError("failed", f"The result cannot be sent: {reason}"))
    return response(id, RequestError(outcome.name, outcome.message))
