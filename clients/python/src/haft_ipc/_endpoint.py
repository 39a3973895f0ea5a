"""Turns a channel's name into an address.

On Unix ``$XDG_RUNTIME_DIR/haft/<name>.sock``, else ``<tmp>/haft-<uid>/<name>.sock``; on Windows the pipe
``\\\\.\\pipe\\haft-<user>-<name>``.
"""

import json
import os
import re
import sys
from typing import Mapping, Optional, Tuple

from ._framing import Framing
from .errors import EndpointError
from .limits import LIMITS

#: The name of the daemon's endpoint.
DAEMON_ENDPOINT = "daemon"

#: The name becomes a file's name, so it has no separators and no leading dot.
#: Where parents of AuroraView listen.
_AURORAVIEW_PLACES = ("/tmp/auroraview_{}", "/tmp/ipckit_{}", "/tmp/{}.sock")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,127}")
_IS_PATH = re.compile(r"[\\/]")
_NOT_IN_PIPES = re.compile(r'[\\/:*?"<>|\s]')


def resolve_endpoint(name: str, path: Optional[str] = None, env: Optional[Mapping[str, str]] = None) -> str:
    """The path of a channel's endpoint for this user on this system; ``path`` when given, or a name that is a
    path.

    :raises EndpointError: the name is invalid, or the path is longer than the system allows
    """
    if path is None and _IS_PATH.search(name):
        path = name
    elif path is None:
        path = endpoint_path(name, os.environ if env is None else env, sys.platform, _uid())
    if sys.platform != "win32":
        check_path_length(path, sys.platform)
    return path


def find_endpoint(
    name: str, path: Optional[str] = None, env: Optional[Mapping[str, str]] = None
) -> Tuple[str, Framing]:
    """Where to connect for a channel's name or its socket's path, and the framing that its server certainly
    knows.

    :raises EndpointError: the name is invalid, or the path is longer than the system allows
    """
    values = os.environ if env is None else env
    address = resolve_endpoint(name, path, values)
    # A parent that is not haft listens elsewhere and speaks lines only.
    if path is None and name == values.get("AURORAVIEW_IPC_CHANNEL") and address != name:
        others = [] if os.path.exists(address) else [place.format(name) for place in _AURORAVIEW_PLACES]
        for other in others:
            if os.path.exists(other):
                return other, "lines"
    return address, "lines" if name == values.get("AURORAVIEW_IPC_CHANNEL") else "length"


def daemon_endpoint(env: Optional[Mapping[str, str]] = None) -> str:
    """Where the daemon listens: ``$HAFT_SOCKET``, else the endpoint named ``daemon``."""
    values = os.environ if env is None else env
    return resolve_endpoint(DAEMON_ENDPOINT, values.get("HAFT_SOCKET") or None, values)


def endpoint_path(name: str, env: Mapping[str, str], platform: str, uid: Optional[int]) -> str:
    """The path for any environment and system; a pure function.

    :raises EndpointError:
    """
    if _NAME.fullmatch(name) is None or ".." in name:
        raise EndpointError(
            f"Invalid channel name {json.dumps(name, ensure_ascii=False)}",
            next="Use 1 to 128 letters, digits and . _ + @ - and begin with a letter or a digit",
        )
    if platform == "win32":
        user = _NOT_IN_PIPES.sub("_", env.get("USERNAME") or "user")
        return f"\\\\.\\pipe\\haft-{user}-{name}"
    path = f"{_directory(env, uid)}/{name}.sock"
    check_path_length(path, platform)
    return path


def check_path_length(path: str, platform: str) -> None:
    """Checks the length here because the kernel refuses, or cuts, a long path without a reason.

    :raises EndpointError: naming the path, its length and the limit
    """
    limit = LIMITS.socket_path_linux if platform == "linux" else LIMITS.socket_path_darwin
    length = len(os.fsencode(path))
    if length > limit:
        raise EndpointError(
            f'Socket path "{path}" is too long: {length} bytes, and the system allows {limit}',
            next="Set XDG_RUNTIME_DIR to a shorter directory, or HAFT_SOCKET to a shorter path",
        )


def _directory(env: Mapping[str, str], uid: Optional[int]) -> str:
    runtime = env.get("XDG_RUNTIME_DIR", "")
    # The XDG specification says to ignore a relative path.
    if runtime.startswith("/"):
        return f"{runtime.rstrip('/')}/haft"
    temporary = env.get("TMPDIR") or env.get("TMP") or env.get("TEMP") or "/tmp"
    return f"{temporary.rstrip('/')}/haft-{'user' if uid is None else uid}"


def _uid() -> Optional[int]:
    if sys.platform == "win32":
        return None
    else:
        return os.getuid()
