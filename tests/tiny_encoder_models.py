"""Models that paint whole and read with a text encoder (T5, BERT and the like), made tiny."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from transformers import T5Config, T5EncoderModel

from tests.tiny_models import (
    CHARACTERS,
    FLOW,
    WIDTH,
    autoencoder,
    clip_config,
    clip_tokenizer,
    gemma_tokenizer,
    saved,
    t5_encoder,
    t5_tokenizer,
)  # fmt: skip


@saved
def chroma() -> Any:
    from diffusers import ChromaPipeline, ChromaTransformer2DModel

    return ChromaPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(4, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=t5_encoder().eval(), tokenizer=t5_tokenizer(),
        transformer=ChromaTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=WIDTH, axes_dims_rope=(4, 4, 8), approximator_num_channels=16,
            approximator_hidden_dim=32, approximator_layers=1,
        ),
    )  # fmt: skip


@saved
def bria() -> Any:
    from diffusers import BriaPipeline, BriaTransformer2DModel

    return BriaPipeline(
        transformer=BriaTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=WIDTH, axes_dims_rope=[0, 4, 12],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW), vae=autoencoder(4), text_encoder=t5_encoder().eval(),
        tokenizer=t5_tokenizer(),
    )  # fmt: skip


@saved
def cogview_3() -> Any:
    from diffusers import CogVideoXDPMScheduler, CogView3PlusPipeline, CogView3PlusTransformer2DModel

    reader = T5Config(vocab_size=4 + len(CHARACTERS), d_model=WIDTH, d_ff=37, d_kv=8, num_heads=4, num_layers=1)
    return CogView3PlusPipeline(
        tokenizer=t5_tokenizer(), text_encoder=T5EncoderModel(reader).eval(), vae=autoencoder(4),
        transformer=CogView3PlusTransformer2DModel(
            in_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=4, out_channels=4,
            text_embed_dim=WIDTH, time_embed_dim=16, condition_dim=4, pos_embed_max_size=32, sample_size=16,
        ),
        scheduler=CogVideoXDPMScheduler(),
    )  # fmt: skip


@saved
def kandinsky_3() -> Any:
    from diffusers import DDPMScheduler, Kandinsky3Pipeline, Kandinsky3UNet, VQModel

    return Kandinsky3Pipeline(
        tokenizer=t5_tokenizer(), text_encoder=t5_encoder().eval(),
        unet=Kandinsky3UNet(
            in_channels=4, time_embedding_dim=4, groups=2, attention_head_dim=4, layers_per_block=3,
            block_out_channels=(8, 16), cross_attention_dim=4, encoder_hid_dim=WIDTH,
        ),
        scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        movq=VQModel(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(32,) * 4, latent_channels=4, norm_num_groups=4, norm_type="spatial",
            num_vq_embeddings=12, vq_embed_dim=4,
        ),
    )  # fmt: skip


@saved
def aura_flow() -> Any:
    from diffusers import AuraFlowPipeline, AuraFlowTransformer2DModel
    from transformers import UMT5Config, UMT5EncoderModel

    reader = UMT5Config(vocab_size=4 + len(CHARACTERS), d_model=WIDTH, d_ff=37, d_kv=8, num_heads=4, num_layers=1)
    return AuraFlowPipeline(
        tokenizer=t5_tokenizer(), text_encoder=UMT5EncoderModel(reader).eval(), vae=autoencoder(4),
        transformer=AuraFlowTransformer2DModel(
            sample_size=32, in_channels=4, num_mmdit_layers=1, num_single_dit_layers=1, attention_head_dim=8,
            num_attention_heads=4, joint_attention_dim=WIDTH, caption_projection_dim=WIDTH, pos_embed_max_size=256,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
    )  # fmt: skip


@saved
def hunyuan_dit() -> Any:
    from diffusers import DDPMScheduler, HunyuanDiT2DModel, HunyuanDiTPipeline
    from transformers import BertConfig, BertModel, BertTokenizer

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *CHARACTERS, *(f"##{c}" for c in CHARACTERS)]
    reader = BertConfig(
        vocab_size=len(pieces), hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=4, intermediate_size=37,
    )  # fmt: skip
    return HunyuanDiTPipeline(
        vae=autoencoder(4, 4), text_encoder=BertModel(reader).eval(),
        tokenizer=BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, model_max_length=77),
        transformer=HunyuanDiT2DModel(
            sample_size=16, num_layers=2, patch_size=2, attention_head_dim=8, num_attention_heads=3, in_channels=4,
            hidden_size=24, cross_attention_dim=WIDTH, cross_attention_dim_t5=WIDTH, pooled_projection_dim=16,
            text_len_t5=256, use_style_cond_and_image_meta_size=False,
        ),
        scheduler=DDPMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        text_encoder_2=t5_encoder().eval(), tokenizer_2=t5_tokenizer(),
    )  # fmt: skip


def prx(folder: Path, *, pixels: bool = False) -> Path:
    """pixels: as PRXPixelPipeline, which has no autoencoder."""
    from diffusers import PRXPipeline, PRXPixelPipeline
    from diffusers.models.transformers.transformer_prx import PRXTransformer2DModel
    from transformers import T5GemmaConfig
    from transformers.models.t5gemma.configuration_t5gemma import T5GemmaModuleConfig
    from transformers.models.t5gemma.modeling_t5gemma import T5GemmaEncoder  # another than transformers' own name

    said: dict[str, Any] = {
        "vocab_size": 4 + len(CHARACTERS), "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "layer_types": ["full_attention"],
        "max_position_embeddings": 256, "dropout_rate": 0.0,
    }  # fmt: skip
    reader = T5GemmaModuleConfig(**said)
    torch.manual_seed(0)
    parts: dict[str, Any] = {
        "transformer": PRXTransformer2DModel(
            patch_size=4 if pixels else 1, in_channels=3 if pixels else 4, context_in_dim=8, hidden_size=16,
            mlp_ratio=2.0, num_heads=2, depth=1, axes_dim=[4, 4],
        ),
        "scheduler": FlowMatchEulerDiscreteScheduler(), "text_encoder": T5GemmaEncoder(reader).eval(),
        "tokenizer": gemma_tokenizer(),
    }  # fmt: skip
    made = PRXPixelPipeline(**parts) if pixels else PRXPipeline(**parts, vae=autoencoder(4, shift_factor=0.0))
    made.save_pretrained(folder)
    T5GemmaConfig(encoder=reader, decoder=reader).save_pretrained(folder / "text_encoder")  # of its other half, too
    return folder


@saved
def latent_consistency() -> Any:
    from diffusers import LatentConsistencyModelPipeline, LCMScheduler, UNet2DConditionModel
    from transformers import CLIPTextModel

    return LatentConsistencyModelPipeline(
        vae=autoencoder(4), text_encoder=CLIPTextModel(clip_config()).eval(), tokenizer=clip_tokenizer(),
        unet=UNet2DConditionModel(
            block_out_channels=(8, 16), layers_per_block=1, sample_size=32, in_channels=4, out_channels=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=4,
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=WIDTH, attention_head_dim=4,
            time_cond_proj_dim=32,
        ),
        scheduler=LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def omnigen(folder: Path) -> Path:
    """Part by part, for the pipeline cannot be made without torchvision."""
    from diffusers import OmniGenTransformer2DModel

    torch.manual_seed(0)
    parts = {
        "tokenizer": t5_tokenizer(), "vae": autoencoder(4), "scheduler": FlowMatchEulerDiscreteScheduler(),
        "transformer": OmniGenTransformer2DModel(
            hidden_size=16, num_attention_heads=2, num_key_value_heads=2, intermediate_size=16, num_layers=1,
            vocab_size=64, pad_token_id=0, rope_scaling={"short_factor": [1.0] * 4, "long_factor": [1.0] * 4},
        ),
    }  # fmt: skip
    index: dict[str, Any] = {"_class_name": "OmniGenPipeline"}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        index[name] = ["transformers" if name == "tokenizer" else "diffusers", type(part).__name__]
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder
