"""Training of rules' learned parts: the losses by hand, what is learned read alike by the rule, and resuming."""

import json
import shutil

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from explorer.__main__ import app
from explorer.data.fashion import Split
from explorer.evaluate.record import evaluate, load_records, save_records
from explorer.model.addons import read_addon, read_facts
from explorer.model.bundle import load_model_folder
from explorer.rules import RULES, Setting
from explorer.train.checkpoint import Stopped
from explorer.train.learned import command
from explorer.train.learned.command import LEARNERS, learn
from explorer.train.learned.fit import fit
from explorer.train.learned.jei_dnn import Jei
from explorer.train.learned.learner import Batch
from explorer.train.learned.palbert import Palbert
from explorer.train.learned.states import States, states_of

EXITS, WIDTH, CLASSES = 5, 16, 10


@pytest.fixture(scope="module")
def model(tiny_model_folder):
    return load_model_folder(tiny_model_folder)


@pytest.fixture(scope="module")
def states():
    """300 images: the first channel of a state says whether the exit is right."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, 300)
    right = rng.random((300, EXITS)) < 0.6
    answers = np.where(right, labels[:, None], (labels[:, None] + 1) % CLASSES)
    pooled = rng.normal(size=(300, EXITS, WIDTH)).astype(np.float32)
    pooled[..., 0] = np.where(right, 3, -3)
    return States(pooled, 4 * np.eye(CLASSES, dtype=np.float32)[answers], labels)


def fresh(recipe, model, passes=3):
    torch.manual_seed(0)
    learner = LEARNERS[recipe](model)
    learner.passes = passes
    return learner


def read(rule, parts, states):
    """Verdicts of the rule at every exit, on those states."""
    setting = Setting(EXITS, CLASSES, widths=(WIDTH,) * EXITS, parts=parts)
    reader = RULES[rule].reader(setting)
    reader.begin(len(states))
    return [reader.step(e, states.seen(e)) for e in range(EXITS)]


def exact(learner):
    """The addon's tensors, before half precision."""
    found = learner.parts()
    state = learner.state_dict()
    return {
        name: state[name].numpy() if name in state and state[name].shape == part.shape else part.astype(np.float32)
        for name, part in found.items()
    }  # fmt: skip


@pytest.mark.parametrize("recipe", LEARNERS)
def test_a_run_that_was_cut_off_ends_as_if_it_had_not_been(recipe, model, states, tmp_path):
    whole, halted = fresh(recipe, model), fresh(recipe, model)
    losses = fit(whole, states, states, tmp_path / "whole", {"seed": 1})
    with pytest.raises(Stopped):
        fit(halted, states, states, tmp_path / "halted", {"seed": 1}, stop_after=2)
    again = fresh(recipe, model)
    assert fit(again, states, states, tmp_path / "halted", {"seed": 1}) == losses
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), again.parameters(), strict=True))
    with pytest.raises(ValueError, match="run with other settings"):
        fit(again, states, states, tmp_path / "halted", {"seed": 2})


def test_the_probe_learns_which_exits_are_right(model, states, tmp_path):
    learner = fresh("berxit", model, passes=30)
    learner.lr = 0.05
    fit(learner, states, states, tmp_path, {"seed": 0})
    scores = np.stack([v.score for v in read("berxit", exact(learner), states)], axis=1)[:, :-1]
    right = (states.logits.argmax(-1) == states.labels[:, None])[:, :-1]
    assert scores[right].min() > scores[~right].max()


def test_palberts_layers_are_read_by_the_rule_as_they_were_trained(model, states):
    learner = fresh("palbert", model)
    with torch.no_grad():
        logits, log_p = learner(torch.from_numpy(states.pooled))
    verdicts = read("palbert", exact(learner), states)
    np.testing.assert_allclose(np.stack([v.answer for v in verdicts], 1), logits.numpy(), atol=1e-3)
    np.testing.assert_allclose(
        np.stack([v.looks["share"] for v in verdicts], 1), log_p.exp().numpy(), atol=1e-3
    )


def test_palberts_loss_is_the_expected_loss_and_the_priors_divergence(model, states):
    learner = Palbert(model, beta=2.0, prior=0.25)
    np.testing.assert_allclose(
        learner.geometric.numpy(), [0.25, 0.1875, 0.140625, 0.10546875, 0.31640625], rtol=1e-6
    )
    batch = Batch(*(part[:4] for part in states.tensors()))
    with torch.no_grad():
        logits, log_p = learner(batch.pooled)
        chances, p = logits.softmax(-1).numpy(), log_p.exp().numpy()
        loss = learner.loss(batch).item()
    nll = -np.log(chances[np.arange(4)[:, None], np.arange(EXITS), states.labels[:4, None]])
    prior = learner.geometric.numpy()
    expected = (p * nll).sum(1).mean() + 2.0 * (prior * np.log(prior / p)).sum(1).mean()
    assert loss == pytest.approx(expected, rel=1e-4)


def test_jeis_shares_are_the_ones_the_rule_reads(model, states):
    learner = fresh("jei-dnn", model)
    with torch.no_grad():
        learner.gates.weight.normal_()
        learner.gates.bias.normal_()
        shares = learner.shares(Batch(*states.tensors()))
    parts = {**exact(learner), "gates.weight": learner.gates.weight.detach().numpy()[:, 0]}
    verdicts = read("jei-dnn", parts, states)
    np.testing.assert_allclose(
        np.stack([v.looks["share"] for v in verdicts], 1)[:, :-1], shares[:, :-1], atol=2e-3
    )
    np.testing.assert_allclose(shares.sum(dim=1), 1, atol=1e-5)


def test_before_training_jeis_exits_answer_as_the_models_own(model):
    learner = fresh("jei-dnn", model)
    images = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    from explorer.rules.pooled import pooled
    from explorer.train.learned.states import walk

    with torch.inference_mode():
        seen = list(walk(model.network, images))
        own = learner.classifiers(torch.from_numpy(np.stack([pooled(s) for s in seen[:-1]], axis=1)))
    np.testing.assert_allclose(own.numpy(), np.stack([s.logits for s in seen[:-1]], 1), atol=1e-3)
    np.testing.assert_allclose(
        np.stack([s.logits for s in seen], 1), model.network.analyse(images).logits, atol=1e-4
    )


def test_an_images_best_exit_weighs_loss_against_cost(model):
    learner = Jei(model, trade_off=1.0)
    learner.costs = torch.tensor([0.2, 0.4, 0.6, 0.8, 1.0])
    losses = torch.tensor([[0.9, 0.1, 0.0, 0.0, 0.0], [9.0, 9.0, 9.0, 9.0, 0.1], [0.0, 0.0, 0.0, 0.0, 0.0]])
    assert learner.best_exit(losses).tolist() == [1, 4, 0]  # 1.1 .5 .6 .8 1; ...; all by cost


def classifier_gradients(model, states, **options):
    """The classifiers' gradient of JEI-DNN's own loss, and of the plain sum of cross-entropies."""
    learner = Jei(model, **options)
    with torch.no_grad():
        learner.gates.bias.copy_(torch.tensor([[2.0], [-1.0], [0.0], [1.0]]))
    batch = Batch(*states.tensors())
    found = []
    for plain in (False, True):
        learner.zero_grad()
        losses = learner.losses(learner.logits(batch), batch.labels)
        loss = losses.sum(dim=1).mean() if plain else learner.classifier_loss(losses, learner.shares(batch))
        loss.backward()
        found.append((loss.item(), learner.classifiers.weight.grad.clone()))
    return found


def test_as_released_the_weights_of_jeis_classifier_loss_cancel(model, states):
    (loss, gradient), (plain, plain_gradient) = classifier_gradients(model, states, as_released=True)
    assert loss == pytest.approx(plain, rel=1e-5)
    torch.testing.assert_close(gradient, plain_gradient, rtol=1e-3, atol=1e-6)


def test_as_intended_each_of_jeis_exits_learns_from_whom_it_keeps(model, states):
    (loss, gradient), (plain, plain_gradient) = classifier_gradients(model, states)
    assert loss == pytest.approx(plain, rel=1e-5)  # the size is kept, the direction is not
    assert not torch.allclose(gradient, plain_gradient, rtol=0.1)
    # The first gate takes most: next to the plain sum, its classifier learns more and the second less.
    ratio = gradient.flatten(1).norm(dim=1) / plain_gradient.flatten(1).norm(dim=1)
    assert ratio[0] > 1 > ratio[1]


@pytest.fixture(scope="module")
def learned(tiny_model_folder, tmp_path_factory):
    """A copy of the tiny model with all three addons, learned from 40 random images."""
    rng = np.random.default_rng(0)
    splits = {
        name: Split(rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n))
        for name, n in (("train", 50), ("validation", 12), ("test", 10))
    }
    folder = tmp_path_factory.mktemp("learned") / "tiny"
    shutil.copytree(tiny_model_folder, folder)
    plain = load_model_folder(folder)
    whole = {part: list(evaluate(plain, splits[part]))[-1] for part in ("validation", "test")}
    save_records(whole, folder / "evaluation.npz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "load_fashion", lambda _: dict(splits))
        patch.setattr("torch.set_num_threads", lambda _: None)
        for recipe in LEARNERS:
            learn(recipe, str(folder), None, 0, 1, images=40, work=folder.parent / "work")
    return folder, splits


def test_the_command_gives_a_model_its_addons_thresholds_and_evaluation(learned):
    folder, splits = learned
    model = load_model_folder(folder)
    assert model.notes == ()
    rules = ["berxit", "jei-dnn", "palbert", "palbert-mixed"]
    assert set(rules) <= set(model.thresholds)
    found = load_records(folder / "evaluation.npz")["test"]
    whole = list(evaluate(model, splits["test"]))[-1]  # as if the network ran anew
    for rule in ("confidence", *rules):
        np.testing.assert_allclose(found.scores[rule], whole.scores[rule], atol=1e-5)
        assert found.under(rule).macs.tolist() == whole.under(rule).macs.tolist()
    assert found.answers["palbert"].tolist() == whole.answers["palbert"].tolist()
    for name in ("berxit", "jei-dnn", "palbert"):
        facts = read_facts(folder, name)
        assert (facts["format"], facts["rule"], facts["trained_on"]) == ("1", name, "tiny")
        kinds = {part.dtype for part in read_addon(folder, name).values()}
        assert kinds == {np.dtype(np.float32)}


def test_addons_of_other_weights_other_bytes_or_a_newer_format_are_left_out_with_a_note(learned, tmp_path):
    folder = tmp_path / "other"
    shutil.copytree(learned[0], folder)
    config = json.loads((folder / "config.json").read_text())
    from safetensors.numpy import load_file, save_file

    paths = {name: folder / "addons" / f"{name}.safetensors" for name in config["addons"]}
    save_file(load_file(paths["berxit"]), paths["berxit"], {"format": "2"})
    save_file(load_file(paths["palbert"]), paths["palbert"], {"weights": "0" * 64})
    paths["jei-dnn"].write_bytes(paths["jei-dnn"].read_bytes() + b"!")
    (folder / "config.json").write_text(
        json.dumps({**config, "addons": {"jei-dnn": config["addons"]["jei-dnn"]}})
    )
    model = load_model_folder(folder)
    assert model.network.addons == {}
    assert sorted(note.partition(";")[0] for note in model.notes if "addons" in note) == [
        "addons/berxit has a newer format than this version reads",
        "addons/jei-dnn is not the file this model's config names",
        "addons/palbert was trained on other weights than this model's",
    ]
    for path in paths.values():
        path.unlink()
    assert "addons/jei-dnn, and it is not there; fetch" in load_model_folder(folder).notes[0]


def test_states_of_other_weights_are_not_taken_for_these(model, tmp_path):
    split = Split(np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.int64))
    first = states_of(model, split, "test", tmp_path)
    np.testing.assert_array_equal(states_of(model, split, "test", tmp_path).pooled, first.pooled)
    (tmp_path / "weights.json").write_text("{}")
    with pytest.raises(ValueError, match="what other weights of tiny read; delete that folder"):
        states_of(model, split, "test", tmp_path)


def test_a_model_of_other_classes_is_refused_in_one_sentence():
    result = CliRunner().invoke(app, ["train", "--recipe", "berxit", "--model", "photos"])
    assert result.exit_code == 2
    assert result.stderr == (
        "error: photos does not know Fashion-MNIST's ten classes; choose another --model.\n"
    )
