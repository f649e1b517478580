"""Models of their published sizes with random weights, made on the device: time does not depend on values.

Nothing is fetched: configs are written here as their makers publish them, and a tokenizer knows single letters.
"""

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel, UNet2DConditionModel
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from sfumato.core.card import Card
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place

LETTERS = string.ascii_lowercase + string.digits + string.punctuation
SPREAD = 0.02  # of random weights, as most networks begin with


def clip_tokenizer() -> CLIPTokenizer:
    pieces = [*LETTERS, *(c + "</w>" for c in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], model_max_length=77)


def t5_tokenizer() -> T5Tokenizer:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((c, -3.0) for c in LETTERS)]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


def clip(size: int, layers: int, heads: int, projection: int) -> CLIPTextConfig:
    last = 2 * len(LETTERS) + 1
    return CLIPTextConfig(
        vocab_size=49408, hidden_size=size, intermediate_size=4 * size, num_hidden_layers=layers,
        num_attention_heads=heads, projection_dim=projection, bos_token_id=last - 1, eos_token_id=last,
        pad_token_id=last,
    )  # fmt: skip


def autoencoder(tiny: bool, **changes: Any) -> AutoencoderKL:
    """Of 8 pixels a side of each place."""
    small = {"block_out_channels": (8, 8, 8, 8), "layers_per_block": 1, "norm_num_groups": 4}
    large = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2}
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        **(small if tiny else large), **changes,
    )  # fmt: skip


def flux(tiny: bool) -> dict[str, Callable[[], nn.Module]]:
    """FLUX.1 [dev]'s parts; tiny: narrow, of few blocks."""
    wide, pooled = _wide(tiny)
    t5 = {"d_ff": 64, "num_layers": 1, "num_heads": 1} if tiny else {"d_ff": 10240, "num_layers": 24, "num_heads": 64}
    return {
        "transformer": flux_transformer(tiny),
        "text_encoder": lambda: CLIPTextModel(clip(pooled, 1 if tiny else 12, pooled // 64, pooled)),
        "text_encoder_2": lambda: T5EncoderModel(
            T5Config(vocab_size=32128, d_model=wide, d_kv=64, feed_forward_proj="gated-gelu", **t5)
        ),
        "vae": lambda: autoencoder(
            tiny, latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False,
            use_post_quant_conv=False,
        ),
    }  # fmt: skip


def flux_transformer(tiny: bool, guided: bool = True) -> Callable[[], nn.Module]:
    """guided: whether it is told a guidance, as dev is; schnell is not."""
    (wide, pooled), heads = _wide(tiny), 1 if tiny else 24
    layers = {"num_layers": 2, "num_single_layers": 2} if tiny else {}
    return lambda: FluxTransformer2DModel(
        guidance_embeds=guided,
        num_attention_heads=heads,
        joint_attention_dim=wide,
        pooled_projection_dim=pooled,
        **layers,
    )


def _wide(tiny: bool) -> tuple[int, int]:
    """Numbers of T5's states, and of CLIP's vector."""
    return (64, 64) if tiny else (4096, 768)


def stable_diffusion_xl(tiny: bool) -> dict[str, Callable[[], nn.Module]]:
    one, two = (64, 128) if tiny else (768, 1280)
    steps = (32, 64, 64) if tiny else (320, 640, 1280)
    heads = (1, 2, 2) if tiny else (5, 10, 20)
    depth = (1, 1, 1) if tiny else (1, 2, 10)
    return {
        "unet": lambda: UNet2DConditionModel(
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), block_out_channels=steps,
            transformer_layers_per_block=depth, attention_head_dim=heads, cross_attention_dim=one + two,
            addition_embed_type="text_time", addition_time_embed_dim=256, use_linear_projection=True,
            projection_class_embeddings_input_dim=6 * 256 + two,
        ),
        "text_encoder": lambda: CLIPTextModel(clip(one, 2 if tiny else 12, one // 64, one)),
        "text_encoder_2": lambda: CLIPTextModelWithProjection(clip(two, 2 if tiny else 32, two // 64, two)),
        "vae": lambda: autoencoder(tiny, latent_channels=4, scaling_factor=0.13025),
    }  # fmt: skip


class Parts:
    """Parts of one model on a device; a network can be had again as another object over the same weights."""

    def __init__(self, makers: dict[str, Callable[[], nn.Module]], device: torch.device, dtype: torch.dtype):
        self._makers, self._device, self._dtype = makers, device, dtype
        self._made: dict[str, nn.Module] = {}
        self._whole = self  # where weights are made

    def but(self, **makers: Callable[[], nn.Module]) -> "Parts":
        """The same weights in networks that are made otherwise, and have fewer of them."""
        view = Parts({**self._makers, **makers}, self._device, self._dtype)
        view._whole = self._whole
        return view

    def one(self, name: str) -> Any:
        made = self._whole._made
        if name not in made:
            made[name] = self._filled(self._whole._makers[name])
        return made[name]

    def another(self, name: str) -> Any:
        """Its own object, whose blocks can be compiled or replaced, with the same tensors."""
        with torch.device("meta"):
            network = self._makers[name]()
        weights = self.one(name).state_dict()
        network.load_state_dict({name: weights[name] for name in network.state_dict()}, assign=True)
        return network.eval().requires_grad_(False)

    def _filled(self, maker: Callable[[], nn.Module]) -> nn.Module:
        with torch.device("meta"):
            network = maker()
        network = network.to(self._dtype).to_empty(device=self._device).eval().requires_grad_(False)
        drawn = torch.Generator(self._device).manual_seed(0)
        for name, weight in network.named_parameters():
            if weight.dim() > 1:
                weight.normal_(0, SPREAD, generator=drawn)
            else:
                weight.fill_(0.0 if name.endswith("bias") else 1.0)
        for name, buffer in network.named_buffers():
            if not name.endswith("position_ids"):
                raise NotImplementedError(f"say what {name} begins with")
            buffer.copy_(torch.arange(buffer.shape[-1]).expand_as(buffer))
        return network


class RandomFolder(Folder):
    """Stands where a family opens a model's folder. quick: the part that it gets an object of its own of, `painter`."""

    def __init__(self, card: Card, parts: Parts, tokenizers: dict[str, Any], quick: str):
        self.card, self.path, self.index = card, Path("random"), {}
        self._parts, self._tokenizers, self._quick = parts, tokenizers, quick
        self.painter: Any = None

    def trained(self) -> Card:
        return self.card

    def loaded(self, name: str, kind: Any, place: Place) -> Any:
        if name != self._quick:
            return self._parts.one(name)
        self.painter = self._parts.another(name)
        return self.painter

    def tokenizer(self, name: str, kind: Any) -> Any:
        return self._tokenizers[name]
