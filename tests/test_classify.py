"""python -m explorer classify: the JSON line, the table, and what is said of wrong images and names."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.data.reading import read_image
from explorer.model.bundle import load_model_folder
from explorer.pipeline import analyse
from explorer.rules import decide


@pytest.fixture
def image(tmp_path):
    return picture(tmp_path / "noise.png", 0)


def picture(path, seed) -> str:
    pixels = np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)
    pixels[[0, -1]] = pixels[:, [0, -1]] = 0  # a black border: the garment's sight leaves it as it is
    Image.fromarray(pixels).save(path)
    return str(path)


@pytest.fixture
def call(tiny_model_folder):
    def run(*arguments, model=tiny_model_folder):
        return CliRunner().invoke(app, ["classify", *arguments, "--model", str(model)])

    return run


def refused(result, sentence):
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr


def test_the_json_line_has_exactly_these_keys(call, image):
    result = call(image, "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1
    facts = json.loads(result.stdout)
    assert list(facts) == [
        "image", "model", "rule", "threshold", "grain", "exit", "prediction", "exits", "macs", "ms",
    ]  # fmt: skip
    assert list(facts["exit"]) == ["index", "block", "kind"]
    assert all(list(p) == ["label", "probability"] for p in facts["prediction"])
    assert all(
        list(e) == ["block", "kind", "label", "probability", "score", "macs", "ran"] for e in facts["exits"]
    )
    assert list(facts["macs"]) == list(facts["ms"]) == ["used", "full"]


@pytest.mark.parametrize(
    ("rule", "threshold"), [("confidence", 0.5), ("entropy", 0.4), ("patience", 2), ("confidence", 1)]
)
def test_the_json_line_says_what_analyse_and_decide_say(call, image, tiny_model_folder, rule, threshold):
    facts = json.loads(call(image, "--json", "--rule", rule, "--threshold", str(threshold)).stdout)
    model = load_model_folder(tiny_model_folder)
    trace = analyse(model, read_image(image))
    scores = trace.scores[rule]
    fired = int(decide(scores, threshold))
    assert (facts["image"], facts["model"], facts["rule"], facts["threshold"]) == (
        image,
        "tiny",
        rule,
        threshold,
    )
    assert facts["exit"] == {
        "index": fired,
        "block": trace.exits[fired].block,
        "kind": trace.exits[fired].kind,
    }
    probabilities = trace.probabilities
    best = np.argsort(-probabilities[fired])[:5]
    assert [p["label"] for p in facts["prediction"]] == [model.labels[c] for c in best]
    np.testing.assert_allclose([p["probability"] for p in facts["prediction"]], probabilities[fired][best])
    assert [e["block"] for e in facts["exits"]] == [2, 3, 4, 5, 6]
    assert [e["kind"] for e in facts["exits"]] == ["lph-dw", "lph-pw", "gah", "gah", "final"]
    assert [e["label"] for e in facts["exits"]] == [model.labels[c] for c in trace.predicted]
    np.testing.assert_allclose([e["probability"] for e in facts["exits"]], probabilities.max(axis=1))
    np.testing.assert_allclose([e["score"] for e in facts["exits"]], scores)
    assert [e["macs"] for e in facts["exits"]] == trace.macs.tolist()
    assert [e["ran"] for e in facts["exits"]] == [i <= fired for i in range(5)]
    assert facts["macs"] == {"used": int(trace.macs[fired]), "full": trace.macs_full}
    assert facts["ms"]["used"] > 0
    assert facts["ms"]["full"] > 0


def test_without_a_threshold_the_models_own_is_taken_else_the_rules(call, image):
    assert json.loads(call(image, "--json").stdout)["threshold"] == 0.7
    assert json.loads(call(image, "--json", "--rule", "patience").stdout)["threshold"] == 3


def test_each_image_has_its_line_in_order(call, tmp_path):
    images = [picture(tmp_path / f"{seed}.png", seed) for seed in (3, 1, 2)]
    lines = call(*images, "--json").stdout.splitlines()
    assert [json.loads(line)["image"] for line in lines] == images


def test_a_bad_image_is_reported_and_the_rest_goes_on(call, image, tmp_path):
    bad, missing = tmp_path / "bad.png", str(tmp_path / "none.png")
    bad.write_bytes(b"not an image")
    result = call(str(bad), image, missing, "--json")
    assert result.exit_code == 2
    first, second, third = map(json.loads, result.stdout.splitlines())
    assert list(first) == list(third) == ["image", "error"]
    assert first["image"] == str(bad)
    assert second["image"] == image
    assert "prediction" in second
    assert third == {"image": missing, "error": f"There is no image file {missing}; check its name."}
    assert result.stderr.count("\n") == 2  # one line each


def test_an_unreadable_image_is_one_line_on_stderr(call, tmp_path):
    result = call(str(tmp_path / "none.png"))
    refused(result, "There is no image file")
    assert result.stdout == ""


def test_an_unknown_model_is_one_line_on_stderr(call, image):
    refused(call(image, model="nonsense"), "error: There is no model 'nonsense'; there are: ")


def test_an_unknown_rule_is_one_line_on_stderr(call, image):
    refused(
        call(image, "--rule", "luck"),
        "error: there is no exit rule 'luck'; choose one of confidence, entropy, ",
    )


def test_a_broken_model_folder_is_one_line_on_stderr(call, image, tmp_path):
    (tmp_path / "config.json").write_text('{"format": 1}')
    refused(call(image, model=tmp_path), "config.json lacks name, title")


def test_the_table_says_where_the_image_left_and_what_was_not_run(call, image):
    result = call(image, "--threshold", "0", "--rule", "confidence")
    assert result.exit_code == 0
    assert "left at block 2 of 6" in result.stdout
    assert result.stdout.count("left here") == 1
    assert result.stdout.count("not run") == 4
    assert call(image, "--threshold", "1").stdout.count("not run") == 0


def test_square_brackets_in_a_file_name_are_not_markup(call, tmp_path):
    (tmp_path / "[red]a[").mkdir()
    name = picture(tmp_path / "[red]a[" / "b].png", 0)
    result = call(name, "--threshold", "0")
    assert result.exit_code == 0
    assert name in "".join(line.strip() for line in result.stdout.splitlines())


def thresholds_file(path, **facts):
    stored = {"model": "tiny", "rule": "confidence", "thresholds": [0.9, 0.8, 0.7, 0.6], **facts}
    path.write_text(json.dumps(stored))
    return str(path)


def test_thresholds_from_a_file_are_used_one_per_exit(call, tmp_path, tiny_model_folder):
    limits, model = [0.9, 0.5, 0.4, 0.3], load_model_folder(tiny_model_folder)
    images = [picture(tmp_path / f"{seed}.png", seed) for seed in range(6)]
    path = thresholds_file(tmp_path / "t.json", thresholds=limits)
    lines = call(*images, "--json", "--thresholds", path).stdout.splitlines()
    for image, line in zip(images, lines, strict=True):
        facts = json.loads(line)
        scores = analyse(model, read_image(image)).scores["confidence"]
        assert facts["exit"]["index"] == int(decide(scores, limits))
        assert (facts["rule"], facts["threshold"]) == ("confidence", limits)
    assert "left here" in call(images[0], "--thresholds", path).stdout


def test_exits_left_out_by_a_file_are_off(call, image, tmp_path, tiny_model_folder):
    network = load_model_folder(tiny_model_folder).network
    heads = [head.macs() for head in network.heads]
    path = thresholds_file(tmp_path / "t.json", thresholds=0.0, left_out=[2, 3])
    result = call(image, "--json", "--thresholds", path)
    facts = json.loads(result.stdout)
    assert (facts["left_out"], facts["exit"]["block"]) == ([2, 3], 4)
    assert facts["macs"]["used"] == network.macs[2] - heads[0] - heads[1]
    assert [(e["left_out"], e["ran"], e["score"] is None) for e in facts["exits"]] == [
        (True, False, True),
        (True, False, True),
        (False, True, False),
        (False, False, False),
        (False, False, False),
    ]
    assert call(image, "--thresholds", path).stdout.count(" off ") == 2
    path = thresholds_file(tmp_path / "u.json", thresholds=0.0, left_out=[6])
    refused(
        call(image, "--thresholds", path),
        "no early exit to leave out behind block 6; choose among 2, 3, 4, 5.",
    )


def test_a_file_brings_its_rule_and_one_threshold(call, image, tmp_path):
    path = thresholds_file(tmp_path / "t.json", rule="patience", thresholds=2)
    result = call(image, "--json", "--thresholds", path)
    assert result.stderr == ""
    facts = json.loads(result.stdout)
    assert (facts["rule"], facts["threshold"]) == ("patience", 2)


@pytest.mark.parametrize("option", [("--rule", "confidence"), ("--threshold", "0.5")])
def test_a_file_beside_a_rule_or_threshold_is_refused(call, image, tmp_path, option):
    path = thresholds_file(tmp_path / "t.json")
    sentence = "--thresholds brings its own rule and thresholds; leave out --rule and --threshold."
    refused(call(image, "--thresholds", path, *option), sentence)


def test_a_file_for_other_exits_is_refused(call, image, tmp_path):
    path = thresholds_file(tmp_path / "t.json", thresholds=[0.5, 0.5])
    refused(call(image, "--thresholds", path), "t.json holds 2 thresholds and tiny has 4 early exits; export")


def test_an_unreadable_file_of_thresholds_is_one_line_on_stderr(call, image, tmp_path):
    refused(call(image, "--thresholds", str(tmp_path / "none.json")), "cannot be read; check its name.")


def test_a_file_for_another_model_is_used_with_a_word(call, image, tmp_path):
    path = thresholds_file(tmp_path / "t.json", model="fashion", thresholds=0.5)
    result = call(image, "--json", "--thresholds", path)
    assert result.exit_code == 0
    assert result.stderr == f"{path}: chosen for the model 'fashion', used on 'tiny'.\n"


def test_a_file_alone_names_the_model_but_only_one_of_this_machine(image, tmp_path):
    path = thresholds_file(tmp_path / "t.json", model="somebody/elses")
    result = CliRunner().invoke(app, ["classify", image, "--thresholds", path])
    refused(result, "error: There is no model 'somebody/elses' on this machine; name one of these: ")
