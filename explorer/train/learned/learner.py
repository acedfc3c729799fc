"""What a learned rule's training defines: layers, a loss on what the exits read, and the tensors it ships."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from explorer.model.addons import Parts
from explorer.train.learned.states import States


class Batch(NamedTuple):
    """n images at E exits of a frozen network."""

    pooled: Tensor  # (n, E, D)
    logits: Tensor  # (n, E, C)
    labels: Tensor  # (n,)
    step: int = 0  # how many batches came before, warm-up included
    progress: float = 0.0  # of the whole training, in [0, 1)


class Learner(nn.Module):
    """The layers of a rule while they learn; one subclass per recipe, and one line in `LEARNERS`."""

    name: ClassVar[str]  # of the recipe and of its addon
    passes: ClassVar[int] = 10  # over the training images
    lr: ClassVar[float] = 1e-3

    def optimiser(self) -> torch.optim.Optimizer:
        """The layers' optimiser; each group's learning rate is its peak."""
        return torch.optim.AdamW(self.parameters(), self.lr, weight_decay=0.01)

    def prepare(self, validation: States) -> None:
        """Called before each pass, for statistics on images that are not trained on."""

    def loss(self, batch: Batch) -> Tensor:
        """The loss of one batch."""
        raise NotImplementedError

    def parts(self) -> Parts:
        """The addon's tensors: matrices in float16, vectors in float32."""
        state = {name: tensor.detach().cpu().numpy() for name, tensor in self.state_dict().items()}
        return {name: array.astype(np.float16) if array.ndim > 1 else array for name, array in state.items()}


def normed(states: Tensor) -> Tensor:
    """As `explorer.rules.pooled.normed`: mean 0 and variance 1 over the channels."""
    return nn.functional.layer_norm(states, states.shape[-1:], eps=1e-6)
