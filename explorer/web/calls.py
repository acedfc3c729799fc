"""Checks the parameters of a call to a named endpoint: Gradio answers a bad call with a 500."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from explorer.web.api import ENDPOINTS

# Each endpoint's parameters in order, and whether each is required.
_TAKES = {
    endpoint.__name__: {
        name: facts.default is Parameter.empty for name, facts in signature(endpoint).parameters.items()
    }
    for endpoint in ENDPOINTS
}


def fault_of(route: str, question: Any) -> tuple[int, str] | None:
    """What is wrong with a question sent to call/NAME (a list of values) or call/v2/NAME (values by name), if anything.

    The status and one sentence; None for a valid call and for every other route.
    """
    call, _, name = route.strip("/").rpartition("/")
    if call not in ("call", "call/v2"):
        return None
    if name not in _TAKES:
        return 404, f"There is no endpoint '{name[:50]}'; ask one of {', '.join(_TAKES)}."
    takes = _TAKES[name]
    if call == "call/v2":
        if not isinstance(question, dict):
            return 400, f"Send values by name, as a JSON object: {name} takes {', '.join(takes)}."
        given = list(question)
    else:
        values = question.get("data") if isinstance(question, dict) else None
        if not isinstance(values, list):
            return 400, f"Send a list of values under the name data; {name} takes {', '.join(takes)}."
        if len(values) > len(takes):
            return 400, f"These are too many values; {name} takes {', '.join(takes)}."
        given = list(takes)[: len(values)]
    lacking = [one for one, needed in takes.items() if needed and one not in given]
    if lacking:
        return 400, f"The question has no {lacking[0]}; {name} takes {', '.join(takes)}."
    strange = [one for one in given if one not in takes]
    if strange:
        return 400, f"The question has a value '{strange[0][:50]}'; {name} takes {', '.join(takes)}."
    return None
