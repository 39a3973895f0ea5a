"""What a backend says and hears, whatever words the wire has for it."""

from abc import ABC, abstractmethod
from typing import List

from ..json_types import JsonInput


class Conversation(ABC):
    """With one parent. :meth:`start` says that the backend is ready and reads in a thread of its own."""

    @abstractmethod
    def start(self, handlers: List[str]) -> None:
        """Says ``ready``, then hands requests to the runner until the parent ends it."""

    @abstractmethod
    def event(self, event: str, data: JsonInput) -> None:
        """Sends an event."""

    @abstractmethod
    def close(self) -> None:
        """Ends the conversation when everything is said."""

    @abstractmethod
    def raise_failure(self) -> None:
        """Raises what ended the conversation out of order, if anything did."""
