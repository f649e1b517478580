"""What every file format promises, tried over each one in the registry."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from sfumato import exports
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.recipe import Recipe
from sfumato.exports.writers import Writer, writers

RECIPE = Recipe(
    model="pocket", weights="0123456789abcdef", prompt="a pear", seed=7, steps=4, guidance=3.5, sampler="heun",
    schedule="karras", width=64, height=64, painted_width=64, painted_height=64,
)  # fmt: skip
SIZES = [(1, 1), (1, 40), (33, 17), (64, 48)]


@pytest.fixture(params=writers.names())
def writer(request: pytest.FixtureRequest) -> Writer:
    return writers[request.param]


def qualities(writer: Writer) -> list[int | None]:
    return [None] if writer.quality is None else [None, 0, 50, 90, 100]


def smooth(size: tuple[int, int], transparent: bool) -> Image.Image:
    """Colours that change slowly, as lossy formats expect; alpha from 0 to 255 across."""
    across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    alpha = across if transparent else np.ones_like(across)
    pixels = np.stack([across, down, (across + down) / 2, alpha], axis=-1)
    return Image.fromarray((pixels * 255).round().astype(np.uint8), "RGBA")


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def equal(one: Image.Image, other: Image.Image) -> bool:
    return (one.mode, one.size, one.tobytes()) == (other.mode, other.size, other.tobytes())


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal to noise, dB, of the colours."""
    a, b = (np.asarray(image.convert("RGB"), float) for image in (one, other))
    return 10 * math.log10(255**2 / max(((a - b) ** 2).mean(), 1e-9))


@pytest.mark.parametrize("transparent", [False, True], ids=["opaque", "transparent"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_pixel_comes_back_as_the_quality_promises(writer: Writer, size: tuple[int, int], transparent: bool):
    image = smooth(size, transparent)
    for quality in qualities(writer):
        back = decoded(exports.encode(image, RECIPE, writer.name, quality))
        used = writer.quality_of(quality)
        assert back.size == size
        if used in writer.lossless:
            assert equal(back.convert("RGBA"), image)
        elif not transparent and used is not None and used >= 90:
            assert psnr(back, image) > 33


def test_transparency_is_kept_where_the_writer_says_so_and_else_laid_on_white(writer: Writer):
    image = smooth((64, 48), transparent=True)
    on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    for quality in qualities(writer):
        back = decoded(exports.encode(image, RECIPE, writer.name, quality))
        if writer.alpha:
            assert equal(back.getchannel("A"), image.getchannel("A"))
        else:
            assert "A" not in back.getbands()
            if quality is not None and quality >= 90:
                assert psnr(back, on_white) > 33


def test_noise_survives_where_every_pixel_is_promised(writer: Writer):
    pixels = np.random.default_rng(5).integers(0, 256, (31, 45, 4), dtype=np.uint8)
    for quality in writer.lossless:
        back = decoded(exports.encode(Image.fromarray(pixels, "RGBA"), RECIPE, writer.name, quality))
        assert equal(back.convert("RGBA"), Image.fromarray(pixels, "RGBA"))


@pytest.mark.parametrize("metadata", ["full", "minimal", "none"])
def test_the_same_recipe_is_the_same_file(writer: Writer, metadata: str, monkeypatch: pytest.MonkeyPatch):
    from sfumato.exports import colour

    first = exports.encode(smooth((20, 20), True), RECIPE, writer.name, None, metadata)
    made = ImageCms.createProfile("sRGB")
    later = bytearray(ImageCms.ImageCmsProfile(made).tobytes())
    later[24:36] = bytes(range(12))  # a profile that was made at another time

    class Later:
        def tobytes(self) -> bytes:
            return bytes(later)

    monkeypatch.setattr(ImageCms, "ImageCmsProfile", lambda _: Later())
    colour.srgb_profile.cache_clear()
    assert exports.encode(smooth((20, 20), True), RECIPE, writer.name, None, metadata) == first


@pytest.mark.parametrize("metadata", ["full", "none"])
def test_the_file_says_that_it_is_srgb(writer: Writer, metadata: str):
    info = decoded(exports.encode(smooth((8, 8), False), RECIPE, writer.name, None, metadata)).info
    if "srgb" not in info:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_what_the_image_carries_itself_does_not_reach_the_file(writer: Writer):
    image = smooth((8, 8), False)
    clean = exports.encode(image, RECIPE, writer.name, None, "none")
    image.info |= {"comment": b"SECRET", "exif": b"Exif\0\0SECRET", "xmp": b"SECRET", "dpi": (1, 1), "Note": "SECRET"}
    image.info |= {"icc_profile": b"SECRET" * 30, "transparency": (1, 2, 3), "duration": 5, "background": (1, 2, 3, 4)}
    assert exports.encode(image, RECIPE, writer.name, None, "none") == clean


def test_a_quality_out_of_range_or_without_a_meaning_is_refused_in_one_line(writer: Writer):
    for quality in (-1, 101, 10**9):
        with pytest.raises(RequestError) as refused:
            exports.encode(smooth((4, 4), False), RECIPE, writer.name, quality)
        message = str(refused.value)
        assert "\n" not in message
        assert ("no quality" if writer.quality is None else "between 0 and 100") in message


@pytest.mark.parametrize("writer", [writer for writer in writers if writer.quality is not None], ids=lambda w: w.name)
def test_more_quality_is_more_bytes(writer: Writer):
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 4), dtype=np.uint8), "RGBA")
    lengths = [len(exports.encode(image, RECIPE, writer.name, quality)) for quality in (0, 30, 60, 90)]
    assert lengths == sorted(set(lengths))


def test_a_picture_too_long_for_the_format_is_refused_before_encoding(writer: Writer):
    with pytest.raises(RequestError, match=str(writer.longest_side)):
        exports.encode(Image.new("RGBA", (writer.longest_side + 1, 1)), RECIPE, writer.name)


def test_endings_find_their_writer_and_no_two_writers_share_one(writer: Writer):
    for ending in writer.endings:
        assert exports.writer_for(Path(f"x.y.{ending.upper()}")) is writer
        assert exports.writer_for("x", ending) is writer
    others = [ending for other in writers if other is not writer for ending in other.endings]
    assert not set(others) & set(writer.endings)


def test_its_own_files_are_recognised_by_content_and_by_no_other(writer: Writer):
    data = exports.encode(smooth((9, 9), True), RECIPE, writer.name)
    assert [w.name for w in writers if w.recognises(data[:16])] == [writer.name]
    assert Image.MIME[str(decoded(data).format)] == writer.media_type


def test_a_file_cut_anywhere_in_its_headers_or_with_any_bit_turned_is_read_or_refused(writer: Writer):
    whole = exports.encode(smooth((9, 9), True), RECIPE, writer.name)
    for at in range(0, len(whole), 7):
        turned = bytearray(whole)
        turned[at] ^= 1 << at % 8
        for broken in (whole[:at], bytes(turned)):
            try:
                exports.read(broken)
            except UnreadableFile as error:
                assert "\n" not in str(error)
