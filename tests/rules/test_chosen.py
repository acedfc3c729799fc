"""Files of thresholds: what is read, and the one sentence about what cannot be."""

import json

import pytest

from explorer.rules.chosen import read_chosen

GOOD = {"model": "fashion", "rule": "confidence", "thresholds": 0.7, "chosen_for": {"macs": 1}}


def written(path, facts):
    path.write_text(facts if isinstance(facts, str) else json.dumps(facts))
    return path


@pytest.mark.parametrize("thresholds", [0.7, 1, [0.5, 1, 0.25]])
def test_a_file_is_read(tmp_path, thresholds):
    chosen = read_chosen(written(tmp_path / "t.json", {**GOOD, "thresholds": thresholds}))
    assert (chosen.model, chosen.rule, chosen.thresholds) == ("fashion", "confidence", thresholds)


def test_thresholds_must_be_one_or_one_per_early_exit(tmp_path):
    one = read_chosen(written(tmp_path / "one.json", GOOD))
    one.check(5, "any")
    three = read_chosen(written(tmp_path / "three.json", {**GOOD, "thresholds": [0.1, 0.2, 0.3]}))
    three.check(4, "fits")
    with pytest.raises(
        ValueError, match=r"three\.json holds 3 thresholds and deep has 8 early exits; export"
    ):
        three.check(9, "deep")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ("{not json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1, 2]", "lacks model, rule, thresholds"),
        ({"model": "fashion", "rule": "confidence"}, "lacks thresholds"),
        ({**GOOD, "rule": "luck"}, "there is no exit rule 'luck'; choose one of confidence"),
        ({**GOOD, "rule": ["confidence"]}, "must name its model and its rule"),
        ({**GOOD, "thresholds": "0.7"}, "one number or a list of numbers"),
        ({**GOOD, "thresholds": []}, "one number or a list of numbers"),
        ({**GOOD, "thresholds": [0.7, None]}, "one number or a list of numbers"),
        ({**GOOD, "thresholds": True}, "one number or a list of numbers"),
        ({**GOOD, "thresholds": [[0.7]]}, "one number or a list of numbers"),
        ({**GOOD, "left_out": 4}, "left_out must be a list of blocks, as [4, 5]"),
        ({**GOOD, "left_out": [4, "5"]}, "left_out must be a list of blocks"),
        ({**GOOD, "left_out": [True]}, "left_out must be a list of blocks"),
        ('{"model": "m", "rule": "confidence", "thresholds": NaN}', "one number or a list of numbers"),
        ('{"model": "m", "rule": "confidence", "thresholds": 1' + "0" * 400 + "}", "one number or a list"),
    ],
)
def test_what_is_no_such_file_is_said_in_one_sentence(tmp_path, facts, sentence):
    with pytest.raises(ValueError, match=r"t\.json") as error:
        read_chosen(written(tmp_path / "t.json", facts))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_picture_are_said_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="cannot be read; check its name"):
        read_chosen(tmp_path / "none.json")
    (tmp_path / "picture.json").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match="is not JSON"):
        read_chosen(tmp_path / "picture.json")


def test_exits_left_out_must_be_the_models_own_and_are_said(tmp_path):
    chosen = read_chosen(written(tmp_path / "t.json", {**GOOD, "left_out": [4, 7]}))
    assert (chosen.left_out, chosen.says) == ((4, 7), "0.7, exits behind blocks 4, 7 off")
    chosen.check_left_out([4, 7, 8])
    with pytest.raises(
        ValueError, match=r"t\.json: there is no early exit to leave out behind block 7; choose among 4"
    ):
        chosen.check_left_out([4])
