"""A process at the other end of a channel, for test_faults.py to stop and to kill.

    peer.py client|server busy|sink PATH FRAMING SEED

``busy`` sends, asks and answers at once until the channel ends. ``sink`` takes messages, and answers a
request with the data of those before it.
"""

import os
import random
import sys
import threading
from typing import Callable, List

if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src"))

from haft_ipc import IpcChannelError, IpcMessage, JsonInput, LocalSocketChannel


def payload(chance: random.Random) -> str:
    """Of many lengths, some of which no kernel buffer holds together with its neighbours."""
    return "x" * int(chance.expovariate(1 / 4000))


def busy(channel: LocalSocketChannel, seed: int) -> "tuple[List[threading.Thread], List[IpcChannelError]]":
    """The threads, and what each of them has ended with."""
    ends: List[IpcChannelError] = []

    def until_the_end(once: Callable[[random.Random], None], chance: random.Random) -> None:
        try:
            while True:
                once(chance)
        except IpcChannelError as error:
            ends.append(error)

    def send(chance: random.Random) -> None:
        channel.emit("busy", payload(chance))

    def ask(chance: random.Random) -> None:
        data = payload(chance)
        if channel.request("echo", data, timeout=None) != data:
            raise AssertionError("another request's answer")

    def answer(chance: random.Random) -> None:
        message = channel.receive()
        if message.type == "request":
            channel.send(IpcMessage("response", id=message.id, data=message.data))

    threads = [
        threading.Thread(target=until_the_end, args=(once, random.Random(f"{seed} {n}")), daemon=True)
        for n, once in enumerate((send, ask, ask, answer))
    ]
    for thread in threads:
        thread.start()
    return threads, ends


def sink(channel: LocalSocketChannel) -> None:
    taken: List[JsonInput] = []
    for message in channel:
        if message.type == "request":
            channel.send(IpcMessage("response", id=message.id, data=taken))
        else:
            data = message.data
            taken.append(data["n"] if isinstance(data, dict) else data)


def work(channel: LocalSocketChannel, mode: str, seed: int) -> None:
    with channel:
        if mode == "sink":
            sink(channel)
        else:
            for thread in busy(channel, seed)[0]:
                thread.join()


def main() -> None:
    end, mode, path, framing, seed = sys.argv[1:]
    if end == "client":
        work(LocalSocketChannel.connect("peer", path=path, framing=framing), mode, int(seed))
    else:
        with LocalSocketChannel.server("peer", path=path) as server:
            work(server.accept(), mode, int(seed))


if __name__ == "__main__":
    main()
