"""The seam between systems: a connected stream of bytes, and a listener that makes them."""

from abc import ABC, abstractmethod
from typing import Optional, Tuple

from ._frame_decoder import FrameDecoder


class Transport(ABC):
    """A connection. One thread may read while another writes; times are seconds, None waits without end."""

    @abstractmethod
    def read_into(self, space: memoryview, timeout: Optional[float]) -> int:
        """How many bytes came; 0 when the connection has ended.

        :raises TimeoutError: nothing came
        :raises OSError: the connection broke
        """

    @abstractmethod
    def write_now(self, data: bytes) -> int:
        """How many bytes the system took without waiting; 0 when none.

        :raises OSError: the connection broke
        """

    @abstractmethod
    def write(self, data: memoryview, timeout: Optional[float]) -> int:
        """How many bytes the system took; at least one.

        :raises TimeoutError: it took none
        :raises OSError: the connection broke
        """

    def hung_up(self) -> bool:
        """Whether the peer has gone for certain, so that nothing comes after what the system holds already. Called by
        one thread at a time, while others read and write."""
        return False

    @abstractmethod
    def shut_down(self) -> None:
        """Ends both directions; a thread that reads or writes wakes up."""

    @abstractmethod
    def close(self) -> None:
        """Frees the descriptor. Nobody may be reading or writing."""


class Listener(ABC):
    """Accepts connections of this user at one path."""

    @abstractmethod
    def accept(self, timeout: Optional[float]) -> Tuple[Transport, FrameDecoder]:
        """The next connection that has said which framing it speaks, and the decoder that has seen its first bytes.

        :raises TimeoutError: none came
        :raises OSError: ``errno`` is EBADF after :meth:`close`
        """

    @abstractmethod
    def close(self) -> None:
        """Stops listening and removes the socket; an accept that waits fails."""
