"""BERxiT's learning to exit: a probe shared by all exits learns whether an exit is wrong.

Xin et al. 2021, aclanthology.org/2021.eacl-main.8. The paper trains it beside the network; here the network is
frozen and only the probe learns (ours), so any shipped model can have it.
"""

from __future__ import annotations

from torch import Tensor, nn

from explorer.model.bundle import Model
from explorer.train.learned.learner import Batch, Learner, normed


class LearnsToExit(Learner):
    """One Linear(D, 1) and a sigmoid; mean-squared error against 1 - correct, at all early exits."""

    name = "berxit"

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.probe = nn.Linear(model.network.backbone.width, 1)

    def loss(self, batch: Batch) -> Tensor:
        wrong = (batch.logits[:, :-1].argmax(-1) != batch.labels[:, None]).float()
        expected = self.probe(normed(batch.pooled[:, :-1]))[..., 0].sigmoid()
        return nn.functional.mse_loss(expected, wrong)
