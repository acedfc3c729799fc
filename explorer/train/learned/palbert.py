"""PALBERT: exits learn when to halt and what to answer, by the loss expected over where the network would halt.

Balagansky, Gavrilov 2022, arXiv 2204.03276, and the code published with it. The paper trains the network too; here it
is frozen, and pooler, classifier and lambda layers learn on what its exits read (ours).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.model.addons import Parts
from explorer.model.bundle import Model
from explorer.train.learned.learner import Batch, Learner, normed

BETA = 0.5  # weight of the prior, as in the published commands
PRIOR = 0.1  # chance of halting at each exit under the prior, likewise
LAYERS = 3  # lambda layers with a tanh; one more gives the number


class Palbert(Learner):
    """One pooler, classifier and lambda module for all exits; see `explorer.rules.palbert`."""

    name = "palbert"
    passes = 15
    geometric: Tensor  # (E,) the prior, sums to 1

    def __init__(self, model: Model, beta: float = BETA, prior: float = PRIOR) -> None:
        super().__init__()
        width, classes = model.network.backbone.width, model.network.backbone.classes
        self.beta = beta
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, classes)
        sizes = [2 * width] * LAYERS + [1]
        self.layers = nn.ModuleList(nn.Linear(2 * width, size) for size in sizes)
        exits = len(model.network.exits)
        geometric = prior * (1 - prior) ** torch.arange(exits)
        geometric[-1] = 1 - geometric[:-1].sum()
        self.register_buffer("geometric", geometric, persistent=False)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """States (n, E, D) to the shared classifier's logits (n, E, C) and log p (n, E)."""
        h = self.pooler(normed(states)).tanh()
        grown = torch.cat(
            [h, F.pad(h, (0, 0, 1, 0))[:, :-1]], dim=-1
        )  # with the previous exit's, 0 before the first
        for layer in self.layers[:-1]:
            grown = layer(grown).tanh()
        opened = self.layers[-1](grown)[..., 0]
        going_on = F.logsigmoid(-opened)
        return self.classifier(h), F.logsigmoid(opened) + going_on.cumsum(dim=1) - going_on

    def loss(self, batch: Batch) -> Tensor:
        logits, log_p = self(batch.pooled)
        losses = F.cross_entropy(
            logits.transpose(1, 2), batch.labels[:, None].expand_as(log_p), reduction="none"
        )
        expected = (log_p.exp() * losses).sum(dim=1).mean()
        # KL(prior || p), as the published code has it; PonderNet writes KL(p || prior).
        divergence = (self.geometric * (self.geometric.log() - log_p)).sum(dim=1).mean()
        return expected + self.beta * divergence

    def parts(self) -> Parts:
        return {name.replace("layers.", "lambda."): part for name, part in super().parts().items()}
