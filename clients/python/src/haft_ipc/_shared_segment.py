"""A piece of memory that two processes map: a file of the file system in memory, in a directory of this user
alone.

The file's name goes as soon as the other process has mapped it, so that a crash leaves nothing behind. The
next maker of a segment removes the segments of makers that have died before that. The TypeScript side does
the same.
"""

import mmap
import os
import stat
import sys
import uuid

from .errors import EndpointError, Io

if sys.platform != "win32":
    from ._runtime_directory import open_runtime_directory

MEMORY_FILE_SYSTEM = "/dev/shm"


class SharedSegment:
    """:param name: whether this side made the file and removes its name"""

    def __init__(self, path: str, memory: mmap.mmap, size: int, made: bool) -> None:
        self.path = path
        self.size = size
        self.memory = memory
        self._made = made

    @classmethod
    def create(cls, size: int) -> "SharedSegment":
        """Makes a segment.

        :raises Io: the system has no file system in memory
        """
        directory = _directory()
        _remove_orphans(directory)
        path = os.path.join(directory, f"{os.getpid()}-{uuid.uuid4()}")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, size)
            return cls(path, mmap.mmap(descriptor, size), size, True)
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(descriptor)

    @classmethod
    def open(cls, path: str, size: int) -> "SharedSegment":
        """Maps the peer's segment.

        :raises EndpointError: it lies elsewhere, is a link, belongs to another user, or has another size
        """
        if os.path.dirname(path) != _directory():
            raise EndpointError(f'Refusing the segment "{path}": it lies elsewhere')
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise EndpointError(f'Refusing the segment "{path}": {error.strerror}') from error
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_size != size:
                raise EndpointError(
                    f'Refusing the segment "{path}": it is not a file of this user and that size'
                )
            return cls(path, mmap.mmap(descriptor, size), size, False)
        finally:
            os.close(descriptor)

    def forget_name(self) -> None:
        """Removes the file's name; the memory stays mapped."""
        if self._made:
            self._made = False
            try:
                os.unlink(self.path)
            except FileNotFoundError:
                # It is removed already.
                pass

    def close(self) -> None:
        """Unmaps the memory."""
        self.forget_name()
        self.memory.close()


def _directory() -> str:
    if sys.platform == "win32" or not os.path.isdir(MEMORY_FILE_SYSTEM):
        raise Io(
            f"Shared memory channels need {MEMORY_FILE_SYSTEM}, and this system has none",
            next="Use a local socket channel",
        )
    else:
        directory = os.path.join(MEMORY_FILE_SYSTEM, f"haft-{os.getuid()}")
        open_runtime_directory(directory, create=True)
        return directory


def _remove_orphans(directory: str) -> None:
    for name in os.listdir(directory):
        pid = name.split("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            try:
                os.unlink(os.path.join(directory, name))
            except FileNotFoundError:
                # Another process was faster.
                pass


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
