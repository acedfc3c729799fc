"""Exit rules, one file each: a score per exit, higher = surer, and a threshold. All share one decision function."""

from explorer.rules.decision import decide
from explorer.rules.registry import RULES, find_rules, get_rule, rules_with
from explorer.rules.rule import Reader, Rule, Seen, Setting, Verdict

find_rules()

__all__ = ["RULES", "Reader", "Rule", "Seen", "Setting", "Verdict", "decide", "get_rule", "rules_with"]
