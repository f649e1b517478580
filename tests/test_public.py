"""The library's own door: what `from sfumato import ...` promises."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

import sfumato
from sfumato import Order, Picture, Recipe, Settings, Studio, catalog
from sfumato.core.card import Card
from sfumato.core.errors import CannotWrite, OutputExists, RequestError
from sfumato.library import Library
from sfumato.wiring import Parts

SIDE = catalog.card().sizes.low
SMALL = {"width": SIDE, "height": SIDE, "steps": 2}


def test_paint_gives_pictures_with_all_that_is_promised(tmp_path: Path, home: Path):
    pictures = Studio().paint("a red apple", n=2, seed=5, **SMALL)
    assert [picture.recipe.seed for picture in pictures] == [5, 6]
    for picture in pictures:
        assert isinstance(picture, Picture)
        assert isinstance(picture.recipe, Recipe)
        assert (picture.image.mode, picture.image.size) == ("RGBA", (SIDE, SIDE))
        assert picture.seconds > 0
        with Image.open(picture.save(tmp_path / f"{picture.recipe.seed}.png")) as saved:
            assert saved.convert("RGBA").tobytes() == picture.image.tobytes()
        (tmp_path / "shown.png").write_bytes(picture._repr_png_())
        with Image.open(tmp_path / "shown.png") as shown:
            assert shown.convert("RGBA").tobytes() == picture.image.tobytes()
    with pytest.raises(OutputExists):
        pictures[0].save(tmp_path / "5.png")
    assert Library(home).count() == 2


def test_an_order_can_be_painted_and_its_recipes_too():
    studio = Studio()
    order = Order(prompt="a red apple", seed=5, **SMALL)
    (picture,) = studio.paint(order)
    (again,) = [p for event in studio.watch(studio.plan(order).recipes) if (p := getattr(event, "picture", None))]
    assert again.image.tobytes() == picture.image.tobytes()
    assert studio.plan(order).recipes == [picture.recipe]


def test_what_is_kept_is_found_and_what_is_not_is_not(home: Path):
    studio = Studio()
    studio.paint("a red apple", seed=1, **SMALL)
    studio.paint("a blue car", seed=2, keep=False, **SMALL)
    assert [entry.recipe.prompt for entry in studio.find()] == ["a red apple"]
    assert studio.find("car") == []
    assert studio.find("APPLE red", model="pocket")[0].recipe.seed == 1


def test_settings_say_where_the_library_is(tmp_path: Path, home: Path):
    studio = Studio(Settings(home=tmp_path / "mine"))
    studio.paint("a red apple", seed=1, **SMALL)
    assert Library(tmp_path / "mine").count() == 1
    assert not (home / "library.db").exists()


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SFUMATO_HOME", "")
    assert Settings().home.is_absolute()


def test_wrong_wishes_are_request_errors_before_anything_loads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Parts, "model", lambda self, name: pytest.fail("a model was loaded"))
    for wishes in ({"steps": 0}, {"colour": "red"}, {"steps": "many"}, {"model": "x"}, {"width": None, "height": 1}):
        with pytest.raises(RequestError):
            Studio().paint("a", **wishes)
    with pytest.raises(RequestError, match="prompt: "):
        Studio().paint(None)  # type: ignore[arg-type]


def test_threads_with_one_studio_do_not_disturb_each_other(monkeypatch: pytest.MonkeyPatch):
    """Not in what they paint, not in what is kept."""
    orders = {f"a {thing}": seed for seed, thing in enumerate(["pear", "car", "cat", "sun"])}
    alone = {words: Studio().paint(words, n=3, seed=seed, keep=False, **SMALL) for words, seed in orders.items()}
    studio, together, failures = Studio(), {}, []
    ready = threading.Barrier(len(orders))

    def work(words: str, seed: int) -> None:
        try:
            ready.wait()
            together[words] = studio.paint(words, n=3, seed=seed, **SMALL)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=item) for item in orders.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for words, pictures in alone.items():
        assert [p.image.tobytes() for p in together[words]] == [p.image.tobytes() for p in pictures]
    assert len(studio.find(limit=100)) == 12


def test_threads_that_come_at_once_wait_for_the_one_that_loads(monkeypatch: pytest.MonkeyPatch):
    loads = []

    def slowly(card: Card, folder: Path) -> object:
        loads.append(card.name)
        time.sleep(0.1)
        return object()

    monkeypatch.setattr("sfumato.engine.families.pocket.PART", slowly)
    parts, found = Parts(), []
    threads = [threading.Thread(target=lambda: found.append(parts.model("pocket"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["pocket"]
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_library_that_cannot_be_is_told_and_costs_no_picture(tmp_path: Path):
    (tmp_path / "file").write_text("here is a file")
    studio = Studio(Settings(home=tmp_path / "file"))
    with pytest.warns(UserWarning, match="not kept in the library: .*file"):
        (picture,) = studio.paint("a red apple", **SMALL)
    with pytest.raises(CannotWrite):
        studio.keep(picture)


def test_public_names_are_there_and_nothing_else():
    for name in sfumato.__all__:
        assert getattr(sfumato, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Studi'"):
        sfumato.Studi


def test_importing_is_light():
    code = "import sfumato, sys; print({'numpy', 'pydantic', 'PIL', 'onnxruntime'} & sys.modules.keys())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_settings_that_are_left_blank_stay_so_in_another_process(monkeypatch: pytest.MonkeyPatch):
    was = Settings()
    for name, value in was.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == was
