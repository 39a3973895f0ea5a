"""A waker for Qt's event loop, with the binding that the program uses: PySide6, PyQt6, PySide2 or PyQt5.

waker = qt_waker()
waker.attach(channel, lambda message: label.setText(str(message.data)))
"""

import importlib
import socket
import sys
from typing import Any

from .errors import HaftError
from .waker import Waker

BINDINGS = ("PySide6", "PyQt6", "PySide2", "PyQt5")


def qt_waker(*, interval: float = 1 / 60) -> Waker:
    """A waker whose handlers run in the calling thread, which has to be the one of Qt's event loop.

    :param interval: seconds between two wakes
    :raises HaftError: the program has no Qt binding
    """
    return _QtWaker(_qt_core(), interval)


class _QtWaker(Waker):
    """Qt watches a socket: the threads of channels write to it and call nothing of Qt's."""

    def __init__(self, core: Any, interval: float) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        super().__init__(self._write, interval=interval)
        # Qt 6 has the name in an enum.
        kinds = getattr(core.QSocketNotifier, "Type", core.QSocketNotifier)
        self._notifier: Any = core.QSocketNotifier(self._theirs.fileno(), kinds.Read)
        self._notifier.activated.connect(self._activated)

    def close(self) -> None:
        super().close()
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier = None
            self._ours.close()
            self._theirs.close()

    def _write(self) -> None:
        try:
            self._ours.send(b"x")
        except OSError:
            # The host is closed, or so far behind that it is awake anyway.
            pass

    def _activated(self, *_: object) -> None:
        try:
            self._theirs.recv(4096)
        except BlockingIOError:
            pass
        self.pump()


def _qt_core() -> Any:
    loaded = [name for name in BINDINGS if f"{name}.QtCore" in sys.modules]
    for name in loaded or BINDINGS:
        try:
            return importlib.import_module(f"{name}.QtCore")
        except ImportError:
            continue
    raise HaftError("This program has no Qt binding", next=f"Install one of {', '.join(BINDINGS)}")
