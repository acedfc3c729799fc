"""The Tune tab: a whole data set instead of one image, and thresholds for a goal."""

from __future__ import annotations

from typing import Any

from explorer.grain import CLASSES
from explorer.web.questions import offered, question
from explorer.web.records import analyse_gallery, evaluation_json, rules_table_json, sets_json
from explorer.web.tabs.tab import Tab

LAYOUT = """
<div class="ee-tune">
  <div class="ee-panel ee-controls"><rule-controls exits></rule-controls></div>
  <div class="ee-panel ee-other"><other-weights></other-weights></div>
  <div class="ee-panel ee-tune-says"><tune-summary></tune-summary></div>
  <div class="ee-tune-two">
    <div>
      <div class="ee-panel"><tune-tradeoff></tune-tradeoff></div>
      <div class="ee-panel"><tune-leaving></tune-leaving></div>
      <div class="ee-panel"><tune-classes></tune-classes></div>
    </div>
    <div>
      <div class="ee-panel"><tune-finder></tune-finder></div>
      <div class="ee-panel"><tune-reliability></tune-reliability></div>
      <div class="ee-panel"><tune-overthinking></tune-overthinking></div>
    </div>
  </div>
  <div class="ee-panel"><tune-sets></tune-sets></div>
  <div class="ee-panel"><tune-rules></tune-rules></div>
  <div class="ee-panel"><tune-gallery></tune-gallery></div>
</div>
"""


@question
def evaluation(asked: dict[str, Any]) -> dict[str, Any]:
    """What a model answered on its validation and test images, at every exit. `asked` has `model`, maybe `grain`."""
    return evaluation_json(offered(asked["model"]), str(asked.get("grain") or CLASSES))


@question
def gallery_image(asked: dict[str, Any]) -> dict[str, Any]:
    """One of a model's hardest and easiest images, analysed. `asked` has `model` and `place` in the gallery."""
    return analyse_gallery(offered(asked["model"]), int(asked["place"]))


@question
def rules_table(asked: dict[str, Any]) -> dict[str, Any]:
    """Every rule at the same savings, as `evaluate --rules` kept it. `asked` has `model`."""
    return rules_table_json(offered(asked["model"]))


@question
def sets(asked: dict[str, Any]) -> dict[str, Any]:
    """How large conformal sets are and how often they hold the true class, on test. `asked` has `model`, `grain`."""
    return sets_json(offered(asked["model"]), str(asked.get("grain") or CLASSES))


TAB = Tab("tune", LAYOUT, (evaluation, gallery_image, rules_table, sets))
