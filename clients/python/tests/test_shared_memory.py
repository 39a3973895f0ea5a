"""Payloads in memory that two processes map."""

import os
import subprocess
import sys
import threading
import time
import unittest
from typing import List, Optional, Tuple
from unittest import mock

from haft_ipc import (
    Disconnected,
    IpcMessage,
    LocalSocketChannel,
    ReceiveFailed,
    Serialization,
    SharedMemoryChannel,
    TimedOut,
)
from haft_ipc._segment_blocks import SegmentBlocks
from haft_ipc.json_types import JsonInput

from .support import HANG, SandboxedTest

SHARED = f"/dev/shm/haft-{os.getuid()}"


@unittest.skipUnless(os.path.isdir("/dev/shm"), "this system has no file system in memory")
class SharedMemory(SandboxedTest):
    def below(self) -> Tuple[LocalSocketChannel, LocalSocketChannel]:
        with LocalSocketChannel.server("memory", env=self.env) as server:
            client = LocalSocketChannel.connect("memory", env=self.env)
            accepted = server.accept(HANG)
        for channel in (client, accepted):
            self.addCleanup(channel.close)
        return accepted, client

    def pair(self, size: int) -> Tuple[SharedMemoryChannel, SharedMemoryChannel]:
        left, right = (SharedMemoryChannel.over(one, size=size) for one in self.below())
        for channel in (left, right):
            self.addCleanup(channel.close)
        return left, right

    def test_payloads_arrive_whole_beside_their_messages_and_in_order(self) -> None:
        left, right = self.pair(4 * 1024 * 1024)
        payload = os.urandom(3 * 1024 * 1024)
        left.send(IpcMessage("event", event="frame", data={"n": 1}, payload=payload))
        left.emit("small")
        left.send_payload({"type": "data", "data": 2}, memoryview(b"abc"))
        first, second, third = (right.next_message(HANG) for _ in range(3))
        self.assertEqual((first.event, first.data, first.payload), ("frame", {"n": 1}, payload))
        self.assertEqual((second.event, second.payload), ("small", None))
        self.assertEqual((third.data, third.payload), (2, b"abc"))
        right.on_message(lambda message: right.send(IpcMessage("response", id=message.id, data="pong")))
        self.assertEqual(left.request("ping", timeout=HANG), "pong")
        self.assertEqual(right.metrics().bytes_received, len(payload) + 3)
        self.assertEqual(right.metrics().snapshot()["channel_type"], "shared_memory")

    def test_a_full_segment_makes_senders_wait_until_payloads_are_taken(self) -> None:
        left, right = self.pair(1024 * 1024)
        with self.assertRaises(Serialization):
            left.send_payload(IpcMessage("data"), b"x" * (1024 * 1024 + 1))
        half = b"y" * (700 * 1024)
        sent = 0
        with self.assertRaises(TimedOut):
            while True:
                left.send_payload(IpcMessage("data", data=sent), half, timeout=0.2)
                sent += 1
        self.assertLess(sent, 6)
        sender = threading.Thread(
            target=left.send_payload, args=(IpcMessage("data", data=sent), half), daemon=True
        )
        sender.start()
        taken = [right.next_message(HANG) for _ in range(sent + 1)]
        sender.join(HANG)
        self.assertEqual([message.data for message in taken], [*range(sent + 1)])
        self.assertTrue(all(message.payload == half for message in taken))

    def test_the_segments_are_gone_when_both_sides_have_them_and_after_the_end(self) -> None:
        left, right = self.pair(65536)
        left.send_payload(IpcMessage("data"), b"1")
        right.send_payload(IpcMessage("data"), b"2")
        right.next_message(HANG)
        left.next_message(HANG)
        right.close()
        with self.assertRaises(Disconnected):
            left.next_message(HANG)
        with self.assertRaises(Disconnected):
            left.send_payload(IpcMessage("data"), b"3")
        left.close()
        # Others of this user may have theirs at the same time.
        own = f"{os.getpid()}-"
        self.assertEqual([name for name in os.listdir(SHARED) if name.startswith(own)], [])

    def test_a_payload_that_is_sent_at_once_comes_after_the_announcement_of_its_segment(self) -> None:
        below, client = self.below()
        told = below.emit

        def slow(event: str, data: JsonInput = None, timeout: Optional[float] = None) -> bool:
            if event == "shm.segment":
                time.sleep(0.2)
            return told(event, data, timeout)

        with mock.patch.object(below, "emit", slow):
            left, right = (SharedMemoryChannel.over(one, size=65536) for one in (below, client))
            for channel in (left, right):
                self.addCleanup(channel.close)
            left.send_payload(IpcMessage("data"), b"at once")
            self.assertEqual(right.next_message(HANG).payload, b"at once")

    def test_a_segment_of_a_maker_that_died_is_removed_by_the_next(self) -> None:
        program = (
            "import os, sys\n"
            "from haft_ipc._shared_segment import SharedSegment\n"
            "print(SharedSegment.create(4096).path, flush=True)\n"
            "os._exit(0)\n"
        )
        source = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")
        done = subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": source}, stdout=subprocess.PIPE
        )
        path = done.stdout.decode().strip()
        self.assertTrue(os.path.exists(path))
        self.pair(4096)
        self.assertFalse(os.path.exists(path))

    def test_a_peer_that_names_what_is_not_in_its_segment_is_refused(self) -> None:
        outside = os.path.join(self.directory, "file")
        with open(outside, "wb") as file:
            file.write(b"x" * 4096)
        rows: List[Tuple[str, object]] = [
            ("shm.segment", {"path": outside, "size": 4096}),
            ("shm.segment", {"path": f"{SHARED}/none", "size": 4096}),
            ("shm.segment", {"size": 4096}),
            ("shm.payload", {"message": {"type": "data"}, "id": 1, "offset": 0, "length": 1}),
            ("shm.release", {}),
        ]
        for event, data in rows:
            with self.subTest(event=event, data=data):
                one, peer = self.below()
                channel = SharedMemoryChannel.over(one, size=4096)
                peer.send({"type": "event", "event": event, "data": data})  # type: ignore[dict-item]
                with self.assertRaisesRegex(ReceiveFailed, "broke the protocol"):
                    channel.next_message(HANG)
                channel.close()


class Blocks(unittest.TestCase):
    def test_a_block_takes_the_first_part_that_is_long_enough(self) -> None:
        blocks = SegmentBlocks(256)
        one, two, three = blocks.take(1), blocks.take(65), blocks.take(64)
        self.assertEqual([(one and one.offset), (two and two.offset), (three and three.offset)], [0, 64, 192])
        self.assertIsNone(blocks.take(1))
        blocks.give_back(2)
        blocks.give_back(99)
        four = blocks.take(128)
        self.assertEqual(four and four.offset, 64)
        self.assertIsNone(blocks.take(1))
