"""The Python side of the soak: checks the numbers that come, sends them back, and answers ``square``."""

import sys

from haft_ipc import IpcMessage, LocalSocketChannel


def main(path: str) -> None:
    expected = 0
    with LocalSocketChannel.connect("python", path=path, timeout=10, retry=True) as channel:
        for message in channel:
            assert isinstance(message.data, dict)
            n = message.data["n"]
            if message.type == "request":
                channel.send(IpcMessage("response", id=message.id, data={"square": n * n}))
                continue
            if n != expected:
                sys.exit(f"message {n} came in place of {expected}")
            channel.send_json({"n": n})
            expected += 1


if __name__ == "__main__":
    main(sys.argv[1])
