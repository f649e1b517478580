"""Real models made tiny: diffusers' own classes with random weights, saved as their folders are."""

import json
import string
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5Tokenizer

from sfumato import exports
from sfumato.core.order import Order
from sfumato.engine.painting import Latent, Row
from sfumato.planning import plan
from sfumato.worker.run import Painted, run

CHARACTERS = string.ascii_lowercase + string.digits + string.punctuation
WIDTH = 32  # numbers of a text state


FLOW = {"use_dynamic_shifting": True, "shift": 3.0}


def saved(made: Callable[[], Any]) -> Callable[[Path], Path]:
    """What makes a pipeline, as what saves it into a folder: with random weights, the same each time."""

    @wraps(made)
    def save(folder: Path) -> Path:
        torch.manual_seed(0)
        made().save_pretrained(folder)
        return folder

    return save


def with_numbers(part: Any) -> Any:
    """A network whose weights some makers leave as they were found in memory."""
    with torch.no_grad():
        for weights in part.parameters():
            weights.normal_(std=0.05)
    return part.eval()


def photo(size: tuple[int, int]) -> Image.Image:
    """Soft spots of colour; size: width, height."""
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (4, 8, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)


def assert_same_pixels(ours: np.ndarray, theirs: np.ndarray) -> None:
    """ours: uint8 (height, width, 4); theirs: 0 to 1 (height, width, 3 or 4). Off by a rounding at most."""
    off = np.abs(ours[..., : theirs.shape[-1]].astype(int) - (theirs * 255).round().astype(int))
    assert off.max() <= 1 and (off > 0).mean() < 0.003
    assert theirs.shape[-1] == 4 or (ours[..., 3] == 255).all()
    assert ours[..., :3].std() > 5  # not of one colour, where anything would be the same


class Watched:
    """A model that remembers the latents it was asked about, one a look."""

    def __init__(self, model: Any):
        self._model = model
        self.seen: list[np.ndarray] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        if not self.seen or rows[0].x is not self.seen[-1]:
            self.seen.append(rows[0].x)
        return self._model.look(rows)


def painted(model: Any, **fields: Any) -> tuple[list[np.ndarray], np.ndarray]:
    """(the latents of all looks, the picture's pixels) of an order, through the whole way of a picture."""
    watched = Watched(model)
    (recipe,) = plan(Order(**fields), model.card).recipes
    events = list(run([recipe], lambda name: watched, exports.save))
    (picture,) = [event.picture for event in events if isinstance(event, Painted)]
    return watched.seen, np.asarray(picture.image)


def clip_tokenizer() -> CLIPTokenizer:
    """A letter is a piece."""
    pieces = [*CHARACTERS, *(c + "</w>" for c in CHARACTERS), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], model_max_length=77)


def t5_tokenizer() -> T5Tokenizer:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((c, -3.0) for c in CHARACTERS)]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


def clip_config(**changes: Any) -> CLIPTextConfig:
    size = 2 * len(CHARACTERS) + 2
    return CLIPTextConfig(
        bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1, vocab_size=size, hidden_size=WIDTH,
        intermediate_size=37, num_attention_heads=4, num_hidden_layers=3, projection_dim=WIDTH, **changes,
    )  # fmt: skip


def t5_encoder() -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=4 + len(CHARACTERS),
            d_model=WIDTH,
            d_ff=37,
            d_kv=8,
            num_heads=4,
            num_layers=2,
            feed_forward_proj="gated-gelu",
        )
    )


def autoencoder(channels: int, blocks: int = 2, **changes: Any) -> AutoencoderKL:
    """Halves a side once for each block but the first."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * blocks, up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=(8,) * blocks, norm_num_groups=4, latent_channels=channels, **changes,
    )  # fmt: skip


def flux(folder: Path, *, guidance: bool, kind: str = "FluxPipeline", in_channels: int = 16) -> Path:
    """FLUX.1 with two blocks; guidance: whether it is told one, as dev is and schnell is not. kind: its pipeline."""
    import diffusers
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxTransformer2DModel

    torch.manual_seed(0)
    getattr(diffusers, kind)(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=guidance),
        text_encoder=CLIPTextModel(clip_config()).eval(),
        tokenizer=clip_tokenizer(),
        text_encoder_2=t5_encoder().eval(),
        tokenizer_2=t5_tokenizer(),
        transformer=FluxTransformer2DModel(
            in_channels=in_channels, out_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=WIDTH, pooled_projection_dim=WIDTH, axes_dims_rope=(4, 4, 8),
            guidance_embeds=guidance,
        ),
        vae=autoencoder(4, scaling_factor=0.3611, shift_factor=0.1159),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def unet(**changes: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(**{
        "block_out_channels": (8, 16), "layers_per_block": 1, "in_channels": 4, "out_channels": 4,
        "norm_num_groups": 4, "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": WIDTH, "attention_head_dim": 2, **changes,
    })  # fmt: skip


STABLE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def stable_diffusion(
    folder: Path, *, prediction: str = "epsilon", kind: str = "StableDiffusionPipeline", **changes: Any
) -> Path:
    """Stable Diffusion 1 (epsilon) or 2 (v_prediction). kind: its pipeline. changes: of the UNet's config."""
    import diffusers
    from diffusers import EulerDiscreteScheduler

    torch.manual_seed(0)
    getattr(diffusers, kind)(
        scheduler=EulerDiscreteScheduler(**STABLE, prediction_type=prediction, timestep_spacing="leading"),
        text_encoder=CLIPTextModel(clip_config()).eval(),
        tokenizer=clip_tokenizer(),
        unet=unet(**changes),
        vae=autoencoder(4),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def stable_diffusion_xl(
    folder: Path, *, kind: str = "StableDiffusionXLPipeline", in_channels: int = 4, **changes: Any
) -> Path:
    """kind: its pipeline. in_channels: of the UNet. changes: of the pipeline's config."""
    import diffusers
    from diffusers import EulerDiscreteScheduler
    from transformers import CLIPTextModelWithProjection

    torch.manual_seed(0)
    getattr(diffusers, kind)(
        scheduler=EulerDiscreteScheduler(**STABLE, timestep_spacing="leading"),
        text_encoder=CLIPTextModel(clip_config()).eval(),
        tokenizer=clip_tokenizer(),
        text_encoder_2=CLIPTextModelWithProjection(clip_config()).eval(),
        tokenizer_2=clip_tokenizer(),
        unet=unet(
            in_channels=in_channels, cross_attention_dim=2 * WIDTH, addition_embed_type="text_time",
            addition_time_embed_dim=8, projection_class_embeddings_input_dim=6 * 8 + WIDTH, attention_head_dim=(2, 4),
            transformer_layers_per_block=(1, 2), use_linear_projection=True,
        ),
        vae=autoencoder(4, scaling_factor=0.13025, force_upcast=True),
        **changes,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def playground(folder: Path) -> Path:
    """SDXL that is taught by levels of noise of another kind, with latents that are counted otherwise."""
    from diffusers import EDMDPMSolverMultistepScheduler

    stable_diffusion_xl(folder)
    EDMDPMSolverMultistepScheduler().save_pretrained(folder / "scheduler")
    index, vae = folder / "model_index.json", folder / "vae" / "config.json"
    for file, changed in (
        (index, {"scheduler": ["diffusers", "EDMDPMSolverMultistepScheduler"]}),
        (vae, {"latents_mean": [0.1, -0.2, 0.0, 0.3], "latents_std": [1.0, 0.5, 2.0, 1.5], "scaling_factor": 0.5}),
    ):
        file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))
    return folder


def deep_autoencoder() -> Any:
    """Halves a side once."""
    from diffusers import AutoencoderDC

    return AutoencoderDC(
        in_channels=3, latent_channels=4, attention_head_dim=2, encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"), encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8), encoder_qkv_multiscales=((), (5,)), decoder_qkv_multiscales=((), (5,)),
        encoder_layers_per_block=(1, 1), decoder_layers_per_block=[1, 1], downsample_block_type="conv",
        upsample_block_type="interpolate", decoder_norm_types="rms_norm", decoder_act_fns="silu",
        scaling_factor=0.41407,
    )  # fmt: skip


def gemma_tokenizer() -> Any:
    from transformers import GemmaTokenizer

    names = ["<pad>", "<eos>", "<bos>", "<unk>", *CHARACTERS]
    return GemmaTokenizer(vocab={name: i for i, name in enumerate(names)}, merges=[], model_max_length=64)


def gemma_2(layers: int = 1) -> Any:
    from transformers import Gemma2Config, Gemma2Model

    config = Gemma2Config(
        vocab_size=4 + len(CHARACTERS), hidden_size=8, intermediate_size=16, num_hidden_layers=layers,
        num_attention_heads=2, num_key_value_heads=1, head_dim=4,
    )  # fmt: skip
    return Gemma2Model(config).eval()


@saved
def sana() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, SanaPipeline, SanaTransformer2DModel

    return SanaPipeline(
        tokenizer=gemma_tokenizer(), text_encoder=gemma_2(), vae=deep_autoencoder(),
        transformer=SanaTransformer2DModel(
            patch_size=1, in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4,
            num_cross_attention_heads=2, cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=8,
            sample_size=32,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )  # fmt: skip


def stable_diffusion_3(folder: Path) -> Path:
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
    from transformers import CLIPTextModelWithProjection

    torch.manual_seed(0)
    clips = [CLIPTextModelWithProjection(clip_config()).eval() for _ in range(2)]
    StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=32, patch_size=1, in_channels=16, num_layers=1, attention_head_dim=8, num_attention_heads=4,
            joint_attention_dim=2 * WIDTH, caption_projection_dim=32, pooled_projection_dim=2 * WIDTH, out_channels=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(16, scaling_factor=1.5305, shift_factor=0.0609),
        text_encoder=clips[0], tokenizer=clip_tokenizer(), text_encoder_2=clips[1], tokenizer_2=clip_tokenizer(),
        text_encoder_3=T5EncoderModel(T5Config(vocab_size=4 + len(CHARACTERS), d_model=2 * WIDTH, d_ff=37, d_kv=8,
                                               num_heads=4, num_layers=1)).eval(),
        tokenizer_3=t5_tokenizer(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def pixart(folder: Path, kind: str = "PixArtSigmaPipeline") -> Path:
    """PixArt-Sigma, or another of its kind."""
    import diffusers
    from diffusers import DPMSolverMultistepScheduler, PixArtTransformer2DModel

    torch.manual_seed(0)
    getattr(diffusers, kind)(
        transformer=PixArtTransformer2DModel(
            sample_size=16, num_layers=2, patch_size=2, attention_head_dim=8, num_attention_heads=3,
            caption_channels=WIDTH, in_channels=4, cross_attention_dim=24, out_channels=8, attention_bias=True,
            activation_fn="gelu-approximate", num_embeds_ada_norm=1000, norm_type="ada_norm_single",
            norm_elementwise_affine=False, norm_eps=1e-6, use_additional_conditions=False,
        ),
        scheduler=DPMSolverMultistepScheduler(),
        vae=autoencoder(4),
        text_encoder=t5_encoder().eval(),
        tokenizer=t5_tokenizer(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def qwen_tokenizer(**named: str) -> Any:
    """named: more pieces, by what they are called."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    letters = [*sorted(ByteLevel.alphabet()), "<|endoftext|>", "<|im_start|>", "<|im_end|>", *named.values()]
    return Qwen2Tokenizer(vocab={piece: i for i, piece in enumerate(letters)}, merges=[], extra_special_tokens=named)


def z_image(folder: Path, *, shift: float = 3.0) -> Path:
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = CHAT
    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,), all_f_patch_size=(1,), in_channels=16, dim=32, n_layers=2, n_refiner_layers=1, n_heads=2,
        n_kv_heads=2, qk_norm=True, cap_feat_dim=16, rope_theta=256.0, t_scale=1000.0, axes_dims=[8, 4, 4],
        axes_lens=[256, 32, 32],
    )  # fmt: skip
    with torch.no_grad():
        for pad in (transformer.x_pad_token, transformer.cap_pad_token):  # left as they were found in memory
            pad.copy_(torch.ones_like(pad))
    ZImagePipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=shift),
        vae=autoencoder(16, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=Qwen3Model(
            Qwen3Config(vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=2,
                        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=512, head_dim=8)
        ).eval(),
        tokenizer=tokenizer,
    ).save_pretrained(folder)  # fmt: skip
    return folder


CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)


def qwen_2_5(pieces: int) -> Any:
    """A reader's plan."""
    from transformers import Qwen2_5_VLConfig

    return Qwen2_5_VLConfig(
        text_config={
            "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 2, "vocab_size": pieces, "max_position_embeddings": 2048,
            "rope_parameters": {"mrope_section": [1, 1, 2], "rope_type": "default", "rope_theta": 1e6},
        },
        vision_config={"depth": 2, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16},
    )  # fmt: skip


def qwen_image(folder: Path) -> Path:
    from diffusers import AutoencoderKLQwenImage, FlowMatchEulerDiscreteScheduler, QwenImagePipeline
    from diffusers import QwenImageTransformer2DModel as Transformer
    from transformers import Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    config = qwen_2_5(len(tokenizer))
    QwenImagePipeline(
        transformer=Transformer(
            patch_size=2, in_channels=16, out_channels=4, num_layers=2, attention_head_dim=16, num_attention_heads=3,
            joint_attention_dim=16, guidance_embeds=False, axes_dims_rope=(8, 4, 4),
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, max_shift=0.9, max_image_seq_len=8192, shift_terminal=0.02
        ),
        vae=AutoencoderKLQwenImage(base_dim=24, z_dim=4, dim_mult=[1, 2, 4], num_res_blocks=1,
                                   temperal_downsample=[False, True], latents_mean=[0.1, -0.2, 0.0, 0.3],
                                   latents_std=[1.0, 0.5, 2.0, 1.5]),
        text_encoder=Qwen2_5_VLForConditionalGeneration(config).eval(),
        tokenizer=tokenizer,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def as_checkpoint(folder: Path) -> None:
    """Put a Stable Diffusion 1's weights into one file, by the names its makers gave them, and leave the configs."""
    from safetensors.torch import load_file, save_file

    whole = {}
    for part, (prefix, renamed) in {
        "unet": ("model.diffusion_model.", _unet_name),
        "vae": ("first_stage_model.", _vae_name),
        "text_encoder": ("cond_stage_model.transformer.text_model.", lambda name: name.removeprefix("text_model.")),
    }.items():
        (file,) = (folder / part).glob("*.safetensors")
        for name, tensor in load_file(file).items():
            named = renamed(name)
            attention = part == "vae" and ".attn_1." in named and named.endswith("weight") and ".norm." not in named
            whole[prefix + named] = (
                tensor[:, :, None, None] if attention else tensor
            )  # there it is a convolution of 1 x 1
        file.unlink()
    save_file(whole, folder / "checkpoint.safetensors")


BLOCKS, LAYERS = 2, 1  # of the tiny UNet


def _unet_name(name: str) -> str:
    """https://github.com/CompVis/stable-diffusion's, for diffusers' name."""
    inside = {
        "norm1.": "in_layers.0.", "conv1": "in_layers.2", "norm2.": "out_layers.0.", "conv2": "out_layers.3",
        "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
    }  # fmt: skip
    outside = {
        "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
        "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
        "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
        "mid_block.resnets.1": "middle_block.2",
    }  # fmt: skip
    for theirs, ours in {**(inside if "resnets" in name else {}), **outside}.items():
        name = name.replace(theirs, ours)
    for block in range(BLOCKS):
        for layer in range(LAYERS + 1):
            down, up = (LAYERS + 1) * block + layer + 1, (LAYERS + 1) * block + layer
            for part, at in (("resnets", 0), ("attentions", 1)):
                name = name.replace(f"down_blocks.{block}.{part}.{layer}.", f"input_blocks.{down}.{at}.")
                name = name.replace(f"up_blocks.{block}.{part}.{layer}.", f"output_blocks.{up}.{at}.")
        down, up = (LAYERS + 1) * (block + 1), (LAYERS + 1) * block + LAYERS
        name = name.replace(f"down_blocks.{block}.downsamplers.0.conv.", f"input_blocks.{down}.0.op.")
        name = name.replace(
            f"up_blocks.{block}.upsamplers.0.conv.", f"output_blocks.{up}.{2 if block == 0 else 1}.conv."
        )
    return name


def _vae_name(name: str) -> str:
    for theirs, ours in {
        "conv_shortcut": "nin_shortcut", "conv_norm_out": "norm_out", "mid_block.attentions.0.": "mid.attn_1.",
        "mid_block.resnets.0": "mid.block_1", "mid_block.resnets.1": "mid.block_2", "group_norm": "norm",
        "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out",
    }.items():  # fmt: skip
        name = name.replace(theirs, ours)
    for block in range(BLOCKS):
        name = name.replace(f"down_blocks.{block}.resnets.", f"down.{block}.block.")
        name = name.replace(f"down_blocks.{block}.downsamplers.0.", f"down.{block}.downsample.")
        name = name.replace(f"up_blocks.{block}.resnets.", f"up.{BLOCKS - 1 - block}.block.")
        name = name.replace(f"up_blocks.{block}.upsamplers.0.", f"up.{BLOCKS - 1 - block}.upsample.")
    return name


def as_gguf(folder: Path, part: str) -> dict[str, np.ndarray]:
    """Put a part's weights into a GGUF file, matrices as Q8_0; returns what its numbers then are, in fp32."""
    import gguf
    from gguf.quants import dequantize, quantize
    from safetensors.numpy import load_file

    writer, kept = gguf.GGUFWriter(folder / f"{part}.gguf", arch="tiny"), {}
    (file,) = (folder / part).glob("*.safetensors")
    for name, values in load_file(file).items():
        if values.ndim == 2 and values.shape[1] % 32 == 0:
            packed = quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
            kept[name] = dequantize(packed, gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, values)
            kept[name] = values
    file.unlink()
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return kept


def flux_variant(folder: Path, kind: str, more: int = 0) -> Path:
    """FLUX.1 as another pipeline of diffusers; more: channels of a token beyond its latent's."""
    import diffusers

    torch.manual_seed(0)
    getattr(diffusers, kind)(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=CLIPTextModel(clip_config()).eval(),
        tokenizer=clip_tokenizer(),
        text_encoder_2=t5_encoder().eval(),
        tokenizer_2=t5_tokenizer(),
        transformer=diffusers.FluxTransformer2DModel(
            in_channels=16 + more, out_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=WIDTH, pooled_projection_dim=WIDTH, axes_dims_rope=(4, 4, 8),
            guidance_embeds=True,
        ),
        vae=autoencoder(4, scaling_factor=0.3611, shift_factor=0.1159),
    ).save_pretrained(folder)  # fmt: skip
    return folder
