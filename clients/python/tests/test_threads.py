"""The channel inside a process."""

import threading

from haft_ipc import Disconnected, IpcMessage, Serialization, ShuttingDown, ThreadChannel, TimedOut

from .support import HANG, SandboxedTest


class Threads(SandboxedTest):
    def test_a_pair_exchanges_copies_in_order(self) -> None:
        left, right = ThreadChannel.pair("pair")
        data = {"list": [1]}
        left.send_json(data)
        data["list"].append(2)
        left.emit("done")
        self.assertEqual(right.next_message(HANG).data, {"list": [1]})
        self.assertEqual(right.next_message(HANG).event, "done")
        self.assertIsNone(right.try_receive())
        with self.assertRaises(TimedOut):
            right.next_message(0)
        with self.assertRaises(Serialization):
            left.send_json({"__proto__": 1})

    def test_a_full_direction_makes_senders_wait(self) -> None:
        left, right = ThreadChannel.pair("pair", capacity=2)
        left.send_json(1)
        left.send_json(2)
        with self.assertRaises(TimedOut):
            left.send_json(3, timeout=0.01)
        sender = threading.Thread(target=left.send_json, args=(4,), daemon=True)
        sender.start()
        self.assertEqual([right.next_message(HANG).data for _ in range(3)], [1, 2, 4])
        sender.join(HANG)

    def test_requests_listeners_shutdown_and_close(self) -> None:
        left, right = ThreadChannel.pair("pair")
        right.on_message(lambda message: right.send(IpcMessage("response", id=message.id, data=message.data)))
        self.assertEqual(left.request("echo", [1]), [1])
        left.shutdown()
        with self.assertRaises(ShuttingDown):
            left.emit("x")
        self.assertTrue(left.wait_for_drain(HANG))
        right.close()
        for channel in (left, right):
            with self.assertRaises(Disconnected):
                channel.next_message(HANG)
        self.assertEqual([*left], [])
        self.assertEqual(left.metrics()[:2], (1, 1))
