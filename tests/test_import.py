"""Models on this machine are taken in where they lie, told by their headers; what is no model says what it is."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from sfumato import Settings, Studio, catalog
from sfumato.core.errors import CannotWrite, MissingWeights, RequestError, SfumatoError
from sfumato.testing import random_lora, safetensors_file

Shape = tuple[int, ...]
HALF = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
}
WHOLE = HALF | {"first_stage_model.encoder.conv_in.weight": (1,), "cond_stage_model.transformer.a.weight": (1,)}
FLUX = {"double_blocks.0.img_attn.qkv.weight": (9216, 3072), "img_in.weight": (3072, 64)}
DEV = FLUX | {"guidance_in.in_layer.weight": (3072, 256)}


def header_file(shapes: Mapping[str, Shape], kind: str = "F16") -> bytes:
    """A safetensors file whose numbers are a hole: its size is right, and nothing is written there."""
    header, place, each = {}, 0, 1 if kind.startswith("F8") else 2
    for name, shape in shapes.items():
        ends = [place, place := place + int(np.prod(shape)) * each]
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": ends}
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head, place  # type: ignore[return-value]


def write(path: Path, shapes: Mapping[str, Shape], kind: str = "F16") -> Path:
    head, size = header_file(shapes, kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    return path


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(Settings(home=tmp_path / "home"))


@pytest.mark.parametrize(
    ("shapes", "like", "file"),
    [
        (WHOLE, "sd-1.5", "checkpoint.safetensors"),
        (HALF, "sd-1.5", "unet.safetensors"),
        (FLUX, "flux-schnell", "transformer.safetensors"),
        (DEV, "flux-dev", "transformer.safetensors"),
        (
            {f"model.diffusion_model.{name}": shape for name, shape in DEV.items()},
            "flux-dev",
            "transformer.safetensors",
        ),
    ],
)
def test_a_file_is_known_by_its_header_and_stays_where_it_is(
    shapes: Mapping[str, Shape], like: str, file: str, studio: Studio, tmp_path: Path
):
    path = write(tmp_path / "My Tune_v2.safetensors", shapes)
    ((one,), problems) = studio.import_models(path)
    assert (one.name, one.like, one.missing, problems) == ("my-tune-v2", like, True, [])
    assert (one.place / file).is_symlink() and (one.place / file).resolve() == path
    card, base = studio.model(one.name), catalog.card(like)
    assert (card.family, card.noise, card.repository) == (base.family, base.noise, base.repository)
    assert not card.commercial and "commercial" in card.unknown
    assert one.name in studio.models_here()
    studio.remove_weights(one.name)
    assert path.is_file() and one.name not in {card.name for card in studio.models()}


def test_fp8_is_taken_in_too(studio: Studio, tmp_path: Path):
    ((one,), _) = studio.import_models(write(tmp_path / "fp8.safetensors", DEV, "F8_E4M3"))
    assert one.like == "flux-dev"


@pytest.mark.parametrize("name", ["img_in.scale_weight", "scaled_fp8", "img_in.weight.absmax", "img_in.qweight"])
def test_weights_with_scales_beside_are_refused(name: str, studio: Studio, tmp_path: Path):
    """ComfyUI's scaled fp8, bitsandbytes' nf4 and others: without their scales they would paint noise."""
    file = write(tmp_path / "flux.safetensors", {**DEV, name: (1,)}, "F8_E4M3")
    with pytest.raises(RequestError, match=r"scales beside .* fetch the model in bf16"):
        studio.import_models(file)


def test_one_that_is_known_by_a_persons_word_alone_is_of_the_right_part(studio: Studio, tmp_path: Path):
    ((one,), _) = studio.import_models(write(tmp_path / "mine.safetensors", {"x": (1, 1)}), like="sd-1.5")
    assert [path.name for path in one.place.iterdir()] == ["unet.safetensors"]


def test_gguf_is_known_by_its_header(studio: Studio, tmp_path: Path):
    gguf = pytest.importorskip("gguf")
    path = tmp_path / "flux1-schnell-Q8_0.gguf"
    writer = gguf.GGUFWriter(path, arch="flux")
    writer.add_tensor_info("double_blocks.0.img_attn.qkv.weight", (9216, 3072), np.dtype(np.float16), 9216 * 3072 * 2)
    writer.add_tensor_info("img_in.weight", (3072, 64), np.dtype(np.float16), 3072 * 64 * 2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + (9216 + 64) * 3072 * 2 + 64)
    ((one,), _) = studio.import_models(path)
    assert one.like == "flux-schnell" and (one.place / "transformer.gguf").is_symlink()


def test_a_folder_of_diffusers_paints_where_it_lies(studio: Studio, tmp_path: Path):
    pytest.importorskip("torch")
    from tests import tiny_models

    folder = tiny_models.stable_diffusion(tmp_path / "shared" / "Tiny SD")
    with pytest.raises(RequestError, match=r"could be like .*sd-1\.5.*--like"):  # its shapes are no model's
        studio.import_models(folder)
    with pytest.raises(RequestError, match="flux-dev is a FluxPipeline"):
        studio.import_models(folder, like="flux-dev")
    ((one,), _) = studio.import_models(folder, like="sd-1.5")
    assert (one.name, one.missing) == ("tiny-sd", False) and one.place.is_symlink()
    (picture,) = studio.paint("a red apple", model="tiny-sd", seed=1, steps=2, width=256, height=256, keep=False)
    assert picture.image.size == (256, 256)
    lines = str(picture.save(tmp_path / "lines.png"))
    for steered in ({"controls": [f"canny:{lines}"]}, {"references": [lines]}):
        with pytest.raises(MissingWeights, match=r"sfumato pull .*sd-1\.5"):  # those of the model that it is like
            studio.plan("a pear", model="tiny-sd", **steered)
    assert studio.verify_weights("tiny-sd") == {"tiny-sd": "here"}
    studio.remove_weights("tiny-sd")
    assert (folder / "model_index.json").is_file()
    with pytest.raises(RequestError, match="no model named 'tiny-sd'"):
        studio.plan("a pear", model="tiny-sd")


def test_copies_only_when_asked(studio: Studio, tmp_path: Path):
    path = write(tmp_path / "small.safetensors", {**HALF})
    ((one,), _) = studio.import_models(path, name="mine", copy=True)
    inside = one.place / "unet.safetensors"
    assert one.name == "mine" and inside.is_file() and not inside.is_symlink()
    assert inside.stat().st_size == path.stat().st_size


def test_a_copy_that_was_cut_off_is_begun_anew(studio: Studio, tmp_path: Path):
    from tests import tiny_models

    folder = tiny_models.stable_diffusion(tmp_path / "model")
    (tmp_path / "home" / "models" / ".mine.part" / "unet").mkdir(parents=True)
    (tmp_path / "home" / "models" / ".mine.part" / "left.over").write_bytes(b"half")
    ((one,), _) = studio.import_models(folder, name="mine", like="sd-1.5", copy=True)
    assert (one.place / "model_index.json").is_file() and not (one.place / "left.over").exists()


def test_a_folder_that_cannot_be_made_is_told(studio: Studio, tmp_path: Path):
    file = tmp_path / "ink.safetensors"
    file.write_bytes(random_lora({"a": (4, 4)}))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "loras").write_bytes(b"no folder")
    with pytest.raises(CannotWrite, match=r"ink\.safetensors' cannot be written"):
        studio.import_models(file)


def test_everything_of_another_tools_folder_is_taken_in(studio: Studio, tmp_path: Path):
    models = tmp_path / "ComfyUI" / "models"
    write(tmp_path / "another disk" / "dream.safetensors", WHOLE)
    (models / "checkpoints").mkdir(parents=True)
    (models / "checkpoints" / "sub").symlink_to(tmp_path / "another disk")
    (tmp_path / "another disk" / "round").symlink_to(models / "checkpoints")
    write(models / "diffusion_models" / "flux1-dev.safetensors", DEV)
    write(models / "checkpoints" / "riddle.safetensors", {"a": (1,)})
    (models / "checkpoints" / "old.ckpt").write_bytes(b"a pickle")
    (models / "loras").mkdir()
    words = models / "embeddings"
    words.mkdir()
    (words / "cat toy.safetensors").write_bytes(safetensors_file({"<cat-toy>": np.ones((2, 768), np.float32)}))
    (words / "none.safetensors").write_bytes(safetensors_file({one: np.ones(1, np.float32) for one in "ab"}))
    (models / "loras" / "ink (v1).safetensors").write_bytes(random_lora({"x": (4, 4)}))
    taken, problems = studio.import_models(tmp_path / "ComfyUI")
    assert {(one.name, one.like) for one in taken} == {
        ("dream", "sd-1.5"), ("flux1-dev", "flux-dev"), ("ink-v1", None), ("cat-toy", None)
    }  # fmt: skip
    assert ["none.safetensors: the word <none> cannot be used" in problems[1], "--like" in problems[0]] == [True, True]
    assert len(problems) == 2 and "riddle.safetensors" in problems[0]
    assert [kept.name for kept in studio.loras()] == ["ink-v1"]
    again, problems = studio.import_models(tmp_path / "ComfyUI")
    assert not again and sum("is here already" in text for text in problems) == 4


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("old.ckpt", b"PK", "can run code"),
        ("notes.txt", b"words", "is no model"),
        ("page.safetensors", b"<!doctype html><html>", "not a safetensors file"),
        ("zip.safetensors", b"PK\x03\x04" + bytes(60), "not a safetensors file"),
        ("empty.safetensors", b"", "empty"),
        ("cut.gguf", b"GGUF\x03\x00", "GGUF"),
        ("control.safetensors", safetensors_file({"control_model.input_blocks.0.0.weight": np.zeros(1, np.float32)}),
         "is a ControlNet"),
        ("other.safetensors", safetensors_file({"a": np.zeros(1, np.float32)}), "--like NAME"),
    ],
)  # fmt: skip
def test_what_is_no_model_says_what_it_is(name: str, data: bytes, said: str, studio: Studio, tmp_path: Path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SfumatoError, match=said) as refused:
        studio.import_models(tmp_path / name)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "home" / "cards").exists() and not list((tmp_path / "home").glob("models/*"))


def test_a_file_is_not_taken_for_a_model_that_it_is_not(studio: Studio, tmp_path: Path):
    path = write(tmp_path / "half.safetensors", HALF)
    with pytest.raises(RequestError, match=r"is not like flux-dev, but like sd-1\.5"):
        studio.import_models(path, like="flux-dev")
    with pytest.raises(RequestError, match="read from a folder of diffusers"):
        nine = {"model.diffusion_model.input_blocks.0.0.weight": (320, 9, 3, 3)}
        studio.import_models(write(tmp_path / "fill.safetensors", HALF | nine))
    with pytest.raises(RequestError, match="is here already"):
        studio.import_models(path, name="sdxl")
    with pytest.raises(RequestError, match=r"holds no model_index\.json"):
        studio.import_models(tmp_path)
    with pytest.raises(RequestError, match="there is no"):
        studio.import_models(tmp_path / "nothing")


def test_what_lacks_its_other_parts_says_how_to_get_them(studio: Studio, tmp_path: Path):
    pytest.importorskip("diffusers")
    studio.import_models(write(tmp_path / "dream.safetensors", HALF))
    with pytest.raises(SfumatoError, match="sfumato pull dream"):
        studio.paint("a pear", model="dream", steps=2, keep=False)


def test_a_word_of_ones_own_is_taken_in_by_its_file(studio: Studio, tmp_path: Path):
    file = tmp_path / "ink.safetensors"
    file.write_bytes(safetensors_file({"emb_params": np.ones((2, 768), np.float32)}))
    ((one,), _) = studio.import_models(file, name="my-ink")
    assert (one.name, one.like) == ("my-ink", None) and one.place.resolve() == file
    with pytest.raises(RequestError, match="a word <my-ink> is here already: delete"):
        studio.import_models(file, name="my-ink")
    with pytest.raises(RequestError, match="is no name for a word"):
        studio.import_models(file, name="../ink")


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SFUMATO_HOME", str(tmp_path / "home"))
    path = write(tmp_path / "dream.safetensors", WHOLE)
    made = subprocess.run(
        [sys.executable, "-m", "sfumato", "import", str(path)], capture_output=True, text=True, check=True
    )
    assert made.stdout == "dream\n" and "sfumato pull dream" in made.stderr


@pytest.mark.parametrize(
    ("name", "kind", "config"),
    [
        ("flux-dev", "FluxTransformer2DModel", {"guidance_embeds": True}),
        ("flux-schnell", "FluxTransformer2DModel", {}),
        ("qwen-image", "QwenImageTransformer2DModel", {}),
        ("z-image", "ZImageTransformer2DModel", {}),
        ("sd-1.5", "UNet2DConditionModel", {"cross_attention_dim": 768}),
        ("sd-2.1", "UNet2DConditionModel", {"cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20]}),
    ],
)
def test_signs_are_those_of_the_full_network(name: str, kind: str, config: dict):
    """On torch's meta device, by diffusers' names."""
    torch, diffusers = pytest.importorskip("torch"), pytest.importorskip("diffusers")
    with torch.device("meta"):
        shapes = {key: list(value.shape) for key, value in getattr(diffusers, kind)(**config).state_dict().items()}
    assert any(sign.tensors.items() <= shapes.items() for sign in catalog.card(name).signs)


def test_missing_weights_say_that_they_can_be_taken_in(studio: Studio):
    with pytest.raises(MissingWeights, match="sfumato import"):
        studio.plan("a pear", model="sdxl")
