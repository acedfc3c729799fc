"""bench peers: `infer` against the loop of LGViT's authors and against the whole network, on the same weights.

The loop is rewritten after theirs (github.com/falcon-xu/LGViT): one image at a time, because their confidence
is taken over the whole batch; block by block; batch norms as layers of their own; a GAH's attention written out. It
avoids what is slow only in theirs: no exception is raised to leave, and no exit's logits are kept.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explorer.bench.network import in_turn, load, repeated
from explorer.model.heads import GlobalAggregationHead, LocalPerceptionHead
from explorer.model.multi_exit import MultiExitViT
from explorer.pipeline import default_threshold
from explorer.rules import get_rule

RULE = "confidence"
LOOP_AIMS = {1: ">= 1.0x", 32: ">= 2.5x"}
WHOLE = (1, 8, 64)
ROUNDS = 20


@torch.no_grad()
def one_at_a_time(network: MultiExitViT, images: Tensor, threshold: float) -> list[tuple[int, Tensor]]:
    """The authors' way: for each image the exit's index and its logits (C,), at their rule, the largest probability."""
    answers = []
    for image in images:
        tokens, done = network.backbone.embed(image[None]), 0
        for index, spec in enumerate(network.specs):
            while done < spec.block:
                tokens, done = network.backbone.block(done + 1, tokens), done + 1
            logits = _answer(network.heads[index], tokens) / network.temperatures[index]
            if torch.max(torch.softmax(logits, dim=-1)) >= threshold:
                answers.append((index, logits[0]))
                break
        else:
            while done < network.backbone.blocks:
                tokens, done = network.backbone.block(done + 1, tokens), done + 1
            answers.append(
                (len(network.heads), network.backbone.readout(tokens)[0] / network.temperatures[-1])
            )
    return answers


def _answer(head: nn.Module, tokens: Tensor) -> Tensor:
    """A head's logits as their modules compute them, nothing folded or fused."""
    if isinstance(head, LocalPerceptionHead):
        local, x = head.local, head.map_of(tokens)
        mapped = local.project(local.spread(local.expand(x))) + x
        return head.classifier(mapped.flatten(2).permute(0, 2, 1), tokens)
    if isinstance(head, GlobalAggregationHead):
        x = head.kept(tokens)
        n, count, width = x.shape
        qkv = head.qkv(x).reshape(n, count, 3, head.ATTENTION_HEADS, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        weights = ((q @ k.transpose(-2, -1)) * q.shape[-1] ** -0.5).softmax(dim=-1)
        return head.classifier(head.project((weights @ v).transpose(1, 2).reshape(n, count, width)), tokens)
    return head(tokens)[0]


def peers(name: str) -> list[tuple[str, str, str]]:
    """The ratio of images per second, `infer` to each peer, run in turn, at the model's own threshold."""
    model, examples, plain = load(name)
    network, rule, limit = model.network, get_rule(RULE), default_threshold(model, RULE)
    rows = []
    for size, aim in LOOP_AIMS.items():
        batches = list(repeated(examples, max(size, len(examples))).split(size))

        def ours(batches: list[Tensor] = batches) -> None:
            for batch in batches:
                network.infer(batch, rule, limit)

        def theirs(batches: list[Tensor] = batches) -> None:
            with network.in_precision():
                for batch in batches:
                    one_at_a_time(network, batch, limit)

        mine, loop = in_turn(ours, theirs, rounds=ROUNDS)
        count = sum(map(len, batches))
        value = f"{loop / mine:.2f}x ({mine / count:.2f} / {loop / count:.2f} ms an image)"
        rows.append((f"infer at batch {size} / the authors' loop, one image at a time", value, aim))
    for size in WHOLE:
        batch = repeated(examples, max(size, len(examples)))
        batches = list(batch.split(size))

        def ours(batches: list[Tensor] = batches) -> None:
            for batch in batches:
                network.infer(batch, rule, limit)

        def theirs(batches: list[Tensor] = batches) -> None:
            for batch in batches:
                plain(batch)

        mine, whole = in_turn(ours, theirs, rounds=ROUNDS)
        saved = 1 - network.infer(batch, rule, limit).macs.mean() / network.macs_full
        value = f"{whole / mine:.2f}x ({saved:.0%} of the MACs saved)"
        rows.append((f"infer / timm's whole model, both at batch {size}", value, ""))
    return rows
