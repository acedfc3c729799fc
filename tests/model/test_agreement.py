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
@given(st.sampled_from(sorted(RULES)), st.integers(0, 1), st.integers(1, 16), st.floats(0, 1))
def test_infer_leaves_and_answers_as_the_trace_says(model, read, name, which, count, share):
    batch, traces = read
    grain = (None, *model.grains)[which]
    trace = traces[which]
    scores = trace.scores[name][:count]
    known = scores[~np.isnan(scores)]
    for limit in (float(np.quantile(known, share)), float(known.min() + share * (np.ptp(known) + 0.1))):
        given_ = model.network.infer(batch[:count], RULES[name], limit, grain)
        # A smaller batch rounds its sums otherwise. Counts are whole numbers: none of them lies near a limit.
        near = np.abs(scores - limit) < (0 if RULES[name].high is None else 2e-5)
        clear = ~np.logical_or.accumulate(near, axis=1)[:, -1]
        fired = decide(scores, limit)
        assert given_.exit[clear].tolist() == fired[clear].tolist()
        under = trace.under(name)
        rows = np.flatnonzero(clear)
        assert given_.macs[rows].tolist() == under.macs[fired[rows]].tolist()
        np.testing.assert_allclose(given_.logits[rows], under.logits[rows, fired[rows]], atol=2e-3)
