"""The channel inside a process, the examples that need no daemon, and the package itself."""

import os
import re
import subprocess
import sys
import threading
from typing import List

import haft_ipc
from haft_ipc import Disconnected, IpcMessage, Serialization, ShuttingDown, ThreadChannel, TimedOut

from .support import HANG, PACKAGE, SandboxedTest


class Threads(SandboxedTest):
    def test_a_pair_exchanges_copies_in_order(self) -> None:
        left, right = ThreadChannel.pair("pair")
        data = {"list": [1]}
        left.send_json(data)
        data["list"].append(2)
        left.emit("done")
        self.assertEqual(right.receive(HANG).data, {"list": [1]})
        self.assertEqual(right.receive(HANG).event, "done")
        self.assertIsNone(right.try_receive())
        with self.assertRaises(TimedOut):
            right.receive(0)
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
        self.assertEqual([right.receive(HANG).data for _ in range(3)], [1, 2, 4])
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
                channel.receive(HANG)
        self.assertEqual([*left], [])
        self.assertEqual(left.metrics()[:2], (1, 1))


class Package(SandboxedTest):
    def test_examples_without_a_daemon_run(self) -> None:
        for name, expected in (
            ("channel.py", ["3"]),
            ("aio_channel.py", ["[0, 2, 4]"]),
            ("threads.py", [f"progress {{'percent': {n}}}" for n in (0, 50, 100)]),
        ):
            with self.subTest(name):
                done = subprocess.run(
                    [sys.executable, os.path.join(PACKAGE, "examples", name)],
                    env={**os.environ, **self.env, "PYTHONPATH": os.path.join(PACKAGE, "src")},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    timeout=HANG * 3,
                )
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout.decode().splitlines(), expected)

    def test_the_build_says_what_pyproject_says(self) -> None:
        sys.path.insert(0, os.path.join(PACKAGE, "build_backend"))
        self.addCleanup(sys.path.pop, 0)
        import haft_build

        with open(os.path.join(PACKAGE, "pyproject.toml"), encoding="utf-8") as file:
            text = file.read()
        declared = dict(
            re.findall(r'^(name|version|description|requires-python) = "(.*)"$', text, re.MULTILINE)
        )
        built = {
            "name": haft_build.NAME.replace("_", "-"),
            "version": haft_build.VERSION,
            "description": haft_build.SUMMARY,
            "requires-python": haft_build.REQUIRES_PYTHON,
        }
        self.assertEqual(built, declared)
        self.assertEqual(haft_ipc.__version__, haft_build.VERSION)

    def test_the_wheel_installs_without_an_index(self) -> None:
        target = os.path.join(self.directory, "target")
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--target", target, PACKAGE],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if b"No module named pip" in done.stdout:
            self.skipTest("this Python has no pip")
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        installed: List[str] = os.listdir(os.path.join(target, "haft_ipc"))
        self.assertTrue({"py.typed", "aio", "backend", "client.py"} <= set(installed))
