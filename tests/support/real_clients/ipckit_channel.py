"""What a program does with the IpcChannel of ipckit's Python package: argv[1] is the socket. Each answer is a line of JSON."""

import json
import sys

import ipckit


def request(channel, method, params):
    channel.send_json({"msg_type": "request", "payload": {"method": method, "params": params}})
    print(json.dumps(channel.recv_json()))


for kind in (ipckit.IpcChannel, ipckit.GracefulIpcChannel):
    channel = kind.connect(sys.argv[1])
    request(channel, "ping", {})
    channel.send_json({"msg_type": "text", "payload": {"content": kind.__name__}})
    request(channel, "no.such", {})
    channel.send(b'{"msg_type":"ping","payload":{}}')
    print(channel.recv().decode())
