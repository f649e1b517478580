"""What guidance promises: the rows it asks for, how their answers become one, and that the sampler never knows."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sfumato.engine.guidance.classifier_free import classifier_free
from sfumato.engine.guidance.distilled import distilled
from sfumato.engine.guidance.plain import plain
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Guided, Latent, Painting, Row
from sfumato.engine.samplers import samplers

SHAPE = (3, 4, 5)
SIGMAS = [0.9, 0.5, 0.2, 0.0]  # levels of both scales
PICTURES = {"wanted": 2.0, "unwanted": -1.0}


def euler() -> Painting:
    return samplers["euler"].start(SeededNoise(1, SHAPE)(), SIGMAS, SeededNoise(2, SHAPE), "flow")


def answer(row: Row) -> Latent:
    """Another picture for another text, and something of x, so that the way there counts."""
    return PICTURES[row.text] + 0.25 * row.x


def paint(guided: Guided, answer: Callable[[Row], Latent] = answer) -> tuple[Latent, list[list[Row]]]:
    asked = []
    try:
        rows = next(guided)
        while True:
            asked.append(rows)
            rows = guided.send([answer(row) for row in rows])
    except StopIteration as finished:
        return finished.value, asked


WAYS: dict[str, Callable[[Painting], Guided]] = {
    "plain": lambda painting: plain(painting, "wanted"),
    "distilled": lambda painting: distilled(painting, "wanted", 3.5),
    "classifier-free": lambda painting: classifier_free(painting, "wanted", "unwanted", 7.0),
    "embedded": lambda painting: classifier_free(painting, "wanted", "unwanted", 7.0, embedded=1.0),
    "rescaled": lambda painting: classifier_free(painting, "wanted", "unwanted", 7.0, rescale=0.7),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_look_is_asked_at_its_x_and_level(way: str):
    _, asked = paint(WAYS[way](euler()))
    assert [rows[0].sigma for rows in asked] == SIGMAS[:-1]
    np.testing.assert_array_equal(asked[0][0].x, SeededNoise(1, SHAPE)())
    for rows in asked:
        assert all(row.x is rows[0].x and row.sigma == rows[0].sigma for row in rows)


@pytest.mark.parametrize("way", WAYS)
def test_closing_it_closes_the_painting(way: str):
    painting = euler()
    guided = WAYS[way](painting)
    next(guided)
    guided.close()
    with pytest.raises(StopIteration):
        next(painting)


@pytest.mark.parametrize("way", WAYS)
def test_an_error_in_the_painting_comes_through(way: str):
    def broken() -> Painting:
        yield from euler()
        raise ArithmeticError("it broke")

    with pytest.raises(ArithmeticError, match="it broke"):
        paint(WAYS[way](broken()))


def test_plain_and_distilled_ask_one_row():
    _, asked = paint(plain(euler(), "wanted"))
    assert [[(row.text, row.guidance) for row in rows] for rows in asked] == [[("wanted", None)]] * 3
    _, asked = paint(distilled(euler(), "wanted", 3.5))
    assert [[(row.text, row.guidance) for row in rows] for rows in asked] == [[("wanted", 3.5)]] * 3


def test_classifier_free_asks_the_wanted_text_first():
    _, asked = paint(classifier_free(euler(), "wanted", "unwanted", 7.0))
    both = [("wanted", None), ("unwanted", None)]
    assert [[(row.text, row.guidance) for row in rows] for rows in asked] == [both] * 3


@pytest.mark.parametrize(("scale", "text"), [(1.0, "wanted"), (0.0, "unwanted")])
def test_scale_one_is_the_wanted_text_alone_and_zero_the_unwanted(scale: float, text: str):
    guided, _ = paint(classifier_free(euler(), "wanted", "unwanted", scale))
    alone, _ = paint(plain(euler(), text))
    np.testing.assert_allclose(guided, alone, atol=1e-6)


def test_scale_goes_past_the_wanted_picture():
    x, _ = paint(classifier_free(euler(), "wanted", "unwanted", 7.0), lambda row: PICTURES[row.text] + 0 * row.x)
    np.testing.assert_allclose(x, -1 + 7 * (2 - -1), rtol=1e-6)


def spotted(row: Row) -> Latent:
    """Answers whose spread differs between the texts."""
    spots = SeededNoise(5, SHAPE)() if row.text == "wanted" else SeededNoise(6, SHAPE)()
    return PICTURES[row.text] * spots + 0.25 * row.x


def test_rescale_zero_is_no_rescale():
    with_zero, _ = paint(classifier_free(euler(), "wanted", "unwanted", 7.0, rescale=0.0), spotted)
    without, _ = paint(classifier_free(euler(), "wanted", "unwanted", 7.0), spotted)
    np.testing.assert_array_equal(with_zero, without)


def first_prediction(guided: Guided, answer: Callable[[Row], Latent] = spotted) -> Latent:
    """What euler was led by in its first step, from where it arrived: x + (later - now) * prediction."""
    rows = next(guided)
    arrived = guided.send([answer(row) for row in rows])
    return (arrived[0].x - rows[0].x) / (SIGMAS[1] - SIGMAS[0])


def test_rescale_one_gives_the_prediction_the_spread_of_the_unguided():
    unguided = first_prediction(plain(euler(), "wanted")).std()
    guided = first_prediction(classifier_free(euler(), "wanted", "unwanted", 7.0)).std()
    rescaled = first_prediction(classifier_free(euler(), "wanted", "unwanted", 7.0, rescale=1.0)).std()
    assert guided > 2 * unguided
    assert rescaled == pytest.approx(unguided, rel=1e-5)


PARITY_TOLERANCE = 2e-5  # float32, and predictions of up to 60


@pytest.mark.parametrize("part", [0.3, 0.7, 1.0])
def test_rescale_as_in_diffusers(part: float):
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion")

    def start() -> Painting:
        return samplers["euler"].start(torch.from_numpy(SeededNoise(1, SHAPE)()), SIGMAS, SeededNoise(2, SHAPE), "flow")

    def answer(row: Row) -> Latent:
        return torch.from_numpy(spotted(replace(row, x=row.x.numpy())))

    wanted = first_prediction(plain(start(), "wanted"), answer)
    guided = first_prediction(classifier_free(start(), "wanted", "unwanted", 7.0), answer)
    ours = first_prediction(classifier_free(start(), "wanted", "unwanted", 7.0, rescale=part), answer)
    expected = diffusers.rescale_noise_cfg(guided[None], wanted[None], part)[0]
    np.testing.assert_allclose(ours.numpy(), expected.numpy(), atol=PARITY_TOLERANCE)
