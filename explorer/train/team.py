"""Several processes that train one network, as `accelerate launch` or `torchrun` start them; they share every batch."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Team:
    """This process among `world`; alone it is rank 0 of 1, and nothing here does anything.

    Every process holds the whole network. With equal shares the mean of their gradients is that of the whole batch, so
    all take the same steps; only batch norm sees a share's statistics instead of the batch's.
    """

    rank: int = 0
    world: int = 1

    @classmethod
    def here(cls) -> Team:
        """The team that the launcher sets in the environment."""
        return cls(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports progress."""
        return self.rank == 0

    def join(self, device: torch.device) -> None:
        """Joins the others. They wait for the process that solves read-outs first, however long that takes."""
        if self.world > 1 and not dist.is_initialized():
            backend = "nccl" if device.type == "cuda" else "gloo"
            dist.init_process_group(backend, timeout=timedelta(days=1))

    def leave(self) -> None:
        """After the last step."""
        if self.world > 1 and dist.is_initialized():
            dist.destroy_process_group()

    def check(self, batch: int) -> None:
        """Raises `ValueError` where a batch of that size cannot be shared out evenly."""
        if batch % self.world:
            raise ValueError(
                f"a batch of {batch} cannot be shared by {self.world} processes; choose a multiple of {self.world}."
            )

    def share(self, tensor: Tensor) -> Tensor:
        """This process's part of a batch."""
        return tensor[self.rank :: self.world] if self.world > 1 else tensor

    def hand_out(self, network: nn.Module) -> None:
        """Gives every process the first one's weights and buffers."""
        if self.world > 1:
            for tensor in network.state_dict().values():
                dist.broadcast(tensor, 0)

    def average_gradients(self, parameters: Iterable[nn.Parameter], stop: bool) -> bool:
        """Sets every gradient to the mean of all processes'. Returns whether any of them wants to stop."""
        if self.world == 1:
            return stop
        held = [p for p in parameters if p.grad is not None]
        flag = torch.tensor([float(stop)], device=held[0].device)
        flat = torch.cat([flag, *(p.grad.flatten() for p in held if p.grad is not None)])
        dist.all_reduce(flat)
        flat /= self.world
        for p, part in zip(held, flat[1:].split([p.numel() for p in held]), strict=True):
            p.grad = part.view_as(p).clone()
        return bool(flat[0] > 0)

    def average_buffers(self, network: nn.Module) -> None:
        """Batch norm's running means and deviations become the mean of all processes', which is what they track."""
        if self.world > 1:
            for buffer in network.buffers():
                if buffer.is_floating_point():
                    dist.all_reduce(buffer)
                    buffer /= self.world


ALONE = Team()
