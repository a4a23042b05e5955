"""Learn the first symbol of sequences of different lengths, without packing or sorting."""

import torch
from torch.nn import functional as F

from glassgate.nn import GRU, last_outputs

torch.manual_seed(0)
SYMBOLS, LONGEST = 4, 30
embedding = torch.nn.Embedding(SYMBOLS, 16)
network = GRU(16, 32, chrono=LONGEST)  # units begin with memories of up to 30 steps
readout = torch.nn.Linear(32, SYMBOLS)
parameters = [*embedding.parameters(), *network.parameters(), *readout.parameters()]
optimiser = torch.optim.Adam(parameters, lr=0.01)

for step in range(1, 201):
    lengths = torch.randint(1, LONGEST + 1, (64,))  # (B,)
    symbols = torch.randint(SYMBOLS, (LONGEST, 64))  # (T, B), with padding
    last = last_outputs(network, embedding(symbols), lengths)  # (B, H)
    logits = readout(last)
    loss = F.cross_entropy(logits, symbols[0])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 50 == 0:
        accuracy = (logits.argmax(1) == symbols[0]).float().mean()
        print(f"step {step}: loss {loss.item():.3f}, accuracy {accuracy:.0%}")
