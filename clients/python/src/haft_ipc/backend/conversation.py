"""The interface of a backend's conversation with its parent."""

from abc import ABC, abstractmethod
from typing import List

from ..json_types import JsonInput


class Conversation(ABC):
    """A conversation with one parent, read in one thread."""

    @abstractmethod
    def ready(self, handlers: List[str]) -> None:
        """Says ``ready``."""

    @abstractmethod
    def listen(self) -> None:
        """Starts to hand requests to the runner, until the parent ends the conversation."""

    @abstractmethod
    def event(self, event: str, data: JsonInput) -> None:
        """Sends an event."""

    @abstractmethod
    def close(self) -> None:
        """Ends the conversation when everything is sent."""

    @abstractmethod
    def raise_failure(self) -> None:
        """Raises the error that ended the conversation, if one did."""
