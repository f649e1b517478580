"""LoRA: added to the model as the paper says, at any weight; refused with a reason where it cannot be."""

import json
import pickle
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfumato import Order, Recipe, Studio, catalog, exports
from sfumato.core.card import Card, read_card
from sfumato.core.errors import JobFailed, RequestError, UnknownName, UnreadableFile
from sfumato.core.recipe import LoraUse
from sfumato.engine.families import AdaptableModel, Model, families
from sfumato.engine.families.pocket import VIEWS, Pocket
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Row
from sfumato.engine.weights.int8 import SCALE, stored_like, whole
from sfumato.engine.weights.lora import DoesNotFit, Lora, changed, fitted, modules, product, read_lora
from sfumato.engine.weights.tensors import Tensors, mapped
from sfumato.exports.parameters import taken_apart, without_loras, written
from sfumato.loras import Loras
from sfumato.onnx import session
from sfumato.planning import check, plan
from sfumato.testing import random_lora, safetensors_file, tiny_card
from sfumato.worker.run import Failed, Painted, run

CARD = catalog.card("pocket")
FOLDER = catalog.folder("pocket")
SIDE = CARD.sizes.low
SMALL = {"width": SIDE, "height": SIDE, "steps": 2, "seed": 5}
STORED = mapped(FOLDER / "transformer.safetensors")
BASES = modules(STORED)
OUT = BASES["proj_out"]
INNER = {name: shape for name, shape in BASES.items() if "_blocks." in name}  # what is usually learned
TOLERANCE = 0.02  # relative error of the velocity against torch with the LoRA merged in fp32: as without one, 0.013


@pytest.fixture
def kept(home: Path) -> Callable[..., Path]:
    """Keep a LoRA of this test under a name."""

    def keep(name: str, data: bytes = b"", **wishes: Any) -> Path:
        path = home / "loras" / f"{name}.safetensors"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data or random_lora(INNER, base_model="pocket", **wishes))
        return path

    return keep


@pytest.fixture(scope="module")
def model() -> Pocket:
    return Pocket(CARD, FOLDER)


def lora(**wishes: Any) -> Lora:
    return read_lora(random_lora(INNER, **wishes))


def looked(model: Model, sigma: float = 0.6) -> np.ndarray:
    """The velocity for one prompt behind one noise."""
    x = SeededNoise(3, model.latent_shape(SIDE, SIDE))()
    (clean,) = model.look([Row(x, sigma, model.read("a red apple"))])
    return (x - clean) / sigma


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(((found - wanted) ** 2).mean() / (wanted**2).mean()))


def merged(one: Lora, weight: float) -> dict[str, np.ndarray]:
    """The paper's sum, in fp32 and not rounded."""
    parts = fitted(one, BASES)
    values = {name: whole(STORED, name) for name in STORED if not name.endswith(SCALE)}
    return values | {f"{n}.weight": values[f"{n}.weight"] + weight * product(one, p) for n, p in parts.items()}


# ---- what is added


@pytest.mark.parametrize("weight", [1.0, 0.3, 0.05, -1.5])
def test_a_look_equals_torch_with_the_lora_merged_in_full_precision(model: Pocket, weight: float):
    torch = pytest.importorskip("torch")
    from sfumato.engine.families._flux_torch import Student

    one = lora(size=0.02, rank=8)
    student = Student(merged(one, weight), STORED.metadata)
    view, off, moved = model.adapted([(one, weight)]), [], []
    x = SeededNoise(3, model.latent_shape(CARD.sizes.best, CARD.sizes.best))()
    text = model.read("a red apple")
    for sigma in (0.95, 0.7, 0.4, 0.1):
        with torch.inference_mode():
            given = torch.from_numpy(x)[None], torch.tensor([sigma]), [text]
            wanted = student.velocity(*given)[0].numpy()
        found, without = ((x - m.look([Row(x, sigma, text)])[0]) / sigma for m in (view, model))
        off.append(relative(found, wanted))
        moved.append(relative(without, wanted))
    assert np.mean(off) < TOLERANCE + 0.03 * np.mean(moved)  # what is far from where it learned is rounded coarser
    assert np.mean(moved) > (2 * TOLERANCE if abs(weight) > 0.1 else 0)


def test_the_graph_computes_with_what_it_is_given_as_if_it_were_in_its_file(model: Pocket, tmp_path: Path):
    one = lora()
    shutil.copy(FOLDER / "transformer.onnx", tmp_path)
    ours = {name: STORED[name] for name in STORED} | changed(STORED, [(one, 1.0)])
    order = sorted(ours, key=lambda name: STORED._places[name].begin)  # where the graph looks for them
    file = safetensors_file({name: ours[name] for name in order}, STORED.metadata)
    head = STORED._places[order[0]].begin
    start = 8 + int.from_bytes(file[:8], "little")
    (tmp_path / "transformer.safetensors").write_bytes(bytes(head) + file[start:])
    there = session(tmp_path / "transformer.onnx")
    here = model.adapted([(one, 1.0)])._transformer
    rng = np.random.default_rng(0)
    shapes = {given.name: [side if isinstance(side, int) else 4 for side in given.shape] for given in here.get_inputs()}
    shapes["ids"][0] = 8
    feed = {name: rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}
    np.testing.assert_array_equal(here.run(None, feed)[0], there.run(None, feed)[0])


def test_a_small_weight_is_not_lost_in_the_rounding():
    """Stored values lie on their grid; plain rounding would give back 0 of a change of a tenth of a step."""
    rng = np.random.default_rng(0)
    name = "single_transformer_blocks.0.proj_out.weight"
    step = STORED[name + SCALE][:, None]
    direction = rng.choice([-1.0, 1.0], STORED[name].shape[1])
    found = stored_like(STORED, name, whole(STORED, name) + (0.1 * step * direction).astype(np.float32))
    moved = whole(found, name) - whole(STORED, name)
    along = (moved * direction).mean(1) / step[:, 0]
    assert abs(along.mean() - 0.1) < 0.01
    assert along.std() < 0.02


def test_what_is_not_changed_stays_as_it_is_stored():
    nothing = changed(STORED, [(lora(size=1e-12), 1.0)])
    assert nothing and all((array == STORED[name]).all() for name, array in nothing.items())
    few = changed(STORED, [(read_lora(random_lora({"proj_out": OUT})), 1.0)])
    assert few.keys() == {"proj_out.weight", "proj_out.weight_scale"}


def test_several_are_added_up(model: Pocket):
    one, other = lora(seed=1), lora(seed=2)
    both = model.adapted([(one, 0.5), (other, -0.5)])
    (name, *_) = INNER
    parts = [0.5 * product(one, fitted(one, BASES)[name]), -0.5 * product(other, fitted(other, BASES)[name])]
    wanted = whole(STORED, f"{name}.weight") + sum(parts)
    assert relative(whole(both._changed(), f"{name}.weight"), wanted) < 0.02
    assert relative(whole(STORED, f"{name}.weight"), wanted) > 0.1


def test_weight_0_is_the_model_itself(model: Pocket):
    assert model.adapted([(lora(), 0.0)]) is model
    one = lora()
    assert model.adapted([(one, 0.5), (lora(seed=1), 0.0)]) is model.adapted([(one, 0.5)])


def test_a_view_shares_all_but_the_transformer_and_is_made_once(model: Pocket):
    view = model.adapted([(lora(), 0.7)])
    assert view is model.adapted([(lora(), 0.7)])  # the same file, read again
    assert view is not model.adapted([(lora(), 0.8)])
    assert view._graphs is model._graphs
    assert view.read("a red apple") is model.read("a red apple")
    assert view._transformer is not model._transformer
    assert (looked(view) != looked(model)).any()
    for seed in range(VIEWS):
        model.adapted([(lora(seed=seed + 10), 0.7)])
    assert view is not model.adapted([(lora(), 0.7)])


# ---- files and their names


def renamed(data: bytes, how: Callable[[str], str], **more: np.ndarray) -> bytes:
    tensors = Tensors(data)
    return safetensors_file({**{how(name): tensors[name] for name in tensors}, **more}, tensors.metadata)


def kohya(name: str) -> str:
    module, _, part = name.removeprefix("transformer.").rpartition(".lora_")
    return f"lora_unet_{module.replace('.', '_')}.lora_{'down' if part[0] == 'A' else 'up'}.weight"


def test_kohyas_names_mean_the_same():
    data = random_lora(INNER)
    ours, theirs = (changed(STORED, [(read_lora(file), 1.0)]) for file in (data, renamed(data, kohya)))
    assert ours.keys() == theirs.keys()
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_alpha_is_the_rank_unless_the_file_says_another():
    (name, *_) = INNER
    data = random_lora({name: INNER[name]}, rank=4)
    plain = read_lora(data)
    full = product(plain, plain.parts[f"transformer.{name}"])
    stated = {
        "tensor": renamed(data, str, **{f"transformer.{name}.alpha": np.array(2, np.float32)}),
        "metadata": random_lora({name: INNER[name]}, rank=4, lora_adapter_metadata='{"transformer.lora_alpha": 2}'),
    }
    for file in stated.values():
        one = read_lora(file)
        np.testing.assert_allclose(product(one, one.parts[f"transformer.{name}"]), full / 2, rtol=1e-5)


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16", "int8", "uint8", "int32", "int64"])
def test_tensors_are_read_as_the_safetensors_library_reads_them(kind: str, tmp_path: Path):
    torch = pytest.importorskip("torch")
    save_file = pytest.importorskip("safetensors.torch").save_file
    values = (torch.randn(3, 5) * 50).to(getattr(torch, kind))
    save_file(
        {"a": values, "none": values[:0].clone(), "one": values[0, 0].clone()},
        tmp_path / "x.safetensors",
        {"about": "é"},
    )
    found = mapped(tmp_path / "x.safetensors")
    assert (dict(found.metadata), list(found)) == ({"about": "é"}, sorted(found))
    assert (found["a"] == values.to(torch.float64 if kind == "float64" else torch.float32).numpy()).all()
    assert (found["none"].shape, found["one"].shape) == ((0, 5), ())


def head(header: object, data: bytes = bytes(64)) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(**changes: Any) -> dict[str, Any]:
    return {"x": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64], **changes}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234567",
        pickle.dumps({"a": 1}),
        (2**63).to_bytes(8, "little") + b"{}",
        (3).to_bytes(8, "little") + b"{}",
        head([1]),
        head(entry())[:-1],
        head(entry(dtype="F31")),
        head(entry(dtype=3)),
        head(entry(shape=[4, -4])),
        head(entry(shape=[4, 4.0])),
        head(entry(shape=[2**39, 2**39, 0, 4])),
        head(entry(shape="44")),
        head(entry(data_offsets=[64, 0])),
        head(entry(data_offsets=[-64, 0])),
        head(entry(data_offsets=[0, 65])),
        head(entry(data_offsets=[64, 128])),
        head({"x": None}),
        head(entry() | {"y": entry()["x"]}),  # the same bytes twice
        head(entry(shape=[1] * 9 + [16])),
        (20_000).to_bytes(8, "little") + b"[" * 20_000,
    ],
    ids=range(21),
)
def test_a_file_that_is_not_safetensors_is_refused(data: bytes):
    with pytest.raises(UnreadableFile):
        Tensors(data)


WHOLE = random_lora({"proj_out": OUT}, rank=1)
HEAD = 8 + int.from_bytes(WHOLE[:8], "little")


@given(st.integers(0, HEAD - 1), st.binary(min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_no_damage_to_a_header_does_harm(place: int, bytes_: bytes):
    data = WHOLE[:place] + bytes_ + WHOLE[place + len(bytes_) :]
    try:
        fitted(read_lora(data), BASES)
    except (UnreadableFile, DoesNotFit) as error:
        assert "\n" not in str(error)


PLAIN = {"transformer.proj_out.lora_A.weight": np.zeros((1, 256), np.float32)}
UP = {"transformer.proj_out.lora_B.weight": np.zeros((64, 1), np.float32)}


@pytest.mark.parametrize(
    ("tensors", "metadata", "says"),
    [
        ({}, {}, "it holds nothing"),
        (PLAIN, {}, "only half of 'transformer.proj_out'"),
        (PLAIN | UP | {"transformer.proj_out.dora_scale": np.zeros(3, np.float32)}, {}, "not LoHa, LoKr or DoRA"),
        ({"lora_unet_x.hada_w1_a": np.zeros((1, 1), np.float32)}, {}, "not LoHa, LoKr or DoRA"),
        (UP, {"lora_adapter_metadata": "[]"}, "not what diffusers writes"),
        (UP, {"lora_adapter_metadata": '{"transformer.lora_alpha": []}'}, "not what diffusers writes"),
        (UP, {"lora_adapter_metadata": '{"transformer.use_dora": true}'}, "needs use_dora"),
    ],
    ids=range(7),
)
def test_what_is_not_plain_lora_is_refused(tensors: dict[str, np.ndarray], metadata: dict[str, str], says: str):
    with pytest.raises(DoesNotFit, match=says):
        read_lora(safetensors_file(tensors, metadata))


def test_numbers_that_are_none_are_refused():
    one = read_lora(random_lora({"proj_out": OUT}, size=float("nan")))
    with pytest.raises(RequestError, match="not all numbers"):
        changed(STORED, [(one, 1.0)])


# ---- planning


def planned(*loras: str, **wishes: Any) -> Recipe:
    return Studio().plan("a pear", loras=loras, **{**SMALL, **wishes}).recipes[0]


def refused(*loras: str, kind: type[RequestError] = RequestError, **wishes: Any) -> str:
    with pytest.raises(kind) as error:
        planned(*loras, **wishes)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_recipe_names_file_and_weight(kept: Callable[..., Path]):
    paths = [kept("ink"), kept("Pip_2.1", seed=1)]
    one, other = planned("ink", "Pip_2.1.safetensors:-0.75").loras
    digests = [sha256(path.read_bytes()).hexdigest()[:16] for path in paths]
    assert [one, other] == [
        LoraUse(name="ink", weight=1, digest=digests[0]),
        LoraUse(name="Pip_2.1", weight=-0.75, digest=digests[1]),
    ]
    assert str(other) == "Pip_2.1:-0.75"


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        (["inc"], "did you mean 'ink'?"),
        (["ink:2.1"], "LoRA 'ink': weight 2.1 is outside -2 to 2; the nearest is 2"),
        (["ink:nan"], "LoRA 'ink': weight is not a number"),
        (["ink:-inf"], "the nearest is -2"),
        (["ink:much"], "'ink:much' has no number behind its colon"),
        (["ink:"], "no number behind its colon"),
        (["ink:1:2"], "no number behind its colon"),
        (["ink", "ink:0.5"], "LoRA 'ink' is named twice"),
        (["../ink"], "'../ink' is no name for a LoRA"),
        (["/etc/passwd"], "is no name for a LoRA"),
        (["a\\b"], "is no name for a LoRA"),
        ([".ink"], "is no name for a LoRA"),
        ([""], "'' is no name for a LoRA"),
        (["ink\0"], "is no name for a LoRA"),
        (["x" * 65], "is no name for a LoRA"),
        (["old"], "LoRA 'old' is a .ckpt file, which can run code when it is opened: fetch it as safetensors"),
        (["ink.pt"], "LoRA 'ink.pt' is a .pt file"),
        (["pickled"], "LoRA 'pickled' cannot be used: it is not a safetensors file"),
        (["flux"], "LoRA 'flux' is for flux-dev, not for pocket: choose another --model or --lora"),
        (["wide"], f"does not fit pocket: its proj_out is 7 x 9, not {OUT[0]} x {OUT[1]}"),
        (["unet"], "does not fit pocket: it changes 'down_blocks.0', which is not there (it says it is for sd_1.5)"),
        (["words"], "it changes 'text_encoder.x', which is not there"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_before_anything_loads(
    kept: Callable[..., Path], home: Path, wishes: list[str], says: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sfumato.wiring.Parts.model", lambda self, name: pytest.fail("a model was loaded"))
    kept("ink")
    kept("pickled", pickle.dumps({"a": np.zeros(3)}))
    kept("flux", random_lora(INNER, base_model="flux-dev"))
    kept("wide", random_lora({"proj_out": (7, 9)}))
    kept("unet", renamed(random_lora({"down_blocks.0": (8, 8)}, ss_base_model_version="sd_1.5"), lambda n: n[12:]))
    kept("words", renamed(random_lora({"x": (8, 8)}), lambda name: name.replace("transformer", "text_encoder")))
    (home / "loras" / "old.ckpt").write_bytes(b"")
    assert says in refused(*wishes)


def test_where_there_are_none_the_way_to_one_is_told(home: Path):
    assert f"learn one with sfumato train lora, or put a safetensors file into {home}" in refused("x", kind=UnknownName)


def test_more_than_eight_are_refused(kept: Callable[..., Path]):
    for i in range(9):
        kept(f"l{i}", random_lora({"proj_out": OUT}, seed=i))
    assert len(planned(*[f"l{i}" for i in range(8)]).loras) == 8
    assert "more than the 8" in refused(*[f"l{i}" for i in range(9)])


def test_a_model_that_takes_none_says_so():
    with pytest.raises(RequestError, match="gaussian takes no LoRA: leave --lora out"):
        plan(Order(prompt="a", loras=("x",)), tiny_card(), Loras(Path()).find)


def test_other_weights_and_tags_in_the_prompt_are_warned_of(kept: Callable[..., Path]):
    kept("older", base_sha256="0" * 64)
    kept("same", base_sha256=CARD.digest_of("transformer.safetensors"))
    (told,) = Studio().plan("a", loras=["older"]).warnings
    assert told == "LoRA 'older' was learned on other weights of pocket: train it again if it fits badly"
    assert Studio().plan("a", loras=["same"]).warnings == []
    (told,) = Studio().plan("a <lora:ink:1>").warnings
    assert "use --lora name:weight" in told


# ---- pictures


def test_a_lora_changes_the_picture_its_weight_too_and_weight_0_nothing(kept: Callable[..., Path]):
    kept("ink")
    studio = Studio()
    wishes: list[tuple[str, ...]] = [(), ("ink:0",), ("ink:0.5",), ("ink",)]
    plain, none, half, full = (studio.paint("a pear", loras=some, **SMALL)[0].image.tobytes() for some in wishes)
    assert plain == none
    assert len({plain, half, full}) == 3


def test_replay_paints_the_same_and_needs_the_very_file(kept: Callable[..., Path], tmp_path: Path):
    path = kept("ink")
    (picture,) = Studio().paint("a pear", loras=["ink:0.8"], **SMALL)
    file = picture.save(tmp_path / "one.png")
    assert Studio().read(file).loras == ("ink:0.8",)
    replay = Studio().replay(file)
    assert (replay.same, replay.changed, replay.picture.recipe) == (True, 0, picture.recipe)
    digest = picture.recipe.loras[0].digest
    kept("ink", seed=9)
    with pytest.raises(RequestError, match=f"needs LoRA 'ink' as {digest}, and the file here is"):
        Studio().replay(file)
    path.unlink()
    with pytest.raises(RequestError, match=f"needs LoRA 'ink' \\({digest}\\), which is not here: put its file back"):
        Studio().replay(file)


def test_a_strangers_recipe_is_held_to_what_an_order_may_ask(kept: Callable[..., Path]):
    kept("ink")
    (use,) = planned("ink").loras
    find = Loras(kept("ink").parent).find
    for loras, says in [
        ((use, use), "named twice"),
        ((use.model_copy(update={"weight": 3.0}),), "weight 3 is outside"),
        ((use.model_copy(update={"name": "../ink"}),), "no name for a LoRA"),
        ((use.model_copy(update={"digest": "0" * 16}),), "as 0000000000000000, and the file here is"),
    ]:
        with pytest.raises(RequestError, match=says):
            check(planned().model_copy(update={"loras": loras}), CARD, find)
    for wrong in ({"name": "a/b"}, {"weight": float("inf")}, {"digest": "xyz"}):
        with pytest.raises(ValueError):
            LoraUse(**{**use.model_dump(), **wrong})


def test_a_file_that_changes_between_plan_and_picture_is_noticed(kept: Callable[..., Path], pocket: Model, home: Path):
    kept("ink")
    recipe = planned("ink")
    kept("ink", seed=9)
    (event,) = run([recipe], lambda name: pocket, exports.save, lora_of=Loras(home / "loras").load)
    assert isinstance(event, Failed)
    assert "is now another file" in str(event.error)


def test_recipes_with_and_without_go_side_by_side(kept: Callable[..., Path], pocket: Model, home: Path):
    kept("ink")
    recipes = [planned(), planned("ink"), planned("ink:0.5"), planned()]
    load = Loras(home / "loras").load
    together = list(run(recipes, lambda name: pocket, exports.save, lora_of=load))
    images = [event.picture.image.tobytes() for event in together if isinstance(event, Painted)]
    assert images[0] == images[3]
    assert len(set(images)) == 3


def test_a_recipe_from_before_there_was_lora_still_reads():
    one = planned()
    assert Recipe.model_validate_json(one.model_dump_json(exclude={"loras"}), strict=True) == one
    assert Recipe.model_validate_json(one.model_dump_json(), strict=True) == one


def test_automatic1111_reads_them_in_the_prompt(kept: Callable[..., Path]):
    kept("ink")
    kept("pip", seed=1)
    text = written(planned("ink:0.8", "pip:-1"))
    assert text.splitlines()[0] == "a pear <lora:ink:0.8> <lora:pip:-1>"
    assert without_loras(taken_apart(text)[0]) == ("a pear", ("ink:0.8", "pip:-1"))
    theirs = "a <lora:big one:0.6:0.3> pear\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"
    found = exports.readers["a1111"].read({"parameters": theirs})
    assert found is not None and (found.prompt, found.loras) == ("a pear", ("big one:0.6",))


# ---- variants of a model


@pytest.fixture
def variant(tmp_path: Path) -> tuple[Card, Path]:
    """Pocket with a small adapter beside its files, as a card of its own."""
    folder = tmp_path / "models"
    folder.mkdir()
    for file in CARD.files:
        (folder / file.name).symlink_to(FOLDER / file.name)
    data = random_lora(INNER, seed=4, base_model="pocket")
    (folder / "fast.safetensors").write_bytes(data)
    card = (FOLDER / "pocket.toml").read_text().replace('name = "pocket"', 'name = "pocket-fast"', 1)
    more = f'files = [\n    {{ name = "fast.safetensors", sha256 = "{sha256(data).hexdigest()}" }},'
    card = card.replace("files = [", more).replace(
        "noise =", 'adapter = "fast.safetensors"\nbases = ["pocket"]\nnoise ='
    )
    (folder / "pocket-fast.toml").write_text(card)
    return read_card(folder / "pocket-fast.toml"), folder


def test_a_variant_is_its_base_with_an_adapter(variant: tuple[Card, Path], model: Pocket):
    card, folder = variant
    fast = families[card.family](card, folder)
    added = read_lora((folder / "fast.safetensors").read_bytes())
    np.testing.assert_array_equal(looked(fast), looked(model.adapted([(added, 1.0)])))
    assert (looked(fast) != looked(model)).any()
    assert card.weights != CARD.weights


def test_a_variant_takes_its_bases_lora_beside_its_own(variant: tuple[Card, Path], model: Pocket, kept: Any):
    card, folder = variant
    path = kept("ink")
    found = Loras(path.parent, lambda name: folder).find("ink", card)
    fast = families[card.family](card, folder)
    added = read_lora((folder / "fast.safetensors").read_bytes())
    assert isinstance(fast, Pocket)
    np.testing.assert_array_equal(
        looked(fast.adapted([(found, 0.5)])), looked(model.adapted([(added, 1.0), (found, 0.5)]))
    )


def test_a_card_beside_pockets_is_in_the_catalogue(variant: tuple[Card, Path], monkeypatch: pytest.MonkeyPatch):
    _, folder = variant
    (folder / "cards").mkdir()
    shutil.copytree(folder, folder.parent / "pocket", symlinks=True)
    monkeypatch.setattr(catalog, "HERE", folder)
    catalog._paths.cache_clear()
    try:
        assert "pocket-fast" in catalog.names()
        assert catalog.folder("pocket-fast") == folder.parent / "pocket"
    finally:
        catalog._paths.cache_clear()


@pytest.mark.parametrize("line", ['adapter = "none.safetensors"', 'adaptable = "none.safetensors"'])
def test_a_card_names_only_adapters_that_are_among_its_files(tmp_path: Path, line: str):
    text = (FOLDER / "pocket.toml").read_text().replace('adaptable = "transformer.safetensors"\n', "")
    (tmp_path / "x.toml").write_text(text.replace("noise =", line + "\nnoise ="))
    with pytest.raises(JobFailed, match=r"none\.safetensors is not among its files"):
        read_card(tmp_path / "x.toml")


def test_every_card_that_says_it_takes_lora_does():
    for card in Studio().models():
        if card.adaptable is not None:
            model = families[card.family](card, catalog.folder(card.name))
            assert hasattr(model, "adapted") and hasattr(model, "student")
            shapes = modules(mapped(catalog.folder(card.name) / card.adaptable))
            taken: AdaptableModel = model  # type: ignore[assignment]
            view = taken.adapted([(read_lora(random_lora(shapes, size=0.01)), 1.0)])
            assert view.card is card


# ---- distilled guidance


def test_a_graph_that_takes_guidance_is_given_it():
    guided = families["pocket"](CARD, FOLDER)
    x = SeededNoise(3, guided.latent_shape(SIDE, SIDE))()

    def velocity(guidance: float | None) -> np.ndarray:
        return x - guided.look([Row(x, 1.0, guided.read("a pear"), guidance)])[0]

    np.testing.assert_array_equal(velocity(1.0), velocity(None))
    assert np.abs(velocity(6.0) - velocity(None)).mean() > np.abs(velocity(3.0) - velocity(None)).mean() > 0
