"""Both ends of a pipe prove that they can read its token, without sending it. See "Pipes" in
docs/protocol.md.

This works over any transport, so the tests run on every system.
"""

import hashlib
import hmac
import os
import re
import time
from typing import Mapping

from ._transport import Transport
from .errors import EndpointError

TOKEN_BYTES = 32
_CHALLENGE_BYTES = 32
_PROOF_BYTES = 32
_PREAMBLE = b"haft-pipe 1\n"
#: Seconds that a handshake may take.
TIMEOUT = 2.0

#: Names that every system accepts as the name of a file.
_PLAIN = re.compile(r"haft-[A-Za-z0-9._+@-]{1,180}")


class HandshakeFailed(Exception):
    """The other end belongs to another user, or does not speak this handshake."""


def proof(token: bytes, side: str, client: bytes, server: bytes) -> bytes:
    """What ``side`` (``client`` or ``server``) sends to prove that it knows the token.

    :param client: the client's challenge
    :param server: the server's challenge
    """
    return hmac.new(token, f"haft-pipe 1 {side}\n".encode() + client + server, hashlib.sha256).digest()


def greet(transport: Transport, token: bytes) -> None:
    """The connecting side. It sends its proof only after the server's.

    :raises HandshakeFailed:
    """
    deadline = time.monotonic() + TIMEOUT
    client = os.urandom(_CHALLENGE_BYTES)
    _write(transport, _PREAMBLE + client, deadline)
    reply = _read(transport, _CHALLENGE_BYTES + _PROOF_BYTES, deadline)
    server, claimed = reply[:_CHALLENGE_BYTES], reply[_CHALLENGE_BYTES:]
    if not hmac.compare_digest(claimed, proof(token, "server", client, server)):
        raise HandshakeFailed("the server does not know the pipe's token")
    _write(transport, proof(token, "client", client, server), deadline)


def admit(transport: Transport, token: bytes) -> None:
    """The listening side. It is silent until a client greets it.

    :raises HandshakeFailed:
    """
    deadline = time.monotonic() + TIMEOUT
    greeting = _read(transport, len(_PREAMBLE) + _CHALLENGE_BYTES, deadline)
    if not greeting.startswith(_PREAMBLE):
        raise HandshakeFailed("the client did not begin the handshake")
    client = greeting[len(_PREAMBLE) :]
    server = os.urandom(_CHALLENGE_BYTES)
    _write(transport, server + proof(token, "server", client, server), deadline)
    claimed = _read(transport, _PROOF_BYTES, deadline)
    if not hmac.compare_digest(claimed, proof(token, "client", client, server)):
        raise HandshakeFailed("the client does not know the pipe's token")


def token_file(path: str, env: Mapping[str, str]) -> str:
    """The file of the pipe's token. A name that cannot be a file's is replaced by its hash."""
    local = env.get("LOCALAPPDATA") or os.path.join(os.path.expanduser("~"), "AppData", "Local")
    name = re.split(r"[\\/]", path)[-1]
    # Windows ignores case in the names of pipes and files.
    plain = name if _PLAIN.fullmatch(name) else hashlib.sha256(path.lower().encode()).hexdigest()
    return os.path.join(local, "haft", "pipe-tokens", f"{plain}.token")


def read_token(file: str) -> bytes:
    """:raises EndpointError: the token is missing or damaged"""
    try:
        with open(file, "rb") as opened:
            token = opened.read(TOKEN_BYTES + 1)
    except FileNotFoundError:
        token = b""
    if len(token) == TOKEN_BYTES:
        return token
    raise EndpointError(
        f'Cannot read the pipe\'s token "{file}": it is missing or damaged',
        next="Restart the program that listens there",
    )


def own_token(file: str) -> bytes:
    """The token in the file, or a new one; for the process that owns the pipe."""
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    try:
        # A killed process left it. It is as secret as a new one, and a client may have read it.
        return read_token(file)
    except EndpointError:
        pass
    token = os.urandom(TOKEN_BYTES)
    staged = f"{file}.{os.urandom(6).hex()}"
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(token)
    os.replace(staged, file)
    return token


def _read(transport: Transport, count: int, deadline: float) -> bytes:
    """Reads exactly so many bytes; frames follow them."""
    taken = bytearray(count)
    space = memoryview(taken)
    done = 0
    while done < count:
        try:
            more = transport.read_into(space[done:], max(deadline - time.monotonic(), 0.0))
        except TimeoutError:
            raise HandshakeFailed(f"no handshake within {TIMEOUT:g} s") from None
        if more == 0:
            raise HandshakeFailed("the other end left in the middle of the handshake")
        done += more
    return bytes(taken)


def _write(transport: Transport, data: bytes, deadline: float) -> None:
    rest = memoryview(data)
    while len(rest) > 0:
        try:
            rest = rest[transport.write(rest, max(deadline - time.monotonic(), 0.0)) :]
        except TimeoutError:
            raise HandshakeFailed(f"no handshake within {TIMEOUT:g} s") from None
