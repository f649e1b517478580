"""The official client, unmodified, against a running server with Pocket."""

import base64
import io
from collections.abc import Iterator

import httpx2
import openai
import pytest
from PIL import Image

from tests.hurried import STEPS
from tests.servers import Server

SMALL = {"size": "64x64", "extra_body": {"steps": 2, "seed": 5, "guidance": 1}}


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def picture(b64: str | None) -> Image.Image:
    assert b64 is not None
    return Image.open(io.BytesIO(base64.b64decode(b64)))


def test_pictures_are_painted_with_fields_of_ours_beside_theirs(server: Server, client: openai.OpenAI):
    found = client.images.generate(prompt="a red apple", model="gpt-image-1", n=2, **SMALL)
    assert found.data is not None
    assert [picture(one.b64_json).size for one in found.data] == [(64, 64)] * 2
    assert (found.size, found.output_format, found.background) == ("64x64", "png", "auto")
    assert found.model_extra is not None
    assert found.model_extra["seeds"] == [5, 6]
    native = server.ended(server.order(prompt="a red apple", n=2, steps=2, seed=5)["id"])
    same = [server.client.get(one["file"]).content for one in native["pictures"]]
    assert [base64.b64decode(one.b64_json or "") for one in found.data] == same


@pytest.mark.parametrize(("format", "kind"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_every_format_and_compression(client: openai.OpenAI, format: str, kind: str):
    sizes = []
    for compression in (95, 10):
        more = {} if format == "png" else {"output_compression": compression}
        found = client.images.generate(prompt="a sun", output_format=format, **more, **SMALL)  # type: ignore[arg-type]
        assert found.data is not None
        image = picture(found.data[0].b64_json)
        assert image.format == kind
        sizes.append(len(found.data[0].b64_json or ""))
    assert format == "png" or sizes[0] > sizes[1]


def test_backgrounds(client: openai.OpenAI):
    def alpha(background: str) -> tuple[float, float] | int:
        found = client.images.generate(prompt="a sun", background=background, **SMALL)  # type: ignore[arg-type]
        assert found.data is not None
        low, high = picture(found.data[0].b64_json).convert("RGBA").getchannel("A").getextrema()
        return low, high  # type: ignore[return-value]

    assert alpha("transparent") != (255, 255)
    assert alpha("opaque") == (255, 255)
    with pytest.raises(openai.BadRequestError, match="no transparency"):
        client.images.generate(prompt="a sun", background="transparent", output_format="jpeg", **SMALL)  # type: ignore[arg-type]


def test_a_link_opens_the_picture_without_a_key_and_nothing_else(server: Server, client: openai.OpenAI):
    found = client.images.generate(prompt="a sun", model="dall-e-3", output_format="webp", **SMALL)
    assert found.data is not None
    url = found.data[0].url
    assert url is not None
    answer = httpx2.get(url)
    assert (answer.headers["content-type"], Image.open(io.BytesIO(answer.content)).size) == ("image/webp", (64, 64))
    name = url.split("/files/")[1].split(".")[0]
    changes = [(f"/{name}.", f"/{int(name) - 1}."), ("webp", "png"), ("?", "?quality=5&"), ("until=", "until=9")]
    for other in [url[:-1], *(url.replace(*change) for change in changes)]:
        assert httpx2.get(other).status_code in {403, 422}, other


def test_any_size_is_given_and_what_was_done_is_said(client: openai.OpenAI):
    for size in ("1024x1536", "100x37"):
        found = client.images.generate(prompt="a sun", size=size, extra_body={"steps": 1, "guidance": 1})  # type: ignore[arg-type]
        assert found.data is not None
        assert "x".join(map(str, picture(found.data[0].b64_json).size)) == size == found.size
        assert any("painted at" in text for text in (found.model_extra or {})["warnings"])


def test_quality_is_steps(server: Server, client: openai.OpenAI):
    client.images.generate(prompt="a quality sun", size="64x64", quality="low", extra_body={"guidance": 1})
    job = server.client.get("/api/v1/jobs", params={"limit": 1}).json()[0]
    assert job["recipes"][0]["steps"] == STEPS // 2  # half of the usual ones


def test_what_has_no_effect_is_said(client: openai.OpenAI):
    found = client.images.generate(prompt="a sun", model="gpt-image-1", quality="high", moderation="low", **SMALL)
    warnings = " ".join((found.model_extra or {})["warnings"])
    for word in ("quality has no effect", "moderated", "gpt-image-1"):
        assert word in warnings


def test_partial_pictures_come_while_it_is_painted(client: openai.OpenAI):
    stream = client.images.generate(
        prompt="a red apple", size="256x256", stream=True, partial_images=2, extra_body={"steps": 60}
    )
    events = list(stream)
    kinds = [event.type for event in events]
    assert kinds == ["image_generation.partial_image"] * (len(kinds) - 1) + ["image_generation.completed"]
    partial, last = [picture(event.b64_json).convert("RGB") for event in (events[0], events[-1])]
    assert len(kinds) > 1
    assert partial.resize((64, 64)).tobytes() != last.resize((64, 64)).tobytes()
    assert [event.partial_image_index for event in events[:-1]] == list(range(len(kinds) - 1))  # type: ignore[union-attr]


def test_the_clients_retries_make_no_second_picture(server: Server):
    """Its first try gives up after half a second; the ones after it join the job that the first one made."""
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=10, timeout=0.5) as client:
        found = client.images.generate(prompt="a retried pear", size="64x64", extra_body={"steps": 100, "guidance": 4})
    assert found.data is not None
    jobs = server.client.get("/api/v1/jobs", params={"limit": 1000}).json()
    assert len([job for job in jobs if job["recipes"][0]["prompt"] == "a retried pear"]) == 1


def test_errors_are_the_clients_own(client: openai.OpenAI):
    for wrong, said in [
        ({"size": "0x64"}, "size"),
        ({"prompt": ""}, "prompt is empty"),
        ({"n": 11}, "n:"),
        ({"extra_body": {"steps": 1000}}, "steps 1000 is outside 1 to 100"),
        ({"extra_body": {"colour": "red"}}, "colour"),
        ({"model": "nonsense"}, "no model named 'nonsense'"),
        ({"output_compression": 50}, "png has no output_compression"),
        ({"partial_images": 2}, "stream"),
    ]:
        with pytest.raises(openai.BadRequestError) as raised:
            client.images.generate(**{"prompt": "a sun", **wrong})
        assert said in raised.value.message
        assert raised.value.type == "invalid_request_error"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nonsense")


def test_models(client: openai.OpenAI):
    assert "pocket" in [model.id for model in client.models.list()]
    assert client.models.retrieve("pocket").owned_by == "sfumato"
