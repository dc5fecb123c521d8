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
# # 1. Softmax
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/01_softmax.ipynb)
#
# A machine looks at a drawing and answers with bars, one for each digit. Where do the
# bars come from? In this lab you build the step that makes them. It is one short formula,
# and nearly every classifier of today ends with it. Chatbots use it for every word.
#
# **You will be able to**
#
# * read a table of probabilities, and estimate one from counts;
# * write softmax by hand, for one example and for a whole batch;
# * say which changes of the scores change the probabilities, and which do not;
# * calculate softmax and its logarithm for scores of any size;
# * recognise the sigmoid as softmax with two classes.
#
# **Needs** Python: loops, functions, lists made in one line (`[x for x in ...]`), `zip`,
# and f-strings (`f"T = {T}"` fills in `T`). From school: powers of e and logarithms. No
# machine learning and no PyTorch.
#
# **Takes** 43 minutes to read and run, 16 more for the exercises.
#
# **Source** The softmax cells of *Lab06 - Softmax Classification* and of the other four
# notes that lab 0 names. They stand, with their numbers, in
# [The published lab](#The-published-lab).

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
from sklearn.datasets import load_digits
from torch.testing import assert_close

from course_utils import explorables, plots
from course_utils.exercises import lab01

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from lab 0. Answer from memory. What you forgot and look up stays.

# %% slideshow={"slide_type": "fragment"}
lab01.warm_up.ask()

# %%
lab01.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. One image, three scores
#
# **PyTorch**, imported as `torch`, calculates with **tensors**. A tensor is a box of
# numbers: a list, a table, or a stack of tables. Its **shape** says how many there are in
# each direction. Here is a table with 2 rows and 3 columns. Counting starts at 0.

# %%
t = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
print(t.shape, "row 0, column 2:", t[0, 2], "the last row:", t[-1])
print("sum over dim=0, down the columns:", t.sum(dim=0))
print("sum over dim=1, along the rows:  ", t.sum(dim=1))

# %% [markdown]
# Now real images. scikit-learn, a library for machine learning, ships 1,797 handwritten
# digits of 8 x 8 pixels. We take the 4s, 7s and 9s. A **template** for each of these
# three classes is quickly made. Take the mean of all images of the class, pixel by pixel:
# where is ink in a typical 4? Then subtract what all three have in common, the mean of the
# three means. The lines after the empty one only draw.
#
# * `digits.images` counts ink from 0 to 16; we divide by 16.
# * `digits.target` holds the true digit of each image. `digits.target == k` is true where
#   that is `k`, and `images[...]` takes the images at these places.
# * `.float()` makes the decimal numbers of usual precision, which PyTorch works with.
# * `stack` puts tensors on top of each other.
# * `strict=True` makes `zip` stop if its lists are not equally long.

# %% slideshow={"slide_type": "fragment"}
digits = load_digits()
images = torch.tensor(digits.images / 16).float()  # (1797, 8, 8), no ink is 0
classes = (4, 7, 9)
means = torch.stack([images[digits.target == k].mean(dim=0) for k in classes])
templates = means - means.mean(dim=0)  # (3, 8, 8)
image = images[4]

fig, axes = plt.subplots(1, 4, figsize=(6.4, 1.9))
axes[0].imshow(image, cmap="gray_r")
for ax, template in zip(axes[1:], templates, strict=True):
    plots.signed_image(template, ax, limit=0.6)
for ax, title in zip(axes, ["image", "for a 4", "for a 7", "for a 9"], strict=True):
    ax.set_title(title, loc="center")
    ax.axis("off")

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Left a handwritten 4 of 64 pixels. Beside it the three
# templates. Red: here this digit has more ink than the mean of the three. Blue, with a
# minus: it has less. The 4 is red at the left and along its bar, the 7 at the upper
# right, and the 9 at the lower right. The template of the 9 is blue where a 4 has its bar.
#
# The **score** of a class says how well the image fits its template: multiply pixel by
# pixel, then add up all 64 products.

# %% slideshow={"slide_type": "slide"}
lab01.score.ask()

# %% slideshow={"slide_type": "fragment"}
products = torch.tensor([1.0, 0.0, 0.5, 1.0]) * torch.tensor([2.0, 3.0, -4.0, 1.0])
print("four products:", products, "score:", products.sum())
scores = (image * templates).sum(dim=(1, 2))  # with each template, over its pixels
print("scores of our image for 4, 7, 9:", scores)
lab01.score.result()
assert_close(scores, torch.tensor([2.1, -1.1, -1.1]), atol=0.05, rtol=0)

# %% [markdown] slideshow={"slide_type": "fragment"}
# One image met three templates in one product, (8, 8) times (3, 8, 8). Where PyTorch finds
# a smaller tensor beside a larger one, it lays the smaller one on every part of the larger
# one. That is called **broadcasting**. (`assert` and `assert_close` check what this text
# says, and stop with an error if it is wrong; `atol` is how far apart two numbers may be.)
#
# The 4 wins. A machine that learns its templates, and more than one layer of them, comes
# in later labs. Its last step is this one: a score for each class. But how sure is "2.1
# against -1.1"? We want a number that everybody can read.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. What we want: a distribution
#
# Roll a die. Six outcomes are possible, and each has a **probability**. The list of all
# of them is a **distribution**. No number in it is negative, and together they sum to 1,
# because one of the outcomes has to come.

# %% slideshow={"slide_type": "fragment"}
lab01.distributions.ask()

# %% slideshow={"slide_type": "fragment"}
die = torch.full((6,), 1 / 6)  # shape (6,), filled with one number
print("a die:", die, "sum:", die.sum())
lab01.distributions.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# Most distributions are not known. They are **estimated** from data. Here are 30 moves of
# somebody who plays rock, paper, scissors (R, P, S). How does this player go on after a
# rock? Count which move follows which: `pairwise` goes through the pairs (1st, 2nd),
# (2nd, 3rd), ...

# %% slideshow={"slide_type": "fragment"}
moves = "RRPSRRPPSRRPSSRPRRPSRPSSRRPRSR"
counts = torch.zeros(3, 3)
for last, following in pairwise(moves):
    counts["RPS".index(last), "RPS".index(following)] += 1
print(counts)

# %% [markdown]
# Each row belongs to the last move, each column to the next one. The first row says what
# came after a rock. To get probabilities *given the last move*, each row has to be
# divided by its own sum.

# %% slideshow={"slide_type": "slide"}
lab01.stretched.ask()

# %% slideshow={"slide_type": "fragment"}
first = counts / counts.sum(dim=1)
second = counts / counts.sum(dim=1, keepdim=True)
print("rows of the first table sum to", first.sum(dim=1))
print("rows of the second sum to     ", second.sum(dim=1))
lab01.stretched.result()
names = ["rock", "paper", "scissors"]
ax = plots.number_table(second, row_labels=names, column_labels=names)
_ = ax.set(xlabel="next move", ylabel="last move", title="P(next | last)")

# %% [markdown]
# **What you should see** A table of three rows, each a distribution. (Printed with two
# digits, a row may seem to sum to 0.99 or 1.01. Its numbers are rounded, its sum is 1.)
# The darkest cell of a row is the most likely next move. This player has habits, and you
# could win.
#
# A list of shape (3,) lies like a row. `keepdim=True` keeps the sums upright, as a column.
#
# Read $P(\text{next} \mid \text{last})$ as "the probability of the next move, given the
# last one". A classifier answers in the same form, $P(\text{class} \mid \text{image})$,
# because "a 4, and I am sure" and "a 4, but it may be a 9" are different answers. But it
# cannot count as we did, because the same image never comes twice. It starts from scores.
# (In figures, `_ =` keeps the notebook from printing what a line returns.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. From scores to probabilities
#
# Dividing by the sum worked for counts.

# %% slideshow={"slide_type": "fragment"}
lab01.divided.ask()

# %% slideshow={"slide_type": "fragment"}
z = torch.tensor([2.0, -1.0, -1.0])
print(z / z.sum())
lab01.divided.result()
# Python would stop here. PyTorch goes on: inf is infinity, and what has no value,
# like 0 / 0, is nan, not a number.

# %% [markdown] slideshow={"slide_type": "slide"}
# We need a step that makes every score positive and keeps the order. The exponential
# function does: $e^z$ is positive for every $z$, and it grows with $z$. Then we divide.
#
# $$\begin{aligned} p_i = \frac{e^{z_i}}{\sum_j e^{z_j}} \end{aligned} \tag{softmax}$$
#
# This is **softmax**. The scores that go in are called **logits** and written $z$. $p_i$
# is the probability of class $i$, and the sum runs over all classes $j$.

# %% slideshow={"slide_type": "fragment"}
exps = scores.exp()
probs = exps / exps.sum()
print("logits", scores)
print("exps  ", exps, "sum", exps.sum())
print("probs ", probs, "sum", probs.sum())
assert probs[0] > 0.9
assert_close(probs, torch.softmax(scores, dim=0))

# %% [markdown]
# There they are, the bars: "a 4, and more than 90% sure". The last line compares our
# formula with PyTorch's own function. From here on we may use `torch.softmax`.
#
# Why $e$, and not 2 or 10? $10^z$ works as well. Since $10 = e^{2.3}$, it is $e^{2.3 z}$:
# the same as logits that are 2.3 times as large. $e$ is the custom. What counts is this:

# %% slideshow={"slide_type": "slide"}
lab01.ratio.ask()

# %% slideshow={"slide_type": "fragment"}
z = torch.tensor([1.0, 2.0, 3.0])
p = torch.softmax(z, dim=0)
print("ratios:", p[2] / p[1], p[1] / p[0])
lab01.ratio.result()
axes = plots.logits_and_probs(z, p, labels=["A", "B", "C"])
axes[0].set_title("logits (any numbers)")
_ = axes[1].set_title("softmax (sums to 1)")

# %% [markdown]
# **What you should see** On the left three logits that rise in equal steps. On the right
# their probabilities, which do not: each is 2.7 times the one before.
#
# **So far** An image times templates gives scores, one for each class. Softmax takes
# $e$ to the power of each and divides by the sum. What comes out is a distribution. This
# is a good place to stop; the second half begins with many images at once.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. Many images at once
#
# Machines look at many images together, at a **batch**. Their logits form a table with a
# **row for each image** and a **column for each class**: shape (N, K). Here N = 5, K = 3.

# %% slideshow={"slide_type": "fragment"}
batch = images[[4, 7, 9, 27, 69]]  # a 4, a 7, a 9, a 7, a 9
logits = torch.stack([(image * templates).sum(dim=(1, 2)) for image in batch])
print(logits.shape)
print(logits)

# %% [markdown] slideshow={"slide_type": "fragment"}
# (`stack` makes a table of the rows.) In a table there are two directions. `dim=0` goes down, over the images. `dim=1` goes
# along a row, over the classes.

# %% slideshow={"slide_type": "slide"}
lab01.columns.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
by_rows, by_columns = torch.softmax(logits, dim=1), torch.softmax(logits, dim=0)
print("sums of the rows, dim=1:", by_rows.sum(dim=1))
print("sums of the rows, dim=0:", by_columns.sum(dim=1))
lab01.columns.result()
fig, axes = plt.subplots(1, 2, figsize=(6.4, 2.8))
for ax, dim, values in zip(axes, (1, 0), (by_rows, by_columns), strict=True):
    plots.number_table(values, ax, row_labels="47979", column_labels="479")
    ax.set(title=f"softmax(logits, dim={dim})", xlabel="class", ylabel="image of a")
places = by_rows.argmax(dim=1)  # in each row, the position of the largest number
assert places.tolist() == [0, 1, 2, 1, 1]  # 4, 7, 9, 7, and 7 for a 9

# %% [markdown]
# **What you should see** Left, `dim=1`: every row sums to 1, up to rounding. The first three are read
# well. The fourth is a 7 and hardly sure; the last is a 9 and taken for a 7. Right,
# `dim=0`: the columns sum to 1. Send the same image with other ones, and its numbers
# change.

# %% [markdown] slideshow={"slide_type": "slide"}
# **Rule** Softmax runs over the classes: `dim=1` for a table (N, K). Write it always, and
# check that the rows sum to 1.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. What changes the answer, and what does not

# %% slideshow={"slide_type": "fragment"}
lab01.shifted.ask()

# %% slideshow={"slide_type": "fragment"}
print(torch.softmax(scores, dim=0))
print(torch.softmax(scores + 100, dim=0))
lab01.shifted.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Order.** Within a row, the larger logit gets the larger probability. So the winner can
# be read from the logits without any softmax. `argmax`, the position of the largest
# number, is the same before and after.
#
# **Temperature.** A chatbot has a knob of this name. It divides all logits by a number
# $T > 0$ before softmax. The next word is drawn with the probabilities that come out.

# %% slideshow={"slide_type": "slide"}
lab01.temperature.ask()

# %% slideshow={"slide_type": "fragment"}
z = torch.tensor([1.0, 2.0, 3.0])
fig, axes = plt.subplots(1, 5, figsize=(9, 2.4), sharey=True)
for ax, T in zip(axes, (0.25, 0.5, 1.0, 2.0, 8.0), strict=True):
    plots.bars(torch.softmax(z / T, dim=0), ax, labels=["A", "B", "C"])
    ax.set(title=f"T = {T}", ylabel="")
axes[0].set_ylabel("probability")
lab01.temperature.result()
assert logits.argmax(dim=1).equal(torch.softmax(logits / 8, dim=1).argmax(dim=1))

# %% [markdown]
# **What you should see** Five times the same three logits. At low temperature, on the
# left, nearly all goes to the largest one, as if only the maximum counted. Softmax is the
# soft version of that, hence its name. At high temperature the bars are nearly equal. A
# hot chatbot says surprising things, a cold one always the same.
#
# Now by hand. Drag the scores, and turn the temperature. Then press *Reset* and do the
# task below the figure.

# %% slideshow={"slide_type": "slide"}
explorables.logits()

# %% [markdown]
# **What you should see** Three steps: scores, $e$ to the power of score / T,
# and probabilities. The strip below is always full. Raise all scores together: nothing
# changes in it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. Large logits
#
# Real machines have logits far from 0.

# %% slideshow={"slide_type": "fragment"}
lab01.overflow.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
large = torch.tensor([1000.0, 0.0, 0.0])
print("as typed:", (large.exp() / large.exp().sum())[0])
lab01.overflow.result()
shifted = large - large.max()
print("shifted: ", (shifted.exp() / shifted.exp().sum())[0])
assert_close(shifted.exp() / shifted.exp().sum(), torch.softmax(large, dim=0))

# %% [markdown] slideshow={"slide_type": "slide"}
# The cure is the shift. Subtract the largest logit from all of them: the probabilities
# stay the same, and now the largest exponent is 0. In a batch each row needs *its own*
# maximum. With one for the whole batch, a row far below it becomes 0 / 0.
#
# **Rule** Subtract the maximum of each row before `exp`. `torch.softmax` does.
#
# Lab 2 needs $\log p$ more often than $p$. ($\log$ is the natural logarithm, which school
# calls $\ln$; so is `torch.log`.)

# %% slideshow={"slide_type": "slide"}
lab01.logarithm.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
print("log(softmax):", torch.softmax(large, dim=0).log())
print("log_softmax: ", torch.log_softmax(large, dim=0))
lab01.logarithm.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# The two steps have to become one. The logarithm of a fraction is a difference:
#
# $$\begin{aligned}
# \log p_i = \log \frac{e^{z_i}}{\sum_j e^{z_j}} = z_i - \log \sum_j e^{z_j}
# \end{aligned} \tag{log-softmax}$$
#
# The last term is called **logsumexp**. It is kept from overflowing by the same shift,
# with $m = \max_j z_j$. Because $e^{z_j} = e^m e^{z_j - m}$, $e^m$ can be taken out of the
# sum, and its logarithm is $m$:
#
# $$\begin{aligned}
# \log \sum_j e^{z_j} = m + \log \sum_j e^{z_j - m}
# \end{aligned} \tag{logsumexp}$$

# %% slideshow={"slide_type": "fragment"}
m = large.max()
logsumexp = m + (large - m).exp().sum().log()
print("by hand:     ", large - logsumexp)
assert_close(large - logsumexp, torch.log_softmax(large, dim=0))

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** Never write `log(softmax(z))`. Write `log_softmax(z)`.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7. Two classes: the sigmoid
#
# With two classes one logit is enough. Only the difference counts, so we may fix the first
# logit at 0 and call the second $z$:
#
# $$\begin{aligned}
# p_1 = \frac{e^z}{e^0 + e^z} = \frac{1}{1 + e^{-z}} = \sigma(z)
# \end{aligned} \tag{sigmoid}$$
#
# (Counting starts at 0, so $p_1$ is the second class. For the last form, top and bottom
# are divided by $e^z$.) This function of one number is
# the **sigmoid**. It is not a second idea: it
# is softmax over the logits $(0, z)$.

# %% slideshow={"slide_type": "slide"}
lab01.two_classes.ask()

# %% slideshow={"slide_type": "fragment"}
print(torch.softmax(torch.tensor([2.0, 3.0]), dim=0)[1])  # of the second class
print(torch.sigmoid(torch.tensor([3.0, 1.0, -1.0])))
lab01.two_classes.result()
line = torch.linspace(-6, 6, 121)  # 121 numbers from -6 to 6
# zeros_like: as many zeros. stack with dim=1: side by side.
pairs = torch.stack([torch.zeros_like(line), line], dim=1)  # (121, 2): rows (0, z)
second_class = torch.softmax(pairs, dim=1)[:, 1]  # from every row, column 1
assert_close(second_class, torch.sigmoid(line))
fig, ax = plt.subplots(figsize=(4.4, 2.4))
ax.plot(line, torch.sigmoid(line))
_ = ax.set(xlabel="logit z of the second class (the first has 0)", ylabel="probability")

# %% [markdown]
# **What you should see** A line that rises from 0 to 1 in an S shape. At $z = 0$ both
# classes have probability one half. To come near 0 or 1, you need logits far from 0.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 8. Why is there no bar for "none"?
#
# Back to the machine that is sure of a scribble. You can now say why.

# %% slideshow={"slide_type": "fragment"}
lab01.blank.ask()

# %% slideshow={"slide_type": "fragment"}
rows = "........ ........ ...#.... .##..... ###.#... .#.##... ..##.... ........"
# For each row a list of eight numbers: 1 for #, ink, and 0 for a dot.
scribble = torch.tensor([[float(dot == "#") for dot in row] for row in rows.split()])
print("a blank page:", torch.softmax(torch.zeros(3), dim=0))
lab01.blank.result()
fig, axes = plt.subplots(1, 2, figsize=(5, 2.2))
axes[0].imshow(scribble, cmap="gray_r")
axes[0].axis("off")
z = (scribble * templates).sum(dim=(1, 2))
_ = plots.bars(torch.softmax(z, dim=0), axes[1], labels=classes)
assert torch.softmax(z, dim=0)[0] > 0.9

# %% [markdown]
# **What you should see** A scribble of a few pixels, which is no digit, and the three
# bars of our machine. It is sure of a 4: much of the ink lies at the left, where the
# template of the 4 is red. That is the whole evidence. Nobody has asked "is it a digit?",
# and softmax cannot say that none of the scores is good: it only compares them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# Replace the `...` by your code and run the cell. The check knows the typical mistakes
# and tells you which one you made. Remove the `#` in front of `hint()` for a hint;
# `hint(2)` gives a little more.
#
# Use tensor operations, as above, and no loops over single numbers: in later labs PyTorch
# has to remember how a result was made, and it remembers operations on tensors only.
#
# **Exercise 1** (4 minutes). `softmax(logits)` for a batch of shape (N, K), row by row,
# that survives logits of 1000. Write it with `exp`, `max` and `sum`; do not change
# `logits`. (`logits.max(dim=1, keepdim=True)` gives two things, the largest values and
# their positions; `.values` takes the first.)

# %% tags=["exercise"]
def softmax(logits):
    ...


lab01.softmax.check(softmax)
# lab01.softmax.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 2** (2 minutes). `softmax_with_temperature(logits, T)` for a batch and a
# number $T > 0$.

# %% tags=["exercise"]
def softmax_with_temperature(logits, T):
    ...


lab01.softmax_with_temperature.check(softmax_with_temperature)
# lab01.softmax_with_temperature.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 3** (5 minutes). `logsumexp(logits)`: one number per row, shape (N,). No
# overflow for 1000, and no $\log 0$ for -1000. (`x.squeeze(1)` makes shape (N,) of a
# column (N, 1).)

# %% tags=["exercise"]
def logsumexp(logits):
    ...


lab01.logsumexp.check(logsumexp)
# lab01.logsumexp.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 4** (5 minutes). `conditional_table(counts)`: from a table of counts, shape
# (K, K), make $P(\text{next} \mid \text{last})$ as in section 2. One thing is new: if a
# move never came, its row has no counts. Such a row has to be uniform, $1/K$ everywhere.
# (`torch.where(condition, a, b)` takes `a` where the condition is true and `b` elsewhere.)

# %% tags=["exercise"]
def conditional_table(counts):
    ...


lab01.conditional_table.check(conditional_table)
# lab01.conditional_table.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Softmax makes a distribution of any scores: `exp`, then divide by the sum of the row.
# * Only differences of logits within a row count. A common shift changes nothing.
# * Temperature changes the confidence, never the order. `argmax` needs no softmax.
# * Always write `dim`; for a table (N, K) it is `dim=1`.
# * Subtract the row maximum before `exp`. Use `log_softmax`, never `log(softmax)`.
# * The sigmoid is softmax over the logits (0, z).
# * The bars always sum to 1: there is none for "none".
#
# Next: [**lab 2, cross entropy by hand**](02_cross_entropy_by_hand.ipynb). We have probabilities. How good are they?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Deeper
#
# Everything from here on is optional.

# %% [markdown]
# ### The published lab
#
# *For whoever wants to compare with the source notes. 8 minutes.* All five begin with the
# same three lines, softmax of (1, 2, 3). *Lab06 - Softmax Classification* prints the
# formula with $e^i$ in place of $e^{z_i}$. That is a typo: the exponent is the logit, not
# the number of the class.

# %%
z = torch.tensor([1.0, 2.0, 3.0])
probs = torch.softmax(z, dim=0)
print(probs, "sum", probs.sum())
assert_close(probs, torch.tensor([0.0900, 0.2447, 0.6652]), atol=5e-5, rtol=0)

# %% [markdown]
# The note on coding patterns (`05wk-1.ipynb`) takes five rows of logits. In rows 1, 3 and
# 4 the third logit is 2 larger than the other two, and only differences count, so all
# three get the same probabilities. In rows 2 and 5 the three logits are equal.

# %%
logits = torch.tensor(
    [
        [-2.0, -2.0, 0.0],
        [3.14, 3.14, 3.14],
        [0.0, 0.0, 2.0],
        [2.0, 2.0, 4.0],
        [0.0, 0.0, 0.0],
    ]
)
print("dim=1, the right one:")
print(torch.softmax(logits, dim=1))
print("dim=0, the note's wrong one:")
print(torch.softmax(logits, dim=0))

# %% [markdown]
# Its third version leaves `dim` out. It then "calculates correctly and warns", says the
# note. Let us find out what PyTorch chooses: for tensors with 1, 2, 3 and 4 directions, we
# compare the result with every `dim` there is.

# %% tags=["pitfall"]
def implicit_dim(x):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = torch.nn.functional.softmax(x)
    assert "Implicit dimension choice" in str(caught[0].message)
    return [d for d in range(x.ndim) if result.equal(torch.softmax(x, dim=d))]


for n_dims in (1, 2, 3, 4):
    x = torch.arange(2.0**n_dims).reshape([2] * n_dims).sin()
    print(f"directions: {n_dims}, dim = {implicit_dim(x)}")

# %% [markdown]
# For a table it takes `dim=1`, which is right for (N, K). For three directions it takes
# `dim=0`, which is wrong for nearly everything. The note was lucky.
#
# **Rule** Always write `dim`, or `dim=-1` for the last direction, whatever comes before.
#
# A common sentence, also in these notes: "softmax is strictly increasing". It is true
# within a row, and not across rows. Here the first row has the larger logit for the third
# class, and the smaller probability. A logit is compared with the others of its row only.

# %%
pair = torch.tensor([[4.0, 4.0, 4.0], [-2.0, -2.0, 0.0]])
print(torch.softmax(pair, dim=1)[:, 2])
assert pair[0, 2] > pair[1, 2]
assert torch.softmax(pair, dim=1)[0, 2] < torch.softmax(pair, dim=1)[1, 2]

# %% [markdown]
# ### One maximum for the whole batch
#
# *For whoever got `nan` in exercise 1. 3 minutes.* The second row lies 2,000 below the
# first. With one maximum for both, each of its exponentials is 0.

# %% tags=["pitfall"]
batch = torch.tensor([[1000.0, 998.0], [-1000.0, -1000.0]])
exps = (batch - batch.max()).exp()
print("one maximum: ", (exps / exps.sum(dim=1, keepdim=True))[1])

row_max = batch.max(dim=1, keepdim=True).values
exps = (batch - row_max).exp()
print("one for each:", (exps / exps.sum(dim=1, keepdim=True))[1])
assert_close(exps / exps.sum(dim=1, keepdim=True), torch.softmax(batch, dim=1))

# %% [markdown]
# ### Temperature by hand
#
# *For everybody who likes knobs. 3 minutes.* Move the slider. At which temperature does B
# get its largest share?

# %%
def draw(T):
    scaled = torch.tensor([1.0, 2.0, 3.0]) / T
    axes = plots.logits_and_probs(scaled, scaled.softmax(dim=0), labels="ABC")
    axes[0].set(title="logits / T")
    axes[1].set_title(f"softmax at T = {T:.2f}")


plots.slider(draw, T=(0.1, 5.0, 1.0))

# %% [markdown]
# At the largest one. B is neither the winner nor the loser: its share only approaches one
# third, from below.
#
# ### Two questions
#
# *For whoever wants to be sure. 4 minutes.* The first is about what cannot be known.

# %% slideshow={"slide_type": "fragment"}
lab01.same_logits.ask()

# %% slideshow={"slide_type": "fragment"}
z = torch.tensor([[0.3, -1.2, 4.0], [10.3, 8.8, 14.0]])
print(torch.softmax(z, dim=1))
lab01.same_logits.result()

# %% [markdown]
# And what if one class must have probability 0, exactly? On paper only the logit
# $-\infty$ does it, because $e^z$ is always positive. On a computer 1000 below the largest is
# enough.

# %% slideshow={"slide_type": "slide"}
lab01.ten_equal.ask()

# %% slideshow={"slide_type": "fragment"}
print(torch.logsumexp(torch.zeros(10), dim=0), torch.tensor(10.0).log())
lab01.ten_equal.result()

# %% [markdown]
# ### The slopes of softmax
#
# *For readers who know slopes of functions; lab 3 comes back to it. 5 minutes.* Training
# asks one question again and again: if I raise this logit a little, how does each
# probability change? For softmax the answer is short:
#
# $$\begin{aligned}
# \frac{\partial p_i}{\partial z_j} =
# \begin{cases} p_i (1 - p_i) & i = j \\ -p_i\, p_j & i \ne j \end{cases}
# \end{aligned} \tag{slopes of softmax}$$
#
# Read $\partial p_i / \partial z_j$ as "the slope of $p_i$ when only $z_j$ moves". With K
# classes there are K × K slopes. The table of them is called the **Jacobian**. Raising a
# logit raises its own probability and lowers all others. We write the table by hand:
# $p_i$ on the diagonal (`diag`), minus all the products $p_i\,p_j$ (`outer`). Then PyTorch
# calculates the same slopes on its own, with a tool that you will get to know in lab 3.

# %%
p = torch.softmax(torch.tensor([1.0, 2.0, 3.0]), dim=0)
by_hand = torch.diag(p) - torch.outer(p, p)
by_autograd = torch.autograd.functional.jacobian(
    lambda z: torch.softmax(z, dim=0), torch.tensor([1.0, 2.0, 3.0])
)
print(by_hand)
assert_close(by_hand, by_autograd)
assert by_hand.sum(dim=1).abs().max() < 1e-6

# %% [markdown]
# Each row sums to 0, up to rounding: a common shift changes nothing. Keep this in mind. In
# lab 5 it will explain why a part of a published model never changed in training.
