"""Whatever is killed, an accepted job ends finished or failed with a reason, and each of its pictures is there once.

The dice are seeded: CRASH_SEED=n repeats what was thrown. What the clock does to it cannot be repeated. CRASH_JOBS and
CRASH_KILLS say how many, where two hundred and forty are too many or too few.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from sfumato.jobs.database import Database
from sfumato.jobs.queue import Queue
from tests.databases import Cluster
from tests.forks import WHERE, Nursery, Remote
from tests.servers import Server

STAGE = str(Path(__file__).with_name("stage.py"))
SEED = int(os.environ.get("CRASH_SEED", "6"))
JOBS, KILLS = int(os.environ.get("CRASH_JOBS", "200")), int(os.environ.get("CRASH_KILLS", "40"))
NEVER = 10**9  # odds
PATIENCE = 150  # seconds; on a busy machine all takes ten times as long
ENDED = {"done", "failed", "cancelled", "expired"}
SMALL = {"width": 64, "height": 64, "steps": 2, "guidance": 1}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(STAGE) as nursery:
        yield nursery


class Play:
    """A server that is killed and begun again, and clients that do not give up.

    odds: of a failpoint to be deadly. look: seconds that a step takes.
    """

    def __init__(self, home: Path, url: str, nursery: Nursery, odds: int = NEVER, look: float = 0.01):
        self.home, self.url, self.nursery, self.odds, self.look_seconds = home, url, nursery, odds, look
        self.killed, self.failpoints = Counter[str](), Counter[str]()
        self.history = History()
        self.over = threading.Event()
        self.client = httpx2.Client(verify=False, timeout=20)  # loading certificates takes longer than an answer
        self.server = self.begin()
        self.follower = threading.Thread(target=self.follow, daemon=True)
        self.follower.start()

    def begin(self) -> Server:
        told = {"SFUMATO_DATABASE": self.url, "CRASH_ODDS": str(self.odds), "CRASH_SEED": str(SEED),
                "CRASH_LOOK": str(self.look_seconds)}  # fmt: skip
        give_up = time.monotonic() + PATIENCE
        while True:
            with suppress(AssertionError):  # it may meet its end before it listens
                return Server(self.home, environment={**told, WHERE: self.nursery.place}, begin=Remote)
            assert time.monotonic() < give_up

    def begin_again(self) -> None:
        self.failpoints += self.met()
        self.server.client.close()
        self.server = self.begin()

    def met(self) -> Counter[str]:
        """Failpoints at which this server, or a worker of it, ended."""
        return Counter(json.loads(line)["failpoint"] for line in self.server.lines if "failpoint" in line)

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Until it is answered, by whichever server is there."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.client.request(method, self.server.url + path, **options)
                if answer.status_code < 500:
                    return answer
            except httpx2.TransportError:
                pass
            assert time.monotonic() < give_up, f"no answer to {method} {path}"
            time.sleep(0.05)

    def submit(self, number: int) -> str:
        body = {"prompt": f"job {number}", "n": 1 + number % 2, "seed": number, **SMALL,
                "priority": ["interactive", "normal", "bulk"][number % 3]}  # fmt: skip
        answer = self.ask("POST", "/api/v1/orders", json=body, headers={"Idempotency-Key": str(number)})
        assert answer.status_code == 201, answer.text
        self.history.saw(answer.json())
        self.history.accepted[number] = answer.json()["id"]
        self.history.news += 1
        return answer.json()["id"]

    def look(self) -> bool:
        """Whether every job that a client knows of has ended."""
        with suppress(httpx2.TransportError):  # it was just killed
            found = self.client.get(self.server.url + "/api/v1/jobs?limit=1000")
            for job in found.json() if found.status_code == 200 else []:
                self.history.saw(job)
        return all(states[-1] in ENDED for states in self.history.states.values())

    def follow(self) -> None:
        """Read all events, and go on behind the last one whenever the connection breaks."""
        last = 0
        while not self.over.is_set():
            with suppress(httpx2.TransportError):
                address, headers = self.server.url + "/api/v1/events", {"Last-Event-ID": str(last)}
                with self.client.stream("GET", address, headers=headers) as answer:
                    fields: dict[str, str] = {}
                    for line in answer.iter_lines():
                        name, _, value = line.partition(": ")
                        fields[name] = value
                        if line or "id" not in fields:
                            fields = fields if line else {}
                            continue
                        last = max(last, int(fields["id"]))
                        if fields["event"] != "begin":
                            self.history.heard(int(fields["id"]), fields["event"], json.loads(fields["data"]))
                        fields = {}
            self.over.wait(0.05)

    def kill(self, what: str) -> None:
        """kill -9 of the worker, or of the server and its supervisor."""
        if self.server.process.poll() is not None:  # it killed itself
            self.killed["itself"] += 1
            self.begin_again()
            return
        if what == "worker":
            with suppress(psutil.Error):
                for process in psutil.Process(self.nursery.pid).children():
                    if process.pid != self.server.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                        process.kill()
                        self.killed[what] += 1
            return
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()
        self.killed[what] += 1
        self.begin_again()

    def wait_for(self, news: int) -> None:
        """Until clients have learned so many new things: the next kill comes by what happened, not by the clock."""
        since, give_up = self.history.news, time.monotonic() + 10
        while self.history.news < since + news and time.monotonic() < give_up:
            if self.server.process.poll() is not None:  # nothing more will come
                return
            time.sleep(0.01)

    def until(self, seconds: float = PATIENCE) -> None:
        """All has ended, before so many seconds are over."""
        give_up = time.monotonic() + seconds
        while not self.look():
            waiting = {job: states for job, states in self.history.states.items() if states[-1] not in ENDED}
            assert time.monotonic() < give_up, (waiting, self.server.lines[-20:])
            time.sleep(0.5)

    def end(self) -> None:
        self.over.set()
        self.server.stop()
        self.follower.join(30)


class History:
    """What clients saw, in order, and whether that can be."""

    def __init__(self) -> None:
        self.accepted: dict[int, str] = {}  # by number of the order
        self.states: dict[str, list[str]] = {}
        self.pictures: dict[str, dict[int, int]] = {}
        self.events: dict[str, dict[int, tuple[str, Any]]] = {}
        self.twice: list[int] = []
        self.impossible: list[str] = []
        self.news = 0  # grows with all that clients learn

    def saw(self, job: dict[str, Any]) -> None:
        """An answer about a job. What had ended goes on no more, and no picture that was there is gone or another."""
        states = self.states.setdefault(job["id"], [])
        if states and states[-1] in ENDED and job["state"] != states[-1]:
            self.impossible.append(f"{job['id']} was {states[-1]}, and then {job['state']}")
        if not states or states[-1] != job["state"]:
            states.append(job["state"])
        before = self.pictures.get(job["id"], {})
        now = {picture["number"]: picture["id"] for picture in job["pictures"]}
        if not before.items() <= now.items():
            self.impossible.append(f"{job['id']} had pictures {before}, and then {now}")
        self.pictures[job["id"]] = now

    def heard(self, seq: int, kind: str, data: dict[str, Any]) -> None:
        """An event that has a number."""
        self.news += 1
        job = data.pop("job")
        of_job = self.events.setdefault(job, {})
        if seq in of_job:
            self.twice.append(seq)
        of_job[seq] = (kind, data)


def check(play: Play, ids: list[str]) -> None:
    """What clients saw can be, and agrees with what is there in the end."""
    history = play.history
    assert history.impossible == []
    assert len(set(ids)) == len(ids)
    database = Database(play.url)
    queue = Queue(database)
    jobs = {job.id: job for job in queue.find(limit=1000)}
    events = queue.events(dict.fromkeys(jobs, 0))
    database.close()
    assert sorted(jobs) == sorted(ids), "a job was lost, or made twice"
    rows = sqlite3.connect(play.home / "library.db").execute("SELECT origin, id FROM pictures").fetchall()
    origins = dict(rows)
    assert len(origins) == len(rows), "a picture was published twice"
    for id, job in jobs.items():
        assert job.state in {"done", "failed"}
        if job.state == "failed":
            assert job.reason
        else:
            assert [made.number for made in job.made] == list(range(len(job.recipes)))
        for made in job.made:
            assert origins[f"{id}/{made.number}"] == made.picture
        kept = [event for event in events if event.job == id]
        assert [event.data["state"] for event in kept if event.kind == "state"][-1] == job.state
        assert sum(event.data.get("state") in ENDED for event in kept) == 1, "it ended more than once"
        published = [event.data["number"] for event in kept if event.kind == "picture"]
        assert sorted(set(published)) == [made.number for made in job.made]
        heard = history.events.get(id, {})
        assert heard == {event.seq: (event.kind, event.data) for event in kept}, "who followed missed, or misheard, one"
    assert len(history.twice) <= sum(play.killed.values()) * 200  # those around where a connection broke, told again


@pytest.mark.timeout(540)
@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_two_hundred_jobs_and_forty_kills(url: str, tmp_path: Path, nursery: Nursery):
    dice, play = random.Random(SEED), Play(tmp_path, url, nursery, odds=60)
    ids: list[str] = []

    def client() -> None:
        for number in range(JOBS):
            ids.append(play.submit(number))
            time.sleep(0.02)

    submitting = threading.Thread(target=client, daemon=True)
    submitting.start()
    try:
        while sum(play.killed.values()) < KILLS:
            play.wait_for(dice.randrange(1, 40))
            play.kill("server" if dice.random() < 0.2 else "worker")
            if dice.random() < 0.2:
                play.look()
        play.odds = NEVER
        submitting.join(PATIENCE)
        play.server.stop()
        play.begin_again()
        play.until()
        time.sleep(1.5)  # the follower's last news
    finally:
        play.end()
    assert len(ids) == JOBS
    assert play.failpoints.total() >= KILLS // 10
    assert play.killed["server"] >= KILLS // 15
    check(play, ids)


@pytest.mark.timeout(120)
def test_the_database_stops_in_the_middle_and_comes_back(cluster: Cluster, tmp_path: Path, nursery: Nursery):
    play = Play(tmp_path, cluster.new(), nursery)
    try:
        ids = [play.submit(number) for number in range(20)]
        cluster.stop()
        time.sleep(1)
        answer = httpx2.get(play.server.url + "/ready")
        assert (answer.status_code, answer.json()["title"]) == (503, "database away")
        cluster.start()
        play.until()
        time.sleep(1.5)  # the follower's last news
    finally:
        play.end()
    check(play, ids)


@pytest.mark.timeout(120)
def test_a_job_that_kills_its_worker_each_time_fails_and_the_queue_goes_on(tmp_path: Path, nursery: Nursery):
    play = Play(tmp_path, f"sqlite:///{tmp_path / 'jobs.db'}", nursery, look=0.1)
    try:
        poison = play.server.order(n=1, steps=100, width=64, height=64)["id"]
        for attempt in (1, 2, 3):
            give_up = time.monotonic() + PATIENCE
            job = {"state": "queued", "attempts": 0}
            while (job["state"], job["attempts"]) != ("running", attempt):
                assert time.monotonic() < give_up
                time.sleep(0.02)
                job = play.server.client.get(f"/api/v1/jobs/{poison}").json()
            play.kill("worker")
        failed = play.server.ended(poison)
        assert (failed["state"], "3 times in a row" in failed["reason"]) == ("failed", True)
        assert play.server.ended(play.server.order()["id"])["state"] == "done"
    finally:
        play.end()


@pytest.mark.timeout(120)
def test_a_server_that_is_stopped_gives_back_what_is_under_way(tmp_path: Path):
    """The server and its worker just as a user starts them."""
    server = Server(tmp_path)
    job = server.order(n=30, steps=40)["id"]
    while server.client.get(f"/api/v1/jobs/{job}").json()["state"] != "running":
        time.sleep(0.05)

    def watch() -> None:
        with suppress(AssertionError, httpx2.HTTPError):  # its stream is cut off
            server.ended(job)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    since = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(60)
    assert time.monotonic() - since < 30  # those who watch do not hold it up
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    given_back = Queue(database).get(job)
    database.close()
    assert (given_back.state, given_back.attempts) == ("queued", 0)


@pytest.fixture
def little_room(tmp_path: Path) -> Iterator[Path]:
    """A folder with a disk of its own, of six megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a disk of its own needs the right to mount: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount here")
@pytest.mark.timeout(120)
def test_a_full_disk_is_told_and_nothing_of_it_stays(little_room: Path, nursery: Nursery):
    """An order is refused, or its job fails with a reason; with room again, all goes on as before."""
    play = Play(little_room, f"sqlite:///{little_room / 'jobs.db'}", nursery)
    server = play.server
    try:
        assert server.ended(server.order()["id"])["state"] == "done"
        held = [server.order(prompt=f"held {i}", width=512, height=512)["id"] for i in range(3)]
        filled = fill(little_room / "ballast")
        answers = [
            server.client.post("/api/v1/orders", json={"prompt": "x" * 5000, "n": 100, **SMALL}) for _ in range(3)
        ]
        assert filled > 0
        refused = [answer for answer in answers if answer.status_code != 201]
        assert refused, "a full disk takes no more orders"
        for answer in refused:
            assert answer.status_code == 503
            assert "disk" in answer.json()["detail"]
        accepted = [answer.json()["id"] for answer in answers if answer.status_code == 201]
        time.sleep(2)
        (little_room / "ballast").unlink()
        for id in [*held, *accepted]:
            job = server.ended(id)
            assert job["state"] == "done" or (job["state"] == "failed" and job["reason"]), job
        assert server.ended(server.order(prompt="later")["id"])["state"] == "done"
        assert not list(little_room.rglob("*.part"))
    finally:
        play.end()


def fill(path: Path) -> int:
    """Write until there is no room; how many bytes."""
    size = 0
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while wrote := file.write(bytes(4096)):
            size += wrote
    return size
