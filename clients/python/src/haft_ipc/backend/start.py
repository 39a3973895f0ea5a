"""How a backend finds its parent."""

import sys
from typing import Mapping, Optional

from ..errors import HaftError

#: Seconds in which the parent has to listen; haft listens before it starts a backend.
CONNECT_TIMEOUT = 10.0


def parents_channel(env: Mapping[str, str]) -> Optional[str]:
    """The channel's name, or its socket's path; None when the parent talks over stdin and stdout.

    :raises HaftError: the program was started without a channel
    """
    channel = env.get("HAFT_IPC_CHANNEL", "")
    mode = env.get("HAFT_IPC_MODE") or "channel"
    if mode == "legacy":
        return None
    if mode != "channel":
        raise HaftError(f'HAFT_IPC_MODE is "{mode}"', next='It takes "channel" or "legacy"')
    if channel == "":
        raise HaftError(
            f"{sys.argv[0]} is a backend, and HAFT_IPC_CHANNEL does not say where its parent listens",
            next="Let haft start it, or set HAFT_IPC_MODE=legacy to talk to it over stdin and stdout",
        )
    return channel


def name_and_path(channel: str) -> "tuple[str, Optional[str]]":
    """The name and path for :meth:`LocalSocketChannel.connect`."""
    is_path = "/" in channel or "\\" in channel
    return ("backend", channel) if is_path else (channel, None)


def log_by_line() -> None:
    """Prints are a log, so each line goes out when it is complete, also into a pipe."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)
