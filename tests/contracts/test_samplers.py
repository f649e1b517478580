"""What every sampler promises: it goes through the levels given, converges to the truth, and agrees with diffusers.

Two truths are known in advance. On Gaussian data the clean estimate and the whole path are formulas; and diffusers' own
schedulers say where each step should land, given the same noise and the same (made-up) denoiser.
"""

import sys
from collections.abc import Callable
from math import atan2, log2, sqrt
from typing import Any

import numpy as np
import pytest

from sfumato.core.errors import RequestError
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Latent, Painting, Scale
from sfumato.engine.samplers import Sampler, samplers

SHAPE = (2, 3, 4)
SCALES: list[Scale] = ["diffusion", "flow"]
DETERMINISTIC = [name for name in samplers.names() if samplers[name].order > 0]
STOCHASTIC = [name for name in samplers.names() if samplers[name].order == 0]
OFFERED = [(name, scale) for name in samplers.names() for scale in SCALES if not samplers[name].refuses(scale)]
OFFERED_AND_DETERMINISTIC = [(name, scale) for name, scale in OFFERED if name in DETERMINISTIC]

Denoiser = Callable[[Latent, float], Latent]


def paint(painting: Painting, denoiser: Denoiser) -> tuple[Latent, list[tuple[Latent, float]]]:
    """The finished latent, and every look on the way to it."""
    looks = []
    try:
        look = next(painting)
        while True:
            looks.append((look.x, look.sigma))
            look = painting.send(denoiser(look.x, look.sigma))
    except StopIteration as finished:
        return finished.value, looks


def no_noise() -> Latent:
    raise AssertionError("a deterministic sampler drew noise")


def shares(sigma: float, scale: Scale) -> tuple[float, float]:
    """How much of the picture and of the noise is in x."""
    return (1.0, sigma) if scale == "diffusion" else (1 - sigma, sigma)


def toy(scale: Scale) -> Denoiser:
    """A smooth, curved answer that depends on x and on the level; arithmetic only, so it takes numpy and torch."""

    def denoise(x: Latent, sigma: float) -> Latent:
        signal, noise = shares(sigma, scale)
        z = x / sqrt(signal**2 + noise**2)
        angle = atan2(noise, signal)
        return 0.8 * z / (1 + z * z) ** 0.5 + 0.2 * angle * z * z / (1 + z * z) - 0.1 * angle**2

    return denoise


def levels(scale: Scale, steps: int, last: float = 0.0) -> list[float]:
    """Falling in even square roots, from strong noise to `last`."""
    first = 10.0 if scale == "diffusion" else 0.95
    return (np.linspace(sqrt(first), sqrt(last), steps + 1) ** 2).tolist()


# ---- the levels, and what goes in and out


@pytest.mark.parametrize(("name", "scale"), OFFERED)
def test_looks_at_exactly_the_levels_given(name: str, scale: Scale):
    sigmas = levels(scale, 7)
    start = SeededNoise(1, SHAPE)()
    _, looks = paint(samplers[name].start(start, sigmas, SeededNoise(2, SHAPE), scale), toy(scale))
    seen = [sigma for _, sigma in looks]
    assert seen[0] == sigmas[0]
    np.testing.assert_allclose(looks[0][0], start, rtol=1e-6)  # there and back again by change of variables
    assert sorted(set(seen), reverse=True) == sigmas[:-1]
    extra = {"pndm": 1, "heun": -1}.get(name, 0)  # pndm begins with two looks; heun looks once in a step to 0
    assert len(seen) == samplers[name].looks_a_step * 7 + extra


@pytest.mark.parametrize("last", [0.0, 0.1])
@pytest.mark.parametrize(("name", "scale"), OFFERED)
def test_one_step_is_enough(name: str, scale: Scale, last: float):
    sigmas = [0.9, last]
    x, looks = paint(samplers[name].start(SeededNoise(1, SHAPE)(), sigmas, SeededNoise(2, SHAPE), scale), toy(scale))
    assert x.shape == SHAPE
    assert np.all(np.isfinite(x))
    if last == 0:  # nothing is left of the noise: the picture is what was seen
        np.testing.assert_allclose(x, toy(scale)(*looks[0]), atol=1e-5)


@pytest.mark.parametrize(("name", "scale"), OFFERED)
def test_float32_stays_float32(name: str, scale: Scale):
    start = SeededNoise(1, SHAPE)()
    x, looks = paint(samplers[name].start(start, levels(scale, 5), SeededNoise(2, SHAPE), scale), toy(scale))
    assert {x.dtype, *(look.dtype for look, _ in looks)} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("name", "scale"), OFFERED)
def test_does_not_change_the_array_it_is_given(name: str, scale: Scale):
    start = SeededNoise(1, SHAPE)()
    before = start.copy()
    paint(samplers[name].start(start, levels(scale, 5), SeededNoise(2, SHAPE), scale), toy(scale))
    np.testing.assert_array_equal(start, before)


@pytest.mark.parametrize(("name", "scale"), OFFERED)
def test_starts_from_pure_noise(name: str, scale: Scale):
    """A flow begins at 1, where the diffusion scale is endless."""
    sigmas = [80.0, 5.0, 1.0, 0.0] if scale == "diffusion" else [1.0, 0.7, 0.4, 0.0]
    x, _ = paint(samplers[name].start(SeededNoise(1, SHAPE)(), sigmas, SeededNoise(2, SHAPE), scale), toy(scale))
    assert np.abs(x).max() < 3


@pytest.mark.parametrize(("name", "scale"), OFFERED_AND_DETERMINISTIC)
def test_deterministic_samplers_draw_no_noise(name: str, scale: Scale):
    paint(samplers[name].start(SeededNoise(1, SHAPE)(), levels(scale, 5), no_noise, scale), toy(scale))


@pytest.mark.parametrize("name", STOCHASTIC)
def test_stochastic_samplers_draw_once_for_every_step_that_does_not_end_at_zero(name: str):
    noise = SeededNoise(2, SHAPE)
    paint(samplers[name].start(SeededNoise(1, SHAPE)(), levels("diffusion", 5), noise, "diffusion"), toy("diffusion"))
    assert noise.drawn == 4


@pytest.mark.parametrize(("name", "scale"), OFFERED)
def test_torch_gives_what_numpy_gives(name: str, scale: Scale):
    torch = pytest.importorskip("torch")
    draw = SeededNoise(2, SHAPE)
    start, sigmas = SeededNoise(1, SHAPE)(), levels(scale, 6)
    expected, _ = paint(samplers[name].start(start, sigmas, SeededNoise(2, SHAPE), scale), toy(scale))
    loop = samplers[name].start(torch.from_numpy(start), sigmas, lambda: torch.from_numpy(draw()), scale)
    x, _ = paint(loop, toy(scale))
    assert isinstance(x, torch.Tensor)
    assert x.dtype == torch.float32
    np.testing.assert_allclose(x.numpy(), expected, atol=2e-5)  # float32 through a few steps from sigma 10


@pytest.mark.parametrize("name", [name for name in samplers.names() if samplers[name].refuses("flow")])
def test_a_refused_sampler_says_what_to_use_instead(name: str):
    sampler = samplers[name]
    reason = sampler.refuses("flow")
    assert reason and "\n" not in reason
    assert name in reason
    assert any(other in reason for other, scale in OFFERED if scale == "flow")
    with pytest.raises(RequestError) as raised:
        sampler.start(SeededNoise(1, SHAPE)(), levels("flow", 5), no_noise, "flow")
    assert str(raised.value) == reason


def test_which_samplers_flow_models_are_offered():
    offered = {name for name, scale in OFFERED if scale == "flow"}
    assert offered == {"euler", "heun", "dpmpp-2m", "dpmpp-2m-sde", "unipc", "euler-ancestral"}


def test_ddim_is_euler():
    start, sigmas = SeededNoise(1, SHAPE)().astype(np.float64), levels("diffusion", 6, last=0.1)
    ddim, _ = paint(samplers["ddim"].start(start, sigmas, no_noise, "diffusion"), toy("diffusion"))
    euler, _ = paint(samplers["euler"].start(start, sigmas, no_noise, "diffusion"), toy("diffusion"))
    np.testing.assert_allclose(ddim, euler, atol=1e-12)


# ---- the truth on Gaussian data: pictures ~ N(MEAN, SPREAD**2), every number of them on its own

MEAN, SPREAD = 0.7, 0.5


def gaussian(scale: Scale) -> Denoiser:
    """The mean of all pictures behind x: with x = a * clean + b * noise it is a weighing of x against MEAN."""

    def denoise(x: Latent, sigma: float) -> Latent:
        a, b = shares(sigma, scale)
        return (a * SPREAD**2 * x + b**2 * MEAN) / (a**2 * SPREAD**2 + b**2)

    return denoise


def travelled(x: Latent, now: float, later: float, scale: Scale) -> Latent:
    """Where the exact path through x at `now` is at `later`: as many standard deviations from the mean as before."""
    (a, b), (c, d) = shares(now, scale), shares(later, scale)
    return c * MEAN + (x - a * MEAN) * sqrt(c**2 * SPREAD**2 + d**2) / sqrt(a**2 * SPREAD**2 + b**2)


def error(sampler: Sampler, steps: int, scale: Scale) -> float:
    """Levels: from 10 to 0.1 in the diffusion scale, from the same to the same in flow; float64."""
    first, last = (10.0, 0.1) if scale == "diffusion" else (10 / 11, 0.1 / 1.1)
    sigmas = (np.linspace(first ** (1 / 3), last ** (1 / 3), steps + 1) ** 3).tolist()
    x = np.linspace(-2.0, 2.0, 5) * sqrt(sum(share**2 for share in shares(first, scale)))
    arrived, _ = paint(sampler.start(x, sigmas, no_noise, scale), gaussian(scale))
    return float(np.abs(arrived - travelled(x, first, last, scale)).max())


ORDER_SHORTFALL = 0.15  # what 100 to 200 steps may still lack of the limit


@pytest.mark.parametrize(("name", "scale"), OFFERED_AND_DETERMINISTIC)
def test_converges_at_the_order_it_states(name: str, scale: Scale):
    sampler = samplers[name]
    measured = log2(error(sampler, 128, scale) / error(sampler, 256, scale))
    assert measured > sampler.order - ORDER_SHORTFALL


def consistent(x: Latent, sigma: float) -> Latent:
    """The end of the exact path through x: what a model distilled for consistency answers."""
    return travelled(x, sigma, 0.0, "diffusion")


WHAT_IT_IS_ANSWERED = {"lcm": consistent}
PICTURES = 20_000
NEAR = 0.02  # 4 standard errors of the mean and of the spread of so many pictures are 0.014, the rest is for the steps


@pytest.mark.parametrize(("name", "scale"), [(name, scale) for name, scale in OFFERED if name in STOCHASTIC])
def test_fresh_noise_keeps_the_distribution(name: str, scale: Scale):
    shape = (PICTURES,)
    first = 40.0 if scale == "diffusion" else 40 / 41
    sigmas = [*np.geomspace(first, 0.01, 300).tolist(), 0.0]
    a, b = shares(first, scale)
    start = a * MEAN + sqrt(a**2 * SPREAD**2 + b**2) * SeededNoise(3, shape)()
    denoiser = WHAT_IT_IS_ANSWERED.get(name, gaussian(scale))
    x, _ = paint(samplers[name].start(start, sigmas, SeededNoise(4, shape), scale), denoiser)
    assert x.mean() == pytest.approx(MEAN, abs=NEAR)
    assert x.std() == pytest.approx(SPREAD, abs=NEAR)


# ---- step by step against diffusers

STABLE_DIFFUSION = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
KARRAS = {"use_karras_sigmas": True}
ENDS_ABOVE_ZERO = {"timestep_spacing": "linspace", "final_sigmas_type": "sigma_min"}

PARITY: list[tuple[str, str, dict[str, Any]]] = [
    ("euler", "EulerDiscreteScheduler", {}),
    ("euler", "EulerDiscreteScheduler", KARRAS),
    ("euler", "EulerDiscreteScheduler", {"final_sigmas_type": "sigma_min", "timestep_spacing": "trailing"}),
    ("euler-ancestral", "EulerAncestralDiscreteScheduler", {}),
    ("heun", "HeunDiscreteScheduler", {}),
    ("heun", "HeunDiscreteScheduler", KARRAS),
    ("lms", "LMSDiscreteScheduler", {}),
    ("lms", "LMSDiscreteScheduler", KARRAS),
    ("dpmpp-2m", "DPMSolverMultistepScheduler", {}),
    ("dpmpp-2m", "DPMSolverMultistepScheduler", KARRAS),
    ("dpmpp-2m", "DPMSolverMultistepScheduler", ENDS_ABOVE_ZERO | {"lower_order_final": False}),
    ("dpmpp-2m-sde", "DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    ("dpmpp-2m-sde", "DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"} | KARRAS),
    ("unipc", "UniPCMultistepScheduler", {}),
    ("unipc", "UniPCMultistepScheduler", KARRAS),
    ("unipc", "UniPCMultistepScheduler", ENDS_ABOVE_ZERO | {"lower_order_final": False}),
    ("ddim", "DDIMScheduler", {"clip_sample": False}),
    ("ddim", "DDIMScheduler", {"clip_sample": False, "steps_offset": 1, "set_alpha_to_one": False}),
    ("pndm", "PNDMScheduler", {"skip_prk_steps": True, "set_alpha_to_one": True}),
    ("pndm", "PNDMScheduler", {"skip_prk_steps": True, "steps_offset": 1}),
    ("lcm", "LCMScheduler", {}),
]
FLOW = {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "flow_shift": 3.0}
FLOW_PARITY: list[tuple[str, str, dict[str, Any]]] = [
    ("euler", "FlowMatchEulerDiscreteScheduler", {}),
    ("euler", "FlowMatchEulerDiscreteScheduler", {"shift": 3.0}),
    ("heun", "FlowMatchHeunDiscreteScheduler", {}),
    ("dpmpp-2m", "DPMSolverMultistepScheduler", FLOW),
    ("dpmpp-2m-sde", "DPMSolverMultistepScheduler", FLOW | {"algorithm_type": "sde-dpmsolver++"}),
    ("unipc", "UniPCMultistepScheduler", FLOW),
]
ALL_PARITY = [(*case, "diffusion") for case in PARITY] + [(*case, "flow") for case in FLOW_PARITY]

# Both sides compute in float32, where one rounding of x is up to 2e-6 at the first levels, and diffusers rounds its
# coefficients too: measured up to 8e-6 at the looks and 1e-6 at the end. LCM leaves out 2e-6 of x at timestep 39.
PARITY_TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def diffusers() -> Any:
    return pytest.importorskip("diffusers")


@pytest.mark.parametrize("steps", [4, 10, 25])
@pytest.mark.parametrize(
    ("name", "scheduler", "options", "scale"), ALL_PARITY, ids=lambda v: v if isinstance(v, str) else None
)
def test_goes_step_by_step_with_diffusers(
    name: str,
    scheduler: str,
    options: dict[str, Any],
    scale: Scale,
    steps: int,
    diffusers: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    base = STABLE_DIFFUSION if scale == "diffusion" else {}
    theirs = getattr(diffusers, scheduler)(**base, **options)
    theirs.set_timesteps(steps)
    sigmas = sigmas_of(theirs)
    start = SeededNoise(1, SHAPE)() * (sigmas[0] if scale == "diffusion" else 1)
    expected, expected_looks = paint_with_diffusers(theirs, start, sigmas, scale, monkeypatch)
    arrived, looks = paint(samplers[name].start(start, sigmas, SeededNoise(2, SHAPE), scale), toy(scale))
    for (x, sigma), (x_expected, sigma_expected) in zip(looks, expected_looks, strict=True):
        assert sigma == pytest.approx(sigma_expected, abs=1e-6)
        np.testing.assert_allclose(x, x_expected, atol=PARITY_TOLERANCE)
    np.testing.assert_allclose(arrived, expected, atol=PARITY_TOLERANCE)


def sigmas_of(theirs: Any) -> list[float]:
    """Every level of a diffusers scheduler once, and the last; from its timesteps if it keeps no levels."""
    if hasattr(theirs, "sigmas"):
        return list(dict.fromkeys(theirs.sigmas.tolist()))
    kept = theirs.alphas_cumprod.double()[list(dict.fromkeys(theirs.timesteps.tolist()))].tolist()
    return [sqrt((1 - a) / a) for a in [*kept, float(theirs.final_alpha_cumprod)]]


X_AS_OURS = ("Euler", "Heun", "LMS", "Flow")  # the other schedulers keep x / sqrt(1 + sigma**2)


def paint_with_diffusers(
    theirs: Any, start: np.ndarray, sigmas: list[float], scale: Scale, monkeypatch: pytest.MonkeyPatch
) -> tuple[np.ndarray, list[tuple[np.ndarray, float]]]:
    """As `paint`, by a diffusers scheduler whose model predicts noise (diffusion) or velocity (flow)."""
    torch = pytest.importorskip("torch")
    noise = SeededNoise(2, SHAPE)
    module = sys.modules[type(theirs).__module__]
    monkeypatch.setattr(module, "randn_tensor", lambda *_, **__: torch.from_numpy(noise())[None], raising=False)
    ours = scale == "flow" or type(theirs).__name__.startswith(X_AS_OURS)

    def factor(sigma: float) -> float:
        return 1.0 if ours else sqrt(1 + sigma**2)

    if hasattr(theirs, "set_begin_index"):
        theirs.set_begin_index(0)
    x, looks = torch.from_numpy(start)[None] / factor(sigmas[0]), []
    for timestep, sigma in zip(theirs.timesteps, levels_of_looks(theirs, sigmas), strict=True):
        if hasattr(theirs, "scale_model_input"):
            theirs.scale_model_input(x, timestep)
        seen = x[0].numpy().astype(np.float32) * factor(sigma)
        looks.append((seen, sigma))
        prediction = (seen - toy(scale)(seen, sigma)) / sigma
        x = theirs.step(torch.from_numpy(prediction.astype(np.float32))[None], timestep, x, return_dict=False)[0]
    return x[0].numpy() * factor(sigmas[-1]), looks


def levels_of_looks(theirs: Any, sigmas: list[float]) -> list[float]:
    """The level of each of the scheduler's timesteps; some come twice (Heun's, and PNDM's second)."""
    if hasattr(theirs, "sigmas"):
        return theirs.sigmas.tolist()[: len(theirs.timesteps)]
    level = dict(zip(dict.fromkeys(theirs.timesteps.tolist()), sigmas, strict=False))
    return [level[timestep] for timestep in theirs.timesteps.tolist()]
