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
# # 4. Logistic regression
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/04_logistic_regression.ipynb)
#
# One number tells a handwritten 4 from a 9 in nine cases of ten: the ink above minus the
# ink below. You can find this rule by looking at some digits. Can a machine find it by
# itself? Nobody will tell it what a 4 is, or what ink means. For the first time in this
# course something **learns**: you will watch a curve turn round and move until it fits.
# Four lines of code move it. They train every network of the later labs, too.
#
# **You will be able to**
#
# * say what a model and its parameters are, and what a weight and a bias do;
# * read the loss as a map, and walk down it: gradient descent;
# * write the four lines of training, and say what each of them does;
# * train on one number, on two, and on all the pixels of an image;
# * choose the loss and the threshold that fit what a model gives.
#
# **Needs** Labs 1 to 3: sigmoid, cross entropy, slopes with `backward()`, and $p - y$.
# From school: straight lines. From Python: lists, loops, functions, `zip`, f-strings.
#
# **Takes** 45 minutes to read and run, 29 more for the exercises.
#
# **Source** The logistic half of *\[PyTorch\] Classifier: Logistic & Softmax Regression
# Model*. It stands, with its numbers, in [The published lab](#The-published-lab).

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
from sklearn.datasets import load_digits
from torch import nn
from torch.testing import assert_close

from course_utils import explorables, plots
from course_utils.exercises import lab04

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from earlier labs. Answer from memory.

# %% slideshow={"slide_type": "fragment"}
lab04.warm_up.ask()

# %%
lab04.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. One number
#
# From the digits of lab 1 we take all 4s and 9s. `y` is the truth: 1 for a 9, 0 for a 4.
# (Always write down what 1 means.) `x` is one number per image: the mean ink of the upper
# four rows minus that of the lower four. (The 16 makes it a number of handy size. `|`
# means "or", for each image.)

# %%
digits = load_digits()
kept = (digits.target == 4) | (digits.target == 9)
images = torch.tensor(digits.images[kept] / 16).float()  # (361, 8, 8), no ink is 0
y = torch.tensor(digits.target[kept] == 9).float()  # 1 is a 9, 0 is a 4
x = 16 * (images[:, :4].mean(dim=(1, 2)) - images[:, 4:].mean(dim=(1, 2)))
print(len(y), "digits,", int(y.sum()), "of them 9s")

# %% [markdown]
# How well do the two kinds separate? (A cell with `plt.subplots` mostly draws; you may skip
# its lines.)

# %% slideshow={"slide_type": "fragment"}
fig, axes = plt.subplots(1, 5, figsize=(9, 2.3), width_ratios=(1, 1, 1, 1, 4))
for ax, i in zip(axes, (0, 1, 2, 3), strict=False):
    ax.imshow(images[i], cmap="gray_r")
    ax.set_title(f"x = {x[i]:.1f}", loc="center")
    ax.axis("off")
bins = torch.linspace(-3.5, 5.5, 37).numpy()
axes[4].hist(x[y == 0], bins, color="C0", edgecolor="black", label="4")
axes[4].hist(x[y == 1], bins, color="C1", edgecolor="black", label="9", alpha=0.7,
             hatch="//")
axes[4].set(xlabel="x: ink above minus ink below", ylabel="digits")
_ = axes[4].legend()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Left, four digits with their number. Right, how often each number
# occurs: the 4s, plain, lie mostly below 0, the 9s, hatched, mostly above. They overlap.
#
# So a rule is near: "a 9 if $x$ is above a **threshold**". Which threshold is best? A
# machine could try one, count the mistakes, move the threshold a little, and count again.

# %% slideshow={"slide_type": "slide"}
lab04.counting.ask()

# %% slideshow={"slide_type": "fragment"}
thresholds = torch.linspace(-0.5, 1.5, 2001).reshape(-1, 1)  # a column
accuracy = ((x > thresholds) == y).float().mean(dim=1)  # (2001,), one per threshold
lab04.counting.result()
fig, ax = plt.subplots(figsize=(5, 2.3))
ax.plot(thresholds, accuracy)
_ = ax.set(xlabel="threshold", ylabel="accuracy (fraction)",
           xticks=(-0.5, 0, 0.5, 1, 1.5))
print(f"best {accuracy.max():.1%}, at 0 {accuracy[500]:.1%}")
assert_close(accuracy.max(), torch.tensor(0.911), atol=6e-4, rtol=0)

# %% [markdown]
# **What you should see** Stairs. The fraction of right answers, the **accuracy**, is level
# nearly everywhere and has no slope to follow. (The thresholds are a column, `x` is a row,
# so `>` compares each threshold with each $x$: the *broadcasting* of lab 1. The mean of
# True and False, as 1 and 0, is a fraction.) We need a score that changes with every move.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. A curve with two knobs
#
# So we do not ask "4 or 9?". We ask for the *probability* of a 9. Lab 1 makes one of any
# number: the sigmoid $\sigma(z)$. And the simplest way to a number $z$ is a straight line:
#
# $$\begin{aligned} z = w\,x + b, \qquad p = \sigma(z) \end{aligned} \tag{logistic regression}$$
#
# A formula like this, with numbers in it that are still to be found, is a **model**. The
# numbers are its **parameters**: the **weight** $w$ says how much $x$ counts, the **bias**
# $b$ is added whatever $x$ is. $z$ is the logit, $p$ the probability of a 9. The model is
# called **logistic regression**, after the sigmoid's other name, the *logistic function*.

# %% slideshow={"slide_type": "slide"}
lab04.knob.ask()

# %% slideshow={"slide_type": "fragment"}
def draw_curve(ax, w, b, **style):
    line = torch.linspace(-4, 6, 201)
    spread = 0.1 * (0.618 * torch.arange(361) % 1 - 0.5)  # so that one sees them all
    ax.plot(x, y + spread, "|", color="0.6")
    ax.plot(line, torch.sigmoid(w * line + b), **style)
    ax.set(xlabel="x", ylabel="probability of a 9")


fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 2.6), sharey=True)
for value, dash in ((-0.5, ":"), (0.5, "--"), (2.0, "-")):
    draw_curve(left, value, 0.0, linestyle=dash, label=f"w = {value}, b = 0")
for value, dash in ((-2.0, ":"), (0.0, "--"), (2.0, "-")):
    draw_curve(right, 1.0, value, linestyle=dash, label=f"w = 1, b = {value}")
left.legend(fontsize="small", loc="center right")
right.legend(fontsize="small", loc="lower right", bbox_to_anchor=(1, 0.08))
lab04.knob.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Small strokes are the digits, 9s at the top, 4s at the bottom.
# Left: a large weight makes the curve steep, a small one flat, a negative one turns it
# round. Right: the bias moves it sideways.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. It learns
#
# How good is a curve? Labs 2 and 3 have the score: minus the logarithm of the probability
# that it gave to the truth, and the mean of that over all digits. For two classes the loss
# is called `binary_cross_entropy_with_logits`. It takes the logits, and $y$.
#
# We begin with a bad curve: it falls where it should rise. `backward()` finds both slopes.

# %% slideshow={"slide_type": "fragment"}
w = torch.tensor(-1.0, requires_grad=True)
b = torch.tensor(2.0, requires_grad=True)
loss = F.binary_cross_entropy_with_logits(w * x + b, y)
loss.backward()
print(f"loss {loss.item():.2f}, slope in w {w.grad:.2f}, slope in b {b.grad:.2f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# A slope says where the loss *rises*. We go the other way. `lr`, the **learning rate**, is
# a small number that you choose; read the arrow as "becomes":
#
# $$\begin{aligned}
# w \leftarrow w - \text{lr} \cdot \text{slope in } w,
# \qquad
# b \leftarrow b - \text{lr} \cdot \text{slope in } b
# \end{aligned} \tag{gradient descent}$$

# %% slideshow={"slide_type": "slide"}
lab04.step.ask()

# %% slideshow={"slide_type": "fragment"}
lr = 0.3
new_w, new_b = w.item() - lr * w.grad.item(), b.item() - lr * b.grad.item()
lab04.step.result()
print(f"our curve: w {w.item():.2f} to {new_w:.2f}, b {b.item():.2f} to {new_b:.2f}")
new_loss = F.binary_cross_entropy_with_logits(new_w * x + new_b, y)
print(f"its loss: {loss.item():.2f} to {new_loss.item():.2f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# One step, and the loss has fallen. Now again and again: that is **training**. A PyTorch **optimizer** is a list of parameters with a rule for
# moving them; `SGD` (*stochastic gradient descent*; stochastic means
# "with chance", and that part comes in lab 8) has the rule
# above. Here are the **four lines of training**:
#
# 1. throw away the slopes of the step before, `optimizer.zero_grad()`;
# 2. calculate the loss of the curve as it is now;
# 3. find the slopes, `loss.backward()`;
# 4. move every parameter against its slope, by `lr` times the slope, `optimizer.step()`.

# %% slideshow={"slide_type": "fragment"}
def descend(w, b, lr, n_steps):
    w = torch.tensor(w, requires_grad=True)
    b = torch.tensor(b, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=lr)
    path = [(w.item(), b.item())]
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(w * x + b, y)
        loss.backward()
        optimizer.step()
        path.append((w.item(), b.item()))
    return torch.tensor(path)  # (n_steps + 1, 2): w and b, before and after each step


# %% slideshow={"slide_type": "slide"}
path = descend(-1.0, 2.0, lr=0.3, n_steps=100)
fig, axes = plt.subplots(1, 6, figsize=(11, 2.2), sharey=True)
for ax, step in zip(axes, (0, 1, 3, 6, 20, 100), strict=True):
    draw_curve(ax, *path[step], color="C1", linewidth=2.5)
    ax.set(title=f"step {step}", ylabel="")
_ = axes[0].set_ylabel("probability of a 9")
assert_close(path[1], torch.tensor([new_w, new_b]))  # the optimizer does what we did

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** The curve learns. It begins the wrong way round, is nearly flat
# after three steps, then rises, grows steeper and moves until it fits. Nobody told it what
# a 4 is, or what ink means. It only went downhill.
#
# (`*path[step]` hands over the two numbers of a row one by one.) Now we take the loss and the
# accuracy at every step. An answer is right if the truth has a probability above one half.
# (`reduction="none"` gives each digit its own loss, before any mean; `path[:, :1] * x` is a
# column times a row, a table of each step and each digit; `expand_as` repeats the labels for
# each step.)

# %% slideshow={"slide_type": "slide"}
lab04.falling.ask()

# %% slideshow={"slide_type": "fragment"}
z = path[:, :1] * x + path[:, 1:]  # (101, 361): each step, each digit
each = F.binary_cross_entropy_with_logits(z, y.expand_as(z), reduction="none")
losses = each.mean(dim=1)
accuracies = ((torch.sigmoid(z) > 0.5) == y).float().mean(dim=1)
lab04.falling.result()
for step in (0, 50, 100):
    print(f"step {step}: loss {losses[step]:.3f}, accuracy {accuracies[step]:.1%}")
print(f"above one half where x is above {-path[-1, 1] / path[-1, 0]:.2f}")
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 2.4))
left.plot(losses)
left.set(xlabel="step", ylabel="loss (nats)")
right.plot(accuracies)
_ = right.set(xlabel="step", ylabel="accuracy (fraction)", ylim=(0.8, 0.93))
assert (losses.diff() < 0).all() and accuracies[50] > accuracies[100] > 0.9
assert accuracy.max() > accuracies[100]  # the rule found by counting

# %% [markdown]
# **What you should see** Left, the loss goes down without a bump. Right, the upper end of
# the accuracy: it climbs, and at last gives a little back. In the last 50 steps a few digits
# near the border change to the wrong side; many others become surer. **Accuracy asks only on
# which side of one half a probability lies. The loss asks how far.** Training follows the
# loss. And the question of the beginning is answered: the machine has found a threshold for
# $x$ by itself, right in 90% of cases. (Counting found a slightly better one. But training
# makes the loss small, not the number of mistakes, and gives probabilities.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. The map of the loss
#
# Each pair $(w, b)$ is one curve, and each curve has one loss. Here are four curves. A is
# our bad start, B is flat: it says one half to every digit.

# %% slideshow={"slide_type": "fragment"}
lab04.curves.ask()

# %% [markdown]
# So we can draw the loss as a hiking map: $w$ to the right, $b$ upward, lines through
# places of equal loss. (The cell only draws. `reshape` makes $w$, $b$ and the digits lie
# along three directions, so that every $w$ meets every $b$ and every digit.)

# %% slideshow={"slide_type": "slide"}
def draw_map(ax, w_range=(-2, 5.5), b_range=(-4, 4)):
    w = torch.linspace(*w_range, 81).reshape(1, -1, 1)
    b = torch.linspace(*b_range, 61).reshape(-1, 1, 1)
    z = w * x + b  # (61, 81, 361)
    each = F.binary_cross_entropy_with_logits(z, y.expand_as(z), reduction="none")
    levels = (0.28, 0.35, 0.5, 0.7, 1, 1.5, 2, 2.5, 3)
    lines = ax.contour(w.flatten(), b.flatten(), each.mean(dim=2), levels, colors="0.5",
                       linewidths=1)
    ax.clabel(lines, fontsize="x-small", colors="black")
    ax.set(xlabel="weight w", ylabel="bias b")
    ax.grid(False)


curves = {"A": (-1.0, 2.0), "B": (0.0, 0.0), "C": (1.0, 0.0), "D": (5.0, 0.0)}
fig, axes = plt.subplots(1, 5, figsize=(11, 2.5), width_ratios=(2, 1, 1, 1, 1))
draw_map(axes[0])
axes[0].plot(path[:, 0], path[:, 1], "-o", color="C1", markersize=3)
for ax, (name, (w_, b_)) in zip(axes[1:], curves.items(), strict=True):
    axes[0].plot(w_, b_, "k.", zorder=3)
    axes[0].text(w_ - 0.1, b_ + 0.1, name, weight="bold", ha="right")
    draw_curve(ax, w_, b_, color="C1")
    loss_ = F.binary_cross_entropy_with_logits(w_ * x + b_, y)
    ax.set(title=f"{name}: {loss_:.2f}", ylabel="")
lab04.curves.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Left, a map with one valley and the walk of section 3 into it,
# one dot a step. Right, the four curves with their losses. One *point* of the map is one
# whole *curve*. B pays $\log 2$ for every digit. D rises like C, but it is too sure.
#
# With two parameters we can draw this map. The small network of lab 7 has some 25,000, and
# nobody can. But a marble needs no map: it goes down in fog, feeling only the slope under
# it. Try it here, with every sixth digit, and do the task.

# %% slideshow={"slide_type": "slide"}
explorables.marble(x[::6], y[::6])

# %% [markdown]
# **What you should see** The map with a star at its bottom, the walk of ten steps from the marble's place, its first
# and last curve (9s are green squares here), and the loss after each step. A small learning
# rate hardly moves; a large one jumps over the valley and may end up higher. Near the bottom
# the slope is small, and so are the steps. With fewer digits the valley lies elsewhere, and
# deeper. (Leave *momentum* at 0 and `zero_grad` on: lab 6 and section 6 explain
# them.)
#
# **Rule** Draw the loss. If it creeps, raise the learning rate. If it jumps from one step to
# the next, lower it. Factors of 3 or 10 are the right size of change.
#
# **So far** A model is a formula with parameters. A step moves each parameter against its
# slope; training repeats it. This is a good place to stop. Next we look into the slope.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. What the slope is made of
#
# Lab 3 found the slope of the loss in the logit: $p - y$, what the model said minus what is
# true. The logit is $z = w\,x + b$. Raise $b$ by 1, and $z$ rises by 1. Raise $w$ by 1, and
# $z$ rises by $x$. So a change of $w$ reaches the loss $x$ times as strongly.

# %% slideshow={"slide_type": "fragment"}
lab04.slope.ask()

# %% slideshow={"slide_type": "fragment"}
error = (torch.sigmoid(w * x + b) - y).detach()  # at the bad start, (361,)
lab04.slope.result()
print(f"by hand:     {(error * x).mean():.4f}, {error.mean():.4f}")
print(f"by autograd: {w.grad:.4f}, {b.grad:.4f}")
assert_close((error * x).mean(), w.grad)
assert_close(error.mean(), b.grad)

# %% [markdown]
# **Error times input**, and the mean over all digits. (`detach()` leaves the notes of
# autograd behind.) A digit pulls hardest if the model is sure and wrong, and if its $x$ is
# far from 0. Where the pulls of all digits cancel, the walk ends.
#
# $$\begin{aligned}
# \text{slope in } w = \frac{1}{N} \sum_i (p_i - y_i)\, x_i,
# \qquad
# \text{slope in } b = \frac{1}{N} \sum_i (p_i - y_i)
# \end{aligned} \tag{gradient}$$

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. One line forgotten
#
# Leave out the first of the four lines, `zero_grad()`, and there is no error. `backward()`
# *adds* the new slopes to those that are there, as lab 3 has shown. (We take another start
# and a smaller `lr` than before.)

# %% slideshow={"slide_type": "slide"}
lab04.forgotten.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
def descend_without_zero_grad(w, b, lr, n_steps):
    w, b = torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)
    optimizer, path = torch.optim.SGD([w, b], lr=lr), [(w.item(), b.item())]
    for _ in range(n_steps):
        F.binary_cross_entropy_with_logits(w * x + b, y).backward()
        optimizer.step()
        path.append((w.item(), b.item()))
    return torch.tensor(path)


fig, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8))
draw_map(left, w_range=(-1, 10), b_range=(-8, 4))
walks = {"with": descend(1.0, 2.0, lr=0.1, n_steps=150),
         "without": descend_without_zero_grad(1.0, 2.0, lr=0.1, n_steps=150)}
curves = {}
for (name, walk), style in zip(walks.items(), ("-o", "--s"), strict=True):
    left.plot(*walk.T, style, markersize=3, linewidth=1, zorder=2 + (name == "with"))
    left.plot(*walk[0], "k^", *walk[-1], "k*", markersize=9, zorder=3)
    z = walk[:, :1] * x + walk[:, 1:]
    each = F.binary_cross_entropy_with_logits(z, y.expand_as(z), reduction="none")
    curves[name] = each.mean(dim=1)
plots.learning_curves(curves, right, epochs=range(151)).set(xlabel="step")
lab04.forgotten.result()
assert curves["without"][:20].min() < curves["with"][:20].min()  # seems better
assert curves["without"][40:].max() > curves["with"][40:].max() + 0.1

# %% [markdown]
# **What you should see** Both walks start at the triangle and end at a star. Dots: with
# `zero_grad` the walk goes towards the bottom. Squares: without it, it shoots past, climbs
# the other side, and comes round. Right, its loss falls at first even *faster* than the
# proper one, then swings. The sum of all old slopes is a speed that nothing brakes: a marble
# in a bowl without friction.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** Each step begins with `zero_grad()`. A loss that swings over many steps: look for
# it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7. Two numbers
#
# Where one number is not enough, take a second: $x_2$, the ink in the centre. (Minus half of
# full ink, so that it lies around 0 like $x$.) The logit becomes a **weighted sum**,
# $z = w_1 x_1 + w_2 x_2 + b$.
#
# * `X` has a row for each digit and a column for each number.
# * `nn.Linear(2, 1)` is the weighted sum: two numbers in, one out. Its parameters are
#   inside, at random at first. (`manual_seed` makes this start the same each time.)
# * `model.parameters()` hands them to the optimizer. (`.data` shows one without notes.)
# * `model(X)` gives a column of logits, so the labels must be a column, too.

# %%
centre = 16 * images[:, 2:6, 3:5].mean(dim=(1, 2)) - 8
X = torch.stack([x, centre], dim=1)  # (361, 2)
column = y.reshape(-1, 1)  # (361, 1)


def train(model, X, y, lr=1.0, n_steps=300):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X), y)
        loss.backward()
        optimizer.step()


torch.manual_seed(0)
model = nn.Linear(2, 1)
train(model, X, column)
print(model.weight.data, model.bias.data)

# %% [markdown]
# The four lines have not changed. Now we count the right answers. The model gives logits.

# %% slideshow={"slide_type": "slide"}
lab04.threshold.ask()

# %% slideshow={"slide_type": "fragment"}
logits = model(X).detach()
lab04.threshold.result()
print(f"accuracy {((logits > 0) == column).float().mean():.1%}")
print("called 9:", int((logits > 0).sum()), "and above 0.5:", int((logits > 0.5).sum()))
assert (logits > 0).equal(torch.sigmoid(logits) > 0.5)
assert ((logits > 0) == column).float().mean() > 0.95

# %% [markdown] slideshow={"slide_type": "slide"}
# In the plane of the two numbers each digit is a point. The model says 4 or 9 at every
# place of it.

# %% slideshow={"slide_type": "fragment"}
lab04.plane.ask()

# %% slideshow={"slide_type": "fragment"}
def classes(points):
    return (model(points) > 0).long().flatten()  # long: whole numbers, 0 and 1


lab04.plane.result()
ax = plots.decision_regions(classes, X, y.long(), labels=["4", "9"])
_ = ax.set(xlabel="ink above minus ink below", ylabel="ink in the centre, minus 8")

# %% [markdown]
# **What you should see** Circles are 4s, squares are 9s, and a straight line parts them:
# the **border**, where the logit is 0. It is slanted: it weighs one number against the
# other. Some of the digits that one number could not tell now lie on the correct side.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8. All 64 pixels
#
# Who says that these two numbers are the best? Give the machine all pixels, and let it
# choose: 64 weights and a bias. And we become stricter. A model can learn its examples by
# heart, so every third digit is kept away from training, and we count on those.

# %% slideshow={"slide_type": "fragment"}
new = torch.arange(len(y)) % 3 == 2  # % is the remainder: every third
inputs = {"one number": X[:, :1], "two numbers": X, "64 pixels": images.flatten(1)}
for name, given in inputs.items():
    model = nn.Linear(given.shape[1], 1)
    train(model, given[~new], column[~new])  # ~ means not
    right = (model(given[new]) > 0) == column[new]
    print(f"{name}: {right.float().mean():.1%} of {len(right)} new digits")
assert right.float().mean() > 0.98

# %% [markdown] slideshow={"slide_type": "fragment"}
# (`flatten(1)` makes a row of 64 numbers of each image.) The last model has one weight for
# each pixel, so we can look at what it has learned, as an image: red where ink speaks for
# a 9, blue where it speaks for a 4.

# %% slideshow={"slide_type": "slide"}
lab04.pixels.ask()

# %% slideshow={"slide_type": "fragment"}
weights = model.weight.detach().reshape(8, 8)
fig, axes = plt.subplots(1, 3, figsize=(6.4, 2.2))
for ax, k in zip(axes, (0, 1), strict=False):
    ax.imshow(images[y == k].mean(dim=0), cmap="gray_r")
    ax.set_title(("mean of the 4s", "mean of the 9s")[k], loc="center")
plots.signed_image(weights, axes[2], limit=2.5)
axes[2].set_title("weights", loc="center")
for ax in axes:
    ax.axis("off")
lab04.pixels.result()
assert weights[:3].sum() > 1 > -1 > weights[4:6, 1:5].sum()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Red at the top, blue just below the middle: ink above, minus ink
# below. The machine has found the rule of the beginning by itself, and made it finer: the
# bottom right, where a 9 ends, is red again. It went downhill in
# 65 directions.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 9. End in logits
#
# The model gives logits, and the sigmoid is inside the loss. Older code ends the model
# with a sigmoid, and gives the probabilities to `binary_cross_entropy`. On paper it is the
# same. Now take the worst mistake: a 4, $y = 0$, with the logit 17. On paper the slope is
# $p - y$, practically 1, the strongest pull there is. By way of the sigmoid, `backward`
# multiplies the slopes of the two steps: that of the loss in $p$, and that of the sigmoid,
# which is $p\,(1 - p)$.

# %% slideshow={"slide_type": "slide"}
lab04.seventeen.ask()

# %%
def loss_and_slope(z, y, loss_of):
    z = z.clone().requires_grad_()
    loss = loss_of(z, y)
    loss.backward()
    return loss.item(), z.grad.item()


def by_way_of_sigmoid(z, y):
    return F.binary_cross_entropy(torch.sigmoid(z), y)


# %% [markdown]
# (`clone()` copies the logit, and `requires_grad_()` marks the copy for slopes.)

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
sure, four = torch.tensor([17.0]), torch.tensor([0.0])
by_sigmoid = loss_and_slope(sure, four, by_way_of_sigmoid)
with_logits = F.binary_cross_entropy_with_logits
from_logits = loss_and_slope(sure, four, with_logits)
print("sigmoid: loss {}, slope {}".format(*by_sigmoid))
print("logits:  loss {}, slope {}".format(*from_logits))
lab04.seventeen.result()
assert (by_sigmoid, from_logits) == ((100, 0), (17, 1))

# %% [markdown] slideshow={"slide_type": "slide"}
# From logits, the mistake costs 17 and pulls with the slope 1. By way of the sigmoid it costs
# 100, where PyTorch cuts the loss off, and has no pull at all: it is never mended.
#
# **Rule** End in logits: the loss is the one *with logits*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint.
#
# **Exercise 1** (4 minutes). Find the fault. Five people trained the curve of section 3,
# from different starts, and each made one mistake. Here are their losses. Which is which?
#
# * (a) The learning rate is far too small.
# * (b) The learning rate is far too large.
# * (c) `zero_grad()` is missing.
# * (d) The step goes *with* the slope.
# * (e) A sure and wrong start, the sigmoid in the model, and `binary_cross_entropy`.

# %% slideshow={"slide_type": "fragment"}
runs = lab04.five_losses()  # {1: losses, 2: losses, ...}
fig, axes = plt.subplots(1, 5, figsize=(11, 2.2))
for ax, (number, losses) in zip(axes, runs.items(), strict=True):
    ax.plot(losses)
    ax.set(title=f"run {number}", xlabel="step", ylim=(0, None))
_ = axes[0].set_ylabel("loss (nats)")

# %% [markdown]
# **What you should see** Five losses over 100 steps. Mind the scale at the left of each.
#
# Return five letters, for run 1 to run 5, each once, as in
# `return "a", "b", "c", "d", "e"`.

# %% tags=["exercise"]
def faults():
    ...


lab04.faults.check(faults)
# lab04.faults.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 2** (4 minutes). Decide. An alarm has to be raised for class 1. If it is
# missed, that costs `missed`; an alarm for class 0 costs `false_alarm`. Return 1.0 where
# the alarm is cheaper on average, else 0.0. All you have are the logits, shape (N,).

# %% tags=["exercise"]
def decide(logits, missed, false_alarm):
    ...


lab04.decide.check(decide)
# lab04.decide.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 3** (6 minutes). Train it yourself. `trained(X, y, lr, n_steps)`: `X` is
# (N, D), `y` is (N, 1). Begin with weights of 0, shape (D, 1), and a bias of 0, shape (1,);
# the logits are `X @ W + b`, where `@` makes the weighted sum of every row. Return `W`, `b`
# and the loss of the *finished* model, all three as tensors (no `.item()`).

# %% tags=["exercise"]
def trained(X, y, lr, n_steps):
    ...


lab04.trained.check(trained)
# lab04.trained.hint()

# %% [markdown]
# **Exercise 4** (8 minutes). Without autograd: `gradient_step(X, y, W, b, lr)` makes one
# step. Shapes are as in exercise 3. Return the new `W` and `b`; leave the old ones alone.
# (`X.T` exchanges rows and columns, so that `X.T @ error` adds up over the examples.)

# %% tags=["exercise"]
def gradient_step(X, y, W, b, lr):
    ...


lab04.gradient_step.check(gradient_step)
# lab04.gradient_step.hint()

# %% [markdown]
# **Exercise 5** (4 minutes). `border(W, b, x1)`: draw the border of section 7. `W` has
# shape (2, 1), `b` has shape (1,), `x1` has shape (M,). Return for each place `x1` the
# $x_2$ at which the logit is 0, shape (M,). ($w_2$ is never 0 here.)

# %% tags=["exercise"]
def border(W, b, x1):
    ...


lab04.border.check(border)
# lab04.border.hint()

# %% [markdown]
# **Exercise 6** (3 minutes). `accuracy(logits, y)`: the fraction of right answers, a plain
# Python number. Both have shape (N, 1). But (N, 1) == (N,) gives a table N x N without an
# error. So if the shapes differ, stop with `raise ValueError("...")`, an error of your own.

# %% tags=["exercise"]
def accuracy(logits, y):
    ...


lab04.accuracy.check(accuracy)
# lab04.accuracy.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * A model is a formula with parameters. Logistic regression: weighted sum, then sigmoid.
# * The slope of the loss is error times input, $(p - y)\,x$, the mean over the examples.
# * Gradient descent: subtract learning rate times slope, again and again.
# * Four lines train everything: `zero_grad()`, loss, `backward()`, `step()`.
# * Draw the loss. It creeps: raise `lr`. It jumps: lower it. It swings slowly: `zero_grad()`.
# * Accuracy asks on which side, the loss asks how far. Training follows the loss.
# * End in logits: the loss *with logits*, the threshold 0. The border is straight.
#
# Next: [**lab 5, softmax regression**](05_softmax_regression.ipynb). The same with more than two classes, and a published
# model in which one parameter could never learn.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Deeper
#
# Everything from here on is optional. Some of it needs names that the next cell brings.

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from course_utils import training


def mean_loss(path, x, y):
    """Return the loss at each (w, b) of a path, shape (n,)."""
    z = path[:, :1] * x + path[:, 1:]
    each = F.binary_cross_entropy_with_logits(z, y.expand_as(z), reduction="none")
    return each.mean(dim=1)


# %% [markdown]
# ### The published lab
#
# *For whoever wants to compare with the source note. 15 minutes.* The note is
# [\[PyTorch\] Classifier: Logistic & Softmax Regression Model](https://zoshs2.github.io)
# (4 March 2024). Six students, each with the scores of three exams; 1 is passed. Its names
# are `x_train`, `y_train`, `predict` and `cost`; here they are `X3`, `y3`, `probs`, `loss`.

# %%
X3 = torch.tensor(
    [
        [1.0, 2.0, 2.0],
        [2.0, 3.0, 1.0],
        [3.0, 1.0, 1.0],
        [4.0, 3.0, 5.0],
        [5.0, 3.0, 6.0],
        [6.0, 2.0, 4.0],
    ]
)
y3 = torch.tensor([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])  # 1 is passed

# %% [markdown]
# Its first figure is a scheme of the model: inputs, weighted sum, sigmoid. Diagrams of
# networks look like this in every book. A circle holds a number; an arrow multiplies by
# a weight; where arrows meet, they are added.

# %%
fig, ax = plt.subplots(figsize=(6, 2.6))
ax.axis("off")
circle = {"boxstyle": "circle", "facecolor": "white", "edgecolor": "black"}
arrow = {"arrowstyle": "->", "shrinkA": 16, "shrinkB": 16}
for k, (name, weight) in enumerate((("$x_1$", "$w_1$"), ("$x_2$", "$w_2$"),
                                    ("$x_3$", "$w_3$"), ("1", "$b$"))):
    ax.annotate("", (1, 0.5), (0, 1 - k / 3), arrowprops=arrow)
    ax.text(0, 1 - k / 3, name, ha="center", va="center", bbox=circle)
    ax.text(0.42, 0.56 + 0.58 * (0.5 - k / 3), weight, ha="center", va="bottom")
for left, right in ((1, 2), (2, 3)):
    ax.annotate("", (right, 0.5), (left, 0.5), arrowprops=arrow)
for at, name in ((1, r"$\Sigma$"), (2, r"$\sigma$"), (3, "$p$")):
    ax.text(at, 0.5, name, ha="center", va="center", bbox=circle)
ax.text(1.5, 0.56, "logit z", ha="center", va="bottom")
_ = ax.set(xlim=(-0.3, 3.3), ylim=(-0.15, 1.15))

# %% [markdown]
# **What you should see** Three inputs and a 1 in a column at the left. Four arrows, with
# the three weights and the bias, meet in a sum. Its result, the logit, goes through the
# sigmoid, and out comes $p$.
#
# `nn.Sequential` puts parts in a row, the output of one is the input of the next. (The
# note's text writes `nn.sigmoid()`; the name is `nn.Sigmoid`.) The note did not fix its
# random start, but it printed it, so we copy the numbers in. `copy_` overwrites them and
# leaves the parameter in its place.

# %%
def set_parameters(linear, weight, bias):
    with torch.no_grad():  # no notes for autograd here
        linear.weight.copy_(torch.tensor([weight]))
        linear.bias.copy_(torch.tensor([bias]))


model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
set_parameters(model[0], (-0.5276, -0.5293, -0.2994), 0.0481)
print(list(model.parameters()))
print(model(X3))
published = torch.tensor([0.1056, 0.0524, 0.0860, 0.0058, 0.0025, 0.0046])
assert_close(model(X3).flatten(), published, atol=1e-4, rtol=0)

# %% [markdown]
# The weight is a row, (1, 3): `nn.Linear` keeps one row per output, and calculates
# `X @ weight.T + bias`. At the start the model says "failed" to everybody, and most firmly
# to those who passed. First the logit of the first student, number by number, then all with
# the matrix product `@`.

# %%
W, b = model[0].weight.detach().T, model[0].bias.detach()  # (3, 1), (1,)
z = W[0] * X3[0, 0] + W[1] * X3[0, 1] + W[2] * X3[0, 2] + b
print("logit of the first student:", z)
assert_close((X3 @ W + b)[0], z)
assert_close(torch.matmul(X3, W) + b, X3 @ W + b)  # the same by its long name
assert_close(torch.sigmoid(X3 @ W + b), model(X3))

# %% [markdown]
# The gradient three ways: by hand, by autograd, and as printed in the note.
#
# $$\begin{aligned}
# \frac{\partial\, \text{loss}}{\partial W} = \frac{1}{N}\, X^{\mathsf T} (p - y),
# \qquad
# \frac{\partial\, \text{loss}}{\partial b} = \frac{1}{N} \sum_i (p_i - y_i)
# \end{aligned}$$

# %%
error = torch.sigmoid(X3 @ W + b) - y3  # (6, 1)
by_hand = torch.cat([(X3.T @ error / len(X3)).flatten(), error.mean().reshape(1)])
F.binary_cross_entropy(model(X3), y3).backward()
by_autograd = torch.cat([model[0].weight.grad[0], model[0].bias.grad])
print("by hand:    ", by_hand)
print("by autograd:", by_autograd)
assert_close(by_hand, by_autograd)
published = torch.tensor([-2.4113, -1.2519, -2.4313, -0.4572])
assert_close(by_autograd, published, atol=1e-4, rtol=0)

# %% [markdown]
# One pass over all the data is an **epoch**. All the data go into each step here, so an
# epoch is a step. The note writes `range(num_epochs + 1)` with 100: that makes 101 steps,
# and its lines 0 to 100 are the losses *before* these steps. We say what we do: 101 steps.

# %%
def train_logged(model, X, y, lr, n_steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses, accuracies = [], []
    for _ in range(n_steps):
        optimizer.zero_grad()
        probs = model(X)
        loss = F.binary_cross_entropy(probs, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        accuracies.append(((probs >= 0.5) == y).float().mean().item())
    return losses, accuracies


losses, accuracies = train_logged(model, X3, y3, lr=0.05, n_steps=101)
for epoch in range(0, 101, 10):
    loss, acc = losses[epoch], accuracies[epoch]
    print(f"epoch {epoch:3}  loss {loss:.3f}  accuracy {acc:.2%}")

# %% [markdown]
# That is the published log, to the last digit. (`:.2%` prints a fraction as a percentage.)

# %%
log = [2.794, 0.498, 0.452, 0.416, 0.385, 0.359, 0.338, 0.319, 0.302, 0.287, 0.274]
assert_close(torch.tensor(losses[::10]), torch.tensor(log), atol=6e-4, rtol=0)
assert [round(6 * a) for a in accuracies[::10]] == [3, 4, 4, 4, 5, 5, 6, 6, 6, 6, 6]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8))
plots.learning_curves({"loss": losses}, left, epochs=range(101),
                      baseline=("always one half, log 2", torch.tensor(2.0).log()))
plots.learning_curves({"accuracy": accuracies}, right, epochs=range(101),
                      ylabel="accuracy (fraction)", baseline=("always passed", 0.5))
_ = left.set_ylim(0, 3), right.set_ylim(0, 1.05)

# %% [markdown]
# **What you should see** Left, the loss drops in the first steps below the dotted line of
# somebody who knows nothing, then falls slowly, without a bump. Right, the accuracy goes in
# stairs, because six students allow only seven values. Near the left edge stands a spike
# that the log has missed: all six answers right, for a single epoch, and then two of them
# wrong again for a long time.

# %%
set_parameters(model[0], (-0.5276, -0.5293, -0.2994), 0.0481)
train_logged(model, X3, y3, lr=0.05, n_steps=4)
for epoch in range(4, 8):
    print(f"epoch {epoch}", model(X3).detach().flatten())
    train_logged(model, X3, y3, lr=0.05, n_steps=1)
best = accuracies.index(1.0)
print("first epoch with all six right:", best)
assert accuracies[best + 1] < 1 and losses[best + 1] < losses[best]

# %% [markdown]
# In short: everybody's probability rises, and those who passed cross one half first. For a
# moment the two groups lie on different sides of it, some by a hair. Then two who failed
# cross it as well. The loss falls all the time: it asks how far, accuracy only on which side.
#
# And do not be too proud of the 100% at the end. It counts the very students that the model
# was trained on.
#
# ### The published lab: its class
#
# *For whoever writes models. 8 minutes.* `nn.Sequential` only puts parts in a row. For
# anything else you write a **class**, a plan for objects. `class
# BinaryClassifier(nn.Module)` means: all that `nn.Module` can do, and what follows.
# `__init__` runs when an object is made; it first runs that of `nn.Module`, by `super()`,
# and then makes the parts. `self` is the object itself. `forward` says how the output is
# calculated; you call `model(X)`, and `nn.Module` calls `forward`.

# %%
class BinaryClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, X):
        return self.sigmoid(self.linear(X))


model = BinaryClassifier()
set_parameters(model.linear, (0.1236, 0.1227, -0.2454), -0.4398)
print(model)
print(list(model.parameters()))

# %% [markdown]
# Nowhere did we list the parameters, and yet the model knows them: a part that is stored
# with `self.name = ...` is noted by `nn.Module`. Is it the same model as the one with
# `nn.Sequential`? The same parameters give the same outputs and gradients.

# %%
sequential = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
set_parameters(sequential[0], (0.1236, 0.1227, -0.2454), -0.4398)
assert_close(model(X3), sequential(X3))
for each in (model, sequential):
    F.binary_cross_entropy(each(X3), y3).backward()
assert_close(model.linear.weight.grad, sequential[0].weight.grad)

losses, accuracies = train_logged(model, X3, y3, lr=0.05, n_steps=101)
for epoch in range(0, 101, 10):
    loss, acc = losses[epoch], accuracies[epoch]
    print(f"epoch {epoch:3}  loss {loss:.3f}  accuracy {acc:.2%}")
log = [0.847, 0.550, 0.488, 0.439, 0.399, 0.367, 0.339, 0.316, 0.297, 0.280, 0.265]
assert_close(torch.tensor(losses[::10]), torch.tensor(log), atol=6e-4, rtol=0)
assert [round(6 * a) for a in accuracies[::10]] == [3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6]

# %% [markdown]
# These are the numbers of the note's second run: another random start, and nearly the same
# loss, for a reason that stands [below](#There-is-only-one-valley). Now to its faults.
#
# **Which class is 1?** The text says once that 0 means passed, and once that 1 does. The
# mathematics does not care: flip the labels, and the same weights come out with the other
# sign. But whoever reads them with the wrong meaning in mind believes that a good third
# exam makes you fail.

# %% tags=["pitfall"]
def trained_from_zero(y):
    model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    set_parameters(model[0], (0.0, 0.0, 0.0), 0.0)
    train_logged(model, X3, y, lr=0.05, n_steps=101)
    return model[0].weight.detach()


print("1 is passed:", trained_from_zero(y3))
print("1 is failed:", trained_from_zero(1 - y3))
assert_close(trained_from_zero(1 - y3), -trained_from_zero(y3))

# %% [markdown]
# **The accuracy of the step before.** `probs` is calculated, then `step()` changes the
# model, then the accuracy is taken from the *old* `probs`. What is logged belongs to a
# model that does not exist any more.

# %% tags=["pitfall"]
def accuracy_logged_and_real(n_steps):
    model = BinaryClassifier()
    set_parameters(model.linear, (0.1236, 0.1227, -0.2454), -0.4398)
    _, accuracies = train_logged(model, X3, y3, lr=0.05, n_steps=n_steps)
    with torch.no_grad():
        real = ((model(X3) >= 0.5) == y3).float().mean().item()
    return accuracies[-1], real


for epoch in (0, 10, 20, 30):
    logged, real = accuracy_logged_and_real(n_steps=epoch + 1)
    print(f"epoch {epoch:2}  logged {logged:.2%}  the model now {real:.2%}")
assert accuracy_logged_and_real(1)[1] < accuracy_logged_and_real(1)[0]
assert accuracy_logged_and_real(21)[1] > accuracy_logged_and_real(21)[0]

# %% [markdown]
# At epoch 0 the model is *worse* than the log says, at epoch 20 it is better. As a rough
# sign of progress it is good enough, and it costs nothing. As a result it is wrong.
#
# **Rule** Calculate the number that you report anew, after the last step.
#
# **`>=` or `>`.** The note counts a probability of exactly one half as passed, this lab does
# not. It matters where the model says one half: at a start from zeros, to everybody. On
# paper $\sigma(z) > 1/2$ where $z > 0$; the computer rounds the sigmoid of a tiny $z$ to
# one half.

# %%
z = torch.tensor([-1e-8, 0.0, 1e-8])
print("sigmoid >= 1/2:", (torch.sigmoid(z) >= 0.5).tolist())
print("sigmoid >  1/2:", (torch.sigmoid(z) > 0.5).tolist())
print("logit   >  0:  ", (z > 0).tolist())
assert (torch.sigmoid(z) == 0.5).all()

# %% [markdown]
# **A "binomial distribution"**, says the note. One event with two outcomes has a
# **Bernoulli distribution**. The binomial one counts the 1s of *many* such events. With
# $p^y (1-p)^{1-y}$ for the probability of one outcome (put in $y = 1$, then $y = 0$), minus
# its logarithm is the note's formula of the loss, $-[y \log p + (1 - y) \log (1 - p)]$.

# %%
probs, labels = torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1.0, 0.0, 0.0])
likelihood = probs**labels * (1 - probs) ** (1 - labels)
formula = -(labels * probs.log() + (1 - labels) * (1 - probs).log())
print("probability of what happened:", likelihood)
assert_close(formula, -likelihood.log())
assert_close(formula.mean(), F.binary_cross_entropy(probs, labels))

# %% [markdown]
# **`net(X.data)`.** Another of the notes (`05wk-1.ipynb`) writes this to evaluate, with
# `.data` on inputs and labels, it seems in order to switch the notes of autograd off. It
# does not: the inputs have none anyway, the parameters do. `torch.no_grad()` works.

# %% tags=["pitfall"]
with torch.no_grad():
    without_notes = model(X3)
print("net(X.data) keeps notes: ", model(X3.data).requires_grad)
print("with no_grad() it does:  ", without_notes.requires_grad)
assert model(X3.data).requires_grad and not without_notes.requires_grad

# %% [markdown]
# ### There is only one valley
#
# *For whoever asks whether the start matters. 5 minutes.* Both published runs end with
# nearly the same loss: there is no second valley to be caught in. In short: on any straight
# way across the map the slope of the loss only rises, so the loss may fall and then rise,
# never rise and then fall.
#
# Why? On a straight way the logit of each example changes evenly. Where it rises, $p$
# rises, and so does the slope of its loss, $p - y$. Where it falls, $p$ falls, but along the
# way the slope is $-(p - y)$, and that rises again.
#
# So there is no second valley. (A loss of this shape is called **convex**. Networks with
# hidden layers do not have this comfort.)

# %%
starts = torch.tensor([[-0.5276, -0.5293, -0.2994, 0.0481],
                       [0.1236, 0.1227, -0.2454, -0.4398]], dtype=torch.float64)
t = torch.linspace(-1, 3, 201, dtype=torch.float64).reshape(-1, 1)
places = (1 - t) * starts[0] + t * starts[1]  # (201, 4): three weights and the bias
z = places[:, :3] @ X3.T.double() + places[:, 3:]  # (201, 6)
each = F.binary_cross_entropy_with_logits(
    z, y3.flatten().double().expand_as(z), reduction="none"
)
across = each.mean(dim=1)
fig, ax = plt.subplots(figsize=(5, 2.3))
ax.plot(t, across)
ax.plot([0, 1], across[[50, 100]], "ks")
_ = ax.set(xlabel="0 and 1 are the two published starts", ylabel="loss (nats)")
ends = torch.tensor([2.794, 0.847], dtype=torch.float64)
assert_close(across[[50, 100]], ends, atol=6e-4, rtol=0)
assert (across.diff().diff() > 0).all()  # the slope rises at each of the places

# %% [markdown]
# **What you should see** The loss on the straight line through the two published starts,
# the two squares. It falls and then rises, like a bowl.
#
# ### A hundred times as long
#
# *For whoever trains very long. 4 minutes.* All six students are right since about epoch
# 60. We train ten times as long, then a hundred times. Do the parameters come to rest?

# %% slideshow={"slide_type": "slide"}
lab04.separable.ask()

# %% slideshow={"slide_type": "fragment"}
all_largest = []
for n_steps in (100, 1_000, 10_000):
    model = BinaryClassifier()
    set_parameters(model.linear, (0.1236, 0.1227, -0.2454), -0.4398)
    losses, accuracies = train_logged(model, X3, y3, lr=0.05, n_steps=n_steps)
    all_largest.append(model.linear.weight.abs().max().item())
    print(f"{n_steps:6} steps: loss {losses[-1]:.4f}, weights to {all_largest[-1]:.2f}")
lab04.separable.result()
z = model.linear(X3).detach()
assert all_largest == sorted(all_largest)
assert F.binary_cross_entropy(torch.sigmoid(2 * z), y3) < losses[-1]  # all doubled

# %% [markdown]
# ### At the bottom, the sum is right
#
# *A fact that nobody asked for. 2 minutes.* At the bottom the slope in $b$ is 0, and that is
# the mean of $p - y$. So the probabilities add up to the number of 9s. Every logistic
# regression with a bias does that on its training data, once it is at the bottom. (The walk
# of section 2 had not quite arrived.)

# %%
path = descend(-1.0, 2.0, lr=3.0, n_steps=200)
w_, b_ = path[-1]
expected = torch.sigmoid(w_ * x + b_).sum()
print(f"9s expected: {expected:.2f}, 9s there: {y.sum():.0f}")
print(f"an even chance at x = {-b_ / w_:.2f}")
assert_close(expected, y.sum(), atol=0.02, rtol=0)

# %% [markdown]
# ### Three learning rates
#
# *For whoever has no screen to play with the marble. 3 minutes.*

# %%
fig, axes = plt.subplots(1, 3, figsize=(10.5, 2.6), sharey=True)
ends = {}
for ax, rate in zip(axes, (0.01, 1.0, 30.0), strict=True):
    walk = descend(-1.0, 2.0, lr=rate, n_steps=40)
    draw_map(ax, w_range=(-2, 14), b_range=(-8, 8))
    ax.plot(walk[:, 0], walk[:, 1], "-o", color="C1", markersize=3, linewidth=1)
    ends[rate] = mean_loss(walk[20:], x, y)
    low, high = ends[rate].min(), ends[rate].max()
    ax.set(title=f"lr = {rate}: at last {low:.2f} to {high:.2f}", ylabel="",
           xlim=(-2, 14), ylim=(-8, 8))
_ = axes[0].set_ylabel("bias b")
lowest = mean_loss(path[-1:], x, y).item()
assert ends[0.01].min() > lowest + 0.5 and ends[1.0].max() < lowest + 0.01
assert ends[30.0].max() > lowest + 0.5  # it never settles

# %% [markdown]
# **What you should see** Left, tiny steps, and the walk ends on the way. In the middle it
# arrives. Right, the first step jumps across the valley; the walk comes back and then jumps
# to and fro without settling. (Above: the range of the loss in the last 20 steps. Where such
# a walk stops is a matter of luck.)
#
# ### Without `zero_grad()`, slower
#
# *For whoever would lower the learning rate. 2 minutes.* Does a quarter of it mend the
# swings of section 6? They only become slower. (`zero_grad()` sets `.grad` to `None`, not
# to 0; `.grad.zero_()` by hand would fail on it.) A speed that *is* braked is called
# momentum; lab 6 builds it.

# %% tags=["pitfall"]
tops = {}
for rate in (0.1, 0.025):
    walk = descend_without_zero_grad(1.0, 2.0, lr=rate, n_steps=240)
    swing = mean_loss(walk, x, y)
    tops[rate] = int(swing[20:].argmax()) + 20
    print(f"lr {rate}: the highest loss of the swing is {swing[20:].max():.2f}")
w, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([w, b], lr=0.1)
(w * b).backward()
optimizer.zero_grad()
assert w.grad is None
assert tops[0.025] > tops[0.1]

# %% [markdown]
# ### A column and a list
#
# *For exercise 6, and for everybody who compares. 4 minutes.* The logits are a column,
# (N, 1). If the labels are a list, (N,), `==` makes a table. What becomes of the accuracy?

# %% slideshow={"slide_type": "slide"}
lab04.compared.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
model = nn.Linear(2, 1)
train(model, X, column)
logits = model(X).detach()
print("(logits > 0) == y has shape", tuple(((logits > 0) == y).shape))
lab04.compared.result()
print(f"accuracy with a column: {((logits > 0) == column).float().mean():.2%}")
print(f"accuracy with a list:   {((logits > 0) == y).float().mean():.2%}")
assert ((logits > 0) == y).float().mean() < 0.6

# %% [markdown]
# The loss refuses two such shapes, `==` does not. A good model looks useless, and you search
# for the mistake in the training. `training.accuracy` of this course looks at the shapes
# first; from here on you may use it. The cure is in its message.

# %%
for compare in (F.binary_cross_entropy_with_logits, training.accuracy):
    try:
        compare(logits, y)
    except ValueError as error:
        print(error)
    else:
        raise AssertionError("two different shapes were compared")
right = ((logits > 0) == column).float().mean().item()
assert training.accuracy(logits, y.reshape(-1, 1)) == right

# %% [markdown]
# **Rule** Before `==`, make sure that both shapes are equal.
#
# ### How a sure mistake stops all learning
#
# *For whoever meets older code. 8 minutes.* The two losses of section 9, for one 4 and
# logits up to 30.

# %%
z = torch.linspace(-5, 30, 351)
fig, axes = plt.subplots(1, 2, figsize=(9, 2.8))
ways = {"sigmoid, then loss": (by_way_of_sigmoid, "--"),
        "loss from logits": (F.binary_cross_entropy_with_logits, "-")}
for name, (loss_of, style) in ways.items():
    found = [loss_and_slope(value.reshape(1), four, loss_of) for value in z]
    for ax, values in zip(axes, torch.tensor(found).T, strict=True):
        ax.plot(z, values, style, label=name)
axes[0].set(xlabel="logit z, the truth is y = 0", ylabel="loss (nats)")
axes[1].set(xlabel="logit z, the truth is y = 0", ylabel="slope of the loss")
_ = axes[0].legend(loc="upper left")

# %% [markdown]
# **What you should see** Left, up to a logit of about 16 the two agree. Then the dashed one
# jumps to 100 and stays there. Right, the slope should go to 1 and stay, and the solid line
# does. The dashed one drops to 0 all at once: on the worst mistakes there is no pull at all.
#
# What it means for training: we start with $b = 20$, sure that everything is a 9. (Such
# starts do happen: one jump with a large learning rate is enough.)

# %% tags=["pitfall"]
def train_from_afar(loss_of, n_steps=150):
    w, b = torch.tensor(0.0, requires_grad=True), torch.tensor(20.0, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=1.0)
    losses = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = loss_of(w * x + b, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


losses = {name: train_from_afar(loss_of) for name, (loss_of, _) in ways.items()}
_, ax = plt.subplots(figsize=(5.6, 2.6))
for name, (_, style) in ways.items():
    ax.plot(losses[name], style, label=name)
_ = ax.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 60)), ax.legend()
stuck, arrived = losses.values()
assert_close((stuck[0], arrived[0]), (181 / 361 * 100, 181 / 361 * 20))
assert stuck[0] == stuck[-1] and arrived[-1] < 0.3

# %% [markdown]
# **What you should see** The dashed line is level for all 150 steps: the loss is enormous,
# and nothing moves. The solid line, from logits, comes down and arrives. They begin at
# different heights because each of the 4s costs 100 on one way and 20 on the other.
#
# The cure makes one step of sigmoid and logarithm. With $p = \sigma(z)$ the loss becomes
#
# $$\begin{aligned} \text{loss} = \log(1 + e^z) - y\,z \end{aligned} \tag{loss with logits}$$
#
# ($y = 0$ leaves $-\log(1 - p) = \log(1 + e^z)$; $y = 1$ takes $z$ away from it.) No
# probability, nothing to be rounded to 1. (Typed as it stands, $e^z$ still overflows: Exercise
# 7 mends that.)

# %%
z, labels = torch.tensor([-3.0, 0.5, 2.0]), torch.tensor([1.0, 0.0, 1.0])
by_hand = ((1 + z.exp()).log() - labels * z).mean()
assert_close(by_hand, F.binary_cross_entropy_with_logits(z, labels))
assert_close(by_hand, nn.BCEWithLogitsLoss()(z, labels))  # the same as an object
assert_close(by_hand, F.binary_cross_entropy(torch.sigmoid(z), labels))

# %% [markdown]
# **The other formula of the sigmoid.** Multiply top and bottom of $1 / (1 + e^{-z})$ by
# $e^z$: $e^z / (1 + e^z)$, as a source note types it. Equal on paper; but $e^{89}$ does
# not fit into a `float32`.

# %% tags=["pitfall"]
def sigmoid_top_heavy(z):
    return z.exp() / (1 + z.exp())


z = torch.tensor([-2.0, 0.0, 88.0, 89.0])
print(sigmoid_top_heavy(z))
print(torch.sigmoid(z))
assert sigmoid_top_heavy(z)[-1].isnan()

# %% [markdown]
# **Rule** Do not type the sigmoid, use `torch.sigmoid`.
#
# (Why not the squared error of $p$ and $y$? Its slope dies for sure mistakes as well, not
# by rounding but by its formula: see
# [lab 3](03_cross_entropy_with_torch.ipynb).)
#
# ### A second opinion
#
# *For whoever trusts no single program. 6 minutes.* scikit-learn's `LogisticRegression`
# descends in quite another way. `C=inf` switches off a habit of it, of which more below.
# We ask it for our two numbers, with more digits (`double()`) and more steps.

# %%
oracle = LogisticRegression(C=float("inf"), tol=1e-10)
oracle.fit(X.double().numpy(), y.numpy())
model = nn.Linear(2, 1).double()
train(model, X.double(), column.double(), lr=1.0, n_steps=5000)
print("scikit-learn:", oracle.coef_[0], oracle.intercept_)
print("ours:        ", model.weight.data[0].numpy(), model.bias.data.numpy())
assert_close(model.weight.data, torch.tensor(oracle.coef_), atol=1e-6, rtol=0)
assert_close(model.bias.data, torch.tensor(oracle.intercept_), atol=1e-6, rtol=0)

# %% [markdown]
# Two programs, two methods, the same parameters: there is only one valley. Without
# `C=inf`, scikit-learn adds a **penalty** to the loss, which pulls the weights towards 0.
# That keeps them finite for separable data, but it is another loss with another bottom.
# With it, the three models of section 8, each on five parts in turn (train on four, count
# on the fifth):

# %%
penalised = LogisticRegression().fit(X.numpy(), y.numpy())
print("with its penalty:", penalised.coef_[0], penalised.intercept_)
assert (abs(penalised.coef_) < abs(oracle.coef_)).all()
fifths = []
for name, given in inputs.items():
    judge = LogisticRegression(max_iter=5000)
    fifths.append(cross_val_score(judge, given.numpy(), y.numpy(), cv=5).mean())
    print(f"{name}: {fifths[-1]:.1%}")
assert_close(torch.tensor(fifths), torch.tensor([0.900, 0.944, 0.992]).double(),
             atol=6e-4, rtol=0)

# %% [markdown]
# ### The model and the truth
#
# *For everybody who reports a loss; lab 7 comes back to it. 8 minutes.* For once we make
# the data, so we know the truth. 200 points; the label of each is tossed like a coin whose
# probability is $\sigma(2 x_1 - x_2 + \tfrac12)$. (`torch.bernoulli` tosses, `torch.randn`
# draws numbers around 0, and a `generator` is a stream of random numbers of its own.)

# %%
generator = torch.Generator().manual_seed(0)
X2 = torch.randn(200, 2, generator=generator, dtype=torch.float64)
true_W = torch.tensor([[2.0], [-1.0]], dtype=torch.float64)
true_b = torch.tensor(0.5, dtype=torch.float64)
y2 = torch.bernoulli(torch.sigmoid(X2 @ true_W + true_b), generator=generator)
model = nn.Linear(2, 1).double()
train(model, X2, y2, lr=1.0, n_steps=2000)
print("the truth:  ", true_W.flatten(), true_b)
print("the learned:", model.weight.data.flatten(), model.bias.data)

# %% [markdown]
# Which of the two has the smaller loss on these 200 points? And on 100,000 new ones?

# %% slideshow={"slide_type": "slide"}
lab04.truth.ask()

# %% slideshow={"slide_type": "slide"}
def loss_of_both(X, y):
    learned = F.binary_cross_entropy_with_logits(model(X).detach(), y)
    return F.binary_cross_entropy_with_logits(X @ true_W + true_b, y), learned


new_X = torch.randn(100_000, 2, generator=generator, dtype=torch.float64)
new_probs = torch.sigmoid(new_X @ true_W + true_b)
new_y = torch.bernoulli(new_probs, generator=generator)
for name, points in (("its own", (X2, y2)), ("new", (new_X, new_y))):
    truth, learned = loss_of_both(*points)
    print(f"{name} points: loss of the truth {truth:.4f}, of the model {learned:.4f}")
lab04.truth.result()
assert loss_of_both(X2, y2)[1] < loss_of_both(X2, y2)[0]
assert loss_of_both(new_X, new_y)[1] > loss_of_both(new_X, new_y)[0]

# %% [markdown]
# And even the truth is far from a loss of 0. Labels that are tossed like coins cannot be
# predicted better than the coin allows, by no model, however large.
#
# **The arrow of the weights.** Drawn from a point of the border, $w_1$ to the right and
# $w_2$ upward, it stands at a right angle to the border and points towards class 1. Places
# of one and the same probability, say 90%, form lines parallel to it.

# %%
side = torch.linspace(-4, 4, 100, dtype=torch.float64)
grid = torch.cartesian_prod(side, side)  # all pairs of two lists: (10000, 2)
probs = torch.sigmoid(model(grid)).detach().reshape(100, 100).T
ax = plots.decision_regions(classes, X2, y2.flatten(), plt.subplots(figsize=(5, 4))[1])
limits = {"xlim": ax.get_xlim(), "ylim": ax.get_ylim()}
ax.contour(side, side, probs, [0.1, 0.9], colors="black", linestyles="--")
w, b = model.weight.detach()[0], model.bias.detach()[0]
foot = torch.stack([-(w[1] * -2.5 + b) / w[0], torch.tensor(-2.5)])  # on the border
arrow = {"arrowstyle": "->", "linewidth": 2.5}
ax.annotate("", foot + w / 2, foot, arrowprops=arrow)
_ = ax.set(xlabel="input $x_1$", ylabel="input $x_2$", aspect="equal", **limits)
turned = torch.stack([-w[1], w[0]])  # the arrow, turned by a right angle
for distance in (-2.0, 0.0, 2.0):  # walking along it, we stay on the border
    z = model(foot + distance * turned).detach()
    assert_close(z, torch.zeros_like(z), atol=1e-6, rtol=0)
assert model(foot + w) > 0

# %% [markdown]
# **What you should see** The solid line is the border; the dashed ones, at one tenth and
# nine tenths, are parallel to it. Between them the two kinds of points are mixed most. The
# arrow, at half its length, stands at a right angle to all three.
#
# ### Three questions more
#
# *For whoever wants to be sure. 4 minutes.*

# %% slideshow={"slide_type": "slide"}
lab04.counted.ask()

# %% slideshow={"slide_type": "fragment"}
layer = nn.Linear(5, 2)
print(tuple(layer.weight.shape), tuple(layer.bias.shape))
print(sum(parameter.numel() for parameter in layer.parameters()))
lab04.counted.result()

# %% [markdown]
# And what if somebody multiplies all parameters of the trained model by 10?

# %% slideshow={"slide_type": "slide"}
lab04.tenfold.ask()

# %% slideshow={"slide_type": "fragment"}
for factor in (1, 10):
    scaled = factor * model(X2).detach()
    loss = F.binary_cross_entropy_with_logits(scaled, y2)
    print(f"{factor:2}: accuracy {training.accuracy(scaled, y2):.4f}, loss {loss:.4f}")
lab04.tenfold.result()

# %% [markdown]
# The last one is about the unit of the inputs.

# %% slideshow={"slide_type": "slide"}
lab04.percent.ask()

# %% slideshow={"slide_type": "fragment"}
in_percent = LogisticRegression(C=float("inf"), tol=1e-10)
in_percent.fit(100 * X.double().numpy(), y.numpy())
print("best weights before:", oracle.coef_[0], " in percent:", in_percent.coef_[0])
lab04.percent.result()
before, after = torch.tensor(oracle.coef_), torch.tensor(in_percent.coef_)
assert_close(100 * after, before, rtol=1e-3, atol=0)

# %% [markdown]
# ### Two challenges
#
# *For experts. 25 minutes.*
#
# **Exercise 7** (12 minutes). `bce_with_logits(logits, y)`: the mean loss from logits, shape
# (N,), and whole labels 0 and 1, shape (N,). It must survive logits of 1000, also in its
# slopes. The formula stands above; lab 1 has the cure for
# $\log(1 + e^z) = \log(e^0 + e^z)$.

# %% tags=["exercise"]
def bce_with_logits(logits, y):
    ...


lab04.bce_with_logits.check(bce_with_logits)
# lab04.bce_with_logits.hint()

# %% [markdown]
# **Exercise 8** (13 minutes). `stable_sigmoid(z)` for z of any size, without `torch.sigmoid` or `torch.softmax`. The
# check also sends `backward()` through your function: values *and* slopes must be right for
# ±1000, and at 0, to six decimals. That is harder than it looks: `torch.where` between two
# formulas is not enough. (`z.clamp(min=0)` raises what is below 0 to 0.)

# %% tags=["exercise"]
def stable_sigmoid(z):
    ...


lab04.stable_sigmoid.check(stable_sigmoid)
# lab04.stable_sigmoid.hint()
