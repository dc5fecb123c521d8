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
# # 3. Cross entropy with PyTorch
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/03_cross_entropy_with_torch.ipynb)
#
# In lab 2 you wrote the cross entropy yourself. PyTorch has it as one function, and a
# handful of others that do a part of it. They fit together in a few right ways and in
# many wrong ones, and most of the wrong ones raise no error. After this lab you will see
# at a glance which is which.
#
# **You will be able to**
#
# * say which function does which of the four steps from logits to loss;
# * explain what a gradient is, and let PyTorch calculate one;
# * derive the gradient of the cross entropy, (p - y) / N, and check it;
# * prepare labels so that the loss takes them, and name the wrong labels that it takes
#   as well;
# * calculate class weights, ignored labels and label smoothing by hand;
# * recognise softmax applied twice, by the loss alone;
# * use the two losses for two classes, and show that they are the same thing.
#
# **Needs** Labs 1 and 2: softmax, `log_softmax`, logsumexp, sigmoid; log-likelihood,
# cross entropy, one-hot. From school: the slope of a curve. From Python also:
# `try`, `except`, `else` (what to do after an error, or without one), `f(**settings)`
# (hand over a dictionary as named arguments), `f.__name__` (the name of a function).
# In a cell with `plt.subplots` most lines only draw; you may skip them.
#
# **Takes** 95 minutes to read and run, 40 more for the exercises and the quiz.

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
from torch import nn
from torch.testing import assert_close

from course_utils import plots
from course_utils.exercises import lab03

plt.style.use("course_utils.course")

# %% [markdown]
# `F` is `torch.nn.functional`, as in lab 2. `nn` holds the same things as *objects*;
# section 1 says what that means.

# %% [markdown]
# ## 1. Four steps, four ways to write them
#
# Here are the two batches of lab 2 again, with the same seed.

# %%
torch.manual_seed(1)
logits = torch.rand(3, 5)  # (N, K): 3 examples, 5 classes
y = torch.randint(5, (3,))  # (N,): the right classes

torch.manual_seed(1)
logits_2 = torch.rand(5, 3)  # 5 examples, 3 classes
y_2 = torch.randint(3, (5,))
print(y, y_2)

# %% [markdown] tags=["slide"]
# From logits to loss there are four steps. **Softmax** makes probabilities of the logits.
# **Log** takes their logarithm. Then we **pick** the log-probability of each example's
# right class. And **minus the mean** of these is the loss. Written out with `gather`, as
# in lab 2:

# %% tags=["slide-more"]
def rung_1(logits, y):
    log_probs = torch.log(torch.softmax(logits, dim=1))
    return -log_probs.gather(1, y.unsqueeze(1)).mean()


# %%
print(f"{rung_1(logits, y):.4f}  {rung_1(logits_2, y_2):.4f}")
assert_close(rung_1(logits, y), torch.tensor(1.4689), atol=5e-5, rtol=0)
assert_close(rung_1(logits_2, y_2), torch.tensor(1.0938), atol=5e-5, rtol=0)

# %% [markdown]
# Think of this as the lowest rung of a ladder. On each rung above, one function of
# PyTorch takes over more of the four steps.
#
# * **Rung 2**: `torch.log_softmax` does softmax and log at once. You know why from lab 1.
# * **Rung 3**: `F.nll_loss` does the last two steps, pick and minus the mean. Its name
#   means "negative log-likelihood". Mind that it takes no logarithm: it expects that you
#   have done that already.
# * **Rung 4**: `F.cross_entropy` does all four.

# %%
def rung_2(logits, y):
    log_probs = torch.log_softmax(logits, dim=1)
    return -log_probs.gather(1, y.unsqueeze(1)).mean()


def rung_3(logits, y):
    return F.nll_loss(torch.log_softmax(logits, dim=1), y)


# %%
ladder = {
    "1: log(softmax), pick": rung_1,
    "2: log_softmax, pick": rung_2,
    "3: log_softmax, nll_loss": rung_3,
    "4: cross_entropy": F.cross_entropy,
}
for name, rung in ladder.items():
    print(f"{name:25} {rung(logits, y):.4f}  {rung(logits_2, y_2):.4f}")
    assert_close(rung(logits, y), rung_1(logits, y))
    assert_close(rung(logits_2, y_2), rung_1(logits_2, y_2))

# %% [markdown]
# The same two numbers four times. The next picture shows who does what. Keep it in mind:
# nearly every bug in this lab is a step that is done twice or not at all.

# %%
def draw_steps(rows, steps, ax):
    for row, functions in enumerate(rows.values()):
        start = 0
        for name, width in functions:
            ax.barh(row, width - 0.06, left=start + 0.03, height=0.7, color="C5",
                    alpha=0.25 * width, edgecolor="black")
            ax.text(start + width / 2, row, name, ha="center", va="center")
            start += width
    ax.set_xticks([i + 0.5 for i in range(len(steps))], steps)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlim=(0, len(steps)), xlabel="the four steps from logits to loss")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


# %% tags=["slide"]
fig, ax = plt.subplots(figsize=(7.2, 2.9))
rows = {
    "rung 1": [("softmax", 1), ("log", 1), ("gather", 1), ("-mean", 1)],
    "rung 2": [("log_softmax", 2), ("gather", 1), ("-mean", 1)],
    "rung 3": [("log_softmax", 2), ("nll_loss", 2)],
    "rung 4": [("cross_entropy", 4)],
}
draw_steps(rows, ["softmax", "log", "pick the class", "minus the mean"], ax)

# %% [markdown] tags=["slide-more"]
# **What you should see** A wall of four rows. Each row is laid out with other bricks, but
# all of them cover the same four steps, each step once. The higher the rung, the fewer
# and the wider the bricks: at the top, `cross_entropy` covers everything.
#
# You will often meet a second spelling: `nn.CrossEntropyLoss`, the same loss as an
# *object*. First you make it, with its settings; then you call it like a function. From
# now on we may use both.

# %%
loss_fn = nn.CrossEntropyLoss()
assert_close(loss_fn(logits, y), F.cross_entropy(logits, y))

# %% [markdown] tags=["slide"]
# **Why climb at all?** All rungs give the same number, so it may seem a matter of taste.
# **Predict** The logits are (1000, 0, 0), and the right class is the second. What does
# each rung say?

# %% tags=["slide-more"]
extreme = torch.tensor([[1000.0, 0.0, 0.0]])
second = torch.tensor([1])
for name, rung in ladder.items():
    print(f"{name:25} {rung(extreme, second).item()}")
assert rung_1(extreme, second) == torch.inf
assert F.cross_entropy(extreme, second) == 1000

# %% [markdown] tags=["slide-more"]
# The lowest rung takes the log of a probability that was rounded to 0. The others never
# see that probability. It gets worse in section 3, where we look at slopes.
#
# **Rule** Give raw logits to `F.cross_entropy`. It does all four steps, and safely.

# %% [markdown] tags=["slide"]
# ## 2. What a gradient is
#
# A loss says how bad a model is. Training wants to make it smaller, so it asks about
# every number in the model: if I raise this one a little, does the loss go up or down,
# and how fast? That is a question about a **slope**.
#
# You know slopes from school. The curve $f(x) = x^2$ has the slope $2x$; at $x = 3$ that
# is 6. Without any formula you can *measure* it: take a tiny step to the right, and
# divide the rise by the step. (The kind of number that a tensor holds is its `dtype`.
# `float64` numbers have about 16 digits, `float32` numbers about 7. For tiny steps we
# want the 16.)

# %%
def f(x):
    return x**2


# %%
x = torch.tensor(3.0, dtype=torch.float64)
step = 1e-4
print(f"{(f(x + step) - f(x)) / step:.3f}")

# %% [markdown]
# PyTorch finds slopes without tiny steps, by the rules of school: the slope of a power,
# of a sum, of one function inside another. The tool is called **autograd**, "automatic
# gradients". Lab 1 used it once, behind the scenes, for the slopes of softmax. You need
# three words of it.
#
# * `requires_grad=True` marks a tensor: "I will want slopes for this one". From then on
#   PyTorch notes down every step that is calculated from it.
# * `value.backward()` walks back through these notes, from the result to the start.
# * `x.grad` is where the slope is put.

# %% tags=["slide-more"]
x = torch.tensor(3.0, requires_grad=True)
value = f(x)
value.backward()
print(x.grad)
assert x.grad == 6

# %% [markdown]
# A loss depends on many numbers, so it has many slopes: one for each, found by moving
# this one alone and holding the others still. All slopes together are the **gradient**.
# It has the shape of the tensor that it belongs to.
#
# The loss of our first batch depends on 15 logits. We mark a copy, so that `logits`
# itself stays as it is. (`requires_grad_()` sets the mark on a tensor that exists.)

# %%
marked = logits.clone().requires_grad_()
loss = F.cross_entropy(marked, y)
loss.backward()
print(marked.grad)

# %% [markdown]
# Is that true? Measure it. Raise one logit by a tiny step, calculate the loss anew,
# divide. That has to be done 15 times.

# %%
exact = logits.double()  # the same numbers as float64
step = 1e-6
slopes = torch.zeros(3, 5, dtype=torch.float64)
for i in range(3):
    for k in range(5):
        raised = exact.clone()
        raised[i, k] += step
        rise = F.cross_entropy(raised, y) - F.cross_entropy(exact, y)
        slopes[i, k] = rise / step
assert_close(slopes.float(), marked.grad, atol=1e-5, rtol=0)

# %% [markdown]
# They agree. But look at the price. Measuring took one more loss for *every* number;
# `backward` walked back once and had all 15. A model with a million numbers is trained
# with the same single walk. That is why this tool changed the field.
#
# A picture for one of the 15: the logit of the first example's right class.

# %% tags=["slide"]
shifts = torch.linspace(-4, 4, 81)
at = logits[0, y[0]]
losses = []
for shift in shifts:
    moved = logits.clone()
    moved[0, y[0]] += shift
    losses.append(F.cross_entropy(moved, y).item())
fig, ax = plt.subplots()
ax.plot(at + shifts, losses, label="loss")
slope = marked.grad[0, y[0]]
ax.plot(at + shifts, loss.item() + slope * shifts, label="its slope here")
ax.plot(at, loss.item(), "ko", label="where we are")
ax.set(xlabel="logit of the first example's right class", ylabel="cross entropy (nats)")
_ = ax.legend()

# %% [markdown] tags=["slide-more"]
# **What you should see** The solid curve falls as the logit of the right class grows, and
# flattens out on the right. The dashed line touches it at the dot and has the slope that
# `backward` found. The slope is negative: raising this logit lowers the loss.
#
# So a gradient says where "up" is. To make the loss smaller, go the other way: subtract
# a multiple of the gradient. **Predict** How do the loss and the probabilities of the
# right classes change?

# %% tags=["slide-more"]
better = logits - 1.0 * marked.grad
for z in (logits, better):
    right = torch.softmax(z, dim=1).gather(1, y.unsqueeze(1)).squeeze(1)
    print(f"loss {F.cross_entropy(z, y):.4f}, right classes:", right)
assert F.cross_entropy(better, y) < F.cross_entropy(logits, y)

# %% [markdown] tags=["slide"]
# One step, and every right class has gained. Training is this step, many times. Lab 4
# does it with the numbers inside a model instead of the logits.
#
# ### Pitfall: `backward` adds
#
# **Predict** What is in `.grad` after a second `backward`?

# %% tags=["pitfall", "slide-more"]
def slope_at_3(n_times):
    x = torch.tensor(3.0, requires_grad=True)
    for _ in range(n_times):
        f(x).backward()
    return x.grad.item()


# %% tags=["pitfall", "slide-more"]
print(slope_at_3(1), slope_at_3(2), slope_at_3(3))
assert slope_at_3(2) == 2 * slope_at_3(1)

# %% [markdown]
# `backward` does not put the slope into `.grad`, it *adds* it to what is there. In a
# training loop that means: each step also walks along the gradients of all steps
# before. The function below is safe, because it marks a fresh copy in each call.
# (`detach()` gives the same numbers without the notes that autograd keeps.) We use it
# for the rest of the lab.

# %%
def loss_and_grad(loss_fn, logits, y):
    marked = logits.clone().requires_grad_()
    loss = loss_fn(marked, y)
    loss.backward()
    return loss.detach(), marked.grad


# %%
assert_close(loss_and_grad(F.cross_entropy, logits, y), (loss.detach(), marked.grad))

# %% [markdown] tags=["slide-more"]
# (A function may return a pair, and `assert_close` compares pairs as well.)
#
# **Rule** Each `backward` adds to `.grad`. Start from a fresh tensor, or clear `.grad`
# first, as lab 4 will do.

# %% [markdown] tags=["slide"]
# ## 3. The gradient of the cross entropy
#
# The gradient of this loss is so simple that you can derive it in three lines. Take one
# example with right class $c$. Its loss is minus its log-probability, and by lab 1 that
# is
#
# $$\begin{aligned}
# \text{loss} = -\log p_c = \log \sum_j e^{z_j} - z_c
# \end{aligned} \tag{loss from logits}$$
#
# The slope of the second part, $-z_c$, is $-1$ for the logit $c$ and 0 for the others:
# minus the one-hot row. The slope of logsumexp follows from two rules of school: the
# slope of $\log s$ is $1/s$ times the slope of $s$, and the slope of $e^z$ is $e^z$. Of
# the sum $s = \sum_j e^{z_j}$ only one term moves with $z_k$, and that is $e^{z_k}$.
# (Read $\frac{\partial}{\partial z_k}$ as "the slope when only $z_k$ moves".)
#
# $$\begin{aligned}
# \frac{\partial}{\partial z_k} \log \sum_j e^{z_j} = \frac{e^{z_k}}{\sum_j e^{z_j}} = p_k
# \end{aligned}$$
#
# That is softmax again. So, with $y$ for the one-hot row, the slopes of one example are
# $p - y$. (In code this $y$ is `one_hot`, not the list `y`.) The mean over N examples
# divides each of them by N.
#
# $$\begin{aligned}
# \text{gradient} = \frac{p - y}{N}
# \end{aligned} \tag{gradient of the loss}$$

# %%
def grad_by_hand(logits, y):
    probs = torch.softmax(logits, dim=1)
    one_hot = F.one_hot(y, num_classes=logits.shape[1])
    return (probs - one_hot) / len(y)


# %%
_, by_autograd = loss_and_grad(F.cross_entropy, logits, y)
print(grad_by_hand(logits, y))
assert_close(grad_by_hand(logits, y), by_autograd)

# %% [markdown]
# In words: *what the model said, minus what was true*. Look at one example with three
# classes, where B is right.

# %% tags=["slide"]
def draw_gradient(z):
    probs = torch.softmax(torch.tensor([2.0, z, -1.0]), dim=0)
    one_hot = torch.tensor([0.0, 1.0, 0.0])
    _, axes = plt.subplots(1, 3, figsize=(8.4, 2.7))
    plots.bars(probs, axes[0], labels="ABC")
    plots.bars(one_hot, axes[1], labels="ABC", color="C2")
    plots.bars(probs - one_hot, axes[2], labels="ABC", color="C1", ylabel="slope")
    axes[0].set_title("p: the model says")
    axes[1].set_title("y, one-hot: true is B")
    axes[2].set(title="p - y: the gradient", ylim=(-1.2, 1.2))


draw_gradient(z=1.0)

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, the model prefers A. In the middle, all probability on B.
# Right, the difference: a negative bar for B, positive bars for A and C, the longer one
# for A. Going against the gradient pulls B up and pushes the others down, and the class
# that took most of the probability is pushed hardest. The bars cancel: their sum is 0.
#
# Move the logit of B. When does the pull end?

# %%
plots.slider(draw_gradient, z=(-6.0, 6.0, 1.0))

# %% [markdown]
# Two facts can be read from the formula. Each row sums to 0, because `p` and `y` both sum
# to 1: raising all logits together changes nothing, as lab 1 has shown. And no slope of a
# single example is larger than 1, however large the loss.
#
# **Predict** The loss of the extreme example of section 1 is 1000. What is its gradient?
# And what does rung 1 say about it?

# %%
for name in ("4: cross_entropy", "1: log(softmax), pick"):
    loss, grad = loss_and_grad(ladder[name], extreme, second)
    print(f"{name:22} loss {loss.item()}, gradient {grad}")
assert loss_and_grad(rung_1, extreme, second)[1].isnan().all()

# %% [markdown]
# `cross_entropy` gives the clearest gradient there is: going against it, the first logit
# down, the second up. Rung 1 gives `nan`: the slope of $\log p$ is $1/p$, infinity at
# $p = 0$, and autograd multiplies it by the slope of softmax, which is 0 there. After one
# step along such a gradient the logits are `nan`, and so is everything from then on. So
# the rungs differ in their gradients even more than in their values.
#
# **The proof of the ladder.** For ordinary logits all four agree, in value *and* in
# gradient. Both matter: a training loop never looks at the value, only at the gradient.
# We ask for more agreement in `float64`: a wrong formula would be just as wrong there, and
# only rounding gets smaller. `atol` and `rtol` say how far apart two numbers may
# be: `atol` plus `rtol` times the number. (`.to(dtype)` converts a tensor.)

# %%
tolerances = {
    torch.float32: {"atol": 1e-6, "rtol": 1e-5},
    torch.float64: {"atol": 1e-14, "rtol": 1e-12},
}
for dtype, tolerance in tolerances.items():
    for batch, labels in ((logits.to(dtype), y), (logits_2.to(dtype), y_2)):
        loss, grad = loss_and_grad(F.cross_entropy, batch, labels)
        for rung in (rung_1, rung_2, rung_3):
            assert_close(loss_and_grad(rung, batch, labels), (loss, grad), **tolerance)
        assert_close(grad_by_hand(batch, labels), grad, **tolerance)
    print(dtype, "value and gradient agree within", tolerance)

# %% [markdown]
# **Rule** Two ways to write a loss are the same only if value and gradient agree.

# %% [markdown]
# ## 4. What the labels must look like
#
# The second argument of a loss is called its **target**. `F.cross_entropy` takes two
# kinds:
#
# * **class indices**: whole numbers from 0 to K - 1, shape (N,);
# * **probabilities**: one distribution per example, decimal numbers, shape (N, K).
#
# Whole numbers are `int64` by default, which PyTorch also calls `Long`. Decimal numbers
# are `float32`, or `Float`. How does the function know which kind of target you mean? It
# has a simple rule: *a target of the same shape as the logits holds probabilities; any
# other holds class indices.*

# %%
one_hot = F.one_hot(y, num_classes=5)
print("indices ", y.dtype, tuple(y.shape))
print("one-hot ", one_hot.dtype, tuple(one_hot.shape))
assert_close(F.cross_entropy(logits, one_hot.float()), F.cross_entropy(logits, y))

# %% [markdown]
# A one-hot row is a distribution, so both ways give the same loss. But the rows need
# not be one-hot. Four people look at an image, three say A and one says B: the target
# is (3/4, 1/4, 0). Then the loss is the cross entropy $H(p, q)$ of lab 2 in full. The
# best model says the same as the people. (Its logits are the logarithms of these
# probabilities: softmax of $\log p$ is $p$. In the place of 0 stands a tiny number,
# because lab 2 has shown what comes of $0 \log 0$.) **Predict** Is its loss 0?

# %%
p = torch.tensor([[0.75, 0.25, 0.0]])
perfect_logits = torch.tensor([[0.75, 0.25, 1e-30]]).log()
best = F.cross_entropy(perfect_logits, p)
entropy = -(0.75 * torch.log(p[0, 0]) + 0.25 * torch.log(p[0, 1]))
print(f"loss of the best model: {best:.4f}")
assert_close(best, entropy)

# %% [markdown]
# It is not. The smallest possible value is the entropy $H(p)$ of the target, as in lab 2:
# where people disagree, surprise remains.
#
# **What is refused.** The next list holds wrong targets for our (3, 5) logits. Each entry
# notes which exception must come, a piece of its message, and what to do. The cell after
# it checks that this is what happens. (`.int()` makes `int32` and
# `.long()` makes `int64`; `.flatten()` makes a flat list of a column; `.T` exchanges rows
# and columns.)

# %%
wrong_targets = [
    ("indices as int32", y.int(), RuntimeError, "Long", "use y.long()"),
    ("indices as float32", y.float(), RuntimeError, "Long", "use y.long()"),
    ("indices as a column", y.unsqueeze(1), RuntimeError, "multi-target",
     "(N, 1) must be (N,): use y.flatten()"),
    ("a label too few", y[:2], ValueError, "batch_size",
     "3 rows of logits, 2 labels"),
    ("a label as large as K", y + 3, IndexError, "out of bounds",
     "with 5 classes the last label is 4"),
    ("a label -1", y - 1, IndexError, "out of bounds", "the first label is 0"),
    ("one-hot as int64", one_hot, RuntimeError, "floating point",
     "probabilities are decimal numbers: use .float()"),
    ("one-hot, 4 of 5 columns", one_hot[:, :4].float(), RuntimeError, "multi-target",
     "another shape than the logits, so it counts as indices"),
    ("one-hot, transposed", one_hot.float().T, ValueError, "batch_size",
     "the batch comes first: (N, K), not (K, N)"),
    ("a Python list", [0, 2, 1], TypeError, "must be Tensor", "use torch.tensor(...)"),
]


# %%
def check_refused(target, error, piece):
    try:
        F.cross_entropy(logits, target)
    except error as caught:
        assert piece in str(caught), str(caught)
        return str(caught).splitlines()[0][:84]  # its first line, if long cut
    raise AssertionError("this target was accepted")


messages = {}
for name, target, error, piece, advice in wrong_targets:
    messages[name] = check_refused(target, error, piece)
    print(f"{name}: {error.__name__} ({piece}) -> {advice}")

# %% [markdown]
# And these are the messages as your version of PyTorch words them, so that you recognise
# them when you meet one.

# %% tags=["nbval-ignore-output", "differs=version"]
for name, message in messages.items():
    print(f"{name}:\n    {message}")

# %% [markdown]
# ### Pitfall: the wrong pair of brackets
#
# One more error reads like a riddle. It comes from the object form.

# %% tags=["pitfall"]
try:
    nn.CrossEntropyLoss(logits, y)
except RuntimeError as error:
    assert "Boolean value of Tensor" in str(error)
    print("RuntimeError:", str(error).splitlines()[0][:74])
print("right:", nn.CrossEntropyLoss()(logits, y))

# %% [markdown] tags=["slide"]
# PyTorch took the logits for a setting, and could not tell whether it is switched on.
#
# **Rule** The first brackets make the loss and take settings. The second take the data.
#
# ### Pitfall: accepted, and wrong
#
# An error is a kindness: it tells you where to look. The next four targets run without
# one. **Predict** Which of them will give a smaller loss than the right one?

# %% tags=["pitfall", "slide-more"]
silent = {
    "right": (logits, y),
    "labels counted from 1": (logits, y + 1),
    "one label is -100": (logits, torch.tensor([0, 2, -100])),
    "target rows sum to 3": (logits, 3 * one_hot.float()),
    "arguments swapped": (one_hot.float(), logits),
}
right_loss = F.cross_entropy(logits, y)
for name, (first, target) in silent.items():
    loss = F.cross_entropy(first, target)
    print(f"{name:22} {loss:.4f}")
    assert name == "right" or abs(loss - right_loss) > 0.05

# %% [markdown]
# * **Counted from 1**: no error, as long as nobody is in the last class. The model is
#   taught the class next to the right one, for every example.
# * **-100**: this label means "leave this example out". It is the one with the smaller
#   loss: a hard example has simply gone. Section 5 explains it.
# * **Rows that sum to 3**: nobody checks that the target is a distribution. The loss
#   and all its slopes are three times as large.
# * **Swapped**: with one-hot targets both arguments have the same shape, so nothing can
#   be noticed. (With class indices it would be an error.)
#
# Two of them show in the smallest and the largest label. For a table the sums of its rows
# tell, and dividing by them mends it.

# %%
labels = torch.tensor([0, 2, -100])
print("smallest:", (y + 1).min().item(), "and", labels.min().item(), "in place of 0")
table = 3 * one_hot.float()
print("row sums:", table.sum(dim=1))
value, grad = loss_and_grad(F.cross_entropy, logits, y)
assert_close(loss_and_grad(F.cross_entropy, logits, table), (3 * value, 3 * grad))
mended = table / table.sum(dim=1, keepdim=True)
for target in ((y + 1) - 1, mended):
    assert_close(F.cross_entropy(logits, target), right_loss)

# %% [markdown] tags=["slide-more"]
# **Rule** Before you train, print dtype, shape, minimum and maximum of `y`; of a table
# also `y.sum(dim=1)`. Swapped arguments show nowhere: the logits come first.
#
# Two odd targets are harmless: indices as `uint8` (whole numbers from 0 to 255), and
# one-hot rows as `float64`, which make the loss a `float64`.

# %%
assert_close(F.cross_entropy(logits, y.to(torch.uint8)), right_loss)
loss = F.cross_entropy(logits, one_hot.double())
print(loss.dtype)
assert_close(loss.float(), right_loss)

# %% [markdown] tags=["slide"]
# ### Pitfall: one column of logits
#
# The most treacherous case has a heading of its own. Somebody has two classes, and a
# model with *one* logit per example. The labels are decimal numbers of the same shape
# (N, 1). **Predict** What is the loss? What is the gradient?

# %% tags=["pitfall", "slide-more"]
def one_column(logits, y):
    return F.cross_entropy(logits, y)  # both (N, 1)


# %% tags=["pitfall", "slide-more"]
column = torch.tensor([[-1.0], [0.0], [1.0]])
labels = torch.tensor([[0.0], [0.0], [1.0]])
loss, grad = loss_and_grad(one_column, column, labels)
print("loss is 0:", bool(loss == 0), " gradient is 0:", bool((grad == 0).all()))
assert loss == 0 and (grad == 0).all()

# %% [markdown] tags=["slide-more"]
# The loss is 0, for any logits and any labels: a perfect score. The shapes agree, so the
# function reads one *distribution over one class* per row. With a single class, softmax
# always says 1, log 1 is 0, and nothing can be learned. Section 6 gives the same two
# columns to the loss that is made for them.
#
# **Rule** `F.cross_entropy` wants one column of logits per class, two at least.

# %% [markdown]
# ## 5. Four settings, by hand
#
# `F.cross_entropy` has four settings that you will meet. Each is a line or two by hand.
# We use the second batch.
#
# **reduction** says what to do with the N single losses: `"none"` returns them all,
# `"sum"` adds them up, and `"mean"`, the default, divides the sum by N.

# %%
losses = F.cross_entropy(logits_2, y_2, reduction="none")
total = F.cross_entropy(logits_2, y_2, reduction="sum")
mean = F.cross_entropy(logits_2, y_2)
print(losses)
print(f"sum {total:.4f}, mean {mean:.4f}")
assert_close(total, torch.tensor(5.4691), atol=5e-5, rtol=0)
assert_close(losses.sum(), total)
assert_close(losses.mean(), mean)

# %% [markdown]
# **weight** gives each class a weight, so that a rare class can count more. `weight[y_2]`
# looks up one weight per example, that of its right class. Then the mean is a *weighted*
# mean.
#
# **Predict** Is the weighted sum divided by N, or by something else?

# %%
weight = torch.tensor([1.0, 2.0, 4.0])
w = weight[y_2]  # (N,)
print("labels ", y_2)
print("weights", w)
by_hand = (w * losses).sum() / w.sum()
print(f"{by_hand:.4f}")
assert_close(by_hand, F.cross_entropy(logits_2, y_2, weight=weight))

# %% [markdown]
# By the sum of the weights. So if all weights are three times as large, nothing changes:
# they cancel in the fraction. That is how a weighted mean should be.
#
# ### Pitfall: the same weights with one-hot targets
#
# The labels have not changed, only their spelling. **Predict** Is the loss the same?

# %% tags=["pitfall"]
one_hot_2 = F.one_hot(y_2, num_classes=3).float()
for name, target in (("indices", y_2), ("one-hot", one_hot_2)):
    once = F.cross_entropy(logits_2, target, weight=weight)
    tripled = F.cross_entropy(logits_2, target, weight=3 * weight)
    print(f"{name}: {once:.4f}, weights times three: {tripled:.4f}")
by_hand = (w * losses).sum() / len(y_2)
assert_close(by_hand, F.cross_entropy(logits_2, one_hot_2, weight=weight))

# %% [markdown]
# For probabilities PyTorch divides by N, whatever the weights. So the spelling of the
# labels changes the loss, and with it the size of every training step.
#
# **Rule** With `weight`, use class indices.
#
# **ignore_index** is a label that means "no label": such examples are left out, of the
# sum *and* of the N. Its default is -100. Here the last two labels are unknown.

# %%
unknown = torch.tensor([0, 0, 0, -100, -100])
keep = unknown != -100
by_hand = losses[keep].sum() / keep.sum()
assert_close(by_hand, F.cross_entropy(logits_2, unknown))

nothing_left = F.cross_entropy(logits_2, torch.full((5,), -100))
print("all ignored:", nothing_left.item())
assert nothing_left.isnan()

# %% [markdown]
# If every label is ignored there is nothing to take a mean of: 0 / 0 is `nan`.
#
# **Rule** With `ignore_index`, skip a batch in which no label is left.
#
# **label_smoothing** makes the target less certain. Each right class gives up a part
# `eps` of its 1, and that part is shared out evenly among all K classes, the right one
# included.
#
# $$\begin{aligned}
# \text{target} = (1 - \text{eps}) \cdot \text{one-hot} + \frac{\text{eps}}{K}
# \end{aligned} \tag{label smoothing}$$

# %%
eps = 0.1
targets = (1 - eps) * one_hot_2 + eps / 3
print(targets[0], "sum", targets[0].sum())
by_hand = -(targets * torch.log_softmax(logits_2, dim=1)).sum(dim=1).mean()
assert_close(by_hand, F.cross_entropy(logits_2, y_2, label_smoothing=eps))

# %% [markdown]
# What is that good for? Let one example have three classes, give the right one more and
# more probability, and split the rest evenly. (Logarithms of probabilities serve as
# logits again. `argmin` is the position of the smallest number.) **Predict** With
# smoothing, is "completely sure and right" still the best answer?

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
# The lowest point is where the model says exactly what the target says, and its height is
# the entropy of the target. So with smoothing a loss of 0 is out of reach, by design.

# %%
eps = 0.3
target = torch.tensor([1 - eps + eps / 3, eps / 3, eps / 3])
curve = F.cross_entropy(rows, class_0, reduction="none", label_smoothing=eps)
print(f"best probability {p[curve.argmin()]:.2f}, lowest loss {curve.min():.2f}")
assert_close(p[curve.argmin()], target[0], atol=2e-3, rtol=0)
assert_close(curve.min(), -(target * target.log()).sum(), atol=1e-4, rtol=0)

# %% [markdown]
# ## 6. Two classes: a bridge
#
# For two classes one logit $z$ is enough; lab 1 called $p = \sigma(z)$ the sigmoid, the
# probability of class 1. Class 0 has what is left, $1 - p$. The cross entropy picks the
# log of one of them, and since $y$ is 0 or 1, the picking can be written as arithmetic:
#
# $$\begin{aligned}
# \text{loss} = -\big( y \log p + (1 - y) \log (1 - p) \big)
# \end{aligned} \tag{binary cross entropy}$$
#
# For $y = 1$ the second part is multiplied by 0, for $y = 0$ the first. This is the
# **binary cross entropy**. Three examples, by hand. Logits and labels are columns of
# shape (N, 1), and the labels are decimal numbers, because they take part in arithmetic.
# (They are the two columns for which `F.cross_entropy` said 0 in section 4.)

# %%
z = torch.tensor([[-1.0], [0.0], [1.0]])
labels = torch.tensor([[0.0], [0.0], [1.0]])
p = torch.sigmoid(z)
by_hand = -(labels * p.log() + (1 - labels) * (1 - p).log()).mean()
print(f"{by_hand:.4f}")
assert_close(by_hand, torch.tensor(0.4399), atol=5e-5, rtol=0)

# %% [markdown]
# PyTorch has it twice, just as it has the steps for K classes more than once.
# `nn.BCELoss` takes probabilities. `nn.BCEWithLogitsLoss` takes logits. (As functions
# they are `F.binary_cross_entropy` and `F.binary_cross_entropy_with_logits`.)

# %%
from_probs = nn.BCELoss()(torch.sigmoid(z), labels)
from_logits = nn.BCEWithLogitsLoss()(z, labels)
print(f"BCELoss {from_probs:.4f}, BCEWithLogitsLoss {from_logits:.4f}")
assert_close(from_probs, by_hand)
assert_close(from_logits, by_hand)

# %%
fig, ax = plt.subplots(figsize=(7.2, 1.8))
rows = {
    "two calls": [("sigmoid", 1), ("BCELoss", 3)],
    "one call": [("BCEWithLogitsLoss", 4)],
}
draw_steps(rows, ["sigmoid", "log", "pick the class", "minus the mean"], ax)

# %% [markdown]
# **What you should see** The wall of section 1, for two classes. Below, `BCELoss` covers
# three steps, so the sigmoid is yours to do; above, `BCEWithLogitsLoss` covers all four.
# Stay on the upper row: lab 4 shows an example from which the lower one cannot learn.
#
# **The other bank.** The same question can be put to a model with *two* logits per
# example. Here are three examples. **Predict** What will the cross entropy be? Look at
# the differences of the two logits.

# %%
two_logits = torch.tensor([[3.0, 2.0], [2.0, 2.0], [5.0, 6.0]])  # (3, 2)
indices = torch.tensor([0, 0, 1])
one_hot = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
print("differences:", two_logits[:, 1] - two_logits[:, 0])
for target in (one_hot, indices):
    loss = nn.CrossEntropyLoss()(two_logits, target)
    print(f"{loss:.4f}")
    assert_close(loss, by_hand)

# %% [markdown]
# The same loss to the last digit. The differences are the $z$ from above, and only
# differences count: softmax over two logits is the sigmoid of their difference. (The
# published notes announce both kinds of target here, and by mistake run one-hot twice.
# Above are both.)
#
# $$\begin{aligned}
# p_1 = \frac{e^{z_1}}{e^{z_0} + e^{z_1}} = \frac{1}{1 + e^{-(z_1 - z_0)}}
# = \sigma(z_1 - z_0)
# \end{aligned} \tag{two logits}$$
#
# Here is the whole landscape of the loss over the two logits, for an example of class 1.
# (`meshgrid` makes two tables with the coordinates of all points of a grid.)

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
# The claim about the dotted line, as an assert, in value and gradient:

# %%
def two_from_one(z, y):
    two = torch.cat([torch.zeros_like(z), z], dim=1)  # (N, 2): logits (0, z)
    return F.cross_entropy(two, y.flatten().long())


# %%
assert_close(
    loss_and_grad(two_from_one, z, labels),
    loss_and_grad(F.binary_cross_entropy_with_logits, z, labels),
)

# %% [markdown]
# **And three classes.** To end the comparison, the 5 × 3 logits of lab 1 with labels. The
# formula, one-hot targets and class indices must agree, and they do.

# %%
logits_3 = torch.tensor(
    [[-2.0, -2, 0], [3.14, 3.14, 3.14], [0, 0, 2], [2, 2, 4], [0, 0, 0]]
)
y_3 = torch.tensor([2, 1, 2, 2, 0])
one_hot_3 = F.one_hot(y_3, num_classes=3).float()
formula = -(one_hot_3 * torch.log_softmax(logits_3, dim=1)).sum() / 5
for loss in (formula, loss_fn(logits_3, one_hot_3), loss_fn(logits_3, y_3)):
    print(f"{loss:.4f}")
    assert_close(loss, torch.tensor(0.5832), atol=5e-5, rtol=0)

# %% [markdown]
# The binary losses have a contract of their own: the target is `float32` and has *the
# same shape* as the first argument. And `BCELoss` looks at what it is given:

# %%
wrong_calls = [
    ("labels as int64", nn.BCEWithLogitsLoss(), z, labels.long(), RuntimeError, "Long"),
    ("labels (N,), logits (N, 1)", nn.BCEWithLogitsLoss(), z, labels.flatten(),
     ValueError, "size"),
    ("logits in BCELoss", nn.BCELoss(), z, labels, RuntimeError, "between 0 and 1"),
]
for name, binary_loss, first, target, error, piece in wrong_calls:
    try:
        binary_loss(first, target)
    except error as caught:
        assert piece in str(caught)
        print(f"{name}: {error.__name__}")
        print("   ", str(caught).splitlines()[0][:84])

# %% [markdown]
# Look at the last row: `BCELoss` is the only loss in this lab that checks the range of
# its first argument. `F.cross_entropy` cannot, because any number may be a logit, a
# probability too. That is the subject of the last section.

# %% [markdown] tags=["slide"]
# ## 7. Twice is not the same as once
#
# ### Pitfall: softmax twice
#
# Many models end with a softmax, because one wants probabilities. Then somebody adds
# `F.cross_entropy`, which does softmax again. In the picture of section 1 the first step
# is covered twice. The shapes fit, the numbers look fine, and nothing is raised.

# %% tags=["pitfall", "slide-more"]
def softmax_twice(logits, y, reduction="mean"):
    return F.cross_entropy(torch.softmax(logits, dim=1), y, reduction=reduction)


# %% tags=["pitfall", "slide-more"]
sure_and_right = torch.tensor([[100.0, 0.0, 0.0]])
first = torch.tensor([0])
print(f"once:  {F.cross_entropy(sure_and_right, first):.4f}")
print(f"twice: {softmax_twice(sure_and_right, first):.4f}")

# %% [markdown]
# A perfect answer, and the loss is far from 0. What does a second softmax do to a
# probability? It treats it as a logit. But as logits, probabilities are all close
# together: they differ by 1 at most. So the result is much more even. **Predict** What
# happens if softmax is applied again and again?

# %%
p = torch.softmax(torch.tensor([4.0, 0.0, 0.0]), dim=0)
for times in range(1, 7):
    print(f"softmax {times} times:", p)
    p = torch.softmax(p, dim=0)
assert_close(p, torch.full((3,), 1 / 3), atol=0.01, rtol=0)

# %% [markdown]
# Everything becomes a tie. Now the smallest loss that a double softmax can reach, its
# **floor**, for K classes. The best first softmax is 1 for the right class and 0 for the
# others. The second one makes of it
#
# $$\begin{aligned}
# q = \frac{e^1}{e^1 + (K - 1)\, e^0}
# \qquad\text{so}\qquad
# -\log q = \log\left(1 + \frac{K - 1}{e}\right)
# \end{aligned} \tag{softmax twice}$$
#
# And the worst loss, with all probability on one wrong class, is $\log(e + K - 1)$: the
# ceiling. **Predict** How far apart are the two?

# %%
e = torch.tensor(1.0).exp()
for K, published in ((3, 0.5514), (10, 1.4612)):
    floor, ceiling = torch.log(1 + (K - 1) / e), torch.log(e + K - 1)
    best = softmax_twice(100 * torch.eye(K)[:1], torch.tensor([0]))
    worst = softmax_twice(100 * torch.eye(K)[:1], torch.tensor([1]))
    print(f"{K:2} classes: floor {floor:.4f}, ceiling {ceiling:.4f}")
    assert_close(floor, torch.tensor(published), atol=5e-5, rtol=0)
    assert_close(torch.stack([best, worst]), torch.stack([floor, ceiling]))
    assert_close(ceiling - floor, torch.tensor(1.0))

# %% [markdown]
# (`torch.eye(K)` is the table with 1 on its diagonal; `[:1]` takes its first row.)
#
# Exactly 1. The best and the worst answer are one nat apart, for any number of classes:
# $1 + (K-1)/e$ is $(e + K - 1)/e$, and dividing by $e$ takes 1 from the logarithm.
# Whoever knows the floor can suspect this bug from the log of a training run: a loss that
# comes down to $\log(1 + (K-1)/e)$ and stays there.
#
# The floor is not the worst part. Training follows the gradient, so let us draw that too:
# one example with three classes, the right one with ever more probability.

# %%
def losses_and_pulls(loss_fn, rows, y):
    marked = rows.clone().requires_grad_()
    losses = loss_fn(marked, y, reduction="none")
    losses.sum().backward()  # of a sum: each row gets its own slopes, nothing over N
    return losses.detach(), -marked.grad[:, 0]


z = torch.linspace(-9, 9, 361)
rows = torch.stack([z, torch.zeros(361), torch.zeros(361)], dim=1)  # (361, 3)
class_0 = torch.zeros(361, dtype=torch.int64)
p = torch.softmax(rows, dim=1)[:, 0]
once, pull_once = losses_and_pulls(F.cross_entropy, rows, class_0)
twice, pull_twice = losses_and_pulls(softmax_twice, rows, class_0)

# %% tags=["slide"]
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
left.plot(p, once, label="softmax once")
left.plot(p, twice, label="softmax twice")
floor = torch.log(1 + 2 / e)
left.axhline(floor, color="black", linestyle=":", label="floor ln(1 + 2/e)")
left.set(ylabel="cross entropy (nats)", ylim=(0, 5), title="the loss")
left.legend()
right.plot(p, pull_once, label="softmax once")
right.plot(p, pull_twice, label="softmax twice")
right.set(ylabel="minus the slope of its logit", ylim=(0, 1.05), title="the pull")
for ax in (left, right):
    ax.set_xlabel("probability given to the right class")
assert twice.min() > floor - 1e-6 and pull_twice[0] < 0.01 < 0.99 < pull_once[0]

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, the solid curve falls from very high values to 0. The
# dashed one lies in a narrow band and ends on the dotted floor. (It begins a little below
# the ceiling, because two wrong classes share the rest.) Right, how strongly the gradient
# pulls the right class up. Solid: the more wrong the answer, the stronger the pull.
# Dashed: weak everywhere, and at the left edge, where the answer is *most* wrong, it goes
# to 0. A model that is sure and wrong is not corrected any more.
#
# **Rule** No softmax before `F.cross_entropy`. If a loss stops at $\log(1 + (K-1)/e)$,
# suspect one.
#
# ### Pitfall: `nll_loss` of probabilities
#
# The published notes advise: if softmax is in the model, use `nll_loss` instead of
# `cross_entropy`. **Predict** Softmax, then `nll_loss`: which of the four steps is
# missing, and what will be odd about the loss?

# %% tags=["pitfall", "slide-more"]
def nll_of_probs(logits, y):
    return F.nll_loss(torch.softmax(logits, dim=1), y)


# %% tags=["pitfall", "slide-more"]
loss = nll_of_probs(logits, y)
picked = torch.softmax(logits, dim=1).gather(1, y.unsqueeze(1))
mended = F.nll_loss(torch.log_softmax(logits, dim=1), y)
print(f"{loss:.4f}, with log_softmax {mended:.4f}")
assert_close(loss, -picked.mean())
assert loss < 0

# %% [markdown] tags=["slide-more"]
# The log is missing. The result is minus the mean probability of the right classes, a
# number between -1 and 0. It falls while a model learns, and so it looks like a loss. But
# surprise, $-\log p$, is never negative.
#
# **Rule** `nll_loss` takes the output of `log_softmax`. A loss below 0 has lost its log.
#
# **A race.** Take one example on which a model is sure and wrong, and walk against the
# gradient: 100 steps. The true loss of all three is measured with `F.cross_entropy`.
# **Predict** Who arrives?

# %% tags=["slide-more"]
def walk(loss_fn, logits, y, n_steps):
    for _ in range(n_steps):
        _, grad = loss_and_grad(loss_fn, logits, y)
        logits = logits - 1.0 * grad
    return logits


start = torch.tensor([[-4.0, 4.0, 0.0]])
print(f"start: p of the right class {torch.softmax(start, dim=1)[0, 0]:.4f}")
results = {}
for runner in (F.cross_entropy, softmax_twice, nll_of_probs):
    z = walk(runner, start, torch.tensor([0]), n_steps=100)
    results[runner.__name__] = p = torch.softmax(z, dim=1)[0, 0]
    print(f"{runner.__name__:14} p {p:.4f}, its own loss {runner(z, first):7.4f}, "
          f"true loss {F.cross_entropy(z, first):.4f}")
assert results["cross_entropy"] > 0.99
assert max(results["softmax_twice"], results["nll_of_probs"]) < 0.01

# %% [markdown]
# Only one arrives. The other two have hardly moved, and neither has raised anything. From
# a better start they do learn something, and that is why such code gets published. Lab 5
# runs a famous example.
#
# **`log_softmax` twice** is another matter. **Predict** Is it as bad?

# %%
def log_softmax_twice(logits, y):
    return F.cross_entropy(torch.log_softmax(logits, dim=1), y)


# %%
print(f"{F.cross_entropy(logits, y):.4f} {log_softmax_twice(logits, y):.4f}")
assert_close(
    loss_and_grad(log_softmax_twice, logits, y),
    loss_and_grad(F.cross_entropy, logits, y),
    atol=1e-6, rtol=1e-5,
)

# %% [markdown]
# It is harmless, in value and in gradient. `log_softmax` subtracts the logsumexp of the
# row. The second time, the row holds log-probabilities. Their exponentials sum to 1, and
# log 1 is 0: there is nothing left to subtract. A function that changes nothing the
# second time is called **idempotent**. `log_softmax` is; softmax is not.

# %%
log_probs = torch.log_softmax(logits, dim=1)
assert_close(torch.logsumexp(log_probs, dim=1), torch.zeros(3), atol=1e-6, rtol=0)
assert_close(torch.log_softmax(log_probs, dim=1), log_probs)

# %% [markdown]
# **Rule** `log_softmax` may be repeated. Softmax may not.
#
# ### Pitfall: sigmoid twice
#
# The same bug for two classes: a model that ends with a sigmoid, and
# `BCEWithLogitsLoss`, which does it again. A probability lies between 0 and 1; as a
# logit that is "undecided" to "slightly for class 1". **Predict** Is the floor the same
# for both classes?

# %% tags=["pitfall"]
def sigmoid_twice(z, y):
    return F.binary_cross_entropy_with_logits(torch.sigmoid(z), y)


# %% tags=["pitfall"]
one, zero = torch.ones(1), torch.zeros(1)
floor_1 = sigmoid_twice(torch.tensor([100.0]), one)  # sure of class 1, and right
floor_0 = sigmoid_twice(torch.tensor([-100.0]), zero)  # sure of class 0, and right
print(f"floor for y = 1: {floor_1:.4f}, for y = 0: {floor_0:.4f}")
both = torch.tensor([100.0, -100.0]), torch.tensor([1.0, 0.0])
print(f"sigmoid once, both together: {F.binary_cross_entropy_with_logits(*both):.4f}")
assert_close(floor_1, torch.log(1 + 1 / e))
assert_close(floor_0, torch.log(torch.tensor(2.0)))

# %% [markdown] tags=["slide"]
# It is not. For class 1 it is $\log(1 + 1/e)$. For class 0 it is $\log 2$, the loss of a
# coin: however sure the model is of a 0, the second sigmoid never goes below one half.
# Who takes its result for the probability of class 1 will never see a 0 predicted.
#
# **Rule** Models end with logits. Softmax and sigmoid belong to the loss while training,
# and to the printing of probabilities afterwards.
#
# All contracts of this lab in one table:
#
# | loss | first argument | target |
# |---|---|---|
# | `F.cross_entropy` | logits (N, K) | `int64` (N,), or `float32` (N, K) |
# | `F.nll_loss` | output of `log_softmax`, (N, K) | `int64` (N,) |
# | `F.binary_cross_entropy_with_logits` | logits (N, 1) | `float32` (N, 1) |
# | `F.binary_cross_entropy` | probabilities (N, 1) | `float32` (N, 1) |

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint. A loss has the shape
# `()`, as from `.mean()`. A ready-made call that an exercise rules out is noticed.
#
# **Exercise 1.** `cross_entropy(logits, y)`: the mean loss from logits (N, K) and class
# indices (N,), written with `torch.logsumexp`. No softmax, and no `F`.

# %% tags=["exercise"]
def cross_entropy(logits, y):
    ...


lab03.cross_entropy.check(cross_entropy)
# lab03.cross_entropy.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `cross_entropy_gradient(logits, y)`: the gradient of that loss with
# respect to the logits, shape (N, K), by the formula and not by `backward`.

# %% tags=["exercise"]
def cross_entropy_gradient(logits, y):
    ...


lab03.cross_entropy_gradient.check(cross_entropy_gradient)
# lab03.cross_entropy_gradient.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 3.** `weighted_cross_entropy(logits, y, weight)`: the weighted mean, as
# PyTorch calculates it for class indices. `weight` has shape (K,). Do not use the
# argument `weight=` of the library.

# %% tags=["exercise"]
def weighted_cross_entropy(logits, y, weight):
    ...


lab03.weighted_cross_entropy.check(weighted_cross_entropy)
# lab03.weighted_cross_entropy.hint()

# %% [markdown] tags=["slide"]
# **Exercise 4.** `smoothed_cross_entropy(logits, y, eps)`: the mean loss with label
# smoothing, without the argument `label_smoothing=`.

# %% tags=["exercise"]
def smoothed_cross_entropy(logits, y, eps):
    ...


lab03.smoothed_cross_entropy.check(smoothed_cross_entropy)
# lab03.smoothed_cross_entropy.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 5.** Which of these six calls are right? All six run. *Right* means: the
# same loss and the same gradient as `F.cross_entropy(logits, y)`, for all logits (N, 3)
# and all class indices (N,). Decide before you try them out. `right_calls()` takes
# nothing and returns six times `True` or `False`, in order.
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

# %% [markdown]
# **To think about** (1) Which of the wrong calls of exercise 5 still choose the same
# class by `argmax` as the right ones, once a model is trained? Why does that make them
# hard to find? (2) In exact arithmetic the gradient of an example never becomes 0. What
# does that mean for the logits, if you walk on forever? What changes with label
# smoothing? (3) How would you weight a class that has one example in a hundred?

# %% [markdown]
# ## Quiz
#
# Five cells. Decide what each will print before you run it.
#
# **Question 1.** A model that knows nothing gives equal logits to ten classes. What will
# this cell print?
#
# ```python
# print(F.cross_entropy(torch.zeros(4, 10), torch.tensor([3, 1, 4, 1])))
# ```

# %%
print(F.cross_entropy(torch.zeros(4, 10), torch.tensor([3, 1, 4, 1])))

# %% [markdown]
# Each class has the probability 1/10, so the loss is log 10, whatever the labels. It is
# the number to expect before the first training step. A much larger one means that the
# model starts sure and wrong.
#
# **Question 2.** What will this cell print?
#
# ```python
# _, grad = loss_and_grad(F.cross_entropy, torch.zeros(1, 4), torch.tensor([2]))
# print(grad)
# ```

# %%
_, grad = loss_and_grad(F.cross_entropy, torch.zeros(1, 4), torch.tensor([2]))
print(grad)

# %% [markdown]
# $p - y$ with $p$ one quarter everywhere: the right class is pulled up with three
# quarters, and the three others share the push.
#
# **Question 3.** One example only, and its class counts ten times as much. What will this
# cell print?
#
# ```python
# one, label = torch.zeros(1, 2), torch.tensor([0])
# weight = torch.tensor([10.0, 1.0])
# print(F.cross_entropy(one, label) == F.cross_entropy(one, label, weight=weight))
# ```

# %%
one, label = torch.zeros(1, 2), torch.tensor([0])
weight = torch.tensor([10.0, 1.0])
print(F.cross_entropy(one, label) == F.cross_entropy(one, label, weight=weight))

# %% [markdown]
# The weighted sum is ten times as large, and it is divided by the sum of the weights, 10.
# Weights count only against other examples of the same batch.
#
# **Question 4.** What will this cell print?
#
# ```python
# x = torch.tensor(1.0, requires_grad=True)
# for _ in range(3):
#     (5 * x).backward()
# print(x.grad)
# ```

# %%
x = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (5 * x).backward()
print(x.grad)

# %% [markdown]
# The slope of $5x$ is 5, and `backward` adds.
#
# **Question 5.** The model is sure, and right: its probabilities are (1, 0). Somebody
# applies softmax twice. What will this cell print: a number below 0.1, or above?
#
# ```python
# probs = torch.softmax(torch.tensor([[50.0, 0.0]]), dim=1)
# print(F.cross_entropy(probs, torch.tensor([0])))
# ```

# %%
probs = torch.softmax(torch.tensor([[50.0, 0.0]]), dim=1)
print(F.cross_entropy(probs, torch.tensor([0])))

# %% [markdown]
# The floor for two classes, $\log(1 + 1/e)$. You have met this number in section 7: it is
# the floor of the double sigmoid for class 1.

# %% [markdown] tags=["slide"]
# ## Summary
#
# * Four steps lead from logits to loss: softmax, log, pick, minus the mean. Each must
#   be done once. `F.cross_entropy(logits, y)` does all four.
# * A gradient is the list of slopes, one per number. `backward` calculates it, and adds
#   it to `.grad`.
# * The gradient of the cross entropy is (p - y) / N: what the model said minus what was
#   true.
# * Class indices are `int64`, shape (N,). A target of the shape of the logits is read
#   as probabilities. The dangerous targets are those that raise nothing.
# * Weighted means divide by the sum of the weights; with label smoothing the loss
#   cannot reach 0.
# * Softmax or sigmoid twice: a floor, and no correction for confident mistakes.
#   `log_softmax` twice: harmless. A negative loss: the log is missing.
# * Two logits are one logit in disguise: their difference.
#
# Next: [**lab 4, logistic regression**](04_logistic_regression.ipynb). We have a loss and its gradient. Now we put a
# model in front of them and train it.
