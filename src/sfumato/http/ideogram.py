"""Ideogram's fields, and what they mean as an order: those of its first API, and those of version 3.

Masks are black where to paint, of the picture's size. A picture of a remix stays as large as it is, unless a size is
asked for. Seed i of several is the one after i - 1.
"""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sfumato.core.errors import RequestError
from sfumato.http.changes import size_of
from sfumato.http.hosted import Wish
from sfumato.http.hosted.ideogram_v2 import SIZES

RATIOS = SIZES | {"1:2": (704, 1408), "2:1": (1408, 704), "4:5": (896, 1120), "5:4": (1120, 896)}
PACES = {"FLASH": 0.25, "TURBO": 0.5, "DEFAULT": 1.0, "QUALITY": 1.5}
PLAIN = {"AUTO", "GENERAL", None}
THEIRS = """
512_1536 576_1408 576_1472 576_1536 640_1024 640_1344 640_1408 640_1472 640_1536 704_1152 704_1216 704_1280 704_1344
704_1408 704_1472 720_1280 736_1312 768_1024 768_1088 768_1152 768_1216 768_1232 768_1280 768_1344 832_960 832_1024
832_1088 832_1152 832_1216 832_1248 864_1152 896_960 896_1024 896_1088 896_1120 896_1152 960_832 960_896 960_1024
960_1088 1024_640 1024_768 1024_832 1024_896 1024_960 1024_1024 1088_768 1088_832 1088_896 1088_960 1120_896 1152_704
1152_768 1152_832 1152_864 1152_896 1216_704 1216_768 1216_832 1232_768 1248_832 1280_704 1280_720 1280_768 1280_800
1312_736 1344_640 1344_704 1344_768 1408_576 1408_640 1408_704 1472_576 1472_640 1472_704 1536_512 1536_576 1536_640
"""
RESOLUTIONS = frozenset(THEIRS.split())

Magic = Literal["AUTO", "ON", "OFF"]
Seed = Field(default=None, ge=0, le=2**31 - 1)
Count = Field(default=1, ge=1, le=8)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prompt: str
    seed: int | None = Seed
    num_images: int = Count

    def fields(self) -> dict[str, Any]:
        """Of an Order."""
        magic = getattr(self, "magic_prompt_option", None) or getattr(self, "magic_prompt", None)
        negative = getattr(self, "negative_prompt", None)
        return {"prompt": self.prompt, "seed": self.seed, "n": self.num_images, "expand": magic == "ON",
                "negative": negative}  # fmt: skip

    def idle(self) -> tuple[str, ...]:
        """One line for each field that changes nothing here."""
        style = getattr(self, "style_type", None)
        return () if style in PLAIN else (f"style_type {style} has no effect: say it in the prompt",)


class ImageRequest(_Asked):
    """What /generate and /remix take. image_weight: 1 to 100, how much of a remixed picture stays."""

    aspect_ratio: str | None = Field(default=None, pattern="^ASPECT_[0-9]{1,2}_[0-9]{1,2}$")
    model: Literal["V_1", "V_1_TURBO", "V_2", "V_2_TURBO", "V_2A", "V_2A_TURBO", "AUTO"] = "V_2"
    magic_prompt_option: Magic = "AUTO"
    style_type: Literal["AUTO", "GENERAL", "FICTION", "REALISTIC", "DESIGN", "RENDER_3D", "ANIME"] | None = None
    negative_prompt: str | None = None
    resolution: str | None = Field(default=None, pattern="^RESOLUTION_[0-9]{3,4}_[0-9]{3,4}$")
    image_weight: int | None = Field(default=None, ge=1, le=100)

    @field_validator("resolution")
    @classmethod
    def _is_one_of_theirs(cls, text: str | None) -> str | None:
        if text is not None and text.removeprefix("RESOLUTION_") not in RESOLUTIONS:
            raise ValueError("no resolution of theirs; there are RESOLUTION_1024_1024 and 77 more")
        return text

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height), pixels, if one was asked for."""
        if self.aspect_ratio is not None and self.resolution is not None:
            raise RequestError("aspect_ratio and resolution exclude each other: give one of them")
        if self.resolution is not None:
            width, height = map(int, self.resolution.split("_")[1:])
            return width, height
        return None if self.aspect_ratio is None else of_ratio(self.aspect_ratio.removeprefix("ASPECT_"), "_", SIZES)


class Generate(BaseModel):
    """The body of /generate."""

    model_config = ConfigDict(extra="forbid")

    image_request: ImageRequest


class Edit(_Asked):
    """The fields of /edit."""

    model: Literal["V_2", "V_2_TURBO"] = "V_2"
    magic_prompt_option: Magic = "AUTO"
    style_type: Literal["AUTO", "GENERAL", "FICTION", "REALISTIC", "DESIGN", "RENDER_3D", "ANIME"] | None = None


class Reframe(_Asked):
    """The fields of /reframe."""

    prompt: str = ""
    resolution: str = Field(pattern="^RESOLUTION_[0-9]{3,4}_[0-9]{3,4}$")
    model: Literal["V_2", "V_2_TURBO"] = "V_2"
    magic_prompt_option: Magic = "AUTO"
    style_type: Literal["AUTO", "GENERAL", "FICTION", "REALISTIC", "DESIGN", "RENDER_3D", "ANIME"] | None = None


class V3(_Asked):
    """What version 3's calls share."""

    rendering_speed: Literal["FLASH", "TURBO", "DEFAULT", "QUALITY"] = "DEFAULT"
    magic_prompt: Magic = "AUTO"
    style_type: Literal["AUTO", "GENERAL", "REALISTIC", "DESIGN", "FICTION"] | None = None


class V3Generate(V3):
    """aspect_ratio: as 16x9. resolution: as 1024x1024."""

    negative_prompt: str | None = None
    aspect_ratio: str | None = Field(default=None, pattern="^[0-9]{1,2}x[0-9]{1,2}$")
    resolution: str | None = Field(default=None, pattern="^[0-9]{3,4}x[0-9]{3,4}$")

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height), pixels, if one was asked for."""
        if self.aspect_ratio is not None and self.resolution is not None:
            raise RequestError("aspect_ratio and resolution exclude each other: give one of them")
        return of_ratio(self.aspect_ratio, "x", RATIOS) if self.aspect_ratio else size_of(self.resolution)


class V3Remix(V3Generate):
    """image_weight: 1 to 100, how much of the picture stays."""

    image_weight: int = Field(default=50, ge=1, le=100)


class V3Edit(V3):
    """The fields of edit and inpaint."""


class V3Reframe(V3):
    """resolution: as 1024x1024."""

    prompt: str = ""
    resolution: str = Field(pattern="^[0-9]{3,4}x[0-9]{3,4}$")


class V3Background(V3):
    """The fields of replace-background."""


KEPT_SIZE = "the picture keeps its size: give aspect_ratio or resolution for another"


def generated(asked: ImageRequest | V3Generate, **more: Any) -> Wish:
    """From words; a square of 1024 pixels, if no size is asked for."""
    return Wish({**asked.fields(), **more}, asked.size or SIZES["1:1"], "png", None, asked.idle(), pace=pace_of(asked))


def edited(asked: Edit | V3Edit, image: bytes, mask: bytes) -> Wish:
    return Wish(
        asked.fields(), None, "png", None, asked.idle(), image=image, mask=mask, polarity="black", stretched=False,
        pace=pace_of(asked),
    )  # fmt: skip


def remixed(asked: ImageRequest | V3Remix, image: bytes) -> Wish:
    weight, size = 50 if asked.image_weight is None else asked.image_weight, asked.size
    warnings = asked.idle() if size else (*asked.idle(), KEPT_SIZE)
    return Wish(
        asked.fields(), size, "png", None, warnings, image=image, strength=1 - weight / 100, pace=pace_of(asked)
    )


def reframed(asked: Reframe | V3Reframe, image: bytes) -> Wish:
    width, height = map(int, re.findall("[0-9]+", asked.resolution))
    return Wish(
        asked.fields(), (width, height), "png", None, asked.idle(), image=image, around=True, pace=pace_of(asked)
    )


def with_background(asked: V3Background, image: bytes) -> Wish:
    fields = {**asked.fields(), "operation": "scene"}
    return Wish(fields, None, "png", None, asked.idle(), image=image, pace=pace_of(asked))


def pace_of(asked: _Asked) -> float:
    speed = getattr(asked, "rendering_speed", "DEFAULT")
    return 0.5 if getattr(asked, "model", "").endswith("_TURBO") else PACES[speed]


def of_ratio(text: str, between: str, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    name = text.replace(between, ":")
    if name not in known:
        there = ", ".join(one.replace(":", between) for one in known)
        raise RequestError(f"aspect_ratio {text} is none of theirs: there are {there}")
    return known[name]


def name_of(model: str) -> str:
    """What stand-ins are looked up by: `ideogram-v2-turbo` of V_2_TURBO."""
    return "ideogram" if model == "AUTO" else "ideogram-" + model.lower().replace("v_", "v", 1).replace("_", "-")
