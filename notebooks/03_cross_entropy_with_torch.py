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
# # 3. Cross entropy with PyTorch
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/03_cross_entropy_with_torch.ipynb)
#
# In lab 2 you wrote the cross entropy by hand. PyTorch has it as one call, and a few
# others that do a part of it. Most wrong ways to put them together raise no error. And a
# loss is good for more than judging: it tells a machine in which direction to change each
# of its numbers. How it does that is the heart of all training, and it starts here.
#
# **You will be able to**
#
# * say which function does which part of the way from logits to loss;
# * say what a slope is, measure one, and let PyTorch calculate it;
# * use slopes to make a loss smaller;
# * prepare labels for the loss, and notice wrong ones that it accepts;
# * use the loss for two classes;
# * explain a riddle that was published, and copied, for seven years.
#
# **Needs** Labs 1 and 2: softmax, `log_softmax`, sigmoid, cross entropy, one-hot, picking
# by index. From Python: functions that are handed to functions, f-strings. Slopes are
# explained from the start.
#
# **Takes** 47 minutes to read and run, 30 more for the exercises.
#
# **Source** *Lab06 - Softmax Classification*, and the losses of *[PyTorch] Classifier* and
# of *05wk-1.ipynb*, all named in lab 0. Their cells stand, with their numbers, in
# [The published lab](#The-published-lab).

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

from course_utils import plots
from course_utils.exercises import lab03

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from earlier labs. Answer from memory.

# %% slideshow={"slide_type": "fragment"}
lab03.warm_up.ask()

# %%
lab03.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. A riddle
#
# There is a lesson on PyTorch from which thousands have learned, and which was copied
# again and again. It trains the same machine twice: the same eight examples, the same
# start, the same number of steps. Only the loss is typed in two ways. The first time it
# is written out by hand. The second time it is one function of PyTorch, because that is
# shorter. Both times the loss falls, and the lesson is content. At the end it prints
#
# | the loss, written | at the end |
# |:--|--:|
# | by hand | `0.739` |
# | as one function | `0.400` |
#
# Two numbers for the same thing. They stood there for seven years. What is wrong, and
# why did nobody notice? At the end of this lab you will run both and know.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. From logits to loss
#
# We take the machine of lab 1: three templates, for 4, 7 and 9, and five images. The
# **labels** `y` say what is true: the *position* of the right class, 0, 1 or 2.

# %%
digits = load_digits()
images = torch.tensor(digits.images / 16).float()  # (1797, 8, 8)
means = torch.stack([images[digits.target == k].mean(dim=0) for k in (4, 7, 9)])
templates = means - means.mean(dim=0)  # (3, 8, 8)
five = images[[4, 7, 9, 27, 69]]  # a 4, a 7, a 9, a 7, a 9
logits = torch.stack([(image * templates).sum(dim=(1, 2)) for image in five])
y = torch.tensor([0, 1, 2, 1, 2])

# %% [markdown] slideshow={"slide_type": "fragment"}
# From logits to loss there are four steps, and you know all of them.

# %% slideshow={"slide_type": "fragment"}
probs = torch.softmax(logits, dim=1)  # 1: softmax
log_probs = probs.log()  # 2: log
picked = log_probs[torch.arange(5), y]  # 3: pick the right class of each row
loss = -picked.mean()  # 4: minus the mean
print("probabilities of the right classes:", picked.exp())
print(f"loss: {loss:.4f}")

# %% [markdown] slideshow={"slide_type": "slide"}
# The first three images are read well. The fourth is a 7, and the machine is hardly sure.
# The fifth is a 9 that got less than a third. PyTorch has functions that do several steps
# at once:
#
# * `torch.log_softmax` does the first two, safely, as lab 1 has shown;
# * `F.nll_loss` does the last two. Its name stands for *negative log-likelihood*;
# * `F.cross_entropy` does all four.
#
# (`F` is `torch.nn.functional`. There is also an object that does the same:
# `loss_fn = nn.CrossEntropyLoss()`, and then `loss_fn(logits, y)`.)

# %% slideshow={"slide_type": "slide"}
lab03.nll.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
print(f"cross_entropy of logits: {F.cross_entropy(logits, y):.4f}")
print(f"nll_loss of logits:      {F.nll_loss(logits, y):.4f}")
print(f"nll_loss of probs:       {F.nll_loss(probs, y):.4f}")
print(f"nll_loss of log_probs:   {F.nll_loss(log_probs, y):.4f}")
lab03.nll.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# All four calls run. Two of them give a loss below 0, which no surprise can be.
#
# **Rule** Each of the four steps is done once. A loss below 0 has lost its log.

# %% slideshow={"slide_type": "slide"}
fig, ax = plt.subplots(figsize=(7.2, 2.5))
walls = [
    [("softmax", 1), ("log", 1), ("pick", 1), ("-mean", 1)],
    [("log_softmax", 2), ("nll_loss", 2)],
    [("cross_entropy", 4)],
]
for row, wall in enumerate(walls):
    left = 0
    for name, width in wall:
        ax.barh(row, width - 0.06, left=left + 0.03, height=0.7, color="C5",
                alpha=0.25 * width, edgecolor="black")
        ax.text(left + width / 2, row, name, ha="center", va="center")
        left += width
ax.set_xticks([0.5, 1.5, 2.5, 3.5], ["softmax", "log", "pick", "minus the mean"])
ax.set_yticks([0, 1, 2], ["by hand", "two calls", "one call"])
ax.set(xlim=(0, 4), xlabel="the four steps from logits to loss")
ax.grid(False)
ax.spines[:].set_visible(False)
ax.tick_params(length=0)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** A wall of three rows. Each row is laid with other bricks, and
# all cover the four steps, each step once. Nearly every bug of this lab is a brick too
# many or too few. (In cells that draw, most lines only draw; you may skip them.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. Slopes
#
# Our loss is about one half. That is a judgement, and no help: which number should change,
# and in which direction? Ask the loss. Raise one number by a tiny **step**, and see by how
# much the loss rises. Rise divided by step is the **slope**. Try it first on a curve where
# you can calculate along.

# %% slideshow={"slide_type": "slide"}
lab03.measure.ask()

# %% slideshow={"slide_type": "fragment"}
for step in (1.0, 0.1, 0.01, 0.001):
    rise = (3 + step) ** 2 - 3**2
    print(f"step {step:5}: rise / step = {rise / step:.4f}")
lab03.measure.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# The smaller the step, the nearer the result comes to 6. That is *the* slope of the curve
# $x^2$ at 3. (School calls it the derivative, and has a rule for it: the slope of $x^2$ is
# $2x$.) Seen from near enough, a smooth curve is a straight line, and the slope says how
# steep it is: positive if it goes up to the right, negative if it goes down, 0 if it is
# level.
#
# Now the loss. We take the fourth image, the unsure 7, and move the logit of its right
# class. The other two logits stay as they are. (`clone()` makes a copy, `item()` a plain
# number of a tensor. `F.cross_entropy` takes a single row with its label, too.)

# %% slideshow={"slide_type": "slide"}
z, right = logits[3], y[3]  # three logits, and the position of the 7
moves = torch.linspace(-4, 4, 81)
curve = []
for move in moves:
    moved = z.clone()
    moved[1] += move
    curve.append(F.cross_entropy(moved, right).item())
here, beside = curve[40], curve[41]  # moved by 0, and by one step of 0.1
line = here + (beside - here) / 0.1 * moves
fig, ax = plt.subplots(figsize=(5.6, 2.8))
ax.plot(z[1] + moves, curve, label="loss")
ax.plot(z[1] + moves, line, label="straight on")
ax.plot(z[1], here, "ko", label="where we are")
ax.set(xlabel="logit of the right class", ylabel="cross entropy (nats)")
_ = ax.legend()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Solid, the loss: it falls from left to right and becomes level.
# Dashed, a straight line that is as steep as the curve at the dot. It goes down: the slope
# there is negative, about minus one half. So raising this logit makes the loss smaller.
#
# The image has three logits, and so three slopes. Each is measured by moving this logit
# alone; hence they are called **partial** slopes. Together they are the **gradient**.
# They can be put together again: if all three logits are raised by the same tiny step,
# the loss rises by the sum of the three rises.

# %% slideshow={"slide_type": "slide"}
lab03.sum_of_slopes.ask()

# %% slideshow={"slide_type": "fragment"}
step = 0.001
slopes = torch.zeros(3)
for k in range(3):
    raised = z.clone()
    raised[k] += step
    slopes[k] = (F.cross_entropy(raised, right) - F.cross_entropy(z, right)) / step
print("slopes:       ", slopes, f"sum {slopes.sum():.2f}")
print("probabilities:", probs[3])
lab03.sum_of_slopes.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# Now compare the two lines of numbers. Up to the error of measuring, the slopes *are* the
# probabilities, except in one place. At the right class, in the middle, 1 is taken away. And
# that is the one-hot row $(0, 1, 0)$. Write $p$ for what the machine says and $y$ for what
# is true (here the one-hot row, not the position):
#
# $$\begin{aligned} \text{slopes of the loss} = p - y \end{aligned} \tag{the gradient}$$

# %% slideshow={"slide_type": "slide"}
lab03.one_slope.ask()

# %% slideshow={"slide_type": "fragment"}
lab03.one_slope.result()
truth = torch.tensor([0.0, 1.0, 0.0])
fig, axes = plt.subplots(1, 3, figsize=(8.4, 2.6))
plots.bars(probs[3], axes[0], labels="479")
plots.bars(truth, axes[1], labels="479", color="C2")
plots.bars(probs[3] - truth, axes[2], labels="479", color="C1", ylabel="slope")
axes[0].set_title("p: the machine says")
axes[1].set_title("y: it is a 7")
axes[2].set(title="p - y: the slopes", ylim=(-1.2, 1.2))
assert_close(slopes, probs[3] - truth, atol=1e-3, rtol=0)

# %% [markdown]
# **What you should see** Left, the machine hesitates between 4 and 7. In the middle all of
# the probability is on the 7. Right, the difference: a negative bar for the 7, positive
# bars for the others, the longer one for the 4, which took more than the 9.
#
# *What the machine said, minus what is true.* Why is it that simple? By lab 1 the loss
# of one image with right class $c$ is
#
# $$\begin{aligned} -\log p_c = \log \sum_j e^{z_j} - z_c \end{aligned}$$
#
# (You may skip this paragraph.) Raise $z_k$ by a tiny step $h$. Then $e^{z_k}$ is multiplied by $e^h$, which is nearly
# $1 + h$. So the sum grows by $h\, e^{z_k}$. As a share of the whole sum that is
# $h\, p_k$. If a number grows by a tiny share, its logarithm rises by just this share:
# $\log 1.01$ is nearly $0.01$. So the first part has the slope $p_k$. The second part,
# $-z_c$, has the slope $-1$ if $k$ is the right class, and 0 if not. Together: $p - y$.
#
# The loss of a batch is a mean over $N$ images, so each slope is divided by $N$.
#
# **So far** Four steps lead from logits to loss, and each is done once. A slope says how
# fast the loss rises when one number is raised a little. For the logits the slopes are
# $p - y$. This is a good place to stop; next, PyTorch finds the slopes by itself.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. PyTorch finds the slopes
#
# We measured three slopes with three more losses. The first network of lab 7 has more than
# 25,000 numbers to learn. To measure each would be hopeless, and to find a formula like
# $p - y$ for each kind of machine would be hard work. PyTorch's **autograd** finds the
# slopes. You need three words of it:
#
# * `requires_grad=True` marks a tensor. PyTorch notes down each step that is calculated
#   from it;
# * `.backward()` goes back through these notes, from the result to the start, and uses
#   the rules of school for each step (in lab 6 you build one);
# * `.grad` is where the slopes are put. To be precise: `backward` *adds* them to what is
#   already there.

# %%
x = torch.tensor(3.0, requires_grad=True)
square = x**2
square.backward()
print(x.grad)

# %% [markdown]
# That was one `backward`. Now three.

# %% slideshow={"slide_type": "slide"}
lab03.adding.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
x = torch.tensor(3.0, requires_grad=True)
for _ in range(3):
    (x**2).backward()
    print(x.grad)
lab03.adding.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** Before each `backward`, empty `.grad`: `x.grad = None`.
#
# Now all 15 slopes of our batch with one `backward`, compared with our own formula.
# (`requires_grad_()` marks a tensor that exists already. Here that is a copy, made by
# `clone`, and `logits` stays as it is.)

# %%
marked = logits.clone().requires_grad_()
F.cross_entropy(marked, y).backward()
print(marked.grad)
one_hot = F.one_hot(y, num_classes=3)
assert_close((probs - one_hot) / 5, marked.grad)

# %% [markdown]
# They agree. A slope says where *up* is. To get down, walk against it. (`detach()` gives
# the same numbers without notes: a fresh tensor, whose `.grad` is empty.)

# %% slideshow={"slide_type": "slide"}
lab03.downhill.ask()

# %% slideshow={"slide_type": "slide"}
moved = logits
for step in range(21):
    moved = moved.detach().requires_grad_()  # fresh, .grad is empty
    loss = F.cross_entropy(moved, y)
    loss.backward()
    if step in (0, 1, 5, 20):
        p = torch.softmax(moved, dim=1)[torch.arange(5), y].detach()
        print(f"step {step:2}: loss {loss:.4f}, right classes", p)
    moved = moved - moved.grad
lab03.downhill.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# Step by step the loss falls, and in the end the last image is read as the 9 that it is.
# Training is this loop. Only, a machine does not learn its logits, which are different
# for each image. It learns what they are made of: the templates. That is lab 4.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. Labels that fit, and labels that are taken
#
# The second argument of a loss is called its **target**. `F.cross_entropy` has a simple
# rule to tell what you mean by it:
#
# * a target of the *same shape* as the logits, (N, K), holds probabilities: decimal
#   numbers, one distribution for each image. A one-hot row is one;
# * any other target holds positions of classes: whole numbers, shape (N,), from 0 to
#   K - 1.
#
# It looks at shape, at the kind of number, and at that range. At nothing else.

# %% slideshow={"slide_type": "slide"}
lab03.accepted.ask()

# %% slideshow={"slide_type": "slide"} tags=["pitfall"]
targets = {
    "right": y,
    "the digits themselves": torch.tensor([4, 7, 9, 7, 9]),
    "decimal numbers": y.float(),
    "two counted from 1": torch.tensor([1, 2, 2, 1, 2]),
    "one-hot times 3": 3 * one_hot.float(),
}
for name, target in targets.items():
    try:
        print(f"{name:22} loss {F.cross_entropy(logits, target):.4f}")
    except (IndexError, RuntimeError) as error:
        print(f"{name:22} {type(error).__name__}: {str(error)[:45]}")
lab03.accepted.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# (`try` and `except`: if a line stops with one of these errors, go on below `except`.) An
# error is a kindness, because it says where to look. The two that are accepted raise none:
# you see it only if you know the right loss, and a machine would learn from them.
#
# **Rule** Before you train, print three things: `y.dtype`, the kind of number (it should
# be `int64`, whole numbers), `y.shape`, and the smallest and largest label. If the target is a table, print the sums
# of its rows.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. Two classes
#
# With two classes one logit $z$ is enough: $p = \sigma(z)$ is the probability of class 1,
# and $1 - p$ that of class 0. The cross entropy picks the logarithm of one of them. With
# $y$ either 0 or 1, the picking can be written as arithmetic:
#
# $$\begin{aligned}
# \text{loss} = -\big( y \log p + (1 - y) \log (1 - p) \big)
# \end{aligned} \tag{binary cross entropy}$$
#
# For $y = 1$ the second part is multiplied by 0, for $y = 0$ the first.

# %% slideshow={"slide_type": "fragment"}
lab03.binary.ask()

# %% [markdown]
# Now our 4 and our two 9s, with one logit each: the score of the 9 minus that of the 4.
# Logits and labels are columns (N, 1) of decimal numbers: `unsqueeze(1)` makes a column of
# a list, and `flatten()` a list of a column.

# %% slideshow={"slide_type": "slide"}
lab03.binary.result()
rows = [0, 2, 4]
z = (logits[rows, 2] - logits[rows, 0]).unsqueeze(1)  # (3, 1)
nine = torch.tensor([[0.0], [1.0], [1.0]])  # y: is it a 9?
p = torch.sigmoid(z)
by_hand = -(nine * p.log() + (1 - nine) * (1 - p).log()).mean()
print(f"by hand                    {by_hand:.4f}")
print(f"binary_cross_entropy of p  {F.binary_cross_entropy(p, nine):.4f}")
print(f"..._with_logits of z       {F.binary_cross_entropy_with_logits(z, nine):.4f}")
marked = z.clone().requires_grad_()
F.binary_cross_entropy_with_logits(marked, nine).backward()
print("slopes times N:", 3 * marked.grad.flatten())
print("p:             ", p.flatten())
assert_close(3 * marked.grad, p - nine)
assert_close(F.binary_cross_entropy_with_logits(z, nine), by_hand)

# %% [markdown] slideshow={"slide_type": "fragment"}
# Again there are two functions, and the one that takes logits is the safe one (lab 4
# shows why). (As
# objects: `nn.BCELoss` and `nn.BCEWithLogitsLoss`.) And the slopes? $p - y$ once more. No
# wonder: the sigmoid is the softmax of the two logits $(0, z)$, and this loss is their
# cross entropy. (With the 7 out of the race, the fifth image is read well.)
#
# And if the two worlds are mixed?

# %% slideshow={"slide_type": "slide"}
lab03.one_column.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
print("loss:", F.cross_entropy(z, nine).abs())  # abs: minus the mean of 0 prints as -0
lab03.one_column.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** One column of logits: `F.binary_cross_entropy_with_logits`. One column for each
# class: `F.cross_entropy`.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7. The riddle
#
# Now to the two losses. Many machines end with a softmax, since one wants probabilities.
# Then somebody takes the probabilities for logits, and hands them to `F.cross_entropy`.
# Nothing is raised, because any number may be a logit.

# %% slideshow={"slide_type": "slide"}
lab03.floor.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
sure, first = torch.tensor([[100.0, 0.0, 0.0]]), torch.tensor([0])
print(f"once:  {F.cross_entropy(sure, first):.4f}")
print(f"twice: {F.cross_entropy(torch.softmax(sure, dim=1), first):.4f}")
lab03.floor.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# Let us draw both losses for one image, whose right class is the first of three.

# %% slideshow={"slide_type": "slide"}
z = torch.linspace(-9, 9, 181)
rows = torch.stack([z, torch.zeros(181), torch.zeros(181)], dim=1)  # (181, 3)
all_first = torch.zeros(181, dtype=torch.int64)  # in each row the first class is right
# reduction="none" leaves out the mean: 181 losses
once = F.cross_entropy(rows, all_first, reduction="none")
twice = F.cross_entropy(torch.softmax(rows, dim=1), all_first, reduction="none")
fig, ax = plt.subplots(figsize=(5.6, 2.8))
ax.plot(z, once, label="softmax once")
ax.plot(z, twice, label="softmax twice")
ax.axhline(twice.min(), color="black", linestyle=":", linewidth=1)
ax.set(xlabel="logit of the right class (others 0)", ylabel="cross entropy (nats)")
_ = ax.legend()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Two curves of the loss of one image. Solid: it comes down from
# high values to 0. Dashed: it stays in a narrow band, and never goes below the dotted
# line, the floor.

# %% slideshow={"slide_type": "slide"}
lab03.sure_and_wrong.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
wrong = torch.tensor([[-6.0, 0.0, 0.0]], requires_grad=True)
F.cross_entropy(wrong, first).backward()
print("softmax once, slopes: ", wrong.grad)
wrong = torch.tensor([[-6.0, 0.0, 0.0]], requires_grad=True)
F.cross_entropy(torch.softmax(wrong, dim=1), first).backward()
print("softmax twice, slopes:", wrong.grad)
lab03.sure_and_wrong.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# Now look at the lines of the lesson. `x_train` holds its examples, four numbers each.
# `W` holds three templates, each a column. Its numbers, the *weights*, are 0 at the start.
# `x_train.matmul(W)` multiplies each example with each template: three logits. `b` is one
# more number, added to them. `hypothesis` are the probabilities, `cost` is the loss.
#
# ```python
# # by hand
# hypothesis = F.softmax(x_train.matmul(W) + b, dim=1)
# cost = (y_one_hot * -torch.log(F.softmax(hypothesis, dim=1))).sum(dim=1).mean()
#
# # as one function
# z = x_train.matmul(W) + b
# cost = F.cross_entropy(z, y_train)
# ```
#
# Our cell writes `X @ W` for `matmul`. It leaves `b` out: that is one number added to all
# three logits, and lab 1 says what that does. `lambda z, y: ...` is a function without a
# name, of `z` and `y`.

# %% slideshow={"slide_type": "slide"}
lab03.riddle.ask()

# %% slideshow={"slide_type": "slide"} tags=["pitfall"]
X = torch.tensor([[1, 2, 1, 1], [2, 1, 3, 2], [3, 1, 3, 4], [4, 1, 5, 5],
                  [1, 7, 5, 5], [1, 2, 5, 6], [1, 6, 6, 6], [1, 7, 7, 7]]).float()
y_8 = torch.tensor([2, 2, 2, 1, 1, 1, 0, 0])


def run(loss_fn):
    losses, W = [], torch.zeros(4, 3)
    for _ in range(1001):
        W = W.detach().requires_grad_()
        loss = loss_fn(X @ W, y_8)
        loss.backward()
        losses.append(loss.item())
        W = W - 0.1 * W.grad  # a tenth of the slope: small steps
    return losses


# The lesson's line by hand is softmax, followed by our four steps.
by_hand = run(lambda z, y: F.cross_entropy(torch.softmax(z, dim=1), y))
one_call = run(F.cross_entropy)
print(f"by hand:  {by_hand[0]:.6f} ... {by_hand[-1]:.6f}")
print(f"one call: {one_call[0]:.6f} ... {one_call[-1]:.6f}")
lab03.riddle.result()
assert f"{by_hand[-1]:.3f} {one_call[-1]:.3f}" == "0.739 0.400"

# %% [markdown] slideshow={"slide_type": "slide"}
# Here are the two numbers. `0.400` is the loss of the second machine. `0.739` is not the
# loss of the first one, but another quantity, which cannot go below the floor. Both fall,
# both start at $\log 3$, and no error is raised: so nobody noticed. Lab 5 will
# measure how bad the first machine really is.
#
# **Rule** Two ways to write a loss are the same only if they agree on logits that are not
# all alike, in value *and* in slope. One line of `assert_close` would have found it.

# %% jupyter={"source_hidden": true}
# @title What the text above says, checked
assert F.nll_loss(probs, y) < 0 and F.nll_loss(logits, y) < 0
for value in (F.nll_loss(log_probs, y), nn.CrossEntropyLoss()(logits, y)):
    assert_close(value, F.cross_entropy(logits, y))
assert_close(slopes.sum(), torch.tensor(0.0), atol=1e-3, rtol=0)
assert x.grad == 18
assert logits.argmax(dim=1).tolist() == [0, 1, 2, 1, 1]
assert moved.argmax(dim=1).equal(y) and loss < 0.13
grown = torch.softmax(moved, dim=1) - probs
assert torch.equal(grown > 0, one_hot > 0)  # in each row the right class alone
assert F.cross_entropy(-5 * p, 1 - nine) == 0  # one column, whatever is in it
assert_close(twice.min(), torch.tensor(0.5514), atol=1e-3, rtol=0)
assert by_hand[0] == one_call[0] and abs(one_call[0] - 1.0986) < 1e-4

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint.
#
# **Exercise 1** (5 minutes). Which of these six calls are right? All six run. *Right*
# means: the same loss and the same slopes as `F.cross_entropy(logits, y)`, for all
# logits (N, 3) and all positions (N,). Decide first, then try them on numbers. `right_calls()`
# takes nothing and returns six times `True` or `False`, in order.
#
# ```python
# F.cross_entropy(torch.softmax(logits, dim=1), y)         # (1)
# F.nll_loss(torch.log_softmax(logits, dim=1), y)          # (2)
# F.cross_entropy(torch.log_softmax(logits, dim=1), y)     # (3)
# F.nll_loss(torch.softmax(logits, dim=1), y)              # (4)
# F.cross_entropy(logits, F.one_hot(y, 3).float())         # (5)
# F.nll_loss(logits, y)                                    # (6)
# ```

# %% tags=["exercise"]
def right_calls():
    ...


lab03.right_calls.check(right_calls)
# lab03.right_calls.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 2** (4 minutes). Which loss for which machine? The choice is **1**
# `F.cross_entropy`, **2** `F.nll_loss`, **3** `F.binary_cross_entropy_with_logits`, **4**
# `F.binary_cross_entropy`. Choose so that each of the four steps is done once.
#
# * (a) Three scores come out. The labels are positions.
# * (b) Three columns come out, and the last step is `log_softmax`. The labels are
#   positions.
# * (c) One score comes out, shape (N, 1). The labels are 0.0 and 1.0 in the same shape.
# * (d) As (c), but the last step is a sigmoid, and you may not change it.
# * (e) Three scores come out. Each image was shown to ten people, and its label says how
#   they voted, such as (0.7, 0.3, 0.0).
#
# `which_loss()` takes nothing and returns five numbers, from (a) to (e):
# `return 1, 1, 1, 1, 1`.

# %% tags=["exercise"]
def which_loss():
    ...


lab03.which_loss.check(which_loss)
# lab03.which_loss.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 3** (10 minutes). Find the faults. This function should train a machine: start
# from the weights `W`, shape (D, K), make `n_steps` steps against the slope, each 0.1
# times the slope, and return the new weights. It runs, and it has **three faults**.
# Mend them. (`X @ W` multiplies each example with all K columns of `W`. `W` is changed
# in place, below `with torch.no_grad():`, because PyTorch must take no notes of that.
# `W = W + ...` would make a new `W` without the mark.)
#
# ```python
# def train(X, y, W, n_steps):
#     W = W.clone().requires_grad_()
#     for _ in range(n_steps):
#         probs = torch.softmax(X @ W, dim=1)
#         loss = F.cross_entropy(probs, y)
#         loss.backward()
#         with torch.no_grad():
#             W += 0.1 * W.grad
#     return W.detach()
# ```

# %% tags=["exercise"]
def train(X, y, W, n_steps):
    ...


lab03.train.check(train)
# lab03.train.hint()

# %% [markdown]
# It works? Then you can train your first machine. Give it all 4s, 7s and 9s, 64 pixels
# each, and see which fraction of them it reads correctly:
#
# ```python
# chosen = torch.tensor([label in (4, 7, 9) for label in digits.target])
# X_all = images[chosen].flatten(1)  # (N, 64)
# y_all = torch.tensor([(4, 7, 9).index(label) for label in digits.target[chosen]])
# W = train(X_all, y_all, torch.zeros(64, 3), n_steps=200)
# print(((X_all @ W).argmax(dim=1) == y_all).float().mean())
# ```

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 4** (5 minutes). `cross_entropy(logits, y)`: the mean loss from logits (N, K)
# and positions (N,), without softmax and without `F`. Use `torch.logsumexp(logits, dim=1)`
# and the formula of section 3.

# %% tags=["exercise"]
def cross_entropy(logits, y):
    ...


lab03.cross_entropy.check(cross_entropy)
# lab03.cross_entropy.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 5** (6 minutes). One class is rare, and its mistakes should count more.
# `weighted_cross_entropy(logits, y, weight)`: `weight`, shape (K,), has one number for
# each class. Return a weighted mean: the loss of each image counts as much as the weight
# of its right class, and the sum is divided by the sum of the weights that were used. Do
# not use the argument `weight=` of the library. (`F.cross_entropy(..., reduction="none")` gives the
# N single losses.)

# %% tags=["exercise"]
def weighted_cross_entropy(logits, y, weight):
    ...


lab03.weighted_cross_entropy.check(weighted_cross_entropy)
# lab03.weighted_cross_entropy.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Softmax, log, pick, minus the mean: each once. `F.cross_entropy(logits, y)` does all
#   four, so it wants logits.
# * A slope: how fast the loss rises if one number is raised a little. All slopes
#   together: the gradient.
# * For the logits it is (p - y) / N: what the machine said, minus what is true.
# * `backward` calculates all slopes, and adds them to `.grad`. Walk against them.
# * Labels: `int64`, shape (N,), from 0 to K - 1. Dangerous are those that raise nothing.
# * One logit, two classes: `F.binary_cross_entropy_with_logits`, with `y` of its shape.
# * Softmax twice: a floor, and no correction for what is sure and wrong. A loss below 0:
#   the log is missing.
# * Two losses are the same if value and slopes agree.
#
# Next: [**lab 4, logistic regression**](04_logistic_regression.ipynb). We can walk
# downhill. Now we walk with the numbers of a machine, and it learns.

# %% [markdown]
# ## Deeper
#
# Everything from here on is optional.
#
# ### The published lab
#
# *For whoever wants to compare with the source notes. 20 minutes.*
# [Lab06 - Softmax Classification](https://github.com/kookeej/DILAB/blob/main/7.1-7.7/Lab06.ipynb),
# which is also the lesson of the riddle, and
# [lab06.ipynb](https://github.com/Jaehooni/2022_Summer_D.Com_DeepLearning_Study/blob/main/lab06.ipynb)
# begin with random logits, and calculate their loss in four spellings. The first note has
# the seed 1. (`gather` picks by index like `[torch.arange(3), y]`; it wants the positions
# as a column.)

# %%
torch.manual_seed(1)
z_1 = torch.rand(3, 5)
y_1 = torch.randint(5, (3,))
one_hot_1 = torch.zeros_like(z_1).scatter_(1, y_1.unsqueeze(1), 1)
print("p of the right classes:", (torch.softmax(z_1, dim=1) * one_hot_1).sum(dim=1))
spellings = {
    "one-hot times log": (one_hot_1 * -torch.log(torch.softmax(z_1, 1))).sum(1).mean(),
    "log_softmax, gather": -z_1.log_softmax(1).gather(1, y_1.unsqueeze(1)).mean(),
    "log_softmax, nll_loss": F.nll_loss(torch.log_softmax(z_1, dim=1), y_1),
    "cross_entropy": F.cross_entropy(z_1, y_1),
}
for name, value in spellings.items():
    print(f"{name:22} {value:.4f}")
    assert_close(value, torch.tensor(1.4689), atol=5e-5, rtol=0)

# %% [markdown]
# The first spelling is the formula of the notes, with a sum over the classes as well. The
# notes leave out the indices; here they are:
#
# $$\begin{aligned}
# \text{loss} = -\frac{1}{N} \sum_{i=1}^{N} \sum_{j=1}^{K} y_{ij} \log p_{ij}
# \end{aligned} \tag{with one-hot rows}$$
#
# The second note sets no seed, so its random numbers are lost. But it prints its table of
# log-probabilities, and they are logits as good as any: `log_softmax` finds rows there
# whose logsumexp is 0, and changes nothing. (It says that `nll_loss` computes the
# "negative loss likelihood". It is the *log* likelihood.)

# %%
typed = torch.tensor(
    [
        [-1.8411, -1.4048, -2.2069, -1.5385, -1.3050],
        [-1.5687, -1.5143, -1.6399, -1.6570, -1.6767],
        [-1.4436, -1.3189, -1.7466, -1.5925, -2.1311],
    ]
)
for loss_fn in (F.nll_loss, F.cross_entropy):
    value = loss_fn(typed, torch.tensor([4, 0, 4]))
    print(f"{loss_fn.__name__:14} {value:.4f}")
    assert_close(value, torch.tensor(1.6682), atol=1e-4, rtol=0)

# %% [markdown]
# [\[PyTorch\] Classifier: Logistic & Softmax Regression Model](https://zoshs2.github.io)
# takes five rows of three logits, with the same seed. It adds the five losses by hand, and with
# `reduction="sum"`, which leaves out the division by N.

# %%
torch.manual_seed(1)
z_2 = torch.rand(5, 3)
y_2 = torch.randint(3, (5,))
single = F.nll_loss(torch.log_softmax(z_2, dim=1), y_2, reduction="none")
total = F.nll_loss(torch.log_softmax(z_2, dim=1), y_2, reduction="sum")
print("labels", y_2, "losses", single)
print(f"mean {F.cross_entropy(z_2, y_2):.4f}, sum {total:.4f}")
assert_close(F.cross_entropy(z_2, y_2), torch.tensor(1.0938), atol=5e-5, rtol=0)
assert_close(total, torch.tensor(5.4691), atol=5e-5, rtol=0)
assert_close(single.sum(), total)

# %% [markdown]
# Then it warns, rightly, that `cross_entropy` contains a `log_softmax`, so a softmax has
# no place in the model. And it adds: whoever wants one there uses `nll_loss` instead.
# That is a bug. Here it runs:

# %% tags=["pitfall"]
def as_advised(logits, y):
    return F.nll_loss(torch.softmax(logits, dim=1), y)


def mended(logits, y):
    return F.nll_loss(torch.log_softmax(logits, dim=1), y)


# %% tags=["pitfall"]
print(f"as advised {as_advised(z_2, y_2):.4f}, mended {mended(z_2, y_2):.4f}")
assert as_advised(z_2, y_2) < 0
assert_close(mended(z_2, y_2), F.cross_entropy(z_2, y_2))

# %% [markdown]
# **Rule** `nll_loss` wants a `log_softmax` before it.
#
# [05wk-1.ipynb](https://github.com/guebin/DL2025/blob/main/posts/05wk-1.ipynb)
# compares the losses for two classes, first from one logit. (`nn.Sigmoid()`
# and `nn.Softmax(dim=1)` are sigmoid and softmax as objects.)

# %%
netout = torch.tensor([[-1.0], [0.0], [1.0]])
labels = torch.tensor([[0.0], [0.0], [1.0]])
sig = nn.Sigmoid()
yhat = sig(netout)
formula = -torch.sum(torch.log(yhat) * labels + torch.log(1 - yhat) * (1 - labels)) / 3
for value in (
    formula,
    nn.BCELoss()(yhat, labels),
    nn.BCEWithLogitsLoss()(netout, labels),
):
    print(f"{value:.4f}")
    assert_close(value, torch.tensor(0.4399), atol=5e-5, rtol=0)

# %% [markdown]
# Then from two logits. To compare, the note puts the probabilities of the first model
# into two columns. Look at the first row of each table:

# %% tags=["pitfall"]
two_logits = torch.tensor([[3.0, 2.0], [2.0, 2.0], [5.0, 6.0]])
published = torch.concat([sig(netout), 1 - sig(netout)], dim=1)
softmax_table = nn.Softmax(dim=1)(two_logits)
print("from one logit, as published:\n", published)
print("from two logits:\n", softmax_table)
assert_close(published, softmax_table.flip(1))  # the columns are exchanged
mended = torch.concat([1 - sig(netout), sig(netout)], dim=1)
assert_close(mended, softmax_table)

# %% [markdown]
# The columns are exchanged: `sig(netout)` is the probability of class 1, and it stands in
# column 0. The note does not notice, since it calculates no loss from this table. Class 0
# belongs in column 0.
#
# **Rule** Before you compare two tables of probabilities, say what a column means.
#
# The loss from two logits is the same again. The note announces two forms of the target,
# one-hot rows and positions, and by mistake runs one-hot twice. Here are both.

# %%
for target in (torch.tensor([[1.0, 0], [1, 0], [0, 1]]), torch.tensor([0, 0, 1])):
    value = nn.CrossEntropyLoss()(two_logits, target)
    print(f"{value:.4f}")
    assert_close(value, formula)

# %% [markdown]
# Last, three classes: the 5 × 3 logits of lab 1. The note takes softmax by hand, with the
# table of exponentials. In its first row three typed numbers are divided by their sum.

# %%
netout = torch.tensor(
    [[-2.0, -2, 0], [3.14, 3.14, 3.14], [0, 0, 2], [2, 2, 4], [0, 0, 0]]
)
print(torch.exp(netout))
typed = torch.tensor([0.1353, 0.1353, 1.0000])
print("row 0:", typed / typed.sum())
print("row 1:", torch.exp(netout[1]) / torch.exp(netout[1]).sum())
by_softmax = nn.Softmax(dim=1)(netout)
assert_close(typed / typed.sum(), by_softmax[0], atol=1e-4, rtol=0)
assert_close(torch.exp(netout[1]) / torch.exp(netout[1]).sum(), by_softmax[1])

# %%
labels = torch.tensor([2, 1, 2, 2, 0])
rows = F.one_hot(labels)
formula = -torch.sum(torch.log(by_softmax) * rows) / 5
for value in (
    nn.CrossEntropyLoss()(netout, rows.float()),
    nn.CrossEntropyLoss()(netout, labels),
    formula,
):
    print(f"{value:.4f}")
    assert_close(value, torch.tensor(0.5832), atol=5e-5, rtol=0)

# %% [markdown]
# At the end the note remarks that `CrossEntropyLoss` would better be called
# `CEWithSoftmaxLoss`, just as there is a `BCEWithLogitsLoss`. That is a good name to keep
# in mind.
#
# ### Four spellings, in value and slope
#
# *For whoever wants proof. 6 minutes.* A training loop never looks at the value of a
# loss, only at its slopes. So the spellings have to agree in both. This function gives
# both, from a fresh copy. (`detach()` gives the same numbers without PyTorch's notes.)

# %%
def loss_and_grad(loss_fn, logits, y):
    marked = logits.clone().requires_grad_()
    loss = loss_fn(marked, y)
    loss.backward()
    return loss.detach(), marked.grad


# %%
def by_log_of_softmax(logits, y):
    return -torch.log(torch.softmax(logits, dim=1)).gather(1, y.unsqueeze(1)).mean()


def by_log_softmax(logits, y):
    return -torch.log_softmax(logits, dim=1).gather(1, y.unsqueeze(1)).mean()


def by_nll(logits, y):
    return F.nll_loss(torch.log_softmax(logits, dim=1), y)


# %% [markdown]
# `float32` numbers have about 7 digits, `float64` numbers about 16. If two formulas
# differ by rounding alone, they agree in `float64` to many more digits. (`atol` and `rtol`
# say how far apart two numbers may be: `atol` plus `rtol` times the number.)

# %%
tolerances = {
    torch.float32: {"atol": 1e-6, "rtol": 1e-5},
    torch.float64: {"atol": 1e-14, "rtol": 1e-12},
}
for dtype, tolerance in tolerances.items():
    for batch, target in ((logits, y), (z_1, y_1), (z_2, y_2)):
        batch = batch.to(dtype)
        both = loss_and_grad(F.cross_entropy, batch, target)
        for spelling in (by_log_of_softmax, by_log_softmax, by_nll):
            assert_close(loss_and_grad(spelling, batch, target), both, **tolerance)
        hot = F.one_hot(target, batch.shape[1])
        assert_close((batch.softmax(1) - hot) / len(target), both[1], **tolerance)
    print(dtype, "values and slopes agree within", tolerance)

# %% [markdown]
# And the slopes that `backward` finds are those that one measures. `gradcheck` raises each
# of the 15 logits and lowers it, and compares.

# %%
exact = logits.double().requires_grad_()
assert torch.autograd.gradcheck(lambda z: F.cross_entropy(z, y), exact)

# %% [markdown]
# If they all agree, why not write it by hand? Logits of (1000, 0, 0), and the second class
# is right:

# %% tags=["pitfall"]
extreme, second = torch.tensor([[1000.0, 0.0, 0.0]]), torch.tensor([1])
for spelling in (by_log_of_softmax, by_log_softmax, by_nll, F.cross_entropy):
    value, grad = loss_and_grad(spelling, extreme, second)
    print(f"{spelling.__name__:17} loss {value}, slopes {grad}")
value, grad = loss_and_grad(by_log_of_softmax, extreme, second)
assert value == torch.inf and grad.isnan().all()
assert F.cross_entropy(extreme, second) == 1000

# %% [markdown]
# The first spelling takes the logarithm of a probability that was rounded to 0. Its slopes
# are `nan`: the slope of $\log p$ is $1/p$, infinity at 0, and it is multiplied by the
# slope of softmax, which is 0 there. After one step all logits are `nan`. The others give
# the clearest slopes there are: the first logit down, the second up. No slope of one
# image is ever larger than 1, however large the loss.
#
# ### From the slopes of softmax
#
# *For readers of the last section of lab 1. 3 minutes.* There stands the table of all
# slopes of softmax: $p_i (1 - p_i)$ on the diagonal, $-p_i\, p_j$ elsewhere. The loss is
# $-\log p_c$. Its slope with respect to $p_c$ is $-1/p_c$. Slopes of one function after
# another are multiplied (lab 6 says why), so row $c$ of the table times $-1/p_c$ must
# give $p - y$: at $c$ it is $-(1 - p_c) = p_c - 1$, elsewhere $+p_j$. The probability
# cancels.

# %%
p = torch.softmax(logits[3], dim=0)
table = torch.diag(p) - torch.outer(p, p)
print(-table[1] / p[1])
assert_close(-table[1] / p[1], p - torch.tensor([0.0, 1.0, 0.0]))

# %% [markdown]
# ### p - y by hand
#
# *For everybody who likes knobs. 2 minutes.* Three classes, and B is right. Move the logit
# of B. When does the pull end?

# %%
def draw_slopes(z):
    p = torch.softmax(torch.tensor([2.0, z, -1.0]), dim=0)
    y = torch.tensor([0.0, 1.0, 0.0])
    _, axes = plt.subplots(1, 3, figsize=(8.4, 2.7))
    plots.bars(p, axes[0], labels="ABC")
    plots.bars(y, axes[1], labels="ABC", color="C2")
    plots.bars(p - y, axes[2], labels="ABC", color="C1", ylabel="slope")
    axes[2].set(ylim=(-1.2, 1.2))
    for ax, title in zip(axes, ("p", "y: true is B", "p - y"), strict=True):
        ax.set_title(title)


plots.slider(draw_slopes, z=(-6.0, 6.0, 1.0))

# %% [markdown]
# Never, on paper: $p$ comes nearer to 1 and does not reach it. At the right end the bars
# are too short to see.
#
# ### Why not the squared error?
#
# *For whoever knows regression. 5 minutes.* The error of a predicted *number* is mostly
# measured by its square. Why not $(p - y)^2$ for a probability? The note *[PyTorch]
# Classifier* says that one takes the cross entropy, and gives no reason. Here is one. Take
# two classes, $p = \sigma(z)$ and $y = 1$. We draw both losses, and what counts for
# training: how strongly each pulls the logit up, that is, minus its slope.

# %%
z = torch.linspace(-8, 8, 161)
ones = torch.ones(161)
curves = {
    "cross entropy": F.binary_cross_entropy_with_logits,
    "squared error": lambda z, y, reduction: (torch.sigmoid(z) - y) ** 2,
}
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3))
pulls = {}
for name, loss_fn in curves.items():
    marked = z.clone().requires_grad_()
    losses = loss_fn(marked, ones, reduction="none")
    losses.sum().backward()  # a sum, so that each z gets the slope of its own loss
    pulls[name] = -marked.grad
    left.plot(z, losses.detach(), label=name)
    right.plot(z, pulls[name], label=name)
left.set(xlabel="logit z", ylabel="loss", title="the loss, for y = 1")
right.set(xlabel="logit z", ylabel="minus the slope", title="the pull")
left.legend()
assert pulls["cross entropy"][0] > 0.99 > 0.01 > pulls["squared error"][0]

# %% [markdown]
# **What you should see** Left, for the cross entropy a line that falls steadily and bends
# to 0; for the squared error a step from 1 to 0. Right, the pull of the cross entropy is 1
# at the left end and falls. That of the squared error is a small hill in the middle: at
# the left end, where the machine is sure and wrong, it is 0.
#
# The slope of the cross entropy is $p - y$. That of the squared error is
# $2\,(p - y)\, p\, (1 - p)$, and $p\,(1 - p)$ dies where $p$ is near 0 or 1.

# %%
p = torch.sigmoid(z)
assert_close(pulls["squared error"], -2 * (p - 1) * p * (1 - p), atol=1e-6, rtol=1e-4)
assert_close(pulls["cross entropy"], 1 - p, atol=1e-6, rtol=1e-4)
print("largest pull of the squared error:", pulls["squared error"].max())

# %% [markdown]
# It is the picture of softmax twice once more: a loss that is level where it matters. The
# squared error is not a *wrong* loss, though. If a label is 1 in 70% of all cases, both
# losses are smallest on average for $p = 0.7$; losses with this property are called
# **proper**. (As a score of finished probabilities the squared error has a name, the Brier
# score.) It is a bad slope to learn from when the machine starts out wrong.
#
# ### Softmax twice, and again
#
# *For whoever reads training logs. 10 minutes.* What does a softmax do to a probability?
# It takes it for a logit. As logits, probabilities are all close together. So with each
# softmax everything becomes more alike:

# %% tags=["pitfall"]
p = torch.softmax(torch.tensor([4.0, 0.0, 0.0]), dim=0)
for times in range(1, 7):
    print(f"softmax {times} times:", p)
    p = torch.softmax(p, dim=0)
assert_close(p, torch.full((3,), 1 / 3), atol=0.01, rtol=0)

# %% [markdown]
# The smallest loss that softmax twice can reach with K classes, its **floor**, comes from
# the best first softmax, 1 for the right class and 0 for the others:
#
# $$\begin{aligned}
# q = \frac{e^1}{e^1 + (K - 1)\, e^0}
# \qquad\text{so}\qquad
# -\log q = \log\left(1 + \frac{K - 1}{e}\right)
# \end{aligned} \tag{floor}$$
#
# The largest possible loss, with all probability on one wrong class, is
# $\log(e + K - 1)$.

# %% tags=["pitfall"]
def softmax_twice(logits, y):
    return F.cross_entropy(torch.softmax(logits, dim=1), y)


# %% tags=["pitfall"]
e = torch.tensor(1.0).exp()
for K, published in ((3, 0.5514), (10, 1.4612)):
    floor, ceiling = torch.log(1 + (K - 1) / e), torch.log(e + K - 1)
    sure = 100 * torch.eye(K)[:1]  # the first row of a table with 100 on its diagonal
    best, worst = (softmax_twice(sure, torch.tensor([k])) for k in (0, 1))
    print(f"{K:2} classes: floor {floor:.4f}, ceiling {ceiling:.4f}")
    assert_close(floor, torch.tensor(published), atol=5e-5, rtol=0)
    assert_close(torch.stack([best, worst]), torch.stack([floor, ceiling]))
    assert_close(ceiling - floor, torch.tensor(1.0))

# %% [markdown]
# The best and the worst answer are exactly one nat apart, for any number of classes:
# $1 + (K-1)/e$ is $(e + K - 1)/e$, and dividing by $e$ takes 1 from the logarithm.
#
# **Rule** If a loss comes down to $\log(1 + (K-1)/e)$ and stays there, look for a second
# softmax.
#
# **A race.** One image on which a machine is sure and wrong. Three losses walk 100 steps
# against their own slopes. How good they are is measured with the true loss.

# %% tags=["pitfall"]
results = {}
for runner in (F.cross_entropy, softmax_twice, as_advised):
    z = torch.tensor([[-4.0, 4.0, 0.0]])
    for _ in range(100):
        z = z - loss_and_grad(runner, z, first)[1]
    results[runner.__name__] = p = torch.softmax(z, dim=1)[0, 0]
    print(f"{runner.__name__:14} p {p:.4f}, its own loss {runner(z, first):7.4f}, "
          f"true loss {F.cross_entropy(z, first):.4f}")
assert results["cross_entropy"] > 0.99
assert max(results["softmax_twice"], results["as_advised"]) < 0.01

# %% [markdown]
# One arrives. The other two have hardly moved. From a better start they do learn
# something, and that is why such code gets published.
#
# **`log_softmax` twice** is harmless, in value and slope. It subtracts the logsumexp of
# the row. The second time the row holds log-probabilities. Their exponentials sum to 1,
# and log 1 is 0: nothing is left to subtract. A function that changes nothing the second
# time is called **idempotent**. `log_softmax` is, softmax is not.

# %%
def log_softmax_twice(logits, y):
    return F.cross_entropy(torch.log_softmax(logits, dim=1), y)


# %%
log_probs = torch.log_softmax(logits, dim=1)
print(f"{F.cross_entropy(logits, y):.4f} {log_softmax_twice(logits, y):.4f}")
assert_close(torch.logsumexp(log_probs, dim=1), torch.zeros(5), atol=1e-6, rtol=0)
assert_close(torch.log_softmax(log_probs, dim=1), log_probs)
assert_close(
    loss_and_grad(log_softmax_twice, logits, y),
    loss_and_grad(F.cross_entropy, logits, y),
    atol=1e-6, rtol=1e-5,
)

# %% [markdown]
# **Sigmoid twice** is the same bug for two classes: a model that ends with a sigmoid, and
# a loss "with logits". Its floor is not the same for both classes.

# %% tags=["pitfall"]
def sigmoid_twice(z, y):
    return F.binary_cross_entropy_with_logits(torch.sigmoid(z), y)


# %% tags=["pitfall"]
floor_1 = sigmoid_twice(torch.tensor([100.0]), torch.ones(1))  # sure and right: a 1
floor_0 = sigmoid_twice(torch.tensor([-100.0]), torch.zeros(1))  # sure and right: a 0
print(f"floor for y = 1: {floor_1:.4f}, for y = 0: {floor_0:.4f}")
assert_close(floor_1, torch.log(1 + 1 / e))
assert_close(floor_0, torch.log(torch.tensor(2.0)))

# %% [markdown]
# For class 1 it is $\log(1 + 1/e)$. For class 0 it is $\log 2$, the loss of a coin:
# however sure the model is of a 0, the second sigmoid never goes below one half. Whoever takes
# its result for the probability of class 1 will never see a 0 predicted.
#
# **Rule** Models end with logits. Softmax and sigmoid belong to the loss while training,
# and to the printing of probabilities afterwards.
#
# ### What the labels may be
#
# *For whoever has an error message to understand. 10 minutes.* First, rows of
# probabilities need not be one-hot. Four people look at an image; three say 4 and one says
# 7. The best machine says the same as the people. Its loss is not 0: where people
# disagree, surprise remains. It is the entropy of their opinions (lab 2). (The logarithms
# of probabilities serve as logits. In the place of 0 stands a tiny number, since log 0 is
# minus infinity.)

# %%
opinions = torch.tensor([[0.75, 0.25, 0.0]])
best = F.cross_entropy(torch.tensor([[0.75, 0.25, 1e-30]]).log(), opinions)
entropy = -(0.75 * opinions[0, 0].log() + 0.25 * opinions[0, 1].log())
print(f"loss of the best machine: {best:.4f}")
assert_close(best, entropy)

# %% [markdown]
# The next list holds wrong targets for our (5, 3) logits: which error must come, a piece
# of its message, and what to do. (`.int()` makes `int32`, `.long()` makes `int64`;
# `.flatten()` makes a flat list of a column; `.T` exchanges rows and columns.)

# %%
wrong_targets = [
    ("positions as int32", y.int(), RuntimeError, "Long", "use y.long()"),
    ("positions as float32", y.float(), RuntimeError, "Long", "use y.long()"),
    ("positions as a column", y.unsqueeze(1), RuntimeError, "multi-target",
     "(N, 1) must be (N,): use y.flatten()"),
    ("one label too few", y[:4], ValueError, "batch_size", "5 rows, 4 labels"),
    ("a label as large as K", y + 1, IndexError, "out of bounds",
     "with 3 classes the last label is 2"),
    ("a label -1", y - 1, IndexError, "out of bounds", "the first label is 0"),
    ("one-hot as int64", one_hot, RuntimeError, "floating point",
     "probabilities are decimal numbers: use .float()"),
    ("one-hot, 2 of 3 columns", one_hot[:, :2].float(), RuntimeError, "multi-target",
     "another shape than the logits, so it counts as positions"),
    ("one-hot, transposed", one_hot.float().T, ValueError, "batch_size",
     "the images come first: (N, K), not (K, N)"),
    ("a Python list", [0, 1, 2, 1, 2], TypeError, "must be Tensor",
     "use torch.tensor(...)"),
]

# %% [markdown]
# The cell below checks each of them.

# %%
def check_refused(target, error, piece):
    try:
        F.cross_entropy(logits, target)
    except error as caught:
        assert piece in str(caught), str(caught)
        return str(caught).splitlines()[0][:84]  # its first line, cut if long
    raise AssertionError("this target was accepted")


messages = {}
for name, target, error, piece, advice in wrong_targets:
    messages[name] = check_refused(target, error, piece)
    print(f"{name}: {error.__name__} ({piece}) -> {advice}")

# %% [markdown]
# And these are the messages as your version of PyTorch words them.

# %% tags=["nbval-ignore-output", "differs=version"]
for name, message in messages.items():
    print(f"{name}:\n    {message}")

# %% [markdown]
# All this is so on a CPU. On a CUDA GPU a label out of range is noticed too late for a
# Python error: the GPU stops with a *device-side assert*, all later calls in this process
# fail with it, and the kernel must be restarted. So run one batch on the CPU first.
#
# One more error reads like a riddle. It comes from the object form.

# %% tags=["pitfall"]
try:
    nn.CrossEntropyLoss(logits, y)
except RuntimeError as error:
    assert "Boolean value of Tensor" in str(error)
    print("RuntimeError:", str(error).splitlines()[0][:74])
print("right:", nn.CrossEntropyLoss()(logits, y))

# %% [markdown]
# PyTorch took the logits for a setting, and could not tell whether it is switched on.
#
# **Rule** The first brackets make the loss and take settings. The second take the data.
#
# Now those that are *accepted*, and wrong. With one-hot targets even the two arguments
# can be exchanged: both have the same shape.

# %% tags=["pitfall"]
right_loss = F.cross_entropy(logits, y)
silent = {
    "right": (logits, y),
    "labels counted from 1": (logits[:2], y[:2] + 1),
    "one label is -100": (logits, torch.tensor([0, 1, 2, 1, -100])),
    "target rows sum to 3": (logits, 3 * one_hot.float()),
    "arguments swapped": (one_hot.float(), logits),
}
for name, (given, target) in silent.items():
    value = F.cross_entropy(given, target)
    print(f"{name:22} {value:.4f}")
    assert name == "right" or abs(value - right_loss) > 0.05

# %% [markdown]
# * **Counted from 1**: no error, as long as nobody is in the last class.
# * **-100** means "leave this example out" (next section). The loss gets smaller: a hard
#   example has simply gone.
# * **Rows that sum to 3**: the loss and all its slopes are three times as large.
# * **Swapped** shows nowhere. The logits come first.
#
# Dividing by the sums of the rows mends the third. Two odd targets are harmless: positions
# as `uint8` (whole numbers from 0 to 255), and one-hot rows as `float64`, which make the
# loss a `float64`.

# %%
tripled = 3 * one_hot.float()
value, grad = loss_and_grad(F.cross_entropy, logits, y)
assert_close(loss_and_grad(F.cross_entropy, logits, tripled), (3 * value, 3 * grad))
mended_rows = tripled / tripled.sum(dim=1, keepdim=True)
assert_close(F.cross_entropy(logits, mended_rows), right_loss)
assert_close(F.cross_entropy(logits, y.to(torch.uint8)), right_loss)
print(F.cross_entropy(logits, one_hot.double()).dtype)

# %% [markdown]
# ### Settings of the loss
#
# *For whoever meets one of them. 10 minutes.* **weight** gives each class a weight, so that
# a rare class can count more (exercise 5). It is a weighted mean: weights three times as large
# change nothing.

# %% tags=["pitfall"]
weight = torch.tensor([1.0, 2.0, 4.0])
w = weight[y]  # (N,): the weight of each image
for name, target in (("positions", y), ("one-hot", one_hot.float())):
    once = F.cross_entropy(logits, target, weight=weight)
    tripled = F.cross_entropy(logits, target, weight=3 * weight)
    print(f"{name:9} {once:.4f}, weights times three: {tripled:.4f}")
by_position = F.cross_entropy(logits, y, weight=weight)
assert_close(F.cross_entropy(logits, y, weight=3 * weight), by_position)
assert_close(once, by_position * w.sum() / 5)

# %% [markdown]
# With one-hot rows it is something else! There PyTorch divides by N, whatever the weights.
# The labels have not changed, only their spelling, and yet the loss has, and with it the
# size of every step.
#
# **Rule** With `weight`, use positions.
#
# In the words of PyTorch's documentation the single loss is $l_n = -w_{y_n} x_{n, y_n}$,
# where $x$ are log-probabilities, and the mean divides by the sum of the weights
# $w_{y_n}$.
#
# **ignore_index** is a label that means "no label": such examples are left out, of the sum
# *and* of the N. By default it is -100. If nothing is left, the mean is 0 / 0.

# %%
losses = F.cross_entropy(logits, y, reduction="none")
unknown = torch.tensor([0, 1, 2, -100, -100])
keep = unknown != -100
assert_close(losses[keep].mean(), F.cross_entropy(logits, unknown))
nothing_left = F.cross_entropy(logits, torch.full((5,), -100))
print("all ignored:", nothing_left.item())
assert nothing_left.isnan()

# %% [markdown]
# **Rule** With `ignore_index`, skip a batch in which no label is left.
#
# **label_smoothing** makes the target less certain. Each right class gives up a part `eps`
# of its 1, and that part is shared out evenly among all K classes, the right one included.
#
# $$\begin{aligned}
# \text{target} = (1 - \text{eps}) \cdot \text{one-hot} + \frac{\text{eps}}{K}
# \end{aligned} \tag{label smoothing}$$

# %%
eps = 0.1
smooth = (1 - eps) * one_hot + eps / 3
print(smooth[0], "sum", smooth[0].sum())
by_hand = -(smooth * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
assert_close(by_hand, F.cross_entropy(logits, y, label_smoothing=eps))

# %% [markdown]
# What does it do? Let one image have three classes, give the right one more and more
# probability, and split the rest evenly. (`argmin` is the position of the smallest
# number.)

# %%
p = torch.linspace(0.01, 0.9999, 500)
rows = torch.stack([p, (1 - p) / 2, (1 - p) / 2], dim=1).log()  # (500, 3)
class_0 = torch.zeros(500, dtype=torch.int64)
fig, ax = plt.subplots()
for eps, marker in ((0.0, "o"), (0.1, "s"), (0.3, "^")):
    curve = F.cross_entropy(rows, class_0, reduction="none", label_smoothing=eps)
    lowest = curve.argmin()
    ax.plot(p, curve, label=f"eps = {eps}")
    ax.plot(p[lowest], curve[lowest], marker, color="black", clip_on=False)
ax.set(xlabel="probability given to the right class", ylabel="cross entropy (nats)",
       ylim=(0, 4))
_ = ax.legend()

# %% [markdown]
# **What you should see** Three curves, each with a black marker at its lowest point.
# Without smoothing (solid) the curve falls all the way to 0 at the right edge. With
# smoothing (dashed, dash-dotted) the lowest point comes earlier, lies above 0, and beyond
# it the curve turns up again: being *too* sure is punished.
#
# At the lowest point the machine says exactly what the target says. Its height is the
# entropy of the target, so a loss of 0 is out of reach, by design.

# %%
eps = 0.3
smooth = torch.tensor([1 - eps + eps / 3, eps / 3, eps / 3])
curve = F.cross_entropy(rows, class_0, reduction="none", label_smoothing=eps)
print(f"best probability {p[curve.argmin()]:.2f}, lowest loss {curve.min():.2f}")
assert_close(p[curve.argmin()], smooth[0], atol=2e-3, rtol=0)
assert_close(curve.min(), -(smooth * smooth.log()).sum(), atol=1e-4, rtol=0)

# %% [markdown]
# ### Two classes, on a map
#
# *For whoever wonders whether two logits can do more than one. 5 minutes.* Here is the
# loss over two logits, for an image of class 1. (`meshgrid` makes two tables with the
# coordinates of all points of a grid.)

# %%
side = torch.linspace(-4, 4, 81)
z0, z1 = torch.meshgrid(side, side, indexing="xy")  # two (81, 81) tables
pairs = torch.stack([z0.flatten(), z1.flatten()], dim=1)
class_1 = torch.ones(len(pairs), dtype=torch.int64)
height = F.cross_entropy(pairs, class_1, reduction="none").reshape(81, 81)
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
levels = torch.tensor([0.1, 0.3, 0.7, 1.5, 2.5, 3.5])
lines = left.contour(side, side, height, levels, colors="C0")
gaps = -torch.log(levels.exp() - 1)  # the difference of logits that has this loss
left.clabel(lines, manual=[(1.6 - gap / 2, 1.6 + gap / 2) for gap in gaps])
left.axvline(0, color="black", linestyle=":")
left.set(xlabel="logit of class 0", ylabel="logit of class 1", aspect="equal",
         title="two logits, loss in nats")
for target in (1.0, 0.0):
    curve = F.binary_cross_entropy_with_logits(
        side, torch.full((81,), target), reduction="none"
    )
    right.plot(side, curve, label=f"y = {target:.0f}")
right.set(xlabel="one logit z", ylabel="cross entropy (nats)",
          title="one logit: BCEWithLogits")
_ = right.legend()

# %% [markdown]
# **What you should see** Left, lines of equal loss, like the lines of equal height on a
# map. They are straight and parallel diagonals: moving both logits together never
# changes the loss. So nothing is lost by walking only on the dotted line, where the
# logit of class 0 is 0. Right, what you meet on that walk: the solid curve, for a label
# of 1. The dashed one is its mirror image, for a label of 0.
#
# $$\begin{aligned}
# p_1 = \frac{e^{z_1}}{e^{z_0} + e^{z_1}} = \frac{1}{1 + e^{-(z_1 - z_0)}}
# = \sigma(z_1 - z_0)
# \end{aligned} \tag{two logits}$$
#
# The same in value and slope:

# %%
def two_from_one(z, y):
    two = torch.cat([torch.zeros_like(z), z], dim=1)  # (N, 2): logits (0, z)
    return F.cross_entropy(two, y.flatten().long())


# %%
column = torch.tensor([[-1.0], [0.0], [1.0]])
truth = torch.tensor([[0.0], [0.0], [1.0]])
assert_close(
    loss_and_grad(two_from_one, column, truth),
    loss_and_grad(F.binary_cross_entropy_with_logits, column, truth),
)

# %% [markdown]
# The binary losses want `float32` targets of *the same shape* as the first argument. And
# `BCELoss` looks at the range of what it is given, as no other loss here does. (On a CUDA
# GPU that check, too, stops the process.)

# %% tags=["pitfall"]
wrong_calls = [
    ("labels as int64", F.binary_cross_entropy_with_logits, truth.long(),
     RuntimeError, "Long"),
    ("labels (N,), logits (N, 1)", F.binary_cross_entropy_with_logits,
     truth.flatten(), ValueError, "size"),
    ("logits in BCELoss", F.binary_cross_entropy, truth, RuntimeError,
     "between 0 and 1"),
]
for name, binary_loss, target, error, piece in wrong_calls:
    try:
        binary_loss(column, target)
    except error as caught:
        assert piece in str(caught)
        print(f"{name}: {error.__name__}")
    else:
        raise AssertionError(name)

# %% [markdown]
# All of it in one table:
#
# | loss | first argument | target |
# |---|---|---|
# | `F.cross_entropy` | logits (N, K) | `int64` (N,), or `float32` (N, K) |
# | `F.nll_loss` | output of `log_softmax`, (N, K) | `int64` (N,) |
# | `F.binary_cross_entropy_with_logits` | logits (N, 1) | `float32` (N, 1) |
# | `F.binary_cross_entropy` | probabilities (N, 1) | `float32` (N, 1) |
