"""The channels of asyncio, both ends in one loop, in both framings."""

import asyncio
import os
import socket
from typing import Awaitable, Callable, List, Tuple

from haft_ipc import (
    LIMITS,
    Disconnected,
    EndpointError,
    IpcMessage,
    Json,
    JsonInput,
    ReceiveFailed,
    RequestError,
    SendFailed,
    Serialization,
    ShuttingDown,
    TimedOut,
)
from haft_ipc import LocalSocketChannel as SyncChannel
from haft_ipc import LocalSocketChannelServer as SyncServer
from haft_ipc._framing import frame
from haft_ipc.aio import LocalSocketChannel, LocalSocketChannelServer

from .support import HANG, SandboxedTest


async def echo(channel: LocalSocketChannel) -> None:
    """Answers requests with their data until the channel ends."""
    async for message in channel:
        if message.method == "fail":
            error: "dict[str, JsonInput]" = {"code": -32001, "name": "not_found", "message": "no"}
            await channel.send(IpcMessage("response", id=message.id, error=error))
        elif message.type == "request":
            await channel.send(IpcMessage("response", id=message.id, data=message.data))


class AioTest(SandboxedTest):
    framing = "length"

    def run_async(self, main: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            await asyncio.wait_for(main(), HANG)

        asyncio.run(bounded())

    async def server(
        self, max_connections: int = LIMITS.connections, frame_timeout: float = LIMITS.frame_timeout
    ) -> LocalSocketChannelServer:
        return await LocalSocketChannel.server(
            "aio", env=self.env, max_connections=max_connections, frame_timeout=frame_timeout
        )

    async def connect(self) -> LocalSocketChannel:
        return await LocalSocketChannel.connect("aio", env=self.env, framing=self.framing, timeout=HANG)

    def with_pair(
        self,
        test: Callable[[LocalSocketChannel, LocalSocketChannel], Awaitable[None]],
        frame_timeout: float = 10.0,
    ) -> None:
        """Runs a test with the accepted end and the connected one."""

        async def main() -> None:
            async with await self.server(
                frame_timeout=frame_timeout
            ) as server, await self.connect() as right:
                async with await server.accept(HANG) as left:
                    await test(left, right)

        self.run_async(main)

    def with_raw(
        self, test: Callable[[LocalSocketChannel, socket.socket], Awaitable[None]], **options: float
    ) -> None:
        """Runs a test with an accepted channel and the bare socket at its other end."""

        async def main() -> None:
            async with await self.server(frame_timeout=options.get("frame_timeout", 10.0)) as server:
                peer = socket.socket(socket.AF_UNIX)
                peer.connect(server.path)
                with peer:
                    peer.sendall(b"\0\0\0\0")
                    async with await server.accept(HANG) as left:
                        await test(left, peer)

        self.run_async(main)


class AioChannel(AioTest):
    def test_it_can_do_what_the_other_channel_can(self) -> None:
        for other, own in ((SyncChannel, LocalSocketChannel), (SyncServer, LocalSocketChannelServer)):
            names = {name for name in dir(other) if not name.startswith("_")}
            self.assertEqual(names - set(dir(own)), set())

    def test_messages_arrive_in_order_and_whole(self) -> None:
        sent: List[JsonInput] = [{"n": n, "text": "é" * n * 10, "half": "\ud800"} for n in range(300)]

        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            async def send_all() -> None:
                for one in sent:
                    await right.send_json(one)

            sending = asyncio.ensure_future(send_all())
            self.assertEqual([(await left.next_message(HANG)).data for _ in sent], sent)
            await sending
            await left.emit("hello", 1)
            message = await right.next_message(HANG)
            self.assertEqual((message.type, message.event, message.data), ("event", "hello", 1))
            self.assertEqual(right.metrics()[:2], (300, 1))
            self.assertEqual(right.metrics().bytes_sent, left.metrics().bytes_received)

        self.with_pair(test)

    def test_receive_times_out_and_cancelling_it_loses_nothing(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            for timeout in (0, 0.01):
                with self.assertRaises(TimedOut):
                    await left.next_message(timeout)
            self.assertIsNone(left.try_receive())
            for n in range(50):
                receiving = asyncio.ensure_future(left.receive())
                await asyncio.sleep(0)
                await right.send_json(n)
                for _ in range(n % 5):
                    await asyncio.sleep(0)
                receiving.cancel()
                try:
                    data = (await receiving).data
                except asyncio.CancelledError:
                    data = (await left.next_message(HANG)).data
                self.assertEqual(data, n)

        self.with_pair(test)

    def test_requests_get_their_own_answers_errors_and_progress(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            serving = asyncio.ensure_future(echo(left))
            answers = await asyncio.gather(*(right.request("echo", n, HANG) for n in range(500)))
            self.assertEqual(answers, list(range(500)))
            with self.assertRaises(RequestError) as raised:
                await right.request("fail")
            self.assertEqual(raised.exception.name, "not_found")
            latency = right.metrics().latency
            self.assertEqual(latency.count, 500)
            self.assertTrue(0 < latency.p50 <= latency.p99 <= latency.max)
            await right.close()
            await serving

        self.with_pair(test)

    def test_progress_is_told_and_what_it_raises_is_the_requests(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            async def work() -> None:
                for _ in range(2):
                    request = await left.next_message(HANG)
                    for n in range(2):
                        await left.send(IpcMessage("event", id=request.id, event="progress", data=n))
                    await left.send(IpcMessage("response", id=request.id, data="done"))
                await left.send_json("after")

            working = asyncio.ensure_future(work())
            seen: List[Tuple[str, Json]] = []
            self.assertEqual(await right.request("work", None, HANG, lambda *one: seen.append(one)), "done")
            self.assertEqual(seen, [("progress", 0), ("progress", 1)])

            def fail(event: str, data: Json) -> None:
                raise KeyError(event)

            with self.assertRaises(KeyError):
                await right.request("work", None, HANG, fail)
            self.assertEqual((await right.next_message(HANG)).data, "after")
            await working

        self.with_pair(test)

    def test_a_request_that_is_given_up_is_cancelled_and_its_late_answer_dropped(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            with self.assertRaises(TimedOut):
                await right.request("slow", timeout=0.01)
            asking = asyncio.ensure_future(right.request("slow", timeout=None))
            await asyncio.sleep(0.01)
            asking.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await asking
            for _ in range(2):
                request = await left.next_message(HANG)
                cancel = await left.next_message(HANG)
                self.assertEqual(
                    (cancel.method, cancel.oneway, cancel.data), ("cancel", True, {"id": request.id})
                )
                await left.send(IpcMessage("response", id=request.id, data="late"))
            await left.send_json("next")
            self.assertEqual((await right.next_message(HANG)).data, "next")
            self.assertTrue(await right.wait_for_drain(HANG))

        self.with_pair(test)

    def test_listeners_plain_and_async_get_every_message_in_order(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            plain: List[object] = []
            slow: List[object] = []
            all_seen = asyncio.Event()

            def listener(message: IpcMessage) -> None:
                plain.append(message.data)
                if message.data == 5:
                    raise RuntimeError("a listener's mistake")

            async def slow_listener(message: IpcMessage) -> None:
                await asyncio.sleep(0)
                slow.append(message.data)
                if len(slow) == 3000:
                    all_seen.set()

            with self.assertLogs("haft_ipc"):
                await right.send_json(0)
                left.on_message(listener)
                stop = left.on_message(slow_listener)
                for n in range(1, 3000):
                    await right.send_json(n)
                await all_seen.wait()
            self.assertEqual(plain, list(range(3000)))
            self.assertEqual(slow, plain)
            stop()
            serving = asyncio.ensure_future(echo(right))
            self.assertEqual(await left.request("echo", "x", HANG), "x")
            await left.close()
            await serving

        self.with_pair(test)

    def test_a_full_queue_and_a_reader_that_does_not_read(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            text = "x" * (LIMITS.frame // 2)
            accepted = 0
            full = False
            while not full:
                try:
                    await right.send_json({"n": accepted, "text": text}, timeout=0.02)
                    accepted += 1
                except TimedOut:
                    # On a busy machine the other end may only not have read yet.
                    full = left._inbox._paused
            sends = [asyncio.ensure_future(right.send_json({"n": n, "text": text})) for n in range(40)]
            done, _ = await asyncio.wait(sends, timeout=0.05)
            self.assertTrue(done)
            for one in done:
                self.assertIsInstance(one.exception(), SendFailed)
            with self.assertRaises(TimedOut) as raised:
                await left.request("never answered", timeout=0)
            waiting = len(sends) - len(done)
            self.assertGreater(waiting, 5)
            numbers = []
            for _ in range(accepted + waiting):
                data = (await left.next_message(HANG)).data
                numbers.append(data["n"] if isinstance(data, dict) else data)
            self.assertEqual(numbers, [*range(accepted), *range(waiting)])
            self.assertIn("within 0 s", str(raised.exception))
            self.assertLess(left.metrics().peak_unread, 10)

        self.with_pair(test)

    def test_unread_messages_stay_in_the_kernel(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            total = LIMITS.unread_messages * 50

            async def flood() -> None:
                for n in range(total):
                    await right.send_json(n)

            flooding = asyncio.ensure_future(flood())
            said = ""
            while "unread" not in said:
                with self.assertRaises(TimedOut) as raised:
                    await left.request("never answered", timeout=0.05)
                said = str(raised.exception)
            # No more than one read lies above the limit.
            self.assertLess(left.metrics().peak_unread, LIMITS.unread_messages * 10)
            self.assertEqual([(await left.next_message(HANG)).data for _ in range(total)], list(range(total)))
            await flooding

        self.with_pair(test)

    def test_a_peer_that_goes_is_noticed_while_its_messages_are_unread(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            # More than is kept unread, and no more than the kernel takes of the rest.
            sent = [f"{n:04}" * 2500 for n in range(LIMITS.unread_bytes // 10_000 + 3)]

            async def flood() -> None:
                await right.next_message(HANG)
                for text in sent:
                    await right.send_json(text)
                while not left._inbox._paused:
                    await asyncio.sleep(0.001)
                await right.close()

            flooding = asyncio.ensure_future(flood())
            with self.assertRaises(Disconnected):
                await left.request("never answered", timeout=None)
            await flooding
            self.assertEqual([message.data async for message in left], sent)

        self.with_pair(test)

    def test_close_gives_what_came_before_and_wakes_what_waits(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            for n in range(3):
                await right.send_json(n)
            waiting = [
                asyncio.ensure_future(right.receive()),
                asyncio.ensure_future(right.request("x", timeout=None)),
            ]
            await asyncio.sleep(0)
            self.assertFalse(right.is_closed)
            await right.close()
            await right.close()
            self.assertTrue(right.is_closed)
            for one in waiting:
                with self.assertRaises(Disconnected):
                    await one
            self.assertEqual([message.data async for message in left if message.type == "data"], [0, 1, 2])
            with self.assertRaises(Disconnected):
                await left.receive()
            with self.assertRaises(Disconnected):
                await left.send_json(1)

        self.with_pair(test)

    def test_shutdown_refuses_what_is_new_and_lets_what_is_in_flight_finish(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            asking = asyncio.ensure_future(right.request("echo", 1, HANG))
            request = await left.next_message(HANG)
            self.assertFalse(right.is_shutdown())
            right.shutdown()
            self.assertTrue(right.is_shutdown())
            with self.assertRaises(ShuttingDown):
                await right.send_json(1)
            with self.assertRaises(ShuttingDown):
                await right.request("x")
            self.assertFalse(await right.wait_for_drain(0))
            await left.send(IpcMessage("response", id=request.id, data="done"))
            self.assertTrue(await right.wait_for_drain(HANG))
            self.assertEqual(await asking, "done")

        self.with_pair(test)

    def test_a_message_that_the_peer_would_refuse_is_not_sent(self) -> None:
        async def test(left: LocalSocketChannel, right: LocalSocketChannel) -> None:
            bad: List[object] = ["x" * LIMITS.frame, {"__proto__": 1}, float("nan"), object()]
            for data in bad:
                with self.assertRaises(Serialization):
                    await right.send_json(data)  # type: ignore[arg-type]
                with self.assertRaises(Serialization):
                    await right.request("x", data)  # type: ignore[arg-type]
            self.assertEqual(right.metrics().send_errors, 8)
            self.assertTrue(await right.wait_for_drain(0))
            await right.send_json("x" * (LIMITS.frame - len('{"type":"data","data":""}')))
            await left.next_message(HANG)

        self.with_pair(test)


class AioChannelByLines(AioChannel):
    framing = "lines"


class AioRefusals(AioTest):
    def test_a_frame_that_is_not_allowed_ends_the_channel(self) -> None:
        for bad, code in (
            (b"[", -32700),
            (b"1", -32600),
            (b'{"type":"x"}', -32600),
            (b'{"__proto__":1}', -32600),
        ):

            async def test(
                channel: LocalSocketChannel, peer: socket.socket, bad: bytes = bad, code: int = code
            ) -> None:
                peer.sendall(frame("length", b'{"type":"data","data":1}') + frame("length", bad))
                self.assertEqual((await channel.next_message(HANG)).data, 1)
                with self.assertRaises(ReceiveFailed):
                    await channel.next_message(HANG)
                with self.assertRaises(ReceiveFailed):
                    await channel.send_json(1)
                self.assertEqual(channel.metrics().receive_errors, 1)
                await channel.close()
                told = b""
                while True:
                    more = peer.recv(4096)
                    if more == b"":
                        break
                    told += more
                self.assertIn(b'"code":%d' % code, told)

            with self.subTest(bad):
                self.with_raw(test)

    def test_a_frame_that_does_not_end_ends_the_channel(self) -> None:
        async def test(channel: LocalSocketChannel, peer: socket.socket) -> None:
            peer.sendall(b"\x05\0\0\0{")
            with self.assertRaisesRegex(Disconnected, "did not end a message within 0.05 s"):
                await channel.next_message(HANG)

        self.with_raw(test, frame_timeout=0.05)

    def test_a_slow_frame_that_ends_in_time_is_taken_and_the_next_has_its_own_time(self) -> None:
        async def test(channel: LocalSocketChannel, peer: socket.socket) -> None:
            data = frame("length", b'{"type":"data","data":1}')
            for _ in range(3):
                peer.sendall(data[:7])
                await asyncio.sleep(0.4)
                peer.sendall(data[7:])
                self.assertEqual((await channel.next_message(HANG)).data, 1)

        self.with_raw(test, frame_timeout=1.0)

    def test_a_peer_that_leaves_in_the_middle_is_told_from_one_that_closes(self) -> None:
        async def test(channel: LocalSocketChannel, peer: socket.socket) -> None:
            peer.sendall(b"\x05\0\0\0{")
            peer.close()
            with self.assertRaisesRegex(Disconnected, "in the middle of a message"):
                await channel.next_message(HANG)

        self.with_raw(test)


class AioServer(AioTest):
    def test_it_accepts_as_an_iterator_until_it_is_closed_and_leaves_no_socket(self) -> None:
        async def main() -> None:
            server = await self.server()
            accepted: List[LocalSocketChannel] = []

            async def accept_all() -> None:
                async for channel in server:
                    accepted.append(channel)

            accepting = asyncio.ensure_future(accept_all())
            ends = await asyncio.gather(*(self.connect() for _ in range(20)))
            for n, end in enumerate(ends):
                await end.send_json(n)
            while len(accepted) < 20:
                await asyncio.sleep(0.001)
            self.assertEqual(server.connections, 20)
            await server.close()
            await accepting
            self.assertFalse(os.path.exists(server.path))
            numbers = sorted([str((await channel.next_message(HANG)).data) for channel in accepted], key=int)
            self.assertEqual(numbers, [str(n) for n in range(20)])
            with self.assertRaises(Disconnected):
                await server.accept()
            with self.assertRaises(Disconnected):
                await self.connect()
            for channel in [*accepted, *ends]:
                await channel.close()

        self.run_async(main)

    def test_accept_times_out_and_a_silent_connection_holds_up_nobody(self) -> None:
        async def main() -> None:
            async with await self.server() as server:
                with self.assertRaises(TimedOut):
                    await server.accept(0.01)
                with socket.socket(socket.AF_UNIX) as silent:
                    silent.connect(server.path)
                    async with await self.connect() as client:
                        await client.send_json(1)
                        accepting = [asyncio.ensure_future(server.accept(HANG)) for _ in range(2)]
                        done, pending = await asyncio.wait(accepting, return_when=asyncio.FIRST_COMPLETED)
                        async with done.pop().result() as accepted:
                            self.assertEqual((await accepted.next_message(HANG)).data, 1)
                # The silent connection is gone and became no channel.
                async with await self.connect():
                    await (await pending.pop()).close()

        self.run_async(main)

    def test_a_cancelled_accept_leaves_the_connection_to_the_next(self) -> None:
        async def main() -> None:
            async with await self.server() as server:
                for turns in range(12):
                    accepting = asyncio.ensure_future(server.accept(HANG))
                    await asyncio.sleep(0)
                    async with await self.connect() as client:
                        for _ in range(turns):
                            await asyncio.sleep(0)
                        accepting.cancel()
                        try:
                            accepted = await accepting
                        except asyncio.CancelledError:
                            accepted = await server.accept(HANG)
                        async with accepted:
                            await client.send_json(turns)
                            self.assertEqual((await accepted.next_message(HANG)).data, turns)

        self.run_async(main)

    def test_connections_past_the_limit_are_closed(self) -> None:
        async def main() -> None:
            async with await self.server(max_connections=2) as server:
                ends = [await self.connect() for _ in range(3)]
                accepted = [await server.accept(HANG) for _ in range(2)]
                with self.assertRaises(TimedOut):
                    await server.accept(0.05)
                with self.assertRaises(Disconnected):
                    await ends[2].next_message(HANG)
                await accepted[0].close()
                ends.append(await self.connect())
                accepted.append(await server.accept(HANG))
                self.assertEqual(server.connections, 2)
                for channel in ends + accepted:
                    await channel.close()

        self.run_async(main)

    def test_a_second_server_is_refused_of_either_kind(self) -> None:
        async def main() -> None:
            async with await self.server():
                with self.assertRaisesRegex(EndpointError, "in use by another process"):
                    await self.server()
                with self.assertRaisesRegex(EndpointError, "in use by another process"):
                    SyncChannel.server("aio", env=self.env)
            SyncChannel.server("aio", env=self.env).close()

        self.run_async(main)

    def test_it_and_the_other_kind_talk(self) -> None:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            async with await self.server() as server:
                with SyncChannel.connect("aio", env=self.env, framing="lines") as client:
                    async with await server.accept(HANG) as accepted:
                        serving = asyncio.ensure_future(echo(accepted))
                        answer = await loop.run_in_executor(None, client.request, "echo", [1], HANG)
                        self.assertEqual(answer, [1])
                        client.close()
                        await serving

        self.run_async(main)

    def test_connect_says_that_nobody_listens_and_retries_until_somebody_does(self) -> None:
        os.mkdir(os.path.join(self.directory, "haft"), 0o700)

        async def main() -> None:
            with self.assertRaisesRegex(Disconnected, 'Nothing listens on channel "aio"'):
                await LocalSocketChannel.connect("aio", env=self.env)
            with self.assertRaises(TimedOut):
                await LocalSocketChannel.connect("aio", env=self.env, retry=True, timeout=0.05)
            connecting = asyncio.ensure_future(
                LocalSocketChannel.connect("aio", env=self.env, retry=True, timeout=HANG)
            )
            await asyncio.sleep(0.02)
            async with await self.server() as server, await server.accept(HANG):
                await (await connecting).close()

        self.run_async(main)
