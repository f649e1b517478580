"""What noise promises: it depends on the seed and on which draw it is, and on nothing else; and it is normal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfumato.engine.noise import SEED_LIMIT, SeededNoise

SHAPE = (4, 8, 8)
FIRST = [0.059911035001277924, 0.015559634193778038, -1.1644384860992432, -0.13264712691307068]
SECOND = [-1.4314630031585693, 1.6707168817520142, -0.4027239680290222, -1.2956420183181763]
SEEDS = [0, 1, 42, 2**32, 2**63, SEED_LIMIT - 1]
MANY = (4, 128, 128)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_and_draw_give_the_same_bytes(seed: int):
    one, other = SeededNoise(seed, SHAPE), SeededNoise(seed, SHAPE)
    for _ in range(3):
        assert one().tobytes() == other().tobytes()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, SEED_LIMIT - 1))
def test_every_seed_works(seed: int):
    drawn = SeededNoise(seed, SHAPE)()
    assert drawn.shape == SHAPE
    assert drawn.dtype == np.float32
    assert np.all(np.isfinite(drawn))


def test_draws_do_not_disturb_each_other():
    """Not those of another picture, not numpy's own generator, not how large an earlier draw was."""
    alone = SeededNoise(7, SHAPE)
    expected = [alone() for _ in range(3)]
    among, neighbour = SeededNoise(7, SHAPE), SeededNoise(8, SHAPE)
    for array in expected:
        neighbour()
        np.random.default_rng().standard_normal()
        np.testing.assert_array_equal(among(), array)
    resized = SeededNoise(7, (1000,))
    resized()
    resized.shape = SHAPE
    np.testing.assert_array_equal(resized(), expected[1])


def test_these_are_the_first_numbers_of_seed_zero():
    """Made by `noise = SeededNoise(0, SHAPE)` and, twice, `noise().ravel()[:4].tolist()`; numpy 2.4 on x86-64.

    If this fails, pictures made before can no longer be made again.
    """
    noise = SeededNoise(0, SHAPE)
    np.testing.assert_array_equal(noise().ravel()[:4], np.array(FIRST, dtype=np.float32))
    np.testing.assert_array_equal(noise().ravel()[:4], np.array(SECOND, dtype=np.float32))


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_unit_normal(seed: int):
    drawn = SeededNoise(seed, MANY)().astype(np.float64).ravel()  # 65,536 numbers: 5 standard errors each
    n = drawn.size
    assert abs(drawn.mean()) < 5 / n**0.5
    assert abs(drawn.var() - 1) < 5 * (2 / n) ** 0.5
    assert abs((drawn**3).mean()) < 5 * (15 / n) ** 0.5
    assert abs((drawn**4).mean() - 3) < 5 * (96 / n) ** 0.5


def test_seeds_and_draws_have_nothing_in_common():
    first = SeededNoise(0, MANY)
    arrays = [first(), first(), *(SeededNoise(seed, MANY)() for seed in SEEDS[1:])]
    correlations = np.corrcoef([array.ravel() for array in arrays]) - np.eye(len(arrays))
    assert np.abs(correlations).max() < 5 / np.prod(MANY) ** 0.5
