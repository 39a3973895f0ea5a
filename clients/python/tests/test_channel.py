"""A channel over a local socket, in both framings."""

import os
import signal
import socket
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Callable, List, Optional, Tuple

from haft_ipc import (
    LIMITS,
    Disconnected,
    IpcChannel,
    IpcMessage,
    JsonInput,
    LocalSocketChannel,
    ReceiveFailed,
    RequestError,
    Serialization,
    ShuttingDown,
    TimedOut,
)
from haft_ipc._framing import frame

from .support import HANG, SandboxedTest, open_descriptors


def echo(channel: IpcChannel) -> None:
    """Answers requests with their data until the channel ends."""
    for message in channel:
        if message.method == "fail":
            channel.send(
                IpcMessage(
                    "response", id=message.id, error={"code": -32001, "name": "not_found", "message": "no"}
                )
            )
        elif message.type == "request":
            channel.send(IpcMessage("response", id=message.id, data=message.data))


class ChannelTest(SandboxedTest):
    """How tests get two connected ends."""

    framing = "length"

    def pair(self, **options: float) -> Tuple[LocalSocketChannel, LocalSocketChannel]:
        """The accepted end, and the connected one."""
        server = LocalSocketChannel.server(
            "test", env=self.env, frame_timeout=options.pop("frame_timeout", 10.0)
        )
        self.addCleanup(server.close)
        client = LocalSocketChannel.connect("test", env=self.env, framing=self.framing, timeout=HANG)
        self.addCleanup(client.close)
        accepted = server.accept(HANG)
        self.addCleanup(accepted.close)
        return accepted, client

    def raw(self, frame_timeout: float = 10.0) -> Tuple[LocalSocketChannel, socket.socket]:
        """A channel and the bare socket at its other end."""
        server = LocalSocketChannel.server("test", env=self.env, frame_timeout=frame_timeout)
        self.addCleanup(server.close)
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        peer.connect(server.path)
        peer.sendall(b"\0\0\0\0")
        accepted = server.accept(HANG)
        self.addCleanup(accepted.close)
        return accepted, peer

    def start(self, function: Callable[..., object], *args: object) -> threading.Thread:
        thread = threading.Thread(target=function, args=args, daemon=True)
        thread.start()
        return thread


class Channel(ChannelTest):
    def test_messages_arrive_in_order_and_whole(self) -> None:
        left, right = self.pair()
        sent: List[JsonInput] = [{"n": n, "text": "é" * n, "half": "\ud800"} for n in range(300)]

        def send_all() -> None:
            for one in sent:
                right.send_json(one)

        self.start(send_all)
        self.assertEqual([left.next_message(HANG).data for _ in sent], sent)

    def test_the_accepting_side_may_speak_first(self) -> None:
        left, right = self.pair()
        left.emit("hello", {"n": 1})
        message = right.next_message(HANG)
        self.assertEqual((message.type, message.event, message.data), ("event", "hello", {"n": 1}))

    def test_receive_times_out_and_loses_nothing(self) -> None:
        left, right = self.pair()
        for timeout in (0, 0.01):
            with self.assertRaises(TimedOut):
                left.next_message(timeout)
        right.send_json(1)
        self.assertEqual(left.next_message(HANG).data, 1)

    def test_a_waiting_receive_holds_up_no_send(self) -> None:
        left, right = self.pair()
        received: List[Optional[object]] = []
        reader = self.start(lambda: received.append(left.next_message(HANG).data))
        left.send_json("out")
        self.assertEqual(right.next_message(HANG).data, "out")
        right.send_json("in")
        reader.join(HANG)
        self.assertEqual(received, ["in"])

    def test_try_receive_gives_what_has_arrived(self) -> None:
        left, right = self.pair()
        self.assertIsNone(left.try_receive())
        right.send_json(1)
        message = None
        while message is None:
            message = left.try_receive()
        self.assertEqual(message.data, 1)

    def test_request_gives_its_own_answer_among_many(self) -> None:
        left, right = self.pair()
        self.start(echo, left)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: right.request("echo", n, HANG), range(500)))
        self.assertEqual(answers, list(range(500)))

    def test_threads_that_do_everything_at_once_get_their_own_answers(self) -> None:
        left, right = self.pair()

        def answer(message: IpcMessage) -> None:
            if message.type == "request" and not message.oneway:
                left.send(IpcMessage("response", id=message.id, data=message.data))

        left.on_message(answer)
        right.on_message(lambda message: None)

        def work(thread: int) -> None:
            random = Random(thread)
            for n in range(200):
                try:
                    choice = random.randrange(20)
                    if choice == 0:
                        right.next_message(0)
                    elif choice == 1:
                        right.try_receive()
                    elif choice == 2:
                        right.request("soon", n, timeout=0.00001)
                    else:
                        self.assertEqual(right.request("echo", [thread, n], HANG), [thread, n])
                except TimedOut:
                    self.assertLess(choice, 3)

        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            with ThreadPoolExecutor(12) as pool:
                list(pool.map(work, range(12)))
        finally:
            sys.setswitchinterval(before)
        self.assertTrue(right.wait_for_drain(HANG))

    def test_request_raises_the_error_it_is_answered_with(self) -> None:
        left, right = self.pair()
        self.start(echo, left)
        with self.assertRaises(RequestError) as raised:
            right.request("fail")
        self.assertEqual((raised.exception.name, raised.exception.code), ("not_found", -32001))

    def test_request_keeps_other_messages_for_receive_and_tells_progress(self) -> None:
        left, right = self.pair()

        def answer() -> None:
            request = left.next_message(HANG)
            left.emit("other", 1)
            left.send(IpcMessage("event", id=request.id, event="progress", data=50))
            left.send(IpcMessage("response", id=request.id, data="done"))

        self.start(answer)
        seen: List[Tuple[str, object]] = []
        self.assertEqual(
            right.request("work", None, HANG, lambda event, data: seen.append((event, data))), "done"
        )
        self.assertEqual(seen, [("progress", 50)])
        self.assertEqual(right.next_message(HANG).event, "other")

    def test_a_late_answer_is_dropped_and_the_peer_told_to_cancel(self) -> None:
        left, right = self.pair()
        with self.assertRaises(TimedOut):
            right.request("slow", timeout=0.01)
        request = left.next_message(HANG)
        cancel = left.next_message(HANG)
        self.assertEqual((cancel.method, cancel.oneway, cancel.data), ("cancel", True, {"id": request.id}))
        left.send(IpcMessage("response", id=request.id, data="late"))
        left.send_json("next")
        self.assertEqual(right.next_message(HANG).data, "next")

    def test_progress_makes_a_request_wait_no_longer(self) -> None:
        left, right = self.pair()
        over = threading.Event()

        def tell_for_ever() -> None:
            request = left.next_message(HANG)
            while not over.is_set():
                left.send(IpcMessage("event", id=request.id, event="progress"), HANG)

        telling = self.start(tell_for_ever)
        seen: List[str] = []
        with self.assertRaises(TimedOut):
            right.request("endless", None, 0.05, lambda event, data: seen.append(event))
        over.set()
        telling.join(HANG)
        self.assertIn("progress", seen)

    def test_signals_make_a_request_wait_no_longer(self) -> None:
        left, right = self.pair()
        before = signal.signal(signal.SIGALRM, lambda number, frame: None)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        try:
            for wait in (
                lambda: right.request("never answered", None, 0.05),
                lambda: right.next_message(0.05),
            ):
                with self.assertRaises(TimedOut):
                    wait()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        left.close()

    def test_an_error_without_an_id_ends_the_requests_that_wait(self) -> None:
        left, right = self.pair()

        def refuse() -> None:
            left.next_message(HANG)
            left.send(IpcMessage("response", error={"code": -32600, "message": "bad"}))

        self.start(refuse)
        with self.assertRaises(RequestError):
            right.request("x", timeout=HANG)

    def test_an_answer_without_an_id_is_nobodys(self) -> None:
        left, right = self.pair()

        def answer() -> None:
            request = left.next_message(HANG)
            left.send(IpcMessage("response", data="whose?"))
            left.send(IpcMessage("response", id=request.id, data="yours"))

        self.start(answer)
        self.assertEqual(right.request("x", timeout=HANG), "yours")

    def test_listeners_get_every_message_that_no_receive_waits_for(self) -> None:
        left, right = self.pair()
        right.send_json(0)
        seen: List[object] = []
        all_seen = threading.Event()

        def listener(message: IpcMessage) -> None:
            seen.append(message.data)
            if len(seen) == 100:
                all_seen.set()
            if message.data == 5:
                raise RuntimeError("a listener's mistake")

        with self.assertLogs("haft_ipc"):
            stop = left.on_message(listener)
            for n in range(1, 100):
                right.send_json(n)
            self.assertTrue(all_seen.wait(HANG))
        self.assertEqual(seen, list(range(100)))
        # A request goes on beside a listener.
        self.start(echo, right)
        self.assertEqual(left.request("echo", "x", HANG), "x")
        stop()

    def test_iteration_ends_when_the_peer_closes_and_gives_what_came_before(self) -> None:
        left, right = self.pair()
        for n in range(3):
            right.send_json(n)
        right.close()
        self.assertEqual([message.data for message in left], [0, 1, 2])
        with self.assertRaises(Disconnected):
            left.receive()
        with self.assertRaises(Disconnected):
            while True:
                left.send_json(1)

    def test_close_wakes_a_receive_and_a_request_of_other_threads(self) -> None:
        left, right = self.pair()
        failures: List[BaseException] = []

        def fail(function: Callable[[], object]) -> None:
            try:
                function()
            except Disconnected as error:
                failures.append(error)

        threads = [
            self.start(fail, right.receive),
            self.start(fail, lambda: right.request("x", timeout=None)),
        ]
        left.next_message(HANG)
        right.close()
        for thread in threads:
            thread.join(HANG)
        self.assertEqual(len(failures), 2)

    def test_shutdown_refuses_what_is_new_and_lets_what_is_in_flight_finish(self) -> None:
        left, right = self.pair()
        answers: List[object] = []
        asking = self.start(lambda: answers.append(right.request("echo", 1, HANG)))
        request = left.next_message(HANG)
        self.assertFalse(right.is_shutdown())
        right.shutdown()
        self.assertTrue(right.is_shutdown())
        with self.assertRaises(ShuttingDown):
            right.send_json(1)
        with self.assertRaises(ShuttingDown):
            right.request("x")
        self.assertFalse(right.wait_for_drain(0))
        left.send(IpcMessage("response", id=request.id, data="done"))
        self.assertTrue(right.wait_for_drain(HANG))
        asking.join(HANG)
        self.assertEqual(answers, ["done"])

    def test_a_message_that_the_peer_would_refuse_is_not_sent(self) -> None:
        left, right = self.pair()
        deep: List[object] = []
        for _ in range(64):
            deep = [deep]
        cyclic: List[object] = []
        cyclic.append(cyclic)
        for data in (
            "x" * LIMITS.frame,
            deep,
            cyclic,
            {"__proto__": 1},
            float("nan"),
            object(),
            {"a": {"constructor": 1}},
        ):
            with self.assertRaises(Serialization):
                right.send_json(data)  # type: ignore[arg-type]
            with self.assertRaises(Serialization):
                right.request("x", data)  # type: ignore[arg-type]
        self.assertEqual(right.metrics().send_errors, 14)
        self.assertTrue(right.wait_for_drain(0))
        self.start(right.send_json, "x" * (LIMITS.frame - len('{"type":"data","data":""}')))
        left.next_message(HANG)

    def test_metrics_count_messages_and_bytes(self) -> None:
        left, right = self.pair()
        right.send_json(1)
        right.send_json(2)
        left.next_message(HANG)
        size = len('{"type":"data","data":1}')
        self.assertEqual(right.metrics()[:4], (2, 0, 2 * size, 0))
        left.next_message(HANG)
        self.assertEqual(left.metrics()[:4], (0, 2, 0, 2 * size))

    def test_a_send_that_is_not_taken_times_out_and_leaves_whole_frames_behind(self) -> None:
        left, right = self.pair()
        accepted = 0
        text = "x" * 100_000
        with self.assertRaises(TimedOut):
            while True:
                right.send_json({"n": accepted, "text": text}, timeout=0.01)
                accepted += 1
        numbers: List[object] = []

        def read() -> None:
            for message in left:
                numbers.append(message.data["n"] if isinstance(message.data, dict) else message)

        reader = self.start(read)
        right.close()
        reader.join(HANG)
        self.assertEqual(numbers, list(range(accepted)))

    def test_a_reader_that_does_not_take_leaves_the_rest_in_the_kernel(self) -> None:
        left, right = self.pair()

        def flood() -> None:
            try:
                for n in range(LIMITS.unread_messages * 100):
                    right.send_json(n)
            except Disconnected:
                pass

        self.start(flood)
        said = ""
        while "unread" not in said:
            with self.assertRaises(TimedOut) as raised:
                left.request("never answered", timeout=0.05)
            said = str(raised.exception)
        # No more than one read lies above the limit.
        self.assertLess(left.metrics().peak_unread, LIMITS.unread_messages * 10)
        left.close()

    def test_a_peer_that_goes_is_noticed_while_its_messages_are_unread(self) -> None:
        left, right = self.pair()
        # More than is kept unread, and no more than the kernel takes of the rest.
        sent = [f"{n:04}" * 2500 for n in range(LIMITS.unread_bytes // 10_000 + 3)]

        def flood() -> None:
            right.next_message(HANG)
            for text in sent:
                right.send_json(text)
            right.close()

        flooding = self.start(flood)
        with self.assertRaises(Disconnected):
            left.request("never answered", timeout=HANG)
        flooding.join(HANG)
        self.assertEqual([message.data for message in left], sent)

    def test_a_second_server_is_refused_and_a_stale_socket_replaced(self) -> None:
        first = LocalSocketChannel.server("one", env=self.env)
        with self.assertRaisesRegex(Exception, "in use by another process"):
            LocalSocketChannel.server("one", env=self.env)
        mode = os.lstat(first.path).st_mode
        self.assertEqual((stat.S_ISSOCK(mode), mode & 0o777), (True, 0o600))
        self.assertEqual(os.lstat(os.path.dirname(first.path)).st_mode & 0o777, 0o700)
        first.close()
        self.assertFalse(os.path.exists(first.path))
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(first.path)
        stale.close()
        with LocalSocketChannel.server("one", env=self.env) as second:
            os.unlink(second.path)
            with LocalSocketChannel.server("one", env=self.env) as third:
                second.close()
                self.assertTrue(os.path.exists(third.path), "closing removed a successor's socket")

    def test_accept_times_out_and_a_silent_connection_holds_up_nobody(self) -> None:
        with LocalSocketChannel.server("one", env=self.env) as server:
            with self.assertRaises(TimedOut):
                server.accept(0.01)
            silent = socket.socket(socket.AF_UNIX)
            self.addCleanup(silent.close)
            silent.connect(server.path)
            with LocalSocketChannel.connect("one", env=self.env, framing=self.framing) as client:
                client.send_json(1)
                with server.accept(HANG) as accepted:
                    self.assertEqual(accepted.next_message(HANG).data, 1)
            waiting = self.start(lambda: self.assertRaises(Disconnected, server.accept))
        waiting.join(HANG)

    def test_a_server_that_is_closed_holds_no_descriptor(self) -> None:
        before = open_descriptors()
        servers = [LocalSocketChannel.server(str(n), env=self.env) for n in range(3)]
        waiting = [self.start(lambda: self.assertRaises(Disconnected, servers[0].accept)) for _ in range(2)]
        with self.assertRaises(TimedOut):
            servers[1].accept(0.01)
        for server in servers:
            server.close()
        for thread in waiting:
            thread.join(HANG)
        # The servers still exist, so only the channels closed their descriptors.
        self.assertEqual((len(servers), open_descriptors() - before), (3, set()))

    def test_connections_past_the_limit_are_closed(self) -> None:
        with LocalSocketChannel.server("one", env=self.env, max_connections=2) as server:
            ends = [LocalSocketChannel.connect("one", env=self.env, framing=self.framing) for _ in range(3)]
            accepted = [server.accept(HANG) for _ in range(2)]
            with self.assertRaises(TimedOut):
                server.accept(0.05)
            with self.assertRaises(Disconnected):
                ends[2].next_message(HANG)
            accepted[0].close()
            ends.append(LocalSocketChannel.connect("one", env=self.env, framing=self.framing))
            accepted.append(server.accept(HANG))
            self.assertEqual(server.connections, 2)
            for channel in ends + accepted:
                channel.close()

    def test_connect_says_that_nobody_listens(self) -> None:
        os.mkdir(os.path.join(self.directory, "haft"), 0o700)
        with self.assertRaisesRegex(Disconnected, 'Nothing listens on channel "none"'):
            LocalSocketChannel.connect("none", env=self.env)
        with self.assertRaises(TimedOut):
            LocalSocketChannel.connect("none", env=self.env, retry=True, timeout=0.05)

    def test_connect_retries_until_somebody_listens(self) -> None:
        os.mkdir(os.path.join(self.directory, "haft"), 0o700)
        channels: List[LocalSocketChannel] = []
        connecting = self.start(
            lambda: channels.append(
                LocalSocketChannel.connect("late", env=self.env, retry=True, timeout=HANG)
            )
        )
        with LocalSocketChannel.server("late", env=self.env) as server, server.accept(HANG):
            connecting.join(HANG)
        channels[0].close()


class ChannelByLines(Channel):
    framing = "lines"


class Refusals(ChannelTest):
    """The answers to a peer that breaks the protocol, and the errors of the channel's user."""

    def test_a_frame_that_is_not_allowed_ends_the_channel(self) -> None:
        for bad, code in (
            (b"[", -32700),
            (b"1", -32600),
            (b'{"type":"x"}', -32600),
            (b'{"__proto__":1}', -32600),
        ):
            with self.subTest(bad):
                channel, peer = self.raw()
                peer.sendall(frame("length", b'{"type":"data","data":1}') + frame("length", bad))
                self.assertEqual(channel.next_message(HANG).data, 1)
                with self.assertRaises(ReceiveFailed):
                    channel.next_message(HANG)
                told = peer.recv(4096)
                self.assertIn(b'"code":%d' % code, told)
                self.assertEqual(peer.recv(4096), b"")
                self.assertEqual(channel.metrics().receive_errors, 1)
                with self.assertRaises(ReceiveFailed):
                    channel.send_json(1)
                self.doCleanups()
                self.setUp()

    def test_a_length_past_the_limit_is_refused_before_anything_is_allocated(self) -> None:
        channel, peer = self.raw()
        peer.sendall((LIMITS.frame + 1).to_bytes(4, "little"))
        with self.assertRaisesRegex(ReceiveFailed, "at most 1048576 are allowed"):
            channel.next_message(HANG)

    def test_a_frame_that_does_not_end_ends_the_channel(self) -> None:
        channel, peer = self.raw(frame_timeout=0.05)
        peer.sendall(b"\x05\0\0\0{")
        with self.assertRaisesRegex(Disconnected, "did not end a message within"):
            channel.next_message(HANG)

    def test_a_peer_that_leaves_in_the_middle_is_told_from_one_that_closes(self) -> None:
        channel, peer = self.raw()
        peer.sendall(b"\x05\0\0\0{")
        peer.close()
        with self.assertRaisesRegex(Disconnected, "in the middle of a message"):
            channel.next_message(HANG)
