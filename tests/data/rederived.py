"""LGViT on DeiT and on Swin written out by hand, with plain functions on the authors' names: what a converter must hit.

From the paper (arXiv 2308.00255), Swin's (arXiv 2103.14030) and the facts of the authors' code; no module of ours or
timm's is used. Weights are random.
"""

import json
import math

import torch
import torch.nn.functional as F

DEIT = {
    "backbone": "DeiT", "highway_type": "LGViT", "hidden_size": 32, "num_hidden_layers": 12, "num_attention_heads": 4,
    "intermediate_size": 64, "image_size": 64, "patch_size": 16, "num_channels": 3, "layer_norm_eps": 1e-12,
    "qkv_bias": True, "hidden_act": "gelu", "num_early_exits": 8, "position_exits": "[4,5,6,7,8,9,10,11]",
    "exit_strategy": "confidence", "num_labels": 6,
}  # fmt: skip
SWIN = {
    "model_type": "swin", "highway_type": "LGViT", "embed_dim": 8, "depths": [2, 2, 18, 2], "num_heads": [1, 2, 4, 8],
    "window_size": 2, "image_size": 64, "patch_size": 4, "num_channels": 3, "mlp_ratio": 2.0, "qkv_bias": True,
    "hidden_act": "gelu", "layer_norm_eps": 1e-3, "num_early_exits": "[0,1,6,1]",
    "position_exits": "[[],[2],[3,6,9,12,15,18],[1]]", "num_labels": 6,
}  # fmt: skip
KINDS = ["dw", "dw", "pw", "pw", "gah", "gah", "gah", "gah"]
DEIT_STRIDES = [0, 0, 0, 0, 2, 2, 3, 3]
SWIN_STRIDES = [0, 0, 0, 0, 1, 1, 2, 2]  # the authors' code thins Swin's smaller grids less
SWIN_BLOCKS = [4, 7, 10, 13, 16, 19, 22, 23]


class Random:
    """A state dict that makes a tensor up when it is first asked for, always the same one of a name."""

    def __init__(self):
        self.state = {}

    def __call__(self, name, *shape, std=0.25, mean=0.0):
        if name not in self.state:
            rng = torch.Generator().manual_seed(sum(ord(c) * (i + 1) for i, c in enumerate(name)))
            # As float16 holds it, for a model folder keeps matrices so.
            self.state[name] = (torch.randn(*shape, generator=rng) * std + mean).half().float()
        return self.state[name]


def publish(folder, config, state):
    """Write config.json, preprocessor_config.json and pickled weights as the authors publish them; gives the folder."""
    folder.mkdir()
    stored = {key: value for key, value in config.items() if key != "num_labels"}
    stored |= {
        "id2label": {str(i): f"class <{i}>" for i in range(config["num_labels"])},
        "threshold": 0.7,
        "exit_strategy": "confidence",
    }
    (folder / "config.json").write_text(json.dumps(stored))
    sight = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    (folder / "preprocessor_config.json").write_text(json.dumps(sight))
    torch.save(state, folder / "pytorch_model.bin")
    return folder


def linear(w, x, name, out, bias=True):
    return F.linear(x, w(f"{name}.weight", out, x.shape[-1]), w(f"{name}.bias", out) if bias else None)


def norm(w, x, name, eps):
    d = x.shape[-1]
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)
    return scaled * w(f"{name}.weight", d, mean=1.0) + w(f"{name}.bias", d)


def batch_norm(w, x, name):
    d = x.shape[1]
    mean, var = w(f"{name}.running_mean", d), w(f"{name}.running_var", d).abs() + 0.5
    w.state[f"{name}.running_var"] = var
    w.state[f"{name}.num_batches_tracked"] = torch.tensor(3)
    scale, shift = w(f"{name}.weight", d, mean=1.0), w(f"{name}.bias", d)
    one = (slice(None), None, None)
    return (x - mean[one]) / torch.sqrt(var[one] + 1e-5) * scale[one] + shift[one]


def conv(w, x, name, kernel=1, groups=1):
    d = x.shape[1]
    weight = w(f"{name}.weight", d, d // groups, kernel, kernel)
    return F.conv2d(x, weight, w(f"{name}.bias", d), padding=kernel // 2, groups=groups)


def head(w, patches, name, kind, stride):
    """Patch tokens (N, side * side, D) to the head's output tokens."""
    n, count, d = patches.shape
    side = math.isqrt(count)
    grid = patches.transpose(1, 2).reshape(n, d, side, side)
    if kind == "gah":
        x = grid[:, :, ::stride, ::stride].flatten(2).transpose(1, 2)
        q, k, v = linear(w, x, f"{name}.qkv", 3 * d, bias=False).chunk(3, dim=-1)
        q, k, v = (t.unflatten(-1, (8, d // 8)).transpose(1, 2) for t in (q, k, v))
        weights = (q @ k.transpose(-2, -1) * (d // 8) ** -0.5).softmax(-1)
        return linear(w, (weights @ v).transpose(1, 2).flatten(2), f"{name}.proj", d)
    x = batch_norm(w, F.gelu(conv(w, grid, f"{name}.conv1.0")), f"{name}.conv1.2")
    if kind == "dw":
        x = batch_norm(w, F.gelu(conv(w, x, f"{name}.proj", 3, groups=d)), f"{name}.proj_bn")
    x = batch_norm(w, conv(w, x, f"{name}.conv2.0"), f"{name}.conv2.1")
    return x.flatten(2).transpose(1, 2) + patches


def attend(w, x, name, heads, bias=0.0):
    """Queries, keys and values each by a matrix of its own; `bias` is added to the scores."""
    d = x.shape[-1]
    q, k, v = (
        linear(w, x, f"{name}.{part}", d).unflatten(-1, (heads, d // heads)).transpose(1, 2)
        for part in ("query", "key", "value")
    )
    weights = (q @ k.transpose(-2, -1) / math.sqrt(d // heads) + bias).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(2)


def patches_of(w, images, name, size, width):
    weight = w(f"{name}.weight", width, images.shape[1], size, size)
    return F.conv2d(images, weight, w(f"{name}.bias", width), stride=size)


def mlp(w, x, name, hidden):
    return linear(
        w, F.gelu(linear(w, x, f"{name}.intermediate.dense", hidden)), f"{name}.output.dense", x.shape[-1]
    )


def deit(w, images, config=DEIT):
    """Every exit's logits, shallow to deep, and last the final ones."""
    d, classes, eps = config["hidden_size"], config["num_labels"], config["layer_norm_eps"]
    patches = (
        patches_of(w, images, "deit.embeddings.patch_embeddings.projection", 16, d).flatten(2).transpose(1, 2)
    )
    firsts = [
        w(f"deit.embeddings.{t}", 1, 1, d).expand(len(images), 1, d)
        for t in ("cls_token", "distillation_token")
    ]
    x = torch.cat([*firsts, patches], dim=1)
    x = x + w("deit.embeddings.position_embeddings", 1, x.shape[1], d)
    answers = []
    for i in range(12):
        name = f"deit.encoder.layer.{i}"
        normed = norm(w, x, f"{name}.layernorm_before", eps)
        seen = attend(w, normed, f"{name}.attention.attention", config["num_attention_heads"])
        x = x + linear(w, seen, f"{name}.attention.output.dense", d)
        x = x + mlp(w, norm(w, x, f"{name}.layernorm_after", eps), name, config["intermediate_size"])
        if 3 <= i < 11:
            exit_, name = i - 3, f"deit.encoder.highway.{i - 3}"
            mean = head(w, x[:, 2:], f"{name}.mlp", KINDS[exit_], DEIT_STRIDES[exit_]).mean(1)
            of_class = linear(w, mean + x[:, 0], f"{name}.cls_classifier", classes)
            of_distilled = linear(w, mean + x[:, 1], f"{name}.distillation_classifier", classes)
            answers.append((of_class + of_distilled) / 2)
    x = norm(w, x, "deit.layernorm", eps)
    finals = [
        linear(w, x[:, i], n, classes) for i, n in enumerate(("cls_classifier", "distillation_classifier"))
    ]
    return [*answers, sum(finals) / 2]


def windows(x, size):
    """(N, H, W, D) to (N * windows, size * size, D)."""
    n, h, width, d = x.shape
    return x.reshape(n, h // size, size, width // size, size, d).transpose(2, 3).reshape(-1, size * size, d)


def together(x, size, n, side):
    """The other way round."""
    d = x.shape[-1]
    return x.reshape(n, side // size, side // size, size, size, d).transpose(2, 3).reshape(n, side, side, d)


def window_bias(w, name, size, heads):
    """The bias of each pair of places in a window, (heads, size^2, size^2)."""
    table = w(f"{name}.relative_position_bias_table", (2 * size - 1) ** 2, heads)
    places = [(r, c) for r in range(size) for c in range(size)]
    index = [[(r - s + size - 1) * (2 * size - 1) + c - t + size - 1 for s, t in places] for r, c in places]
    return table[torch.tensor(index)].permute(2, 0, 1)


def strangers(side, size, shift):
    """-100 where two tokens of a shifted window came from opposite edges of the image, (windows, size^2, size^2)."""
    band = torch.tensor([0 if i < side - size else 1 if i < side - shift else 2 for i in range(side)])
    region = windows((band[:, None] * 3 + band)[None, :, :, None].float(), size)[..., 0]
    return -100.0 * (region[:, :, None] != region[:, None, :])


def swin_block(w, x, name, heads, size, shift, config):
    n, count, d = x.shape
    side = math.isqrt(count)
    if side <= size:
        size, shift = side, 0
    normed = norm(w, x, f"{name}.layernorm_before", config["layer_norm_eps"]).reshape(n, side, side, d)
    cut = windows(normed.roll((-shift, -shift), (1, 2)), size)
    bias = window_bias(w, f"{name}.attention.self", size, heads)
    if shift:
        bias = bias + strangers(side, size, shift)[:, None].repeat(n, 1, 1, 1)
    seen = linear(
        w, attend(w, cut, f"{name}.attention.self", heads, bias), f"{name}.attention.output.dense", d
    )
    x = x + together(seen, size, n, side).roll((shift, shift), (1, 2)).reshape(n, count, d)
    after = norm(w, x, f"{name}.layernorm_after", config["layer_norm_eps"])
    return x + mlp(w, after, name, int(d * config["mlp_ratio"]))


def swin(w, images, config=SWIN):
    """Every exit's logits, shallow to deep, and last the final ones."""
    classes, eps, d = config["num_labels"], config["layer_norm_eps"], config["embed_dim"]
    x = patches_of(w, images, "swin.embeddings.patch_embeddings.projection", 4, d).flatten(2).transpose(1, 2)
    x = norm(w, x, "swin.embeddings.norm", 1e-5)
    answers, block = [], 0
    for stage, depth in enumerate(config["depths"]):
        theirs, number = f"swin.encoder.layers.{stage}", 0
        for i in range(depth):
            size = config["window_size"]
            x = swin_block(
                w,
                x,
                f"{theirs}.blocks.{i}",
                config["num_heads"][stage],
                size,
                size // 2 if i % 2 else 0,
                config,
            )
            block += 1
            if block in SWIN_BLOCKS:
                exit_, name = SWIN_BLOCKS.index(block), f"{theirs}.highway.{number}"
                number += 1
                features = head(w, x, f"{name}.mlp", KINDS[exit_], SWIN_STRIDES[exit_])
                mean = norm(w, features, f"{name}.classifier.layernorm", eps).mean(1)
                answers.append(linear(w, mean, f"{name}.classifier.classifier", classes))
        if stage < 3:
            n, count, d = x.shape
            grid = x.reshape(n, math.isqrt(count), math.isqrt(count), d)
            four = [grid[:, r::2, c::2] for r, c in ((0, 0), (1, 0), (0, 1), (1, 1))]
            merged = norm(w, torch.cat(four, dim=-1).flatten(1, 2), f"{theirs}.downsample.norm", 1e-5)
            x = linear(w, merged, f"{theirs}.downsample.reduction", 2 * d, bias=False)
    mean = norm(w, x, "swin.layernorm", eps).mean(1)
    return [*answers, linear(w, mean, "classifier", classes)]
