"""Heads that learn from tokens of very uneven scale.

LGViT's heads read the raw tokens behind a block, before any norm. In a DINOv2 these vary from picture to picture by
a few hundredths in most channels, around means of up to ten. An optimiser whose steps are all of one size, as Adam's
are, hardly moves such a head: our shallow exits had learned nothing after a hundred thousand crops.

So each weight's step is what it would be if its inputs were centred and had a spread of one, and its outputs too: the
head learns as if between two norms, while the network stays LGViT's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer.model.heads import GlobalAggregationHead, LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT
from explorer.train.photos.readouts import read_outs

# How much quicker a local head's branch grows: it starts at zero, and pooling removes most of its spread.
QUICK = 10.0
FLOOR = 1e-3  # of a spread, as a share of the channels' mean spread


@dataclass(frozen=True)
class Channels:
    """What a module reads: mean and spread (D,) of every channel over pictures and tokens."""

    mean: Tensor
    spread: Tensor


@dataclass(frozen=True)
class Step:
    """How one weight (out, in, ...) moves: its change times `factor` (out, in), its gradient that of centred inputs."""

    weight: Tensor
    factor: Tensor
    bias: Tensor | None = None  # absorbs the inputs' mean
    mean: Tensor | None = None


def _readers(network: MultiExitViT) -> list[nn.Module]:
    """Every read-out, the final one last, then every head's first layer."""
    return [*read_outs(network), *(_first(head) for head in network.heads)]


@torch.no_grad()
def channels_read(network: MultiExitViT, images: Iterable[Tensor]) -> list[Channels]:
    """What every read-out, the final one last, and every head's first layer read, on batches of network input.

    Leaves the network in eval mode.
    """
    moments: dict[nn.Module, list[Tensor]] = {module: [] for module in _readers(network)}

    def note(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        x = args[0].double()
        x = x.movedim(1, -1).flatten(0, -2) if isinstance(module, nn.Conv2d) else x.flatten(0, -2)
        moments[module].append(torch.stack([x.mean(dim=0), (x**2).mean(dim=0)]))

    hooks = [module.register_forward_pre_hook(note) for module in moments]
    network.train()  # in eval mode a local head's convolutions are folded, and the first is not called
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.eval()
    try:
        for batch in images:
            with network.in_precision():
                network(batch)
    finally:
        for hook in hooks:
            hook.remove()
        network.eval()
    return [_channels(torch.stack(parts).mean(dim=0)) for parts in moments.values()]


def _channels(moments: Tensor) -> Channels:
    mean, square = moments
    spread = (square - mean**2).clamp_min(0).sqrt()
    return Channels(mean.float(), spread.clamp_min(FLOOR * spread.mean()).float())


def _first(head: nn.Module) -> nn.Conv2d | nn.Linear:
    if isinstance(head, LocalPerceptionHead):
        expand = head.local.expand[0]
        assert isinstance(expand, nn.Conv2d)
        return expand
    assert isinstance(head, GlobalAggregationHead)
    return head.qkv


def _last_norm(head: LocalPerceptionHead) -> nn.BatchNorm2d:
    norm = head.local.project[-1]
    assert isinstance(norm, nn.BatchNorm2d)
    return norm


@torch.no_grad()
def start_heads(network: MultiExitViT, read: Sequence[Channels]) -> None:
    """Restart every head as one that passes its tokens on unchanged.

    A local head's branch adds nothing yet (its last norm at zero, Goyal et al. 2017, arXiv 1706.02677) and is drawn as
    for centred inputs with a spread of one; a global head's values and projection are the identity.
    """
    for head, channels in zip(network.heads, read[len(read_outs(network)) :], strict=True):
        first = _first(head)
        if isinstance(head, LocalPerceptionHead):
            for module in head.local.modules():
                if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
                    module.reset_parameters()
            assert first.bias is not None
            first.weight.div_(channels.spread[:, None, None])
            first.bias.sub_(first.weight[..., 0, 0] @ channels.mean)
            nn.init.zeros_(_last_norm(head).weight)
        else:
            assert isinstance(head, GlobalAggregationHead)
            width = head.project.in_features
            nn.init.normal_(head.qkv.weight, std=width**-0.5)
            head.qkv.weight.div_(_size(channels))
            head.qkv.weight[2 * width :].copy_(torch.eye(width))
            nn.init.eye_(head.project.weight)
            nn.init.zeros_(head.project.bias)
    network.eval()  # folds the local heads again


def _size(channels: Channels) -> Tensor:
    """The root mean square, for weights that have no bias to take up a mean."""
    return (channels.spread**2 + channels.mean**2).sqrt()


def steps(network: MultiExitViT, read: Sequence[Channels]) -> list[Step]:
    """How the weights of all heads and read-outs move."""
    linears = read_outs(network)
    found = [_into(linear, channels) for linear, channels in zip(linears, read, strict=False)]
    for head, channels, read_out in zip(network.heads, read[len(linears) :], read, strict=False):
        first, out = _first(head), read_out.spread
        if isinstance(head, LocalPerceptionHead):
            norm = _last_norm(head)
            found += [_into(first, channels), Step(norm.weight, QUICK * out), Step(norm.bias, out)]
        else:
            assert isinstance(head, GlobalAggregationHead)
            values = channels.spread
            ones = torch.ones(
                2 * len(values), device=values.device
            )  # queries and keys, whose products should be of size one
            found.append(Step(first.weight, torch.cat([ones, values])[:, None] / _size(channels)))
            found.append(Step(head.project.weight, out[:, None] / values))
            found.append(Step(head.project.bias, out))
    return found


def _into(module: nn.Conv2d | nn.Linear, channels: Channels) -> Step:
    return Step(module.weight, (1 / channels.spread)[None], module.bias, channels.mean)


class Conditioned:
    """The optimiser's steps of those weights, adapted to their inputs and outputs."""

    def __init__(self, moved: list[Step], optimiser: torch.optim.Optimizer) -> None:
        self.moved, self.optimiser = moved, optimiser

    @torch.no_grad()
    def centre(self) -> None:
        """Make the gradients those of centred inputs."""
        for step in self.moved:
            if step.bias is not None and step.mean is not None and step.weight.grad is not None:
                assert step.bias.grad is not None
                of_mean = torch.outer(step.bias.grad, step.mean)
                step.weight.grad.sub_(of_mean.view_as(step.weight))

    @torch.no_grad()
    def step(self) -> None:
        """One step of the optimiser; the biases absorb what a weight's change does to its inputs' means."""
        moved = [step for step in self.moved if step.weight.grad is not None]
        before = [step.weight.clone() for step in moved]
        self.optimiser.step()
        for step, old in zip(moved, before, strict=True):
            factor = step.factor.view(*step.factor.shape, *[1] * (old.ndim - step.factor.ndim))
            change = (step.weight - old) * factor
            step.weight.copy_(old + change)
            if step.bias is not None and step.mean is not None:
                step.bias.sub_(change.flatten(1) @ step.mean)
