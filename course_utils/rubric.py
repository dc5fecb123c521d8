"""A rubric that runs: it calculates again what a project says, and asks for the rest.

`judge` takes a `Project` and what you have found, and says for each point whether it is
met, missing, or not believable, and why. Data of your own work as well: put them into a
`Project`.
"""

import contextlib
import html
import math
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import progress
from course_utils.exercises.questions import as_html, without_marks
from course_utils.project import Project, row_keys, times

__all__ = ["Finding", "judge", "rubric"]

WIDTH = 88
MET, MISSING, DOUBTFUL = "met", "missing", "not believable"


class Finding(NamedTuple):
    """What the rubric says about one point."""

    point: str
    verdict: str  # "met", "missing" or "not believable"
    text: str


class _Not(Exception):  # noqa: N818 - it is no error: a point that is not met
    def __init__(self, verdict: str, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


def _missing(text: str) -> _Not:
    return _Not(MISSING, text)


def _doubtful(text: str) -> _Not:
    return _Not(DOUBTFUL, text)


class _Work:
    """A project and its results, with what can be calculated again."""

    def __init__(self, project: Project, results: Mapping[str, Any]) -> None:
        self.project, self.results = project, results
        self.n_classes = len(project.classes)

    def get(self, name: str, what: str) -> Any:
        """Return one of the results, or say what belongs there."""
        value = self.results.get(name)
        if value is None or value is ...:
            raise _missing(f"results[{name!r}] is not there: {what}.")
        return value

    def pair(self, name: str, what: str) -> tuple[float, float]:
        """Return a loss and an accuracy."""
        return _pair(self.get(name, what), f"results[{name!r}]")

    @cached_property
    def rows(self) -> tuple[Tensor, Tensor]:
        """The positions of training and of validation rows in project.X."""
        parts = self.get("split", "(training rows, validation rows), as positions in X")
        try:
            train, held = (torch.as_tensor(part).flatten() for part in parts)
        except (TypeError, ValueError, RuntimeError) as error:
            raise _missing(
                "results['split'] must be two lists of positions in X, such as "
                "(order[:200], order[200:])."
            ) from error
        for part in (train, held):
            if part.dtype.is_floating_point or part.dtype == torch.bool:
                raise _missing(
                    "results['split'] must hold positions in X, whole numbers from 0; "
                    "make them from a mask with torch.nonzero(mask).flatten()."
                )
            if len(part) == 0:
                raise _missing("one of the two parts of results['split'] is empty.")
        n = len(self.project.X)
        if min(train.min(), held.min()) < 0 or max(train.max(), held.max()) >= n:
            raise _doubtful(
                f"results['split'] names rows that are not there: positions go from 0 "
                f"to {n - 1}. Only the rows of project.X are yours to split."
            )
        return train.long(), held.long()

    @cached_property
    def y_held(self) -> Tensor:
        return self.project.y[self.rows[1]]

    @cached_property
    def model(self) -> nn.Module:
        """A new model that got the saved numbers."""
        build = self.get("build", "a function that returns a new model, untrained")
        file = self.get("file", "where torch.save(model.state_dict(), file) has put it")
        if not callable(build) or isinstance(build, nn.Module):
            raise _missing(
                "results['build'] must be a function that makes a new model, not a "
                "model: whoever loads the file later has no model yet."
            )
        model = build()
        if not isinstance(model, nn.Module):
            raise _missing("results['build']() must return a model, an nn.Module.")
        if not Path(file).is_file():
            raise _missing(
                f"there is no file {Path(file).name!r}: torch.save it first."
            )
        try:
            numbers = torch.load(file, weights_only=True, map_location="cpu")
        except Exception as error:
            raise _missing(
                "the file holds more than numbers, perhaps the whole model, so it "
                "cannot be loaded safely. Save model.state_dict() alone."
            ) from error
        try:
            model.load_state_dict(numbers)
        except Exception as error:
            first = str(error).strip().splitlines()[-1].strip()
            raise _missing(
                f"the saved numbers do not fit the model that build() makes: {first}"
            ) from error
        return model.eval()

    def logits_of(self, X: Tensor) -> Tensor:
        """Return what the saved model says to rows as they came."""
        try:
            with torch.no_grad():
                return torch.cat([self.model(part).float() for part in X.split(1000)])
        except _Not:
            raise
        except Exception as error:
            raise _doubtful(
                "the saved model stops at rows as they came in project.X, shape "
                f"{tuple(X.shape)}: {str(error).splitlines()[0]} Put what you do to "
                "them first, such as nn.Flatten(), into the model."
            ) from error

    def logits(self, which: str) -> Tensor:
        """Return the logits of the training, validation or test rows."""
        if which not in self._logits:
            X = {
                "training": lambda: self.project.X[self.rows[0]],
                "validation": lambda: self.project.X[self.rows[1]],
                "test": lambda: self.project.test._X,
            }[which]()
            found = self.logits_of(X)
            if found.shape != (len(X), self.n_classes):
                raise _doubtful(
                    f"the saved model gives answers of shape {tuple(found.shape)}; "
                    f"it must give {self.n_classes} logits a row, one for each class."
                )
            self._logits[which] = found
        return self._logits[which]

    @cached_property
    def _logits(self) -> dict[str, Tensor]:
        return {}

    def y(self, which: str) -> Tensor:
        return {
            "training": lambda: self.project.y[self.rows[0]],
            "validation": lambda: self.y_held,
            "test": lambda: self.project.test._y,
        }[which]()

    def measured(self, which: str) -> tuple[float, float]:
        """Return loss and accuracy of the saved model."""
        logits, y = self.logits(which), self.y(which)
        right = (logits.argmax(dim=1) == y).double().mean().item()
        return F.cross_entropy(logits, y).item(), right

    @cached_property
    def probs(self) -> Tensor:
        """The probabilities that were handed in, after a look at them."""
        value = self.get("probs", "the probabilities of the validation rows, (N, K)")
        probs = torch.as_tensor(value).detach().cpu().double()
        shape = (len(self.y_held), self.n_classes)
        if probs.shape != shape:
            raise _missing(
                f"results['probs'] has shape {tuple(probs.shape)}; a row for each "
                f"validation row and a column for each class make {shape}."
            )
        if not probs.isfinite().all():
            raise _doubtful("results['probs'] holds nan or infinite numbers.")
        sums = probs.sum(dim=1)
        if ((sums - 1).abs() < 1e-3).all() and (probs >= 0).all():
            return probs
        if (probs <= 0).all() and ((probs.exp().sum(dim=1) - 1).abs() < 1e-3).all():
            raise _doubtful(
                "results['probs'] are logarithms of probabilities. Take their exp."
            )
        if (probs < 0).any() or (probs > 1).any():
            raise _doubtful(
                "results['probs'] has numbers below 0 or above 1: these look like "
                "logits (or percent). softmax(logits, dim=1) gives probabilities."
            )
        if ((probs.sum(dim=0) - 1).abs() < 1e-3).all():
            raise _doubtful(
                "the columns of results['probs'] sum to 1, and the rows do not: "
                "softmax ran along dim=0, over the rows. It belongs along dim=1."
            )
        low, high = sums.min().item(), sums.max().item()
        raise _doubtful(
            f"the rows of results['probs'] sum to {low:.2f} up to {high:.2f}, and not "
            "to 1. A sigmoid for each class does that: the classes exclude each other, "
            "so take softmax(logits, dim=1)."
        )


def _number(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _missing(f"{name} must be a number, not {value!r}.") from error
    if not math.isfinite(number):
        raise _doubtful(f"{name} is {number}.")
    return number


def _pair(value: Any, name: str) -> tuple[float, float]:
    try:
        loss, right = value
    except (TypeError, ValueError) as error:
        raise _missing(f"{name} must be a pair (loss, accuracy).") from error
    loss, right = _number(loss, f"the loss in {name}"), _number(right, name)
    if 1 < right <= 100:
        raise _doubtful(
            f"an accuracy of {right:g} in {name}: give it as a share from 0 to 1."
        )
    if not 0 <= right <= 1 or loss < 0:
        raise _doubtful(
            f"{name} holds a loss of {loss:g} and an accuracy of {right:g}. A cross "
            "entropy is not negative, and an accuracy lies between 0 and 1."
        )
    return loss, right


def _agrees(stated: float, right: float) -> bool:
    """Whether a number is another one, perhaps rounded, to two decimals or more."""
    decimals = max(2, len(repr(float(stated)).partition(".")[2]))
    return abs(stated - right) <= max(0.501 * 10**-decimals, 1e-4 * max(1.0, right))


def _split(work: _Work) -> str:
    train, held = work.rows
    for part, name in ((train, "training"), (held, "validation")):
        if len(part.unique()) < len(part):
            raise _doubtful(f"some rows are twice among the {name} rows.")
    both = len(set(train.tolist()) & set(held.tolist()))
    if both:
        raise _doubtful(
            f"{both} rows are both training and validation rows. The model knows their "
            "answers by heart, so they measure nothing."
        )
    project = work.project
    if project.groups is not None:
        shared = set(project.groups[train].tolist())
        shared &= set(project.groups[held].tolist())
        if shared:
            raise _doubtful(
                f"{len(shared)} of the groups are on both sides. Rows of a group come "
                "from one source and are nearly alike: split the groups, then the rows."
            )
    twins = len({*row_keys(project.X[train])} & {*row_keys(project.X[held])})
    if twins:
        raise _doubtful(f"{twins} training rows have an equal twin in validation.")
    lacking = [
        f"{name} ({where})"
        for where, part in (("training", train), ("validation", held))
        for k, name in enumerate(project.classes)
        if not (project.y[part] == k).any()
    ]
    if lacking:
        raise _missing(f"a part has no rows of a class: {', '.join(lacking)}.")
    share = len(held) / (len(train) + len(held))
    if not 0.05 <= share <= 0.6:
        raise _missing(
            f"{len(held)} validation rows beside {len(train)} for training: keep "
            "between a tenth and a half."
        )
    return f"{len(train)} training rows, {len(held)} for validation, none in both."


def _baseline(work: _Work) -> str:
    value = work.get("baseline", "(name, accuracy on the validation rows)")
    try:
        name, stated = value
    except (TypeError, ValueError) as error:
        raise _missing(
            "results['baseline'] must be a pair (name, accuracy)."
        ) from error
    if not isinstance(name, str) or not name.strip():
        raise _missing("give the baseline a name: what does it do?")
    stated = _pair((0.0, stated), "results['baseline']")[1]
    largest = work.project.y[work.rows[0]].bincount(minlength=work.n_classes).argmax()
    floor = (work.y_held == largest).double().mean().item()
    if stated < floor and not _agrees(stated, floor):
        raise _missing(
            f"your baseline is right in {stated:.3f}; to answer always "
            f"{work.project.classes[largest]!r}, without looking, is right in "
            f"{floor:.3f}. A baseline is the best of what needs no training loop."
        )
    mean = sum(right for _, right in _runs(work).values()) / len(_runs(work))
    if mean <= stated:
        raise _missing(
            f"the baseline {name!r} ({stated:.3f}) is as good as your model or better "
            f"({mean:.3f} on average). Find out why. If it stays so, keep the "
            "baseline: that is a result."
        )
    return f"{name}, {stated:.3f}; your model has {mean:.3f} on average."


def _first_loss(work: _Work) -> str:
    stated = _number(
        work.get("first_loss", "the loss before the first step"), "first_loss"
    )
    chance = math.log(work.n_classes)
    if _agrees(stated, math.log2(work.n_classes)) and work.n_classes > 2:
        raise _doubtful("that is a loss in bits: PyTorch counts in nats, with ln.")
    if not 0.6 * chance <= stated <= 1.6 * chance:
        why = (
            "Before it has learned, it is very sure and wrong: are the inputs as large "
            "as they came, or is it a sum in the place of a mean?"
            if stated > chance
            else "It knows something before it has learned: is this the loss before "
            "the first step?"
        )
        raise _doubtful(
            f"the first loss is {stated:.3f}. Who knows nothing pays about ln "
            f"{work.n_classes} = {chance:.3f}. {why}"
        )
    return (
        f"{stated:.3f}, near ln {work.n_classes} = {chance:.3f}: it knows nothing yet."
    )


def _one_batch(work: _Work) -> str:
    stated = _number(
        work.get("one_batch", "the loss after learning one small batch by heart"),
        "one_batch",
    )
    if stated < 0:
        raise _doubtful("a cross entropy below 0 is none. Is it the right loss?")
    if stated > 0.1:
        raise _missing(
            f"the loss of one batch got no lower than {stated:.3f}. A model that "
            "cannot learn a few rows by heart has a bug, or too few steps: mend it "
            "before you train with all rows."
        )
    return f"a loss of {stated:.4f}: what should be able to learn does."


def _runs(work: _Work) -> dict[Any, tuple[float, float]]:
    runs = work.get("runs", "{seed: (loss, accuracy) of the validation rows}")
    if not isinstance(runs, Mapping) or not runs:
        raise _missing("results['runs'] must be {seed: (loss, accuracy)}.")
    return {s: _pair(pair, f"results['runs'][{s!r}]") for s, pair in runs.items()}


def _seeds(work: _Work) -> str:
    runs = _runs(work)
    if len(runs) < 3:
        raise _missing(
            f"{times(len(runs))} is too few: nobody can tell luck from skill. Take "
            "at least three seeds."
        )
    if len(set(runs.values())) == 1:
        raise _doubtful(
            "all runs gave the same to the last digit. Either the seed is not used, or "
            "nothing is random in your training; then let the seed draw the split."
        )
    n = len(work.y_held)
    measured = work.measured("validation")
    if not any(all(map(_agrees, pair, measured)) for pair in runs.values()):
        training = work.measured("training")
        if any(_agrees(right, training[1]) for _, right in runs.values()):
            raise _doubtful(
                "the saved model has this accuracy on the *training* rows "
                f"({training[1]:.3f}). On the validation rows it has "
                f"{measured[1]:.3f}, and these count."
            )
        raise _doubtful(
            f"the saved model has loss {measured[0]:.3f} and accuracy "
            f"{measured[1]:.3f} on your {n} validation rows, and no run says so. Save "
            "one of the runs, and give the split that it was trained with."
        )
    rights = [right for _, right in runs.values()]
    return (
        f"{len(runs)} seeds, accuracy from {min(rights):.3f} to {max(rights):.3f}; one "
        f"of them is the saved model."
    )


def _class_table(work: _Work) -> str:
    table = work.get("classes", "{class: (right, how many)} of the validation rows")
    names = work.project.classes
    if not isinstance(table, Mapping) or set(map(str, table)) != set(names):
        raise _missing(f"results['classes'] must have the keys {', '.join(names)}.")
    try:
        rows = {str(k): tuple(int(v) for v in pair) for k, pair in table.items()}
        rows = {name: (rows[name][0], rows[name][1]) for name in names}
    except (TypeError, ValueError, IndexError) as error:
        raise _missing("each class needs (how many right, how many rows).") from error
    y, y_pred = work.y_held, work.logits("validation").argmax(dim=1)
    total = sum(n for _, n in rows.values())
    if total != len(y):
        training = len(work.rows[0])
        which = " These are the training rows." if total == training else ""
        raise _doubtful(
            f"the classes have {total} rows together, and there are {len(y)} "
            f"validation rows.{which}"
        )
    for k, name in enumerate(names):
        right, n = rows[name]
        true_n = int((y == k).sum())
        true_right = int(((y == k) & (y_pred == k)).sum())
        if n == int((y_pred == k).sum()) and n != true_n and right == true_right:
            raise _doubtful(
                f"{name}: {n} is how often the model *says* {name!r}. Class by class "
                f"goes by the truth: {true_n} rows are of this class."
            )
        if n != true_n:
            raise _doubtful(f"{name}: {true_n} validation rows, and not {n}.")
        if right != true_right:
            raise _doubtful(
                f"{name}: the saved model gets {true_right} of {n} right, not {right}."
            )
    weakest = min(names, key=lambda name: rows[name][0] / rows[name][1])
    right, n = rows[weakest]
    return f"it all adds up. The weakest class is {weakest}: {right} of {n}."


def _calibration(work: _Work) -> str:
    probs = work.probs
    table = work.get(
        "calibration", "[(how many rows, mean certainty, share right)] of some groups"
    )
    try:
        rows = [tuple(float(v) for v in row) for row in table]
        rows = sorted(((n, s, r) for n, s, r in rows if n), key=lambda row: row[1])
    except (TypeError, ValueError) as error:
        raise _missing(
            "each group needs (rows, mean certainty, share right)."
        ) from error
    if len(rows) < 2:
        raise _missing("one group is no comparison: make at least two by certainty.")
    if max(v for row in rows for v in row[1:]) > 1:
        raise _doubtful("give certainty and share right as numbers from 0 to 1.")
    if rows[0][1] < 1 / work.n_classes - 1e-6:
        raise _doubtful(
            f"a mean certainty of {rows[0][1]:.3f}, with {work.n_classes} classes: the "
            f"largest of {work.n_classes} probabilities is at least 1 / "
            f"{work.n_classes}. Is it the probability of one fixed class? Take "
            "probs.max(dim=1)."
        )
    sure, order = probs.max(dim=1).values.sort()
    right = (probs.argmax(dim=1) == work.y_held)[order].double()
    total = sum(n for n, *_ in rows)
    if total != len(sure):
        raise _doubtful(
            f"the groups have {total:g} rows together, of {len(sure)}. Does a group "
            "miss its edge, such as a certainty of exactly 1?"
        )
    if not _agrees(sum(n * r for n, _, r in rows) / total, right.mean().item()):
        raise _doubtful(
            "the shares right of the groups do not make the accuracy of "
            f"{right.mean():.3f} together."
        )
    done = 0
    for n, certainty, _ in rows:
        mean = sure[done : done + int(n)].mean().item()
        done += int(n)
        if not _agrees(certainty, mean) and abs(certainty - mean) > 0.006:
            raise _doubtful(
                f"a group of {n:g} rows has mean certainty {certainty:.3f}; from your "
                f"probabilities it is {mean:.3f}."
            )
    gap = sum(n * abs(s - r) for n, s, r in rows) / total
    return (
        f"on average {sure.mean():.3f} sure and {right.mean():.3f} right; the groups "
        f"are off by {gap:.3f}."
    )


def _opened(work: _Work) -> str:
    n = work.project.test.openings
    if n == 0:
        if work.results.get("test") is not None:
            raise _doubtful(
                "results['test'] has numbers of a test set that was never opened."
            )
        raise _missing("not yet, and that is right until all else is done.")
    if n > 1:
        raise _doubtful(
            f"opened {times(n)}. Who looks again after a change has chosen with the "
            "test, and it flatters. If you changed nothing, restart the kernel and "
            "run all once."
        )
    return "opened once."


def _loss_and_accuracy(work: _Work) -> str:
    if work.project.test.openings == 0:
        raise _missing("of the test rows: open the test first, at the very end.")
    loss, right = work.pair("test", "(loss, accuracy) of the test rows")
    true_loss, true_right = work.measured("test")
    n = len(work.project.test)
    if not _agrees(right, true_right):
        for which in ("training", "validation"):
            if _agrees(right, work.measured(which)[1]):
                raise _doubtful(
                    f"{right:.3f} is the accuracy on the *{which}* rows. On the test "
                    f"rows it is {true_right:.3f}."
                )
        if _agrees(right, 1 - true_right):
            raise _doubtful("that is the share of *wrong* answers.")
        raise _doubtful(
            f"the saved model is right in {true_right:.3f} of the {n} test rows, and "
            f"not in {right:.3f}."
        )
    if not _agrees(loss, true_loss):
        logits, y = work.logits("test"), work.y("test")
        other = {
            "the sum over the rows; divide by their number": true_loss * n,
            "in bits": true_loss / math.log(2),
            "softmax twice: cross_entropy takes logits": F.cross_entropy(
                logits.softmax(dim=1), y
            ).item(),
            "the loss of the training rows": work.measured("training")[0],
            "the loss of the validation rows": work.measured("validation")[0],
        }
        for what, value in other.items():
            if _agrees(loss, value):
                raise _doubtful(f"a loss of {loss:.3f} is {what}. ({true_loss:.3f}.)")
        raise _doubtful(
            f"the saved model has a loss of {true_loss:.3f} on the test rows, not "
            f"{loss:.3f}."
        )
    return f"loss {true_loss:.3f}, accuracy {true_right:.3f}, found again."


def _saved(work: _Work) -> str:
    logits = work.logits("validation")
    probs = work.probs
    if not torch.allclose(logits.softmax(dim=1).double(), probs, atol=1e-3):
        train = work.project.X[work.rows[0]]
        mean, spread = train.mean(dim=0), train.std(dim=0)
        X = (work.project.X[work.rows[1]] - mean) / spread.clamp(min=1e-8)
        again = torch.zeros_like(probs)
        with contextlib.suppress(_Not):  # it may stop at them, too
            again = work.logits_of(X).softmax(dim=1).double()
        if again.shape == probs.shape and torch.allclose(again, probs, atol=0.01):
            raise _doubtful(
                "the loaded model gives your answers to *standardised* rows only. "
                "Mean and spread are part of the model: put them in, so that they "
                "are saved with it."
            )
        kinds = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm)
        mode = any(isinstance(m, kinds) for m in work.model.modules())
        raise _doubtful(
            "the loaded model gives other probabilities than results['probs']. "
            + (
                "Did the model answer in training mode? Call model.eval() first."
                if mode
                else "Is it the model that made them, and are the rows in the order of "
                "results['split']?"
            )
        )
    return "a new model with the saved numbers gives the same answers."


def _claim(work: _Work) -> str:
    if work.project.test.openings == 0:
        raise _missing("open the test first.")
    text = work.get("claim", "a sentence with the accuracy and its standard error")
    if not isinstance(text, str):
        raise _missing("results['claim'] must be a sentence.")
    n = len(work.project.test)
    right = work.measured("test")[1]
    found = []
    for digits, percent in re.findall(r"(?<![\w.])(\d+(?:\.\d+)?)(\s*%)?", text):
        shift = 2 if percent else 0
        half = 0.501 * 10 ** -(len(digits.partition(".")[2]) + shift)
        found.append((float(digits) / 10**shift, half))

    def named(value: float) -> bool:
        return any(abs(number - value) <= min(half, 0.006) for number, half in found)

    if not named(right):
        raise _missing(f"the claim does not name the accuracy, {right:.3f}.")
    if right == 1:
        if named(3 / n):
            return f"all {n} right, so up to {3 / n:.3f} may be wrong."
        raise _missing(
            f"all {n} test rows are right, and the formula gives a standard error of "
            f"0, which nobody should believe. Say instead: up to 3 / {n} = "
            f"{3 / n:.3f} may be wrong."
        )
    error = math.sqrt(right * (1 - right) / n)
    if named(error):
        return f"accuracy {right:.3f}, standard error {error:.3f}."
    others = {
        "the root is missing": right * (1 - right) / n,
        "the division by the number of rows is missing": error * math.sqrt(n),
        f"it was divided by {n}, and not by the root of it": error / math.sqrt(n),
        "that is two of them; say that, or name one": 2 * error,
    }
    for what, value in others.items():
        if named(value):
            raise _doubtful(
                f"the standard error is not {value:.3g}: {what}. It is the root of "
                f"{right:.3f} times {1 - right:.3f} divided by {n}: {error:.3f}."
            )
    raise _missing(
        f"the claim does not name the standard error of the accuracy: {error:.3f} with "
        f"{n} rows."
    )


POINTS: dict[str, Callable[[_Work], str]] = {
    "split": _split,
    "baseline": _baseline,
    "first loss": _first_loss,
    "one batch": _one_batch,
    "seeds": _seeds,
    "class by class": _class_table,
    "calibration": _calibration,
    "saved and loaded": _saved,
    "test opened once": _opened,
    "loss and accuracy": _loss_and_accuracy,
    "claim": _claim,
}


def judge(project: Project, results: Mapping[str, Any]) -> list[Finding]:
    """Say for each point of the rubric whether it is met.

    Parameters
    ----------
    project : Project
    results : mapping
        What you have found; `rubric` says what belongs to it.

    Returns
    -------
    list of Finding
        One for each point. Nothing about the test rows before they were opened.
    """
    work, findings = _Work(project, results), []
    for point, look in POINTS.items():
        try:
            findings.append(Finding(point, MET, look(work)))
        except _Not as reason:
            findings.append(Finding(point, reason.verdict, str(reason)))
    return findings


def rubric(project: Project, results: Mapping[str, Any]) -> None:
    """Show for each point whether it is met, missing or not believable, and why.

    Parameters
    ----------
    project : Project
        From `start`.
    results : mapping
        By name, as far as you have got:

        * ``split``: (training rows, validation rows), as positions in ``project.X``;
        * ``baseline``: (name, accuracy on the validation rows);
        * ``first_loss``: before the first step; ``one_batch``: after learning a small
          batch by heart;
        * ``runs``: {seed: (loss, accuracy) of the validation rows}, three or more;
        * ``probs``: what the model that you save says to the validation rows, (N, K);
        * ``classes``: {class: (right, how many)} of them;
        * ``calibration``: [(rows, mean certainty, share right)] of them, in groups;
        * ``build``: a function that makes a new model, which takes rows as they came
          and gives K logits; ``file``: where its ``state_dict`` is;
        * ``test``: (loss, accuracy) of the test rows;
        * ``claim``: a sentence with the accuracy and its standard error.
    """
    findings = judge(project, results)
    n_met = sum(finding.verdict == MET for finding in findings)
    end = f"{n_met} of {len(findings)} points are met."
    text = "\n".join([*map(_line, findings), end])
    progress.present(text, lambda: _html(findings, end))


def _line(finding: Finding) -> str:
    first = f"{finding.verdict:15}{finding.point}: {without_marks(finding.text)}"
    return textwrap.fill(first, WIDTH, subsequent_indent=" " * 15)


def _html(findings: list[Finding], end: str) -> str:
    colours = {
        MET: ("✓", "#1a7f37"),
        MISSING: ("…", "#57606a"),
        DOUBTFUL: ("✗", "#b35900"),
    }
    rows = "".join(
        f'<tr><td style="color:{colours[f.verdict][1]};white-space:nowrap;'
        f'vertical-align:top"><span aria-hidden="true">{colours[f.verdict][0]} </span>'
        f"<strong>{f.verdict}</strong></td>"
        f'<td style="text-align:left;max-width:65ch"><strong>{f.point}</strong>: '
        f"{as_html(f.text)}</td></tr>"
        for f in findings
    )
    return f'<table role="status">{rows}</table><p>{html.escape(end)}</p>'
