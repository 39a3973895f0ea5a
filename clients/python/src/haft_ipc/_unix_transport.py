"""A connected unix socket."""

import os
import select
import socket
import struct
import sys
from typing import Optional

assert sys.platform != "win32"

from ._runtime_directory import open_runtime_directory, refuse_foreign_socket
from ._transport import Transport
from .errors import EndpointError


class UnixTransport(Transport):
    """Blocks only in ``poll``, so that a wait in either direction can end at any time."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._recv_into = connected.recv_into
        self._send = connected.send
        # One for each direction, because a poll object serves one thread at a time.
        self._readable = select.poll()
        self._readable.register(connected, select.POLLIN)
        self._poll_readable = self._readable.poll
        self._writable = select.poll()
        self._writable.register(connected, select.POLLOUT)
        # poll reports a hang-up without being asked.
        self._poll_hangup = select.poll()
        self._poll_hangup.register(connected, 0)

    def read_into(self, space: memoryview, timeout: Optional[float]) -> int:
        while True:
            if not self._poll_readable(None if timeout is None else timeout * 1000 if timeout > 0 else 0):
                raise TimeoutError("nothing to read")
            try:
                return self._recv_into(space)
            except BlockingIOError:
                continue

    def write_now(self, data: bytes) -> int:
        try:
            return self._send(data)
        except BlockingIOError:
            return 0

    def write(self, data: memoryview, timeout: Optional[float]) -> int:
        while True:
            try:
                return self._send(data)
            except BlockingIOError:
                if not self._writable.poll(_milliseconds(timeout)):
                    raise TimeoutError("the peer does not read") from None

    def hung_up(self) -> bool:
        return len(self._poll_hangup.poll(0)) > 0

    def shut_down(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The peer closed first.
            pass

    def close(self) -> None:
        self._socket.close()


def _milliseconds(timeout: Optional[float]) -> Optional[float]:
    return None if timeout is None else max(timeout, 0.0) * 1000


def connect_unix(path: str, timeout: Optional[float]) -> UnixTransport:
    """Connects to a socket of this user in a directory of this user.

    :raises EndpointError: the endpoint is not safe to use
    :raises OSError: nothing listens there, or not in time
    """
    open_runtime_directory(os.path.dirname(path) or ".")
    refuse_foreign_socket(path)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
        uid = peer_uid(connection)
        if uid is not None and uid != os.getuid():
            raise EndpointError(f'Refusing socket "{path}": it is served by user {uid}')
        return UnixTransport(connection)
    except BaseException:
        connection.close()
        raise


def peer_uid(connection: socket.socket) -> Optional[int]:
    """The user at the other end; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", credentials)[1]
    return uid
