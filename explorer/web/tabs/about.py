"""The About tab: the model's card and evaluation, how numbers are defined, licences, what happens to uploads."""

from __future__ import annotations

from typing import Any

from explorer.web.card import card_json, versions
from explorer.web.questions import offered, question
from explorer.web.tabs.tab import Tab
from explorer.web.uploads import UPLOADS_CHECKED, UPLOADS_KEPT

# Gradio writes an uploaded file to the server's temporary folder and, unless told otherwise, leaves it there.

ABOUT = """
<div class="ee-about">
  <div class="ee-panel"><model-evaluation></model-evaluation></div>
  <div>
    <div class="ee-panel"><model-card></model-card></div>
    <div class="ee-panel"><about-notes sections="cite versions"></about-notes></div>
  </div>
  <div><div class="ee-panel"><about-notes sections="numbers licences uploads"></about-notes></div></div>
</div>
"""


@question
def card(asked: dict[str, Any]) -> dict[str, Any]:
    """`model`'s card as HTML and the sizes of its parts; the libraries' versions; how long uploads are kept at most."""
    return card_json(offered(asked["model"])) | {
        "versions": versions(),
        "upload_minutes": (UPLOADS_KEPT + UPLOADS_CHECKED) // 60,
    }


TAB = Tab("about", ABOUT, (card,))
