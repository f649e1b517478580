"""A part of a model, put where its Place says: what is asked at every step as quick as can be, the rest where it fits.

Joined products, rounding and compiled blocks change how sums are rounded; waiting elsewhere does not. Which attention
is the quickest, torch knows best.
"""

from typing import Any

import torch
from diffusers.hooks.group_offloading import (
    _is_group_offload_enabled,
    _maybe_remove_and_reapply_group_offloading,
    apply_group_offloading,
)
from torch import nn

from sfumato.engine.families._diffusers.place import PAINTERS, Place
from sfumato.engine.families._diffusers.rounding import blocks, round_products

JOINING = frozenset({"FluxAttention"})
"""Attentions of diffusers that can ask for query, key and value in one product; the others have no such way."""

MOST_SIZES = 64  # that blocks are compiled for; torch gives up compiling after the eighth if it is not told


def settled(name: str, part: Any, place: Place) -> Any:
    """The part of this name on the place's device, or waiting to be asked."""
    part = part.eval().requires_grad_(False)
    if name in PAINTERS:
        return painter(part, place)
    if name == "vae":
        if place.tiled and hasattr(part, "enable_tiling"):
            part.enable_tiling()
        return part.to(place.device)
    return part.to(place.device) if place.placement == "whole" else waiting(part, place, "leaf_level")


def painter(network: Any, place: Place) -> Any:
    """The network that is asked at every step."""
    if place.rounding != "none" or place.compiled:
        join(network)
    if place.rounding != "none":
        round_products(network, place.rounding, torch.device("cpu") if place.placement == "blocks" else place.device)
    if place.placement == "blocks":
        return waiting(network, place, "block_level")
    network = network.to(place.device)
    if place.compiled:
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, MOST_SIZES)
        torch._dynamo.config.skip_nnmodule_hook_guards = False  # LoRA may come later, as hooks
        for block in blocks(network):
            block.compile(dynamic=False)  # for each size by itself, which is what is quickest then
    return network


def waiting(part: Any, place: Place, level: str, ahead: bool = True) -> Any:
    """Kept by the processor, and brought to the device piece by piece when it is asked; the next piece meanwhile.

    ahead: False for what is not called as a whole, where diffusers cannot see which piece is the next.
    """
    apply_group_offloading(
        part, onload_device=place.device, offload_device=torch.device("cpu"), offload_type=level,
        num_blocks_per_group=1 if level == "block_level" else None, use_stream=ahead and place.device.type == "cuda",
    )  # fmt: skip
    return part


def waits(network: nn.Module) -> bool:
    return _is_group_offload_enabled(network)


def wait_anew(network: nn.Module) -> None:
    """After layers came into a network, or left it: they wait with its blocks, where those do."""
    _maybe_remove_and_reapply_group_offloading(network)


def join(network: nn.Module) -> None:
    """One product for query, key and value where three were: large products fill a GPU better than small ones."""
    for attention in network.modules():
        if type(attention).__name__ in JOINING:
            attention.fuse_projections()  # type: ignore[operator]
            for name in ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj"):
                if getattr(attention, name, None) is not None:
                    setattr(attention, name, None)  # its weights are in the joined product now
