"""`DistributedDataParallel` over two processes: the gradient is that of the joined batch."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from glassgate.nn import GRU

SEQUENCES = 4


def network() -> GRU:
    torch.manual_seed(0)
    return GRU(3, 5, 2, bidirectional=True)


def batch() -> torch.Tensor:
    return torch.randn(6, SEQUENCES, 3, generator=torch.Generator().manual_seed(1))


def gradients(net: torch.nn.Module, input: torch.Tensor) -> list[torch.Tensor]:
    output, state = net(input)
    (output.sin().mean() + state.cos().mean()).backward()
    return [parameter.grad for parameter in net.parameters() if parameter.grad is not None]


def take_part(folder: Path, rank: int) -> None:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    net = torch.nn.parallel.DistributedDataParallel(network())
    torch.save(gradients(net, batch()[:, rank::2]), folder / f"{rank}.pt")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def test_two_processes_agree_on_the_gradient_of_the_joined_batch(tmp_path: Path):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "tests.nn.test_ddp", str(tmp_path)]
    processes = [
        subprocess.Popen([*command, str(rank)], env=environment, stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    wanted = gradients(network(), batch())
    assert len(wanted) == 16
    for one, two, joined in zip(first, second, wanted, strict=True):
        assert torch.equal(one, two)
        torch.testing.assert_close(one, joined, rtol=1e-5, atol=1e-7)


if __name__ == "__main__":
    take_part(Path(sys.argv[1]), int(sys.argv[2]))
