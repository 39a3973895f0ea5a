"""Many requests in flight at once."""

import asyncio
import threading
from typing import List

from haft_ipc import IpcChannel, IpcMessage, LocalSocketChannel, RequestError, ThreadChannel, TimedOut
from haft_ipc.aio import LocalSocketChannel as AioChannel

from .support import HANG, SandboxedTest

MANY = 1234


class Pipeline(SandboxedTest):
    def serve(self, channel: IpcChannel) -> None:
        """Answers in pairs, the second request first."""

        def answer() -> None:
            waiting: List[IpcMessage] = []
            for message in channel:
                if message.method == "cancel":
                    continue
                waiting.append(message)
                if len(waiting) < 2 and message.data != MANY - 1:
                    continue
                for one in reversed(waiting):
                    if one.method == "fail":
                        channel.send(
                            IpcMessage("response", id=one.id, error={"code": -32001, "message": "no"})
                        )
                    elif one.method == "echo":
                        channel.send(IpcMessage("response", id=one.id, data=one.data))
                waiting = []

        threading.Thread(target=answer, daemon=True).start()

    def socket_pair(self) -> LocalSocketChannel:
        with LocalSocketChannel.server("pipeline", env=self.env) as server:
            client = LocalSocketChannel.connect("pipeline", env=self.env)
            accepted = server.accept(HANG)
        self.addCleanup(accepted.close)
        self.addCleanup(client.close)
        self.serve(accepted)
        return client

    def test_results_come_in_the_order_of_the_requests(self) -> None:
        channel = self.socket_pair()
        self.assertEqual(channel.requests([("echo", n) for n in range(MANY)], HANG), [*range(MANY)])
        self.assertEqual(channel.metrics().messages_sent, MANY)
        self.assertEqual(channel.metrics().latency.count, MANY)
        self.assertEqual(channel.requests([]), [])

    def test_an_error_is_raised_or_stands_in_its_place(self) -> None:
        channel = self.socket_pair()
        calls = [("echo", 0), ("fail", 1), ("echo", 2), ("echo", 3)]
        results = channel.requests(calls, HANG, return_exceptions=True)
        self.assertIsInstance(results[1], RequestError)
        self.assertEqual([results[0], *results[2:]], [0, 2, 3])
        with self.assertRaisesRegex(RequestError, "no"):
            channel.requests(calls, HANG)
        with self.assertRaisesRegex(TimedOut, "No answers to 2 requests within 0.05 s"):
            channel.requests([("echo", 0), ("silence", 1)], 0.05)
        self.assertEqual(channel.requests([("echo", 5), ("echo", 6)], HANG), [5, 6])

    def test_a_channel_between_threads_asks_one_after_the_other(self) -> None:
        left, right = ThreadChannel.pair("pipeline")
        right.on_message(lambda message: right.send(IpcMessage("response", id=message.id, data=message.data)))
        self.assertEqual(left.requests([("echo", n) for n in range(10)], HANG), [*range(10)])
        left.close()

    def test_asyncio_has_them_too(self) -> None:
        async def main() -> None:
            with LocalSocketChannel.server("pipeline", env=self.env) as server:
                async with await AioChannel.connect("pipeline", env=self.env) as channel:
                    accepted = server.accept(HANG)
                    self.serve(accepted)
                    self.assertEqual(
                        await channel.requests([("echo", n) for n in range(MANY)], HANG), [*range(MANY)]
                    )
                    mixed = await channel.requests([("fail", 0), ("echo", 1)], HANG, return_exceptions=True)
                    self.assertIsInstance(mixed[0], RequestError)
                    with self.assertRaises(TimedOut):
                        await channel.requests([("silence", 0)], 0.05)

        asyncio.run(main())
