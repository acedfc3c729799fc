"""How the page asks the server: plain functions of one dict, whose errors come back as one plain sentence."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any

from explorer.model.bundle import ModelError
from explorer.model.catalog import ASSETS, YOURS, is_here, list_models
from explorer.model.hub import PUBLISHED
from explorer.web.crowd import Busy, crowd
from explorer.web.language import by_itself

# One dict, because Gradio hands several arguments to a server function as a single list.
Question = Callable[[dict[str, Any]], dict[str, Any]]

MISTAKE = "The server made a mistake with this; try again, or choose another model."
FULL = "The server's disk is full; try again later."

_SENTENCE = re.compile(r"\S[^\n]{0,1000}[.?]")  # not a library's message about its arrays

_log = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """What a visitor is told about an error. For an unforeseen one, the log gets the place and the visitor no details.

    The log does not get its message, which may name a visitor's file.
    """
    if isinstance(error, KeyError | TypeError):
        _log.warning("%s at %s", type(error).__name__, _place(error))
        return "That question lacks a part; reload the page."
    if isinstance(error, OSError) and error.errno == 28:  # ENOSPC
        return FULL
    own = type(error) is ValueError or type(error).__module__.startswith("explorer.")
    if isinstance(error, ValueError) and own and _SENTENCE.fullmatch(str(error)):
        return by_itself(_without_places(str(error)))
    _log.error("%s at %s", type(error).__name__, _place(error))
    return MISTAKE


def _without_places(said: str) -> str:
    """A sentence that names a model's folder, without its place on this machine: checkpoints/NAME."""
    for parent, shown in ((YOURS.parent, ""), (ASSETS.parent, ""), (Path.home(), "~/")):
        said = said.replace(f"{parent}/", shown)
    return said


def _place(error: BaseException) -> str:
    """File and line where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def question(answer: Question) -> Question:
    """A server function that answers {"error": sentence} instead of raising, whatever goes wrong.

    An answer about a model says which, so that the page never takes it for one about another.
    """

    @wraps(answer)
    def answered(asked: dict[str, Any]) -> dict[str, Any]:
        try:
            said = answer(asked)
            return {"model": asked["model"], **said} if "model" in asked else said
        except Exception as error:
            return {"error": sentence(error)}

    return answered


def waiting(answer: Question) -> Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]:
    """The question as the server runs it: it waits its turn, and a busy server says when to retry."""

    @wraps(answer)
    async def answered(asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return await crowd.run(answer, asked)
        except Busy as busy:
            return {"error": str(busy)}

    return answered


def offered(model: str) -> str:
    """The name, if the picker offers it. A visitor may not name a server folder or start any other download.

    Raises `ModelError`.
    """
    if not is_here(model) and model not in list(PUBLISHED):
        names = [entry.name for entry in list_models()]
        raise ModelError(f"This page does not offer the model '{model}'; choose one of {', '.join(names)}.")
    return model


def blocks(left_out: Any) -> list[int]:
    """Blocks of exits that are off. Raises `ValueError`."""
    if not isinstance(left_out, list) or not all(type(block) is int for block in left_out):
        raise ValueError("Exits are left out by a list of their blocks, as [4, 5].")
    return left_out


def numbers(thresholds: Any) -> float | list[float]:
    """One finite number or a list of them. Raises `ValueError`."""
    numbers = thresholds if isinstance(thresholds, list) else [thresholds]
    if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
        raise ValueError("A threshold is a number, or a list of one number per early exit.")
    return thresholds
