# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,jupyter,-all
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

# %% [markdown]
# # 5. Softmax regression
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/05_softmax_regression.ipynb)
#
# Logistic regression chooses between two classes. With one logit per class, and softmax
# in place of the sigmoid, the same idea chooses between any number of them. It is the
# last layer of nearly every classifier, so it pays to know it well.
#
# You will also run a published training loop that many people have copied. Its loss falls
# at every line of its log. Nearly all the time, the model gets worse. And one of its
# parameters never moves.
#
# **You will be able to**
#
# * write a classifier for K classes as one matrix product, and say every shape in it;
# * calculate its gradient by hand, for all examples at once;
# * recognise softmax applied twice, and explain why its loss falls while the model fails;
# * explain why a bias that all classes share can never learn;
# * write the model as an `nn.Module`, and read the shape of its weights;
# * compare your model with one from another library, although the weights differ;
# * say in which sense logistic regression is softmax regression with two classes.
#
# **Needs** Labs 1 to 4: softmax, cross entropy, autograd, gradient descent, `nn.Linear`.
#
# **Takes** 85 minutes to read and run, 45 more for the exercises and the quiz.

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
from matplotlib.patches import Rectangle
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.testing import assert_close

from course_utils import plots, training
from course_utils.exercises import lab05

plt.style.use("course_utils.course")

# %% [markdown]
# ## 1. One score per class
#
# The data of the notes: N = 8 examples, D = 4 **features** (what lab 4 called inputs),
# K = 3 classes. Nobody says what the features mean, and it does not matter here.

# %%
X = torch.tensor(
    [[1, 2, 1, 1], [2, 1, 3, 2], [3, 1, 3, 4], [4, 1, 5, 5],
     [1, 7, 5, 5], [1, 2, 5, 6], [1, 6, 6, 6], [1, 7, 7, 7]],
    dtype=torch.float32,
)
y = torch.tensor([2, 2, 2, 1, 1, 1, 0, 0])
print("X", tuple(X.shape), "y", tuple(y.shape), "class counts", y.bincount().tolist())

# %% [markdown] tags=["slide"]
# (`bincount` counts how often each of the classes 0, 1, 2 occurs.) The largest count is
# 3 of 8, so 3/8 is the accuracy of somebody who always names that class and never looks
# at the features.
#
# In logistic regression an example has one logit, the weighted sum of its features plus a
# bias. For three classes we do that three times, with **three sets of weights** and three
# biases. Class $k$ gets the logit
#
# $$\begin{aligned} z_k = x_1 W_{1k} + x_2 W_{2k} + x_3 W_{3k} + x_4 W_{4k} + b_k .
# \end{aligned}$$
#
# (Formulas count the features from 1, Python counts them from 0. The classes are counted
# from 0 everywhere.)
#
# In lab 4 the weights were one column, shape (D, 1). Now `W` has one **column per class**,
# shape (D, K). To have something to calculate with, we draw random weights, with `randn`
# and a generator as in lab 4.

# %%
generator = torch.Generator().manual_seed(0)
W = torch.randn(4, 3, generator=generator)  # (D, K)
b = torch.randn(3, generator=generator)  # (K,)

logits = torch.zeros(8, 3)  # (N, K)
for n in range(8):
    for k in range(3):
        logits[n, k] = (X[n] * W[:, k]).sum() + b[k]

# %% [markdown]
# Each row of `X` meets each column of `W`: number by number, added up. That is the matrix
# product `@` of lab 4, which takes any number of columns. `b` has shape (3,) and is added
# to every row of the (8, 3) table. Twenty-four logits in one line:

# %%
assert_close(logits, X @ W + b)
print(tuple(X.shape), "@", tuple(W.shape), "+", tuple(b.shape))
print("->", tuple(logits.shape))


# %% [markdown]
# Most errors in such code are errors of shape. So look at it once as a picture. (The
# code only draws; you may skip it.)

# %% tags=["slide"]
def draw_matrix(ax, left, shape, name, marked):
    n_rows, n_columns = shape
    for i in range(n_rows):
        for j in range(n_columns):
            color, hatch = ("C1", "//") if marked(i, j) else ("white", None)
            corner = (left + j, n_rows / 2 - i - 1)
            ax.add_patch(Rectangle(corner, 1, 1, facecolor=color, hatch=hatch,
                                   edgecolor="black", linewidth=1))
    ax.text(left + n_columns / 2, -5.6, name, ha="center", va="center")


fig, ax = plt.subplots(figsize=(8, 3.8))
draw_matrix(ax, 0, (8, 4), "X\n(N, D) = (8, 4)", lambda i, j: i == 2)
draw_matrix(ax, 7, (4, 3), "W\n(D, K) = (4, 3)", lambda i, j: j == 1)
draw_matrix(ax, 13, (1, 3), "b\n(K,) = (3,)", lambda i, j: j == 1)
draw_matrix(ax, 19, (8, 3), "logits\n(N, K) = (8, 3)", lambda i, j: (i, j) == (2, 1))
for x, sign in ((5.5, "@"), (11.5, "+"), (17.5, "=")):
    ax.text(x, 0, sign, ha="center", va="center", fontsize="xx-large")
ax.set(xlim=(-0.5, 22.5), ylim=(-6.6, 4.3), aspect="equal")
_ = ax.axis("off")

# %% [markdown] tags=["slide-more"]
# **What you should see** Four tables of boxes: X is 8 by 4, W is 4 by 3, b is a single
# row of 3, and the logits are 8 by 3. The hatched row of X and the hatched column of W
# meet, the hatched box of b is added, and the result is the hatched logit: third
# example, middle class. The inner sizes, D and D, must agree and disappear; the outer
# ones, N and K, stay.
#
# Softmax along each row turns these logits into probabilities, cross entropy compares
# them with `y`. The model has a name: **softmax regression**, or multinomial logistic
# regression. (One of the notes says "linear regression". The logits are linear in the
# features, but the model is a classifier.)
#
# **Predict** How many numbers does it learn for 4 features and 3 classes? And if all of
# them are 0 at the start, what is the first loss?

# %% tags=["slide-more"]
print("parameters:", W.numel() + b.numel())
start = F.cross_entropy(X @ torch.zeros(4, 3) + torch.zeros(3), y)
print(f"loss of the zero model: {start:.6f}, and ln 3 is {torch.tensor(3.0).log():.6f}")
assert W.numel() + b.numel() == (4 + 1) * 3

# %% [markdown]
# (`numel` counts the numbers in a tensor.) From zeros all logits are equal, each class
# gets $1/K$, and the loss is $\ln K$. That is what somebody pays who knows nothing. A
# model has to stay below this line.

# %% [markdown]
# ## 2. The gradient, for all examples at once
#
# Two results are ready. Lab 3: the slope of the mean loss with respect to a logit is
# $(p - y)/N$, the probability minus the one-hot label. Lab 4: a weight multiplies its
# feature, so its slope is error times feature, added up over the examples. Put together:
#
# $$\begin{aligned}
# \frac{\partial\, \text{loss}}{\partial W_{dk}}
# = \sum_n x_{nd}\, \frac{p_{nk} - y_{nk}}{N},
# \qquad
# \frac{\partial\, \text{loss}}{\partial b_k} = \sum_n \frac{p_{nk} - y_{nk}}{N}
# \end{aligned} \tag{gradient}$$
#
# The first sum is the matrix product $X^{\mathsf T}$ times the errors, for all features
# and all classes at once. Compare it with lab 4: the formula has not changed by a letter.
# Only, errors and weights have K columns now.

# %%
probs = torch.softmax(X @ W + b, dim=1)
Y = F.one_hot(y, 3).float()  # (N, K)
errors = (probs - Y) / len(X)  # (N, K)

W_grad = X.T @ errors  # (D, N) @ (N, K) -> (D, K)
b_grad = errors.sum(dim=0)  # (K,)
print(tuple(W_grad.shape), tuple(b_grad.shape))

# %% [markdown]
# A gradient always has the shape of its parameter. Does autograd agree, in both kinds of
# numbers, `float32` and the more precise `float64`?

# %%
for dtype in (torch.float32, torch.float64):
    W1 = W.to(dtype).clone().requires_grad_()
    b1 = b.to(dtype).clone().requires_grad_()
    X1, Y1 = X.to(dtype), Y.to(dtype)
    loss = F.cross_entropy(X1 @ W1 + b1, y)
    W1_grad, b1_grad = torch.autograd.grad(loss, [W1, b1])
    errors1 = (torch.softmax(X1 @ W1 + b1, dim=1) - Y1) / 8
    assert_close(X1.T @ errors1, W1_grad)
    assert_close(errors1.sum(dim=0), b1_grad)
    print(dtype, "agrees")

# %% [markdown]
# (`torch.autograd.grad(loss, [W1, b1])` *returns* the gradients, where `loss.backward()`
# would add them to `.grad`. The numbers are the same.)
#
# **Predict** Add up each row of `W_grad`, over the three classes. What comes out? Think
# of what the three probabilities of an example add up to, and its one-hot row.

# %%
row_sums = W_grad.sum(dim=1)
print("each row sums to 0, up to rounding:", bool(row_sums.abs().max() < 1e-6))
assert row_sums.abs().max() < 1e-6

# %% [markdown]
# Both add up to 1, so every row of `errors` sums to 0, and so does every row of the
# gradient. What one class gains, the others lose. Twice in this lab this small fact will
# explain something large.
#
# One step of gradient descent, by hand and by the optimizer:

# %%
W1, b1 = W.clone().requires_grad_(), b.clone().requires_grad_()
loss = F.cross_entropy(X @ W1 + b1, y)
loss.backward()
torch.optim.SGD([W1, b1], lr=0.1).step()

assert_close(W - 0.1 * W_grad, W1.detach())
assert_close(b - 0.1 * b_grad, b1.detach())
print(f"loss {loss:.4f} -> {F.cross_entropy(X @ W1 + b1, y):.4f}")

# %% [markdown] tags=["slide"]
# ## 3. A loss that falls while the model gets worse
#
# ### Pitfall: softmax, twice
#
# Lab 3 has shown softmax twice on a single example. This is the loop that was published
# and copied, line for line, in a function. Two of its names are not ours: `hypothesis`
# for what we call `probs`, and `cost` for the loss. We keep them here, because the first
# one is part of the story.

# %% tags=["pitfall", "slide-more"]
def as_published(X, y):
    W = torch.zeros((4, 3), requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=0.1)
    for epoch in range(1000 + 1):
        hypothesis = F.softmax(X.matmul(W) + b, dim=1)
        y_one_hot = torch.zeros_like(hypothesis)
        y_one_hot.scatter_(1, y.unsqueeze(1), 1)
        cost = (y_one_hot * -torch.log(F.softmax(hypothesis, dim=1))).sum(dim=1).mean()
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        if epoch % 100 == 0:
            print(f"epoch {epoch:4}  cost {cost.item():.6f}")
    return W.detach(), b.detach()


W_published, b_published = as_published(X, y)

# %% [markdown] tags=["slide-more"]
# (`matmul` is `@` by its long name. `scatter_` writes the ones of the one-hot table, as
# in lab 2.)
#
# "The cost falls properly", say the notes. It starts at $\ln 3$, which is right, and
# falls from line to line.
#
# **Predict** What does `F.cross_entropy` say of these weights? Is it about the last cost?

# %% tags=["slide-more"]
true_loss = F.cross_entropy(X @ W_published + b_published, y)
print(f"true cross entropy: before {start:.4f}, after {true_loss:.4f}")
assert true_loss > 1.5 * start
assert_close(true_loss, torch.tensor(1.6849), atol=2e-4, rtol=0)

# %% [markdown]
# After a thousand updates the model is worse than one that knows nothing. To see how that
# happens we need a loop that takes any loss function and keeps more than the loss: all
# logits, before every update. From them everything else can be calculated afterwards. It
# also keeps `b` and its gradient, for section 4.

# %%
def train(loss_fn, X, y, n_biases, lr=0.1, n_updates=1001):
    W = torch.zeros(X.shape[1], 3, requires_grad=True)
    b = torch.zeros(n_biases, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    kept = {"loss": [], "logits": [], "bias": [], "bias_grad": []}
    for _ in range(n_updates):
        logits = X @ W + b
        loss = loss_fn(logits, y)
        loss.backward()
        now = (loss, logits, b, b.grad)
        for values, value in zip(kept.values(), now, strict=True):
            values.append(value.detach().clone())
        optimizer.step()
        optimizer.zero_grad()
    run = {name: torch.stack(values) for name, values in kept.items()}
    return run | {"W": W.detach(), "b": b.detach()}


def double_softmax_loss(logits, y):
    return F.cross_entropy(torch.softmax(logits, dim=1), y)


# %% [markdown]
# (The copies are needed because `step()` writes into `b`. `torch.stack` makes one tensor
# of a list of tensors, and `|` puts two dictionaries together.)
#
# `F.cross_entropy` begins with a softmax of its own. So the second function does what the
# published line does: softmax, softmax, log, pick, mean. It must arrive at the same
# weights. For the accuracy, `argmax(dim=1)` names the class with the largest logit.

# %%
def accuracy_of(logits, y):
    return (logits.argmax(dim=1) == y).float().mean()


twice = train(double_softmax_loss, X, y, n_biases=1)
assert_close(twice["W"], W_published)
published = torch.tensor([1.098612, 0.901535, 0.839114, 0.807826, 0.788472, 0.774822,
                          0.764449, 0.756191, 0.749398, 0.743671, 0.738749])
assert_close(twice["loss"][::100], published, atol=1e-5, rtol=0)
true_losses = torch.stack([F.cross_entropy(logits, y) for logits in twice["logits"]])

print("epoch  printed cost  true cross entropy  accuracy")
for i in range(0, 1001, 100):
    accuracy = accuracy_of(twice["logits"][i], y)
    print(f"{i:5}  {twice['loss'][i]:12.6f}  {true_losses[i]:18.4f}  {accuracy:8.1%}")

# %% [markdown]
# (The last line is a little below the number that we printed before the table: it is
# taken before the last update, that number after it. `[::100]` takes every hundredth of
# a list. For logits with K columns, `training.accuracy` of `course_utils` does the same
# as our `accuracy_of`, and refuses shapes that do not fit.)

# %% tags=["slide"]
for logits in twice["logits"][::100]:
    assert_close(training.accuracy(logits, y), accuracy_of(logits, y).item())
ax = plots.learning_curves(
    {"printed cost (softmax twice)": twice["loss"], "true cross entropy": true_losses},
    epochs=range(1001),
    baseline=("knows nothing, ln 3", start),
)
_ = ax.set_ylim(0, 1.8)
assert twice["loss"][-1] < twice["loss"][0] and true_losses[-1] > true_losses[0]

# %% [markdown] tags=["slide-more"]
# **What you should see** One model, two stories. The solid line, which the notes print,
# falls from beginning to end. The dashed line is the true cross entropy of the same model
# at the same moments. It falls for a short while, turns, crosses the dotted line of
# knowing nothing, and rises on and on.
#
# And yet the accuracy is not bad: only one of the eight is wrong. **Predict** What must
# the model be doing to that one?

# %% tags=["slide-more"]
final_probs = torch.softmax(X @ twice["W"] + twice["b"], dim=1)
right = final_probs[torch.arange(8), y]  # row n, column y[n]
for n in range(8):
    print(f"example {n + 1}  class {y[n]}  probability {right[n]:.4f}")

# %% [markdown]
# **Example 5 has been given up.** Its class gets a probability of nearly 0, and the other
# seven do well. A true cross entropy would not stand for that: $-\ln p$ grows without
# limit as $p$ goes to 0. Softmax applied twice does, for two reasons.
#
# **It is cheap.** The second softmax sees numbers from 0 to 1. So, as you know from lab 3,
# the best and the worst answer to an example are exactly 1 nat apart. It is cheaper still
# to spread the blame over both wrong classes.

# %%
rows = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]])
class_0 = torch.zeros(3, dtype=torch.int64)
best, worst, shared_out = F.cross_entropy(rows, class_0, reduction="none")
print(f"certain and right {best:.4f}, certain and wrong {worst:.4f}, "
      f"shared out {shared_out:.4f}")
print(f"seven right, one given up: {(7 * best + shared_out) / 8:.4f}")
assert_close(worst - best, torch.tensor(1.0))
assert twice["loss"][-1] > (7 * best + shared_out) / 8

# %% [markdown]
# (The rows are probabilities, and the loss takes them for logits: that is the bug.) One
# example given up adds less than 1/8 to the mean. The last number is where the printed
# cost is heading. It will come to rest there, and look like a model that has learned all
# it can. Here it is after ten times as many updates:

# %%
floor = (7 * best + shared_out) / 8
long = train(double_softmax_loss, X, y, n_biases=1, n_updates=10_010)
print(f"1,001 updates {twice['loss'][-1]:.4f}, 10,010 updates {long['loss'][-1]:.4f}")
assert (long["loss"][1000::1000].diff() < 0).all()  # still falling,
assert floor < long["loss"][-1] < floor + 0.02  # and nearly there

# %% [markdown]
# **There is no way back.** Let $p$ be the probabilities and $q$ the softmax of $p$. The
# slopes of the doubled loss with respect to $p$ are $v = q - y$, the familiar difference.
# Now the first softmax. If its logit $z_i$ rises, $p_i$ rises with the slope
# $p_i (1 - p_i)$, and every other $p_j$ falls, with the slope $-p_i\, p_j$ (lab 1, in the
# part that you may have skipped). Slope times slope, added up over the classes:
#
# $$\begin{aligned}
# \frac{\partial\, \text{loss}}{\partial z_i}
# = v_i\, p_i (1 - p_i) - \sum_{j \ne i} v_j\, p_j\, p_i
# = p_i \Bigl( v_i - \sum_j p_j v_j \Bigr)
# \end{aligned}$$
#
# (Take $p_i$ out; the sum on the right runs over all $j$, because $v_i\, p_i$ has joined
# it.)
#
# Look at the factor in front. **The pull on a logit is multiplied by its own
# probability.** The right class of example 5 has a probability of nearly 0, so hardly
# anything pulls it up. (`[4]` is example 5, because Python counts from 0.)

# %%
z5 = (X @ twice["W"] + twice["b"])[4].requires_grad_()
p = torch.softmax(z5, dim=0)
v = torch.softmax(p, dim=0) - Y[4]
by_formula = p * (v - (p * v).sum())

loss = double_softmax_loss(z5.unsqueeze(0), y[4:5])
assert_close(by_formula, torch.autograd.grad(loss, z5)[0])
for k in range(3):
    print(f"class {k}  slope, softmax twice {by_formula[k]:7.4f}, "
          f"once {(p - Y[4])[k]:7.4f}")
assert by_formula[1].abs() < 1e-4 and (p - Y[4])[1] < -0.99

# %% [markdown]
# Class 1 is right. With one softmax the pull on it is as strong as it can be. With two it
# is gone. What is left only shares out the rest between the two wrong classes.
#
# **The fix** is to delete one softmax. Probabilities need a logarithm and nothing else.
# (`torch.log` is good enough for the small logits here. `F.cross_entropy` uses
# `log_softmax`, for the reasons of lab 1.)

# %%
def single_softmax_loss(logits, y):
    probs = torch.softmax(logits, dim=1)
    y_one_hot = F.one_hot(y, 3)
    return (y_one_hot * -torch.log(probs)).sum(dim=1).mean()


once = train(single_softmax_loss, X, y, n_biases=1)
for i in range(0, 1001, 100):
    print(f"epoch {i:4}  loss {once['loss'][i]:.6f}")
published = torch.tensor([1.098612, 0.761050, 0.689991, 0.643229, 0.604117, 0.568255,
                          0.533922, 0.500291, 0.466908, 0.433507, 0.399962])
assert_close(once["loss"][::100], published, atol=1e-5, rtol=0)

# %% [markdown]
# The notes go on with a second loop, which calls `F.cross_entropy` on the logits, and
# present it as a shorter way to write the first. It prints the numbers that you have just
# seen, not those of the first loop. For years the two logs of "the same" training stood
# one below the other, different in every line but the first. One assert would have been
# enough.

# %%
library = train(F.cross_entropy, X, y, n_biases=1)
assert_close(once["loss"], library["loss"], atol=1e-5, rtol=0)  # all 1,001 of them
try:
    assert_close(twice["loss"], library["loss"], atol=1e-5, rtol=0)
except AssertionError:
    print("caught: softmax twice is another loss")
else:
    raise RuntimeError("the two losses were taken for equal")

# %% tags=["slide"]
fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
for ax, run, times in zip(axes, (twice, library), ("twice", "once"), strict=True):
    probs = torch.softmax(run["logits"], dim=-1)  # (1001, 8, 3): epoch, example, class
    probs = probs[:, torch.arange(8), y]  # (1001, 8)
    others = [n for n in range(8) if n != 4]
    ax.plot(range(0, 1001, 10), probs[::10, others], color="0.6", ls="-", lw=1)
    fifth = probs[::10, 4]
    ax.plot(range(0, 1001, 10), fifth, "C1--o", markevery=10, label="example 5")
    ax.set(title=f"softmax {times}", xlabel="epoch", ylim=(0, 1.02))
axes[0].set_ylabel("probability of the right class")
_ = axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.3))

# %% [markdown] tags=["slide-more"]
# **What you should see** One line per example: how much its right class gets, every tenth
# epoch. In both pictures example 5 (dashed, with dots) falls far below the seven others
# (grey) within the first fifty epochs. Left, with softmax twice, it sinks to 0 and stays
# there. Right, with softmax once, the pull on it never ends: it turns and climbs.

# %%
for run, climbs in ((twice, False), (library, True)):
    probs = torch.softmax(run["logits"], dim=-1)[:, torch.arange(8), y]
    assert probs[50, 4] < 0.1 and probs[50, others].min() > 0.3
    assert (probs[-1, 4] > 0.2) == climbs and (probs[-1, 4] < 1e-4) != climbs
print(f"accuracy: twice {accuracy_of(twice['logits'][-1], y):.1%}, "
      f"once {accuracy_of(library['logits'][-1], y):.1%}")
assert accuracy_of(twice["logits"][-1], y) == accuracy_of(library["logits"][-1], y)

# %% [markdown] tags=["slide-more"]
# Before the last update the accuracy is the same for both. So neither the printed cost
# nor the accuracy would have told anybody. Only the true cross entropy does. A better
# name would have helped, too: `softmax(probs)` looks wrong, `softmax(hypothesis)` does not.
#
# **Rule** One softmax only, and it is inside `F.cross_entropy`: give it logits.

# %% [markdown] tags=["slide"]
# ## 4. The bias that cannot learn
#
# ### Pitfall: one bias for all classes
#
# The fixed loop still has a bug. `b = torch.zeros(1)`: one bias, which is added to all
# three logits.
#
# **Predict** How large is `b` after 1,001 updates?

# %% tags=["pitfall", "slide-more"]
shared = library
print("shape of b:", tuple(shared["b"].shape))
print("b is still 0, up to rounding:", bool(shared["b"].abs().max() < 1e-5))
print("and its 1,001 gradients:     ", bool(shared["bias_grad"].abs().max() < 1e-6))
assert shared["b"].abs().max() < 1e-5 and shared["bias_grad"].abs().max() < 1e-6
assert twice["bias_grad"].abs().max() < 1e-6

# %% [markdown]
# Autograd gives it a gradient of 0 in every update, up to rounding. Lab 1 has announced
# this parameter. **A common shift of all logits changes no probability.** A bias that all
# classes share is such a shift. So it changes no loss, so its slope is 0. It is dead,
# whatever the data are, whatever the weights are, and with softmax twice as well.
#
# In formulas: the slope of a shared $b$ is the sum of all entries of `errors`, and by
# section 2 every row of that table sums to 0.

# %%
for W_any in (torch.zeros(4, 3), W, shared["W"]):
    errors = (torch.softmax(X @ W_any, dim=1) - Y) / 8
    assert errors.sum().abs() < 1e-6
print("0 for zero, random and trained weights")

# %% [markdown]
# Both versions run, because PyTorch adds (1,) and (3,) to an (8, 3) table with equal
# ease. **Predict** With one bias per class, will the loss after 1,001 updates be about the
# same, a little lower, or much lower?

# %%
own = train(F.cross_entropy, X, y, n_biases=3)
print("epoch  shared bias  one bias per class")
for i in range(0, 1001, 100):
    print(f"{i:5}  {shared['loss'][i]:11.6f}  {own['loss'][i]:18.6f}")
for name, run in (("shared", shared), ("own", own)):
    accuracy = accuracy_of(run["logits"][-1], y)
    print(f"{name:6}  loss {run['loss'][-1]:.4f}  accuracy {accuracy:.1%}")

# %%
assert_close(own["loss"][-1], torch.tensor(0.2482), atol=1e-4, rtol=0)
assert accuracy_of(own["logits"][-1], y) == 1
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.2))
first = torch.cat([own["bias_grad"][0], shared["bias_grad"][0].abs()])
names = ["class 0", "class 1", "class 2", "shared"]
plots.bars(first, left, labels=names, ylabel="first gradient (nats)", digits=3)
left.tick_params(axis="x", labelsize="small")
middle.plot(range(0, 1001, 10), own["bias"][::10], label=names[:3])
middle.plot(range(0, 1001, 10), shared["bias"][::10], "k:", label="shared")
middle.set(xlabel="epoch", ylabel="bias", ylim=(-3, 5.5))
middle.legend(fontsize="small", loc="upper left", ncols=2)
losses = {"shared": shared["loss"][::10], "one per class": own["loss"][::10]}
_ = plots.learning_curves(losses, right, epochs=range(0, 1001, 10))

# %% [markdown]
# **What you should see** Left, the gradients at the first update. Each class has one of its
# own, and the three cancel; the bar of the shared bias has no height. In the middle, the
# biases during training: three lines part, and the dotted line of the shared bias stays
# on 0. Right, every tenth loss: the two start at the same point, and the dashed one, with a
# bias per class, is below ever after.
#
# Is a missing bias only a matter of patience? For these eight examples it is. With twice
# as many updates the model gets all of them right without it.

# %%
patient = train(F.cross_entropy, X, y, n_biases=1, n_updates=2002)
accuracy = accuracy_of(patient["logits"][-1], y)
print(f"shared bias, 2002 updates: accuracy {accuracy:.0%}")
assert accuracy == 1

# %% [markdown]
# But it need not be. A thermostat has one feature: how many degrees the room is above the
# comfortable temperature. Three classes: cold, fine, hot.

# %%
generator = torch.Generator().manual_seed(0)
centres = torch.tensor([-5.0, 0.0, 5.0]).repeat_interleave(20)
degrees = (centres + torch.randn(60, generator=generator)).reshape(-1, 1)  # (60, 1)
feeling = torch.arange(3).repeat_interleave(20)  # 20 of each class
rooms = {
    "shared bias": train(F.cross_entropy, degrees, feeling, n_biases=1),
    "one bias per class": train(F.cross_entropy, degrees, feeling, n_biases=3),
}
for name, run in rooms.items():
    print(f"{name:18}  accuracy {accuracy_of(run['logits'][-1], feeling):.1%}")

# %% [markdown]
# (`repeat_interleave(20)` repeats each number 20 times in a row.) One third of the rooms
# is judged wrongly. Which third? Here are the three logits as functions of the
# temperature.

# %% tags=["slide"]
t = torch.linspace(-8, 8, 161).reshape(-1, 1)
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
for ax, (name, run) in zip(axes, rooms.items(), strict=True):
    lines = t @ run["W"] + run["b"]
    ax.plot(t, lines.max(dim=1).values, color="0.8", linestyle="-", linewidth=9)
    for k, label in enumerate(("cold", "fine", "hot")):
        ax.plot(t, lines[:, k], label=label)
        at = degrees[feeling == k]
        ax.scatter(at, torch.full_like(at, -16 - k), marker="os^"[k], s=12)
    ax.set(title=name, xlabel="degrees above comfortable", ylim=(-19, 19))
axes[0].set_ylabel("logit")
_ = axes[1].legend(loc="upper center")

# %% [markdown] tags=["slide-more"]
# **What you should see** One straight line per class, the data as dots below, and a wide
# grey band along the largest logit, which decides. Left, with a shared bias, all three
# lines go through one point, at 0 degrees. The steepest line wins on the right, its
# opposite on the left, and "fine" is never on top. Right, with own biases, the line
# of "fine" is lifted, and the middle belongs to it.
#
# No number of updates helps the left model. All it can say is cold or hot. (Note how
# three straight lines are enough for a class in the *middle*. Many people expect that a
# linear model cannot do this.)

# %%
assert not (rooms["shared bias"]["logits"][-1].argmax(dim=1) == 1).any()
assert accuracy_of(rooms["one bias per class"]["logits"][-1], feeling) > 0.95

# %% [markdown] tags=["slide-more"]
# How could you have noticed? After the first `backward()`, look at the gradient of every
# parameter: one that is all 0 has a reason.
#
# **Rule** `b` has shape (K,), one number per class.

# %% [markdown]
# ## 5. The same model as an `nn.Module`
#
# `nn.Linear(4, 3)` makes three outputs of four inputs and has three biases, so it cannot
# make the mistake of section 4. As a class of its own, the model of the notes looks like
# this. It ends in **logits**; the softmax is in `F.cross_entropy`.

# %%
class SoftmaxRegression(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.linear = nn.Linear(n_features, n_classes)

    def forward(self, X):
        return self.linear(X)  # (N, D) -> (N, K)


def train_model(model, n_updates=1001):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses, accuracies = [], []
    for _ in range(n_updates):
        logits = model(X)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        accuracies.append(accuracy_of(logits, y).item())
    return losses[::100], accuracies[::100]  # epochs 0, 100, ..., 1000


# %% [markdown]
# A new `nn.Linear` starts from random numbers, drawn from one long **stream** that
# `manual_seed` sets back to its beginning. The published run had used up part of the
# stream before, for the examples of lab 2. To get its numbers we draw the same first.

# %%
published = [1.849513, 0.689894, 0.609258, 0.551218, 0.500141, 0.451947,
             0.405051, 0.358733, 0.312912, 0.269521, 0.241922]
torch.manual_seed(1)
torch.rand(3, 5)
torch.randint(5, (3,))
later_model = SoftmaxRegression(4, 3)
later_losses, later_accuracies = train_model(later_model)

print("epoch  published  here")
for i, (theirs, ours) in enumerate(zip(published, later_losses, strict=True)):
    print(f"{100 * i:5}  {theirs:.6f}   {ours:.6f}")

# %% [markdown]
# Compare the two columns digit by digit, at epochs 200 and 900 for example. They agree,
# but perhaps not in the last digit: `float32` rounds after each operation, another
# processor or another version adds in another order, and hundreds of updates carry the
# difference on. Nobody made a mistake. That is why the tests of this course compare
# numbers with a **tolerance**, and never as text.

# %%
assert_close(torch.tensor(later_losses), torch.tensor(published), atol=1e-5, rtol=0)

# %% [markdown]
# **Predict** Another note calls `manual_seed(1)` right before it makes the model. The same
# seed, the same class, the same data. The same log?

# %%
torch.manual_seed(1)
model = SoftmaxRegression(4, 3)
losses, accuracies = train_model(model)
print("epoch    loss  accuracy")
for i, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True)):
    print(f"{100 * i:5}  {loss:.4f}  {accuracy:8.1%}")

# %%
expected = torch.tensor([1.6168, 0.6589, 0.5734, 0.5182, 0.4733, 0.4335,
                         0.3966, 0.3609, 0.3254, 0.2892, 0.2541])
assert_close(torch.tensor(losses), expected, atol=1e-4, rtol=0)
assert accuracies == [0.25, 0.625, 0.625, 0.625, 0.75, 0.75, 0.75,
                      0.875, 0.875, 0.875, 1.0]

# %% [markdown]
# The weights come from another place in the stream, so everything differs, from the first
# line on. A seed fixes the stream, not the model: it must be set right before the thing
# that it is to fix.

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
epochs = range(0, 1001, 100)
names = ("numbers drawn before", "seed right before")
curves = dict(zip(names, (later_losses, losses), strict=True))
plots.learning_curves(curves, left, epochs=epochs,
                      baseline=("knows nothing, ln 3", start))
curves = dict(zip(names, (later_accuracies, accuracies), strict=True))
plots.learning_curves(curves, right, epochs=epochs, ylabel="accuracy (fraction)",
                      baseline=("largest class", 3 / 8))
_ = right.set_ylim(0, 1.05)

# %% [markdown] tags=["slide"]
# **What you should see** Left, two losses that begin far apart, above the dotted line,
# and then stay close to each other. Right, the accuracies climb in stairs, since eight
# examples allow only nine values. Both end at 1.
#
# Eight examples, judged on the same eight: that is a demonstration and not a result. From
# lab 7 on, models are judged on data that they have not seen.
#
# ### Pitfall: the shape of `weight`
#
# Our `W` is (D, K), a column per class. **Predict** What happens if you use the weight of
# `nn.Linear(4, 3)` in its place?

# %% tags=["pitfall", "slide-more"]
weight, bias = model.linear.weight.detach(), model.linear.bias.detach()
print("weight", tuple(weight.shape), "bias", tuple(bias.shape))
try:
    X @ weight
except RuntimeError as error:
    message = str(error).removeprefix("mm: ")  # older versions leave that out
    print("RuntimeError:", message)
else:
    raise AssertionError("the shapes fitted")

# %% [markdown]
# It is (K, D): one *row* per output, as in lab 4, so `weight[k]` holds the weights of class
# $k$. The layer calculates `X @ weight.T + bias`. One of the notes writes `weight.T()`.

# %% tags=["pitfall"]
try:
    X @ weight.T() + bias
except TypeError as error:
    print("TypeError:", error)
else:
    raise AssertionError("weight.T could be called")
assert_close(X @ weight.T + bias, model(X))

# %% [markdown]
# `.T` is a property. It already is a tensor, and a tensor cannot be called like a
# function. This error is the friendly one. If D happens to equal K, `X @ weight` without
# the transpose raises none, and gives wrong logits. Here with the first three features
# only:

# %% tags=["pitfall"]
layer = nn.Linear(3, 3)  # D = K
X_3 = X[:, :3]
print("no error, shape", tuple((X_3 @ layer.weight + layer.bias).shape))
assert not torch.allclose(X_3 @ layer.weight + layer.bias, layer(X_3))  # but wrong
assert_close(X_3 @ layer.weight.T + layer.bias, layer(X_3))

# %% [markdown] tags=["slide-more"]
# **Rule** Ours is (D, K), `nn.Linear.weight` is (K, D): write the shapes beside the code.

# %% [markdown]
# ## 6. Regions, and the learning rate
#
# To *choose* a class we need no probabilities: softmax keeps the order within a row, so
# the `argmax` of the logits is the `argmax` of the probabilities (lab 1). To see which
# class is chosen where, we need two features. Here are 120 points in the plane, 40 of each
# class, in three clouds that overlap.

# %%
generator = torch.Generator().manual_seed(0)
centres = torch.tensor([[0.0, 0.0], [3.0, 0.5], [1.0, 3.0]])
labels = torch.arange(3).repeat_interleave(40)  # (120,)
points = centres[labels] + torch.randn(120, 2, generator=generator)  # (120, 2)

run = train(F.cross_entropy, points, labels, n_biases=3, lr=1.0, n_updates=1000)
accuracy = accuracy_of(run["logits"][-1], labels)
print(f"loss {run['loss'][-1]:.4f}  accuracy {accuracy:.1%}")

# %% [markdown] tags=["slide"]
# In lab 4 the border between two classes was a straight line. Here a point lies on the
# border between classes 0 and 1 if their logits are equal. That is one linear equation: a
# straight line again.
#
# **Predict** Three pairs of classes make three lines. What will they do in the middle:
# form a small triangle, or meet?
#
# We ask for a point at which all three logits are equal, $z_0 = z_1$ and $z_0 = z_2$. Two
# equations, two unknowns; `torch.linalg.solve(A, c)` finds the $x$ with $Ax = c$.

# %%
W, b = run["W"], run["b"]
A = torch.stack([W[:, 0] - W[:, 1], W[:, 0] - W[:, 2]])  # (2, 2)
c = torch.stack([b[1] - b[0], b[2] - b[0]])  # (2,)
meeting = torch.linalg.solve(A, c)
print("probabilities there:", torch.softmax(meeting @ W + b, dim=0))
assert_close(torch.softmax(meeting @ W + b, dim=0), torch.full((3,), 1 / 3))

# %% tags=["slide-more"]
fig, ax = plt.subplots(figsize=(6, 3.8))
plots.decision_regions(lambda X: (X @ W + b).argmax(dim=1), points, labels, ax)
ax.plot(*meeting, marker="*", markersize=15, color="black", linestyle="none",
        label="1/3 each")
ax.set(xlabel="feature 1", ylabel="feature 2")
_ = ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

# %% [markdown] tags=["slide-more"]
# **What you should see** Three regions, one per class, between straight borders. The
# borders meet in one point, the star: if $z_0 = z_1$ and $z_0 = z_2$, then $z_1 = z_2$ as
# well, so the third line has to pass through it. Near the borders some points lie on the
# wrong side. The clouds overlap, and no straight lines could part them.
#
# **Predict** Where is the model most certain: in the middle of a cloud, or far outside of
# all data?

# %% tags=["slide-more"]
certainty = []
for name, point in (("centre of class 1", [3.0, 0.5]), ("far outside", [30.0, -25.0])):
    probs = torch.softmax(torch.tensor(point) @ W + b, dim=0)
    print(f"{name:17}  largest probability {probs.max():.6f}")
    certainty.append(probs.max())
assert certainty[1] > certainty[0]

# %% [markdown]
# Far outside, where it has never seen a point. Logits are linear, so they grow with the
# distance, and with them the differences between them. The probability says on which side
# of the borders a point lies and how far from them. It does not say "I know this place".
#
# **The learning rate.** The logs of the eight examples had one line in 100 epochs, and the
# loss fell from line to line.
#
# **Predict** What does it do from one update to the next?

# %%
fig, ax = plt.subplots(figsize=(6.4, 2.8))
ax.plot(range(480, 521), own["loss"][480:521], "-o", markersize=3, label="every update")
ax.plot(500, own["loss"][500], "k*", markersize=12, label="what the log shows")
ax.set(xlabel="epoch", ylabel="cross entropy (nats)")
_ = ax.legend(loc="upper right", bbox_to_anchor=(1, 1.2), ncols=2)
rises = own["loss"].diff() > 0
assert rises[480:520:2].all() != rises[481:520:2].all()  # up, down, up, down

# %% [markdown]
# **What you should see** A zigzag. The loss goes up and down with every single update,
# between an upper and a lower line that fall slowly. The star, the only point of the
# log in this range, lies on the upper line.
#
# Each update jumps across the valley and lands on the other side. The log shows only even
# epochs, so it sees one of the two sides, always the same. With a slightly smaller
# learning rate the zigzag is gone:

# %%
calm = train(F.cross_entropy, X, y, n_biases=3, lr=0.08)
assert (calm["loss"].diff()[480:520] < 0).all()
print(f"loss at the end: lr 0.1 {own['loss'][-1]:.4f}, lr 0.08 {calm['loss'][-1]:.4f}")

# %% [markdown]
# Its loss at the end is higher, since shorter steps get less far. So the zigzag did no
# harm here. It is a warning: the published learning rate is already too large for the
# loss to fall evenly, and nobody could see that in the log.
#
# **Rule** Look at the loss of every update at least once.
#
# How much is too much? Back to the three clouds: 100 updates with each of five learning
# rates. The axis of the loss is logarithmic, so that large losses fit on it.

# %% tags=["ignore-figures", "differs=rounding", "slide"]
fig, axes = plt.subplots(1, 5, figsize=(9, 2.6), sharey=True)
for ax, lr in zip(axes, (0.01, 0.1, 1.0, 10.0, 100.0), strict=True):
    run = train(F.cross_entropy, points, labels, n_biases=3, lr=lr, n_updates=100)
    ax.plot(run["loss"], linewidth=1.3)
    ax.axhline(start, color="black", linestyle=":", linewidth=1.2)
    ax.set(title=f"lr = {lr:g}", xlabel="epoch", yscale="log")
assert run["loss"][1] > 10 * start and run["loss"][1:].min() > start
_ = axes[0].set_ylabel("cross entropy (nats)")

# %% [markdown] tags=["slide-more"]
# **What you should see** Five losses; the dotted line is $\ln 3$. With 0.01 the loss falls
# slowly and is not done. With 0.1 and 1 it falls evenly and faster. With 10 it jumps up
# and down. With 100 training diverges: the first update throws the loss far above the
# dotted line, and it stays above it.
#
# (Even so it does not grow without end. No entry of $p - y$ is larger than 1, so the
# length of an update is limited. Losses without such a limit go to `inf`.)
#
# Find the largest learning rate that still falls evenly. The slider sets the power of
# ten: 0 means 1, 2 means 100.

# %%
def draw(power):
    run = train(F.cross_entropy, points, labels, 3, lr=10**power, n_updates=100)
    left, right = plt.subplots(1, 2, figsize=(8, 3.4))[1]
    plots.learning_curves({"loss": run["loss"]}, left, epochs=range(100),
                          baseline=("ln 3", start))
    left.set(title=f"lr = {10**power:.3g}", ylim=(0, 3))
    W, b = run["W"], run["b"]
    plots.decision_regions(lambda X: (X @ W + b).argmax(dim=1), points, labels, right)
    right.set(xlabel="feature 1", ylabel="feature 2")


plots.slider(draw, power=(-3.0, 2.0, 0.0))

# %% [markdown]
# ## 7. A second opinion
#
# In lab 4 scikit-learn was the oracle for two classes. Its `LogisticRegression` also fits
# softmax regression, by another method than ours. As there, `C=float("inf")` switches off
# the penalty on large weights. We take the three clouds, which overlap. The eight
# examples would not do: they are separable, so their weights would grow for ever.
#
# On our side: an `nn.Linear` with a random start and 3,000 updates, in `float64`, so that
# rounding does not spoil the comparison.

# %%
X_cloud = points.double()  # float64
oracle = LogisticRegression(C=float("inf"), tol=1e-10, max_iter=1000)
oracle.fit(X_cloud.numpy(), labels.numpy())

torch.manual_seed(0)
model = nn.Linear(2, 3, dtype=torch.float64)
start_sum = model.weight.sum(dim=0).detach()
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
for _ in range(3000):
    F.cross_entropy(model(X_cloud), labels).backward()
    optimizer.step()
    optimizer.zero_grad()

# %%
with torch.no_grad():
    probs = torch.softmax(model(X_cloud), dim=1)
theirs = torch.tensor(oracle.predict_proba(X_cloud.numpy()))
assert_close(probs, theirs, atol=1e-5, rtol=0)
print("all 360 probabilities agree to 5 digits")

# %% [markdown]
# (`predict_proba` returns the probabilities, shape (N, K).) In lab 4 the weights agreed as
# well. **Predict** Do they here?

# %%
ours, theirs = model.weight.detach(), torch.tensor(oracle.coef_)
print("ours\n", ours)
print("scikit-learn\n", theirs)

# %% [markdown]
# They do not. Both tables have a row per class and a column per feature, and not one
# number is the same. Yet all probabilities are. Look at the differences:

# %%
print("ours minus theirs\n", ours - theirs)
assert_close(ours - theirs, (ours - theirs)[0].expand(3, 2), atol=1e-4, rtol=0)

# %% [markdown]
# (`expand(3, 2)` repeats a row three times.) The three rows are the same. Add one and
# the same vector to the weights of *every* class, and the logits of an example all move
# by one and the same number. It is shift invariance again, for the second time in this
# lab: no loss can tell the two models apart.
#
# To compare weights, remove what cannot be known: subtract the mean over the classes.

# %%
assert_close(ours - ours.mean(dim=0), theirs - theirs.mean(dim=0), atol=1e-4, rtol=0)
b_ours, b_theirs = model.bias.detach(), torch.tensor(oracle.intercept_)
assert_close(b_ours - b_ours.mean(), b_theirs - b_theirs.mean(), atol=1e-4, rtol=0)
print("weights and biases agree up to a common shift")

# %% [markdown]
# Where does our shift come from? From the random start. By section 2 the gradients of
# the classes sum to 0, so no update ever changes the sum of the weights over the classes.
# It is frozen. scikit-learn starts from zeros, and its sum is 0 still.

# %%
assert_close(model.weight.sum(dim=0).detach(), start_sum)
print("ours, first and last:", start_sum, model.weight.sum(dim=0).detach())
print("scikit-learn's sum is 0:", bool(theirs.sum(dim=0).abs().max() < 1e-6))

# %% [markdown]
# So of the $(D + 1) K$ parameters only $(D + 1)(K - 1)$ matter. One class could be fixed
# at 0 without any harm. For K = 2, that leaves logistic regression.
#
# **Rule** Compare probabilities, and weights only without their common shift.

# %% [markdown] tags=["slide"]
# ## 8. Two classes: one logit or two?
#
# Softmax over two logits is the sigmoid of their difference (lab 3). For a linear model
# that difference is itself a weighted sum:
#
# $$\begin{aligned}
# p_1 = \sigma(z_1 - z_0), \qquad
# z_1 - z_0 = (w_1 - w_0) \cdot x + (b_1 - b_0)
# \end{aligned} \tag{two classes}$$
#
# Here $w_0$ and $w_1$ are the weights of the two classes, and the dot means "multiply
# number by number and add up". So softmax regression with two classes **is** logistic
# regression, with the weights $w_1 - w_0$. We take the exam scores of lab 4 and give both
# models the same start.

# %%
X_exam = torch.tensor(
    [[1, 2, 2], [2, 3, 1], [3, 1, 1], [4, 3, 5], [5, 3, 6], [6, 2, 4]],
    dtype=torch.float64,
)
y_exam = torch.tensor([0, 0, 0, 1, 1, 1])


def same_start():
    torch.manual_seed(0)
    two = nn.Linear(3, 2, dtype=torch.float64)
    one = nn.Linear(3, 1, dtype=torch.float64)
    with torch.no_grad():
        one.weight.copy_(two.weight[1:] - two.weight[:1])  # (1, 3)
        one.bias.copy_(two.bias[1:] - two.bias[:1])
    return two, one


two, one = same_start()
assert_close(torch.softmax(two(X_exam), dim=1)[:, 1:], torch.sigmoid(one(X_exam)))

# %% [markdown] tags=["slide"]
# (`two.weight[1:]` is the last row, kept as a table of shape (1, 3).)
#
# The probabilities agree. Do the models also *learn* alike? **Predict** Both are trained
# with plain SGD and the same learning rate. Which is faster?

# %%
def curve(model, loss_of, lr, n_updates=100):
    """Return the losses and the weights of one logit, before every update."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses, weights = [], []
    for _ in range(n_updates):
        w = model.weight.detach().clone()
        weights.append(w if len(w) == 1 else w[1:] - w[:1])
        loss = loss_of(model(X_exam))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses, torch.stack(weights)


def loss_two(logits):
    return F.cross_entropy(logits, y_exam)


def loss_one(logits):
    return F.binary_cross_entropy_with_logits(logits.flatten(), y_exam.double())


# %%
losses_two, weights_two = curve(two, loss_two, lr=0.05)
losses_slow, _ = curve(one, loss_one, lr=0.05)
print(f"after 99 updates: two logits {losses_two[-1]:.4f}, one {losses_slow[-1]:.4f}")
assert all(losses_two[i] < losses_slow[i] for i in range(1, 100))

# %% [markdown]
# Two logits are faster. Why? Let $g = p_1 - y$. With one logit the slope of the loss is
# $g$, and an update moves the logit's weights by $-\text{lr} \cdot g\,x$. With two logits
# the slopes are $g$ for class 1 and $-g$ for class 0. **Both** move, in opposite
# directions, so the difference $w_1 - w_0$ moves by $-2\,\text{lr} \cdot g\,x$: twice as
# far. So one logit with *twice* the learning rate must follow two logits step by step.

# %%
losses_one, weights_one = curve(same_start()[1], loss_one, lr=0.1)
assert_close(weights_two, weights_one)
print("the same weights before each of 100 updates")

# %% tags=["slide-more"]
ax = plots.learning_curves({
    "two logits, lr 0.05": losses_two,
    "one logit, lr 0.1": losses_one,
    "one logit, lr 0.05": losses_slow,
}, epochs=range(100))
ax.lines[0].set(linewidth=7, alpha=0.4)
ax.legend()
_ = ax.set_ylim(0, None)

# %% [markdown] tags=["slide-more"]
# **What you should see** Three losses from the same start. The dashed line, one logit at
# 0.1, runs exactly inside the broad line, two logits at 0.05. The third, one logit at
# 0.05, is behind them all the way.
#
# So "two logits learn faster" is true and means nothing. It is a learning rate in
# disguise. (All this is about plain SGD. Other optimizers, which you will meet later,
# choose the length of the step themselves.)
#
# **Rule** Two models, or one with two learning rates? Ask this before you compare.

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint.
#
# **Exercise 1.** `n_parameters(n_features, n_classes)`: how many numbers does softmax
# regression learn? Return a whole number.

# %% tags=["exercise"]
def n_parameters(n_features, n_classes):
    ...


lab05.n_parameters.check(n_parameters)
# lab05.n_parameters.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `predict(X, W, b)`: the predicted class of each example, shape (N,), for
# `X` (N, D), `W` (D, K) and `b` (K,).

# %% tags=["exercise"]
def predict(X, W, b):
    ...


lab05.predict.check(predict)
# lab05.predict.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 3.** `linear(X, weight, bias)`: the logits that `nn.Linear` calculates, from
# its own `weight`, shape (K, D), and `bias`, shape (K,). Do not use `nn` or `F`.

# %% tags=["exercise"]
def linear(X, weight, bias):
    ...


lab05.linear.check(linear)
# lab05.linear.hint()

# %% [markdown] tags=["slide"]
# **Exercise 4.** `model_loss(X, y, W, b)`: the mean cross entropy of the model, with
# `F.nll_loss` (lab 3) and one other function for the logits. It has to survive logits of
# 1000, and it has to be possible to train through it.

# %% tags=["exercise"]
def model_loss(X, y, W, b):
    ...


lab05.model_loss.check(model_loss)
# lab05.model_loss.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 5.** `training_step(X, y, W, b, lr)`: one update of gradient descent, with the
# gradients by hand as in section 2 and without autograd. Return the new `W` and the new
# `b`, and leave the old ones as they are.

# %% tags=["exercise"]
def training_step(X, y, W, b, lr):
    ...


lab05.training_step.check(training_step)
# lab05.training_step.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 6.** `to_logistic(W, b)`: turn softmax regression with two classes, `W` of
# shape (D, 2) and `b` of shape (2,), into logistic regression. Return its weights, shape
# (D,), and its bias, a tensor of shape ().

# %% tags=["exercise"]
def to_logistic(W, b):
    ...


lab05.to_logistic.check(to_logistic)
# lab05.to_logistic.hint()

# %% [markdown]
# **To think about** (1) A model has 1,000 classes and one of them never occurs in the
# training data. What happens to its bias during training? (2) You multiply all features by
# 10. Which weights give the same probabilities? Does gradient descent with the same
# learning rate find them as quickly? (3) Draw a set of points with three classes for
# which softmax regression does no better than the largest class.

# %% [markdown]
# ## Quiz
#
# Decide first, on paper if you can. Then run the cell.
#
# **Question 1.** `X` is (8, 4), `W` is (4, 3). What will this cell print?

# %%
W = torch.zeros(4, 3)
print(tuple((X.T @ (X @ W)).shape))

# %% [markdown]
# (4, 8) @ (8, 3) is (4, 3): the 8 disappears. It is the shape of `W`, as for a gradient.
#
# **Question 2.** We add 100 to all three biases of a trained model, and then to the first
# one only. What will this cell print: how many of the eight predictions change?

# %%
trained = X @ own["W"] + own["b"]
for shift in (torch.tensor([100.0, 100.0, 100.0]), torch.tensor([100.0, 0.0, 0.0])):
    changed = (trained + shift).argmax(dim=1) != trained.argmax(dim=1)
    print(int(changed.sum()))

# %% [markdown]
# A common shift changes nothing. A large bias for class 0 alone turns every answer into
# 0, and two of the eight have been 0 before.
#
# **Question 3.** Somebody gives the bias the shape (8, 1), one number per *example*. What
# will this cell print: an error, True, or False?

# %%
b = torch.zeros(8, 1, requires_grad=True)
F.cross_entropy(X @ torch.ones(4, 3) + b, y).backward()
print("all gradients are 0:", bool((b.grad.abs() < 1e-6).all()))

# %% [markdown]
# It runs, and it is as dead as the bias of section 4: each of its 8 numbers shifts all
# logits of one row alike.
#
# **Question 4.** `own["W"]` has been trained from zeros, by 1,001 updates. We add up each
# of its rows, over the three classes. What will this cell print, up to rounding?

# %%
sums = own["W"].sum(dim=1)
print("all four are 0:", bool((sums.abs() < 1e-4).all()))

# %% [markdown]
# Every gradient sums to 0 over the classes, so the sums stay where they were at the start.
#
# **Question 5.** A model with three classes gets a fourth, whose logit happens to be a
# copy of the first. What will this cell print: does the ratio of the second probability to
# the third rise, fall or stay?

# %%
for z in (torch.tensor([2.0, 1.0, 0.0]), torch.tensor([2.0, 1.0, 0.0, 2.0])):
    p = torch.softmax(z, dim=0)
    print(f"second {p[1]:.3f}, third {p[2]:.3f}, ratio {p[1] / p[2]:.3f}")

# %% [markdown]
# Both fall, and their ratio stays. It is $e$ to the power of the difference of these two
# logits, and no other class occurs in it.

# %% [markdown] tags=["slide"]
# ## Summary
#
# * `X @ W + b`: (N, D) @ (D, K) + (K,) gives logits (N, K). All zeros: the loss is ln K.
# * The gradient is `X.T @ (probs - Y) / N`. Over the classes it sums to 0.
# * `F.cross_entropy` takes logits. Softmax twice has a floor and a ceiling, and gives up
#   examples while its loss falls.
# * One bias per class. A bias that all classes share has gradient 0.
# * `nn.Linear.weight` is (K, D); the transpose is `.T`, without brackets.
# * Models are equal if their probabilities are. Weights are known up to a common shift.
# * With two classes it is logistic regression with weights $w_1 - w_0$.
#
# Next: [**lab 7, MNIST, two digits**](07_mnist_binary.ipynb). Eight examples become thousands of images, and a
# model is judged on images that it has never seen.
