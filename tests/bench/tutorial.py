"""The tutorial's recipe as a reference for tests and benchmarks, written in torch without code of this project.

All but the last 12 values scaled to (-1, 1), windows of 12 with the value after them, an LSTM of 100 units and a linear
layer on its last output, windows one by one and in order, Adam at 1e-3, mean squared error; then 12 steps, each fed
back.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

SIZE = HORIZON = 12


class TutorialNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 100)
        self.linear = nn.Linear(100, 1)

    def forward(self, sequence: Tensor) -> Tensor:
        """(12,) to (1,)."""
        output, _ = self.lstm(sequence.reshape(SIZE, 1, 1))
        last: Tensor = self.linear(output.reshape(SIZE, -1))[-1]  # over all steps: the last alone rounds differently
        return last


@dataclass(frozen=True)
class Tutorial:
    """The loss of the last window of each epoch, and the forecast (12,) in the input's units."""

    losses: list[float]
    forecast: npt.NDArray[np.float64]


def run_tutorial(values: npt.NDArray[np.float64], seed: int, epochs: int) -> Tutorial:
    """Train on `values` without the last 12, and forecast these."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    known = values[:-HORIZON]
    low, high = known.min(), known.max()
    scaled = torch.tensor(2 * (known - low) / (high - low) - 1, dtype=torch.float32)
    network = TutorialNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(epochs):
        for start in range(len(scaled) - SIZE):
            optimizer.zero_grad()
            predicted = network(scaled[start : start + SIZE])
            loss = nn.functional.mse_loss(predicted, scaled[start + SIZE : start + SIZE + 1])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        losses.append(loss.item())
    sequence = scaled[-SIZE:].tolist()
    with torch.no_grad():
        for _ in range(HORIZON):
            sequence.append(network(torch.tensor(sequence[-SIZE:])).item())
    return Tutorial(losses, (np.array(sequence[SIZE:]) + 1) / 2 * (high - low) + low)
