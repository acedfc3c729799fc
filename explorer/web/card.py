"""What a model folder says about itself, for the About tab: its card as safe HTML, and how large its parts are."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from math import prod
from pathlib import Path
from platform import python_version
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from safetensors import SafetensorError, safe_open

from explorer.model.bundle import ModelError, read_config
from explorer.model.catalog import find_model
from explorer.web.shelf import per_model

# The page's libraries, whose versions are shown.
LIBRARIES = ("gradio", "torch", "timm", "captum", "plotly", "numpy", "pillow", "safetensors")
HEADING_SHIFT = 2  # the card's first heading is under a heading of the page
_NOT_LEARNED = (".running_mean", ".running_var", ".num_batches_tracked")  # of batch norms


def card_html(text: str) -> str:
    """A card's Markdown as HTML that is safe to show, whoever wrote it.

    Front matter is dropped, HTML in it becomes text, pictures are left out, and only links to the web stay links.
    """
    if text.startswith("---\n"):
        text = text.partition("\n---\n")[2]
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    reader.add_render_rule("table_open", _open_table)
    reader.add_render_rule("table_close", _close_table)
    tokens = reader.parse(text)
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(6, int(token.tag[1]) + HEADING_SHIFT)}"
        if token.children:
            token.children = _safe_links(token.children)
    return reader.renderer.render(tokens, reader.options, {})


def _safe_links(tokens: Sequence[Token]) -> list[Token]:
    """Web links open in a new tab without a referrer; any other link becomes plain text."""
    kept, dropped = [], 0
    for token in tokens:
        if token.type == "link_open":
            if not str(token.attrs.get("href", "")).startswith(("https://", "http://")):
                dropped += 1
                continue
            token.attrs |= {"rel": "noopener noreferrer", "target": "_blank"}
        elif token.type == "link_close" and dropped:
            dropped -= 1  # Markdown has no link inside a link
            continue
        kept.append(token)
    return kept


def _open_table(self: RendererHTML, tokens: Sequence[Token], index: int, *_: Any) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _close_table(self: RendererHTML, tokens: Sequence[Token], index: int, *_: Any) -> str:
    return "</table></div>\n"


@per_model(8)
def card_json(model: str) -> dict[str, Any]:
    """The card of a model and how many parameters its backbone and each exit head have. Raises `ModelError`.

    Loads no weights: the sizes are in the header of each shard.
    """
    folder = find_model(model)
    config, path = read_config(folder), folder / "README.md"
    sizes = _sizes([folder / Path(name).name for name in config["weights"]])
    heads = [_part(sizes, f"heads.{i}.") for i in range(len(config["exits"]))]
    return {
        "title": config["title"],
        "html": card_html(path.read_text(encoding="utf-8", errors="replace")) if path.exists() else None,
        "parameters": {"backbone": _part(sizes, "backbone."), "heads": heads},
    }


def versions() -> dict[str, str]:
    """The versions of Python and the libraries that run this page."""
    return {"Python": python_version()} | {name: version(name) for name in LIBRARIES}


def _sizes(shards: list[Path]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for shard in shards:
        try:
            with safe_open(shard, "numpy") as tensors:
                sizes |= {name: prod(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118
        except FileNotFoundError as error:
            raise ModelError(
                f"The model in {shard.parent} lacks {shard.name}; fetch the folder again."
            ) from error
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{shard.name} in {shard.parent} is damaged; fetch the folder again.") from error
    return sizes


def _part(sizes: dict[str, int], prefix: str) -> int:
    """How many parameters are under that name."""
    return sum(n for name, n in sizes.items() if name.startswith(prefix) and not name.endswith(_NOT_LEARNED))
