"""Runs a program's functions as a backend: another process calls them over a channel, and stdout is free for
logs.

    from haft_ipc.backend import Backend

    backend = Backend()

    @backend.handler
    def greet(data):
        print("this is a log line")
        return {"text": f"Hello {data['name']}"}

    if __name__ == "__main__":
        backend.run()

``HAFT_IPC_CHANNEL`` is the name of the parent's channel, or the path of its socket. With
``HAFT_IPC_MODE=legacy`` the conversation is lines of JSON on stdin and stdout, and prints go to stderr.
"""

from .backend import Backend

__all__ = ["Backend"]
