"""Pictures, crops, the teacher, the student and what it is told, on tiny synthetic ones: every step as in earnest."""

import multiprocessing
import os
import signal
import zipfile
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from explorer.train.losses import self_distillation
from explorer.train.photos.crops import CUT_MIXED, MIXED, SIZE, Crops, mix
from explorer.train.photos.lessons import batches, most_telling
from explorer.train.photos.losses import LIKELY, answer_loss, by_itself, place_loss
from explorer.train.photos.natural import PHOTOS, photographs
from explorer.train.photos.pictures import load_pictures
from explorer.train.photos.student import at_size, new_student, read, read_outs, seen_by, solve
from explorer.train.photos.teacher import Teacher, fold_norms
from tests.train.photos.tiny import TINY, TinyClassifier


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


def test_a_stop_told_to_all_processes_does_not_end_those_that_compose(pictures):
    undisturbed = [crops.clone() for crops in batches(pictures, 0, 12, 2, seed=0)]
    composing = batches(pictures, 0, 12, 2, seed=0)
    told = [next(composing).clone(), next(composing).clone()]  # one of either: both have begun to ignore it
    workers = multiprocessing.active_children()
    assert len(workers) == 2
    for worker in workers:
        os.kill(worker.pid, signal.SIGTERM)
        os.kill(worker.pid, signal.SIGINT)
    told += [crops.clone() for crops in composing]
    assert torch.equal(torch.stack(told), torch.stack(undisturbed))
