"""Many pictures at once: the same answers as one by one, and honest sums."""

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.batch import classify_together, shares
from explorer.classify import classify
from explorer.model.bundle import load_model_folder
from explorer.pipeline import to_tensor
from explorer.rules import get_rule


@pytest.fixture
def model(tiny_model_folder):
    return load_model_folder(tiny_model_folder)


def pictures(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(count):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[6:22, 6:22] = rng.integers(20, 255, (16, 16))
        found.append(Image.fromarray(pixels))
    return found


@pytest.mark.parametrize(
    ("rule", "threshold"), [("confidence", 0.6), ("patience", 2), ("entropy", [0.3, 0.2, 0.1, 0.4])]
)
def test_together_each_gets_the_answer_it_gets_alone(model, tmp_path, rule, threshold):
    seen = pictures(4)
    together = classify_together(model, seen, get_rule(rule), threshold)
    assert len(together.reports) == 4
    for picture, report in zip(seen, together.reports, strict=True):
        picture.save(tmp_path / "one.png")
        if isinstance(threshold, list):
            alone = classify_together(model, [picture], get_rule(rule), threshold).reports[0]
        else:
            alone = classify(model, str(tmp_path / "one.png"), get_rule(rule), threshold)
            assert set(alone) - set(report) == {"image", "exits"}
        for key in ("model", "rule", "threshold", "exit", "macs"):
            assert report[key] == alone[key]
        assert [p["label"] for p in report["prediction"]] == [p["label"] for p in alone["prediction"]]
        shown = [p["probability"] for p in report["prediction"]]
        np.testing.assert_allclose(shown, [p["probability"] for p in alone["prediction"]], atol=1e-5)


def test_shares_divide_the_time_among_those_still_in_the_network():
    assert shares(np.array([4.0, 10.0, 4.0, 10.0])).tolist() == [1, 4, 1, 4]  # 4 / 4, and 6 / 2 more
    assert shares(np.array([7.0])).tolist() == [7]


def test_who_leaves_earlier_is_charged_less_and_all_together_are_the_batch(model):
    seen, rule = pictures(12), get_rule("confidence")
    first = model.network.analyse(torch.cat([to_tensor(model, p) for p in seen])).scores["confidence"][:, 0]
    together = classify_together(model, seen, rule, float(np.median(first)), timed=True)  # half leave at once
    by_exit = sorted((r["exit"]["index"], r["ms"]["used"]) for r in together.reports)
    times = [ms for _, ms in by_exit]
    assert len({e for e, _ in by_exit}) > 1
    assert times == sorted(times)
    assert sum(times) == pytest.approx(together.ms, abs=0.01)


def test_the_plain_backbone_is_timed_only_when_asked(model):
    plain = classify_together(model, pictures(2), get_rule("confidence"), 0.6)
    assert plain.plain_ms is None
    assert plain.reports[0]["ms"]["full"] is None
    timed = classify_together(model, pictures(2), get_rule("confidence"), 0.6, timed=True)
    assert timed.plain_ms > 0
    assert timed.reports[1]["ms"]["full"] == round(timed.plain_ms / 2, 3)


def test_a_wrong_number_of_thresholds_is_refused(model):
    with pytest.raises(ValueError, match="expected one threshold, or 4"):
        classify_together(model, pictures(1), get_rule("confidence"), [0.5, 0.5])


def test_the_plain_pass_that_time_is_compared_with_runs_in_the_same_precision(tiny_model_folder, monkeypatch):
    from contextlib import nullcontext

    from explorer.batch import _plain_ms
    from explorer.model.bundle import load_model_folder

    model, entered = load_model_folder(tiny_model_folder), []
    monkeypatch.setattr(model.network, "in_precision", lambda: entered.append(1) or nullcontext())
    _plain_ms(model, torch.zeros(2, 1, 28, 28))
    assert len(entered) == 2
