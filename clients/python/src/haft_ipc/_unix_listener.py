"""Unix sockets with one owner.

A listener binds at a private name in the directory, then is linked to its path: it appears there listening
and with mode 0600. When the link fails because something is there, a stale socket is replaced under the
directory's lock. Closing removes the path only while it is still this listener's inode. The TypeScript side
does the same.
"""

import errno
import fcntl
import os
import secrets
import select
import socket
import sys
import threading
import time
from typing import Dict, List, Optional, Tuple

assert sys.platform != "win32"

from ._frame_decoder import FrameDecoder
from ._framing import LENGTH_BYTES
from ._runtime_directory import is_shared, open_runtime_directory, refuse_foreign_socket
from ._transport import Listener
from ._unix_transport import UnixTransport, peer_uid
from .errors import EndpointError
from .limits import LIMITS


class _Unready:
    """A connection whose framing is not known yet."""

    def __init__(self, connection: socket.socket, max_frame_bytes: int) -> None:
        self.socket = connection
        self.decoder = FrameDecoder(max_frame_bytes)


class UnixListener(Listener):
    def __init__(self, path: str, max_frame_bytes: int) -> None:
        self._path = path
        self._max_frame_bytes = max_frame_bytes
        self._unready: Dict[int, _Unready] = {}
        self._listening = True
        #: Held while descriptors are handled, not while waiting for them.
        self._lock = threading.Lock()
        # Wakes waiting accepts when the listener closes. The last of them frees the end that they wait for.
        self._waker, self._wakes = socket.socketpair()
        self._accepting = 0
        try:
            self._socket, self._own = listen_unix(path)
        except BaseException:
            self._waker.close()
            self._wakes.close()
            raise
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._poll.register(self._wakes, select.POLLIN)

    def accept(self, timeout: Optional[float]) -> Tuple[UnixTransport, FrameDecoder]:
        with self._lock:
            self._accepting += 1
        try:
            return self._accept(None if timeout is None else time.monotonic() + timeout)
        finally:
            with self._lock:
                self._accepting -= 1
                self._free_wakes()

    def _accept(self, deadline: Optional[float]) -> Tuple[UnixTransport, FrameDecoder]:
        while self._listening:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0) * 1000
            events = self._poll.poll(left)
            if not events:
                raise TimeoutError("no connection")
            with self._lock:
                ready = self._look_at([descriptor for descriptor, _ in events])
            if ready is not None:
                return ready
        raise OSError(errno.EBADF, "the listener is closed")

    def close(self) -> None:
        if not self._listening:
            return
        self._listening = False
        unlink_if_same(self._path, self._own)
        self._waker.send(b"x")
        with self._lock:
            for unready in self._unready.values():
                unready.socket.close()
            self._unready.clear()
            self._socket.close()
            self._waker.close()
            self._free_wakes()

    def _free_wakes(self) -> None:
        if not self._listening and self._accepting == 0:
            self._wakes.close()

    def _look_at(self, descriptors: List[int]) -> Optional[Tuple[UnixTransport, FrameDecoder]]:
        for descriptor in descriptors:
            if not self._listening:
                return None
            if descriptor in self._unready:
                ready = self._hear(descriptor)
                if ready is not None:
                    return ready
            elif descriptor == self._socket.fileno():
                self._take()
        return None

    def _take(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        if len(self._unready) >= LIMITS.unauthenticated_connections or peer_uid(connection) not in (
            None,
            os.getuid(),
        ):
            connection.close()
            return
        connection.setblocking(False)
        self._unready[connection.fileno()] = _Unready(connection, self._max_frame_bytes)
        self._poll.register(connection, select.POLLIN)

    def _hear(self, descriptor: int) -> Optional[Tuple[UnixTransport, FrameDecoder]]:
        """Reads just enough to detect the framing; the rest is for the accepted channel."""
        unready = self._unready[descriptor]
        decoder = unready.decoder
        space = decoder.space()
        try:
            count = unready.socket.recv_into(space[: LENGTH_BYTES - decoder.held])
        except BlockingIOError:
            return None
        except OSError:
            count = 0
        decoder.hold(count)
        if count > 0 and decoder.framing is None:
            return None
        self._forget(descriptor)
        if count > 0:
            return UnixTransport(unready.socket), decoder
        unready.socket.close()
        return None

    def _forget(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        del self._unready[descriptor]


def listen_unix(path: str) -> Tuple[socket.socket, os.stat_result]:
    """The non-blocking socket, and the status of its path for :func:`unlink_if_same`."""
    directory = os.path.dirname(path) or "."
    open_runtime_directory(directory, create=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound = _bind_privately(listener, directory)
    try:
        # The directory is private, so the socket's mode matters only once it is at its path.
        os.chmod(bound, 0o600)
        listener.listen(128)
        listener.setblocking(False)
        own = os.lstat(bound)
        if not _place_by_link(bound, path):
            _place_under_lock(bound, path)
        return listener, own
    except BaseException:
        listener.close()
        try:
            os.unlink(bound)
        except FileNotFoundError:
            pass
        raise


def _bind_privately(listener: socket.socket, directory: str) -> str:
    while True:
        # As short as the shortest `<name>.sock`, so that it fits where the final path does.
        bound = os.path.join(directory, "." + secrets.token_hex(3)[:5])
        try:
            listener.bind(bound)
            return bound
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


def _place_by_link(bound: str, path: str) -> bool:
    try:
        os.link(bound, path)
    except OSError:
        return False
    os.unlink(bound)
    return True


def _place_under_lock(bound: str, path: str) -> None:
    """The lock keeps two listeners that find the same stale socket from replacing each other."""
    lock = os.open(
        _lock_file(path),
        os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC,
        0o600,
    )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.lexists(path):
            refuse_foreign_socket(path)
            if _is_live(path):
                raise EndpointError(
                    f'Socket "{path}" is in use by another process',
                    next="Stop that process, or choose another name",
                )
        os.rename(bound, path)
    finally:
        os.close(lock)


def _lock_file(path: str) -> str:
    directory = os.path.dirname(path) or "."
    # In a directory such as /tmp, another user may have made the lock of the whole directory.
    return f"{path}.lock" if is_shared(os.stat(directory)) else os.path.join(directory, ".lock")


def _is_live(path: str) -> bool:
    """Only a refused connection proves that the owner is gone: a full backlog fails otherwise."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.setblocking(False)
    try:
        probe.connect(path)
    except (ConnectionRefusedError, FileNotFoundError):
        return False
    except OSError:
        return True
    finally:
        probe.close()
    return True


def unlink_if_same(path: str, own: os.stat_result) -> None:
    """Removes the socket unless it is a successor's."""
    try:
        found = os.lstat(path)
        if (found.st_ino, found.st_dev) == (own.st_ino, own.st_dev):
            os.unlink(path)
    except FileNotFoundError:
        # It is removed already.
        pass
