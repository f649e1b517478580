"""What makes the network that paints quicker on a GPU: joined products, rounding, compiled blocks.

Each of these changes how sums are rounded, and the last takes a while at first; so a Place says which are wanted. Which
attention is the quickest, torch knows best.
"""

from typing import TypeVar

import torch
from torch import nn

from sfumato.engine.families._diffusers.float8 import blocks, in_float8
from sfumato.engine.families._diffusers.place import Place

Network = TypeVar("Network", bound=nn.Module)

PAINTERS = frozenset({"transformer", "unet"})
"""What diffusers calls the part of a model that is asked at every step."""

JOINING = frozenset({"FluxAttention"})
"""Attentions of diffusers that can ask for query, key and value in one product; the others have no such way."""

MOST_SIZES = 64  # that blocks are compiled for; torch gives up compiling after the eighth if it is not told


def quickened(network: Network, place: Place) -> Network:
    """The network on the place's device, as quick as the place says."""
    if place.rounding != "none" or place.compiled:
        join(network)
    if place.rounding == "float8":
        in_float8(network, place.device)
    network = network.to(place.device)
    if place.compiled:
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, MOST_SIZES)
        for block in blocks(network):
            block.compile(dynamic=False)  # for each size by itself, which is what is quickest then
    return network


def join(network: nn.Module) -> None:
    """One product for query, key and value where three were: large products fill a GPU better than small ones."""
    for attention in network.modules():
        if type(attention).__name__ in JOINING:
            attention.fuse_projections()  # type: ignore[operator]
            for name in ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj"):
                if getattr(attention, name, None) is not None:
                    setattr(attention, name, None)  # its weights are in the joined product now
