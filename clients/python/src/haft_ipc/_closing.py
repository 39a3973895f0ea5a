"""``with`` and ``async with`` for everything that has a ``close``."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Optional, Type, TypeVar

_Self = TypeVar("_Self", bound="Closing")
_AsyncSelf = TypeVar("_AsyncSelf", bound="AsyncClosing")


class Closing(ABC):
    """Closes at the end of a ``with`` block."""

    @abstractmethod
    def close(self) -> None:
        """Frees what this holds. Closing twice does nothing."""

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


class AsyncClosing(ABC):
    """Closes at the end of an ``async with`` block."""

    @abstractmethod
    async def close(self) -> None:
        """Frees what this holds. Closing twice does nothing."""

    async def __aenter__(self: _AsyncSelf) -> _AsyncSelf:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()
