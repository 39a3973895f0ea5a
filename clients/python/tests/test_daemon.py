"""The clients and their examples, against the real daemon."""

import asyncio
import os
import signal
import subprocess
import sys
from typing import Any, Callable, Dict, List
from unittest import mock

from haft_ipc import (
    Client,
    Disconnected,
    Event,
    HaftError,
    IpcChannelError,
    RequestError,
    Reset,
    StreamPosition,
    TimedOut,
)
from haft_ipc.aio import Client as AioClient

from .support import HANG, PACKAGE, SandboxedTest

HAFT = os.environ.get("HAFT_TEST_BINARY", "")
QUIET: Dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class DaemonTest(SandboxedTest):
    def setUp(self) -> None:
        super().setUp()
        if HAFT == "":
            self.skipTest('HAFT_TEST_BINARY names no binary: "deno task test tests/e2e/python_test.ts" does')
        os.mkdir(os.path.join(self.directory, "bin"))
        os.symlink(HAFT, os.path.join(self.directory, "bin", "haft"))
        self.env: Dict[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HAFT_")},
            "XDG_RUNTIME_DIR": self.directory,
            "HAFT_HOME": os.path.join(self.directory, "home"),
            "HOME": self.directory,
            "PATH": os.path.join(self.directory, "bin") + os.pathsep + os.environ["PATH"],
            "PYTHONPATH": os.path.join(PACKAGE, "src"),
        }
        self.addCleanup(subprocess.run, [HAFT, "daemon", "stop"], env=self.env, stderr=subprocess.DEVNULL)


    @property
    def endings(self) -> List[Callable[[int], object]]:
        """Ends the daemon of that process so that another one takes its place, or may."""
        return [
            lambda _: subprocess.run([HAFT, "daemon", "restart"], env=self.env, **QUIET),
            lambda pid: os.kill(pid, signal.SIGKILL),
        ]


def data_of(item: object) -> object:
    return item.data if isinstance(item, Event) else item


class Daemon(DaemonTest):
    def test_connect_says_how_to_start_a_daemon_and_spawn_does_it(self) -> None:
        os.mkdir(os.path.join(self.directory, "haft"), 0o700)
        with self.assertRaises(Disconnected) as raised:
            Client.connect(env=self.env)
        self.assertIn("haft daemon start", str(raised.exception))
        with self.assertRaisesRegex(HaftError, "Cannot start the daemon"):
            Client.connect(env=self.env, spawn=True, haft=os.path.join(self.directory, "none"))
        with Client.connect(env=self.env, spawn=True, haft=HAFT, client="test") as haft:
            clients = haft.request("client.list")
            self.assertIn("'name': 'test'", str(clients))
            with Client.connect(env=self.env, spawn=True, haft=HAFT, framing="lines") as second:
                self.assertEqual(second.ack.pid, haft.ack.pid)
        with Client.connect(socket=os.path.join(self.directory, "haft", "daemon.sock")) as third:
            self.assertIn("uptime_secs", third.request("daemon.ping") or {})  # type: ignore[arg-type]

    def test_errors_keep_their_name_and_more(self) -> None:
        with Client.connect(env=self.env, spawn=True, haft=HAFT) as haft:
            with self.assertRaises(RequestError) as raised:
                haft.request("log.tail", {"lines": 0})
            self.assertEqual(raised.exception.name, "invalid_params")
            self.assertIn("lines", str(raised.exception.data))

    def test_a_subscription_goes_on_after_the_daemon_has_given_it_up(self) -> None:
        with Client.connect(env=self.env, spawn=True, haft=HAFT) as haft, haft.subscribe("user.*") as events:
            for n in range(3):
                haft.request("events.publish", {"type": "user.n", "data": n})
            seen = [events.next(HANG) for _ in range(2)]
            # What happens to a reader that was stopped for too long.
            events._channel._transport.shut_down()
            haft.request("events.publish", {"type": "user.n", "data": 3})
            seen += [events.next(HANG) for _ in range(2)]
            self.assertEqual([one.data for one in seen if isinstance(one, Event)], [0, 1, 2, 3])
            with self.assertRaises(TimedOut):
                events.next(0)
            position = events.position
            with haft.subscribe("user.*", since=StreamPosition(position.epoch, position.seq - 1)) as again:
                item = again.next(HANG)
                self.assertEqual(item.data if isinstance(item, Event) else None, 3)
            with haft.subscribe(since=StreamPosition("another", 1)) as other:
                self.assertIsInstance(other.next(HANG), Reset)
            haft.request("daemon.shutdown")
            # A person stopped it, so that it is waited for, and not started.
            with mock.patch("haft_ipc.subscription.RETURN_TIMEOUT", 0.1), self.assertRaises(Disconnected):
                for _ in events:
                    pass
            with self.assertRaises(TimedOut):
                events.next(0)
            self.assertNotEqual(haft.request("daemon.status"), {})
            self.assertIsInstance(events.next(HANG), Reset)

    def test_a_subscription_and_requests_go_on_with_the_next_daemon(self) -> None:
        def publish(haft: Client, data: int) -> None:
            haft.request("events.publish", {"type": "user.n", "data": data})

        with Client.connect(env=self.env, spawn=True, haft=HAFT) as haft, haft.subscribe("user.*") as events:
            publish(haft, 0)
            self.assertEqual(data_of(events.next(HANG)), 0)
            for number, end in enumerate(self.endings, 1):
                before = haft.ack.pid
                end(before)
                item = events.next(HANG)
                self.assertIsInstance(item, Reset)
                publish(haft, number)
                self.assertEqual(data_of(events.next(HANG)), number)
            os.kill(haft.ack.pid, signal.SIGKILL)
            while not haft._channel.has_ended:
                pass
            pings = [("daemon.ping", {})] * 3
            self.assertEqual(len(haft.requests(pings)), 3)
            haft.close()
            with self.assertRaises(IpcChannelError):
                haft.request("daemon.ping")

    def test_asyncio_goes_on_with_the_next_daemon(self) -> None:
        async def main() -> None:
            async with await AioClient.connect(env=self.env, spawn=True, haft=HAFT) as haft:
                async with await haft.subscribe("user.*") as events:
                    for number, end in enumerate(self.endings):
                        await asyncio.get_running_loop().run_in_executor(None, end, haft.ack.pid)
                        self.assertIsInstance(await events.next(HANG), Reset)
                        await haft.request("events.publish", {"type": "user.n", "data": number})
                        self.assertEqual(data_of(await events.next(HANG)), number)
                os.kill(haft.ack.pid, signal.SIGKILL)
                while not haft._channel.has_ended:
                    await asyncio.sleep(0.01)
                answers = await asyncio.gather(*(haft.request("daemon.ping") for _ in range(3)))
                self.assertEqual(len(answers), 3)

        asyncio.run(main())

    def test_asyncio_does_the_same(self) -> None:
        async def main() -> None:
            async with await AioClient.connect(env=self.env, spawn=True, haft=HAFT) as haft:
                answers = await asyncio.gather(*(haft.request("daemon.ping") for _ in range(100)))
                self.assertEqual(len(answers), 100)
                with self.assertRaises(RequestError):
                    await haft.request("nope")
                async with await haft.subscribe("user.*") as events:
                    for n in range(3):
                        await haft.request("events.publish", {"type": "user.n", "data": n})
                    seen: List[object] = []
                    async for item in events:
                        seen.append(item.data if isinstance(item, Event) else item)
                        if len(seen) == 2:
                            events._channel._wire.abort()
                        if len(seen) == 3:
                            break
                    self.assertEqual(seen, [0, 1, 2])
                    with self.assertRaises(TimedOut):
                        await events.next(0.01)
                await haft.request("daemon.shutdown")

        asyncio.run(main())

    def test_an_answer_larger_than_a_frame_comes_in_parts(self) -> None:
        names = [f"t{n}" for n in range(4_000)]
        with open(os.path.join(self.directory, "haft.toml"), "w", encoding="utf-8") as manifest:
            manifest.write("[tasks]\n" + "".join(f'{name} = "true"\n' for name in names))
        params = {"cwd": self.directory}

        def names_in(answer: Any) -> List[str]:
            return [task["name"] for task in answer["tasks"]]

        with Client.connect(env=self.env, spawn=True, haft=HAFT) as haft:
            self.assertEqual(sorted(names_in(haft.request("project.tasks", params))), sorted(names))
            # The small answers do not wait until the large one is whole, and each finds its request.
            small, large, last = haft.requests(
                [("daemon.ping", {}), ("project.tasks", params), ("daemon.ping", {})]
            )
            self.assertEqual([*small], [*last])
            self.assertEqual(len(names_in(large)), len(names))

        async def main() -> None:
            async with await AioClient.connect(env=self.env, framing="lines") as haft:
                large, _ = await asyncio.gather(
                    haft.request("project.tasks", params), haft.request("daemon.ping")
                )
                self.assertEqual(len(names_in(large)), len(names))

        asyncio.run(main())

    def test_examples_run(self) -> None:
        for name, last in (
            ("client.py", "method_not_found"),
            ("aio_client.py", "user.deployed {'to': 'prod'}"),
        ):
            with self.subTest(name):
                done = subprocess.run(
                    [sys.executable, os.path.join(PACKAGE, "examples", name)],
                    env=self.env,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout.decode().splitlines()[-1], last)
