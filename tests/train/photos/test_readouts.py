"""What read-outs are solved on and how they are evened out, and the heads that they read when a run begins."""

import pytest
import torch
from torch import nn

from explorer.train.photos.readouts import EVEN, TAU, even, read, rebalance
from explorer.train.photos.student import start_heads


def test_a_reading_that_was_cut_off_goes_on_from_there(network, tmp_path, monkeypatch):
    monkeypatch.setattr("explorer.train.photos.readouts.CHUNK", 2)
    asked = []

    def lesson(number, last=99):
        if number > last:
            raise KeyboardInterrupt
        asked.append(number)
        images = torch.randn(3, 3, 56, 56, generator=torch.Generator().manual_seed(number))
        return images, images.mean(dim=(2, 3))

    whole = read(network, lesson, 5)
    with pytest.raises(KeyboardInterrupt):
        read(network, lambda i: lesson(i, 2), 5, tmp_path / "read")
    asked.clear()
    inputs, answers = read(network, lesson, 5, tmp_path / "read")
    assert asked == [2, 3, 4]  # a chunk of two was whole
    assert torch.equal(answers, whole[1])
    assert all(torch.equal(x, y) for x, y in zip(inputs, whole[0], strict=True))
    assert [len(x) for x in inputs] == [15] * 9


def test_an_even_read_out_gives_back_three_quarters_of_the_spread_that_shrinking_took():
    torch.manual_seed(0)
    inputs = torch.randn(2000, 2)
    linear = nn.Linear(2, 2)
    with torch.no_grad():  # one class varies sixteen times as much as the other
        linear.weight.copy_(torch.tensor([[8.0, 0.0], [0.0, 0.5]]))
        linear.bias.copy_(torch.tensor([3.0, -2.0]))
    answers = 5 * torch.randn(2000, 2)
    even(linear, inputs, answers)
    logits = linear(inputs).detach()
    torch.testing.assert_close(logits.mean(dim=0), torch.zeros(2), atol=1e-4, rtol=0)
    shown = inputs.std(dim=0)  # of the two inputs, each of which is one class's
    ratio = (8.0 * shown[0]) / (0.5 * shown[1])
    torch.testing.assert_close(logits.std(dim=0)[0] / logits.std(dim=0)[1], ratio ** (1 - EVEN))
    torch.testing.assert_close(logits.std(), answers.std())


def test_rebalancing_takes_back_a_part_of_how_often_classes_are_named():
    linear = nn.Linear(2, 2)
    before = linear.bias.detach().clone()
    rebalance(linear, torch.tensor([[0.8, 0.2], [0.6, 0.4]]).log())
    expected = before - TAU * torch.tensor([0.7, 0.3]).log()
    torch.testing.assert_close(linear.bias.detach(), expected, atol=1e-4, rtol=0)


def test_heads_started_anew_pass_their_tokens_on(network):
    start_heads(network, seed=5)
    assert not network.training
    x = torch.randn(2, 16, 4, 4)
    torch.testing.assert_close(network.heads[0].local(x), x)
    alike = torch.randn(2, 1, 16).expand(2, 17, 16)  # attention over equal tokens gives that token
    torch.testing.assert_close(network.heads[7].features(alike), alike[:, : network.heads[7].places.numel()])
    first = {name: tensor.clone() for name, tensor in network.heads.state_dict().items()}
    state = torch.get_rng_state()
    start_heads(network, seed=5)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, first[name]) for name, tensor in network.heads.state_dict().items())
    start_heads(network, seed=6)
    assert not torch.equal(network.heads[0].local.expand[0].weight, first["0.local.expand.0.weight"])
