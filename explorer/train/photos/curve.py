"""The learning curve as a figure, a self-contained SVG file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 300, 44, 36
# By key of a curve's rows: each line's name and colour; names at the ends tell the lines apart without colour.
LINES = {
    "first": ("end", "#0072b2"),
    "block_10": ("block 10", "#d55e00"),
    "block_8": ("block 8", "#009e73"),
    "block_6": ("block 6", "#cc79a7"),
}


def points_of(history: list[dict[str, Any]], key: str) -> list[tuple[float, float]]:
    """Hours of training and the measured share, of the rows that were measured on labelled photographs."""
    points, before = [], 0.0
    for stretch in history:
        points += [
            ((before + row["seconds"]) / 3600, row[key])
            for row in stretch["curve"]
            if "first" in row and key in row
        ]
        before += stretch["seconds"]
    return points


def write_curve(history: list[dict[str, Any]], path: Path) -> None:
    """Accuracy on the labelled choosing half against hours of training, at the end and at three exits."""
    lines = {key: points_of(history, key) for key in LINES}
    hours = [x for points in lines.values() for x, _ in points] or [0.0]
    low, high = min(hours), max(max(hours), min(hours) + 0.1)

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - low) / (high - low) * (WIDTH - LEFT - 90)
        return round(across, 1), round((1 - y) * (HEIGHT - BOTTOM - 10) + 10, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12" role="img"><title>Share of labelled photographs named right, against hours of training'
        f'</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = place(low, share)
        right, _ = place(high, share)
        parts.append(f'<path d="M{x} {y}H{right}" stroke="#ddd"/><text x="6" y="{y + 4}">{share:.0%}</text>')
    for hour in (low, high):
        x, y = place(hour, 0)
        parts.append(f'<text x="{x}" y="{y + 18}" text-anchor="middle">{hour:.1f} h</text>')
    for key, (name, colour) in LINES.items():
        if lines[key]:
            placed = [place(*point) for point in lines[key]]
            line = " ".join(f"{x},{y}" for x, y in placed)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
            x, y = placed[-1]
            parts.append(f'<text x="{x + 6}" y="{y + 4}" fill="{colour}">{name}</text>')
    path.write_text("".join(parts) + "</svg>\n", encoding="utf-8")
