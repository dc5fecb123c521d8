"""The training loop: what it returns, what it refuses, what it leaves alone."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close
from torch.utils.data import DataLoader, TensorDataset

from course_utils.training import (
    accuracy,
    batches,
    fit,
    pick_device,
    run_epoch,
)

DEVICES = ["cpu"] + ([pick_device().type] if pick_device().type != "cpu" else [])


def toy_problem(n_classes, device="cpu", n=100):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(n, 5, generator=generator)
    if n_classes == 1:
        y = (X.sum(dim=1, keepdim=True) > 0).float()
        loss_fn = nn.BCEWithLogitsLoss()
    else:
        y = X[:, :n_classes].argmax(dim=1)
        loss_fn = nn.CrossEntropyLoss()
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, n_classes)
    )
    return model.to(device), X.to(device), y.to(device), loss_fn


# ---- batches ------------------------------------------------------------------------


def test_batches_cover_every_row_once_in_pairs():
    X = torch.arange(10.0).reshape(10, 1)
    y = torch.arange(10)
    loader = batches(X, y, 4, shuffle=True, generator=torch.Generator().manual_seed(0))
    seen = list(loader)
    assert len(loader) == len(seen) == 3
    assert [len(rows) for rows, _ in seen] == [4, 4, 2]
    assert all(rows.flatten().equal(labels.float()) for rows, labels in seen)
    assert sorted(torch.cat([labels for _, labels in seen]).tolist()) == list(range(10))


def test_batches_can_be_used_again_and_draw_a_new_order():
    loader = batches(torch.zeros(50, 1), torch.arange(50), 50, shuffle=True)
    torch.manual_seed(0)
    first, second = (next(y for _, y in loader) for _ in range(2))
    torch.manual_seed(0)
    again = next(y for _, y in loader)
    assert first.equal(again)
    assert not first.equal(second)


def test_a_generator_alone_draws_the_order():
    before = torch.get_rng_state()
    orders = []
    for seed in (0, 0, 1):
        generator = torch.Generator().manual_seed(seed)
        loader = batches(
            torch.zeros(9, 1), torch.arange(9), 9, shuffle=True, generator=generator
        )
        orders.append(next(y for _, y in loader))
    assert orders[0].equal(orders[1]) and not orders[0].equal(orders[2])
    assert torch.get_rng_state().equal(before)


def test_batches_keep_the_order_unless_told_to_shuffle():
    before = torch.get_rng_state()
    y = torch.cat([y for _, y in batches(torch.zeros(7, 1), torch.arange(7), 3)])
    assert y.equal(torch.arange(7))
    assert torch.get_rng_state().equal(before)


@pytest.mark.parametrize(
    ("X", "y", "batch_size", "message"),
    [
        (torch.zeros(3, 1), torch.zeros(4), 2, "X has 3 rows and y has 4"),
        (torch.zeros(0, 1), torch.zeros(0), 2, "no rows"),
        (torch.zeros(3, 1), torch.zeros(3), 0, "at least 1"),
        (torch.zeros(3, 1), torch.zeros(3, device="meta"), 2, "X is on cpu.*y is on m"),
    ],
)
def test_batches_refuse(X, y, batch_size, message):
    with pytest.raises(ValueError, match=message):
        batches(X, y, batch_size)


# ---- accuracy -----------------------------------------------------------------------


def test_accuracy_of_classes_logits_and_probabilities():
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 3.0, 1.0]])
    assert accuracy(logits, torch.tensor([0, 2, 0])) == pytest.approx(2 / 3)
    column = torch.tensor([[-1.0], [0.2], [3.0], [-0.1]])
    y = torch.tensor([[0.0], [1.0], [1.0], [1.0]])
    assert accuracy(column, y) == 0.75
    assert accuracy(column.sigmoid(), y, threshold=0.5) == 0.75
    assert accuracy(column, y.long()) == 0.75


@pytest.mark.parametrize(
    ("outputs", "y", "message"),
    [
        ((4, 1), (4,), r"reshape\(-1, 1\)"),
        ((4, 3), (4, 1), r"flatten\(\)"),
        ((4, 3), (4, 3), r"argmax\(dim=1\)"),
        ((4,), (4,), r"reshape\(-1, 1\) makes a column"),
        ((4, 3), (3,), "class indices"),
        ((4, 1), (1, 4), "broadcast"),
        ((0, 3), (0,), "no samples"),
    ],
)
def test_accuracy_refuses_what_would_broadcast(outputs, y, message):
    with pytest.raises(ValueError, match=message):
        accuracy(torch.zeros(outputs), torch.zeros(y))


# ---- run_epoch ----------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n_classes", [1, 3])
def test_evaluation_equals_the_plain_formula(n_classes, device):
    model, X, y, loss_fn = toy_problem(n_classes, device)
    result = run_epoch(model, batches(X, y, 33), loss_fn)  # 33, 33, 33 and 1
    with torch.no_grad():
        logits = model.eval()(X)
    assert result.loss == pytest.approx(loss_fn(logits, y).item(), rel=1e-5)
    assert result.accuracy == pytest.approx(accuracy(logits, y))
    assert type(result.loss) is type(result.accuracy) is float


@pytest.mark.parametrize("n_classes", [1, 3])
def test_training_equals_the_bare_loop(n_classes):
    model, X, y, loss_fn = toy_problem(n_classes)
    twin = toy_problem(n_classes)[0]
    torch.manual_seed(1)
    run_epoch(
        model, batches(X, y, 16), loss_fn, torch.optim.SGD(model.parameters(), lr=0.1)
    )
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    for rows in torch.arange(len(X)).split(16):
        loss_fn(twin(X[rows]), y[rows]).backward()
        optimizer.step()
        optimizer.zero_grad()
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert ours.equal(theirs)


def test_any_loader_will_do():
    model, X, y, loss_fn = toy_problem(3)
    dataset = TensorDataset(X, y)
    for loader in (
        DataLoader(dataset, batch_size=7),
        [(X, y)],
        iter([(X[:50], y[:50]), (X[50:], y[50:])]),
        batches(X, y, 7),
    ):
        result = run_epoch(model, loader, loss_fn)
        assert result.accuracy == pytest.approx(accuracy(model.eval()(X), y))
        model.train()


def test_evaluation_changes_nothing_and_uses_no_dropout():
    model, X, y, loss_fn = toy_problem(3)
    model[0].eval()  # a frozen part of a model that is in training
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert run_epoch(model, [(X, y)], loss_fn) == run_epoch(model, [(X, y)], loss_fn)
    assert [m.training for m in model] == [False, True, True, True]
    assert model.training
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_the_mode_comes_back_after_an_error():
    model, X, y, loss_fn = toy_problem(3)
    with pytest.raises(ValueError, match="class indices"):
        run_epoch(model, [(X, y)], lambda logits, y: logits.sum() * 0 + accuracy(X, X))
    assert model.training
    with pytest.raises(ValueError, match="used up"):
        run_epoch(model, [], loss_fn)


def test_leftover_gradients_do_not_survive_an_epoch():
    model, X, y, loss_fn = toy_problem(3)
    run_epoch(model, [(X, y)], loss_fn, torch.optim.SGD(model.parameters(), lr=0.1))
    assert all(p.grad is None for p in model.parameters())


def test_a_sum_is_refused_as_loss():
    model, X, y, _ = toy_problem(3)
    with pytest.raises(ValueError, match="reduction='sum'"):
        run_epoch(model, [(X, y)], nn.CrossEntropyLoss(reduction="sum"))


WEIGHT = torch.tensor([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("loss_fn", "message"),
    [
        (nn.CrossEntropyLoss(weight=WEIGHT), "has weight"),
        (nn.CrossEntropyLoss(ignore_index=0), "has ignore_index"),
        (nn.NLLLoss(weight=WEIGHT), "has weight"),
        (partial(F.cross_entropy, weight=WEIGHT), "has weight"),
        (partial(F.nll_loss, ignore_index=1), "has ignore_index"),
        (partial(F.cross_entropy, reduction="none"), "reduction='none'"),
    ],
)
def test_a_loss_that_divides_by_its_weights_is_refused(loss_fn, message):
    model, X, y, _ = toy_problem(3)
    with pytest.raises(ValueError, match=message):
        run_epoch(model, batches(X, y, 33), loss_fn)
    assert model.training


@pytest.mark.parametrize(
    ("n_classes", "loss_fn"),
    [
        (3, nn.CrossEntropyLoss(label_smoothing=0.1)),
        (3, partial(F.cross_entropy, label_smoothing=0.1, weight=None)),
        (1, nn.BCEWithLogitsLoss(weight=torch.tensor([3.0]))),
        (1, nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))),
        (1, partial(F.binary_cross_entropy_with_logits, weight=torch.tensor([3.0]))),
    ],
)
def test_other_settings_leave_the_loss_a_mean_per_sample(n_classes, loss_fn):
    model, X, y, _ = toy_problem(n_classes)
    result = run_epoch(model, batches(X, y, 33), loss_fn)
    with torch.no_grad():
        assert result.loss == pytest.approx(loss_fn(model.eval()(X), y).item())


# ---- fit ----------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n_classes", [1, 3])
def test_fit_learns_and_records_one_number_per_epoch(n_classes, device, capsys):
    model, X, y, loss_fn = toy_problem(n_classes, device)
    generator = torch.Generator().manual_seed(0)
    history = fit(
        model,
        batches(X, y, 16, shuffle=True, generator=generator),
        loss_fn,
        torch.optim.Adam(model.parameters(), lr=0.01),
        n_epochs=15,
        validation=[(X, y)],
        progress=False,
    )
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert all(len(values) == 15 for values in history.values())
    assert history["val_loss"][-1] < 0.7 * history["val_loss"][0]
    assert history["val_accuracy"][-1] > 0.8
    assert all(type(value) is float for values in history.values() for value in values)
    assert capsys.readouterr() == ("", "")


def test_fit_shows_a_bar_on_stderr_only(capsys):
    model, X, y, loss_fn = toy_problem(3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, [(X, y)], loss_fn, optimizer, n_epochs=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "2/2" in captured.err and "loss=" in captured.err
    assert list(history) == ["loss", "accuracy"]


def test_the_same_seed_gives_the_same_history():
    def run(seed):
        model, X, y, loss_fn = toy_problem(3)
        torch.manual_seed(seed)  # of the orders and of dropout
        loader = batches(X, y, 16, shuffle=True)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        return fit(model, loader, loss_fn, optimizer, n_epochs=3, progress=False)

    assert run(3) == run(3) != run(4)


def test_fit_stops_when_the_loss_is_not_finite():
    model, X, y, loss_fn = toy_problem(3)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e38)
    with pytest.raises(FloatingPointError, match=r"Epoch \d: The loss is (nan|inf)"):
        fit(model, [(X, y)], loss_fn, optimizer, n_epochs=9, progress=False)


def test_fit_refuses_no_epochs():
    model, X, y, loss_fn = toy_problem(3)
    with pytest.raises(ValueError, match="at least 1"):
        fit(model, [(X, y)], loss_fn, torch.optim.SGD(model.parameters()), n_epochs=0)


def test_a_used_up_loader_is_explained():
    model, X, y, loss_fn = toy_problem(3)
    optimizer = torch.optim.SGD(model.parameters())
    with pytest.raises(ValueError, match="used up after one epoch"):
        fit(model, iter([(X, y)]), loss_fn, optimizer, n_epochs=2, progress=False)


# ---- the rest -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cuda", "mps", "best"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_pick_device_takes_the_fastest(monkeypatch, cuda, mps, best):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device() == torch.device(best)


def test_sigmoid_outputs_need_the_threshold_of_probabilities():
    model, X, y, _ = toy_problem(1)
    with_sigmoid = nn.Sequential(model, nn.Sigmoid())
    logits = run_epoch(model, [(X, y)], nn.BCEWithLogitsLoss())
    probs = run_epoch(with_sigmoid, [(X, y)], nn.BCELoss(), threshold=0.5)
    assert_close(torch.tensor(logits), torch.tensor(probs))
