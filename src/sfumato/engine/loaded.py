"""Models that are loaded, up to a budget of memory; for one that is new, those that were not asked for longest go.

A model that goes is only let go of here: pictures under way with it end as they would have, and its memory is given
back after them.
"""

import threading
from collections.abc import Callable

from sfumato.engine.families import USUAL, Manner, Model
from sfumato.engine.memory import give_back

Wanted = tuple[str, Manner]


class Loaded:
    """load: makes a model, from files. weigh: bytes that it is going to take. budget: bytes that all of them may."""

    def __init__(
        self, load: Callable[[str, Manner], Model], weigh: Callable[[str], float], budget: Callable[[], float]
    ):
        self._load, self._weigh, self._budget = load, weigh, budget
        self._models: dict[Wanted, tuple[Model, float]] = {}  # the one asked for last comes last
        self._loading = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Of those that are there."""
        return tuple(dict.fromkeys(name for name, _ in self._models))

    def model(self, name: str, manner: Manner = USUAL) -> Model:
        """The model of a name, loaded once for each manner; as thrifty as can be it stands alone."""
        with self._loading:
            wanted = name, manner
            if wanted not in self._models:
                weighs = self._weigh(name)
                self._make_room(0 if manner.thrift else self._budget() - weighs)
                self._models[wanted] = self._load(name, manner), weighs
            self._models[wanted] = self._models.pop(wanted)
            self._make_room(self._budget(), keep=1)  # networks may have come beside one since
            return self._models[wanted][0]

    def _make_room(self, left: float, keep: int = 0) -> None:
        """Let go until what stays, with networks beside it, takes no more than `left` bytes. keep: the last ones."""
        before = len(self._models)
        while len(self._models) > keep and self._taken() > left:
            del self._models[next(iter(self._models))]
        if len(self._models) < before:
            give_back()

    def _taken(self) -> float:
        return sum(weighs + _beside(model) for model, weighs in self._models.values())


def _beside(model: Model) -> float:
    """Bytes of the networks that steer a model, as far as they are loaded."""
    ledger = getattr(model, "beside", None)
    return 0 if ledger is None else ledger.taken
