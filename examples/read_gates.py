"""Read the gates of a PyTorch GRU: how much of its state each unit keeps, and for how long."""

import torch

import glassgate
from glassgate.inside import Memory

torch.manual_seed(0)
network = torch.nn.GRU(input_size=8, hidden_size=6, num_layers=2)  # or your trained one
input = torch.randn(50, 4, 8)  # (T, B, I)
lengths = [50, 32, 17, 5]  # valid steps of each sequence

traced = glassgate.trace(network, input, lengths=lengths)
print(traced)
print(f"the gates give the network's own output to {traced.verify():.1e}\n")

print("unit  kept  reset  steps until 1/e of the state is left")
gates = traced[1]  # the upper layer
memory = Memory.of(gates.kept, lengths)
valid = torch.arange(50)[:, None] < torch.tensor(lengths)  # (T, B)
for unit in memory.order:  # the longest memory first
    kept, reset = (array[valid.numpy(), unit].mean() for array in (gates.kept, gates.reset))
    print(f"{unit:4}  {kept:.2f}  {reset:5.2f}  {memory.span[unit]:.2f}")
