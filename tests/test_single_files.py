"""A model whose weights lie in one file paints the same picture as from its folders; a damaged one is refused."""

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from sfumato.core.errors import DamagedWeights, UnreadableFile  # noqa: E402
from sfumato.engine.weights.gguf import check_gguf  # noqa: E402
from sfumato.testing import safetensors_file  # noqa: E402
from tests import tiny_models  # noqa: E402
from tests.test_parity_flux import card as flux_card  # noqa: E402
from tests.test_parity_stable_diffusion import load as stable_diffusion  # noqa: E402


def pixels(model, **fields) -> np.ndarray:
    return tiny_models.painted(model, prompt="a red apple", seed=3, steps=2, **fields)[1]


def test_a_checkpoint_paints_what_its_folders_paint(tmp_path: Path):
    """Names as in the first Stable Diffusion's own files."""
    folder = tiny_models.stable_diffusion(tmp_path / "folders")
    wanted = pixels(stable_diffusion("stable-diffusion", folder), guidance=5)
    tiny_models.as_checkpoint(folder)
    assert not list(folder.glob("*/*.safetensors"))
    np.testing.assert_array_equal(pixels(stable_diffusion("stable-diffusion", folder), guidance=5), wanted)


def test_a_checkpoint_of_another_family_is_not_taken(tmp_path: Path):
    folder = tiny_models.stable_diffusion(tmp_path)
    for file in folder.glob("*/*.safetensors"):
        file.unlink()
    other = {"double_blocks.0.img_attn.qkv.weight": np.zeros((8, 8), np.float32)}
    (folder / "checkpoint.safetensors").write_bytes(safetensors_file(other))
    with pytest.raises(
        DamagedWeights, match=r"checkpoint\.safetensors .*another model's.*sfumato import FILE"
    ) as refused:
        stable_diffusion("stable-diffusion", folder)
    assert "\n" not in str(refused.value)


def flux(folder: Path):
    from sfumato.engine.families import families

    return families["flux"](flux_card("none"), folder)


def test_a_part_may_be_a_file_of_its_own(tmp_path: Path):
    folder = tiny_models.flux(tmp_path, guidance=False)
    wanted = pixels(flux(folder), guidance=1)
    (file,) = (folder / "transformer").glob("*.safetensors")
    file.rename(folder / "transformer.safetensors")
    np.testing.assert_array_equal(pixels(flux(folder), guidance=1), wanted)


def test_gguf_paints_what_its_numbers_say(tmp_path: Path):
    """Beside the same network with the same quantized numbers, unpacked."""
    from safetensors.numpy import save_file

    packed = tiny_models.flux(tmp_path / "packed", guidance=False)
    shutil.copytree(packed, tmp_path / "whole")
    kept = tiny_models.as_gguf(packed, "transformer")
    (file,) = (tmp_path / "whole" / "transformer").glob("*.safetensors")
    exact = pixels(flux(tmp_path / "whole"), guidance=1)
    save_file(kept, file, {"format": "pt"})
    found, wanted = pixels(flux(packed), guidance=1), pixels(flux(tmp_path / "whole"), guidance=1)
    assert np.abs(found.astype(int) - wanted).max() <= 1
    assert (found != exact).any()  # it was quantized


def header(tensors: int = 1, keys: int = 0, rest: bytes = b"") -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, keys) + rest


def named(name: bytes) -> bytes:
    return struct.pack("<Q", len(name)) + name


def tensor(sides: tuple[int, ...], place: int = 0) -> bytes:
    return named(b"a") + struct.pack(f"<I{len(sides)}Q", len(sides), *sides) + struct.pack("<IQ", 0, place)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GGUF", b"GGML" + bytes(40), header(2**40), header(0, 2**40),
        header(1, 0, tensor((2**32, 2**32))), header(1, 0, tensor(tuple([2] * 9))), header(1, 0, tensor((4,), 2**50)),
        header(0, 1, named(b"k") + struct.pack("<I", 99)),
        header(0, 1, named(b"k") + struct.pack("<IIQ", 9, 8, 2**30)),
        header(0, 1, named(b"k") + struct.pack("<IIQ", 9, 4, 2**60)),
        header(0, 1, named(b"k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 50),
        header(0, 1, named(b"general.alignment") + struct.pack("<II", 4, 2**31)),
        header(0, 1, named(b"general.alignment") + struct.pack("<II", 4, 0)),
        header(0, 1, struct.pack("<Q", 2**62)),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_is_refused(data: bytes, tmp_path: Path):
    (tmp_path / "model.gguf").write_bytes(data)
    with pytest.raises(UnreadableFile) as refused:
        check_gguf(tmp_path / "model.gguf")
    assert "\n" not in str(refused.value)


def test_every_way_to_cut_a_file_is_refused_or_harmless(tmp_path: Path):
    folder = tiny_models.flux(tmp_path, guidance=False)
    tiny_models.as_gguf(folder, "transformer")
    file = folder / "transformer.gguf"
    whole = file.read_bytes()
    check_gguf(file)
    for length in range(0, 400, 7):
        file.write_bytes(whole[:length])
        with pytest.raises(UnreadableFile):
            check_gguf(file)
    with pytest.raises(DamagedWeights, match="gguf"):
        flux(folder)
