"""Time of one training step: `fit` against the loops that one could write instead.

    python tests/benchmarks/bench_training.py

An MLP 784-32-10 with Adam on random images. All rows are measured in turn, again and
again, in one run, because machines are shared and change their speed; the ratio is the
median of the ratios within each round.
"""

import os
import platform
import statistics
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.training import batches, fit

N = 12_000
ROUNDS = 9


def make_model():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
    return model, torch.optim.Adam(model.parameters(), fused=True)


def with_fit(X, y, batch_size):
    model, optimizer = make_model()
    loader = batches(X, y, batch_size, shuffle=True)
    loss_fn = nn.CrossEntropyLoss()
    fit(model, loader, loss_fn, optimizer, n_epochs=1, progress=False)
    return model


def bare_loop(X, y, batch_size):
    """The loop that `fit` wraps, with nothing recorded."""
    model, optimizer = make_model()
    loss_fn = nn.CrossEntropyLoss()
    for rows in torch.randperm(len(X)).split(batch_size):
        loss_fn(model(X[rows]), y[rows]).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def with_dataloader(X, y, batch_size):
    model, optimizer = make_model()
    loss_fn = nn.CrossEntropyLoss()
    for X_batch, y_batch in DataLoader(TensorDataset(X, y), batch_size, shuffle=True):
        loss_fn(model(X_batch), y_batch).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


@torch.no_grad()
def by_hand(X, y, batch_size):
    """Gradients derived on paper, no autograd: the floor of eager PyTorch."""
    model, optimizer = make_model()
    first, second = model[0], model[2]
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    for rows in torch.randperm(len(X)).split(batch_size):
        X_batch, y_batch = X[rows], y[rows]
        hidden = torch.addmm(first.bias, X_batch, first.weight.T).relu_()
        logits = torch.addmm(second.bias, hidden, second.weight.T)
        delta = logits.softmax(dim=1)
        delta[torch.arange(len(rows)), y_batch] -= 1
        delta /= len(rows)
        torch.mm(delta.T, hidden, out=second.weight.grad)
        torch.sum(delta, dim=0, out=second.bias.grad)
        back = (delta @ second.weight).mul_(hidden > 0)
        torch.mm(back.T, X_batch, out=first.weight.grad)
        torch.sum(back, dim=0, out=first.bias.grad)
        optimizer.step()
    return model


def check_that_they_train_alike(X, y):
    """With the same order of rows, three of the loops must give the same weights."""
    weights = []
    for loop in (bare_loop, with_fit, by_hand):
        weights.append(loop(X, y, 128)[0].weight)
    for other in weights[1:]:
        torch.testing.assert_close(weights[0], other, rtol=1e-3, atol=1e-4)


def main():
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    X, y = torch.rand(N, 784), torch.randint(10, (N,))
    check_that_they_train_alike(X[:2000], y[:2000])
    loops = (bare_loop, with_fit, with_dataloader, by_hand)
    print(
        f"torch {torch.__version__}, {torch.get_num_threads()} thread(s), "
        f"{platform.machine()}, {os.cpu_count()} cores, {ROUNDS} rounds"
    )
    for batch_size in (16, 128):
        n_steps = -(-N // batch_size)
        seconds = {loop: [] for loop in loops}
        for round_number in range(ROUNDS + 1):
            for loop in loops:
                start = time.perf_counter()
                loop(X, y, batch_size)
                if round_number:  # the first round warms up
                    seconds[loop].append(time.perf_counter() - start)
        print(
            f"\nbatch size {batch_size}\n{'loop':16} {'us/step':>8} {'min':>6} "
            f"{'max':>6} {'ratio to bare':>14}"
        )
        for loop, times in seconds.items():
            micro = sorted(1e6 * t / n_steps for t in times)
            ratios = [t / b for t, b in zip(times, seconds[bare_loop], strict=True)]
            print(
                f"{loop.__name__:16} {statistics.median(micro):8.0f} {micro[0]:6.0f} "
                f"{micro[-1]:6.0f} {statistics.median(ratios):14.2f}"
            )


if __name__ == "__main__":
    main()
