"""Learning a LoRA: from pictures that can be learned from, to a file that other programs read too."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sfumato import Studio, catalog
from sfumato.core.errors import OutputExists, RequestError, UnknownName
from sfumato.engine.families import Model
from sfumato.engine.families.pocket import Pocket
from sfumato.engine.noise import SeededNoise
from sfumato.engine.painting import Row
from sfumato.engine.weights.lora import Lora, read_lora
from sfumato.engine.weights.tensors import Tensors
from sfumato.testing import tiny_card
from sfumato.tuning.course import Course, check
from sfumato.tuning.lora import way
from sfumato.tuning.pictures import Lesson, found, lessons, opened, square

CARD = catalog.card("pocket")
SIDE = CARD.sizes.best // 2  # what is learned from here, in a quarter of the time


def drawing(seed: int, size: tuple[int, int] = (80, 80)) -> Image.Image:
    """A green ring somewhere, on nothing."""
    image = Image.new("RGBA", size)
    x, y = np.random.default_rng(seed).integers(5, 30, 2)
    ImageDraw.Draw(image).ellipse((x, y, x + 40, y + 40), outline=(10, 160, 60, 255), width=7)
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four rings."""
    inside = tmp_path / "rings"
    inside.mkdir()
    for i in range(4):
        drawing(i).save(inside / f"ring-{i}.png")
    return inside


def learned(paths: list[str | Path], **wishes: Any) -> tuple[list[Lesson], dict[str, str]]:
    good, skipped = lessons(paths, 32, **{"name": "ink", "kind": "style", "caption": None, **wishes})
    return good, {one.path.name: one.why for one in skipped}


# ---- pictures and their captions


@pytest.mark.parametrize(
    ("file", "beside", "wishes", "caption"),
    [
        ("red-apple.png", None, {}, "red apple, ink style"),
        ("IMG_0042 Red_Apple(2).png", None, {}, "img red apple, ink style"),
        ("0042.png", None, {}, "ink style"),
        ("0042.png", None, {"caption": "  a  thing "}, "a thing, ink style"),
        ("a.png", "the castle\nof my aunt\n", {"caption": "a thing"}, "the castle of my aunt, ink style"),
        ("a.png", "\ufeff", {}, "ink style"),
        ("happy.png", None, {"kind": "subject"}, "ink, happy"),
        ("1.png", None, {"kind": "subject"}, "ink"),
        ("Äpfel_im_Korb.png", None, {}, "äpfel im korb, ink style"),
    ],
)
def test_a_caption_is_the_text_beside_or_the_one_given_or_the_files_name(
    folder: Path, file: str, beside: str | None, wishes: dict[str, Any], caption: str
):
    drawing(9).save(folder / file)
    if beside is not None:
        (folder / file).with_suffix(".txt").write_text(beside, encoding="utf-8")
    good, _ = learned([folder], **wishes)
    assert {one.path.name: one.caption for one in good}[file] == caption


def bad_pictures(folder: Path) -> dict[str, str]:
    """Pictures that cannot be learned from, and why, by name."""
    drawing(1).resize((31, 200)).save(folder / "thin.png")
    (folder / "text.jpg").write_text("hello")
    drawing(1).save(folder / "half.png")
    (folder / "half.png").write_bytes((folder / "half.png").read_bytes()[:200])
    drawing(1).save(folder / "moves.webp", save_all=True, append_images=[drawing(2)])
    Image.new("1", (8001, 8000)).save(folder / "huge.png")
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    drawing(1).save(folder / "latin.png")
    (folder / "latin.txt").write_bytes("caf\xe9".encode("latin-1"))
    return {
        "thin.png": "31x200 is too small: at least 32 pixels a side",
        "text.jpg": "its content is not",
        "half.png": "it is cut short",
        "moves.webp": "it moves: save one frame of it",
        "huge.png": "at most 64 megapixels",
        "bomb.png": "pixels",
        "pipe.png": "it is not a plain file",
        "gone.png": "no such file or directory",
        "latin.png": "its caption latin.txt is not UTF-8 text",
    }


@pytest.mark.filterwarnings("error")
def test_bad_pictures_are_named_with_their_reason_and_skipped(folder: Path):
    reasons = bad_pictures(folder)
    (folder / "notes.txt").write_text("no picture, and not taken for one")
    (folder / ".hidden.png").write_text("nor this")
    good, why = learned([folder])
    assert why.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert reason in why[name] and name not in why[name]
    assert [one.path.name for one in good] == [f"ring-{i}.png" for i in range(4)]


def test_fewer_than_three_are_refused_with_the_reasons(folder: Path, tmp_path: Path):
    (folder / "text.jpg").write_text("hello")
    with pytest.raises(
        RequestError, match=r"2 pictures can be learned from, and at least 3 .*: text.jpg: its content is not"
    ):
        learned([folder / "ring-0.png", folder / "ring-1.png", folder / "text.jpg"])
    with pytest.raises(RequestError, match=r"0 pictures can be learned from.*: give files, or folders"):
        learned([tmp_path])
    for nowhere in (tmp_path / "nowhere", "a\0b", "x" * 5000):
        with pytest.raises(RequestError, match="cannot be read"):
            learned([nowhere])


def test_each_picture_is_taken_once(folder: Path):
    assert len(found([folder, folder, folder / "ring-0.png"])) == 4


def test_a_picture_is_made_square_upright_and_keeps_its_transparency(tmp_path: Path):
    wide = Image.new("RGB", (200, 100), (200, 0, 0))
    pixels = square(wide.convert("RGBA"), 32)
    assert (pixels.shape, pixels.dtype) == ((32, 32, 4), np.uint8)
    assert (pixels[8:24] == (200, 0, 0, 255)).all()
    assert not pixels[:8].any() and not pixels[24:].any()
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by a quarter
    wide.save(tmp_path / "a.jpg", exif=turned)
    assert opened(tmp_path / "a.jpg").size == (100, 200)
    edge = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    edge.paste((200, 0, 0, 255), (0, 0, 33, 64))
    shrunk = square(edge, 32)
    off = np.abs(shrunk[:, 16].astype(int) - (200, 0, 0, 128))
    assert off.max() <= 2  # no white from what is not seen


# ---- before it begins


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"name": "../x"}, "no name for a LoRA"),
        ({"kind": "styles"}, "did you mean 'style'?"),
        ({"steps": 0}, "steps 0 is outside 1 to 100000"),
        ({"steps": 1, "minutes": 1.0}, "not both"),
        ({"minutes": 0.0}, "minutes 0 is outside 0.01 to 1440"),
        ({"minutes": float("nan")}, "minutes is not a number"),
        ({"rank": 0}, "rank 0 is outside 1 to 128"),
        ({"seed": -1}, "seed -1 is outside 0"),
        ({"seed": 2**64}, "seed 18446744073709551616 is outside 0"),
        ({"model": "pockt"}, "did you mean 'pocket'?"),
    ],
    ids=str,
)
def test_wrong_wishes_are_told_before_anything_loads(
    folder: Path, wishes: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sfumato.wiring.Parts.model", lambda self, name: pytest.fail("a model was loaded"))
    with pytest.raises(RequestError) as error:
        Studio().train_lora([folder], Course(**{"name": "ink", **wishes}))
    assert says in str(error.value)


def test_a_model_that_takes_none_says_so():
    with pytest.raises(RequestError, match="gaussian takes no LoRA"):
        check(Course("ink"), tiny_card())


def test_without_torch_one_line_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RequestError, match=r"learning needs torch .*: pip install 'sfumato\[torch\]'"):
        Studio().train_lora([folder], "ink")


def test_one_that_is_there_is_not_learned_over(folder: Path, home: Path):
    (home / "loras").mkdir()
    (home / "loras" / "ink.safetensors").write_bytes(b"mine")
    with pytest.raises(OutputExists, match="add --force"):
        Studio().train_lora([folder], "ink")


def test_the_way_has_as_many_steps_as_asked_or_takes_as_long(monkeypatch: pytest.MonkeyPatch):
    told: list[tuple[int, int]] = []
    rates = list(way(Course("ink", steps=4), 10, lambda *at: told.append(at)))
    assert rates == [0, 0.25, 0.5, 0.75]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    clock = iter([0.0, 20.0, 40.0, 61.0])
    monkeypatch.setattr("sfumato.tuning.lora.time.monotonic", lambda: next(clock))
    told.clear()
    assert list(way(Course("ink", minutes=1.0), 10, lambda *at: told.append(at))) == pytest.approx([0, 1 / 3, 2 / 3])
    assert told == [(1, 3), (2, 3), (3, 3)]


# ---- learning, with torch


@pytest.fixture
def torch() -> Any:
    pytest.importorskip("diffusers")
    pytest.importorskip("peft")
    return pytest.importorskip("torch")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are learned from at SIDE, whatever is best for the model."""
    train = sys.modules["sfumato.tuning.train"]  # the package has a function of that name

    def lessons_of_side(paths: Any, side: int, *rest: Any) -> Any:
        assert side == CARD.sizes.best
        return lessons(paths, SIDE, *rest)

    monkeypatch.setattr(train, "lessons", lessons_of_side)


def off(model: Model, folder: Path, caption: str) -> float:
    """Mean squared error of the velocity at the folder's own pictures: what learning is to lower."""
    errors = []
    for i, path in enumerate(sorted(folder.glob("ring-*.png"))):
        clean, noise = model.encode(square(opened(path), SIDE)), SeededNoise(i, model.latent_shape(SIDE, SIDE))()
        for sigma in (0.3, 0.6, 0.9):
            x = (1 - sigma) * clean + sigma * noise
            (found_,) = model.look([Row(x, sigma, model.read(caption))])
            errors.append((((x - found_) / sigma - (noise - clean)) ** 2).mean())
    return float(np.mean(errors))


def moved(model: Pocket, one: Lora, prompt: str) -> float:
    """How far a LoRA moves what is seen behind noise, for a prompt."""
    x = SeededNoise(1, model.latent_shape(SIDE, SIDE))()
    looks = (at.look([Row(x, 0.95, model.read(prompt))])[0] for at in (model, model.adapted([(one, 1.0)])))
    before, after = looks
    return float(np.abs(after - before).mean())


@pytest.mark.usefixtures("torch", "small")
def test_what_is_learned_helps_with_its_pictures_and_is_kept_with_all_it_is(folder: Path, home: Path, pocket: Pocket):
    (folder / "bad.png").write_text("no picture")
    told: list[tuple[int, int]] = []
    trained = Studio().train_lora([folder], Course("rings", steps=16, rank=4), told=lambda *at: told.append(at))
    assert (trained.path, trained.learned) == (home / "loras" / "rings.safetensors", 4)
    assert [one.path.name for one in trained.skipped] == ["bad.png"]
    assert told == [(i + 1, 16) for i in range(16)]
    assert trained.command == 'sfumato generate "a red apple, rings style" --lora rings'

    (kept,) = Studio().loras()
    assert (kept.name, kept.base, kept.trigger, kept.rank, kept.pictures, kept.problem) == (
        "rings", "pocket", "rings style", "4", "4", "",
    )  # fmt: skip
    assert len(kept.created) == 10

    one = read_lora(trained.path.read_bytes())
    before, after = (
        off(pocket, folder, "ring, rings style"),
        off(pocket.adapted([(one, 1.0)]), folder, "ring, rings style"),
    )
    assert after < 0.9 * before
    others = max(moved(pocket, one, prompt) for prompt in ("a cat", ""))
    assert others < 0.75 * moved(pocket, one, "ring, rings style")
    assert Studio().plan("a", loras=["rings"]).warnings == []  # learned on the very weights that are here


@pytest.mark.usefixtures("torch", "small")
def test_the_same_pictures_and_seed_give_the_same_lora(folder: Path):
    def numbers(name: str, **wishes: Any) -> dict[str, bytes]:
        course = Course(name, steps=2, rank=2, **wishes)
        tensors = Tensors(Studio().train_lora([folder], course).path.read_bytes())
        return {name: tensors[name].tobytes() for name in tensors}

    first = numbers("one", caption="ring, one")
    assert numbers("two", caption="ring, one", kind="style") != first  # another word in the captions
    Studio().remove_lora("one")
    assert numbers("one", caption="ring, one") == first
    assert numbers("one", caption="ring, one", seed=1, force=True) != first


@pytest.mark.usefixtures("small")
def test_diffusers_reads_the_file_and_computes_the_same(folder: Path, torch: Any, pocket: Pocket):
    trained = Studio().train_lora([folder], Course("rings", "subject", steps=6, rank=4))
    theirs, plain = pocket.student(), pocket.student()
    theirs.network.load_lora_adapter(str(trained.path), prefix="transformer")
    ours = pocket.adapted([(read_lora(trained.path.read_bytes()), 1.0)])
    best = CARD.sizes.best
    x, text = SeededNoise(3, pocket.latent_shape(best, best))(), pocket.read("rings")
    with torch.inference_mode():
        given = torch.from_numpy(x)[None], torch.tensor([0.7]), [text]
        wanted, without = (one.velocity(*given)[0].numpy() for one in (theirs, plain))
    found_ = (x - ours.look([Row(x, 0.7, text)])[0]) / 0.7
    error = np.sqrt(((found_ - wanted) ** 2).mean() / (wanted**2).mean())
    moved = np.sqrt(((without - wanted) ** 2).mean() / (wanted**2).mean())
    assert error < 0.02 < 0.5 * moved


@pytest.mark.usefixtures("torch")
def test_stopped_halfway_nothing_is_kept(folder: Path, home: Path):
    def stop(step: int, steps: int) -> None:
        if step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Studio().train_lora([folder], Course("rings", steps=3, rank=1), told=stop)
    assert not list(home.rglob("*rings*"))


@pytest.mark.usefixtures("torch")
def test_a_student_answers_as_the_graph_does(pocket: Pocket, torch: Any):
    """Also side by side in a batch, with texts of other lengths."""
    student = pocket.student()
    texts = [pocket.read("a red apple"), pocket.read("a blue car, flat style")]
    x = np.stack([SeededNoise(i, pocket.latent_shape(SIDE, SIDE))() for i in range(2)])
    with torch.inference_mode():
        answers = student.velocity(torch.from_numpy(x), torch.tensor([0.9, 0.4]), texts).numpy()
    for i, sigma in enumerate([0.9, 0.4]):
        (clean,) = pocket.look([Row(x[i], sigma, texts[i])])
        wanted = (x[i] - clean) / sigma
        assert np.sqrt(((answers[i] - wanted) ** 2).mean() / (wanted**2).mean()) < 0.03


def test_removing_one_that_is_not_there_names_the_nearest(home: Path):
    (home / "loras").mkdir()
    (home / "loras" / "rings.safetensors").write_bytes(b"")
    with pytest.raises(UnknownName, match="did you mean 'rings'"):
        Studio().remove_lora("ring")
    assert "it is not a safetensors file" in Studio().loras()[0].problem
    Studio().remove_lora("rings")
    assert Studio().loras() == []
