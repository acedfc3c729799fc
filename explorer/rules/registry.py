"""All rules: one file each in this folder, found by its `RULE`. There is no other list."""

from __future__ import annotations

from collections.abc import Container
from importlib import import_module
from pkgutil import iter_modules

from explorer.rules.rule import FAMILIES, Rule

RULES: dict[str, Rule] = {}


def find_rules() -> None:
    """Fill `RULES` from the files of this package, by family, then by name."""
    package = import_module("explorer.rules")
    modules = [import_module(f"explorer.rules.{info.name}") for info in iter_modules(package.__path__)]
    found = [module.RULE for module in modules if hasattr(module, "RULE")]

    def place(rule: Rule) -> tuple[int, str]:
        known = rule.family in FAMILIES
        return (FAMILIES.index(rule.family) if known else len(FAMILIES), rule.name)

    RULES.clear()
    RULES.update({rule.name: rule for rule in sorted(found, key=place)})


def get_rule(name: str) -> Rule:
    """The rule of that name. Raises `ValueError` with the available names."""
    try:
        return RULES[name]
    except KeyError:
        raise ValueError(f"there is no exit rule '{name}'; choose one of {', '.join(RULES)}.") from None


def rules_with(addons: Container[str]) -> dict[str, Rule]:
    """The rules that apply to a model with those addons, by name."""
    return {name: rule for name, rule in RULES.items() if rule.addon is None or rule.addon in addons}
