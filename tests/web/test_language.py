"""The page's words and the words that reach it from Python say the same."""

import ast
import inspect
import re

import pytest
import torch

from explorer.data import collection, garment, opening, photo, reading
from explorer.rules import RULES
from explorer.web import analysis, api, calls, examples, guard, model_page, pictures, questions, records
from explorer.web.language import LANGUAGES, by_itself, i18n, in_language, strings, word
from explorer.web.tabs import batch, stress


def sentences(module):
    """Patterns of the sentences a module can say: capitalised strings of several words with a full stop."""
    tree = ast.parse(inspect.getsource(module))
    defined = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    docstrings = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, defined)
    }
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in node.values]
            pattern = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            if node.value in docstrings:
                continue
            pattern = re.escape(node.value)
        else:
            continue
        if re.match(r"[A-Z].*\\ .*\\\.$", pattern):
            yield pattern


@pytest.mark.parametrize(
    "module",
    [
        api,
        batch,
        calls,
        collection,
        examples,
        garment,
        guard,
        model_page,
        opening,
        photo,
        pictures,
        questions,
        reading,
        records,
        stress,
    ],
)
def test_every_sentence_of_the_server_can_be_translated(module):
    known = [text for key, text in strings("en").items() if key.startswith("server.")]
    # Paths are named on the command line only.
    said = [sentence for sentence in sentences(module) if "no\\ image\\ file" not in sentence]
    assert said
    for sentence in said:
        assert any(re.fullmatch(sentence, text) for text in known), sentence


def test_the_rules_own_english_is_the_pages():
    for name, rule in RULES.items():
        assert strings("en")[f"rules.{name}_title"] == rule.title
        assert strings("en")[f"rules.{name}_says"] == rule.says
        assert strings("en")[f"rules.{name}_paper"] == rule.paper


def test_gradios_parts_have_every_word_in_every_language():
    assert set(i18n().translations) == set(LANGUAGES)
    for texts in i18n().translations.values():
        assert {"model", "your_image", "drop_image"} <= set(texts)
        assert not any("." in key for key in texts)  # Gradio takes a dot for a path
    assert word("model").key == "model"


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        ("", "That is too much at once; send less than 4 MB."),
        ("de", "Das ist zu viel auf einmal; bitte weniger als 4 MB senden."),
        ("de-AT,de;q=0.9,en;q=0.8", "Das ist zu viel auf einmal; bitte weniger als 4 MB senden."),
        ("en-GB,en;q=0.9,de;q=0.8", "That is too much at once; send less than 4 MB."),
        ("fr,de;q=0.5", "Das ist zu viel auf einmal; bitte weniger als 4 MB senden."),
        ("de;q=0,en;q=0.1", "That is too much at once; send less than 4 MB."),
        ("de;q=x,*", "That is too much at once; send less than 4 MB."),
    ],
)
def test_a_refusal_is_in_the_language_that_the_request_prefers(accepted, said):
    assert in_language("That is too much at once; send less than 4 MB.", accepted) == said
    assert in_language("Nobody says this.", accepted) == "Nobody says this."


def test_a_sentence_of_the_command_line_that_the_page_knows_begins_with_a_capital_letter():
    assert by_itself("there is no exit rule 'luck'; choose one of pabee.").startswith(
        "There is no exit rule 'luck'"
    )
    for same in ("exits.safetensors in fashion is damaged; fetch it again.", "odd is nobody's sentence.", ""):
        assert by_itself(same) == same
    assert in_language(by_itself("there is no exit rule 'x'; choose one of sdn, deer."), "de") == (
        "Es gibt keine Exit-Regel „x“; wählen Sie eine von sdn, deer."
    )


def test_what_each_rule_looks_at_has_a_name_in_every_language():
    model = analysis.open_model("fashion")
    readings = model.network.analyse(torch.zeros(1, 1, 28, 28)).readings
    looked = {look for reading in readings.values() for look in reading.looks}
    assert {"first", "second", "surest", "change", "cosine", "certainty", "gate"} <= looked
    for language in LANGUAGES:
        assert {f"rules.look_{look}" for look in looked} <= set(strings(language))
