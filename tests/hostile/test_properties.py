"""Whatever is asked, thresholded or lies in a model folder: a result, or one plain sentence."""

import json
import math
import re
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.classify import check_threshold
from explorer.model.bundle import ModelError, load_model_folder, read_config
from explorer.rules import RULES, decide
from explorer.rules.chosen import read_chosen
from explorer.web.tabs import TABS

SENTENCE = re.compile(r"\S[^\n]*\.")
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NUMBERS = st.one_of(st.floats(), st.integers(), st.just(10**400))
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = [
    "picture",
    "saw",
    "files",
    "start",
    "index",
    "rule",
    "thresholds",
    "exit",
    "class",
    "place",
    "seed",
]


def refusal(kind, action, *arguments):
    """The sentence of an error of that kind; None where there is none. Any other error fails the test."""
    try:
        action(*arguments)
    except kind as error:
        return str(error)
    return None


@QUICK
@given(
    rule=st.sampled_from(sorted(RULES)), threshold=st.floats() | st.lists(st.floats(), min_size=1, max_size=4)
)
def test_a_threshold_is_within_the_rules_range_or_refused_in_words(rule, threshold):
    facts, exits = RULES[rule], 5
    numbers = threshold if isinstance(threshold, list) else [threshold]
    fits = all(math.isfinite(n) and facts.low <= n <= facts.top(exits) for n in numbers)
    said = refusal(ValueError, check_threshold, facts, threshold, exits)
    assert (said is None) == fits
    assert said is None or re.fullmatch(r"\S[^\n]*[.?]", said), said


@QUICK
@given(scores=st.lists(st.floats(), min_size=2, max_size=9), threshold=st.floats(allow_nan=False))
def test_some_exit_always_fires_and_none_before_it_would_have(scores, threshold):
    fired = int(decide(np.array(scores), threshold))
    assert not any(score >= threshold for score in scores[:fired])
    assert fired == len(scores) - 1 or scores[fired] >= threshold


@QUICK
@given(body=JSON, keys=st.booleans())
def test_a_file_of_thresholds_is_read_or_refused(tmp_path_factory, body, keys):
    path = tmp_path_factory.getbasetemp() / "thresholds.json"
    body = {"model": "fashion", "rule": "confidence", "thresholds": body} if keys else body
    path.write_text(json.dumps(body))
    said = refusal(ValueError, read_chosen, path)
    assert said is None or SENTENCE.fullmatch(said), said
    assert said is not None or keys or set(body) >= {"model", "rule", "thresholds"}


@QUICK
@given(
    key=st.text(max_size=8)
    | st.sampled_from(["name", "title", "exits", "input", "thresholds", "backbone", "weights", "format"]),
    value=JSON,
)
def test_a_model_folder_with_an_odd_config_loads_or_is_refused(
    tiny_model_folder, tmp_path_factory, key, value
):
    folder = tmp_path_factory.getbasetemp() / "odd"
    if not folder.exists():
        shutil.copytree(tiny_model_folder, folder)
    config = json.loads((tiny_model_folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, key: value}))
    for read in (read_config, load_model_folder):
        said = refusal(ModelError, read, folder)
        assert said is None or SENTENCE.fullmatch(said), said


@pytest.mark.parametrize("question", [q for tab in TABS for q in tab.questions], ids=lambda q: q.__name__)
@settings(QUICK, max_examples=25)
@given(
    asked=JSON | st.fixed_dictionaries({"model": st.just("fashion")}, optional={key: JSON for key in KEYS})
)
def test_any_body_gets_an_answer_or_one_sentence(question, asked):
    said = question(asked)
    assert isinstance(said, dict)
    if "error" in said:
        assert SENTENCE.fullmatch(said["error"]), said["error"]
    json.dumps(said)
