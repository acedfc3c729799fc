"""How far to trust a map: does covering what it marks change the answer, and sooner than chance or edges would?"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from explorer.explain.grids import on_grid
from explorer.explain.map import Map, Target
from explorer.explain.score import class_probability, logits_of
from explorer.explain.turns import pause
from explorer.model.multi_exit import MultiExitViT

STEPS = 10  # our own: parts in which the patches are covered or uncovered; each costs another pass
AT_ONCE = 8
BLUR = 8  # our own: what insertion starts from is the picture shrunk to that many pixels a side


def reduced(found: Map, network: MultiExitViT, exit_index: int, index: dict[str, int | None]) -> Map:
    """One map out of several along axes: `index` per axis, by default the exit's own block and the mean over heads."""
    own: dict[str, int | None] = {"block": network.exits[exit_index].block - 1, "head": None}
    return found.at(*(index.get(axis, own[axis]) for axis in found.axes))


def grade(network: MultiExitViT, image: Tensor, target: Target, shown: Map) -> dict[str, Any]:
    """Insertion and deletion curves of a map without axes, of a random order, and of an edge detector.

    Petsiuk et al. 2018, "RISE", arXiv 1806.07421, with whole patches in place of pixels. Deletion covers patches with
    the mean colour, the most marked first; a good map makes the probability fall early, so its area is small.
    Insertion uncovers them on a blurred picture; there a large area is good. `fractions` are the shares of patches.

    The probability is that of `target.classes` at `target.exit`.
    """
    grid = network.backbone.grid
    rivals = {
        "shown": on_grid(shown.values, grid),
        "random": np.random.default_rng(0).random(grid),
        "edges": on_grid(edges(image), grid),
    }
    blurred = F.interpolate(
        F.adaptive_avg_pool2d(image, BLUR), size=image.shape[2:], mode="bilinear", align_corners=False
    )
    covered = torch.zeros_like(image)
    counts = np.rint(np.linspace(0, grid[0] * grid[1], STEPS + 1)).astype(int)
    pictures = []
    for values in rivals.values():
        ranks = np.empty(values.size, int)
        ranks[np.argsort(-values.ravel(), kind="stable")] = np.arange(values.size)
        for count in counts:
            marked = _mask(ranks < count, grid, image)
            pictures.append(torch.where(marked, covered, image))
            pictures.append(torch.where(marked, image, blurred))
    curves = _probabilities(network, torch.cat(pictures), target).reshape(len(rivals), STEPS + 1, 2)
    fractions = counts / counts[-1]
    return {
        "fractions": fractions.round(4).tolist(),
        "curves": {
            name: {
                kind: {"values": curve.round(4).tolist(), "area": round(area(fractions, curve), 4)}
                for kind, curve in (("deletion", both[:, 0]), ("insertion", both[:, 1]))
            }
            for name, both in zip(rivals, curves, strict=True)
        },
    }


def area(fractions: NDArray, curve: NDArray) -> float:
    """The area under a curve over [0, 1], by trapezoids."""
    return float(np.trapezoid(curve, fractions))


def edges(image: Tensor) -> NDArray[np.float32]:
    """How strong an edge runs through each pixel, (H, W): Sobel's gradient of the brightness of (1, channels, H, W)."""
    brightness = image.float().mean(dim=1, keepdim=True)
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=image.device)
    kernels = torch.stack([across, across.T])[:, None]
    gradient = F.conv2d(F.pad(brightness, (1, 1, 1, 1), mode="replicate"), kernels)
    return gradient[0].norm(dim=0).cpu().numpy()


def _mask(marked: NDArray[np.bool_], grid: tuple[int, int], image: Tensor) -> Tensor:
    """Which pixels (1, 1, H, W) lie in the marked patches (patches,)."""
    patches = torch.from_numpy(marked).view(1, 1, *grid).to(image.device)
    return F.interpolate(patches.float(), size=image.shape[2:], mode="nearest") > 0.5


def _probabilities(network: MultiExitViT, pictures: Tensor, target: Target) -> NDArray[np.float64]:
    found = []
    with torch.inference_mode():
        for part in pictures.split(AT_ONCE):
            pause()
            logits = logits_of(network, part, target.exit)
            found.append(class_probability(logits, target.classes))
    return torch.cat(found).double().cpu().numpy()
