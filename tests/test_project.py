"""The project of lab 13: its data, its lock, and a rubric that is hard to deceive."""

import copy
import math
import re
import socket
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, progress, rubric
from course_utils import project as projects
from course_utils.exercises import lab13
from course_utils.rubric import DOUBTFUL, MET, MISSING, POINTS, judge


@pytest.fixture(autouse=True)
def locked(monkeypatch):
    """Let no test see what another one has opened."""
    monkeypatch.setattr(projects, "_openings", Counter())


# The shortest project that meets the whole rubric ----------------------------------


class Standardise(nn.Module):
    def __init__(self, X):
        super().__init__()
        self.register_buffer("mean", X.mean(dim=0))
        self.register_buffer("spread", X.std(dim=0))

    def forward(self, X):
        return (X - self.mean) / self.spread


def train(model, X, y):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()
    return loss.item()


def measure(model, X, y):
    with torch.no_grad():
        logits = model(X)
    right = (logits.argmax(dim=1) == y).float().mean().item()
    return F.cross_entropy(logits, y).item(), right


def example(folder, open_test=True):
    """Go through a project in the order of the lab; return it with its results."""
    wine = projects.start("wine")
    X, y, results = wine.X, wine.y, {}
    order = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))
    rows, held = results["split"] = order[:80], order[80:]
    largest = (y[held] == y[rows].mode().values).float().mean().item()
    results["baseline"] = "the largest class", largest

    def build():
        return nn.Sequential(Standardise(X[rows]), nn.Linear(13, 3))

    torch.manual_seed(0)
    model = build()
    results["first_loss"] = F.cross_entropy(model(X[rows]), y[rows]).item()
    results["one_batch"] = train(model, X[rows[:8]], y[rows[:8]])
    results["runs"] = {}
    for seed in (2, 1, 0):
        torch.manual_seed(seed)
        model = build()
        train(model, X[rows], y[rows])
        results["runs"][seed] = measure(model, X[held], y[held])
    probs = results["probs"] = model(X[held]).softmax(dim=1).detach()
    sure, y_pred = probs.max(dim=1)
    hits = y_pred == y[held]
    results["classes"] = {
        name: (hits[y[held] == k].sum().item(), (y[held] == k).sum().item())
        for k, name in enumerate(wine.classes)
    }
    results["calibration"] = [
        (len(part), sure[part].mean().item(), hits[part].float().mean().item())
        for part in sure.argsort().chunk(2)
    ]
    results["build"], results["file"] = build, folder / "wine.pt"
    torch.save(model.state_dict(), results["file"])
    if open_test:
        X_test, y_test = wine.test.open()
        results["test"] = measure(model, X_test, y_test)
        right, n = results["test"][1], len(y_test)
        error = math.sqrt(right * (1 - right) / n)
        results["claim"] = f"Accuracy {right:.3f}, standard error {error:.3f}, of {n}."
    return wine, results


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make the example once; most tests change a copy of its results."""
    return example(tmp_path_factory.mktemp("project"))


@pytest.fixture
def whole(made):
    wine, results = made
    projects._openings["wine"] = 1
    return wine, {**results, "model": None}


def verdicts(wine, results):
    return {point: (verdict, text) for point, verdict, text in judge(wine, results)}


def test_the_shortest_project_meets_every_point(tmp_path):
    findings = judge(*example(tmp_path))
    assert [finding.point for finding in findings] == [*POINTS]
    assert {finding.verdict for finding in findings} == {MET}, findings


def test_before_the_test_is_opened_nothing_is_told_about_it(tmp_path, monkeypatch):
    wine, results = example(tmp_path, open_test=False)
    monkeypatch.setattr(wine.test, "_X", None)  # whoever looks stops with an error
    monkeypatch.setattr(wine.test, "_y", [0] * 58)
    found = verdicts(wine, results)
    assert wine.test.openings == 0
    late = {"test opened once", "loss and accuracy", "claim"}
    assert {point for point, (verdict, _) in found.items() if verdict != MET} == late
    assert {found[point][0] for point in late} == {MISSING}


def test_an_empty_notebook_misses_everything_and_learns_what_to_do():
    found = verdicts(projects.start("wine"), {})
    assert {verdict for verdict, _ in found.values()} == {MISSING}
    said = " ".join(text for _, text in found.values())
    for key in ("split", "baseline", "first_loss", "one_batch", "runs", "classes"):
        assert f"results['{key}'] is not there: " in said


# Wrong turns ---------------------------------------------------------------------
#
# Each change of the results is refused by the point that it belongs to, for its reason.


def with_rows(change):
    def changed(wine, results):
        return {"split": change(*results["split"], wine)}

    return changed


def with_file(save):
    """Save something else as the file; ``save`` gets a trained model and the path."""

    def changed(wine, results):
        model = results["build"]()
        model.load_state_dict(torch.load(results["file"], weights_only=True))
        file = results["file"].with_name("other.pt")
        save(model, file)
        return {"file": file}

    return changed


def training_accuracy(wine, results):
    model = results["build"]()
    model.load_state_dict(torch.load(results["file"], weights_only=True))
    rows = results["split"][0]
    return measure(model, wine.X[rows], wine.y[rows])


def runs_of_training_rows(wine, results):
    loss, right = training_accuracy(wine, results)
    return {"runs": {seed: (loss + seed, right) for seed in range(3)}}


def standardised_outside(wine, results):
    """Save the linear layer alone, and answer standardised rows with it."""
    model = results["build"]()
    model.load_state_dict(torch.load(results["file"], weights_only=True))
    file = results["file"].with_name("bare.pt")
    torch.save(model[1].state_dict(), file)
    return {"build": lambda: nn.Linear(13, 3), "file": file}


def with_model(make):
    """Save another model in the place of the one that was trained."""

    def changed(wine, results):
        file = results["file"].with_name("another.pt")
        torch.save(make(results).state_dict(), file)
        return {"build": lambda: make(results), "file": file}

    return changed


def with_dropout(wine, results):
    def build():
        return nn.Sequential(*results["build"](), nn.Dropout(0.0))

    model = results["build"]()
    model.load_state_dict(torch.load(results["file"], weights_only=True))
    torch.manual_seed(0)
    logits = F.dropout(model(wine.X[results["split"][1]]), 0.5).detach()
    return {"build": build, "probs": logits.softmax(dim=1)}


def logits_of(results):
    return results["probs"].log() + 2.0


def test_numbers(wine, results):
    logits = results["build"]()
    logits.load_state_dict(torch.load(results["file"], weights_only=True))
    return logits(wine.test._X).detach(), wine.test._y


test_numbers.__test__ = False


def with_test(loss=None, right=None):
    def changed(wine, results):
        logits, y = test_numbers(wine, results)
        true = results["test"]
        new_loss = true[0] if loss is None else loss(logits, y)
        new_right = true[1] if right is None else right(wine, results)
        return {"test": (new_loss, new_right)}

    return changed


def first_class(change):
    def changed(wine, results):
        name = wine.classes[0]
        table = results["classes"]
        return {"classes": {**table, name: change(*table[name])}}

    return changed


def by_prediction(wine, results):
    """Count how often each class is said; wrong answers make that another number."""
    held = results["split"][1]
    y_pred = results["probs"].argmax(dim=1)
    return {
        "classes": {
            name: (((y_pred == k) & (wine.y[held] == k)).sum(), (y_pred == k).sum())
            for k, name in enumerate(wine.classes)
        }
    }


def groups(change):
    return lambda wine, results: {
        "calibration": [change(*row) for row in results["calibration"]]
    }


def claim(text):
    def changed(wine, results):
        right, n = results["test"][1], len(wine.test)
        error = math.sqrt(right * (1 - right) / n)
        return {"claim": text(right, error, n)}

    return changed


def swapped(wine, results):
    """Put a validation row among the training rows."""
    rows, held = results["split"]
    return {"split": (torch.cat([rows, held[:3]]), held)}


WRONG = {
    # point: verdict, what is said, a change of the results
    "split": [
        (DOUBTFUL, "3 rows are both training and validation", swapped),
        (DOUBTFUL, "not there", with_rows(lambda a, b, w: (a, b + 40))),
        (DOUBTFUL, "not there", with_rows(lambda a, b, w: (a, b - 120))),
        (DOUBTFUL, "twice", with_rows(lambda a, b, w: (torch.cat([a, a[:1]]), b))),
        (MISSING, "two lists", with_rows(lambda a, b, w: 80)),
        (MISSING, "whole numbers", with_rows(lambda a, b, w: (a / 1, b))),
        (MISSING, "whole numbers", with_rows(lambda a, b, w: (w.y == 0, b))),
        (MISSING, "empty", with_rows(lambda a, b, w: (a, b[:0]))),
        (MISSING, "grower 3", with_rows(lambda a, b, w: (a, b[w.y[b] < 2]))),
        (
            MISSING,
            "between",
            with_rows(lambda a, b, w: (a[:20], torch.cat([a[20:], b]))),
        ),
    ],
    "baseline": [
        (MISSING, "is not there", {"baseline": None}),
        (MISSING, "is not there", {"baseline": ...}),
        (MISSING, "a pair", {"baseline": 0.4}),
        (MISSING, "a name", {"baseline": ("", 0.4)}),
        (MISSING, "'grower 2'", {"baseline": ("a coin", 0.05)}),
        (DOUBTFUL, "share from 0 to 1", {"baseline": ("largest", 40.0)}),
        (MISSING, "as good as your model or better", {"baseline": ("a tree", 1.0)}),
    ],
    "first loss": [
        (MISSING, "is not there", {"first_loss": None}),
        (MISSING, "must be a number", {"first_loss": "small"}),
        (DOUBTFUL, "as large as they came", {"first_loss": 80.0}),
        (DOUBTFUL, "before the first step", {"first_loss": 0.05}),
        (DOUBTFUL, "bits", {"first_loss": math.log2(3)}),
        (DOUBTFUL, "nan", {"first_loss": math.nan}),
    ],
    "one batch": [
        (MISSING, "has a bug", {"one_batch": 0.9}),
        (DOUBTFUL, "below 0", {"one_batch": -0.1}),
        (MISSING, "is not there", {"one_batch": None}),
    ],
    "seeds": [
        (
            MISSING,
            "at least three seeds",
            lambda w, r: {"runs": {0: r["runs"][0]}},
        ),
        (
            DOUBTFUL,
            "same to the last digit",
            lambda w, r: {"runs": dict.fromkeys(range(3), r["runs"][0])},
        ),
        (DOUBTFUL, "on the *training* rows", runs_of_training_rows),
        (
            DOUBTFUL,
            "no run says so",
            lambda w, r: {"runs": {s: (0.3 + s, 0.7) for s in range(3)}},
        ),
        (
            DOUBTFUL,
            "share from 0 to 1",
            lambda w, r: {"runs": {s: (p[0], 97.5) for s, p in r["runs"].items()}},
        ),
        (DOUBTFUL, "not negative", {"runs": dict.fromkeys(range(3), (-1, 0.9))}),
        (MISSING, "pair", {"runs": {0: 0.97, 1: 0.97, 2: 0.95}}),
        (MISSING, "must be {seed", {"runs": [0.97, 0.97]}),
    ],
    "class by class": [
        (MISSING, "must have the keys", {"classes": {"all": (39, 40)}}),
        (DOUBTFUL, "40 validation rows", first_class(lambda right, n: (right, n + 1))),
        (DOUBTFUL, "right, not", first_class(lambda right, n: (right - 1, n))),
        (
            MISSING,
            "how many right",
            lambda w, r: {"classes": dict.fromkeys(w.classes, 13)},
        ),
        (
            DOUBTFUL,
            "training rows",
            lambda w, r: {
                "classes": {
                    name: 2 * ((w.y[r["split"][0]] == k).sum().item(),)
                    for k, name in enumerate(w.classes)
                }
            },
        ),
    ],
    "calibration": [
        (DOUBTFUL, "logits", lambda w, r: {"probs": logits_of(r)}),
        (DOUBTFUL, "exp", lambda w, r: {"probs": r["probs"].log()}),
        (DOUBTFUL, "A sigmoid", lambda w, r: {"probs": torch.sigmoid(logits_of(r))}),
        (DOUBTFUL, "logits", lambda w, r: {"probs": 100 * r["probs"]}),
        (DOUBTFUL, "dim=0", lambda w, r: {"probs": r["probs"].log().softmax(dim=0)}),
        (DOUBTFUL, "nan", lambda w, r: {"probs": r["probs"] * math.nan}),
        (MISSING, "shape", lambda w, r: {"probs": r["probs"][:, 0]}),
        (MISSING, "is not there", {"calibration": None}),
        (MISSING, "each group needs", {"calibration": [0.9, 0.8]}),
        (MISSING, "at least two", lambda w, r: {"calibration": [(40, 0.9, 0.9)]}),
        (
            DOUBTFUL,
            "miss its edge",
            groups(lambda n, p, right: (n - 1, p, right)),
        ),
        (DOUBTFUL, "accuracy", groups(lambda n, p, right: (n, p, right / 2))),
        (DOUBTFUL, "from your", groups(lambda n, p, right: (n, p - 0.1, right))),
        (DOUBTFUL, "fixed class", groups(lambda n, p, right: (n, 0.1, right))),
        (
            DOUBTFUL,
            "from 0 to 1",
            groups(lambda n, p, right: (n, 100 * p, right)),
        ),
    ],
    "saved and loaded": [
        (MISSING, "is not there", {"file": None}),
        (MISSING, "no file 'none.pt'", {"file": "none.pt"}),
        (MISSING, "state_dict", with_file(torch.save)),
        (
            MISSING,
            "do not fit",
            with_file(lambda model, file: torch.save(model[1].state_dict(), file)),
        ),
        (MISSING, "makes a new model", lambda w, r: {"build": r["build"]()}),
        (MISSING, "an nn.Module", {"build": lambda: 3}),
        (
            DOUBTFUL,
            "other probabilities",
            with_file(lambda model, file: torch.save(other_numbers(model), file)),
        ),
        (DOUBTFUL, "*standardised* rows only", standardised_outside),
        (DOUBTFUL, "model.eval()", with_dropout),
        (
            DOUBTFUL,
            "stops at rows as they came",
            with_model(lambda r: nn.Sequential(*r["build"](), nn.Conv2d(1, 1, 3))),
        ),
        (
            DOUBTFUL,
            "answers of shape (40, 1)",
            with_model(lambda r: nn.Linear(13, 1)),
        ),
    ],
    "loss and accuracy": [
        (MISSING, "is not there", {"test": None}),
        (MISSING, "pair", {"test": 0.97}),
        (
            DOUBTFUL,
            "on the *training* rows",
            with_test(right=lambda w, r: training_accuracy(w, r)[1]),
        ),
        (
            DOUBTFUL,
            "on the *validation* rows",
            with_test(right=lambda w, r: r["runs"][0][1]),
        ),
        (DOUBTFUL, "*wrong* answers", with_test(right=lambda w, r: 1 - r["test"][1])),
        (DOUBTFUL, "and not in 0.700", with_test(right=lambda w, r: 0.7)),
        (
            DOUBTFUL,
            "the sum",
            with_test(lambda z, y: F.cross_entropy(z, y, reduction="sum").item()),
        ),
        (DOUBTFUL, "bits", with_test(lambda z, y: F.cross_entropy(z, y) / math.log(2))),
        (
            DOUBTFUL,
            "softmax twice",
            with_test(lambda z, y: F.cross_entropy(z.softmax(dim=1), y)),
        ),
        (DOUBTFUL, "not 3.000", with_test(lambda z, y: 3.0)),
    ],
    "claim": [
        (MISSING, "is not there", {"claim": None}),
        (MISSING, "a sentence", {"claim": 0.97}),
        (MISSING, "does not name the accuracy", {"claim": "It works."}),
        (MISSING, "the standard error", claim(lambda a, e, n: f"accuracy {a:.3f}")),
        (
            DOUBTFUL,
            "the root is missing",
            claim(lambda a, e, n: f"{a:.3f} with error {e * e:.6f}"),
        ),
        (DOUBTFUL, "two of them", claim(lambda a, e, n: f"{a:.3f} up to {2 * e:.4f}")),
        (
            DOUBTFUL,
            "division",
            claim(lambda a, e, n: f"{a:.3f}, error {e * n**0.5:.4f}"),
        ),
        (
            DOUBTFUL,
            "and not by the root",
            claim(lambda a, e, n: f"{a:.3f}, error {e / n**0.5:.5f}"),
        ),
    ],
}


def other_numbers(model):
    return {
        name: value.flip(0) if name.startswith("1.") else value
        for name, value in model.state_dict().items()
    }


CASES = [
    pytest.param(point, *case, id=f"{point}-{n}-{case[1]}".replace(" ", "_"))
    for point, cases in WRONG.items()
    for n, case in enumerate(cases)
]


@pytest.mark.parametrize(("point", "verdict", "said", "change"), CASES)
def test_a_wrong_turn_is_refused_for_its_reason(point, verdict, said, change, whole):
    wine, results = whole
    changed = change(wine, results) if callable(change) else change
    found = verdicts(wine, {**results, **changed})
    assert found[point][0] == verdict, found[point]
    assert said in found[point][1], found[point]


def test_every_point_has_its_wrong_turns():
    assert {*WRONG, "test opened once"} == set(POINTS)


@pytest.mark.parametrize(
    ("openings", "verdict"), [(0, DOUBTFUL), (1, MET), (5, DOUBTFUL)]
)
def test_the_test_is_opened_once(openings, verdict, whole, capsys):
    wine, results = whole
    projects._openings.clear()
    for _ in range(openings):
        wine.test.open()
    got, text = verdicts(wine, results)["test opened once"]
    assert got == verdict
    assert {0: "never opened", 1: "once", 5: "opened 5 times"}[openings] in text


def test_what_is_said_by_class_is_no_class_table(whole):
    """Only where the model makes mistakes can the two be told apart."""
    wine, results = whole
    model = results["build"]()
    model.load_state_dict(torch.load(results["file"], weights_only=True))
    y_pred = model(wine.X[results["split"][1]]).argmax(dim=1)
    held = results["split"][1]
    assert (y_pred != wine.y[held]).any()
    verdict, text = verdicts(wine, {**results, **by_prediction(wine, results)})[
        "class by class"
    ]
    assert verdict == DOUBTFUL
    assert "goes by the truth" in text


def test_numbers_may_be_rounded_and_claims_in_percent(whole):
    wine, results = whole
    right, n = results["test"][1], len(wine.test)
    error = math.sqrt(right * (1 - right) / n)
    runs = results["runs"].items()
    rounded = {
        "test": (round(results["test"][0], 2), round(right, 3)),
        "runs": {s: (round(a, 3), round(b, 3)) for s, (a, b) in runs},
        "claim": f"{right:.1%} of {n} rows, standard error {error:.1%}",
        "split": tuple(part.numpy() for part in results["split"]),
        "probs": results["probs"].numpy(),
    }
    found = verdicts(wine, {**results, **rounded})
    assert {verdict for verdict, _ in found.values()} == {MET}, found


def test_all_right_needs_a_bound(whole, monkeypatch):
    wine, results = whole
    logits, _ = test_numbers(wine, results)
    monkeypatch.setattr(wine.test, "_y", logits.argmax(dim=1))
    for text, verdict in (("accuracy 1.0", MISSING), ("1.0, up to 0.052 wrong", MET)):
        got, said = verdicts(wine, {**results, "claim": text})["claim"]
        assert got == verdict
        assert "0.052" in said


def test_rows_of_a_group_stay_together():
    letters = projects.start("letters")
    order = torch.randperm(len(letters.X), generator=torch.Generator().manual_seed(0))
    by_row = order[:1500], order[1500:]
    fonts = letters.groups % 5 == 0
    by_font = torch.nonzero(~fonts).flatten(), torch.nonzero(fonts).flatten()
    verdict, text = verdicts(letters, {"split": by_row})["split"]
    assert (verdict, text[:9]) == (DOUBTFUL, "17 of the")
    assert verdicts(letters, {"split": by_font})["split"][0] == MET


def test_twins_on_both_sides_are_found(whole):
    wine, results = whole
    twins = copy.copy(wine)
    X = wine.X.clone()
    X[results["split"][0][0]] = X[results["split"][1][0]]
    object.__setattr__(twins, "X", X)
    verdict, text = verdicts(twins, results)["split"]
    assert verdict == DOUBTFUL
    assert "1 training rows have an equal twin" in text


def test_the_rubric_is_shown_as_text_and_as_a_table(whole, monkeypatch, capsys):
    wine, results = whole
    results = {
        **results,
        "claim": "<b>It works.</b>",
        "one_batch": 0.9,
        "test": (1, 0.7),
    }
    lab13.rubric(wine, results)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 88
    assert "met            split: 80 training rows" in text
    assert "not believable loss and accuracy: " in text
    assert text.endswith("8 of 11 points are met.\n")
    page = rubric._html(judge(wine, results), "end")
    assert page.count("<tr>") == 11
    for verdict in (MET, MISSING, DOUBTFUL):
        assert f"<strong>{verdict}</strong>" in page
    marked = rubric.Finding("seeds", DOUBTFUL, "0.9 on the *training* rows")
    assert "on the <em>training</em> rows" in rubric._html([marked], "end")
    assert rubric._line(marked).endswith("0.9 on the training rows")
    shown = []
    monkeypatch.setattr(progress, "present", lambda text, html: shown.append(html()))
    lab13.rubric(wine, results)
    assert "8 of 11" in shown[0]


# Data ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cancer", "wine", "letters"])
def test_data_without_a_network(name, monkeypatch, capsys):
    monkeypatch.setattr(socket, "socket", None)
    one, other = projects.start(name), projects.start(name)
    assert one.describe() in capsys.readouterr().out
    assert torch.equal(one.X, other.X)
    assert torch.equal(one.test._X, other.test._X)
    assert one.X.dtype == torch.float32
    for X, y in ((one.X, one.y), (one.test._X, one.test._y)):
        assert len(X) == len(y)
        assert y.unique().tolist() == list(range(len(one.classes)))
    keys = [*projects.row_keys(one.X), *projects.row_keys(one.test._X)]
    assert len(set(keys)) == len(keys), "a row is there twice"
    assert not one.columns or len(one.columns) == one.X.shape[1]


def test_tables_hold_out_a_third_of_each_class():
    from sklearn.datasets import load_breast_cancer, load_wine

    for name, load in (("cancer", load_breast_cancer), ("wine", load_wine)):
        found, counts = projects.start(name), np.bincount(load().target)
        assert found.test._y.bincount().tolist() == (counts // 3).tolist()
        assert len(found.X) + len(found.test) == counts.sum()


def test_letters_of_the_test_have_other_fonts():
    letters = projects.start("letters")
    n_fonts = len(projects.FONTS) - len(projects.TEST_FONTS)
    assert letters.groups.unique().tolist() == list(range(n_fonts))
    assert len(letters.test) == len(projects.TEST_FONTS) * 10 * projects.N_EACH
    assert letters.X.shape[1:] == (1, 28, 28)
    assert letters.X.min() >= 0 and letters.X.max() <= 1
    ink = letters.X[:, 0, 4:24, 4:24].sum(dim=(1, 2))
    assert (ink > 10).all(), "a font without this letter"
    same = [letters.X[letters.y == k].mean(dim=0) for k in range(10)]
    assert (same[0] - same[1]).abs().max() > 0.2


def test_the_lock_counts_over_copies_and_new_starts(capsys):
    wine = projects.start("wine")
    assert repr(wine.test) == "<test set, locked: 58 rows, opened 0 times>"
    X, _ = wine.test.open()
    assert "Opened once so far." in capsys.readouterr().out
    X.zero_()  # whoever changes it changes a copy
    assert wine.test._X.abs().sum() > 0
    assert projects.start("wine").test.openings == 1
    projects.start("wine").test.open()
    assert wine.test.openings == 2
    assert projects.start("cancer").test.openings == 0


def test_other_data_are_named():
    with pytest.raises(ValueError, match="no data 'clothing'; there are cancer, wine"):
        projects.start("clothing")


def write_idx(path, array):
    """Write an array as MNIST and its relatives are published."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(
        size.to_bytes(4, "big") for size in array.shape
    )
    path.write_bytes(header + array.tobytes())


@pytest.mark.parametrize(
    ("name", "folder"), [("clothes", "FashionMNIST"), ("kuzushiji", "KMNIST")]
)
def test_fetched_data_are_read_and_their_twins_left_out(
    name, folder, tmp_path, monkeypatch
):
    raw = tmp_path / folder / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    train = rng.integers(0, 256, (30, 28, 28), dtype=np.uint8)
    test = rng.integers(0, 256, (10, 28, 28), dtype=np.uint8)
    test[0] = train[7]
    write_idx(raw / "train-images-idx3-ubyte", train)
    write_idx(raw / "train-labels-idx1-ubyte", np.arange(30, dtype=np.uint8) % 10)
    write_idx(raw / "t10k-images-idx3-ubyte", test)
    write_idx(raw / "t10k-labels-idx1-ubyte", np.arange(10, dtype=np.uint8))
    monkeypatch.setattr(data, "roots", lambda: [tmp_path / "empty", tmp_path])
    found = projects.start(name)
    assert found.X.shape == (29, 1, 28, 28)  # row 7 is in the test
    assert found.y[:9].tolist() == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert 0 <= found.X.min() < found.X.max() <= 1
    assert len(found.test) == len(found.classes) == 10


def test_without_a_network_other_data_are_offered(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(data, "roots", lambda: [tmp_path])
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    before = socket.getdefaulttimeout()
    with pytest.raises(
        OSError, match=r"'clothes' cannot be fetched [\s\S]*take 'letters'"
    ):
        projects.start("clothes")
    assert socket.getdefaulttimeout() == before


def test_data_of_your_own_work():
    X = torch.arange(40.0).reshape(20, 2)
    y = torch.arange(20) % 2
    mine = projects.Project(
        "mine", "numbers", X, y, ("even", "odd"), projects.Locked("mine", X, y)
    )
    found = verdicts(mine, {"split": (range(10), range(10, 20))})
    assert found["split"] == (MET, "10 training rows, 10 for validation, none in both.")
    assert re.search("20 rows to work with, 2 columns; 20 more are locked", repr(mine))
