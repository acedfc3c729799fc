"""The page's words: strings/LANGUAGE/AREA.json, a flat object of key -> text; the same keys in every language."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr

STRINGS = Path(__file__).parent / "strings"
LANGUAGES = {"en": "English", "de": "Deutsch"}

# Gradio's parts have their words as properties. When the language changes, and at the start if it is not the
# browser's, they are set again by an event that stays in the browser.
_ON_LANGUAGE = """
(function listen() {
  if (!window.ExitExplorer?.store) return setTimeout(listen, 20); // the page's own script is still on its way
  const { store } = window.ExitExplorer;
  store.subscribe((changed) => changed.has("language") && trigger("select"));
  if (!navigator.language.startsWith(store.language)) trigger("select");
})();
"""
_UPDATE = """() => {
  const texts = Object.entries(%s).map(([property, key]) => [property, window.ExitExplorer.t(`gradio.${key}`)]);
  return [{ __type__: "update", ...Object.fromEntries(texts) }];
}"""


@lru_cache
def strings(language: str = "en") -> dict[str, str]:
    """Every text of a language by "area.key". A `{name}` in a text is filled in where it is shown."""
    found: dict[str, str] = {}
    for path in sorted((STRINGS / language).glob("*.json")):
        texts = json.loads(path.read_text(encoding="utf-8"))
        found |= {f"{path.stem}.{key}": text for key, text in texts.items()}
    return found


def i18n() -> gr.I18n:
    """The words of Gradio's own parts, strings/*/gradio.json, as `launch` takes them."""
    return gr.I18n(
        **{code: json.loads((STRINGS / code / "gradio.json").read_text("utf-8")) for code in LANGUAGES}
    )


def word(key: str) -> Any:
    """The text `gradio.KEY` for a property of a Gradio part, in the browser's language until `speak` sets another."""
    return i18n()(key)


def speak(part: gr.components.Component, **keys: str) -> None:
    """Keeps a Gradio part in the page's language: `speak(upload, label="your_image")`."""
    ear = gr.HTML(js_on_load=_ON_LANGUAGE, visible="hidden")
    ear.select(None, None, part, js=_UPDATE % json.dumps(keys))


def in_language(sentence: str, accepted: str) -> str:
    """A server sentence in the language that an Accept-Language header prefers; unchanged if it is unknown."""
    language = _preferred(accepted)
    if language != "en":
        for key, pattern in _server_patterns().items():
            if found := pattern.fullmatch(sentence):
                return strings(language)[key].format(**found.groupdict())
    return sentence


def by_itself(sentence: str) -> str:
    """A sentence that the command line prints after "error:", as a sentence of its own: with a capital letter.

    Only for sentences that the page knows; others may begin with the name of a file.
    """
    capital = sentence[:1].upper() + sentence[1:]
    patterns = _server_patterns().values()
    known = any(p.fullmatch(capital) for p in patterns) and not any(p.fullmatch(sentence) for p in patterns)
    return capital if known else sentence


@lru_cache(maxsize=256)
def _preferred(accepted: str) -> str:
    """The best of our languages in a header such as "de-DE,de;q=0.9,en;q=0.8" (RFC 9110, 12.5.4)."""
    best, weight = "en", 0.0
    for part in accepted[:1000].split(","):
        tag, _, quality = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            q = float(quality.partition("=")[2] or 1)
        except ValueError:
            continue
        if language in LANGUAGES and q > weight:
            best, weight = language, q
    return best


@lru_cache
def _server_patterns() -> dict[str, re.Pattern[str]]:
    """What the server says, by key: its English text, each `{name}` a group."""
    texts = {key: text for key, text in strings("en").items() if key.startswith("server.")}
    return {
        key: re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(text))) for key, text in texts.items()
    }
