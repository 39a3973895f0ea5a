"""Greets and starts the daemon, for the client of threads and the client of asyncio."""

import os
import subprocess
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence

from ._answer_assembler import PARTS
from ._version import __version__
from .errors import Disconnected, HaftError, RequestError
from .json_types import Json, JsonInput
from .stream import StreamPosition

#: The versions of the protocol that this package speaks, oldest and newest.
PROTOCOL_RANGE = (1, 1)
#: Seconds for connecting and for the answer to ``hello``.
CONNECT_TIMEOUT = 5.0
#: Seconds for the start of a daemon.
START_TIMEOUT = 30.0
#: Seconds in which another daemon must take the place of one that has ended.
RETURN_TIMEOUT = 10.0
NOT_RUNNING = 'Run "haft daemon start", or connect with spawn=True'


@dataclass(frozen=True)
class Target:
    """Which daemon, and how to connect to it; see :meth:`haft_ipc.Client.connect`."""

    socket: Optional[str]
    #: Where it listens.
    path: str
    timeout: float
    spawn: bool
    haft: str
    client: str
    framing: str
    env: Optional[Mapping[str, str]]

    def start(self) -> None:
        """Runs ``haft daemon start``; see :func:`start_daemon`."""
        start_daemon(self.haft, self.socket, self.env, START_TIMEOUT)


@dataclass(frozen=True)
class Home:
    """The daemon's directories, as its answer to ``hello`` names them."""

    state: Optional[str] = None

    @classmethod
    def of(cls, answer: Json) -> "Home":
        """Of an answer to ``hello``; those of old daemons name none."""
        home = answer.get("home") if isinstance(answer, dict) else None
        state = home.get("state") if isinstance(home, dict) else None
        return cls(state if isinstance(state, str) else None)

    @property
    def has_record(self) -> bool:
        """Whether a daemon runs there or has crashed: one that stops in order takes its record away."""
        return self.state is not None and os.path.exists(os.path.join(self.state, "daemon.json"))


def is_lost(error: HaftError) -> bool:
    """Whether the daemon has ended or is about to, so that another one may take its place."""
    return isinstance(error, Disconnected) or (
        isinstance(error, RequestError) and error.name == "shutting_down"
    )


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
