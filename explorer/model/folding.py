"""A local perception head's convolutions and batch norms as the few operations that inference needs."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FoldedPerception(nn.Module):
    """The same function as a `LocalPerception` in eval mode, with its batch norms folded into the convolutions.

    A batch norm in eval mode is y = s * x + t per channel, so each goes into the convolution that follows it, the last
    into the one before. The 3x3 convolution pads with zeros, which get no t: at the border the folded t is
    less than inside, hence a bias with one value per place. 1x1 convolutions become matrix products over the channels.
    The multiply-accumulates stay what they were; what is saved is the cost of many small operations.

    Holds buffers that are in no state dict: they are recomputed from the head's own weights.
    """

    expand_weight: Tensor  # (D, D)
    expand_bias: Tensor  # (D,)
    spread_weight: Tensor  # (D, 1, 3, 3)
    spread_bias: Tensor  # (1, D, H, W)
    project_weight: Tensor  # (D, D)
    project_bias: Tensor  # (D,)

    def __init__(
        self,
        expand: Any,
        spread: Any | None,
        project: Any,
        grid: tuple[int, int],
    ) -> None:
        super().__init__()
        scale, shift = _scale_and_shift(expand[2])
        self._keep("expand", _matrix(expand[0]), expand[0].bias)
        if spread is not None:
            conv = spread[0]
            shifts = shift[None, :, None, None].expand(1, -1, *grid)
            bias = F.conv2d(shifts, conv.weight, conv.bias, padding=1, groups=len(shift))
            weight = conv.weight * scale[:, None, None, None]
            nhwc = torch.channels_last  # the tokens' layout in memory
            self._keep("spread", weight.contiguous(memory_format=nhwc), bias.contiguous(memory_format=nhwc))
            scale, shift = _scale_and_shift(spread[2])
        weight, (last_scale, last_shift) = _matrix(project[0]), _scale_and_shift(project[1])
        bias = last_scale * (weight @ shift + project[0].bias) + last_shift
        self._keep("project", last_scale[:, None] * weight * scale, bias)
        self.depthwise = spread is not None

    def _keep(self, name: str, weight: Tensor, bias: Tensor) -> None:
        self.register_buffer(f"{name}_weight", weight.detach().contiguous(), persistent=False)
        self.register_buffer(f"{name}_bias", bias.detach(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """A patch map (N, D, H, W) to one of the same shape."""
        places = x.permute(0, 2, 3, 1)  # (N, H, W, D)
        y = F.gelu(F.linear(places, self.expand_weight, self.expand_bias))
        if self.depthwise:
            y = y.permute(0, 3, 1, 2)
            y = F.conv2d(y, self.spread_weight, padding=1, groups=y.shape[1])
            y = F.gelu(y + self.spread_bias).permute(0, 2, 3, 1)
        return (F.linear(y, self.project_weight, self.project_bias) + places).permute(0, 3, 1, 2)


def _matrix(conv: Any) -> Tensor:
    """A 1x1 convolution's weights as a matrix (out, in)."""
    weight: Tensor = conv.weight
    return weight[:, :, 0, 0]


def _scale_and_shift(norm: Any) -> tuple[Tensor, Tensor]:
    """What a batch norm does in eval mode, y = scale * x + shift, each (D,)."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale
