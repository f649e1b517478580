"""The server under load: orders, an urgent one among many, mixed work against first-in first-out, viewers, memory.

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.server [answer submit start mixed viewers soak]

Real servers and workers in processes of their own, on loopback, with SQLite and Pocket. What each part measures:

answer   the least that there is to answer, 300 times, one after another on one connection
submit   50 orders a second for ten seconds, at even intervals whatever the answers do; seconds until each answer
start    with 64 bulk jobs queued and one under way, an interactive order: from the request to its first look
mixed    200 jobs that come at random, as a Poisson process, at 80 % of what the machine can do. Three in ten are bulk
         (4 pictures, 10 steps), the rest are small (1 picture, 4 steps). Goodput counts those done within twice the
         latency that such a job has alone. Once with their priorities and as different users; once as one user's, all
         equal, which is first-in first-out. The same seeds give the same pixels, and that is compared
viewers  200 connections that read all events, one of which never reads; submit latency beside them
soak     ten minutes of orders, one after another; the server's and the worker's memory, from the second minute on
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil

from benchmarks.measuring import OUT, machine

SMALL = {"width": 128, "height": 128, "steps": 4, "guidance": 1, "model": "pocket"}
LONG = {**SMALL, "steps": 10, "n": 4}
JOBS, SHARE_LONG, LOAD = 200, 0.3, 0.8
STAMPED = """
import sys, time
from sfumato.worker import loop
begin, stamps = loop.Worker._begin, sys.argv.pop(1)
def stamped(self, held):
    with open(stamps, "a") as out:
        out.write(f"{held.id} {time.monotonic()}\\n")
    begin(self, held)
loop.Worker._begin = stamped
from sfumato.cli import main
main()
"""


class Served:
    """A server, and clients that keep their connections. stamps: when each job was begun, by the worker's own clock."""

    def __init__(self, home: Path, workers: int = 1):
        self.stamps = home / "stamps"
        script = home / "stamped.py"
        script.write_text(STAMPED)
        told = {"SFUMATO_HOME": str(home), "SFUMATO_MOST_JOBS_OF_ONE": "10000"}
        prelude = (
            "import sys; from sfumato.cli import main; from sfumato.worker import supervisor; supervisor.COMMAND = "
            f"(sys.executable, {str(script)!r}, {str(self.stamps)!r}, 'worker', '--piped', '--name'); main()"
        )
        self.log = (home / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-c", prelude, "serve", "--port", "0", "--workers", str(workers)],
            env={**os.environ, **told}, stdin=subprocess.DEVNULL, stderr=self.log,
        )  # fmt: skip
        while not (found := [line for line in Path(self.log.name).read_text().splitlines() if "listening" in line]):
            time.sleep(0.05)
        self.url = json.loads(found[0])["listening"]
        self.client = httpx2.Client(base_url=self.url, timeout=600, verify=False)

    def order(self, client: httpx2.Client | None = None, **body: Any) -> dict[str, Any]:
        answer = (client or self.client).post("/api/v1/orders", json={"prompt": "a red apple", **body})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ended(self, id: str) -> dict[str, Any]:
        while (job := self.client.get(f"/api/v1/jobs/{id}").json())["ended"] is None:
            time.sleep(0.02)
        assert job["state"] == "done", job
        return job

    def begun(self, id: str) -> float | None:
        """When a worker began with a job; monotonic seconds, which all processes of a machine share."""
        lines = self.stamps.read_text().splitlines() if self.stamps.exists() else []
        return next((float(line.split()[1]) for line in lines if line.startswith(id)), None)

    def stop(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(60)
        self.log.close()


@contextlib.contextmanager
def served(workers: int = 1) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as home:
        made = Served(Path(home), workers)
        try:
            if workers:
                made.ended(made.order(**SMALL)["id"])  # the model is loaded
            yield made
        finally:
            made.stop()


def shares(values: list[float]) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(values)
    at = {f"p{share}_ms": 1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 99)}
    return {**at, "worst_ms": 1000 * ordered[-1], "count": len(ordered)}


def measure_answer(times: int = 300) -> dict[str, float]:
    """One client that waits for each answer before it asks again."""
    with served(workers=0) as server:
        took: list[float] = []
        for _ in range(times):
            asked = time.monotonic()
            server.client.get("/health")
            took.append(time.monotonic() - asked)
        return shares(took)


def submit(server: Served, seconds: float = 10, rate: float = 50) -> dict[str, float]:
    """Orders at even intervals, from 16 threads."""
    clients = [httpx2.Client(base_url=server.url, timeout=60, verify=False) for _ in range(16)]
    for client in clients:
        client.get("/health")
    took: list[float] = []
    start = time.monotonic() + 0.2

    def one(number: int) -> None:
        due = start + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        server.order(clients[number % len(clients)], **SMALL, priority="bulk")
        took.append(time.monotonic() - due)

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(one, range(int(seconds * rate))))
    return shares(took)


def measure_submit() -> dict[str, float]:
    with served(workers=0) as server:
        return submit(server)


def measure_start(times: int = 30) -> dict[str, float]:
    """From the request to the worker's first touch of the job; and how much of it was the answer."""
    with served() as server:
        for number in range(64):
            server.order(**LONG, seed=number, priority="bulk")
        took: list[float] = []
        for number in range(times):
            asked = time.monotonic()
            id = server.order(**{**SMALL, "steps": 1}, seed=number, priority="interactive")["id"]
            server.ended(id)
            begun = server.begun(id)
            assert begun is not None
            took.append(begun - asked)
            server.order(**LONG, seed=100 + number, priority="bulk")
        return shares(took)


def work(seed: int = 6) -> list[tuple[bool, dict[str, Any]]]:
    """Whether each is long, and its order."""
    dice = random.Random(seed)
    return [(long := dice.random() < SHARE_LONG, {**(LONG if long else SMALL), "seed": i}) for i in range(JOBS)]


def alone(server: Served) -> dict[bool, float]:
    """Seconds from order to end of a job that has the machine to itself: the median of five."""

    def once(body: dict[str, Any]) -> float:
        since = time.monotonic()
        server.ended(server.order(**body)["id"])
        return time.monotonic() - since

    return {long: statistics.median(once(LONG if long else SMALL) for _ in range(5)) for long in (False, True)}


def mixed(server: Served, solo: dict[bool, float], *, fair: bool) -> tuple[dict[str, float], str]:
    """Goodput, and a hash of all pixels. fair: with priorities; else first-in first-out."""
    jobs, dice = work(), random.Random(7)
    mean = sum(solo[long] for long, _ in jobs) / len(jobs) / LOAD
    due, ids = 0.0, list[tuple[bool, str]]()
    start = time.monotonic()
    for long, body in jobs:
        due += dice.expovariate(1 / mean)
        time.sleep(max(0.0, start + due - time.monotonic()))
        priority = ("bulk" if long else "interactive") if fair else "normal"
        ids.append((long, server.order(**body, priority=priority)["id"]))
    done = [(long, server.ended(id)) for long, id in ids]
    in_time = [long for long, job in done if job["ended"] - job["created"] <= 2 * solo[long]]
    whole = max(job["ended"] for _, job in done) - min(job["created"] for _, job in done)
    pixels = hashlib.sha256()
    for _, job in done:
        for picture in sorted(job["pictures"], key=lambda one: one["number"]):
            pixels.update(server.client.get(picture["file"], params={"metadata": "none"}).content)
    counts = {"small_in_time": in_time.count(False), "long_in_time": in_time.count(True)}
    return {"in_time": len(in_time), **counts, "of": JOBS, "seconds": whole}, pixels.hexdigest()


def measure_mixed() -> dict[str, Any]:
    with served() as server:
        solo = alone(server)
        fair, pixels = mixed(server, solo, fair=True)
    with served() as server:
        alone(server)
        plain, same = mixed(server, solo, fair=False)
    better = fair["in_time"] / max(1, plain["in_time"])
    return {"solo_small_s": solo[False], "solo_long_s": solo[True], "priorities": fair, "first_in_first_out": plain,
            "times_goodput": better, "same_pixels": pixels == same}  # fmt: skip


def measure_viewers(readers: int = 200) -> dict[str, Any]:
    """Submit latency with nobody watching, and with many."""
    with served() as server:
        quiet = submit(server, 4, 20)
        heard = [0] * readers

        def read(number: int) -> None:
            with contextlib.suppress(httpx2.TransportError):
                client = httpx2.Client(base_url=server.url, timeout=60, verify=False)
                with client.stream("GET", "/api/v1/events") as answer:
                    for line in answer.iter_lines():
                        heard[number] += line.startswith("event:")

        never = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        never.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: {server.url[7:]}\r\n\r\n".encode())
        for number in range(readers - 1):
            threading.Thread(target=read, args=(number,), daemon=True).start()
        time.sleep(5)
        watched = submit(server, 4, 20)
        time.sleep(5)
        rss = psutil.Process(server.process.pid).memory_info().rss
        never.close()
        told = sorted(heard[: readers - 1])
        return {"unwatched": quiet, "watched": watched, "events_each": {"least": told[0], "most": told[-1]},
                "server_mb": rss / 1e6}  # fmt: skip


def measure_soak(minutes: float = 10) -> dict[str, Any]:
    """Memory after the second minute, and at the end."""
    with served() as server:
        processes = {"server": psutil.Process(server.process.pid)}
        processes["worker"] = processes["server"].children()[0]
        start, count, first = time.monotonic(), 0, dict[str, int]()
        while (passed := time.monotonic() - start) < minutes * 60:
            server.ended(server.order(**SMALL, seed=count, n=2)["id"])
            count += 1
            if not first and passed > minutes * 60 / 5:
                first = {name: process.memory_info().rss for name, process in processes.items()}
            time.sleep(0.05)
        last = {name: process.memory_info().rss for name, process in processes.items()}
        grown = {f"{name}_grown_percent": 100 * (last[name] / first[name] - 1) for name in first}
        return {"jobs": count, **{f"{name}_mb": last[name] / 1e6 for name in last}, **grown}


PARTS = {"answer": measure_answer, "submit": measure_submit, "start": measure_start, "mixed": measure_mixed,
         "viewers": measure_viewers, "soak": measure_soak}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), choices=[*PARTS, []])
    OUT.mkdir(exist_ok=True)
    for part in parser.parse_args().parts or PARTS:
        before = os.getloadavg()[0]
        found = PARTS[part]()
        about = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "load_before": before}
        about["load_after"] = os.getloadavg()[0]
        print(part, json.dumps({**found, **about}, indent=1), flush=True)
        (OUT / f"server_{part}.json").write_text(json.dumps({**found, **about}, indent=1))


if __name__ == "__main__":
    main()
