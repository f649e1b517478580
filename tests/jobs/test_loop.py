"""The worker: what it claims it finishes or gives back; urgent ones overtake; nobody's order blocks another's."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sfumato import exports
from sfumato.core.errors import CannotWrite
from sfumato.core.job import ENDED, Job
from sfumato.core.order import Order
from sfumato.core.picture import Picture
from sfumato.engine.painting import Latent, Row
from sfumato.jobs.claims import Claims
from sfumato.jobs.database import Database
from sfumato.jobs.queue import Queue
from sfumato.library import Library
from sfumato.planning import plan
from sfumato.testing import GaussianModel
from sfumato.worker.loop import Worker
from sfumato.worker.run import Bench


class Paced(GaussianModel):
    """Each look waits until it is let through; asked: the prompts' means, in the order they were looked at."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.gate = threading.Semaphore(0)
        self.began = threading.Semaphore(0)
        self.free = False

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        self.began.release()
        if not self.free:
            self.gate.acquire(timeout=20)
        return super().look(rows)

    def let(self, looks: int = 1) -> None:
        """Let looks through, each as soon as it is asked."""
        for _ in range(looks):
            assert self.began.acquire(timeout=20)
            self.gate.release()

    def run_free(self) -> None:
        self.free = True
        for _ in range(100):
            self.gate.release()


class Studio:
    """A queue, a library and one worker of a model."""

    def __init__(self, url: str, home: Path, model: GaussianModel):
        self.model, self.library = model, Library(home)
        self.database = Database(url)
        self.queue = Queue(self.database)
        self.told: list[dict[str, Any]] = []
        self.keep = lambda picture, owner, origin: self._keep(picture, owner, origin)

    def _keep(self, picture: Picture, owner: str, origin: str) -> int:
        data = exports.encode(picture.image, picture.recipe, "png")
        return self.library.add(data, picture, owner=owner, origin=origin).id

    def submit(self, n: int = 1, *, prompt: str = "a", steps: int = 2, **more: Any) -> Job:
        recipes = plan(Order(prompt=prompt, n=n, seed=5, steps=steps, guidance=1), self.model.card).recipes
        return self.queue.submit(recipes, **more)

    @contextmanager
    def working(self, name: str = "worker") -> Iterator[Worker]:
        worker = Worker(
            Claims(self.database, name, lease=5),
            Bench(lambda model: self.model, exports.save),
            lambda picture, owner, origin: self.keep(picture, owner, origin),
            lambda recipe, latent: Image.fromarray(self.model.decode(latent), "RGBA"),
            told=self.told.append,
            beat=0.05,
            home=str(self.library.home),
        )
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            if isinstance(self.model, Paced):
                self.model.run_free()
            thread.join(20)
            assert not thread.is_alive()

    def ended(self, job: Job) -> Job:
        return self.until(job, lambda now: now.state in ENDED)

    def until(self, job: Job, true: Callable[[Job], bool]) -> Job:
        give_up = time.monotonic() + 60
        while not true(now := self.queue.get(job.id)):
            assert time.monotonic() < give_up, now
            time.sleep(0.01)
        return now


@pytest.fixture
def studio(url: str, tmp_path: Path) -> Iterator[Studio]:
    made = Studio(url, tmp_path, GaussianModel())
    yield made
    made.database.close()


@pytest.fixture
def paced(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(f"sqlite:///{tmp_path / 'jobs.db'}", tmp_path, Paced())
    yield made
    made.database.close()


def test_jobs_are_painted_and_their_pictures_kept(studio: Studio):
    jobs = [studio.submit(2, owner="ada") for _ in range(5)]
    with studio.working():
        for job in jobs:
            done = studio.ended(job)
            assert (done.state, [made.number for made in done.made]) == ("done", [0, 1])
            for made in done.made:
                entry = studio.library.entry(made.picture, "ada")
                assert entry.recipe == job.recipes[made.number]
                assert entry.origin == f"{job.id}/{made.number}"
    assert {message["kind"] for message in studio.told} == {"changed", "step"}


def test_bulk_gives_way_at_the_next_step_and_loses_no_step(paced: Studio):
    model = paced.model
    assert isinstance(model, Paced)
    bulk = paced.submit(1, prompt="b", steps=6, priority="bulk")
    with paced.working() as worker:
        model.let(2)
        assert model.began.acquire(timeout=20)  # the third look of it is under way
        urgent = paced.submit(1, prompt="u", steps=3, priority="interactive")
        worker.look()
        model.gate.release()
        model.let(3)
        assert paced.ended(urgent).state == "done"
        assert paced.queue.get(bulk.id).state == "running"
        model.run_free()
        assert paced.ended(bulk).state == "done"
    means = [rows[0].text.states for rows in model.asked]
    b, u = model.read("b").states, model.read("u").states
    assert means == [b, b, b, u, u, u, b, b, b]


def test_a_long_order_leaves_others_their_turn_after_each_picture(paced: Studio):
    model = paced.model
    assert isinstance(model, Paced)
    ada = paced.submit(3, prompt="a", steps=1, owner="ada")
    with paced.working():
        assert model.began.acquire(timeout=20)
        bob = paced.submit(1, prompt="b", steps=1, owner="bob")
        model.gate.release()
        model.let(1)
        assert paced.ended(bob).state == "done"
        model.run_free()
        paced.ended(ada)
    a, b = model.read("a").states, model.read("b").states
    assert [rows[0].text.states for rows in model.asked][:3] == [a, b, a]


@pytest.mark.parametrize("wish", ["cancel", "pause"])
def test_cancelling_and_pausing_act_within_a_step_and_keep_what_is_finished(paced: Studio, wish: str):
    model = paced.model
    assert isinstance(model, Paced)
    job = paced.submit(3, steps=2)
    with paced.working() as worker:
        model.let(2)
        paced.until(job, lambda now: len(now.made) == 1)
        assert model.began.acquire(timeout=20)
        getattr(paced.queue, wish)(job.id)
        worker.look()
        time.sleep(0.2)  # a few heartbeats
        model.gate.release()
        now = paced.until(job, lambda now: now.state != "running")
        assert (now.state, len(now.made)) == ({"cancel": "cancelled", "pause": "paused"}[wish], 1)
    assert len(model.asked) == 3


def test_one_picture_is_taken_out_within_a_step_and_the_others_are_painted(paced: Studio):
    model = paced.model
    assert isinstance(model, Paced)
    job = paced.submit(4, steps=3)
    with paced.working() as worker:
        model.let(1)
        assert model.began.acquire(timeout=20)  # the second look of the first picture is under way
        paced.queue.drop(job.id, 0)
        paced.queue.drop(job.id, 2)
        worker.look()
        time.sleep(0.2)  # a few heartbeats
        model.gate.release()
        model.run_free()
        done = paced.ended(job)
    assert (done.state, done.dropped, [made.number for made in done.made]) == ("done", (0, 2), [1, 3])
    assert len(model.asked) == 2 + 3 + 3  # nothing of what was taken out was looked at after that step


def test_when_all_that_is_left_is_taken_out_the_job_ends(paced: Studio):
    model = paced.model
    assert isinstance(model, Paced)
    job, other = paced.submit(2, steps=2), paced.submit(1, steps=2)
    with paced.working() as worker:
        assert model.began.acquire(timeout=20)
        for number in (1, 0):
            paced.queue.drop(job.id, number)
        worker.look()
        time.sleep(0.2)  # a few heartbeats
        model.gate.release()
        model.run_free()
        assert (paced.ended(job).state, paced.ended(other).state) == ("cancelled", "done")


def test_a_worker_that_stops_gives_back_and_the_next_goes_on_where_it_was(paced: Studio):
    model = paced.model
    assert isinstance(model, Paced)
    job = paced.submit(3, steps=2)
    with paced.working() as worker:
        model.let(2)
        paced.until(job, lambda now: len(now.made) == 1)
        assert model.began.acquire(timeout=20)
        worker.stop()
        model.gate.release()
        paced.until(job, lambda now: now.state == "queued")
    assert paced.queue.get(job.id).attempts == 0
    with paced.working("second"):
        assert [made.number for made in paced.ended(job).made] == [0, 1, 2]
    assert paced.library.count() == 3


class Breaks(GaussianModel):
    def decode(self, latent: Latent) -> np.ndarray:
        raise OSError("no room for\n  this")


def test_a_failure_is_told_with_its_reason_and_stops_no_other(url: str, tmp_path: Path):
    studio = Studio(url, tmp_path, Breaks())
    jobs = [studio.submit(2), studio.submit(1)]
    with studio.working():
        for job in jobs:
            failed = studio.ended(job)
            assert (failed.state, failed.reason) == ("failed", "OSError: no room for this")
    traces = [message for message in studio.told if message["kind"] == "log"]
    assert {message["of"] for message in traces} == {
        job.id for job in jobs
    }  # for who runs it, not for who reads events
    assert all("OSError" in message["text"] and "job" not in message for message in traces)
    studio.database.close()


def test_a_full_disk_fails_the_job_keeps_what_was_there_and_the_next_one_works(studio: Studio):
    whole, count = studio._keep, iter(range(100))

    def keep(picture: Picture, owner: str, origin: str) -> int:
        if next(count) == 1:
            raise CannotWrite(f"no room in {studio.library.home}/pictures: free some space")
        return whole(picture, owner, origin)

    studio.keep = keep
    job, other = studio.submit(3), studio.submit(1)
    with studio.working():
        failed = studio.ended(job)
        assert (failed.state, failed.reason) == ("failed", "no room in SFUMATO_HOME/pictures: free some space")
        assert [made.number for made in failed.made] == [0]
        assert studio.ended(other).state == "done"
        studio.queue.retry(job.id)
        assert len(studio.ended(job).made) == 3


def test_what_is_not_read_of_a_prompt_is_kept_as_a_warning(studio: Studio):
    job = studio.submit(2, prompt=" ".join(f"word{i}" for i in range(10)))
    with studio.working():
        assert studio.ended(job).warnings == ("gaussian reads 8 pieces of a prompt; not read: 'word8 word9'",)


def test_previews_are_told_only_of_jobs_that_are_watched(paced: Studio):
    model = paced.model
    assert isinstance(model, Paced)
    seen, unseen = paced.submit(1, steps=3, owner="a"), paced.submit(1, steps=3, owner="b")
    with paced.working() as worker:
        worker.watch(seen.id)
        model.run_free()
        paced.ended(seen), paced.ended(unseen)
    previews = [message for message in paced.told if message["kind"] == "preview"]
    assert previews
    assert {message["job"] for message in previews} == {seen.id}


def test_a_picture_that_was_kept_but_not_told_of_is_kept_once(studio: Studio):
    """As when a worker is killed between the library and the table."""
    job = studio.submit(1)
    model = GaussianModel()
    events = Bench(lambda name: model, exports.save)
    list(events.begin(job.recipes[0]))
    while not events.is_empty:
        for event in events.turn():
            if (picture := getattr(event, "picture", None)) is not None:
                before = studio._keep(picture, "", f"{job.id}/0")
    with studio.working():
        assert [made.picture for made in studio.ended(job).made] == [before]
    assert studio.library.count() == 1
