"""ImageNet's classes in kinds and groups of kinds: the table of imagenet_kinds.py, resolved by WordNet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import timm

from explorer.data.imagenet_kinds import KINDS, REST
from explorer.data.wordnet import DEBIAN, Classes, read_nouns
from explorer.grain import Grain


def imagenet_synsets() -> list[str]:
    """WordNet 3.0 offsets of the 1000 classes, in order; timm has them ("n02084071")."""
    listed = Path(timm.__file__).parent / "data" / "_info" / "imagenet_synsets.txt"
    return [line.removeprefix("n") for line in listed.read_text().split()]


def imagenet_grains(nouns: Path = DEBIAN) -> list[Grain]:
    """Kinds, and groups of them. Raises `FileNotFoundError` without WordNet."""
    classes = Classes(read_nouns(nouns), imagenet_synsets())
    kinds = [
        (group, kind, {classes.synset(word.strip()) for word in words.split(",")})
        for group, members in KINDS.items()
        for kind, words in members.items()
    ]
    rest = (REST, REST, set[str]())
    found = [next((k for k in kinds if k[2] & above), rest) for above in classes.ancestors]
    kind_labels = [kind for _, kind, _ in (*kinds, rest)]
    group_labels = [*KINDS, REST]
    return [
        Grain(
            "kinds",
            f"{len(kind_labels)} kinds",
            tuple(kind_labels),
            np.array([kind_labels.index(kind) for _, kind, _ in found]),
        ),
        Grain(
            "groups",
            f"{len(group_labels)} groups",
            tuple(group_labels),
            np.array([group_labels.index(group) for group, _, _ in found]),
        ),
    ]
