"""The studio: the verbs that every door calls. Doors carry words in and out; the studio decides.

One class, put together by what its verbs are about, each file over the one before it:

    rooms.py      what it has: library, queue, keys, files
    models.py     models, weights, LoRA
    painting.py   plan, paint, submit, find, replay ★ read first
    origins.py    where a picture came from
    changing.py   edit, erase, extend, scene
    varying.py    pictures like one, and between two
    finishing.py  enlarge, cut out, trace, export
"""

from sfumato.studio.finishing import Finishing
from sfumato.studio.painting import Replay, finished

__all__ = ["Replay", "Studio", "finished"]


class Studio(Finishing):
    """Paints, keeps, finds. Making one is cheap; models load with the first picture.

    settings: where things are kept; None reads the environment.
    """
