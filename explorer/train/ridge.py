"""Read-outs solved by ridge regression: one pass over what they read, where gradient descent needs many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def inputs_of(linears: Sequence[nn.Linear]) -> Iterator[list[list[Tensor]]]:
    """What each of the read-outs reads while the context is open, (n, D) in float32 each time it is called."""
    seen: list[list[Tensor]] = [[] for _ in linears]
    hooks = [
        linear.register_forward_pre_hook(lambda _, args, kept=kept: kept.append(args[0].float()))
        for linear, kept in zip(linears, seen, strict=True)
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def solve(linear: nn.Linear, inputs: Tensor, answers: Tensor, penalty: float) -> None:
    """Set a read-out by ridge regression of answers (N, C) on inputs (N, D).

    Inputs are standardised first: a ViT's residual stream has a few channels far larger than all others.
    """
    x, y = inputs.double(), answers.double()
    mean, std = x.mean(dim=0), x.std(dim=0) + 1e-6
    x = (x - mean) / std
    gram = x.T @ x + penalty * len(x) * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weight = torch.linalg.solve(gram, x.T @ (y - y.mean(dim=0))) / std[:, None]  # (D, C)
    linear.weight.copy_(weight.T)
    linear.bias.copy_(y.mean(dim=0) - mean @ weight)
