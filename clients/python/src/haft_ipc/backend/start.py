"""How a backend finds its parent."""

import sys
from typing import Mapping, Optional

from .._parent import is_legacy, parents_channel
from ..errors import HaftError


def required_channel(env: Mapping[str, str]) -> Optional[str]:
    """The channel's name, or its socket's path; None when the parent talks over stdin and stdout.

    :raises HaftError: the program was started without a channel
    """
    if is_legacy(env):
        return None
    channel = parents_channel(env)
    if channel is None:
        raise HaftError(
            f"{sys.argv[0]} is a backend, and HAFT_IPC_CHANNEL does not say where its parent listens",
            next="Let haft start it, or set HAFT_IPC_MODE=legacy to talk to it over stdin and stdout",
        )
    return channel


def log_by_line() -> None:
    """Prints are a log, so each line goes out when it is complete, also into a pipe."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(line_buffering=True)
