"""The same interface between two threads.

python3 examples/threads.py
"""

import threading

from haft_ipc import IpcChannel, ThreadChannel


def work(channel: IpcChannel) -> None:
    for percent in (0, 50, 100):
        channel.emit("progress", {"percent": percent})
    channel.close()


ours, theirs = ThreadChannel.pair("work")
threading.Thread(target=work, args=(theirs,)).start()
for message in ours:
    print(message.event, message.data)
