"""A client of AuroraView's channel, written from sections 2 and 4 of RFC 0011 with the standard library alone.

    auroraview_client.py NAME METHOD    prints the answer to a ping and the data of METHOD's response
"""

import json
import socket
import sys


class Channel:
    def __init__(self, name):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect("/tmp/auroraview_" + name)
        self._file = self._socket.makefile("rw", buffering=1)

    def send(self, **message):
        self._file.write(json.dumps(message) + "\n")
        self._file.flush()

    def receive(self):
        line = ""
        while not line:
            line = self._file.readline().strip()
        return json.loads(line)


channel = Channel(sys.argv[1])
channel.send(type="ping", id="p")
channel.send(type="request", id="r", method=sys.argv[2], data={})
channel.send(type="event", event="progress", data={"value": 50})
answers = {message["id"]: message for message in (channel.receive(), channel.receive())}
print(json.dumps([answers["p"]["type"], answers["r"]["type"], sorted(answers["r"]["data"])]))
