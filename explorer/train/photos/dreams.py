"""Pictures that the teacher dreams, to train on: composed crops, changed until it sees one of its classes in each.

    python -m explorer.train.photos.dreams OUT DATA [MORE ...]

writes OUT with its SOURCES.tsv, for `python -m explorer distil --more`; begun anew, it goes on where it was cut off.
DATA holds pictures/ and weights/, MORE are further folders of pictures. Few free pictures show most of the 1000
classes: here each class gets some. The idea is DeepInversion's (Yin et al. 2020, arXiv 1912.08795), begun from pictures
in place of noise, in the decorrelated space of colours and frequencies of Olah et al. (2017, "Feature Visualization").
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from explorer.model.precision import WIDE, quick_precision
from explorer.train.photos.crops import Crops
from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.teacher import MEAN, STD, WEIGHTS, load_network

SIZE, BATCH, STEPS = 144, 32, 26
RATE = 0.1  # of Adam, at first
USUAL = 0.1  # weight of how unlike the pictures it learned from the teacher finds them
SMOOTH = 1.25  # amplitudes fall with the frequency to this power; in photographs it is about 1
NOISE = 0.2  # added at every step: what drowns in it is no picture of anything
SEED = 9
EACH = 2  # dreams of every class, each begun from another crop
# The kind of which few crops are composed. As scenes, dreams were the ground of a third of them, and of more still of
# those learned from, for they are sure and rare: photographs were crowded out.
KIND = "mixed"
# How colours vary together in photographs: most in brightness, then from blue to yellow (figures of Lucid's).
COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]]) / 0.462


class Unusual:
    """How far what a network's batch norms see lies from what they saw when it was trained, summed over them."""

    def __init__(self, network: nn.Module) -> None:
        self.seen: list[Tensor] = []
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        self.hooks = [norm.register_forward_pre_hook(self._look) for norm in norms]

    def __enter__(self) -> Unusual:
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self.hooks:
            hook.remove()

    def _look(self, norm: Any, args: tuple[Tensor]) -> None:
        spread, mean = torch.std_mean(args[0].float(), dim=(0, 2, 3), correction=0)
        usual = norm.running_var + norm.eps
        off = (mean - norm.running_mean).square() + (spread - norm.running_var.sqrt()).square()
        self.seen.append((off / usual).mean())

    def take(self) -> Tensor:
        """Of the last batch that the network was given."""
        total = torch.stack(self.seen).sum()
        self.seen.clear()
        return total


def amplitudes(size: int) -> Tensor:
    """By how much each frequency of a real picture's transform is multiplied: (size, size // 2 + 1), mean square 1."""
    vertical, horizontal = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)
    falling = torch.hypot(vertical, horizontal).clamp_min(1 / size) ** -SMOOTH
    return falling / falling.square().mean().sqrt()


def dream(
    network: nn.Module, crops: Tensor, classes: Tensor, seed: Sequence[int], steps: int = STEPS
) -> Tensor:
    """Crops (N, 3, H, W) uint8, changed until the network sees the classes (N,): (N, 3, SIZE, SIZE) uint8."""
    rng, scale = np.random.default_rng(seed), amplitudes(SIZE)
    noise = torch.Generator().manual_seed(int(rng.integers(2**31)))
    begun = torch.atanh(0.9 * _resized(crops).clamp(-1, 1))
    waves = torch.zeros(*crops.shape[:2], *scale.shape, 2, requires_grad=True)
    optimiser = torch.optim.Adam([waves], RATE, betas=(0.7, 0.95))
    with Unusual(network) as unusual:
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = RATE * min(1, 2 * (1 - step / steps))
            shown = _elsewhere(_image(begun, waves, scale), SIZE * 3 // 4 if step % 2 else SIZE, rng)
            shown = shown + NOISE * torch.randn(shown.shape, generator=noise)
            with torch.autocast("cpu", quick_precision(WIDE, torch.device("cpu"))):
                logits = network(shown.contiguous(memory_format=torch.channels_last))
            loss = F.cross_entropy(logits.float(), classes) + USUAL * unusual.take()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.no_grad():
        return ((_image(begun, waves, scale) * STD + MEAN) * 255).round().clamp(0, 255).to(torch.uint8)


def _resized(crops: Tensor) -> Tensor:
    """Crops uint8 as the teacher's input, SIZE pixels wide."""
    return F.interpolate((crops / 255 - MEAN) / STD, (SIZE, SIZE), mode="bicubic", antialias=True)


def _image(begun: Tensor, waves: Tensor, scale: Tensor) -> Tensor:
    """What the network is given, (N, 3, SIZE, SIZE) within -1 and 1."""
    changed = torch.fft.irfft2(torch.view_as_complex(waves) * scale, s=(SIZE, SIZE), norm="ortho")
    return torch.tanh(begun + torch.einsum("oc,nchw->nohw", COLOURS, changed))


def _elsewhere(images: Tensor, size: int, rng: np.random.Generator) -> Tensor:
    """A square of that size from anywhere in the images, moved and mirrored at random."""
    images = torch.roll(images, tuple(rng.integers(-SIZE // 8, SIZE // 8 + 1, 2).tolist()), (2, 3))
    if rng.random() < 0.5:
        images = images.flip(3)
    top, left = rng.integers(0, SIZE - size + 1, 2)
    return images[:, :, top : top + size, left : left + size]


def assigned(logits: Tensor) -> Tensor:
    """A class for each crop by what the network says of them, (N, C) to (N,): no class oftener than N / C, rounded up.

    Crop and class whose logit is the highest of all come together first, then the highest of those left.
    """
    count, classes = logits.shape
    left, chosen = [-(-count // classes)] * classes, torch.full((count,), -1)
    for place in logits.flatten().argsort(descending=True).tolist():
        crop, said = divmod(place, classes)
        if chosen[crop] < 0 and left[said]:
            chosen[crop] = said
            left[said] -= 1
    return chosen


def write(network: nn.Module, crops: Crops, out: Path, batch: int = BATCH) -> None:
    """Dream once from each of the crops and write `out`; batches whose files are there already are not dreamt again."""
    (out / KIND).mkdir(parents=True, exist_ok=True)
    parts = [range(first, min(first + batch, len(crops))) for first in range(0, len(crops), batch)]
    with torch.no_grad():
        classes = assigned(torch.cat([network(_resized(_stacked(crops, part))).float() for part in parts]))
    files = [f"{KIND}/{number:04d}-{said:03d}.jpg" for number, said in enumerate(classes.tolist())]
    for part in parts:
        if all((out / files[number]).exists() for number in part):
            continue
        dreams = dream(network, _stacked(crops, part), classes[list(part)], (SEED, part.start))
        for number, pixels in zip(part, dreams.permute(0, 2, 3, 1).numpy(), strict=True):
            Image.fromarray(pixels).save(out / "new.jpg", quality=92)
            (out / "new.jpg").replace(out / files[number])  # a kill at any moment leaves whole files
        print(f"{part.stop} of {len(crops)}", flush=True)
    rows = [f"{file}\tdreams\t{said}" for file, said in zip(files, classes.tolist(), strict=True)]
    (out / "SOURCES.tsv").write_text("\n".join(["file\tdebian_package\tpath_in_package", *rows]) + "\n")


def _stacked(crops: Crops, numbers: Sequence[int]) -> Tensor:
    return torch.stack([crops[number] for number in numbers])


def main(out: Path, data: Path, more: Sequence[Path]) -> None:
    """`EACH` dreams of each of the teacher's classes, in `out`."""
    network = load_network(data / "weights" / WEIGHTS)
    network = network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
    classes: int = network.num_classes  # type: ignore[assignment]
    write(network, Crops(load_pictures([data / "pictures", *more]), EACH * classes, SEED), out)


if __name__ == "__main__":
    out, data, *more = map(Path, sys.argv[1:])
    main(out, data, more)
