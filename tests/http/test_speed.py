"""`fast` and `cache` in orders over HTTP, and settings in a server's workers: done, refused or told, never dropped."""

from pathlib import Path
from typing import Any

import pytest

from sfumato import catalog
from tests.servers import Server

CARD = Path(catalog.__file__).parent / "cards" / "dreamshaper-8.toml"


def test_cache_is_in_the_recipe_and_changes_the_picture(server: Server):
    exact, near = (server.ended(server.order(steps=28, cache=cache)["id"]) for cache in (0, 1))
    assert near["recipes"][0]["cache"] == 1 and near["pictures"][0]["recipe"]["cache"] == 1
    first, second = (server.client.get(job["pictures"][0]["file"]).content for job in (exact, near))
    assert exact["recipes"][0]["cache"] == 0 and first != second


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"fast": True}, "pocket is as fast as it can be: leave --fast out"),
        ({"cache": 2}, "cache 2 is outside 0 to 1; the nearest is 1"),
        ({"fast": "maybe"}, "fast"),
    ],
)
def test_what_cannot_be_is_refused_before_it_is_queued(server: Server, field: dict[str, Any], said: str):
    answer = server.client.post("/api/v1/orders", json={"prompt": "a", **field})
    assert answer.status_code == 422 and said in answer.json()["detail"]


def test_a_workers_model_is_placed_as_the_server_was_told(tmp_path: Path):
    """A real model, made tiny, in 4 bits; and asked to be fast, which its order is warned of."""
    pytest.importorskip("torch")
    import tiny_models

    tiny_models.stable_diffusion(tmp_path / "models" / "tiny", block_out_channels=(32, 64))
    (tmp_path / "cards").mkdir()
    card = CARD.read_text().replace('name = "dreamshaper-8"', 'name = "tiny"').replace("low = 256", "low = 64")
    (tmp_path / "cards" / "tiny.toml").write_text(card)
    served = Server(tmp_path, environment={"SFUMATO_PRECISION": "nf4"})
    try:
        job = served.ended(served.order(model="tiny", fast=True, cache=0.5)["id"])
        assert job["state"] == "done", job["reason"]
        assert (job["recipes"][0]["fast"], job["recipes"][0]["cache"]) == (True, 0.5)
        assert any("to 8 bits: the picture is near" in text for text in job["warnings"])
        assert any("SFUMATO_PRECISION is nf4" in text for text in job["warnings"])
    finally:
        served.stop()
