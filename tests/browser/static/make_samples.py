"""Makes samples.json: invented but plausible traces, pictures and maps for explore.html; no network runs."""

from __future__ import annotations

import base64
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HERE = Path(__file__).parent
FASHION = [
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
RULES = {
    "confidence": {
        "title": "Confidence", "min": 0, "max": 1, "step": 0.005, "default": 0.9,
        "says": "Leave when the largest probability reaches the threshold.",
    },
    "entropy": {
        "title": "Entropy", "min": 0, "max": 1, "step": 0.005, "default": 0.8,
        "says": "Leave when certainty, 1 - H / ln C, reaches the threshold.",
    },
    "patience": {
        "title": "Patience", "min": 1, "max": 9, "step": 1, "default": 3,
        "says": "Leave when this many exits in a row have agreed.",
    },
}  # fmt: skip


def data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def packed(values: np.ndarray, peak: np.ndarray | float) -> str:
    """round(255 * value / peak) as base64 of uint8."""
    return base64.b64encode(np.round(255 * values / peak).astype(np.uint8).tobytes()).decode()


def silhouette(name: str) -> Image.Image:
    """A 28x28 grey picture in the manner of Fashion-MNIST."""
    draw_on = Image.new("L", (224, 224), 0)
    draw = ImageDraw.Draw(draw_on)
    shapes = {
        "Ankle boot": [(200, [(70, 24), (128, 24), (134, 110), (196, 138), (204, 176), (60, 176)]),
                       (110, [(60, 176), (206, 176), (206, 192), (60, 192)])],
        "Trouser": [(190, [(76, 14), (148, 14), (158, 210), (122, 210), (112, 70), (102, 210), (66, 210)])],
        "Coat": [(150, [(80, 18), (144, 18), (196, 52), (190, 190), (166, 190), (160, 84), (160, 208),
                        (64, 208), (64, 84), (58, 190), (34, 190), (28, 52)]),
                 (70, [(108, 22), (116, 22), (116, 208), (108, 208)])],
        "Shirt": [(170, [(82, 22), (142, 22), (204, 66), (180, 104), (158, 86), (158, 204), (66, 204),
                         (66, 86), (44, 104), (20, 66)])],
        "Sandal": [(190, [(24, 168), (200, 150), (206, 166), (30, 188)]),
                   (140, [(60, 166), (96, 92), (112, 92), (84, 166)]),
                   (140, [(120, 158), (170, 104), (182, 112), (142, 158)])],
        "Bag": [(180, [(34, 88), (190, 88), (202, 192), (22, 192)]),
                (90, [(34, 88), (190, 88), (190, 108), (34, 108)])],
        "Dress": [(175, [(92, 14), (132, 14), (138, 84), (170, 212), (54, 212), (86, 84)])],
        "Sneaker": [(200, [(24, 120), (80, 92), (122, 124), (200, 142), (204, 170), (24, 170)]),
                    (100, [(24, 170), (206, 170), (206, 184), (24, 184)])],
    }  # fmt: skip
    for grey, points in shapes[name]:
        draw.polygon(points, fill=grey)
    if name == "Bag":
        draw.arc((76, 30, 148, 140), 180, 360, fill=150, width=12)
    small = np.asarray(draw_on.resize((28, 28), Image.Resampling.BOX), dtype=float)
    noise = np.random.default_rng(len(name)).normal(1, 0.09, small.shape)
    return Image.fromarray(np.clip(small * noise, 0, 255).astype(np.uint8))


def landscape(size: int) -> Image.Image:
    """A soft picture in colour: sky, hills, and a round pale animal-like blob."""
    y, x = np.mgrid[0:size, 0:size] / size
    sky = np.stack([0.45 + 0.4 * y, 0.62 + 0.25 * y, 0.85 - 0.1 * y], -1)
    hills = y > 0.62 + 0.08 * np.sin(7 * x) + 0.03 * np.sin(23 * x)
    picture = np.where(hills[..., None], np.stack([0.25 + 0.2 * x, 0.42 - 0.1 * y, 0.2 + 0 * x], -1), sky)
    for cx, cy, r, colour in [(0.45, 0.66, 0.2, (0.86, 0.7, 0.5)), (0.62, 0.5, 0.11, (0.8, 0.62, 0.42))]:
        inside = ((x - cx) ** 2 + (y - cy) ** 2) < r**2
        picture = np.where(inside[..., None], np.array(colour) * (1 - 0.5 * (y - cy))[..., None], picture)
    picture += np.random.default_rng(1).normal(0, 0.02, picture.shape)
    return Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.6)
    )


def attention(rng: np.random.Generator, blocks: int, heads: int, side: int) -> dict[str, Any]:
    """Blobs that wander early and settle on the object later."""
    y, x = np.mgrid[0:side, 0:side] / (side - 1)
    maps = np.empty((blocks, heads, side, side))
    for b in range(blocks):
        for h in range(heads):
            depth = b / (blocks - 1)
            cx, cy = (
                rng.uniform(0, 1, 2) * (1 - depth) + np.array([0.5, 0.6]) * depth + rng.normal(0, 0.08, 2)
            )
            width = 0.12 + 0.5 * (1 - depth) * rng.uniform(0.3, 1)
            blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width**2)) + rng.uniform(
                0, 0.25, (side, side)
            )
            maps[b, h] = blob / blob.sum() * rng.uniform(0.6, 0.97)
    peak = maps.max(axis=(2, 3))
    data = packed(maps, peak[..., None, None])
    return {
        "grid": [side, side],
        "blocks": blocks,
        "heads": heads,
        "peak": np.round(peak, 5).tolist(),
        "data": data,
    }


def saliency(
    rng: np.random.Generator, exit_: int, class_: int, side: int, flat: bool = False
) -> dict[str, Any]:
    """A Grad-CAM-like map; a flat one is zero everywhere."""
    y, x = np.mgrid[0:side, 0:side] / (side - 1)
    cx, cy = rng.uniform(0.3, 0.7, 2)
    cam = np.maximum(
        0, np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.08) - 0.15 + rng.normal(0, 0.05, (side, side))
    )
    peak = 0.0 if flat else 0.0182
    data = packed(np.zeros_like(cam) if flat else cam, cam.max())
    return {"exit": exit_, "class": class_, "grid": [side, side], "peak": peak, "data": data}


def streaks(predicted: np.ndarray) -> list[int]:
    counts = [1]
    for before, now in pairwise(predicted):
        counts.append(counts[-1] + 1 if now == before else 1)
    return counts


def make_trace(
    model: str, logits: np.ndarray, exits: list[dict], labels: list[str], block_macs: int
) -> dict[str, Any]:
    """What the library would send for these logits, (E, C); a head costs about a quarter of a block."""
    probabilities = np.exp(logits - logits.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    entropy = -(probabilities * np.log(probabilities)).sum(1)
    predicted = probabilities.argmax(1)
    union = set(np.argsort(-probabilities, axis=1)[:, :5].ravel().tolist())
    classes = sorted(union, key=lambda c: -probabilities[:, c].max())[:12]
    heads = np.cumsum([{"local": 0.22, "global": 0.26}.get(e["family"], 0) for e in exits])
    macs = [int(block_macs * (e["block"] + h)) for e, h in zip(exits, heads, strict=True)]
    blocks = exits[-1]["block"]
    per_mac = 4.1 / (277e6 if blocks == 12 else 61e9 / 20)
    return {
        "model": model, "blocks": blocks, "exits": exits, "macs": macs, "macs_full": block_macs * blocks,
        "ms": [round(m * per_mac * 1.04 + 0.2, 3) for m in macs],
        "ms_full": round(block_macs * blocks * per_mac + 0.2, 3),
        "class_count": logits.shape[1],
        "classes": [{"index": int(c), "label": labels[c]} for c in classes],
        "probabilities": probabilities[:, classes].round(6).tolist(),
        "predicted": [classes.index(c) for c in predicted],
        "scores": {
            "confidence": probabilities.max(1).round(6).tolist(),
            "entropy": (1 - entropy / np.log(logits.shape[1])).round(6).tolist(),
            "patience": streaks(predicted),
        },
    }  # fmt: skip


def fashion_exits() -> list[dict]:
    kinds = ["lph-dw", "lph-dw", "lph-pw", "lph-pw", "gah", "gah", "gah", "gah"]
    exits = [
        {"block": 4 + i, "kind": k, "family": "global" if k == "gah" else "local"}
        for i, k in enumerate(kinds)
    ]
    return [*exits, {"block": 12, "kind": "final", "family": "final"}]


# Per example: title, true label, a note, and the logits of the classes that matter at the nine exits.
STORIES: list[tuple[str, str, str, dict[str, list[float]]]] = [
    ("Ankle boot", "Ankle boot", "A boot with a clear shaft: easy, but not at first sight.", {
        "Ankle boot": [2.6, 3.3, 4.3, 5.4, 6.2, 6.8, 7.2, 7.5, 7.8],
        "Sneaker": [2.9, 2.4, 2.0, 1.7, 1.5, 1.2, 1, 1, 0.9],
        "Sandal": [1.4, 1.2, 0.8, 0.5, 0.4, 0.3, 0.2, 0.1, 0]}),
    ("Trouser", "Trouser", "Two legs and nothing else looks like that: the first exit is enough.", {
        "Trouser": [6.0, 6.8, 7.4, 7.9, 8.2, 8.6, 8.9, 9, 9.1],
        "Dress": [1.6, 1.2, 1, 0.9, 0.8, 0.6, 0.5, 0.5, 0.4]}),
    ("Coat", "Coat", "Coat, pullover and shirt share an outline; the answer needs more blocks.", {
        "Coat": [2.0, 2.3, 2.9, 3.3, 3.9, 5.0, 5.9, 6.3, 6.6],
        "Pullover": [2.7, 2.8, 2.7, 2.9, 2.6, 2.2, 1.9, 1.6, 1.5],
        "Shirt": [2.2, 2.1, 2.3, 2.0, 2.1, 1.7, 1.5, 1.4, 1.2]}),
    ("Shirt", "Shirt", "The hardest class of the ten: nobody is sure before the end.", {
        "Shirt": [1.8, 2.0, 2.1, 2.6, 2.8, 3.0, 3.1, 3.3, 3.5],
        "T-shirt": [2.6, 2.6, 2.7, 2.5, 2.7, 2.6, 2.6, 2.5, 2.4],
        "Pullover": [1.9, 1.8, 1.9, 1.8, 1.7, 1.9, 1.7, 1.6, 1.6],
        "Coat": [1.5, 1.4, 1.2, 1.3, 1.2, 1.1, 1, 1, 0.9]}),
    ("Sandal", "Sandal", "Watch the last blocks: the network knew better in the middle.", {
        "Sandal": [2.4, 3.0, 3.9, 4.4, 4.5, 3.9, 3.2, 2.7, 2.4],
        "Sneaker": [2.6, 2.4, 2.2, 2.0, 2.1, 2.7, 3.4, 4.0, 4.3],
        "Ankle boot": [1.3, 1.1, 0.8, 0.7, 0.7, 0.8, 0.9, 0.9, 1]}),
    ("Bag", "Bag", "Its first exit is sure although its saliency map is flat.", {
        "Bag": [5.6, 6.1, 6.9, 7.2, 7.6, 8.1, 8.3, 8.5, 8.6],
        "Shirt": [1.2, 1.1, 0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.4]}),
    ("Dress", "Dress", "A dress that might be a coat until block 6.", {
        "Dress": [2.5, 3.4, 4.9, 5.4, 5.9, 6.2, 6.4, 6.6, 6.7],
        "Coat": [2.1, 2.0, 1.8, 1.4, 1.3, 1.1, 1, 0.9, 0.9],
        "Shirt": [1.8, 1.7, 1.5, 1.2, 1.2, 1, 0.9, 0.9, 0.8]}),
    ("Sneaker", "Sneaker", "Low, long and laced.", {
        "Sneaker": [3.6, 4.1, 5.2, 5.7, 6.3, 6.8, 7.1, 7.2, 7.4],
        "Ankle boot": [2.1, 2.2, 1.9, 1.7, 1.2, 1.1, 0.9, 0.9, 0.8],
        "Sandal": [1.9, 1.6, 1.4, 1.1, 0.9, 0.8, 0.7, 0.6, 0.5]}),
]  # fmt: skip


def fashion_examples() -> list[dict]:
    exits, examples = fashion_exits(), []
    for seed, (title, label, note, curves) in enumerate(STORIES):
        rng = np.random.default_rng(seed)
        logits = rng.normal(0, 0.25, (len(exits), len(FASHION)))
        for name, curve in curves.items():
            logits[:, FASHION.index(name)] = curve
        trace = make_trace("fashion", logits, exits, FASHION, 23_100_000)
        picture = silhouette(title)
        maps = [
            saliency(
                rng, e, trace["classes"][trace["predicted"][e]]["index"], 7, flat=title == "Bag" and e == 0
            )
            for e in range(3)  # the fourth local exit is left for the page to ask
        ]
        examples.append({
            "id": f"{title.lower().replace(' ', '-')}-1", "title": title, "label": label, "note": note,
            "image": data_uri(picture), "saw": data_uri(picture.resize((56, 56), Image.Resampling.BICUBIC)),
            "trace": trace, "attention": attention(rng, 12, 3, 7), "saliency": maps,
        })  # fmt: skip
    return examples


def deep_examples() -> list[dict]:
    """24 blocks, 1000 classes, long labels, one of them hostile, and no true label."""
    labels = [f"class number {c}" for c in range(1000)]
    names = {
        281: "tabby, tabby cat, domestic short-haired mackerel-striped cat",
        282: "tiger cat", 285: "Egyptian cat",
        287: "lynx, catamount", 333: "hamster", 338: "guinea pig, Cavia cobaya",
        356: '<img src=x onerror="window.hostile=1"> & <b>weasel</b>',
        478: "carton", 728: "plastic bag", 999: "toilet tissue",
    }  # fmt: skip
    for c, name in names.items():
        labels[c] = name
    blocks = list(range(5, 24))
    local, wide = {"kind": "lph-pw", "family": "local"}, {"kind": "gah", "family": "global"}
    exits = [{"block": b, **(local if b < 13 else wide)} for b in blocks]
    exits.append({"block": 24, "kind": "final", "family": "final"})
    examples = []
    titles = ["A cat on a hill, photographed by someone in a hurry", '<i onclick="x()">Hostile title</i>']
    for seed, title in enumerate(titles):
        rng = np.random.default_rng(40 + seed)
        depth = np.linspace(0, 1, len(exits))
        logits = rng.normal(0, 0.6, (len(exits), 1000))
        logits[:, 281] = 4 + 8.5 * depth ** (0.8 + seed) + rng.normal(0, 0.25, len(exits))
        for c, height in zip(names, [0, 6.8, 6.1, 5.6, 6.4, 5.2, 5.8, 4.4, 4.1, 4.6], strict=True):
            if c != 281:
                logits[:, c] = height * (1 - 0.4 * depth) + rng.normal(0, 0.5, len(exits))
        trace = make_trace("photos-24", logits, exits, labels, 2_540_000_000)
        photo = landscape(224)
        examples.append({
            "id": f"deep-{seed}", "title": title, "label": None, "note": "Nobody has labelled this one.",
            "image": data_uri(photo.resize((128, 128))), "saw": data_uri(photo.resize((112, 112))),
            "trace": trace, "attention": attention(rng, 24, 16, 14),
            "saliency": [saliency(rng, 0, trace["classes"][trace["predicted"][0]]["index"], 14)],
        })  # fmt: skip
    return examples


if __name__ == "__main__":
    samples = {"rules": RULES, "fashion": fashion_examples(), "deep": deep_examples()}
    (HERE / "samples.json").write_text(json.dumps(samples, separators=(",", ":")) + "\n")
