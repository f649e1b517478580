"""From prompt to pixels in a process that is warm: Pocket, and its turbo at four steps, two and one.

    OMP_WAIT_POLICY=PASSIVE python -m benchmarks.warm --rounds 9

Every picture has a new prompt, so that the text encoder has its part. Beside it what one decode and one step cost.
"""

import argparse
import time
from itertools import count

from benchmarks.measuring import report, rounds
from sfumato import Studio
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Row
from sfumato.wiring import Parts

SIDE = 256
VARIANTS = {"pocket": None, "pocket at 28": 28, "pocket-turbo": None, "pocket-turbo at 2": 2, "pocket-turbo at 1": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    studio, number = Studio(), count()

    def picture(model: str, steps: int | None) -> dict[str, float]:
        start = time.perf_counter()
        studio.paint(f"a red apple {next(number)}", model=model, steps=steps, width=SIDE, height=SIDE, keep=False)
        return {"ms": 1e3 * (time.perf_counter() - start)}

    def variant(name: str, steps: int | None):
        return lambda: picture(name.split()[0], steps)

    found = rounds({name: variant(name, steps) for name, steps in VARIANTS.items()}, args.rounds)
    report(f"From prompt to {SIDE} px in a warm process", found, "warm", parts_ms=parts())


def parts() -> dict[str, float]:
    """Milliseconds of one step and of one decode, the median of nine."""
    model = Parts().model("pocket")
    best = model.card.sizes.best
    x = SeededNoise(0, model.latent_shape(best, best))()
    row = Row(x, 0.6, model.read("a red apple"))
    return {"step": median_ms(lambda: model.look([row])), "decode": median_ms(lambda: model.decode(x))}


def median_ms(work) -> float:
    spent = []
    for _ in range(12):
        start = time.perf_counter()
        work()
        spent.append(1e3 * (time.perf_counter() - start))
    return round(sorted(spent[3:])[4], 2)


if __name__ == "__main__":
    main()
