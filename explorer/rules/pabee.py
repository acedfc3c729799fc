"""PABEE's own patience count: agreements, not answers."""

from __future__ import annotations

from functools import partial

from explorer.rules.patience import Patience
from explorer.rules.rule import Rule

RULE = Rule(
    name="pabee",
    title="Confirmations (PABEE)",
    family="agreement",
    paper="PABEE: Zhou et al. 2020, arXiv 2006.04152",
    says="Leave when an answer was confirmed this many times in a row. "
    "The first exit that gives it counts 0, so a patience of t needs t + 1 equal answers.",
    direction="confirmations in a row ≥ t",
    low=1,  # the published 0 means "run all layers", which any unreachable threshold does here
    high=None,
    step=1,
    default=2,
    reader=partial(Patience, first=0),
    summary=True,
)
