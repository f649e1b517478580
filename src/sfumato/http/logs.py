"""The log: one JSON object a line, for machines to read; it holds no prompts and no keys."""

import json
import logging
import sys
import threading
import time


class Log(logging.Handler):
    """One JSON object a line, on standard error; what libraries have to say comes the same way."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._writing = threading.Lock()
        root = logging.getLogger()
        root.handlers = [self]

    def __call__(self, **fields: object) -> None:
        line = json.dumps({"at": round(time.time(), 3), **fields}, default=str)
        with self._writing:
            sys.stderr.write(line + "\n")  # at once, for others write there too
            sys.stderr.flush()

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"level": record.levelname.lower(), "from": record.name, "text": record.getMessage()}
        if record.exc_info:
            fields["trace"] = logging.Formatter().formatException(record.exc_info)
        self(**fields)
