"""Runs a program's functions as a backend: another process calls them, over a channel that leaves stdout to logs.

    from haft_ipc.backend import Backend

    backend = Backend()

    @backend.handler
    def greet(data):
        print("this is a log line")
        return {"text": f"Hello {data['name']}"}

    if __name__ == "__main__":
        backend.run()

``HAFT_IPC_CHANNEL`` names the channel that the parent listens on, or its socket's path. With ``HAFT_IPC_MODE=legacy``
the conversation is lines of JSON on stdin and stdout, and what the program prints goes to stderr.
"""

from .backend import Backend

__all__ = ["Backend"]
