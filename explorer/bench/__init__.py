"""python -m explorer bench: what the README claims about speed, measured here, as ratios of one run."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from explorer.bench import explain, memory, network, page, peers, serve, site, upload, visit, weights

# Name -> its function, from a model's name to rows of (what, value, aim or remark).
Row = tuple[str, str, str]
BENCHES: dict[str, Callable[[str], list[Row]]] = {
    "analyse": network.analyse,
    "infer": network.infer,
    "explain": explain.explain,
    "first": page.first_example,
    "memory": memory.hold,
    "page": page.latency,
    "peers": peers.peers,
    "start": page.start,
    "serve": serve.serve,
    "site": site.site,
    "upload": upload.upload,
    "visit": visit.visit,
    "weights": weights.weights,
}


def run(only: list[str] | None, model: str, seconds: float = 60.0) -> None:
    """Run the benches named, or all; `serve` gives each crowd `seconds`. Raises `ValueError` for an unknown name."""
    for name in only or BENCHES:
        if name not in BENCHES:
            raise ValueError(f"there is no bench '{name}'; choose from {', '.join(BENCHES)}.")
    table = Table("Bench", "Measured", "Value", "Aim")
    console = Console()
    for name in only or BENCHES:
        with console.status(f"measuring {name}"):
            rows = serve.serve(model, seconds) if name == "serve" else BENCHES[name](model)
        for row in rows:
            table.add_row(name, *row)
    console.print(table)
