"""The same training step in PyTorch, channels last: python torch_step.py THREADS [eager | compiled].

Same architecture, same initial statistics (flax's: Lecun normal weights, zero biases), same data flow: a batch of bytes is
taken out of a data set in memory, and the loss is read after each step. Needs torch and numpy only.
"""

import sys

import torch
from torch import nn
from torch.nn.functional import mse_loss
from windows import serve

BATCH, LEVELS, CODES, DIMENSIONS = 128, 2, 16, 2


class Model(nn.Module):
    """Encoder, residual quantizer, decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 128),
            nn.ReLU(),
            nn.Linear(128, DIMENSIONS),
        )
        self.decoder = nn.Sequential(
            nn.Linear(DIMENSIONS, 128),
            nn.ReLU(),
            nn.Linear(128, 64 * 7 * 7),
            nn.Unflatten(1, (64, 7, 7)),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 3, stride=2, padding=1, output_padding=1),
            nn.Sigmoid(),
        )
        self.codebooks = nn.Parameter(0.3 * torch.randn(LEVELS, CODES, DIMENSIONS))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                outputs = layer.weight.shape[1 if isinstance(layer, nn.ConvTranspose2d) else 0]
                inputs = layer.weight.numel() / outputs
                nn.init.trunc_normal_(layer.weight, std=inputs**-0.5 / 0.8796, a=-2, b=2)
                nn.init.zeros_(layer.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The weighted loss."""
        z = self.encoder(images)
        quantized = torch.zeros_like(z)
        for codebook in self.codebooks:
            left = (z - quantized).detach()
            quantized = quantized + codebook[((left[:, None] - codebook) ** 2).sum(-1).argmin(-1)]
        reconstruction = self.decoder(z + (quantized - z).detach())
        commit, codebook = mse_loss(z, quantized.detach()), mse_loss(quantized, z.detach())
        return mse_loss(reconstruction, images) + 0.25 * commit + codebook


def main() -> None:
    """Train when asked to."""
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(0)
    model = Model().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    data = torch.randint(0, 256, (60_000, 1, 28, 28), dtype=torch.uint8)

    def train(images: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(images)
        loss.backward()
        optimizer.step()
        return loss.detach()

    trained = torch.compile(train) if sys.argv[2] == "compiled" else train

    def step() -> float:
        images = data[torch.randint(0, len(data), (BATCH,))].float().div_(255)
        return float(trained(images.contiguous(memory_format=torch.channels_last)))

    serve(step, version=torch.__version__)


if __name__ == "__main__":
    main()
