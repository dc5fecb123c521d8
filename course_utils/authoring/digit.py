"""Train the small network of the explorable "draw a digit", and measure it.

Full MNIST, with small changes to each image in each epoch: a drawing on a screen has
thicker or thinner strokes, and leans and stands another way. The weights go into
``course_utils/explorables/digit_network.json``, with what was measured beside them.
"""

import json
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import trange

from course_utils.authoring.labs import ROOT, LabError, write_atomically
from course_utils.data import load_mnist
from course_utils.explorables.network import export, restore

PATH = ROOT / "course_utils" / "explorables" / "digit_network.json"
ABOUT = (
    "Weights made by: python -m course_utils.authoring train-digit. Trained on the "
    "60,000 training images of MNIST (Yann LeCun, Corinna Cortes and Christopher J.C. "
    "Burges; CC BY-SA 3.0). The weights are under the same licence."
)


def network() -> nn.Sequential:
    """Return the network: 14,698 parameters; images (N, 1, 28, 28), logits (N, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 12, 5, stride=2, padding=2),  # (N, 12, 14, 14)
        nn.ReLU(),
        nn.Conv2d(12, 24, 3, stride=2, padding=1),  # (N, 24, 7, 7)
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(24 * 7 * 7, 10),
    )


def main(n_epochs: int = 12, *, seed: int = 0) -> int:
    """Train, measure, and write the file; print what was measured."""
    mnist = load_mnist(validation=0, flat=False)
    if mnist.source == "embedded":
        raise LabError("this needs all of MNIST: set COURSE_MNIST to its folder")
    torch.manual_seed(seed)
    model = network()
    _train(model, mnist.train.X, mnist.train.y, n_epochs)
    layers = export(model, precision="f2")
    report = measure(restore(layers), mnist.test.X, mnist.test.y)
    content = {"about": ABOUT, "measured": report, "layers": layers}
    write_atomically(PATH, json.dumps(content, indent=1) + "\n")
    for name, value in report.items():
        print(f"{value:7.2%}  {name}")
    print(f"{PATH.stat().st_size / 1000:.0f} kB: {PATH}")
    return 0


def _train(model: nn.Module, X: Tensor, y: Tensor, n_epochs: int) -> None:
    batch_size = 128
    n_steps = n_epochs * math.ceil(len(X) / batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, n_steps)
    for _ in trange(n_epochs, desc="epochs"):
        for index in torch.randperm(len(X)).split(batch_size):
            logits = model(changed(X[index]))
            loss = F.cross_entropy(logits, y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def changed(X: Tensor) -> Tensor:
    """Return images (N, 1, 28, 28), each moved, turned, stretched, made thick or thin.

    The random numbers are PyTorch's global ones.
    """

    def random(low: float, high: float) -> Tensor:
        return torch.empty(len(X)).uniform_(low, high)

    angle, lean = random(-0.22, 0.22), random(-0.2, 0.2)
    width, height = random(0.85, 1.15), random(0.85, 1.15)
    cos, sin = angle.cos(), angle.sin()
    rows = [
        torch.stack([cos / width, lean - sin, random(-0.12, 0.12)], dim=1),
        torch.stack([sin, cos / height, random(-0.12, 0.12)], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(X.shape), align_corners=False)
    X = F.grid_sample(X, grid, align_corners=False)
    share = random(-1, 1).reshape(-1, 1, 1, 1)
    bolder = torch.where(share > 0, thick(X), thin(X))
    return X + share.abs() * (bolder - X)


def thick(X: Tensor) -> Tensor:
    """Return images whose strokes are wider by two pixels."""
    return F.max_pool2d(X, 3, stride=1, padding=1)


def thin(X: Tensor) -> Tensor:
    """Return images whose strokes are narrower by one pixel."""
    return 1 - F.max_pool2d(F.pad(1 - X, (1, 0, 1, 0), value=1), 2, stride=1)


def scribbles(n: int, *, seed: int = 0) -> Tensor:
    """Return images (n, 1, 28, 28) of one long random line each, which is no digit."""
    generator = torch.Generator().manual_seed(seed)
    t = torch.linspace(0, 2 * math.pi, 200)
    axis = torch.arange(28.0)
    images = []
    for _ in range(n):
        size = torch.randn(2, 5, generator=generator)
        phase = 2 * math.pi * torch.rand(2, 5, generator=generator)
        waves = torch.arange(1, 6.0)[:, None] * t  # (5, 200)
        path = (size[:, :, None] * (waves + phase[:, :, None]).sin()).sum(dim=1)
        path = path - path.amin(dim=1, keepdim=True)
        path = 4 + 19 * path / path.amax()
        across = (axis[:, None] - path[0]) ** 2  # (28, 200)
        down = (axis[:, None] - path[1]) ** 2
        nearest = (down[:, None] + across[None]).amin(dim=-1).sqrt()
        images.append((1.8 - nearest).clamp(0, 1))
    return torch.stack(images)[:, None]


def measure(model: nn.Module, X: Tensor, y: Tensor) -> dict[str, float]:
    """Return the accuracy on held-out images, as they are and changed."""

    def shifted(X: Tensor) -> Tensor:
        corners = [(-2, -2), (-2, 2), (2, -2), (2, 2)]
        parts = [X[i::4].roll(move, (2, 3)) for i, move in enumerate(corners)]
        result = torch.empty_like(X)
        for i, part in enumerate(parts):
            result[i::4] = part
        return result

    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "of the 10,000 test images": lambda X: X,
        "moved by two pixels along both sides": shifted,
        "with thick strokes": thick,
        "with thin strokes": thin,
    }
    with torch.no_grad():
        report = {
            name: (model(change(X)).argmax(dim=1) == y).float().mean().item()
            for name, change in ways.items()
        }
        sure = model(scribbles(1000)).softmax(dim=1).amax(dim=1)
    name = "of 1,000 scribbles get more than 90% for one digit"
    report[name] = (sure > 0.9).float().mean().item()
    return {name: round(value, 4) for name, value in report.items()}
