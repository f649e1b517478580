"""The worker: claims jobs, paints them, publishes each picture, and gives back what it cannot finish.

Two threads. One paints. The other keeps the leases alive, and brings word of what was cancelled or paused; so a step
that takes long costs no claim. A picture goes into the library first and into the job after, so whatever is killed in
between, a finished job has all of its pictures; the library knows for what each was painted and keeps it once.
"""

import base64
import io
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from sfumato.core.errors import SfumatoError
from sfumato.core.job import PRIORITIES, Made
from sfumato.core.picture import Picture
from sfumato.core.recipe import Recipe
from sfumato.engine.painting import Latent
from sfumato.jobs.claims import LATE, At, Claim, Claims, Lost
from sfumato.jobs.database import DatabaseAway
from sfumato.worker.run import Bench, Failed, Painted, Progress, Warned

BEAT = 1.0  # seconds between two looks at what is wished, and at what is new
SWEEP = 5.0  # seconds
HUNG = 900.0  # seconds without a step: the process is given up
MOST_HELD = 8  # jobs that take turns
PREVIEW = 0.25  # seconds between two previews of a job
LONGEST_REASON = 500  # characters

Told = Callable[[dict[str, Any]], None]
"""Is told, as plain data, what those who wait want to know at once: step, preview, changed; and log, for operators."""


@dataclass(eq=False)
class Held:
    """A claimed job. turn: when a picture of it was begun last. wish: cancel, pause, late, lost or stop.

    dropped: numbers of pictures that were taken out of it.
    """

    claim: Claim
    waiting: deque[tuple[int, Recipe]]
    turn: int = 0
    under_way: dict[int, int] = field(default_factory=dict)  # id(recipe): number
    at: At = field(default_factory=At)
    wish: str | None = None
    dropped: set[int] = field(default_factory=set)
    previewed: float = 0.0

    @property
    def id(self) -> str:
        return self.claim.job.id

    @property
    def place(self) -> int:
        """In PRIORITIES."""
        return PRIORITIES.index(self.claim.job.priority)


class Worker:
    """keep: puts a picture into the library, for an owner and an origin, and says its id. decode: a recipe's latent.

    loaded: which models are there already. told: see Told. home: a folder that reasons do not name: whoever ordered
    need not know where on the machine it is.
    """

    def __init__(
        self,
        claims: Claims,
        bench: Bench,
        keep: Callable[[Picture, str, str], int],
        decode: Callable[[Recipe, Latent], Image.Image],
        loaded: Callable[[], Collection[str]] = tuple,
        told: Told = lambda message: None,
        beat: float = BEAT,
        home: str | None = None,
    ):
        self._claims, self._bench, self._keep, self._decode = claims, bench, keep, decode
        self._loaded, self._told, self._beat_seconds, self._home = loaded, told, beat, home
        self._held: dict[str, Held] = {}
        self._of: dict[int, Held] = {}  # by id(recipe)
        self._watched: set[str] = set()
        self._lock = threading.Lock()  # around _held, which both threads look at
        self._turns = 0
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._beat_now = threading.Event()
        self._looked = self._moved = time.monotonic()

    def look(self) -> None:
        """There is something new: a job, or a wish. From any thread."""
        self._beat_now.set()
        self._woken.set()

    def watch(self, job: str, watched: bool = True) -> None:
        """Somebody wants previews of a job ("": of every one), or nobody any more. From any thread."""
        (self._watched.add if watched else self._watched.discard)(job)

    def stop(self) -> None:
        """Give everything back at the next step, and leave. From any thread."""
        self._stopping.set()
        self._woken.set()
        self._beat_now.set()

    def run(self) -> None:
        """Work until stopped."""
        beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        beating.start()
        while not (self._stopping.is_set() and not self._held):
            self._moved = time.monotonic()
            self._settle_wishes()
            if not self._stopping.is_set():
                self._fill()
            if not self._bench.is_empty:
                for event in self._bench.turn():
                    self._handle(event)
            elif not self._held:
                self._woken.wait(self._beat_seconds)
                self._woken.clear()
        self._beat_now.set()
        beating.join(timeout=5)

    def _fill(self) -> None:
        """Begin what there is room for, and whatever is more urgent than all that is under way."""
        while self._bench.has_room:
            ready = [held for held in self._held.values() if held.waiting and held.wish is None]
            best = min(ready, key=lambda held: (held.place, held.turn), default=None)
            if best is None:
                fresh = self._claim()
            else:  # others of the same urgency have their turn too
                fresh = self._claim(best.place + 1, [held.claim.job.owner for held in self._held.values()])
            if (chosen := fresh or best) is None:
                return
            self._begin(chosen)
        now = time.monotonic()
        if not self._bench.is_empty and (self._woken.is_set() or now - self._looked > self._beat_seconds):
            self._woken.clear()
            under_way = [held.place for held in self._held.values() if held.under_way]
            if (urgent := self._claim(min(under_way, default=0))) is not None:
                self._begin(urgent)

    def _claim(self, above: int | None = None, without: Collection[str] = ()) -> Held | None:
        self._looked = time.monotonic()
        if len(self._held) >= MOST_HELD or above == 0:
            return None
        try:
            claim = self._claims.claim(self._loaded(), above=above, without=set(without))
        except DatabaseAway as error:
            self._told({"kind": "log", "text": str(error)})
            self._stopping.wait(self._beat_seconds)
            return None
        if claim is None:
            return None
        made = {made.number for made in claim.job.made}
        waiting = deque((n, recipe) for n, recipe in enumerate(claim.job.recipes) if n not in made)
        held = Held(claim, waiting, dropped=set(claim.job.dropped))
        with self._lock:
            self._held[held.id] = held
        self._told({"kind": "changed", "job": held.id})
        return held

    def _begin(self, held: Held) -> None:
        number, recipe = held.waiting.popleft()
        self._turns += 1
        held.turn = self._turns
        held.under_way[id(recipe)] = number
        held.at = At(number, 0, recipe.steps)
        self._of[id(recipe)] = held
        urgency = len(PRIORITIES) - held.place
        for event in self._bench.begin(
            recipe,
            lambda: held.wish is not None or number in held.dropped,
            order=int(held.id[:15], 16),
            urgency=urgency,
        ):
            self._handle(event)

    def _handle(self, event: Progress | Painted | Failed | Warned) -> None:
        recipe = event.picture.recipe if isinstance(event, Painted) else event.recipe
        held = self._of[id(recipe)]
        number = held.under_way[id(recipe)]
        self._moved = time.monotonic()
        if isinstance(event, Progress):
            held.at = At(number, event.step, event.steps)
            self._told({"kind": "step", "job": held.id, "number": number, "step": event.step, "steps": event.steps})
            self._preview(held, number, event)
            return
        if isinstance(event, Warned):
            self._write(held, lambda: self._claims.warn(held.claim, event.text))
            return
        del self._of[id(recipe)], held.under_way[id(recipe)]
        if isinstance(event, Painted):
            self._publish(held, number, event.picture)
        elif event.error is not None:
            self._fail(held, event.error)

    def _publish(self, held: Held, number: int, picture: Picture) -> None:
        if held.wish == "lost":
            return
        try:
            kept = self._keep(picture, held.claim.job.owner, f"{held.id}/{number}")
        except Exception as error:
            self._fail(held, error)
            return
        made = Made(number, kept, round(picture.seconds, 3))
        self._write(held, lambda: self._claims.publish(held.claim, made))
        if not held.waiting and not held.under_way:
            self._forget(held)

    def _fail(self, held: Held, error: Exception) -> None:
        held.waiting.clear()
        if not isinstance(error, SfumatoError):  # nobody expected it: whoever runs the server wants to know where
            self._told({"kind": "log", "text": "".join(traceback.format_exception(error)), "of": held.id})
        if held.wish is None:
            self._write(held, lambda: self._claims.end(held.claim, "failed", reason_of(error, self._home)))
            held.wish = "lost"  # what else of it is under way stops

    def _settle_wishes(self) -> None:
        for held in list(self._held.values()):
            if self._stopping.is_set() and held.wish is None:
                held.wish = "stop"
            if held.wish is None and held.dropped:
                held.waiting = deque((n, recipe) for n, recipe in held.waiting if n not in held.dropped)
            if held.under_way or (held.wish is None and held.waiting):
                continue
            if held.wish == "late":
                self._write(held, lambda held=held: self._claims.end(held.claim, "cancelled", LATE))
            elif held.wish is None:
                self._write(held, lambda held=held: self._claims.settle(held.claim))
            elif held.wish != "lost":
                self._write(held, lambda held=held: self._claims.give_back(held.claim))
            self._forget(held)

    def _forget(self, held: Held) -> None:
        with self._lock:
            self._held.pop(held.id, None)
        self._watched.discard(held.id)
        self._told({"kind": "changed", "job": held.id})

    def _write(self, held: Held, write: Callable[[], None]) -> None:
        """Tell the table, waiting for it if it is away; a claim that is lost is given up."""
        while held.wish != "lost":
            try:
                write()
                break
            except Lost:
                held.wish = "lost"
            except DatabaseAway as error:
                self._told({"kind": "log", "text": str(error)})
                time.sleep(self._beat_seconds)
        self._told({"kind": "changed", "job": held.id})

    def _preview(self, held: Held, number: int, event: Progress) -> None:
        now = time.monotonic()
        if self._watched.isdisjoint({held.id, ""}) or now - held.previewed < PREVIEW or event.step == event.steps:
            return
        held.previewed = now
        out = io.BytesIO()
        with suppress(Exception):  # a preview that cannot be is no reason to fail
            self._decode(event.recipe, event.clean).save(out, "WEBP", quality=80)
            image = base64.b64encode(out.getvalue()).decode()
            self._told({"kind": "preview", "job": held.id, "number": number, "step": event.step, "image": image})

    def _beat(self) -> None:
        swept = 0.0
        while not self._stopping.is_set():
            self._beat_now.wait(self._beat_seconds)
            self._beat_now.clear()
            now = time.monotonic()
            if now - self._moved > HUNG:
                os._exit(70)  # the painting thread hangs in a runtime; whoever supervises begins anew
            with self._lock:
                held = list(self._held.values())
            try:
                wishes = self._claims.renew({one.id: (one.claim.token, one.at) for one in held if one.wish is None})
                out = self._claims.dropped([one.id for one in held])
                if now - swept > SWEEP:
                    swept = now
                    for id in self._claims.sweep():
                        self._told({"kind": "changed", "job": id})
            except DatabaseAway as error:
                self._told({"kind": "log", "text": str(error)})
                continue
            for one in held:
                one.dropped = out[one.id]
                if one.wish is None and one.id in wishes:
                    one.wish = wishes[one.id]
                    self._woken.set()


def reason_of(error: Exception, home: str | None = None) -> str:
    """Why a job failed, on one line; what is not ours says what it is."""
    text = str(error) if isinstance(error, SfumatoError) else f"{type(error).__name__}: {error}"
    if home is not None:
        text = text.replace(home, "SFUMATO_HOME")
    return " ".join(text.split())[:LONGEST_REASON]
