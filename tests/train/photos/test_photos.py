"""Photo training on tiny synthetic pictures, a tiny student and a tiny teacher: every step as in earnest."""

import json
import os
import re
import shutil
import signal
import zipfile
from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from explorer.model.backbone import build_backbone
from explorer.model.bundle import load_model_folder
from explorer.model.exits import lgvit_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.rules import decide
from explorer.train.loop import Stopped
from explorer.train.losses import self_distillation
from explorer.train.photos import command, distil
from explorer.train.photos.crops import CUT_MIXED, MIXED, SIZE, Crops, mix
from explorer.train.photos.distil import Run
from explorer.train.photos.evening import TAU, even
from explorer.train.photos.labels import KNOWN, imagenet_labels
from explorer.train.photos.lessons import most_telling, taught
from explorer.train.photos.losses import LIKELY, answer_loss, by_itself, place_loss
from explorer.train.photos.measure import Held, agreement, composed, held, natural, progress
from explorer.train.photos.natural import PHOTOS, photographs
from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.ship import Splits, ship
from explorer.train.photos.stretch import LAYER_DECAY, TELLING, WARM_UP, WEIGHT_DECAY, Stretch, rate
from explorer.train.photos.student import IMITATING, at_size, new_student, read, read_outs, seen_by, solve
from explorer.train.photos.teacher import Teacher, fold_norms

TINY = {
    "kind": "vit", "img_size": 56, "patch_size": 14, "num_classes": 1000, "embed_dim": 16, "depth": 12,
    "num_heads": 2, "mlp_ratio": 1, "init_values": 0.5, "class_and_mean": True,
}  # fmt: skip


class TinyClassifier(nn.Module):
    """Two channels of a crop's mean colours at 7 x 7 places, and a classifier as timm's have."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.features, self.classifier = nn.Conv2d(3, 8, 32, stride=32), nn.Linear(8, 1000)
        nn.init.normal_(self.classifier.weight, std=20)  # so that it is sure of something

    def forward_features(self, images):
        return self.features(images)


@pytest.fixture(scope="module")
def teacher():
    return Teacher(TinyClassifier(), torch.float32)


def picture(seed, mode="RGB", size=(90, 70)):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 4, len(mode)), dtype=np.uint8), mode)
    return small.resize(size)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of every kind, from packages trained on, held out and left out."""
    folder = tmp_path_factory.mktemp("pictures")
    rows = [
        *((f"scenes/{i}.png", "wallpapers", "RGB") for i in range(3)),
        ("scenes/apart.png", "kphotoalbum", "RGB"),
        ("mixed/figure.png", "python-skimage-doc", "RGB"),
        *((f"objects/{i:02}.png", "stamps", "RGBA") for i in range(8)),
    ]
    for number, (file, _, mode) in enumerate(rows):
        (folder / file).parent.mkdir(exist_ok=True)
        picture(number, mode).save(folder / file)
    lines = ["file\tdebian_package\tpath_in_package", *(f"{file}\t{package}\tx" for file, package, _ in rows)]
    (folder / "SOURCES.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def pictures(folder):
    return load_pictures([folder])


@pytest.fixture
def network():
    torch.manual_seed(0)
    return MultiExitViT(build_backbone(**TINY), lgvit_exits(), "photos")


def test_pictures_held_out_are_never_among_those_trained_on(folder, pictures):
    apart = load_pictures([folder], held_out=True)
    assert {kind: len(images) for kind, images in pictures.kinds.items()} == {"scenes": 3, "objects": 7}
    assert {kind: len(images) for kind, images in apart.kinds.items()} == {"scenes": 1, "objects": 1}
    assert len(load_pictures([folder, folder])) == 2 * len(pictures)


def test_a_folder_without_sources_is_refused_in_words(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no SOURCES\.tsv"):
        load_pictures([tmp_path])


def test_a_number_alone_decides_a_crop(pictures):
    crops, again, other = Crops(pictures, 9, seed=0), Crops(pictures, 5, seed=0), Crops(pictures, 9, seed=1)
    for i in range(5):
        assert crops[i].shape == (3, SIZE, SIZE)
        assert crops[i].dtype == torch.uint8
        assert torch.equal(crops[i], again[i])
        assert not torch.equal(crops[i], other[i])


def test_mixing_takes_every_pixel_from_one_of_two_crops_or_between_them():
    crops = torch.stack([torch.full((3, 8, 8), 10 * i, dtype=torch.uint8) for i in range(4)])
    seen = Counter()
    for seed in range(400):
        mixed = mix(crops, np.random.default_rng(seed))
        assert torch.equal(crops[1], torch.full((3, 8, 8), 10, dtype=torch.uint8))  # the originals stay
        values = mixed[1].unique().tolist()
        if values == [10]:
            seen["as it was"] += 1
        elif set(values) <= {0, 10} and len(values) == 2:
            seen["CutMix"] += 1
        else:
            assert len(values) == 1
            assert 0 < values[0] < 10
            seen["MixUp"] += 1
    assert seen["CutMix"] / 400 == pytest.approx(CUT_MIXED, abs=0.07)
    assert seen["MixUp"] / 400 == pytest.approx(MIXED, abs=0.07)


def test_the_teachers_answer_is_the_mean_of_its_places(teacher):
    crops = torch.randint(0, 256, (2, 3, SIZE, SIZE), dtype=torch.uint8)
    logits, places = teacher(crops)
    assert places.shape == (2, 1000, 7, 7)
    torch.testing.assert_close(logits, places.mean(dim=(2, 3)))
    with torch.no_grad():
        features = teacher.network.features((crops / 255 - 0.5) / 0.5).mean(dim=(2, 3))
        torch.testing.assert_close(logits, teacher.network.classifier(features), atol=1e-3, rtol=1e-4)


def test_folded_norms_and_compiling_leave_the_teachers_answer(teacher):
    torch.manual_seed(5)
    network = timm.create_model("tf_efficientnet_lite0").eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        before = network(images)
        fold_norms(network)
        assert not [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        torch.testing.assert_close(network(images), before, atol=1e-4, rtol=1e-4)
    compiled = Teacher(TinyClassifier(), torch.float32)
    compiled.compile()
    crops = torch.randint(0, 256, (2, 3, SIZE, SIZE), dtype=torch.uint8)
    for answer, plain in zip(compiled(crops), teacher(crops), strict=True):
        torch.testing.assert_close(answer, plain, atol=1e-3, rtol=1e-4)


def test_the_surest_answers_of_the_rarest_classes_tell_the_most():
    prior = torch.tensor([0.9, 0.09, 0.01])
    # Sure of the usual class, less sure of the rarest, undecided, sure of the second.
    answers = torch.tensor([[0.98, 0.01, 0.01], [0.3, 0.1, 0.6], [0.4, 0.3, 0.3], [0.01, 0.98, 0.01]])
    assert most_telling(answers.log(), prior, 3).tolist() == [1, 3, 0]


def test_photographs_are_taken_from_a_wheel_by_name(tmp_path):
    folder, patterns = PHOTOS["foolbox==3.3.4"]
    with zipfile.ZipFile(tmp_path / "foolbox-3.3.4.whl", "w") as wheel:
        for name in ("imagenet_00_243.jpg", "imagenet_01_559.jpg", "cifar10_00_3.png"):
            wheel.writestr(f"{folder}/{name}", name)
    found = photographs(tmp_path / "foolbox-3.3.4.whl", folder, patterns)
    assert found == {name: name.encode() for name in ("imagenet_00_243.jpg", "imagenet_01_559.jpg")}
    with pytest.raises(FileNotFoundError, match=r"holds no foolbox/data/cat\.jpg"):
        photographs(tmp_path / "foolbox-3.3.4.whl", folder, "cat.jpg")


def test_another_size_changes_the_position_embedding_alone(network):
    larger = at_size(network, 84)
    assert larger.backbone.grid == (6, 6)
    assert [head.grid for head in larger.heads] == [(6, 6)] * 8
    assert larger.macs_full > network.macs_full
    for name, tensor in network.state_dict().items():
        if not name.endswith("pos_embed"):
            assert torch.equal(tensor, larger.state_dict()[name]), name
    assert larger.eval().analyse(torch.zeros(1, 3, 84, 84)).logits.shape == (1, 9, 1000)
    assert at_size(network, 56).backbone.vit.pos_embed.equal(network.backbone.vit.pos_embed)


def test_the_student_sees_crops_normalised_at_its_own_size():
    crops = torch.full((1, 3, SIZE, SIZE), 255, dtype=torch.uint8)
    seen = seen_by(crops, 56)
    assert seen.shape == (1, 3, 56, 56)
    expected = [(1 - m) / s for m, s in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)]
    torch.testing.assert_close(seen[0, :, 5, 7], torch.tensor(expected), atol=1e-4, rtol=1e-4)


def test_a_new_student_has_the_backbones_weights(tmp_path, network):
    state = {
        name: tensor.half()
        for name, tensor in network.backbone.vit.state_dict().items()
        if "head" not in name
    }
    save_file(state, tmp_path / "weights.safetensors")
    student = new_student(tmp_path / "weights.safetensors", 56, TINY).eval()
    qkv = student.backbone.vit.blocks[3].attn.qkv.weight
    assert torch.equal(qkv, network.backbone.vit.blocks[3].attn.qkv.weight.half().float())
    with pytest.raises(FileNotFoundError, match="--backbone"):
        new_student(tmp_path / "none", 56, TINY)


def test_ridge_finds_a_linear_teacher(network):
    """A teacher that is linear in what the final read-out reads must be found again."""
    torch.manual_seed(1)
    images = torch.randn(120, 3, 56, 56)
    network.eval()
    with torch.no_grad():
        seen = network.backbone.vit.forward_head(
            network.backbone.vit.norm(network(images).hidden), pre_logits=True
        )
    answers = seen @ torch.randn(32, 1000) + 3
    inputs, together = read(network, zip(images.split(40), answers.split(40), strict=True))
    assert torch.equal(together, answers)
    torch.testing.assert_close(inputs[-1], seen, atol=1e-5, rtol=1e-4)
    for linear, x in zip(read_outs(network), inputs, strict=True):
        solve(linear, x, answers, penalty=1e-8)
    with torch.no_grad():
        found = network(images)
    torch.testing.assert_close(found.final, answers, atol=0.02, rtol=0.01)
    errors = [(logits - answers).pow(2).mean() for logits in found.logits]
    assert max(errors) < answers.var()  # every exit knows something of it


def test_a_heavy_penalty_leaves_the_mean_answer():
    linear, inputs, answers = nn.Linear(3, 2), torch.randn(50, 3), torch.randn(50, 2)
    solve(linear, inputs, answers, penalty=1e9)
    with torch.no_grad():
        torch.testing.assert_close(linear(inputs), answers.mean(dim=0).expand(50, 2), atol=1e-5, rtol=0)


def test_the_answer_loss_is_nought_for_the_teachers_own_answer_and_its_shifts():
    teacher = torch.randn(4, 10)
    torch.testing.assert_close(answer_loss(teacher + 5, teacher), torch.tensor(0.0), atol=1e-5, rtol=0)
    # Two classes, teacher undecided, student 2 apart: KL = ln((e + 1/e) / 2), squared error of (1, -1) is 1.
    student = torch.tensor([[1.0, -1.0]])
    expected = LIKELY * np.log((np.e + 1 / np.e) / 2) + 1
    torch.testing.assert_close(
        answer_loss(student, torch.zeros(1, 2)), torch.tensor(expected, dtype=torch.float32)
    )


def test_the_place_loss_is_nought_where_every_place_says_what_the_read_out_says(network):
    with torch.no_grad():
        hidden = torch.randn(2, 17, 16)
        tokens = network.backbone.vit.norm(hidden)
        beside = torch.cat(
            [tokens[:, :1].expand(-1, 16, -1), tokens[:, 1:]], dim=-1
        )  # [CLS] beside each patch
        places = network.backbone.vit.head(beside).transpose(1, 2).unflatten(2, (4, 4))
        torch.testing.assert_close(place_loss(network, hidden, places), torch.tensor(0.0), atol=1e-6, rtol=0)
        assert place_loss(network, hidden, places.roll(1, dims=3)) > 1e-3


def test_alone_the_exits_learn_the_final_logits_whatever_their_mean(network):
    with torch.no_grad():
        outputs = network(torch.randn(2, 3, 56, 56))
    same = replace(outputs, logits=[outputs.final + shift for shift in range(8)])
    labels = outputs.final.softmax(dim=-1)
    loss = by_itself(network, same)
    torch.testing.assert_close(loss, LIKELY * self_distillation(network, same, labels, 0.0))
    # One exit's logit of one class of 1000 raised by 10: squared error 10^2 / 1000, less that of the mean.
    raised = [z.clone() for z in same.logits]
    raised[3][:, 7] += 10
    other = replace(same, logits=raised)
    expected = LIKELY * self_distillation(network, other, labels, 0.0) + 0.1 - 0.01**2
    torch.testing.assert_close(by_itself(network, other), expected, atol=1e-4, rtol=0)


def test_the_rate_rises_stays_and_falls():
    assert [rate(step, 100, False, 3) for step in (0, 1, 2, 3, 99)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert [rate(step, 100, True, 0) for step in (0, 50, 75)] == [1.0, 0.5, 0.25]


STRETCH = Stretch(stage=1, crops=16, size=56, frozen=6, batch=4, exits_every=2, regressed=16)


def trained(network, folder, pictures, teacher, *stretches):
    run = Run(network, [], folder)
    run.resume()
    for stretch in stretches:
        run.train(stretch, pictures, teacher, lambda _: {"natural": 0.5, "natural_top5": 0.75})
    return run


def test_what_is_frozen_stays_and_the_rest_learns(network, tmp_path, pictures, teacher):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    run = trained(network, tmp_path, pictures, teacher, STRETCH)
    changed = {
        name for name, tensor in run.network.state_dict().items() if not torch.equal(tensor, before[name])
    }
    assert not any(f"blocks.{block}." in name for name in changed for block in range(6))
    assert all(f"backbone.vit.blocks.{block}.attn.qkv.weight" in changed for block in range(6, 12))
    assert {"backbone.vit.head.weight", "heads.0.classifier.linears.0.weight"} <= changed
    assert "backbone.vit.pos_embed" not in changed
    assert (run.crops, run.composed) == (16, 3 * 16)
    average = run.averaged().state_dict()["backbone.vit.head.weight"]
    assert not torch.equal(average, before["backbone.vit.head.weight"])  # follows
    assert not torch.equal(average, run.network.state_dict()["backbone.vit.head.weight"])  # behind


def test_stage_two_moves_the_heads_alone(network, tmp_path, pictures, teacher):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    stretch = Stretch(stage=2, crops=8, size=56, batch=4, candidates=1, regressed=16)
    run = trained(network, tmp_path, pictures, teacher, stretch)
    changed = {
        name for name, tensor in run.network.state_dict().items() if not torch.equal(tensor, before[name])
    }
    # The final read-out is solved where the stage begins, and then stays.
    final = {"backbone.vit.head.weight", "backbone.vit.head.bias"}
    assert final < changed
    assert all(name.startswith("heads.") for name in changed - final)
    for name in final:
        torch.testing.assert_close(run.average[name], run.network.state_dict()[name], rtol=0, atol=0)


def test_where_a_stretch_begins_read_outs_are_solved_on_the_average(network, tmp_path, pictures, teacher):
    run = trained(network, tmp_path, pictures, teacher, STRETCH)
    expected = run.averaged()
    stretch = Stretch(stage=2, crops=8, size=56, batch=4, candidates=1, regressed=16)
    lessons = list(taught(pictures, teacher, distil.APART, 4, 4, TELLING))
    inputs, answers = read(expected, [(seen_by(crops, 56), logits) for crops, (logits, _) in lessons])
    *early, final = read_outs(expected)
    solve(final, inputs[-1], answers)
    even(final, final(inputs[-1]))
    with torch.no_grad():
        own = final(inputs[-1])
    for linear, seen in zip(early, inputs, strict=False):  # the exits learn the final read-out's answers
        solve(linear, seen, own, IMITATING)
    run.begin(stretch, pictures, teacher)
    for name, tensor in run.network.state_dict().items():
        assert torch.equal(tensor, expected.state_dict()[name]), name
        assert torch.equal(tensor, run.average[name]), name
    run.average["backbone.vit.head.bias"].add_(1)  # the two stay apart
    assert not torch.equal(
        run.average["backbone.vit.head.bias"], run.network.state_dict()["backbone.vit.head.bias"]
    )


def test_heads_begun_anew_pass_tokens_on_and_their_read_outs_are_solved(network, tmp_path, pictures, teacher):
    run = trained(network, tmp_path, pictures, teacher, STRETCH)
    before = run.averaged()
    anew = replace(STRETCH, new_heads=True)
    run.begin(anew, pictures, teacher)
    for name, tensor in run.network.backbone.state_dict().items():
        assert name.startswith("vit.head.") or torch.equal(tensor, before.backbone.state_dict()[name]), name
    for head in run.network.heads[:4]:
        assert head.local.project[-1].weight.abs().max() == 0
    for head, old in zip(run.network.heads, before.heads, strict=True):
        assert not torch.equal(head.classifier.linears[0].weight, old.classifier.linears[0].weight)
    run.step = 1  # cut off: what was begun is not begun again
    weight = run.network.heads[0].classifier.linears[0].weight.detach().clone()
    run.begin(anew, pictures, teacher)
    assert len(run.history) == 2
    assert torch.equal(run.network.heads[0].classifier.linears[0].weight, weight)


def test_heads_learn_fastest_and_the_embedding_slowest(network, tmp_path, pictures, teacher):
    stretch = replace(STRETCH, frozen=0, lr=1e-4, lr_heads=5e-4)
    run = Run(network, [], tmp_path)
    run.begin(stretch, pictures, teacher)
    # The heads of a new run begin anew, and a local head anew adds nothing to what it reads.
    assert all(head.local.project[-1].weight.abs().max() == 0 for head in run.network.heads[:4])
    run.prepare(stretch)
    groups = run.optimiser.param_groups
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    vit = run.network.backbone.vit
    assert rates[id(vit.head.weight)] == rates[id(run.network.heads[0].local.expand[0].weight)] == 5e-4
    assert rates[id(vit.norm.weight)] == rates[id(vit.blocks[11].attn.qkv.weight)] == 1e-4
    np.testing.assert_allclose(rates[id(vit.blocks[9].mlp.fc1.weight)], 1e-4 * LAYER_DECAY**2)
    np.testing.assert_allclose(rates[id(vit.pos_embed)], 1e-4 * LAYER_DECAY**12)
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert decays[id(vit.blocks[9].mlp.fc1.weight)] == WEIGHT_DECAY
    assert decays[id(vit.head.weight)] == 0  # conditioned: its steps are not its inputs' own


def test_evening_takes_back_a_part_of_how_often_classes_are_named():
    logits = torch.tensor([[0.8, 0.2], [0.6, 0.4]]).log()
    linear = nn.Linear(2, 2)
    before = linear.bias.detach().clone()
    even(linear, logits)
    expected = before - TAU * torch.tensor([0.7, 0.3]).log()
    torch.testing.assert_close(linear.bias.detach(), expected, atol=1e-4, rtol=0)


def test_a_run_told_to_stop_ends_as_one_that_was_not(network, tmp_path, pictures, teacher, monkeypatch):
    whole = trained(at_size(network, 56), tmp_path / "whole", pictures, teacher, STRETCH)
    take_step = Run.take_step

    def stop_at_the_second(self, *args):
        loss = take_step(self, *args)
        if self.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss

    monkeypatch.setattr(Run, "take_step", stop_at_the_second)
    with pytest.raises(Stopped):
        trained(at_size(network, 56), tmp_path / "cut", pictures, teacher, STRETCH)
    monkeypatch.undo()
    torch.manual_seed(99)
    again = trained(at_size(network, 56), tmp_path / "cut", pictures, teacher, STRETCH)
    assert again.crops == whole.crops == 16
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name]), name
    for name, tensor in whole.average.items():
        assert torch.equal(tensor, again.average[name]), name


def test_the_next_stretch_goes_on_from_the_last_at_its_own_size(network, tmp_path, pictures, teacher):
    following = Stretch(stage=1, crops=8, size=84, frozen=6, batch=4, regressed=16)
    run = trained(network, tmp_path, pictures, teacher, STRETCH, following)
    assert [stretch["settings"] for stretch in run.history] == [asdict(STRETCH), asdict(following)]
    assert [stretch["warm_up"] for stretch in run.history] == [WARM_UP, 0]  # its optimiser was kept
    assert run.crops == 24
    assert run.network.backbone.grid == (6, 6)
    assert run.averaged().backbone.grid == (6, 6)
    assert json.loads((tmp_path / "history.json").read_text()) == run.history


def test_agreement_counts_only_where_the_teacher_is_sure():
    teacher = torch.tensor([[9.0, 0, 0], [0, 9, 0], [0.1, 0, 0]])
    logits = np.array([[[5, 1, 0], [0, 1, 2]], [[1, 0, 2], [0, 2, 1]], [[0, 1, 0], [0, 1, 0]]], np.float32)
    part = Held(torch.zeros(3, 3, 1, 1), teacher)
    assert part.sure.tolist() == [True, True, False]
    assert agreement(logits, part).tolist() == [0.5, 0.5]
    assert agreement(logits, part, 3).tolist() == [1.0, 1.0]


def test_every_known_photo_has_classes_and_all_labels_differ():
    labels = imagenet_labels()
    assert len(set(labels)) == len(labels) == 1000
    assert (labels[281], labels[134], labels[517]) == ("tabby", "crane (bird)", "crane (machine)")
    assert {label for right in KNOWN.values() for label in right} <= set(labels)


def test_a_shipped_folder_is_calibrated_measured_and_can_be_gone_on_from(
    network, tmp_path, folder, pictures, teacher, monkeypatch
):
    photos = tmp_path / "natural"
    photos.mkdir()
    for number, name in enumerate(("chelsea.png", "other.png")):
        picture(50 + number).save(photos / name)
    validation = held(composed(load_pictures([folder], held_out=True), 12), teacher)
    test = held(natural([picture(7), picture(8)], 4), teacher)
    big = at_size(network, SIZE).eval()
    run = trained(network, tmp_path / "run", pictures, teacher, STRETCH)
    ship(
        big,
        run.history,
        Splits(validation, test, {"validation": 12, "test": 2}),
        photos,
        tmp_path / "photos",
        TINY | {"img_size": SIZE},
    )

    model = load_model_folder(tmp_path / "photos")
    assert test.sure.any()
    assert model.reference == "teacher"
    assert model.labels == imagenet_labels()
    assert len(set(model.network.temperatures)) > 1
    assert all(path.stat().st_size < 10_000_000 for path in (tmp_path / "photos").iterdir())
    facts = json.loads((tmp_path / "photos" / "training.json").read_text())
    assert facts["history"] == run.history
    assert facts["measured"]["crops"] == {"validation": 12, "test": 10}
    assert facts["measured"]["known photos"]["photos"] == 1
    assert facts["measured"]["agreement with the own final read-out"][-1] == 1.0
    with np.load(tmp_path / "photos" / "evaluation.npz") as stored:
        assert stored["test_labels"].tolist() == test.teacher.argmax(dim=-1).tolist()
        confidence = stored["test_confidence"]
        predicted = stored["test_predicted"]
    left = decide(confidence, model.thresholds["confidence"])
    answers, final = predicted[np.arange(len(left)), left], predicted[:, -1]
    own = facts["measured"]["at its own threshold"]
    assert own["threshold"] == model.thresholds["confidence"]
    assert own["agreement"] == pytest.approx((answers == test.teacher.argmax(dim=-1).numpy()).mean())
    assert own["agreement with the own final read-out"] == pytest.approx((answers == final).mean())
    assert own["fewer MACs"] == pytest.approx(big.macs_full / big.macs[left].mean(), abs=1e-3)
    # Calibrated logits are what every rule sees, in the record as in the running model.
    trace = model.network.analyse(seen_by(test.crops[:3], SIZE))
    np.testing.assert_allclose(trace.probabilities.max(axis=-1), confidence[:3], atol=1e-4)
    card = (tmp_path / "photos" / "README.md").read_text()
    assert "agreement with the teacher" in card
    assert "Training is unfinished" in card
    assert re.search(r"\| 16 \| 0\.\d\d \| 1 \| 56 \| 50 \| 75 \|", card)
    assert "Blocks 1 to 6 are still as they were" in card

    # The next sitting has this folder alone: it goes on with its weights, its crops and its curve.
    data = tmp_path / "data"
    shutil.copytree(folder, data / "pictures")
    monkeypatch.setattr(command, "load_teacher", lambda _: teacher)
    monkeypatch.setattr(command, "MEASURED", 4)
    monkeypatch.setattr(command, "held", lambda crops, _: Held(torch.stack(crops), 9 * torch.eye(1000)[:4]))
    following = replace(STRETCH, crops=4)
    with pytest.raises(FileNotFoundError, match="there is no run"):
        command.ship_run(tmp_path / "x", tmp_path / "next", data, photos, 1)
    command.run(following, tmp_path / "next", data, tmp_path / "photos", None, 1)
    history = json.loads((tmp_path / "next" / "run" / "history.json").read_text())
    assert history[:1] == run.history
    assert history[1]["settings"] == asdict(following)
    assert history[1]["curve"][-1]["crops"] == 20
    assert {"held_out", "trained_on", "trained_on_block_4"} < set(history[1]["curve"][-1])
    state = torch.load(tmp_path / "next" / "run" / "last.pt", weights_only=True)["network"]
    for name, tensor in model.network.state_dict().items():
        if ".blocks.5." in name:  # frozen
            assert torch.equal(state[name], tensor), name


def test_a_line_of_the_curve_names_every_exit(network, teacher, pictures):
    network.eval()
    row = progress(network, {"natural": held(composed(pictures, 4), teacher)})
    assert set(row) == {"natural", "natural_top5", *(f"natural_block_{b}" for b in range(4, 12))}
