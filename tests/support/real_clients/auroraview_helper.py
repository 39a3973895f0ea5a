"""What a helper of AuroraView's does with its own module in channel mode: a connection for each word, then one for many."""

from auroraview.core.ipc_channel import (
    IpcChannel,
    emit_event,
    report_progress,
    report_result,
)

assert IpcChannel.is_available()
for step in range(20):
    assert report_progress(step, "step %d" % step)
assert emit_event("saved", {"path": "/a/ö"})
assert report_result(False, error="no disk")

with IpcChannel.connect() as channel:
    # As its examples/ipc_channel_demo.py: bodies of the helper's own making, too.
    channel.send({"type": "status", "message": "Demo started"})
    channel.send({"type": "progress", "value": 100, "message": "Processing step 5/5"})
    channel.send({"type": "data", "items": [{"id": 1}]})
    channel.send({"type": "result", "success": True, "data": {"total_steps": 5}})
    # As its module's own docstring.
    channel.send({"type": "result", "data": "completed"})
