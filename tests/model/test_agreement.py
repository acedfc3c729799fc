"""`infer` leaves where the decision on the trace says, for every rule and grain of a shipped model."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.model.bundle import load_model_folder
from explorer.model.catalog import find_model
from explorer.pipeline import to_tensor
from explorer.rules import RULES, decide, rules_with
from explorer.rules.reading import at_grain


@pytest.fixture(scope="module")
def model():
    return load_model_folder(find_model("fashion"))


@pytest.fixture(scope="module")
def read(model):
    """Sixteen images as the network sees them, noise among them, and what each grain's trace says."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (16, 28, 28), dtype=np.uint8)
    images[8:] = np.kron(rng.integers(0, 256, (8, 7, 7)), np.ones((4, 4))).astype(np.uint8)
    batch = torch.cat([to_tensor(model, image) for image in images])
    trace = model.network.analyse(batch)
    return batch, [at_grain(trace, g, model.network.addons) for g in (None, *model.grains)]


def test_every_rule_there_is_applies_to_the_shipped_model(model):
    assert set(rules_with(model.network.addons)) == set(RULES)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(RULES)),
    st.integers(0, 1),
    st.integers(1, 16),
    st.floats(0, 1) | st.lists(st.floats(0, 1), min_size=8, max_size=8),
)
def test_infer_leaves_and_answers_as_the_trace_says(model, read, name, which, count, share):
    """At one threshold for all exits, or one for each."""
    batch, traces = read
    grain = (None, *model.grains)[which]
    trace = traces[which]
    scores = trace.scores[name][:count]
    known, share = scores[~np.isnan(scores)], np.asarray(share)
    for limit in (np.quantile(known, share), known.min() + share * (np.ptp(known) + 0.1)):
        given_ = model.network.infer(batch[:count], RULES[name], limit, grain)
        # A smaller batch rounds its sums otherwise. Counts are whole numbers: none of them lies near a limit.
        near = np.abs(scores[:, :-1] - limit) < (0 if RULES[name].high is None else 2e-5)
        clear = ~near.any(axis=1)
        fired = decide(scores, limit)
        assert given_.exit[clear].tolist() == fired[clear].tolist()
        under = trace.under(name)
        rows = np.flatnonzero(clear)
        assert given_.macs[rows].tolist() == under.macs[fired[rows]].tolist()
        np.testing.assert_allclose(given_.logits[rows], under.logits[rows, fired[rows]], atol=2e-3)


# Of every rule: a threshold that no score reaches, one that every score does, and the first exit that can fire at all.
LIMITS = {
    **{name: (1.01, 0.0, 0) for name in ("confidence", "entropy", "margin", "performance", "sdn", "berxit")},
    **{name: (1.01, 0.0, 0) for name in ("jei-dnn", "palbert", "palbert-mixed")},
    "sorted": (1.26, 0.0, 0),
    "patience": (9, 1, 0),
    "pabee": (8, 0, 0),
    "pcee": (1.01, 0.0, 1),  # these two need two exits
    "deer": (1.01, 0.0, 1),
    "mue": (1.01, -1.0, 0),
}


def test_the_limits_of_every_rule_are_named():
    assert set(LIMITS) == set(RULES)


@pytest.mark.parametrize("name", LIMITS)
def test_at_its_limits_a_rule_is_the_full_network_or_leaves_at_the_first_chance(model, read, name):
    batch, traces = read
    never, always, first = LIMITS[name]
    for grain, trace in zip((None, *model.grains), traces, strict=True):
        whole = model.network.infer(batch, RULES[name], never, grain)
        assert (whole.exit == 8).all()
        at_once = model.network.infer(batch, RULES[name], always, grain)
        assert (at_once.exit == first).all()
        under = trace.under(name)
        np.testing.assert_allclose(whole.logits, under.logits[:, -1], atol=2e-3)
        np.testing.assert_allclose(at_once.logits, under.logits[:, first], atol=2e-3)
        assert set(whole.macs.tolist()) == {int(under.macs[-1])}
        assert set(at_once.macs.tolist()) == {int(under.macs[first])}


def test_the_full_network_is_the_backbones_own_answer_but_under_rules_that_answer_otherwise(model, read):
    batch, traces = read
    with torch.inference_mode():
        own = model.network.backbone(batch).numpy()
    for name, (never, _, _) in LIMITS.items():
        whole = model.network.infer(batch, RULES[name], never)
        if name in ("sdn", "palbert", "palbert-mixed"):  # the surest exit's; a classifier of their own
            assert np.abs(whole.logits - own).max() > 0.1
        else:
            np.testing.assert_allclose(whole.logits, own, atol=2e-3)
    surest = traces[0].probabilities.max(axis=-1).argmax(axis=-1)
    sdn = model.network.infer(batch, RULES["sdn"], 1.01).logits.argmax(axis=-1)
    assert sdn.tolist() == traces[0].predicted[np.arange(16), surest].tolist()
