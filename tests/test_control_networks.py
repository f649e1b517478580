"""Networks that make control pictures: computed as others compute them, and people found where they are.

No weights are fetched: HED and Depth Anything are tiny and random, and what finds people are dots of colour.
"""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from standins import NEAR, SOMEBODY, entry_of, kept_standins

from sfumato import Studio
from sfumato.controls import _people as bodies
from sfumato.controls import controls, depth, pose, softedge
from sfumato.core.errors import JobFailed, MissingPackage, MissingWeights, RequestError
from sfumato.weights import NONE_KEPT, Weights

torch = pytest.importorskip("torch")
CHANNELS = 4, 5, 6, 7, 8
RNG = np.random.default_rng(5)


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), np.uint8)).convert("RGBA")


def kept(folder: Path, name: str, file: str, data: bytes) -> Weights:
    (folder / name).mkdir()
    (folder / name / file).write_bytes(data)
    return Weights(folder, {name: entry_of(name, {file: data})})


# ---- soft edges


@pytest.fixture
def hed(tmp_path: Path) -> Path:
    """HED's layout with few channels, as Keras writes it."""
    h5py = pytest.importorskip("h5py")
    path, rng = tmp_path / "tiny.h5", np.random.default_rng(6)
    with h5py.File(path, "w") as file:

        def layer(place: str, *shape: int, size: float = 1.0) -> None:
            scale = size * math.sqrt(2 / np.prod(shape[:3]))
            file[f"{place}/vars/0"] = rng.normal(0, scale, shape).astype(np.float32)
            file[f"{place}/vars/1"] = rng.normal(0, 0.1, shape[-1]).astype(np.float32)

        before = 3
        for at, (count, channels) in enumerate(zip((2, 2, 3, 3, 3), CHANNELS, strict=True), 1):
            for one in range(count):
                layer(f"block{at}/layers/conv2d{f'_{one}' if one else ''}", 3, 3, before, channels)
                before = channels
            layer(f"dsn{at}", 1, 1, channels, 1)
        layer("fuse", 1, 1, 5, 1, size=0.02)  # so that its answers are neither all 0 nor all 1
    return path


def by_torch(path: Path, x: np.ndarray) -> np.ndarray:
    """The same network by torch's own convolutions, poolings and resizing."""
    import h5py

    f = torch.nn.functional
    with h5py.File(path) as file:

        def layer(x: Any, place: str) -> Any:
            weight, bias = (torch.from_numpy(np.array(file[f"{place}/vars/{n}"])) for n in (0, 1))
            return f.conv2d(x, weight.permute(3, 2, 0, 1), bias, padding=weight.shape[0] // 2)

        now = torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None]
        size, answers = now.shape[-2:], []
        for at, count in enumerate((2, 2, 3, 3, 3), 1):
            now = f.max_pool2d(now, 2, ceil_mode=True) if at > 1 else now
            for one in range(count):
                now = f.relu(layer(now, f"block{at}/layers/conv2d{f'_{one}' if one else ''}"))
            answers.append(f.interpolate(layer(now, f"dsn{at}"), size, mode="bilinear", align_corners=False))
        return torch.sigmoid(layer(torch.cat(answers, 1), "fuse"))[0, 0].numpy()


@pytest.mark.parametrize("size", [(64, 48), (53, 37)])
def test_hed_is_what_torch_computes_of_the_same_file(hed: Path, size: tuple[int, int], tmp_path: Path):
    image = noise(*size)
    mean = np.array([104.00699, 116.66877, 122.67892], np.float32)
    wanted = by_torch(hed, np.asarray(image.convert("RGB"), np.float32)[..., ::-1] - mean)
    assert wanted.std() > 0.01
    weights = kept(tmp_path, softedge.WEIGHTS, "tiny.h5", hed.read_bytes())
    found = np.asarray(controls["softedge"].make(image, weights).convert("L"), int)
    assert np.abs(found - np.round(wanted * 255)).max() <= 1


def test_soft_edges_say_which_way_they_were_made(hed: Path, tmp_path: Path, home: Path):
    image = noise(40, 40)
    image.save(tmp_path / "noise.png")
    without = Studio().control_picture("softedge", tmp_path / "noise.png")
    assert without.warnings == ("softedge: by slopes; sfumato pull soft-edges brings HED, which is calmer in textures",)
    told: list[str] = []
    Studio().control(f"softedge:{tmp_path / 'noise.png'}", told.append)
    assert tuple(told) == without.warnings
    weights = kept(home, softedge.WEIGHTS, "tiny.h5", hed.read_bytes())
    assert controls["softedge"].told(weights) == ("softedge: by HED",)
    assert controls["softedge"].make(image, weights) != controls["softedge"].make(image, NONE_KEPT)


def test_a_plan_notes_how_a_picture_is_to_be_made():
    from sfumato.planning.steering import NO_MEANS, made_by

    means = replace(NO_MEANS, how=lambda kind: controls[kind].told(NONE_KEPT))
    wishes = [f"softedge:{'a' * 64}", f"canny:{'a' * 64}", f"softedge:{'b' * 64}:0.5"]
    assert [note.split(";")[0] for note in made_by(wishes, means)] == ["softedge: by slopes"]
    assert made_by([f"softedge:{'a' * 64}:ready"], means) == []


def test_what_is_not_installed_is_told(hed: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sfumato.core.packages.find_spec", lambda name: None)
    for kind, weights in {
        "softedge": kept(tmp_path, softedge.WEIGHTS, "tiny.h5", hed.read_bytes()),
        "pose": kept(tmp_path, pose.WEIGHTS, "x.tflite", b"x"),
    }.items():
        with pytest.raises(MissingPackage, match=r"pip install 'sfumato\[controls\]'"):
            controls[kind].make(noise(8, 8), weights)


def test_another_file_is_no_hed(tmp_path: Path):
    pytest.importorskip("h5py")
    weights = kept(tmp_path, softedge.WEIGHTS, "tiny.h5", b"no HDF5")
    with pytest.raises(JobFailed, match=r"tiny\.h5 is not HED as Keras writes it.*sfumato verify soft-edges"):
        controls["softedge"].make(noise(16, 16), weights)


# ---- people: networks that see dots of colour, so that it is known where everybody is


def colour(at: int) -> tuple[int, int, int]:
    return 255, 40 + 5 * at, 255 - 5 * at


def dots(part: np.ndarray, at: int) -> np.ndarray | None:
    """Where in a network's picture the dot of a point is, pixels; None where it is not."""
    near = np.abs(part * 255 - colour(at)).max(-1) < 2.5
    return None if not near.any() else np.argwhere(near).mean(0)[::-1] + 0.5


def drawn(size: tuple[int, int], points: np.ndarray, radius: int = 4, image: Image.Image | None = None) -> Image.Image:
    """points: (35, 2), a body's, and the middle and top of its square."""
    image = image or Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for at, (x, y) in enumerate(points):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour(at))
    return image


def stickman(middle: tuple[float, float], high: float, turn: float) -> np.ndarray:
    """Points of somebody, on a spiral so that no two are near each other; the last two say where the square is."""
    angles = np.arange(33) * 2.4
    away = high * 0.4 * np.sqrt((np.arange(33) + 1) / 33)
    points = np.stack([away * np.cos(angles), away * np.sin(angles)], 1)
    points = np.concatenate([points, [[0, 0], [0, -high / 2]]])
    cos, sin = math.cos(turn), math.sin(turn)
    return points @ np.array([[cos, sin], [-sin, cos]]) + middle


def find_body(part: np.ndarray) -> list[np.ndarray]:
    said = np.full((39, 5), -9.0)
    for at in range(35):
        if (place := dots(part, at)) is not None:
            said[at] = [*place, 0, 9, 9]
    return [said.ravel(), np.array([1.0 if (said[:33, 3] > 0).sum() > 9 else 0.0])]


def find_people(part: np.ndarray) -> list[np.ndarray]:
    """One answer, of the anchor in the middle."""
    places, scores = np.zeros((2254, 12)), np.full((2254, 1), -50.0)
    at = 28 * 28 * 2 + 14 * 14 * 2 + 3 * 7 * 6 + 3 * 6
    part = (part + 1) / 2
    middle, top = dots(part, 33), dots(part, 34)
    if middle is not None and top is not None:
        scores[at] = 9
        places[at] = [*(middle - 112), 80, 80, *(middle - 112), *(top - 112), 0, 0, 0, 0]
    return [places, scores]


NOBODYS_HANDS = {
    bodies.PALM: lambda part: [np.array([[[128.0, 128, 128, 192]]])],
    bodies.HAND: lambda part: [np.zeros(63), np.zeros(1)],
}
NETWORKS = {bodies.DETECTOR: find_people, bodies.BODY: find_body, **NOBODYS_HANDS}


@pytest.mark.parametrize("turn", [0.0, 0.6, -2.0])
@pytest.mark.parametrize("size", [(400, 300), (220, 430)])
def test_joints_are_found_where_they_are_however_somebody_lies(size: tuple[int, int], turn: float):
    points = stickman((size[0] * 0.55, size[1] * 0.45), 200, turn)
    (person,) = bodies.people(drawn(size, points), NETWORKS)
    assert np.abs(person.body[:, :2] - points[:33]).max() < 1.5
    assert person.body[:, 2].min() > 0.99 and person.left is None


def test_small_people_are_found_nearer_by():
    """Beside each other in a large picture, where each dot is less than a pixel of the whole as it is seen."""
    size = 1600, 900
    there = [stickman((350, 400), 320, 0.2), stickman((1250, 450), 320, -0.3)]
    image = drawn(size, there[1], 7, drawn(size, there[0], 7))
    alone = bodies.answers(find_people, image, bodies.windows(size)[0])
    assert not alone[0].size
    found = sorted(bodies.people(image, NETWORKS), key=lambda one: one.body[0, 0])
    assert len(found) == 2
    for one, points in zip(found, there, strict=True):
        assert np.abs(one.body[:, :2] - points[:33]).max() < 1.5


def test_a_hand_is_looked_for_beyond_the_wrist_with_its_fingers_up():
    """The forearm lies to the right: the hand's square is turned by a quarter, and what is found in it turned back."""
    image, body = Image.new("RGB", (400, 400)), np.zeros((33, 3))
    body[[15, 19, 17]] = (200, 200, 1), (230, 200, 1), (230, 200, 1)  # wrist, fingers
    image.putpixel((236, 200), (255, 255, 255))
    looked: list[np.ndarray] = []

    def hand(part: np.ndarray) -> list[np.ndarray]:
        looked.append(part)
        fingers = np.zeros((21, 3))
        fingers[:, :2] = [[112, 212], *[[112, 12]] * 20]  # the wrist below, all fingers above
        return [fingers.ravel(), np.ones(1)]

    found = bodies.hand_of(body, bodies.LEFT, image, {**NOBODYS_HANDS, bodies.HAND: hand})
    assert found is not None
    (bright, *_) = np.argwhere(looked[0].max(-1) == looked[0].max())
    side = 60 * 2.7 / 4 * 2  # of the square, whose middle lies a tenth of it beyond what was seen
    assert np.abs(bright - [112 + 0.1 * 224, 112]).max() < 2
    assert np.abs(found[0] - (236 + 0.1 * side - side * 100 / 224, 200)).max() < 0.1
    assert np.abs(found[1] - (236 + 0.1 * side + side * 100 / 224, 200)).max() < 0.1
    assert bodies.hand_of(np.zeros((33, 3)), bodies.LEFT, image, {}) is None  # no arm is in sight


def test_openposes_points_are_the_bodys_by_their_names():
    body = np.array([(at, 100 + at, 1) for at in range(33)], float)
    body[7, 2], body[25, 0] = 0, 500  # an ear out of sight, a knee out of the picture
    said = pose.written(bodies.Person(body, None, np.ones((21, 2))), Image.new("RGB", (200, 200)))
    points = np.array(said["pose_keypoints_2d"]).reshape(18, 3)
    names = {0: 0, 2: 12, 4: 16, 5: 11, 7: 15, 8: 24, 10: 28, 11: 23, 13: 27, 14: 5, 15: 2, 16: 8}
    assert {at: points[at, 0] for at in names} == names
    assert points[1].tolist() == [11.5, 111.5, 1]
    assert not points[17].any() and not points[12].any()
    assert "hand_left_keypoints_2d" not in said and len(said["hand_right_keypoints_2d"]) == 63


@pytest.fixture
def somebody(home: Path) -> Weights:
    pytest.importorskip("ai_edge_litert")
    return kept_standins(home / "weights")


def test_a_pose_is_made_of_a_picture_through_tflite(somebody: Weights):
    """The whole way, by LiteRT: SOMEBODY is in the picture's middle."""
    image = noise(200, 200)
    said = pose.found(image, somebody)
    (one,) = said["people"]
    points = np.array(one["pose_keypoints_2d"]).reshape(18, 3)
    assert np.abs(points[0, :2] - SOMEBODY[0] * 200).max() < 0.1
    assert np.abs(points[4, :2] - SOMEBODY[16] * 200).max() < 0.1
    assert set(said) == {"people", "canvas_width", "canvas_height"} and NEAR < 0.5
    assert len(one["hand_left_keypoints_2d"]) == len(one["hand_right_keypoints_2d"]) == 63
    assert controls["pose"].make(image, somebody).tobytes() == pose.drawn(json.loads(json.dumps(said))).tobytes()


def test_an_empty_picture_and_a_broken_network_are_told(tmp_path: Path, somebody: Weights):
    nothing = [np.zeros((2254, 12)), np.full((2254, 1), -50.0)]
    assert bodies.people(Image.new("RGB", (90, 50)), {**NETWORKS, bodies.DETECTOR: lambda part: nothing}) == []
    from sfumato.controls._tflite import Network

    (tmp_path / "x.tflite").write_bytes(b"no TFLite")
    with pytest.raises(JobFailed, match=r"x\.tflite cannot be loaded by LiteRT"):
        Network(tmp_path / "x.tflite")


@pytest.mark.parametrize("kind", ["pose", "depth"])
def test_without_weights_the_one_command_is_said(kind: str):
    with pytest.raises(MissingWeights, match=f"sfumato pull {kind}; or give") as refused:
        controls[kind].make(noise(8, 8), NONE_KEPT)
    assert "\n" not in str(refused.value)


def test_only_a_pose_is_found_as_json(tmp_path: Path):
    from sfumato.controlling import found

    with pytest.raises(RequestError, match="no drawing of JSON"):
        found("canny", noise(8, 8), NONE_KEPT)


# ---- depth


@pytest.fixture(scope="module")
def depth_anything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, bytes]:
    """DepthAnythingForDepthEstimation, tiny and random, and as ONNX."""
    import warnings

    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    torch.manual_seed(0)
    backbone = Dinov2Config(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32, image_size=518,
        patch_size=14, out_indices=[1, 2, 3, 4], reshape_hidden_states=False, apply_layernorm=True,
    )  # fmt: skip
    config = DepthAnythingConfig(
        backbone_config=backbone, patch_size=14, reassemble_hidden_size=16, neck_hidden_sizes=[8] * 4,
        fusion_hidden_size=8, head_hidden_size=4,
    )  # fmt: skip
    model = DepthAnythingForDepthEstimation(config).eval()
    for weight in model.parameters():  # as they begin, they say nearly nothing
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=1.5 / math.sqrt(weight[0].numel()))

    class Depth(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pixel_values: Any) -> Any:
            return self.model(pixel_values).predicted_depth

    path = tmp_path_factory.mktemp("depth") / "model.onnx"
    with warnings.catch_warnings(action="ignore"):  # of the older way to export, which needs nothing more
        torch.onnx.export(
            Depth(), (torch.zeros(1, 3, 518, 518),), path, dynamo=False, opset_version=17,
            input_names=["pixel_values"], output_names=["predicted_depth"],
        )  # fmt: skip
    return model, path.read_bytes()


def test_depth_is_what_transformers_says_of_the_same_weights(depth_anything: tuple[Any, bytes], tmp_path: Path):
    model, onnx = depth_anything
    weights = kept(tmp_path, depth.WEIGHTS, "model.onnx", onnx)
    image = noise(7, 7).resize((518, 518), Image.Resampling.BICUBIC)
    x = np.asarray(image.convert("RGB"), np.float32) / 255
    x = (x - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        near = model(torch.from_numpy(x.transpose(2, 0, 1)[None].astype(np.float32))).predicted_depth[0].numpy()
    wanted = (near - near.min()) / (near.max() - near.min()) * 255
    made = controls["depth"].make(image, weights)
    assert np.abs(np.asarray(made.convert("L"), float) - wanted).max() < 1.5
    wide = controls["depth"].make(image.resize((90, 60)), weights)
    assert wide.size == (90, 60) and np.asarray(wide).std() > 1


def test_depth_sees_whole_patches():
    assert depth.seen_at((1000, 1000)) == (518, 518)
    assert depth.seen_at((1920, 1080)) == (924, 518)
    assert depth.seen_at((100, 5000)) == (518, 2072)
