"""Put the trained parts into the package: safetensors, ONNX graphs, tokenizer, and their sha256 in the cards.

    python -m training.export                # what cache/ holds: guided, vae2, text
    python -m training.export --only turbo   # and turbo.safetensors, for a card that names it

Checks every graph against torch on the same weights, and says how far off int8 is.
"""

import argparse
import hashlib
import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from onnx import TensorProto
from safetensors.numpy import load_file

from sfumato.engine.weights.tensors import mapped
from training import graphs
from training.data import CACHE
from training.text import load_encoder, tokenize
from training.tokens import look, places

POCKET = Path(__file__).parents[1] / "src" / "sfumato" / "pocket"
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(path, options)


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(((found - wanted) ** 2).mean() / (wanted**2).mean()))


def state_of(folder: Path) -> dict[str, np.ndarray]:
    return load_file(next(folder.glob("*.safetensors")))


def export_transformer(source: Path, out: Path) -> None:
    config = json.loads((source / "config.json").read_text())
    weights = graphs.Weights(state_of(source))
    file = out / "transformer.safetensors"
    weights.save(file, {"config": json.dumps({k: v for k, v in config.items() if not k.startswith("_")})})
    inputs = {
        "x": (FLOAT, [1, "tokens", config["in_channels"]]),
        "timestep": (FLOAT, [1]),
        "states": (FLOAT, [1, "text_tokens", config["joint_attention_dim"]]),
        "pooled": (FLOAT, [1, config["pooled_projection_dim"]]),
        "ids": (FLOAT, ["all_tokens", 3]),
    }
    if config["guidance_embeds"]:
        inputs["guidance"] = (FLOAT, [1])
    model = FluxTransformer2DModel.from_pretrained(source).float().eval()
    generator = torch.Generator().manual_seed(0)
    for int8, name in [(False, CACHE / "transformer-fp32.onnx"), (True, out / "transformer.onnx")]:
        g, velocity = graphs.transformer(weights, config, int8)
        if not int8:
            shutil.copy(file, CACHE / file.name)
        g.save(name, file, inputs, {"velocity": velocity})
        run = session(name)
        for label, exact in [("the same int8 weights", True), ("the trained weights", False)]:
            if exact:
                model.load_state_dict({k: torch.from_numpy(weights.dequantised(k)) for k in model.state_dict()})
            else:
                model.load_state_dict({k: torch.from_numpy(v).float() for k, v in state_of(source).items()})
            worst = 0.0
            for side, t in [(4, 0.9), (8, 0.5), (8, 0.2), (6, 0.05)]:
                x = torch.randn(1, side * side, config["in_channels"], generator=generator)
                states = torch.randn(1, 12, config["joint_attention_dim"], generator=generator)
                pooled = torch.randn(1, config["pooled_projection_dim"], generator=generator)
                ids, strength = places(2 * side, 2 * side), torch.tensor([3.0]) if "guidance" in inputs else None
                with torch.no_grad():
                    wanted = look(model, x, torch.tensor([t]), (states, pooled), ids, strength).numpy()
                feed = {"x": x, "timestep": torch.tensor([t]), "states": states, "pooled": pooled}
                if strength is not None:
                    feed["guidance"] = strength
                feed = {k: v.numpy() for k, v in feed.items()} | {"ids": torch.cat([torch.zeros(12, 3), ids]).numpy()}
                worst = max(worst, relative(run.run(None, feed)[0], wanted))
            print(f"transformer {'int8' if int8 else 'fp32'} against torch with {label}: relative error {worst:.5f}")


def export_autoencoder(source: Path, out: Path) -> None:
    config = json.loads((source / "config.json").read_text())
    weights = graphs.Weights(state_of(source), graphs.convolution)
    file = out / "autoencoder.safetensors"
    weights.save(file, {"config": json.dumps({k: v for k, v in config.items() if not k.startswith("_")})})
    g, pixels = graphs.decoder(weights, config)
    g.save(out / "decoder.onnx", file, {"latent": (FLOAT, [1, 16, "h", "w"])}, {"pixels": pixels})
    g, latent = graphs.encoder(weights, config)
    g.save(out / "encoder.onnx", file, {"pixels": (FLOAT, [1, 4, "height", "width"])}, {"latent": latent})
    model = AutoencoderKL.from_pretrained(source).float().eval()
    x = torch.rand(1, 4, 64, 96) * 2 - 1
    trained = model.decode(model.encode(x).latent_dist.mode()).sample.numpy()
    model.load_state_dict({k: torch.from_numpy(weights.dequantised(k)) for k in model.state_dict()})
    with torch.no_grad():
        mode = model.encode(x).latent_dist.mode()
        wanted = model.decode(mode).sample.numpy()
    found = session(out / "encoder.onnx").run(None, {"pixels": x.numpy()})[0]
    print(f"encoder against torch: relative error {relative(found, mode.numpy()):.6f}")
    found = session(out / "decoder.onnx").run(None, {"latent": mode.numpy()})[0]
    print(f"decoder against torch: relative error {relative(found, wanted):.6f}")
    print(f"both against torch with the trained weights: relative error {relative(found, trained):.6f}")


def export_text(source: Path, out: Path) -> None:
    config = json.loads((source / "config.json").read_text())
    state = {k: v for k, v in state_of(source).items() if not k.startswith("pooler")}
    weights = graphs.Weights(state)
    weights.save(
        out / "text.safetensors", {"config": json.dumps({k: v for k, v in config.items() if not k.startswith("_")})}
    )
    g, states, pooled = graphs.text(weights, config)
    g.save(
        out / "text.onnx",
        out / "text.safetensors",
        {"ids": (INT64, [1, "tokens"])},
        {"states": states, "pooled": pooled},
    )
    book = json.loads((source / "tokenizer.json").read_text())
    (out / "tokenizer.json").write_text(json.dumps(book, ensure_ascii=False, separators=(",", ":")))
    model, tokenizer = load_encoder(source)
    run, worst = session(out / "text.onnx"), 0.0
    for words in ["red apple", "a cat and a guitar, flat style", "zwqx", ""]:
        ids, mask = tokenize(tokenizer, [words])
        with torch.no_grad():
            wanted, wanted_pooled = model(ids, mask)
        found, found_pooled = run.run(None, {"ids": ids.numpy()})
        worst = max(worst, relative(found, wanted.numpy()), relative(found_pooled, wanted_pooled.numpy()))
    print(f"text against torch: relative error {worst:.5f}")


def stamp(out: Path) -> None:
    """Put the files' digests and the latent's shift and scale into every card, and say how much the files weigh."""
    config = json.loads(mapped(out / "autoencoder.safetensors").metadata["config"])
    latent = f"shift = {config['shift_factor']}, scale = {config['scaling_factor']}"
    for path in sorted(out.glob("*.toml")):
        text = path.read_text()
        names = [file["name"] for file in tomllib.loads(text)["files"]]
        for name in names:
            digest = hashlib.sha256((out / name).read_bytes()).hexdigest()
            text = re.sub(rf'(name = "{re.escape(name)}", sha256 = ")[0-9a-f]*"', rf'\g<1>{digest}"', text)
        parameters = sum(
            int(np.prod(value.shape))
            for name in names
            if name.endswith("safetensors")
            for key, value in load_file(out / name).items()
            if "_scale" not in key
        )
        text = re.sub(r"parameters = \d+", f"parameters = {parameters}", text)
        path.write_text(re.sub(r"shift = [-.\d]+, scale = [.\d]+", latent, text))
        megabytes = sum((out / name).stat().st_size for name in names) / 1e6
        print(f"{path.name}: {len(names)} files, {megabytes:.1f} MB, {parameters / 1e6:.1f} M parameters")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transformer", type=Path, default=CACHE / "guided", help="a diffusers folder")
    parser.add_argument("--autoencoder", type=Path, default=CACHE / "vae2", help="a diffusers folder")
    parser.add_argument(
        "--only", choices=["transformer", "autoencoder", "text", "turbo"], help="leave the other parts as they are"
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    POCKET.mkdir(exist_ok=True)
    with torch.no_grad():
        if args.only in {None, "transformer"}:
            export_transformer(args.transformer, POCKET)
        if args.only in {None, "autoencoder"}:
            export_autoencoder(args.autoencoder, POCKET)
        if args.only in {None, "text"}:
            export_text(CACHE / "text", POCKET)
        if args.only == "turbo":  # a card names it as its `adapter`, and among its files
            shutil.copy(CACHE / "turbo.safetensors", POCKET / "turbo.safetensors")
    stamp(POCKET)
