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
# # 2. Cross entropy by hand
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/02_cross_entropy_by_hand.ipynb)
#
# Two machines read the same 540 digits. They give the same answer each time, so they
# are right equally often. Which one do you trust? In this lab you build the number that
# tells them apart. It is called **cross entropy**, and nearly every classifier is
# trained with it.
#
# **You will be able to**
#
# * grade a machine by the probabilities that it gave to what really happened;
# * say why logarithms are added where probabilities could be multiplied;
# * measure surprise in bits and in nats;
# * pick the probability of each label out of a table, for a whole batch at once;
# * tell from a loss whether a machine is better than guessing.
#
# **Needs** Lab 1: tensors, `dim`, softmax, `log_softmax`. From school: logarithms. From
# Python: dictionaries, and formats in f-strings (`f"{x:.2f}"` prints two decimals,
# `f"{x:.1%}"` a percentage with one, `f"{name:5}"` fills up to five places).
#
# **Takes** 44 minutes to read and run, 20 more for the exercises.
#
# **Source** The cross entropy cells of *Lab06 - Softmax Classification* and of
# *Classifier: Logistic & Softmax Regression Model*, two of the notes that lab 0 names.
# They stand, with their numbers, in [The published lab](#The-published-lab).

# %% jupyter={"source_hidden": true} tags=["colab"]
# @title For Colab only: fetch the helpers of the course
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and find_spec("course_utils") is None:
    # %pip install -q --no-deps "https://github.com/OWNER/REPOSITORY/releases/download/v0.2.0/course_utils-0.2.0-py3-none-any.whl" anywidget psygnal
    assert find_spec("course_utils"), "pip failed: its lines above say why"

# %%
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.testing import assert_close

from course_utils import explorables, plots
from course_utils.exercises import lab02

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from earlier labs. Answer from memory.

# %% slideshow={"slide_type": "fragment"}
lab02.warm_up.ask()

# %%
lab02.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. Two machines, the same answers
#
# We take the machine of lab 1. It has a template for each of the classes 4, 7 and 9,
# and gives an image three scores. This time it reads *all* 4s, 7s and 9s. The **label**
# of an image is what was really written. All labels together are `y`, as class numbers:
# 0 for a 4, 1 for a 7, 2 for a 9. (`enumerate` counts along.)

# %% slideshow={"slide_type": "fragment"}
digits, classes = load_digits(), (4, 7, 9)
keep = [i for i, k in enumerate(digits.target) if k in classes]
X = torch.tensor(digits.images[keep] / 16).float()  # (540, 8, 8)
y = torch.tensor([classes.index(k) for k in digits.target[keep]])  # (540,)

means = torch.stack([X[y == k].mean(dim=0) for k in range(3)])
templates = means - means.mean(dim=0)
scores = torch.stack([(image * templates).sum(dim=(1, 2)) for image in X])  # (540, 3)
print("scores:", scores.shape, "labels:", y[:10])

# %% [markdown]
# The first machine takes softmax of these scores. We call it *calm*. The second
# multiplies the scores by 50 before softmax, so that it sounds surer. We call it
# *bold*.

# %% slideshow={"slide_type": "slide"}
# calm and bold are tables: a row of log p for each image. Section 3 says why log.
calm = torch.log_softmax(scores, dim=1)  # (540, 3)
bold = torch.log_softmax(50 * scores, dim=1)
for name, log_probs in {"calm": calm, "bold": bold}.items():
    n_right = int((log_probs.argmax(dim=1) == y).sum())
    certainty = log_probs.exp().max(dim=1).values.mean()
    print(f"{name}: {n_right} of {len(y)} right, {certainty:.1%} sure on average")

# %% slideshow={"slide_type": "slide"}
fig, axes = plt.subplots(3, 3, figsize=(6.4, 4.6))
for row, i in zip(axes, (0, 4, 80), strict=True):
    row[0].imshow(X[i], cmap="gray_r")
    row[0].axis("off")
    for ax, log_probs in zip(row[1:], (calm, bold), strict=True):
        plots.bars(log_probs[i].exp(), ax, labels=classes, ylabel="", ylim=(0, 1.25))
for ax, name in zip(axes[0], ("image", "p of calm", "p of bold"), strict=True):
    ax.set_title(name, loc="center")

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Three images, and the probabilities that the two machines
# give. They always have the same favourite, because a factor keeps the order of the
# scores. The third image is a 9, and both take it for something else.
#
# Certainties are promises. Do these two keep theirs?

# %% slideshow={"slide_type": "slide"}
lab02.own_words.ask()

# %% slideshow={"slide_type": "fragment"}
wrong_answers = (calm.argmax(dim=1) != y).sum()
print("wrong answers:", int(wrong_answers))
lab02.own_words.result()
for name, log_probs in {"calm": calm, "bold": bold}.items():
    expected = (1 - log_probs.exp().max(dim=1).values).sum()
    # The brackets take from each row the number of its label; section 3 explains them.
    number = -log_probs[torch.arange(540), y].mean()
    print(f"{name} expected {expected:.1f} wrong answers; its number is {number:.2f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Neither keeps its promise. The bold one is far too sure, and the calm one is too
# timid. Which fault is worse? The last number in each line answers that; the smaller,
# the better. Calm wins, and by far. What this number means, and how to calculate it, is
# what the rest of this lab is about.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. How likely are these labels?
#
# The idea: a machine is good if it gave a large probability to what really happened.

# %% slideshow={"slide_type": "fragment"}
lab02.likelihood.ask()

# %% slideshow={"slide_type": "fragment"}
print(torch.tensor([0.9, 0.5, 0.2]).prod())
lab02.likelihood.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# (`prod` multiplies as `sum` adds.) The product over all labels is the **likelihood**:
# the probability that a machine gave to everything that happened. On its own it says
# little, because any particular series of events is unlikely. But it compares machines
# on the same labels, the larger the better.
#
# The simplest machine has one number. Somebody tosses a bent coin ten times, and the
# model of the coin is $p$, the probability of heads.

# %% slideshow={"slide_type": "fragment"}
lab02.coin.ask()

# %% slideshow={"slide_type": "fragment"}
p = torch.linspace(0.01, 0.99, 99)  # 99 numbers in equal steps
likelihood = p**7 * (1 - p) ** 3
best = p[likelihood.argmax()]
lab02.coin.result()
print("best p:", best)
assert_close(best, torch.tensor(0.7))
assert likelihood.argmax() == likelihood.log().argmax()
fig, axes = plt.subplots(1, 2, figsize=(7, 2.6))
axes[0].plot(p, likelihood)
axes[1].plot(p, likelihood.log())
for ax, title in zip(axes, ("likelihood", "its logarithm"), strict=True):
    ax.axvline(best, color="black", linestyle=":", linewidth=1.2)
    ax.set(title=title, xlabel="p, the claimed probability of heads")

# %% [markdown]
# **What you should see** Left a bell, right a hill with steep ends. They look quite
# different, and yet the dotted line goes through the top of both: the logarithm grows
# with its argument, so what is largest stays largest. To look for the model with the
# largest likelihood is called **maximum likelihood**. We may as well look for the
# largest logarithm. But why should we?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. Why the logarithm

# %% slideshow={"slide_type": "fragment"}
lab02.underflow.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
rows = torch.arange(540)  # 0, 1, 2, ..., 539
# Two lists in the brackets go in pairs: row 0 with column y[0], row 1 with y[1], ...
probs_of_labels = calm.exp()[rows, y]  # (540,): from each row that of its label
print("calm:", probs_of_labels.prod(), "bold:", bold.exp()[rows, y].prod())
lab02.underflow.result()
print("calm:", calm[rows, y].sum(), "bold:", bold[rows, y].sum())
assert probs_of_labels.prod() == 0 and bold.exp()[rows, y].prod() == 0

# %% [markdown] slideshow={"slide_type": "slide"}
# The logarithm helps, because $\log(ab) = \log a + \log b$: it makes a sum of the
# product, and a sum of 540 ordinary numbers is an ordinary number. The last line shows
# both sums. Now the two machines can be compared: the sum of calm is larger.
#
# **Rule** Add log-probabilities. Never multiply many probabilities.
#
# Two small changes make it handy. A log-probability is never positive, so we change the
# **sign**. And 540 labels give a longer sum than ten, so we take the **mean**. The
# result is the **negative log-likelihood** per label:
#
# $$\begin{aligned}
# L = -\frac{1}{N} \sum_{i=1}^{N} \log p_{i, y_i}
# \end{aligned} \tag{negative log-likelihood}$$
#
# Read $p_{i, y_i}$ as the probability that the machine gave, for image $i$, to its
# label $y_i$. (In lab 1 there was one image, and $p_i$ counted its classes. Here $i$ is
# the image, and the class comes second.) A number that grades a machine, the smaller the better, is called a **loss**.

# %% slideshow={"slide_type": "fragment"}
for name, log_probs in {"calm": calm, "bold": bold}.items():
    loss = -log_probs[rows, y].mean()  # from each row the number of its label
    print(f"{name}: loss {loss:.2f}, exp(-loss) {(-loss).exp():.2f}")

# %% [markdown]
# These are the numbers of section 1. So the loss says how likely the labels were for
# the machine. `exp(-loss)` makes a probability of it again: what the machine
# *typically* gave to a label. (It is the geometric mean: a product of 540 such factors
# is the likelihood.) Can a good answer make up for a bad one?

# %% slideshow={"slide_type": "slide"}
lab02.uneven.ask()

# %% slideshow={"slide_type": "fragment"}
for name, two in {"A": torch.tensor([0.8, 0.2]), "B": torch.tensor([0.5, 0.5])}.items():
    print(f"{name}: mean probability {two.mean():.2f}, loss {-two.log().mean():.2f}")
lab02.uneven.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **So far** The likelihood of a machine is the probability that it gave to all that
# happened. Its logarithm is a sum, and minus the mean of it is the loss: for calm it is
# small, for bold it is large. This is a good place to stop. The second half looks at
# the same number from another side, and finds out why bold pays so much.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. Surprise, counted in questions
#
# How much does an event *surprise* you? The less likely it was for you, the more; a
# certain one, not at all. And the surprises of two independent events should add up,
# while their probabilities are multiplied. Only the logarithm does that. So the
# **surprise** at an event of probability $p$ is $-\log p$.

# %% slideshow={"slide_type": "slide"}
lab02.halving.ask()

# %% slideshow={"slide_type": "fragment"}
p = torch.linspace(0.005, 1, 400)
marks = torch.tensor([1, 1 / 2, 1 / 4, 1 / 8])
print("surprise at 1, 1/2, 1/4, 1/8:", -marks.log())
print("the same in bits:            ", -marks.log2())
lab02.halving.result()
fig, ax = plt.subplots(figsize=(5.6, 2.6))
ax.plot(p, -p.log())
ax.plot(marks, -marks.log(), "o", color="black")
_ = ax.set(xlabel="probability p of what happened", ylabel="surprise (nats)")

# %% [markdown]
# **What you should see** A curve that falls to 0 at $p = 1$. At the dots the
# probability is halved again and again, and the surprise grows in equal steps. Towards
# $p = 0$ it has no limit. (`-0.0000` is 0: the minus stands before $\log 1 = 0$.)
#
# The unit of the natural logarithm is the **nat**. With base 2 (`log2`) it is the
# **bit**; a bit is $\log 2$ nats, as a mile is 1.6 kilometres. What a bit *is*, a game
# shows.

# %% slideshow={"slide_type": "slide"}
lab02.boxes.ask()

# %% slideshow={"slide_type": "fragment"}
q = torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 8])  # how often the prize is in A, B, C, D
print("surprise at each box in bits:", -q.log2())
print("on average:", (q * -q.log2()).sum())
lab02.boxes.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# A bit is a yes/no question. The mean surprise of somebody who knows how often each box
# comes is the **entropy**, with $\log_2$ in bits. We write $q$ for what the data do,
# here the prize, and keep $p$ for what somebody *says*:
#
# $$\begin{aligned} H(q) = \sum_j q_j \left( -\log q_j \right)
# \end{aligned} \tag{entropy}$$
#
# Now you do not know $q$. You believe in some $p$ and plan your questions for it. Say
# you believe in 1/8, 1/8, 1/4, 1/2, so that D is the most frequent. Then you ask for
# D first, for C next, for B last, and the prize in A costs you 3 questions. The prize
# does not care what you believe. It still comes with $q$, but each box costs you what
# *your* $p$ says: $-\log_2 \frac{1}{8} = 3$ for A. The mean of this is the **cross
# entropy**:
#
# $$\begin{aligned} H(q, p) = \sum_j q_j \left( -\log p_j \right)
# \end{aligned} \tag{cross entropy}$$

# %% slideshow={"slide_type": "slide"}
lab02.beliefs.ask()

# %% slideshow={"slide_type": "slide"}
beliefs = {
    "(a) no opinion": torch.full((4,), 1 / 4),
    "(b) too sure": torch.tensor([0.97, 0.01, 0.01, 0.01]),
    "(c) wrong order": torch.tensor([1 / 8, 1 / 8, 1 / 4, 1 / 2]),
    "(d) the truth": q,
}
for name, p in beliefs.items():
    print(f"{name:15} {(q * -p.log2()).sum():.2f} bits")
lab02.beliefs.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# That is the sin of the bold machine. Cross entropy punishes nothing as hard as calling
# nearly impossible what then happens.
#
# Now by hand, with other numbers and in nats. Drag $p$, what the model says, and
# watch the areas.

# %% slideshow={"slide_type": "slide"}
explorables.cross_entropy()

# %% [markdown]
# **What you should see** Left, for each box, how often it comes ($q$, hatched) and what
# the model says ($p$). Right a rectangle for each box, as wide as it is frequent and as
# high as its surprise. Their areas together are the cross entropy. The dashed boxes are
# the same for $p = q$. Where $p$ is smaller than $q$, a striped part is added. Where $p$
# is larger, the top of the dashed box stays empty.
#
# So cross entropy is the entropy, which nobody can avoid, plus what a wrong belief
# costs. This second part is called **KL divergence**. In the figure, KL = striped minus
# the empty dashed parts. *Deeper* has more about it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. One label, and picking it
#
# Back to the digits. What is $q$ for one image? Somebody wrote a 7, and that is
# certain. As a distribution this is (0, 1, 0), a **one-hot** row. Formulas call this row
# $y$ and its numbers $y_j$; in the code `y` holds the class numbers, here 1. In the sum
# of the cross entropy only one term survives, that of the label:
#
# $$\begin{aligned}
# \sum_j y_j \left( -\log p_j \right) = -\log p_{\text{label}}
# \end{aligned} \tag{one-hot labels}$$
#
# This is the surprise at the label, which section 3 averaged. So the two roads meet:
# **the negative log-likelihood of labels is their cross entropy**. All that theory
# comes down to picking one number from each row. There are two ways. (`F` is the
# usual short name of `torch.nn.functional`.)

# %% slideshow={"slide_type": "fragment"}
one_hot = F.one_hot(y, num_classes=3)  # (540, 3)
by_one_hot = (one_hot * -calm).sum(dim=1)  # (540,): times 0 or 1, then along the row
by_index = -calm[rows, y]  # (540,): row 0 with y[0], row 1 with y[1], ...
print(one_hot[:3])
print(by_one_hot[:3])
print(by_index[:3])
assert_close(by_one_hot, by_index)

# %% [markdown]
# The second way is called **indexing**: two tensors in the brackets are taken in pairs,
# a row number and a column number. It needs no zeros.

# %% slideshow={"slide_type": "slide"}
lab02.picked.ask()

# %% slideshow={"slide_type": "fragment"}
small = torch.tensor([[-0.1, -2.8, -3.4], [-1.2, -0.9, -1.3], [-2.3, -1.6, -0.4]])
picked = small[torch.arange(3), torch.tensor([0, 2, 1])]
print("picked:", picked, "loss:", -picked.mean())
lab02.picked.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# Could one write that with less? A `:` in the brackets stands for all rows.

# %% slideshow={"slide_type": "fragment"}
lab02.colon.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
print("with a colon: ", tuple(calm[:, y].shape), f"loss {-calm[:, y].mean():.2f}")
print("with the rows:", tuple(calm[rows, y].shape), f"loss {-calm[rows, y].mean():.2f}")
lab02.colon.result()
assert calm[:, y].shape == (540, 540)
assert -calm[:, y].mean() > 5 * -calm[rows, y].mean()

# %% [markdown] slideshow={"slide_type": "fragment"}
# No error, and a number that looks like a loss. But each image is judged by the labels
# of all others.
#
# **Rule** Rows and labels go in pairs: `log_probs[torch.arange(N), y]`. Check that the
# shape is (N,).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. What is a good loss?
#
# Calm has a loss of 0.25: is that good? There is a number to compare with.

# %% slideshow={"slide_type": "fragment"}
lab02.undecided.ask()

# %% slideshow={"slide_type": "fragment"}
undecided = torch.full((540, 3), 1 / 3).log()
print(f"undecided: {-undecided[rows, y].mean():.2f}, log 3: {math.log(3):.2f}")
lab02.undecided.result()
assert -bold[rows, y].mean() > math.log(3) > -calm[rows, y].mean()

# %% [markdown] slideshow={"slide_type": "slide"}
# Where does bold lose so much? We sort the images by their surprise.

# %% slideshow={"slide_type": "fragment"}
fig, axes = plt.subplots(1, 2, figsize=(8, 2.8))
for name, log_probs, style in (("calm", calm, "-"), ("bold", bold, "--")):
    losses = -log_probs[rows, y]
    for ax in axes:
        ax.plot(losses.sort(descending=True).values[:60], style, label=name)
    share = losses[log_probs.argmax(dim=1) != y].sum() / losses.sum()
    wrong = int((log_probs.argmax(dim=1) != y).sum())
    print(f"{name}: the {wrong} wrong answers make {share:.0%} of the loss")
for ax, title in zip(axes, ("all of it", "the lowest part"), strict=True):
    ax.axhline(math.log(3), color="black", linestyle=":", label="undecided")
    ax.set(title=title, xlabel="images, the worst first")
axes[0].set_ylabel("surprise at the label (nats)")
axes[1].set_ylim(0, 4)
_ = axes[0].legend()
assert (-calm[rows, y]).max() < 2.5

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** The surprise of each machine at its 60 worst images, in
# falling order; right the same up to 4 nats. The dashed line of bold starts far above
# everything and reaches 0 where its wrong answers end: it pays next to nothing for 513
# images, and everything for 27. The line of calm stays low, below 2.5, also where calm
# is wrong.
#
# With K classes somebody who knows nothing pays $\log K$: 1.1 for three classes, 2.3
# for ten. A machine should begin there, before it has learned anything, and then go
# down. If it is above, it is sure of what it does not know.
#
# The exponential of the loss is called **perplexity**. It reads as a number of classes:
# as unsure as if guessing among so many. Undecided has $e^{\log 3} = 3$. You will
# calculate it in exercise 1.
#
# So which machine do you trust? Calm. Ask bold, and you learn the same answers, but in
# the 27 cases in which you need a warning, it gives hardly any.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7. The right mean
#
# One last thing: a loss is a mean, and a table has more than one.

# %% slideshow={"slide_type": "fragment"}
lab02.cells.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
print(f"mean over all cells: {-(one_hot * undecided).mean():.2f}")
print(f"mean over images:    {-(one_hot * undecided).sum(dim=1).mean():.2f}")
lab02.cells.result()
assert_close(-3 * (one_hot * undecided).mean(), torch.tensor(3.0).log())

# %% [markdown] slideshow={"slide_type": "fragment"}
# The best machine stays the best, but the comparison with $\log K$ is lost.
#
# **Rule** Sum over the classes, then take the mean over the examples.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# Replace the `...` by your code and run the cell. Remove the `#` for a hint; `hint(2)`
# gives a little more.
#
# **Exercise 1** (4 minutes). `perplexity(logits, y)`: exp of the loss of a batch. It
# gets *logits*, shape (N, K), and labels, shape (N,). The result is a tensor with one
# element. Some logits are large.

# %% tags=["exercise"]
def perplexity(logits, y):
    ...


lab02.perplexity.check(perplexity)
# lab02.perplexity.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 2** (4 minutes). Find the faults. This program runs, prints a plausible
# loss, and is wrong in each of its three lines. Write it anew, without the faults.
#
# ```python
# def mended_loss(logits, y):
#     probs = torch.softmax(logits, dim=0)
#     log_probs = torch.log(probs)
#     return -log_probs[:, y].mean()
# ```

# %% tags=["exercise"]
def mended_loss(logits, y):
    ...


lab02.mended_loss.check(mended_loss)
# lab02.mended_loss.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 3** (6 minutes). To answer or to pass? A machine is right in a fraction
# `right` of its answers. To its answer it always gives the probability `sure`, and what
# is left it shares equally among the other classes. Write `gain_over_guessing(right,
# sure, n_classes)`: by how many nats is its mean surprise *below* $\log K$? If it is
# negative, the machine had better say "I do not know". All are plain numbers, `sure` below
# 1, and so is the result; `math.log` takes the logarithm of a plain number.

# %% tags=["exercise"]
def gain_over_guessing(right, sure, n_classes):
    ...


lab02.gain_over_guessing.check(gain_over_guessing)
# lab02.gain_over_guessing.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 4** (6 minutes). Make the bold machine better without touching its scores.
# We mix a little doubt into what it says: a share $s$ of $1/K$ for each class, and $1 -
# s$ of its own probabilities. Write `best_hedge(probs, y, shares)`: of a list of
# shares, return the one with which the mixed table has the smallest loss. `probs` has
# shape (N, K). (`min(shares, key=f)` gives the element for which `f` is smallest.)

# %% tags=["exercise"]
def best_hedge(probs, y, shares):
    ...


lab02.best_hedge.check(best_hedge)
# lab02.best_hedge.hint()

# %% [markdown]
# Then try it on bold.

# %%
share = best_hedge(bold.exp(), y, [0, 0.025, 0.05, 0.075, 0.1, 0.125])
if share is not None:
    print(f"best share {share}, two thirds of it {share * 2 / 3:.3f}")
print(f"wrong answers, a fraction of {wrong_answers / len(y):.3f}")

# %% [markdown]
# If you have solved it: each of the three classes gets a third of the share, also the
# one that bold names. So two thirds of it are doubt: what the other two get together.
# The best doubt is as large as the fraction of answers that are wrong. Now bold keeps
# its promise.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * The likelihood is the probability that a machine gave to all that happened.
# * Add log-probabilities; the product of many probabilities is rounded to 0.
# * The loss is minus their mean: the mean surprise at the labels, in nats.
# * Cross entropy is the mean surprise of somebody who believes $p$ while the data follow
#   $q$. For labels it is the same as the loss.
# * Too sure and wrong costs more than knowing nothing. That costs $\log K$.
# * Pick by pairs: `log_probs[torch.arange(N), y]`, shape (N,).
# * Sum over classes, mean over examples.
#
# Next: [**lab 3, cross entropy with PyTorch**](03_cross_entropy_with_torch.ipynb).
# There all of this is a single call.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Deeper
#
# Everything from here on is optional.

# %% [markdown]
# ### The published lab
#
# *For whoever wants to compare with the source notes. 25 minutes.* First [*Lab06 -
# Softmax
# Classification*](https://github.com/kookeej/DILAB/blob/main/7.1-7.7/Lab06.ipynb). It
# calls the probabilities `hypothesis` and the loss `cost`, and gives the formula as $L
# = \frac{1}{N} \sum - y \log(\hat{y})$. Written with all indices, that is a sum over
# the N examples *and* the K classes, with one-hot rows $y_i$:
#
# $$\begin{aligned}
# L = -\frac{1}{N} \sum_{i=1}^{N} \sum_{j=1}^{K} y_{ij} \log p_{ij}
# \end{aligned} \tag{loss of a batch}$$
#
# Random numbers play the logits. `torch.manual_seed(1)` sets where PyTorch's random
# numbers start, the **seed**, so that you get the same as the note.
# `requires_grad=True` tells PyTorch to remember how the results come about, which lab 3
# needs for slopes. `grad_fn` in the output is the mark of that memory: the last step
# that was taken.

# %%
torch.manual_seed(1)
z = torch.rand(3, 5, requires_grad=True)
hypothesis = F.softmax(z, dim=1)
print(hypothesis)
y_note = torch.randint(5, (3,)).long()  # `y` stays what it is above
print(y_note)

# %% [markdown]
# The note makes one-hot rows with `scatter_`. It goes through the rows and writes 1
# into the column that its second argument names. It wants that as a column of shape (3,
# 1), and `y.unsqueeze(1)` makes one of shape (3,). The underscore at the end of a
# method's name says that it changes the tensor in place, here the zeros.

# %%
y_one_hot = torch.zeros_like(hypothesis)
print(y_one_hot.scatter_(1, y_note.unsqueeze(1), 1))
assert y_one_hot.equal(F.one_hot(y_note, num_classes=5).float())
cost = (y_one_hot * -torch.log(hypothesis)).sum(dim=1).mean()
print(cost)
print(f"log 5: {math.log(5):.4f}")
assert_close(cost.detach(), torch.tensor(1.4689), atol=5e-5, rtol=0)

# %% [markdown]
# (`detach` gives the number without its memory.) The note does not say how good its
# cost is. It is that of random scores, and close to $\log 5$, the price of knowing
# nothing.
#
# **Numbers typed by hand.** Below its labels the note says that they are 2, 0, 2, and
# names three probabilities for them that stand nowhere in its table. How far off would
# the cost be with the labels of that sentence?

# %% tags=["pitfall"]
def loss_of(probs, labels):
    return -probs[torch.arange(len(labels)), labels].log().mean()


probs = hypothesis.detach()
print(f"labels as printed, {y_note.tolist()}: {loss_of(probs, y_note):.4f}")
print(f"labels as described, [2, 0, 2]: {loss_of(probs, torch.tensor([2, 0, 2])):.4f}")
print("their probabilities:", [f"{probs[i, y_note[i]]:.4f}" for i in range(3)])
assert loss_of(probs, torch.tensor([2, 0, 2])) > loss_of(probs, y_note)

# %% [markdown]
# Probably somebody ran the cells without a seed at first, wrote the sentence, and then
# ran them again. The numbers changed, the sentence stayed.
#
# **Rule** Do not type a result into a text. Let a cell print it.
#
# The second note is [*Classifier: Logistic & Softmax Regression
# Model*](https://zoshs2.github.io). Five examples, three classes, called cat, dog and
# parrot in this order.

# %%
torch.manual_seed(1)
z = torch.rand(5, 3, requires_grad=True)
prob_of_z = F.softmax(z, dim=1)
print(prob_of_z)
y_labels = torch.randint(0, 3, size=(5,))
y_one_hots = F.one_hot(y_labels, num_classes=3).float()
print(y_labels)
print(y_one_hots)
first = torch.tensor([0.4308, 0.2670, 0.3022])
assert_close(prob_of_z[0].detach(), first, atol=5e-5, rtol=0)

# %% [markdown]
# Its cost is the **Hadamard product** of two tables: cell times cell, as `*` does. The
# note prints both tables as matrices, `y_one_hots` above and the logarithms here, then
# sums each row, takes the mean and changes the sign.

# %%
log_softmax_z = torch.log(prob_of_z)
print(log_softmax_z)
cost = (-y_one_hots * log_softmax_z).sum(dim=1).mean()
print(cost)
print(F.log_softmax(z, dim=1))  # the same in one step
assert_close(cost.detach(), torch.tensor(1.0938), atol=5e-5, rtol=0)
assert_close(log_softmax_z, F.log_softmax(z, dim=1))

# %% [markdown]
# "Only the entries of the labels count", it goes on, and adds the five by hand. It
# calls them negative log-probabilities; in its table they are the log-probabilities,
# and their signs change in the loss.

# %%
log_probs = F.log_softmax(z.detach(), dim=1)
picked = log_probs[torch.arange(5), y_labels]
print("picked:", picked)
print(f"sum {-picked.sum():.4f}, mean {-picked.mean():.4f}")
print((0.8421 + 0.9405 + 1.2858 + 1.1114 + 1.2893) / 5)
expected = torch.tensor([-0.8421, -0.9405, -1.2858, -1.1114, -1.2893])
assert_close(picked, expected, atol=5e-5, rtol=0)
assert_close(-picked.sum(), torch.tensor(5.4691), atol=5e-5, rtol=0)

# %% [markdown]
# (With the functions of PyTorch both notes get the same numbers again, in lab 3.) For
# the link between likelihood and this loss the note refers to an article,
# [*Cross-Entropy, Negative Log-Likelihood, and All That
# Jazz*](https://towardsdatascience.com/cross-entropy-negative-log-likelihood-and-all-that-jazz-47a95bd2e81).
#
# The note that ends with `F.cross_entropy`
# ([lab06.ipynb](https://github.com/Jaehooni/2022_Summer_D.Com_DeepLearning_Study/blob/main/lab06.ipynb))
# sets no seed, so nobody can get its numbers again. But its printed log-probabilities
# can be typed in. (The last digit of its cost, 1.6682, does not come out: the printed
# numbers are rounded. And "negative loss likelihood" in its text should be negative
# *log* likelihood.)

# %%
printed = torch.tensor(
    [
        [-1.8411, -1.4048, -2.2069, -1.5385, -1.3050],
        [-1.5687, -1.5143, -1.6399, -1.6570, -1.6767],
        [-1.4436, -1.3189, -1.7466, -1.5925, -2.1311],
    ]
)
assert_close(printed.exp().sum(dim=1), torch.ones(3), atol=1e-3, rtol=0)
cost = -printed[torch.arange(3), torch.tensor([4, 0, 4])].mean()
print(cost)
assert_close(cost, torch.tensor(1.6682), atol=1e-4, rtol=0)

# %% [markdown]
# Three sentences of the notes, and what is true:
#
# * "The information that one gets if the *model* follows the distribution of the truth."
#   The *data* follow it. The model only says something, and pays for it.
# * "A number for how *similar* two distributions are." It grows as they become less
#   similar. (Is it a distance? A question below.)
# * "If P is 1 and the model's logarithm is that of 0, it goes to infinity, and likewise at
#   0" (the note *1.6 Softmax Classification*, after a blog by ratsgo). This can be read in
#   two ways. A class that never comes, $0 \cdot \log p$, costs nothing, whatever the model
#   said. But with two classes "0" is an event, too: if the model said 1 for the other
#   class, it pays $-\log 0$ there as well, and then the sentence is right.
#
# ### A helper that sorts the classes
#
# *For whoever has labels in words. 8 minutes.* The second note also shows
# `LabelBinarizer` of scikit-learn, which makes one-hot rows of words, here of seven
# Korean ones. (`fit_transform` finds the classes and returns the rows.)

# %%
from sklearn.preprocessing import LabelBinarizer

binarizer = LabelBinarizer()
english = {  # the Korean words, by the numbers of their letters
    "\uace0\uc591\uc774": "cat",
    "\uac15\uc544\uc9c0": "dog",
    "\uc575\ubb34\uc0c8": "parrot",
}
cat, dog, parrot = english
words = [cat, dog, parrot, dog, dog, cat, parrot]
print(binarizer.fit_transform(words))
print("columns:", [english[word] for word in binarizer.classes_])
assert binarizer.classes_.tolist() == [dog, cat, parrot]

# %% [markdown]
# The note has just said that class 0 is the cat. The helper has an order of its own: it
# sorts the words, and in Korean the dog comes first. Does a loss depend on that?

# %% slideshow={"slide_type": "slide"}
lab02.sorted_words.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
class_names = ["dog", "parrot", "cat"]  # the columns of the machine
words = ["parrot", "dog", "cat", "dog", "parrot"]
y_animals = torch.tensor([class_names.index(word) for word in words])
good = torch.log_softmax(4.0 * F.one_hot(y_animals, num_classes=3), dim=1)

rows_of_helper = torch.from_numpy(binarizer.fit_transform(words))
helper_loss = -(rows_of_helper * good).sum(dim=1).mean()
right_loss = -good[torch.arange(5), y_animals].mean()
print(f"with the helper {helper_loss:.4f}, with the machine's order {right_loss:.4f}")
lab02.sorted_words.result()
print("columns of the helper:", binarizer.classes_.tolist())
assert helper_loss > math.log(3) and right_loss < 0.1

# %% [markdown]
# With two classes there is one more trap: the helper returns a single column. A (4, 1)
# column times a (4, 2) table is stretched over both columns (lab 1 called it
# broadcasting). Cats now cost nothing, and dogs pay for both classes. No error.
# (`torch.cat` joins tensors, with `dim=1` side by side.)

# %% tags=["pitfall"]
two_words = ["dog", "cat", "cat", "dog"]  # sorted: cat is 0, dog is 1
two_logits = torch.tensor([[0.0, 3.0], [2.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
two_log_probs = torch.log_softmax(two_logits, dim=1)  # columns cat, dog
column = torch.from_numpy(LabelBinarizer().fit_transform(two_words))
print("shape", tuple(column.shape), "instead of", tuple(two_log_probs.shape))

wrong = (column * -two_log_probs).sum(dim=1)
right = (torch.cat([1 - column, column], dim=1) * -two_log_probs).sum(dim=1)
print("losses, one column: ", wrong)
print("losses, two columns:", right)
assert (wrong[1:3] == 0).all() and (wrong[[0, 3]] > right[[0, 3]]).all()

# %% [markdown]
# **Rule** Write down the order of your classes once, and make the indices from it. If a
# helper makes them, print its `classes_`.
#
# `F.one_hot` has a trap of its own. Without `num_classes` it takes the largest label
# that it finds for the last class. In the first published batch, classes 3 and 4 do not
# come:

# %% tags=["pitfall"]
print(F.one_hot(y_note).shape, "instead of", F.one_hot(y_note, num_classes=5).shape)
assert F.one_hot(y_note).shape == (3, 3)

# %% [markdown]
# ### Other ways to pick, and what they save
#
# *For readers of other people's code. 4 minutes.* `gather` picks as well:
# `log_probs.gather(1, index)` takes from each row the column that `index` names. Like
# `scatter_` it wants a column, and returns one; `squeeze(1)` makes (540,) of (540, 1).

# %%
gathered = calm.gather(1, y.unsqueeze(1)).squeeze(1)
assert gathered.equal(calm[rows, y])
print("gather, indexing and one-hot rows pick the same:", gathered[:3])

# %% [markdown]
# What does indexing save? Take a language model: 1,000 words to predict, each out of
# 50,000. A `float32` number has 4 bytes, a class number 8.

# %%
n_examples, n_classes = 1000, 50_000
one_hot_bytes, index_bytes = n_examples * n_classes * 4, n_examples * 8
print(f"one-hot rows {one_hot_bytes / 1e6:.0f} MB, indices {index_bytes / 1e3:.0f} kB")
print(f"{one_hot_bytes // index_bytes:,} times as much")

# %% [markdown]
# ### What the colon prefers
#
# *For whoever liked the pitfall of section 5. 4 minutes.* With the colon each image is
# judged by the labels of all images, that is, by their shares. So the best answer is to
# say these shares, for every image. We add a machine that has only counted labels.

# %%
counted = (torch.bincount(y) / len(y)).log().expand(540, 3)  # one row, 540 times
for name, log_probs in (("calm", calm), ("counted", counted)):
    right, with_colon = -log_probs[rows, y].mean(), -log_probs[:, y].mean()
    print(f"{name:7} loss {right:.4f}, with colon {with_colon:.4f}")
assert -counted[:, y].mean() < -calm[:, y].mean()
assert -counted[rows, y].mean() > -calm[rows, y].mean()

# %% [markdown]
# Whoever trains with this loss gets a machine that never looks at an image. (`bincount`
# counts how often 0, 1, 2 come; `expand` repeats a row.)
#
# ### The logarithm of zero
#
# *For whoever takes logarithms. 8 minutes.* What if a probability is exactly 0?

# %% slideshow={"slide_type": "slide"}
lab02.zero.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
logits = torch.tensor([[1000.0, 0.0, 0.0], [1000.0, 0.0, 0.0]])
labels = torch.tensor([0, 1])  # the machine is right, then wrong
probs = torch.softmax(logits, dim=1)
by_one_hot = (F.one_hot(labels, num_classes=3) * -probs.log()).sum(dim=1)
by_index = -probs[torch.arange(2), labels].log()
print("one-hot: ", by_one_hot)
print("by index:", by_index)
lab02.zero.result()
assert by_one_hot.isnan().all() and by_index[1].isinf()

# %% [markdown]
# In mathematics $0 \log 0$ is *agreed* to be 0. Indexing never touches the other
# classes, so it gives 0 for the right answer, and infinity for the wrong one: the
# machine said "impossible" of what then happened. But it never said so. It said
# $e^{-1000}$, and rounding made a zero of it. By way of `log_softmax` both ways agree:

# %%
log_probs = torch.log_softmax(logits, dim=1)
print("by index:", -log_probs[torch.arange(2), labels])
print("one-hot: ", (F.one_hot(labels, 3) * -log_probs).sum(dim=1))
assert_close(-log_probs[1, 1], torch.tensor(1000.0))

# %% [markdown]
# A popular remedy adds a tiny constant: `log(probs + 1e-9)`. Three machines are wrong:
# one is sure, one very sure, one absurdly sure.

# %% tags=["pitfall"]
logits = torch.tensor([[30.0, 0.0], [100.0, 0.0], [1000.0, 0.0]])
labels = torch.tensor([1, 1, 1])
with_constant = -(torch.softmax(logits, dim=1) + 1e-9)[torch.arange(3), labels].log()
print("log(probs + 1e-9):", with_constant)
print("log_softmax:      ", -torch.log_softmax(logits, dim=1)[torch.arange(3), labels])
assert with_constant.max() < 21

# %% [markdown]
# The constant puts a lid on the loss: above it all mistakes look the same. The `nan` is
# gone, and so is the information.
#
# **Rule** From logits to `log_softmax` to the label. Never take the logarithm of a
# probability that softmax has rounded.
#
# **Exercise 5** (4 minutes). Sometimes there are only probabilities. Write
# `loss_from_indices(probs, y)`, where some probabilities are exactly 0, but never that
# of a label, and others are as small as 1e-20. Take no logarithm of a zero, not even
# one that is thrown away afterwards: its infinite slope would spoil training.

# %% tags=["exercise"]
def loss_from_indices(probs, y):
    ...


lab02.loss_from_indices.check(loss_from_indices)
# lab02.loss_from_indices.hint()

# %% [markdown]
# ### KL divergence
#
# *For readers who like proofs. 15 minutes.* What a belief $p$ costs on top of the
# entropy is its KL divergence (Kullback-Leibler). Read $q \,\|\, p$ as "of $q$ with
# respect to $p$".
#
# $$\begin{aligned}
# \underbrace{H(q, p)}_{\text{what you pay}} =
# \underbrace{H(q)}_{\text{what nobody can avoid}} +
# \underbrace{\mathrm{KL}(q \,\|\, p)}_{\text{what your belief wastes}},
# \qquad
# \mathrm{KL}(q \,\|\, p) = \sum_j q_j \log \frac{q_j}{p_j}
# \end{aligned} \tag{KL divergence}$$
#
# An outcome that never comes adds nothing to a mean, so it is left out: `q > 0` is a
# list of True and False, and `q[q > 0]` keeps the numbers where it is True.
# `Categorical` is PyTorch's object for such a distribution.

# %%
from torch.distributions import Categorical, kl_divergence


def entropy(q):
    q = q[q > 0]
    return (q * -q.log()).sum()


def cross_entropy(q, p):
    comes = q > 0
    return (q[comes] * -p[comes].log()).sum()


def kl(q, p):
    comes = q > 0
    return (q[comes] * (q[comes] / p[comes]).log()).sum()

# %% [markdown]
# We check the equation on the boxes of section 4, and our functions against PyTorch's.

# %%
for name, p in beliefs.items():
    print(f"{name:15} {cross_entropy(q, p):.4f} = {entropy(q):.4f} + {kl(q, p):.4f}")
    assert_close(cross_entropy(q, p), entropy(q) + kl(q, p))
    assert_close(kl(q, p), kl_divergence(Categorical(q), Categorical(p)))
assert_close(entropy(q), Categorical(q).entropy())
always_a = torch.tensor([1.0, 0.0, 0.0, 0.0])
assert_close(entropy(always_a), Categorical(always_a).entropy())

# %% [markdown]
# A picture of all four. (`torch.stack` makes a table of tensors, each of them a row.)

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9), sharey=True)
plots.number_table(torch.stack(list(beliefs.values())), left,
                   row_labels=list(beliefs), column_labels="ABCD", digits=3)
left.set(title="what each belief says (p)", xlabel="box")
entropies = [entropy(q) / math.log(2)] * 4
wasted = [kl(q, p) / math.log(2) for p in beliefs.values()]
right.barh(range(4), entropies, 0.6, label="entropy H(q)", edgecolor="black")
right.barh(range(4), wasted, 0.6, left=entropies, label="KL(q || p)",
           hatch="//", edgecolor="black", color="C1")
right.set(title="cross entropy = the whole bar", xlabel="mean surprise (bits)")
right.tick_params(axis="y", length=0)
right.grid(axis="x")
_ = right.legend(loc="lower right")

# %% [markdown]
# **What you should see** Left the four beliefs, right what each costs. The plain part,
# the entropy, is the same in all four rows: it belongs to the prize and not to you.
# Only the hatched part depends on the belief. It is missing in the row of the truth.
#
# These are averages in theory. Do real draws agree? `torch.multinomial` draws 100,000
# boxes, each with its probability in `q`, and each of them is looked up in $p$.

# %%
torch.manual_seed(1)
draws = torch.multinomial(q, 100_000, replacement=True)
for name, p in beliefs.items():
    measured = -p[draws].log2().mean()
    in_theory = cross_entropy(q, p) / math.log(2)
    print(f"{name:15} measured {measured:.3f}, H(q, p) {in_theory:.3f}")
    assert_close(measured, in_theory, atol=0.045, rtol=0)

# %% [markdown]
# **KL is never negative.** One line of school mathematics shows it. The curve $\log x$
# touches the straight line $x - 1$ at $x = 1$ and lies below it elsewhere: its slope is
# $1/x$, so it is steeper than the line before that point, and flatter after it. So
#
# $$\begin{aligned}
# -\mathrm{KL}(q \,\|\, p) = \sum_j q_j \log \frac{p_j}{q_j}
# \le \sum_j q_j \left( \frac{p_j}{q_j} - 1 \right)
# = \sum_j p_j - \sum_j q_j \le 1 - 1 = 0
# \end{aligned}$$
#
# Outcomes with $q_j = 0$ are left out, so these $p_j$ may sum to less than 1. And KL is
# 0 only where all $p_j / q_j$ are 1, that is, for $p = q$. We try 1,000 pairs at
# random, each of two distributions over four outcomes.

# %%
torch.manual_seed(1)
pairs = torch.softmax(6 * torch.rand(1000, 2, 4), dim=2)
print("all positive:", all(kl(a, b) > 0 for a, b in pairs))
no_opinion = beliefs["(a) no opinion"]
print("log 4 - H(q):", math.log(4) - entropy(q), "KL:", kl(q, no_opinion))
assert all(kl(a, b) > 0 for a, b in pairs)
assert_close(kl(q, no_opinion), math.log(4) - entropy(q))

# %% [markdown]
# The last line is a gift: KL of $q$ with respect to "no opinion" is $\log K - H(q)$. As
# it is never negative, no entropy is larger than $\log K$.
#
# **Is cross entropy a distance?** It is often called one.

# %% slideshow={"slide_type": "slide"}
lab02.distance.ask()

# %% slideshow={"slide_type": "fragment"}
p = beliefs["(b) too sure"]
print(f"H(q, q) = {cross_entropy(q, q):.4f}    KL(q || q) = {kl(q, q):.4f}")
print(f"H(q, p) = {cross_entropy(q, p):.4f}    KL(q || p) = {kl(q, p):.4f}")
print(f"H(p, q) = {cross_entropy(p, q):.4f}    KL(p || q) = {kl(p, q):.4f}")
lab02.distance.result()
assert cross_entropy(q, q) > 1 and kl(q, q) == 0
assert kl(q, p) > 1.5 * kl(p, q)

# %% [markdown]
# KL at least is 0 for the truth, but it is not the same there and back. If a model
# calls something impossible that does happen, it is infinite: for a fair coin $q$ and a
# $p$ that always says heads, $\mathrm{KL}(q \,\|\, p)$ is infinite and $\mathrm{KL}(p
# \,\|\, q)$ is $\log 2$.
#
# **The roads meet**, once more. Take the shares of tails and heads among the ten tosses
# of section 2 as $q$. Each $p$ from 0.01 to 0.99 is a model. We compare its negative
# log-likelihood per toss with the cross entropy.

# %%
p = torch.linspace(0.01, 0.99, 99)
nll = -(p**7 * (1 - p) ** 3).log() / 10
shares = torch.tensor([0.3, 0.7])
coins = torch.stack([1 - p, p], dim=1)  # (99, 2): tails, heads
assert_close(nll, torch.stack([cross_entropy(shares, coin) for coin in coins]))

fig, ax = plt.subplots()
ax.plot(p, nll, label="mean NLL = cross entropy H(q, p)")
ax.axhline(entropy(shares), color="C1", linestyle="--", label="entropy H(q)")
ax.fill_between(p, entropy(shares), nll, alpha=0.25, hatch="//", label="KL(q || p)")
ax.axvline(best, ymax=0.6, color="black", linestyle=":", linewidth=1.2)
ax.set(xlabel="p, the claimed probability of heads", ylabel="mean surprise (nats)")
ax.set_ylim(0, 3.4)
_ = ax.legend(loc="upper right")

# %% [markdown]
# **What you should see** The hill of section 2 upside down: a valley, with its lowest
# point on the dotted line, the share of heads. There it touches the dashed line, the
# entropy, and the hatched gap, KL, closes. The valley does not reach 0: a coin that is
# not certain cannot be predicted without any surprise.
#
# So three wishes are one and the same: the largest likelihood, the smallest cross
# entropy, the smallest KL.
#
# **Exercise 6** (6 minutes). `kl_from_counts(counts, p)`: how often each of K outcomes
# came (whole numbers, shape (K,)), and a model `p` of shape (K,). Make $q$ of the
# counts, and return $\mathrm{KL}(q \,\|\, p)$ in nats as a plain Python number.
# (`.item()` takes it out of a tensor with one element.) An outcome that never came
# costs nothing. One that came although the model calls it impossible costs `inf`.

# %% tags=["exercise"]
def kl_from_counts(counts, p):
    ...


lab02.kl_from_counts.check(kl_from_counts)
# lab02.kl_from_counts.hint()

# %% [markdown]
# ### The mean of batch means
#
# *For whoever calculates in batches; lab 8 comes back to it. 8 minutes.* A large data
# set does not fit into one calculation. It is cut into batches, each batch has its mean
# loss, and at the end one averages these means. This bug stands in a great many
# published programs, since the result is nearly right nearly always.

# %% slideshow={"slide_type": "slide"}
lab02.last_alone.ask()

# %% slideshow={"slide_type": "fragment"}
torch.manual_seed(1)
losses = 0.2 * torch.rand(257)  # 0.1 on average
losses[-1] = 6.0
batches = losses.split(256)  # pieces of 256; the last is what remains
print("batch sizes:", [len(batch) for batch in batches])
print("batch means:", [round(batch.mean().item(), 4) for batch in batches])
lab02.last_alone.result()

# %% [markdown]
# Both ways as a program:

# %% tags=["pitfall"]
def mean_of_batch_means(losses, batch_size):
    means = [batch.mean() for batch in losses.split(batch_size)]
    return sum(means) / len(means)


print(f"mean of batch means   {mean_of_batch_means(losses, 256):.4f}")
print(f"mean of all examples  {losses.mean():.4f}")
assert mean_of_batch_means(losses, 256) > 20 * losses.mean()

# %% [markdown]
# It gets worse. The result depends on the *order* of the examples, which no property of
# a machine does. We exchange the last example with the first.

# %%
swapped = losses.clone()  # a copy, so that losses stays as it is
swapped[0], swapped[-1] = losses[-1], losses[0]
print(f"mean of batch means: before {mean_of_batch_means(losses, 256):.4f}, "
      f"after {mean_of_batch_means(swapped, 256):.4f}")
print(f"mean of all:         before {losses.mean():.4f}, after {swapped.mean():.4f}")
assert_close(losses.mean(), swapped.mean())

# %% [markdown]
# The cure is to weight each batch by its size. Or, which is the same: add up the *sums*
# of the batches, and divide once, by the number of all examples.

# %%
total = sum(batch.sum() for batch in batches)
weighted = sum(batch.mean() * len(batch) for batch in batches)
print(f"{total / 257:.4f} and {weighted / 257:.4f}")
assert_close(total / len(losses), losses.mean())
assert_close(weighted / len(losses), losses.mean())

# %% [markdown]
# **Rule** Add sums over batches, and divide once by N. A mean of means is surely right
# only if all batches have the same size. (So a test with a round number of examples
# does not find this bug.)
#
# **Exercise 7** (3 minutes). `mean_loss(batch_means, batch_sizes)`: the mean loss over
# all examples, from the mean loss and the size of each batch, both of shape (B,).

# %% tags=["exercise"]
def mean_loss(batch_means, batch_sizes):
    ...


lab02.mean_loss.check(mean_loss)
# lab02.mean_loss.hint()

# %% [markdown]
# ### Three more things to know
#
# *For everybody. 3 minutes.* (1) Put every example into the data set a second time: the
# sum of the losses doubles, the mean stays. That is why we report the mean. (2) If one
# label in ten was drawn at random, no machine can have a loss of 0 on new images, not even
# the best: the entropy of the labels is left. (3) Add 100 to all logits: the loss stays, because
# the probabilities do.
