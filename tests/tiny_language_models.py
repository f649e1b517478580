"""Models that paint whole and read with a language model (Qwen, Gemma, Mistral and the like), made tiny."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler
from transformers import T5Config, T5EncoderModel

from tests.tiny_models import (
    CHARACTERS,
    CHAT,
    FLOW,
    WIDTH,
    autoencoder,
    clip_config,
    clip_tokenizer,
    deep_autoencoder,
    gemma_2,
    gemma_tokenizer,
    qwen_2_5,
    qwen_tokenizer,
    saved,
    t5_encoder,
    t5_tokenizer,
    with_numbers,
)  # fmt: skip

PARTS = "{% for m in messages %}<|im_start|>{{ m['content'][0]['text'] }}<|im_end|>{% endfor %}"
SHOWN = (
    "{% for m in messages %}{% for part in m['content'] %}"
    "{{ '<|begin|><|image|><|end|>' if part['type'] == 'image' else part['text'] }}{% endfor %}{% endfor %}"
)


def flux_2_autoencoder() -> AutoencoderKLFlux2:
    return AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4,
    )  # fmt: skip


def glyph_reader() -> T5EncoderModel:
    """Of bytes, for words that are to be seen in a picture."""
    return T5EncoderModel(T5Config(vocab_size=384, d_model=WIDTH, d_ff=37, d_kv=8, num_heads=4, num_layers=1)).eval()


def mistral_3(pieces: int, layers: int = 2) -> Any:
    """A reader's plan."""
    from transformers import Mistral3Config

    return Mistral3Config(
        text_config={
            "model_type": "mistral", "vocab_size": pieces, "hidden_size": 16, "intermediate_size": 16,
            "num_hidden_layers": layers, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8,
            "max_position_embeddings": 1024, "sliding_window": None,
        },
        vision_config={
            "model_type": "pixtral", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 16, "image_size": 28, "patch_size": 14,
        },
        image_token_index=0,
    )  # fmt: skip


def qwen_3_vl(pieces: int, layers: int = 2) -> Any:
    """A reader's plan."""
    from transformers import Qwen3VLConfig

    return Qwen3VLConfig(
        text_config={
            "vocab_size": pieces, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": layers,
            "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 1024,
            "rope_parameters": {"mrope_section": [2, 1, 1], "rope_type": "default", "rope_theta": 1e6},
        },
        vision_config={"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16,
                       "deepstack_visual_indexes": [0]},
    )  # fmt: skip


@saved
def flux_2_klein() -> Any:
    from diffusers import Flux2KleinPipeline, Flux2Transformer2DModel
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = CHAT
    reader = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=28, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=512, head_dim=8,
    )  # fmt: skip
    return Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=flux_2_autoencoder(),
        text_encoder=Qwen3ForCausalLM(reader).eval(), tokenizer=tokenizer,
        transformer=Flux2Transformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=48, timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
        ),
        is_distilled=False,
    )  # fmt: skip


@saved
def flux_2() -> Any:
    from diffusers import Flux2Pipeline, Flux2Transformer2DModel
    from transformers import Mistral3ForConditionalGeneration

    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = PARTS
    return Flux2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW), vae=flux_2_autoencoder(), tokenizer=tokenizer,
        text_encoder=Mistral3ForConditionalGeneration(mistral_3(len(tokenizer), layers=31)).eval(),
        transformer=Flux2Transformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=48, timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4),
        ),
    )  # fmt: skip


@saved
def lumina_2() -> Any:
    from diffusers import Lumina2Pipeline, Lumina2Transformer2DModel

    return Lumina2Pipeline(
        transformer=Lumina2Transformer2DModel(
            sample_size=4, in_channels=4, hidden_size=16, num_layers=1, num_refiner_layers=1, num_attention_heads=2,
            num_kv_heads=1, multiple_of=16, axes_dim_rope=(4, 2, 2), axes_lens=(64, 64, 64), cap_feat_dim=8,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(4, 4, scaling_factor=1.5, shift_factor=0.06),
        text_encoder=gemma_2(), tokenizer=gemma_tokenizer(),
    )  # fmt: skip


@saved
def lumina_next() -> Any:
    from diffusers import LuminaNextDiT2DModel, LuminaPipeline
    from transformers import GemmaConfig, GemmaModel

    reader = GemmaConfig(
        vocab_size=4 + len(CHARACTERS), hidden_size=8, intermediate_size=16, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=4,
    )  # fmt: skip
    return LuminaPipeline(
        transformer=LuminaNextDiT2DModel(
            sample_size=4, in_channels=4, hidden_size=16, num_layers=1, num_attention_heads=2, num_kv_heads=1,
            multiple_of=16, cross_attention_dim=8,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=autoencoder(4, 4),
        text_encoder=GemmaModel(reader).eval(), tokenizer=gemma_tokenizer(),
    )  # fmt: skip


@saved
def cogview_4() -> Any:
    from diffusers import CogView4Pipeline, CogView4Transformer2DModel
    from transformers import GlmConfig, GlmModel

    tokenizer = qwen_tokenizer()
    reader = GlmConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, pad_token_id=0,
    )  # fmt: skip
    return CogView4Pipeline(
        tokenizer=tokenizer, text_encoder=GlmModel(reader).eval(), vae=autoencoder(4),
        transformer=CogView4Transformer2DModel(
            in_channels=4, out_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=4,
            text_embed_dim=WIDTH, time_embed_dim=16, condition_dim=4, rope_axes_dim=(32, 32), sample_size=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type="linear", base_shift=0.25),
    )  # fmt: skip


@saved
def hunyuan_image() -> Any:
    from diffusers import (
        AdaptiveProjectedMixGuidance,
        AutoencoderKLHunyuanImage,
        HunyuanImagePipeline,
        HunyuanImageTransformer2DModel,
    )
    from transformers import ByT5Tokenizer, Qwen2_5_VLForConditionalGeneration

    tokenizer = qwen_tokenizer()
    return HunyuanImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        vae=AutoencoderKLHunyuanImage(
            in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(32, 32), layers_per_block=1,
            spatial_compression_ratio=2, sample_size=64, scaling_factor=0.75,
        ),
        text_encoder=Qwen2_5_VLForConditionalGeneration(qwen_2_5(len(tokenizer))).eval(), tokenizer=tokenizer,
        text_encoder_2=glyph_reader(), tokenizer_2=ByT5Tokenizer(),
        transformer=HunyuanImageTransformer2DModel(
            in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=16, num_layers=1,
            num_single_layers=1, num_refiner_layers=1, text_embed_dim=16, text_embed_2_dim=WIDTH, rope_axes_dim=(8, 8),
        ),
        guider=AdaptiveProjectedMixGuidance(guidance_scale=3.5), ocr_guider=AdaptiveProjectedMixGuidance(),
    )  # fmt: skip


@saved
def krea_2() -> Any:
    from diffusers import AutoencoderKLQwenImage, Krea2Pipeline, Krea2Transformer2DModel
    from transformers import Qwen3VLModel

    tokenizer = qwen_tokenizer()
    return Krea2Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=AutoencoderKLQwenImage(base_dim=24, z_dim=4, dim_mult=[1, 2, 4], num_res_blocks=1,
                                   temperal_downsample=[False, True], latents_mean=[0.1, -0.2, 0.0, 0.3],
                                   latents_std=[1.0, 0.5, 2.0, 1.5]),
        text_encoder=Qwen3VLModel(qwen_3_vl(len(tokenizer))).eval(), tokenizer=tokenizer,
        transformer=Krea2Transformer2DModel(
            in_channels=16, num_layers=1, attention_head_dim=16, num_attention_heads=2, num_key_value_heads=1,
            intermediate_size=32, timestep_embed_dim=16, text_hidden_dim=16, num_text_layers=2,
            text_num_attention_heads=2, text_num_key_value_heads=2, text_intermediate_size=16,
            num_layerwise_text_blocks=1, num_refiner_text_blocks=1, axes_dims_rope=(4, 6, 6),
        ),
        text_encoder_select_layers=(1, 2),
    )  # fmt: skip


@saved
def ernie_image() -> Any:
    from diffusers import ErnieImagePipeline, ErnieImageTransformer2DModel
    from transformers import Mistral3Model

    tokenizer = qwen_tokenizer()
    return ErnieImagePipeline(
        transformer=ErnieImageTransformer2DModel(
            hidden_size=WIDTH, num_attention_heads=2, num_layers=1, ffn_hidden_size=WIDTH, in_channels=16,
            out_channels=16, patch_size=1, text_in_dim=16, rope_axes_dim=(4, 6, 6),
        ),
        vae=flux_2_autoencoder(), text_encoder=Mistral3Model(mistral_3(len(tokenizer))).eval(), tokenizer=tokenizer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )  # fmt: skip


@saved
def hidream() -> Any:
    from diffusers import HiDreamImagePipeline, HiDreamImageTransformer2DModel
    from transformers import CLIPTextModelWithProjection, LlamaConfig, LlamaForCausalLM

    tokenizer = qwen_tokenizer()
    clips = [CLIPTextModelWithProjection(clip_config()).eval() for _ in range(2)]
    llama = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=512,
    )  # fmt: skip
    return HiDreamImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(4, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=clips[0], tokenizer=clip_tokenizer(), text_encoder_2=clips[1], tokenizer_2=clip_tokenizer(),
        text_encoder_3=t5_encoder().eval(), tokenizer_3=t5_tokenizer(),
        text_encoder_4=LlamaForCausalLM(llama).eval(), tokenizer_4=tokenizer,
        transformer=HiDreamImageTransformer2DModel(
            patch_size=2, in_channels=4, out_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=8,
            num_attention_heads=4, caption_channels=[WIDTH, 16], text_emb_dim=2 * WIDTH, axes_dims_rope=(4, 2, 2),
            max_resolution=(128, 128), llama_layers=[0, 1],
        ),
    )  # fmt: skip


@saved
def ideogram_4() -> Any:
    from diffusers import Ideogram4Pipeline, Ideogram4Transformer2DModel
    from transformers import Qwen3VLModel

    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = PARTS
    networks = [
        Ideogram4Transformer2DModel(
            in_channels=16, num_layers=1, attention_head_dim=16, num_attention_heads=2, intermediate_size=32,
            adaln_dim=16, llm_features_dim=13 * 16, mrope_section=(4, 2, 2),
        )
        for _ in range(2)
    ]  # fmt: skip
    return Ideogram4Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=flux_2_autoencoder(),
        text_encoder=Qwen3VLModel(qwen_3_vl(len(tokenizer), layers=36)).eval(), tokenizer=tokenizer,
        transformer=networks[0], unconditional_transformer=networks[1],
    )  # fmt: skip


@saved
def sana_sprint() -> Any:
    from diffusers import SanaSprintPipeline, SanaTransformer2DModel, SCMScheduler

    return SanaSprintPipeline(
        tokenizer=gemma_tokenizer(), text_encoder=gemma_2(), vae=deep_autoencoder(),
        transformer=SanaTransformer2DModel(
            in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4,
            num_cross_attention_heads=2, cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=8,
            sample_size=32, guidance_embeds=True, qk_norm="rms_norm_across_heads",
        ),
        scheduler=SCMScheduler(),
    )  # fmt: skip


@saved
def ovis() -> Any:
    from diffusers import OvisImagePipeline, OvisImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    tokenizer = qwen_tokenizer()
    tokenizer.chat_template = "{{ messages[0]['content'] }}"
    reader = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=512, head_dim=8,
    )  # fmt: skip
    return OvisImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=autoencoder(4, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=Qwen3Model(reader).eval(), tokenizer=tokenizer,
        transformer=OvisImageTransformer2DModel(
            in_channels=16, out_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=16, axes_dims_rope=(4, 4, 8),
        ),
    )  # fmt: skip


@saved
def kandinsky_5() -> Any:
    from diffusers import Kandinsky5T2IPipeline, Kandinsky5Transformer3DModel
    from transformers import CLIPTextModel, Qwen2_5_VLForConditionalGeneration

    tokenizer = qwen_tokenizer()
    return Kandinsky5T2IPipeline(
        transformer=Kandinsky5Transformer3DModel(
            in_visual_dim=4, in_text_dim=16, in_text_dim2=WIDTH, time_dim=16, out_visual_dim=4, model_dim=16,
            ff_dim=32, num_text_blocks=1, num_visual_blocks=1, axes_dims=(4, 6, 6),
        ),
        vae=autoencoder(4, 4), text_encoder=Qwen2_5_VLForConditionalGeneration(qwen_2_5(len(tokenizer))).eval(),
        tokenizer=tokenizer, text_encoder_2=CLIPTextModel(clip_config()).eval(), tokenizer_2=clip_tokenizer(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )  # fmt: skip


@saved
def longcat() -> Any:
    from diffusers import LongCatImagePipeline, LongCatImageTransformer2DModel
    from transformers import Qwen2_5_VLForConditionalGeneration

    tokenizer = qwen_tokenizer()
    return LongCatImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
        vae=autoencoder(16, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=Qwen2_5_VLForConditionalGeneration(qwen_2_5(len(tokenizer))).eval(), tokenizer=tokenizer,
        text_processor=tokenizer,  # it would only rewrite a prompt
        transformer=LongCatImageTransformer2DModel(
            in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
            joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=[4, 4, 8],
        ),
    )  # fmt: skip


@saved
def glm_image() -> Any:
    """Its reader writes 64 kinds of places of a picture, and no end, for it is asked for as many as there are."""
    from diffusers import GlmImagePipeline, GlmImageTransformer2DModel
    from transformers import ByT5Tokenizer, GlmImageConfig, GlmImageForConditionalGeneration, GlmImageProcessor
    from transformers.models.glm_image.image_processing_pil_glm_image import GlmImageImageProcessorPil

    tokenizer = qwen_tokenizer(
        image_token="<|image|>", grid_bos_token="<sop>", grid_eos_token="<eop>", begins="<|begin|>", ends="<|end|>"
    )
    tokenizer.bos_token = "<|begin|>"
    image, start, end = tokenizer.convert_tokens_to_ids(["<|image|>", "<|begin|>", "<|end|>"])
    reader = GlmImageConfig(
        text_config={
            "vocab_size": len(tokenizer), "vision_vocab_size": 64, "hidden_size": 16, "intermediate_size": 16,
            "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "pad_token_id": 0,
            "eos_token_id": end, "max_position_embeddings": 1024,
            "rope_parameters": {"mrope_section": [1, 1, 2], "rope_type": "default", "rope_theta": 1e4},
        },
        vision_config={"depth": 1, "hidden_size": 16, "num_heads": 2, "intermediate_size": 16, "image_size": 64},
        vq_config={"embed_dim": 8, "num_embeddings": 64, "latent_channels": 16},
        image_token_id=image, image_start_token_id=start, image_end_token_id=end,
    )  # fmt: skip
    return GlmImagePipeline(
        tokenizer=ByT5Tokenizer(), text_encoder=glyph_reader(),
        processor=GlmImageProcessor(GlmImageImageProcessorPil(patch_size=16), tokenizer, chat_template=SHOWN),
        vision_language_encoder=GlmImageForConditionalGeneration(reader).eval(),
        vae=autoencoder(4, 4, latents_mean=[0.1, -0.2, 0.0, 0.3], latents_std=[1.0, 0.5, 2.0, 1.5]),
        transformer=GlmImageTransformer2DModel(
            in_channels=4, out_channels=4, num_layers=1, attention_head_dim=8, num_attention_heads=4,
            text_embed_dim=WIDTH, time_embed_dim=16, condition_dim=4, prior_vq_quantizer_codebook_size=64,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type="linear", base_shift=0.25),
    )  # fmt: skip


def fibo(kind: str) -> Callable[[Path], Path]:
    @saved
    def made() -> Any:
        import diffusers
        from transformers import SmolLM3Config, SmolLM3ForCausalLM

        tokenizer = qwen_tokenizer()
        reader = SmolLM3Config(
            vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=512, pad_token_id=0,
            bos_token_id=None, eos_token_id=None,
        )  # fmt: skip
        return getattr(diffusers, kind)(
            transformer=diffusers.BriaFiboTransformer2DModel(
                in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
                joint_attention_dim=32, text_encoder_dim=16, axes_dims_rope=[4, 4, 8],
            ),
            scheduler=FlowMatchEulerDiscreteScheduler(**FLOW),
            vae=diffusers.AutoencoderKLWan(
                base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1, 1], num_res_blocks=1, scale_factor_spatial=16,
                temperal_downsample=[False, True, True, True], latents_mean=[0.1, -0.2, 0.0, 0.3],
                latents_std=[1.0, 0.5, 2.0, 1.5],
            ),
            text_encoder=SmolLM3ForCausalLM(reader).eval(), tokenizer=tokenizer,
        )  # fmt: skip

    return made


def kolors(folder: Path) -> Path:
    """Its tokenizer is a file of sentencepiece, which is taught here."""
    from diffusers import EulerDiscreteScheduler, KolorsPipeline, UNet2DConditionModel
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel
    from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

    torch.manual_seed(0)
    reader = ChatGLMConfig(
        num_layers=2, padded_vocab_size=128, hidden_size=16, ffn_hidden_size=16, kv_channels=8, num_attention_heads=2,
        seq_length=256, multi_query_attention=True, multi_query_group_num=1, add_qkv_bias=True, original_rope=True,
    )  # fmt: skip
    with TemporaryDirectory() as apart:
        KolorsPipeline(
            vae=autoencoder(4), text_encoder=with_numbers(ChatGLMModel(reader)),
            tokenizer=ChatGLMTokenizer(taught(Path(apart))),
            unet=UNet2DConditionModel(
                block_out_channels=(8, 16), layers_per_block=1, sample_size=32, in_channels=4, out_channels=4,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=4,
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), attention_head_dim=(2, 4),
                use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
                projection_class_embeddings_input_dim=64, cross_attention_dim=8, encoder_hid_dim=16,
                encoder_hid_dim_type="text_proj", transformer_layers_per_block=(1, 1),
            ),
            scheduler=EulerDiscreteScheduler(
                beta_start=0.00085, beta_end=0.014, beta_schedule="scaled_linear", num_train_timesteps=1100,
                steps_offset=1, timestep_spacing="leading",
            ),
            force_zeros_for_empty_prompt=False,
        ).save_pretrained(folder)  # fmt: skip
    return folder


def taught(folder: Path) -> str:
    """The path of a small model of sentencepiece, one piece a character."""
    from sentencepiece import SentencePieceTrainer

    SentencePieceTrainer.train(
        sentence_iterator=iter([CHARACTERS] * 3), model_prefix=str(folder / "tokenizer"), vocab_size=100,
        model_type="char", hard_vocab_limit=False, minloglevel=2, character_coverage=1.0,
    )  # fmt: skip
    return str(folder / "tokenizer.model")
