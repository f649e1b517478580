"""Models whose readers see pictures as well as words, made tiny."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from diffusers import FlowMatchEulerDiscreteScheduler
from transformers import CLIPTextModel, ProcessorMixin, Qwen2VLProcessor, Qwen3VLProcessor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from tests.tiny_language_models import qwen_3_vl
from tests.tiny_models import (
    FLOW,
    autoencoder,
    clip_config,
    clip_tokenizer,
    qwen_2_5,
    qwen_tokenizer,
    saved,
    with_numbers,
)

EYES = {
    "vision_start": "<|vision_start|>", "image": "<|image_pad|>", "vision_end": "<|vision_end|>",
    "video": "<|video_pad|>",
}  # fmt: skip
TALK = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if m['content'] is string %}{{ m['content'] }}"
    "{% else %}{{ m['content'][0]['text'] }}{% endif %}<|im_end|>\n{% endfor %}"
)
LATENT = {"latents_mean": [0.1, -0.2, 0.0, 0.3], "latents_std": [1.0, 0.5, 2.0, 1.5]}


def tokenizer() -> Any:
    made = qwen_tokenizer(**EYES)
    made.image_token, made.video_token, made.chat_template = EYES["image"], EYES["video"], TALK
    return made


def seer(kind: type[ProcessorMixin], pieces: Any, patch_size: int = 14) -> Any:
    """transformers' reader of words and pictures, without its half for films: that alone needs torchvision."""
    few, many = (4, 256) if patch_size == 16 else (4, 64)  # patches of a picture
    sides = {"shortest_edge": few * patch_size**2, "longest_edge": many * patch_size**2}
    with patch.object(ProcessorMixin, "check_argument_for_proper_class"):
        made: Any = kind(Qwen2VLImageProcessorPil(size=sides, patch_size=patch_size), pieces, None, chat_template=TALK)
    made.save_pretrained = lambda folder, **_: pieces.save_pretrained(folder)
    return made


def read_no_films(monkeypatch: pytest.MonkeyPatch) -> None:
    """What loads one of transformers' readers of words, pictures and films gets it without that last half."""

    def loaded(kind: type[ProcessorMixin], *_: Any, **__: Any) -> Any:
        return seer(kind, tokenizer(), 14 if kind is Qwen2VLProcessor else 16)

    for kind in (Qwen2VLProcessor, Qwen3VLProcessor):
        monkeypatch.setattr(kind, "from_pretrained", classmethod(loaded))


def see_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipelines bring what they see to about a megapixel; here to a 64th of one."""
    for name in ("pipeline_qwenimage_edit", "pipeline_qwenimage_edit_plus", "pipeline_qwenimage_edit_inpaint"):
        _see_less(monkeypatch, f"diffusers.pipelines.qwenimage.{name}")
    _see_less(monkeypatch, "diffusers.pipelines.qwenimage21.pipeline_qwenimage21")
    _see_less(monkeypatch, "diffusers.pipelines.longcat_image.pipeline_longcat_image_edit")
    joy = import_module("diffusers.pipelines.joyimage.image_processor")
    bucket = joy.find_best_bucket
    monkeypatch.setattr(joy, "find_best_bucket", lambda *asked: tuple(max(1, n // 256) * 32 for n in bucket(*asked)))


def _see_less(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    sides = import_module(module).calculate_dimensions
    monkeypatch.setattr(f"{module}.calculate_dimensions", lambda area, ratio: sides(area // 64, ratio))


def seen(config: Any, pieces: Any) -> Any:
    """A reader's plan, told which pieces are pictures."""
    for name in ("image", "video"):
        setattr(config, f"{name}_token_id", pieces.convert_tokens_to_ids(EYES[name]))
    for name in ("vision_start", "vision_end"):
        setattr(config, f"{name}_token_id", pieces.convert_tokens_to_ids(EYES[name]))
    return config


def reader_2_5(pieces: Any) -> Any:
    from transformers import Qwen2_5_VLForConditionalGeneration

    return Qwen2_5_VLForConditionalGeneration(seen(qwen_2_5(len(pieces)), pieces)).eval()


def reader_3(pieces: Any, layers: int = 2) -> Any:
    from transformers import Qwen3VLForConditionalGeneration

    return Qwen3VLForConditionalGeneration(seen(qwen_3_vl(len(pieces), layers), pieces)).eval()


def eight_times() -> Any:
    """Qwen-Image's autoencoder: sides an eighth as long."""
    from diffusers import AutoencoderKLQwenImage

    return AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True], **LATENT
    )


def qwen_edit(kind: str) -> Callable[[Path], Path]:
    @saved
    def made() -> Any:
        import diffusers

        pieces = tokenizer()
        return getattr(diffusers, kind)(
            scheduler=FlowMatchEulerDiscreteScheduler(**FLOW), vae=eight_times(),
            text_encoder=reader_2_5(pieces),
            tokenizer=pieces, processor=seer(Qwen2VLProcessor, pieces),
            transformer=diffusers.QwenImageTransformer2DModel(
                patch_size=2, in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16,
                num_attention_heads=2, joint_attention_dim=16, guidance_embeds=False, axes_dims_rope=(8, 4, 4),
            ),
        )  # fmt: skip

    return made


@saved
def qwen_2_1() -> Any:
    from diffusers import AutoencoderKLQwenImage21, QwenImage21Pipeline, QwenImage21Transformer2DModel

    pieces = tokenizer()
    return QwenImage21Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=AutoencoderKLQwenImage21(
            base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1, 1], num_res_blocks=1,
            temperal_downsample=[False, True, True, True], **LATENT,
        ),
        text_encoder=reader_3(pieces),
        processor=seer(Qwen3VLProcessor, pieces, patch_size=16),
        transformer=QwenImage21Transformer2DModel(
            in_channels=4, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2,
            context_in_dim=16, axes_dims_rope=(8, 4, 4),
        ),
    )  # fmt: skip


@saved
def nucleus() -> Any:
    from diffusers import NucleusMoEImagePipeline, NucleusMoEImageTransformer2DModel

    pieces = tokenizer()
    return NucleusMoEImagePipeline(
        transformer=with_numbers(NucleusMoEImageTransformer2DModel(
            in_channels=16, out_channels=4, num_layers=5, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=16, axes_dims_rope=(8, 4, 4), num_experts=2, moe_intermediate_dim=16,
            capacity_factors=1.0,
        )),
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW), vae=eight_times(),
        text_encoder=reader_3(pieces, layers=9),
        processor=seer(Qwen3VLProcessor, pieces, patch_size=16),
    )  # fmt: skip


@saved
def longcat_edit() -> Any:
    from diffusers import LongCatImageEditPipeline, LongCatImageTransformer2DModel

    pieces = tokenizer()
    return LongCatImageEditPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=autoencoder(16, 4, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=reader_2_5(pieces), tokenizer=pieces,
        text_processor=seer(Qwen2VLProcessor, pieces),
        transformer=LongCatImageTransformer2DModel(
            in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=[4, 4, 8],
        ),
    )  # fmt: skip


@saved
def kandinsky_5_edit() -> Any:
    from diffusers import Kandinsky5I2IPipeline, Kandinsky5Transformer3DModel

    pieces = tokenizer()
    return Kandinsky5I2IPipeline(
        transformer=Kandinsky5Transformer3DModel(
            in_visual_dim=4, in_text_dim=16, in_text_dim2=32, time_dim=16, out_visual_dim=4, model_dim=16,
            ff_dim=32, num_text_blocks=1, num_visual_blocks=1, axes_dims=(4, 6, 6), visual_cond=True,
        ),
        vae=autoencoder(4, 4),
        text_encoder=reader_2_5(pieces),
        tokenizer=seer(Qwen2VLProcessor, pieces), text_encoder_2=CLIPTextModel(clip_config()).eval(),
        tokenizer_2=clip_tokenizer(), scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )  # fmt: skip


@saved
def joy() -> Any:
    from diffusers import AutoencoderKLWan, JoyImageEditPipeline, JoyImageEditTransformer3DModel

    pieces = tokenizer()
    return JoyImageEditPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=4.0),
        vae=AutoencoderKLWan(base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, **LATENT),
        text_encoder=reader_3(pieces), tokenizer=pieces,
        transformer=JoyImageEditTransformer3DModel(
            in_channels=4, hidden_size=32, num_attention_heads=2, text_dim=16, num_layers=1, rope_dim_list=[4, 6, 6],
        ),
        processor=seer(Qwen3VLProcessor, pieces, patch_size=16),
    )  # fmt: skip
