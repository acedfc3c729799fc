"""Ridge regression of read-outs, and what they read."""

import torch
from torch import nn

from explorer.train.ridge import inputs_of, solve


def test_ridge_regression_finds_the_line_that_answers_lie_on():
    torch.manual_seed(0)
    inputs = torch.randn(400, 6) * torch.tensor([1, 10, 0.1, 3, 1, 1]) + 4
    weight, bias = torch.randn(3, 6), torch.randn(3)
    linear = nn.Linear(6, 3)
    solve(linear, inputs, inputs @ weight.T + bias, penalty=1e-9)
    torch.testing.assert_close(linear.weight.detach(), weight, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(linear.bias.detach(), bias, atol=1e-3, rtol=1e-3)
    solve(linear, inputs, inputs @ weight.T + bias, penalty=1e9)  # all that is left is the mean answer
    torch.testing.assert_close(
        linear(inputs), (inputs @ weight.T + bias).mean(dim=0).expand(400, 3), atol=1e-3, rtol=0
    )


def test_what_linears_read_is_kept_while_the_context_is_open():
    first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    one, other = torch.randn(4, 3), torch.randn(5, 3, dtype=torch.bfloat16)
    with inputs_of([first, second]) as seen:
        first(one)
        first(one[:1])
        second.bfloat16()(other)
    first(one)
    assert [[len(part) for part in kept] for kept in seen] == [[4, 1], [5]]
    assert torch.equal(seen[0][0], one)
    assert torch.equal(seen[1][0], other.float())
