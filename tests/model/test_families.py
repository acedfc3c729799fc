"""Every family of backbones on small random instances: the same promises, whatever lies inside."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import onnx
import pytest
import timm
import torch
from onnx.reference import ReferenceEvaluator
from timm.models.swin_transformer import SwinTransformer
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from explorer.model.backbone import Backbone, TokenShape, build_backbone
from explorer.model.bundle import InputSpec, Model, load_model_folder, save_model
from explorer.model.cost import count
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.model.pieces import export
from explorer.rules import decide, get_rule

TINY = {"img_size": 32, "patch_size": 8, "num_classes": 4, "embed_dim": 32, "depth": 5, "num_heads": 2}
WINDOWS = {
    "img_size": 32, "patch_size": 4, "window_size": 2, "num_classes": 4,
    "embed_dim": 8, "depths": (1, 3, 2), "num_heads": (1, 2, 4),
}  # fmt: skip
STEM = {"channels": [8, 16, 32], "kernel_size": 3, "stride": [2, 2, 2]}
VIT = {key: value for key, value in TINY.items() if key != "patch_size"} | {"in_chans": 3}


@dataclass
class Family:
    """How a small one is made: `entry` is its entry in a model's config."""

    entry: dict
    class_tokens: int = 1
    prefix: int = 1
    behind_2: tuple = (4, 4, 32)  # rows, columns and width behind block 2


FAMILIES = {
    "plain": Family({"kind": "vit", **TINY}),
    "distilled": Family({"kind": "deit", **TINY}, class_tokens=2, prefix=2),
    "registers": Family({"kind": "vit", **TINY, "reg_tokens": 3}, prefix=4),
    "oblong": Family({"kind": "vit", **TINY, "img_size": (24, 40)}, behind_2=(3, 5, 32)),
    "convolutional stem": Family({"kind": "vit", **VIT, "stem": STEM}),
    "ResNet stem": Family(
        {
            "kind": "timm", "name": "vit_tiny_r_s16_p8_224", "img_size": 64,
            "depth": 5, "num_classes": 4, "embed_dim": 32, "num_heads": 2,
        },
        behind_2=(2, 2, 32),
    ),
    "no class token": Family(
        {"kind": "vit", **TINY, "class_token": False, "global_pool": "avg"}, class_tokens=0, prefix=0,
       
    ),
    "BEiT": Family({"kind": "timm", "name": "beit_base_patch16_224", **TINY}),
    "BEiT, shared bias": Family(
        {
            "kind": "timm", "name": "beit_base_patch16_224", **TINY,
            "use_rel_pos_bias": False, "use_shared_rel_pos_bias": True, "use_abs_pos_emb": True,
        },
    ),
    "EVA": Family({"kind": "timm", "name": "eva_giant_patch14_224", **TINY}),
    "EVA-02": Family({"kind": "timm", "name": "eva02_base_patch14_224", **TINY}),
    "EVA, mixed rotary, registers, oblong": Family(
        {
            "kind": "timm", "name": "eva02_base_patch14_224", **TINY, "img_size": (24, 40),
            "rope_type": "mixed", "num_reg_tokens": 2,
        },
        prefix=3, behind_2=(3, 5, 32),
    ),
    "DINOv3": Family({"kind": "timm", "name": "vit_small_patch16_dinov3", **TINY}, prefix=5),
    "Perception Encoder": Family({"kind": "timm", "name": "vit_pe_core_tiny_patch16_384", **TINY}),
    "Swin": Family({"kind": "swin", **WINDOWS}, class_tokens=0, prefix=0, behind_2=(4, 4, 16)),
    "Swin, oblong and odd": Family(
        {"kind": "swin", **WINDOWS, "img_size": (24, 40)}, class_tokens=0, prefix=0,
        behind_2=(3, 5, 16),
    ),
    "Swin V2": Family(
        {"kind": "timm", "name": "swinv2_tiny_window8_256", **WINDOWS},
        class_tokens=0, prefix=0, behind_2=(4, 4, 16),
    ),
}  # fmt: skip


@cache
def made(name: str) -> MultiExitViT:
    """LGViT's heads on it behind blocks 1 to 4 of at least 5, with weights so large that the exits disagree."""
    torch.manual_seed(0)
    family = FAMILIES[name]
    backbone = build_backbone(**family.entry)
    network = MultiExitViT(backbone, lgvit_exits((1, 2, 3, 4)), "net")
    with torch.no_grad():
        for part, weight in network.named_parameters():
            if weight.ndim > 1 and "patch_embed.backbone.st" not in part:  # a ResNet norms its own
                weight.normal_(std=0.6 if "linears" in part or "head" in part else 0.2)
            if weight.ndim > 1:
                weight.copy_(weight.half())  # what a folder keeps of it
    network.eval()  # anew, for the heads fold their weights
    spread = network.analyse(images_for(network)).logits.std(axis=(0, 2))
    network.temperatures = tuple(spread.tolist())  # so that no exit is quite sure
    return network


@pytest.fixture(params=FAMILIES)
def name(request):
    return request.param


def images_for(network: MultiExitViT, n: int = 6) -> torch.Tensor:
    size = network.backbone.channels, *network.backbone.input_size
    return torch.randn(n, *size, generator=torch.Generator().manual_seed(1))


def test_embed_blocks_and_readout_are_timms_forward_and_shapes_are_those_stated(name):
    backbone, family = made(name).backbone, FAMILIES[name]
    images = images_for(made(name))
    assert (backbone.class_tokens, backbone.prefix) == (family.class_tokens, family.prefix)
    rows, columns, width = family.behind_2
    assert backbone.shape(2) == TokenShape((rows, columns), width, family.prefix)
    with torch.no_grad():
        tokens = backbone.embed(images)
        for block in range(backbone.blocks + 1):
            tokens = backbone.block(block, tokens) if block else tokens
            shape = backbone.shape(block)
            assert tokens.shape == (len(images), shape.count, shape.width)
        torch.testing.assert_close(backbone.readout(tokens), backbone(images), atol=1e-5, rtol=1e-5)


def test_analysing_and_deciding_is_what_infer_does(name):
    network, images = made(name), images_for(made(name))
    scores = network.analyse(images).scores["confidence"]
    ranked = np.sort(scores[:, :-1], axis=0)  # (N, exits)
    # Between two images' scores at every exit, so that rounding decides nothing: some leave at each.
    thresholds = [(ranked[k - 1] + ranked[k]) / 2 for k in (1, 3, 5)]
    left = [network.infer(images, get_rule("confidence"), t).exit for t in thresholds]
    assert [e.tolist() for e in left] == [decide(scores, t).tolist() for t in thresholds]
    assert len({exit_ for e in left for exit_ in e.tolist()}) > 2


def test_macs_are_those_that_torch_counts_on_the_running_network(name):
    network = made(name)
    # With gradients on: the counter's tracker stumbles over a weight that is only expanded, as a pooling's latent.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network.backbone(images_for(network, 1))
    assert network.macs_full == counter.get_total_flops() // 2
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network(images_for(network, 1))
    # All heads are passed on the way to the end. What a network never uses is not counted either.
    assert network.macs[-1] == counter.get_total_flops() // 2


def test_counting_leaves_the_backbone_as_it_was(name):
    backbone = made(name).backbone
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    count(backbone)
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())
    assert all(p.device.type == "cpu" for p in backbone.parameters())


def test_a_folder_brings_it_back(name, tmp_path):
    network, images = made(name), images_for(made(name))
    spec = InputSpec("photo", (0.5,) * 3, (0.5,) * 3)
    model = Model("net", "A network", network, ("a", "b", "c", "d"), spec, {"confidence": 0.8})
    save_model(model, FAMILIES[name].entry, tmp_path)
    loaded = load_model_folder(tmp_path).network
    ours, theirs = network.analyse(images), loaded.analyse(images)
    np.testing.assert_allclose(theirs.probabilities, ours.probabilities, atol=1e-4)
    assert theirs.macs.tolist() == ours.macs.tolist()
    assert loaded.backbone.shape(3) == network.backbone.shape(3)


def test_the_pieces_that_a_browser_runs_answer_as_it_does(name):
    network = made(name)
    images = images_for(network, 2)
    answers = [([], image[None].numpy()) for image in images]
    for stage, data in export(network):
        if stage.behind is not None:  # maps alone
            continue
        session = ReferenceEvaluator(onnx.load_from_string(data))
        for at, (logits, tokens) in enumerate(answers):
            given = {"image": tokens, "tokens": tokens}
            out = session.run(None, {name: given[name] for name in stage.inputs})
            found = dict(zip(stage.outputs, out, strict=True))
            logits += [found["logits"][0]] if "logits" in found else []
            answers[at] = logits, found.get("tokens", tokens)
    calibrated = np.array([logits for logits, _ in answers]) / np.array(network.temperatures)[:, None]
    np.testing.assert_allclose(calibrated, network.analyse(images).logits, atol=1e-3)


def timms_weights(backbone: Backbone, tokens: torch.Tensor, block: int) -> torch.Tensor:
    """What timm's attention itself hands on: (N, heads, tokens, tokens)."""
    seen, attn = [], backbone.vit.blocks[block - 1].attn
    attn.fused_attn, fused = False, attn.fused_attn
    hook = attn.attn_drop.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    backbone.block(block, tokens)
    hook.remove()
    attn.fused_attn = fused
    return seen[0]


@torch.no_grad()
def test_attention_is_timms_own_or_refused_in_a_sentence(name):
    backbone = made(name).backbone
    tokens = backbone.advance(backbone.embed(images_for(made(name), 2)), 0, 2)
    if "Swin" in name:
        with pytest.raises(ValueError, match="attend within small windows only"):
            backbone.attention(3, tokens)
        return
    weights = backbone.attention(3, tokens)
    assert weights.shape == (2, 2, backbone.shape(2).count, backbone.shape(2).count)
    torch.testing.assert_close(weights, timms_weights(backbone, tokens, 3), atol=1e-5, rtol=0)
    assert weights.std() > 0.01
    one = backbone.attention(3, tokens, queries=slice(0, 1))
    torch.testing.assert_close(one, weights[:, :, :1], atol=1e-6, rtol=0)


def test_gradients_reach_every_weight_that_the_answers_depend_on(name):
    network = made(name)
    outputs = network(images_for(network, 2))
    sum(logits.square().mean() for logits in [*outputs.logits, outputs.final]).backward()
    missing = [part for part, p in network.named_parameters() if p.grad is None]
    network.zero_grad(set_to_none=True)
    assert missing == []


def test_a_stages_last_exit_sees_its_tokens_before_they_are_merged():
    backbone = made("Swin").backbone
    assert [backbone.shape(b).grid for b in range(7)] == [
        (8, 8),
        (8, 8),
        (4, 4),
        (4, 4),
        (4, 4),
        (2, 2),
        (2, 2),
    ]
    assert [backbone.shape(b).width for b in range(7)] == [8, 8, 16, 16, 16, 32, 32]


def test_swin_base_has_24_blocks_and_lgvits_eight_exits_fit_it():
    with torch.device("meta"):
        swin = SwinTransformer(img_size=224, embed_dim=128, depths=(2, 2, 18, 2), num_heads=(4, 8, 16, 32))
    backbone = Backbone(swin)
    assert backbone.blocks == 24
    blocks = (4, 7, 10, 13, 16, 19, 22, 23)
    assert [backbone.shape(b) for b in blocks] == [
        TokenShape((28, 28), 256, 0), *[TokenShape((14, 14), 512, 0)] * 6, TokenShape((7, 7), 1024, 0),
    ]  # fmt: skip


def test_what_is_no_transformer_of_these_families_is_refused_by_name():
    with pytest.raises(TypeError, match=r"expected one of timm's .*SwinTransformer.*; got ResNet\."):
        Backbone(timm.create_model("resnet10t"))


@pytest.mark.parametrize(
    "options",
    [{"name": "hf-hub:someone/model"}, {"name": "vit_tiny_patch16_224", "checkpoint_path": "x.bin"}],
)
def test_a_config_cannot_make_timm_fetch_or_open_anything(options):
    with pytest.raises(ValueError, match="named by timm's plain name"):
        build_backbone("timm", **options)
