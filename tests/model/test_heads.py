"""Exit heads against the same arithmetic written out by hand."""

from math import ceil

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.model.backbone import TokenShape
from explorer.model.heads import HEADS, build_head

WIDTH, CLASSES = 16, 5
GRID = (5, 4)
KINDS = [("lph-dw", {}), ("lph-pw", {}), ("gah", {"stride": 2}), ("gah", {"stride": 3}), ("linear", {})]


def head_of(kind, grid=GRID, prefix=1, class_tokens=1, **options):
    """A head in eval mode whose batch norms have learned something."""
    torch.manual_seed(0)
    head = build_head(kind, TokenShape(grid, WIDTH, prefix), CLASSES, class_tokens, **options)
    for module in head.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.running_var):
                values.uniform_(0.5, 2)
            for values in (module.bias.data, module.running_mean):
                values.normal_()
    return head.eval()


def tokens_for(grid=GRID, prefix=1, count=3):
    return torch.randn(count, prefix + grid[0] * grid[1], WIDTH, generator=torch.Generator().manual_seed(1))


def batch_norm(x, state, name):
    mean, var, weight, bias = (
        state[f"{name}.{k}"][:, None, None] for k in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / 2**0.5))


def one_by_one(x, state, name):
    mixed = torch.einsum("oc,nchw->nohw", state[f"{name}.weight"][..., 0, 0], x)
    return mixed + state[f"{name}.bias"][:, None, None]


@pytest.mark.parametrize("kind", ["lph-dw", "lph-pw"])
def test_a_local_head_is_its_formula(kind):
    head, tokens = head_of(kind), tokens_for()
    state = head.state_dict()
    x = torch.stack([t[1:].T.reshape(WIDTH, *GRID) for t in tokens])  # (N, D, H, W), without [CLS]
    y = batch_norm(gelu(one_by_one(x, state, "local.expand.0")), state, "local.expand.2")
    if kind == "lph-dw":
        spread, padded = torch.zeros_like(y), F.pad(y, (1, 1, 1, 1))
        for dy in range(3):
            for dx in range(3):
                weight = state["local.spread.0.weight"][:, 0, dy, dx, None, None]
                spread += weight * padded[:, :, dy : dy + GRID[0], dx : dx + GRID[1]]
        y = gelu(spread + state["local.spread.0.bias"][:, None, None])
        y = batch_norm(y, state, "local.spread.2")
    y = batch_norm(one_by_one(y, state, "local.project.0"), state, "local.project.1") + x
    features = y.flatten(2).transpose(1, 2)
    with torch.no_grad():
        logits, seen = head(tokens)
    torch.testing.assert_close(seen, features, atol=1e-5, rtol=0)
    summed = features.mean(dim=1) + tokens[:, 0]
    linear = head.classifier.linears[0]
    torch.testing.assert_close(logits, summed @ linear.weight.T + linear.bias, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["lph-dw", "lph-pw"])
@pytest.mark.parametrize("grid", [GRID, (1, 1), (7, 7)])
def test_folded_for_inference_a_local_head_stays_its_own_function(kind, grid):
    head, tokens = head_of(kind, grid), tokens_for(grid)
    plain, seen = head(tokens)  # with gradients wanted, the convolutions and batch norms themselves
    assert plain.requires_grad
    with torch.no_grad():
        folded, features = head(tokens)
    torch.testing.assert_close(folded, plain.detach(), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(features, seen.detach(), atol=1e-5, rtol=1e-5)
    assert not any("folded" in name for name in head.state_dict())


def test_folding_follows_new_weights_and_is_undone_for_training():
    head, tokens = head_of("lph-dw"), tokens_for()
    other = head_of("lph-dw")
    with torch.no_grad():
        other.local.expand[0].weight.mul_(2)
        expected = other.eval()(tokens)[0]
        assert not torch.allclose(head(tokens)[0], expected)
        head.load_state_dict(other.state_dict())
        torch.testing.assert_close(head(tokens)[0], expected)
    assert head.train().local.folded is None


@pytest.mark.parametrize("stride", [2, 3])
def test_a_global_head_is_its_formula(stride):
    head, tokens = head_of("gah", stride=stride), tokens_for()
    heads, size = 8, WIDTH // 8
    features = []
    for image in tokens:
        x = image[1:].reshape(*GRID, WIDTH)[::stride, ::stride].reshape(-1, WIDTH)
        q, k, v = (x @ head.qkv.weight.T).split(WIDTH, dim=1)
        parts = []
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            weights = (q[:, part] @ k[:, part].T * size**-0.5).softmax(dim=1)
            parts.append(weights @ v[:, part])
        features.append(torch.cat(parts, dim=1) @ head.project.weight.T + head.project.bias)
    with torch.no_grad():
        logits, seen = head(tokens)
    torch.testing.assert_close(seen, torch.stack(features), atol=1e-5, rtol=0)
    linear = head.classifier.linears[0]
    expected = linear(torch.stack(features).mean(dim=1) + tokens[:, 0])
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)
    assert head.qkv.bias is None


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("grid", [(7, 7), (6, 5), (1, 4)])
def test_a_global_head_keeps_what_an_average_pool_of_kernel_1_keeps(grid, stride):
    head, tokens = head_of("gah", grid, prefix=2, class_tokens=2, stride=stride), tokens_for(grid, prefix=2)
    pooled = nn.AvgPool2d(kernel_size=1, stride=stride)(tokens[:, 2:].transpose(1, 2).unflatten(2, grid))
    assert torch.equal(head.kept(tokens), pooled.flatten(2).transpose(1, 2))
    assert head.kept(tokens).shape == (3, ceil(grid[0] / stride) * ceil(grid[1] / stride), WIDTH)


def test_a_linear_head_reads_the_class_token_alone():
    head, tokens = head_of("linear"), tokens_for()
    logits, features = head(tokens)
    assert torch.equal(logits, head.classifier.linears[0](tokens[:, 0]))
    assert features.shape == (3, 0, WIDTH)


def test_a_distilled_readout_averages_two_classifiers():
    head, tokens = head_of("lph-pw", prefix=2, class_tokens=2), tokens_for(prefix=2)
    logits, features = head(tokens)
    first, second = head.classifier.linears
    mean = features.mean(dim=1)
    torch.testing.assert_close(logits, (first(mean + tokens[:, 0]) + second(mean + tokens[:, 1])) / 2)
    linear = head_of("linear", prefix=2, class_tokens=2)
    first, second = linear.classifier.linears
    torch.testing.assert_close(linear(tokens)[0], (first(tokens[:, 0]) + second(tokens[:, 1])) / 2)


def test_registers_are_neither_classes_nor_patches():
    head, tokens = head_of("lph-dw", prefix=4), tokens_for(prefix=4)
    elsewhere = tokens.clone()
    elsewhere[:, 1:4] += 1  # three registers behind [CLS]
    for ours, theirs in zip(head(tokens), head(elsewhere), strict=True):
        assert torch.equal(ours, theirs)


def test_without_a_class_token_the_readout_takes_the_mean_alone():
    head, tokens = head_of("gah", prefix=0, class_tokens=0), tokens_for(prefix=0)
    logits, features = head(tokens)
    assert torch.equal(logits, head.classifier.linears[0](features.mean(dim=1)))


def test_a_linear_head_without_a_class_token_reads_the_mean_of_the_patches():
    head, tokens = head_of("linear", prefix=2, class_tokens=0), tokens_for(prefix=2)
    linear = head.classifier.linears[0]
    assert torch.equal(head(tokens)[0], linear(tokens[:, 2:].mean(dim=1)))


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_with_a_norm_the_readout_norms_the_features_before_their_mean(kind, options):
    head, tokens = head_of(kind, prefix=0, class_tokens=0, norm_eps=1e-5, **options), tokens_for(prefix=0)
    with torch.no_grad():
        head.classifier.norm.weight.uniform_(0.5, 2)
        logits, features = head(tokens)
        read = tokens if kind == "linear" else features
        centred = read - read.mean(dim=-1, keepdim=True)
        normed = centred / torch.sqrt(centred.square().mean(dim=-1, keepdim=True) + 1e-5)
        expected = head.classifier.linears[0]((normed * head.classifier.norm.weight).mean(dim=1))
    torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_gradients_reach_every_parameter_and_the_tokens(kind, options):
    head, tokens = head_of(kind, **options).train(), tokens_for().requires_grad_()
    logits, _ = head(tokens)
    logits[:, 0].square().sum().backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all()
    assert head.classifier.linears[0].weight.grad.abs().sum() > 0
    assert tokens.grad.abs().sum() > 0


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_one_image_and_a_batch_get_the_same_answer(kind, options):
    head, tokens = head_of(kind, **options), tokens_for()
    with torch.no_grad():
        whole = head(tokens)[0]
        torch.testing.assert_close(whole[1:2], head(tokens[1:2])[0], atol=1e-5, rtol=0)


def test_an_unknown_head_is_refused_with_the_names_there_are():
    with pytest.raises(
        ValueError, match="there is no exit head 'mlp'; choose one of lph-dw, lph-pw, gah, linear, shared"
    ):
        build_head("mlp", TokenShape(GRID, WIDTH, 1), CLASSES, 1)
    assert list(HEADS) == ["lph-dw", "lph-pw", "gah", "linear", "shared", "sl-vit"]


def test_a_global_head_needs_a_width_of_eights():
    with pytest.raises(ValueError, match="a width divisible by 8, got 12"):
        build_head("gah", TokenShape(GRID, 12, 1), CLASSES, 1)
