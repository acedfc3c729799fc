"""In which precision a network runs: the one place that asks what the processor does well."""

from __future__ import annotations

import torch

# Narrower networks lose more by converting to bfloat16 and back than their products gain (ours).
WIDE = 192  # channels of a token


def quick_precision(width: int, device: torch.device) -> torch.dtype:
    """bfloat16 for a wide network on a processor with instructions for it, else float32.

    On an x86 CPU with AVX512-BF16 a ViT-S/14 at 224 pixels ran 2.5 times as fast in bfloat16 as in float32. A
    CPU without such instructions emulates them, many times slower; a GPU keeps float32, which nobody measured.
    """
    if device.type != "cpu" or width < WIDE:
        return torch.float32
    return torch.bfloat16 if _has_bfloat16() else torch.float32


def _has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 itself: AVX512-BF16, or AMX, which came with it."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
