"""Whatever is killed, an accepted job ends finished or failed with a reason, and each of its pictures is there once.

The dice are seeded: CRASH_SEED=n repeats what was thrown. What the clock does to it cannot be repeated.
"""

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from sfumato.jobs.database import Database
from sfumato.jobs.queue import Queue
from tests.databases import Cluster
from tests.servers import Server

STAGE = str(Path(__file__).with_name("stage.py"))
SEED = int(os.environ.get("CRASH_SEED", "6"))
ENDED = {"done", "failed", "cancelled", "expired"}


class Play:
    """A server that is killed and begun again, and a client that does not give up."""

    def __init__(self, home: Path, url: str, odds: int):
        self.home, self.url, self.odds, self.killed = home, url, odds, Counter[str]()
        self.server = self.begin()
        self.seen: dict[str, list[str]] = {}  # what the client saw of each job, in order
        self.failpoints = 0

    def begin(self) -> Server:
        environment = {"SFUMATO_DATABASE": self.url, "CRASH_ODDS": str(self.odds), "CRASH_SEED": str(SEED)}
        return Server(self.home, environment=environment, command=STAGE)

    def begin_again(self) -> None:
        self.failpoints += sum("failpoint" in line for line in self.server.lines)
        self.server.client.close()
        self.server = self.begin()

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Until it is answered, by whichever server is there."""
        give_up = time.monotonic() + 60
        while True:
            try:
                answer = httpx2.request(method, self.server.url + path, timeout=10, **options)
                if answer.status_code < 500:
                    return answer
            except httpx2.TransportError:
                pass
            assert time.monotonic() < give_up, f"no answer to {method} {path}"
            time.sleep(0.05)

    def submit(self, number: int) -> str:
        body = {"prompt": f"job {number}", "n": 1 + number % 2, "seed": number, "width": 64, "height": 64, "steps": 1,
                "guidance": 1, "priority": ["interactive", "normal", "bulk"][number % 3]}  # fmt: skip
        answer = self.ask("POST", "/api/v1/orders", json=body, headers={"Idempotency-Key": str(number)})
        assert answer.status_code == 201, answer.text
        self.seen.setdefault(answer.json()["id"], []).append(answer.json()["state"])
        return answer.json()["id"]

    def look(self) -> bool:
        """Whether every job that the client knows of has ended."""
        try:
            found = httpx2.get(self.server.url + "/api/v1/jobs?limit=1000", timeout=10).json()
        except httpx2.TransportError:  # it was just killed
            return False
        for job in found if isinstance(found, list) else []:
            if job["id"] in self.seen and self.seen[job["id"]][-1] != job["state"]:
                self.seen[job["id"]].append(job["state"])
        return all(states[-1] in ENDED for states in self.seen.values())

    def kill(self, what: str) -> None:
        """kill -9 of the worker, or of the server and its supervisor."""
        if self.server.process.poll() is not None:  # it killed itself
            self.killed["itself"] += 1
            self.begin_again()
            return
        try:
            target = psutil.Process(self.server.process.pid)
            if what == "worker":
                target = target.children()[0]
            target.send_signal(signal.SIGKILL)
        except (psutil.NoSuchProcess, IndexError):
            return
        self.killed[what] += 1
        if what == "server":
            self.server.process.wait()
            self.begin_again()


def check(play: Play, ids: list[str], url: str) -> None:
    """The history of what was seen, and what is there in the end."""
    assert len(set(ids)) == len(ids)
    database = Database(url)
    jobs = {job.id: job for job in Queue(database).find(limit=1000)}
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
        states = play.seen[id]
        ends = [state for state in states if state in ENDED]
        assert len(ends) == 1, f"after its end it was seen again: {states}"


@pytest.mark.timeout(1500)  # of a machine that is busy with other tests, too
@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_two_hundred_jobs_and_forty_kills(url: str, tmp_path: Path):
    jobs, kills, odds = (200, 40, 100) if url.startswith("sqlite") else (60, 12, 30)
    dice, play = random.Random(SEED), Play(tmp_path, url, odds)
    ids: list[str] = []

    def client() -> None:
        for number in range(jobs):
            ids.append(play.submit(number))
            time.sleep(dice.random() * 0.1)

    submitting = threading.Thread(target=client)
    submitting.start()
    try:
        while sum(play.killed.values()) < kills:
            time.sleep(0.2 + dice.random())
            play.kill("server" if dice.random() < 0.15 else "worker")
            play.look()
        play.odds = 10**9
        submitting.join(120)
        play.server.stop()
        play.begin_again()
        give_up = time.monotonic() + 600
        while not play.look():
            assert time.monotonic() < give_up, [states for states in play.seen.values() if states[-1] not in ENDED]
            time.sleep(0.2)
    finally:
        play.server.stop()
    assert play.failpoints > 0
    check(play, ids, url)


@pytest.mark.timeout(600)
def test_the_database_stops_in_the_middle_and_comes_back(cluster: Cluster, tmp_path: Path):
    play = Play(tmp_path, url := cluster.new(), odds=10**9)
    try:
        ids = [play.submit(number) for number in range(20)]
        cluster.stop()
        time.sleep(1)
        answer = httpx2.get(play.server.url + "/ready")
        assert (answer.status_code, answer.json()["title"]) == (503, "database away")
        cluster.start()
        give_up = time.monotonic() + 60
        while not play.look():
            assert time.monotonic() < give_up
            time.sleep(0.1)
    finally:
        play.server.stop()
    check(play, ids, url)


@pytest.mark.timeout(600)
def test_a_job_that_kills_its_worker_each_time_fails_and_the_queue_goes_on(tmp_path: Path):
    play = Play(tmp_path, f"sqlite:///{tmp_path / 'jobs.db'}", odds=10**9)
    try:
        poison = play.server.order(n=1, steps=100, width=64, height=64)["id"]
        for _ in range(3):
            give_up = time.monotonic() + 30
            while play.server.client.get(f"/api/v1/jobs/{poison}").json()["state"] != "running":
                assert time.monotonic() < give_up
                time.sleep(0.01)
            play.kill("worker")
            time.sleep(0.1)
        failed = play.server.ended(poison)
        assert (failed["state"], "3 times in a row" in failed["reason"]) == ("failed", True)
        assert play.server.ended(play.server.order()["id"])["state"] == "done"
    finally:
        play.server.stop()


@pytest.mark.timeout(600)
def test_a_server_that_is_stopped_gives_back_what_is_under_way(tmp_path: Path):
    play = Play(tmp_path, url := f"sqlite:///{tmp_path / 'jobs.db'}", odds=10**9)
    job = play.server.order(n=30, steps=40)["id"]
    time.sleep(2)
    watching = threading.Thread(target=lambda: play.server.ended(job), daemon=True)
    watching.start()
    since = time.monotonic()
    play.server.process.send_signal(signal.SIGTERM)
    play.server.process.wait(30)
    assert time.monotonic() - since < 15  # those who watch do not hold it up
    database = Database(url)
    given_back = Queue(database).get(job)
    database.close()
    assert (given_back.state, given_back.attempts) == ("queued", 0)
