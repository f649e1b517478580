"""stability-ai/stable-diffusion, as in https://github.com/replicate/cog-stable-diffusion: six classic schedulers."""

from typing import Literal

from pydantic import Field

from sfumato.core.errors import RequestError
from sfumato.http.hosted import Hosted, Input, Wish

SAMPLERS = {
    "DDIM": "ddim", "K_EULER": "euler", "DPMSolverMultistep": "dpmpp-2m", "K_EULER_ANCESTRAL": "euler-ancestral",
    "PNDM": "pndm", "KLMS": "lms",
}  # fmt: skip
Side = Literal[128, 256, 384, 448, 512, 576, 640, 704, 768, 832, 896, 960, 1024]
MOST = 786_432  # pixels


class StableDiffusion(Input):
    """width x height: at most 1024 x 768."""

    prompt: str = "a photo of an astronaut riding a horse on mars"
    negative_prompt: str | None = None
    width: Side = 768
    height: Side = 768
    num_outputs: int = Field(default=1, ge=1, le=4)
    num_inference_steps: int = Field(default=50, ge=1, le=500)
    guidance_scale: float = Field(default=7.5, ge=1, le=20)
    scheduler: Literal["DDIM", "K_EULER", "DPMSolverMultistep", "K_EULER_ANCESTRAL", "PNDM", "KLMS"] = (
        "DPMSolverMultistep"
    )
    seed: int | None = None


def wish(given: StableDiffusion) -> Wish:
    if given.width * given.height > MOST:
        raise RequestError(f"{given.width}x{given.height} is more than 1024x768: ask for less")
    fields = {
        "prompt": given.prompt, "negative": given.negative_prompt, "n": given.num_outputs, "seed": given.seed,
        "steps": given.given("num_inference_steps"), "guidance": given.given("guidance_scale"),
        "sampler": SAMPLERS.get(given.given("scheduler") or ""),
    }  # fmt: skip
    return Wish(fields, (given.width, given.height), "png")


PART = Hosted("stability-ai/stable-diffusion", StableDiffusion, wish, versions=("ac732df8", "f178fa7a", "a826166b"))
