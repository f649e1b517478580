"""More of the models that paint whole, made tiny: diffusers' own classes with random weights, saved as folders."""

from pathlib import Path

import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from transformers import T5Config, T5EncoderModel

from tests.tiny_models import CHARACTERS, CHAT, WIDTH, autoencoder, qwen_tokenizer, t5_encoder, t5_tokenizer

FLOW = {"use_dynamic_shifting": True, "shift": 3.0}


def chroma(folder: Path) -> Path:
    from diffusers import ChromaPipeline, ChromaTransformer2DModel

    torch.manual_seed(0)
    ChromaPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(4, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=t5_encoder().eval(), tokenizer=t5_tokenizer(),
        transformer=ChromaTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=WIDTH, axes_dims_rope=(4, 4, 8), approximator_num_channels=16,
            approximator_hidden_dim=32, approximator_layers=1,
        ),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def bria(folder: Path) -> Path:
    from diffusers import BriaPipeline, BriaTransformer2DModel

    torch.manual_seed(0)
    BriaPipeline(
        transformer=BriaTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=WIDTH, axes_dims_rope=[0, 4, 12],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW), vae=autoencoder(4), text_encoder=t5_encoder().eval(),
        tokenizer=t5_tokenizer(),
    ).save_pretrained(folder)  # fmt: skip
    return folder


def flux_2_klein(folder: Path) -> Path:
    from diffusers import Flux2KleinPipeline, Flux2Transformer2DModel
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = CHAT
    reader = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=28, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=512, head_dim=8,
    )  # fmt: skip
    Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=AutoencoderKLFlux2(
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4,
        ),
        text_encoder=Qwen3ForCausalLM(reader).eval(), tokenizer=tokenizer,
        transformer=Flux2Transformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=48, timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
        ),
        is_distilled=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def cogview_3(folder: Path) -> Path:
    from diffusers import CogVideoXDPMScheduler, CogView3PlusPipeline, CogView3PlusTransformer2DModel

    torch.manual_seed(0)
    reader = T5Config(vocab_size=4 + len(CHARACTERS), d_model=WIDTH, d_ff=37, d_kv=8, num_heads=4, num_layers=1)
    vae: AutoencoderKL = autoencoder(4)
    CogView3PlusPipeline(
        tokenizer=t5_tokenizer(), text_encoder=T5EncoderModel(reader).eval(), vae=vae,
        transformer=CogView3PlusTransformer2DModel(
            in_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=4, out_channels=4,
            text_embed_dim=WIDTH, time_embed_dim=16, condition_dim=4, pos_embed_max_size=32, sample_size=16,
        ),
        scheduler=CogVideoXDPMScheduler(),
    ).save_pretrained(folder)  # fmt: skip
    return folder
