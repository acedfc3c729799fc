"""SmoothGrad: the input's gradient, averaged over noisy copies of the picture (Smilkov et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.explain.grids import cells
from explorer.explain.map import Map, Method, Target
from explorer.explain.score import class_score, logits_of
from explorer.explain.turns import pause
from explorer.model.multi_exit import MultiExitViT

COPIES = 12
AT_ONCE = 4
NOISE = 0.15  # of the picture's range; the paper's 10 to 20 % (arXiv 1706.03825, section 3.2)


def explain(network: MultiExitViT, image: Tensor, target: Target) -> Map:
    """The size of the mean gradient per cell of pixels: where a small change would move the logit most.

    Sum over channels of |mean gradient|. The noise is the same for every question, so that answers repeat.
    """
    generator = torch.Generator().manual_seed(0)
    spread = NOISE * float(image.max() - image.min())
    total = torch.zeros_like(image)
    for _ in range(COPIES // AT_ONCE):
        pause()
        noise = torch.randn(AT_ONCE, *image.shape[1:], generator=generator).to(image)
        copies = (image + spread * noise).requires_grad_()
        with torch.enable_grad():
            score = class_score(logits_of(network, copies, target.exit), target.classes).sum()
            (gradient,) = torch.autograd.grad(score, copies)
        total += gradient.sum(dim=0, keepdim=True)
    found = (total / COPIES)[0].abs().sum(dim=0)
    return Map(cells(found.float().cpu().numpy()), False, "gradient")


METHOD = Method(explain, frozenset({"exit", "class"}))
