"""What every schedule promises: steps + 1 falling levels, the same as diffusers', and a reason where it is refused."""

from itertools import pairwise
from math import exp, sqrt
from typing import Any, Literal

import numpy as np
import pytest

from sfumato.core.errors import RequestError
from sfumato.engine.schedules import Schedule, Training, schedules

STABLE_DIFFUSION = Training(scale="diffusion", spacing="leading", offset=1)
TRAINED: dict[str, Training] = {"diffusion": STABLE_DIFFUSION, "flow": Training(scale="flow", shift=3.0)}
TOKENS = 4096  # a picture of 1024 x 1024 pixels, in FLUX

Spacing = Literal["leading", "trailing", "linspace"]
SPACINGS: list[Spacing] = ["leading", "trailing", "linspace"]

# Relative. diffusers makes its table in float32, where 1 - 0.99915 has lost four digits: measured up to 1.4e-5.
PARITY_TOLERANCE = 3e-5
BETAS = {"beta_start": 0.00085, "beta_end": 0.012}  # Training's own


@pytest.mark.parametrize("steps", [1, 2, 4, 25, 50])
@pytest.mark.parametrize("name", schedules.names())
def test_gives_one_level_more_than_steps_and_they_fall(name: str, steps: int):
    schedule = schedules[name]
    training = TRAINED[schedule.scale]
    sigmas = schedule.sigmas(steps, training, TOKENS)
    assert len(sigmas) == steps + 1
    assert all(now > later for now, later in pairwise(sigmas))
    assert sigmas[-1] == 0
    assert schedule.scale == "diffusion" or sigmas[0] == 1
    assert {type(sigma) for sigma in sigmas} == {float}  # numpy's own floats would turn float32 latents into float64


@pytest.mark.parametrize("name", schedules.names())
def test_begins_where_noise_is_strongest(name: str):
    """Leading spacing is the exception: it leaves the strongest timesteps out, as Stable Diffusion 1 was used."""
    schedule = schedules[name]
    if schedule.scale == "flow":
        assert schedule.sigmas(10, TRAINED["flow"], TOKENS)[0] == 1
    else:
        betas: Literal["linear", "scaled-linear"] = "linear" if name == "linear" else "scaled-linear"
        training = Training(scale="diffusion", betas=betas, spacing="linspace")
        for steps in (1, 10):
            assert schedule.sigmas(steps, training, TOKENS)[0] == pytest.approx(training.table()[-1], rel=1e-12)


@pytest.mark.parametrize("name", schedules.names())
def test_says_what_to_use_instead_for_the_other_scale(name: str):
    schedule = schedules[name]
    other = "flow" if schedule.scale == "diffusion" else "diffusion"
    reason = schedule.refuses(other)
    assert reason and "\n" not in reason
    assert name in reason
    offered = [n for n in schedules.names() if not schedules[n].refuses(other)]
    assert any(n in reason.rpartition("use ")[2] for n in offered)
    with pytest.raises(RequestError) as raised:
        schedule.sigmas(10, TRAINED[other], TOKENS)
    assert str(raised.value) == reason
    assert schedule.refuses(schedule.scale) is None


@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("name", ["linear", "scaled-linear"])
def test_as_many_steps_as_timesteps_and_no_more(name: str, spacing: Spacing):
    training = Training(scale="diffusion", spacing=spacing, timesteps=100)
    assert len(schedules[name].sigmas(100, training, TOKENS)) == 101
    with pytest.raises(RequestError, match="101 steps are too many"):
        schedules[name].sigmas(101, training, TOKENS)


def test_unused_parts_of_a_card_change_nothing():
    """tokens are for the dynamic shift only."""
    for name in schedules.names():
        schedule = schedules[name]
        small, large = (schedule.sigmas(10, TRAINED[schedule.scale], tokens) for tokens in (256, 16384))
        assert (small != large) == (name == "flow-dynamic")


def test_dynamic_shift_meets_the_cards_shifts_at_its_two_sizes():
    training = Training(scale="flow", base_shift=0.5, max_shift=1.15)
    dynamic, static = schedules["flow-dynamic"], schedules["flow"]
    for tokens, mu in ((256, 0.5), (4096, 1.15)):
        expected = static.sigmas(8, Training(scale="flow", shift=exp(mu)), tokens)
        np.testing.assert_allclose(dynamic.sigmas(8, training, tokens), expected, rtol=1e-12)


# ---- against diffusers


@pytest.fixture(scope="module")
def diffusers() -> Any:
    return pytest.importorskip("diffusers")


def test_the_table_is_diffusers_table(diffusers: Any):
    for betas in ("linear", "scaled-linear"):
        theirs = diffusers.DDIMScheduler(beta_schedule=betas.replace("-", "_"), **BETAS)
        expected = [sqrt((1 - a) / a) for a in theirs.alphas_cumprod.tolist()]
        table = Training(scale="diffusion", betas=betas).table()
        np.testing.assert_allclose(table, expected, rtol=PARITY_TOLERANCE)


@pytest.mark.parametrize("steps", [2, 4, 7, 25, 48, 50])
@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("name", ["linear", "scaled-linear"])
def test_timesteps_are_spaced_as_in_diffusers(name: str, spacing: Spacing, offset: int, steps: int, diffusers: Any):
    theirs = diffusers.EulerDiscreteScheduler(
        beta_schedule=name.replace("-", "_"), **BETAS, timestep_spacing=spacing, steps_offset=offset
    )
    theirs.set_timesteps(steps)
    training = Training(scale="diffusion", spacing=spacing, offset=offset)
    close(schedules[name].sigmas(steps, training, TOKENS), theirs)


@pytest.mark.parametrize("steps", [1, 4, 25])
@pytest.mark.parametrize("name", ["karras", "exponential"])
def test_spread_as_in_diffusers(name: str, steps: int, diffusers: Any):
    """DPMSolverMultistepScheduler takes the table's ends, whatever the spacing is."""
    theirs = diffusers.DPMSolverMultistepScheduler(
        beta_schedule="scaled_linear", **BETAS, **{f"use_{name}_sigmas": True}
    )
    theirs.set_timesteps(steps)
    close(schedules[name].sigmas(steps, STABLE_DIFFUSION, TOKENS), theirs)


@pytest.mark.parametrize("steps", [1, 4, 28])
def test_static_shift_as_in_diffusers(steps: int, diffusers: Any):
    theirs = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    theirs.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps))
    close(schedules["flow"].sigmas(steps, TRAINED["flow"], TOKENS), theirs)


@pytest.mark.parametrize("tokens", [64, 256, 1024, 4096, 9216])
def test_dynamic_shift_as_in_diffusers(tokens: int, diffusers: Any):
    flux = pytest.importorskip("diffusers.pipelines.flux.pipeline_flux")
    theirs = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    mu = flux.calculate_shift(tokens, 256, 4096, 0.5, 1.15)
    theirs.set_timesteps(sigmas=np.linspace(1, 1 / 28, 28), mu=mu)
    close(schedules["flow-dynamic"].sigmas(28, Training(scale="flow", base_shift=0.5, max_shift=1.15), tokens), theirs)


def close(sigmas: list[float], theirs: Any) -> None:
    np.testing.assert_allclose(sigmas, theirs.sigmas.tolist(), rtol=PARITY_TOLERANCE)


def test_every_schedule_says_what_it_is_about():
    for schedule in schedules:
        assert isinstance(schedule, Schedule)
        assert schedule.about and "\n" not in schedule.about
