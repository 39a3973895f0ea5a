"""Makes the channel that fits the program's context."""

import os
from enum import Enum
from typing import Mapping, Optional, Union

from ._parent import CONNECT_TIMEOUT, is_legacy, parents_channel
from .channel import IpcChannel
from .local_socket import LocalSocketChannel
from .shared_memory import SharedMemoryChannel
from .stdio_channel import StdioChannel
from .thread_channel import ThreadChannel

#: Unread messages that a channel inside the process holds.
_THREAD_CAPACITY = 10_000


class IpcMode(str, Enum):
    """The kinds of channels."""

    #: Between the threads of this process.
    THREAD = "thread"
    #: To another process.
    LOCAL_SOCKET = "local_socket"
    #: To another process, with large payloads in shared memory.
    SHARED_MEMORY = "shared_memory"
    #: To the parent, as lines of JSON on stdin and stdout.
    STDIO = "stdio"

    def __str__(self) -> str:
        return str(self.value)


class IpcChannelFactory:
    """Makes channels by mode, or by what the environment says."""

    @staticmethod
    def create(
        mode: Union[IpcMode, str],
        name: str,
        *,
        timeout: Optional[float] = CONNECT_TIMEOUT,
        env: Optional[Mapping[str, str]] = None,
    ) -> IpcChannel:
        """A channel of that mode.

        :param mode: an :class:`IpcMode`, or its text
        :param name: of the channel, or the path of its socket
        :param timeout: seconds in which the other process has to listen
        :raises ValueError: the mode is unknown
        :raises TimedOut: the other process does not listen in time
        """
        mode = IpcMode(mode)
        if mode is IpcMode.THREAD:
            return ThreadChannel(name, _THREAD_CAPACITY)
        if mode is IpcMode.STDIO:
            return StdioChannel(name)
        channel = LocalSocketChannel.connect(name, timeout=timeout, retry=timeout is not None, env=env)
        return SharedMemoryChannel.over(channel) if mode is IpcMode.SHARED_MEMORY else channel

    @staticmethod
    def auto_detect(env: Optional[Mapping[str, str]] = None) -> IpcMode:
        """The mode for the environment: the parent's channel if there is one, else a channel between threads.

        :param env: instead of ``os.environ``
        :raises HaftError: the environment names an unknown mode
        """
        values = os.environ if env is None else env
        if is_legacy(values):
            return IpcMode.STDIO
        return IpcMode.THREAD if parents_channel(values) is None else IpcMode.LOCAL_SOCKET

    @classmethod
    def create_for_context(
        cls, name: str = "parent", *, env: Optional[Mapping[str, str]] = None
    ) -> IpcChannel:
        """A channel to the parent that started the program, or one between threads when no parent did.

        :param name: of the channel, where the environment names none
        :param env: instead of ``os.environ``
        """
        values = os.environ if env is None else env
        return cls.create(cls.auto_detect(values), parents_channel(values) or name, env=values)
