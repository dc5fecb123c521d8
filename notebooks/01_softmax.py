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
# # 1. Softmax
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/01_softmax.ipynb)
#
# A classifier gives each class a score. Softmax turns the scores into probabilities.
# It is one short formula, and nearly every classifier of today ends with it. It is also
# the source of four well-known bugs, and you will meet all four in this lab.
#
# **You will be able to**
#
# * read a table of probabilities, and estimate one from counts;
# * write softmax by hand, for one example and for a whole batch;
# * say which changes of the scores change the probabilities, and which do not;
# * calculate softmax and its logarithm for large scores without `nan`;
# * recognise the sigmoid as softmax with two classes.
#
# **Needs** Python (lists, loops, functions); from school: powers of e, logarithms,
# slopes. No machine learning and no PyTorch.
#
# **Takes** 45 minutes to read and run, 30 more for the exercises.

# %% jupyter={"source_hidden": true} tags=["colab"]
# @title For Colab only: fetch the helpers of the course
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and find_spec("course_utils") is None:
    # %pip install -q --no-deps "https://github.com/OWNER/REPOSITORY/releases/download/v0.2.0/course_utils-0.2.0-py3-none-any.whl" anywidget psygnal
    assert find_spec("course_utils"), "pip failed: its lines above say why"

# %%
import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import torch
from torch.testing import assert_close

from course_utils import plots
from course_utils.exercises import lab01

plt.style.use("course_utils.course")

# %% [markdown]
# How to read a lab: run the cells from top to bottom with Shift+Enter. Where it says
# **Predict**, stop and decide on an answer before you run the next cell. Being wrong
# there is the quickest way to learn.
#
# **PyTorch**, imported as `torch`, is a library for calculating with **tensors**. A tensor
# is a box of numbers: a list, a table, or a stack of tables. Its **shape** says how many
# numbers there are in each direction. Here is a table with 2 rows and 3 columns.

# %%
t = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
print(t.shape)
print("one number:", t[0, 2], "one row:", t[1], "one column:", t[:, 0])

# %% [markdown]
# As everywhere in Python, counting starts at 0: `t[0, 2]` is in the first row and the
# third column. A `:` means "all". Arithmetic works on every number at once, and `sum`
# adds up: all numbers, or along one direction, called `dim`.

# %%
print(t * 10)
print("all:", t.sum())
print("dim=0, down the columns:", t.sum(dim=0))
print("dim=1, along the rows:  ", t.sum(dim=1))

# %% [markdown]
# Two more words for proving what we say. Python's `assert` does nothing if what follows
# is true, and stops with an error if it is not. `assert_close(a, b)` does the same for
# "`a` and `b` are equal, up to rounding".

# %% [markdown] tags=["slide"]
# ## 1. A distribution: one number per outcome
#
# Roll a die. Six outcomes are possible, and each has a **probability**. The list of all
# of them is a **discrete distribution**. Only two rules make a list of numbers a
# distribution: no number is negative, and together they sum to 1. (`torch.full` makes a
# tensor of a given shape, filled with one number; `.all()` asks whether all are true.)

# %% tags=["slide-more"]
die = torch.full((6,), 1 / 6)
print(die, die.sum())
assert (die >= 0).all()
assert_close(die.sum(), torch.tensor(1.0))

# %% [markdown] tags=["slide"]
# Most distributions are not known in advance. They are **estimated** from data. Here are
# the moves of somebody who plays rock-paper-scissors: R, P or S, 30 rounds, in order.
# How does this player go on after a rock? Count which move follows which:
# `pairwise` goes through the pairs (1st, 2nd), (2nd, 3rd), and so on.

# %% tags=["slide-more"]
moves = "RRPSRRPPSRRPSSRPRRPSRPSSRRPRSR"
names = ["rock", "paper", "scissors"]
index = {"R": 0, "P": 1, "S": 2}

counts = torch.zeros(3, 3)
for last, following in pairwise(moves):
    counts[index[last], index[following]] += 1
counts

# %% [markdown]
# Each row belongs to the last move, each column to the next one. The first row says what
# came after a rock. To get probabilities *given the last move*, each row is divided by
# its own sum.
#
# `counts.sum(dim=1)` gives three sums, shape (3,). But a list of three numbers is laid
# *along the columns* when PyTorch combines it with a table, and then each number would
# be divided by the sum of the wrong row. `keepdim=True` keeps the sums upright, as a
# column of shape (3, 1), and a column is laid along the rows. Look at both:

# %%
print("(3,):  ", counts.sum(dim=1))
print("(3, 1):", counts.sum(dim=1, keepdim=True).tolist())

# %%
table = counts / counts.sum(dim=1, keepdim=True)
assert_close(table.sum(dim=1), torch.ones(3))
wrong = counts / counts.sum(dim=1)
print("rows of the wrong table sum to", wrong.sum(dim=1))

# %% [markdown]
# The wrong one raised no error. So we check: every row has to sum to 1.

# %% tags=["slide"]
ax = plots.number_table(table, row_labels=names, column_labels=names)
_ = ax.set(xlabel="next move", ylabel="last move", title="P(next | last)")

# %% [markdown] tags=["slide-more"]
# **What you should see** A table with three rows and three columns. Every row sums to 1,
# up to the rounding of the two digits shown. The darkest cell in each row is the most likely next move: this player has habits, and
# you could win against them.
#
# Read $P(\text{next} \mid \text{last})$ as "the probability of the next move, given the
# last one". A classifier has the same form: $P(\text{class} \mid \text{image})$. Its
# answer is a whole distribution and not only a class, because "a 3, and I am sure" and
# "a 3, but it may well be an 8" are different answers, and you would act on them
# differently.

# %% [markdown] tags=["slide"]
# ## 2. From scores to probabilities
#
# Counting does not help with images: no image comes twice. So a classifier calculates a
# score for each class by some formula, its **model**. What scores come out is up to it:
# any real numbers, large for likely classes. They are called **logits**. How do we make a
# distribution of them? Dividing by the sum worked for counts.
#
# **Predict** Does it work for the scores (1, 2, 3)? For (-1, 0, 1)?

# %% tags=["slide-more"]
for scores in ([1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]):
    z = torch.tensor(scores)
    print(z, "->", z / z.sum())

# %% [markdown] tags=["slide"]
# The first looks fine. The second divides by zero. (Python would stop with an error here.
# PyTorch goes on with `inf` for infinity and `nan`, "not a number".) And even without that
# it would give negative "probabilities". We need a step that makes every score positive and keeps the
# order. The exponential function does: $e^z$ is positive for every $z$, and it grows
# with $z$.
#
# $$\begin{aligned} p_i = \frac{e^{z_i}}{\sum_j e^{z_j}} \end{aligned} \tag{softmax}$$
#
# In words: take $e$ to the power of each logit, then divide by the sum. $z_1, z_2, \dots$
# are the logits, $p_i$ is the probability of class $i$, and the sum runs over all classes
# $j$. This is **softmax**. (Some notes print $e^i$ instead of $e^{z_i}$. That is a typo: the exponent
# is the logit, not the number of the class.)

# %% tags=["slide-more"]
z = torch.tensor([1.0, 2.0, 3.0])
exps = torch.exp(z)
probs = exps / exps.sum()
print("exps ", exps)
print("probs", probs, "sum", probs.sum())

# %% [markdown]
# Three lines of arithmetic. PyTorch has the same as `torch.softmax`. The argument
# `dim=0` says along which direction to sum; a list has only one, number 0. From here on
# we may use it, because it gives what our formula gives.

# %% tags=["slide"]
assert_close(probs, torch.softmax(z, dim=0))
axes = plots.logits_and_probs(z, probs, labels=["A", "B", "C"])
axes[0].set_title("logits (any numbers)")
_ = axes[1].set_title("softmax (sums to 1)")

# %% [markdown] tags=["slide-more"]
# **What you should see** On the left three logits that rise in equal steps. On the right
# their probabilities, which do not: each is $e \approx 2.7$ times the one before. Equal
# *differences* of logits become equal *ratios* of probabilities.
#
# **Predict** The logits are raised by 100, to (101, 102, 103). What happens to the
# probabilities?

# %% tags=["slide-more"]
print(torch.softmax(z, dim=0))
print(torch.softmax(z + 100, dim=0))

# %% [markdown] tags=["slide-more"]
# Nothing happens. Only differences of logits count. We come back to this in section 4.

# %% [markdown] tags=["slide"]
# ## 3. A batch: which direction?
#
# Models look at many examples at once. Their logits form a table with one **row per
# example** and one **column per class**, shape (N, K). Here are N = 5 examples and K = 3
# classes.

# %% tags=["slide-more"]
logits = torch.tensor(
    [
        [-2.0, -2.0, 0.0],
        [3.14, 3.14, 3.14],
        [0.0, 0.0, 2.0],
        [2.0, 2.0, 4.0],
        [0.0, 0.0, 0.0],
    ]
)
logits.shape  # (N, K)

# %% [markdown] tags=["slide"]
# In a table there are two directions. `dim=0` goes down, over the rows. `dim=1` goes
# across, over the columns. Softmax can be taken along either, and no error tells you
# which one you meant. (In the text of this lab we count rows from 1.)
#
# **Predict** Rows 1, 3 and 4 hold different numbers. Will two of them get the same
# probabilities with `dim=1`?

# %% tags=["slide-more"]
probs = torch.softmax(logits, dim=1)
print(probs)
assert_close(probs.sum(dim=1), torch.ones(5))

# %% [markdown] tags=["slide-more"]
# All three rows get the same probabilities: in each of them the third logit is 2 larger
# than the other two, and only differences count. Rows 2 and 5 have three equal logits,
# so each class gets a third.
#
# ### Pitfall: the wrong direction
#
# This is the same table with `dim=0`.

# %% tags=["pitfall", "slide-more"]
wrong = torch.softmax(logits, dim=0)
print(wrong)
print("rows sum to   ", wrong.sum(dim=1))
print("columns sum to", wrong.sum(dim=0))

# %% tags=["slide"]
fig, axes = plt.subplots(1, 2, figsize=(6.4, 2.8))
for ax, dim, values in zip(axes, (1, 0), (probs, wrong), strict=True):
    plots.number_table(values, ax, row_labels="12345", column_labels="ABC")
    ax.set(title=f"softmax(logits, dim={dim})", xlabel="class", ylabel="example")

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, `dim=1`: every row sums to 1, and rows 2 and 5 are even.
# Right, `dim=0`: the columns sum to 1. Example 2 is dark in classes A and B only because
# its logits happen to be larger there than those of the other examples. Now the *examples* compete for each
# class, which makes no sense: the answer for your image would depend on which other
# images are in the batch.
#
# All 15 numbers are between 0 and 1 in both tables, and no error is raised. That is why
# this bug lives long. One line finds it:

# %%
try:
    assert_close(wrong.sum(dim=1), torch.ones(5))
except AssertionError:
    print("caught: the rows do not sum to 1")

# %% [markdown] tags=["slide-more"]
# **Rule** Softmax runs over the classes: `dim=1` for a table (N, K), or `dim=-1`, the
# last direction, whatever comes before it. Check that the rows sum to 1.
#
# ### Pitfall: no direction at all
#
# `torch.nn.functional.softmax` also runs without `dim`. It then warns, and chooses for
# you. Let us find out what it chooses: for tensors with 1, 2, 3 and 4 directions, we
# compare the result with every `dim` there is. (You need not follow each line of this
# cell; the table that it prints is what counts.)

# %% tags=["pitfall", "slide-more"]
def implicit_dim(x):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = torch.nn.functional.softmax(x)
    assert "Implicit dimension choice" in str(caught[0].message)
    return [d for d in range(x.ndim) if result.equal(torch.softmax(x, dim=d))]


for n_dims in (1, 2, 3, 4):
    x = torch.arange(2.0**n_dims).reshape([2] * n_dims).sin()
    print(f"{n_dims} directions: dim = {implicit_dim(x)}")

# %% [markdown] tags=["slide-more"]
# For a table it takes `dim=1`, which is right for (N, K). For three directions it takes
# `dim=0`, which is wrong for nearly everything. The notes behind this course said
# "without `dim` it calculates correctly and warns". It was luck.
#
# **Rule** Always write `dim`.

# %% [markdown]
# ## 4. What softmax keeps, and what it changes
#
# Four properties explain most of what you will see later. Each is asserted.
#
# **Shift.** Add the same number to all logits of a row: nothing changes. In the formula
# $e^{z+c} = e^z e^c$, and $e^c$ cancels in the fraction.

# %%
shift = torch.tensor([[10.0], [-3.0], [0.5], [7.0], [-40.0]])  # one per row
assert_close(torch.softmax(logits + shift, dim=1), probs)

# %% [markdown]
# **Order.** Within a row, a larger logit always gets a larger probability. So the most
# likely class can be read from the logits without any softmax: `argmax`, the position of
# the largest number, is the same.

# %%
z = torch.tensor([[0.3, -1.2, 4.0], [2.0, 7.5, -1.0]])
print(z.argmax(dim=1), torch.softmax(z, dim=1).argmax(dim=1))
assert z.argmax(dim=1).equal(torch.softmax(z, dim=1).argmax(dim=1))

# %% [markdown] tags=["slide"]
# *Across* rows this does not hold. **Predict** One example has the logit 4 for class C,
# another has the logit 0. Can the second have the larger probability for C?

# %% tags=["slide-more"]
pair = torch.tensor([[4.0, 4.0, 4.0], [-2.0, -2.0, 0.0]])
print(torch.softmax(pair, dim=1)[:, 2])
assert pair[0, 2] > pair[1, 2]
assert torch.softmax(pair, dim=1)[0, 2] < torch.softmax(pair, dim=1)[1, 2]

# %% [markdown] tags=["slide-more"]
# It can. A logit has no meaning on its own; it is compared with the other logits of its
# row. (So "softmax is monotone", which you may read, is true within a row only.)
#
# **Temperature.** Divide all logits by a number $T > 0$ before softmax. The order stays,
# but the confidence changes.
#
# **Predict** What happens to (1, 2, 3) for a very small $T$? For a very large one? (A
# number like `4.2e-18` means 4.2 times 10 to the power of -18: next to nothing.)

# %% tags=["slide-more"]
z = torch.tensor([1.0, 2.0, 3.0])
for T in (0.05, 0.5, 1.0, 2.0, 100.0):
    print(f"T = {T:6.2f}", torch.softmax(z / T, dim=0))

# %% tags=["slide"]
temperatures = (0.25, 0.5, 1.0, 2.0, 8.0)
fig, axes = plt.subplots(1, 5, figsize=(9, 2.4), sharey=True)
for ax, T in zip(axes, temperatures, strict=True):
    plots.bars(torch.softmax(z / T, dim=0), ax, labels=["A", "B", "C"])
    ax.set(title=f"T = {T}", ylabel="")
_ = axes[0].set_ylabel("probability")

# %% [markdown] tags=["slide-more"]
# **What you should see** Five times the same three logits. At low temperature, on the
# left, nearly all probability goes to the largest one, as if only the maximum counted.
# Softmax is the soft version of that, hence its name. At high temperature, on the right, the three bars are nearly equal.

# %%
assert_close(torch.softmax(z / 0.01, dim=0), torch.tensor([0.0, 0.0, 1.0]))
assert_close(torch.softmax(z / 1e6, dim=0), torch.full((3,), 1 / 3))


# %% [markdown]
# Move the slider yourself. At which temperature does B get its largest share?

# %%
def draw(T):
    scaled = z / T
    axes = plots.logits_and_probs(scaled, scaled.softmax(dim=0), labels="ABC")
    axes[0].set(title="logits / T", ylim=(0, 34))
    axes[1].set_title(f"softmax at T = {T:.2f}")


plots.slider(draw, T=(0.1, 5.0, 1.0))

# %% [markdown]
# The answer: at the largest one. B is neither the winner nor the loser, and its share
# only approaches one third, from below.
#
# **Slopes** (you may skip this on a first reading). Training, which later labs are about, asks one question again and again: if
# I raise this logit a little, how does each probability change? For softmax the answer is
# short:
#
# $$\begin{aligned}
# \frac{\partial p_i}{\partial z_j} =
# \begin{cases} p_i (1 - p_i) & i = j \\ -p_i\, p_j & i \ne j \end{cases}
# \end{aligned} \tag{slopes of softmax}$$
#
# Read $\partial p_i / \partial z_j$ as "the slope of $p_i$ when only $z_j$ moves". With K
# classes there are K × K slopes. The table of them is called the **Jacobian**. Raising a
# logit raises its own probability and lowers all others.
#
# We write the table by hand: $p_i$ on the diagonal (`diag` makes such a table), minus all
# the products $p_i\,p_j$ (`outer` makes a table of products). Then PyTorch calculates the same slopes on its own, with a tool called *autograd* that
# you will get to know in lab 3.

# %%
p = torch.softmax(z, dim=0)
by_hand = torch.diag(p) - torch.outer(p, p)
by_autograd = torch.autograd.functional.jacobian(lambda z: torch.softmax(z, dim=0), z)
print(by_hand)
assert_close(by_hand, by_autograd)

# %% [markdown]
# **Predict** What is the sum of each row of this table? Think of the shift property: what
# happens if all three logits are raised together?

# %%
largest = by_hand.sum(dim=1).abs().max()
print("every row sums to 0, up to rounding:", bool(largest < 1e-6))
assert largest < 1e-6

# %% [markdown]
# Zero: a common shift changes nothing. Keep this in mind. In lab 5 it will explain why a
# part of a published model never changed in training.

# %% [markdown] tags=["slide"]
# ## 5. Large logits
#
# ### Pitfall: the formula, typed as it stands
#
# A `float32` number, the usual kind in PyTorch, holds at most about $3.4 \cdot 10^{38}$.
# $e^{89}$ is more than that. **Predict** What does our formula make of the logits
# (1000, 0, 0)?

# %% tags=["pitfall", "slide-more"]
def naive_softmax(z):
    return z.exp() / z.exp().sum()


large = torch.tensor([1000.0, 0.0, 0.0])
print("exp:    ", large.exp())
print("softmax:", naive_softmax(large))
assert naive_softmax(large)[0].isnan()

# %% [markdown] tags=["slide"]
# $e^{1000}$ overflows to `inf`, infinity. Then `inf / inf` has no defined value:
# `nan`, "not a number". From there it spreads: whatever is calculated with a `nan` is
# `nan`.
#
# The shift property is the cure. Subtract the largest logit from all of them. The result
# is the same by section 4, and now the largest exponent is 0. Nothing can overflow.

# %% tags=["slide-more"]
shifted = large - large.max()
print("shifted:", shifted)
print("softmax:", naive_softmax(shifted))
assert_close(naive_softmax(shifted), torch.softmax(large, dim=0))

# %% [markdown]
# In a batch each row needs *its own* maximum. With one maximum for the whole batch, a row
# that lies far below it becomes 0 / 0. `max(dim=1)` gives two things, the largest values
# and their positions; `.values` takes the first.

# %% tags=["pitfall"]
batch = torch.tensor([[1000.0, 998.0], [-1000.0, -1000.0]])
exps = (batch - batch.max()).exp()
print("one maximum: ", (exps / exps.sum(dim=1, keepdim=True))[1])

row_max = batch.max(dim=1, keepdim=True).values
exps = (batch - row_max).exp()
print("one for each:", (exps / exps.sum(dim=1, keepdim=True))[1])
assert_close(exps / exps.sum(dim=1, keepdim=True), torch.softmax(batch, dim=1))

# %% [markdown] tags=["slide-more"]
# **Rule** Subtract the maximum of each row before `exp`. `torch.softmax` does.
#
# ### Pitfall: the logarithm of a probability
#
# Lab 2 needs $\log p$ more often than $p$. ($\log$ is the natural logarithm here, which
# school calls $\ln$; `torch.log` is the same.) We have a stable softmax now, so we take its
# logarithm. **Predict** The logits are (1000, 0, 0). What is $\log p$ of the second
# class?

# %% tags=["pitfall", "slide-more"]
log_of_softmax = torch.log(torch.softmax(large, dim=0))
print("log(softmax):", log_of_softmax)
print("log_softmax: ", torch.log_softmax(large, dim=0))
assert log_of_softmax[1] == -torch.inf

# %% [markdown] tags=["slide"]
# The true value is about -1000, an ordinary number. But $p$ itself is $e^{-1000}$, which
# is rounded to 0, and $\log 0$ is $-\infty$. The maximum was subtracted, and it did not
# help: the damage is done between softmax and log. The two have to be one step:
#
# $$\begin{aligned}
# \log p_i = \log \frac{e^{z_i}}{\sum_j e^{z_j}} = z_i - \log \sum_j e^{z_j}
# \end{aligned} \tag{log-softmax}$$
#
# The last term is called **logsumexp**. It overflows as well when typed as it stands, and
# the cure is the same: with $m = \max_j z_j$,
#
# $$\begin{aligned}
# \log \sum_j e^{z_j} = m + \log \sum_j e^{z_j - m}
# \end{aligned} \tag{logsumexp}$$

# %%
m = large.max()
logsumexp = m + (large - m).exp().sum().log()
print(large - logsumexp)
assert_close(logsumexp, torch.logsumexp(large, dim=0))
assert_close(large - logsumexp, torch.log_softmax(large, dim=0))

# %% [markdown] tags=["slide-more"]
# **Rule** Never write `log(softmax(z))`. Write `log_softmax(z)`.

# %% [markdown] tags=["slide"]
# ## 6. Two classes: the sigmoid
#
# With two classes, one logit is enough. Only the difference counts, so we may fix the
# first logit at 0 and call the second $z$:
#
# $$\begin{aligned}
# p_1 = \frac{e^z}{e^0 + e^z} = \frac{1}{1 + e^{-z}} = \sigma(z)
# \end{aligned} \tag{sigmoid}$$
#
# This function of one number is the **sigmoid**. It is not a second idea beside softmax.
# It is softmax over the logits $(0, z)$.

# %%
line = torch.linspace(-6, 6, 121)  # another name: the slider above still draws z
two_logits = torch.stack([torch.zeros_like(line), line], dim=1)  # (121, 2)
p = torch.softmax(two_logits, dim=1)
assert_close(p[:, 1], torch.sigmoid(line))

# %% tags=["slide"]
fig, ax = plt.subplots()
ax.plot(line, p[:, 1], label="class 1: sigmoid(z)")
ax.plot(line, p[:, 0], label="class 0: 1 - sigmoid(z)")
ax.set(xlabel="logit z of class 1 (class 0 has logit 0)", ylabel="probability")
_ = ax.legend(loc="center right")

# %% [markdown] tags=["slide-more"]
# **What you should see** The solid line rises from 0 to 1 in an S shape. At $z = 0$ both
# classes have probability one half. The dashed line is its mirror image: the two always
# sum to 1.

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` by your code and run the cell. The check knows the typical mistakes
# and tells you which one you made. Each `hint()` gives a little more; remove the `#` to
# use it.
#
# Use tensor operations throughout, as above, and no loops over single numbers: later labs
# need the slopes, and PyTorch can only follow tensors.
#
# **Exercise 1.** `softmax(logits)` for a batch of shape (N, K), row by row, that survives
# logits of 1000. Write it with `exp`, `max` and `sum`; do not change `logits`.

# %% tags=["exercise"]
def softmax(logits):
    ...


lab01.softmax.check(softmax)
# lab01.softmax.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `softmax_with_temperature(logits, T)` for a batch and a number $T > 0$.

# %% tags=["exercise"]
def softmax_with_temperature(logits, T):
    ...


lab01.softmax_with_temperature.check(softmax_with_temperature)
# lab01.softmax_with_temperature.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 3.** `logsumexp(logits)`: one number per row, shape (N,). No overflow for
# 1000, and no $\log 0$ for -1000. (`x.squeeze(1)` makes shape (N,) of a column (N, 1).)

# %% tags=["exercise"]
def logsumexp(logits):
    ...


lab01.logsumexp.check(logsumexp)
# lab01.logsumexp.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 4.** `conditional_table(counts)`: from a table of counts, shape (K, K), make
# $P(\text{next} \mid \text{last})$ as in section 1. One thing is new: if a move never
# came, its row has no counts. Such a row shall be uniform, $1/K$ everywhere.
# (`torch.where(condition, a, b)` takes `a` where the condition is true and `b` elsewhere.)

# %% tags=["exercise"]
def conditional_table(counts):
    ...


lab01.conditional_table.check(conditional_table)
# lab01.conditional_table.hint()

# %% [markdown]
# **To think about** (1) Two models give the same probabilities for every image. Do they
# give the same logits? (2) You want a distribution in which the first of three classes
# has exactly probability 0. Which logits give it? (3) Ten logits are all equal. What is
# their logsumexp?

# %% [markdown] tags=["slide"]
# ## Summary
#
# * Softmax makes a distribution of any scores: `exp`, then divide by the sum of the row.
# * Only differences of logits within a row count. A common shift changes nothing.
# * Temperature changes the confidence, never the order. `argmax` needs no softmax.
# * Always write `dim`; for a table (N, K) it is `dim=1`.
# * Subtract the row maximum before `exp`. Use `log_softmax`, never `log(softmax)`.
# * The sigmoid is softmax over the logits (0, z).
#
# Next: **lab 2, cross entropy by hand**. We have probabilities. How good are they?
