"""Two processes over a local socket: the parent listens, the child connects and works.

python3 examples/channel.py
"""

import subprocess
import sys

from haft_ipc import IpcMessage, LocalSocketChannel


def parent() -> None:
    with LocalSocketChannel.server("example") as server:
        child = subprocess.Popen([sys.executable, __file__, "child"])
        with server.accept(timeout=10) as channel:
            print(channel.request("add", [1, 2], timeout=10))
            channel.shutdown()
            channel.wait_for_drain(seconds=1)
        child.wait()


def child() -> None:
    with LocalSocketChannel.connect("example", timeout=10, retry=True) as channel:
        for message in channel:
            if message.method == "add" and isinstance(message.data, list):
                channel.send(
                    IpcMessage(
                        "response", id=message.id, data=sum(n for n in message.data if isinstance(n, int))
                    )
                )


if __name__ == "__main__":
    child() if sys.argv[1:] == ["child"] else parent()
