"""Reading pictures: every kind comes out as the very pixels it means, and what is no picture is refused in words.

The expected pixels are written down here or follow from the formats; no decoder's output was recorded.
"""

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from sfumato import exports
from sfumato.core.errors import UnreadableFile
from sfumato.exports.decoding import LONGEST_SIDE, MOST_PIXELS

TURNED = {  # by EXIF's number: where the pixels u v / w x / y z of an upright picture lie in the file
    1: ["uv", "wx", "yz"], 2: ["vu", "xw", "zy"], 3: ["zy", "xw", "vu"], 4: ["yz", "wx", "uv"],
    5: ["uwy", "vxz"], 6: ["vxz", "uwy"], 7: ["zxv", "ywu"], 8: ["ywu", "zxv"],
}  # fmt: skip
COLOURS = {letter: (40 * i, 250 - 30 * i, 128) for i, letter in enumerate("uvwxyz")}


def file_of(image: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png_of(width: int, height: int, depth: int, kind: int, rows: bytes, **chunks: bytes) -> bytes:
    """A PNG, byte by byte. rows: each begins with its filter, 0."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    extra = b"".join(chunk(name.encode(), body) for name, body in chunks.items())
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


def pixels(data: bytes) -> list[list[tuple[int, ...]]]:
    image, _ = exports.pixels(data)
    assert image.mode == "RGBA"
    return [[tuple(map(int, pixel)) for pixel in row] for row in np.asarray(image)]


# ---- what each kind means


def test_grey_of_16_bits_keeps_its_range():
    rows = b"\0" + struct.pack(">4H", 0, 0x1234, 0x8000, 0xFFFF)
    assert pixels(png_of(4, 1, 16, 0, rows)) == [[(v, v, v, 255) for v in (0, 0x12, 0x80, 0xFF)]]


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_colour_and_alpha_of_16_bits_take_the_upper_8(kind: int, channels: int):
    values = [0x0AFF, 0x8001, 0xFF00, 0x40C0][:channels]
    r, *rest = [value >> 8 for value in values]
    expected = {3: (r, *rest, 255), 2: (r, r, r, *rest), 4: (r, *rest)}[channels]
    assert pixels(png_of(1, 1, 16, kind, b"\0" + struct.pack(f">{channels}H", *values))) == [[expected]]


def test_one_colour_that_means_nothing_is_transparent_at_any_depth():
    deep_grey = png_of(2, 1, 16, 0, b"\0" + struct.pack(">2H", 0x8000, 0x8001), tRNS=struct.pack(">H", 0x8000))
    assert pixels(deep_grey) == [[(128, 128, 128, 0), (128, 128, 128, 255)]]
    colour = png_of(2, 1, 8, 2, b"\0\1\2\3\4\5\6", tRNS=struct.pack(">3H", 1, 2, 3))
    assert pixels(colour) == [[(1, 2, 3, 0), (4, 5, 6, 255)]]
    deep = png_of(2, 1, 16, 2, b"\0" + bytes([200, 0, 9, 0, 7, 0, 1, 0, 2, 0, 3, 0]), tRNS=bytes([200, 0, 9, 0, 7, 0]))
    assert pixels(deep) == [[(200, 9, 7, 0), (1, 2, 3, 255)]]


def test_a_palette_with_transparency():
    palette = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255])
    data = png_of(4, 1, 2, 3, b"\0\x1a", PLTE=palette, tRNS=bytes([255, 0, 100]))  # 0b00011010: entries 0, 1, 2, 2
    red, green, blue = (255, 0, 0, 255), (0, 255, 0, 0), (0, 0, 255, 100)
    assert pixels(data) == [[red, green, blue, blue]]


@pytest.mark.parametrize(("depth", "byte"), [(1, 0b10100000), (2, 0b11001100), (4, 0xF0)])
def test_grey_of_few_bits(depth: int, byte: int):
    row = pixels(png_of(8 // depth if depth > 1 else 4, 1, depth, 0, bytes([0, byte])))[0]
    assert row[:2] == [(255, 255, 255, 255), (0, 0, 0, 255)]


def test_cmyk_is_ink_on_white():
    """Without a profile: no ink is white, cyan takes red away. JPEG is lossy, plain areas are not."""
    for ink, colour in [((0, 0, 0, 0), (255, 255, 255)), ((255, 0, 0, 0), (0, 255, 255)), ((0, 0, 0, 255), (0, 0, 0))]:
        data = file_of(Image.new("CMYK", (16, 16), ink), "JPEG", quality=100)
        assert np.abs(np.array(pixels(data)[8][8]) - (*colour, 255)).max() <= 1


@pytest.mark.parametrize("number", TURNED)
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_a_camera_that_was_held_otherwise(number: int, format: str):
    rows = TURNED[number]
    stored = Image.new("RGB", (len(rows[0]), len(rows)))
    stored.putdata([COLOURS[letter] for row in rows for letter in row])
    exif = Image.Exif()
    exif[0x0112] = number
    options = {"lossless": True} if format == "WEBP" else {}
    upright = [[(*COLOURS[letter], 255) for letter in row] for row in ("uv", "wx", "yz")]
    assert pixels(file_of(stored, format, exif=exif.tobytes(), **options)) == upright


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0", b"nonsense", b"II*\0\xff\xff\xff\xff"]
)
def test_damaged_exif_counts_as_none(exif: bytes):
    assert pixels(file_of(Image.new("RGB", (2, 1), "red"), "PNG", exif=exif)) == [[(255, 0, 0, 255)] * 2]


def swapped_profile() -> bytes:
    """sRGB's profile with the red and blue primaries exchanged: what it calls red is blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    for at in range(132, 132 + 12 * count, 12):
        name = bytes(profile[at : at + 4])
        if name in (b"rXYZ", b"bXYZ"):
            profile[at : at + 4] = b"bXYZ" if name == b"rXYZ" else b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_colour_profile_is_followed(mode: str):
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    image.putpixel((1, 0), (30, 60, 200, 255 if mode == "RGB" else 0 if mode == "P" else 77))
    image = image.convert("RGB") if mode == "RGB" else image.quantize(4) if mode == "P" else image
    first, second = pixels(file_of(image, "PNG", icc_profile=swapped_profile()))[0]
    assert np.abs(np.array(first) - (0, 0, 255, 255)).max() <= 1
    if mode != "P":
        assert np.abs(np.array(second) - (200, 60, 30, second[3])).max() <= 1
    assert second[3] == {"RGB": 255, "RGBA": 77, "P": 0}[mode]


def test_our_own_profile_and_plain_srgb_change_nothing():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (20, 20, 3), np.uint8), "RGB")
    theirs = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    from sfumato.exports.colour import srgb_profile

    for profile, off in ((srgb_profile(), 0), (theirs, 1), (None, 0)):
        data = file_of(noise, "PNG", icc_profile=profile)
        assert np.abs(np.asarray(exports.pixels(data)[0])[..., :3].astype(int) - np.asarray(noise)).max() <= off


@pytest.mark.parametrize("profile", [b"broken", swapped_profile()[:300], bytes(200)], ids=["no", "half", "zeros"])
def test_a_broken_profile_counts_as_none(profile: bytes):
    assert pixels(file_of(Image.new("RGB", (1, 1), (9, 80, 200)), "PNG", icc_profile=profile)) == [[(9, 80, 200, 255)]]


def test_a_profile_for_another_kind_of_picture_counts_as_none():
    data = file_of(Image.new("L", (1, 1), 90), "PNG", icc_profile=swapped_profile())
    assert pixels(data) == [[(90, 90, 90, 255)]]


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_of_a_picture_that_moves_the_first_frame(format: str):
    red, blue = Image.new("RGBA", (4, 4), "red"), Image.new("RGBA", (4, 4), "blue")
    data = file_of(
        red, format, save_all=True, append_images=[blue], duration=100, **{"lossless": True} if format == "WEBP" else {}
    )
    assert pixels(data)[0][0] == (255, 0, 0, 255)


def test_a_camera_file_of_two_pictures_is_its_first():
    red, blue = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    first = pixels(file_of(red, "MPO", save_all=True, append_images=[blue], quality=95))[8][8]
    assert first[0] > 250 and first[2] < 5


def test_whether_a_format_keeps_every_pixel():
    image = Image.new("RGB", (8, 8))
    assert exports.pixels(file_of(image, "PNG"))[1] is True
    assert exports.pixels(file_of(image, "JPEG"))[1] is False


def test_nothing_of_the_file_stays_with_the_pixels():
    data = file_of(Image.new("RGB", (1, 1)), "JPEG", comment=b"secret", dpi=(3, 3))
    assert exports.pixels(data)[0].info == {}


# ---- what is refused


@pytest.mark.parametrize(
    ("width", "height"), [(LONGEST_SIDE + 1, 1), (1, LONGEST_SIDE + 1), (8001, 8001), (16000, 16000)]
)
def test_too_many_pixels_are_refused_from_the_header(width: int, height: int):
    data = png_of(width, height, 1, 0, b"")
    tracemalloc.start()
    with pytest.raises(UnreadableFile, match="at most 64 megapixels and 30,000 a side are read"):
        exports.pixels(data)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_the_largest_that_is_allowed_is_read():
    image, _ = exports.pixels(file_of(Image.new("1", (LONGEST_SIDE, 2)), "PNG"))
    assert image.size == (LONGEST_SIDE, 2)
    assert MOST_PIXELS < Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html><html>", b"GIF89a" + bytes(99),
     b"BM" + bytes(99), b"II*\0" + bytes(99), b"8BPS" + bytes(99), b"\0\0\0\x1cftypavif" + bytes(99),
     b"%!PS-Adobe", b"PK\3\4" + bytes(99)],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
def test_what_only_has_a_pictures_name_is_refused(data: bytes, tmp_path: Path):
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"picture\.png' cannot be read: its content is not jpg or png or webp"):
        exports.pixels(path)


def test_a_header_that_says_two_sizes_is_held_to_the_larger():
    """WebP says its size twice; a small one outside does not let a large one in."""
    data = bytearray(
        file_of(Image.new("RGBA", (4, 4), "red"), "WEBP", lossless=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
    )
    place = data.index(b"VP8X") + 12
    data[place : place + 6] = (16382).to_bytes(3, "little") * 2
    with pytest.raises(UnreadableFile, match=r"268\.4 megapixels"):
        exports.pixels(bytes(data))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_every_cut_and_every_flipped_byte_is_a_picture_or_refused(format: str):
    noise = Image.fromarray(np.random.default_rng(2).integers(0, 256, (24, 24, 4), np.uint8), "RGBA")
    noise = noise.convert("RGB") if format == "JPEG" else noise
    data = file_of(noise, format, icc_profile=swapped_profile())
    whole = sum(1 for _ in cuts_and_flips(data))
    refused = 0
    for damaged in cuts_and_flips(data):
        try:
            assert exports.pixels(damaged)[0].mode == "RGBA"
        except UnreadableFile as error:
            assert str(error).isprintable()
            refused += 1
    assert refused > whole / 3


def cuts_and_flips(data: bytes):
    for at in range(0, len(data), max(1, len(data) // 150)):
        yield data[:at]
        yield data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def test_a_named_pipe_and_a_folder_do_not_hang(tmp_path: Path):
    import os

    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    for name in ("pipe.png", "folder.png", "none.png", "a\0b.png"):
        with pytest.raises(UnreadableFile):
            exports.pixels(tmp_path / name)
