"""A block run at some tokens alone, and the way back: what the whole block and autograd give there."""

import numpy as np
import pytest
import torch
from timm.layers import GluMlp
from timm.models.vision_transformer import Block, ResPostBlock
from torch import nn

from explorer.explain.block_gradient import is_closed_block, run_at

CLOSED = {
    "plain": {},
    "biased": {"qkv_bias": True},
    "layer scale": {"qkv_bias": True, "init_values": 0.3},
    "narrow mlp": {"mlp_ratio": 2},
    "tanh": {"act_layer": lambda: nn.GELU(approximate="tanh")},
}
OTHERS = {
    "norms of queries and keys": {"qk_norm": True},
    "norm behind attention": {"scale_attn_norm": True},
    "norm inside the mlp": {"scale_mlp_norm": True},
    "another activation": {"act_layer": nn.SiLU},
    "gated mlp": {"mlp_layer": GluMlp},
}
TOKENS = torch.randn(10, 16, generator=torch.Generator().manual_seed(1))
PLACES = {"all": None, "some": torch.tensor([0, 3, 7]), "one": torch.tensor([0])}


def block_of(options: dict) -> Block:
    """Weights so large that attention is far from uniform."""
    torch.manual_seed(0)
    block = Block(16, 2, **options).eval()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(std=0.4)
    return block


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("kind", CLOSED)
def test_tokens_and_their_gradient_are_those_of_the_whole_block(kind, places):
    block, at = block_of(CLOSED[kind]), PLACES[places]
    assert is_closed_block(block)
    tokens = TOKENS.clone().requires_grad_()
    whole = block(tokens[None])[0]
    whole = whole if at is None else whole[at]
    weights = torch.randn(whole.shape, generator=torch.Generator().manual_seed(2))
    (expected,) = torch.autograd.grad((whole * weights).sum(), tokens)
    with torch.inference_mode():
        some, backward = run_at(block, TOKENS, at)
        found = backward(weights)
    np.testing.assert_allclose(some, whole.detach(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert found.abs().max() > 1


def test_one_token_that_looks_at_two_alike_ones_owes_each_the_same():
    block = block_of({})
    tokens = TOKENS[:3].clone()
    tokens[2] = tokens[1]
    with torch.inference_mode():
        _, backward = run_at(block, tokens, torch.tensor([0]))
        owed = backward(torch.ones(1, 16))
    np.testing.assert_allclose(owed[1], owed[2], rtol=1e-5)
    assert owed[1].abs().max() > 1e-3


@pytest.mark.parametrize("kind", OTHERS)
def test_blocks_with_other_parts_are_left_to_autograd(kind):
    assert not is_closed_block(Block(16, 2, norm_layer=nn.LayerNorm, **OTHERS[kind]))


def test_a_block_that_norms_behind_its_parts_is_left_to_autograd():
    assert not is_closed_block(ResPostBlock(16, 2))
