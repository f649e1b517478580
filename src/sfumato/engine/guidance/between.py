"""Between two prompts: wherever a guidance asks with the first text, the second is asked too, and answers in part.

It wraps any guidance. What is mixed are the clean pictures, not the texts, whose form each family has for itself.
"""

from dataclasses import replace
from typing import Any

from sfumato.engine.painting import Guided


def between(inner: Guided, first: Any, second: Any, share: float) -> Guided:
    """share: 0 is the first text alone, 1 the second. A look takes as many rows more as it asks with the first."""
    try:
        rows = next(inner)
        while True:
            more = [replace(row, text=second) for row in rows if row.text is first]
            answers = yield rows + more
            others = iter(answers[len(rows) :])
            rows = inner.send([
                answer + share * (next(others) - answer) if row.text is first else answer
                for row, answer in zip(rows, answers, strict=False)
            ])  # fmt: skip
    except StopIteration as finished:
        return finished.value
    finally:
        inner.close()
