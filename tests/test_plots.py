"""The figures: what is drawn, where, and that nothing global changes."""

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

mpl.use("Agg")
import matplotlib.pyplot as plt

from course_utils import plots


@pytest.fixture(autouse=True)
def nothing_global_changes():
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    changed = {key for key, value in mpl.rcParams.items() if before[key] != value}
    assert not changed


def test_bars_show_the_values():
    ax = plots.bars(torch.tensor([0.1, 0.9]), labels=["no", "yes"])
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.1, 0.9])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["no", "yes"]
    assert [text.get_text() for text in ax.texts] == ["0.10", "0.90"]
    assert ax.get_ylabel() == "probability"


def test_the_range_of_bars_does_not_depend_on_the_words_of_the_label():
    ranges = {
        plots.bars([0.1, 0.2], ylabel=word).get_ylim()
        for word in ("probability", "Wahrscheinlichkeit", "slope")
    }
    assert len(ranges) == 1
    assert ranges != {(0, 1.1)}
    assert plots.bars([0.1, 0.2]).get_ylim() == (0, 1.1)
    for word in (None, "probability", "slope"):
        ax = plots.bars([0.1, 0.2], ylabel=word, ylim=(0, 0.5))
        assert ax.get_ylim() == (0, 0.5)


def test_bars_below_zero_have_a_line_at_zero():
    assert [list(line.get_ydata()) for line in plots.bars([-1, 2]).lines] == [[0, 0]]
    assert len(plots.bars([1, 2], ylabel="logit").lines) == 0


def test_axes_in_axes_out():
    ax = plt.subplots()[1]
    pair = plt.subplots(1, 2)[1]
    X, y = torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([0, 1])
    assert plots.bars([1, 2], ax) is ax
    assert plots.number_table(torch.eye(2), ax) is ax
    assert plots.learning_curves({"loss": [1, 2]}, ax) is ax
    assert plots.decision_regions(lambda X: (X[:, 0] > 0.5).long(), X, y, ax) is ax
    logits = torch.tensor([1.0, 2.0])
    assert plots.logits_and_probs(logits, logits.softmax(0), pair) is pair
    assert list(plots.image_grid(torch.zeros(2, 784), axes=pair)) == list(pair)
    assert plt.get_fignums() == [1, 2]  # none of them made a figure of its own


def test_tensors_with_gradients_are_welcome():
    plots.bars(torch.tensor([1.0, 2.0], requires_grad=True))
    plots.image_grid(torch.zeros(1, 784, requires_grad=True))


def test_number_table_writes_each_number_readably():
    ax = plots.number_table(torch.tensor([[0.0, 1.0], [0.25, 0.75]]))
    written = {text.get_text(): text.get_color() for text in ax.texts}
    assert list(written) == ["0.00", "1.00", "0.25", "0.75"]
    assert written["1.00"] == "white" and written["0.00"] == "black"


@pytest.mark.parametrize("shape", [(5, 784), (5, 28, 28), (5, 1, 28, 28)])
def test_image_grid_draws_each_image(shape):
    images = torch.linspace(0, 1, 5 * 784).reshape(shape)
    axes = plots.image_grid(images, titles="abcde", n_columns=3)
    assert len(axes) == 5
    for i, ax in enumerate(axes):
        drawn = torch.as_tensor(ax.images[0].get_array().data)
        assert drawn.equal(images[i].reshape(28, 28))
        assert ax.get_title() == "abcde"[i]
    assert len(axes[0].figure.axes) == 6
    assert not any(ax.axison for ax in axes[0].figure.axes)


def test_signed_images_are_centred_on_zero_and_share_a_scale():
    weights = torch.stack([torch.full((784,), -3.0), torch.full((784,), 1.0)])
    axes = plots.image_grid(weights, signed=True)
    assert {ax.images[0].get_clim() for ax in axes} == {(-3.0, 3.0)}


def in_grey(values):
    """Return a map as a grey picture, from black at 0 to white at 255."""
    fig = plt.figure(figsize=(2, 2), dpi=100)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.axis("off")
    plots.signed_image(torch.as_tensor(values), ax, limit=1).set_aspect("auto")
    fig.canvas.draw()
    picture = Image.fromarray(np.asarray(fig.canvas.buffer_rgba())).convert("L")
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize("size", [1.0, 0.6, 0.3])
def test_a_negative_number_is_told_in_grey(size):
    left, right = np.hsplit(in_grey([[-size, size]]), 2)
    assert abs(left[:40].mean() - right[:40].mean()) < 40  # alike, but for the minus
    assert np.ptp(right) < 3
    assert abs(left[100, 50] - left[20, 50]) > 40
    assert np.ptp(in_grey([[-0.05, 0.0]])) < 25


def test_noise_hardly_changes_a_map():
    values = torch.linspace(-1, 1, 100).reshape(10, 10)
    assert np.abs(in_grey(values) - in_grey(values + 0.01)).max() < 20


def test_minus_signs_stand_in_the_midst_of_negative_values():
    ax = plt.subplots()[1]
    plots.minus_signs([0, 10, 20], [0, 1], [[1, -1, 0], [0, 0, -0.2]], ax)
    boxes = [path.get_extents() for path in ax.collections[0].get_paths()]
    middles = [((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2) for b in boxes]
    np.testing.assert_allclose(middles, [(10, 0), (20, 1)], atol=1e-9)


def test_image_grid_refuses():
    with pytest.raises(ValueError, match="no images"):
        plots.image_grid(torch.zeros(0, 784))
    with pytest.raises(ValueError, match="2 images have 1 titles"):
        plots.image_grid(torch.zeros(2, 784), ["one"])
    few = plt.subplots(1, 2)[1]
    with pytest.raises(ValueError, match="3 images do not fit on 2 axes"):
        plots.image_grid(torch.zeros(3, 784), axes=few)
    assert few[0].axison and not few[0].images  # nothing was drawn


def test_image_grid_empties_axes_that_are_left_over():
    axes = plt.subplots(1, 3)[1]
    assert list(plots.image_grid(torch.zeros(2, 784), axes=axes)) == list(axes[:2])
    assert not axes[2].axison


def test_a_network_has_a_line_for_each_weight():
    first = torch.tensor([[1.0, -2.0, 0.0], [4.0, 0.5, -1.0]])
    last = torch.tensor([[-3.0], [1.0], [1.0]], requires_grad=True)
    names = [["a", "b"], ["1", "2", "3"], ["z"]]
    ax = plots.network([first, last], labels=names, digits=1)
    weights = [*first.flatten().tolist(), *last.flatten().tolist()]
    assert len(ax.lines) == len(weights)
    for line, weight in zip(ax.lines, weights, strict=True):
        assert (line.get_linestyle() == "--") == (weight < 0)
    thickest = max(ax.lines, key=lambda line: line.get_linewidth())
    assert thickest is ax.lines[3]
    assert len(ax.patches) == 2 + 3 + 1
    written = [text.get_text() for text in ax.texts]
    assert written[: len(weights)] == [f"{w:.1f}" for w in weights]
    assert written[len(weights) :] == ["a", "b", "1", "2", "3", "z"]
    # From circle i of a column to circle k of the next.
    assert list(ax.lines[5].get_xdata()) == [0, 2]
    assert ax.lines[5].get_ydata()[0] == ax.patches[1].center[1]
    assert ax.lines[5].get_ydata()[1] == ax.patches[4].center[1]


@pytest.mark.parametrize(
    ("weights", "labels", "message"),
    [
        ([torch.ones(2, 3), torch.ones(2, 1)], None, "do not follow one another"),
        ([torch.ones(2, 3)], [["a", "b"], ["c"]], "need as many labels"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(weights, labels, message):
    with pytest.raises(ValueError, match=message):
        plots.network(weights, labels=labels)


def test_learning_curves_have_a_second_cue_and_a_baseline():
    ax = plots.learning_curves(
        {"train": [3.0, 2.0], "test": [4.0, 3.0]},
        epochs=[10, 20],
        baseline=("chance", 0.5),
    )
    train, test, chance = ax.get_lines()
    assert list(train.get_xdata()) == [10, 20] and list(test.get_ydata()) == [4, 3]
    assert train.get_marker() != test.get_marker()
    assert set(chance.get_ydata()) == {0.5}
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["train", "test", "chance"]


def test_decision_regions_follow_the_classifier():
    X = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    asked = []

    def classify(points):
        asked.append(points)
        return (points[:, 0] > 0.5).long() + 2 * (points[:, 1] > 0.5).long()

    ax = plots.decision_regions(
        classify, X, torch.tensor([0, 1, 2]), labels="abc" + "d"
    )
    assert asked[0].shape == (400 * 400, 2)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["a", "b", "c", "d"]


@pytest.mark.filterwarnings("error")
def test_decision_regions_draw_every_point_with_a_marker_of_its_own():
    X, y = torch.rand(60, 2), torch.arange(60) % 6
    ax = plots.decision_regions(lambda points: 6 * points[:, 0].clamp(0, 0.99), X, y)
    clouds = ax.collections[-6:]
    assert sum(len(cloud.get_offsets()) for cloud in clouds) == 60
    assert len({cloud.get_paths()[0].vertices.tobytes() for cloud in clouds}) == 6


@pytest.mark.parametrize(
    ("chosen", "y", "labels", "message"),
    [
        (0, [0, 6], None, "classes go from 0 to 6"),  # of a point
        (7, [0, 1], None, "classes go from 0 to 7"),  # of a region
        (0, [-1, 1], None, "classes go from -1 to 1"),
        (-1, [0, 1], None, "classes go from -1 to 1"),
        (2, [0, 1], ["a", "b"], "3 classes have 2 labels"),
    ],
)
def test_decision_regions_refuse_classes_that_would_vanish(chosen, y, labels, message):
    X = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    with pytest.raises(ValueError, match=message):
        plots.decision_regions(
            lambda points: torch.full((len(points),), chosen),
            X,
            torch.tensor(y),
            labels=labels,
        )
    assert plt.get_fignums() == []


def test_the_style_sheet_travels_with_the_package():
    with plt.style.context("course_utils.course"):
        cycle = mpl.rcParams["axes.prop_cycle"].by_key()
    assert "F0E442" not in {
        color.strip("#").upper() for color in cycle["color"]
    }  # yellow
    pairs = list(zip(cycle["color"][:4], cycle["linestyle"][:4], strict=True))
    assert len({style for _, style in pairs}) == 4


def test_slider_has_a_line_in_its_place(capsys):
    mine = plt.figure()
    drawn = []
    plots.slider(lambda T: drawn.append((T, plt.figure())), T=(0.1, 5.0, 1.0))
    assert "a slider for T from 0.1 to 5.0" in capsys.readouterr().out
    assert [T for T, _ in drawn] == [1.0]  # whether it can be drawn was found out
    assert plt.get_fignums() == [mine.number]  # and nothing else was shown for it


@pytest.fixture
def shown(monkeypatch):
    """Return what is displayed, in a running IPython."""
    pytest.importorskip("anywidget")
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("COURSE_STATIC", "0")
    shell, shown = InteractiveShell(), []
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr("IPython.display.display", shown.append)
    return shown


def test_slider_draws_each_position_that_is_asked_for(shown, monkeypatch):
    drawn = []

    def draw(a, b):
        drawn.append((a, b))
        if a == 2:
            raise ZeroDivisionError("a is 2")
        plt.subplots(figsize=(2, 1))[1].plot([a, b])

    plots.slider(draw, a=(0, 2, 1), b=(-1, 1, 0.5))
    (widget,) = shown
    assert drawn == [(1.0, 0.5)] and not plt.get_fignums()
    a, b = widget.data["sliders"]
    assert a["values"][a["start"]] == 1 and b["values"][b["start"]] == 0.5
    assert (a["values"][0], a["values"][-1]) == (0, 2)
    assert widget.data["first"].startswith("data:image/png;base64,")

    told = []
    monkeypatch.setattr(widget, "send", told.append)
    widget._handle_custom_msg({"place": [0, 0]}, [])
    assert drawn[-1] == (0, -1) and told[-1]["place"] == [0, 0]
    assert told[-1]["picture"] not in ("", widget.data["first"])
    widget._handle_custom_msg({"place": [len(a["values"]) - 1, 0]}, [])
    assert told[-1]["error"] == "ZeroDivisionError: a is 2"
    assert not plt.get_fignums()


def test_a_slider_needs_a_figure(shown):
    with pytest.raises(ValueError, match="must draw a new figure"):
        plots.slider(lambda a: None, a=(0, 2, 1))


@pytest.mark.parametrize(
    ("low", "high", "start"),
    [
        (0.1, 5.0, 1.0),
        (0.01, 0.99, 0.5),
        (-6.0, 6.0, 1.0),
        (-1.5, 2.5, 0.0),
        (0, 100, 0),
    ],
)
def test_a_slider_can_come_back_to_its_start(low, high, start):
    steps = (start - low) / plots._round_step(high - low)
    assert steps == pytest.approx(round(steps))
    assert 40 <= (high - low) / plots._round_step(high - low) <= 100 + 1e-9
