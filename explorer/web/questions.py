"""How the page asks the server: plain functions of one dict, whose mistakes come back as one plain sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from explorer.data.reading import UnreadableImage
from explorer.model.bundle import ModelError
from explorer.model.catalog import list_models
from explorer.model.hub import PUBLISHED
from explorer.web.uploads import UPLOADS_CHECKED as UPLOADS_CHECKED
from explorer.web.uploads import UPLOADS_KEPT as UPLOADS_KEPT

# One dict, because Gradio hands several arguments to a server function as a single list.
Question = Callable[[dict[str, Any]], dict[str, Any]]


def question(answer: Question) -> Question:
    """A server function that answers {"error": sentence} instead of raising what a visitor's question can cause."""

    @wraps(answer)
    def answered(asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return answer(asked)
        except (UnreadableImage, ModelError) as error:
            return {"error": str(error)}
        except (KeyError, TypeError):
            return {"error": "That question lacks a part; reload the page."}
        except ValueError as error:
            return {"error": str(error)}

    return answered


def offered(model: str) -> str:
    """The name, if the picker offers it. A visitor may not name a folder of the server or start any other download.

    Raises `ModelError`.
    """
    names = [entry.name for entry in list_models()]
    if model not in [*names, *PUBLISHED]:
        raise ModelError(f"This page does not offer the model '{model}'; choose one of {', '.join(names)}.")
    return model
