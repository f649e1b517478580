"""docs/parity.md keeps its word: its tests are there and name its classes, and no promise of a card is left out.

It is also held to diffusers' own list, so that a pipeline which a new diffusers brings is noticed.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

diffusers = pytest.importorskip("diffusers")

from sfumato import catalog  # noqa: E402
from sfumato.core.card import Card  # noqa: E402
from sfumato.engine.families import families  # noqa: E402

HERE = Path(__file__).parent
PAGE = HERE.with_name("docs") / "parity.md"
WHAT = [
    "words", "a picture", "a mask", "LoRA", "ControlNets", "ControlNets and a picture", "ControlNets and a mask",
    "references",
]  # fmt: skip
"""What every section has a row for."""
LIKE = ["stable_diffusion", "stable_diffusion_xl", "controlnet", "flux", "z_image", "qwenimage"]
"""Where diffusers keeps the pipelines of our families' kinds."""


@dataclass(frozen=True)
class Line:
    """A row. test: where one holds it, else why none does."""

    section: str
    what: str
    classes: list[str]
    test: str
    within: str

    @property
    def held(self) -> bool:
        return "::" in self.test

    @property
    def source(self) -> str:
        """Of the file that its test is in."""
        return (HERE / f"{self.test.partition('::')[0]}.py").read_text(encoding="utf-8")


SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S))
OURS = [name for name in SECTIONS if name != "Left to diffusers"]


def lines(section: str) -> list[Line]:
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in SECTIONS[section].splitlines() if row[:1] == "|"]
    return [
        Line(section, what, re.findall(r"`(\w+)`", beside), test.strip("`"), within)
        for what, beside, test, within in rows[2:]
    ]


LINES = [line for section in OURS for line in lines(section)]


def cards(section: str) -> list[Card]:
    (said,) = re.findall(r"^Cards: (.*?)\n\n", SECTIONS[section], re.M | re.S)
    return [catalog.card(name) for name in re.findall(r"`([\w.-]+)`", said)]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.section}, {line.what}")
def test_a_row_names_a_class_and_its_test_or_why_there_is_none(line: Line):
    assert line.classes and all(hasattr(diffusers, name) for name in line.classes)
    if not line.held:
        assert len(line.test) > 20 and not line.within
        return
    assert re.search(rf"^def {line.test.partition('::')[2]}\(", line.source, re.M)
    assert all(name in line.source for name in line.classes)
    if line.within != "a rounding":
        (tolerance,) = re.findall(r"^TOLERANCE = (\S+)", line.source, re.M)
        assert line.within == tolerance
    if line.test.startswith("test_parity_changes::"):
        assert f'("{line.section.removesuffix(" and Depth")}", ' in line.source


@pytest.mark.parametrize("section", OURS)
def test_every_family_has_a_row_for_everything(section: str):
    found = [line.what for line in lines(section)]
    assert [what for what in found if what in WHAT] == WHAT


def test_every_card_of_our_own_families_is_in_one_section():
    told = [card.name for section in OURS for card in cards(section)]
    ours = [name for name in catalog.names() if hasattr(families[catalog.card(name).family], "pipelines")]
    assert sorted(told) == sorted(ours)


PROMISES = {
    "words": lambda card: "text-to-image" in card.operations and "instruct" not in card.operations,
    "a picture": lambda card: {"image-to-image", "instruct"} & set(card.operations),
    "a mask": lambda card: {"image-to-image", "fill"} & set(card.operations),
    "LoRA": lambda card: card.loras,
    "ControlNets": lambda card: card.controls,
    "references": lambda card: card.references,
}
"""Rows that must be held by a test where a card promises what they are of."""


@pytest.mark.parametrize("section", OURS)
def test_what_a_card_promises_is_held_by_a_test(section: str):
    held = {line.what for line in lines(section) if line.held}
    for card in cards(section):
        assert {what for what, promised in PROMISES.items() if promised(card)} <= held, card.name
        assert card.pipeline in {name for line in lines(section) for name in line.classes}


def test_no_pipeline_of_these_kinds_is_left_out():
    page, folder = PAGE.read_text(encoding="utf-8"), Path(diffusers.__file__).parent / "pipelines"
    known = {
        name
        for kind in LIKE
        for file in (folder / kind).glob("pipeline_*.py")
        for name in re.findall(r"^class (\w+Pipeline)\(", file.read_text(encoding="utf-8"), re.M)
        if "Onnx" not in name
    }
    assert len(known) > 40
    assert {name for name in known if f"`{name}`" not in page} == set()
