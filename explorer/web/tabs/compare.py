"""The Compare tab: two images, two models or two rules, side by side on linked controls."""

from __future__ import annotations

from typing import Any

from explorer.model.bundle import read_config
from explorer.model.catalog import find_model
from explorer.web.analysis import analyse_file, known_label, open_model
from explorer.web.model_page import grains_json, model_json, rules_json, shipped_examples
from explorer.web.pictures import data_uri_bytes
from explorer.web.questions import offered, question
from explorer.web.tabs.tab import Tab

PAGE = """
<div class="ee-compare">
  <div class="ee-panel ee-wide"><compare-choice></compare-choice></div>
  <div class="ee-panel ee-compare-pictures"><compare-pictures data-side="a"></compare-pictures></div>
  <div class="ee-panel ee-compare-pictures-b"><compare-pictures data-side="b"></compare-pictures></div>
  <div class="ee-panel ee-controls"><compare-controls data-side="a"></compare-controls></div>
  <div class="ee-panel ee-compare-controls-b"><compare-controls data-side="b"></compare-controls></div>
  <div class="ee-panel ee-wide ee-compare-words"><compare-differences></compare-differences></div>
  <div class="ee-panel"><compare-side data-side="a"></compare-side></div>
  <div class="ee-panel"><compare-side data-side="b"></compare-side></div>
  <div class="ee-panel ee-wide"><compare-curve></compare-curve></div>
</div>
"""


@question
def examples_of(asked: dict[str, Any]) -> dict[str, Any]:
    """A model's rules and its examples, analysed by it. `asked` has `model`."""
    return model_json(offered(asked["model"]), short=True)


@question
def analyse_again(asked: dict[str, Any]) -> dict[str, Any]:
    """A picture the page holds, through every exit of a model: as `analyse` gives it, with `rules` and `reference`.

    `asked` has `model`, `image` (the picture's file as a data URI), and `label`, its true label or None, which is
    returned only if the model knows that word.
    """
    model = offered(asked["model"])
    folder = find_model(model)
    facts: dict[str, Any] = {"rules": rules_json(folder), "grains": grains_json(folder)}
    facts |= {"reference": read_config(folder).get("reference", "labels")}
    for example in shipped_examples(model):
        if example["image"] == asked["image"]:
            # Those of its pass; maps of one exit and class are requested when they are viewed.
            maps = [entry for entry in example["maps"] if "exit" not in entry]
            return {**example, "maps": maps, **facts}
    answer = analyse_file(model, data_uri_bytes(asked["image"]))
    label, truth = known_label(open_model(model), asked["label"])
    return {**answer, "label": label, "truth": truth, **facts}


TAB = Tab("compare", PAGE, (examples_of, analyse_again))
