"""The seam between systems: a connected stream of bytes, and a listener that makes them."""

from abc import ABC, abstractmethod
from typing import Optional, Tuple

from ._frame_decoder import FrameDecoder


class Transport(ABC):
    """A connection. One thread may read while another writes. Times are in seconds; None waits for ever."""

    @abstractmethod
    def read_into(self, space: memoryview, timeout: Optional[float]) -> int:
        """How many bytes came; 0 when the connection has ended.

        :raises TimeoutError: nothing came
        :raises OSError: the connection broke
        """

    @abstractmethod
    def write_now(self, data: bytes) -> int:
        """How many bytes the system took without waiting; may be 0.

        :raises OSError: the connection broke
        """

    @abstractmethod
    def write(self, data: memoryview, timeout: Optional[float]) -> int:
        """How many bytes the system took; at least one.

        :raises TimeoutError: it took 0
        :raises OSError: the connection broke
        """

    def hung_up(self) -> bool:
        """Whether the peer is certainly gone, so that only bytes that the system holds can still come. Called
        by one thread at a time, while others read and write."""
        return False

    @abstractmethod
    def shut_down(self) -> None:
        """Ends both directions and wakes the threads that read or write."""

    @abstractmethod
    def close(self) -> None:
        """Frees the descriptor. No thread may be reading or writing."""


class Listener(ABC):
    """Accepts connections of this user at one path."""

    @abstractmethod
    def accept(self, timeout: Optional[float]) -> Tuple[Transport, FrameDecoder]:
        """The next connection that has sent enough to tell its framing, and the decoder that has those bytes.

        :raises TimeoutError: none came
        :raises OSError: ``errno`` is EBADF after :meth:`close`
        """

    @abstractmethod
    def close(self) -> None:
        """Stops listening, removes the socket and makes a waiting accept fail."""
