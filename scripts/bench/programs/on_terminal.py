"""`on_terminal.py PROGRAM ARGS…` runs a program on a terminal of 80 columns and prints the milliseconds that it takes."""

import fcntl
import os
import pty
import struct
import sys
import termios
import time

main, side = pty.openpty()
fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
begun = time.perf_counter()
pid = os.fork()
if pid == 0:
    os.setsid()
    for descriptor in (0, 1, 2):
        os.dup2(side, descriptor)
    os.execv(sys.argv[1], sys.argv[1:])
os.close(side)
try:
    while os.read(main, 65536):
        pass
except OSError:
    # The last one has closed the terminal.
    pass
_, status = os.waitpid(pid, 0)
print((time.perf_counter() - begun) * 1000)
sys.exit(os.waitstatus_to_exitcode(status) if hasattr(os, "waitstatus_to_exitcode") else status)
