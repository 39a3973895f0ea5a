"""Messages for hosts that have an event loop: a plain one, asyncio, and Qt where a binding is installed."""

import asyncio
import importlib
import os
import queue
import subprocess
import sys
import threading
import unittest
from typing import List, Optional

from haft_ipc import JsonInput, ThreadChannel, Waker
from haft_ipc.qt import BINDINGS

from .support import HANG, SOURCE

QT_PROGRAM = """
import threading
from haft_ipc import ThreadChannel
from {binding} import QtCore
from haft_ipc.qt import qt_waker

app = QtCore.QCoreApplication([])
left, right = ThreadChannel.pair("qt", 10_000)
threads, seen = set(), []

def handle(message):
    threads.add(threading.current_thread() is threading.main_thread())
    seen.append(message.data)
    if len(seen) == 1000:
        app.quit()

waker = qt_waker()
waker.attach(right, handle)
sender = threading.Thread(target=lambda: [left.send_json(n) for n in range(1000)])
sender.start()
getattr(app, "exec", None)() if hasattr(app, "exec") else app.exec_()
sender.join()
waker.close()
left.close()
print(seen == list(range(1000)), threads)
"""


class Wakers(unittest.TestCase):
    def test_the_host_is_woken_and_handles_messages_in_its_thread(self) -> None:
        wakes: "queue.Queue[None]" = queue.Queue()
        left, right = ThreadChannel.pair("host")
        seen: List[JsonInput] = []
        threads = set()

        def handle(message: object) -> None:
            threads.add(threading.current_thread())
            seen.append(getattr(message, "data", None))

        with left, Waker(lambda: wakes.put(None), interval=0) as waker:
            waker.attach(right, handle)
            for n in range(100):
                left.send_json(n)
            while len(seen) < 100:
                wakes.get(timeout=HANG)
                waker.pump()
        self.assertEqual(seen, [*range(100)])
        self.assertEqual(threads, {threading.current_thread()})
        self.assertEqual(left.metrics().messages_sent, 100)

    def test_what_a_budget_leaves_wakes_the_host_again_and_a_handlers_mistake_loses_one_message(self) -> None:
        wakes: "queue.Queue[None]" = queue.Queue()
        left, right = ThreadChannel.pair("host")
        seen: List[JsonInput] = []

        def handle(message: object) -> None:
            seen.append(getattr(message, "data", None))
            if seen[-1] == 1:
                raise ValueError("a mistake")

        with left, Waker(lambda: wakes.put(None), interval=0) as waker:
            waker.attach(right, handle)
            for n in range(3):
                left.send_json(n)
            rounds = 0
            while len(seen) < 3:
                wakes.get(timeout=HANG)
                rounds += 1
                try:
                    self.assertLessEqual(waker.pump(0), 1)
                except ValueError:
                    pass
        self.assertEqual(seen, [0, 1, 2])
        self.assertGreaterEqual(rounds, 3)

    def test_wakes_keep_their_distance(self) -> None:
        wakes: "queue.Queue[None]" = queue.Queue()
        left, right = ThreadChannel.pair("host")
        with left, Waker(lambda: wakes.put(None), interval=3600) as waker:
            waker.attach(right, lambda message: None)
            left.send_json(1)
            wakes.get(timeout=HANG)
            self.assertEqual(waker.pump(), 1)
            left.send_json(2)
            while len(waker) == 0:
                threading.Event().wait(0.001)
            self.assertTrue(wakes.empty())

    def test_asyncio_handles_them_in_its_loop(self) -> None:
        async def main() -> None:
            left, right = ThreadChannel.pair("loop")
            done: "asyncio.Future[JsonInput]" = asyncio.get_running_loop().create_future()
            with left, Waker.for_loop(asyncio.get_running_loop()) as waker:
                waker.attach(right, lambda message: done.set_result(message.data))
                left.send_json({"n": 1})
                self.assertEqual(await asyncio.wait_for(done, HANG), {"n": 1})

        asyncio.run(main())

    def test_qt_handles_them_in_the_thread_of_its_loop(self) -> None:
        binding = _qt()
        if binding is None:
            self.skipTest(f"none of {', '.join(BINDINGS)} is installed")
        done = subprocess.run(
            [sys.executable, "-c", QT_PROGRAM.format(binding=binding)],
            env={**os.environ, "PYTHONPATH": SOURCE, "QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=HANG * 3,
        )
        self.assertEqual((done.returncode, done.stdout), (0, b"True {True}\n"), done.stderr.decode())


def _qt() -> Optional[str]:
    for binding in BINDINGS:
        try:
            importlib.import_module(f"{binding}.QtCore")
            return binding
        except ImportError:
            continue
    return None
