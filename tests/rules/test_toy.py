"""A new rule is one file: put into the rules' folder, everything finds it."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import save_file

import explorer.rules
from explorer.data.fashion import Split
from explorer.evaluate.record import evaluate, load_records, save_records
from explorer.evaluate.report import budget_table, markdown
from explorer.model.addons import save_addon
from explorer.model.bundle import load_model_folder
from explorer.rules import RULES, decide, get_rule
from explorer.rules.registry import find_rules

TOY = '''
"""A toy: sure where the [CLS] token is long; answers the first exit's logits doubled; 7 MACs a step."""
import numpy as np
from explorer.rules import Reader, Rule, Verdict

class Toy(Reader):
    def begin(self, n):
        self.first = None
    def step(self, exit, seen):
        self.first = seen.logits if self.first is None else self.first
        length = np.linalg.norm(seen.tokens[:, 0] - seen.previous[:, 0], axis=-1)
        return Verdict(length, 2 * self.first, {"length": length})
    def keep(self, mask):
        self.first = self.first[mask]
    def macs(self, exit):
        return 7

RULE = Rule("toy", "Toy", "toys", "nobody, nowhere", "Leave when long. It is a toy.", "length", 0, 100, 0.5, 5,
            Toy, needs=frozenset({"tokens", "previous"}), by_class=True)
'''
LEARNED = TOY.replace('"toy"', '"toy-learned"').replace("needs=", 'addon="toy", needs=').replace(
    "def begin", "def __init__(self, setting):\n        self.w = setting.parts['w'][0]\n    def begin"
)  # fmt: skip


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """The toy rules among the others, for the time of these tests."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "toy.py").write_text(TOY)
    (folder / "toy_learned.py").write_text(LEARNED)
    explorer.rules.__path__.append(str(folder))
    find_rules()
    yield
    explorer.rules.__path__.remove(str(folder))
    find_rules()


@pytest.fixture(scope="module")
def model(toys, tiny_model_folder):
    return load_model_folder(tiny_model_folder)


def images(count: int) -> torch.Tensor:
    return torch.randn(count, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def test_the_toy_is_found_once_and_last(toys):
    assert list(RULES)[-2:] == ["toy", "toy-learned"]
    assert get_rule("toy").describe(9)["family"] == "toys"


def test_analyse_reads_it_and_infer_agrees_stops_answers_and_pays_as_it_says(model):
    trace = model.network.analyse(images(6))
    reading = trace.readings["toy"]
    assert reading.macs.tolist() == [7, 14, 21, 28, 35]
    np.testing.assert_array_equal(reading.looks["length"], reading.scores)
    for threshold in np.quantile(reading.scores, [0, 0.3, 0.6, 0.9, 1]):
        left = model.network.infer(images(6), RULES["toy"], threshold + 1e-4)
        fired = decide(reading.scores, threshold + 1e-4)
        assert left.exit.tolist() == fired.tolist()
        np.testing.assert_allclose(left.logits, 2 * trace.logits[:, 0], atol=1e-4)
        assert left.macs.tolist() == (model.network.macs + reading.macs)[fired].tolist()


def test_classify_finds_it(model, tmp_path):
    from explorer.classify import classify

    path = tmp_path / "grey.png"
    Image.new("L", (28, 28), 90).save(path)
    facts = classify(model, str(path), RULES["toy"], 1e9)
    assert facts["exit"]["block"] == 6
    assert facts["macs"]["used"] == model.network.macs[-1] + 35 == facts["exits"][-1]["macs"]
    assert facts["prediction"][0]["label"] == facts["exits"][0]["label"]  # the first exit's answer


def test_evaluate_keeps_it_and_its_tables_have_a_row(model, tmp_path):
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (8, 28, 28), dtype=np.uint8), rng.integers(0, 10, 8))
    record = list(evaluate(model, split, batch=3))[-1]
    save_records({"validation": record, "test": record}, tmp_path / "evaluation.npz")
    again = load_records(tmp_path / "evaluation.npz")["test"]
    under = again.under("toy")
    np.testing.assert_allclose(again.scores["toy"], record.scores["toy"], rtol=1e-6)
    assert under.predicted.tolist() == np.repeat(record.predicted[:, :1], 5, axis=1).tolist()
    assert under.macs.tolist() == (record.macs + np.arange(7, 36, 7)).tolist()
    assert "| Tiny | toy |" in markdown(budget_table({"Tiny": {"validation": again, "test": again}}))


def test_explore_and_tune_are_sent_it(model, tiny_model_folder, monkeypatch):
    from explorer.web import analysis, model_page, records

    rules = model_page.rules_json(tiny_model_folder)
    assert rules["toy"]["max"] == 100
    assert "toy-learned" not in rules
    sent = analysis.analyse_image(model, Image.new("RGB", (28, 28), "gray"))
    assert len(sent["trace"]["scores"]["toy"]) == 5
    assert sent["trace"]["rules"]["toy"]["macs"] == [7, 14, 21, 28, 35]
    json.dumps(sent["trace"], allow_nan=False)
    record = records.pack_record(list(evaluate(model, one_image()))[-1])
    assert record["scores"]["toy"]["shape"] == record["answers"]["toy"]["shape"] == [1, 5]
    assert record["own_macs"]["toy"] == [7, 14, 21, 28, 35]


def one_image() -> Split:
    return Split(np.zeros((1, 28, 28), np.uint8), np.array([3]))


def test_a_learned_rule_applies_where_its_addon_lies(toys, tiny_model_folder, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model_folder, folder)
    plain = load_model_folder(folder)
    assert "toy-learned" not in plain.network.analyse(images(1)).scores
    with pytest.raises(
        ValueError, match="'toy-learned' has learned parts that tiny lacks; choose one of conf"
    ):
        plain.network.infer(images(1), RULES["toy-learned"], 1)
    save_addon(folder, "toy", {"w": np.ones(1, np.float16)})
    loaded = load_model_folder(folder)
    assert loaded.notes == ()
    assert loaded.network.addons["toy"]["w"].dtype == np.float32
    scores = loaded.network.analyse(images(2)).scores
    np.testing.assert_array_equal(scores["toy-learned"], scores["toy"])


def test_what_a_newer_folder_holds_beyond_this_version_is_left_out_with_a_note(tiny_model_folder, tmp_path):
    folder = tmp_path / "newer"
    shutil.copytree(tiny_model_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    config["thresholds"]["oracle"] = 0.5
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "addons").mkdir()
    save_file({"w": np.zeros(1)}, folder / "addons" / "oracle.safetensors")
    model = load_model_folder(folder)
    assert model.thresholds == {"confidence": 0.7}
    assert [note.partition(";")[0] for note in model.notes] == [
        "This version has no exit rule that uses addons/oracle",
        "This version has no exit rule 'oracle'",
    ]
