"""InvokeAI, from version 3: a PNG's text chunk `invokeai_metadata`, a flat JSON object. 1 and 2 are named only.

Fields: https://github.com/invoke-ai/InvokeAI, `CoreMetadataInvocation`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sfumato.exports.readers import Found, Reader
from sfumato.exports.readers._values import number, one, parsed, seed, side, steps, text

OLDER = ("sd-metadata", "Dream")

SAMPLERS = {
    "ddim": "ddim",
    "dpmpp_2m": "dpmpp-2m",
    "dpmpp_2m_sde": "dpmpp-2m-sde",
    "euler": "euler",
    "euler_a": "euler-ancestral",
    "heun": "heun",
    "lcm": "lcm",
    "lms": "lms",
    "pndm": "pndm",
    "unipc": "unipc",
}


def read(texts: Mapping[str, str]) -> Found | None:
    """`guidance` is a distilled model's and counts before `cfg_scale`, which is then 1."""
    written = texts.get("invokeai_metadata")
    if written is None:
        older = tuple(name for name in OLDER if name in texts)
        why = "InvokeAI 1 and 2 wrote it, whose metadata we do not read"
        return Found("invokeai", unread=older, problem=why) if older else None
    says = parsed(written)
    if says is None:
        return Found("invokeai", unread=("invokeai_metadata",), problem="its metadata is not JSON that we read")
    fields: dict[str, Any] = {}
    unread = []
    for name, value in says.items():
        taken = FIELDS[name](value) if name in FIELDS else {}
        fields = taken | fields if name == "cfg_scale" else fields | taken
        if not taken and value not in (None, "", [], {}):
            unread.append(name)
    return Found("invokeai", unread=tuple(unread), **fields)


def _scheduler(value: Any) -> dict[str, Any]:
    """A trailing `_k` means Karras."""
    name = text(value) or ""
    sampler = SAMPLERS.get(name.removesuffix("_k"))
    return {"sampler": sampler, **({"schedule": "karras"} if name.endswith("_k") else {})} if sampler else {}


def _model(value: Any) -> dict[str, Any]:
    """`name`; in version 3 `model_name`."""
    name = text(value.get("name", value.get("model_name"))) if isinstance(value, dict) else None
    return {"model": name} if name else {}


FIELDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "positive_prompt": one("prompt", text),
    "negative_prompt": one("negative", text),
    "seed": one("seed", seed),
    "steps": one("steps", steps),
    "cfg_scale": one("guidance", number),
    "guidance": one("guidance", number),
    "scheduler": _scheduler,
    "model": _model,
    "width": one("width", side),
    "height": one("height", side),
}

PART = Reader(rank=1, tags=frozenset({"invokeai_metadata", "invokeai_graph", "invokeai_workflow", *OLDER}), read=read)
