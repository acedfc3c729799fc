"""WordNet's nouns: synsets by their offset, and what each is a kind of. From Debian's package wordnet-base."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DEBIAN = Path("/usr/share/wordnet/data.noun")


@dataclass(frozen=True)
class Nouns:
    """Synsets by offset, as WordNet 3.0 numbers them ("02084071" is dog)."""

    words: dict[str, list[str]]
    hypernyms: dict[str, list[str]]

    def ancestors(self, synset: str) -> list[str]:
        """The synset itself and all it is a kind of, nearest first."""
        found: dict[str, None] = {}
        waiting = [synset]
        while waiting:
            one = waiting.pop(0)
            if one not in found:
                found[one] = None
                waiting += self.hypernyms[one]
        return list(found)


def read_nouns(path: Path = DEBIAN) -> Nouns:
    """Parse data.noun. Raises `FileNotFoundError` with a readable message."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there; install Debian's package wordnet-base.")
    words, hypernyms = {}, {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):  # the licence
            continue
        fields = line.split(" | ")[0].split()
        count = int(fields[3], 16)
        first = 4 + 2 * count
        pointers = [fields[first + 1 + 4 * i : first + 5 + 4 * i] for i in range(int(fields[first]))]
        words[fields[0]] = [fields[4 + 2 * i].replace("_", " ") for i in range(count)]
        hypernyms[fields[0]] = [pointer[1] for pointer in pointers if pointer[0] in ("@", "@i")]
    return Nouns(words, hypernyms)


@dataclass(frozen=True)
class Classes:
    """Classes that are synsets, and their ancestors."""

    nouns: Nouns
    synsets: list[str]

    @cached_property
    def ancestors(self) -> list[set[str]]:
        """Of each class, itself included."""
        return [set(self.nouns.ancestors(synset)) for synset in self.synsets]

    @cached_property
    def below(self) -> Counter[str]:
        """How many of the classes each synset has below it, itself included."""
        return Counter(synset for one in self.ancestors for synset in one)

    def synset(self, word: str) -> str:
        """The synset a word means: one that lists it first, else one that contains it; of several the largest.

        Of equally large ones, a class itself. Raises `ValueError` for a word that names no class and no ancestor.
        """
        holding = [synset for synset in self.below if word in self.nouns.words[synset]]
        if not holding:
            raise ValueError(f"'{word}' names none of the classes and nothing above them.")
        first = [synset for synset in holding if self.nouns.words[synset][0] == word]
        return max(first or holding, key=lambda synset: (self.below[synset], synset in self.synsets, synset))
