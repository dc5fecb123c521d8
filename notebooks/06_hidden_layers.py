# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,jupyter,slideshow,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext,-all
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] slideshow={"slide_type": "slide"}
# # 6. Hidden layers
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/06_hidden_layers.ipynb)
#
# A machine reads 0 and 1 without a mistake. Then somebody adds to each picture its
# negative, white on black. You read both without a thought. Can the machine? This lab
# finds out what it lacks, builds it by hand, and opens the box that all neural networks
# live on: how a slope finds its way back through the layers.
#
# **You will be able to**
#
# * draw a network, and say what each of its units does;
# * set the weights of a small network by hand, so that it solves what no line can;
# * push a slope through a network on paper, and write the program that does it;
# * say what a start needs, and what held-out examples are for;
# * write momentum and Adam, the two optimizers that the other labs use.
#
# **Needs** Lab 4 (a linear model, the four lines of training) and lab 3 (the slope of the
# cross entropy in the logit is p - y). From school: the slope of a curve.
#
# **Takes** 59 minutes to read and run, 29 more for the exercises.
#
# **Source** None of the five notes has this lab. One of them uses a hidden layer, and does
# not say why: [The published lab](#The-published-lab).

# %% jupyter={"source_hidden": true} tags=["colab"]
# @title For Colab only: fetch the helpers of the course
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and find_spec("course_utils") is None:
    # %pip install -q --no-deps "https://github.com/OWNER/REPOSITORY/releases/download/v0.2.0/course_utils-0.2.0-py3-none-any.whl" anywidget psygnal
    assert find_spec("course_utils"), "pip failed: its lines above say why"

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits, make_moons
from torch import nn
from torch.testing import assert_close

from course_utils import explorables, plots
from course_utils.exercises import lab06

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from earlier labs.

# %% slideshow={"slide_type": "fragment"}
lab06.warm_up.ask()

# %%
lab06.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. Pictures and their negatives
#
# Zeros and ones, 8 x 8 pixels, ink from 0 to 1. Each comes twice: as it is, and as its
# negative, `1 - ink`. A negative keeps its label: a 0 is a 0. (`slice(0, 100)` stands for
# "the first hundred". `[:, None]` makes a column of a list, shape (N, 1).)

# %% slideshow={"slide_type": "fragment"}
digits = load_digits()
images = torch.tensor(digits.images / 16).float()  # (1797, 8, 8)


def with_negatives(rows):
    zeros, ones = (images[digits.target == k][rows] for k in (0, 1))
    ink, y = torch.cat([zeros, ones]), torch.tensor([0.0, 1.0])
    y = y.repeat_interleave(len(zeros))  # 0, 0, ..., 1, 1, ...
    return torch.cat([ink, 1 - ink]), torch.cat([y, y])[:, None]


pictures, y = with_negatives(slice(0, 100))  # (400, 8, 8), (400, 1)
fig, axes = plt.subplots(1, 4, figsize=(6.4, 1.8))
for ax, i in zip(axes, (0, 200, 100, 300), strict=True):
    ax.imshow(pictures[i], vmin=0, vmax=1)
    ax.set(title=f"y = {y[i].item():.0f}", xticks=[], yticks=[])

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** A 0 and its negative, a 1 and its negative.
#
# The machine of lab 4 has one weight for each pixel and a bias. Its training is the
# four lines that you know.

# %%
X = pictures.reshape(-1, 64)


def train(model, X, y, lr=0.3, n_steps=300):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X), y)
        loss.backward()
        optimizer.step()
    return loss.item()


# %% [markdown]
# It reads these zeros and ones without a mistake. And with the negatives?

# %% slideshow={"slide_type": "slide"}
lab06.negatives.ask()

# %% slideshow={"slide_type": "fragment"}
for name, rows in (("without negatives", slice(0, 200)), ("with", slice(0, 400))):
    model = nn.Linear(64, 1)
    nn.init.zeros_(model.weight)  # as in lab 5, start at 0
    nn.init.zeros_(model.bias)
    loss = train(model, X[rows], y[rows])
    p, ones = torch.sigmoid(model(X[rows])), y[rows] == 1
    print(f"{name}: loss {loss:.4f}")
    print(f"  p of zeros up to {p[~ones].max():.3f}, of ones from {p[ones].min():.3f}")
lab06.negatives.result()
assert model.weight.abs().max() < 1e-4 and abs(loss - 0.6931) < 1e-3

# %% [markdown] slideshow={"slide_type": "slide"}
# No other training helps: whatever the weights are, one of the four kinds is on the wrong
# side, and being sure of the others makes it dear. For the logits of a picture and of its
# negative, $w \cdot x + b$ and $w \cdot (1 - x) + b$, add up to $\sum w + 2b$: to the
# *same* number for every picture. For a 0 both should be negative, and so their sum.
# For a 1 both should be positive. One number cannot be both. So of a 0, a 1 and their
# negatives at least one is read wrongly.
#
# To see it, keep two features of the 64: the mean ink in the **centre** and on the
# **rim**. (Functions that begin with `draw` only draw; you may skip them. `~` is "not".)

# %% slideshow={"slide_type": "slide"}
def two_features(pictures):
    rim = torch.ones(8, 8, dtype=torch.bool)
    rim[1:7, 1:7] = False
    centre = pictures[:, 3:7, 3:5].mean(dim=(1, 2))
    return torch.stack([centre, pictures[:, rim].mean(dim=1)], dim=1)


def draw_points(ax, X, y):
    for k, marker in enumerate("os"):
        points = X[y.flatten() == k].T
        ax.scatter(*points, s=20, marker=marker, edgecolor="white", linewidth=0.5)


X2 = two_features(pictures)  # (400, 2)
fig, ax = plt.subplots(figsize=(4, 3.2))
draw_points(ax, X2, y)
_ = ax.set(xlabel="ink in the centre", ylabel="ink on the rim")

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Four clouds. Zeros are circles: below left the pictures, above
# right the negatives. Ones are squares, in the two other corners. Try to part circles and
# squares by one straight line: always a whole cloud is on the wrong side.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. A unit is a fold
#
# What would you say to somebody who cannot see the pictures? "A 1 *differs* between
# centre and rim." That is what no weighted sum can say. So let several small machines answer first. Each is a weighted sum like those that
# you know, with one more step: what is negative becomes 0. The step is called **ReLU**:
#
# $$\begin{aligned} h = \text{relu}(w_1 x_1 + w_2 x_2 + c), \qquad
# \text{relu}(a) = \max(a, 0) \end{aligned} \tag{a unit}$$
#
# ($c$ is its bias.) Such a machine is a **hidden unit**, hidden because it is neither
# what goes in nor what comes out.

# %% slideshow={"slide_type": "slide"}
lab06.unit_value.ask()

# %% slideshow={"slide_type": "fragment"}
def draw_plane(ax, f, top=None):
    """Shade the plane by f: red above 0, blue and - below; a line where it leaves 0."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    across, up = torch.linspace(left, right, 161), torch.linspace(low, high, 161)
    with torch.no_grad():
        values = f(torch.cartesian_prod(across, up)).reshape(161, 161).T
    top = top or 1.5 * values.abs().max()
    style = {"cmap": plots.SIGNED, "vmin": -top, "vmax": top, "zorder": 0}
    ax.pcolormesh(across, up, values, shading="auto", **style)
    plots.minus_signs(across[4::9], up[4::9], values[4::9, 4::9] / top, ax)
    ax.contour(across, up, values, [1e-4], colors="black", linewidths=1.5)
    ax.grid(False)


units = [
    lambda X: torch.relu(X[:, 0] - X[:, 1]),  # centre minus rim
    lambda X: torch.relu(X[:, 1] - X[:, 0]),  # rim minus centre
]
lab06.unit_value.result()
fig, axes = plt.subplots(1, 2, figsize=(7, 2.9), sharey=True)
for k, (ax, unit) in enumerate(zip(axes, units, strict=True), 1):
    draw_points(ax, X2, y)
    draw_plane(ax, unit)
    ax.set(title=f"unit {k}", xlabel="ink in the centre", ylabel="ink on the rim")

# %% [markdown]
# **What you should see** Twice the four clouds, over what a unit answers: pale grey is 0,
# and the more it answers, the redder. The first unit rises to the lower right, the second,
# with the opposite weights, to the upper left. Each is a sheet of paper with one
# **fold**: flat on one side of a straight line, and rising on the other. (A `lambda` is a
# function without a name: before the colon what goes in, behind it what comes out.)
#
# Now a last machine looks at the two answers and nothing else:

# %% slideshow={"slide_type": "slide"}
lab06.two_units.ask()

# %% slideshow={"slide_type": "fragment"}
def hidden(X):
    return torch.stack([unit(X) for unit in units], dim=1)  # (N, 2)


def logit(X):
    return hidden(X) @ torch.tensor([10.0, 10.0]) - 3.5


right = (logit(X2) > 0) == y.flatten().bool()
print(f"right: {right.float().mean():.3f}")
lab06.two_units.result()
fig, (first, second) = plt.subplots(1, 2, figsize=(7, 2.9))
draw_points(first, X2, y)
draw_plane(first, logit)
first.set(xlabel="ink in the centre", ylabel="ink on the rim")
draw_points(second, hidden(X2), y)
draw_plane(second, lambda h: h @ torch.tensor([10.0, 10.0]) - 3.5)
_ = second.set(xlabel="answer of unit 1", ylabel="answer of unit 2")
assert right.float().mean() > 0.93

# %% [markdown]
# **What you should see** Left, a blue band from corner to corner, where centre and rim
# are alike; there lie the circles. In the red corners lie the squares. Right, the same
# pictures, each at the place of *what the two units say*. Zeros have moved to the
# corner, ones along the axes, and now a straight line parts them, but for a few.
#
# That is the whole idea. A hidden layer moves the examples to places where a line can
# part them, and the last layer draws that line. Here is the network as one draws it:

# %% slideshow={"slide_type": "slide"}
W = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])  # (D, H): a column for each unit
v = torch.tensor([[10.0], [10.0]])  # (H, 1)
names = [["centre", "rim"], ["unit 1", "unit 2"], ["logit"]]
ax = plots.network([W, v], labels=names, digits=0)
assert_close((torch.relu(X2 @ W) @ v - 3.5).flatten(), logit(X2))

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Three columns of circles: two inputs, two hidden units, one
# logit. Each line is one weight, orange if it is positive, blue and dashed if negative.
# Biases are not drawn. With all examples at once the network is two matrix products, as in
# lab 5, with a fold between: $\text{relu}(XW + c)\, v + d$.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. More folds
#
# How much can one unit do, and what do more of them add?

# %% slideshow={"slide_type": "fragment"}
lab06.border.ask()

# %% [markdown]
# And a border that is closed, like a fence around a field?

# %% slideshow={"slide_type": "slide"}
lab06.closed.ask()

# %% slideshow={"slide_type": "fragment"}
angles = torch.pi * torch.tensor([-1 / 2, 1 / 6, 5 / 6])
W = torch.stack([angles.cos(), angles.sin()])  # (2, 3): three directions, 120° apart
fig, axes = plt.subplots(1, 3, figsize=(7, 2.5), sharey=True)
for n, ax in enumerate(axes, 1):
    ax.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", title=f"units: {n}")
    draw_plane(ax, lambda X, n=n: 1 - torch.relu(X @ W[:, :n]).sum(dim=1), top=4)
lab06.border.result()
lab06.closed.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Red is where $1 - h_1 - h_2 - \dots$ is positive. One unit cuts
# off a half of the plane. A second one bends the border, twice. The third closes it: a
# field with a fence. (It has six sides: where two units are on, they push together. In the
# code `n=n` hands the present `n` to the function.) How this goes with more units: [Any curve, fold by fold](#Any-curve,-fold-by-fold).
#
# Now do it yourself, with two **moons**. Drag the folds, turn them, or let them train, and
# do the task below the figure.

# %% slideshow={"slide_type": "slide"}
explorables.moons()

# %% [markdown]
# **What you should see** Two moons of circles and squares, orange lines, which are the
# folds, and the border in black. It bends where it crosses a fold, and nowhere else.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. And without the fold?
#
# The ReLU looks like a detail. Let us leave it out, and take more units instead.
# (`nn.Sequential` makes one model of several layers, each fed by the one before. Later
# the fold stands between them as a layer, `nn.ReLU()`; `model[0]` is the first layer, and
# `model[2].weight[0, 0]` the first weight of the third.)

# %% slideshow={"slide_type": "slide"}
lab06.without_fold.ask()

# %% slideshow={"slide_type": "fragment"}
torch.manual_seed(0)
first, last = nn.Linear(64, 50), nn.Linear(50, 1)
loss = train(nn.Sequential(first, last), X, y)
W = last.weight @ first.weight  # (1, 64)
b = last.weight @ first.bias + last.bias
lab06.without_fold.result()
print(f"loss {loss:.3f}")
assert_close(last(first(X)), X @ W.T + b, atol=1e-4, rtol=0)
assert abs(loss - 0.6931) < 0.01

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** Between two linear layers there has to be something that is not linear.
# (*Linear* means: weighted sums and biases, nothing else.)
#
# **So far** A unit is a weighted sum, folded at 0. A layer of units moves the examples to
# places where a line can part them. We have set the weights by hand. This is a good place
# to stop; the second half lets the machine find them. For that it needs the slope of the
# loss in *every* weight, also in those that are far away from the loss.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. The chain rule
#
# Three numbers hang on each other: $a$ is 3 times $w$, and $L$ is the square of $a$.
# Read it as gears. Turn $w$ a little: how fast does $L$ turn? ("Slope of $a$ in $w$"
# means: how fast $a$ changes when $w$ does.)
#
# $$\begin{aligned} w \;\longrightarrow\; a = 3w \;\longrightarrow\; L = a^2
# \end{aligned} \tag{a chain}$$

# %% slideshow={"slide_type": "slide"}
lab06.chain.ask()

# %% slideshow={"slide_type": "fragment"}
def L(w):
    return (3 * w) ** 2


print("measured:", round((L(1 + 1e-6) - L(1)) / 1e-6, 3))
lab06.chain.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** Along a chain, slopes multiply.
#
# And if a number has two ways to the end? Turn it a little, and the end feels both: the
# slopes of the two ways **add up**.

# %% slideshow={"slide_type": "slide"}
lab06.paths.ask()

# %% slideshow={"slide_type": "fragment"}
def L(x):
    return (x + 1) * (2 * x)


print("measured:", round((L(1 + 1e-6) - L(1)) / 1e-6, 3))
lab06.paths.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# Multiply along each way, add over the ways: this is all of it. Now a network with one
# input, one unit, one logit. In goes $x = 2$, the label is $y = 1$:
#
# | | | value |
# |:--|:--|--:|
# | sum | $a = w x + c$, with $w = 1$, $c = -0.5$ | 1.5 |
# | fold | $h = \text{relu}(a)$ | 1.5 |
# | logit | $z = v h + d$, with $v = 2$, $d = -3$ | 0 |
# | probability | $p = \sigma(z)$ | 0.5 |
#
# Go backward from the loss. Its slope in $z$ is $p - y = -0.5$. From $z$ to $h$ it is
# times $v$, so the slope in $h$ is -1. The fold lets a slope through unchanged if $a > 0$,
# and stops it (times 0) if not.

# %% slideshow={"slide_type": "slide"}
lab06.first_weight.ask()

# %% slideshow={"slide_type": "fragment"}
x, y1 = torch.tensor(2.0), torch.tensor(1.0)
w, c, v, d = (torch.tensor(n, requires_grad=True) for n in (1.0, -0.5, 2.0, -3.0))
z = v * torch.relu(w * x + c) + d
F.binary_cross_entropy_with_logits(z, y1).backward()
print("slope in w:", w.grad.item())
lab06.first_weight.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# Everything on the way back was known from the way forward: $h$, $x$, and on which side
# of the fold we were. So one pass back costs about as much as one pass forward, however
# many weights there are. This is **backpropagation**. PyTorch's `backward` does nothing
# else. We build our own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. An autograd of our own
#
# A **class** is a plan for objects. `__init__` runs when one is made, and `self` is the
# object itself: `self.data` is *its* number. `a + b` calls `a.__add__(b)`, and `a * b`
# calls `a.__mul__(b)`, so we can say what they do. Ours do two things: they calculate,
# and they **note down** where a number came from, and the slope in each of its inputs.

# %% slideshow={"slide_type": "slide"}
from math import exp, log


class Value:
    def __init__(self, data, inputs=(), name=""):
        self.data = data  # a number
        self.inputs = inputs  # what it was made of: pairs (a Value, our slope in it)
        self.name = name
        self.grad = 0.0  # to be found: the slope of the end in this number

    def __add__(self, other):
        return Value(self.data + other.data, [(self, 1.0), (other, 1.0)], "+")

    def __mul__(self, other):
        slopes = [(self, other.data), (other, self.data)]
        return Value(self.data * other.data, slopes, "times")

    def relu(self):
        slope = 1.0 if self.data > 0 else 0.0
        return Value(max(self.data, 0.0), [(self, slope)], "relu")

    def cross_entropy(self, y):  # of this logit and a label
        p = 1 / (1 + exp(-self.data))
        loss = -(y * log(p) + (1 - y) * log(1 - p))
        return Value(loss, [(self, p - y)], "loss")


# %% [markdown] slideshow={"slide_type": "slide"}
# The way back. First all numbers are put in order, each *behind* those that it was made
# of: `visit` visits the inputs first, by calling itself, and then adds the number. (`_`
# is a name for what is not needed.) Then go through them from the end, and hand each
# slope on to the inputs, times the slope that was noted down. The order matters: a number
# may hand on its slope only when all ways into it have arrived.

# %% slideshow={"slide_type": "slide"}
def backward(end):
    order = []

    def visit(value):
        if value not in order:
            for source, _ in value.inputs:
                visit(source)
            order.append(value)

    visit(end)
    end.grad = 1.0
    for value in reversed(order):
        for source, slope in value.inputs:
            source.grad += value.grad * slope


numbers = {"w": 1, "x": 2, "c": -0.5, "v": 2, "d": -3}
w, x, c, v, d = (Value(number, name=name) for name, number in numbers.items())
loss = (v * (w * x + c).relu() + d).cross_entropy(1.0)
backward(loss)
print("slopes in w, c, v, d:", w.grad, c.grad, v.grad, d.grad)
assert (w.grad, c.grad, v.grad, d.grad) == (-2.0, -1.0, -0.75, -0.5)

# %% [markdown]
# That is a whole autograd in some 35 lines. What it has noted down is a **graph**. (The
# code only draws.)

# %% slideshow={"slide_type": "slide"}
def draw_graph(ax, end):
    column, todo = {end: 0}, [end]  # how far before the end, on the longest way
    while todo:
        value = todo.pop()
        for source, _ in value.inputs:
            column[source] = max(column.get(source, 0), column[value] + 1)
            todo.append(source)
    spots, rows = {}, {}
    for value in sorted(column, key=lambda value: not value.inputs):
        rows[column[value]] = rows.get(column[value], 0) + 1
        spots[value] = -column[value], -rows[column[value]]
    for value, spot in spots.items():
        text = f"{value.name}\n{value.data:.3g}\nslope {value.grad:.3g}"
        box = {"boxstyle": "round", "facecolor": "white"}
        ax.text(*spot, text, ha="center", va="center", fontsize="small", bbox=box)
        for source, _ in value.inputs:
            style = {"arrowstyle": "->", "shrinkA": 30, "shrinkB": 30, "color": "C0"}
            ax.annotate("", spot, spots[source], arrowprops=style)
    ax.set(xlim=(-max(column.values()) - 0.5, 0.5), ylim=(-2.5, -0.5))
    ax.axis("off")


draw_graph(plt.subplots(figsize=(9, 2.4))[1], loss)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** The five numbers that we chose are $w$, at the left end, and the
# lower row; at the right end is the loss. Each box holds a name, the number itself, found
# from left to right, and its slope, found from right to left: 1 at the loss, -0.5 at the logit, and -2 at $w$, which nothing but a chain of
# boxes connects with the loss.
#
# Is it right? The network of section 2 with other weights: nine numbers, and two inputs,
# from each of which two ways lead to the loss. Eleven slopes, each compared with PyTorch's. (The same
# `small_network` gets a list of Values once and a tensor once: both know +, * and `relu`.)

# %%
numbers = [0.5, -1.0, 1.5, 0.7, 0.3, -0.2, 1.2, -0.8, 0.1, 0.9, 0.4]


def small_network(n):
    h1 = (n[0] * n[9] + n[1] * n[10] + n[2]).relu()
    h2 = (n[3] * n[9] + n[4] * n[10] + n[5]).relu()
    return n[6] * h1 + n[7] * h2 + n[8]


for bias in (-1.2, -0.2):  # the second unit is off, then on
    numbers[5] = bias
    ours = [Value(number) for number in numbers]
    backward(small_network(ours).cross_entropy(0.0))
    theirs = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    z = small_network(theirs)
    F.binary_cross_entropy_with_logits(z, torch.zeros_like(z)).backward()
    assert_close(torch.tensor([n.grad for n in ours]), theirs.grad.float())
    print([round(n.grad, 3) for n in ours])

# %% [markdown]
# All of them agree. One line of `backward` has a `+=`, so that two ways can meet. So the
# next `backward`, in a new step, adds to what the last one has left:

# %% slideshow={"slide_type": "slide"} tags=["pitfall"]
loss = (v * (w * x + c).relu() + d).cross_entropy(1.0)  # the same once more
backward(loss)
print("slope in w:", w.grad)
assert w.grad == -4.0

# %% [markdown] slideshow={"slide_type": "fragment"}
# It was -2.
#
# **Rule** Slopes add up. Between two steps somebody has to clear them:
# `optimizer.zero_grad()`.
#
# This is a second good place to stop.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7. Where to start
#
# Lab 5 started with all weights at 0, so all alike. There each class has a label of its own,
# and so an error of its own. Hidden units have none. Let a network start with equal units.

# %% slideshow={"slide_type": "fragment"}
lab06.same_start.ask()

# %% slideshow={"slide_type": "slide"} tags=["pitfall"]
def network(n_units, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, n_units), nn.ReLU(), nn.Linear(n_units, 1))


model = network(8)
with torch.no_grad():  # each unit begins like the first
    model[0].weight[:] = model[0].weight[0].clone()
    model[0].bias[:] = model[0].bias[0].clone()
    model[2].weight[:] = model[2].weight[0, 0].clone()
loss = train(model, X, y)
W = model[0].weight.detach()  # (8, 64), a row for each unit
print(f"largest difference between two units: {(W - W[0]).abs().max():.4f}")
right = ((model(X) > 0) == y.bool()).float().mean()
print(f"loss {loss:.2f}, right {right:.2f}")
lab06.same_start.result()
assert (W - W[0]).abs().max() < 1e-4 and right < 0.8

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** The units of a layer must start with different numbers. `nn.Linear` draws small
# random ones, and that is why training needs a seed.
#
# Now training has to find the weights. `held` are 280 pictures and negatives that no
# training has seen.

# %% slideshow={"slide_type": "slide"}
lab06.two_or_eight.ask()

# %% slideshow={"slide_type": "fragment"}
held, y_held = with_negatives(slice(100, 170))
held = held.reshape(-1, 64)
for n_units in (2, 8):
    shares = []
    for seed in range(4):
        model = network(n_units, seed)
        train(model, X, y)
        shares.append(((model(held) > 0) == y_held.bool()).float().mean().item())
    print(n_units, "units, held-out pictures right:", [round(s, 2) for s in shares])
lab06.two_or_eight.result()
assert min(shares) > 0.95

# %% [markdown]
# The riddle is solved, and the machine found the answer itself. What do its units look
# for? Their weights are templates, as in lab 1. And which of them does it need?
# (`argsort` gives the positions, from that of the smallest number to that of the largest.)

# %% slideshow={"slide_type": "slide"}
def share(z):
    return ((z > 0) == y_held.flatten().bool()).float().mean().item()


W, v = model[0].weight.detach(), model[2].weight.detach().flatten()
order = v.argsort()
with torch.no_grad():
    parts = v * torch.relu(model[0](held))  # (280, 8): what each unit adds to the logit
    z = model(held).flatten()
fig, axes = plt.subplots(1, 8, figsize=(9, 1.8))
for ax, k in zip(axes, order, strict=True):
    plots.signed_image(W[k].reshape(8, 8), ax, limit=0.4)
    title = f"v = {v[k]:.1f}\nmean {parts[:, k].mean():.1f}"
    ax.set_title(title, fontsize="small", loc="center")
    ax.axis("off")
first, last = parts[:, order[:2]].sum(dim=1), parts[:, order[-2:]].sum(dim=1)
print(f"all eight: right {share(z):.3f}, without the first two {share(z - first):.3f}")
print(f"these two add from {first.min():.1f} to {first.max():.1f} to a logit")
print(f"only the last two, and -5: right {share(last - 5):.3f}")
assert first.max() < -1 and parts[:, order[2:6]].mean(dim=0).abs().max() < 0.1
assert share(z - first) < 0.8 and share(last - 5) > share(z)

# %% [markdown]
# **What you should see** Eight templates, sorted by their weight in the last layer: red
# where ink switches the unit on, blue where it keeps it off. *Mean* is what the unit adds
# to a logit, on average. The last two are strong: "ink in the centre, none beside it", and
# the opposite. They are the two units that we built by hand. The four in the middle add
# next to nothing. But the first two, red nearly everywhere,
# answer to any ink, and pull *every* logit down. They do the work of the -3.5 in section
# 2: without them many zeros would pass as ones, and with -5 in the place of all six, the
# last two alone read even better.
#
# And the folds themselves, while they learn? Six units, on the moons:

# %% slideshow={"slide_type": "slide"}
def moons(n, noise, seed):
    X, y = make_moons(n, noise=noise, random_state=seed)
    X = torch.tensor(1.5 * (X - [0.5, 0.25])).float()
    return X, torch.tensor(y).float()[:, None]


X_moons, y_moons = moons(100, 0.12, 1)
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 1))
fig, axes = plt.subplots(1, 4, figsize=(10, 2.4), sharey=True)
done = 0
for ax, n_steps in zip(axes, (0, 20, 100, 600), strict=True):
    if n_steps:
        loss = train(model, X_moons, y_moons, lr=1.0, n_steps=n_steps - done)
    done = n_steps
    draw_points(ax, X_moons, y_moons)
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim(), title=f"after {n_steps} steps")
    draw_plane(ax, lambda X: model(X).flatten(), top=9)
    lines = zip(model[0].weight.tolist(), model[0].bias.tolist(), strict=True)
    for (w1, w2), c in lines:  # the line w1 x1 + w2 x2 + c = 0
        ax.axline((0, -c / w2), slope=-w1 / w2, color="C4", linewidth=1, linestyle="--")
print(f"loss {loss:.3f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Four times the moons, with six dashed folds and the border in
# black. The start is anything. Then the folds turn and move, the border bends where it
# crosses them, and at the end it winds between the moons. Colours deepen: the network
# becomes sure.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8. How long?
#
# Sixty points, moons that overlap, 64 units; and 500 more points from the same source,
# which are **held out**: the training never sees them, they only measure.

# %% slideshow={"slide_type": "slide"}
lab06.held_out.ask()

# %% slideshow={"slide_type": "fragment"}
X_few, y_few = moons(60, 0.3, 0)
X_new, y_new = moons(500, 0.3, 1)
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 1))
curves = {"training": [], "held out": []}
steps = range(20, 901, 20)
for _ in steps:
    curves["training"].append(train(model, X_few, y_few, lr=0.5, n_steps=20))
    with torch.no_grad():
        loss = F.binary_cross_entropy_with_logits(model(X_new), y_new)
    curves["held out"].append(loss.item())
lab06.held_out.result()
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3))
plots.learning_curves(curves, left, epochs=steps).set(xlabel="step", ylim=(0, 0.5))
draw_points(right, X_new[:150], y_new[:150])
draw_plane(right, lambda X: model(X).flatten(), top=5)
best = min(curves["held out"])
print(f"held out: best {best:.2f}, at the end {curves['held out'][-1]:.2f}")
assert best < 0.7 * curves["held out"][-1]

# %% [markdown]
# **What you should see** Left, the loss of the training points falls all the time, and
# that of the held-out points falls, turns, and rises. Right, the network at the end, with
# 150 of the held-out points. Its colours are deep, so it is sure, nearly everywhere, also
# where a few circles lie in deep red and a few squares in deep blue. It has learned the
# accidents of its sixty points.
#
# That is **overfitting**. The training loss cannot show it. So hold some examples out,
# look at their loss, and stop where it turns.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9. Better steps
#
# The slopes are the same for all; what one makes of them is the **optimizer's** affair.
# 4 against 9 as in lab 4, one weight, one bias. But the feature is the ink in the
# upper four rows, a mean per row. It is never negative, so raising $w$ and raising $b$ have
# nearly the same effect: the map has a long, narrow valley.

# %%
kept = (digits.target == 4) | (digits.target == 9)
ink = images[kept][:, :4].sum(dim=2).mean(dim=1)  # (361,)
nine = torch.tensor(digits.target[kept] == 9).float()


def losses_at(places):  # (M, 2), rows (w, b)
    z = places[:, :1] * ink + places[:, 1:]  # (M, 361)
    each = F.binary_cross_entropy_with_logits(z, nine.expand_as(z), reduction="none")
    return each.mean(dim=1)


def slope(place):  # error times input, as in lab 4
    error = torch.sigmoid(place[0] * ink + place[1]) - nine
    return torch.stack([(error * ink).mean(), error.mean()])


# %% [markdown] slideshow={"slide_type": "fragment"}
# **Momentum**: keep a speed. Each step brakes it a little, then adds the slope. Where
# slopes point to and fro they cancel, where they agree they add up to ten times as much
# (1 + 0.9 + 0.81 + ... = 10).

# %%
def momentum(place, lr, n_steps, keep=0.9):
    path, speed = [place], torch.zeros(2)
    for _ in range(n_steps):
        speed = keep * speed + slope(path[-1])
        path.append(path[-1] - lr * speed)
    return torch.stack(path)  # (n_steps + 1, 2)


# %% [markdown]
# **Adam**: keep two **running means** for each parameter by itself, one of its slope $g$
# and one of $g^2$. (A running mean goes a part of the way to each new number, here a
# tenth or a thousandth, so old numbers fade.) Step by the first mean, divided by the root
# of the second, which is a usual size of $g$ without its sign. Both means start at 0, too
# small: after one step the first is $0.1\, g$, and divided by $1 - 0.9$ it is $g$. After
# $t$ steps divide it by $1 - 0.9^t$, and the second mean by $1 - 0.999^t$. (The `1e-8`
# prevents 0 / 0.)

# %%
def adam(place, lr, n_steps, keep=0.9, keep_square=0.999):
    path, mean, square = [place], torch.zeros(2), torch.zeros(2)
    for t in range(1, n_steps + 1):
        g = slope(place)
        mean = keep * mean + (1 - keep) * g
        square = keep_square * square + (1 - keep_square) * g**2
        fair_mean, fair_square = mean / (1 - keep**t), square / (1 - keep_square**t)
        place = place - lr * fair_mean / (fair_square.sqrt() + 1e-8)
        path.append(place)
    return torch.stack(path)


# %% slideshow={"slide_type": "slide"}
lab06.first_adam_step.ask()

# %% [markdown]
# To be fair, each walks 40 steps with each of three learning rates, all from the same
# start. (Momentum that keeps nothing is plain.)

# %%
start, n_steps, rates = torch.tensor([0.0, 2.0]), 40, (0.3, 1.0, 3.0)
walks = {
    "plain": [momentum(start, lr, n_steps, keep=0.0) for lr in rates],
    "momentum": [momentum(start, lr, n_steps) for lr in rates],
    "Adam": [adam(start, lr, n_steps) for lr in rates],
}
ends = {name: [losses_at(path[-1:]).item() for path in walks[name]] for name in walks}
print("loss, lr", *(f"{lr:6}" for lr in rates))
for name, losses in ends.items():
    print(f"{name:8}", *(f"{loss:6.2f}" for loss in losses))

# %% [markdown]
# The walks with learning rate 1, the best for plain:

# %% slideshow={"slide_type": "fragment"}
sides = torch.linspace(-2, 6, 121), torch.linspace(-14, 4, 121)
heights = losses_at(torch.cartesian_prod(*sides)).reshape(121, 121).T
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
levels = (0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 2, 3, 5, 8, 12)
left.contour(*sides, heights, levels, colors="0.7", linewidths=1, linestyles="-")
for (name, paths), marker in zip(walks.items(), "os^", strict=True):
    path = paths[rates.index(1.0)]
    style = {"marker": marker, "markersize": 3, "linewidth": 1}
    left.plot(*path.T, **style, zorder=3 if name == "plain" else 2)
    right.plot(losses_at(path), label=name)
left.set(xlabel="weight w", ylabel="bias b")
right.set(xlabel="step", ylabel="cross entropy (nats)")
right.legend()
lab06.first_adam_step.result()
assert min(ends["plain"]) > 1.5 * max(min(ends["momentum"]), min(ends["Adam"]))
assert max(ends["Adam"]) < min(ends["plain"])

# %% [markdown]
# **What you should see** Left the valley, from the upper left to the lower right, and three
# walks. Plain (circles) crosses it with its first step, then gets hardly along it; with a
# larger `lr` it leaves the valley, with a smaller one it creeps. Momentum (squares)
# swings, and runs along the valley. Adam (triangles) sets out along the diagonal: its
# first step is equally long in both directions. Right, the loss along each walk.
#
# None of the three learning rates makes the plain steps good here: the worst of Adam is better than the
# best of them. On a round map they need no help, and that is why lab 5 standardised its
# features. Adam is the least particular about `lr`, so many begin with it; later labs do.
#
# Are they PyTorch's? Compare the walks, place by place. (All that an optimizer of PyTorch
# looks at is `.grad`, so we fill it in ourselves.)

# %%
def of_torch(optimizer, place):
    path = [place.detach().clone()]
    for _ in range(n_steps):
        place.grad = slope(place.detach())
        optimizer.step()
        path.append(place.detach().clone())
    return torch.stack(path)


place = start.clone().requires_grad_()
theirs = of_torch(torch.optim.SGD([place], lr=1.0, momentum=0.9), place)
assert_close(walks["momentum"][1], theirs, atol=1e-3, rtol=1e-3)
place = start.clone().requires_grad_()
theirs = of_torch(torch.optim.Adam([place], lr=1.0), place)
assert_close(walks["Adam"][1], theirs, atol=1e-3, rtol=1e-3)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# **Exercise 1** (8 minutes). Push a slope through by hand: `slopes(x, y, W, c, v, d)` for
# *one* example. `x` has shape (D,), `W` (D, H), `c` and `v` (H,); `y` and `d` are single
# numbers. The network is `h = relu(x @ W + c)`, the logit `h @ v + d`, the loss binary
# cross entropy. Return the slopes of the loss in W, c, v and d, in this order and in
# these shapes. No `backward`. (`torch.outer(a, b)` is the table of all products
# $a_i\, b_k$. Write the small example of section 5 down first.)

# %% tags=["exercise"]
def slopes(x, y, W, c, v, d):
    ...


lab06.slopes.check(slopes)
# lab06.slopes.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 2** (7 minutes). Find the fault. Somebody trains with these lines. The loss
# falls, no error is raised, and yet something is wrong.

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
def strange_step(X, y, W, c, v, d, lr):
    a = X @ W + c  # X (N, D), y (N,)
    h = torch.relu(a)
    p = torch.sigmoid(h @ v + d)
    slope_z = (p - y) / len(y)
    v = v - lr * h.T @ slope_z
    d = d - lr * slope_z.sum()
    slope_a = torch.outer(slope_z, v) * (a > 0)
    W = W - lr * X.T @ slope_a
    c = c - lr * slope_a.sum(dim=0)
    return W, c, v, d


torch.manual_seed(0)
start = [torch.randn(2, 3), torch.randn(3), torch.randn(3), torch.randn(())]

# %% [markdown] slideshow={"slide_type": "slide"}
# Measure: how far was each parameter moved, by these lines and by PyTorch?

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
ours = strange_step(X_few, y_few.flatten(), *start, 1.0)
W, c, v, d = theirs = [number.clone().requires_grad_() for number in start]
z = torch.relu(X_few @ W + c) @ v + d
F.binary_cross_entropy_with_logits(z, y_few.flatten()).backward()
for name, new, old in zip("Wcvd", ours, theirs, strict=True):
    print(name, "differs by", round((new - (old - old.grad)).abs().max().item(), 3))

# %% [markdown] slideshow={"slide_type": "fragment"}
# Two of the four are right. So where on the way back is the fault? Write the same step
# without it. No `backward` here either.

# %% tags=["exercise"]
def step(X, y, W, c, v, d, lr):
    ...


lab06.step.check(step)
# lab06.step.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 3** (6 minutes). Decide which model to keep. `keep(losses, patience)`:
# `losses` is a list of held-out losses, one after each round of training (an **epoch**). Go through it from the
# start, as training does, and know nothing of what comes later. Stop as soon as
# `patience` epochs in a row have brought no new lowest loss. Return the position
# (counted from 0) of the lowest loss until then; of two equal ones the earlier.

# %% tags=["exercise"]
def keep(losses, patience):
    ...


lab06.keep.check(keep)
# lab06.keep.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 4** (8 minutes). Train. `fit(X, y, W, c, v, d, lr, n_steps)` makes `n_steps`
# steps of gradient descent with all examples and returns the new W, c, v, d, and leaves
# the old ones as they are. `X` has shape (N, D), `y` (N,), the rest as in exercise 1. Here you may use `backward`. (`torch.autograd.grad(loss,
# [W, c, v, d])` gives the four slopes at once, and adds nothing to anything.)

# %% tags=["exercise"]
def fit(X, y, W, c, v, d, lr, n_steps):
    ...


lab06.fit.check(fit)
# lab06.fit.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * A hidden unit is a weighted sum, folded at 0. A layer moves examples to places where a
#   line can part them.
# * Without something like ReLU between them, two linear layers are one.
# * Along a way through the graph slopes multiply; over several ways they add up.
# * `backward` goes through the graph once, from the loss, and hands each slope on.
# * A slope passes a ReLU where the unit is on, and stops where it is off.
# * Units that start equal stay equal: start at random. More units, more luck.
# * The training loss cannot show overfitting. Held-out examples can.
# * Momentum keeps a speed. Adam makes steps of about `lr`, for each parameter by itself.
#
# Next: [**lab 7, MNIST, two digits**](07_mnist_binary.ipynb). The same network, on real
# images.

# %% [markdown]
# ## Deeper
#
# Everything from here on is optional.
#
# ### Shapes as pictures
#
# *For whoever loses track of rows and columns. 6 minutes.* The matrix product: each row of
# the left table meets each column of the right one, number by number, added up.
# **Broadcasting**: a table and a row do not have the same shape, so the row is laid over
# every row of the table. (The code only draws.)

# %%
def draw_table(ax, left, shape, name, marked=()):
    n_rows, n_columns = shape
    for i in range(n_rows):
        for k in range(n_columns):
            meets = marked in ((i, None), (None, k), (i, k))
            color, hatch = ("C1", "//") if meets else ("white", None)
            style = {"facecolor": color, "hatch": hatch, "edgecolor": "black"}
            ax.add_patch(plt.Rectangle((left + k, n_rows / 2 - i - 1), 1, 1, **style))
    ax.text(left + n_columns / 2, -4.2, name, ha="center", va="top")


fig, ax = plt.subplots(figsize=(8, 3))
tables = [
    (0, (6, 2), "X\n(N, D)", (2, None)),
    (4, (2, 3), "W\n(D, H)", (None, 1)),
    (9, (6, 3), "XW\n(N, H)", (2, 1)),
    (14, (1, 3), "c\n(H,)", (0, 1)),
    (19, (6, 3), "XW + c\n(N, H)", (2, 1)),
]
for left, shape, name, marked in tables:
    draw_table(ax, left, shape, name, marked)
for place, sign in ((3, "@"), (8, "="), (13, "+"), (18, "=")):
    ax.text(place, 0, sign, ha="center", va="center", fontsize="xx-large")
ax.set(xlim=(-0.5, 22.5), ylim=(-6.6, 3.5), aspect="equal")
_ = ax.axis("off")

# %% [markdown]
# **What you should see** Six examples with two features, times a table with a column for
# each of three units: six rows of three sums. The hatched row and the hatched column meet
# in the hatched box. Then the one row c is added to every row. The inner sizes, D and D,
# must agree and disappear; the outer ones stay.
#
# ### Any curve, fold by fold
#
# *For whoever wonders how much a hidden layer can do. 4 minutes.* With one input a unit is
# a bend in a line. Put a bend at each of some places, and give it as weight the *change*
# of the slope there: then the network goes exactly through given points, without any
# training.

# %%
def through(places, heights, x):
    slopes = heights.diff() / places.diff()
    v = torch.cat([slopes[:1], slopes.diff()])  # how much each fold bends
    return torch.relu(x[:, None] - places[:-1]) @ v + heights[0]


x = torch.linspace(0, 6, 301)
fig, axes = plt.subplots(1, 3, figsize=(9, 2.2), sharey=True)
for ax, n_units in zip(axes, (2, 4, 12), strict=True):
    places = torch.linspace(0, 6, n_units + 1)
    line = through(places, places.sin(), x)
    ax.plot(x, x.sin(), color="0.6")
    ax.plot(x, line)
    ax.set(title=f"{n_units} units, off by {(line - x.sin()).abs().max():.2f}")

# %% [markdown]
# **What you should see** Three times a wave in grey and a line with bends. The line of two
# units misses the wave, that of twelve covers it nearly. One hidden layer can come as near as you like to
# any such curve. Whether *training* finds it is another matter: see section 7.
#
# ### The published lab
#
# *For whoever compares with the source notes. 3 minutes.* None of them has a lesson on
# hidden layers. Two of them draw a network: the second note, *Logistic & Softmax
# Regression Model*, has three inputs and one sigmoid (its Figure 1), and no layer between.
# The third, `05wk-1.ipynb`, trains `Linear(784, 32)`, `ReLU`, `Linear(32, 1)`, `Sigmoid` on
# zeros and ones from its first cell on, and says nothing of why. Does 0 against 1 need the
# hidden layer? Without negatives, section 1 came down to a small loss with none. Lab 7
# reproduces its runs.

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 2.6), width_ratios=(1, 1.6))
inputs, exam = ["$x_1$", "$x_2$", "$x_3$"], torch.ones(3, 1)
plots.network([exam], axes[0], labels=[inputs, ["$\\sigma$"]])
torch.manual_seed(1)
layers = [torch.randn(5, 4), torch.randn(4, 1)]
_ = plots.network(layers, axes[1])

# %% [markdown]
# **What you should see** Left the logistic model of the second note: three inputs and one
# circle. Right the network of the third note, with 5 of its 784 pixels and 4 of its 32
# units: every pixel leads to every unit.

# %%
note = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
print("numbers to learn:", [p.numel() for p in note.parameters()])
print("together:", sum(p.numel() for p in note.parameters()))
