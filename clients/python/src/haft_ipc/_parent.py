"""How a program finds the parent that started it: what the environment says.

``HAFT_IPC_CHANNEL`` and ``HAFT_IPC_MODE`` come first. Programs of AuroraView are started with
``AURORAVIEW_IPC_CHANNEL``, ``AURORAVIEW_IPC_MODE`` and ``AURORAVIEW_PACKED`` instead.
"""

from typing import Mapping, Optional

from .errors import HaftError

#: Seconds in which the parent has to listen; haft listens before it starts a child.
CONNECT_TIMEOUT = 10.0


def parents_channel(env: Mapping[str, str]) -> Optional[str]:
    """The name of the parent's channel, or its socket's path; None when the environment has none."""
    return env.get("HAFT_IPC_CHANNEL") or env.get("AURORAVIEW_IPC_CHANNEL") or None


def is_legacy(env: Mapping[str, str]) -> bool:
    """Whether the parent talks over stdin and stdout.

    :raises HaftError: the mode is unknown
    """
    name = "HAFT_IPC_MODE" if env.get("HAFT_IPC_MODE") else "AURORAVIEW_IPC_MODE"
    mode = env.get(name)
    if mode and mode not in ("channel", "legacy"):
        raise HaftError(f'{name} is "{mode}"', next='It takes "channel" or "legacy"')
    if mode:
        return mode == "legacy"
    # A packed AuroraView program without a channel has its parent at the other end of stdin and stdout.
    return parents_channel(env) is None and env.get("AURORAVIEW_PACKED", "").lower() not in ("", "0", "false")
