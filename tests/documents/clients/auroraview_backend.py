"""A packed backend, written from section 5 of AuroraView's RFC 0011: only the import differs."""

import os
import threading

from haft_ipc import IpcMessage, LocalSocketChannel


def handle_request(method, data):
    return {"method": method, "data": data}


channel_name = os.environ.get("AURORAVIEW_IPC_CHANNEL")
if not channel_name:
    raise RuntimeError("AURORAVIEW_IPC_CHANNEL not set")
ipc_channel = LocalSocketChannel.connect(channel_name)


def packed_emit_callback(event_name, data):
    ipc_channel.emit(event_name, data)
    print(f"[Debug] Emitted event: {event_name}", flush=True)


ipc_channel.send(IpcMessage(type="ready", data={"handlers": ["save", "stop"]}))
done = threading.Event()


def api_server_loop():
    while not ipc_channel.is_shutdown():
        msg = ipc_channel.receive(timeout=0.1)
        if msg and msg.type == "request":
            result = handle_request(msg.method, msg.data)
            ipc_channel.send(IpcMessage(type="response", id=msg.id, data=result))
            packed_emit_callback("handled", {"method": msg.method})
            if msg.method == "stop":
                ipc_channel.shutdown()
    done.set()


threading.Thread(target=api_server_loop, daemon=True).start()
done.wait()
ipc_channel.close()
