"""The listening socket of an asyncio server."""

import os
import socket
import sys
from typing import Callable, Tuple

from ..errors import EndpointError


def listen_socket(path: str) -> Tuple[socket.socket, Callable[[], None]]:
    """The socket, which does not block, and what removes it from its path.

    :raises EndpointError: another process listens there, the endpoint is not safe to use, or it is a pipe
    :raises OSError: the system refused
    """
    if sys.platform == "win32":
        raise EndpointError(
            "The asyncio server listens on unix sockets only", next="Use haft_ipc.LocalSocketChannel.server"
        )
    else:
        from .._unix_listener import listen_unix, unlink_if_same

        listener, own = listen_unix(path)
        return listener, lambda: unlink_if_same(path, own)


def is_ours(connection: socket.socket) -> bool:
    """Whether this user is at the other end, as far as the system tells."""
    if sys.platform == "win32":
        return True
    else:
        from .._unix_transport import peer_uid

        return peer_uid(connection) in (None, os.getuid())
