"""Messages as objects, dicts and JSON texts."""

import json
import unittest

from haft_ipc import IpcMessage, IpcMessageType, ThreadChannel

from .support import HANG


class Message(unittest.TestCase):
    def test_types_equal_their_texts(self) -> None:
        self.assertEqual(IpcMessageType.EVENT, "event")
        self.assertEqual(IpcMessageType("ready").value, "ready")
        self.assertEqual(f"{IpcMessageType.PING}", "ping")
        self.assertEqual(
            IpcMessage(IpcMessageType.EVENT, event="e").to_wire(), {"type": "event", "event": "e"}
        )

    def test_dicts_have_type_and_data_and_what_is_set(self) -> None:
        self.assertEqual(IpcMessage("ping").to_dict(), {"type": "ping", "data": {}})
        message = IpcMessage(type="request", data={"n": 1}, id="7", method="add")
        self.assertEqual(message.to_dict(), {"type": "request", "data": {"n": 1}, "id": "7", "method": "add"})
        self.assertEqual(IpcMessage.from_dict(message.to_dict()), message)
        self.assertEqual(IpcMessage.from_dict({}), IpcMessage("data", {}))
        self.assertEqual(IpcMessage.from_dict({"type": "event", "event": "e", "other": 1}).event, "e")

    def test_json_is_the_text_of_the_dict(self) -> None:
        message = IpcMessage("response", {"h\u00e9llo": "\u2603"}, id="1")
        self.assertEqual(json.loads(message.to_json()), message.to_dict())
        self.assertEqual(IpcMessage.from_json(message.to_json()), message)
        self.assertEqual(IpcMessage.from_json(message.to_json().encode()), message)
        for text in ("[1]", "{", '{"type": 1}', '{"type": "unknown"}', '{"type": "event", "event": 1}'):
            with self.subTest(text), self.assertRaises(ValueError):
                IpcMessage.from_json(text)

    def test_send_takes_dicts_and_gives_true_and_receive_gives_none_when_nothing_came(self) -> None:
        left, right = ThreadChannel.pair("pair")
        self.assertIs(left.send({"type": "data", "data": 50}), True)
        self.assertIs(left.emit("e"), True)
        self.assertIs(left.send_json([1]), True)
        self.assertEqual([right.next_message(HANG).data for _ in range(3)], [50, None, [1]])
        self.assertIsNone(right.receive(timeout=0.01))
        self.assertIsNone(right.receive(0))
