"""Channels that a program gets from its environment: names, paths, modes."""

import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import unittest
from typing import Dict, Tuple

from haft_ipc import (
    EndpointError,
    HaftError,
    IpcChannelFactory,
    IpcMode,
    LocalSocketChannel,
    LocalSocketChannelServer,
    ThreadChannel,
)

from .support import HANG, SOURCE, SandboxedTest


class Places(SandboxedTest):
    def test_a_name_may_be_a_path(self) -> None:
        with LocalSocketChannel.server("parent", env=self.env) as server:
            for given in ("parent", server.path):
                with LocalSocketChannel.connect(given, env=self.env) as client, server.accept(
                    HANG
                ) as channel:
                    client.emit("here", given)
                    self.assertEqual(channel.next_message(HANG).data, given)

    def test_a_socket_of_ours_below_tmp_is_used(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o1777)
            path = os.path.join(directory, "auroraview_x")
            with LocalSocketChannelServer("x", path) as server:
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
                with LocalSocketChannel.connect(path) as client, server.accept(HANG) as channel:
                    self.assertTrue(client.emit("hello"))
                    self.assertEqual(channel.next_message(HANG).event, "hello")
            os.chmod(directory, 0o777)
            with self.assertRaisesRegex(EndpointError, "mode is 0777"):
                LocalSocketChannel.connect(path)

    @unittest.skipUnless(os.getuid() == 0, "only root can make a file of another user")
    def test_a_socket_of_another_user_below_tmp_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o1777)
            path = os.path.join(directory, "x")
            with LocalSocketChannelServer("x", path):
                os.chown(path, 12345, 12345)
                with self.assertRaisesRegex(EndpointError, "it belongs to user 12345"):
                    LocalSocketChannel.connect(path)
                os.chown(path, 0, 0)

    def test_the_name_of_an_auroraview_parent_leads_to_its_socket(self) -> None:
        name = f"haft_test_{os.getpid()}"
        for path in (f"/tmp/auroraview_{name}", f"/tmp/ipckit_{name}", f"/tmp/{name}.sock"):
            with self.subTest(path), socket.socket(socket.AF_UNIX) as parent:
                parent.bind(path)
                parent.listen(1)
                env = {**self.env, "AURORAVIEW_IPC_CHANNEL": name}
                with LocalSocketChannel.connect(name, env=env) as client:
                    client.emit("hello", {"n": 1})
                    with parent.accept()[0] as accepted, accepted.makefile("r") as lines:
                        said = [json.loads(line) for line in (next(lines) for _ in range(5)) if line.strip()]
                        self.assertEqual(said, [{"type": "event", "event": "hello", "data": {"n": 1}}])
            os.unlink(path)


class Factory(SandboxedTest):
    def test_auto_detect_follows_the_environment(self) -> None:
        rows: Tuple[Tuple[Dict[str, str], IpcMode], ...] = (
            ({}, IpcMode.THREAD),
            ({"HAFT_IPC_CHANNEL": "x"}, IpcMode.LOCAL_SOCKET),
            ({"AURORAVIEW_IPC_CHANNEL": "x"}, IpcMode.LOCAL_SOCKET),
            ({"AURORAVIEW_IPC_CHANNEL": "x", "AURORAVIEW_IPC_MODE": "legacy"}, IpcMode.STDIO),
            (
                {"HAFT_IPC_CHANNEL": "x", "HAFT_IPC_MODE": "channel", "AURORAVIEW_IPC_MODE": "legacy"},
                IpcMode.LOCAL_SOCKET,
            ),
            ({"AURORAVIEW_PACKED": "1"}, IpcMode.STDIO),
            ({"AURORAVIEW_PACKED": "0"}, IpcMode.THREAD),
            ({"AURORAVIEW_PACKED": "1", "AURORAVIEW_IPC_CHANNEL": "x"}, IpcMode.LOCAL_SOCKET),
        )
        for env, mode in rows:
            with self.subTest(env):
                self.assertIs(IpcChannelFactory.auto_detect(env), mode)
        with self.assertRaisesRegex(HaftError, 'AURORAVIEW_IPC_MODE is "pipe"'):
            IpcChannelFactory.auto_detect({"AURORAVIEW_IPC_MODE": "pipe"})

    def test_without_a_parent_a_channel_receives_what_it_sends(self) -> None:
        with IpcChannelFactory.create_for_context(env=self.env) as channel:
            self.assertIsInstance(channel, ThreadChannel)
            self.assertTrue(channel.emit("my_event", {"data": "value"}))
            self.assertEqual(channel.next_message(HANG).data, {"data": "value"})

    def test_with_a_parent_it_connects_to_it(self) -> None:
        with LocalSocketChannel.server("parent", env=self.env) as server:
            for env in ({"HAFT_IPC_CHANNEL": "parent"}, {"AURORAVIEW_IPC_CHANNEL": server.path}):
                with IpcChannelFactory.create_for_context(env={**self.env, **env}) as channel:
                    channel.emit("my_event")
                    with server.accept(HANG) as accepted:
                        self.assertEqual(accepted.next_message(HANG).event, "my_event")
            with IpcChannelFactory.create("local_socket", "parent", env=self.env) as channel:
                self.assertEqual(channel.metrics().channel_type, "local_socket")
        with self.assertRaises(ValueError):
            IpcChannelFactory.create("pigeon", "x")

    def test_in_legacy_mode_messages_are_lines_on_stdin_and_stdout(self) -> None:
        program = (
            "from haft_ipc import IpcChannelFactory\n"
            "with IpcChannelFactory.create_for_context() as channel:\n"
            "    print('a log line')\n"
            "    for message in channel:\n"
            "        channel.emit('heard', message.data)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "AURORAVIEW_IPC_MODE": "legacy", "PYTHONPATH": SOURCE},
            input=b'{"type":"data","data":1}\n{"type":"data","data":"' + b"x" * 100_000 + b'"}\n',
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=HANG,
        )
        self.assertEqual((done.returncode, done.stderr), (0, b"a log line\n"))
        said = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(
            said,
            [
                {"type": "event", "event": "heard", "data": 1},
                {"type": "event", "event": "heard", "data": "x" * 100_000},
            ],
        )
