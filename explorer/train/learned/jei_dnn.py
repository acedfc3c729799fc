"""JEI-DNN: gates and classifiers learn in turns, on a frozen backbone.

Regol, Chataoui, Coates 2024, arXiv 2310.09163, and the code published with it. Ours: the classifiers read what the
model's own exits read and start from theirs, the final read-out stays the model's, no head
stops its warm-up early, and AdamW replaces SGD.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.model.addons import Parts
from explorer.model.bundle import Model
from explorer.rules.jei_dnn import statistics
from explorer.train.learned.learner import Batch, Learner
from explorer.train.learned.states import States

TRADE_OFF = 0.7  # the published code's weight of cost against cross-entropy; higher = earlier
TURN = 200  # batches per turn of gates or classifiers
MOST_WEIGHT = 5.0  # of a gate's positive examples


class Jei(Learner):
    """`gates`: one Linear(4, 1) per early exit. `classifiers`: one Linear(D, C) per early exit."""

    name = "jei-dnn"
    passes = 12
    warmup = 2  # passes in which the classifiers learn alone
    lr = 1e-2
    lr_classifiers = 1e-4  # they have been trained; states are of very different size from exit to exit
    costs: Tensor  # (E,) share of the whole network's MACs
    weights: Tensor  # (E - 1,) of a gate's positive examples

    def __init__(self, model: Model, trade_off: float = TRADE_OFF, as_released: bool = False) -> None:
        super().__init__()
        network = model.network
        early, width, classes = len(network.heads), network.backbone.width, network.backbone.classes
        self.trade_off, self.as_released = trade_off, as_released
        self.gates = _PerExit(early, 4, 1)
        self.classifiers = _PerExit(early, width, classes)
        with torch.no_grad():
            for e, head in enumerate(network.heads):
                own = list(getattr(head, "classifier", nn.Identity()).parameters())
                if len(own) != 2 or own[0].shape != (classes, width):
                    raise ValueError(
                        "jei-dnn needs exits with a linear classifier each; choose another model."
                    )
                self.classifiers.weight[e] = own[0] / network.temperatures[e]
                self.classifiers.bias[e] = own[1] / network.temperatures[e]
            self.gates.weight.zero_()
            self.gates.bias.zero_()
        costs = torch.from_numpy(network.macs / network.macs[-1]).float()
        self.register_buffer("costs", costs, persistent=False)
        self.register_buffer("weights", torch.ones(early), persistent=False)

    def optimiser(self) -> torch.optim.Optimizer:
        groups = [
            {"params": list(self.gates.parameters()), "lr": self.lr},
            {"params": list(self.classifiers.parameters()), "lr": self.lr_classifiers},
        ]
        return torch.optim.AdamW(groups, weight_decay=5e-4)

    def logits(self, batch: Batch) -> Tensor:
        """(n, E, C): the early exits by their new classifiers, the final one as it is."""
        return torch.cat([self.classifiers(batch.pooled[:, :-1]), batch.logits[:, -1:]], dim=1)

    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of every image at every exit, (n, E)."""
        return F.cross_entropy(
            logits.transpose(1, 2), labels[:, None].expand(logits.shape[:2]), reduction="none"
        )

    def best_exit(self, losses: Tensor) -> Tensor:
        """l* (n,): where cross-entropy plus trade-off times cost is least."""
        return (losses + self.trade_off * self.costs).argmin(dim=1)

    @torch.no_grad()
    def prepare(self, validation: States) -> None:
        """How much more a gate's positive examples weigh: as they are rarer, at most five times."""
        batch = Batch(*validation.tensors())
        best = self.best_exit(self.losses(self.logits(batch), batch.labels))
        at = torch.bincount(best, minlength=len(self.costs))[:-1].float()
        self.weights = ((len(best) - at) / at.clamp(min=1)).clamp(max=MOST_WEIGHT)

    def loss(self, batch: Batch) -> Tensor:
        warm = batch.progress < self.warmup / self.passes
        if not warm and (batch.step // TURN) % 2 == 0:
            return self.gate_loss(batch)
        losses = self.losses(self.logits(batch), batch.labels)
        if warm:  # earlier exits weigh more: E, E - 1, ..., 2, and 1 for the final one
            depth = torch.arange(losses.shape[1], 0, -1)
            return (losses.mean(dim=0) * depth).sum() / depth.sum()
        return self.classifier_loss(losses, self.shares(batch))

    def statistics(self, batch: Batch) -> Tensor:
        """What the gates look at, (n, E - 1, 4), without a gradient."""
        with torch.no_grad():
            early = self.logits(batch)[:, :-1]
            return torch.from_numpy(statistics(early.numpy()).astype(np.float32))

    def gate_loss(self, batch: Batch) -> Tensor:
        """A gate should open from an image's best exit on: binary cross-entropy, summed over the gates."""
        seen = self.statistics(batch)
        with torch.no_grad():
            best = self.best_exit(self.losses(self.logits(batch), batch.labels))
            target = (torch.arange(seen.shape[1]) >= best[:, None]).float()
        opened = self.gates(seen)[..., 0]
        return F.binary_cross_entropy_with_logits(opened, target, pos_weight=self.weights) * seen.shape[1]

    @torch.no_grad()
    def shares(self, batch: Batch) -> Tensor:
        """P (n, E): max(0, min(g, 1 - sum of the gates before)), and what is left for the final exit."""
        gates = self.gates(self.statistics(batch))[..., 0].sigmoid()
        left = (1 - (gates.cumsum(dim=1) - gates)).clamp(min=0)
        shares = torch.minimum(gates, left)
        return torch.cat([shares, (1 - shares.sum(dim=1, keepdim=True)).clamp(min=0)], dim=1)

    def classifier_loss(self, losses: Tensor, shares: Tensor) -> Tensor:
        """Each exit learns from the images that leave there: sum of P CE, rescaled to the size of sum of CE.

        The published code lets the gradient through that factor too, and then P cancels: value and gradient are those
        of the plain sum. `as_released` does so.
        """
        weighed = (shares * losses).sum(dim=1)
        factor = losses.sum(dim=1) / weighed.clamp(min=1e-12)
        return (weighed * (factor if self.as_released else factor.detach())).mean()

    def parts(self) -> Parts:
        found = super().parts()
        gates = {"gates.weight": found["gates.weight"][:, 0], "gates.bias": found["gates.bias"][:, 0]}
        return {**found, **gates}


class _PerExit(nn.Module):
    """A linear layer of its own for every early exit: (n, E - 1, in) to (n, E - 1, out)."""

    def __init__(self, exits: int, width: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(exits, out, width))
        self.bias = nn.Parameter(torch.zeros(exits, out))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("nei,eoi->neo", x, self.weight) + self.bias
