"""The backends of examples/, as a parent sees them."""

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Dict, List, Optional
from unittest import mock

from haft_ipc import IpcMessage, JsonInput, LocalSocketChannel
from haft_ipc.backend import Backend as ThreadBackend

from .support import HANG, PACKAGE, SandboxedTest


class Backend(SandboxedTest):
    example = "backend.py"

    def spawn(self, env: Dict[str, str]) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(
            [sys.executable, os.path.join(PACKAGE, "examples", self.example)],
            env={**os.environ, **self.env, "PYTHONPATH": os.path.join(PACKAGE, "src"), **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        return child

    def ready(self, by_path: bool = False) -> "tuple[LocalSocketChannel, subprocess.Popen[bytes]]":
        """A backend that has said that it is ready, and the parent's end of its channel."""
        server = LocalSocketChannel.server("backend-test", env=self.env)
        self.addCleanup(server.close)
        child = self.spawn({"HAFT_IPC_CHANNEL": server.path if by_path else "backend-test"})
        channel = server.accept(HANG)
        self.addCleanup(channel.close)
        ready = channel.next_message(HANG)
        self.assertEqual((ready.type, ready.data), ("ready", {"handlers": ["count.down", "greet"]}))
        return channel, child

    def test_answers_requests_events_and_pings_and_leaves_stdout_to_logs(self) -> None:
        channel, child = self.ready()
        self.assertEqual(channel.request("greet", {"name": "Ada"}, HANG), {"text": "Hello Ada"})
        for id, method, data in (("a", "nope", {}), ("b", "greet", {}), ("c", "count.down", {"from": "x"})):
            channel.send(IpcMessage("request", id=id, method=method, data=data))
        errors: Dict[Optional[str], JsonInput] = {}
        while len(errors) < 3:
            message = channel.next_message(HANG)
            errors[message.id] = (message.error or {}).get("name")
        self.assertEqual(errors, {"a": "method_not_found", "b": "invalid_params", "c": "failed"})
        channel.send(IpcMessage("request", id="d", method="count.down", data={"from": 2}))
        channel.send(IpcMessage("ping", id="p"))
        told: List[object] = []
        while not any(isinstance(one, tuple) and one[0] == "response" for one in told) or len(told) < 4:
            message = channel.next_message(HANG)
            told.append((message.type, message.id or message.event, message.data))
        self.assertEqual(
            sorted(map(str, told)),
            sorted(
                map(
                    str,
                    [
                        ("event", "count.left", 2),
                        ("event", "count.left", 1),
                        ("response", "d", 0),
                        ("pong", "p", None),
                    ],
                )
            ),
        )
        channel.emit("backend.stop")
        out, err = child.communicate(timeout=HANG)
        self.assertEqual((child.returncode, out), (0, b"greet was called\n" * 2))
        self.assertIn(b"ValueError", err)

    def test_ends_with_0_when_the_channel_ends_and_on_sigterm(self) -> None:
        channel, child = self.ready(by_path=True)
        channel.close()
        self.assertEqual(child.wait(HANG), 0)
        self.doCleanups()
        self.setUp()
        channel, child = self.ready()
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(HANG), 0)
        self.assertEqual([*channel], [])

    def test_finishes_what_is_in_flight_before_it_ends(self) -> None:
        channel, child = self.ready()
        channel.send(IpcMessage("request", id="long", method="count.down", data={"from": 500}))
        channel.next_message(HANG)
        channel.emit("backend.stop")
        *_, last = channel
        self.assertEqual((last.type, last.id, last.data), ("response", "long", 0))
        self.assertEqual(child.wait(HANG), 0)

    def test_legacy_mode_speaks_packed_messages_and_prints_to_stderr(self) -> None:
        child = self.spawn({"HAFT_IPC_MODE": "legacy"})
        requests = [
            {"id": 1, "method": "greet", "params": {"name": "Ada"}},
            {"id": "2", "method": "__ping__"},
            {"id": 3, "method": "greet", "params": {}},
            {"id": 4, "method": "count.down", "params": {"from": 1}},
        ]
        out, err = child.communicate("".join(json.dumps(one) + "\n" for one in requests).encode(), HANG)
        said = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(said[0], {"type": "ready", "handlers": ["count.down", "greet"]})
        expected = [
            {"id": 1, "ok": True, "result": {"text": "Hello Ada"}},
            {"id": "2", "ok": True, "result": "pong"},
            {"id": 3, "ok": False, "error": {"name": "invalid_params", "message": "name is missing"}},
            {"type": "event", "event": "count.left", "data": 1},
            {"id": 4, "ok": True, "result": 0},
        ]
        self.assertEqual(sorted(map(str, said[1:])), sorted(map(str, expected)))
        # Two threads print, a text and its newline each.
        self.assertEqual((child.returncode, err.count(b"greet was called")), (0, 2))

    def test_a_request_is_cancelled_at_an_await(self) -> None:
        channel, child = self.ready()
        channel.send(IpcMessage("request", id="long", method="count.down", data={"from": 1_000_000}))
        channel.next_message(HANG)
        channel.send(IpcMessage("request", id="c", method="cancel", data={"id": "long"}))
        ends: Dict[Optional[str], object] = {}
        while len(ends) < 2:
            message = channel.next_message(HANG)
            if message.type == "response":
                ends[message.id] = message.data or (message.error or {}).get("name")
        self.assertEqual(ends, {"c": {"cancelled": True}, "long": "cancelled"})
        channel.emit("backend.stop")
        self.assertEqual(child.wait(HANG), 0)

    def test_more_requests_than_it_works_on_are_refused_and_the_others_answered(self) -> None:
        channel, child = self.ready()
        for n in range(300):
            channel.send(IpcMessage("request", id=str(n), method="count.down", data={"from": 20}))
        answers: Dict[Optional[str], object] = {}
        while len(answers) < 300:
            message = channel.next_message(HANG)
            if message.type == "response":
                answers[message.id] = (message.error or {}).get("name", message.data)
        self.assertLessEqual(set(map(str, answers.values())), {"0", "too_many"})
        self.assertGreaterEqual(list(answers.values()).count(0), 128)
        channel.emit("backend.stop")
        self.assertEqual(child.wait(HANG), 0)

    def test_without_a_channel_it_says_what_to_do(self) -> None:
        child = self.spawn({"HAFT_IPC_CHANNEL": ""})
        _, err = child.communicate(timeout=HANG)
        self.assertEqual(child.returncode, 1)
        self.assertIn(b"Let haft start it, or set HAFT_IPC_MODE=legacy", err)


class FirstRequest(SandboxedTest):
    def test_a_handler_may_emit_before_run_goes_on(self) -> None:
        backend = ThreadBackend()
        tried = threading.Event()

        @backend.handler
        def greet(data: object) -> str:
            try:
                backend.emit("hello")
                return "said"
            finally:
                tried.set()

        start = threading.Thread.start

        def start_and_lose_the_race(thread: threading.Thread) -> None:
            start(thread)
            if thread.name == "haft_ipc backend":
                tried.wait(HANG)

        server = LocalSocketChannel.server("first", env=self.env)
        self.addCleanup(server.close)
        running = threading.Thread(target=backend.run, args=({**self.env, "HAFT_IPC_CHANNEL": "first"},))
        with mock.patch.object(threading.Thread, "start", start_and_lose_the_race):
            running.start()
            with server.accept(HANG) as channel:
                channel.send(IpcMessage("request", id="1", method="greet"))
                told = [channel.next_message(HANG) for _ in range(3)]
                channel.emit("backend.stop")
                running.join(HANG)
        self.assertEqual([message.event or message.data for message in told[1:]], ["hello", "said"])


class AioBackend(Backend):
    """The same, in an event loop."""

    example = "aio_backend.py"
