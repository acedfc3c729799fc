"""The photo model's card, written from what was measured: Hugging Face's front matter, then plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from explorer.model.bundle import Model
from explorer.train.photos.stretch import crops_of

_TEMPLATE = Path(__file__).with_suffix(".md")


def write_card(model: Model, facts: dict[str, Any], path: Path) -> None:
    """Write README.md of the model folder; `facts` is what training.json holds."""
    network, measured, history = model.network, facts["measured"], facts["history"]
    losses, own = (
        measured["at most so many points lost on the choosing half"],
        measured["at its own threshold"],
    )
    path.write_text(
        _TEMPLATE.read_text(encoding="utf-8").format(
            title=model.title,
            blocks=network.backbone.blocks,
            parameters=sum(p.numel() for p in network.parameters()) / 1e6,
            grid=network.backbone.grid[0] * network.backbone.grid[1],
            width=network.backbone.width,
            exit_blocks=", ".join(str(e.block) for e in network.exits[:-1]),
            final=measured["right"][-1],
            final_five=measured["among five"][-1],
            margin=measured["margin"][-1],
            chosen_on=measured["pictures"]["validation"],
            reported_on=measured["pictures"]["test"],
            table=_table(measured, [int(macs) for macs in network.macs], network.macs_full),
            losses=_losses(losses),
            own_threshold=own["threshold"],
            own_macs=own["fewer MACs"],
            own_right=own["right"],
            grains=_grains(measured),
            subset=_subset(measured["best subset of exits, at 2 points"]),
            aims=_aims(facts["aims"]),
            sources="\n".join(f"- {source}" for source in facts["sources"]),
            crops=crops_of(history),
            hours=sum(stretch["seconds"] for stretch in history) / 3600,
        ),
        encoding="utf-8",
    )


def _table(measured: dict[str, Any], macs: list[int], full: int) -> str:
    rows = {
        "right, %": measured["right"],
        "± (95 %)": measured["margin"],
        "right among five, %": measured["among five"],
        "calibration error, points": measured["calibration error"],
        "of that by chance, points": measured["calibration error by chance"],
    }
    lines = ["| | " + " | ".join(f"block {block}" for block in measured["blocks"]) + " |"]
    lines.append("|" + " --- |" * (len(measured["blocks"]) + 1))
    lines += [
        f"| {name} | " + " | ".join(f"{100 * x:.1f}" for x in values) + " |" for name, values in rows.items()
    ]
    lines.append("| fewer MACs, heads included | " + " | ".join(f"{full / m:.2f}x" for m in macs) + " |")
    return "\n".join(lines)


def _grains(measured: dict[str, Any]) -> str:
    """How often every exit is right at coarser grains, and what two points buy there."""
    lines = [
        "| right, % | " + " | ".join(f"block {block}" for block in measured["blocks"]) + " | 2 points lost |"
    ]
    lines.append("|" + " --- |" * (len(measured["blocks"]) + 2))
    rows = {"classes": (measured["right"], measured["at most so many points lost on the choosing half"]["2"])}
    rows |= {name: (facts["right"], facts["at 2 points"]) for name, facts in measured["grains"].items()}
    lines += [
        f"| {name} | " + " | ".join(f"{100 * x:.1f}" for x in right) + f" | {point['fewer MACs']:.2f}x |"
        for name, (right, point) in rows.items()
    ]
    return "\n".join(lines)


def _subset(grains: dict[str, dict[str, Any]]) -> str:
    """What two points buy with the best subset of exits."""
    lines = ["| answers in | exits in use, by block | threshold | right, % | at the end, % | fewer MACs |"]
    lines.append("|" + " --- |" * 6)
    lines += [
        f"| {name} | {', '.join(map(str, point['exits in use']))} | {point['threshold']:.3f} | "
        f"{100 * point['right']:.1f} | {100 * point['right at the end']:.1f} | {point['fewer MACs']:.2f}x |"
        for name, point in grains.items()
    ]
    return "\n".join(lines)


def _losses(losses: dict[str, dict[str, float]]) -> str:
    lines = ["| lost at most, on the choosing half | threshold | right, % | fewer MACs |", "|" + " --- |" * 4]
    lines += [
        f"| {lost} points | {p['threshold']:.3f} | {100 * p['right']:.1f} | {p['fewer MACs']:.2f}x |"
        for lost, p in losses.items()
    ]
    return "\n".join(lines)


def _aims(aims: dict[str, dict[str, Any]]) -> str:
    lines = ["| aim | aimed at | reached | |", "|" + " --- |" * 4]
    for name, aim in aims.items():
        shown = [f"{x:.2f}x" if "MACs" in name else f"{100 * x:.1f} %" for x in (aim["aim"], aim["reached"])]
        lines.append(f"| {name} | {shown[0]} | {shown[1]} | {'met' if aim['met'] else 'missed'} |")
    return "\n".join(lines)
