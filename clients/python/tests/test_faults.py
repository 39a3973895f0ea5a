"""Peers that are killed, stopped, or do not read, and bursts: the errors at the other end, and what is left
over."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Awaitable, Callable, List, Optional

from haft_ipc import LIMITS, Disconnected, IpcMessage, LocalSocketChannel, SendFailed, TimedOut
from haft_ipc._framing import frame, preamble
from haft_ipc.aio import LocalSocketChannel as AioChannel

from .peer import busy, payload
from .support import HANG, SOURCE, SandboxedTest, open_descriptors

ROUNDS = 30
#: A peer is killed within so many times the duration of its start: from before it connects to long after.
LATEST_KILL = 4
FRAMINGS = ("length", "lines")
LINES = 100_000


class FaultTest(SandboxedTest):
    def setUp(self) -> None:
        super().setUp()
        os.mkdir(os.path.join(self.directory, "haft"), 0o700)
        self.path = os.path.join(self.directory, "haft", "peer.sock")
        self.seed = int(os.environ.get("HAFT_TEST_SEED", "0")) or random.randrange(1, 1 << 32)
        self.threads = set(threading.enumerate())
        self.descriptors = open_descriptors()

    def spawn(self, end: str, mode: str, framing: str, seed: int) -> "subprocess.Popen[bytes]":
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
        child = subprocess.Popen(
            [sys.executable, program, end, mode, self.path, framing, str(seed)], stderr=subprocess.DEVNULL
        )
        self.addCleanup(child.wait, HANG)
        self.addCleanup(child.kill)
        return child

    def nothing_is_left(self) -> None:
        """No thread, no descriptor and no socket."""
        deadline = time.monotonic() + HANG
        # A thread that a channel has told to end does so soon after.
        while set(threading.enumerate()) - self.threads and time.monotonic() < deadline:
            time.sleep(0.001)
        self.assertEqual(set(threading.enumerate()) - self.threads, set())
        self.assertEqual(open_descriptors() - self.descriptors, set())
        self.assertEqual([name for name in os.listdir(os.path.dirname(self.path)) if name != ".lock"], [])


class Killed(FaultTest):
    """SIGKILL at any moment: while the peer starts, in the middle of frames in both directions, or idle."""

    def rounds(self, end: str, meet: Callable[["subprocess.Popen[bytes]"], bool]) -> None:
        """:param meet: gives whether the peer was met before it died"""
        met = 0
        begun = time.monotonic()
        subprocess.run(
            [sys.executable, "-c", "import haft_ipc"], env={**os.environ, "PYTHONPATH": SOURCE}, check=True
        )
        latest = (time.monotonic() - begun) * LATEST_KILL
        for n in range(ROUNDS):
            chance = random.Random(f"{self.seed} {n}")
            with self.subTest(round=n, seed=self.seed):
                child = self.spawn(end, "busy", chance.choice(FRAMINGS), n)
                killer = threading.Timer(chance.random() * latest, child.kill)
                killer.start()
                met += meet(child)
                killer.join()
                child.wait(HANG)
        # Otherwise nothing was tried.
        self.assertGreater(met, 0)

    def sees_the_end(self, channel: Optional[LocalSocketChannel], listen: bool) -> bool:
        if channel is None:
            return False
        with channel:
            if listen:
                channel.on_message(lambda message: None)
            threads, ends = busy(channel, self.seed)
            for thread in threads:
                thread.join(HANG)
            self.assertFalse(any(thread.is_alive() for thread in threads), "a thread waits for a dead peer")
            self.assertEqual({type(error) for error in ends}, {Disconnected})
            self.assertEqual(len(ends), len(threads))
            for _ in channel:
                # Messages that had come before and are unread.
                pass
            with self.assertRaises(Disconnected):
                channel.next_message(HANG)
        return True

    def test_a_server_whose_clients_are_killed_goes_on(self) -> None:
        with LocalSocketChannel.server("peer", path=self.path) as server:

            def meet(child: "subprocess.Popen[bytes]") -> bool:
                channel = None
                while channel is None and child.poll() is None:
                    try:
                        channel = server.accept(0.02)
                    except TimedOut:
                        pass
                return self.sees_the_end(channel, listen=child.pid % 2 == 0)

            self.rounds("client", meet)
            # One may have come in the moment in which it died.
            while True:
                try:
                    server.accept(0).close()
                except TimedOut:
                    break
            self.assertEqual(server.connections, 0)
        self.nothing_is_left()

    def test_a_client_whose_server_is_killed_goes_on_with_its_successor(self) -> None:
        def meet(child: "subprocess.Popen[bytes]") -> bool:
            channel = None
            while channel is None and child.poll() is None:
                try:
                    channel = LocalSocketChannel.connect("peer", path=self.path, retry=True, timeout=0.02)
                except TimedOut:
                    pass
            return self.sees_the_end(channel, listen=child.pid % 2 == 0)

        self.rounds("server", meet)
        # The last server's socket is replaced; a socket that was bound and not yet linked stays.
        LocalSocketChannel.server("peer", path=self.path).close()
        for name in os.listdir(os.path.dirname(self.path)):
            if len(name) == 6 and name.startswith("."):
                os.unlink(os.path.join(os.path.dirname(self.path), name))
        self.nothing_is_left()

    def test_an_asyncio_server_whose_clients_are_killed_goes_on(self) -> None:
        async def main(meet_all: Callable[[Callable[["subprocess.Popen[bytes]"], bool]], None]) -> None:
            loop = asyncio.get_running_loop()
            async with await AioChannel.server("peer", path=self.path) as server:

                async def meet(child: "subprocess.Popen[bytes]") -> bool:
                    while child.poll() is None:
                        try:
                            await self.sees_the_end_in_a_loop(await server.accept(0.02))
                            return True
                        except TimedOut:
                            pass
                    return False

                def from_a_thread(child: "subprocess.Popen[bytes]") -> bool:
                    return asyncio.run_coroutine_threadsafe(meet(child), loop).result(HANG)

                await loop.run_in_executor(None, meet_all, from_a_thread)
            self.assertEqual(
                {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}, set()
            )

        asyncio.run(main(lambda meet: self.rounds("client", meet)))
        self.nothing_is_left()

    async def sees_the_end_in_a_loop(self, channel: AioChannel) -> None:
        chance = random.Random(self.seed)

        async def until_the_end(once: Callable[[], Awaitable[object]]) -> None:
            while True:
                await once()
                # A sender that is never held up leaves the others no turn.
                await asyncio.sleep(0)

        async def answer() -> None:
            message = await channel.receive()
            if message.type == "request":
                await channel.send(IpcMessage("response", id=message.id, data=message.data))

        async with channel:
            doing = [
                asyncio.ensure_future(until_the_end(once))
                for once in (
                    lambda: channel.emit("busy", payload(chance)),
                    lambda: channel.request("echo", payload(chance), timeout=None),
                    answer,
                )
            ]
            done, pending = await asyncio.wait(doing, timeout=HANG)
            self.assertEqual(pending, set())
            self.assertEqual({type(task.exception()) for task in done}, {Disconnected})


class Stalled(FaultTest):
    def test_a_peer_that_is_stopped_times_out_and_gets_everything_when_it_goes_on(self) -> None:
        for framing in FRAMINGS:
            with self.subTest(framing), LocalSocketChannel.server("peer", path=self.path) as server:
                child = self.spawn("client", "sink", framing, 0)
                with server.accept(HANG) as channel:
                    self.assertEqual(channel.request("taken", timeout=HANG), [])
                    child.send_signal(signal.SIGSTOP)
                    accepted = 0
                    with self.assertRaises(TimedOut):
                        while True:
                            channel.send_json({"n": accepted, "text": "x" * 10_000}, timeout=0.05)
                            accepted += 1
                    self.assertGreater(accepted, 0)
                    with self.assertRaises(TimedOut):
                        channel.request("taken", timeout=0.05)
                    child.send_signal(signal.SIGCONT)
                    self.assertEqual(channel.request("taken", timeout=HANG), list(range(accepted)))
                self.assertEqual(child.wait(HANG), 0)
        self.nothing_is_left()

    def test_a_full_queue_refuses_and_keeps_what_it_has_taken(self) -> None:
        with LocalSocketChannel.server("peer", path=self.path) as server:
            child = self.spawn("client", "sink", "length", 0)
            with server.accept(HANG) as channel:
                child.send_signal(signal.SIGSTOP)
                text = "x" * (LIMITS.frame - 100)
                most = LIMITS.output_hard // LIMITS.frame
                refused = threading.Semaphore(0)

                def send(n: int) -> Optional[int]:
                    try:
                        channel.send_json({"n": n, "text": text}, timeout=HANG)
                        return n
                    except SendFailed:
                        refused.release()
                        return None

                # One sender writes, as many as fit wait, and the rest is refused at once.
                with ThreadPoolExecutor(most + 5) as pool:
                    sends = [pool.submit(send, n) for n in range(most + 5)]
                    for _ in range(4):
                        self.assertTrue(refused.acquire(timeout=HANG))
                    self.assertFalse(refused.acquire(timeout=0.05))
                    self.assertFalse(channel.wait_for_drain(0))
                    child.send_signal(signal.SIGCONT)
                    taken = sorted(n for n in (one.result() for one in sends) if n is not None)
                self.assertEqual(len(taken), most + 1)
                answer = channel.request("taken", timeout=HANG)
                self.assertIsInstance(answer, list)
                self.assertEqual(
                    sorted(answer if isinstance(answer, list) else [], key=str), sorted(taken, key=str)
                )
                self.assertEqual(channel.metrics().send_errors, 4)
            child.wait(HANG)
        self.nothing_is_left()

    def test_a_sender_that_waits_for_a_peer_that_is_killed_hears_of_it(self) -> None:
        with LocalSocketChannel.server("peer", path=self.path) as server:
            child = self.spawn("client", "sink", "lines", 0)
            with server.accept(HANG) as channel:
                child.send_signal(signal.SIGSTOP)
                killer = threading.Timer(0.2, child.kill)
                killer.start()
                with self.assertRaises(Disconnected):
                    while True:
                        channel.send_json("x" * 100_000)
                killer.join()
                with self.assertRaises(Disconnected):
                    channel.request("x", timeout=HANG)
            child.wait(HANG)
        self.nothing_is_left()


class Burst(FaultTest):
    def burst(self, framing: str) -> "tuple[socket.socket, threading.Thread]":
        """A bare peer that writes all lines at once."""
        texts = [b'{"type":"data","data":%d}' % n for n in range(LINES)]
        data = preamble("lines") + b"\n".join(texts) + b"\n"
        if framing == "length":
            data = preamble("length") + b"".join(frame("length", text) for text in texts)
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(self.path)
        writing = threading.Thread(target=peer.sendall, args=(data,), daemon=True)
        writing.start()
        return peer, writing

    def ended(self, burst: "tuple[socket.socket, threading.Thread]") -> None:
        peer, writing = burst
        writing.join(HANG)
        self.assertFalse(writing.is_alive())
        peer.close()

    def test_every_frame_of_one_write_arrives(self) -> None:
        for framing in FRAMINGS:
            with self.subTest(framing), LocalSocketChannel.server("peer", path=self.path) as server:
                burst = self.burst(framing)
                with server.accept(HANG) as channel:
                    numbers = [channel.next_message(HANG).data for _ in range(LINES)]
                    self.ended(burst)
                    self.assertEqual(numbers, list(range(LINES)))
                    with self.assertRaises(Disconnected):
                        channel.next_message(HANG)
                    self.assertEqual(channel.metrics().messages_received, LINES)
        self.nothing_is_left()

    def test_a_listener_gets_every_frame_of_one_write(self) -> None:
        with LocalSocketChannel.server("peer", path=self.path) as server:
            burst = self.burst("lines")
            numbers: List[object] = []
            all_seen = threading.Event()
            with server.accept(HANG) as channel:

                def listener(message: IpcMessage) -> None:
                    numbers.append(message.data)
                    if len(numbers) == LINES:
                        all_seen.set()

                channel.on_message(listener)
                self.assertTrue(all_seen.wait(HANG))
                self.ended(burst)
        self.assertEqual(numbers, list(range(LINES)))
        self.nothing_is_left()

    def test_every_frame_of_one_write_arrives_in_a_loop(self) -> None:
        async def main(framing: str) -> None:
            async with await AioChannel.server("peer", path=self.path) as server:
                burst = self.burst(framing)
                async with await server.accept(HANG) as channel:
                    numbers = [(await channel.next_message(HANG)).data for _ in range(LINES)]
                    self.ended(burst)
                    self.assertEqual(numbers, list(range(LINES)))
                    with self.assertRaises(Disconnected):
                        await channel.next_message(HANG)

        for framing in FRAMINGS:
            with self.subTest(framing):
                asyncio.run(main(framing))
        self.nothing_is_left()
