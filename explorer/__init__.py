"""Exit Explorer: see early exiting in vision transformers.

    >>> import explorer
    >>> model = explorer.load_model("fashion")
    >>> trace = explorer.analyse(model, "assets/examples/fashion/bag-1980.png")
    >>> model.labels[trace.predicted[-1]]
    'Bag'
    >>> scores = trace.scores["confidence"]
    >>> trace.exits[int(explorer.decide(scores, 0.8))].block
    11

Names are imported on first use: `explorer.trace` and `explorer.rules` need no torch.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "explorer.data.reading": ("UnreadableImage", "read_image"),
    "explorer.model.bundle": ("Model", "ModelError"),
    "explorer.model.catalog": ("list_models", "load_model"),
    "explorer.pipeline": ("analyse", "infer", "see"),
    "explorer.rules": ("RULES", "decide", "get_rule"),
    "explorer.trace": ("Exit", "Trace"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'explorer' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
