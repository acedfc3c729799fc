"""Heads that are no LGViT: the shared read-out, which has no weights, and the single-layer transformer."""

from copy import deepcopy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from explorer.model.backbone import TokenShape, build_backbone
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.exits import shared_exits, sl_vit_exits
from explorer.model.heads import build_head
from explorer.model.multi_exit import MultiExitViT
from explorer.train.losses import copycat, exits_only, mean_of_all

BACKBONE = {
    "kind": "vit", "img_size": 16, "patch_size": 4, "in_chans": 1, "num_classes": 5,
    "embed_dim": 16, "depth": 4, "num_heads": 2, "mlp_ratio": 2,
}  # fmt: skip


def network_of(exits):
    torch.manual_seed(0)
    network = MultiExitViT(build_backbone(**BACKBONE), exits((1, 3)), "net").eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.3)
    return network


def images(count=3):
    return torch.randn(count, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def test_a_shared_exit_answers_what_a_network_cut_off_there_would():
    network = network_of(shared_exits)
    trace = network.analyse(images())
    for exit, blocks in enumerate((1, 3, 4)):
        short = deepcopy(network.backbone.vit)
        short.blocks = short.blocks[:blocks]
        with torch.no_grad():
            np.testing.assert_allclose(short(images()).numpy(), trace.logits[:, exit], atol=1e-5)
    assert (trace.macs - trace.macs_full)[-1] == 2 * 16 * 5  # the read-out twice more than without exits


def test_a_shared_head_has_no_weights_and_follows_the_backbones():
    network = network_of(shared_exits)
    assert list(network.heads.parameters()) == []
    assert not [name for name in network.state_dict() if name.startswith("heads.")]
    twin = deepcopy(network)
    with torch.no_grad():
        twin.backbone.vit.head.bias += 1
    np.testing.assert_allclose(twin.analyse(images()).logits, network.analyse(images()).logits + 1, atol=1e-5)


@pytest.mark.parametrize("exits", [shared_exits, sl_vit_exits])
def test_a_saved_folder_gives_the_same_network(exits, tmp_path):
    network = network_of(exits)
    labels = tuple("abcde")
    save_model(
        Model("net", "Net", network, labels, InputSpec("garment", (0.5,), (0.5,)), {}), BACKBONE, tmp_path
    )
    again = load_model_folder(tmp_path).network
    np.testing.assert_allclose(again.analyse(images()).logits, network.analyse(images()).logits, atol=0.05)


@pytest.mark.parametrize(("grid", "patch", "count"), [((4, 4), 2, 4), ((7, 7), 2, 16), ((5, 4), 3, 4)])
def test_a_single_layer_head_sees_neighbouring_tokens_as_one_with_zeros_beyond_the_edge(grid, patch, count):
    torch.manual_seed(0)
    head = build_head("sl-vit", TokenShape(grid, 16, 1), 5, 1, patch=patch, width=8, heads=2).eval()
    tokens = torch.randn(2, 1 + grid[0] * grid[1], 16)
    logits, features = head(tokens)
    assert logits.shape == (2, 5)
    assert features.shape == (2, 0, 16)
    assert head.count == count
    # By hand: unfold, one linear layer, [CLS] and places, the layer, norm and classifier.
    rows, columns = -(-grid[0] // patch), -(-grid[1] // patch)
    padded = torch.zeros(2, 16, rows * patch, columns * patch)
    padded[:, :, : grid[0], : grid[1]] = tokens[:, 1:].transpose(1, 2).unflatten(-1, grid)
    cut = F.unfold(padded, patch, stride=patch).transpose(1, 2)  # (2, count, 16 * patch * patch)
    small = cut @ head.embed.weight.flatten(1).T + head.embed.bias
    small = torch.cat([head.cls.expand(2, -1, -1), small], dim=1) + head.places
    by_hand = head.classifier.linears[0](head.norm(head.layer(small))[:, 0])
    torch.testing.assert_close(logits, by_hand, atol=1e-5, rtol=1e-4)


def test_a_single_layer_heads_macs_are_those_that_run():
    head = build_head("sl-vit", TokenShape((7, 7), 16, 1), 5, 1, patch=2, width=8, heads=2).eval()
    head.layer.attn.fused_attn = False  # so that the counter sees its products
    with FlopCounterMode(display=False) as counter:
        head(torch.randn(1, 50, 16))
    assert counter.get_total_flops() == 2 * head.macs()


def test_sorteds_loss_is_the_mean_over_all_depths_and_copycat_asks_the_network_itself():
    network = network_of(shared_exits)
    with torch.no_grad():
        outputs = network(images())
    labels = torch.tensor([0, 1, 2])
    each = [F.cross_entropy(z, labels).item() for z in (*outputs.logits, outputs.final)]
    assert mean_of_all(network, outputs, labels, 0.0).item() == pytest.approx(sum(each) / 3, rel=1e-5)
    own = outputs.final.argmax(-1)
    assert copycat(network, outputs, labels, 0.0) == exits_only(network, outputs, own, 0.0)
