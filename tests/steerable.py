"""A home with a tiny model that follows poses, and stand-ins that find them; and a server of it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sfumato.catalog import Own
from sfumato.core.card import Card
from sfumato.testing import safetensors_file, tiny_card
from tests.servers import Server

NAME, NETWORK = "tiny-sd", "control-pose-sd-1.5"


def card() -> Card:
    """Of a fine-tune of Stable Diffusion 1.5, and as small as tests/tiny_models.py makes it."""
    return tiny_card(
        name=NAME, family="stable-diffusion", repository="tests/tiny", bases=["sd-1.5"], controls=["pose"],
        schedule="scaled-linear", noise={"scale": "diffusion", "spacing": "leading"}, files=[],
        latent={"channels": 4, "reduction": 2},
        sizes={"multiple": 8, "low": 16, "high": 256, "best": 64, "default": (64, 64)},
    )  # fmt: skip


def furnish(home: Path) -> None:
    """Put the model, its card and the ControlNet of its shape where `sfumato pull` would."""
    import diffusers
    import torch

    from tests import tiny_models

    Own(home / "cards").keep(card())
    place = tiny_models.stable_diffusion(home / "models" / NAME)
    torch.manual_seed(1)
    unet = diffusers.UNet2DConditionModel.from_pretrained(place / "unet")
    made = diffusers.ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 8))
    for block in (*made.controlnet_down_blocks, made.controlnet_mid_block, made.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(block.weight, std=0.2)  # zero at first
    made.save_pretrained(home / "models" / NETWORK)


def pretend(home: Path) -> None:
    """The same names with files that nothing can be painted with; no torch is needed."""
    Own(home / "cards").keep(card())
    for name in (NAME, NETWORK):
        (home / "models" / name).mkdir(parents=True)
        (home / "models" / name / "x.safetensors").write_bytes(safetensors_file({"a": np.zeros(1, np.float32)}))


def photograph(side: int) -> Image.Image:
    """Of somebody, as the stand-ins see it, though nobody else would."""
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8))


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """A server whose small weights are stand-ins; in the end it leaves in order."""

    def begin(command: list[str], **options: Any) -> subprocess.Popen[str]:
        script = str(Path(__file__).with_name("with_standins.py"))
        program = f"import sys; sys.argv = {command[2:]!r}; from sfumato import cli; cli.main()"
        return subprocess.Popen([sys.executable, script, "-c", program], **options)

    server = Server(home, begin=begin)
    yield server
    assert server.stop() in {0, -15}
