"""What is not a frame that the protocol allows."""


class FrameError(Exception):
    """The connection cannot go on after it: where the next frame begins is not known, or the peer is none to trust.

    :param kind: ``too-large``, ``too-deep``, ``too-many-keys``, ``forbidden-key``, ``not-utf8``, ``not-json`` or
        ``not-a-message``
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
