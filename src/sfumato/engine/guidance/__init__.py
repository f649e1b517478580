"""Guidances: what is asked of the model for each look, and how its answers become one; one file each.

A guidance wraps a painting (see engine/painting.py), so that no sampler knows of texts:

    def plain(painting: Painting, text: Any) -> Guided

It yields the rows of a look, is sent their clean estimates in the same order, and returns the finished latent. To add
one, add a file with such a function; `guided` makes it of two: a look's rows, and one clean picture of their answers.
"""

from collections.abc import Callable

from sfumato.engine.painting import Guided, Latent, Look, Painting, Row


def guided(
    painting: Painting,
    rows: Callable[[Look], list[Row]],
    merge: Callable[[Look, list[Latent]], Latent],
) -> Guided:
    """Run the painting to its end; every look is asked as `rows`, and answered with what `merge` makes of the answers.

    Closing the result, or throwing into it, does the same to the painting.
    """
    try:
        look = next(painting)
        while True:
            look = painting.send(merge(look, (yield rows(look))))
    except StopIteration as finished:
        return finished.value
    finally:
        painting.close()
