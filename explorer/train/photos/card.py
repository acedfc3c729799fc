"""The photo model's card, written from what was measured: Hugging Face's front matter, then plain words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from explorer.model.bundle import Model
from explorer.train.photos.stretch import crops_of
from explorer.train.photos.web import PACKAGES

_TEMPLATE = Path(__file__).with_suffix(".md")

PICTURES = (
    "scenes, drawings and cut-out photographs from the Debian packages openclipart-png, tuxpaint-stamps-default, "
    "opencv-doc, labelme-examples, scratch, wand-doc, plasma-workspace-wallpapers, mate-backgrounds, "
    "lomiri-wallpapers, gnome-control-center-data, gnome-backgrounds, and from gcompris-qt-data 3.1 "
    "(GPL-3+, CC-BY, CC-BY-SA, public domain); from crop 228,480 on also photographs from the npm packages "
    f"{', '.join(PACKAGES)} (MIT, the last one AGPL-3.0); from crop 336,448 to 387,648 also 1,000 dreams, one of each "
    "class: crops of these pictures that the teacher changed until it saw the class (explorer/train/photos/dreams.py). "
    "They were the ground of a third of the composed crops until crop 348,064, of a tenth after it. From crop 389,632 "
    "on there were 2,000 others, two of each class."
)


def write_card(model: Model, facts: dict[str, Any], path: Path) -> None:
    """Write README.md of the model folder; `facts` is what training.json holds."""
    network, measured, history = model.network, facts["measured"], facts["history"]
    goal, own, known = measured["at fewer MACs"], measured["at its own threshold"], measured["known photos"]
    first_stage = [stretch for stretch in history if stretch["settings"]["stage"] == 1]
    hours = sum(stretch["seconds"] for stretch in history) / 3600
    path.write_text(
        _TEMPLATE.read_text(encoding="utf-8").format(
            title=model.title,
            name=model.name,
            blocks=network.backbone.blocks,
            parameters=sum(p.numel() for p in network.parameters()) / 1e6,
            grid=network.backbone.grid[0] * network.backbone.grid[1],
            width=network.backbone.width,
            exit_blocks=", ".join(str(e.block) for e in network.exits[:-1]),
            unfinished=_unfinished(hours),
            test=measured["crops"]["test"],
            photos=measured["photos"]["test"],
            validation_photos=measured["photos"]["validation"],
            test_sure=measured["sure"]["test"],
            validation=measured["crops"]["validation"],
            table=_table(measured, [int(macs) for macs in network.macs], network.macs_full),
            goal_macs=goal["fewer MACs"],
            goal_threshold=goal["threshold"],
            goal_share=goal["agreement with the own final read-out"],
            own_macs=own["fewer MACs"],
            own_threshold=own["threshold"],
            own_share=own["agreement with the own final read-out"],
            own_agreement=own["agreement"],
            known=_known(known),
            frozen=_frozen([stretch["settings"]["frozen"] for stretch in first_stage]),
            heads=_heads(history),
            pictures=PICTURES,
            crops=crops_of(history),
            hours=hours,
            averaged=_averaged(history),
            stretches=_stretches(history),
            curve=_curve(history),
        ),
        encoding="utf-8",
    )


PLANNED = 8  # hours of training that the model was planned to have


def _unfinished(hours: float) -> str:
    if hours >= PLANNED:
        return ""
    return f" **Training is unfinished**: {hours:.1f} of at least {PLANNED} hours, and it shows in the numbers below."


def _frozen(frozen: Sequence[int]) -> str:
    """Which blocks no stretch of stage 1 has trained."""
    still = min(frozen, default=0)
    return f"Blocks 1 to {still} are still as they were there." if still else "Here all of it learns."


def _heads(history: list[dict[str, Any]]) -> str:
    """Since when the heads are those that are shipped."""
    begun = [i for i, stretch in enumerate(history) if stretch["settings"].get("new_heads")]
    if not begun:
        return ""
    return f"They were begun anew after {crops_of(history[: begun[-1]]):,} crops."


def _averaged(history: list[dict[str, Any]]) -> str:
    """Which networks became one by the mean of their weights, if any did."""
    means = [
        " and ".join(f"{crops:,}" for crops in stretch["averaged"])
        for stretch in history
        if "averaged" in stretch
    ]
    if not means:
        return ""
    return (
        "Where it named validation photos, first and among five together, at least as well as either, the mean of two "
        "networks' weights went on (model soups, Wortsman et al. 2022, arXiv 2203.05482): of those after "
        f"{', then of those after '.join(means)} crops. Stretches marked * are of a run that went its own way before."
    )


def _stage(stretch: dict[str, Any]) -> str:
    return f"{stretch['settings']['stage']}{'*' if 'parted_at' in stretch else ''}"


def _table(measured: dict[str, Any], macs: Sequence[int], full: int) -> str:
    rows = {
        "all, %": measured["agreement"],
        "sure, %": measured["agreement where the teacher is sure"],
        "sure, in the five best, %": measured["teacher's sure answer in the five best"],
        "with the own final read-out, %": measured["agreement with the own final read-out"],
        "calibration error, %": measured["calibration error"],
        "of that by chance, %": measured["calibration error by chance"],
    }
    lines = ["| | " + " | ".join(f"block {block}" for block in measured["blocks"]) + " |"]
    lines.append("|" + " --- |" * (len(measured["blocks"]) + 1))
    lines += [
        f"| {name} | " + " | ".join(f"{100 * x:.1f}" for x in values) + " |" for name, values in rows.items()
    ]
    lines.append("| fewer MACs, heads included | " + " | ".join(f"{full / m:.2f}x" for m in macs) + " |")
    return "\n".join(lines)


def _known(known: dict[str, Any]) -> str:
    if not known["photos"]:
        return ""
    first, five = known["first"][-1], known["in the five best"][-1]
    return (
        f"\nOf {known['photos']} whole photos whose content we know, the final read-out names a right class first for "
        f"{first:.0%}, and among its five best for {five:.0%}.\n"
    )


def _stretches(history: list[dict[str, Any]]) -> str:
    lines = [
        "| stage | pixels | crops | minutes | learned from, a second | blocks frozen |",
        "|" + " --- |" * 6,
    ]
    for stretch in history:
        settings, seen, seconds = stretch["settings"], stretch["seen"], stretch["seconds"]
        frozen = "all" if settings["stage"] == 2 else settings["frozen"]
        lines.append(
            f"| {_stage(stretch)} | {settings['size']} | {seen:,} | {seconds / 60:.0f} | "
            f"{seen / max(seconds, 1):.0f} | {frozen} |"
        )
    return "\n".join(lines)


def _curve(history: list[dict[str, Any]]) -> str:
    lines = ["| crops | hours | stage | pixels | first | in the five best |", "|" + " --- |" * 6]
    before = 0.0
    for stretch in history:
        settings = stretch["settings"]
        for row in stretch["curve"]:
            if "natural" in row:
                hours = (before + row["seconds"]) / 3600
                lines.append(
                    f"| {row['crops']:,} | {hours:.2f} | {_stage(stretch)} | {settings['size']} | "
                    f"{100 * row['natural']:.0f} | {100 * row['natural_top5']:.0f} |"
                )
        before += stretch["seconds"]
    return "\n".join(lines)
