"""Chooses the transport of the system that the program runs on."""

import sys
from typing import Optional

from ._transport import Listener, Transport


def connect_transport(path: str, timeout: Optional[float]) -> Transport:
    """:raises FileNotFoundError: or ConnectionRefusedError: nothing listens there
    :raises EndpointError: the endpoint is not safe to use
    """
    if sys.platform == "win32":
        from ._windows_pipe import connect_pipe

        return connect_pipe(path, timeout)
    else:
        from ._unix_transport import connect_unix

        return connect_unix(path, timeout)


def listen_transport(path: str, max_frame_bytes: int) -> Listener:
    """:raises EndpointError: another process listens there, or the endpoint is not safe to use"""
    if sys.platform == "win32":
        from ._windows_pipe import PipeListener

        return PipeListener(path, max_frame_bytes)
    else:
        from ._unix_listener import UnixListener

        return UnixListener(path, max_frame_bytes)
