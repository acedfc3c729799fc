"""The About tab's server side: cards are shown safely, sizes and versions are true, uploads do not stay."""

import json

import pytest

from explorer.evaluate.tradeoff import Aim
from explorer.model.bundle import load_model_folder
from explorer.model.catalog import DEFAULT, SHIPPED
from explorer.train.photos import ship
from explorer.web import page
from explorer.web.card import LIBRARIES, card_html, card_json, versions
from explorer.web.language import strings
from explorer.web.tabs import about


def test_the_front_matter_is_dropped_and_headings_stand_below_the_pages_own():
    html = card_html("---\nlicense: mit\n---\n\n# Name\n\n## Part\n\n###### Deep\n")
    assert "license" not in html
    assert html == "<h3>Name</h3>\n<h4>Part</h4>\n<h6>Deep</h6>\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<script>alert(1)</script>\n\n<b onclick=x>hi</b>",
            ["&lt;script&gt;", "&lt;b onclick=x&gt;hi&lt;/b&gt;"],
        ),
        ("[x](javascript:alert(1))", ["[x](javascript:alert(1))"]),
        ("[x](data:text/html,hi)", ["[x](data:text/html,hi)"]),
        ("![x](https://elsewhere/pixel.png)", ["!<a"]),
        ("<javascript:alert(1)>", ["&lt;javascript:alert(1)&gt;"]),
    ],
)
def test_what_could_harm_becomes_text(text, expected):
    html = card_html(text)
    for part in expected:
        assert part in html
    for tag in ("<script", "<b ", "<img", 'href="javascript', 'href="data'):
        assert tag not in html


def test_links_to_the_web_open_apart_and_of_others_the_words_stay():
    html = card_html("[paper](https://arxiv.org/abs/2308.00255 'a \"title\"') and [home](../../README.md)")
    assert 'href="https://arxiv.org/abs/2308.00255"' in html
    assert 'rel="noopener noreferrer" target="_blank"' in html
    assert "and home" in html
    assert html.count("<a ") == html.count("</a>") == 1


def test_a_table_can_be_scrolled_by_itself():
    html = card_html("| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert html.startswith('<div class="scroll" tabindex="0"><table>')
    assert "</table></div>" in html


def test_the_sizes_are_those_of_the_network_and_no_weights_are_loaded(monkeypatch):
    network = load_model_folder(SHIPPED / DEFAULT).network
    parameters = card_json(DEFAULT)["parameters"]
    assert parameters["backbone"] == sum(p.numel() for p in network.backbone.parameters())
    assert parameters["heads"] == [sum(p.numel() for p in head.parameters()) for head in network.heads]


def test_the_question_answers_with_card_versions_and_how_long_uploads_stay():
    answer = about.card({"model": DEFAULT})
    assert "<h3>" in answer["html"]
    assert set(answer["versions"]) == {"Python", *LIBRARIES}
    assert answer["versions"]["gradio"] == versions()["gradio"]
    assert answer["upload_minutes"] == 55
    json.dumps(answer)


@pytest.mark.parametrize("name", ["../../etc", "owner/name", "", None])
def test_a_model_that_is_not_offered_has_no_card(name):
    assert "does not offer" in about.card({"model": name})["error"]


def test_gradio_is_told_to_delete_uploads():
    assert page.build().delete_cache == (about.UPLOADS_CHECKED, about.UPLOADS_KEPT)


def test_the_numbers_named_among_the_definitions_are_those_used():
    for number in (f"{Aim().saving:g}", f"{100 * ship.LOST:g}"):
        assert f" {number} " in strings("en")["about.number_thresholds_says"]
        assert f" {number} ".replace(".", ",") in strings("de")["about.number_thresholds_says"]
