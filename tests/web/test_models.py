"""Models come from a hub and go again; a LoRA is taught from dropped pictures and painted with."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from sfumato import catalog
from sfumato.testing import safetensors_file
from tests.fake_hub import Hub, serving
from tests.web.conftest import started

NAME = "sdxl-turbo"  # under a licence of its own
INDEX = b'{"_class_name": "StableDiffusionXLPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}'
BESIDE = "control-pose-sd-1.5"
LARGE = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "unet").mkdir()
    (folder / "model_index.json").write_bytes(INDEX)
    (folder / "unet" / "config.json").write_bytes(b"{}")
    (folder / LARGE).write_bytes(safetensors_file({"a": np.zeros(1000, np.float32)}))
    beside = tmp_path_factory.mktemp("beside")
    for name in catalog.listed()[BESIDE].takes:
        (beside / name).write_bytes(b"{}" if name.endswith("json") else (folder / LARGE).read_bytes())
    others = {catalog.listed()[BESIDE].repository or "": beside}
    with serving(Hub(folder, catalog.card(NAME).repository or "", beside=others)) as hub:
        environment = {"HF_ENDPOINT": hub.url, "HF_TOKEN": ""}
        process, address = started(tmp_path_factory.mktemp("models"), environment=environment)
        yield address
        process.terminate()
        process.wait(20)


def test_a_model_is_fetched_after_its_licence_was_read_and_removed_again(studio: Page):
    studio.get_by_role("link", name="Models").click()
    studio.get_by_label("Search models").fill("sdxl-turbo")
    row = studio.locator("model-row")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Fetch SDXL-Turbo").click()
    dialog = studio.get_by_role("dialog", name="Fetch SDXL-Turbo")
    expect(dialog).to_contain_text(catalog.card(NAME).licence)
    expect(dialog).to_contain_text("on the disk and in memory")
    expect(dialog.get_by_role("button", name="Fetch")).to_be_disabled()
    dialog.get_by_label("I have read the licence").check()
    dialog.get_by_role("button", name="Fetch").click()
    expect(studio.get_by_text("sdxl-turbo is here")).to_be_visible()
    expect(row.get_by_role("button", name="Paint with it")).to_be_visible()
    row.get_by_role("button", name="Remove sdxl-turbo").click()
    studio.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row.get_by_role("button", name="Fetch SDXL-Turbo")).to_be_visible()


def test_what_goes_beside_a_model_is_led_to_fetched_and_removed(studio: Page):
    refused = "pose pictures need a network that is not here yet: sfumato pull control-pose-sd-1.5"
    problem = {"status": 422, "title": "refused", "detail": refused}
    studio.expected_complaints = 1  # the browser's own line about a 422
    studio.route("**/api/v1/orders", lambda route: route.fulfill(status=422, json=problem))
    studio.get_by_label("What to paint").fill("a dancer")
    studio.get_by_label("What to paint").press("Control+Enter")
    studio.get_by_role("button", name=f"Fetch {BESIDE}").click()
    row = studio.locator("listing-row")
    expect(row).to_have_count(1)
    title = catalog.listed()[BESIDE].title
    row.get_by_text(title).click()
    expect(row.get_by_role("link", name=catalog.card("sd-1.5").title)).to_be_visible()
    row.get_by_role("button", name=f"Fetch {title}").click()
    dialog = studio.get_by_role("dialog", name=f"Fetch {title}")
    expect(dialog).to_contain_text(catalog.listed()[BESIDE].licence)
    dialog.get_by_label("I have read the licence").check()
    dialog.get_by_role("button", name="Fetch").click()
    expect(row.get_by_text("Ready")).to_be_visible()
    row.get_by_role("button", name=f"Remove {BESIDE}").click()
    studio.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row.get_by_role("button", name=f"Fetch {title}")).to_be_visible()


def test_what_goes_beside_models_is_found_by_kind_and_told_whether_it_is_of_use(studio: Page):
    studio.goto(f"{studio.url.split('#')[0]}#/models/others")
    video = studio.get_by_role("group", name="What it does").get_by_role("button", name="Video")
    video.focus()
    studio.keyboard.press("Enter")
    expect(video).to_be_focused()
    films = sum(one.kind == "video" for one in catalog.listed().values())
    expect(studio.locator("listing-row").get_by_text("nothing here works with it yet")).to_have_count(films)
    expect(studio.get_by_role("heading", name="For other programs so far")).to_be_visible()
    studio.get_by_label("Search models").fill("cogvideox-2b")
    studio.locator("listing-row").get_by_role("button", name="Fetch").click()
    expect(studio.get_by_role("dialog")).to_contain_text("it is kept for other programs")


def test_what_fits_is_what_the_server_says_in_words(studio: Page, address: str):
    """A graphics card of 12 GB, by the rule of `sfumato models --fits 12GB`."""
    fits = {card.name: str(way) for card in map(catalog.card, catalog.names()) if (way := card.way(12e9))}
    told = studio.request.get(f"{address}api/v1/machine").json() | {"memory": 12e9, "gpu": True, "fits": fits}
    studio.route("**/api/v1/machine", lambda route: route.fulfill(json=told))
    studio.goto(f"{address}#/models")
    studio.get_by_role("button", name="Fits this machine").click()
    expect(studio.locator("model-row")).to_have_count(len(fits))
    for words, way in {"what reads prompts waits": "readers wait", "in 4 bits": "nf4"}.items():
        expect(studio.locator("model-row").filter(has_text=words)).to_have_count(
            sum(way in one for one in fits.values())
        )
    studio.get_by_role("button", name="Fits this machine").click()
    expect(
        studio.locator("model-row").filter(has_text="too large for the 12.0 GB of the graphics card")
    ).not_to_have_count(0)


def test_what_the_hub_does_not_have_is_told_with_a_way_on(studio: Page):
    studio.goto(f"{studio.url.split('#')[0]}#/models/all/ssd-1b")
    row = studio.locator("model-row")
    row.get_by_role("button", name="Fetch").click()
    studio.get_by_role("dialog").get_by_role("button", name="Fetch").click()
    expect(row.get_by_role("alert")).to_contain_text("it is not for everyone")
    row.get_by_role("button", name="Put away").click()
    expect(row.get_by_role("alert")).to_have_count(0)


@pytest.mark.timeout(300)
def test_a_lora_is_taught_from_pictures_and_chosen_with_its_weight(studio: Page, address: str):
    pytest.importorskip("peft", reason="learning needs sfumato[torch]")
    studio.goto(f"{address}#/models/lora")
    studio.get_by_role("button", name="Teach").click()
    studio.get_by_label("Its name").fill("rings")
    studio.get_by_role("button", name="Teach").click()
    expect(studio.get_by_role("alert")).to_have_text("At least three pictures are needed.")
    studio.locator("teach-form input[type=file]").set_input_files(
        [{"name": f"ring {i}.png", "mimeType": "image/png", "buffer": ring(i)} for i in range(4)]
    )
    studio.get_by_role("button", name="Leave out ring 3.png").click()
    expect(studio.get_by_text("3 pictures")).to_be_visible()
    studio.get_by_label("Minutes to learn").fill("0.01")
    studio.get_by_role("button", name="Teach").click()
    expect(studio.get_by_role("progressbar", name="rings")).to_be_visible()
    expect(studio.get_by_text("say “rings style” in a prompt")).to_be_visible(timeout=280_000)
    studio.get_by_role("button", name="Paint with it").click()
    studio.get_by_role("button", name="Settings").click()
    studio.get_by_label("Weight of rings").fill("0.5")
    studio.keyboard.press("Escape")
    studio.get_by_label("What to paint").fill("a ring, rings style")
    studio.get_by_label("What to paint").press("Control+Enter")
    expect(studio.locator('picture-tile[aria-label^="a ring, rings style"]').first).to_be_visible()
    recipe = studio.request.get(f"{address}api/v1/pictures").json()[0]["recipe"]
    assert [(lora["name"], lora["weight"]) for lora in recipe["loras"]] == [("rings", 0.5)]


def ring(seed: int) -> bytes:
    image, out = Image.new("RGBA", (80, 80)), io.BytesIO()
    x, y = np.random.default_rng(seed).integers(5, 30, 2)
    ImageDraw.Draw(image).ellipse((x, y, x + 40, y + 40), outline=(10, 160, 60, 255), width=7)
    image.save(out, "PNG")
    return out.getvalue()
