"""Greets and starts the daemon, for the client of threads and the client of asyncio."""

import os
import subprocess
from typing import Dict, List, Mapping, Optional, Sequence

from ._answer_assembler import PARTS
from ._version import __version__
from .errors import HaftError
from .json_types import JsonInput
from .stream import StreamPosition

#: The versions of the protocol that this package speaks, oldest and newest.
PROTOCOL_RANGE = (1, 1)
#: Seconds for connecting and for the answer to ``hello``.
CONNECT_TIMEOUT = 5.0
NOT_RUNNING = 'Run "haft daemon start", or connect with spawn=True'


def hello(client: str) -> Dict[str, JsonInput]:
    """The first request's data."""
    return {
        "client": client,
        "version": __version__,
        "protocol": PROTOCOL_RANGE,
        "capabilities": [PARTS],
    }


def subscribe_params(
    types: Sequence[str], subject: Optional[str], since: Optional[StreamPosition]
) -> Dict[str, JsonInput]:
    """The data of ``events.subscribe``."""
    params: Dict[str, JsonInput] = {"types": list(types)}
    if subject is not None:
        params["subject"] = subject
    if since is not None:
        params["since"] = since.to_wire()
    return params


def start_command(haft: str, socket: Optional[str]) -> List[str]:
    """The command that starts the daemon and returns when it answers."""
    return [haft, "daemon", "start", *([] if socket is None else ["--socket", socket])]


def start_daemon(haft: str, socket: Optional[str], env: Optional[Mapping[str, str]], timeout: float) -> None:
    """Runs ``haft daemon start``.

    :raises HaftError: the program is missing, or it fails and says why
    """
    command = start_command(haft, socket)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(os.environ if env is None else env),
            timeout=timeout,
            check=False,
        )
    except OSError as error:
        raise HaftError(
            f'Cannot start the daemon with "{haft}": {error.strerror}',
            next='Install haft, or name its binary: Client.connect(spawn=True, haft="…")',
        ) from error
    except subprocess.TimeoutExpired as error:
        raise HaftError(
            f'"{" ".join(command)}" did not end within {timeout} s', next='Look at "haft daemon logs"'
        ) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise HaftError(
            f'"{" ".join(command)}" ended with {done.returncode}: {said}', next='Look at "haft daemon logs"'
        )
