"""Heads that learn from uneven tokens as from even ones."""

import pytest
import torch
from torch import nn

from explorer.model.backbone import build_backbone
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.conditioning import Conditioned, Step, channels_read, start_heads, steps

TINY = {
    "kind": "vit", "img_size": 56, "patch_size": 14, "num_classes": 10, "embed_dim": 16, "depth": 12,
    "num_heads": 2, "mlp_ratio": 1, "init_values": 0.5, "class_and_mean": True,
}  # fmt: skip


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MultiExitViT(build_backbone(**TINY), lgvit_exits(), "photos").eval()


def test_mean_and_spread_are_those_of_what_each_layer_reads(network):
    images = torch.randn(6, 3, 56, 56)
    read = channels_read(network, images.split(3))
    linear, first = network.heads[0].classifier.linears[0], network.heads[0].local.expand[0]
    assert not network.training
    seen = []
    linear.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        hidden = network(images)
        tokens = network.backbone.vit.forward_intermediates(
            images, indices=[3], intermediates_only=True, output_fmt="NLC"
        )[0].flatten(0, 1)
    torch.testing.assert_close(read[0].mean, seen[0].mean(dim=0), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(read[0].spread, seen[0].std(dim=0, correction=0), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(read[9].mean, tokens.mean(dim=0), atol=1e-4, rtol=1e-3)
    assert len(read) == 9 + 8
    assert first.weight.shape[1] == len(read[9].mean)
    assert hidden.final.shape == (6, 10)


def test_heads_started_anew_hand_their_tokens_on(network):
    images = torch.randn(4, 3, 56, 56)
    read = channels_read(network, [images])
    start_heads(network, read)
    x = torch.randn(2, 16, 4, 4)
    torch.testing.assert_close(network.heads[0].local(x), x)
    # What a local head's first layer makes of its inputs is of one size, whatever theirs.
    network.train()
    made = []
    network.heads[0].local.expand[0].register_forward_hook(lambda *args: made.append(args[2]))
    with torch.no_grad():
        network(images)
    assert made[0].mean(dim=(0, 2, 3)).abs().max() < 0.7  # the bias a convolution starts with is up to 1/4
    assert 0.2 < made[0].std() < 1.5


def test_a_step_is_that_on_centred_inputs_of_spread_one():
    """Two linears, one of uneven inputs and one of the same inputs made even: they must learn alike."""
    torch.manual_seed(2)
    even = torch.randn(64, 5)
    even = (even - even.mean(dim=0)) / even.std(dim=0, correction=0)
    mean, spread = torch.tensor([9.0, -3, 0, 1, 2]), torch.tensor([0.02, 0.1, 1, 5, 0.01])
    uneven, targets = even * spread + mean, torch.randn(64, 3)
    plain, conditioned = nn.Linear(5, 3), nn.Linear(5, 3)
    with torch.no_grad():
        conditioned.weight.copy_(plain.weight / spread)
        conditioned.bias.copy_(plain.bias - conditioned.weight @ mean)
    optimiser = torch.optim.Adam(plain.parameters(), lr=0.01)
    moved = [Step(conditioned.weight, (1 / spread)[None], conditioned.bias, mean)]
    # Adam's own constant against division by nought is not of the gradients' size.
    other = Conditioned(moved, torch.optim.Adam(conditioned.parameters(), lr=0.01, eps=1e-12))
    for _ in range(50):
        for linear, inputs in ((plain, even), (conditioned, uneven)):
            linear.zero_grad()
            (linear(inputs) - targets).pow(2).mean().backward()
        optimiser.step()
        other.centre()
        other.step()
    torch.testing.assert_close(conditioned(uneven), plain(even), atol=1e-2, rtol=1e-2)


def test_every_weight_of_the_heads_that_reads_tokens_is_conditioned(network):
    read = channels_read(network, [torch.randn(4, 3, 56, 56)])
    weights = {id(step.weight) for step in steps(network, read)}
    for head in network.heads[:4]:
        assert id(head.local.expand[0].weight) in weights
    for head in network.heads[4:]:
        assert id(head.qkv.weight) in weights
    assert id(network.backbone.vit.head.weight) in weights
    for step in steps(network, read):
        assert torch.isfinite(step.factor).all()
        assert (step.factor > 0).all()
