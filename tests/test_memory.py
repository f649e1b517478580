"""Memory: models up to a budget, a second try where it ran out, and all of it back after."""

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sfumato import Studio, exports
from sfumato.core.card import Card
from sfumato.core.errors import JobFailed
from sfumato.core.order import Order
from sfumato.engine import memory
from sfumato.engine.families import USUAL, Manner, Model
from sfumato.engine.loaded import Loaded
from sfumato.engine.memory import RanOut, ran_out
from sfumato.planning import plan
from sfumato.settings import Settings
from sfumato.testing import GaussianModel, tiny_card
from sfumato.wiring import Parts
from sfumato.worker.run import Event, Failed, Painted, Warned, run

THRIFTY = Manner(thrift=1)


class Shelf:
    """Makes models of ten bytes each, and remembers which."""

    def __init__(self, budget: float):
        self.made: list[tuple[str, Manner]] = []
        self.loaded = Loaded(self._load, lambda name: 10, lambda: budget)

    def _load(self, name: str, manner: Manner) -> Model:
        self.made.append((name, manner))
        return GaussianModel()


def test_models_stay_up_to_the_budget_and_the_one_longest_not_used_goes():
    shelf = Shelf(25)
    first, second = shelf.loaded.model("one"), shelf.loaded.model("two")
    assert shelf.loaded.model("one") is first and shelf.loaded.model("two") is second and len(shelf.made) == 2
    shelf.loaded.model("one")
    shelf.loaded.model("three")
    assert shelf.loaded.names() == ("one", "three")
    assert shelf.loaded.model("one") is first and len(shelf.made) == 3


def test_one_that_is_larger_than_the_budget_is_loaded_all_the_same_but_alone():
    shelf = Shelf(5)
    for name in ("one", "two", "two"):
        shelf.loaded.model(name)
    assert shelf.loaded.names() == ("two",) and len(shelf.made) == 2


def test_each_manner_is_a_model_of_its_own_and_a_thrifty_one_stands_alone():
    shelf = Shelf(100)
    assert shelf.loaded.model("one") is not shelf.loaded.model("one", Manner(fast=True))
    assert shelf.loaded.names() == ("one",) and len(shelf.made) == 2
    shelf.loaded.model("two", THRIFTY)
    assert shelf.loaded.names() == ("two",)


def test_networks_beside_a_model_count_as_soon_as_they_are_there():
    shelf = Shelf(25)
    first, second = shelf.loaded.model("one"), shelf.loaded.model("two")
    second.beside = SimpleNamespace(taken=10, told=[])  # type: ignore[attr-defined] - as a family's ledger
    assert shelf.loaded.model("two") is second and shelf.loaded.names() == ("two",)
    assert shelf.loaded.model("one") is not first


def test_what_has_no_memory_while_it_is_read_is_not_called_damaged(tmp_path: Path, monkeypatch: Any):
    """Memory that runs out on a processor is a RuntimeError, as much else that libraries raise of a file."""
    pytest.importorskip("torch")
    import tiny_models
    from diffusers import UNet2DConditionModel

    def full(*given: Any, **named: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    tiny_models.stable_diffusion(tmp_path / "models" / "dreamshaper-8")
    parts = Parts(Settings(home=tmp_path))
    monkeypatch.setattr(UNet2DConditionModel, "from_pretrained", full)
    with pytest.raises(RanOut, match="it needs "):
        parts.model("dreamshaper-8")


def test_what_goes_gives_its_memory_back():
    shelf = Shelf(10)
    model = shelf.loaded.model("one")
    model.ring = model  # type: ignore[attr-defined] - as models that remember what they have read hold themselves
    gone = weakref.ref(model)
    del model
    shelf.loaded.model("two")
    assert gone() is None


def test_real_models_make_room_for_each_other(tmp_path: Path):
    torch = pytest.importorskip("torch")
    import tiny_models

    names = {"one": tiny_models.stable_diffusion, "two": tiny_models.stable_diffusion}
    for name, make in names.items():
        make(tmp_path / "models" / name)
        (tmp_path / "cards").mkdir(exist_ok=True)
        card = Parts().catalog.card("dreamshaper-8").model_copy(update={"name": name})
        (tmp_path / "cards" / f"{name}.toml").write_text(toml(card))
    parts = Parts(Settings(home=tmp_path, model_memory=1e-6))
    unet = weakref.ref(parts.model("one")._wardrobe._networks["unet"])
    assert isinstance(unet(), torch.nn.Module)
    parts.model("two")
    assert unet() is None and parts.loaded.names() == ("two",)


def test_weights_of_16_bits_count_as_the_fp32_that_they_become(tmp_path: Path):
    """On a processor; by their headers, before they are read."""
    pytest.importorskip("torch")
    import tiny_models
    from safetensors.torch import load_file, save_file

    folder = tiny_models.stable_diffusion(tmp_path / "tiny")
    studio = Studio(Settings(home=tmp_path))
    studio.import_models(folder, like="sd-1.5")
    before = studio._parts._weigh("tiny")
    for file in folder.glob("*/*.safetensors"):
        save_file({name: tensor.half() for name, tensor in load_file(file).items()}, file)
    assert 0.9 * before < studio._parts._weigh("tiny") <= before
    assert sum(file.stat().st_size for file in folder.glob("*/*.safetensors")) < 0.6 * before


def toml(card: Card) -> str:
    import json

    said = card.model_dump(exclude_none=True, exclude_defaults=True) | {"files": []}

    def value(x: object) -> str:
        if isinstance(x, dict):
            return "{" + ", ".join(f"{json.dumps(k)} = {value(v)}" for k, v in x.items()) + "}"
        return json.dumps(list(x) if isinstance(x, tuple) else x)

    return "\n".join(f"{name} = {value(given)}" for name, given in said.items())


class Full(GaussianModel):
    """One whose memory runs out, where it is told to."""

    def __init__(self, where: str, error: Callable[[], Exception]):
        super().__init__()
        self.where, self.error = where, error

    def read(self, prompt: str):
        self._full("read")
        return super().read(prompt)

    def look(self, rows):
        self._full("look")
        return super().look(rows)

    def decode(self, latent):
        self._full("decode")
        return super().decode(latent)

    def _full(self, where: str) -> None:
        if where == self.where:
            held.append(np.zeros(1000))  # what a step would have computed
            raise self.error()


held: list[np.ndarray] = []


def torch_ran_out() -> Exception:
    import torch

    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


def events_of(models: dict[Manner, Model], n: int = 1) -> list[Event]:
    def model_of(name: str, manner: Manner = USUAL) -> Model:
        if manner not in models:
            raise MemoryError
        return models[manner]

    return list(run(plan(Order(prompt="a", n=n, seed=1), tiny_card()).recipes, model_of, exports.save))


@pytest.mark.parametrize("where", ["read", "look", "decode"])
@pytest.mark.parametrize("error", [MemoryError, torch_ran_out], ids=["memory", "torch"])
def test_a_picture_is_painted_again_more_thriftily(where: str, error: Callable[[], Exception]):
    pytest.importorskip("torch")
    events = events_of({USUAL: Full(where, error), THRIFTY: GaussianModel()})
    (picture,) = [event.picture for event in events if isinstance(event, Painted)]
    (told,) = [event.text for event in events if isinstance(event, Warned)]
    assert told.startswith("gaussian ran out of memory (") and told.endswith("painted again more thriftily")
    assert not [event for event in events if isinstance(event, Failed)]
    (alone,) = [event.picture for event in events_of({USUAL: GaussianModel()}) if isinstance(event, Painted)]
    assert picture.image.tobytes() == alone.image.tobytes()


def test_loading_that_runs_out_of_memory_is_tried_again_too():
    events = events_of({THRIFTY: GaussianModel()})
    assert [type(event) for event in events if not isinstance(event, Warned)][-1] is Painted


def test_the_second_time_is_the_last_and_says_what_there_is():
    events = events_of({USUAL: Full("look", MemoryError), THRIFTY: Full("look", MemoryError)}, n=2)
    failed = [event.error for event in events if isinstance(event, Failed)]
    assert len(failed) == 2 and all(isinstance(error, JobFailed) for error in failed)
    assert "ran out of memory twice" in str(failed[0]) and "GB are there; paint a smaller --size" in str(failed[0])
    assert "\n" not in str(failed[0])


@pytest.mark.parametrize("where", ["load", "look"])
def test_it_says_what_the_model_needs_too(where: str):
    """As it was placed the second time, whether it was loaded then or not."""
    needs = "12.0 GB in bf16 (6.1 with SFUMATO_PRECISION=nf4)"
    full = Full(where, MemoryError)
    full.needs = needs  # type: ignore[attr-defined] - as a model of a family over diffusers says

    def model_of(name: str, manner: Manner = USUAL) -> Model:
        if where == "load":
            raise RanOut(needs)
        return full

    events = list(run(plan(Order(prompt="a", seed=1), tiny_card()).recipes, model_of, exports.save))
    (error,) = [event.error for event in events if isinstance(event, Failed)]
    assert f"it needs {needs}, and " in str(error) and "GB are there; paint a smaller" in str(error)


def test_a_real_model_that_cannot_be_loaded_says_what_it_needs_and_is_gone(tmp_path: Path, monkeypatch: Any):
    """Both times: the error carries what its card counts, and nothing of the model stays."""
    torch = pytest.importorskip("torch")
    import tiny_models

    from sfumato.engine.families.stable_diffusion import StableDiffusion

    tiny_models.stable_diffusion(tmp_path / "models" / "dreamshaper-8")
    parts, made = Parts(Settings(home=tmp_path)), []

    def full(self: Any) -> Any:
        made.append(weakref.ref(self._unet.network))
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(StableDiffusion, "read", property(full, lambda self, read: full(self)), raising=False)
    card = parts.card("dreamshaper-8")
    events = list(run(plan(Order(prompt="a", seed=1), card).recipes, parts.model, exports.save))
    (error,) = [event.error for event in events if isinstance(event, Failed)]
    assert "it needs 5.1 GB in bf16, and" in str(error)
    memory.give_back()
    assert len(made) == 2 and [one() for one in made] == [None, None] and parts.loaded.names() == ()


def test_another_error_is_no_second_try():
    (event,) = events_of({USUAL: Full("look", lambda: ArithmeticError("odd")), THRIFTY: GaussianModel()})
    assert isinstance(event, Failed) and isinstance(event.error, ArithmeticError)


def test_when_it_is_begun_again_nothing_holds_the_first_model():
    first = Full("look", MemoryError)
    models, gone = {USUAL: first}, weakref.ref(first)
    del first

    def model_of(name: str, manner: Manner = USUAL) -> Model:
        if manner == USUAL:
            return models.pop(USUAL)
        gc.collect()
        assert gone() is None
        return GaussianModel()

    events = list(run(plan(Order(prompt="a", seed=1), tiny_card()).recipes, model_of, exports.save))
    assert isinstance(events[-1], Painted)


def test_what_says_that_memory_ran_out():
    assert ran_out(MemoryError()) and ran_out(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))
    assert not ran_out(RuntimeError("shapes")) and not ran_out(ValueError("can't allocate memory"))
