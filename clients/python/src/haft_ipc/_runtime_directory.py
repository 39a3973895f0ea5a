"""Checks that a directory of sockets, and a socket in it, belong to this user alone."""

import os
import stat
import sys
from typing import NoReturn

assert sys.platform != "win32"

from .errors import EndpointError


def open_runtime_directory(path: str, *, create: bool = False) -> None:
    """Requires a real directory (not a link), owned by this user and closed to group and others; or one that
    is shared as /tmp is, where only the owner of a file can replace it. The owner of any other directory
    could replace the socket in it.

    :param create: make the directory (0700) when it is missing
    :raises EndpointError: with the reason
    :raises FileNotFoundError: it is missing, and ``create`` is False
    """
    if create:
        _make(path)
    seen = os.lstat(path)
    if stat.S_ISLNK(seen.st_mode):
        _refuse(path, "it is a symbolic link")
    if not stat.S_ISDIR(seen.st_mode):
        _refuse(path, "it is not a directory")
    # O_NOFOLLOW makes sure that the directory checked below is the one seen above.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        opened = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if (opened.st_ino, opened.st_dev) != (seen.st_ino, seen.st_dev):
        _refuse(path, "it was replaced while being opened")
    if is_shared(opened):
        return
    if opened.st_uid != os.getuid():
        _refuse(path, f"it belongs to user {opened.st_uid}, and you are user {os.getuid()}")
    if opened.st_mode & 0o077 != 0:
        _refuse(path, f"its mode is {opened.st_mode & 0o7777:04o}, so other users can get in")


def is_shared(directory: os.stat_result) -> bool:
    """Whether every user may make files there, and only the owner of a file may replace it, as in /tmp."""
    return directory.st_mode & stat.S_ISVTX != 0 and directory.st_uid in (0, os.getuid())


def refuse_foreign_socket(path: str) -> os.stat_result:
    """:raises EndpointError: the path is not a socket, or not this user's
    :raises FileNotFoundError: the path does not exist
    """
    found = os.lstat(path)
    if not stat.S_ISSOCK(found.st_mode):
        reason = "it is not a socket"
    elif found.st_uid != os.getuid():
        reason = f"it belongs to user {found.st_uid}, and you are user {os.getuid()}"
    else:
        return found
    raise EndpointError(
        f'Refusing socket "{path}": {reason}', next="Remove it, or set HAFT_SOCKET to another path"
    )


def _make(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
        # A umask that takes bits from the owner would make the directory unusable.
        os.chmod(path, 0o700)
    except FileExistsError:
        return
    except OSError as error:
        raise EndpointError(
            f'Cannot create runtime directory "{path}": {error.strerror}',
            next="Set XDG_RUNTIME_DIR to a directory of your own, or unset it",
        ) from error


def _refuse(path: str, reason: str) -> NoReturn:
    # Any other directory that a socket's path names may be the system's, and is to stay as it is.
    own = os.path.basename(path).startswith("haft")
    raise EndpointError(
        f'Refusing runtime directory "{path}": {reason}',
        next="Remove it, make it yours alone (chmod 700), or set XDG_RUNTIME_DIR to a directory of your own"
        if own
        else "Name a socket in a directory that is yours alone (mode 0700)",
    )
