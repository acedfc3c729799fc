"""bfloat16 where it is quick: the same decisions within its rounding, and temperatures every rule sees."""

import numpy as np
import pytest
import torch

from explorer.explain.methods.attention import attentions
from explorer.model import precision
from explorer.model.backbone import build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.model.precision import WIDE, quick_precision
from explorer.rules import decide, get_rule


@pytest.fixture
def network():
    torch.manual_seed(0)
    backbone = build_backbone(
        "vit",
        img_size=32,
        patch_size=8,
        num_classes=9,
        embed_dim=32,
        depth=6,
        num_heads=2,
        class_and_mean=True,
    )
    return MultiExitViT(backbone, lgvit_exits((2, 3, 4, 5)), "tiny").eval().requires_grad_(False)


IMAGES = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_bfloat16_is_for_wide_networks_on_processors_that_are_quicker_in_it(monkeypatch):
    cpu = torch.device("cpu")
    times = {torch.float32: 2.5, torch.bfloat16: 1.0}
    monkeypatch.setattr(precision, "_milliseconds", lambda _, precision: times[precision])
    assert quick_precision(WIDE, cpu) == torch.bfloat16
    assert quick_precision(WIDE - 1, cpu) == torch.float32
    assert quick_precision(WIDE, torch.device("cuda")) == torch.float32
    times[torch.bfloat16] = 2.4  # hardly quicker, and less exact
    assert quick_precision(WIDE, cpu) == torch.float32
    times[torch.bfloat16] = 9.0  # as where AVX512-BF16 is all there is
    assert quick_precision(WIDE, cpu) == torch.float32


def test_a_precision_is_measured_once_and_leaves_no_trace():
    precision._milliseconds.cache_clear()
    times = [precision._milliseconds(WIDE, dtype) for dtype in (torch.float32, torch.bfloat16)] * 2
    assert min(times) > 0
    assert precision._milliseconds.cache_info().misses == 2
    assert not torch.is_autocast_enabled("cpu")


def test_bfloat16_gives_the_same_answers_within_its_rounding(network):
    exact = network.analyse(IMAGES)
    network.precision = torch.bfloat16
    rounded = network.analyse(IMAGES)
    assert rounded.logits.dtype == np.float32
    # bfloat16 has 8 bits of mantissa: a relative 2^-8 per product, which norms and averages keep small.
    np.testing.assert_allclose(rounded.logits, exact.logits, atol=0.03)
    ties = np.sort(exact.logits, axis=-1)
    clear = ties[..., -1] - ties[..., -2] > 0.06
    assert clear.any()
    assert (rounded.predicted == exact.predicted)[clear].all()


def test_in_bfloat16_infer_still_does_what_analyse_says(network):
    network.precision = torch.bfloat16
    rule = get_rule("confidence")
    for image in IMAGES:
        scores = network.analyse(image[None]).scores["confidence"]
        for threshold in np.quantile(scores, [0.2, 0.5, 0.8]):
            left = network.infer(image[None], rule, threshold)
            assert left.exit.tolist() == decide(scores, threshold).tolist()


def test_the_classifiers_answer_in_float32_whatever_the_precision(network):
    network.precision = torch.bfloat16
    with network.in_precision():
        outputs = network(IMAGES)
    assert {tensor.dtype for tensor in (*outputs.logits, outputs.final)} == {torch.float32}


def test_attention_in_bfloat16_is_that_of_float32_within_its_rounding(network):
    exact = attentions(network, IMAGES[:1], None).attention
    network.precision = torch.bfloat16
    np.testing.assert_allclose(attentions(network, IMAGES[:1], None).attention, exact, atol=2e-3)


def test_temperatures_divide_each_exits_logits_in_analyse_and_infer(network):
    plain = network.analyse(IMAGES).logits
    network.temperatures = (0.5, 1.0, 2.0, 4.0, 1.5)
    warm = network.analyse(IMAGES)
    np.testing.assert_allclose(warm.logits, plain / np.array([0.5, 1, 2, 4, 1.5])[:, None], rtol=1e-6)
    assert (warm.predicted == plain.argmax(axis=-1)).all()
    rule = get_rule("confidence")
    scores = warm.scores["confidence"]
    for threshold in np.quantile(scores, [0.1, 0.5, 0.9]):
        fired = decide(scores, threshold)
        left = network.infer(IMAGES, rule, threshold)
        assert left.exit.tolist() == fired.tolist()
        np.testing.assert_allclose(left.logits, warm.logits[np.arange(6), fired], atol=1e-5)


def test_temperatures_of_another_number_or_sign_are_refused(network):
    for wrong in ([1.0], [1, 1, 1, 1, 0]):
        with pytest.raises(ValueError, match="temperatures above 0"):
            MultiExitViT(network.backbone, network.specs, "tiny", wrong)
