"""ComfyUI: the graph that painted the picture, as JSON; in a PNG's `prompt`, in a WebP behind EXIF's camera fields.

A node is {"class_type": ..., "inputs": {name: a value, or [another node's id, its output]}}. We find the sampler and
walk its links backwards to the first node that states what we look for, whatever that node is called, so that a
person's own nodes on the way do no harm. The editor's `workflow`, beside it, says the same with positions on a canvas.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sfumato.exports.readers import Found, Reader
from sfumato.exports.readers._values import number, parsed, seed, side, steps, text

Node = dict[str, Any]
Graph = dict[str, Node]

SAMPLERS = {
    "ddim": "ddim",
    "dpmpp_2m": "dpmpp-2m",
    "dpmpp_2m_sde": "dpmpp-2m-sde",
    "dpmpp_2m_sde_gpu": "dpmpp-2m-sde",
    "euler": "euler",
    "euler_ancestral": "euler-ancestral",
    "heun": "heun",
    "lcm": "lcm",
    "lms": "lms",
    "uni_pc": "unipc",
}
SCHEDULES = {"karras": "karras", "exponential": "exponential"}  # `normal` and `simple` depend on the model

PLUMBING = {  # nodes that carry pictures and weights about, and decide nothing that we ask for
    *("VAEDecode", "VAELoader", "SaveImage", "PreviewImage", "SaveAnimatedWEBP"),
    *("CLIPLoader", "DualCLIPLoader", "TripleCLIPLoader"),
}
MOST_SAMPLERS = 20  # that are looked at, for a graph may be nothing else
ENDS_TEXT = {"ConditioningZeroOut"}  # what is before it is multiplied by nothing


def read(texts: Mapping[str, str]) -> Found | None:
    """Of several samplers the first counts, whose latent no other sampler made; the rest are named as unread."""
    written = _text_of(texts, "prompt")
    if written is None:
        if _text_of(texts, "workflow") is None:
            return None
        return Found("comfyui", unread=("workflow",), problem="it holds ComfyUI's layout, not the graph that ran")
    graph = _graph(parsed(written))
    samplers = [key for key, node in graph.items() if _is_sampler(node)]
    if not samplers:
        why = "has no sampler that we know" if graph else "is not JSON that we read"
        return Found("comfyui", unread=("prompt",), problem=f"its ComfyUI graph {why}")
    first = next((key for key in samplers[:MOST_SAMPLERS] if not _made_by_sampler(graph, key)), samplers[0])
    return _Walk(graph, first).found()


class _Walk:
    """One walk from a sampler; `used` are (node, input) that were understood."""

    def __init__(self, graph: Graph, sampler: str):
        self.graph = graph
        self.sampler = sampler
        self.used: set[tuple[str, str]] = set()

    def found(self) -> Found:
        """Each field from the first node upstream that states it."""
        return Found(
            "comfyui",
            prompt=self._take(("positive", "guider.positive", "guider.conditioning"), TEXTS, text),
            negative=self._take(("negative", "guider.negative"), TEXTS, text),
            seed=self._take(("", "noise", "seed", "noise_seed"), ("seed", "noise_seed", "value"), seed),
            steps=self._take(("", "sigmas"), ("steps",), steps),
            guidance=self._guidance(),
            sampler=self._take(("", "sampler"), ("sampler_name",), lambda name: SAMPLERS.get(text(name) or "")),
            schedule=self._take(("", "sigmas"), ("scheduler",), lambda name: SCHEDULES.get(text(name) or "")),
            model=self._take(("model", "guider.model"), ("ckpt_name", "unet_name", "model_name"), text),
            width=self._take(("latent_image",), ("width",), side),
            height=self._take(("latent_image",), ("height",), side),
            unread=tuple(self._unread()),
        )

    def _guidance(self) -> float | None:
        """A distilled model's own, where its node is; else classifier-free guidance's."""
        distilled = self._take(("positive", "guider.positive", "guider.conditioning"), ("guidance",), number)
        return distilled if distilled is not None else self._take(("", "guider"), ("cfg",), number)

    def _take(self, paths: tuple[str, ...], names: tuple[str, ...], take: Callable[[Any], Any]) -> Any:
        """The nearest value of one of these names. A path leads from the sampler; "" is the sampler itself."""
        for path in paths:
            key = self.sampler
            for link in filter(None, path.split(".")):
                key = _linked(self.graph, key, link)
            if key is None:
                continue
            keys = _upstream(self.graph, key, OTHER_SIDE.get(path.rpartition(".")[2])) if path else [key]
            for at in keys:
                for name in names:
                    value = take(self.graph[at]["inputs"].get(name))
                    if value is not None:
                        self.used.add((at, name))
                        return value
        return None

    def _unread(self) -> Iterator[str]:
        """`KSampler.denoise`, or `LoraLoader` for a node of which nothing was understood."""
        understood = {key for key, _ in self.used}
        for key, node in self.graph.items():
            kind = text(node.get("class_type")) or "a node without a type"
            if kind in PLUMBING or kind in ENDS_TEXT:
                continue
            if key not in understood and key != self.sampler and _settings(node):
                yield kind
            elif key in understood or key == self.sampler:
                yield from (f"{kind}.{name}" for name in _settings(node) if (key, name) not in self.used)


OTHER_SIDE = {"positive": "negative", "negative": "positive"}  # ControlNet's nodes carry both
TEXTS = ("text", "text_g", "t5xxl", "clip_l", "string", "value")
AS_USUAL = {"denoise": 1, "batch_size": 1, "start_at_step": 0, "control_after_generate": None}


def _settings(node: Node) -> list[str]:
    """Inputs with values of their own that change the picture."""
    return [
        name
        for name, value in node["inputs"].items()
        if not isinstance(value, list) and not (name in AS_USUAL and AS_USUAL[name] in (value, None))
    ]


def _text_of(texts: Mapping[str, str], name: str) -> str | None:
    behind = (texts.get(field, "").partition(f"{name}:") for field in ("Make", "Model"))
    return texts.get(name) or next((rest for before, found, rest in behind if found and not before), None)


def _graph(says: dict[str, Any] | None) -> Graph:
    """Only what has a node's shape."""
    return {
        key: node
        for key, node in (says or {}).items()
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict) and isinstance(node.get("class_type"), str)
    }


def _is_sampler(node: Node) -> bool:
    inputs = node["inputs"]
    return "latent_image" in inputs and ("positive" in inputs or "guider" in inputs)


def _linked(graph: Graph, key: str | None, name: str) -> str | None:
    """The node that this input comes from."""
    value = graph[key]["inputs"].get(name) if key is not None else None
    return value[0] if isinstance(value, list) and value and isinstance(value[0], str) and value[0] in graph else None


def _upstream(graph: Graph, key: str, without: str | None = None) -> Iterator[str]:
    """This node and all before it, nearest first, each once. without: an input that is not followed."""
    waiting, seen = deque([key]), {key}
    while waiting:
        at = waiting.popleft()
        yield at
        if graph[at]["class_type"] in ENDS_TEXT:
            continue
        for name in graph[at]["inputs"]:
            before = _linked(graph, at, name)
            if before is not None and before not in seen and name != without:
                seen.add(before)
                waiting.append(before)


def _made_by_sampler(graph: Graph, key: str) -> bool:
    latent = _linked(graph, key, "latent_image")
    return latent is not None and any(_is_sampler(graph[at]) for at in _upstream(graph, latent))


PART = Reader(rank=3, tags=frozenset({"prompt", "workflow", "Make", "Model"}), read=read)
