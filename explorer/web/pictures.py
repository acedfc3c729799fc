"""Pictures passed between the page and the server: files, uploads and data URIs."""

from __future__ import annotations

from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any

from PIL import Image

from explorer.data.reading import UnreadableImage, read_image
from explorer.model.bundle import Model
from explorer.web.uploads import stored

SHOWN = 384  # pixels of the longer edge of an upload's preview
SHOWN_BYTES = 45_000  # of that picture; what the network saw stays exact, and the whole answer below 300 kB
MOST_URI = 2_000_000  # characters of a picture that travels with a question, in base64: 1.5 MB

# An upload is sent back as a PNG, exactly what the network saw; the examples' photos are smaller as JPEGs.
_OURS = ("data:image/png;base64,", "data:image/jpeg;base64,")


def preview(image: Image.Image) -> str:
    """An upload as the visitor gets it back: unchanged if it is small, else a JPEG of at most `SHOWN_BYTES`."""
    shown = image.copy()
    shown.thumbnail((SHOWN, SHOWN))
    tries = [("PNG", 0)] if shown.size == image.size else []
    for kind, quality in [*tries, ("JPEG", 88), ("JPEG", 70), ("JPEG", 50)]:
        uri = data_uri(shown, kind, quality)
        if len(uri) * 3 // 4 <= SHOWN_BYTES:
            return uri
    shown.thumbnail((SHOWN // 2, SHOWN // 2))
    return data_uri(shown, "JPEG", 70)


def data_uri(image: Image.Image, kind: str, quality: int = 88) -> str:
    """A picture as a data URI, `kind` "PNG" or "JPEG"; the quality is a JPEG's."""
    buffer = BytesIO()
    image.save(buffer, kind, quality=quality) if kind == "JPEG" else image.save(buffer, kind)
    return f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def data_uri_bytes(uri: Any) -> bytes:
    """The file in a data URI of at most MOST_URI characters. Raises `UnreadableImage`, one plain sentence."""
    head, comma, data = uri.partition(",") if isinstance(uri, str) else ("", "", "")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise UnreadableImage("That is not a picture this page can read; choose a JPEG or PNG file.")
    if len(data) > MOST_URI:
        raise UnreadableImage("That picture is too large for this question; choose one below 1.5 MB.")
    try:
        return b64decode(data, validate=True)
    except ValueError as error:  # not base64, or not even ASCII
        raise UnreadableImage("That picture came damaged; choose it again.") from error


def read_data_uri(uri: Any) -> Image.Image:
    """The picture in a data URI, RGB, as `read_image` reads a file. Raises `UnreadableImage`."""
    return read_image(data_uri_bytes(uri))


def from_data_uri(uri: str, model: Model) -> Image.Image:
    """The picture of a data URI, in the model's own mode and size. Raises `ValueError` when it is not one of ours."""
    if not isinstance(uri, str) or not uri.startswith(_OURS):
        raise ValueError("That picture is not one this page sent; analyse it again.")
    image = read_data_uri(uri)
    height, width = model.network.backbone.input_size
    if image.size != (width, height):
        raise ValueError("That picture is not one this model saw; analyse it again.")
    return image.convert("L") if len(model.input.mean) == 1 else image


def file_of(picture: Any) -> bytes:
    """The bytes of a picture that came with a question: an upload as Gradio's {path, …}, or a data URI.

    Nothing else is read, whatever path or address is asked for. Raises `UnreadableImage`.
    """
    if isinstance(picture, str) and picture.startswith("data:"):
        return data_uri_bytes(picture)
    return stored(picture.get("path") if isinstance(picture, dict) else picture).read_bytes()
