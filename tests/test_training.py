"""The training code's own promises: graphs equal torch on tiny random weights, captions are shares, tokens agree."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
diffusers = pytest.importorskip("diffusers")

import onnxruntime  # noqa: E402
from onnx import TensorProto  # noqa: E402

from sfumato.engine.families.pocket import pack, places, unpack  # noqa: E402
from training import graphs, tokens  # noqa: E402
from training.captions import captions  # noqa: E402
from training.compositions import set_apart  # noqa: E402
from training.data import COLOURS, Picture, colour_name, dominant_hue, held_out, turn_hue  # noqa: E402
from training.muon import Muon  # noqa: E402
from training.scenes import Author, Easel, Scene, Thing  # noqa: E402

FLOAT = TensorProto.FLOAT
EXACT = 1e-4  # relative error of a graph that computes in fp32 with the same stored numbers


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(((found - wanted) ** 2).mean() / (wanted**2).mean()))


def stored(model, int8=graphs.matrix) -> graphs.Weights:
    """The model's weights as a part stores them; the model gets the same rounded numbers."""
    weights = graphs.Weights({k: v.numpy() for k, v in model.state_dict().items()}, int8)
    model.load_state_dict({k: torch.from_numpy(weights.dequantised(k)) for k in model.state_dict()})
    return weights


@pytest.mark.parametrize("guided", [False, True])
@torch.inference_mode()
def test_the_transformers_graph_equals_flux_transformer(tmp_path: Path, guided: bool):
    config = {
        "in_channels": 64, "num_layers": 2, "num_single_layers": 1, "attention_head_dim": 16, "num_attention_heads": 2,
        "joint_attention_dim": 24, "pooled_projection_dim": 24, "axes_dims_rope": [4, 6, 6], "guidance_embeds": guided,
        "patch_size": 1,
    }  # fmt: skip
    torch.manual_seed(0)
    model = diffusers.FluxTransformer2DModel(**config).eval()
    weights = stored(model)
    weights.save(tmp_path / "part.safetensors", {})
    g, velocity = graphs.transformer(weights, config, int8=False)
    inputs = {
        "x": (FLOAT, [1, "n", 64]), "timestep": (FLOAT, [1]), "states": (FLOAT, [1, "t", 24]),
        "pooled": (FLOAT, [1, 24]), "ids": (FLOAT, ["all", 3]),
    }  # fmt: skip
    x, states, pooled, ids = torch.randn(1, 6, 64), torch.randn(1, 5, 24), torch.randn(1, 24), tokens.places(4, 6)
    guidance = torch.tensor([2.5]) if guided else None
    wanted = tokens.look(model, x, torch.tensor([0.3]), (states, pooled), ids, guidance).numpy()
    feed = {"x": x.numpy(), "states": states.numpy(), "pooled": pooled.numpy(), "ids": places(5, 2, 3)}
    if guided:
        inputs["guidance"], feed["guidance"] = (FLOAT, [1]), np.array([2.5], np.float32)
    g.save(tmp_path / "part.onnx", tmp_path / "part.safetensors", inputs, {"velocity": velocity})
    run = onnxruntime.InferenceSession(tmp_path / "part.onnx")
    (found,) = run.run(None, feed | {"timestep": np.array([0.3], np.float32)})
    assert relative(found, wanted) < EXACT


@torch.inference_mode()
def test_the_autoencoders_graphs_equal_autoencoder_kl(tmp_path: Path):
    config = {
        "in_channels": 4, "out_channels": 4, "latent_channels": 16, "block_out_channels": [8, 16], "norm_num_groups": 4,
        "layers_per_block": 1, "mid_block_add_attention": False, "use_quant_conv": False, "use_post_quant_conv": False,
        "down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2,
    }  # fmt: skip
    torch.manual_seed(0)
    model = diffusers.AutoencoderKL(**config).eval()
    weights = stored(model, graphs.convolution)
    assert weights.tensors["decoder.mid_block.resnets.0.conv1.weight"].dtype == np.int8
    weights.save(tmp_path / "part.safetensors", {})
    pixels = torch.rand(1, 4, 16, 24) * 2 - 1
    latent = model.encode(pixels).latent_dist.mode()
    for make, name, given, wanted in [
        (graphs.encoder, "pixels", pixels, latent),
        (graphs.decoder, "latent", latent, model.decode(latent).sample),
    ]:
        g, result = make(weights, config)
        shape = [1, given.shape[1], "h", "w"]
        g.save(tmp_path / "part.onnx", tmp_path / "part.safetensors", {name: (FLOAT, shape)}, {"out": result})
        (found,) = onnxruntime.InferenceSession(tmp_path / "part.onnx").run(None, {name: given.numpy()})
        assert relative(found, wanted.numpy()) < EXACT


def test_tokens_are_packed_alike_in_training_and_painting():
    z = np.random.default_rng(0).standard_normal((16, 6, 4), dtype=np.float32)
    assert (tokens.pack(torch.from_numpy(z)[None])[0].numpy() == pack(z)).all()
    assert (unpack(pack(z), 6, 4) == z).all()
    assert (places(0, 3, 2) == tokens.places(6, 4).numpy()).all()


@pytest.mark.parametrize("title", ["automobile", "blue automobile", "red apple"])
def test_a_pictures_captions_are_shares_of_one(title: str):
    said = dict(captions(Picture(title, "flat", "package", "key", "travel-places", ["car", "drive"])))
    assert sum(said.values()) == pytest.approx(1)
    assert f"{title}, flat style" in said
    assert ("blue car" in said) == (title == "blue automobile")


def test_a_turned_hue_is_the_colour_it_is_called():
    red = np.zeros((128, 128, 4), np.uint8)
    red[32:96, 32:96] = 220, 20, 20, 255
    hue = dominant_hue(red)
    assert hue is not None and colour_name(hue) == "red"
    blue = turn_hue(red, 215 - hue)
    assert colour_name(dominant_hue(blue) or 0) == "blue"
    assert (blue[..., 3] == red[..., 3]).all()


def disc(hue: float) -> np.ndarray:
    """A drawing: a square of one hue with room around it, 32 x 32."""
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[8:24, 8:24] = 220, 20, 20, 255
    return turn_hue(pixels, hue)


@pytest.fixture(scope="module")
def easel() -> Easel:
    """A hundred drawings of things whose titles are their numbers in words, by two hands."""
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    titles = [f"{a} {b}" for a in numbers for b in numbers]
    rows = [Picture(title, style, "package", title.replace(" ", "-"), "objects") for title in titles for style in "xy"]
    return Easel(np.stack([disc(7 * i) for i in range(len(rows))]), rows)


def test_no_scene_shows_what_is_kept_for_evaluation(easel: Easel):
    author, seen = Author(easel, seed=1), set()
    assert not any(held_out(row) for row in easel.rows)
    assert len(easel.rows) < 200
    for scene in (author.scene() for _ in range(1500)):
        a, *others = [easel.rows[thing.drawing].title for thing in scene.things]
        for b in {*others} - {a}:
            assert not set_apart(f"{a} and {b}") and not set_apart(f"{b} and {a}")
            seen.add("pair")
        for said in scene.said:
            words, _, style = said.removeprefix("a ").removeprefix("an ").partition(", ")
            assert style in {"", "x style", "y style"}
            if (
                scene.ground is None
                and len(scene.things) == 1
                and words.split()[0] in COLOURS
                and len(words.split()) == 3
            ):
                assert not set_apart(words)
                seen.add("colour")
    assert seen == {"pair", "colour"}


def test_a_scene_has_its_things_where_they_should_be_and_in_their_colours(easel: Easel):
    left, right = Thing(0, 0.5, (0.25, 0.5)), Thing(0, 0.5, (0.75, 0.5), turn=215.0)
    both, alone, laid = (
        easel.paint([Scene([left, right]), Scene([Thing(0)]), Scene([left], ground=(255, 255, 255))]) + 1
    ).numpy() * 127.5
    assert colour_name(dominant_hue(both.transpose(1, 2, 0)[:, :16].round().astype(np.uint8)) or 0) == "red"
    assert colour_name(dominant_hue(both.transpose(1, 2, 0)[:, 16:].round().astype(np.uint8)) or 0) == "blue"
    assert np.abs(alone.transpose(1, 2, 0) - disc(0)).max() < 1
    assert laid[3].min() > 254 and laid[:, 2, 2] == pytest.approx(255, abs=1)
    assert easel.boxes[0] == pytest.approx([0.5, 0.5, 0.5, 0.5])


def test_muons_steps_are_torchs():
    """Stands beside torch.optim.Muon, which works in bfloat16."""
    torch.manual_seed(0)
    ours = [
        torch.randn(6, 10).requires_grad_(),
        torch.randn(6, 10).requires_grad_(),
        torch.randn(10, 6).requires_grad_(),
    ]
    theirs, before = ([p.detach().clone().requires_grad_(kind) for p in ours] for kind in (True, False))
    a = Muon(ours, lr=1e-2)
    b = torch.optim.Muon(theirs, lr=1e-2, weight_decay=0.01, adjust_lr_fn="match_rms_adamw", ns_steps=4)
    for _ in range(5):
        for one, other in zip(ours, theirs, strict=True):
            one.grad = torch.randn_like(one)
            other.grad = one.grad.clone()
        a.step(), b.step()
    for one, other, start in zip(ours, theirs, before, strict=True):
        assert (one - other).norm() < 0.02 * (one - start).norm()
