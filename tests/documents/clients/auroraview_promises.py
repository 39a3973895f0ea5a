"""The Python promises of AuroraView's RFC 0011, each a test named in the document's words; only the import differs."""

import json
import threading
import unittest

from haft_ipc import (
    IpcChannel,
    IpcChannelError,
    IpcChannelFactory,
    IpcMessage,
    IpcMessageType,
    LocalSocketChannel,
    LocalSocketChannelServer,
    ThreadChannel,
)


class Rfc0011(unittest.TestCase):
    def channels(self, name):
        server = LocalSocketChannelServer(name)
        self.addCleanup(server.shutdown)
        client = LocalSocketChannel.connect(name)
        self.addCleanup(client.close)
        accepted = server.accept()
        self.addCleanup(accepted.close)
        return client, accepted

    def test_message_types_have_the_values_of_the_wire(self):
        values = {kind.name: kind.value for kind in IpcMessageType}
        for name in ("REQUEST", "RESPONSE", "EVENT", "PING", "PONG", "DATA"):
            self.assertEqual(values[name], name.lower())

    def test_a_message_converts_to_dict_and_json_and_back(self):
        message = IpcMessage(type="request", id="1", method="save", data={"n": 1})
        self.assertEqual(message.to_dict(), {"type": "request", "data": {"n": 1}, "id": "1", "method": "save"})
        self.assertEqual(IpcMessage.from_dict(message.to_dict()), message)
        self.assertEqual(IpcMessage.from_json(message.to_json()), message)
        self.assertEqual(json.loads(IpcMessage("ping").to_json()), {"type": "ping", "data": {}})
        self.assertEqual(IpcMessage.from_dict({}).type, "data")

    def test_send_gives_true_and_receive_gives_the_message_or_none(self):
        client, accepted = self.channels("rfc0011-send")
        self.assertIs(client.send(IpcMessage(type=IpcMessageType.EVENT.value, event="saved", data={})), True)
        self.assertIs(client.emit("saved", {"n": 2}), True)
        first, second = accepted.receive(timeout=10), accepted.receive(timeout=10)
        self.assertEqual([(one.type, one.event) for one in (first, second)], [("event", "saved")] * 2)
        self.assertEqual(second.data, {"n": 2})
        self.assertIsNone(accepted.receive(timeout=0.05))

    def test_on_message_calls_the_handler(self):
        client, accepted = self.channels("rfc0011-handler")
        heard = threading.Event()
        accepted.on_message(lambda message: heard.set() if message.event == "hello" else None)
        client.emit("hello")
        self.assertTrue(heard.wait(10))

    def test_shutdown_refuses_new_messages_and_is_shutdown_tells(self):
        client, accepted = self.channels("rfc0011-shutdown")
        self.assertFalse(client.is_shutdown())
        client.shutdown()
        self.assertTrue(client.is_shutdown())
        with self.assertRaises(IpcChannelError):
            client.emit("late")
        self.assertTrue(client.wait_for_drain(10))

    def test_a_thread_channel_pair_is_connected_both_ways(self):
        one, other = ThreadChannel.pair("webview", 10)
        self.assertIsInstance(one, IpcChannel)
        one.emit("ready")
        other.send_json({"n": 1})
        self.assertEqual(other.receive(timeout=10).event, "ready")
        self.assertEqual(one.receive(timeout=10).data, {"n": 1})

    def test_create_for_context_works_in_all_modes(self):
        channel = IpcChannelFactory.create_for_context()
        self.assertTrue(channel.emit("my_event", {"data": "value"}))
        self.assertEqual(channel.receive(timeout=10).data, {"data": "value"})

    def test_metrics_have_the_documents_fields(self):
        client, accepted = self.channels("rfc0011-metrics")
        accepted.on_message(lambda message: accepted.send(IpcMessage("response", id=message.id)))
        client.request("ping")
        figures = client.metrics().snapshot()
        self.assertEqual(
            sorted(figures),
            [
                "avg_latency_us",
                "bytes_received",
                "bytes_sent",
                "channel_name",
                "channel_type",
                "errors",
                "messages_received",
                "messages_sent",
                "peak_queue_length",
                "uptime_secs",
            ],
        )
        self.assertEqual((figures["channel_name"], figures["channel_type"]), ("rfc0011-metrics", "local_socket"))
        self.assertGreater(figures["avg_latency_us"], 0)


if __name__ == "__main__":
    unittest.main()
