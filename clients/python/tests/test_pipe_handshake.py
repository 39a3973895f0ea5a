"""The handshake of Windows' pipes, over a socket pair."""

import json
import os
import socket
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Callable, List

from haft_ipc import EndpointError
from haft_ipc._pipe_handshake import HandshakeFailed, admit, greet, own_token, proof, read_token, token_file
from haft_ipc._unix_transport import UnixTransport

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "pipe_handshake.json"


class PipeHandshake(unittest.TestCase):
    def setUp(self) -> None:
        near, far = socket.socketpair()
        self.addCleanup(near.close)
        self.addCleanup(far.close)
        self.near, self.far = UnixTransport(near), UnixTransport(far)

    def both(self, client: Callable[[], None], server: Callable[[], None]) -> List[str]:
        """What each of them failed with."""
        failures: List[str] = []

        def guarded(name: str, run: Callable[[], None], transport: UnixTransport) -> None:
            try:
                run()
            except HandshakeFailed as error:
                failures.append(f"{name}: {error}")
                transport.shut_down()

        other = threading.Thread(target=guarded, args=("server", server, self.far))
        other.start()
        guarded("client", client, self.near)
        other.join(10)
        self.assertFalse(other.is_alive())
        return sorted(failures)

    def test_both_ends_that_know_the_token_agree_and_take_nothing_of_what_follows(self) -> None:
        token = os.urandom(32)
        self.assertEqual(self.both(lambda: greet(self.near, token), lambda: admit(self.far, token)), [])
        self.near.write(memoryview(b"frame"), 1)
        space = bytearray(16)
        self.assertEqual(bytes(space[: self.far.read_into(memoryview(space), 1)]), b"frame")

    def test_a_server_that_does_not_know_it_is_told_nothing_and_a_client_that_does_not_is_refused(
        self,
    ) -> None:
        one, other = os.urandom(32), os.urandom(32)
        failures = self.both(lambda: greet(self.near, one), lambda: admit(self.far, other))
        self.assertEqual(
            failures,
            [
                "client: the server does not know the pipe's token",
                "server: the other end left in the middle of the handshake",
            ],
        )

    def test_a_proof_cannot_be_sent_back_as_the_others(self) -> None:
        token = os.urandom(32)

        def mirror() -> None:
            # A server that only repeats what it was sent.
            space = bytearray(44)
            count = self.far.read_into(memoryview(space), 1)
            self.far.write(memoryview(bytes(space[12:count]) + bytes(32)), 1)

        self.assertEqual(
            self.both(lambda: greet(self.near, token), mirror),
            ["client: the server does not know the pipe's token"],
        )

    def test_a_client_that_speaks_frames_at_once_is_refused(self) -> None:
        failures = self.both(
            lambda: None if self.near.write(memoryview(b"x" * 44), 1) else None,
            lambda: admit(self.far, os.urandom(32)),
        )
        self.assertEqual(failures, ["server: the client did not begin the handshake"])

    def test_proofs_and_files_are_those_of_the_typescript_side(self) -> None:
        vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
        for one in vectors["proofs"]:
            token, client, server = (bytes.fromhex(one[name]) for name in ("token", "client", "server"))
            self.assertEqual(proof(token, one["side"], client, server).hex(), one["proof"])
        self.assertGreater(len(vectors["proofs"]), 1)
        for one in vectors["files"]:
            file = token_file(one["path"], {"LOCALAPPDATA": "C"})
            self.assertEqual(os.path.basename(file), one["file"])
        self.assertGreater(len(vectors["files"]), 2)

    def test_a_token_is_made_once_kept_and_refused_when_it_is_damaged(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            file = token_file("\\\\.\\pipe\\haft-me-daemon", {"LOCALAPPDATA": directory})
            with self.assertRaisesRegex(EndpointError, "missing or damaged"):
                read_token(file)
            token = own_token(file)
            self.assertEqual([len(token), own_token(file), read_token(file)], [32, token, token])
            self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
            Path(file).write_bytes(b"short")
            with self.assertRaisesRegex(EndpointError, "missing or damaged"):
                read_token(file)
            self.assertNotEqual(own_token(file), token)


if __name__ == "__main__":
    unittest.main()
