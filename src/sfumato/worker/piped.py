"""A worker at the end of a pipe: lines of JSON in and out; see supervisor.py."""

import json
import os
import sys
import threading
from typing import Any, BinaryIO

from sfumato.worker.loop import Worker


class Voice:
    """Tells messages on what was standard output; whatever else prints goes to standard error from now on."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._lock = threading.Lock()

    def __call__(self, message: dict[str, Any]) -> None:
        line = memoryview(json.dumps(message).encode() + b"\n")
        with self._lock:
            try:
                while line:
                    line = line[self._out.write(line) :]
            except OSError:  # nobody listens any more; the input's end says so too
                return


def listen(worker: Worker, stream: BinaryIO) -> threading.Thread:
    """Follow what is said, in a thread; the end of the stream stops the worker."""

    def follow() -> None:
        for line in stream:
            message = json.loads(line)
            if message["do"] == "look":
                worker.look()
            else:
                worker.watch(message["job"], message["do"] == "watch")
        worker.stop()

    thread = threading.Thread(target=follow, name="listener", daemon=True)
    thread.start()
    return thread
