"""Pictures that strangers send: read as what they are, or refused in one line; never more than a file's pixels."""

import base64
import io
import tracemalloc

import pytest
from PIL import Image

from sfumato.core.errors import SfumatoError, UnreadableFile
from sfumato.http.pictures import of_base64, opened
from tests.http.pictures import as_bytes, drawn

PNG = as_bytes(drawn())
B64 = base64.b64encode(PNG).decode()

WAYS = {
    "plain": B64,
    "data": "data:image/png;base64," + B64,
    "lines": "\r\n".join(B64[i : i + 76] for i in range(0, len(B64), 76)),
    "url-safe": base64.urlsafe_b64encode(PNG).decode(),
    "without padding": B64.rstrip("="),
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_base64_is_read_in_every_form(text: str):
    assert of_base64(text) == PNG


WRONG = ["!!!!", "data:,hello", "data:image/png,abc", "data:image/png;base64,%%%", "x,AAAA", "A", "\0", "é" * 8]


@pytest.mark.parametrize("text", WRONG, ids=repr)
def test_what_is_no_base64_is_refused(text: str):
    with pytest.raises(UnreadableFile, match=r"^field"):
        of_base64(text, "field")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_is_cut_or_spoiled_anywhere_is_read_or_refused(kind: str):
    data = as_bytes(drawn().convert("RGB"), kind)
    for at in range(0, len(data), max(1, len(data) // 60)):
        spoiled = bytearray(data)
        spoiled[at] ^= 0xFF
        for wrong in (data[:at], bytes(spoiled)):
            try:
                assert opened(wrong).mode == "RGBA"
            except SfumatoError as error:
                assert "\n" not in str(error)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "AVIF"])
def test_other_kinds_are_refused_whatever_they_are_called(kind: str):
    try:
        data = as_bytes(drawn().convert("RGB"), kind)
    except (OSError, KeyError):
        pytest.skip(f"Pillow writes no {kind} here")
    with pytest.raises(UnreadableFile, match="its content is not"):
        opened(data)


def test_a_bomb_is_refused_by_its_header_alone():
    data = as_bytes(Image.new("1", (20_000, 20_000)))
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFile):
            opened(data)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


def test_deep_odd_and_turned_pictures_come_out_upright_in_8_bits():
    turned = Image.Exif()
    turned[0x0112] = 6  # a camera that was held on its side
    image = drawn().convert("RGB").crop((0, 0, 16, 8))
    out = io.BytesIO()
    image.save(out, "JPEG", exif=turned)
    assert opened(out.getvalue()).size == (8, 16)
    for mode in ("1", "L", "LA", "P", "I;16"):
        seen = opened(as_bytes(image.convert("L" if mode == "I;16" else "RGB").convert(mode)))
        assert (seen.mode, seen.size) == ("RGBA", (16, 8))
