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
# # 7. MNIST, two digits
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/07_mnist_binary.ipynb)
#
# Until now the data fitted on a slide. Now a small network learns to tell a handwritten
# 0 from a handwritten 1. That is easy: it will be right more than 98 times in 100. The
# hard part is to know *what such a number means*, and this lab is about that.
#
# **You will be able to**
#
# * look at a data set before you train on it, and name the accuracy any model must beat;
# * train and evaluate a network in four steps;
# * explain how 99% accuracy and a bad loss go together;
# * choose a setting on validation images, and open the test set once;
# * use dropout, and know what goes wrong when `eval()` is forgotten;
# * recognise two bugs that no error message will tell you about.
#
# **Needs** Labs 1 to 5: sigmoid, cross entropy, gradient descent, `nn.Linear`.
#
# **Takes** 50 minutes to read and run, 40 more for the exercises.

# %% jupyter={"source_hidden": true} tags=["colab"]
# @title For Colab only: fetch the helpers of the course
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and find_spec("course_utils") is None:
    # %pip install -q --no-deps "https://github.com/OWNER/REPOSITORY/releases/download/v0.2.0/course_utils-0.2.0-py3-none-any.whl" anywidget psygnal
    assert find_spec("course_utils"), "pip failed: its lines above say why"

# %%
import time

import matplotlib.pyplot as plt
import torch
import torchvision
from torch import nn

from course_utils import plots, training
from course_utils.data import load_mnist
from course_utils.exercises import lab07

plt.style.use("course_utils.course")

# %% [markdown] tags=["slide"]
# ## 1. Look at the data first
#
# **MNIST** is a set of scanned digits from 0 to 9, each 28 × 28 grey pixels. Some people
# wrote the *training* images, others the *test* images. `load_mnist` takes the files
# from this computer if they are there, or else downloads them. Without a network it uses
# 5,000 MNIST images that came with an installed package. The next cell says which it is.
# All that this lab says holds for both; only the digits after the point differ.
# `validation=0` says that we want no third set yet; section 3 is about that.

# %%
mnist = load_mnist(digits=(0, 1), validation=0, order="class")
print(mnist.describe())
for name, split in (("train", mnist.train), ("test", mnist.test)):
    print(f"{name:5}", "X", tuple(split.X.shape), "y", tuple(split.y.shape))

# %% [markdown]
# `X` has one row per image: 28 × 28 = 784 pixels, written one after the other. `y` holds
# the digits, the right answers. With `order="class"` all zeros come first.
#
# One look at the images tells you more than any table.

# %% tags=["slide-more"]
n_zeros = int((mnist.train.y == 0).sum())
rows = torch.cat([torch.arange(8), n_zeros + torch.arange(8)])
titles = [str(int(label)) for label in mnist.train.y[rows]]
axes = plots.image_grid(mnist.train.X[rows], titles)

# %% [markdown] tags=["slide-more"]
# **What you should see** Two rows of eight images: zeros above, ones below, with their
# labels. Zeros are round and hollow; ones are a stroke, often slanted. A 0 has much more
# ink than a 1.
#
# Three questions to ask of any data set: How many of each class? What range do the
# inputs have? Which pixels never change? (`bincount` counts how often each label comes.)

# %%
X, y = mnist.train.X, mnist.train.y
print("images of each class:", y.bincount().tolist())
print("pixels from", X.min().item(), "to", X.max().item())
print("pixels that are 0 in every image:", int((X.max(dim=0).values == 0).sum()))
assert X.min() == 0 and X.max() == 1

# %% [markdown] tags=["slide"]
# **The baseline.** Somebody who always answers with the more frequent digit, without a
# look at the image, is right about half of the time. How often exactly is the first
# number to know. A model below it is not yet worth using.

# %% tags=["slide-more"]
majority = y.bincount().argmax()
baseline = (mnist.test.y == majority).float().mean().item()
print(f"always answer {majority}: test accuracy {baseline:.4f}")
train_baseline = (y == majority).float().mean().item()
print(f"the same on the training images: {train_baseline:.4f}")

# %% [markdown]
# **Where the tensors come from.** The notes behind this course build them image by image:
# torchvision gives pairs (picture, label), and `ToTensor` turns each picture into numbers
# from 0 to 1. We do the same here and compare. (Without MNIST's own files we make such
# pairs of the embedded images. The first function of this cell does that; you need not
# follow it line by line.)

# %%
def pairs(train):
    if mnist.source == "embedded":
        split = mnist.train if train else mnist.test
        pictures = map(torchvision.transforms.ToPILImage(), split.X.reshape(-1, 28, 28))
        return list(zip(pictures, split.y.tolist(), strict=True))
    return torchvision.datasets.MNIST(mnist.location, train=train, download=True)


def one_by_one(dataset):
    to_tensor = torchvision.transforms.ToTensor()
    X0 = torch.stack([to_tensor(image) for image, label in dataset if label == 0])
    X1 = torch.stack([to_tensor(image) for image, label in dataset if label == 1])
    X = torch.cat([X0, X1]).reshape(-1, 784)
    y = torch.tensor([0.0] * len(X0) + [1.0] * len(X1)).reshape(-1, 1)
    return X, y


# %%
start = time.perf_counter()
X_train, y_train = one_by_one(pairs(train=True))
X_test, y_test = one_by_one(pairs(train=False))
seconds_one_by_one = time.perf_counter() - start

assert X_train.equal(mnist.train.X) and X_test.equal(mnist.test.X)
assert y_train.equal(mnist.train.y.float().reshape(-1, 1))
print("train", tuple(X_train.shape), tuple(y_train.shape))
print("test ", tuple(X_test.shape), tuple(y_test.shape))

# %% [markdown]
# The same numbers, to the last bit. From here on `y` is a column of shape (N, 1) with 0.0
# and 1.0, because the binary loss wants the shape that the model gives. How long did each
# way take? (Times differ from run to run.)

# %% tags=["nbval-ignore-output", "differs=time"]
start = time.perf_counter()
load_mnist(digits=(0, 1), validation=0, order="class")
seconds = time.perf_counter() - start
print(f"image by image {seconds_one_by_one:.2f} s, load_mnist {seconds:.2f} s")

# %% [markdown]
# `load_mnist` reads each file as one block of bytes and cuts it with a few tensor
# operations. The loop makes a picture object of every single image, and does so twice,
# once per digit.

# %% [markdown] tags=["slide"]
# ## 2. Four steps: data, model, fit, evaluate
#
# This is the published experiment, with its own settings. The **data** is ready. The
# **model** is a network with one hidden layer:
#
# * `nn.Linear(784, 32)` makes 32 weighted sums of the pixels, as in lab 4;
# * `nn.ReLU()` replaces negative numbers by 0. Without it, two linear layers in a row
#   would be no more than one. Each of the 32 results is called a **hidden unit**, hidden
#   because it is neither input nor output;
# * `nn.Linear(32, 1)` makes one number of these 32, the logit;
# * `nn.Sigmoid()` turns the logit into the probability of a 1.
#
# `torch.manual_seed(1)` fixes the random start values, so that you get our numbers. The
# number of parameters can be predicted: each sum has one weight per input, and a bias.

# %% tags=["slide-more"]
torch.manual_seed(1)
model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())

n_parameters = sum(p.numel() for p in model.parameters())
print("parameters:", n_parameters)
assert n_parameters == (784 + 1) * 32 + (32 + 1) * 1

# %% [markdown]
# To **evaluate** means to compare predictions with labels: a probability above one half
# is a vote for class 1. `accuracy_of` returns a fraction from 0 to 1. Its `assert` refuses
# tensors of different shape; section 5 shows what that saves us from. The line
# `@torch.no_grad()` says that this function is never used for slopes, so PyTorch need not
# note down anything for them.

# %%
@torch.no_grad()
def accuracy_of(model, X, y):
    probs = model(X)
    assert probs.shape == y.shape, (probs.shape, y.shape)
    return ((probs > 0.5) == y).float().mean().item()


accuracy_before = accuracy_of(model, X_train, y_train)
print(f"before training: {accuracy_before:.4f}")

# %% [markdown]
# **Fit.** One update looks at all training images, calculates the mean cross entropy,
# and moves every parameter a small step against its slope. One pass over all images is
# an **epoch**. As we use all of them for each update, an epoch is one update here.
#
# The published run leaves the learning rate out, so PyTorch takes its default.

# %%
default_lr = torch.optim.SGD(model.parameters()).defaults["lr"]
print("default learning rate of SGD:", default_lr)
assert default_lr == 0.001


# %%
@torch.no_grad()
def cross_entropy(model, X, y):
    return nn.functional.binary_cross_entropy(model(X), y).item()


def train(model, X, y, optimizer, n_epochs, every=None):
    loss_fn = nn.BCELoss()
    curves = {"loss": [], "accuracy": []}
    for epoch in range(1, n_epochs + 1):
        model.train()
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        model.eval()
        if every and epoch % every == 0:
            curves["loss"].append(cross_entropy(model, X, y))
            curves["accuracy"].append(accuracy_of(model, X, y))
    return curves


# %% [markdown] tags=["slide"]
# (`model.train()` and `model.eval()` do nothing in this model yet. Section 4 needs them.)
#
# **Predict** After 50 updates, will the accuracy be nearer to 0.5, to 0.7 or to 0.9?

# %% tags=["slide-more"]
optimizer = torch.optim.SGD(model.parameters())
curves = train(model, X_train, y_train, optimizer, n_epochs=500, every=50)
for i, (loss, acc) in enumerate(zip(*curves.values(), strict=True), start=1):
    print(f"epoch {50 * i:3}  loss {loss:.4f}  accuracy {acc:.4f}")

# %% [markdown]
# At first below one half! And at the end? On the images it was trained on, and on those
# that it has never seen:

# %%
print(f"train accuracy {accuracy_of(model, X_train, y_train):.4f}")
print(f"test accuracy  {accuracy_of(model, X_test, y_test):.4f}")
assert curves["accuracy"][0] < train_baseline < 0.54
assert accuracy_of(model, X_train, y_train) > 0.99
assert accuracy_of(model, X_test, y_test) > 0.99
assert 0.75 < curves["loss"][-1] / curves["loss"][0] < 0.85

# %% tags=["slide"]
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
plots.learning_curves({"accuracy": [accuracy_before, *curves["accuracy"]]}, left,
                      epochs=range(0, 501, 50), ylabel="training accuracy",
                      baseline=("majority baseline", train_baseline))
plots.learning_curves({"loss": curves["loss"]}, right, epochs=range(50, 501, 50),
                      baseline=("coin flip, ln 2", torch.log(torch.tensor(2.0))))
left.set_ylim(0, 1.05)
_ = right.set_ylim(0, 0.75)

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, the accuracy climbs from far below the dotted baseline to
# nearly 1. Right, the loss comes down by only about a fifth. The dotted line there is the
# loss of somebody who answers "one half" to every image. (Nats are the unit of cross
# entropy with the natural logarithm, as in lab 2.)
#
# Two things in this run deserve a question, and the notes ask neither.
#
# **The first printed number is below the baseline.** At epoch 50 the model is worse than
# somebody who does not look at the images. Nobody notices without the baseline beside it.
#
# **Accuracy and loss tell different stories.** How can nearly all answers be right while
# the loss is four fifths of that of a coin? Look at the probabilities themselves.

# %% tags=["slide"]
with torch.no_grad():
    probs = model(X_test)
fig, ax = plt.subplots(figsize=(6.4, 2.8))
bins = torch.linspace(0, 1, 51)
ax.hist(probs[y_test == 0], bins, label="true 0", hatch="//", edgecolor="white")
ax.hist(probs[y_test == 1], bins, label="true 1", edgecolor="white", alpha=0.8)
ax.axvline(0.5, color="black", linestyle=":")
ax.set(xlabel="predicted probability of a 1", ylabel="test images")
legend = ax.legend()

# %% [markdown] tags=["slide-more"]
# **What you should see** Two humps, one for each digit, each on its correct side of the
# dotted line, but both close to it. The model is hardly ever sure. Accuracy asks only on which
# side of one half a probability lies; the loss asks how far. This model has found the
# direction and has not yet gone far in it. 500 updates with a small learning rate are
# simply few.

# %%
assert probs.min() > 0.2 and probs.max() < 0.8

# %% [markdown]
# **Why is the test accuracy higher than the training accuracy?** One expects the
# opposite. Is it luck? Draw as many *training* images as there are test images, at
# random, 1,000 times, and see how often they come out as well as the test set.

# %%
with torch.no_grad():
    is_right = ((model(X_train) > 0.5) == y_train).float().flatten()
generator = torch.Generator().manual_seed(0)
draws = torch.stack([
    is_right[torch.randperm(len(is_right), generator=generator)[: len(y_test)]].mean()
    for _ in range(1000)
])
as_good = (draws >= accuracy_of(model, X_test, y_test)).float().mean()
print(f"share of draws that do as well as the test set: {as_good:.2f}")

# %% [markdown] tags=["slide"]
# With the full data set the share is 0: luck does not explain it. The test zeros and
# ones were written by other people, and they are a little easier. (With the embedded
# images the test set is small, and a large share means that luck explains it well.)
# Either way, "test above train" is no sign of a mistake.
#
# **What has the first layer learned?** Each of its 32 sums has one weight per pixel, so
# we can draw the weights as an image. **Predict** Will you see zeros and ones in them?

# %% tags=["slide-more"]
torch.manual_seed(1)
start_weights = nn.Linear(784, 32).weight.detach()  # the same seed: the same start
change = model[0].weight.detach() - start_weights
assert change.abs().max() < start_weights.abs().max()
axes = plots.image_grid(model[0].weight[:8], signed=True)
axes = plots.image_grid(change[:8], signed=True)

# %% [markdown] tags=["slide-more"]
# **What you should see** Above, the weights of eight hidden units: noise, like an
# untuned television. Below, only what *training has changed* in the same eight. Now there
# are rings and strokes: red where training lets ink raise the unit's sum, blue where it
# lets ink lower it. A few units were hardly touched. (Each row has its own colour scale:
# the changes below are smaller than the weights above.) A single weight still looks like
# its random start; it is the sum of many small changes that decides.

# %% [markdown] tags=["slide"]
# ## 3. Train, validation, test
#
# The heading of the published section promises "train/val/test", but there is no
# validation set in it. Why should there be one?
#
# Suppose you try five learning rates and keep the one with the best *test* accuracy. That
# number then is the best of five, picked because it looked good. It is no longer what
# the model will do on new images. So a third set takes over the choosing:
#
# * **train**: the parameters are fitted to it;
# * **validation**: settings are chosen on it, as often as you like;
# * **test**: opened once, at the end, and nothing is changed afterwards.
#
# (Sections 2, 4 and 5 repeat published runs, and these look at the test set. We follow
# them, but choose nothing by it.)
#
# `load_mnist` holds out every sixth training image of each digit for validation. To be
# quick we train on 600 of the others.

# %%
mnist = load_mnist(digits=(0, 1), order="class")
few = torch.linspace(0, len(mnist.train.y) - 1, 600).long()  # evenly spread
X_few, y_few = mnist.train.X[few], mnist.train.y[few].float().reshape(-1, 1)
X_val, y_val = mnist.validation.X, mnist.validation.y.float().reshape(-1, 1)
print("train", len(X_few), "validation", len(X_val), "test", len(X_test))


# %%
def trained(seed, lr, X, y, n_epochs=40):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
    train(model, X, y, torch.optim.SGD(model.parameters(), lr=lr), n_epochs)
    return model


# %% [markdown] tags=["slide"]
# Five learning rates, 40 updates each. The random start matters, so each learning rate
# is tried with ten seeds. **Predict** How far apart will the best and the worst seed be?

# %% tags=["slide-more"]
val_loss = {}
for lr in (0.001, 0.01, 0.1, 1.0, 10.0):
    models = [trained(seed, lr, X_few, y_few) for seed in range(10)]
    losses = [cross_entropy(model, X_val, y_val) for model in models]
    accs = [accuracy_of(model, X_val, y_val) for model in models]
    val_loss[lr] = sum(losses) / 10
    print(f"lr {lr:6.3f}  mean loss {val_loss[lr]:8.4f}  "
          f"accuracy from {min(accs):.4f} to {max(accs):.4f}")

# %% [markdown] tags=["slide-more"]
# Compare "from" with "to" in each row. With the smallest learning rate **the seed matters
# more than anything else**: the same code, another random start, and the model is below
# the baseline or far above it. Whoever tries one seed for each setting compares luck.
# With the largest rate the updates jump about, and the loss explodes.
#
# We choose by the mean validation *loss*. It still tells models apart whose accuracies
# are equal. Only then do we train once more and open the test set, for the first and
# last time in this section.

# %%
best_lr = min(val_loss, key=val_loss.get)
model = trained(0, best_lr, X_few, y_few)
print(f"chosen: lr = {best_lr}")
print(f"validation accuracy {accuracy_of(model, X_val, y_val):.4f}")
print(f"test accuracy       {accuracy_of(model, X_test, y_test):.4f}")
print(f"test loss           {cross_entropy(model, X_test, y_test):.4f}")

# %%
assert best_lr == 1.0
assert cross_entropy(model, X_test, y_test) < 0.1

# %% [markdown]
# 40 updates on 600 images are at least as accurate as the 500 updates on all of them in
# section 2, and have a far smaller loss. One setting, chosen properly, was worth more
# than all the other data.
#
# **Whatever is calculated from data belongs to training.** Often pixels are standardised:
# subtract the mean, divide by the standard deviation. These two are estimates, like
# parameters, so they come from the *training* images alone and are then used for all
# three sets. Exercise 3 is about that.

# %%
mean, std = X_few.mean(), X_few.std()
print(f"training images: mean {mean:.4f}, standard deviation {std:.4f}")
standardised = (X_few - mean) / std
assert abs(standardised.mean()) < 1e-5 and abs(standardised.std() - 1) < 1e-5

# %% [markdown]
# **The images it gets most wrong.** Sort by the loss of each single image: first those
# whose true class got the smallest probability.

# %%
with torch.no_grad():
    probs = model(X_val).flatten()
right_class = torch.where(y_val.flatten() == 1, probs, 1 - probs)
worst = right_class.argsort()[:8]
titles = [f"{int(y_val[i])}, p={right_class[i]:.2f}" for i in worst]
axes = plots.image_grid(X_val[worst], titles)

# %% [markdown]
# **What you should see** Eight validation images with their true digit and the
# probability `p` that the model gave to it, the worst on the left. Where `p` is below
# one half the answer was wrong. The hard ones are zeros with a narrow or filled hole, and
# ones with a hook, a foot or a strong slant.

# %% [markdown] tags=["slide"]
# ## 4. Dropout, and the two modes of a model
#
# **Dropout** silences each hidden unit with probability one half, anew for every image
# and every update, while training. (The others are doubled to make up for it, so that
# their sum stays about the same.) So no unit can rely on a certain other one. The idea
# is to keep a model from learning its training images by heart, which is called
# **overfitting**. The published run puts it into the network of section 2.
#
# **Predict** Will the test accuracy go up, go down or stay?

# %% tags=["nbval-rtol=2e-3", "slide-more"]
torch.manual_seed(1)
dropout_model = nn.Sequential(
    nn.Linear(784, 32), nn.Dropout(0.5), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid()
)
optimizer = torch.optim.SGD(dropout_model.parameters())
train(dropout_model, X_train, y_train, optimizer, n_epochs=500)
print(f"train accuracy {accuracy_of(dropout_model, X_train, y_train):.4f}")
print(f"test accuracy  {accuracy_of(dropout_model, X_test, y_test):.4f}")

# %% [markdown] tags=["slide-more"]
# It stays. The model of section 2 did not overfit, so there was nothing to cure. A remedy
# cannot be judged on a healthy patient. Let us make one ill: a harder pair of digits, 4
# and 9, a larger network, and only 40 training images. The optimizer is Adam: it chooses
# the step for each parameter on its own, and so gets far in few updates.

# %%
hard = load_mnist(digits=(4, 9), order="class")
few = torch.linspace(0, len(hard.train.y) - 1, 40).long()
X_hard, y_hard = hard.train.X[few], (hard.train.y[few] == 9).float().reshape(-1, 1)
X_hard_val = hard.validation.X
y_hard_val = (hard.validation.y == 9).float().reshape(-1, 1)


def train_hard(seed, p):
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(784, 128), nn.ReLU(), nn.Dropout(p), nn.Linear(128, 1), nn.Sigmoid()
    )
    train(model, X_hard, y_hard, torch.optim.Adam(model.parameters()), n_epochs=200)
    return model


# %% [markdown]
# Again several seeds, five for each, and validation images to judge by.

# %% tags=["nbval-rtol=2e-2"]
losses = {}
for p in (0.0, 0.5):
    models = [train_hard(seed, p) for seed in range(5)]
    losses[p] = [cross_entropy(model, X_hard_val, y_hard_val) for model in models]
    accs = [accuracy_of(model, X_hard_val, y_hard_val) for model in models]
    fitted = accuracy_of(models[0], X_hard, y_hard)
    print(f"dropout {p}: training accuracy {fitted:.4f}")
    print(f"   validation: mean loss {sum(losses[p]) / 5:.4f}, "
          f"accuracy from {min(accs):.4f} to {max(accs):.4f}")

# %%
smaller = [d < n for d, n in zip(losses[0.5], losses[0.0], strict=True)]
print("seeds for which dropout has the smaller loss:", sum(smaller), "of 5")
assert sum(smaller) >= 4

# %% [markdown] tags=["slide"]
# Both models know all 40 training images by heart. On images that they have never seen,
# the one with dropout has the smaller loss: it is less sure where it is wrong. Its
# accuracy is hardly better. For five seeds such a small difference means little, as
# section 3 has shown.
#
# ### Pitfall: forgetting `eval()`
#
# A model with dropout has two modes. `model.train()` silences units, `model.eval()` uses
# all of them. Nothing reminds you to switch. **Predict** What will the test accuracy of
# the dropout model be in training mode, if it is calculated three times?

# %% tags=["pitfall", "nbval-rtol=2e-2", "slide-more"]
def accuracies_without_eval(model, n_times):
    model.train()  # as it would be left by a training loop
    values = [accuracy_of(model, X_test, y_test) for _ in range(n_times)]
    model.eval()
    return torch.tensor(values)


torch.manual_seed(0)
values = accuracies_without_eval(dropout_model, 20)
print("the first three:", values[:3])
print(f"20 times: mean {values.mean():.4f}, {values.min():.4f} to {values.max():.4f}")
print(f"with eval(): {accuracy_of(dropout_model, X_test, y_test):.4f}")

# %%
assert values.unique().numel() > 1
assert values.max() < accuracy_of(dropout_model, X_test, y_test)

# %% [markdown] tags=["slide"]
# Each call gives another number, and all of them are too low: the model is judged while
# half of it is asleep.
#
# Many people believe that `torch.no_grad()` does this, too. It does not. The two are
# independent: `eval()` changes what layers do, `no_grad()` only stops PyTorch from noting
# down what it needs for slopes. Here is every combination.

# %% tags=["slide-more"]
print("mode    gradients  same twice?  has gradients?")
for mode in ("train", "eval"):
    for gradients in (True, False):
        dropout_model.train(mode == "train")
        with torch.set_grad_enabled(gradients):
            first, second = dropout_model(X_test), dropout_model(X_test)
        same, has = first.equal(second), first.requires_grad
        print(f"{mode:7} {gradients!s:10} {same!s:12} {has}")
        assert same == (mode == "eval") and has == gradients
_ = dropout_model.eval()

# %% [markdown] tags=["slide-more"]
# The mode alone decides whether you get the same answer twice. `no_grad` alone decides
# whether slopes can be calculated; it saves time and memory.
#
# **Rule** To evaluate, do both: `model.eval()` and `with torch.no_grad():`. Before you go
# on training, `model.train()`.

# %% [markdown] tags=["slide"]
# ## 5. Pitfalls without an error message
#
# ### Pitfall: train on 0 to 1, test on 0 to 255
#
# Image files hold whole numbers from 0 to 255. `ToTensor` divides them by 255. Whoever
# trains with it and forgets it at test time feeds images that are 255 times too bright.
# **Predict** What happens to the accuracy of a model for 4 and 9? To its loss?
#
# (This model ends without a sigmoid and gives logits, with the loss that lab 4 recommends.
# So the threshold is 0.)

# %% tags=["pitfall"]
def scores(logits, y):
    loss = nn.functional.binary_cross_entropy_with_logits(logits, y).item()
    return ((logits > 0) == y).float().mean().item(), loss


few = torch.linspace(0, len(hard.train.y) - 1, 600).long()
X_600, y_600 = hard.train.X[few], (hard.train.y[few] == 9).float().reshape(-1, 1)
torch.manual_seed(1)
model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters())
for _ in range(100):
    nn.functional.binary_cross_entropy_with_logits(model(X_600), y_600).backward()
    optimizer.step()
    optimizer.zero_grad()

# %% tags=["slide-more"]
with torch.no_grad():
    right_scale = scores(model(X_hard_val), y_hard_val)
    wrong_scale = scores(model(255 * X_hard_val), y_hard_val)
print("0 to 1:   accuracy {:.4f}, loss {:.4f}".format(*right_scale))
print("0 to 255: accuracy {:.4f}, loss {:.4f}".format(*wrong_scale))
print(f"the loss is {wrong_scale[1] / right_scale[1]:.0f} times as large")
assert abs(wrong_scale[0] - right_scale[0]) < 0.02
assert wrong_scale[1] > 30 * right_scale[1]

# %% [markdown]
# The accuracy has hardly moved. Somebody who looks at it alone will never know. The loss
# has exploded. Why? Apart from its small biases, this network has a simple property:
# inputs times 255 give logits times 255. Lab 1 had a name for that: a **temperature** of
# 1/255. The order stays, but every answer is now given with full certainty, and the wrong
# ones cost dearly.

# %%
with torch.no_grad():
    ratio = model(255 * X_hard_val) / model(X_hard_val)
print(f"logits grow by a factor of {ratio.median():.0f} (median)")
assert 200 < ratio.median() < 300

# %% [markdown] tags=["slide-more"]
# **Rule** Prepare training, validation and test images with one and the same function,
# and look at the loss as well as at the accuracy.
#
# ### Pitfall: (N, 1) against (N,)
#
# The model gives a column, shape (N, 1). Labels are often stored as a plain list, shape
# (N,). **Predict** What does `==` make of the two? What is the "accuracy" of a model that
# is always right?

# %% tags=["pitfall", "slide-more"]
def broadcast_accuracy(y_pred, y):
    return (y_pred == y).float().mean().item()


perfect = y_test.clone()  # (N, 1), the right answer every time
compared = perfect == y_test.flatten()
print("compared:", tuple(compared.shape))
wrong = broadcast_accuracy(perfect, y_test.flatten())
print(f"accuracy of a perfect model: {wrong:.4f}")
assert compared.shape == (len(y_test), len(y_test)) and wrong < 0.51

# %% [markdown]
# PyTorch stretches both to a table of N × N, each prediction against the label of *every*
# image. About half of these pairs agree. The binary cross entropies raise an error for
# these shapes; `==` does not. The notes did this, and printed beside it a number that this code cannot
# give: one close to 1.

# %%
try:
    nn.functional.binary_cross_entropy(perfect, y_test.flatten())
except ValueError as error:
    print("ValueError:", str(error)[:80], "...")

# %% [markdown] tags=["slide-more"]
# **Rule** Assert equal shapes before `==`. `course_utils.training.accuracy` does, and
# says what to change.

# %%
assert training.accuracy(perfect, y_test, threshold=0.5) == 1.0
try:
    training.accuracy(perfect, y_test.flatten(), threshold=0.5)
except ValueError as error:
    print(error)

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint.
#
# **Exercise 1.** `accuracy(probs, y)`: the fraction of right predictions as a Python
# number. Both have shape (N, 1). If the shapes differ, raise a `ValueError`.

# %% tags=["exercise"]
def accuracy(probs, y):
    ...


lab07.accuracy.check(accuracy)
# lab07.accuracy.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `majority_baseline(y_train, y_test)`: the test accuracy of always
# answering with one class, found without looking at the test labels. The labels are whole
# numbers 0, 1, 2, ..., shape (N,).

# %% tags=["exercise"]
def majority_baseline(y_train, y_test):
    ...


lab07.majority_baseline.check(majority_baseline)
# lab07.majority_baseline.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 3.** `standardize(X_train, X_test)`: return both sets, each *pixel* (column)
# shifted and scaled so that it has mean 0 and standard deviation 1 in the training set.
# Use torch's `std` as it is, without options. Mind the pixels that are the same in every
# training image: only shift these.

# %% tags=["exercise"]
def standardize(X_train, X_test):
    ...


lab07.standardize.check(standardize)
# lab07.standardize.hint()

# %% [markdown] tags=["slide"]
# **Exercise 4.** `evaluate(model, X, y)`: the accuracy of a model that gives
# probabilities (N, 1), as a Python number, without dropout, and under
# `with torch.no_grad():`. Leave the model in the mode in which you found it.

# %% tags=["exercise"]
def evaluate(model, X, y):
    ...


lab07.evaluate.check(evaluate)
# lab07.evaluate.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 5.** `worst(probs, y, k)`: the indices of the k images with the largest loss,
# the worst first, shape (k,). Both tensors have shape (N, 1).

# %% tags=["exercise"]
def worst(probs, y, k):
    ...


lab07.worst.check(worst)
# lab07.worst.hint()

# %% [markdown]
# **To think about** (1) You add a second hidden layer and the validation accuracy goes up
# by 0.1 percentage points. Which experiment tells you whether that means anything? (2) A
# colleague has tried 50 models on the test set and reports the best. What is wrong, and
# what could be done now?

# %% [markdown] tags=["slide"]
# ## Summary
#
# * Look at the images, count the classes, and calculate the majority baseline first.
# * Accuracy counts the right side of one half; the loss also asks how far. Watch both.
# * Choose on validation, over several seeds. Open the test set once.
# * Dropout helps against overfitting, and only where there is some.
# * `eval()` and `no_grad()` are two things. Evaluation needs both.
# * One function prepares all images. Equal shapes before `==`.
#
# Next: [**lab 8, GPU and mini-batches**](08_gpu_and_minibatches.ipynb). 500 updates took a while. How do we get more of
# them in less time?
