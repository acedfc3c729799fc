"""In which precision a network runs: measured on the processor at hand, because flags do not tell which is faster."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter

import torch
from torch import nn

# Narrower networks lose more by converting to bfloat16 and back than their products gain (ours).
WIDE = 192  # channels of a token
GAIN = 1.2  # how many times as fast bfloat16 has to be: it costs exactness
_TOKENS, _RUNS = 256, 5


def quick_precision(width: int, device: torch.device) -> torch.dtype:
    """bfloat16 for a wide network on a processor that is faster in it, else float32.

    A processor with AMX ran a ViT-S/14 two and a half times as fast in bfloat16; of two with AVX512-BF16 alone one was
    slower in it than in float32 and one about twice as fast, and one without such instructions emulates them. A GPU
    keeps float32, which was not measured.
    """
    if device.type != "cpu" or width < WIDE:
        return torch.float32
    quicker = _milliseconds(width, torch.float32) > GAIN * _milliseconds(width, torch.bfloat16)
    return torch.bfloat16 if quicker else torch.float32


def training_precision(width: int, device: torch.device, asked: str = "auto") -> torch.dtype:
    """What products run in while training: as asked, or what is faster on this CPU, or bfloat16 on a GPU that has it.

    Weights, sums and the optimisers stay in float32, and bfloat16 has float32's range, so no loss has to be scaled.
    Raises `ValueError` for an unknown name.
    """
    if asked not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"there is no precision '{asked}'; choose auto, float32 or bfloat16.")
    if asked != "auto":
        return getattr(torch, asked)
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return quick_precision(width, device)


@lru_cache(maxsize=8)
@torch.inference_mode()
def _milliseconds(width: int, precision: torch.dtype) -> float:
    """The fastest of some runs of one block's MLP over an image's tokens, converting included, in milliseconds."""
    mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
    tokens, times = torch.zeros(1, _TOKENS, width), []
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        for _ in range(_RUNS + 1):  # the first one includes set-up
            start = perf_counter()
            mlp(tokens)
            times.append(perf_counter() - start)
    return 1000 * min(times[1:])
