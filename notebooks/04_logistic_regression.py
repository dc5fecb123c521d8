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
# # 4. Logistic regression
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/04_logistic_regression.ipynb)
#
# Until now the logits were given, and you judged them. Now a formula makes them from
# data, and for the first time in this course something **learns**: you will watch a
# curve turn round and move until it fits. The four lines of code that move it train
# every network of the later labs, too.
#
# **You will be able to**
#
# * say what a model and a parameter are, and what a weight and a bias do to a curve;
# * work out the slope of the loss by hand, and walk down it: gradient descent;
# * train with `nn.Linear` and an optimizer, and say what each of the four lines does;
# * write a model with `nn.Sequential`, and as a class of your own;
# * explain why a model should end in logits, and how a confident mistake can stop all
#   learning;
# * find the border between two classes, and check your fit against another library.
#
# **Needs** Labs 1 to 3: sigmoid, binary cross entropy, gradients with `backward()`.
# From school: straight lines and slopes.
#
# **Takes** 110 minutes to read and run, 45 more for the exercises and the quiz.

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
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.testing import assert_close

from course_utils import plots, training
from course_utils.exercises import lab04

plt.style.use("course_utils.course")

# %% [markdown]
# ## 1. A curve with two knobs
#
# Fifteen students sat a mock exam, and later the real one. `x` holds their points in
# the mock exam, counted from its pass mark: +2 is two points above, -3 is three points
# below. `y` says how the real exam went: 1 is passed, 0 is failed.

# %%
x = torch.tensor([-5, -4, -3, -2.5, -2, -1, -1, 0, 1, 1, 2, 2.5, 3, 4, 5])
y = torch.tensor([0.0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1])
print(len(x), "students,", int(y.sum()), "of them passed")

# %% [markdown] tags=["slide"]
# The mock exam says much, but not everything: somebody passed with -1, and somebody
# failed with +3. So we do not ask "pass or fail?". We ask for the *probability* of
# passing.
#
# Lab 1 has a function that makes a probability of any number: the sigmoid $\sigma(z)$.
# And the simplest way to make a number $z$ of $x$ is a straight line:
#
# $$\begin{aligned} z = w\,x + b, \qquad p = \sigma(z) \end{aligned} \tag{logistic regression}$$
#
# A formula like this, with numbers in it that are still to be found, is a **model**.
# The numbers are its **parameters**. Here there are two: the **weight** $w$ says how
# much one point counts, and the **bias** $b$ is added whatever $x$ is. $z$ is the
# logit. This model is called **logistic regression**, after the sigmoid's other name,
# the *logistic function*.

# %%
def model_probs(w, b, x):
    return torch.sigmoid(w * x + b)


print(model_probs(0.5, 1.0, x))

# %% [markdown]
# What does each knob do? We turn one and leave the other alone. `draw_students` puts
# the students into the figure: those who passed at the top, those who failed at the
# bottom. (Code that only draws, here and later, may be skipped.)

# %% tags=["slide"]
def draw_students(ax):
    passed, failed = x[y == 1], x[y == 0]
    ax.scatter(passed, torch.ones_like(passed), marker="^", color="C1", s=30, zorder=3)
    ax.scatter(failed, torch.zeros_like(failed), marker="o", color="C0", s=30, zorder=3)
    ax.set(xlabel="points x in the mock exam", ylabel="probability of passing")


line = torch.linspace(-6, 6, 241)
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.2), sharey=True)
for w in (-0.5, 0.5, 2.0):
    left.plot(line, model_probs(w, 0.0, line), label=f"w = {w}")
for b in (-2.0, 0.0, 2.0):
    right.plot(line, model_probs(1.0, b, line), label=f"b = {b}")
for ax, title in ((left, "the weight turns, b = 0"), (right, "the bias turns, w = 1")):
    draw_students(ax)
    ax.set_title(title)
    ax.legend(loc="center right", fontsize="small")
_ = right.set_ylabel("")

# %% [markdown] tags=["slide-more"]
# **What you should see** Triangles at the top are students who passed, dots at the
# bottom are students who failed. Left: a large weight makes the curve steep, a small
# one makes it flat, and a negative one turns it round. Right: the bias moves the curve
# sideways, and a larger bias moves it to the left.
#
# Where is the curve at one half? Where the logit is 0: $w x + b = 0$, that is
# $x = -b / w$.

# %% [markdown] tags=["slide"]
# ## 2. One number says how good a curve is
#
# The model gives each student a probability $p$ of passing. So what really happened had
# the probability $p$ if the student passed, and $1 - p$ if not. One formula covers
# both:
#
# $$\begin{aligned} p^{\,y}\,(1 - p)^{1 - y} \end{aligned}$$
#
# (Put in $y = 1$, then $y = 0$; anything to the power 0 is 1.) One event with two
# outcomes, like one toss of the bent coin of lab 2, has a **Bernoulli distribution**.
# (The notes call it "binomial". That one counts the heads of *many* tosses.)
#
# Lab 2 makes a loss of such probabilities: multiply over all students, take minus the
# logarithm, divide by N. The logarithm turns the product into a sum and the powers into
# factors, and the result is the **binary cross entropy** of lab 3:
#
# $$\begin{aligned}
# \text{loss} = -\frac{1}{N} \sum_{i=1}^{N}
# \bigl[\, y_i \log p_i + (1 - y_i) \log (1 - p_i) \,\bigr]
# \end{aligned}$$

# %%
def bce(probs, y):
    return -(y * probs.log() + (1 - y) * (1 - probs).log()).mean(dim=-1)


probs = model_probs(0.5, 1.0, x)
print("by hand   ", bce(probs, y))
print("by PyTorch", F.binary_cross_entropy(probs, y))
assert_close(bce(probs, y), F.binary_cross_entropy(probs, y))

# %% [markdown] tags=["slide"]
# (`dim=-1`, the last direction, changes nothing for a plain list. We need it in a
# minute.)
#
# **Predict** Three curves: A falls from left to right, `w = -1, b = 2`. B is flat,
# `w = 0, b = 0`: it says one half to everybody. C rises, `w = 1, b = 0`. Put their
# losses in order.

# %% tags=["slide-more"]
curves = {"A": (-1.0, 2.0), "B": (0.0, 0.0), "C": (1.0, 0.0)}
for name, (w, b) in curves.items():
    print(f"curve {name}: loss {bce(model_probs(w, b, x), y):.3f}")
assert_close(bce(model_probs(0.0, 0.0, x), y), torch.log(torch.tensor(2.0)))

# %% [markdown]
# C is best, A is worst. B, who knows nothing, pays $\ln 2$: minus the logarithm of one
# half, for every student. A is far worse than knowing nothing: it is sure of the wrong
# thing.
#
# **Your turn.** Move the two sliders and find the smallest loss you can. Write it down.
# In section 4 the model tries it too.

# %%
def draw_curve(ax, w, b):
    draw_students(ax)
    ax.plot(line, model_probs(w, b, line), color="black", linestyle="-")
    return bce(model_probs(w, b, x.double()), y)


def draw_knobs(w, b):
    _, ax = plt.subplots(figsize=(5.6, 3))
    loss = draw_curve(ax, w, b)
    ax.set_title(f"w = {w:.2f}, b = {b:.2f}: loss {loss:.3f}")


plots.slider(draw_knobs, w=(-1.5, 2.5, 0.0), b=(-3.0, 3.0, 0.0))

# %% [markdown]
# Each position of the two sliders is one curve with one loss. So we can calculate the
# loss for *all* positions and draw the result like a hiking map, as in lab 3: $w$ to
# the right, $b$ upward, and lines through places of equal height, where "height" is the
# loss.
#
# (Drawing only; skip it if you like. `reshape(1, -1, 1)` puts the values of $w$ along
# the second of three directions, `-1` stands for "as many as there are". PyTorch then
# combines every $w$ with every $b$ and every student; `expand_as` repeats the labels
# for each of them. The loss is calculated from the logits, as in lab 3: far out a
# probability would be rounded to 0 or 1, and log 0 is infinite. Section 8 is about
# that.)

# %%
def draw_map(ax, w_range=(-1.5, 2.5), b_range=(-3.0, 3.0), numbers=True):
    w = torch.linspace(*w_range, 161).reshape(1, -1, 1)
    b = torch.linspace(*b_range, 121).reshape(-1, 1, 1)
    z = w * x + b  # (121, 161, 15)
    height = F.binary_cross_entropy_with_logits(z, y.expand_as(z), reduction="none")
    height = height.mean(dim=-1)  # (121, 161): the mean over the students
    assert height.isfinite().all()
    levels = [0.45, 0.5, 0.6, 0.8, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6]
    drawn = ax.contour(w.flatten(), b.flatten(), height, levels, colors="0.55",
                       linewidths=1.2)
    if numbers:
        ax.clabel(drawn, fontsize="x-small", colors="black")
    ax.set(xlabel="weight w", ylabel="bias b")
    ax.grid(False)


# %% tags=["slide"]
fig, axes = plt.subplots(1, 4, figsize=(11, 3), width_ratios=(1.5, 1, 1, 1))
draw_map(axes[0])
for ax, (name, (w, b)) in zip(axes[1:], curves.items(), strict=True):
    axes[0].plot(w, b, "ks", markersize=5)
    axes[0].annotate(name, (w, b), xytext=(5, 4), textcoords="offset points")
    loss = draw_curve(ax, w, b)
    ax.set(title=f"{name}: loss {loss:.2f}", ylabel="", xlabel="x")
_ = axes[0].set_title("the map of the loss")

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, a map with one valley; the number on each line is the
# loss there. The three squares are the curves A, B and C, drawn on the right. A lies
# high up on the slope, C near the bottom. One *point* of the map is one whole *curve*.
#
# The best curve is the lowest point of the valley. With two parameters we can see it.
# The small network of lab 7 has some 25,000 parameters, and nobody can draw that map.
# We need a way down that works in fog: feel with your feet where the ground falls, take
# a step, and feel again.

# %% [markdown]
# ## 3. The slope, by hand
#
# Two slopes are wanted: how fast does the loss rise if $w$ is raised a little, and how
# fast if $b$ is? Together they are the gradient of the loss, as in lab 3, but now with
# respect to the *parameters*. Take one student. From the parameters to the loss there
# are three steps, and their slopes are multiplied. (If $z$ rises 3 times as fast as
# $w$, and $p$ rises 0.2 times as fast as $z$, then $p$ rises 0.6 times as fast as $w$.
# This is called the **chain rule**.)
#
# * $z = w x + b$. Raise $w$ by 1, and $z$ rises by $x$. Raise $b$ by 1, and $z$ rises
#   by 1.
# * $p = \sigma(z)$. Its slope is $p (1 - p)$. (Lab 1 shows why, in a part that you may
#   have skipped: it is the slope of a softmax probability with respect to its own
#   logit. Here the next cell checks it.)
# * The loss is $-\log p$ if $y = 1$, with the slope $-1/p$. It is $-\log(1 - p)$ if
#   $y = 0$, with the slope $1 / (1 - p)$.

# %%
z = torch.linspace(-8, 8, 161, requires_grad=True)
p = torch.sigmoid(z)
p.sum().backward()  # the slope of each p goes to z.grad
slope = p * (1 - p)
assert_close(z.grad, slope)

# %% tags=["slide"]
fig, ax = plt.subplots(figsize=(6.4, 2.8))
ax.plot(z.detach(), p.detach(), label="sigmoid p")
ax.plot(z.detach(), slope.detach(), label="its slope p (1 - p)")
ax.set(xlabel="logit z", ylabel="probability, or slope")
_ = ax.legend(loc="center right")

# %% [markdown] tags=["slide-more"]
# **What you should see** The sigmoid as a solid line, and below it its slope, a low
# hill that is highest at $z = 0$. Even there the slope is only one quarter. Far out on
# both sides it is practically 0: the sigmoid is **saturated**. There, a change of the
# logit changes the probability no more.
#
# **Predict** A saturated sigmoid has slope 0. Does a student about whom the model is
# totally wrong then have no influence on the parameters? Here are three students who
# passed, $y = 1$. Which of the three losses has the steepest slope with respect to its
# logit?

# %% tags=["slide-more"]
z = torch.tensor([-6.0, 0.0, 6.0], requires_grad=True)
(-torch.sigmoid(z).log()).sum().backward()
print("slopes of the loss:", z.grad)

# %% [markdown] tags=["slide"]
# That of the first, about whom the model is totally wrong. Why? Multiply the last two
# slopes:
#
# $$\begin{aligned}
# y = 1: \quad & -\frac{1}{p} \cdot p\,(1 - p) = p - 1 \\
# y = 0: \quad & \frac{1}{1 - p} \cdot p\,(1 - p) = p
# \end{aligned}$$
#
# The steepness of the loss cancels the flatness of the sigmoid! Both cases are the same
# formula, $p - y$: what the model said, minus what is true, just as in lab 3. A total
# mistake has slope 1 or -1, the largest there is. (On paper. Section 8 shows how a
# computer can lose it.)
#
# Now the first step, a factor $x$ or 1, and the mean over all students. (Read
# $\partial\, \text{loss} / \partial w$ as "the slope of the loss when only $w$ moves".)
#
# $$\begin{aligned}
# \frac{\partial\, \text{loss}}{\partial w} = \frac{1}{N} \sum_i (p_i - y_i)\, x_i,
# \qquad
# \frac{\partial\, \text{loss}}{\partial b} = \frac{1}{N} \sum_i (p_i - y_i)
# \end{aligned} \tag{gradient}$$

# %%
def gradient(w, b, x, y):
    error = model_probs(w, b, x) - y
    return (error * x).mean(), error.mean()


slope_w, slope_b = gradient(-1.0, 2.0, x, y)
print(f"at A: slope in w {slope_w:.4f}, slope in b {slope_b:.4f}")

# %% [markdown]
# In words: at curve A, raising $w$ makes the loss fall steeply, and raising $b$ makes
# it rise a little. Is it true? Two checks. First without any theory: raise $w$ by one
# thousandth and look at the loss. Then with autograd, in the usual `float32` numbers
# and in `float64`, which have about twice as many digits.

# %%
nudged = bce(model_probs(-1.0 + 0.001, 2.0, x.double()), y)
before = bce(model_probs(-1.0, 2.0, x.double()), y)
print(f"rise of the loss per unit of w: {(nudged - before) / 0.001:.3f}")

# %%
for dtype in (torch.float32, torch.float64):
    w = torch.tensor(-1.0, dtype=dtype, requires_grad=True)
    b = torch.tensor(2.0, dtype=dtype, requires_grad=True)
    F.binary_cross_entropy(model_probs(w, b, x.to(dtype)), y.to(dtype)).backward()
    by_hand = gradient(w.detach(), b.detach(), x.to(dtype), y.to(dtype))
    atol = 1e-6 if dtype == torch.float32 else 1e-14
    assert_close((w.grad, b.grad), by_hand, atol=atol, rtol=0)
    print(dtype, "the same gradient by hand and by autograd")

# %% [markdown] tags=["slide"]
# ## 4. Downhill
#
# The gradient says where the loss *rises*. We want it to fall, so we go the other way:
# subtract the slope, times a small number that you choose, the **learning rate** `lr`.
#
# $$\begin{aligned}
# w \leftarrow w - \text{lr} \cdot \frac{\partial\, \text{loss}}{\partial w},
# \qquad
# b \leftarrow b - \text{lr} \cdot \frac{\partial\, \text{loss}}{\partial b}
# \end{aligned} \tag{gradient descent}$$
#
# Read the arrow as "becomes". That is one **step** (or *update*) of **gradient
# descent**. We begin at curve A, which is badly wrong.

# %% tags=["slide-more"]
w, b, lr = torch.tensor(-1.0), torch.tensor(2.0), 0.5
slope_w, slope_b = gradient(w, b, x, y)
new_w, new_b = w - lr * slope_w, b - lr * slope_b
print(f"before: w {w:.3f}, b {b:.3f}, loss {bce(model_probs(w, b, x), y):.3f}")
print(f"after:  w {new_w:.3f}, b {new_b:.3f}, "
      f"loss {bce(model_probs(new_w, new_b, x), y):.3f}")

# %% [markdown]
# One step, and half of the loss is gone. Now the same again and again. Repeating such
# steps is what **training** means; there is nothing more to it. We keep every position
# on the way, so that we can draw it.

# %%
def descend(w, b, lr, n_steps):
    w, b = torch.tensor(w), torch.tensor(b)
    path = [(w, b)]
    for _ in range(n_steps):
        slope_w, slope_b = gradient(w, b, x, y)
        w, b = w - lr * slope_w, b - lr * slope_b
        path.append((w, b))
    return torch.tensor(path)  # (n_steps + 1, 2): w and b before and after each step


path = descend(-1.0, 2.0, lr=0.5, n_steps=100)
print("first", path[0], " last", path[-1])

# %%
fig, axes = plt.subplots(1, 6, figsize=(11, 2.4), sharey=True)
for ax, step in zip(axes, (0, 1, 2, 5, 20, 100), strict=True):
    loss = draw_curve(ax, *path[step])
    ax.set(title=f"step {step}: {loss:.3f}", ylabel="", xlabel="x", xticks=(-5, 0, 5))
_ = axes[0].set_ylabel("probability")

# %% [markdown]
# **What you should see** The curve learns. It begins as a falling curve, the wrong way
# round. After one step it is nearly flat, after two it rises, and then it grows steeper
# and moves to the right. The number above each picture is the loss, and it falls from
# left to right. Nobody told the curve what "passing" means: it only went downhill.
#
# (`*path[step]` hands over the two numbers of a row one by one.) In Jupyter you can run
# the film yourself.

# %%
def draw_step(step):
    _, ax = plt.subplots(figsize=(5.6, 3))
    loss = draw_curve(ax, *path[int(step)])
    ax.set_title(f"step {int(step)}: loss {loss:.3f}")


plots.slider(draw_step, step=(0, 100, 0))

# %% [markdown]
# Now the same walk on the map. (`path[:, :1]` is the first column, kept as a table of
# shape (101, 1), so that each $w$ meets all students. `path[:, 1:]` is the second.)

# %% tags=["slide"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
draw_map(left)
left.plot(path[:, 0], path[:, 1], "-o", color="C1", markersize=3)
left.plot(*path[-1], "k*", markersize=12)
losses = bce(model_probs(path[:, :1], path[:, 1:], x.double()), y)
plots.learning_curves({"loss": losses}, right, epochs=range(101))
_ = right.set(xlabel="step", ylim=(0, None))

# %% [markdown] tags=["slide-more"]
# **What you should see** The same walk, seen from above. Each dot is one step. The
# first steps are long, because the ground is steep; further down they become short by
# themselves, because the gradient does. The star is the end, at the bottom of the
# valley. Right, the loss after each step: steep at first, then level.
#
# Were you better with the sliders? Compare.

# %%
w, b = path[-1]
print(f"loss {losses[-1]:.4f} at w = {w:.2f}, b = {b:.2f}")
print(f"an even chance at x = {-b / w:.2f}")
assert max(abs(slope) for slope in gradient(w, b, x, y)) < 0.001

# %% [markdown]
# You cannot beat it by more than a hair: at the end both slopes are practically 0, the
# ground is level. And we learn something about the exam: its pass mark is not quite
# enough. For an even chance you need about one point more.
#
# The level ground has a consequence that nobody asked for. The slope in $b$ is the mean
# of $p_i - y_i$. **Predict** If that is 0, how many students does the model expect to
# pass, and how many did?

# %%
expected = model_probs(w, b, x).sum()
print(f"expected to pass: {expected:.2f}, passed: {y.sum():.0f}")
assert_close(expected, y.sum(), atol=0.02, rtol=0)

# %% [markdown] tags=["slide"]
# The probabilities of all students add up to the number who passed. Every logistic
# regression with a bias does that on its training data, once it has reached the bottom.
#
# **The learning rate** is your choice. **Predict** What goes wrong if it is much too
# small? If it is much too large?

# %% tags=["slide-more"]
fig, axes = plt.subplots(1, 3, figsize=(10.5, 3), sharey=True)
for ax, lr in zip(axes, (0.02, 0.5, 5.0), strict=True):
    steps = descend(-1.0, 2.0, lr, n_steps=100)
    draw_map(ax, w_range=(-1.5, 8.5), numbers=False)
    ax.plot(steps[:, 0], steps[:, 1], "-o", color="C1", markersize=3, linewidth=1)
    ax.plot(*path[-1], "k*", markersize=10)
    loss = bce(model_probs(*steps[-1], x.double()), y)
    ax.set(title=f"lr = {lr}: loss {loss:.3f} at the end", ylabel="")
_ = axes[0].set_ylabel("bias b")

# %% [markdown] tags=["slide-more"]
# **What you should see** Three walks of 100 steps each; the star marks the lowest
# point. Left, the steps are tiny, and the walk ends on the way. In the middle it
# arrives. Right, the first step jumps right across the valley and far up the other
# side; the walk comes back, but then it jumps to and fro around the star and never
# settles.

# %%
for lr, settled in ((0.02, False), (0.5, True), (5.0, False)):
    steps = descend(-1.0, 2.0, lr, n_steps=100)
    end = bce(model_probs(steps[80:, :1], steps[80:, 1:], x.double()), y)
    assert (end.max() - losses[-1] < 0.001) == settled

# %% [markdown] tags=["slide-more"]
# Factors of 3 or 10 are the right size of change.
#
# **Rule** Draw the loss: if it creeps, raise the learning rate; if it jumps, lower it.

# %% [markdown]
# ## 5. PyTorch keeps the books
#
# Working out slopes by hand was easy for this model and is no fun for larger ones.
# Since lab 3 we have `backward()`. So the parameters get `requires_grad=True`, and a
# step becomes this. `torch.no_grad()` says "take no notes for autograd here": the step
# itself is not a part of the model. And as `backward()` *adds* to `.grad`, we set it
# back to 0 at the end.

# %%
w = torch.tensor(-1.0, requires_grad=True)
b = torch.tensor(2.0, requires_grad=True)
loss = F.binary_cross_entropy(model_probs(w, b, x), y)
loss.backward()
with torch.no_grad():
    w -= 0.5 * w.grad
    b -= 0.5 * b.grad
w.grad.zero_()
b.grad.zero_()
assert_close((w.detach(), b.detach()), (path[1, 0], path[1, 1]))

# %% [markdown]
# With 25,000 parameters you do not want a line for each. An **optimizer** is a list of
# parameters with the rule for changing them. Ours is `torch.optim.SGD`, for *stochastic
# gradient descent*. ("Stochastic", random, is for those who use a random part of the
# data in each step, as lab 8 will. We use all of it.) It has the two methods that we
# need: `step()` moves every parameter against its slope, and `zero_grad()` empties
# every `.grad`.
#
# Here are the four lines of all training. (`.item()` takes the plain Python number out
# of a tensor.)

# %%
def descend_with_sgd(w, b, lr, n_steps, dtype=torch.float32):
    w = torch.tensor(w, dtype=dtype, requires_grad=True)
    b = torch.tensor(b, dtype=dtype, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=lr)
    path = [(w.item(), b.item())]
    for _ in range(n_steps):
        loss = F.binary_cross_entropy(model_probs(w, b, x.to(dtype)), y.to(dtype))
        loss.backward()  # the slopes
        optimizer.step()  # against the slopes
        optimizer.zero_grad()  # clean up for the next round
        path.append((w.item(), b.item()))
    return torch.tensor(path)


# %%
assert_close(descend_with_sgd(-1.0, 2.0, lr=0.5, n_steps=100), path)
in_float64 = descend_with_sgd(-1.0, 2.0, lr=0.5, n_steps=100, dtype=torch.float64)
assert_close(in_float64, path, atol=1e-4, rtol=0)
print("100 steps by hand and by SGD: the same path")

# %% [markdown] tags=["slide"]
# All 100 positions agree. The optimizer does what our formula does, and from now on we
# may use it.
#
# ### Pitfall: forgetting `zero_grad()`
#
# Leave out the fourth line, and there is no error. As lab 3 warned, `backward()` then
# adds the new slope to all the old ones. **Predict** What does the walk look like?
# Think of a marble in a bowl.

# %% tags=["pitfall"]
def descend_without_zero_grad(w, b, lr, n_steps):
    w = torch.tensor(w, requires_grad=True)
    b = torch.tensor(b, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=lr)
    path = [(w.item(), b.item())]
    for _ in range(n_steps):
        F.binary_cross_entropy(model_probs(w, b, x), y).backward()
        optimizer.step()
        path.append((w.item(), b.item()))
    return torch.tensor(path)


buggy = descend_without_zero_grad(0.0, 0.0, lr=0.02, n_steps=90)
proper = descend(0.0, 0.0, lr=0.02, n_steps=90)

# %% tags=["slide-more"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
draw_map(axes[0], w_range=(-0.5, 2.5), b_range=(-3.0, 0.5))
losses = {}
for name, steps, style in (("with", proper, "-o"), ("without", buggy, "--s")):
    axes[0].plot(steps[:, 0], steps[:, 1], style, markersize=3, linewidth=1)
    losses[name] = bce(model_probs(steps[:, :1], steps[:, 1:], x.double()), y)
axes[0].plot(*path[-1], "k*", markersize=10)
plots.learning_curves(losses, axes[1], epochs=range(91))
_ = axes[1].set(xlabel="step", ylim=(0.4, 0.85))

# %% [markdown] tags=["slide-more"]
# **What you should see** One mark per step. Dots: with `zero_grad` the walk goes towards
# the star, in steps so short that the dots run together. Squares: without it, the walk
# shoots far past the star, climbs the other side, turns and comes back, without end.
# Right: its loss falls at first even *faster* than the proper one, and then swings up
# and down.
#
# The sum of all old slopes is a speed that nothing ever brakes, like a marble in a bowl
# without friction. The loss curve is how you notice: it swings, and a smaller learning
# rate only makes the swings slower.

# %%
assert losses["without"][:20].min() < losses["with"][:20].min()  # seems better
assert losses["without"][40:].max() > losses["with"][40:].max() + 0.1
assert (losses["with"].diff() < 0).all()  # diff(): each number minus the one before

# %%
slower = descend_without_zero_grad(0.0, 0.0, lr=0.005, n_steps=90)
loss = bce(model_probs(slower[:, :1], slower[:, 1:], x.double()), y)
top, slow_top = losses["without"][15:45].argmax() + 15, loss[15:].argmax() + 15
print(f"top of the first swing: step {top}, with a quarter of lr step {slow_top}")
assert loss[slow_top] > 0.95 * losses["without"][top]  # later, and about as high

# %% [markdown] tags=["slide-more"]
# **Rule** Each step has its own `zero_grad()`.

# %% [markdown]
# ## 6. Three exam scores
#
# Now the published experiment: six students, each with the scores of *three* exams. The
# table `X3` has one row per student and one column per exam, shape (N, D). D is the
# number of inputs of each example, here 3. `y3` is a column, shape (6, 1), because the
# model will give a column as well. (The notes call them `x_train` and `y_train`.)

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
# Three inputs need three weights, and the logit is a **weighted sum** of the scores:
#
# $$\begin{aligned} z = w_1 x_1 + w_2 x_2 + w_3 x_3 + b \end{aligned}$$
#
# The notes did not fix their random start, but they printed it. We take their numbers.
# First for one student, by hand:

# %%
W = torch.tensor([[-0.5276], [-0.5293], [-0.2994]])  # (D, 1): one weight per exam
b = torch.tensor([0.0481])

z = W[0] * X3[0, 0] + W[1] * X3[0, 1] + W[2] * X3[0, 2] + b
print("logit of the first student:", z)

# %% [markdown]
# And for all students at once. `X3 @ W`, the **matrix product**, takes each row of
# `X3`, multiplies it number by number with the column `W`, and adds up.
# (6, 3) `@` (3, 1) gives (6, 1): the two inner numbers, the 3s, must agree, and they
# vanish.

# %%
logits = X3 @ W + b
print(logits.shape)
assert_close(logits[0], z)
probs = torch.sigmoid(logits)
print(probs.flatten())  # flatten: as a plain list, to save lines
published = torch.tensor([0.1056, 0.0524, 0.0860, 0.0058, 0.0025, 0.0046])
assert_close(probs.flatten(), published, atol=1e-4, rtol=0)

# %% [markdown]
# (`torch.matmul(X3, W)` is the same, by its long name.) These are the six probabilities
# that the notes print, too. At the start the model says "failed" to everybody, and most
# firmly to those who passed.
#
# The gradient is what it was, with one slope per weight: for each exam, the mean of
# error times score. `X3.T` is `X3` with rows and columns exchanged, shape (3, 6), so
# that `@` now adds up over the students.
#
# $$\begin{aligned}
# \frac{\partial\, \text{loss}}{\partial W} = \frac{1}{N}\, X^{\mathsf T} (p - y),
# \qquad
# \frac{\partial\, \text{loss}}{\partial b} = \frac{1}{N} \sum_i (p_i - y_i)
# \end{aligned}$$

# %%
error = probs - y3  # (6, 1)
slope_W = X3.T @ error / len(X3)  # (3, 6) @ (6, 1) is (3, 1)
slope_b = error.mean()
print("slopes of the weights", slope_W.flatten())
print(f"slope of the bias     {slope_b:.4f}")

# %% [markdown]
# **The layer.** PyTorch has the weighted sum ready, with its parameters inside:
# `nn.Linear(3, 1)` takes 3 numbers and gives 1. Its parameters are filled with random
# numbers when it is made, and they have `requires_grad=True`. `nn.Sequential` puts
# several such parts in a row, the output of one is the input of the next.

# %%
model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
for name, parameter in model.named_parameters():
    print(name, tuple(parameter.shape))

# %% [markdown]
# Look at the shape of the weight: (1, 3), a row where we had a column. `nn.Linear`
# keeps one *row* per output and calculates `X @ weight.T + bias`. We copy the published
# start into it; `copy_` overwrites the numbers and leaves the parameter in its place.

# %%
def set_parameters(linear, weight, bias):
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([weight]))
        linear.bias.copy_(torch.tensor([bias]))


set_parameters(model[0], (-0.5276, -0.5293, -0.2994), 0.0481)
assert_close(model[0](X3), X3 @ model[0].weight.T + model[0].bias)
assert_close(model(X3), torch.sigmoid(X3 @ W + b))

# %%
loss = F.binary_cross_entropy(model(X3), y3)
loss.backward()
print("by autograd:", model[0].weight.grad, model[0].bias.grad)
assert_close(model[0].weight.grad.T, slope_W)
assert_close(model[0].bias.grad, slope_b.reshape(1))
published = torch.tensor([-2.4113, -1.2519, -2.4313, -0.4572])
found = torch.cat([model[0].weight.grad[0], model[0].bias.grad])  # one after the other
assert_close(found, published, atol=1e-4, rtol=0)

# %% [markdown]
# Three ways, one gradient: our formula, autograd, and the one printed in the notes.
#
# **Training.** `model.parameters()` hands all parameters to the optimizer. We also want
# to know how many answers are right. An answer is "passed" if its probability is above
# the **threshold** one half. The fraction of right answers is the **accuracy**: `==`
# gives True or False for each student, `.float()` makes 1 and 0 of them, and their mean
# is the fraction.
#
# One pass over all the data is an **epoch**. We use all the data in each step, so here
# an epoch is a step. The notes log epoch 0 as well as epoch 100; that makes 101 steps.

# %%
def train(model, X, y, lr, n_epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses, accuracies = [], []
    for _ in range(n_epochs + 1):
        probs = model(X)
        loss = F.binary_cross_entropy(probs, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        accuracies.append(((probs > 0.5) == y).float().mean().item())
    return losses, accuracies


# %%
model.zero_grad()  # the slopes of the cell before are still in there
losses, accuracies = train(model, X3, y3, lr=0.05, n_epochs=100)
for epoch in range(0, 101, 10):
    loss, acc = losses[epoch], accuracies[epoch]
    print(f"epoch {epoch:3}  loss {loss:.3f}  accuracy {acc:.2%}")

# %% [markdown]
# (`:.2%` prints a fraction as a percentage.) That is the published log, to the last
# digit; the notes call our loss `cost`. We make sure, and draw what lies between the
# lines of the log as well. **Predict** The loss falls at every step. Does the accuracy
# ever fall?

# %%
log = [2.794, 0.498, 0.452, 0.416, 0.385, 0.359, 0.338, 0.319, 0.302, 0.287, 0.274]
assert_close(torch.tensor(losses[::10]), torch.tensor(log), atol=6e-4, rtol=0)
assert [round(6 * a) for a in accuracies[::10]] == [3, 4, 4, 4, 5, 5, 6, 6, 6, 6, 6]

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
plots.learning_curves({"loss": losses}, left, epochs=range(101),
                      baseline=("always one half, ln 2", torch.log(torch.tensor(2.0))))
plots.learning_curves({"accuracy": accuracies}, right, epochs=range(101),
                      ylabel="accuracy (fraction)", baseline=("always passed", 0.5))
_ = left.set_ylim(0, 3)
_ = right.set_ylim(0, 1.05)

# %% [markdown]
# **What you should see** Left, the loss drops in the first steps below the dotted line
# of somebody who knows nothing, then falls slowly, without a bump. Right, the accuracy
# goes in stairs, because six students allow only seven values. Near the left edge
# stands a spike that the log has missed: all six answers right, for a single epoch, and
# then two of them wrong again for a long time.
#
# How can the loss fall while right answers become wrong? Look at the six probabilities
# around that epoch.

# %%
set_parameters(model[0], (-0.5276, -0.5293, -0.2994), 0.0481)
train(model, X3, y3, lr=0.05, n_epochs=3)  # 4 steps
for epoch in range(4, 8):
    print(f"epoch {epoch}", model(X3).detach().flatten())
    train(model, X3, y3, lr=0.05, n_epochs=0)  # 1 step

# %%
best = accuracies.index(1.0)
print("first epoch with all six right:", best)
assert accuracies[best + 1] < 1 and losses[best + 1] < losses[best]

# %% [markdown]
# At the start all probabilities are far too low, so the first steps raise all of them,
# those who passed (the last three) faster than the others. For a moment the two groups
# lie on different sides of one half, all of them close to it. Then two who failed cross
# it as well. The answers were right by a hair, and nothing held them there.
#
# **Accuracy only asks on which side of one half a probability lies. The loss asks how
# far.** Training follows the loss, so the loss is what tells you how training goes.
#
# And do not be too proud of the 100% at the end. These are the same six students that
# the model was trained on. Lab 7 asks what a model can do with new examples.

# %% [markdown]
# ### Pitfall: which class is 1?
#
# The published text says once that 1 means passed, and once that 0 does. Does it
# matter? We train from zero, once with the labels as they are, and once flipped.
#
# **Predict** What will the second set of weights be?

# %% tags=["pitfall"]
def trained_from_zero(y):
    model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    set_parameters(model[0], (0.0, 0.0, 0.0), 0.0)
    train(model, X3, y, lr=0.05, n_epochs=100)
    return model[0].weight.detach()


print("1 is passed:", trained_from_zero(y3))
print("1 is failed:", trained_from_zero(1 - y3))
assert_close(trained_from_zero(1 - y3), -trained_from_zero(y3))

# %% [markdown]
# The same numbers with the other sign. The mathematics does not care, and no error can
# arise. But whoever reads the weights with the wrong meaning in mind believes that a
# good third exam makes you fail. (The second exam has a negative weight even with the
# right labels. Read no advice into it: six students are too few.)
#
# **Rule** Write down, next to the labels, what 1 means.

# %% [markdown]
# ## 7. A class of your own
#
# `nn.Sequential` can only put parts in a row. For anything else you write a **class**,
# a plan for objects. `class BinaryClassifier(nn.Module)` means: all that `nn.Module`
# can do, and what is written below. Two functions are needed, and in both `self` is the
# object itself.
#
# * `__init__` runs when an object is made. It first runs the `__init__` of `nn.Module`,
#   with `super()`, and then makes the parts.
# * `forward` says how the output is calculated. You call `model(X)`, and `nn.Module`
#   calls `forward` for you.

# %%
class BinaryClassifier(nn.Module):
    def __init__(self, n_inputs):
        super().__init__()
        self.linear = nn.Linear(n_inputs, 1)

    def forward(self, X):
        return torch.sigmoid(self.linear(X))


model = BinaryClassifier(3)
print(model)
print([name for name, parameter in model.named_parameters()])

# %% [markdown]
# Nowhere did we list the parameters, and yet the model knows them. Whenever a part that
# has parameters is stored with `self.name = ...`, `nn.Module` notes it.
#
# Is it the same model as the one with `nn.Sequential`? We give both the same parameters
# and compare, outputs and gradients.

# %%
sequential = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
for linear in (model.linear, sequential[0]):
    set_parameters(linear, (0.1236, 0.1227, -0.2454), -0.4398)
assert_close(model(X3), sequential(X3))

for each in (model, sequential):
    F.binary_cross_entropy(each(X3), y3).backward()
assert_close(model.linear.weight.grad, sequential[0].weight.grad)

# %% [markdown]
# These numbers are the ones that the notes print for their second run: another random
# start, the same settings.
#
# **Predict** The first run began at a loss above 2 and ended near 0.3. This one begins
# below 1. Will it end higher or lower, or in the same region?

# %%
model = BinaryClassifier(3)
set_parameters(model.linear, (0.1236, 0.1227, -0.2454), -0.4398)
losses, accuracies = train(model, X3, y3, lr=0.05, n_epochs=100)
for epoch in range(0, 101, 10):
    loss, acc = losses[epoch], accuracies[epoch]
    print(f"epoch {epoch:3}  loss {loss:.3f}  accuracy {acc:.2%}")

# %%
log = [0.847, 0.550, 0.488, 0.439, 0.399, 0.367, 0.339, 0.316, 0.297, 0.280, 0.265]
assert_close(torch.tensor(losses[::10]), torch.tensor(log), atol=6e-4, rtol=0)
assert [round(6 * a) for a in accuracies[::10]] == [3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6]

# %% [markdown]
# The same region, and that is no accident. Go straight across the map, in any
# direction. The logit of each student then changes evenly, and if it rises, so does the
# slope of the student's loss, $p - y$ (section 3), because $p$ does. (If the logit
# falls, walk from the other end.) So on such a straight way the loss may fall and then
# rise, but never rise and then fall: there is no hill between two valleys. There is
# only one valley, and the start decides how long the way is, not where it leads. We
# check it between the two published starts.

# %%
starts = torch.tensor([[-0.5276, -0.5293, -0.2994, 0.0481],
                       [0.1236, 0.1227, -0.2454, -0.4398]], dtype=torch.float64)
t = torch.linspace(0, 1, 101).reshape(-1, 1)
places = (1 - t) * starts[0] + t * starts[1]  # (101, 4): three weights and the bias
on_the_way = bce(torch.sigmoid(places[:, :3] @ X3.T.double() + places[:, 3:]),
                 y3.flatten())

# %%
ends = torch.tensor([2.794, 0.847], dtype=torch.float64)
assert_close(on_the_way[[0, -1]], ends, atol=6e-4, rtol=0)
assert (on_the_way.diff().diff() > 0).all()  # the slope rises at each of the places

# %% [markdown]
# (Networks with a hidden layer, from lab 7 on, do not have this comfort.)
#
# ### Pitfall: the accuracy of the step before
#
# Look at the loop once more: `probs` is calculated, then `step()` changes the model,
# then the accuracy is calculated from the *old* `probs`. What is logged belongs to the
# model before the step, and that model does not exist any more. We run the same
# training again and ask the model itself, too.

# %% tags=["pitfall"]
def accuracy_logged_and_real(n_steps):
    model = BinaryClassifier(3)
    set_parameters(model.linear, (0.1236, 0.1227, -0.2454), -0.4398)
    _, accuracies = train(model, X3, y3, lr=0.05, n_epochs=n_steps - 1)
    with torch.no_grad():
        real = ((model(X3) > 0.5) == y3).float().mean().item()
    return accuracies[-1], real


for epoch in (0, 10, 20, 30):
    logged, real = accuracy_logged_and_real(n_steps=epoch + 1)
    print(f"epoch {epoch:2}  logged {logged:.2%}  the model now {real:.2%}")

# %%
logged, real = accuracy_logged_and_real(n_steps=1)
assert real < logged  # the first step made it worse, and the log does not show it
logged, real = accuracy_logged_and_real(n_steps=21)
assert real > logged

# %% [markdown]
# At epoch 0 the model is *worse* than the log says, at epoch 20 it is better. As a
# rough sign of progress that is good enough, and it costs nothing. As a result it is
# wrong.
#
# **Rule** Calculate the number that you report anew, after the last step.
#
# ### Where does it end?
#
# All six answers are right since about epoch 60, and the loss goes on falling.
# **Predict** We train ten times as long, and then a hundred times. Will the parameters
# come to rest?

# %%
all_largest = []
print(" steps   loss   accuracy   largest weight")
for n_epochs in (100, 1_000, 10_000):
    model = BinaryClassifier(3)
    set_parameters(model.linear, (0.1236, 0.1227, -0.2454), -0.4398)
    losses, accuracies = train(model, X3, y3, lr=0.05, n_epochs=n_epochs)
    largest = model.linear.weight.abs().max()
    print(f"{n_epochs:6}  {losses[-1]:.4f}   {accuracies[-1]:.2%}    {largest:.2f}")
    all_largest.append(largest)

# %%
z = model.linear(X3).detach()
assert all_largest == sorted(all_largest)  # it grows
assert F.binary_cross_entropy(torch.sigmoid(2 * z), y3) < losses[-1]  # all doubled

# %% [markdown]
# They do not. There is a plane that has all who passed on one side and all who failed
# on the other: the data are **separable**. Then doubling all parameters keeps every
# answer right and makes each of them more certain, so the loss falls. The valley has no
# lowest point; it goes down for ever, and the weights grow without end. A loss near 0
# and an accuracy of 100% on such data say little. Real data overlap, as in sections 1
# and 9.

# %% [markdown]
# ## 8. End in logits
#
# On paper, a total mistake has the largest slope of all (section 3). Our models end in
# a sigmoid, followed by the loss. Let us test them with numbers that are not nice.
#
# ### Pitfall: the other formula of the sigmoid
#
# Multiply top and bottom of $1 / (1 + e^{-z})$ by $e^z$, and you get $e^z / (1 + e^z)$,
# which one of the notes uses. It is equal on paper. **Predict** What does it give for
# $z = 89$?

# %% tags=["pitfall"]
def sigmoid_top_heavy(z):
    return z.exp() / (1 + z.exp())


z = torch.tensor([-2.0, 0.0, 88.0, 89.0])
print(sigmoid_top_heavy(z))
print(torch.sigmoid(z))
assert sigmoid_top_heavy(z)[-1].isnan()

# %% [markdown] tags=["slide"]
# $e^{89}$ is more than a `float32` number can hold; it becomes `inf`, and `inf / inf`
# is `nan`, as in lab 1. The exponent should never be a large positive number: for
# $z \ge 0$ take $1 / (1 + e^{-z})$, for $z < 0$ take $e^z / (1 + e^z)$. In Exercise 5
# you write that, and there is a second trap in it.
#
# **Rule** Do not type the sigmoid, use `torch.sigmoid`.
#
# ### Pitfall: the confident mistake
#
# With a good sigmoid all seems well. Now take a student who failed, $y = 0$, and a
# model that is sure of a pass: the logit is 17. On paper the loss is
# $-\log(1 - \sigma(17))$, a hair over 17, and its slope is $p - y$, practically 1. Lab
# 3 has two ways to calculate that: sigmoid and then `BCELoss`, or `BCEWithLogitsLoss`
# on the logit.
#
# **Predict** What do the two say? (`reduction="none"` gives each example its own loss.)

# %% tags=["pitfall", "slide-more"]
def loss_and_slope(z, by_way_of):
    z = torch.tensor(z, requires_grad=True)
    y = torch.zeros(len(z))
    if by_way_of == "sigmoid":
        losses = F.binary_cross_entropy(torch.sigmoid(z), y, reduction="none")
    else:
        losses = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    losses.sum().backward()
    return losses.detach(), z.grad


print("by way of the sigmoid: loss, slope =", *loss_and_slope([17.0], "sigmoid"))
print("by way of the logit:   loss, slope =", *loss_and_slope([17.0], "logit"))

# %%
hundred, seventeen = torch.tensor([100.0]), torch.tensor([17.0])
assert_close(loss_and_slope([17.0], "sigmoid"), (hundred, torch.zeros(1)))
assert_close(loss_and_slope([17.0], "logit"), (seventeen, torch.ones(1)))
assert loss_and_slope([17.0], "sigmoid")[1] == 0  # exactly

# %% [markdown]
# The loss is 100, and the slope is **exactly 0**. What happened? $\sigma(17)$ differs
# from 1 by less than the digits of `float32` can show, so it is rounded to 1. Then
# $\log(1 - p)$ is $\log 0$. PyTorch does not return an infinite loss there but cuts it
# off at 100. And the sigmoid's slope $p (1 - p)$ is $1 \cdot 0 = 0$: it can no longer
# be cancelled by the steep loss, because that was cut off.

# %% tags=["slide"]
z = torch.linspace(-5, 30, 351).tolist()
fig, axes = plt.subplots(1, 2, figsize=(9, 3))
names = {"sigmoid": "Sigmoid, BCELoss", "logit": "BCEWithLogitsLoss"}
for (way, name), style in zip(names.items(), ("--", "-"), strict=True):
    for ax, values in zip(axes, loss_and_slope(z, way), strict=True):
        ax.plot(z, values, style, label=name)
axes[0].set(xlabel="logit z, the truth is y = 0", ylabel="loss (nats)")
axes[1].set(xlabel="logit z, the truth is y = 0", ylabel="slope of the loss",
            ylim=(-0.05, 1.15))
_ = axes[0].legend(loc="upper left")

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, the loss of one example with $y = 0$. Up to a logit of
# about 16 the two ways agree. Then the dashed one jumps to 100 and stays there. Right,
# the slope: it should go to 1 and stay, and the solid line does. The dashed line falls
# to 0 at the same place. The worse the mistake, the stronger the push should be; by way
# of the sigmoid there is none at all.
#
# What that means for training: we start the model of section 1 with `b = 20`, so that
# it is sure that everybody passes. (Such starts do happen: one jump with a large
# learning rate, or inputs in the hundreds, is enough.)

# %% tags=["pitfall"]
def train_from_afar(by_way_of, n_steps=150):
    w, b = (torch.tensor(v, requires_grad=True) for v in (0.0, 20.0))
    optimizer = torch.optim.SGD([w, b], lr=1.0)
    losses = []
    for _ in range(n_steps):
        z = w * x + b
        if by_way_of == "sigmoid":
            loss = F.binary_cross_entropy(torch.sigmoid(z), y)
        else:
            loss = F.binary_cross_entropy_with_logits(z, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


# %%
losses = {name: train_from_afar(way) for way, name in names.items()}
ax = plots.learning_curves(losses, epochs=range(150))
_ = ax.set(xlabel="step", ylim=(0, 65))

# %% [markdown]
# **What you should see** The line with dots, by way of the sigmoid, is level for all
# 150 steps: the loss is enormous, and nothing moves. The dashed line, by way of the
# logits, comes down and arrives. It is the same model with the same start; the two
# begin at different heights because 9 of 15 failed, and each of them costs 100 on the
# one way and 20 on the other.

# %%
stuck, arrived = losses.values()
assert_close(stuck[0], 9 / 15 * 100)
assert_close(arrived[0], 9 / 15 * 20)
assert stuck[0] == stuck[-1]
assert arrived[-1] < 0.44

# %% [markdown] tags=["slide"]
# The cure is to make one step of sigmoid and logarithm. With $p = \sigma(z)$ the loss
# of one example becomes
#
# $$\begin{aligned} \text{loss} = \log(1 + e^z) - y\,z \end{aligned} \tag{loss with logits}$$
#
# ($y = 0$ leaves $-\log(1 - p) = \log(1 + e^z)$; $y = 1$ takes $z$ away from it.) No
# probability, nothing to be rounded to 1. `F.binary_cross_entropy_with_logits`, or
# `nn.BCEWithLogitsLoss` as an object, calculates this without overflow. In Exercise 4
# so do you.

# %%
z, labels = torch.tensor([-3.0, 0.5, 2.0]), torch.tensor([1.0, 0.0, 1.0])
by_hand = ((1 + z.exp()).log() - labels * z).mean()
assert_close(by_hand, F.binary_cross_entropy_with_logits(z, labels))
assert_close(by_hand, F.binary_cross_entropy(torch.sigmoid(z), labels))

# %% [markdown]
# So the model ends with `nn.Linear` and returns logits; the sigmoid has moved into the
# loss. And for the decision you do not need it at all: $\sigma(z) > \tfrac12$ exactly
# where $z > 0$.
#
# **Predict** Somebody removes the sigmoid from the model and forgets the threshold: the
# logits are compared with 0.5. Which answers change?

# %%
z = torch.tensor([-2.0, -0.1, 0.1, 0.4, 0.6, 3.0])
print("probability above 1/2:", (torch.sigmoid(z) > 0.5).tolist())
print("logit above 0:        ", (z > 0).tolist())
print("logit above 1/2:      ", (z > 0.5).tolist())
print(f"a logit of 1/2 is a probability of {torch.sigmoid(torch.tensor(0.5)):.2f}")
assert (z > 0).equal(torch.sigmoid(z) > 0.5)
assert not (z > 0.5).equal(torch.sigmoid(z) > 0.5)

# %% [markdown] tags=["slide-more"]
# **Rule** End in logits: the loss is the one "with logits", the threshold is 0.

# %% [markdown]
# ## 9. A border in the plane
#
# One last data set, made by ourselves. That has a great advantage: we know the truth.
# 200 points with two inputs each are drawn at random: `torch.randn` draws numbers
# around 0, most of them between -2 and 2. Its `generator` is a stream of random numbers
# with a seed of its own. Then the label of each is drawn
# like a coin toss whose probability is $\sigma(2 x_1 - x_2 + \tfrac12)$.
# `torch.bernoulli` does such tosses. So the data follow a logistic regression, and
# `true_W`, `true_b` are its parameters.

# %%
generator = torch.Generator().manual_seed(0)
X2 = torch.randn(200, 2, generator=generator, dtype=torch.float64)
true_W = torch.tensor([[2.0], [-1.0]], dtype=torch.float64)
true_b = torch.tensor(0.5, dtype=torch.float64)
y2 = torch.bernoulli(torch.sigmoid(X2 @ true_W + true_b), generator=generator)
print(tuple(X2.shape), tuple(y2.shape), f"{y2.mean():.1%} of the points are in class 1")

# %% [markdown]
# The model is a single `nn.Linear`, which gives logits. We want to compare its result
# with another library to many digits, so we use `float64`, which is what `.double()` is
# for, and enough steps to arrive at the very bottom.

# %%
model = nn.Linear(2, 1).double()
nn.init.zeros_(model.weight)  # start from 0, to be independent of any seed
nn.init.zeros_(model.bias)
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
losses = []
for _ in range(2000):
    loss = F.binary_cross_entropy_with_logits(model(X2), y2)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())

# %% [markdown]
# **Predict** The true parameters made these data. Which has the smaller loss on them:
# the truth, or what the model has found?

# %%
with torch.no_grad():
    learned = F.binary_cross_entropy_with_logits(model(X2), y2)
    truth = F.binary_cross_entropy_with_logits(X2 @ true_W + true_b, y2)
print("true parameters:   ", true_W.flatten(), true_b)
print("learned parameters:", model.weight.detach().flatten(), model.bias.detach())
print(f"loss of the truth {truth:.4f}, loss of the model {learned:.4f}")
assert learned < truth

# %% [markdown]
# The model beats the truth! That is no wonder but a warning. It has adapted to these
# 200 points, with all their accidents, and the truth has not. **Predict** Who wins on
# 100,000 new points of the same kind?

# %%
new_X = torch.randn(100_000, 2, generator=generator, dtype=torch.float64)
new_probs = torch.sigmoid(new_X @ true_W + true_b)
new_y = torch.bernoulli(new_probs, generator=generator)
learned = F.binary_cross_entropy_with_logits(model(new_X).detach(), new_y)
truth = F.binary_cross_entropy_with_logits(new_X @ true_W + true_b, new_y)
print(f"new points: loss of the truth {truth:.4f}, loss of the model {learned:.4f}")
assert truth < learned

# %% [markdown]
# On new points the truth wins, as it must in the long run. A loss on the data that you
# trained on is too good. Remember this for lab 7.
#
# And even the truth is far from a loss of 0. Labels that are tossed like coins cannot
# be predicted better than the coin allows, by no model, however large.
#
# **The border.** The model decides for class 1 where the logit is above 0, so the
# border between the two classes is where it is 0:
#
# $$\begin{aligned} w_1 x_1 + w_2 x_2 + b = 0 \end{aligned}$$
#
# That is the equation of a straight line. Everywhere on it the two classes are equally
# likely. Which other points have one and the same probability, say 90%? Those with one
# and the same logit, and they form a straight line, too, parallel to the first. (The
# next cell only draws.)

# %% tags=["slide"]
def classes(X):
    return (model(X) > 0).long().flatten()  # long: 0 and 1 of False and True


fig, ax = plt.subplots(figsize=(6, 4.6))
plots.decision_regions(classes, X2, y2.flatten(), ax)
side = torch.linspace(-4, 4, 100, dtype=torch.float64)
grid = torch.cartesian_prod(side, side)  # all pairs of two lists: (10000, 2)
probs = torch.sigmoid(model(grid)).detach().reshape(100, 100).T
limits = {"xlim": ax.get_xlim(), "ylim": ax.get_ylim()}
drawn = ax.contour(side, side, probs, [0.1, 0.9], colors="black", linestyles="--")
ax.clabel(drawn, fmt="p = %.1f", manual=[(-2.2, -2.4), (1.6, 2.5)])

w, b = model.weight.detach()[0], model.bias.detach()[0]
x_2 = torch.tensor(-2.5)
foot = torch.stack([-(w[1] * x_2 + b) / w[0], x_2])  # a point of the border
arrow = {"arrowstyle": "->", "linewidth": 2.5}
ax.annotate("", foot + w / 2, foot, arrowprops=arrow)
ax.legend(loc="lower right", frameon=True)
_ = ax.set(xlabel="input $x_1$", ylabel="input $x_2$", aspect="equal", **limits)

# %% [markdown] tags=["slide-more"]
# **What you should see** The plane is cut by a straight solid line: class 0 is chosen
# on the left, class 1 on the right. The dashed lines, at one tenth and nine tenths, are
# parallel to it; between them the two kinds of points are mixed most. The arrow shows
# the weights: from a point of the border, $w_1$ to the right and $w_2$ upward (here
# downward, and all at half the length). It stands at a right angle to the border and
# points towards class 1.
#
# Is it a right angle? From the foot of the arrow we turn by 90 degrees and walk, to
# both sides: the logit stays 0, so we stay on the border.

# %%
turned = torch.stack([-w[1], w[0]])  # the arrow, turned by a right angle
with torch.no_grad():
    for distance in (-2.0, 0.0, 2.0):
        z = model(foot + distance * turned)
        assert_close(z, torch.zeros_like(z), atol=1e-6, rtol=0)
    assert model(foot + w) > 0

# %% [markdown]
# **The oracle.** A result that you have calculated once can be wrong in a way that you
# do not see. So we ask somebody else. scikit-learn is the standard library for
# classical models; its `LogisticRegression` uses quite another way of descending.
# `C=inf` switches off a habit of it, of which more below.

# %%
oracle = LogisticRegression(C=float("inf"), tol=1e-10)
oracle.fit(X2.numpy(), y2.flatten().numpy())
weight, bias = model.weight.detach(), model.bias.detach()
print("scikit-learn:", oracle.coef_[0], oracle.intercept_)
print("ours:        ", weight[0].numpy(), bias.numpy())
assert_close(weight, torch.tensor(oracle.coef_), atol=1e-6, rtol=0)
assert_close(bias, torch.tensor(oracle.intercept_), atol=1e-6, rtol=0)

# %% [markdown]
# Two libraries, two methods, the same parameters to six decimals. There is only one
# lowest point, and both have found it.
#
# Without `C=inf`, scikit-learn adds a **penalty** to the loss, which pulls the weights
# towards 0. That is often sensible (for separable data it keeps them finite), but then
# it is another loss with another lowest point:

# %%
penalised = LogisticRegression().fit(X2.numpy(), y2.flatten().numpy())
print("with its default penalty:", penalised.coef_[0], penalised.intercept_)
assert (abs(penalised.coef_) < abs(oracle.coef_)).all()

# %% [markdown] tags=["slide"]
# ### Pitfall: (N,) against (N, 1)
#
# scikit-learn wanted the labels as a plain list, shape (N,). Our logits are a column,
# shape (N, 1). **Predict** What happens if the two meet, in the loss, and in `==`?

# %% tags=["pitfall", "slide-more"]
def accuracy_of(logits, y):
    return ((logits > 0) == y).float().mean().item()


logits = model(X2).detach()
try:
    F.binary_cross_entropy_with_logits(logits, y2.flatten())
except ValueError as error:
    print("the loss:", error)
else:
    raise AssertionError("the loss took two different shapes")
print("the comparison:", tuple(((logits > 0) == y2.flatten()).shape))

# %%
print(f"accuracy, shapes equal:     {accuracy_of(logits, y2):.4f}")
print(f"accuracy, shapes different: {accuracy_of(logits, y2.flatten()):.4f}")
assert accuracy_of(logits, y2) > 0.8
assert accuracy_of(logits, y2.flatten()) < 0.6

# %% [markdown]
# The loss refuses, as in lab 3. (`else` says what to do if there is no error at all:
# stop, because then this page is wrong.) `==` does not: it compares the prediction for
# *each* point with the label of *every* point, 200 × 200 pairs, and the mean of that is
# about what guessing would give. A good model looks useless, and you search for the
# mistake in the training. Stretching a column over a table like this is called
# **broadcasting**.
#
# `training.accuracy` of this course looks at the shapes first. You know now what is in
# it, so from here on you may use it.

# %%
assert training.accuracy(logits, y2) == accuracy_of(logits, y2)
try:
    training.accuracy(logits, y2.flatten())
except ValueError as error:
    print(error)
else:
    raise AssertionError("two different shapes were compared")

# %% [markdown]
# The cure is in the message: `reshape(-1, 1)` makes a column of a plain list.

# %%
column = y2.flatten().reshape(-1, 1)
assert training.accuracy(logits, column) == accuracy_of(logits, y2)

# %% [markdown] tags=["slide-more"]
# **Rule** Before `==`, make sure that both shapes are equal.

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint.
#
# **Exercise 1.** `border(W, b, x1)`: the height of the border over the places `x1`. `W`
# has shape (2, 1) and holds $w_1$ and $w_2$, `b` has shape (1,), `x1` has shape (M,).
# Return the $x_2$ at which the logit is 0, shape (M,). ($w_2$ is never 0 here.)

# %% tags=["exercise"]
def border(W, b, x1):
    ...


lab04.border.check(border)
# lab04.border.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `accuracy(logits, y)`: the fraction of right answers, as a Python
# number. The model ends in *logits*. Both have shape (N, 1). If the shapes differ, stop
# with `raise ValueError("...")`, which makes an error of your own.

# %% tags=["exercise"]
def accuracy(logits, y):
    ...


lab04.accuracy.check(accuracy)
# lab04.accuracy.hint()

# %% [markdown] tags=["slide"]
# **Exercise 3.** `gradient_step(X, y, W, b, lr)`: one step of gradient descent, without
# autograd. `X` is (N, D), `y` is (N, 1), `W` is (D, 1), `b` is (1,). Return the new `W`
# and the new `b`; leave the old ones as they are.

# %% tags=["exercise"]
def gradient_step(X, y, W, b, lr):
    ...


lab04.gradient_step.check(gradient_step)
# lab04.gradient_step.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 4.** `bce_with_logits(logits, y)`: the mean loss from logits, shape (N,),
# and whole labels 0 and 1, shape (N,). It must survive logits of 1000, also in its
# slopes. Section 8 has the formula; lab 1 has the cure for
# $\log(1 + e^z) = \log(e^0 + e^z)$.

# %% tags=["exercise"]
def bce_with_logits(logits, y):
    ...


lab04.bce_with_logits.check(bce_with_logits)
# lab04.bce_with_logits.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 5.** `stable_sigmoid(z)` for z of any size, without `torch.sigmoid` or
# `torch.softmax`. The check also sends `backward()` through your function: values *and*
# slopes must be right for ±1000, to six decimals. That is harder than it looks.

# %% tags=["exercise"]
def stable_sigmoid(z):
    ...


lab04.stable_sigmoid.check(stable_sigmoid)
# lab04.stable_sigmoid.hint()

# %% [markdown]
# **To think about** (1) A friend multiplies all weights and the bias of a trained model
# by 3. Which of these change: the border, the accuracy, the loss, the probabilities?
# (2) All inputs are multiplied by 100, because the scores are now counted in percent.
# What happens to the best weights? What happens to the learning rate that you need?

# %% [markdown]
# ## Quiz
#
# Five cells. Decide what each will print before you run it.
#
# **Question 1.** `nn.Linear(5, 2)` takes five numbers and gives two. `numel()` counts
# the numbers in a tensor. What will this cell print?
#
# ```python
# layer = nn.Linear(5, 2)
# print(tuple(layer.weight.shape), tuple(layer.bias.shape))
# print(sum(parameter.numel() for parameter in layer.parameters()))
# ```

# %%
layer = nn.Linear(5, 2)
print(tuple(layer.weight.shape), tuple(layer.bias.shape))
print(sum(parameter.numel() for parameter in layer.parameters()))

# %% [markdown]
# One row of five weights per output, and one bias per output: (5 + 1) × 2.
#
# **Question 2.** How many of these three logits count as class 1? What will this cell
# print?
#
# ```python
# z = torch.tensor([-4.0, -0.5, 2.0])
# print((torch.sigmoid(z) > 0).sum())
# ```

# %%
z = torch.tensor([-4.0, -0.5, 2.0])
print((torch.sigmoid(z) > 0).sum())

# %% [markdown]
# All of them: probabilities are never below 0. The threshold must fit what is compared:
# 0 for logits, one half for probabilities.
#
# **Question 3.** The loss is $(w - 1)^2$. Its slope at 3 is 4. What will this cell
# print?
#
# ```python
# w = torch.tensor(3.0, requires_grad=True)
# optimizer = torch.optim.SGD([w], lr=0.5)
# ((w - 1) ** 2).backward()
# optimizer.step()
# print(w.item(), w.grad.item())
# ```

# %%
w = torch.tensor(3.0, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.5)
((w - 1) ** 2).backward()
optimizer.step()
print(w.item(), w.grad.item())

# %% [markdown]
# The step goes to 3 - 0.5 · 4, which is the lowest point. But `.grad` still holds the
# slope of the *old* place: `step()` does not empty it, that is the work of
# `zero_grad()`.
#
# **Question 4.** All parameters are 0, so all logits are. There are four 1s and two 0s.
# What will this cell print: what is the loss, and is the slope of the bias above or
# below 0?
#
# ```python
# labels = torch.tensor([1.0, 1, 1, 1, 0, 0])
# b = torch.zeros(1, requires_grad=True)
# loss = F.binary_cross_entropy_with_logits(b.expand(6), labels)  # six times b
# loss.backward()
# print(f"loss {loss.item():.4f}, slope {b.grad.item():.4f}")
# ```

# %%
labels = torch.tensor([1.0, 1, 1, 1, 0, 0])
b = torch.zeros(1, requires_grad=True)
loss = F.binary_cross_entropy_with_logits(b.expand(6), labels)  # six times b
loss.backward()
print(f"loss {loss.item():.4f}, slope {b.grad.item():.4f}")

# %% [markdown]
# The loss is $\ln 2$ whatever the labels are: the model says one half to everybody. The
# slope of the bias is the mean of $p - y$, and it is negative: there are more 1s than
# one half, so the bias should be raised.
#
# **Question 5.** All parameters of the model of section 9 are multiplied by 10, so all
# logits are. What will this cell print: does the accuracy rise, fall or stay? And the
# loss?
#
# ```python
# for factor in (1, 10):
#     scaled = factor * model(X2).detach()
#     loss = F.binary_cross_entropy_with_logits(scaled, y2)
#     print(f"{factor:2}: accuracy {accuracy_of(scaled, y2):.4f}, loss {loss:.4f}")
# ```

# %%
for factor in (1, 10):
    scaled = factor * model(X2).detach()
    loss = F.binary_cross_entropy_with_logits(scaled, y2)
    print(f"{factor:2}: accuracy {accuracy_of(scaled, y2):.4f}, loss {loss:.4f}")

# %% [markdown]
# No logit changes its sign, so every answer stays. But all answers are now given with
# great certainty, and the wrong ones cost dearly: a temperature of one tenth, in the
# words of lab 1.

# %% [markdown] tags=["slide"]
# ## Summary
#
# * A model is a formula with parameters. Logistic regression: weighted sum, then
#   sigmoid.
# * The slope of the loss is error times input: $(p - y)\,x$, the mean over the
#   examples.
# * Gradient descent: subtract learning rate times slope, again and again.
# * Four lines train everything: loss, `backward()`, `step()`, `zero_grad()`.
# * Draw the loss. Slow: raise the learning rate. Jumping: lower it. Swinging: look for
#   `zero_grad()`.
# * Training follows the loss. The accuracy may jump meanwhile, up and down.
# * Report the accuracy of the finished model, with equal shapes on both sides of `==`.
# * End in logits: loss "with logits", threshold 0. A saturated sigmoid stops learning.
# * Separable data have no best parameters; the weights grow without end.
#
# Next: [**lab 5, softmax regression**](05_softmax_regression.ipynb). The same with three classes, and a published
# model in which one parameter could never learn.
