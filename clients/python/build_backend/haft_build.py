"""Builds the package without any dependency (PEP 517, PEP 660): a wheel is a zip file with three files of metadata.

The metadata repeats what pyproject.toml says, because Python 3.8 cannot read TOML; a test compares the two.
"""

import base64
import hashlib
import os
import tarfile
import zipfile
from typing import Dict, List, Mapping, Optional

NAME = "haft_ipc"
VERSION = "0.1.0"
SUMMARY = "Channels between processes, and the client of haft's daemon"
REQUIRES_PYTHON = ">=3.8"

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SOURCE = os.path.join(_ROOT, "src")
_INFO = f"{NAME}-{VERSION}.dist-info"
_WHEEL = "Wheel-Version: 1.0\nGenerator: haft_build\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
#: The oldest time that a zip file can say: a build depends on the sources alone.
_TIME = (1980, 1, 1, 0, 0, 0)

Settings = Optional[Mapping[str, object]]


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: Optional[str] = None
) -> str:
    """Writes the wheel and gives its file name."""
    return _write_wheel(wheel_directory, _sources())


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: Optional[str] = None
) -> str:
    """A wheel that points to the sources."""
    return _write_wheel(wheel_directory, {f"{NAME}.pth": (_SOURCE + "\n").encode()})


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Writes an archive of the sources and gives its file name."""
    base = f"{NAME}-{VERSION}"
    with tarfile.open(os.path.join(sdist_directory, f"{base}.tar.gz"), "w:gz") as archive:
        for name in ("pyproject.toml", "README.md", "build_backend/haft_build.py"):
            archive.add(os.path.join(_ROOT, name), f"{base}/{name}")
        for name in _sources():
            archive.add(os.path.join(_SOURCE, name), f"{base}/src/{name}")
    return f"{base}.tar.gz"


def _sources() -> Dict[str, bytes]:
    found: Dict[str, bytes] = {}
    for directory, _, names in os.walk(os.path.join(_SOURCE, NAME)):
        for name in names:
            if name.endswith(".py") or name == "py.typed":
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, _SOURCE).replace(os.sep, "/")] = file.read()
    return dict(sorted(found.items()))


def _metadata() -> bytes:
    with open(os.path.join(_ROOT, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    head = [
        "Metadata-Version: 2.1",
        f"Name: {NAME.replace('_', '-')}",
        f"Version: {VERSION}",
        f"Summary: {SUMMARY}",
        f"Requires-Python: {REQUIRES_PYTHON}",
        "Description-Content-Type: text/markdown",
    ]
    return ("\n".join(head) + "\n\n" + readme).encode()


def _write_wheel(directory: str, files: Mapping[str, bytes]) -> str:
    contents = {**files, f"{_INFO}/METADATA": _metadata(), f"{_INFO}/WHEEL": _WHEEL.encode()}
    record: List[str] = []
    name = f"{NAME}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data in contents.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}")
            _add(wheel, path, data)
        record.append(f"{_INFO}/RECORD,,")
        _add(wheel, f"{_INFO}/RECORD", ("\n".join(record) + "\n").encode())
    return name


def _add(wheel: zipfile.ZipFile, path: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(path, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    wheel.writestr(entry, data)
