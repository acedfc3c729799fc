"""Inferring and really stopping gives what analysing and deciding gives, and runs nothing it need not."""

import numpy as np
import pytest
import torch
from timm.models.deit import VisionTransformerDistilled

from explorer.model.backbone import Backbone, build_backbone
from explorer.model.exits import ExitSpec, lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.rules import decide, get_rule, rules_with
from explorer.rules.left_out import leave_out

OPTIONS = {
    "img_size": 16, "patch_size": 4, "in_chans": 3, "num_classes": 4,
    "embed_dim": 16, "depth": 6, "num_heads": 2, "mlp_ratio": 2,
}  # fmt: skip
EXITS = [ExitSpec(1, "linear"), *lgvit_exits((2, 3, 4, 5))]


def network_of(backbone: Backbone) -> MultiExitViT:
    """Weights so large that the exits disagree and images leave at different ones."""
    torch.manual_seed(3)
    network = MultiExitViT(backbone, EXITS, "net").eval()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim > 1:
                weight.normal_(std=0.5 if "linears" in name or "head" in name else 0.25)
    return network


@pytest.fixture(scope="module", params=["plain", "distilled"])
def network(request):
    if request.param == "plain":
        return network_of(build_backbone("vit", **OPTIONS))
    return network_of(Backbone(VisionTransformerDistilled(**OPTIONS)))


def images_for(count: int):
    return torch.randn(count, 3, 16, 16, generator=torch.Generator().manual_seed(5))


def thresholds_between(scores):
    """Thresholds between the scores of the early exits, and both ends; none so near that rounding decides."""
    values = np.unique(scores[:, :-1])
    gaps = np.diff(values) > 1e-3
    between = ((values[1:] + values[:-1]) / 2)[gaps]
    return [values[0] - 1, *between[:: max(1, len(between) // 3)], values[-1] + 1]


@pytest.mark.parametrize("name", rules_with(()))
@pytest.mark.parametrize("count", range(1, 8))
def test_infer_agrees_with_analyse_and_decide(network, name, count):
    rule, images = get_rule(name), images_for(count)
    trace = network.analyse(images)
    scores = trace.scores[name]
    rng = np.random.default_rng(count)
    everywhere = thresholds_between(scores)
    for thresholds in (*everywhere, rng.choice(everywhere, size=len(EXITS))):
        left = network.infer(images, rule, thresholds)
        expected = decide(scores, thresholds)
        assert left.exit.tolist() == expected.tolist()
        under = trace.under(name)
        answers = under.logits[np.arange(count), expected]
        np.testing.assert_allclose(left.logits, answers, rtol=1e-5, atol=1e-5)
        assert left.macs.tolist() == under.macs[expected].tolist()


@pytest.mark.parametrize("name", rules_with(()))
@pytest.mark.parametrize("left_out", [[1], [2, 5], [1, 2, 3, 4, 5]])
def test_nobody_leaves_where_nobody_is_asked_and_both_ways_agree_on_answer_and_cost(network, name, left_out):
    rule, images = get_rule(name), images_for(6)
    whole = network.analyse(images)
    trace = leave_out(whole, left_out)
    for thresholds in thresholds_between(whole.scores[name]):
        left = network.infer(images, rule, thresholds, left_out=left_out)
        expected = decide(trace.scores[name], thresholds)
        assert left.exit.tolist() == expected.tolist()
        assert not {network.exits[e].block for e in expected} & set(left_out)
        under = trace.under(name)
        np.testing.assert_allclose(left.logits, under.logits[np.arange(6), expected], rtol=1e-5, atol=1e-5)
        assert left.macs.tolist() == under.macs[expected].tolist()


def test_a_head_that_is_left_out_is_neither_run_nor_paid_unless_the_rule_looks_at_every_exit(
    network, monkeypatch
):
    images, ran = images_for(2), []
    for head in network.heads:
        forward = head.forward
        monkeypatch.setattr(
            head, "forward", lambda x, forward=forward, head=head: (ran.append(head), forward(x))[1]
        )
    spent = network.infer(images, get_rule("confidence"), 1.1, left_out=[1, 3]).macs
    assert ran == [network.heads[e] for e in (1, 3, 4)]
    heads = [head.macs() for head in network.heads]
    assert spent.tolist() == [network.macs[-1] - heads[0] - heads[2]] * 2
    ran.clear()
    asked = network.infer(images, get_rule("patience"), 9, left_out=[1, 3])
    assert ran == list(network.heads)
    assert asked.macs.tolist() == [network.macs[-1]] * 2


@pytest.mark.parametrize("block", [0, 6, 7])
def test_an_exit_that_is_not_there_cannot_be_left_out(network, block):
    with pytest.raises(ValueError, match="no early exit to leave out behind block"):
        network.infer(images_for(1), get_rule("confidence"), 0.5, left_out=[block])


def test_a_score_equal_to_its_threshold_leaves_in_infer_as_in_decide(network):
    rule, images = get_rule("patience"), images_for(7)  # counts, so equal to the last bit
    scores = network.analyse(images).scores["patience"]
    fired = []
    for t in range(1, 7):
        fired.append(network.infer(images, rule, t).exit.tolist())
        assert fired[-1] == decide(scores, t).tolist()
    assert fired[0] == [0] * 7
    assert len(set(map(tuple, fired))) >= 4


def test_images_do_leave_at_different_exits_out_of_order(network):
    trace = network.analyse(images_for(12))
    scores = trace.scores["confidence"]
    fired = decide(scores, np.quantile(scores[:, :-1], 0.8))
    assert len(set(fired.tolist())) >= 3
    assert fired.tolist() != sorted(fired.tolist())  # else the tests above would not see a mixed-up order


@pytest.mark.parametrize("threshold", [0.0, 0.45, 0.6, 0.75, 2.0])
def test_nothing_runs_for_an_image_that_has_left(network, threshold, monkeypatch):
    rows: dict[str, int] = {}
    readout = network.backbone.readout

    def counting_readout(tokens):
        rows["final"] = len(tokens)
        return readout(tokens)

    monkeypatch.setattr(network.backbone, "readout", counting_readout)
    hooks = [
        head.register_forward_hook(lambda *call, b=spec.block: rows.update({f"head {b}": len(call[1][0])}))
        for spec, head in zip(network.specs, network.heads, strict=True)
    ]
    hooks += [
        block.register_forward_hook(lambda *call, b=b: rows.update({f"block {b}": len(call[1][0])}))
        for b, block in enumerate(network.backbone.vit.blocks, start=1)
    ]
    left = network.infer(images_for(7), get_rule("confidence"), threshold)
    for hook in hooks:
        hook.remove()
    blocks = np.array([e.block for e in network.exits])[left.exit]
    expected = {f"block {b}": int((blocks >= b).sum()) for b in range(1, 7)}
    expected |= {f"head {s.block}": int((blocks >= s.block).sum()) for s in network.specs}
    expected["final"] = int((left.exit == len(EXITS)).sum())
    assert rows == {part: count for part, count in expected.items() if count}


def test_an_image_that_leaves_earlier_has_waited_less(network):
    left = network.infer(images_for(7), get_rule("confidence"), 0.6)
    order = np.argsort(left.exit, kind="stable")
    assert (np.diff(left.ms[order]) >= 0).all()
    assert (left.ms > 0).all()
    assert len(np.unique(left.ms)) == len(np.unique(left.exit))  # together out, together answered


def test_analyse_reports_logits_macs_and_times_of_every_exit(network):
    trace = network.analyse(images_for(3))
    assert trace.logits.shape == (3, 6, 4)
    assert trace.logits.dtype == np.float32
    assert trace.model == "net"
    assert [(e.block, e.kind) for e in trace.exits] == [
        (1, "linear"), (2, "lph-dw"), (3, "lph-pw"), (4, "gah"), (5, "gah"), (6, "final"),
    ]  # fmt: skip
    assert (np.diff(trace.macs) > 0).all()
    assert trace.macs_full == network.macs_full < trace.macs[-1]
    assert (np.diff(trace.ms) > 0).all()
    assert 0 < trace.ms_full <= trace.ms[-1]


def test_the_final_logits_are_the_backbones_own(network):
    images = images_for(3)
    with torch.no_grad():
        expected = network.backbone(images).numpy()
    np.testing.assert_array_equal(network.analyse(images).logits[:, -1], expected)


def test_forward_gives_what_analyse_gives_and_can_leave_the_heads_out(network):
    images = images_for(3)
    trace = network.analyse(images)
    with torch.no_grad():
        outputs, bare = network(images), network(images, heads=False)
    for e, logits in enumerate([*outputs.logits, outputs.final]):
        np.testing.assert_array_equal(logits.numpy(), trace.logits[:, e])
    prefix = network.backbone.prefix
    assert [f.shape[1] for f in outputs.features] == [
        0,
        16,
        16,
        4,
        4,
    ]  # no patch, all, all, every 2nd, every 3rd
    assert outputs.hidden.shape == (3, prefix + 16, 16)
    assert bare.logits == bare.features == []
    assert torch.equal(bare.final, outputs.final)


def test_an_empty_batch_gives_empty_answers(network):
    left = network.infer(images_for(0), get_rule("patience"), 2)
    assert left.exit.shape == left.macs.shape == left.ms.shape == (0,)
    assert left.logits.shape == (0, 4)


def test_thresholds_and_rules_leave_no_state_on_the_network(network):
    images = images_for(5)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    attributes = set(vars(network))
    first = network.infer(images, get_rule("confidence"), 0.6)
    network.infer(images, get_rule("entropy"), 0.0)
    network.infer(images, get_rule("patience"), [9, 9, 2, 2, 2])
    again = network.infer(images, get_rule("confidence"), 0.6)
    assert first.exit.tolist() == again.exit.tolist()
    np.testing.assert_array_equal(first.logits, again.logits)
    assert set(vars(network)) == attributes
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("thresholds", [[], [0.5] * 4, [0.5] * 6])
def test_a_wrong_number_of_thresholds_is_refused(network, thresholds):
    with pytest.raises(ValueError, match="expected one threshold, or 5"):
        network.infer(images_for(2), get_rule("confidence"), thresholds)


def test_training_mode_is_refused():
    network = MultiExitViT(build_backbone("vit", **OPTIONS), EXITS).train()
    with pytest.raises(RuntimeError, match="training mode; call eval"):
        network.analyse(images_for(1))
    with pytest.raises(RuntimeError, match="training mode; call eval"):
        network.infer(images_for(1), get_rule("confidence"), 0.5)


@pytest.mark.parametrize("blocks", [(0, 2), (2, 6), (3, 2), (2, 2), (7,)])
def test_exits_that_cannot_stand_there_are_refused(blocks):
    with pytest.raises(ValueError, match=r"exits must stand behind different blocks of 1\.\.5"):
        MultiExitViT(build_backbone("vit", **OPTIONS), [ExitSpec(b, "linear") for b in blocks])


def test_a_network_without_early_exits_is_the_backbone():
    network = MultiExitViT(build_backbone("vit", **OPTIONS), []).eval()
    assert network.macs.tolist() == [network.macs_full]
    left = network.infer(images_for(2), get_rule("confidence"), 0.0)
    assert left.exit.tolist() == [0, 0]
    np.testing.assert_array_equal(left.logits, network.analyse(images_for(2)).logits[:, 0])
