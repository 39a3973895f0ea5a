"""What of other users' making is refused."""

import os
import socket
import unittest
from typing import Callable, List

from haft_ipc import EndpointError, LocalSocketChannel

from .support import SandboxedTest


class Endpoint(SandboxedTest):
    def refused(self, reason: str) -> None:
        """Both ends refuse, for that reason."""
        with self.assertRaisesRegex(EndpointError, reason):
            LocalSocketChannel.server("x", env=self.env)
        with self.assertRaisesRegex(EndpointError, reason):
            LocalSocketChannel.connect("x", env=self.env)

    def test_a_linked_directory_is_refused(self) -> None:
        os.mkdir(os.path.join(self.directory, "real"), 0o700)
        os.symlink("real", os.path.join(self.directory, "haft"))
        self.refused("it is a symbolic link")

    def test_a_directory_open_to_others_is_refused(self) -> None:
        path = os.path.join(self.directory, "haft")
        os.mkdir(path)
        for mode in (0o701, 0o710, 0o777):
            os.chmod(path, mode)
            self.refused(f"its mode is {mode:04o}, so other users can get in")

    def test_a_directory_that_is_not_hafts_own_is_never_said_to_be_removed(self) -> None:
        for name, advice in (("haft", "^Remove it, make it yours alone"), ("srv", "^Name a socket in a dir")):
            path = os.path.join(self.directory, name)
            os.mkdir(path)
            os.chmod(path, 0o755)
            with self.assertRaises(EndpointError) as raised:
                LocalSocketChannel.connect("x", path=os.path.join(path, "x.sock"), env=self.env)
            self.assertRegex(raised.exception.next or "", advice)

    def test_a_file_in_the_directorys_place_is_refused(self) -> None:
        with open(os.path.join(self.directory, "haft"), "w", encoding="utf-8"):
            self.refused("it is not a directory")

    def test_what_is_no_socket_is_refused_and_left_alone(self) -> None:
        path = os.path.join(self.directory, "haft", "x.sock")
        os.mkdir(os.path.dirname(path), 0o700)
        makers: List[Callable[[], object]] = [
            lambda: open(path, "w").close(),
            lambda: os.symlink("elsewhere", path),
            lambda: os.mkdir(path),
        ]
        for make in makers:
            make()
            self.refused("it is not a socket")
            self.assertTrue(os.path.lexists(path))
            os.rmdir(path) if os.path.isdir(path) else os.unlink(path)

    def test_a_missing_parent_directory_is_named(self) -> None:
        self.env["XDG_RUNTIME_DIR"] = os.path.join(self.directory, "none")
        with self.assertRaisesRegex(EndpointError, "Cannot create runtime directory"):
            LocalSocketChannel.server("x", env=self.env)

    @unittest.skipUnless(os.getuid() == 0, "only root can make a file of another user")
    def test_another_users_directory_and_socket_are_refused(self) -> None:
        path = os.path.join(self.directory, "haft")
        os.mkdir(path, 0o700)
        theirs = socket.socket(socket.AF_UNIX)
        self.addCleanup(theirs.close)
        theirs.bind(os.path.join(path, "x.sock"))
        os.chown(os.path.join(path, "x.sock"), 65534, 65534)
        self.refused("it belongs to user 65534")
        os.chown(path, 65534, 65534)
        self.refused("it belongs to user 65534")

    def test_the_socket_is_0600_and_its_directory_0700_whatever_the_umask(self) -> None:
        for umask in (0o000, 0o022, 0o077, 0o777):
            before = os.umask(umask)
            try:
                with LocalSocketChannel.server(f"u{umask}", env=self.env) as server:
                    modes = [
                        os.lstat(path).st_mode & 0o777 for path in (server.path, os.path.dirname(server.path))
                    ]
            finally:
                os.umask(before)
            self.assertEqual(modes, [0o600, 0o700])
            self.assertEqual(os.listdir(os.path.dirname(server.path)), [])
