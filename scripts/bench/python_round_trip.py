"""One end of scripts/bench/python_round_trip.ts; prints microseconds for each round trip, one line a run.

    python_round_trip.py raw-server PATH | raw PATH N | channel-server PATH | channel PATH N | daemon PATH N
"""

import socket
import sys
import time
from typing import Callable

from haft_ipc import Client, IpcMessage, LocalSocketChannel

#: As long as a request of the client, and as its answer.
REQUEST = b'{"type":"request","id":"12345","method":"daemon.ping","data":{}}'
ANSWER = b'{"type":"response","id":"12345","data":{"uptime_secs":12}}'


def raw_server(path: str) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    while True:
        peer, _ = server.accept()
        while peer.recv(65536):
            peer.sendall(ANSWER)


def channel_server(path: str) -> None:
    with LocalSocketChannel.server("bench", path=path) as server:
        while True:
            with server.accept() as channel:
                for message in channel:
                    channel.send(IpcMessage("response", id=message.id, data={"uptime_secs": 12}))


def measure(rounds: int, once: Callable[[], object]) -> None:
    """Warms up, then times; another run for every line of stdin, so that runs of several ends alternate."""
    for _ in range(rounds // 4):
        once()
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(rounds):
            once()
        print((time.perf_counter() - start) / rounds * 1e6, flush=True)


def main() -> None:
    mode, path, *rest = sys.argv[1:]
    rounds = int(rest[0]) if rest else 0
    if mode == "raw-server":
        raw_server(path)
    elif mode == "channel-server":
        channel_server(path)
    elif mode == "raw":
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(path)

        def once() -> None:
            peer.sendall(REQUEST)
            peer.recv(65536)

        measure(rounds, once)
    elif mode == "channel":
        with LocalSocketChannel.connect("bench", path=path) as channel:
            measure(rounds, lambda: channel.request("daemon.ping", {}))
    else:
        with Client.connect(socket=path) as haft:
            measure(rounds, lambda: haft.request("daemon.ping"))


main()
