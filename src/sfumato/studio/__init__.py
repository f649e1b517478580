"""The studio: what every door calls, in about twelve verbs. Doors carry words in and out; the studio decides."""

from sfumato.studio.finishing import Finishing
from sfumato.studio.painting import Replay, finished

__all__ = ["Replay", "Studio", "finished"]


class Studio(Finishing):
    """Paints, keeps, finds. Making one is cheap; models load with the first picture.

    settings: where things are kept; None reads the environment.
    """
