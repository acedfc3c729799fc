"""Exit rules: every rule is a score per exit, higher = surer, and a threshold. One decision serves all."""

from explorer.rules.decision import decide
from explorer.rules.scores import RULES, Rule, get_rule

__all__ = ["RULES", "Rule", "decide", "get_rule"]
