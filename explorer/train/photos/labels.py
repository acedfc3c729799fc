"""ImageNet-1k's class names in readable form."""

from __future__ import annotations

from timm.data import ImageNetInfo

# WordNet has no other name for the two different cranes.
_TOLD_APART = {134: "crane (bird)", 517: "crane (machine)"}


def imagenet_labels() -> tuple[str, ...]:
    """1000 different readable names: WordNet's first for each class, its last where the first is taken."""
    info = ImageNetInfo("imagenet-1k")
    labels: list[str] = []
    for index in range(info.num_classes()):
        names = info.index_to_description(index).split(", ")
        label = _TOLD_APART.get(index, names[0])
        labels.append(names[-1] if label in labels else label)
    return tuple(labels)
