"""Explanations in a real Chromium: methods, patches to look from, films, differences, and how far to trust a map."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence
from playwright.sync_api import expect

from tests.browser.hands import painted, quiet, rung, state
from tests.browser.test_explore_files import kept

ATTENTION = "#ee-tab-explore attention-view"
SALIENCY = "#ee-tab-explore saliency-view"


@pytest.fixture
def attention(page):
    page.get_by_role("tab", name="Attention").click()
    painted(page)
    return page.locator(ATTENTION)


@pytest.fixture
def saliency(page):
    page.get_by_role("tab", name="Saliency").click()
    painted(page)
    return page.locator(SALIENCY)


def pixels(canvas):
    return canvas.evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")


def test_rollout_came_with_the_picture_and_is_a_row_of_one_map_per_block(page, attention):
    asked = quiet(page)
    attention.locator("#method").select_option("rollout")
    painted(page)
    expect(attention.get_by_role("gridcell")).to_have_count(12)
    expect(attention.locator(".reading")).to_have_text(
        re.compile(r"^Attention rollout, block \d+: strongest")
    )
    assert asked == []
    assert state(page, "s.maps.get({ method: 'rollout' }).map.units") == "share"


def test_a_patch_is_chosen_by_pointer_and_by_keyboard_and_looks_from_there(page, attention):
    heat = attention.locator("heat-picture")
    resting = pixels(heat.locator("canvas"))
    box = heat.locator(".stage").bounding_box()
    # Row 2, column 6 of 7 by 7.
    page.mouse.click(box["x"] + box["width"] * 5.5 / 7, box["y"] + box["height"] * 1.5 / 7)
    page.wait_for_function("window.ExitExplorer.store.maps.get({ method: 'attention', patch: 12 })?.map")
    painted(page)
    assert pixels(heat.locator("canvas")) != resting
    expect(heat.locator(".from")).to_be_visible()
    chooser = heat.get_by_role("button", name=re.compile("^Choose a patch"))
    chooser.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_function("window.ExitExplorer.store.maps.get({ method: 'attention', patch: 18 })?.map")
    attention.get_by_role("button", name="Look from [CLS] again").click()
    painted(page)
    assert pixels(heat.locator("canvas")) == resting


def test_a_global_exits_own_attention_is_offered_there_and_only_there(page, attention):
    rung(page, 5).click()
    option = attention.locator("#method option[value=aggregation]")
    expect(option).to_be_disabled()
    rung(page, 9).click()
    expect(option).to_be_enabled()
    attention.locator("#method").select_option("aggregation")
    expect(attention.locator(".reading")).to_have_text(re.compile("exit at block 9: strongest"))
    rung(page, 5).click()
    expect(attention.locator(".message")).to_have_text(re.compile("cannot explain this exit"))


def test_every_exit_has_saliency_by_every_method(page, saliency):
    rung(page, 12).click()
    for method in ("occlusion", "relevance", "integrated-gradients", "smoothgrad", "grad-cam"):
        saliency.get_by_label("Method").select_option(method)
        page.wait_for_function(
            f"""(() => {{ const s = window.ExitExplorer.store;
            const c = s.trace.classes[s.trace.predicted.at(-1)].index;
            return s.maps.get({{ method: '{method}', exit: 8, classes: [c] }})?.map; }})()""",
            timeout=60_000,
        )
        painted(page)
        expect(saliency.locator("#one .scale")).to_be_visible()
        expect(saliency.locator("#one .levels span").last).to_have_text(re.compile(r"\d"))


def test_two_maps_can_share_a_scale_and_one_can_be_taken_off_the_other(page, saliency):
    rung(page, 4).click()
    saliency.get_by_label("Compare with exit at").select_option("7")
    ends = saliency.locator(".levels span:last-child")
    expect(ends.nth(1)).to_have_text(re.compile(r"\d"))
    saliency.get_by_label("both maps on one scale").check()
    painted(page)
    assert ends.nth(0).text_content() == ends.nth(1).text_content()
    saliency.get_by_label("Minus the map of").select_option("12")
    expect(saliency.locator("#one .levels span").first).to_have_text(re.compile("^−"), timeout=30_000)
    expect(saliency.locator("#one .which")).to_have_text(re.compile("Minus the map of block 12"))
    # A difference is said as one, and sensitivity is not called evidence.
    expect(saliency.locator("#one .reading")).to_have_text(
        re.compile(r"^Block 4 finds (more|less) for .+ than block 12, above all in row \d+, column \d+ \(")
    )
    saliency.get_by_label("Minus the map of").select_option("")
    saliency.get_by_label("Method").select_option("smoothgrad")
    expect(saliency.locator("#one .reading")).to_have_text(
        re.compile(r"^Most sensitive for .+ in row \d+"), timeout=30_000
    )


def test_a_late_answer_for_another_model_is_not_shown(page, saliency):
    rung(page, 12).click()
    page.evaluate(
        """() => { const { server, store } = window.ExitExplorer; const real = server.explain;
        server.explain = async (asked) => { const answer = await real(asked); await window.held; return answer; };
        window.held = new Promise((go) => { window.release = go; }); }"""
    )
    saliency.get_by_label("Method").select_option("relevance")
    expect(saliency.locator("#one .message")).to_have_text("Computing this map …")
    painted(page)
    page.wait_for_timeout(400)  # the question is asked after a pause
    page.evaluate(
        """() => { const { store } = window.ExitExplorer;
        store.show({ ...store.rawExample, trace: { ...store.trace, model: "another" }, maps: [] });
        store.flush(); window.release(); }"""
    )
    page.wait_for_timeout(500)
    asked = (
        "s.maps.get({ method: 'relevance', exit: 8, classes: [s.trace.classes[s.trace.predicted[8]].index] })"
    )
    assert not state(page, f"{asked}?.map")


def test_a_film_is_scrubbed_played_and_kept(page, attention):
    film = attention.locator(".film")
    film.get_by_role("slider", name="Depth").fill("2")
    painted(page)
    expect(attention.locator("#block")).to_have_value("3")
    film.get_by_role("slider", name="Depth").fill("10")
    film.get_by_role("button", name="Play").click()
    expect(attention.locator("#block")).to_have_value("12", timeout=10_000)
    expect(film.get_by_role("button", name="Play")).to_be_visible(timeout=10_000)
    with page.expect_download() as handed:
        film.get_by_role("button", name="Film as GIF").click()
    gif = Image.open(handed.value.path())
    frames = [np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(gif)]
    assert len(frames) == 12
    assert gif.info["loop"] == 0
    assert len({frame.tobytes() for frame in frames}) == 12
    with page.expect_download() as handed:
        film.get_by_role("button", name="Strip as PNG").click()
    strip = np.asarray(Image.open(handed.value.path()).convert("RGB")).astype(int)
    height, width = frames[0].shape[:2]
    assert strip.shape[:2] == (2 * height, 6 * width)
    for i in (0, 7):  # the film's colours are 256 of the strip's
        part = strip[i // 6 * height :, i % 6 * width :][:height, :width]
        assert np.abs(part - frames[i]).mean() < 6


def test_a_film_of_saliency_runs_over_the_exits(page, saliency):
    rung(page, 11).click()
    saliency.locator(".film").get_by_role("button", name="Play").click()
    page.wait_for_function("window.ExitExplorer.store.selected === 8", timeout=60_000)
    label = state(page, "s.trace.classes[s.trace.predicted[7]].label")
    expect(saliency.locator("#class option:checked")).to_have_text(label)


def test_a_map_is_tested_by_covering_patches_and_by_losing_weights(page, saliency):
    rung(page, 7).click()
    expect(saliency.locator("#one .levels span").last).to_have_text(re.compile(r"\d"))
    saliency.get_by_role("button", name="Test by covering patches").click()
    rows = saliency.get_by_role("row")
    expect(rows).to_have_count(4, timeout=60_000)
    expect(rows.nth(1)).to_have_text(re.compile(r"^this map\d\.\d\d\d\.\d\d$"))
    expect(saliency.get_by_role("img", name="Deletion curves")).to_be_visible()
    expect(saliency.locator(".verdict")).to_have_text(re.compile("chance|Mixed"))
    saliency.get_by_role("button", name="Test by randomising weights").click()
    stages = saliency.locator(".stages li")
    expect(stages).to_have_count(6, timeout=60_000)
    expect(stages.first).to_have_text(re.compile("as trained.*1.00"))
    rung(page, 8).click()  # another map: what was said of this one goes
    expect(stages).to_have_count(0)
    expect(rows).to_have_count(0)


def test_an_attention_map_is_tested_on_the_answer_of_the_exit_looked_at(page, attention):
    rung(page, 7).click()
    attention.get_by_role("gridcell").nth(15).click()
    attention.get_by_role("button", name="Test by covering patches").click()
    areas = attention.locator(".areas tbody tr")
    expect(areas).to_have_count(3, timeout=60_000)
    expect(areas.first).to_have_text(re.compile(r"^this map\d\.\d\d\d\.\d\d$"))
    expect(attention.get_by_role("button", name="Compare all methods")).to_have_count(0)
    attention.get_by_role("gridcell").nth(16).click()  # another map: what was said of this one goes
    expect(areas).to_have_count(0)


def test_methods_are_compared_by_what_is_left_of_their_maps_without_weights(page, saliency):
    page.evaluate(
        """() => { const { store } = window.ExitExplorer; const few = ["grad-cam", "rollout", "aggregation"];
        store.keep({ methods: store.methods.filter(({ name }) => few.includes(name)) }); store.select(1); }"""
    )
    painted(page)
    expect(saliency.locator("#one .levels span").last).to_have_text(re.compile(r"\d"), timeout=30_000)
    saliency.get_by_role("button", name="Compare all methods").click()
    rows = saliency.locator(".all tbody tr")
    expect(saliency.locator(".verdict")).to_have_text(re.compile("learned"), timeout=60_000)
    expect(rows).to_have_count(2)  # a local exit has no attention of its own to aggregate
    expect(rows.nth(0)).to_have_text(re.compile(r"^Grad-CAM1\.00"))
    # A rollout knows nothing of the head: it stays as it was when only the head is randomised.
    expect(rows.nth(1).locator("td").nth(1)).to_have_text("1.00")


def test_a_map_without_evidence_says_so_in_words(page, saliency):
    page.evaluate(
        """() => { const { store } = window.ExitExplorer; const c = store.trace.classes[store.trace.predicted[0]].index;
        const map = { grid: [7, 7], axes: {}, signed: false, units: "logit", evidence: "flat", peak: 0, data: "" };
        store.maps.put(store.maps.owner, { method: "grad-cam", exit: 0, classes: [c] }, { map }); store.select(0); }"""
    )
    painted(page)
    expect(saliency.locator("#one .message")).to_have_text("No evidence: the map is zero everywhere.")
    expect(saliency.get_by_role("button", name="Test by covering patches")).to_be_disabled()


def test_a_method_the_server_adds_is_on_the_list(page, saliency):
    page.evaluate(
        """() => { const { store } = window.ExitExplorer;
        const toy = { name: "toy", asks: ["class", "exit"], families: ["local"] };
        store.keep({ methods: [...store.methods, toy, { ...toy, name: "far", here: false }] }); }"""
    )
    painted(page)
    expect(saliency.locator("#method option[value=toy]")).to_be_enabled()
    expect(saliency.locator("#method option[value=far]")).to_be_disabled()
    expect(saliency.locator("#method option[value=far]")).to_have_text("far (only with a server)")


def test_the_saved_picture_of_a_signed_map_has_its_own_colours(page, saliency):
    rung(page, 4).click()
    saliency.get_by_label("Minus the map of").select_option("7")
    expect(saliency.locator("#one .levels span").first).to_have_text(re.compile("^−"), timeout=30_000)
    picture = np.asarray(Image.open(BytesIO(kept(page, "saliency-view", "PNG"))).convert("RGB")).astype(int)
    blue = abs(picture[:, 32] - [33, 102, 172]).sum(axis=1) < 6
    red = abs(picture[:, 671] - [178, 24, 43]).sum(axis=1) < 6
    assert (blue & red).sum() == 18


def test_a_group_of_the_grain_is_explained_as_all_its_classes(page, saliency):
    rung(page, 5).click()
    page.evaluate("() => { const { store } = window.ExitExplorer; store.setGrain(store.grains[0].name); }")
    painted(page)
    group = state(page, "s.trace.classes[s.trace.predicted[1]]")
    members = state(page, f"s.grains[0].groups.flatMap((g, i) => g === {group['index']} ? [i] : [])")
    page.wait_for_function(
        "(classes) => window.ExitExplorer.store.maps.get({ method: 'grad-cam', exit: 1, classes })?.map",
        arg=members,
        timeout=60_000,
    )
    expect(saliency.locator("#one .which")).to_contain_text(f"gives {group['label']}")
