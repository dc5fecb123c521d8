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
# # 9. Binary classification, four ways
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/09_binary_four_ways.ipynb)
#
# Two classes, one question: is this a 1? PyTorch lets you put the question to a network
# in four ways, and notes and forums teach them as four recipes. In this lab you prove
# that they are one and the same function. Then you find out why they still differ: one
# of them breaks in the most curious manner, and another seems to learn twice as well.
#
# On the way you repair six bugs of the published notes. Four of them raise no error at
# all, and such bugs are what notebooks are feared for.
#
# **You will be able to**
#
# * train one network with four losses, and say beforehand which results will agree;
# * calculate the logarithms of a probability and of its opposite without rounding them
#   away;
# * find a stale variable, an optimizer that holds another network, swapped columns and
#   a comparison that broadcasts;
# * translate two logits into one: their start, their learning rate, their penalty;
# * say which spelling of a loss breaks at which logit, and what its slopes do there;
# * choose a loss for two classes, for K classes, and for several labels at once.
#
# **Needs** Labs 3 to 7: the binary losses and `nll_loss`, `backward`, the network of lab
# 6, `training.fit`.
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
from torch import nn
from torch.testing import assert_close

from course_utils import plots, training
from course_utils.data import load_mnist
from course_utils.exercises import lab09

plt.style.use("course_utils.course")

# %% [markdown]
# ## 1. The sigmoid by hand
#
# The data are the zeros and ones of lab 7. The labels are needed in two forms, because
# the losses want different ones (lab 3): `y` is a column of decimal numbers, shape (N, 1),
# and `labels` are whole numbers, shape (N,).

# %%
mnist = load_mnist(digits=(0, 1), validation=0, order="class")
X, X_test = mnist.train.X, mnist.test.X
labels, labels_test = mnist.train.y, mnist.test.y
y, y_test = labels.float().reshape(-1, 1), labels_test.float().reshape(-1, 1)
full = mnist.source != "embedded"  # is it the whole of MNIST?
print(mnist.describe())
print("y", tuple(y.shape), y.dtype, " labels", tuple(labels.shape), labels.dtype)

# %% [markdown]
# The published numbers belong to the full data set. Where we assert one of them, we ask
# `if full`.
#
# The network is that of lab 7, and it ends in **logits** all through this lab. The four
# ways differ in the loss, and the fourth in the number of outputs.

# %%
def make_model(n_outputs, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, n_outputs))


def train(model, loss_fn, X, targets, n_epochs=100):
    optimizer = torch.optim.Adam(model.parameters())
    history = training.fit(
        model, [(X, targets)], loss_fn, optimizer, n_epochs=n_epochs, progress=False
    )
    return history["loss"]


# %% [markdown] tags=["slide"]
# `fit` is the loop of lab 8. `[(X, targets)]` is a list with one batch in it, all images
# at once, so an epoch is one update. Each loss in the history is the one *before* its
# update. Adam is the optimizer of lab 7; if no learning rate is given, it takes 0.001.
#
# **Way 1** makes a probability of the logit, by the formula that the notes use, and hands
# it to the binary cross entropy. (The notes call the logits `netout` and the
# probabilities `yhat`.)

# %% tags=["slide-more"]
def sigmoid_loss(logits, y):
    probs = torch.exp(logits) / (1 + torch.exp(logits))
    return F.binary_cross_entropy(probs, y)


model_1 = make_model(1)
losses_1 = train(model_1, sigmoid_loss, X, y)
print(f"final training loss {losses_1[-1]:.5f}")
print(f"test accuracy {training.accuracy(model_1(X_test), y_test):.4f}")

# %%
if full:
    assert_close(losses_1[-1], 0.01584, atol=5e-6, rtol=0)
assert training.accuracy(model_1(X_test), y_test) > 0.99

# %% [markdown]
# (`training.accuracy` compares logits with 0; no sigmoid is needed for that.)
#
# A hundred updates with Adam do far more than the five hundred of lab 7 with its small
# learning rate. Hardly a test image is left that the network gets wrong.

# %%
n_wrong = int(((model_1(X_test) > 0) != y_test).sum())
print("wrong on the test images:", n_wrong)
assert n_wrong <= 2

# %% [markdown] tags=["slide"]
# ### Pitfall: a name from another cell
#
# The published cell is not quite what you have just seen. It calls `loss_fn`, and what
# that is stands only in a comment: `# loss_fn = torch.nn.BCELoss()`. The next section of
# the notes sets `loss_fn = torch.nn.BCEWithLogitsLoss()`. Whoever has run that section,
# and then goes back, trains with the wrong one.
#
# **Predict** Is there an error? Where will the loss end, and the accuracy? (`some` picks
# every tenth image, to save time.)

# %% tags=["pitfall", "slide-more"]
def name_from_below(logits, y):
    loss_fn = nn.BCEWithLogitsLoss()  # left over from the other section
    probs = torch.exp(logits) / (1 + torch.exp(logits))
    return loss_fn(probs, y)


some = torch.arange(0, len(X), 10)
model = make_model(1)
stuck = train(model, name_from_below, X[some], y[some])
accuracy = training.accuracy(model(X[some]), y[some])
print(f"final training loss {stuck[-1]:.4f}, training accuracy {accuracy:.4f}")

# %% [markdown]
# No error, and the accuracy is splendid. But you know this loss from lab 3: it is the
# sigmoid applied twice. Its floor is $\ln(1 + 1/e)$ for a 1 and $\ln 2$ for a 0, so for
# these images it is the mean of the two, weighted by how many there are of each.

# %%
floor_1, floor_0 = torch.log(torch.tensor([1 + 1 / torch.e, 2.0]))
share = y[some].mean()
floor = share * floor_1 + (1 - share) * floor_0
losses = {"BCEWithLogitsLoss by accident": stuck}
losses["BCELoss"] = train(make_model(1), sigmoid_loss, X[some], y[some])
ax = plots.learning_curves(losses, baseline=("floor of the double sigmoid", floor))
_ = ax.set_ylim(0, 0.75)

# %% [markdown]
# **What you should see** The solid line, with the wrong loss, comes down to the dotted
# floor and stays there. The dashed line, from the same start, falls past it to nearly 0.

# %%
assert floor < min(stuck) < stuck[-1] + 1e-6 < floor + 0.02
assert accuracy > 0.99 and losses["BCELoss"][-1] < 0.05

# %% [markdown] tags=["slide-more"]
# **Rule** Say which loss it is in the cell that uses it. And before you trust a result,
# restart the kernel and run all cells from the top.

# %% [markdown] tags=["slide"]
# ## 2. The sigmoid inside the loss
#
# **Way 2** leaves the sigmoid to the loss: `BCEWithLogitsLoss` takes logits. The seed is
# the same, so the start is too.
#
# **Predict** To how many digits will the hundred losses agree with those of way 1?

# %% tags=["slide-more"]
model_2 = make_model(1)
losses_2 = train(model_2, F.binary_cross_entropy_with_logits, X, y)
print(f"final training loss {losses_2[-1]:.5f}")
print(f"test accuracy {training.accuracy(model_2(X_test), y_test):.4f}")

# %%
difference = (torch.tensor(losses_1) - torch.tensor(losses_2)).abs().max()
print("largest difference in 100 epochs is below 0.000001:", bool(difference < 1e-6))
assert_close(losses_2, losses_1, atol=1e-6, rtol=0)
if full:
    assert_close(losses_2[-1], 0.01584, atol=5e-6, rtol=0)

# %% [markdown]
# To six decimals, every one of them. On paper that had to be: lab 4 turned
# $-\log \sigma(z)$ and $-\log(1 - \sigma(z))$ into $\log(1 + e^z) - yz$, and nothing but
# algebra lies between. On a computer it holds as long as the logits are of moderate
# size. How large are they?

# %%
logits = model_2(X).detach()
print(f"logits of the zeros: {logits[y == 0].min():.1f} to {logits[y == 0].max():.1f}")
print(f"logits of the ones:  {logits[y == 1].min():.1f} to {logits[y == 1].max():.1f}")
assert logits.abs().max() < 17

# %% [markdown]
# Remember the numbers. Section 8 will show that way 1 lives only as long as the logits of
# wrong answers stay below 17 (for a 1 taken for a 0: above about -27), and how it dies.

# %% [markdown] tags=["slide"]
# ## 3. The logarithm first, in pairs
#
# **Way 3** calculates the *logarithms* of both probabilities and then picks one, as
# `nll_loss` does (lab 3). PyTorch has a function for the first of them,
# `F.logsigmoid`:
#
# $$\begin{aligned} \log \sigma(z) = \log \frac{1}{1 + e^{-z}} = -\log(1 + e^{-z})
# \end{aligned}$$

# %%
z = torch.tensor([-3.0, 0.0, 2.0, 15.0])
by_hand = -torch.log(1 + torch.exp(-z))
print(by_hand)
assert_close(by_hand, F.logsigmoid(z), atol=1e-6, rtol=0)
assert_close(torch.log(torch.sigmoid(z)), F.logsigmoid(z), atol=1e-6, rtol=0)

# %% [markdown]
# **Predict** What do the three spellings say for $z = -200$? And for $z = 20$?

# %%
z = torch.tensor([-200.0, 20.0])
print("-log(1 + e^-z):", -torch.log(1 + torch.exp(-z)))
print("log(sigmoid):  ", torch.log(torch.sigmoid(z)))
print("logsigmoid:    ", F.logsigmoid(z))
assert torch.log(torch.sigmoid(z))[0] == -torch.inf and F.logsigmoid(z)[0] == -200

# %% [markdown]
# At -200 the typed ones give minus infinity: $e^{200}$ overflows in the first,
# $\sigma(-200)$ is rounded to 0 in the second. At 20 both give a plain 0. The true value
# is tiny, but it is not 0: in $1 + e^{-20}$ the small part gets lost beside the 1.
#
# For the first, multiply top and bottom of the fraction by $e^z$. That gives a second
# formula, whose exponent is not positive for negative $z$:
#
# $$\begin{aligned}
# \log \sigma(z) = \log \frac{e^z}{1 + e^z} = z - \log(1 + e^z)
# \end{aligned}$$
#
# So take the old one for $z \ge 0$ and the new one for $z < 0$. One formula says both:
#
# $$\begin{aligned} \log \sigma(z) = \min(z, 0) - \log(1 + e^{-|z|}) \end{aligned} \tag{log-sigmoid}$$
#
# For the second, there is a function for $\log(1 + x)$ that does not add the 1 first,
# `torch.log1p(x)`. In Exercise 1 you put both together. Here are the two sides on their
# own.

# %%
left, right = torch.tensor(-200.0), torch.tensor(20.0)
print(left - torch.log1p(torch.exp(left)), -torch.log1p(torch.exp(-right)))
assert_close(left - torch.log1p(torch.exp(left)), F.logsigmoid(left))
assert_close(-torch.log1p(torch.exp(-right)), F.logsigmoid(right), atol=0, rtol=1e-5)
assert torch.log(1 + torch.exp(-right)) == 0

# %% [markdown] tags=["slide"]
# And the opposite, $\log(1 - \sigma(z))$? No new function is needed. The curve of the
# sigmoid is symmetric, what class 1 gets at $z$, class 0 gets at $-z$:
#
# $$\begin{aligned} 1 - \sigma(z) = \sigma(-z)
# \qquad\text{so}\qquad \log (1 - \sigma(z)) = \log \sigma(-z) \end{aligned} \tag{symmetry}$$

# %% tags=["slide-more"]
z = torch.linspace(-30, 30, 241)
fig, ax = plt.subplots()
ax.plot(z, F.logsigmoid(z), label="class 1: logsigmoid(z)")
ax.plot(z, F.logsigmoid(-z), label="class 0: logsigmoid(-z)")
typed = torch.log(1 - torch.sigmoid(z))
ax.plot(z, typed, color="black", linestyle=":", label="class 0: log(1 - sigmoid(z))")
last = typed.isfinite().nonzero().max()  # the last position that is not infinite
ax.plot(z[last], typed[last], "kX", markersize=9, clip_on=False)
ax.set(xlabel="logit z", ylabel="log-probability (nats)")
_ = ax.legend(loc="lower center")

# %% [markdown]
# **What you should see** Two lines with a soft bend at 0, mirror images of each other.
# The log-probability of class 1 (solid) rises with slope 1 and then stays just below 0;
# that of class 0 (dashed) does the opposite. The dotted line is class 0 typed as it
# stands. It lies on the dashed one and stops at the cross, at a logit of about 16: beyond
# it, it is minus infinity.

# %%
assert z[last] < 17 and F.logsigmoid(-z).isfinite().all()
print(1 - torch.sigmoid(torch.tensor(20.0)), torch.sigmoid(torch.tensor(-20.0)))

# %% [markdown] tags=["slide-more"]
# That is the reason in one line. `1 - sigmoid(20)` is 0 and `sigmoid(-20)` is not.
# Numbers close to 0 are stored with all their digits, numbers close to 1 are not.
#
# **Rule** Never write `1 - sigmoid(z)`. Write `sigmoid(-z)`, and `logsigmoid(-z)` for its
# logarithm.
#
# The loss of way 3 puts the pair side by side, class 0 first, and lets `nll_loss` pick.
# (`torch.cat` with `dim=1` joins the two columns (N, 1) to a table (N, 2).)

# %%
def pair_loss(logits, y):
    log_probs = torch.cat([F.logsigmoid(-logits), F.logsigmoid(logits)], dim=1)
    return F.nll_loss(log_probs, y.flatten().long())


# %% [markdown]
# Does it train like ways 1 and 2? The notes print probabilities from the last epoch, that
# is, before its update. So we stop after 99 epochs, look, and then do the last one.

# %%
model_3 = make_model(1)
optimizer = torch.optim.Adam(model_3.parameters())
data = [(X, y)]
training.fit(model_3, data, pair_loss, optimizer, n_epochs=99, progress=False)
logits_3 = model_3(X).detach()
last = training.fit(model_3, data, pair_loss, optimizer, n_epochs=1, progress=False)
print(f"final training loss {last['loss'][0]:.5f}")
print(f"test accuracy {training.accuracy(model_3(X_test), y_test):.4f}")

# %% [markdown]
# And here are the probabilities of the training images, `exp` of `logsigmoid`.

# %%
probs = torch.exp(F.logsigmoid(logits_3)).flatten()
print("first three:", *(f"{p:.4e}" for p in probs[:3]))
print("last three: ", *(f"{p:.5f}" for p in probs[-3:]))
assert_close(probs, torch.sigmoid(logits_3).flatten())
assert_close(last["loss"][0], losses_2[-1], atol=1e-6, rtol=0)

# %%
if full:
    first = torch.tensor([7.5931e-04, 9.4517e-04, 2.2128e-03])
    assert_close(probs[:3], first, atol=0, rtol=1e-4)
    ends = torch.tensor([0.97442, 0.97977, 0.93523])
    assert_close(probs[-3:], ends, atol=6e-6, rtol=0)

# %% [markdown]
# The same once more. (The images are sorted, so the first three are zeros, and the last
# three are ones.)
#
# ### Pitfall: one column for `nll_loss`
#
# The section of the notes that has `log_sigmoid` in its title is a copy of the section
# before, trained with the loss of way 2. At its end it prints the probabilities above, and
# then calculates a loss of them. That cell stops with an error, which the text passes
# over. **Predict** There are *two* mistakes in it. Which?

# %% tags=["pitfall"]
def as_published(logits, y):
    return F.nll_loss(torch.exp(F.logsigmoid(logits)), y.flatten().long())


try:
    as_published(logits_3, y)
except IndexError as error:
    print("IndexError:", error)

# %% [markdown]
# `nll_loss` picks *column number label*. Here is one column, number 0. A 1 among the
# labels asks for a column that does not exist. (And each 0 gets the probability of class
# 1.) That is the first mistake: one column, not two. The error hides the second one,
# which shows only when the first is repaired: these are probabilities, not logarithms.
# We repair one at a time, then both, and then put the columns in the wrong order.

# %% tags=["pitfall"]
def one_column_of_logs(logits, y):
    return F.nll_loss(F.logsigmoid(logits), y.flatten().long())


def two_columns_of_probs(logits, y):
    probs = torch.cat([torch.sigmoid(-logits), torch.sigmoid(logits)], dim=1)
    return F.nll_loss(probs, y.flatten().long())


def wrong_order(logits, y):
    log_probs = torch.cat([F.logsigmoid(logits), F.logsigmoid(-logits)], dim=1)
    return F.nll_loss(log_probs, y.flatten().long())


for loss_fn in (one_column_of_logs, two_columns_of_probs, wrong_order, pair_loss):
    try:
        print(f"{loss_fn.__name__:20} {loss_fn(logits_3, y):.4f}")
    except IndexError as error:
        print(f"{loss_fn.__name__:20} IndexError: {error}")

# %%
assert two_columns_of_probs(logits_3, y) < 0
assert wrong_order(logits_3, y) > 1
right = F.binary_cross_entropy_with_logits(logits_3, y)
assert_close(pair_loss(logits_3, y), right, atol=1e-6, rtol=0)

# %% [markdown]
# Three wrong ones, three symptoms. An error is the friendliest. A *negative* loss has
# lost its logarithm, as in lab 3. A large loss for a good model has its classes swapped.
#
# **Rule** `nll_loss` wants one column per class, in the order of the labels, and
# logarithms in them.

# %% [markdown]
# ## 4. Two logits
#
# **Way 4** treats 0 and 1 as any two of K classes: `nn.Linear(32, 2)` gives one logit for
# each, and the loss is `F.cross_entropy`. That is one output more than needed, and the
# notes call it *over-parameterised*. How do two logits become probabilities? Before any
# training:

# %%
model_4 = make_model(2)
logits = model_4(X).detach()
print("sigmoid of each logit\n", torch.sigmoid(logits)[:3])
print("softmax of each row\n", torch.softmax(logits, dim=1)[:3])

# %%
sigmoids = torch.tensor([0.4998, 0.4781])
softmax = torch.tensor([[0.5216, 0.4784], [0.4997, 0.5003], [0.5362, 0.4638]])
if full:
    assert_close(torch.sigmoid(logits)[0], sigmoids, atol=6e-5, rtol=0)
    assert_close(torch.softmax(logits, dim=1)[:3], softmax, atol=6e-5, rtol=0)

# %% [markdown]
# The notes try the sigmoids first. **Predict** Which of the two is a distribution over
# the classes 0 and 1?

# %%
rows = torch.sigmoid(logits).sum(dim=1)
print(f"sigmoids: each row sums to a number from {rows.min():.3f} to {rows.max():.3f}")
assert_close(torch.softmax(logits, dim=1).sum(dim=1), torch.ones(len(X)))
assert (rows - 1).abs().max() > 0.05

# %% [markdown] tags=["slide"]
# Only the softmax. The sigmoid of a single logit of the pair says nothing: add 5 to both
# logits, and both sigmoids grow, while the softmax stays. What counts is their
# difference, and *its* sigmoid is the probability of class 1 (lab 3):
#
# $$\begin{aligned} p_1 = \sigma(z_1 - z_0) \end{aligned}$$
#
# So cross entropy of two logits is binary cross entropy of one, the difference. In value,
# and in the gradient for each of the network's parameters? (`logits[:, 1:]` is the last
# column, kept as a column. `torch.autograd.grad` returns the gradients, as in lab 5.)

# %%
def two_logits_loss(logits, y):
    return F.cross_entropy(logits, y.flatten().long())


def difference_loss(logits, y):
    return F.binary_cross_entropy_with_logits(logits[:, 1:] - logits[:, :1], y)


def loss_and_gradients(model, loss_fn, X, y):
    loss = loss_fn(model(X), y)
    return loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))


# %%
tolerances = {
    torch.float32: {"atol": 1e-6, "rtol": 1e-4},
    torch.float64: {"atol": 1e-13, "rtol": 1e-10},
}
for dtype, tolerance in tolerances.items():
    model, images, targets = make_model(2).to(dtype), X.to(dtype), y.to(dtype)
    found = loss_and_gradients(model, two_logits_loss, images, targets)
    expected = loss_and_gradients(model, difference_loss, images, targets)
    assert_close(found, expected, **tolerance)
    print(dtype, "loss and gradients agree within", tolerance)

# %% [markdown]
# **All four at once.** For the first three ways the network has one output $z$, and way 4
# gets the pair $(0, z)$. We do not take an untrained network here: near $z = 0$ many
# wrong formulas agree, too, as you will see in a minute. The network of way 2 is trained,
# and its logits spread far.

# %%
def zero_and_z_loss(logits, y):
    return two_logits_loss(torch.cat([torch.zeros_like(logits), logits], dim=1), y)


ways = {
    "1: sigmoid, BCELoss": sigmoid_loss,
    "2: BCEWithLogitsLoss": F.binary_cross_entropy_with_logits,
    "3: logsigmoid pair, nll_loss": pair_loss,
    "4: two logits, cross_entropy": zero_and_z_loss,
}
for name, loss_fn in ways.items():
    print(f"{name:29} {loss_fn(model_2(X), y):.6f}")

# %%
def copy_of(model, dtype):
    copy = make_model(1).to(dtype)
    copy.load_state_dict(model.state_dict())  # put the same numbers into it
    return copy


for dtype, tolerance in tolerances.items():
    model, images, targets = copy_of(model_2, dtype), X.to(dtype), y.to(dtype)
    expected = loss_and_gradients(model, ways["2: BCEWithLogitsLoss"], images, targets)
    for loss_fn in ways.values():
        found = loss_and_gradients(model, loss_fn, images, targets)
        assert_close(found, expected, **tolerance)
n_slopes = sum(p.numel() for p in model_2.parameters())
print(f"one loss and {n_slopes} slopes agree, four ways, float32 and float64")

# %% [markdown] tags=["slide"]
# (`state_dict()` is the collection of a model's parameters by name, and `load_state_dict`
# copies such a collection into another model of the same form.)
#
# One function, written four ways. Now train the two logits. **Predict** Will the final
# loss be that of the other three?

# %% tags=["slide-more"]
losses_4 = train(model_4, F.cross_entropy, X, labels)
print(f"final training loss {losses_4[-1]:.5f}, way 2 had {losses_2[-1]:.5f}")
print(f"test accuracy {training.accuracy(model_4(X_test), labels_test):.4f}")
assert losses_4[-1] < 0.6 * losses_2[-1]

# %% [markdown]
# About half! If it is the same function, how can that be? Keep the question; section 7
# answers it to the last digit.
#
# ### Pitfall: the columns swapped
#
# The notes want to show that the cross entropy of two logits is nothing but `BCELoss` of
# their softmax. They calculate it for *both* columns and take the mean of the two, and
# beside it the cross entropy. They print both, and go on.

# %% tags=["pitfall"]
def swapped(logits, y):
    bce = nn.BCELoss()
    probs = torch.softmax(logits, dim=1)
    return (bce(probs[:, [0]], y) + bce(probs[:, [1]], (y == 0) * 1.0)) / 2


start = make_model(2)(X).detach()
print("              two columns  cross entropy")
print("published          0.6868         0.7154")
print(f"here, seed 0       {swapped(start, y):.4f}         "
      f"{two_logits_loss(start, y):.4f}")

# %% [markdown]
# (`probs[:, [0]]` is the first column, as a column. The notes did not fix the seed, so
# their numbers cannot come again; the effect does.)
#
# The two should be equal, and they are "nearly" so. Is it rounding? No: `float32` has
# seven digits, and these differ by more than a hundredth. Look at the line: column 0 is
# the probability of class **0**, and it is compared with `y`, which is 1 for class **1**.
#
# **Predict** And why take the mean of two columns at all? How do its two terms differ?

# %%
probs = torch.softmax(start, dim=1)
first = F.binary_cross_entropy(probs[:, [0]], y)
second = F.binary_cross_entropy(probs[:, [1]], 1 - y)
print("the two terms are equal:", bool((first - second).abs() < 1e-6))
assert_close(first, second)

# %% [markdown]
# Not at all. The columns sum to 1, so swapping both the columns and the labels changes
# nothing. It looks like a double check, and it is one number written twice. Corrected, it
# agrees with the cross entropy to all digits:

# %%
corrected = F.binary_cross_entropy(probs[:, [1]], y)
print(f"corrected {corrected:.4f}")
assert_close(corrected, F.cross_entropy(start, labels))
assert_close(corrected, difference_loss(start, y))
assert abs(swapped(start, y) - corrected) > 0.01

# %% [markdown]
# Why did nobody notice? Before training all probabilities are near one half, and the loss
# is near $\ln 2$ whichever column you take. We train the network for 30 epochs, the right
# way, and write down what the swapped formula would say.

# %%
model = make_model(2)
optimizer = torch.optim.Adam(model.parameters())
curves = {"columns swapped": [], "right": []}
for _ in range(30):
    with torch.no_grad():
        curves["columns swapped"].append(swapped(model(X[some]), y[some]))
    loss = F.cross_entropy(model(X[some]), labels[some])
    curves["right"].append(loss.detach())
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

# %% tags=["slide"]
ax = plots.learning_curves(curves, baseline=("ln 2", torch.log(torch.tensor(2.0))))
_ = ax.set_ylim(0, None)
assert abs(curves["columns swapped"][0] - curves["right"][0]) < 0.1
assert curves["columns swapped"][-1] > 5 * curves["right"][-1]

# %% [markdown] tags=["slide-more"]
# **What you should see** Both lines begin together on the dotted line. From there the
# right loss falls, and the swapped one climbs: the better the network, the worse it looks
# to somebody who reads the wrong column.
#
# **Rule** Equal means `assert_close`, not "nearly, by eye". And compare formulas where
# logits are large, not at an untrained start, where everything is $\ln 2$.

# %% [markdown] tags=["slide"]
# ## 5. Three bugs in one loop
#
# The published training loop for two logits has three more. Each is a classic of
# notebooks, where cells are run again, in any order, and old variables live on.
#
# ### Pitfall: the stale variable
#
# `yhat` was calculated once, in a cell further up. The loop calculates `netout` anew in
# each epoch, and then uses `yhat`. We keep the names of the notes, since they are part of
# the trap. **Predict** What happens in the first epoch? In the second?
# (The remark behind `netout` tells a checking tool that we know of the unused variable.
# Such a tool would have found this bug.)

# %% tags=["pitfall", "slide-more"]
def stale_loop(loss_fn, targets, **options):
    net = make_model(2)
    optimizer = torch.optim.Adam(net.parameters())
    yhat = torch.softmax(net(X[some]), dim=1)  # in a cell further up
    for epoch in range(1, 101):
        netout = net(X[some])  # noqa: F841
        try:
            loss = loss_fn(yhat, targets)
            loss.backward(**options)
        except (ValueError, RuntimeError) as error:
            return f"epoch {epoch}, {type(error).__name__}: {str(error)[:95]} ..."
        optimizer.step()
        optimizer.zero_grad()


print(stale_loop(nn.BCEWithLogitsLoss(), y[some]))  # as listed

# %% [markdown]
# As listed it stops at once: `yhat` has two columns, and `y` has one. That cannot have
# been what was run. With targets that fit (one-hot rows, and `BCELoss`, as `yhat` holds
# probabilities) it gets further.

# %% tags=["pitfall"]
one_hot = F.one_hot(labels[some], 2).float()
died = stale_loop(nn.BCELoss(), one_hot)
print(died)
assert died.startswith("epoch 2") and "second time" in died

# %% [markdown]
# The first epoch passes, the second does not. `backward()` walks back through the notes
# that autograd took while `yhat` was calculated, and then throws them away, because they
# fill the memory. (PyTorch calls these notes the **graph**.) In epoch 2 the same `yhat` is
# there again, and its notes are gone.
#
# The message goes on with advice: `retain_graph=True`, keep the notes. Many people follow
# it. **Predict** Does it help?

# %% tags=["pitfall"]
died = stale_loop(nn.BCELoss(), one_hot, retain_graph=True)
print(died)
assert died.startswith("epoch 2") and "modified by an inplace operation" in died

# %% [markdown]
# Another error, and for a good reason: the notes describe the network *before* the step,
# and `step()` has changed its parameters since. PyTorch refuses to use slopes that are
# out of date. This is an error that saves you; the cure is never `retain_graph` but to
# use what this epoch has calculated: `loss_fn(netout, ...)`, with names that do not
# invite the confusion.

# %%
def fixed_loop(n_epochs=100):
    model = make_model(2)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(n_epochs):
        logits = model(X[some])
        loss = F.cross_entropy(logits, labels[some])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()


loss = fixed_loop()
print(f"loss after 100 epochs {loss:.4f}")
assert loss < 0.05

# %% [markdown] tags=["slide-more"]
# **Rule** "Backward through the graph a second time" means that something in your loss
# was calculated before the loop. Find it, and calculate it inside.
#
# ### Pitfall: the optimizer of another network
#
# In the notes a cell makes a network and its optimizer. A later cell makes the network
# anew, and no new optimizer. **Predict** What does the loss do in 20 epochs?

# %% tags=["pitfall", "slide-more"]
def train_with_old_optimizer(n_epochs):
    model = make_model(2)
    optimizer = torch.optim.Adam(model.parameters())
    model = make_model(2, seed=1)  # the network is made anew
    losses, slopes = [], []
    for _ in range(n_epochs):
        loss = F.cross_entropy(model(X[some]), labels[some])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        slopes.append(model[2].bias.grad.abs().max().item())
    return model, optimizer, losses, slopes


model, optimizer, losses, slopes = train_with_old_optimizer(20)
print("the losses of 20 epochs, each one once:", {round(loss, 6) for loss in losses})
assert len(set(losses)) == 1  # equal to the last bit

# %% [markdown]
# It does not move by a single bit. The optimizer changes the parameters of the *first*
# network, which nobody uses any more, and their slopes are never calculated.
#
# There is a second symptom. `optimizer.zero_grad()` clears the slopes of the first
# network, too, so those of the second are never cleared. **Predict** How large are they
# after 20 epochs, compared with the first?

# %%
print(f"after epoch 20 the slopes are {slopes[-1] / slopes[0]:.1f} times as large")
assert_close(slopes[-1] / slopes[0], 20.0, atol=1e-2, rtol=0)

# %% [markdown]
# Is there a test? An optimizer keeps its parameters in `param_groups`, a list of
# dictionaries. Python's `is` asks whether two names stand for the *same object*, and not
# whether the numbers in it are equal. `id` gives each object a number of its own.

# %%
held = optimizer.param_groups[0]["params"]
print("the first parameter is that of the model:", held[0] is model[0].weight)


def holds(optimizer, model):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return held == {id(p) for p in model.parameters()}


assert not holds(optimizer, model)
assert holds(torch.optim.Adam(model.parameters()), model)

# %% [markdown] tags=["slide-more"]
# **Rule** Model and optimizer are made together, in one cell or one function. A loss that
# does not change at all means that nobody is moving these parameters.
#
# ### Pitfall: the accuracy of a perfect model
#
# The notes end with this cell, and with the output `0.9995`. `yy`, our `y_test`, is a
# column. **Predict** What does it really print? And for a *perfect* model?

# %% tags=["pitfall", "slide-more"]
def published_accuracy(y_pred, y):
    return ((y_pred == y) * 1.0).mean().item()


y_pred = model_4(X_test).argmax(dim=1)  # (N,)
print(f"way 4:           {published_accuracy(y_pred, y_test):.4f}")
print(f"a perfect model: {published_accuracy(labels_test, y_test):.4f}")

# %% [markdown]
# A list against a column makes a table of all N × N pairs, as in labs 4 and 7. What is
# the mean of that table if every answer is right? A pair agrees if both are 1 or both are
# 0. With $q$ for the share of ones:
#
# $$\begin{aligned} q^2 + (1 - q)^2 \end{aligned}$$

# %%
q = y_test.mean()
print(f"by the formula:  {q**2 + (1 - q) ** 2:.4f}")
print(f"shapes equal:    {training.accuracy(model_4(X_test), labels_test):.4f}")
assert_close(published_accuracy(labels_test, y_test), (q**2 + (1 - q) ** 2).item())
if full:
    assert_close(published_accuracy(labels_test, y_test), 0.5027, atol=5e-5, rtol=0)

# %% [markdown] tags=["slide-more"]
# And a network that is not perfect? With a share $r$ of answers 1 the table has the mean
# $qr + (1 - q)(1 - r)$, which is never above the larger of $q$ and $1 - q$. So this cell
# cannot give `0.9995`, for no network in the world. That number must have come from
# another cell, before somebody edited this one. The accuracy itself was right, as
# the last line shows. Only nobody could have known.
#
# **Rule** An output proves nothing about the code above it, unless both were made in one
# run from the top.

# %% [markdown]
# ## 6. A result that nobody had seen
#
# At the end the notes train two logits with the cross entropy once more: two digits, 70
# epochs, another seed. The stored cell stops in its first line with a `NameError`,
# because an import is missing, and the text goes on as if it had run. Here is what it
# would have printed: the training accuracy. (On the embedded images it is another number.)

# %%
model = make_model(2, seed=43052)
train(model, F.cross_entropy, X, labels, n_epochs=70)
accuracy = training.accuracy(model(X), labels)
print(f"training accuracy {accuracy:.4f}")
assert accuracy > 0.99

# %%
if full:
    assert_close(accuracy, 0.9983, atol=5e-5, rtol=0)

# %% [markdown]
# ## 7. The same family, another step
#
# Back to the open question. Two logits or one: each network of the one kind can be turned
# into one of the other kind with the same probabilities. They are **the same family**.
# And yet way 4 ended at about half of the loss. The reason cannot lie in what the network
# *can* say. It has to lie in how it got there: in the start, or in the steps.
#
# `merge` turns two logits into one. The hidden layer stays, and the last layer gets the
# differences of the two rows, $w_1 - w_0$ and $b_1 - b_0$, as in lab 5.

# %%
def merge(two):
    one = make_model(1)
    with torch.no_grad():
        one[0].weight.copy_(two[0].weight)
        one[0].bias.copy_(two[0].bias)
        one[2].weight.copy_(two[2].weight[1:] - two[2].weight[:1])  # (1, 32)
        one[2].bias.copy_(two[2].bias[1:] - two[2].bias[:1])
    return one


two = make_model(2)
one = merge(two)
assert_close(torch.softmax(two(X), dim=1)[:, 1:], torch.sigmoid(one(X)))

# %% [markdown]
# **The start.** The last layer of way 2 begins with random weights of a certain size.
# That of way 4 begins with *differences* of two such weights, and those are larger.

# %%
def mean_spread(models):
    return torch.stack([model[2].weight.detach().std() for model in models]).mean()


single = mean_spread([make_model(1, seed) for seed in range(200)])
difference = mean_spread([merge(make_model(2, seed)) for seed in range(200)])
ratio = difference / single
print(f"a difference spreads {ratio:.2f} times as far as a single weight")
assert abs(ratio - 2**0.5) < 0.05

# %% [markdown]
# The factor is $\sqrt{2}$. (When independent random numbers are added or subtracted,
# their *variances* add up, and the standard deviation is the square root of the
# variance.)
#
# **The steps.** Let $g = p_1 - y$, as in lab 5. The slope of the loss is $g$ for $z_1$
# and $-g$ for $z_0$. So the two rows of the last layer always have opposite slopes. The
# hidden layer cannot tell the difference: it sees the loss only through $z_1 - z_0$.

# %%
gradients_two = loss_and_gradients(two, two_logits_loss, X, y)
gradients_one = loss_and_gradients(one, F.binary_cross_entropy_with_logits, X, y)
for hidden in (1, 2):  # weight and bias of the hidden layer; number 0 is the loss
    assert_close(gradients_two[hidden], gradients_one[hidden], atol=1e-6, rtol=1e-4)
row_0, row_1 = gradients_two[3]  # weight of the last layer
assert_close(row_1, -row_0, atol=1e-6, rtol=1e-4)
assert_close(row_1, gradients_one[3][0], atol=1e-6, rtol=1e-4)
print("hidden layer: equal; last layer: row 1 as with one logit, row 0 opposite")

# %% [markdown]
# A step of plain SGD moves $w_1$ one way and $w_0$ the other way by as much, so the
# difference moves *twice* as far as with one logit. Lab 5 has shown that for a model
# without a hidden layer. Here only the last layer moves twice as far, and the hidden one
# as usual.
#
# But we train with Adam, and Adam is different. It divides each slope by its usual size,
# so that the length of a step hardly depends on the slope. **Predict** Does the factor 2
# survive?
#
# Think of the two rows. Their slopes are opposite in every epoch, so what Adam makes of
# them is opposite, too: $w_1$ moves exactly as with one logit, and $w_0$ the other way.
# The difference moves twice as far. All that the argument needs is that Adam treats
# each number on its own, and that opposite slopes give opposite steps.
#
# To test it we need two learning rates in one optimizer. It takes a list of dictionaries,
# called **parameter groups**, each with settings of its own.

# %%
def adam_with_last_rate(model, last_rate):
    groups = [
        {"params": model[0].parameters(), "lr": 0.001},
        {"params": model[2].parameters(), "lr": last_rate},
    ]
    return torch.optim.Adam(groups)


def merged_run(last_rate):
    model = merge(make_model(2))
    loss_fn, optimizer = nn.BCEWithLogitsLoss(), adam_with_last_rate(model, last_rate)
    return training.fit(model, data, loss_fn, optimizer, n_epochs=100, progress=False)


# %%
twice = merged_run(last_rate=0.002)["loss"]
same = merged_run(last_rate=0.001)["loss"]
print(f"two logits                                  {losses_4[-1]:.5f}")
print(f"one logit, merged start, last rate doubled  {twice[-1]:.5f}")
print(f"one logit, merged start, same rate          {same[-1]:.5f}")
print(f"one logit, its own start, same rate (way 2) {losses_2[-1]:.5f}")
assert_close(twice, losses_4, atol=1e-6, rtol=1e-3)
assert twice[-1] < same[-1] < losses_2[-1]

# %% [markdown]
# The whole run, as a picture:

# %% tags=["slide"]
ax = plots.learning_curves({
    "two logits": losses_4,
    "one logit, merged start, last rate doubled": twice,
    "one logit, merged start": same,
    "one logit, own start": losses_2,
})
ax.lines[0].set(linewidth=8, alpha=0.35)
ax.set_yscale("log")
_ = ax.legend()

# %% [markdown] tags=["slide-more"]
# **What you should see** Four losses over 100 epochs; the axis is logarithmic. The broad
# line is the network with two logits. The dashed line, one logit with the doubled rate,
# runs exactly inside it. Above it lies the same start with the ordinary rate, and on top
# the network of way 2, which also had a smaller start.
#
# All 100 losses agree. So the "better" network is the same network, started a little
# larger, with the learning rate of its last layer doubled. It has no other secret.
#
# **Rule** Two formulations of one function can train differently. Before you praise one,
# give the other the same start and the same effective learning rate.
#
# **The penalty.** There is one more thing in which the two differ. Lab 4 met a *penalty*
# that pulls weights towards 0. The usual one adds $\tfrac{\lambda}{2}$ times the sum of
# all squared weights to the loss, and is called **L2**. Its slope is $\lambda w$, and
# PyTorch's SGD adds just that to each slope if you set `weight_decay` to $\lambda$.
#
# Two logits whose difference has the weight $d$ can share it in many ways: $w_0 = c$,
# $w_1 = c + d$, with any common shift $c$. All of them give the same probabilities.
# **Predict** Which is the cheapest, and how does its price compare with $d^2$, the price
# for one logit?

# %% tags=["slide-more"]
d = 3.0
c = torch.linspace(-5, 2, 141)
cost = c**2 + (c + d) ** 2
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(c, cost, label="two logits: c² + (c + d)²")
ax.axhline(d**2, color="black", linestyle=":", label="one logit: d²")
ax.plot(-d / 2, d**2 / 2, "o", color="C1", markersize=9, label="the cheapest pair")
ax.set(xlabel="common shift c (here d = 3)", ylabel="sum of squares", ylim=(0, 30))
ax.legend(loc="upper center")
assert_close(cost.min(), torch.tensor(d**2 / 2))
assert_close(c[cost.argmin()], torch.tensor(-d / 2))

# %% [markdown]
# **What you should see** A parabola. It meets the dotted line, the price of one logit, at
# $c = 0$ (and at $c = -d$), where one of the two weights is 0. Its lowest point, the dot,
# is in the middle between them, at half the height.
#
# $$\begin{aligned}
# w_0 = -\frac{d}{2}, \quad w_1 = \frac{d}{2}, \qquad
# w_0^2 + w_1^2 = \frac{d^2}{4} + \frac{d^2}{4} = \frac{d^2}{2}
# \end{aligned}$$
#
# The penalty finds this pair by itself: it pulls $w_0 + w_1$ towards 0, and the loss has
# nothing against it. So with two logits **L2 costs half**. The same $\lambda$ is a weaker
# penalty. In the last layer one logit needs *twice* the learning rate and *half* the
# $\lambda$ to follow. In one step of SGD, with $g\,h$ for the slope of $w_1$
# ($h$ is the output of the hidden layer):
#
# $$\begin{aligned}
# w_1 - w_0 \;\leftarrow\; (w_1 - w_0) - 2\,\text{lr}
# \left( g\,h + \frac{\lambda}{2}\,(w_1 - w_0) \right)
# \end{aligned}$$

# %%
few = torch.linspace(0, len(X) - 1, 400).long()


def sgd_losses(model, loss_fn, targets, rate=1.0, decay=1.0):
    last = {"lr": 0.1 * rate, "weight_decay": 0.1 * decay}
    last["params"] = model[2].parameters()
    groups = [{"params": model[0].parameters()}, last]
    optimizer = torch.optim.SGD(groups, lr=0.1, weight_decay=0.1)
    batch = [(X[few], targets[few])]
    return training.fit(model, batch, loss_fn, optimizer, n_epochs=100, progress=False)


# %%
two = make_model(2)
sum_before = two[2].weight.sum(dim=0).detach()  # w_0 + w_1
followed = sgd_losses(two, F.cross_entropy, labels)["loss"]
assert_close(two[2].weight.sum(dim=0).detach(), 0.99**100 * sum_before)
print(f"two logits, lr and lambda               {followed[-1]:.4f}")
for rate, decay, name in ((1, 1, "lr, lambda    "), (2, 1, "2 lr, lambda  "),
                          (2, 0.5, "2 lr, lambda/2")):
    model = merge(make_model(2))
    losses = sgd_losses(model, nn.BCEWithLogitsLoss(), y, rate, decay)["loss"]
    print(f"one logit, last layer {name}    {losses[-1]:.4f}")
    assert (abs(losses[-1] - followed[-1]) < 1e-3) == (decay == 0.5)
assert_close(losses, followed, atol=1e-6, rtol=1e-3)

# %% [markdown]
# Only the last one follows the two logits, at each of the 100 epochs. The first assert is
# about $w_0 + w_1$: the slopes of the loss cancel in it, so only the penalty moves it. Each
# step makes it smaller by the factor $1 - \text{lr} \cdot \lambda$, here 0.99.
#
# **Rule** Two logits trained by plain SGD are one logit with twice the learning rate and
# half the L2 penalty in the last layer.

# %% [markdown]
# ## 8. Where each way breaks
#
# Up to now all logits were moderate. Section 4 asserted that the four ways agree for
# them. Now we drive one logit further and further in the wrong direction: the truth is
# $y = 0$, and the network is ever more sure of a 1. The loss should be $z$, and its slope
# 1, for any large $z$. (A 1 taken for a 0 breaks way 1, too, but only below about -27.)
#
# Each way has a spelling that somebody would type, and one that PyTorch offers.

# %%
def log_of_one_plus_exp(z, y):
    return ((1 + z.exp()).log() - y * z).mean()


def log_of_sigmoid(z, y):
    p = torch.sigmoid(z)
    return F.nll_loss(torch.cat([1 - p, p], dim=1).log(), y.flatten().long())


def log_of_softmax(z, y):
    probs = torch.softmax(torch.cat([torch.zeros_like(z), z], dim=1), dim=1)
    return F.nll_loss(probs.log(), y.flatten().long())


def torch_sigmoid(z, y):
    return F.binary_cross_entropy(torch.sigmoid(z), y)


# %%
typed = {
    "1: e^z / (1 + e^z)": sigmoid_loss,
    "2: log(1 + e^z) - yz": log_of_one_plus_exp,
    "3: log of sigmoid": log_of_sigmoid,
    "4: log of softmax": log_of_softmax,
}
library = {
    "1: torch.sigmoid, BCELoss": torch_sigmoid,
    "2: BCEWithLogitsLoss": F.binary_cross_entropy_with_logits,
    "3: logsigmoid, nll_loss": pair_loss,
    "4: cross_entropy": zero_and_z_loss,
}

# %% [markdown]
# First the eight for moderate logits, from -5 to 5, each with both labels. Value and
# gradient, both kinds of numbers.

# %%
z = torch.linspace(-5, 5, 101).repeat(2).reshape(-1, 1)  # (202, 1): each one twice
both = torch.arange(2.0).repeat_interleave(101).reshape(-1, 1)  # 101 zeros, 101 ones


def loss_and_grad(loss_fn, z, y):
    z = z.clone().requires_grad_()
    loss = loss_fn(z, y)
    return loss.detach(), torch.autograd.grad(loss, z)[0]


for dtype, tolerance in tolerances.items():
    expected = loss_and_grad(zero_and_z_loss, z.to(dtype), both.to(dtype))
    for loss_fn in [*typed.values(), *library.values()]:
        found = loss_and_grad(loss_fn, z.to(dtype), both.to(dtype))
        assert_close(found, expected, **tolerance)
    print(dtype, "eight spellings agree within", tolerance)

# %% [markdown]
# And now one single logit at a time, from -20 to 130. Where a spelling stops with an
# error, we note `nan`. **Predict** Which of the eight survive? And where do the others
# begin to fail: at 17, at 89, at 104? (`isfinite` asks of each number whether it is
# neither infinite nor `nan`; `~` makes False of True and True of False.)

# %%
def one_at_a_time(loss_fn, z_values, y):
    found = []
    for z in z_values:
        try:
            pair = loss_and_grad(loss_fn, torch.full((1, 1), z), torch.full((1, 1), y))
            found.append([value.item() for value in pair])
        except RuntimeError:
            found.append([torch.nan, torch.nan])
    return torch.tensor(found)  # (len(z_values), 2): loss and slope


line = torch.arange(-20.0, 130.5, 0.5).tolist()
typed_results = [one_at_a_time(loss_fn, line, y=0.0) for loss_fn in typed.values()]
library_results = [one_at_a_time(loss_fn, line, y=0.0) for loss_fn in library.values()]

# %% tags=["ignore-figures", "differs=rounding", "slide"]
def draw_values(ax, values, broken_at, limits):
    typed_values, library_values = values
    ax.plot(line, library_values, color="C0", linestyle="-", linewidth=4, alpha=0.5)
    ax.plot(line, typed_values, color="C1", linestyle="--", linewidth=1.5)
    at = torch.tensor(line)[~typed_values.isfinite()][::8]
    ax.plot(at, torch.full_like(at, broken_at), "kx", markersize=5)
    ax.set(ylim=limits, xlim=(-20, 130))


fig, axes = plt.subplots(2, 4, figsize=(11, 4.6), sharex=True, sharey="row")
for column, names in enumerate(zip(typed, library, strict=True)):
    results = (typed_results[column], library_results[column])
    draw_values(axes[0, column], [r[:, 0] for r in results], 145, (-5, 155))
    draw_values(axes[1, column], [r[:, 1] for r in results], 1.9, (-1.1, 2.1))
    axes[0, column].set_title("\n".join(names), fontsize="small")
    axes[1, column].set_xlabel("logit z")
inside = typed_results[0][:, 1].clamp(-0.8, 1.6)  # what leaves the frame: near its edge
axes[1, 0].lines[1].set(linestyle="", marker=".", markersize=4, ydata=inside)
names = ("PyTorch", "typed", "typed: inf, nan, error")
axes[0, 0].legend(names, loc="center right", fontsize="x-small")
axes[0, 0].set_ylabel("loss (nats)")
_ = axes[1, 0].set_ylabel("slope of the loss")

# %% [markdown] tags=["slide-more"]
# **What you should see** One column per way, loss above and slope below, for $y = 0$.
# The broad line is PyTorch's spelling, the thin dashed line (lower left: the dots) the
# typed one, named first in the title. A row of crosses at the top marks where the typed one gives `inf`, `nan` or
# an error. In ways 2, 3 and 4 the broad line is right everywhere: the loss rises with
# slope 1, for ever. In way 1 the broad line itself is wrong: at 17 the loss jumps to 100
# and the slope falls to 0. The crosses begin at 17 in way 3, and at 89 in ways 1 and 2. In
# way 4 they begin at 89 for the slope and a little later for the loss. And in way 1 the
# dots of the slope scatter before it breaks: most lie at 0, others jump far up or down.
# (Those are drawn near the edge of the frame. They would lie a long way outside of it.)

# %%
far = [10.0, 17.0, 50.0, 89.0, 110.0, 1000.0]
print(f"{'z =':26}", *(f"{z:5.0f}" for z in far))
for name, loss_fn in (typed | library).items():
    loss, slope = one_at_a_time(loss_fn, far, y=0.0).T
    right = ((loss - torch.tensor(far)).abs() < 0.01) & ((slope - 1).abs() < 0.01)
    print(f"{name:26}", *("   ok" if ok else "    -" for ok in right))
    assert right[0] and right.all() == (name in list(library)[1:])

# %% [markdown]
# Only the last three are right everywhere. Way by way:
#
# **1, sigmoid and `BCELoss`.** From 17 on, $\sigma(z)$ is rounded to 1. PyTorch's spelling
# then has loss 100 and slope 0 (lab 4): it stops learning. The typed one breaks at 89
# with `inf / inf`. And what are those spikes? The two slopes inside of
# $e^z / (1 + e^z)$ nearly cancel, and what is left is a rounding error instead of the tiny
# true difference $p\,(1 - p)$. `BCELoss` divides that by $p\,(1 - p)$, or by $10^{-12}$ if that is 0. A grain of dust, times a
# million million:

# %%
spikes = typed_results[0][torch.tensor(line) > 17, 1]
spikes = spikes[spikes.isfinite()].abs()
print("more than half of these slopes are exactly 0:",
      bool((spikes == 0).float().mean() > 0.5))
print("the largest is above 1000, and it should be 1:", bool(spikes.max() > 1000))
assert spikes.max() > 1000 and (spikes == 0).float().mean() > 0.5

# %% [markdown]
# Either no push at all, or an enormous one, up or down as the rounding falls. Nobody would
# find that by reading the formula.
#
# **2, `BCEWithLogitsLoss`.** Typed, $\log(1 + e^z)$ overflows at 89. PyTorch's does not.
#
# **3, the pair.** Typed, it has `1 - p`, which is 0 from 17 on, and its logarithm is
# minus infinity. It gets worse. **Predict** The image is a 1, the network is sure of it,
# $z = 20$, and right. What are loss and slope of the typed pair?

# %%
right_and_sure = one_at_a_time(log_of_sigmoid, [20.0], y=1.0)[0]
print("typed pair:", *right_and_sure.tolist())
print("logsigmoid:", *(f"{v:.1e}" for v in one_at_a_time(pair_loss, [20.0], y=1.0)[0]))
assert right_and_sure[0] == 0 and right_and_sure[1].isnan()

# %% [markdown]
# Loss 0, slope `nan`. The column that is *not* picked holds $\log 0$, and autograd
# multiplies its infinite slope by 0, as in lab 2. One image on which the network is
# brilliant, and after the next step every parameter is `nan`.
#
# **4, two logits.** Typed, `log(softmax)` outlives the typed pair by far, because softmax
# calculates the small probability itself instead of subtracting the large one from 1.
# But at 89 its slope $1/p$ overflows, and soon after $p$ is rounded to 0 as well.
# `cross_entropy` is never troubled.

# %%
assert one_at_a_time(torch_sigmoid, [50.0], y=0.0)[0].tolist() == [100, 0]
for loss_fn in (sigmoid_loss, torch_sigmoid):  # a 1 taken for a 0
    slopes = one_at_a_time(loss_fn, [-27.0, -30.0], y=1.0)[:, 1]
    assert slopes[0] < -0.99 and slopes[1] > -0.5
for loss_fn, ends_at in zip(typed.values(), (89.0, 89.0, 17.0, 110.0), strict=True):
    assert not one_at_a_time(loss_fn, [ends_at], y=0.0).isfinite().all()
million = one_at_a_time(F.binary_cross_entropy_with_logits, [1e6], y=0.0)[0]
print("BCEWithLogitsLoss at a million: loss {:.0f}, slope {:.0f}".format(*million))

# %% [markdown] tags=["slide-more"]
# **Rule** From the logits to the loss in one function of the library. Way 1 has no safe
# spelling at all; the three others have one each.

# %% [markdown]
# ## 9. Which to use when
#
# **Cost.** The notes say: two logits give the same effect for a higher price, so for two
# classes one *must* use the sigmoid. What is the price?

# %%
def n_parameters(model):
    return sum(p.numel() for p in model.parameters())


# %% [markdown]
# Here is the price, in parameters of the whole network, and beside it what each way makes
# of a confident mistake, $z = 50$ and $y = 0$.

# %%
print("way                            outputs  parameters  loss at 50  slope at 50")
for name, loss_fn in library.items():
    n_outputs = 2 if name.startswith("4") else 1
    loss, slope = one_at_a_time(loss_fn, [50.0], y=0.0)[0]
    print(f"{name:30} {n_outputs:7}  {n_parameters(make_model(n_outputs)):10}  "
          f"{loss:10.0f}  {slope:11.0f}")

# %% [markdown]
# Only the first way gets it wrong. And how much more do two logits cost?

# %%
more = n_parameters(make_model(2)) / n_parameters(make_model(1)) - 1
print(f"two logits need {more:.2%} more parameters")
assert more < 0.002

# %% [markdown]
# Next to nothing. The last layer doubles, and it is the smallest part of the network.
# (Without a hidden layer, as in lab 5, the whole model doubles.) So the notes' sentence
# is not right: two logits with `cross_entropy` are the same model, at practically the same
# price, and with code that also works for three classes. One logit is the habit, and it
# is fine as well.
#
# **K classes.** The notes also say that the sigmoid cannot be extended to K classes. It
# can, in two ways. The first is **one-vs-rest**: one logit per class, each with a sigmoid
# of its own that answers "is it class k, or any other?". The target is the one-hot row,
# the loss `BCEWithLogitsLoss`, and the largest logit wins. Three digits, 400 images of
# each. (`few_of_each` takes the first n images of each class; `nonzero` gives the
# positions of the trues.)

# %%
digits = load_mnist(digits=(0, 1, 2), validation=0, order="class")


def few_of_each(split, n):
    rows = [(split.y == k).nonzero().flatten()[:n] for k in range(3)]
    return split.X[torch.cat(rows)], split.y[torch.cat(rows)]


X3, labels3 = few_of_each(digits.train, 400)
X3_test, labels3_test = few_of_each(digits.test, 100)

# %% [markdown]
# **Predict** Which is more accurate on the test images: K sigmoids, or softmax?
# (`training.fit` wants whole labels for K outputs, for its accuracy, so the loss makes
# the one-hot rows itself.)

# %% tags=["nbval-rtol=2e-2"]
def one_vs_rest_loss(logits, labels):
    one_hot = F.one_hot(labels, logits.shape[1]).float()
    return F.binary_cross_entropy_with_logits(logits, one_hot)


softmax_model, rest_model = make_model(3), make_model(3)
train(softmax_model, F.cross_entropy, X3, labels3)
train(rest_model, one_vs_rest_loss, X3, labels3)
by_softmax = training.accuracy(softmax_model(X3_test), labels3_test)
by_rest = training.accuracy(rest_model(X3_test), labels3_test)
print(f"softmax {by_softmax:.4f}, one-vs-rest {by_rest:.4f}")
assert by_rest > 0.93 and abs(by_softmax - by_rest) < 0.02

# %% tags=["nbval-rtol=2e-2"]
sums = torch.sigmoid(rest_model(X3_test)).sum(dim=1)
print(f"the three sigmoids sum to {sums.min():.2f} ... {sums.max():.2f}")
assert sums.min() < 0.9 and sums.max() > 1.05

# %% [markdown]
# About the same. But the three sigmoids do not sum to 1: they are three answers to three
# questions, not one distribution. If exactly one class is right, softmax knows that
# beforehand, and one-vs-rest has to learn it.
#
# **Several labels at once.** There the sigmoids come into their own. Lay two digits on
# top of each other. "Which digits are in the picture?" can have two right answers, and
# softmax cannot give two: its probabilities share a sum of 1. K sigmoids can. This is
# called **multi-label** classification. (`torch.maximum` takes the larger of two numbers,
# here the darker of two pixels. `randint` draws pairs; if both are the same digit, the
# picture holds one.)

# %%
generator = torch.Generator().manual_seed(0)


def overlay(X, labels, n):
    i, j = torch.randint(len(X), (2, n), generator=generator)
    one_hot = F.one_hot(labels, 3).float()
    return torch.maximum(X[i], X[j]), torch.maximum(one_hot[i], one_hot[j])


# %%
X_over, y_over = overlay(X3, labels3, 2000)
X_over_test, y_over_test = overlay(X3_test, labels3_test, 500)
print(y_over_test[:4])

# %% [markdown]
# A row (1, 0, 1) says: a 0 and a 2. The network and the loss are those of one-vs-rest.
# Only the targets are new.

# %%
label_model = make_model(3)
optimizer = torch.optim.Adam(label_model.parameters(), lr=0.005)
for _ in range(60):
    loss = F.binary_cross_entropy_with_logits(label_model(X_over), y_over)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

# %% tags=["nbval-rtol=2e-2"]
answers = (label_model(X_over_test) > 0).float()  # one decision for each label
all_right = (answers == y_over_test).all(dim=1).float().mean()
single = (y_over_test.sum(dim=1) == 1).float().mean()
print(f"all three labels right {all_right:.4f}, softmax at its best {single:.4f}")
assert all_right > 0.7 > 0.5 > single

# %% [markdown]
# (`fit` counts right answers by `argmax`, one class for each example. That is not what we
# want here, so the four lines of training stand in the cell.) "At its best" is the
# share of pictures that hold a single digit: on all others any answer with one class must
# be wrong.

# %%
def name_of(row):
    return "+".join(str(k) for k in range(3) if row[k]) or "none"


shown = slice(0, 8)
titles = [
    f"true {name_of(truth)}\nsays {name_of(answer)}"
    for truth, answer in zip(y_over_test[shown], answers[shown], strict=True)
]
axes = plots.image_grid(X_over_test[shown], titles)

# %% [markdown]
# **What you should see** Eight test pictures, most of them two digits in one. Above each
# stands what is in it and what the three sigmoids say, for instance "0+2". Most answers
# are right.
#
# How much ink does it take? Here a 0 and a 1 are faded in and out, and two networks look
# at the result.

# %% tags=["slide"]
def draw(zero, one):
    picture = torch.maximum(zero * X3_test[:1], one * X3_test[100:101])
    fig, axes = plt.subplots(1, 3, figsize=(8.4, 2.6))
    fig.get_layout_engine().set(wspace=0.1)  # more room between the panels
    plots.image_grid(picture, axes=axes[:1])
    with torch.no_grad():
        plots.bars(torch.sigmoid(label_model(picture))[0], axes[1])
        plots.bars(torch.softmax(softmax_model(picture), dim=1)[0], axes[2])
    for ax, title in zip(axes[1:], ("three sigmoids", "softmax"), strict=True):
        ax.set(title=title, xlabel="digit")


draw(zero=1.0, one=1.0)

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, a 0 with a 1 on top of it. In the middle, the three
# sigmoids: the bars of 0 and of 1 are both high, and together they exceed 1. Right,
# softmax has to divide a sum of 1 among the three.

# %%
plots.slider(draw, zero=(0.0, 1.0, 1.0), one=(0.0, 1.0, 1.0))

# %% [markdown] tags=["slide"]
# The whole choice in one table. $d$ is the number of hidden units.
#
# | the question | last layer | loss | target | decision |
# |:--|:--|:--|:--|:--|
# | one of two classes | `Linear(d, 1)` | `BCEWithLogitsLoss` | `float32` (N, 1) | `z > 0` |
# | the same, ready for more | `Linear(d, 2)` | `CrossEntropyLoss` | `int64` (N,) | `argmax` |
# | exactly one of K classes | `Linear(d, K)` | `CrossEntropyLoss` | `int64` (N,) | `argmax` |
# | any number of K labels | `Linear(d, K)` | `BCEWithLogitsLoss` | `float32` (N, K) | `z > 0`, each |
#
# In the third column stand the two losses that take logits. `BCELoss` is not in the
# table. The pair of section 3 is not either: it is right and safe, and it is what
# `BCEWithLogitsLoss` does anyway.

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint.
#
# **Exercise 1.** `logsigmoid(z)` for z of any size, by the formula of section 3 and
# without `F`. Values *and* slopes have to be right for ±1000.

# %% tags=["exercise"]
def logsigmoid(z):
    ...


lab09.logsigmoid.check(logsigmoid)
# lab09.logsigmoid.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `two_logit_gradient(logits, y)`: the gradient of the mean cross entropy
# with respect to two logits, shape (N, 2), by formula and without `backward`. The labels
# `y` are whole numbers in a column, shape (N, 1). It has to survive logits of 1000.

# %% tags=["exercise"]
def two_logit_gradient(logits, y):
    ...


lab09.two_logit_gradient.check(two_logit_gradient)
# lab09.two_logit_gradient.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 3.** `to_two_logits(z)`: turn one logit, shape (N, 1), into two, shape
# (N, 2), whose softmax is the same distribution. Of all such pairs return the *cheapest*,
# the one with the smallest sum of squares.

# %% tags=["exercise"]
def to_two_logits(z):
    ...


lab09.to_two_logits.check(to_two_logits)
# lab09.to_two_logits.hint()

# %% [markdown] tags=["slide"]
# **Exercise 4.** `accuracy(logits, y)`: the accuracy of two logits (N, 2) as a Python
# number. The labels come as a list (N,) or as a column (N, 1), both are allowed, and the
# answer must be the same.

# %% tags=["exercise"]
def accuracy(logits, y):
    ...


lab09.accuracy.check(accuracy)
# lab09.accuracy.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 5.** `forgotten(optimizer, model)`: how many of the model's parameters (the
# tensors, such as a weight or a bias) does the optimizer *not* move? A Python number; 0
# is what you want.

# %% tags=["exercise"]
def forgotten(optimizer, model):
    ...


lab09.forgotten.check(forgotten)
# lab09.forgotten.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 6.** `all_labels_right(logits, y)`: for multi-label logits (N, K) and targets
# (N, K) of 0.0 and 1.0, the fraction of pictures for which *every* label is right, as a
# Python number.

# %% tags=["exercise"]
def all_labels_right(logits, y):
    ...


lab09.all_labels_right.check(all_labels_right)
# lab09.all_labels_right.hint()

# %% [markdown]
# **To think about** (1) A network with K logits is trained with SGD and softmax. Which
# network with K - 1 logits is of the same family? Is there again a learning rate with
# which it follows? (2) With Adam *and* `weight_decay`, the factors of section 7 do not
# hold. Where does the argument fail? (3) Some libraries report "accuracy" for
# multi-label tasks as the share of single labels that are right. Why is that number so
# high if most labels are 0?

# %% [markdown]
# ## Quiz
#
# Five cells. Decide what each will print before you run it.
#
# **Question 1.** One column, and all labels are 0. What will this cell print: an error, or
# a number?
#
# ```python
# log_probs = F.logsigmoid(torch.zeros(3, 1))
# print(F.nll_loss(log_probs, torch.tensor([0, 0, 0])))
# ```

# %%
log_probs = F.logsigmoid(torch.zeros(3, 1))
print(F.nll_loss(log_probs, torch.tensor([0, 0, 0])))

# %% [markdown]
# A number: column 0 exists. With the first images of a class-sorted data set, the crash
# of section 3 would not have come. It would have trained on the wrong class.
#
# **Question 2.** Both logits are 5. What will this cell print: how sure is the network of
# class 1?
#
# ```python
# logits = torch.tensor([[5.0, 5.0]])
# print(torch.sigmoid(logits), torch.softmax(logits, dim=1))
# ```

# %%
logits = torch.tensor([[5.0, 5.0]])
print(torch.sigmoid(logits), torch.softmax(logits, dim=1))

# %% [markdown]
# For a network of way 4, one half: the difference is 0. The sigmoids would be the answer
# of a multi-label network, "both, surely". The same logits; the loss decides what they
# mean.
#
# **Question 3.** What will this cell print: how many numbers does each last layer have?
#
# ```python
# for n_outputs in (1, 2, 10):
#     print(n_outputs, n_parameters(nn.Linear(32, n_outputs)))
# ```

# %%
for n_outputs in (1, 2, 10):
    print(n_outputs, n_parameters(nn.Linear(32, n_outputs)))

# %% [markdown]
# 32 weights and a bias for each output.
#
# **Question 4.** All predictions are 0, all labels are 0, in a list and in a column. What
# will this cell print: the shape, and the "accuracy"?
#
# ```python
# right = torch.zeros(5) == torch.zeros(5, 1)
# print(tuple(right.shape), right.float().mean().item())
# ```

# %%
right = torch.zeros(5) == torch.zeros(5, 1)
print(tuple(right.shape), right.float().mean().item())

# %% [markdown]
# 25 comparisons, and the right answer, by luck: with a single class $q^2 + (1-q)^2$ is 1.
# A test on data with one class does not find this bug.
#
# **Question 5.** The slopes of a parameter are always opposite to those of another one.
# What will this cell print after three steps of Adam?
#
# ```python
# a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
# optimizer = torch.optim.Adam([a, b], lr=0.1)
# for _ in range(3):
#     ((a - b) ** 2).backward()
#     optimizer.step()
#     optimizer.zero_grad()
# print(f"{a.item() + b.item():.4f}")
# ```

# %%
a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
optimizer = torch.optim.Adam([a, b], lr=0.1)
for _ in range(3):
    ((a - b) ** 2).backward()
    optimizer.step()
    optimizer.zero_grad()
print(f"{a.item() + b.item():.4f}")

# %% [markdown]
# Their sum stays where it was: what one gains, the other loses. It is the two rows of
# way 4 in the smallest form.

# %% [markdown] tags=["slide"]
# ## Summary
#
# * Four ways, one function: sigmoid and BCE, BCE with logits, the log-sigmoid pair, two
#   logits. Equal in value and gradient, for moderate logits.
# * $\log(1 - \sigma(z))$ is `logsigmoid(-z)`. Never write `1 - sigmoid(z)`.
# * `nll_loss`: one column per class, in order, logarithms.
# * Two logits with SGD or Adam are one logit with twice the learning rate in the last
#   layer, and with half the L2 penalty (SGD).
# * From logits to loss in one function of the library. Way 1 has no safe spelling.
# * Nearly equal is not equal. Use `assert_close`, and not at the start of training.
# * "A second time": something is older than the loop. A loss that stands still: the
#   optimizer holds another network.
# * Exactly one of K: softmax. Any number of K: K sigmoids.
#
# Next: [**lab 10, MNIST, many digits**](10_mnist_multiclass.ipynb). Ten classes, and what a classifier does with each.
