"""Prompts of Stable Diffusion beside diffusers' encode_prompt: the same states, with weights and windows on top."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from sfumato.core.card import Card  # noqa: E402
from sfumato.engine.families import Model, families  # noqa: E402
from sfumato.testing import tiny_card  # noqa: E402
from tests import tiny_models  # noqa: E402

ROOM = 75  # pieces of a prompt in one window; of the tiny tokenizer a letter is a piece
TOLERANCE = 1e-5


def card(family: str, tokens: int = 600, weights: bool = True) -> Card:
    return tiny_card(
        family=family, schedule="scaled-linear", noise={"scale": "diffusion"},
        text={"tokens": tokens, "negative": True, "weights": weights},
        sizes={"multiple": 4, "low": 4, "high": 64, "best": 64, "default": (32, 48)},
    )  # fmt: skip


@pytest.fixture(scope="module", params=["stable-diffusion", "stable-diffusion-xl"])
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Any]:
    """(family, folder, diffusers' pipeline)."""
    made = {"stable-diffusion": tiny_models.stable_diffusion, "stable-diffusion-xl": tiny_models.stable_diffusion_xl}
    folder = made[request.param](tmp_path_factory.mktemp("model"))
    return request.param, folder, diffusers.DiffusionPipeline.from_pretrained(folder)


def load(kind: tuple[str, Path, Any], **changes: Any) -> Model:
    return families[kind[0]](card(kind[0], **changes), kind[1])


def states(model: Model, prompt: str) -> Any:
    read = model.read(prompt).states
    return read[0] if isinstance(read, tuple) else read


@torch.inference_mode()
def theirs(pipe: Any, prompt: str) -> Any:
    """(states, the vector of the whole, if the kind has one)."""
    given = pipe.encode_prompt(prompt, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)
    return given[0], given[2] if len(given) == 4 else None


def test_an_unweighted_prompt_reads_as_in_diffusers(kind: Any):
    model = load(kind)
    wanted, whole = theirs(kind[2], "a red apple, on a table")
    assert torch.equal(states(model, "a red apple, on a table"), wanted)
    if whole is not None:
        assert torch.equal(model.read("a red apple, on a table").states[1], whole)
    assert torch.equal(states(model, r"a red apple\, on a (table:1)"), states(model, r"a red apple\, on a table"))


def test_a_long_prompt_is_read_window_by_window(kind: Any):
    model, letters = load(kind), list("abcde" * 33)
    spaced = " ".join(letters)
    found = states(model, spaced)
    assert found.shape[1] == 3 * 77
    wanted = [theirs(kind[2], " ".join(letters[at : at + ROOM]))[0] for at in (0, ROOM, 2 * ROOM)]
    torch.testing.assert_close(found, torch.cat(wanted, 1), atol=TOLERANCE, rtol=0)
    assert model.read(spaced).unread == ""


def test_a_window_ends_at_a_comma_near_its_end(kind: Any):
    model, letters = load(kind), ["a"] * 160
    letters[60] = ","
    wanted = [theirs(kind[2], " ".join(part))[0] for part in (letters[:61], letters[61 : 61 + ROOM], letters[136:])]
    torch.testing.assert_close(states(model, " ".join(letters)), torch.cat(wanted, 1), atol=TOLERANCE, rtol=0)
    letters[60], letters[40] = "a", ","  # too far from the end
    wanted = [theirs(kind[2], " ".join(letters[at : at + ROOM]))[0] for at in (0, ROOM, 2 * ROOM)]
    torch.testing.assert_close(states(model, " ".join(letters)), torch.cat(wanted, 1), atol=TOLERANCE, rtol=0)


def test_what_no_window_holds_is_named(kind: Any):
    letters = " ".join("a" * 80 + "b" * 90)
    read = load(kind, tokens=150).read(letters)
    assert read.unread.replace(" ", "") == "b" * 20
    assert load(kind, tokens=8).read(letters).unread.replace(" ", "") == "a" * 5 + "b" * 90


def test_weights_multiply_the_states_of_their_pieces(kind: Any):
    model = load(kind)
    plain, found = (states(model, prompt)[0] for prompt in ("a red cat", "a (red:1.5) cat"))
    wanted = plain.clone()
    wanted[2:5] *= 1.5  # one piece begins, one is "a", three are "red"
    torch.testing.assert_close(found, wanted, atol=TOLERANCE, rtol=1e-4)
    assert not torch.allclose(found, plain)
    read = [model.read(prompt).states for prompt in ("a red cat", "a (red:1.5) cat")]
    if isinstance(read[0], tuple):  # the vector of the whole, which XL has too, weighs no word
        assert torch.equal(read[0][1], read[1][1])


def test_where_the_card_knows_no_weights_parentheses_are_read(kind: Any):
    model = load(kind, weights=False)
    assert torch.equal(states(model, "a (red:1.5) cat"), theirs(kind[2], "a (red:1.5) cat")[0])


def test_a_long_prompt_and_a_short_negative_paint_a_picture(kind: Any):
    fields = {"negative": "[pear]", "seed": 1, "steps": 2, "guidance": 5}
    weighed, plain = (
        tiny_models.painted(load(kind), prompt=prompt * 12, **fields)[1]
        for prompt in ("a (red:1.3) apple, ", "a red apple, ")
    )
    assert weighed[..., :3].std() > 5 and (weighed != plain).any()
