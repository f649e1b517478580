"""From words to pictures: the prompt box, what is painted as it clears, cancelling, and what went wrong."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, expect


def test_words_become_pictures(studio: Page, paint: Callable[..., Locator]):
    tiles = paint("a red apple", 2)
    picture = tiles.first.locator("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    expect(studio.locator(".live")).to_have_count(0)


def test_a_picture_is_seen_while_it_is_painted(studio: Page):
    studio.get_by_role("button", name="Settings").click()
    studio.get_by_label("Steps", exact=True).fill("100")
    studio.keyboard.press("Escape")
    studio.get_by_label("What to paint").fill("a slow castle")
    studio.get_by_role("spinbutton", name="How many").fill("90")  # else all is painted before it is looked at
    studio.keyboard.press("Tab")
    studio.get_by_role("button", name="Paint 90").click()
    preview = studio.locator(".live.on img")
    expect(preview).to_have_attribute("src", re.compile("^data:image/webp;base64,"))
    expect(studio.locator(".live.on .status")).to_have_text(re.compile(r"\d+ of 100"))
    studio.reload()
    expect(studio.locator(".live.on img")).to_be_visible()
    studio.get_by_role("link", name="Queue").click()
    order = studio.locator("queue-row").first
    order.get_by_role("button", name="Cancel").click()
    expect(order).to_contain_text("cancelled")


def test_exactly_one_picture_of_an_order_is_cancelled(studio: Page, address: str):
    studio.get_by_role("button", name="Settings").click()
    studio.get_by_label("Steps", exact=True).fill("24")
    studio.keyboard.press("Escape")
    studio.get_by_label("What to paint").fill("three slow castles")
    studio.get_by_role("spinbutton", name="How many").fill("3")
    studio.get_by_label("What to paint").press("Control+Enter")
    tiles = studio.locator(".live").filter(has_text="three slow castles")
    expect(tiles).to_have_count(3)
    tiles.nth(1).hover()
    tiles.nth(1).get_by_role("button", name="Cancel").click()
    expect(studio.locator('picture-tile[aria-label^="three slow castles"]')).to_have_count(2, timeout=90_000)
    expect(studio.locator(".live")).to_have_count(0)
    job = studio.request.get(f"{address}api/v1/jobs").json()[0]
    assert (job["state"], job["dropped"]) == ("done", [1])


def test_only_what_the_model_takes_can_be_set(studio: Page, address: str):
    card = studio.request.get(f"{address}api/v1/models/pocket").json()
    studio.get_by_role("button", name="Settings").click()
    steps = studio.get_by_label("Steps", exact=True)
    assert [steps.get_attribute(name) for name in ("min", "max")] == [
        f"{card['steps'][end]:g}" for end in ("low", "high")
    ]
    assert steps.input_value() == f"{card['steps']['default']:g}"
    assert card["text"]["negative"] == studio.get_by_label("Leave out").is_visible()
    fitting = studio.request.get(f"{address}api/v1/choices").json()["fitting"]["flow"]
    offered = studio.get_by_label("Sampler", exact=True).locator("option").evaluate_all("all => all.map(o => o.value)")
    assert [name for name in offered if name] == fitting["samplers"]
    assert "ddim" not in offered
    studio.keyboard.press("Escape")
    studio.get_by_role("button", name="Style").click()
    assert studio.locator("look-picker .own button").all_inner_texts() == list(card["styles"]["names"])


def test_a_refusal_is_told_in_the_servers_words(studio: Page):
    def more(route: Route) -> None:
        """As if the server had offered what it refuses."""
        answer = route.fetch()
        choices = answer.json()
        choices["fitting"]["flow"]["samplers"].append("ddim")
        route.fulfill(response=answer, json=choices)

    studio.expected_complaints = 1  # the browser's own line about a 422
    studio.route("**/api/v1/choices", more)
    studio.reload()
    studio.get_by_role("button", name="Settings").click()
    studio.get_by_label("Sampler", exact=True).select_option("ddim")
    studio.keyboard.press("Escape")
    studio.get_by_label("What to paint").fill("a red apple")
    studio.get_by_label("What to paint").press("Control+Enter")
    refusal = studio.get_by_role("alert").filter(has_text="pocket cannot use sampler 'ddim'")
    expect(refusal).to_be_visible()
    refusal.get_by_role("button", name="Without the sampler").click()
    expect(refusal).to_be_hidden()
    studio.get_by_label("What to paint").press("Control+Enter")
    expect(studio.get_by_text("pictures are being painted")).to_be_visible()


def test_what_is_added_to_a_short_prompt_is_shown_and_painted(studio: Page, address: str):
    studio.get_by_role("button", name="Seed").click()
    studio.get_by_label("The same seed each time").fill("5")
    studio.keyboard.press("Escape")
    studio.get_by_role("button", name="Say more than I wrote").click()
    studio.get_by_label("What to paint").fill("a kettle")
    expect(studio.locator("words-read ins").last).not_to_be_empty()
    words = studio.locator("words-read p").inner_text().removeprefix("What is read: ")
    studio.get_by_label("What to paint").press("Control+Enter")
    expect(studio.locator('picture-tile[aria-label^="a kettle"]').first).to_be_visible()
    recipe = studio.request.get(f"{address}api/v1/pictures?text=kettle").json()[0]["recipe"]
    assert (recipe["prompt"], recipe["asked"]) == (words, "a kettle")
    studio.get_by_role("button", name="Keep these words").click()
    expect(studio.get_by_label("What to paint")).to_have_value(words)
    expect(studio.locator("words-read")).to_be_hidden()


def test_a_look_in_words_is_painted_with(studio: Page, address: str):
    studio.get_by_role("button", name="Style").click()
    studio.get_by_role("button", name="watercolour", exact=True).click()
    studio.get_by_label("What to paint").fill("a mill")
    expect(studio.locator("words-read")).to_contain_text("a mill")
    studio.get_by_label("What to paint").press("Control+Enter")
    expect(studio.locator('picture-tile[aria-label*="a mill"]').first).to_be_visible()
    recipe = studio.request.get(f"{address}api/v1/pictures?text=mill").json()[0]["recipe"]
    assert recipe["asked"] == "a mill"
    assert "watercolour" in recipe["prompt"]


def test_settings_go_into_the_order(studio: Page, paint: Callable[..., Locator], address: str):
    studio.get_by_role("button", name="Shape").click()
    studio.get_by_role("button", name="3:2", exact=True).click()
    studio.get_by_role("button", name="Seed").click()
    studio.get_by_label("The same seed each time").fill("18446744073709551615")
    studio.keyboard.press("Escape")
    studio.get_by_role("button", name="Style").click()
    studio.get_by_role("button", name="emoji", exact=True).click()
    studio.get_by_role("button", name="Settings").click()
    studio.get_by_label("Guidance", exact=True).fill("5")
    studio.keyboard.press("Escape")
    studio.get_by_role("button", name="Fast").click()
    paint("a wide boat")
    found = studio.request.get(f"{address}api/v1/pictures?text=wide+boat").text()
    assert '"seed":18446744073709551615' in found
    recipe = studio.request.get(f"{address}api/v1/pictures?text=wide+boat").json()[0]["recipe"]
    assert 1.4 < recipe["width"] / recipe["height"] < 1.6  # sides are multiples of 16
    assert (recipe["style"], recipe["guidance"], recipe["cache"]) == ("emoji", 5, 0.5)


def test_a_seed_that_cannot_be_is_said_at_once(studio: Page):
    studio.get_by_role("button", name="Seed").click()
    studio.get_by_label("The same seed each time").fill("18446744073709551616")
    expect(studio.get_by_role("alert").filter(has_text="A seed is a whole number")).to_be_visible()


def test_earlier_prompts_come_back(studio: Page, paint: Callable[..., Locator]):
    paint("a small teapot")
    studio.get_by_label("What to paint").fill("")
    studio.get_by_role("button", name="Earlier prompts").click()
    studio.get_by_label("Search earlier prompts").fill("TEAPOT")
    studio.locator("prompt-history .list button").click()
    expect(studio.get_by_label("What to paint")).to_have_value("a small teapot")


def test_nothing_a_person_types_becomes_markup(studio: Page, paint: Callable[..., Locator]):
    paint("<img src=x onerror=alert(1)>")
    assert studio.locator("img[src='x']").count() == 0


def test_a_tab_that_is_not_looked_at_starts_all_the_same(studio: Page, address: str):
    hidden = studio.context.new_page()
    hidden.add_init_script("window.requestAnimationFrame = () => 0")  # nothing is drawn there
    hidden.goto(address)
    expect(hidden.locator("prompt-box .foot button").first).to_have_text("Pocket")
    job = studio.request.post(f"{address}api/v1/orders", data={"prompt": "a bell", "n": 1, "steps": 4}).json()
    expect(hidden.locator('picture-tile[aria-label^="a bell, seed"]')).to_have_count(1)
    hidden.close()
    assert studio.request.get(f"{address}api/v1/jobs/{job['id']}").json()["state"] == "done"
