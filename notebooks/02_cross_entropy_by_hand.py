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
# # 2. Cross entropy by hand
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/02_cross_entropy_by_hand.ipynb)
#
# Two models look at the same three photos. Both put the right animal first, three times
# out of three. One is sure each time, the other nearly tosses a coin. Which one is
# better, and by how much? This lab builds the number that answers, **cross entropy**.
# Nearly every classifier is trained with it.
#
# We reach it on two roads. One asks how probable the data were. The other counts yes/no
# questions. They seem to have nothing in common, and they end at the same formula.
#
# **You will be able to**
#
# * grade a model by the probability that it gave to what really happened;
# * say why logarithms are added and probabilities are not multiplied;
# * read entropy, cross entropy and KL as a number of questions;
# * calculate the loss of a batch in two ways, with one-hot rows and by indexing;
# * tell from a loss whether a model is better than guessing;
# * recognise eight bugs, none of which raises an error.
#
# **Needs** Lab 1: tensors, `dim`, distributions, logits, softmax, `log_softmax`. From
# school: logarithms. From Python also: f-strings (`f"{x:.4f}"` prints four decimals,
# `f"{name:9}"` fills up to nine places), `enumerate` (a loop that counts along) and
# `lambda` (a function without a name). In a cell with `plt.subplots` most lines only
# draw; you may skip them.
#
# **Takes** 85 minutes to read and run, 40 more for the exercises.

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
from sklearn.preprocessing import LabelBinarizer
from torch.distributions import Categorical, kl_divergence
from torch.testing import assert_close

from course_utils import plots
from course_utils.exercises import lab02

plt.style.use("course_utils.course")

# %% [markdown] tags=["slide"]
# `F` is the usual short name for `torch.nn.functional`, a collection of functions for
# neural networks. The other new names are explained where we use them.
#
# ## 1. Likelihood: how probable was what happened?
#
# Somebody tosses a bent coin ten times. The results are called **labels**, `y`: 1 for
# heads, 0 for tails.

# %% tags=["slide-more"]
y = torch.tensor([1, 1, 0, 1, 1, 1, 0, 1, 1, 0])
n_heads = int(y.sum())
n_tails = len(y) - n_heads
print(n_heads, "heads,", n_tails, "tails")

# %% [markdown]
# A **model** of this coin is one number $q$, the probability of heads that it claims. So
# it gives each toss a probability: $q$ to each heads, $1 - q$ to each tails.
# `torch.where(condition, a, b)` takes `a` where the condition is true and `b` elsewhere.

# %%
def probs_of_labels(q):
    return torch.where(y == 1, q, 1 - q)  # (10,)


print(probs_of_labels(0.9))

# %% [markdown] tags=["slide"]
# The tosses are **independent**: none of them influences another. For independent events
# probabilities are multiplied. (Two heads in a row with a fair coin: one half of one half
# is a quarter.) The product over all labels is the **likelihood** of the model: the
# probability that it gave to what really happened. `prod()` multiplies as `sum()` adds.
#
# **Predict** Which of these three models has the largest likelihood?

# %% tags=["slide-more"]
for q in (0.5, 0.7, 0.9):
    print(f"q = {q}: likelihood {probs_of_labels(q).prod():.6f}")

# %% [markdown] tags=["slide-more"]
# The middle one. All three are small, because any *particular* series of ten tosses is
# improbable. So a likelihood says nothing on its own. It is there to compare models on
# the same labels.
#
# Why stop at three models? `torch.linspace(0.01, 0.99, 99)` makes 99 numbers in equal
# steps, and we take each as a $q$. With $n_1$ heads and $n_0$ tails the product is
# $q^{n_1} (1 - q)^{n_0}$. Its logarithm is a sum, because $\log(ab) = \log a + \log b$:
#
# $$\begin{aligned}
# \log\left( q^{n_1} (1 - q)^{n_0} \right) = n_1 \log q + n_0 \log (1 - q)
# \end{aligned}$$

# %%
q = torch.linspace(0.01, 0.99, 99)
likelihood = q**n_heads * (1 - q) ** n_tails
log_likelihood = n_heads * q.log() + n_tails * (1 - q).log()
assert_close(likelihood.log(), log_likelihood)
print("best by likelihood:    ", q[likelihood.argmax()])
print("best by log-likelihood:", q[log_likelihood.argmax()])

# %% tags=["slide"]
best = q[likelihood.argmax()]
assert likelihood.argmax() == log_likelihood.argmax()
assert_close(best, torch.tensor(n_heads / len(y)))

fig, axes = plt.subplots(1, 2, figsize=(8, 2.9))
axes[0].plot(q, likelihood)
axes[0].set(title="likelihood: a product", ylabel="probability of the ten tosses")
axes[1].plot(q, log_likelihood)
axes[1].set(title="log-likelihood: a sum", ylabel="its logarithm")
for ax in axes:
    ax.axvline(best, color="black", linestyle=":", linewidth=1.2)
    ax.set_xlabel("q, the claimed probability of heads")

# %% [markdown] tags=["slide-more"]
# **What you should see** Left a bell, right a flat hill with steep ends. They look quite
# different, and yet the dotted line goes through the top of both. The logarithm grows
# with its argument, so what is largest stays largest.
#
# Look at the place of the top: it is the share of heads. In lab 1 we made probabilities
# of counts by dividing by their sum. We called it an estimate, and now we know what is
# good about it: of all models, it gives the data the largest probability. This is called
# **maximum likelihood**.
#
# Why do we need the logarithm at all?
#
# ### Pitfall: multiply many probabilities
#
# Ten labels are few. Here are 1,000 rolls of a fair die. `torch.randint(6, (1000,))`
# draws 1,000 whole numbers from 0 to 5. `torch.manual_seed(1)` sets the point at which
# PyTorch's random numbers start, the **seed**, so that you get the same rolls as we do.

# %%
torch.manual_seed(1)
rolls = torch.randint(6, (1000,))
print("the first ten:", rolls[:10])

# %% [markdown]
# Three models of the die: fair, loaded (the last face twice as likely as the others), and
# absurd (nearly always the first face). `fair[rolls]` looks up, for each roll, the
# probability of its face. Looking up with a tensor of positions is called **indexing**,
# and it is half of this lab.

# %%
fair = torch.full((6,), 1 / 6)
loaded = torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 2.0]) / 7
absurd = torch.tensor([0.95, 0.01, 0.01, 0.01, 0.01, 0.01])
models = {"fair": fair, "loaded": loaded, "absurd": absurd}
print(fair[rolls].shape, absurd[rolls][:4])

# %% [markdown] tags=["slide-more"]
# **Predict** Which model has the largest likelihood now?

# %% tags=["pitfall", "slide-more"]
def likelihood_of(model, rolls):
    return model[rolls].prod()


for name, model in models.items():
    print(f"{name:6}", likelihood_of(model, rolls))
    assert likelihood_of(model, rolls) == 0

# %% [markdown] tags=["slide-more"]
# All three get 0. By this number nobody can tell the fair die from the absurd one. The
# true products are not 0, only smaller than the smallest number that `float32` can hold.
# They are rounded to 0, which is called **underflow**. After how many rolls? Would
# `float64`, with twice as many bits, help? (`.double()` makes `float64` of a tensor.)

# %%
for n in (10, 40, 60, 1000):
    single = likelihood_of(fair, rolls[:n])
    double = likelihood_of(fair.double(), rolls[:n])
    print(f"{n:4} rolls: float32 {single:.1e}  float64 {double:.1e}")

# %% [markdown]
# It helps for a while, but a large data set has a million labels. Logarithms help for
# good: they are added, and a sum of a thousand ordinary numbers is an ordinary number.

# %% tags=["slide"]
for name, model in models.items():
    print(f"{name:6} log-likelihood {model[rolls].log().sum():9.2f}")

# %%
scores = {name: model[rolls].log().sum() for name, model in models.items()}
assert scores["fair"] > scores["loaded"] > scores["absurd"]

# %% [markdown] tags=["slide-more"]
# The order is as it should be: fair before loaded, absurd far behind.
#
# **Rule** Add log-probabilities. Never multiply probabilities.
#
# Two small changes make it a number to work with. A log-probability is never positive, so
# we change the **sign**. A thousand labels give a longer sum than ten, so we divide by
# their number: `.mean()`. The result is the **negative log-likelihood** (NLL) per label:
#
# $$\begin{aligned} \text{loss} = -\frac{1}{N} \sum_{i=1}^{N} \log q(y_i) \end{aligned} \tag{negative log-likelihood}$$
#
# where $q(y_i)$ is the probability that the model gave to label $y_i$. A number that
# grades a model, the smaller the better, is called a **loss**. (The notes behind this
# course call it `cost`.)

# %%
for name, model in models.items():
    loss = -model[rolls].log().mean()
    print(f"{name:6} loss {loss:.4f}, exp(-loss) {(-loss).exp():.4f}")

assert_close((fair[rolls].log().mean()).exp(), torch.tensor(1 / 6))

# %% [markdown]
# The last column turns the loss into a probability again. Read it as the *typical*
# probability that the model gave to a label. (It is their geometric mean: the number
# that, multiplied with itself N times, gives the likelihood.) For the fair die it is one
# sixth for every roll.

# %% [markdown] tags=["slide"]
# ## 2. Surprise, and what a wrong model costs
#
# Now the other road. How much does an event *surprise* you? Two demands are enough to
# fix the answer, up to its unit:
#
# 1. The less probable the event, the larger the surprise. A certain event has none.
# 2. The surprises of two independent events add up.
#
# Probabilities of independent events are multiplied, so we need a function that makes
# sums of products. Only the logarithm does. The **surprise** of an event to which you
# gave the probability $q$ is
#
# $$\begin{aligned} \text{surprise} = -\log q \end{aligned} \tag{surprise}$$
#
# (The field also calls it *information*: the more an answer surprises you, the more you
# have learned.)

# %%
def surprise(q):
    return -q.log()


one, other = torch.tensor(0.5), torch.tensor(0.1)
assert_close(surprise(one * other), surprise(one) + surprise(other))

# %% [markdown]
# With the natural logarithm its unit is the **nat**. With the logarithm of base 2 it is
# the **bit**. One bit is $\ln 2$ nats, as a kilometre is 1,000 metres. (`log` in PyTorch
# is the natural logarithm, which school calls $\ln$.)

# %% tags=["slide-more"]
ln2 = torch.tensor(2.0).log()
for q in (0.99, 0.5, 0.125, 0.001):
    nats = surprise(torch.tensor(q))
    print(f"q = {q:5.3f}: {nats:.3f} nats = {nats / ln2:.3f} bits")

# %% tags=["slide"]
q = torch.linspace(0.002, 1, 500)
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(q, surprise(q))
marks = torch.tensor([1.0, 0.5, 0.25, 0.125])
ax.plot(marks, surprise(marks), "o", color="black")
for mark, text in zip(marks, ("certain", "1/2", "1/4", "1/8"), strict=True):
    ax.annotate(text, (mark, surprise(mark)), (2, 7), textcoords="offset points")
ax.set(xlabel="probability q given to what happened", ylabel="surprise (nats)")
ax.set_xlim(-0.02, 1.15)
nat = float(ln2)
bits = ax.secondary_yaxis("right", functions=(lambda s: s / nat, lambda b: b * nat))
bits.set_yticks(range(10))
_ = bits.set_ylabel("surprise (bits)")

# %% [markdown] tags=["slide-more"]
# **What you should see** A curve that falls from the upper left to 0 at $q = 1$. Halving
# the probability always adds the same, one bit on the right axis: 1/2, 1/4, 1/8 are at 1,
# 2, 3. Towards $q = 0$ the surprise grows without bound.
#
# **A bit is a yes/no question.** A prize lies in one of four boxes, A, B, C, D. You know
# how often it lies in each: $p$ = (1/2, 1/4, 1/8, 1/8). You ask yes/no questions. "Is it
# in A?" "Is it in B?" "Is it in C?" So A takes 1 question, B takes 2, C and D take 3.
#
# **Predict** How does that compare with the surprise of each box in bits?

# %% tags=["slide-more"]
p = torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 8])
questions = torch.tensor([1.0, 2.0, 3.0, 3.0])
print("surprise in bits:", surprise(p) / ln2)
assert_close(surprise(p) / ln2, questions)

# %% [markdown] tags=["slide"]
# They are the same. And how many questions do you need *on average*? Half of the time 1,
# a quarter of the time 2, and so on: each surprise, weighted by how often it comes. This
# mean surprise is the **entropy** of $p$:
#
# $$\begin{aligned} H(p) = \sum_i p_i \left( -\log p_i \right) \end{aligned} \tag{entropy}$$
#
# An outcome that never comes contributes nothing to a mean, so we leave it out:
# `p > 0` is a list of True and False, and `p[p > 0]` keeps the numbers where it is True.

# %% tags=["slide-more"]
def entropy(p):
    p = p[p > 0]
    return (p * surprise(p)).sum()


print(f"{entropy(p) / ln2:.2f} questions on average")

# %% [markdown]
# PyTorch knows entropy, too. `Categorical(p)` is its object for a discrete distribution,
# and it has a method for it. Does it agree with ours? Which distribution over four boxes
# has the largest entropy, which the smallest?

# %%
uniform = torch.full((4,), 1 / 4)
always_a = torch.tensor([1.0, 0.0, 0.0, 0.0])
for name, dist in (("p", p), ("uniform", uniform), ("always A", always_a)):
    print(f"{name:9} {entropy(dist) / ln2:.2f} bits = {entropy(dist):.4f} nats")
    assert_close(entropy(dist), Categorical(dist).entropy())

# %% [markdown] tags=["slide"]
# The uniform distribution is the hardest to guess, and the certain one needs no question.
# With K outcomes the entropy lies between 0 and $\log K$. Here that is 2 bits, because
# $4 = 2^2$.
#
# **Now with a wrong model.** You do not know $p$. You believe in a distribution $q$ and
# plan your questions for it. The prize does not care what you believe: it still follows
# $p$. Box $i$ surprises you by $-\log q_i$, and it comes with probability $p_i$. Your
# mean surprise is the **cross entropy**:
#
# $$\begin{aligned} H(p, q) = \sum_i p_i \left( -\log q_i \right) \end{aligned} \tag{cross entropy}$$
#
# Keep the roles apart. **The data follow $p$. The model says $q$.** (One note has it that
# cross entropy assumes that the *model* follows $p$. It is the other way round.)

# %%
def cross_entropy(p, q):
    comes = p > 0
    return (p[comes] * surprise(q[comes])).sum()


reversed_p = torch.tensor([1 / 8, 1 / 8, 1 / 4, 1 / 2])
too_sure = torch.tensor([0.97, 0.01, 0.01, 0.01])
beliefs = {"p itself": p, "uniform": uniform, "reversed": reversed_p}
beliefs["too sure"] = too_sure

# %% [markdown] tags=["slide"]
# Four beliefs: the truth, no opinion, the wrong order, and one that has the right
# favourite but is far too sure of it. **Predict** Which one costs most?

# %% tags=["slide-more"]
for name, q in beliefs.items():
    print(f"{name:9} {cross_entropy(p, q) / ln2:.3f} bits on average")
    assert cross_entropy(p, q) >= entropy(p)

# %% [markdown] tags=["slide"]
# "Too sure" costs more than having everything in the wrong order, although its favourite
# is right. To have no opinion at all is far cheaper than both. Cross entropy punishes
# nothing as hard as calling nearly impossible what then happens.
#
# (What is a fraction of a question? Somebody who is so sure would not ask box by box, but
# about many rounds at once: "Is it A in all of the next twenty?" Bits count questions of
# this kind, too, spread over the rounds. Here the answer is nearly always no, and then
# many more questions follow.)
#
# Nobody needs fewer questions than with the truth. What a belief costs on top of the
# entropy is its **KL divergence** (Kullback-Leibler): the questions that are wasted.
#
# $$\begin{aligned}
# \underbrace{H(p, q)}_{\text{what you pay}} =
# \underbrace{H(p)}_{\text{what nobody can avoid}} +
# \underbrace{\mathrm{KL}(p \,\|\, q)}_{\text{what your model wastes}},
# \qquad
# \mathrm{KL}(p \,\|\, q) = \sum_i p_i \log \frac{p_i}{q_i}
# \end{aligned} \tag{KL divergence}$$
#
# (Read $p \,\|\, q$ as "of $p$ with respect to $q$". `kl_divergence` is PyTorch's
# version, for two `Categorical` objects.)

# %%
def kl(p, q):
    comes = p > 0
    return (p[comes] * (p[comes] / q[comes]).log()).sum()


for q in beliefs.values():
    assert_close(cross_entropy(p, q), entropy(p) + kl(p, q))
    assert_close(kl(p, q), kl_divergence(Categorical(p), Categorical(q)))

# %% [markdown]
# A picture of all four. (`torch.stack` makes a table of tensors, each of them a row.)

# %% tags=["slide"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9), sharey=True)
plots.number_table(torch.stack(list(beliefs.values())), left,
                   row_labels=list(beliefs), column_labels="ABCD", digits=3)
left.set(title="what each model believes (q)", xlabel="box")
entropies = [entropy(p) / ln2] * 4
wasted = [kl(p, q) / ln2 for q in beliefs.values()]
right.barh(range(4), entropies, 0.6, label="entropy H(p)", edgecolor="black")
right.barh(range(4), wasted, 0.6, left=entropies, label="KL(p || q)",
           hatch="//", edgecolor="black", color="C1")
right.set(title="cross entropy = the whole bar", xlabel="mean surprise (bits)")
right.tick_params(axis="y", length=0)
right.grid(axis="x")
_ = right.legend(loc="upper right")

# %% [markdown] tags=["slide-more"]
# **What you should see** Left the four beliefs, right what each costs. The plain part,
# the entropy, is the same in all four rows: it belongs to the prize and not to you. Only
# the hatched part, KL, depends on the model. It is missing in the first row.
#
# These are averages in theory. Do real draws agree? `torch.multinomial(p, 100_000,
# replacement=True)` draws 100,000 boxes, each with its probability in `p`. (Without
# `replacement` no box could come twice.) Then we look up each box in $q$, as we did with
# the die. (`atol=0.03, rtol=0` allows the two to differ by 0.03.)

# %%
torch.manual_seed(1)
draws = torch.multinomial(p, 100_000, replacement=True)
for name, q in beliefs.items():
    measured = surprise(q[draws]).mean()
    in_theory = cross_entropy(p, q)
    print(f"{name:9} measured {measured / ln2:.3f}, H(p, q) {in_theory / ln2:.3f}")
    assert_close(measured, in_theory, atol=0.03, rtol=0)

# %% [markdown]
# **KL is never negative.** One line of school mathematics shows it. The curve $\log x$
# touches the straight line $x - 1$ at $x = 1$ and lies below it elsewhere: its slope is
# $1/x$, so it is steeper than the line before that point, and flatter after it. So
#
# $$\begin{aligned}
# -\mathrm{KL}(p \,\|\, q) = \sum_i p_i \log \frac{q_i}{p_i}
# \le \sum_i p_i \left( \frac{q_i}{p_i} - 1 \right)
# = \sum_i q_i - \sum_i p_i \le 1 - 1 = 0
# \end{aligned}$$
#
# Outcomes with $p_i = 0$ are left out, so these $q_i$ may sum to less than 1. And KL is 0
# only where all $q_i / p_i$ are 1, that is, for $q = p$. We try 1,000 pairs at random.
# (`torch.rand` draws numbers between 0 and 1, here 1,000 × 2 × 4 of them, and softmax
# makes distributions of them.)

# %%
torch.manual_seed(1)
pairs = torch.softmax(6 * torch.rand(1000, 2, 4), dim=2)
print("all positive:", all(kl(a, b) > 0 for a, b in pairs))
assert_close(kl(p, uniform), torch.tensor(4.0).log() - entropy(p))

# %% [markdown]
# The last line is a gift: $\mathrm{KL}(p \,\|\, \text{uniform}) = \log K - H(p)$. As KL
# is never negative, no entropy is larger than $\log K$, which we had only seen before.
#
# **Is cross entropy a distance?** Many texts say so. A distance has two properties that
# everybody expects: from a place to itself it is 0, and there and back are equally far.
# **Predict** Which of the two holds for $H(p, q)$, and which for KL?

# %%
q = too_sure
print(f"H(p, p) = {cross_entropy(p, p):.4f}    KL(p || p) = {kl(p, p):.4f}")
print(f"H(p, q) = {cross_entropy(p, q):.4f}    KL(p || q) = {kl(p, q):.4f}")
print(f"H(q, p) = {cross_entropy(q, p):.4f}    KL(q || p) = {kl(q, p):.4f}")
assert cross_entropy(p, p) > 1 and kl(p, p) == 0
assert kl(p, q) > 1.5 * kl(q, p)

# %% [markdown]
# $H(p, p)$ is not 0, it is the entropy. Neither of the two is the same in both
# directions. KL at least is 0 for the truth. So cross entropy is a *cost*: what you pay
# under $p$ when you believe in $q$. (Another note says that it measures how *similar* two
# distributions are. But it grows as they become less similar.)
#
# **The roads meet.** Go back to the ten tosses. Take the shares of tails and heads among
# them as $p$. Each $q$ on our grid is a model. We compare its mean NLL of section 1, the
# average over ten labels, with the cross entropy of section 2.

# %%
q = torch.linspace(0.01, 0.99, 99)
nll = -log_likelihood / len(y)
shares = torch.tensor([n_tails, n_heads]) / len(y)
coins = torch.stack([1 - q, q], dim=1)  # (99, 2): two columns
crosses = torch.stack([cross_entropy(shares, coin) for coin in coins])
assert_close(nll, crosses)

# %%
fig, ax = plt.subplots()
ax.plot(q, nll, label="mean NLL = cross entropy H(p, q)")
ax.axhline(entropy(shares), color="C1", linestyle="--", label="entropy H(p)")
ax.fill_between(q, entropy(shares), nll, alpha=0.25, hatch="//", label="KL(p || q)")
ax.axvline(best, ymax=0.6, color="black", linestyle=":", linewidth=1.2)
ax.set(xlabel="q, the claimed probability of heads", ylabel="mean surprise (nats)")
ax.set_ylim(0, 3.4)
_ = ax.legend(loc="upper right")

# %% [markdown]
# **What you should see** The hill of section 1 upside down: a valley, with its lowest
# point on the dotted line, the share of heads. There it touches the dashed line, the
# entropy, and the hatched gap, KL, closes. A coin that is not certain cannot be predicted
# without any surprise, so the valley does not reach 0.
#
# The mean NLL of labels *is* the cross entropy between their shares and the model. So
# three wishes are one and the same: the largest likelihood, the smallest cross entropy,
# the smallest KL. From here on we say "the loss", and mean all of them.
#
# Move the slider. Where is the loss largest, and what is the hatched part there?

# %%
def draw(q):
    left, right = plt.subplots(1, 2, figsize=(6.4, 2.6))[1]
    coin = torch.tensor([1 - q, q])
    plots.bars(coin, left, labels=["tails", "heads"])
    left.set_title(f"model, q = {q:.2f}")
    right.barh([0], entropy(shares), edgecolor="black")
    right.barh([0], kl(shares, coin), left=entropy(shares), color="C1",
               hatch="//", edgecolor="black")
    right.set(xlim=(0, 3.5), yticks=[], xlabel="entropy + KL (nats)")


plots.slider(draw, q=(0.01, 0.99, 0.5))

# %% [markdown]
# ## 3. A batch
#
# Now to a classifier: N examples, K classes, one row of logits per example.
# Random numbers, `torch.rand(3, 5)`, play the logits of a model that has learned nothing.
# `torch.randint(5, (3,))` draws the three labels.

# %%
torch.manual_seed(1)
logits = torch.rand(3, 5)  # (N, K)
y = torch.randint(5, (3,))  # (N,)
probs = torch.softmax(logits, dim=1)
print(probs)
print("y =", y, y.dtype)

# %% [markdown]
# `y` holds class *numbers*, also called class indices: whole numbers, which PyTorch
# stores as `int64`. (This is the `dtype` of a tensor, the kind of number in it. The notes
# call the probabilities `hypothesis`.)
#
# What is $p$ here, the distribution that the data follow? For one photo we have one
# label, and it is certain: "class 0, and no other". As a distribution, that is a 1 at the
# label and 0 elsewhere. Such a row is called **one-hot**. Here they are, written one by
# one.

# %%
by_hand = torch.zeros(3, 5)
for i in range(3):
    by_hand[i, y[i]] = 1.0
print(by_hand)
print("entropy of each row:", [entropy(row).item() for row in by_hand])

# %% [markdown] tags=["slide"]
# (`.item()` takes the plain Python number out of a tensor with one element.)
#
# The entropy of a one-hot row is 0, since a label that is known leaves no question. And
# in the sum $\sum_i p_i (-\log q_i)$ only one term survives: that of the label.
#
# $$\begin{aligned} H(\text{one-hot}, q) = \mathrm{KL}(\text{one-hot} \,\|\, q)
# = -\log q_y \end{aligned} \tag{one-hot labels}$$
#
# So the loss of one example is the surprise at its label, and all the theory shrinks to a
# look-up. For the whole batch:

# %% tags=["slide-more"]
one_hot = by_hand
losses = (one_hot * -probs.log()).sum(dim=1)  # (N,): one per example
loss = losses.mean()
print("losses:", losses)
print(f"loss:   {loss:.4f}")
assert_close(loss, torch.tensor(1.4689), atol=5e-5, rtol=0)

# %% [markdown]
# Read it from the inside: the logarithm of each probability, its sign changed, times 0
# or 1, summed over the classes (`dim=1`), averaged over the examples. Row by row it is
# the `cross_entropy` of section 2.

# %%
for i in range(3):
    assert_close(losses[i], cross_entropy(one_hot[i], probs[i]))
    assert_close(losses[i], kl(one_hot[i], probs[i]))

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 2.4), sharey=True)
plots.number_table(probs, left, digits=4, vmax=0.4)
left.set(title="probs, the label framed", xlabel="class", ylabel="example")
for i in range(3):
    left.add_patch(plt.Rectangle((y[i] - 0.5, i - 0.5), 1, 1, fill=False, lw=3,
                                 clip_on=False, zorder=3))
right.barh(range(3), losses, 0.6, edgecolor="black")
right.axvline(loss, color="black", linestyle=":")
right.text(loss, -0.52, "mean", ha="center", va="bottom")
right.grid(axis="x")
_ = right.set(title="loss of each example", xlabel="surprise at the label (nats)")

# %% [markdown]
# **What you should see** Left the probabilities, one row per example; in each row the
# cell of the label is framed. Right the loss of the same row. The smaller the framed
# number, the longer the bar. The other four cells of a row do not count, except that all
# five must sum to 1. The dotted line is the loss of the batch. (On the axes, as in code,
# examples and classes are counted from 0.)
#
# ### Pitfall: numbers typed by hand
#
# The published page prints these labels and probabilities. In the sentence below it, it
# then says that the labels are 2, 0, 2, and names three probabilities that stand nowhere
# in its table. The loss on the page is right, its explanation is not. How far off would
# the loss be with the labels of that sentence?

# %% tags=["pitfall"]
def loss_of(probs, labels):
    return sum(-probs[i, label].log() for i, label in enumerate(labels)) / len(labels)


print(f"labels as printed, {y.tolist()}: loss {loss_of(probs, y):.4f}")
print(f"labels as described, [2, 0, 2]: loss {loss_of(probs, [2, 0, 2]):.4f}")
print("probabilities of the labels:", [f"{probs[i, y[i]]:.4f}" for i in range(3)])
assert loss_of(probs, [2, 0, 2]) > loss

# %% [markdown]
# Probably somebody ran the cells without a seed at first, wrote the sentence, and then ran
# them again. The numbers changed, the sentence stayed.
#
# **Rule** Do not type a result into a text. Let a cell print it.
#
# **One-hot without a loop.** Two more ways, and you will meet both in other people's
# code. `scatter_(1, index, 1.0)` goes through the rows and writes 1.0 into the column
# that `index` names. It wants `index` as a column, and `y.unsqueeze(1)` makes shape (3, 1)
# of (3,). The underscore at the end of its name says that it changes the tensor in place:
# here the zeros that `zeros_like` makes in the shape of `probs`. `F.one_hot` does all of
# it. It returns whole numbers, and `.float()` makes `float32` of them.

# %%
scattered = torch.zeros_like(probs).scatter_(1, y.unsqueeze(1), 1.0)
ready_made = F.one_hot(y, num_classes=5)
print(ready_made, ready_made.dtype)
assert scattered.equal(by_hand)
assert ready_made.float().equal(by_hand)
assert F.one_hot(y).shape == (3, 3)  # not (3, 5)

# %% [markdown]
# Without `num_classes` the function takes the largest label that it finds for the last
# class. The last line of the cell shows it: our batch, in which classes 3 and 4 do not
# come, gets three columns instead of five. So always give it.
#
# ### Pitfall: a helper that sorts the classes
#
# Labels often come as words. A third way takes the words themselves: `LabelBinarizer`,
# from scikit-learn, a large library for machine learning. Our model has its own order of
# classes, and the order of its columns: dog, parrot, cat. This model is nearly perfect:
# the logit of the right class is 4, the others are 0. **Predict** Will its loss be near
# 0?

# %% tags=["pitfall"]
class_names = ["dog", "parrot", "cat"]  # the columns of the model
words = ["parrot", "dog", "cat", "dog", "parrot"]
y_animals = torch.tensor([class_names.index(word) for word in words])
good_logits = 4.0 * F.one_hot(y_animals, num_classes=3)
good_log_probs = torch.log_softmax(good_logits, dim=1)


def loss_with_binarizer(words, log_probs):
    binarizer = LabelBinarizer()
    one_hot = torch.from_numpy(binarizer.fit_transform(words))
    return binarizer.classes_, (one_hot * -log_probs).sum(dim=1).mean()


classes, binarizer_loss = loss_with_binarizer(words, good_log_probs)
print(f"loss {binarizer_loss:.4f}")
assert binarizer_loss > torch.tensor(3.0).log()

# %% [markdown]
# (`fit_transform` finds the classes and returns the one-hot rows as an array of NumPy,
# an older library for tables of numbers; `torch.from_numpy` makes a tensor of it.)
#
# The model is right on every photo, and its loss is far worse than that of guessing. The
# model is not to blame. The attribute `classes_` says what the columns mean.

# %%
print("columns of the binarizer:", classes.tolist())
print("columns of the model:    ", class_names)
one_hot = F.one_hot(y_animals, num_classes=3)
right_loss = (one_hot * -good_log_probs).sum(dim=1).mean()
print(f"loss with the model's own order: {right_loss:.4f}")
assert right_loss < 0.05

# %% [markdown]
# `LabelBinarizer` sorts the class names. Every column got the meaning of another one, in
# silence. (In Korean, the language of the notes, "dog" is sorted before "cat". There,
# too, the columns were not in the order that the text assumed.)
#
# With two classes there is one more trap: it returns a single column.

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
# A (4, 1) column times a (4, 2) table: PyTorch stretches the column over both columns of
# the table. Cats now cost nothing, and dogs pay for both classes. No error. (`torch.cat`
# joins tensors, with `dim=1` side by side.)
#
# **Rule** Write down the order of your classes once, and make the indices from it. If a
# helper makes them, print its `classes_`.

# %% [markdown]
# ## 4. By indexing: no zeros
#
# Each row of a one-hot table has one number that matters. Why multiply the others by 0?
# Look up the log-probability of the label instead. We go straight to `log_softmax`, as
# lab 1 demands. Here is another batch: five examples, three classes.

# %%
torch.manual_seed(1)
logits = torch.rand(5, 3)  # (N, K)
y = torch.randint(3, (5,))  # (N,)
log_probs = torch.log_softmax(logits, dim=1)
print(log_probs)
print("y =", y)
assert y.tolist() == [0, 0, 0, 2, 1]

# %% [markdown]
# `torch.arange(5)` is the tensor 0, 1, 2, 3, 4. Indexing with *two* tensors takes them in
# pairs: row 0 and column `y[0]`, row 1 and column `y[1]`, and so on.

# %%
rows = torch.arange(5)
picked = log_probs[rows, y]  # (N,)
print("picked:", picked)
expected = torch.tensor([-0.8421, -0.9405, -1.2858, -1.1114, -1.2893])
assert_close(picked, expected, atol=5e-5, rtol=0)

# %%
print(f"sum  {-picked.sum():.4f}")
print(f"mean {-picked.mean():.4f}")
assert_close(-picked.sum(), torch.tensor(5.4691), atol=5e-5, rtol=0)
assert_close(-picked.mean(), torch.tensor(1.0938), atol=5e-5, rtol=0)

# %% [markdown]
# `gather` does the same and is what you will often see: `log_probs.gather(1, index)`
# takes from each row the column that `index` names. Like `scatter_` it wants a column,
# and it returns one; `.squeeze(1)` makes (5,) of (5, 1). All three ways agree.

# %%
gathered = log_probs.gather(1, y.unsqueeze(1)).squeeze(1)
one_hot = F.one_hot(y, num_classes=3)
multiplied = (one_hot * log_probs).sum(dim=1)
assert gathered.equal(picked)
assert_close(multiplied, picked)

# %% [markdown]
# What does it save? Take a language model: 1,000 words to predict, each out of 50,000. A
# `float32` number has 4 bytes, an `int64` number 8.

# %%
n_examples, n_classes = 1000, 50_000
one_hot_bytes = n_examples * n_classes * 4
index_bytes = n_examples * 8
print(f"one-hot rows {one_hot_bytes / 1e6:.0f} MB, indices {index_bytes / 1e3:.0f} kB")
print(f"{one_hot_bytes // index_bytes:,} times as much")

# %% [markdown] tags=["slide"]
# ### Pitfall: a colon in place of the rows
#
# The row numbers look superfluous. "All rows, columns `y`" is shorter to write.
# **Predict** What is the shape of `log_probs[:, y]`?

# %% tags=["pitfall", "slide-more"]
def loss_with_colon(log_probs, y):
    return -log_probs[:, y].mean()


print("shape:", tuple(log_probs[:, y].shape))
print(f"loss {loss_with_colon(log_probs, y):.4f} instead of {-picked.mean():.4f}")
assert log_probs[:, y].shape == (5, 5)
assert abs(loss_with_colon(log_probs, y) + picked.mean()) < 0.02

# %% [markdown]
# Every row got the labels of *all* examples: 25 numbers in place of 5. The mean looks
# perfectly plausible, and for this batch it is nearly right, because the model knows
# nothing. So try it on two models that do know something. One is sure of the right class
# each time. The other has only counted the labels: it gives every example the same
# answer, (3/5, 1/5, 1/5). **Predict** Which one does the colon prefer?

# %%
sure = torch.log_softmax(5.0 * one_hot, dim=1)
counted = torch.stack([torch.tensor([0.6, 0.2, 0.2]).log()] * 5)
for name, model in (("sure and right", sure), ("counted", counted)):
    print(f"{name:14} loss {-model[rows, y].mean():.4f}, "
          f"with colon {loss_with_colon(model, y):.4f}")
assert loss_with_colon(counted, y) < loss_with_colon(sure, y)

# %% [markdown] tags=["slide-more"]
# It prefers the one that never looks at an example. Section 2 knows why: with the colon
# each row is compared with the shares of *all* labels, and the best answer to that is the
# shares. Whoever trains with this loss gets a model that says the same about every photo.
#
# **Rule** Row numbers and labels go in pairs: `log_probs[torch.arange(N), y]`. Then the
# shape is (N,). Check it.
#
# **What is a good loss?** A model that knows nothing gives each of K classes $1/K$. Its
# surprise at any label is $-\log (1/K) = \log K$, whatever the labels are. This is the
# number to compare with.

# %%
for n_classes, value in ((5, loss), (3, -picked.mean())):
    ignorant = torch.tensor(n_classes).log()
    print(f"{n_classes} classes: ln {n_classes} = {ignorant:.4f}, our loss {value:.4f}")
    assert abs(value - ignorant) < 0.1 * ignorant

# %% [markdown]
# Both of our batches have random logits, and both losses are near $\log K$. Any model
# should begin there, before it has learned anything. If its first loss is far above,
# something is wrong already: it is sure of what it cannot know.
#
# The exponential of the loss is called **perplexity**. It reads as a number of classes:
# the model is as unsure as if it had to guess among so many equally likely ones.

# %%
print(f"perplexity {loss.exp():.2f} of 5, {(-picked.mean()).exp():.2f} of 3")
one_fifth = torch.full((3,), 1 / 5)  # what guessing among 5 gives to three labels
assert_close(surprise(one_fifth).mean().exp(), torch.tensor(5.0))

# %% [markdown]
# **The two models** of the introduction. Both put the right animal first in all three
# photos, so by counting right answers they are equal.

# %%
y_photos = torch.tensor([0, 1, 2])
sure = torch.log_softmax(4.0 * torch.eye(3), dim=1)  # eye(3): 1 on the diagonal
unsure = torch.log_softmax(0.1 * torch.eye(3), dim=1)
for name, model in (("sure", sure), ("unsure", unsure)):
    model_loss = -model[torch.arange(3), y_photos].mean()
    print(f"{name:6} right answers {(model.argmax(dim=1) == y_photos).sum()} of 3, "
          f"loss {model_loss:.4f}, perplexity {model_loss.exp():.2f}")

# %% [markdown]
# The loss tells them apart. The first hardly hesitates, the second is close to guessing
# among three. But being sure is only good for those who are right, as section 2 has shown.

# %% [markdown]
# ## 5. The logarithm of zero
#
# ### Pitfall: zero times minus infinity
#
# A model is completely sure of class 0: logits (1000, 0, 0). In `float32` its
# probabilities are exactly (1, 0, 0). **Predict** The label is class 0, so the model is
# right. Which loss do the two ways give? And if the label is class 1?

# %% tags=["pitfall"]
def losses_by_one_hot(probs, y):
    one_hot = F.one_hot(y, num_classes=probs.shape[1])
    return (one_hot * -probs.log()).sum(dim=1)


def losses_by_index(probs, y):
    return -probs[torch.arange(len(y)), y].log()


logits = torch.tensor([[1000.0, 0.0, 0.0], [1000.0, 0.0, 0.0]])
y = torch.tensor([0, 1])  # the model is right, then wrong
probs = torch.softmax(logits, dim=1)
print("one-hot: ", losses_by_one_hot(probs, y))
print("by index:", losses_by_index(probs, y))
assert losses_by_one_hot(probs, y).isnan().all()

# %% [markdown]
# With one-hot rows even the *right* answer gives `nan`. The classes that were not asked
# for have $\log 0 = -\infty$, and $0 \cdot (-\infty)$ has no defined value, so the zeros
# do not remove it. The computer is not wrong here, our formula was typed too literally.
# In mathematics $0 \log 0$ is *agreed* to be 0: what never comes costs nothing. That is
# why `entropy` and `kl` above leave such outcomes out. (One note says that the loss goes
# to infinity where $p$ is 0. There it contributes nothing.)
#
# Indexing never touches the other classes. It gives 0 for the right answer (`-0.` is a
# zero with a sign), and infinity for the wrong one: the model had said "impossible" of
# what then happened. But is infinity the truth?

# %%
log_probs = torch.log_softmax(logits, dim=1)
print("log_softmax, by index:", -log_probs[torch.arange(2), y])
print("log_softmax, one-hot: ", (F.one_hot(y, 3) * -log_probs).sum(dim=1))
assert_close(-log_probs[1, 1], torch.tensor(1000.0))

# %% [markdown] tags=["slide"]
# The model never said "impossible". It said $e^{-1000}$, and the rounding made a zero of
# it. From the logits, by way of `log_softmax`, both ways give the same right and finite
# numbers.
#
# ### Pitfall: a small number to avoid the zero
#
# A popular remedy adds a tiny constant: `log(probs + 1e-9)`. Three models are wrong, the
# first sure, the second very sure, the third absurdly sure. **Predict** What are their
# losses with the remedy?

# %% tags=["pitfall", "slide-more"]
def losses_with_constant(logits, y):
    return losses_by_index(torch.softmax(logits, dim=1) + 1e-9, y)


logits = torch.tensor([[30.0, 0.0], [100.0, 0.0], [1000.0, 0.0]])
y = torch.tensor([1, 1, 1])  # all three are wrong
print("log(probs + 1e-9):", losses_with_constant(logits, y))
print("log_softmax:      ", -torch.log_softmax(logits, dim=1)[torch.arange(3), y])
assert losses_with_constant(logits, y).max() < 21

# %% [markdown] tags=["slide-more"]
# The constant puts a lid on the loss. Above it all errors look the same, and a model that
# goes from "sure and wrong" to "absurdly sure and wrong" sees no difference. The `nan` is
# gone, and so is the information.
#
# **Rule** From logits to `log_softmax` to the label. Never take the logarithm of a
# probability that softmax has rounded.

# %% [markdown]
# ## 6. Which mean?
#
# A mean is a sum divided by a number. Two bugs divide by the wrong number.
#
# ### Pitfall: the mean over the whole table
#
# `(one_hot * log_probs)` has N × K cells. Without `sum(dim=1)`, `.mean()` divides by N × K
# instead of N.

# %% tags=["pitfall"]
def loss_over_all_cells(one_hot, log_probs):
    return -(one_hot * log_probs).mean()


uniform_log_probs = torch.full((5, 3), 1 / 3).log()  # a model that knows nothing
wrong = loss_over_all_cells(one_hot, uniform_log_probs)
right = -(one_hot * uniform_log_probs).sum(dim=1).mean()
print(f"over all cells {wrong:.4f}, per example {right:.4f}, ratio {right / wrong:.1f}")
assert_close(right / wrong, torch.tensor(3.0))

# %% [markdown] tags=["slide"]
# The loss is K times too small. The best model stays the best, but the comparison with
# $\log K$ is lost: this one looks much better than guessing, and it *is* guessing. With
# 1,000 classes every model would look excellent.
#
# **Rule** Sum over the classes, then take the mean over the examples.
#
# ### Pitfall: the mean of batch means
#
# A large data set does not fit into one calculation. It is cut into batches, each batch
# has its mean loss, and at the end one averages these means. This bug stands in a great
# many published programs, since the result is nearly right nearly always. Here are the
# losses of 257 examples, in batches of 256. The last example is a hard one.
# `losses.split(256)` cuts the tensor into pieces of 256; the last piece is what remains.

# %% tags=["slide-more"]
torch.manual_seed(1)
losses = 0.2 * torch.rand(257)
losses[-1] = 6.0
batches = losses.split(256)
print("batch sizes:", [len(batch) for batch in batches])
print("batch means:", [round(batch.mean().item(), 4) for batch in batches])

# %% [markdown] tags=["slide-more"]
# **Predict** The mean of the two batch means, against the mean of all 257: which is
# larger, and by which factor?

# %% tags=["pitfall", "slide-more"]
def mean_of_batch_means(losses, batch_size):
    means = [batch.mean() for batch in losses.split(batch_size)]
    return sum(means) / len(means)


print(f"mean of batch means   {mean_of_batch_means(losses, 256):.4f}")
print(f"mean of all examples  {losses.mean():.4f}")
assert mean_of_batch_means(losses, 256) > 20 * losses.mean()

# %% tags=["slide"]
fig, ax = plt.subplots(figsize=(6.4, 2.3))
last = torch.tensor([1 / 257, 1 / 2])  # the share of the last example in each mean
first = 1 - last
ax.barh([0, 1], first, 0.5, label="the first 256 together")
ax.barh([0, 1], last, 0.5, left=first, label="the last one alone", color="C1",
        hatch="//", edgecolor="black", linewidth=0)
ax.set_yticks([0, 1], ["mean of all", "mean of\nbatch means"])
ax.set(xlabel="share in the result", ylim=(1.5, -0.5))
_ = ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))

# %% [markdown] tags=["slide-more"]
# **What you should see** Above, in the true mean, the last example is a thin line at the
# right end: one of 257. Below it fills half of the bar. It was alone in its batch, and
# its batch counts as much as the other one.
#
# It gets worse. The result depends on the *order* of the examples, which no property of a
# model does. We exchange the last example with the first.

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
total = sum(batch.sum() for batch in losses.split(256))
assert_close(total / len(losses), losses.mean())
weighted = sum(batch.mean() * len(batch) for batch in losses.split(256))
assert_close(weighted / len(losses), losses.mean())

# %% [markdown] tags=["slide-more"]
# **Rule** Add sums over batches, and divide once by N. A mean of means is surely right
# only if all batches have the same size.

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` by your code and run the cell. Remove the `#` for a hint. A loss is a
# tensor with one element, as it comes out of `.mean()`. Its shape is `()`: it has no
# direction at all.
#
# **Exercise 1.** `loss_from_one_hot(probs, one_hot)`: the mean cross entropy in nats.
# Both have shape (N, K); `one_hot` holds whole numbers, as from `F.one_hot`. Some
# probabilities are exactly 0, but never that of a label: take no logarithm of these zeros,
# not even one that you throw away afterwards. Others are as small as 1e-20.

# %% tags=["exercise"]
def loss_from_one_hot(probs, one_hot):
    ...


lab02.loss_from_one_hot.check(loss_from_one_hot)
# lab02.loss_from_one_hot.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `loss_from_indices(probs, y)`: the same, with the same zeros, for class
# indices `y` of shape (N,).

# %% tags=["exercise"]
def loss_from_indices(probs, y):
    ...


lab02.loss_from_indices.check(loss_from_indices)
# lab02.loss_from_indices.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 3.** `kl_from_counts(counts, q)`: how often each of K outcomes came (whole
# numbers, shape (K,)), and a model `q` of shape (K,). Make $p$ of the counts, and return
# $\mathrm{KL}(p \,\|\, q)$ in nats as a plain Python number. An outcome that never came
# costs nothing. An outcome that came although the model calls it impossible costs `inf`.

# %% tags=["exercise"]
def kl_from_counts(counts, q):
    ...


lab02.kl_from_counts.check(kl_from_counts)
# lab02.kl_from_counts.hint()

# %% [markdown] tags=["slide"]
# **Exercise 4.** `perplexity(logits, y)` of a batch: *logits* of shape (N, K), class
# indices of shape (N,). The result is a tensor with one element. Some logits are large.

# %% tags=["exercise"]
def perplexity(logits, y):
    ...


lab02.perplexity.check(perplexity)
# lab02.perplexity.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 5.** `mean_loss(batch_means, batch_sizes)`: the mean loss over all examples,
# from the mean loss and the size of each batch, both of shape (B,).

# %% tags=["exercise"]
def mean_loss(batch_means, batch_sizes):
    ...


lab02.mean_loss.check(mean_loss)
# lab02.mean_loss.hint()

# %% [markdown]
# **To think about** (1) You add 100 to all logits. What happens to the loss? (2) The
# labels of a data set are partly wrong: one in ten was drawn at random. Can the loss of
# the best possible model be 0? (3) A model may answer "I do not know" and give each class
# $1/K$. When is that better for the loss than an answer that is right 6 times in 10?
#
# ## Quiz
#
# Five cells. Decide what each will print before you run it.
#
# **Question 1.** Model A gives 0.99 to nine labels and one in a million to the tenth.
# Model B gives 0.5 to each of the ten. Whose loss is smaller?

# %%
probs_a = torch.tensor([0.99] * 9 + [1e-6])
probs_b = torch.full((10,), 0.5)
for name, probs_of_y in (("A", probs_a), ("B", probs_b)):
    print(f"model {name}: loss {-probs_of_y.log().mean():.2f}")

# %% [markdown]
# One confident mistake costs more than nine excellent answers bring.
#
# **Question 2.** $p$ is uniform over eight outcomes, and the model knows it. What is the
# cross entropy in bits?

# %%
p = torch.full((8,), 1 / 8)
print(f"{(p * -p.log2()).sum():.2f}")

# %% [markdown]
# Three questions, and not 0: a perfect model still pays the entropy. (`log2` is the
# logarithm of base 2.)
#
# **Question 3.** The coin $p$ always shows heads. The model $q$ says one half. What are
# $\mathrm{KL}(p \,\|\, q)$ and $\mathrm{KL}(q \,\|\, p)$?

# %%
p, q = Categorical(torch.tensor([1.0, 0.0])), Categorical(torch.tensor([0.5, 0.5]))
print(f"KL(p || q) = {kl_divergence(p, q):.4f}")
print(f"KL(q || p) = {kl_divergence(q, p):.4f}")

# %% [markdown]
# The first is $\ln 2$: each toss costs one needless bit. In the second, tails do come,
# and the model $p$ has called them impossible. That is an infinite surprise.
#
# **Question 4.** Every example is put into the data set a second time. What happens to
# the sum and to the mean of the losses?

# %%
twice = torch.cat([losses, losses])
print(f"sum:  {twice.sum() / losses.sum():.1f} times as large")
print(f"mean: {twice.mean() / losses.mean():.1f} times as large")

# %% [markdown]
# The sum grows with the data, the mean does not. That is why we report the mean.
#
# **Question 5.** 12 losses in batches of 4. Is the mean of the batch means right?

# %%
twelve = losses[-12:]
print(torch.allclose(mean_of_batch_means(twelve, 4), twelve.mean()))

# %% [markdown]
# It is (`torch.allclose` says whether two tensors agree up to rounding): all batches have
# the same size. So a test with a round number of examples does not find this bug.

# %% [markdown] tags=["slide"]
# ## Summary
#
# * The likelihood is the probability that a model gave to what happened. Add its
#   logarithms; the product underflows.
# * Surprise is $-\log q$. Entropy is the mean surprise of somebody who knows $p$. Cross
#   entropy is that of somebody who believes $q$. The difference is KL, never negative.
# * Mean NLL, cross entropy and KL have their minimum at the same model. We call the
#   first "the loss".
# * For a label, cross entropy is the surprise at the label: `-log_probs[arange(N), y]`.
# * $\log K$ is the loss of guessing. The exponential of the loss is a number of classes.
# * `0 * log(0)` is `nan`. Start from logits and use `log_softmax`.
# * Sum over classes, mean over examples, one division by N at the very end.
# * Know the order of your classes; a helper may have sorted them.
#
# Next: [**lab 3, cross entropy with PyTorch**](03_cross_entropy_with_torch.ipynb). There all of this is a single call. We know
# what it must return for our two batches, so we can find every way to call it wrongly.
