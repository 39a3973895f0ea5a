"""What channels count."""

import unittest

from haft_ipc import IpcMessage, Latency, RequestError, ThreadChannel, TimedOut
from haft_ipc.metrics import LatencyHistogram

from .support import HANG


class Metrics(unittest.TestCase):
    def test_quantiles_are_the_upper_bounds_of_doubling_buckets(self) -> None:
        rows = [
            ([], Latency(0, 0, 0, 0)),
            ([0.0], Latency(1, 1, 1, 1)),
            ([3e-6], Latency(1, 3, 3, 3)),
            ([5e-6, 100e-6], Latency(2, 8, 100, 100)),
            ([40e-6] * 98 + [1.0, 2.0], Latency(100, 64, 1 << 20, 2_000_000)),
            ([10_000.0], Latency(1, 1 << 31, 1 << 31, 10_000_000_000)),
        ]
        for seconds, expected in rows:
            with self.subTest(expected):
                histogram = LatencyHistogram()
                for one in seconds:
                    histogram.record(one)
                self.assertEqual(histogram.snapshot(), expected)

    def test_a_channel_counts_its_requests_that_were_answered(self) -> None:
        left, right = ThreadChannel.pair("pair")

        def answer(message: IpcMessage) -> None:
            if message.method == "fail":
                right.send(IpcMessage("response", id=message.id, error={"code": -32002, "message": "no"}))
            elif message.method == "echo":
                right.send(IpcMessage("response", id=message.id))

        right.on_message(answer)
        for _ in range(3):
            left.request("echo", timeout=HANG)
        with self.assertRaises(RequestError):
            left.request("fail", timeout=HANG)
        with self.assertRaises(TimedOut):
            left.request("never answered", timeout=0)
        latency = left.metrics().latency
        self.assertEqual(latency.count, 3)
        self.assertTrue(0 < latency.p50 <= latency.p99 <= latency.max)
        self.assertEqual(right.metrics().latency, Latency(0, 0, 0, 0))
        left.close()
