"""The error for a frame that the protocol does not allow."""


class FrameError(Exception):
    """Ends the connection: the next frame's beginning is unknown, or the peer is not to be trusted.

    :param kind: ``too-large``, ``too-deep``, ``too-many-keys``, ``forbidden-key``, ``not-utf8``, ``not-json``,
        ``not-a-message`` or ``wrong-part``
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
