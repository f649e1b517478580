"""AUTOMATIC1111's `parameters`: the prompt, the negative prompt, and one last line of settings.

LoRA are named in the prompt, as `<lora:watercolour:0.8>`. Most tools and picture sites read this form. It cannot hold
every prompt: a line that begins with "Negative prompt:" ends it. Our own recipe, beside it in the file, can.
https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#png-info
"""

import json
import re

from sfumato.core.recipe import Recipe

NEGATIVE = "Negative prompt:"
LORA = re.compile(r" ?<lora:([^<>:]{1,64}):(-?[0-9.]{1,8})(?::[^<>]{0,40})?>")
FEWEST_SETTINGS = 3  # a last line with fewer belongs to the prompt

SAMPLERS = {
    "ddim": "DDIM",
    "dpmpp-2m": "DPM++ 2M",
    "dpmpp-2m-sde": "DPM++ 2M SDE",
    "euler": "Euler",
    "euler-ancestral": "Euler a",
    "heun": "Heun",
    "lcm": "LCM",
    "lms": "LMS",
    "pndm": "PLMS",
    "unipc": "UniPC",
}
SCHEDULES = {"karras": "Karras", "exponential": "Exponential", "scaled-linear": "Uniform"}


def written(recipe: Recipe) -> str:
    """The recipe in this form; what has no name there keeps ours."""
    settings = {
        "Steps": str(recipe.steps),
        "Sampler": SAMPLERS.get(recipe.sampler, recipe.sampler),
        "Schedule type": SCHEDULES.get(recipe.schedule, recipe.schedule),
        "CFG scale": f"{recipe.guidance:g}",
        "Seed": str(recipe.seed),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model": recipe.model,
        **({"Style": recipe.style} if recipe.style else {}),
        "Version": "Sfumato",
    }
    negative = f"\n{NEGATIVE} {recipe.negative}" if recipe.negative else ""
    loras = "".join(f" <lora:{use}>" for use in recipe.loras)
    return f"{recipe.prompt}{loras}{negative}\n" + ", ".join(f"{name}: {_quoted(v)}" for name, v in settings.items())


def taken_apart(text: str) -> tuple[str, str | None, dict[str, str]]:
    """(prompt, negative prompt, settings), from what anyone wrote."""
    words, _, last = text.rpartition("\n")
    settings = _settings(last)
    if len(settings) < FEWEST_SETTINGS:
        words, settings = text, {}
    prompt, found, negative = f"\n{words}".partition(f"\n{NEGATIVE}")
    return prompt[1:], negative.removeprefix(" ") if found else None, settings


def without_loras(prompt: str) -> tuple[str, tuple[str, ...]]:
    """The prompt without its LoRA, and these as `name:weight`; a second weight, for the text encoder, is left out."""
    return LORA.sub("", prompt), tuple(f"{name}:{weight}" for name, weight in LORA.findall(prompt))


def _quoted(value: str) -> str:
    """As it is, or as a JSON string where a comma, a colon or a line's end would be mistaken."""
    plain = value.isprintable() and value == value.strip() and not set(value) & set(',:"')
    return value if plain else json.dumps(value)


def _settings(line: str) -> dict[str, str]:
    """`name: value, name: "quoted, value"`; the first of two with the same name counts."""
    found: dict[str, str] = {}
    at = 0
    while (colon := line.find(":", at)) >= 0:
        stray, _, name = line[at:colon].rpartition(",")
        at = colon + 1
        while line[at : at + 1] == " ":
            at += 1
        value, at = _value(line, at)
        found.setdefault(name.strip(), value)
        if stray.strip():
            found.setdefault(stray.strip(), "")
    return found


def _value(line: str, at: int) -> tuple[str, int]:
    if line[at : at + 1] == '"':
        try:
            value, end = json.JSONDecoder().raw_decode(line, at)
            if line[end : end + 1] in ("", ","):
                return value, end + 1
        except ValueError:
            pass  # not a quoted value after all
    comma = line.find(",", at)
    end = len(line) if comma < 0 else comma
    return line[at:end].strip(), end + 1
