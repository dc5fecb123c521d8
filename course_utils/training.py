"""The training loop of lab 08, ready to import: batches, epochs, accuracy.

Nothing here decides anything about a model: loss, optimizer, learning rate, seed
and device stay in the lab, where they can be read and changed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

__all__ = [
    "Result",
    "accuracy",
    "batches",
    "fit",
    "pick_device",
    "run_epoch",
]


class Result(NamedTuple):
    """What one pass over the data gave.

    Attributes
    ----------
    loss : float
        Mean loss per sample, in the unit of the loss function (nats for cross
        entropy).
    accuracy : float
        Fraction of samples classified correctly, in [0, 1].
    """

    loss: float
    accuracy: float


def pick_device() -> torch.device:
    """Choose the fastest device of this machine.

    Returns
    -------
    torch.device
        CUDA, else Apple's MPS, else the CPU.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


class batches:  # noqa: N801 - it is used like `range`, which is a class too
    """Cut a data set into batches, anew each time it is iterated.

    Like ``range`` it can be looped over many times and has a length. With
    ``shuffle`` every loop draws a new order: whole rows are picked by an index
    tensor, which is several times faster than a ``DataLoader`` that collects
    them one by one.

    Parameters
    ----------
    X : Tensor, shape (N, ...)
        Inputs, on any device. The batches stay on it.
    y : Tensor, shape (N, ...)
        Targets, on the same device.
    batch_size : int
        Rows per batch, at least 1. The last batch is shorter when N is no multiple.
    shuffle : bool
        Draw a new order for each loop. Leave it off to evaluate.
    generator : torch.Generator, optional
        A generator on the CPU that draws the orders; the global one if not given.

    Raises
    ------
    ValueError
        If ``X`` and ``y`` differ in length or device, are empty, or ``batch_size`` is
        below 1.

    Yields
    ------
    X, y : Tensor
        ``batch_size`` rows of each, or fewer in the last batch, with dtype and device
        of the whole. Without ``shuffle`` they are views of it.
    """

    def __init__(
        self,
        X: Tensor,
        y: Tensor,
        batch_size: int,
        *,
        shuffle: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        if len(X) != len(y):
            raise ValueError(
                f"X has {len(X)} rows and y has {len(y)}; each row needs one target."
            )
        if len(X) == 0:
            raise ValueError("X has no rows, so there is nothing to cut into batches.")
        if X.device != y.device:
            raise ValueError(
                f"X is on {X.device} and y is on {y.device}; move one: y.to(X.device)."
            )
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; it must be at least 1.")
        self.X, self.y, self.batch_size = X, y, batch_size
        self.shuffle, self.generator = shuffle, generator

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-len(self.X) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ``(X, y)`` of one batch after the other."""
        if not self.shuffle:
            yield from zip(
                self.X.split(self.batch_size),
                self.y.split(self.batch_size),
                strict=True,
            )
            return
        # The order is drawn on the CPU, so that it is the same on every device.
        order = torch.randperm(len(self.X), generator=self.generator)
        for rows in order.to(self.X.device).split(self.batch_size):
            yield self.X[rows], self.y[rows]


def accuracy(outputs: Tensor, y: Tensor, *, threshold: float = 0.0) -> float:
    """Return the fraction of samples that are classified correctly.

    Parameters
    ----------
    outputs : Tensor, shape (N, K) or (N, 1)
        K columns: one score per class (logits or probabilities), the largest wins.
        One column: one score for class 1, which wins above ``threshold``.
    y : Tensor, shape (N,) for K columns, (N, 1) for one column
        Class indices in [0, K), or 0 and 1 in one column.
    threshold : float
        Only for one column: 0 if the scores are logits, 0.5 if probabilities.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the shapes do not fit. PyTorch would compare (N,) with (N, 1) without
        complaint, all N x N pairs of them, and the mean would be meaningless.
    """
    if len(y) == 0:
        raise ValueError("There are no samples, so there is no accuracy.")
    return (is_correct(outputs, y, threshold).sum() / len(y)).item()


def is_correct(outputs: Tensor, y: Tensor, threshold: float) -> Tensor:
    """Say for each sample whether it is classified correctly.

    Parameters and errors are those of `accuracy`; without samples there is no error.

    Returns
    -------
    Tensor, bool
        In the shape and on the device of `y`.
    """
    if outputs.ndim != 2:
        raise ValueError(
            f"outputs has shape {tuple(outputs.shape)}; expected (N, K), or (N, 1) for "
            "one score per sample. reshape(-1, 1) makes a column of a vector."
        )
    if outputs.shape[1] == 1:
        if y.shape != outputs.shape:
            raise ValueError(
                f"outputs has shape {tuple(outputs.shape)} but y has "
                f"{tuple(y.shape)}; comparing them would broadcast. One score per "
                "sample needs y of the same shape (N, 1): use y.reshape(-1, 1)."
            )
        return (outputs > threshold) == y.bool()
    if y.shape != outputs.shape[:1]:
        raise ValueError(
            f"outputs has shape {tuple(outputs.shape)} but y has {tuple(y.shape)}; "
            "one score per class needs class indices of shape (N,): use y.flatten() "
            "for a column, y.argmax(dim=1) for one-hot rows."
        )
    return outputs.argmax(dim=1) == y


def run_epoch(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer | None = None,
    *,
    threshold: float = 0.0,
) -> Result:
    """Go once over the data: train if given an optimizer, otherwise evaluate.

    Evaluation runs in eval mode and without gradients; afterwards every part of
    the model is in the mode in which it was found.

    Parameters
    ----------
    model : nn.Module
        Its parameters say on which device the batches are needed.
    loader : iterable of (X, y)
        `batches`, a ``DataLoader``, or ``[(X, y)]`` for one full batch.
    loss_fn : callable
        ``loss_fn(outputs, y)`` returns the mean loss of the batch, a scalar tensor on
        the device of the model: the sum over the samples divided by their number.
    optimizer : torch.optim.Optimizer, optional
        Makes one step per batch.
    threshold : float
        See `accuracy`: 0 for logits, 0.5 if the model ends with a sigmoid.

    Returns
    -------
    Result
        Loss and accuracy per sample: a short last batch counts for what it is. When
        training, each batch is judged before the step that it causes.

    Raises
    ------
    ValueError
        If the loader is empty, or shapes do not fit; or if the loss divides by
        something else than the number of samples: by 1 (``reduction="sum"``), or, as
        cross entropy with ``weight`` or ``ignore_index``, by the sum of the weights of
        the batch. This is seen in a module or a ``functools.partial``, not in a
        function of your own.
    FloatingPointError
        If the loss is nan or infinite.
    """
    _check_mean(loss_fn)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    modes = [(module, module.training) for module in model.modules()]
    # Results stay on the device: asking for a number after each batch would make a GPU
    # wait for the CPU again and again.
    loss_sum = torch.zeros((), device=device)
    correct = []  # of each batch; counted once, which with small batches saves time
    n_samples = 0
    model.train(optimizer is not None)
    try:
        with nullcontext() if optimizer is not None else torch.no_grad():
            for X, y in loader:
                X, y = X.to(device), y.to(device)
                outputs = model(X)
                loss = loss_fn(outputs, y)
                if optimizer is not None:
                    loss.backward()
                    optimizer.step()
                    optimizer.zero_grad()
                loss_sum.add_(loss.detach(), alpha=len(X))
                correct.append(is_correct(outputs.detach(), y, threshold))
                n_samples += len(X)
    finally:
        for module, mode in modes:
            module.training = mode
    if n_samples == 0:
        raise ValueError(
            "The loader gave no batches. A loader that is a generator is "
            "used up after one epoch; `batches` can be used again."
        )
    n_correct = torch.cat(correct).sum()
    result = Result((loss_sum / n_samples).item(), (n_correct / n_samples).item())
    if not np.isfinite(result.loss):
        raise FloatingPointError(
            f"The loss is {result.loss}. Usual causes: a learning rate that is too "
            "large, log(0), exp of a large logit, or nan in the data."
        )
    return result


def _check_mean(loss_fn: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Refuse a loss that is no mean per sample, so far as this can be seen."""

    def given(name, default):
        of_module = getattr(loss_fn, name, default)
        return getattr(loss_fn, "keywords", {}).get(name, of_module)  # of a partial

    if given("reduction", "mean") != "mean":
        raise ValueError(
            f"loss_fn has reduction={given('reduction', None)!r}; use 'mean', so that "
            "the learning rate does not depend on the batch size."
        )
    # Other losses multiply by their weight, too, but divide by the number of samples.
    divides_by_weights = isinstance(loss_fn, nn.CrossEntropyLoss | nn.NLLLoss) or (
        getattr(loss_fn, "func", None) in (F.cross_entropy, F.nll_loss)
    )
    changed = {
        "weight": given("weight", None) is not None,
        "ignore_index": given("ignore_index", -100) != -100,  # PyTorch's own default
    }
    for name in changed:
        if divides_by_weights and changed[name]:
            raise ValueError(
                f"loss_fn has {name}, so its mean is not over the samples but over "
                "their weights (lab 03), and the batches do not add up to a mean per "
                "sample. Leave it out, or write the loop of lab 08 and divide by the "
                "sum of the weights."
            )


def fit(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    n_epochs: int,
    validation: Iterable[tuple[Tensor, Tensor]] | None = None,
    threshold: float = 0.0,
    progress: bool = True,
) -> dict[str, list[float]]:
    """Train for some epochs and record one number per epoch.

    Parameters
    ----------
    model, loader, loss_fn, optimizer, threshold
        As in `run_epoch`.
    n_epochs : int
        How often to go over the data, at least 1.
    validation : iterable of (X, y), optional
        Evaluated after every epoch.
    progress : bool
        Show a progress bar (on stderr).

    Returns
    -------
    dict of list of float
        ``loss`` and ``accuracy``, and with validation also ``val_loss`` and
        ``val_accuracy``; each list has ``n_epochs`` numbers. The first two are the
        running values of an epoch, taken while the model still changes.

    Raises
    ------
    ValueError
        As `run_epoch`, or if ``n_epochs`` is below 1.
    FloatingPointError
        If the loss stops being finite; the message names the epoch.
    """
    if n_epochs < 1:
        raise ValueError(f"n_epochs is {n_epochs}; it must be at least 1.")
    names = ["loss", "accuracy"]
    if validation is not None:
        names += ["val_loss", "val_accuracy"]
    history: dict[str, list[float]] = {name: [] for name in names}
    with tqdm(total=n_epochs, unit="epoch", disable=not progress) as bar:
        for epoch in range(1, n_epochs + 1):
            try:
                numbers = [
                    *run_epoch(model, loader, loss_fn, optimizer, threshold=threshold)
                ]
                if validation is not None:
                    numbers += run_epoch(
                        model, validation, loss_fn, threshold=threshold
                    )
            except FloatingPointError as error:
                raise FloatingPointError(f"Epoch {epoch}: {error}") from None
            for name, number in zip(names, numbers, strict=True):
                history[name].append(number)
            bar.set_postfix(
                {name: f"{values[-1]:.4f}" for name, values in history.items()},
                refresh=False,
            )
            bar.update()
    return history
