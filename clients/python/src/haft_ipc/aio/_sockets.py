"""Sockets and pipes as the event loop needs them."""

import asyncio
import os
import socket
import sys
from typing import Callable, Tuple, cast

from ..errors import EndpointError, Io
from ._wire import Wire


async def open_connection(address: str, wire: Wire) -> None:
    """Connects ``wire`` to a socket or pipe of this user's.

    :raises EndpointError: the endpoint is not safe to use
    :raises OSError: nothing listens there
    """
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        # Type-checked, and never run on Windows.
        if not isinstance(loop, asyncio.ProactorEventLoop):
            raise Io("Pipes need the proactor event loop, which is Windows' default")
        # The loop takes any protocol, its stub only one.
        factory = cast("Callable[[], asyncio.StreamReaderProtocol]", lambda: wire)
        await loop.create_pipe_connection(factory, address)
    else:
        from .._runtime_directory import open_runtime_directory, refuse_foreign_socket
        from .._unix_transport import peer_uid

        open_runtime_directory(os.path.dirname(address) or ".")
        refuse_foreign_socket(address)
        transport, _ = await loop.create_unix_connection(lambda: wire, address)
        uid = peer_uid(transport.get_extra_info("socket"))
        if uid is not None and uid != os.getuid():
            wire.abort()
            raise EndpointError(f'Refusing socket "{address}": it is served by user {uid}')


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
