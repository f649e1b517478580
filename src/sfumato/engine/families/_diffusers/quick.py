"""What makes the network that paints quicker on a GPU: joined products, a better attention, rounding, compiled blocks.

Each of these changes how sums are rounded, and the last takes a while at first; so a Place says which are wanted.
"""

from typing import TypeVar

import torch
from diffusers.models.attention_dispatch import AttentionBackendName
from torch import nn

from sfumato.engine.families._diffusers.float8 import blocks, in_float8
from sfumato.engine.families._diffusers.place import Place

Network = TypeVar("Network", bound=nn.Module)

PAINTERS = frozenset({"transformer", "unet"})
"""What diffusers calls the part of a model that is asked at every step."""

JOINING = frozenset({"FluxAttention"})
"""Attentions of diffusers that can ask for query, key and value in one product; the others have no such way."""

HOPPER = (9, 0)
"""The compute capability from which on cuDNN's attention is the quickest that comes with torch."""


def quickened(network: Network, place: Place) -> Network:
    """The network on the place's device, as quick as the place says."""
    if place.rounding != "none" or place.compiled:
        join(network)
    if place.rounding == "float8":
        in_float8(network, place.device)
    network = network.to(place.device)
    if place.device.type == "cuda" and torch.cuda.get_device_capability(place.device) >= HOPPER:
        attend_by(network, AttentionBackendName._NATIVE_CUDNN)
    if place.compiled:
        for block in blocks(network):
            block.compile()
    return network


def join(network: nn.Module) -> None:
    """One product for query, key and value where three were: large products fill a GPU better than small ones."""
    for attention in network.modules():
        if type(attention).__name__ in JOINING:
            attention.fuse_projections()  # type: ignore[operator]
            for name in ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj"):
                if getattr(attention, name, None) is not None:
                    setattr(attention, name, None)  # its weights are in the joined product now


def attend_by(network: nn.Module, backend: AttentionBackendName) -> None:
    """Of this network alone: diffusers' own `set_attention_backend` changes it for all that load later."""
    for module in network.modules():
        processor = getattr(module, "processor", None)
        if hasattr(processor, "_attention_backend"):
            processor._attention_backend = backend  # type: ignore[union-attr]
