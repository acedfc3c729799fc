"""Sight: what a network saw of an upload, and one sentence on how it was made."""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Sight:
    """An upload as the network sees it.

    Attributes:
        image: the picture at the network's own size and mode, before it is turned into numbers.
        note: one plain sentence for the page, e.g. "Turned to grey, inverted, cropped to the object ...".
    """

    image: Image.Image
    note: str
