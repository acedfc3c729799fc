"""The page's words: strings/LANGUAGE/AREA.json, a flat object of key -> text; the same keys in every language."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

STRINGS = Path(__file__).parent / "strings"
LANGUAGES = {"en": "English", "de": "Deutsch"}


@lru_cache
def strings(language: str = "en") -> dict[str, str]:
    """Every text of a language by "area.key". A `{name}` in a text is filled in where it is shown."""
    found: dict[str, str] = {}
    for path in sorted((STRINGS / language).glob("*.json")):
        texts = json.loads(path.read_text(encoding="utf-8"))
        found |= {f"{path.stem}.{key}": text for key, text in texts.items()}
    return found
