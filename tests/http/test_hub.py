"""Those who follow everything share what is read for them, and miss nothing for it."""

import asyncio
from pathlib import Path
from typing import Any

from sfumato.core.job import JobEvent
from sfumato.core.order import Order
from sfumato.http.hub import Hub
from sfumato.jobs.database import Database
from sfumato.jobs.queue import Queue
from sfumato.planning import plan
from sfumato.testing import tiny_card

READERS = 50


class Counted(Queue):
    """Counts how often events are read."""

    reads = 0

    def events_after(self, *given: Any) -> list[JobEvent]:
        self.reads += 1
        return super().events_after(*given)


def test_many_readers_of_everything_cost_as_few_looks_as_one(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    queue = Counted(database)
    hub, recipes = Hub(queue), plan(Order(prompt="a", seed=1), tiny_card()).recipes

    async def read(count: int, begun: asyncio.Event) -> list[int]:
        seen: list[int] = []
        async for event in hub.everything(None, None):
            begun.set()
            if isinstance(event, JobEvent):
                seen.append(event.seq)
            if len(seen) == count:
                break
        return seen

    async def play() -> list[list[int]]:
        begun = [asyncio.Event() for _ in range(READERS)]
        readers = [asyncio.create_task(read(3, each)) for each in begun]
        await asyncio.gather(*(each.wait() for each in begun))
        await asyncio.sleep(0.2)
        queue.reads = 0
        for _ in range(3):
            job = await asyncio.to_thread(queue.submit, recipes)
            hub._loop = asyncio.get_running_loop()
            hub.told({"kind": "changed", "job": job.id})
            await asyncio.sleep(0.1)
        return await asyncio.wait_for(asyncio.gather(*readers), 30)

    assert asyncio.run(play()) == [[1, 2, 3]] * READERS
    assert queue.reads <= 12
    database.close()
