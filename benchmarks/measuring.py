"""What every measurement shares: rounds in the order A B B A, medians with their spread, the machine, and JSON."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

OUT = Path(__file__).parent / "out"


def machine() -> str:
    """The processor and how many of its cores we may use, in words."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def timed(command: list[str], env: dict[str, str] | None = None) -> dict[str, float]:
    """Run a command to its end: wall seconds, and CPU seconds of it and its children."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        command, check=True, env=os.environ | (env or {}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"wall_s": time.perf_counter() - start, "cpu_s": cpu}


def spent(work: Callable[[], object]) -> dict[str, float]:
    """Wall and CPU seconds, of all of this process's threads."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall_s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}


def peak_mb(program: str, *arguments: str) -> int:
    """The most memory that a fresh Python has while it runs a program, in millions of bytes; Linux only.

    The process reads it off itself: what the system tells the parent counts the parent's own memory before the start.
    """
    told = "\nprint(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    done = subprocess.run(
        [sys.executable, "-c", program + told, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return round(int(done.stdout.split()[-1]) * 1024 / 1e6)


def rounds(variants: dict[str, Callable[[], dict[str, float]]], times: int) -> dict[str, list[dict[str, float]]]:
    """Measure the variants `times` times in the order A B B A, after one warm-up of each."""
    for measure in variants.values():
        measure()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in variants}
    for i in range(times):
        for name in list(variants) if i % 2 == 0 else list(variants)[::-1]:
            found[name].append(variants[name]())
    return found


def report(title: str, found: dict[str, list[dict[str, float]]], file: str, **more: object) -> None:
    """Print medians and ranges, and write all of it to benchmarks/out/FILE.json."""
    OUT.mkdir(exist_ok=True)
    print(f"{title}\n{machine()}, {date.today()}, load {os.getloadavg()[0]:.1f}")
    medians: dict[str, dict[str, float]] = {}
    for name, rows in found.items():
        medians[name] = {key: median(row[key] for row in rows) for key in rows[0]}
        cells = [
            f"{k} {v:.4g} ({min(r[k] for r in rows):.4g} to {max(r[k] for r in rows):.4g})"
            for k, v in medians[name].items()
        ]
        print(f"  {name:28} {'; '.join(cells)}")
    for key, value in more.items():
        print(f"  {key}: {value}")
    record = {
        "title": title, "machine": machine(), "date": str(date.today()), "command": " ".join(sys.argv),
        "load": os.getloadavg()[0], "medians": medians, "all": found, **more,
    }  # fmt: skip
    (OUT / f"{file}.json").write_text(json.dumps(record, indent=1, default=str))
