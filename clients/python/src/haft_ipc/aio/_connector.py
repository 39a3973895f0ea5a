"""Connects to the daemon, and again to the next one when it has ended, for asyncio."""

import asyncio
import time
from typing import Tuple

from .._daemon import NOT_RUNNING, Home, Target, hello, is_lost
from .._endpoint import DAEMON_ENDPOINT
from ..errors import Disconnected, HaftError
from ..local_socket import FIRST_WAIT
from ..stream import Ack
from .local_socket import LocalSocketChannel


class Connector:
    """See :class:`haft_ipc._connector.Connector`."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._home = Home()

    async def connect(self) -> Tuple[LocalSocketChannel, Ack]:
        """Connects, and starts a daemon where there is none and ``spawn`` allows it."""
        deadline = time.monotonic() + self._target.timeout
        while True:
            try:
                channel = await self._open()
            except Disconnected as error:
                if not self._target.spawn:
                    raise Disconnected(error.message, next=NOT_RUNNING) from error
                await asyncio.get_running_loop().run_in_executor(None, self._target.start)
                channel = await self._open()
            try:
                return channel, await self._greet(channel)
            except HaftError as error:
                # It was about to end: another one may take its place.
                if not is_lost(error) or time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(FIRST_WAIT)

    async def again(self) -> LocalSocketChannel:
        """One attempt to connect to the daemon that takes the place of the one before. It is started only
        where that one crashed: one that a person stopped stays so."""
        if self._target.spawn and self._home.has_record:
            return (await self.connect())[0]
        channel = await self._open()
        await self._greet(channel)
        return channel

    async def _open(self) -> LocalSocketChannel:
        target = self._target
        return await LocalSocketChannel.connect(
            DAEMON_ENDPOINT, path=target.path, timeout=target.timeout, framing=target.framing
        )

    async def _greet(self, channel: LocalSocketChannel) -> Ack:
        channel.take_parts()
        try:
            answer = await channel.request("hello", hello(self._target.client), self._target.timeout)
            self._home = Home.of(answer)
            return Ack.from_wire(answer)
        except BaseException:
            await channel.close()
            raise
