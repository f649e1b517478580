"""The process of one errand: does it, and tells how far it is in lines of JSON on standard output.

The last line is `{"result": ...}` or `{"reason": ...}`. When standard input ends, the server is gone, and so is this.
"""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from sfumato.core.errors import SfumatoError
from sfumato.errands import Errand
from sfumato.errands.kinds import kinds
from sfumato.errands.shelf import FILE
from sfumato.studio import Studio
from sfumato.worker.piped import Voice

EVERY = 0.2  # seconds between two tellings
KINDER = 5  # steps of niceness: painting goes first


def main(folder: Path) -> None:
    voice, last = Voice(), 0.0
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    with suppress(OSError, AttributeError):
        os.nice(KINDER)

    def told(what: str, done: int, of: int) -> None:
        nonlocal last
        if (now := time.monotonic()) - last > EVERY or done >= of:
            last = now
            voice({"what": what, "done": done, "of": of})

    errand = Errand.model_validate_json((folder / FILE).read_bytes())
    try:
        voice({"result": kinds[errand.kind].run(Studio(), errand, folder, told)})
    except SfumatoError as error:
        voice({"reason": str(error)})


def _end_with_the_server() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
