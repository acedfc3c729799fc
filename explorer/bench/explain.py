"""Bench of explanations: what maps cost compared with the passes they explain, as ratios of one run."""

from __future__ import annotations

import json

import torch

from explorer.bench.network import example_batch, in_turn
from explorer.explain.attending import AttentionRecorder
from explorer.explain.map import Target
from explorer.explain.registry import explain as explain_by
from explorer.explain.registry import methods
from explorer.explain.score import logits_of
from explorer.model.catalog import load_model
from explorer.pipeline import warm_up
from explorer.web.analysis import analyse_image
from explorer.web.model_page import shipped_examples
from explorer.web.pictures import read_data_uri

ROUNDS = 30
FEW = 5  # of the methods that take many passes


def explain(name: str) -> list[tuple[str, str, str]]:
    """Attention and rollout against the analysis alone; each method against a forward pass to its exit; the bytes."""
    model = load_model(name)
    warm_up(model)
    network, image = model.network, example_batch(model)[:1]

    def watched() -> None:
        recorder = AttentionRecorder.of(network.backbone)
        network.analyse(image, recorder)
        if recorder is not None:
            recorder.read()

    rows = []
    alone, both = in_turn(lambda: network.analyse(image), watched, rounds=ROUNDS)
    rows.append(
        (
            "analysis with all attentions and rollout / alone",
            f"{both / alone:.2f}x ({both:.1f} / {alone:.1f} ms)",
            "<= 1.25x",
        )
    )
    predicted = int(network.analyse(image).predicted[0, -1])
    for index, exit_ in enumerate(network.exits):

        def forward(index: int = index) -> None:
            with torch.inference_mode():
                logits_of(network, image, index)

        target = Target(index, (predicted,))
        cam, plain = in_turn(
            lambda t=target: explain_by("grad-cam", network, image, t),  # type: ignore[misc]
            forward,
            rounds=ROUNDS,
        )
        what = f"Grad-CAM / forward pass to the exit, block {exit_.block} ({exit_.kind})"
        rows.append((what, f"{cam / plain:.2f}x ({cam:.1f} / {plain:.1f} ms)", "<= 1.3x"))
    target = Target(len(network.exits) - 1, (predicted,))
    for method, facts in methods().items():
        if "class" in facts.asks and method != "grad-cam":
            taken, plain = in_turn(
                lambda m=method: explain_by(m, network, image, target),  # type: ignore[misc]
                lambda: network.analyse(image),
                rounds=FEW,
            )
            rows.append(
                (f"{method} of the last exit / analysis", f"{taken / plain:.1f}x ({taken:.0f} ms)", "")
            )
    examples = shipped_examples(name)
    if examples:
        size = len(json.dumps(analyse_image(model, read_data_uri(examples[0]["image"]))))
        rows.append(("first answer of an upload", f"{size / 1000:.0f} kB", "<= 300 kB"))
    return rows
