"""The Learn tab: a tour in short lessons that drive the page's own controls, and the glossary."""

from __future__ import annotations

from typing import Any

from explorer.model.catalog import list_models
from explorer.web.evaluation import evaluation_json
from explorer.web.questions import offered, question
from explorer.web.tabs.tab import Tab

LEARN = """
<div class="ee-panel"><lesson-page></lesson-page></div>
<div class="ee-panel"><glossary-list></glossary-list></div>
"""


@question
def evaluated(asked: dict[str, Any]) -> dict[str, Any]:
    """What was measured of `model` on whole data sets, or None, as `evaluation`; and the models to choose from."""
    return {
        "evaluation": evaluation_json(offered(asked["model"])),
        "models": [{"name": entry.name, "title": entry.title} for entry in list_models()],
    }


TAB = Tab("learn", LEARN, (evaluated,))
