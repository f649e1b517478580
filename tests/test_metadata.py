"""Metadata: what goes into a file comes out of it, whatever a prompt holds; and strangers' files do no harm."""

import io
import json
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sfumato import exports
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.recipe import Recipe
from sfumato.exports import Found
from sfumato.exports.exif import with_comment
from sfumato.exports.parameters import SAMPLERS, taken_apart, written
from sfumato.exports.writers import writers
from sfumato.exports.xmp import AI_MADE, NAMESPACE, packet

DOT = Image.new("RGBA", (1, 1), (200, 10, 10, 128))
NASTY = [
    "a pear\nSteps: 20, Model hash: x",
    "a pear\nNegative prompt: y",
    "a pear\nNegative prompt: y\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1",
    "<img src=x onerror=alert(1)> ]]> &amp; <!-- <!DOCTYPE x [<!ENTITY y 'z'>]> &y;",
    "\r\n\r line \t\v\f \x00 \x01 \x1b[31m \x7f \x85 \u2028 \u202e \ufffe \uffff \ufeff",
    "漢字 \U0001f350 e\u0301 é",
    "",
    " \n ",
    '"quoted", \\ and: colons',
]

unicode = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def recipe(prompt: str = "a pear", **other: Any) -> Recipe:
    return Recipe(**{
        "model": "pocket", "weights": "0123456789abcdef", "prompt": prompt, "seed": 2**64 - 1, "steps": 20,
        "guidance": 3.5, "sampler": "euler-ancestral", "schedule": "karras", "width": 1, "height": 1,
        "painted_width": 64, "painted_height": 64, **other,
    })  # fmt: skip


def png(**texts: str) -> bytes:
    """As other programs write: tEXt where Latin-1 is enough, else iTXt."""
    chunks, out = PngInfo(), io.BytesIO()
    for name, value in texts.items():
        chunks.add_text(name.replace("_space_", " "), value)
    DOT.save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def png_of(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (1, 1)) -> bytes:
    """A PNG of these chunks, each with its checksum."""
    head = struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0)
    body = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    parts = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in body)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def as_others_see_it(data: bytes) -> tuple[str | None, bytes]:
    """(the A1111 text, XMP), fetched by Pillow rather than by us."""
    image = Image.open(io.BytesIO(data))
    image.load()
    if image.format == "PNG":
        return image.info.get("parameters"), str(image.info.get("XML:com.adobe.xmp", "")).encode()
    comment = image.getexif().get_ifd(0x8769).get(0x9286)
    text = None if comment is None else comment.removeprefix(b"UNICODE\0").decode("utf-16-be")
    return text, image.info.get("xmp", b"")


class TestOurOwnFiles:
    @pytest.mark.parametrize("format", writers.names())
    @given(prompt=unicode, negative=st.none() | unicode, style=st.none() | unicode)
    @settings(max_examples=60, deadline=None)
    def test_any_unicode_comes_back_exactly(self, format: str, prompt: str, negative: str | None, style: str | None):
        made = recipe(prompt, negative=negative, style=style)
        found = exports.read(exports.encode(DOT, made, format))
        assert found.recipe == made
        assert (found.source, found.prompt, found.negative, found.unread) == ("sfumato", prompt, negative, ())

    @pytest.mark.parametrize("format", writers.names())
    @pytest.mark.parametrize("prompt", NASTY)
    def test_prompts_that_look_like_markup_or_settings_come_back_exactly(self, format: str, prompt: str):
        made = recipe(prompt, negative=prompt[::-1])
        data = exports.encode(DOT, made, format)
        assert exports.read(data).recipe == made
        theirs, _ = as_others_see_it(data)
        assert theirs == written(made).replace("\0", "\ufffd")

    @pytest.mark.parametrize("format", writers.names())
    def test_each_level_holds_what_it_says_and_no_more(self, format: str):
        made = recipe("a SECRET pear")
        full, minimal, none = (exports.encode(DOT, made, format, None, level) for level in ("full", "minimal", "none"))
        for data, (theirs, xmp), source in [
            (full, as_others_see_it(full), "sfumato"),
            (minimal, as_others_see_it(minimal), None),
        ]:
            assert AI_MADE.encode() in xmp
            assert (theirs is not None) == (data is full)
            assert exports.read(data).source == source
        for data in (minimal, none):
            assert not any("SECRET".encode(coding) in data for coding in ("ascii", "utf-16-be", "utf-16-le"))
        assert as_others_see_it(none) == (None, b"")
        assert exports.read(none) == Found()

    def test_an_unknown_level_is_refused(self):
        with pytest.raises(RequestError, match="did you mean 'minimal'"):
            exports.encode(DOT, recipe(), "png", None, "minmal")

    def test_a_prompt_too_long_for_a_jpg_is_refused_and_fits_the_others(self):
        long = recipe("pear " * 20_000)
        with pytest.raises(RequestError, match="use png or webp"):
            exports.encode(DOT, long, "jpg")
        assert exports.read(exports.encode(DOT, long, "jpg", None, "minimal")).source is None
        for format in ("png", "webp"):
            assert exports.read(exports.encode(DOT, long, format)).recipe == long

    def test_what_could_not_be_read_again_is_not_written(self):
        for prompt in ("x" * 2**20, "\ud83c alone"):
            with pytest.raises(RequestError):
                exports.encode(DOT, recipe(prompt), "png")

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"seed": -1}, "seed"),
            ({"seed": "7"}, "seed"),
            ({"steps": 2.5}, "steps"),
            ({"prompt": None}, "prompt"),
            ({"prompt": {"a": 1}}, "prompt"),
            ({"guidance": float("nan")}, "guidance"),
            ({"surprise\n": 1}, "surprise"),
            ({"version": 2}, "update Sfumato"),
        ],
    )
    def test_a_recipe_that_is_none_is_reported_in_one_line(self, change: dict[str, Any], says: str):
        found = exports.read(png(sfumato=json.dumps(recipe().model_dump() | change)))
        assert (found.source, found.recipe, found.unread) == ("sfumato", None, ("sfumato",))
        assert found.problem is not None
        assert says in found.problem
        assert "\n" not in found.problem

    def test_where_our_recipe_is_damaged_the_a1111_form_beside_it_is_read(self):
        found = exports.read(png(sfumato="{", parameters=written(recipe("a pear"))))
        assert (found.source, found.prompt, found.steps) == ("a1111", "a pear", 20)
        assert found.problem
        assert "sfumato" in found.unread


class TestA1111:
    @given(prompt=unicode, negative=unicode)
    @settings(max_examples=150, deadline=None)
    def test_the_form_holds_every_prompt_without_its_own_marker(self, prompt: str, negative: str):
        if "Negative prompt:" in prompt:
            return
        made = recipe(prompt, negative=negative)
        assert taken_apart(written(made))[:2] == (prompt, negative or None)

    @given(model=unicode, style=unicode)
    @settings(max_examples=150, deadline=None)
    def test_names_with_commas_and_lines_stay_one_setting(self, model: str, style: str):
        said = taken_apart(written(recipe("p", model=model, style=style)))[2]
        assert said["Model"] == model
        assert said.get("Style", "") == style

    @pytest.mark.parametrize("sampler", SAMPLERS)
    def test_every_sampler_name_comes_back(self, sampler: str):
        assert exports.read(png(parameters=written(recipe(sampler=sampler)))).sampler == sampler

    @pytest.mark.parametrize("schedule", ["karras", "exponential", "linear", "scaled-linear", "flow", "flow-dynamic"])
    def test_every_schedule_name_comes_back(self, schedule: str):
        assert exports.read(png(parameters=written(recipe(schedule=schedule)))).schedule == schedule

    TEXT = (
        "photo of a pear, <lora:fruit:0.8>\nsecond line\nNegative prompt: blurry,\nugly\n"
        "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 1234567890, Size: 512x768, Model hash: abcdef1234, "
        'Model: dream_v8, Denoising strength: 0.4, Lora hashes: "fruit: 12ab, veg: 34cd", Version: v1.7.0'
    )

    def expected(self) -> Found:
        return Found(
            "a1111", prompt="photo of a pear,\nsecond line", loras=("fruit:0.8",), negative="blurry,\nugly", steps=28,
            sampler="dpmpp-2m", schedule="karras", guidance=6.5, seed=1234567890, width=512, height=768,
            model="dream_v8", unread=("Model hash", "Denoising strength", "Lora hashes", "Version"),
        )  # fmt: skip

    def test_a_png_of_theirs(self):
        assert exports.read(png(parameters=self.TEXT)) == self.expected()

    @pytest.mark.parametrize("format", ["JPEG", "WEBP"])
    @pytest.mark.parametrize("order", [">", "<"])
    def test_a_user_comment_of_theirs_in_either_byte_order(self, format: str, order: str):
        comment = Image.Exif()
        comment.endian = order
        coding = "utf-16-be" if order == ">" else "utf-16-le"
        comment.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + self.TEXT.encode(coding)
        out = io.BytesIO()
        DOT.convert("RGB").save(out, format, exif=comment)
        assert exports.read(out.getvalue()) == self.expected()

    def test_forge_with_a_distilled_model(self):
        found = exports.read(png(parameters=(
            "a pear\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, "
            "Seed: 5, Size: 896x1152, Model: flux1-dev, Version: f2.0.1, Module 1: ae"
        )))  # fmt: skip
        assert (found.guidance, found.sampler, found.schedule) == (3.5, "euler", None)
        assert found.unread == ("Schedule type", "Version", "Module 1")

    @pytest.mark.parametrize(
        "last", ["Steps: 9999999999999999999999999, Seed: -1, Size: 0x10, CFG scale: nan, Sampler: <img>, Model: "]
    )
    def test_values_that_cannot_be_are_named_and_not_taken(self, last: str):
        found = exports.read(png(parameters=f"a pear\n{last}"))
        assert found == Found(
            "a1111", prompt="a pear", unread=("Steps", "Seed", "Size", "CFG scale", "Sampler", "Model")
        )

    def test_a_cameras_comment_is_not_a_prompt(self):
        out = io.BytesIO()
        DOT.convert("RGB").save(out, "JPEG", exif=with_comment("Lake, evening: f/8, ISO: 100, lens: 50"))
        assert exports.read(out.getvalue()) == Found(unread=("UserComment",))


GRAPH: dict[str, Any] = {
    "3": {"class_type": "KSampler", "inputs": {
        "seed": 42, "steps": 30, "cfg": 7.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1,
        "model": ["10", 0], "positive": ["12", 0], "negative": ["12", 1], "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 384, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a pear", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": ["20", 0], "clip": ["4", 1]}},
    "20": {"class_type": "MyOwnText", "inputs": {"string": "blurry"}},
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "x", "strength_model": 0.5, "model": ["4", 0]}},
    "12": {"class_type": "ControlNetApplyAdvanced", "inputs": {
        "strength": 1.0, "positive": ["6", 0], "negative": ["7", 0]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "C", "images": ["8", 0]},
          "is_changed": [float("nan")]},
}  # fmt: skip

FLUX: dict[str, Any] = {
    "13": {"class_type": "SamplerCustomAdvanced", "inputs": {
        "noise": ["25", 0], "guider": ["22", 0], "sampler": ["16", 0], "sigmas": ["17", 0], "latent_image": ["27", 0]}},
    "25": {"class_type": "RandomNoise", "inputs": {"noise_seed": 2**63}},
    "22": {"class_type": "BasicGuider", "inputs": {"model": ["12", 0], "conditioning": ["26", 0]}},
    "26": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["6", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a pear", "clip": ["11", 0]}},
    "11": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "t5", "clip_name2": "l"}},
    "16": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
    "17": {"class_type": "BasicScheduler", "inputs": {
        "scheduler": "simple", "steps": 20, "denoise": 1.0, "model": ["12", 0]}},
    "12": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev", "weight_dtype": "default"}},
    "27": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 768, "batch_size": 1}},
}  # fmt: skip


class TestComfyUI:
    EXPECTED = Found(
        "comfyui", prompt="a pear", negative="blurry", seed=42, steps=30, guidance=7.5, sampler="dpmpp-2m",
        schedule="karras", model="dream.safetensors", width=640, height=384,
        unread=("LoraLoader", "ControlNetApplyAdvanced"),
    )  # fmt: skip

    def test_the_graph_is_followed_from_the_sampler(self):
        assert exports.read(png(prompt=json.dumps(GRAPH), workflow="{}")) == self.EXPECTED

    def test_a_webp_of_theirs(self):
        exif, out = Image.Exif(), io.BytesIO()
        exif[0x0110] = "prompt:" + json.dumps(GRAPH)
        exif[0x010F] = "workflow:{}"
        DOT.save(out, "WEBP", exif=exif)
        assert exports.read(out.getvalue()) == self.EXPECTED

    def test_a_custom_sampler_with_a_distilled_model(self):
        found = exports.read(png(prompt=json.dumps(FLUX)))
        assert found == Found(
            "comfyui", prompt="a pear", seed=2**63, steps=20, guidance=3.5, sampler="euler", model="flux1-dev",
            width=1024, height=768, unread=("BasicScheduler.scheduler", "UNETLoader.weight_dtype"),
        )  # fmt: skip

    def test_of_two_passes_the_first_counts_and_the_second_is_named(self):
        second = {"class_type": "KSampler", "inputs": GRAPH["3"]["inputs"] | {
            "seed": 43, "denoise": 0.5, "latent_image": ["3", 0]}}  # fmt: skip
        found = exports.read(png(prompt=json.dumps({"1": second, **GRAPH})))
        assert found.seed == 42
        assert "KSampler" in found.unread

    def test_a_zeroed_text_is_no_negative_prompt(self):
        zero = {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["6", 0]}}
        inputs = GRAPH["3"]["inputs"] | {"positive": ["6", 0], "negative": ["z", 0]}
        found = exports.read(png(prompt=json.dumps({**GRAPH, "z": zero, "3": GRAPH["3"] | {"inputs": inputs}})))
        assert (found.prompt, found.negative) == ("a pear", None)

    def test_only_the_editors_layout_is_said_so(self):
        found = exports.read(png(workflow="{}"))
        assert found.unread == ("workflow",)
        assert found.problem

    @pytest.mark.timeout(60)
    def test_loops_and_crowds_end(self):
        sampler = {"class_type": "K", "inputs": {"positive": ["0", 0], "latent_image": ["0", 0], "seed": ["0", 0]}}
        chain = {str(i): {"class_type": "C", "inputs": {"a": [str(i + 1), 0]}} for i in range(8000)}
        crowd = {f"s{i}": sampler for i in range(4000)} | chain | {"8000": sampler}
        assert exports.read(png(prompt=json.dumps(crowd))).source == "comfyui"


class TestInvokeAI:
    def test_its_fields(self):
        says = {
            "positive_prompt": "a pear", "negative_prompt": "", "seed": 0, "steps": 30, "cfg_scale": 7.5,
            "scheduler": "dpmpp_2m_k", "model": {"name": "Juggernaut", "hash": "x", "base": "sdxl"}, "width": 832,
            "height": 1216, "loras": [], "vae": None, "app_version": "5.0", "rand_device": "cpu",
        }  # fmt: skip
        assert exports.read(png(invokeai_metadata=json.dumps(says))) == Found(
            "invokeai", prompt="a pear", negative="", seed=0, steps=30, guidance=7.5, sampler="dpmpp-2m",
            schedule="karras", model="Juggernaut", width=832, height=1216, unread=("app_version", "rand_device"),
        )  # fmt: skip

    def test_older_versions_are_named(self):
        found = exports.read(png(Dream='"a pear" -s 50'))
        assert (found.source, found.unread) == ("invokeai", ("Dream",))
        assert found.problem


HOSTILE_JSON = [
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"3": ' + "9" * 5_000 + "}",
    "null", "[]", '"x"', "", "\x00", "NaN",
    '{"3": null}',
    '{"3": {"class_type": 1, "inputs": []}}',
    '{"3": {"class_type": "KSampler", "inputs": {"latent_image": [], "positive": [{}], "seed": 1e999, "steps": true}}}',
    '{"positive_prompt": 5, "seed": 1.5, "steps": "x", "model": [], "width": 1e400, "scheduler": {}}',
]  # fmt: skip


class TestStrangers:
    @pytest.mark.parametrize("name", ["sfumato", "prompt", "invokeai_metadata", "parameters"])
    @pytest.mark.parametrize("text", HOSTILE_JSON, ids=lambda text: text[:12])
    def test_hostile_json_is_reported_and_nothing_is_made_of_it(self, name: str, text: str):
        found = exports.read(png(**{name: text}))
        assert (found.recipe, found.seed, found.steps, found.width) == (None, None, None, None)

    @given(st.dictionaries(
        st.sampled_from(["sfumato", "prompt", "invokeai_metadata", "parameters", "workflow", "x"]), unicode, max_size=4
    ))  # fmt: skip
    @settings(max_examples=100, deadline=None)
    def test_no_text_raises(self, texts: dict[str, str]):
        found = exports.read(png(**{name: text.replace("\0", "") for name, text in texts.items()}))
        assert all(name.isprintable() for name in found.unread)

    @given(st.binary(max_size=300))
    @settings(max_examples=150, deadline=None)
    def test_no_exif_or_xmp_raises(self, data: bytes):
        for exif in (data, b"MM\0*\0\0\0\x08" + data, b"II*\0\x08\0\0\0" + data):
            exports.read(png_of((b"eXIf", exif), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data)))

    @pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
    def test_a_text_that_unpacks_without_end_is_refused(self, kind: bytes):
        bomb = zlib.compress(bytes(50 * 2**20), 9)
        body = b"parameters\0" + (b"\0" if kind == b"zTXt" else b"\1\0\0\0") + bomb
        data = png_of((kind, body))
        tracemalloc.start()
        with pytest.raises(UnreadableFile, match="1 MB a text, 4 MB in all"):
            exports.read(data)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 8 * 2**20

    def test_many_texts_are_refused_together(self):
        with pytest.raises(UnreadableFile, match="4 MB in all"):
            exports.read(png_of(*[(b"tEXt", b"x\0" + b"y" * 10**6)] * 5))

    def test_gigapixels_are_refused_from_the_header(self):
        for size in [(30_000, 30_000), (2**31, 2**31), (0, 5)]:
            with pytest.raises(UnreadableFile, match="268 million"):
                exports.read(png_of(size=size))

    @pytest.mark.parametrize(
        "data", [b"", b"GIF89a" + bytes(50), b"%!PS-Adobe-3.0", b"8BPS" + bytes(30), b"II*\0" + bytes(30), b"SIMPLE  ="]
    )
    def test_other_content_is_refused_whatever_the_file_is_called(self, data: bytes, tmp_path: Path):
        path = tmp_path / "x.png"
        path.write_bytes(data)
        with pytest.raises(UnreadableFile, match=r"content is not jpg or png or webp"):
            exports.read(path)

    def test_a_file_without_a_picture_is_refused(self):
        for data in (b"\x89PNG\r\n\x1a\n" + png_of()[-12:], b"\xff\xd8\xff\xd9", b"RIFF\x04\0\0\0WEBP"):
            with pytest.raises(UnreadableFile):
                exports.read(data)

    def test_entities_are_not_expanded(self):
        bomb = f"<!DOCTYPE x [<!ENTITY a '{'b' * 100}'>]><x xmlns:s='{NAMESPACE}'><s:recipe>&a;</s:recipe></x>"
        assert exports.read(png(**{"XML:com.adobe.xmp": bomb})).source is None
        nested = f"<x xmlns:s='{NAMESPACE}'>" + "<a>" * 100_000 + "</a>" * 100_000 + "</x>"
        assert exports.read(png(**{"XML:com.adobe.xmp": nested})).source is None

    def test_our_recipe_in_the_short_form_of_xmp_is_read_too(self):
        made = recipe()
        as_json = json.dumps(made.model_dump()).replace('"', "&quot;")
        short = packet(None).decode().replace('rdf:about=""', f'rdf:about="" sfumato:recipe="{as_json}"')
        assert exports.read(png(**{"XML:com.adobe.xmp": short})).recipe == made

    def test_texts_behind_the_pixels_are_found(self):
        data = png_of()
        text = b"parameters\0a pear"
        late = struct.pack(">I", len(text)) + b"tEXt" + text + struct.pack(">I", zlib.crc32(b"tEXt" + text))
        assert exports.read(data[:-12] + late + data[-12:]).prompt == "a pear"

    def test_names_nobody_knows_are_named(self):
        assert exports.read(png(Software="x", Title="y")).unread == ("Software", "Title")
        assert "Software" in exports.read(png(parameters="a pear", Software="x")).unread

    def test_a_path_that_is_no_file_is_refused_at_once(self, tmp_path: Path):
        import os

        os.mkfifo(tmp_path / "pipe.png")
        for path in (tmp_path, tmp_path / "none.png", tmp_path / "pipe.png", "/dev/zero", "a\0b.png", "x" * 5000):
            with pytest.raises(UnreadableFile) as refused:
                exports.read(path)
            assert "\n" not in str(refused.value)
            assert len(str(refused.value)) < 300


def test_importing_exports_and_library_stays_light():
    heavy = "{'sqlalchemy', 'onnxruntime', 'torch', 'numpy', 'PIL.ImageCms'}"
    code = f"import sys, sfumato.exports, sfumato.library; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
