"""Messages a second from Python, beside the AuroraView document's 100,000 and a bare socket in the same run.

    deno task build && python3 scripts/bench/python_messages.py [--messages N] [--runs N] [--json]

Emits go to a process that only reads, pipelined requests to one that answers each and to haft's daemon. Two
rates are printed: by the clock, and by the processor time of the sending process, which a busy machine changes
less. With `--json`, all of them by row and run, for python_messages.ts.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Callable, Dict, List, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "clients", "python", "src"))

from haft_ipc import Client, LocalSocketChannel  # noqa: E402
from haft_ipc._frame_decoder import FrameDecoder  # noqa: E402
from haft_ipc._framing import frame  # noqa: E402

#: Of the document, for its local socket.
DOCUMENT = 100_000
EVENT = b'{"type":"event","event":"tick","data":{"n":12345}}'
BATCH = 100

Rates = Tuple[float, float]


def reader(path: str) -> None:
    """Reads, and says at the end of each run that it has read all."""
    peer = _accept(path)
    end = b'"event":"end"'
    tail = b""
    while True:
        chunk = peer.recv(1 << 20)
        if not chunk:
            return
        if end in tail + chunk:
            peer.sendall(frame("length", b'{"type":"event","event":"read"}'))
        tail = chunk[-len(end) :]


def answerer(path: str) -> None:
    """Answers every request, those of one read in one write."""
    peer = _accept(path)
    decoder = FrameDecoder()
    while True:
        count = peer.recv_into(decoder.space())
        if count == 0:
            return
        requests: List[bytes] = []
        decoder.advance(count, requests)
        answers = []
        for request in requests:
            begin = request.index(b'"id":"') + 6
            id = request[begin : request.index(b'"', begin)]
            answers.append(
                frame("length", b'{"type":"response","id":"' + id + b'","data":{"uptime_secs":12}}')
            )
        peer.sendall(b"".join(answers))


def _accept(path: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    # It has its name once it listens.
    server.bind(f"{path}.new")
    server.listen()
    os.rename(f"{path}.new", path)
    return server.accept()[0]


def timed(count: int, run: Callable[[], object]) -> Rates:
    """Messages a second, by the clock and by processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    run()
    return count / (time.perf_counter() - clock), count / (time.process_time() - processor)


def bare_emits(path: str, count: int) -> Callable[[], Rates]:
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    event, end = frame("length", EVENT), frame("length", b'{"type":"event","event":"end"}')

    def run() -> None:
        for _ in range(count):
            peer.sendall(event)
        peer.sendall(end)
        peer.recv(4096)

    return lambda: timed(count, run)


def emits(path: str, count: int) -> Callable[[], Rates]:
    channel = LocalSocketChannel.connect(path)

    def run() -> None:
        for n in range(count):
            channel.emit("tick", {"n": n})
        channel.emit("end")
        channel.receive()

    return lambda: timed(count, run)


def bare_requests(path: str, count: int) -> Callable[[], Rates]:
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    decoder = FrameDecoder(framing="length")

    def run() -> None:
        for first in range(0, count, BATCH):
            texts = [
                b'{"type":"request","id":"%d","method":"daemon.ping","data":{}}' % n
                for n in range(first, first + BATCH)
            ]
            peer.sendall(b"".join(frame("length", text) for text in texts))
            answers: List[bytes] = []
            while len(answers) < BATCH:
                decoder.advance(peer.recv_into(decoder.space()), answers)

    return lambda: timed(count, run)


def requests(path: str, count: int) -> Callable[[], Rates]:
    channel = LocalSocketChannel.connect(path)
    return lambda: timed(count, lambda: channel.requests([("daemon.ping", {})] * count, timeout=None))


def daemon_requests(path: str, count: int) -> Callable[[], Rates]:
    haft = Client.connect(socket=path, timeout=30, retry=True)
    return lambda: timed(count, lambda: haft.requests([("daemon.ping", {})] * count, timeout=None))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    count = arguments.messages // BATCH * BATCH
    directory = tempfile.mkdtemp(prefix="haft-bench-")
    sockets = os.path.join(directory, "run")
    os.mkdir(sockets, 0o700)
    children: List[multiprocessing.Process] = []

    def peer(target: Callable[[str], None]) -> str:
        path = os.path.join(sockets, str(len(children)))
        children.append(multiprocessing.Process(target=target, args=(path,), daemon=True))
        children[-1].start()
        while not os.path.exists(path):
            time.sleep(0.01)
        return path

    haft = os.path.join(ROOT, "dist", "haft")
    daemon_path = os.path.join(sockets, "daemon")
    environment = {**os.environ, "HAFT_HOME": os.path.join(directory, "home"), "XDG_RUNTIME_DIR": directory}
    command = [haft, "daemon", "run", "--socket", daemon_path]
    daemon = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        rows: Dict[str, Callable[[], Rates]] = {
            "bare socket: one send a message": bare_emits(peer(reader), count),
            "emit": emits(peer(reader), count),
            "bare socket: 100 requests a write": bare_requests(peer(answerer), count),
            "requests, to a bare answerer": requests(peer(answerer), count),
            "requests, to the daemon": daemon_requests(daemon_path, count),
        }
        results: Dict[str, List[Rates]] = {name: [] for name in rows}
        for _ in range(arguments.runs):
            for name, run in rows.items():
                results[name].append(run())
        if arguments.json:
            print(json.dumps(results))
            return
        print(
            f"Python {sys.version.split()[0]}, {count} messages a run, medians of {arguments.runs} (messages/s)"
        )
        print(f"{'':35} {'by the clock':>13} {'by CPU time':>13} {'to bare':>8} {'to 100,000':>11}")
        bare = 1.0
        for name, rates in results.items():
            clock, processor = (statistics.median(values) for values in zip(*rates))
            bare = clock if name.startswith("bare") else bare
            print(f"{name:35} {clock:13,.0f} {processor:13,.0f} {clock / bare:8.2f} {clock / DOCUMENT:11.2f}")
    finally:
        daemon.terminate()
        daemon.wait()
        for child in children:
            child.terminate()
        shutil.rmtree(directory, True)


if __name__ == "__main__":
    main()
