"""Connects to the daemon, and again to the next one when it has ended."""

import time
from typing import Tuple

from ._daemon import NOT_RUNNING, Home, Target, hello, is_lost
from ._endpoint import DAEMON_ENDPOINT
from .errors import Disconnected, HaftError
from .local_socket import FIRST_WAIT, LocalSocketChannel
from .stream import Ack


class Connector:
    """:param retry: go on trying until the daemon listens"""

    def __init__(self, target: Target, retry: bool) -> None:
        self._target = target
        self._retry = retry
        self._home = Home()

    def connect(self) -> Tuple[LocalSocketChannel, Ack]:
        """Connects, and starts a daemon where there is none and ``spawn`` allows it."""
        deadline = time.monotonic() + self._target.timeout
        while True:
            try:
                channel = self._open(self._retry)
            except Disconnected as error:
                if not self._target.spawn:
                    raise Disconnected(error.message, next=NOT_RUNNING) from error
                self._target.start()
                channel = self._open(self._retry)
            try:
                return channel, self._greet(channel)
            except HaftError as error:
                # It was about to end: another one may take its place.
                if not is_lost(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(FIRST_WAIT)

    def again(self) -> LocalSocketChannel:
        """One attempt to connect to the daemon that takes the place of the one before. It is started only
        where that one crashed: one that a person stopped stays so."""
        if self._target.spawn and self._home.has_record:
            return self.connect()[0]
        channel = self._open(False)
        self._greet(channel)
        return channel

    def _open(self, retry: bool) -> LocalSocketChannel:
        target = self._target
        return LocalSocketChannel.connect(
            DAEMON_ENDPOINT, path=target.path, timeout=target.timeout, retry=retry, framing=target.framing
        )

    def _greet(self, channel: LocalSocketChannel) -> Ack:
        channel.take_parts()
        try:
            answer = channel.request("hello", hello(self._target.client), self._target.timeout)
            self._home = Home.of(answer)
            return Ack.from_wire(answer)
        except BaseException:
            channel.close()
            raise
