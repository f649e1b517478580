"""Still more models that paint whole, made tiny: those that have a reader in common are in the other file."""

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderDC, FlowMatchEulerDiscreteScheduler

from tests.tiny_models import (
    CHARACTERS,
    WIDTH,
    autoencoder,
    clip_config,
    clip_tokenizer,
    qwen_2_5,
    qwen_tokenizer,
    t5_encoder,
    t5_tokenizer,
)
from tests.tiny_whole_models import FLOW, gemma_tokenizer


def aura_flow(folder: Path) -> Path:
    from diffusers import AuraFlowPipeline, AuraFlowTransformer2DModel
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    reader = UMT5Config(vocab_size=4 + len(CHARACTERS), d_model=WIDTH, d_ff=37, d_kv=8, num_heads=4, num_layers=1)
    AuraFlowPipeline(
        tokenizer=t5_tokenizer(), text_encoder=UMT5EncoderModel(reader).eval(), vae=autoencoder(4),
        transformer=AuraFlowTransformer2DModel(
            sample_size=32, in_channels=4, num_mmdit_layers=1, num_single_dit_layers=1, attention_head_dim=8,
            num_attention_heads=4, joint_attention_dim=WIDTH, caption_projection_dim=WIDTH, pos_embed_max_size=256,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def pixart_alpha(folder: Path) -> Path:
    from diffusers import DPMSolverMultistepScheduler, PixArtAlphaPipeline, PixArtTransformer2DModel

    torch.manual_seed(0)
    PixArtAlphaPipeline(
        transformer=PixArtTransformer2DModel(
            sample_size=16, num_layers=1, patch_size=2, attention_head_dim=8, num_attention_heads=3,
            caption_channels=WIDTH, in_channels=4, cross_attention_dim=24, out_channels=8, attention_bias=True,
            num_embeds_ada_norm=1000, norm_type="ada_norm_single", norm_elementwise_affine=False,
            use_additional_conditions=False,
        ),
        scheduler=DPMSolverMultistepScheduler(), vae=autoencoder(4), text_encoder=t5_encoder().eval(),
        tokenizer=t5_tokenizer(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def sana_sprint(folder: Path) -> Path:
    from diffusers import SanaSprintPipeline, SanaTransformer2DModel, SCMScheduler
    from transformers import Gemma2Config, Gemma2Model

    torch.manual_seed(0)
    reader = Gemma2Config(
        vocab_size=4 + len(CHARACTERS), hidden_size=8, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=1, head_dim=4,
    )  # fmt: skip
    SanaSprintPipeline(
        tokenizer=gemma_tokenizer(), text_encoder=Gemma2Model(reader).eval(), vae=deep_autoencoder(),
        transformer=SanaTransformer2DModel(
            in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4,
            num_cross_attention_heads=2, cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=8,
            sample_size=32, guidance_embeds=True, qk_norm="rms_norm_across_heads",
        ),
        scheduler=SCMScheduler(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def deep_autoencoder() -> AutoencoderDC:
    """Halves a side once."""
    return AutoencoderDC(
        in_channels=3, latent_channels=4, attention_head_dim=2, encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"), encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8), encoder_qkv_multiscales=((), (5,)), decoder_qkv_multiscales=((), (5,)),
        encoder_layers_per_block=(1, 1), decoder_layers_per_block=[1, 1], downsample_block_type="conv",
        upsample_block_type="interpolate", decoder_norm_types="rms_norm", decoder_act_fns="silu",
        scaling_factor=0.41407,
    )  # fmt: skip


def hunyuan_dit(folder: Path) -> Path:
    from diffusers import DDPMScheduler, HunyuanDiT2DModel, HunyuanDiTPipeline
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(0)
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *CHARACTERS, *(f"##{c}" for c in CHARACTERS)]
    reader = BertConfig(
        vocab_size=len(pieces), hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=4, intermediate_size=37,
    )  # fmt: skip
    HunyuanDiTPipeline(
        vae=autoencoder(4, 4), text_encoder=BertModel(reader).eval(),
        tokenizer=BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, model_max_length=77),
        transformer=HunyuanDiT2DModel(
            sample_size=16, num_layers=2, patch_size=2, attention_head_dim=8, num_attention_heads=3, in_channels=4,
            hidden_size=24, cross_attention_dim=WIDTH, cross_attention_dim_t5=WIDTH, pooled_projection_dim=16,
            text_len_t5=256, use_style_cond_and_image_meta_size=False,
        ),
        scheduler=DDPMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        text_encoder_2=t5_encoder().eval(), tokenizer_2=t5_tokenizer(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def lumina_next(folder: Path) -> Path:
    from diffusers import LuminaNextDiT2DModel, LuminaPipeline
    from transformers import GemmaConfig, GemmaModel

    torch.manual_seed(0)
    reader = GemmaConfig(
        vocab_size=4 + len(CHARACTERS), hidden_size=8, intermediate_size=16, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=4,
    )  # fmt: skip
    LuminaPipeline(
        transformer=LuminaNextDiT2DModel(
            sample_size=4, in_channels=4, hidden_size=16, num_layers=1, num_attention_heads=2, num_kv_heads=1,
            multiple_of=16, cross_attention_dim=8,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(4, 4),
        text_encoder=GemmaModel(reader).eval(), tokenizer=gemma_tokenizer(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def ovis(folder: Path) -> Path:
    from diffusers import OvisImagePipeline, OvisImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = "{{ messages[0]['content'] }}"
    reader = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=512, head_dim=8,
    )  # fmt: skip
    OvisImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=autoencoder(4, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=Qwen3Model(reader).eval(), tokenizer=tokenizer,
        transformer=OvisImageTransformer2DModel(
            in_channels=16, out_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=16, axes_dims_rope=(4, 4, 8),
        ),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def prx(folder: Path) -> Path:
    from diffusers import PRXPipeline
    from diffusers.models.transformers.transformer_prx import PRXTransformer2DModel
    from transformers import T5GemmaConfig
    from transformers.models.t5gemma.configuration_t5gemma import T5GemmaModuleConfig
    from transformers.models.t5gemma.modeling_t5gemma import T5GemmaEncoder  # another than transformers' own name

    torch.manual_seed(0)
    said: dict[str, Any] = {
        "vocab_size": 4 + len(CHARACTERS), "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "layer_types": ["full_attention"],
        "max_position_embeddings": 256, "dropout_rate": 0.0,
    }  # fmt: skip
    reader = T5GemmaModuleConfig(**said)
    PRXPipeline(
        transformer=PRXTransformer2DModel(
            patch_size=1, in_channels=4, context_in_dim=8, hidden_size=16, mlp_ratio=2.0, num_heads=2, depth=1,
            axes_dim=[4, 4],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(4, scaling_factor=1.0, shift_factor=0.0),
        text_encoder=T5GemmaEncoder(reader).eval(),
        tokenizer=gemma_tokenizer(),
    ).save_pretrained(folder)  # fmt: skip
    T5GemmaConfig(encoder=reader, decoder=reader).save_pretrained(folder / "text_encoder")  # of its other half, too
    return folder


def kandinsky_5(folder: Path) -> Path:
    from diffusers import Kandinsky5T2IPipeline, Kandinsky5Transformer3DModel
    from transformers import CLIPTextModel, Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    Kandinsky5T2IPipeline(
        transformer=Kandinsky5Transformer3DModel(
            in_visual_dim=4, in_text_dim=16, in_text_dim2=WIDTH, time_dim=16, out_visual_dim=4, model_dim=16,
            ff_dim=32, num_text_blocks=1, num_visual_blocks=1, axes_dims=(4, 6, 6),
        ),
        vae=autoencoder(4, 4), text_encoder=Qwen2_5_VLForConditionalGeneration(qwen_2_5(len(tokenizer))).eval(),
        tokenizer=tokenizer, text_encoder_2=CLIPTextModel(clip_config()).eval(), tokenizer_2=clip_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def longcat(folder: Path) -> Path:
    from diffusers import LongCatImagePipeline, LongCatImageTransformer2DModel
    from transformers import Qwen2_5_VLForConditionalGeneration

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    LongCatImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=autoencoder(16, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=Qwen2_5_VLForConditionalGeneration(qwen_2_5(len(tokenizer))).eval(), tokenizer=tokenizer,
        text_processor=tokenizer,  # it would only rewrite a prompt
        transformer=LongCatImageTransformer2DModel(
            in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=[4, 4, 8],
        ),
    ).save_pretrained(folder)  # fmt: skip
    return folder
