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
# # 11. Faster
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/11_faster.ipynb)
#
# Take all images of MNIST, and shuffle their pixels: the one from here goes there, in
# every image in the same way. Nobody can read them any more. Two networks get them to
# learn from. What can they make of them? The answer leads to the layer that made machines
# see, and then to a second question: how fast can it be trained?
#
# **You will be able to**
#
# * calculate a convolution by hand, and count its weights and its work;
# * say what pooling is for, and how much of the image a layer sees;
# * measure what a network does when digits move;
# * measure the time of a training run so that the number means something;
# * compare training recipes by seconds, accuracy and spread, and choose one.
#
# **Needs** Lab 10 (ten digits, temperature), lab 8 (mini-batches), lab 6 (hidden layers,
# Adam).
#
# **Takes** 58 minutes to read and run, 47 more for the exercises.
#
# **Source** None of the five notes has this lab. Its ladder is modelled on
# `tuomaso/train_mnist_fast`: [The published lab](#The-published-lab).

# %% jupyter={"source_hidden": true} tags=["colab"]
# @title For Colab only: fetch the helpers of the course
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and find_spec("course_utils") is None:
    # %pip install -q --no-deps "https://github.com/OWNER/REPOSITORY/releases/download/v0.2.0/course_utils-0.2.0-py3-none-any.whl" anywidget psygnal
    assert find_spec("course_utils"), "pip failed: its lines above say why"

# %%
import csv
import time
from importlib import resources
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn
from course_utils import explorables, plots, training
from course_utils.data import Split, load_mnist
from course_utils.exercises import lab11
plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from earlier labs.

# %% slideshow={"slide_type": "fragment"}
lab11.warm_up.ask()

# %%
lab11.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. Shuffled pixels
#
# The images keep their shape this time: N images, one **channel** (grey), 28 rows, 28
# columns. (A `Split` is a pair, images `X` and labels `y`.) `few` are enough for the
# experiments of the first half.

# %% slideshow={"slide_type": "fragment"}
mnist = load_mnist(flat=False)
print(mnist.describe())
few = Split(mnist.train.X[:4000], mnist.train.y[:4000])  # X: (N, 1, 28, 28)
held = Split(mnist.validation.X[:2000], mnist.validation.y[:2000])
places = torch.randperm(784, generator=torch.Generator().manual_seed(0))


def shuffled(images):
    X = images.X.flatten(1)[:, places]  # the same new places in every image
    return Split(X.reshape(-1, 1, 28, 28), images.y)


digits = torch.cat([few.X[:4], shuffled(few).X[:4]])
axes = plots.image_grid(digits, n_columns=4)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** Four digits, and below each of them the same digit with its
# pixels shuffled: grains without a shape.
#
# Two networks. The **hidden** one you know: 784 pixels, 256 units, ten logits. The other
# one is **convolutional**. It does not take in the image as a whole. Its first convolution
# sees 5 × 5 pixels at a time, neighbours, everywhere with the same weights, and its second
# one 3 × 3 of what the first has answered. Only then comes a hidden layer of 256 units.
# (Section 2 explains its layers. `border`, `side` and `layout` matter in section 6.)

# %%
def hidden_network():
    layers = nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)
    return nn.Sequential(*layers)


def conv_network(border=0, layout=torch.channels_last):
    side = ((28 - 2 * border - 4) // 2 - 2) // 2
    layers = [
        nn.Conv2d(1, 16, 5),  # (N, 16, 24, 24)
        nn.MaxPool2d(2),  # (N, 16, 12, 12)
        nn.ReLU(),
        nn.Conv2d(16, 32, 3),  # (N, 32, 10, 10)
        nn.MaxPool2d(2),  # (N, 32, 5, 5)
        nn.ReLU(),
        nn.Flatten(),  # (N, 800)
        nn.Linear(32 * side * side, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    ]
    return nn.Sequential(*layers).to(memory_format=layout)


# %% [markdown]
# Each is trained twice, from the same start: on the digits, and on the shuffled ones. And
# each is asked about held-out images of the same kind.

# %%
def trained(make, images, seed=0, n_epochs=2):
    torch.manual_seed(seed)
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for _ in range(n_epochs):
        for X, y in training.batches(*images, 64, shuffle=True):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(X), y)
            loss.backward()
            optimizer.step()
    return model


@torch.no_grad()
def share_right(model, images):
    return training.accuracy(model(images.X), images.y)


# %% slideshow={"slide_type": "slide"}
lab11.shuffled_hidden.ask()

# %% [markdown]
# And the other one?

# %% slideshow={"slide_type": "slide"}
lab11.shuffled_window.ask()

# %% slideshow={"slide_type": "fragment"} tags=["nbval-atol=2e-2"]
makers = {"hidden": hidden_network, "convolutional": conv_network}
models = {name: trained(make, few) for name, make in makers.items()}
print("right:         as they are  shuffled")
for name, make in makers.items():
    noticed = share_right(trained(make, shuffled(few)), shuffled(held))
    print(f"{name:13} {share_right(models[name], held):12.3f} {noticed:9.3f}")
lab11.shuffled_hidden.result()
lab11.shuffled_window.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# So one of them knows something about pictures *before it has seen any*: that neighbours
# belong together. The other one does not know that pixel 29 lies below pixel 1. It gets
# 784 numbers and has to find out everything else.
#
# What exactly does the convolutional one know, and what is it good for?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. A layer that slides
#
# A **kernel** is a small square of weights. Lay it on the image, multiply each weight by
# the pixel below it, and add up: that is one answer, one pixel of the output. Slide the
# kernel one pixel further for the next one. That is a **convolution**. Do it yourself,
# and do the task below the figure.

# %% slideshow={"slide_type": "slide"}
explorables.kernel()

# %% [markdown]
# **What you should see** A digit with a square of 3 × 3 pixels on it, the nine products
# and their sum, and the output, which is uncovered wherever the square has been.

# %% [markdown] slideshow={"slide_type": "slide"}
# As a formula, for an image $x$ and a kernel $w$ of side $k$, with a bias $b$:
#
# $$\begin{aligned} z_{ij} = b + \sum_{u=0}^{k-1} \sum_{v=0}^{k-1} w_{uv}\, x_{i+u,\,j+v}
# \end{aligned} \tag{convolution}$$

# %% slideshow={"slide_type": "slide"}
lab11.one_place.ask()

# %% slideshow={"slide_type": "fragment"}
upper = torch.tensor([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]])
patch = torch.tensor([[0.0, 0.0, 0.2], [0.5, 1.0, 1.0], [1.0, 1.0, 0.8]])
print(f"the answer: {(upper * patch).sum():.1f}")
lab11.one_place.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# PyTorch does all places at once. `F.conv2d` wants images (N, channels, rows, columns) and
# kernels (channels out, channels in, k, k). (`[None, None]` adds two dimensions of
# length 1. Why 26? A square of 3 fits into a row of 28 at 28 - 3 + 1 places.)

# %%
digit, answers = few.X[few.y == 5][0, 0], torch.zeros(26, 26)  # digit: (28, 28)
for i in range(26):
    for j in range(26):
        answers[i, j] = (upper * digit[i : i + 3, j : j + 3]).sum()
theirs = F.conv2d(digit[None, None], upper[None, None])  # (1, 1, 26, 26)
print(f"largest difference: {(theirs[0, 0] - answers).abs().max():.6f}")

# %% [markdown]
# The same nine weights are used everywhere. Now we move the digit two pixels to the
# right.

# %% slideshow={"slide_type": "slide"}
lab11.moved_digit.ask()

# %% slideshow={"slide_type": "fragment"}
def moved(X, pixels):
    """Move images to the right; white comes in on the left."""
    return F.pad(X, (pixels, 0))[..., : X.shape[-1]]


after = F.conv2d(moved(digit, 2)[None, None], upper[None, None])[0, 0]
lab11.moved_digit.result()
difference = (after[:, 2:] - answers[:, :-2]).abs().max()
print(f"largest difference, two pixels further right: {difference:.6f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** What a kernel has learned in one place, it knows in all places.
#
# One kernel is blind to most things. So a layer has several, and each makes an output of
# its own, again called a channel. Three kernels, and what they make of our digit (you met
# them in the figure above):

# %% slideshow={"slide_type": "slide"}
left = upper.T
slanted = torch.tensor([[-1.0, -1, 2], [-1, 2, -1], [2, -1, -1]])
kernels = torch.stack([upper, left, slanted])[:, None]  # (3, 1, 3, 3)
maps = F.conv2d(digit[None, None], kernels)[0]  # (3, 26, 26)
fig, axes = plt.subplots(1, 4, figsize=(8, 2.3))
axes[0].imshow(digit)
for ax, picture in zip(axes[1:], maps, strict=True):
    plots.signed_image(picture, ax, limit=4)
names = "digit", "upper edges", "left edges", "slanted lines"
for ax, name in zip(axes, names, strict=True):
    ax.set(title=name, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** A five, and three channels, red where the answer is positive and
# blue where it is negative. The first is red along the upper edges of the strokes and
# blue along the lower ones, and it is blind to strokes that run straight down. The second
# has red left edges and blue right ones. The third asks for a line that rises to the
# right, and is bluest in the middle, where the stroke falls to the right.
#
# Nobody has to invent such kernels. The weights are learned, with slopes, like all
# others.

# %% slideshow={"slide_type": "slide"}
lab11.weights_of_layer.ask()

# %% slideshow={"slide_type": "fragment"}
layer = nn.Conv2d(1, 16, 5)
print("answers for 7 images:", tuple(layer(few.X[:7]).shape))
print("weights and biases:", sum(p.numel() for p in layer.parameters()))
lab11.weights_of_layer.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# A linear layer with as many answers would need more than seven million weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. Pooling
#
# Between the two convolutions stands **max-pooling**: of every 2 × 2 square of answers
# keep the largest, and drop the other three.

# %% slideshow={"slide_type": "fragment"}
table = torch.tensor([[1.0, 2, 0, 0], [5, 3, 0, 4], [0, 1, 7, 7], [1, 0, 7, 8]])
print(F.max_pool2d(table[None, None], 2)[0, 0])

# %% [markdown] slideshow={"slide_type": "fragment"}
# A quarter of the numbers, a quarter of the work for the next layer. And something else.
# `model[:1]` is the first convolution, `model[:2]` the pooling as well. We move the images
# by one pixel and ask how much the answers change, in parts of their usual size.

# %% slideshow={"slide_type": "slide"}
lab11.pooling.ask()

# %% slideshow={"slide_type": "fragment"} tags=["nbval-atol=3e-2"]
model = models["convolutional"]
with torch.no_grad():
    for name, part in (("convolution", model[:1]), ("and pooling", model[:2])):
        before, after = part(held.X), part(moved(held.X, 1))
        size = (before - before.mean()).abs().mean()
        print(f"{name}: changed by {(after - before).abs().mean() / size:.2f}")
lab11.pooling.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# "There is an upper edge about here": this is what a pooled answer says, and the next
# layer builds on it. Its kernels look at all 16 channels at once, so each has 16 × 3 × 3
# weights. How much of the *image* does one of its answers see?

# %% slideshow={"slide_type": "slide"}
lab11.reach.ask()

# %% [markdown] slideshow={"slide_type": "fragment"}
# To measure it, let slopes go back from one answer to the pixels (lab 6). A pixel that
# the answer does not see has slope 0. Pooling passes on the slope of the largest only, so
# we take many random images together. (`tensor.any(dim=0)`: is any of the column true?)

# %% slideshow={"slide_type": "fragment"}
X = torch.rand(64, 1, 28, 28, requires_grad=True)
model[:4](X)[:, 0, 4, 4].sum().backward()  # channel 0, place (4, 4)
seen = (X.grad != 0).any(dim=0)[0]  # (28, 28)
print("rows:", seen.any(dim=1).sum().item(), "columns:", seen.any(dim=0).sum().item())
lab11.reach.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# That is its **receptive field**. The first convolution sees small windows, the second how
# they meet, in a square wide enough for a bow or a corner of a digit. What
# lies next to each other is put together first. With shuffled pixels there is nothing to
# put together: that is what it notices.
#
# **So far** A kernel is the same few weights everywhere. Several kernels make channels,
# pooling makes them less exact about the place, and each layer sees further than the one
# before. This is a good place to stop. Next: what it is good for, and how fast it can be.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. When the digit moves
#
# Both networks were trained on digits that stand in the middle. Now the held-out digits
# are moved to the right, by up to six pixels. You still read them without effort.

# %% slideshow={"slide_type": "slide"}
lab11.shift_curve.ask()

# %% slideshow={"slide_type": "fragment"} tags=["nbval-atol=3e-2", "ignore-figures", "differs=rounding"]
pixels = range(7)
curves = {
    name: [share_right(model, Split(moved(held.X, n), held.y)) for n in pixels]
    for name, model in models.items()
}
fig, axes = plt.subplots(1, 2, figsize=(8, 2.8), width_ratios=(1.6, 1))
for (name, curve), marker in zip(curves.items(), "os", strict=True):
    axes[0].plot(pixels, curve, marker=marker, label=name)
    print(f"{name:13}", *(f"{share:.2f}" for share in curve))
axes[0].set(xlabel="moved by (pixels)", ylabel="accuracy", ylim=(0, 1))
axes[0].legend()
pair = torch.cat([digit, moved(digit, 4)], dim=1)  # side by side
axes[1].imshow(pair)
axes[1].axvline(27.5, color="0.5", linewidth=1)
axes[1].set(title="as it is, and moved by 4", xticks=[], yticks=[])
axes[1].spines[:].set_visible(True)
lab11.shift_curve.result()

# %% [markdown]
# **What you should see** Two curves that fall; the solid one, of the hidden network,
# falls earlier, and the dashed one of the convolutional network stays above it. At three
# and four pixels the gap is widest. At six, both are lost. (Beside it, how little that
# is.)
#
# A convolution takes a moved digit for a moved digit. But the network does not end there:
# its last layers have a weight of their own for each place. So it forgives a little,
# where pooling forgives, and no more. Exercise 6 mends the rest.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** What a network was not shown, and what is not built into it, it cannot know.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. The clock
#
# From here on everything is about time. What should cost most? Here are the layers of the
# convolutional network, with what they have to learn:

# %% slideshow={"slide_type": "fragment"}
x = held.X[:1]
for layer in conv_network():
    x = layer(x)
    n_weights = sum(p.numel() for p in layer.parameters())
    if n_weights:
        print(f"{type(layer).__name__:7} answers {tuple(x.shape)!s:17} {n_weights:7,}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# A weight of a convolution is not used once, but once at each place. So count
# multiplications: answers, times weights below one kernel.

# %% slideshow={"slide_type": "slide"}
lab11.work.ask()

# %% slideshow={"slide_type": "fragment"}
layers = {"first convolution": 16 * 24 * 24 * 25, "second convolution": 32 * 100 * 144}
layers |= {"large linear layer": 800 * 256, "last linear layer": 256 * 10}
for name, n in layers.items():
    print(f"{name:18} {n:8,} multiplications for an image")
lab11.work.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# Multiplications are not seconds: memory, Python and all small things count as well.
# So we measure. All that we are going to change is written into a **recipe**, one entry
# per decision. `start` is the plain one, as tutorials have it: a `DataLoader` (lab 8) fetches image by
# image, makes numbers of the bytes, and standardises: minus the mean, divided by the
# standard deviation (lab 7). (You may skip the code up to section 6,
# except for the entries of `start`.)

# %%
device = training.pick_device()
mean, std = mnist.train.X.mean().item(), mnist.train.X.std().item()


class Bytes(torch.utils.data.Dataset):  # one image at a time, as from a disk
    def __init__(self, images):
        self.pictures, self.y = (255 * images.X).round().byte(), images.y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):  # data[i]
        return (self.pictures[i] / 255 - mean) / std, self.y[i]


def one_by_one(images, batch_size, border):
    data, cut = Bytes(images), slice(border, 28 - border)
    loader = torch.utils.data.DataLoader(data, batch_size, shuffle=True, drop_last=True)
    return lambda: ((X[..., cut, cut].to(device), y.to(device)) for X, y in loader)


# %% [markdown]
# (`drop_last` leaves out a short last batch. `one_by_one` returns a function, and each
# call of it gives the batches of one epoch.)
#
# `constant` leaves the learning rate as it is; a **scheduler** may change it after every
# update. And `train` is the four lines of lab 4 with a clock around them. It starts when
# the images are ready, and stops when the last update is done; `wait` is that of lab 8.

# %%
def constant(optimizer, lr, n_updates):
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


start = {
    "images": one_by_one,  # makes the batches
    "n_epochs": 5, "batch_size": 64, "lr": 0.001,
    "schedule": constant,  # changes the learning rate
    "layout": torch.contiguous_format,  # the usual order in the memory
    "border": 0,  # pixels cut off at each side
    "fused": False,  # Adam in one operation?
    "bfloat16": False,  # numbers of fewer digits?
    "betas": (0.9, 0.999),  # how slowly Adam's two running means forget
    "smoothing": 0.0,  # share of each target that all classes get alike
}


# %%
def wait():
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def loss_of(model, X, y, recipe):
    with torch.autocast(device.type, torch.bfloat16, enabled=recipe["bfloat16"]):
        logits = model(X)
    return F.cross_entropy(logits.float(), y, label_smoothing=recipe["smoothing"])


def optimizer_of(model, recipe, **more):
    lr = recipe["lr"] * (recipe["batch_size"] / 64) ** 0.5
    more = {"lr": lr, "betas": recipe["betas"], "fused": recipe["fused"]} | more
    return torch.optim.Adam(model.parameters(), **more)


# %% [markdown]
# (Larger batches are better polls, lab 8, and allow larger steps. For Adam the rule of
# thumb is: twice the batch, 1.4 times the learning rate, the root. For plain SGD it is
# twice. `autocast` does nothing here until `bfloat16` is switched on.)

# %%
def train(recipe, images, seed):
    torch.manual_seed(seed)
    model = conv_network(recipe["border"], recipe["layout"]).to(device)
    epoch = recipe["images"](images, recipe["batch_size"], recipe["border"])
    optimizer = optimizer_of(model, recipe)
    n_updates = recipe["n_epochs"] * (len(images.y) // recipe["batch_size"])
    lr = optimizer.param_groups[0]["lr"]
    scheduler = recipe["schedule"](optimizer, lr, n_updates)
    wait()
    begin = time.perf_counter()
    for _ in range(recipe["n_epochs"]):
        for X, y in epoch():
            optimizer.zero_grad()
            loss = loss_of(model, X, y, recipe)
            loss.backward()
            optimizer.step()
            scheduler.step()
    wait()
    return model, time.perf_counter() - begin


# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. One change at a time
#
# There are two kinds of changes. **Cheaper updates**: the same work with less effort.
# **Fewer updates**: less work. Here are the candidates.
#
# * **index**: all images are one tensor, standardised once, on the device; a batch is picked
#   by a list of positions (lab 8).
# * **layout**: the order in which numbers lie in the memory. As a rule, image by image, and
#   in an image channel by channel. `channels_last` puts the 16 numbers of a pixel side by side.
# * **fused**: Adam changes all weights in one operation.
# * **bfloat16**: numbers with two to three digits in the place of seven.
# * **border**: cut off two pixels at each side. There is hardly any ink.
# * **batch 128**: half as many updates, each with twice the images.
# * **OneCycle**: two epochs in the place of five, with a learning rate that rises to five
#   times `lr`, and then falls to 0.

# %% slideshow={"slide_type": "slide"}
lab11.kinds.ask()

# %% [markdown]
# The code for the first one, picking by positions:

# %%
def prepared(images, border):
    cut = slice(border, 28 - border)
    return ((images.X[..., cut, cut] - mean) / std).to(device)


def by_index(images, batch_size, border):
    X, y = prepared(images, border), images.y.to(device)
    whole = len(y) // batch_size * batch_size

    def epoch():
        order = torch.randperm(len(y))[:whole].to(device)
        return ((X[rows], y[rows]) for rows in order.split(batch_size))

    return epoch


# %% [markdown]
# A schedule for **OneCycle**, and all candidates as entries that replace those of a
# recipe:

# %% slideshow={"slide_type": "slide"}
def one_cycle(optimizer, lr, n_updates):
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=5 * lr, total_steps=n_updates, cycle_momentum=False
    )


changes = {
    "index": {"images": by_index}, "layout": {"layout": torch.channels_last},
    "fused": {"fused": True}, "bfloat16": {"bfloat16": True}, "border": {"border": 2},
    "batch 128": {"batch_size": 128},
    "OneCycle": {"schedule": one_cycle, "n_epochs": 2},
}
lab11.kinds.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# (`start | change` is a new recipe: the old one, with the entries of `change` replaced.)
#
# How much does each of them save *on your machine*, all by itself? 512 images are enough
# to see what an epoch costs. Before the clock there is a short run that does not count:
# whatever is done for the first time takes longer. Then two runs, of which the quicker
# one counts, since other programs can only slow a run down.

# %% slideshow={"slide_type": "slide"} tags=["nbval-ignore-output", "differs=time"]
def seconds_needed(recipe, n_images=50_000, tried=512):
    """Estimate the seconds of a training with so many images from a short one."""
    images = Split(few.X[:tried], few.y[:tried])
    train(recipe | {"n_epochs": 1}, Split(few.X[:128], few.y[:128]), seed=0)
    best = min(train(recipe | {"n_epochs": 1}, images, seed=0)[1] for _ in range(2))
    return best * recipe["n_epochs"] * n_images / tried


plain = seconds_needed(start)
print(f"plain recipe: {plain:.0f} s for 50,000 images, on the {device.type}")
times = {name: seconds_needed(start | change) for name, change in changes.items()}
for name in sorted(times, key=times.get):
    print(f"with {name:9}: {plain / times[name]:.1f} times as fast")

# %% [markdown] slideshow={"slide_type": "slide"}
# A number below 1 is a step back. Yours will differ from those of another machine, in
# size and in order, and that is the point. **A list of tricks cannot be copied from one
# machine to another. The way of working can**: measure all candidates, take the one that
# saves most, and measure again, as what is left may save more or less now.
#
# A program of this course did just that: it climbed a ladder, rung by rung, until no
# candidate saved time any more. Then it cut the training to a single epoch, and tried to
# win back some of the loss: by `betas` of (0.7, 0.9), a **short memory**, and by
# `smoothing`. All runs are stored in a small file. (`DictReader` makes a dictionary of
# each line.)

# %%
def stored_runs(device_type="cpu"):
    text = resources.files("course_utils").joinpath("faster.csv").read_text("utf-8")
    steps = {}
    for run in csv.DictReader(text.splitlines()):
        if run["device"] == device_type:
            steps.setdefault(run["step"], []).append(run)
    return steps


def column(runs, name):
    return torch.tensor([float(run[name]) for run in runs])


runs = stored_runs()
ladder = [name for name in runs if runs[name][0]["place"] == "rung"]
one = runs["start"][0]
print(one["machine"], f"{one['threads']} thread(s)", f"torch {one['torch']}", sep=", ")
print(f"{one['date']}, {int(one['images']):,} images for training")
print("GPU:", "measured, too" if stored_runs("cuda") else "nobody has measured yet")
print("step          seconds   accuracy, from and to           seeds")
for name in ladder:
    seconds, right = column(runs[name], "seconds"), column(runs[name], "accuracy")
    low, high, n = right.min(), right.max(), len(right)
    print(f"{name:13} {seconds.median():7.1f}   {right.mean():.2%} "
          f"({low:.2%} to {high:.2%}) {n:6}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Each rung is the recipe above it with one change more. The accuracy is that of the
# validation images. Now as a picture.

# %% slideshow={"slide_type": "slide"}
lab11.spread.ask()

# %% slideshow={"slide_type": "fragment"}
fig, ax = plt.subplots(figsize=(7.5, 3.6))
for n, name in enumerate(ladder, 1):
    x, right = column(runs[name], "seconds").median(), column(runs[name], "accuracy")
    middle = right.mean()
    bar = [[middle - right.min()], [right.max() - middle]]
    ax.errorbar(x, middle, bar, fmt="o", color="C0", capsize=4, label=f"{n} {name}")
    style = {"textcoords": "offset points", "fontsize": "small"}
    ax.annotate(f"{n}", (x, middle), xytext=(5, 4), **style)
ax.set(xscale="log", xlabel="seconds of training", ylabel="validation accuracy")
ax.set_xticks([3, 5, 10, 20, 40])
ax.xaxis.set_major_formatter("{x:g}")
ax.minorticks_off()
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=0, fontsize="small")
lab11.spread.result()
first, last = (column(runs[k], "seconds").median() for k in (ladder[0], ladder[-1]))
assert last < first / 4

# %% [markdown]
# **What you should see** A point for each rung, with a bar from the worst seed to the
# best. Numbers name the rungs, in the order of the ladder. The scale of the seconds is
# one of ratios: equally far to the left means equally many times as fast. Look for bars
# that overlap in height: between those, the seed decides as much as the recipe. (With few
# seeds a short bar may be luck.)
#
# **OneCycle** deserves a look. A constant learning rate is a compromise between large
# steps and small ones. Here it rises at first: Adam's running means hold only a few
# slopes then. At the end it falls to 0: a batch is a poll (lab 8), and with small steps
# the errors of the polls average out.

# %% slideshow={"slide_type": "slide"}
def learning_rates(schedule, lr, n_updates):
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = schedule(optimizer, lr, n_updates)
    rates = []
    for _ in range(n_updates):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


fig, ax = plt.subplots(figsize=(6.4, 2.4))
for schedule in (one_cycle, constant):
    name = schedule.__name__.replace("_", " ")
    ax.plot(learning_rates(schedule, 0.001, 780), label=name)
ax.set(xlabel="update", ylabel="learning rate", ylim=(0, None))
_ = ax.legend()

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** The dashed line is level. The solid one starts far below it,
# climbs during three tenths of the updates to five times the height of the dashed one, and falls to 0.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7. Which recipe?
#
# By accuracy alone rungs are hard to tell apart. The loss sees more, as it sees how sure
# each answer was (lab 10).

# %% slideshow={"slide_type": "fragment"}
lab11.tone.ask()

# %% slideshow={"slide_type": "slide"}
print("step          loss     T   loss with T fitted, from and to")
for name in ladder:
    loss, T, fitted = (column(runs[name], c) for c in ("loss", "T", "fitted"))
    print(f"{name:13} {loss.mean():.3f}  {T.mean():.2f}  {fitted.mean():.4f} "
          f"({fitted.min():.4f} to {fitted.max():.4f})")
lab11.tone.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# Now a rule, made before looking at the test images: of all rungs whose range of fitted
# losses reaches down into that of the best rung, take the one that needs the fewest
# seconds. (So a change that saves little and costs nothing may be dropped together with the
# rungs below it. The rule asks for rungs only, and that was settled beforehand.)

# %% slideshow={"slide_type": "slide"}
fitted = {name: column(runs[name], "fitted") for name in ladder}
best = min(ladder, key=lambda name: fitted[name].mean())
equals = [name for name in ladder if fitted[name].min() <= fitted[best].max()]
chosen = min(equals, key=lambda name: column(runs[name], "seconds").median())
print("best loss:", best, "| cannot be told from it:", ", ".join(equals))
print("the fastest of these:", chosen)

# %% [markdown]
# All choices were made on the validation images. For the last run they join the training,
# and the test images are opened, once. The recipe is that of the chosen rung, with all
# rungs above it.

# %%
changes |= {"1 epoch": {"n_epochs": 1}, "short memory": {"betas": (0.7, 0.9)}}
changes |= {"smoothed": {"smoothing": 0.05}}


def recipe_of(name):
    recipe = start
    for rung in ladder[: ladder.index(name) + 1]:
        recipe = recipe | changes.get(rung, {})
    return recipe


# %% [markdown]
# And now the clock, on your machine:

# %% slideshow={"slide_type": "fragment"} tags=["nbval-ignore-output", "differs=time"]
final = recipe_of(chosen)
pairs = zip(mnist.train, mnist.validation, strict=True)  # X with X, y with y
everything = Split(*(torch.cat(pair) for pair in pairs))
train(final, Split(few.X[:256], few.y[:256]), seed=0)  # warm up
last_model, seconds = train(final, everything, seed=0)
print(f"{len(everything.y):,} images, {chosen}: {seconds:.1f} s on this machine, "
      f"{device.type}, {torch.get_num_threads()} thread(s)")

# %% [markdown]
# And how good is it?

# %% tags=["nbval-atol=1e-2"]
@torch.inference_mode()  # a stricter no_grad
def logits_of(model, recipe, images):
    X = prepared(images, recipe["border"])
    return torch.cat([model(part) for part in X.split(1000)]).float()


logits = logits_of(last_model, final, mnist.test)
right = training.accuracy(logits, mnist.test.y.to(device))
print(f"test accuracy {right:.3f}")
assert mnist.source == "embedded" or right > 0.985

# %% [markdown]
# (With the 4,000 embedded images an epoch is a few dozen updates. That is too short to
# become good. The full set makes the difference.) One seed is an anecdote, so here are
# the stored runs of this recipe, with all 60,000 images.

# %%
for name, form in (("seconds", ".1f"), ("accuracy", ".4f")):
    values = column(runs["final"], name)
    print(f"{name:8} mean {values.mean():{form}}, from {values.min():{form}} to "
          f"{values.max():{form}}, {len(values)} seeds")

# %% [markdown] slideshow={"slide_type": "slide"}
# Not on the clock: loading the images, preparing them, and the warm-up. A result without
# what was left out is half a result.
#
# **Rule** Report mean and spread over seeds that were fixed beforehand. Never the best
# one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# **Exercise 1** (6 minutes). `conv_facts(side, c_in, c_out, kernel, stride)`: two whole
# numbers, the side of the output of a convolution on square images, and the number of its
# parameters, with biases. `stride` says how many pixels the kernel moves at a time; there
# is no padding.

# %% tags=["exercise"]
def conv_facts(side, c_in, c_out, kernel, stride):
    ...


lab11.conv_facts.check(conv_facts)
# lab11.conv_facts.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 2** (8 minutes). `sees(layers)`: the side of the square of the image that one
# answer of the last layer sees. `layers` is a list of pairs (kernel, stride), the first
# layer first. A pooling is such a layer too: kernel 2, stride 2. (Section 3 had one case.
# Begin at the end, with one answer, and go back to the image.)

# %% tags=["exercise"]
def sees(layers):
    ...


lab11.sees.check(sees)
# lab11.sees.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 3** (7 minutes). `triangle(update, n_updates, max_lr)`: the learning rate of
# a simpler OneCycle, as a Python number. `update` counts from 0. It climbs in a straight
# line, from 0 at update 0 to `max_lr` at update `n_updates // 4`. From there it goes down
# in a straight line, to 0 at update `n_updates`.

# %% tags=["exercise"]
def triangle(update, n_updates, max_lr):
    ...


lab11.triangle.check(triangle)
# lab11.triangle.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 4** (7 minutes). Find the fault. Somebody has made a training faster, and the
# measurement says that it has become slower. Both lists are seconds, in the order in
# which they were measured.

# %% slideshow={"slide_type": "fragment"}
before = [1.31, 1.12, 1.10, 1.14, 1.11]
after = [4.90, 0.62, 0.60, 0.65, 1.90, 0.61]
print(f"{sum(before) / len(before) / (sum(after) / len(after)):.2f} times as fast")

# %% [markdown] slideshow={"slide_type": "fragment"}
# What do the first and the fifth number of `after` do to the mean? Write `speedup(before, after)`: how many times as fast, without the warm-up, which is
# the first of each list, and by the medians: one busy moment of the computer does them no
# harm. (Of an even number of times the median is halfway between the two in the middle.
# The smallest, as in section 5, is a usual choice, too.) A Python number, above 1 if `after` is faster.

# %% tags=["exercise"]
def speedup(before, after):
    ...


lab11.speedup.check(speedup)
# lab11.speedup.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 5** (9 minutes). Decide. The rule of section 7 compared ranges, and that is
# crude: all recipes were run with the *same* seeds, so compare seed by seed.
# `decide(seconds, losses)`: two dictionaries, by the name of a recipe. `seconds[name]` is
# a number, `losses[name]` a list of fitted losses, one for each of two or more seeds. The
# best recipe has
# the lowest mean loss. For another one take its losses minus those of the best, seed by
# seed. It counts as equal if the mean of these differences is at most twice its standard
# error, which is their standard deviation (`statistics.stdev`) over the root of their
# number. Return the name of the fastest of the best and its equals. (`import statistics` gives
# `mean` and `stdev`.)

# %% tags=["exercise"]
def decide(seconds, losses):
    ...


lab11.decide.check(decide)
# lab11.decide.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 6** (10 minutes). Mend section 4. `shift_each(X, dy, dx)`: every image of X,
# shape (N, 1, H, W), moved by its own number of pixels: `dy[i]` down and `dx[i]` to the
# right, whole numbers from -1 to 1, shape (N,). What moves in at the edge is 0. A loop
# over the images is allowed.

# %% tags=["exercise"]
def shift_each(X, dy, dx):
    ...


lab11.shift_each.check(shift_each)
# lab11.shift_each.hint()

# %% [markdown]
# Then train with it. Each image is moved four times, by at most a pixel, so by up to four
# in all. That is harder to learn, hence four epochs in the place of two. Compare with the
# curve of section 4.

# %%
def restless(images, n_epochs=4):
    torch.manual_seed(0)
    model = conv_network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for _ in range(n_epochs):
        for X, y in training.batches(*images, 64, shuffle=True):
            for _ in range(4):
                X = shift_each(X, *torch.randint(-1, 2, (2, len(X))))
            optimizer.zero_grad()
            F.cross_entropy(model(X), y).backward()
            optimizer.step()
    return model


if shift_each(held.X[:1], torch.tensor([0]), torch.tensor([0])) is None:
    print("(first write shift_each)")
else:
    model = restless(few)
    moves = [share_right(model, Split(moved(held.X, n), held.y)) for n in pixels]
    print(*(f"{share:.2f}" for share in moves))

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * A convolution slides the same few weights over the image. It costs places, not weights.
# * Several kernels make channels; pooling forgives small moves; each layer sees further.
# * It knows that neighbours belong together. Shuffle the pixels, and that is lost. Move the
#   digit far, and its last layers are lost too.
# * Measure before you change anything. One change at a time. Warm up, wait for the device,
#   and say what was left out.
# * Cheaper updates calculate the same, up to rounding. Fewer updates and smaller pictures
#   do not: look at the loss over several seeds.
# * Among equals take the fastest, by a rule made beforehand. The test set is opened once.
#
# Next: [**lab 12, bug clinic**](12_bug_clinic.ipynb). You have met all these bugs.

# %% [markdown]
# ## Deeper
#
# Everything from here on is optional.
#
# ### The published lab
#
# *For whoever wants the model of this ladder. 4 minutes.* It is the README of
# `tuomaso/train_mnist_fast` on GitHub: 99% of the test images, on a GeForce GTX 1660 Ti,
# the GPU of a laptop, from 172 seconds to 0.76. The dictionary holds its seconds.
# (`pairwise` gives each entry with the next one.)

# %%
from itertools import pairwise

published = {
    "PyTorch's own example, 14 epochs": 172, "stop when 99% is reached": 57.4,
    "a smaller network": 30.3, "all images once, on the GPU": 7.31,
    "batches of 128 instead of 64": 4.66, "OneCycle": 3.14, "batches of 256": 2.31,
    "a smaller network again, no dropout": 1.74,
    "Adam with a short memory, one epoch": 0.76,
}
print(f"{next(iter(published)):36} {172:6.2f} s")
for (_, slower), (name, seconds) in pairwise(published.items()):
    print(f"{name:36} {seconds:6.2f} s, {slower / seconds:.1f} times as fast")

# %% [markdown]
# The largest step there was to have all images ready on the GPU. Compare that with the
# stored ladder of section 6. (PyTorch's example makes a picture object of each image first.
# Ours does not, so our start is cheaper.) Another machine, another order.
#
# ### A profile
#
# *For whoever wants to know why a rung saves time. 6 minutes.* A **profiler** notes each
# operation of PyTorch, and its own time, without that of others which it called. Where
# there is a GPU, it has a clock of its own, and `ProfilerActivity.CUDA` reads that.

# %%
import os

os.environ["KINETO_LOG_LEVEL"] = "9"  # keeps the log of the profiler out of the lab
from torch.profiler import ProfilerActivity, profile


def milliseconds(recipe, n_images=256):
    images = Split(few.X[:n_images], few.y[:n_images])
    model = conv_network(recipe["border"], recipe["layout"]).to(device)
    optimizer = optimizer_of(model, recipe)
    activities = [ProfilerActivity.CPU]
    activities += [ProfilerActivity.CUDA] if device.type == "cuda" else []
    epoch = recipe["images"](images, recipe["batch_size"], recipe["border"])
    with profile(activities=activities) as notes:
        for X, y in epoch():
            loss_of(model, X, y, recipe).backward()
            optimizer.step()
            optimizer.zero_grad()
    clock = "self_device_time_total" if device.type == "cuda" else "self_cpu_time_total"
    found = {event.key: getattr(event, clock) for event in notes.key_averages()}
    return {name: taken / 1000 for name, taken in found.items()}


# %% [markdown]
# Operations have many names. We sort them by words in these:

# %%
kinds = {
    "pooling": ("max_pool2d",), "convolution": ("conv",), "linear": ("mm",),
    "ReLU": ("relu", "threshold", "clamp"), "Adam": ("Adam", "adam", "foreach", "sqrt"),
    "images": ("DataLoader", "index", "stack", "select", "div", "sub", "clone"),
}


def by_kind(recipe):
    shares = dict.fromkeys([*kinds, "all the rest"], 0.0)
    for name, taken in milliseconds(recipe).items():
        fits = [kind for kind, words in kinds.items() if any(w in name for w in words)]
        shares[fits[0] if fits else "all the rest"] += taken
    return shares


def quickest(recipe, n=5):
    tries = [by_kind(recipe) for _ in range(n)]
    return {kind: min(each[kind] for each in tries) for kind in tries[0]}


tried = {"start": start, "index": start | changes["index"]}
tried["index, layout"] = tried["index"] | changes["layout"]
profiles = {name: quickest(recipe) for name, recipe in tried.items()}

# %% tags=["nbval-ignore-output", "differs=time"]
fig, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True, sharex=True)
for ax, (name, shares) in zip(axes, profiles.items(), strict=True):
    ax.barh(list(shares), list(shares.values()), edgecolor="black")
    ax.set(title=name, xlabel="milliseconds")
axes[0].invert_yaxis()

# %% [markdown]
# **What you should see** Three recipes, and for each what 256 images cost, by the kind of
# work: the shortest of five times. From the first to the second panel watch the bar of the images; from the second to
# the third those of pooling and convolution. "The rest" is copying, the loss, and all
# that has no name here.
#
# On the CPUs where we looked, `channels_last` made above all the *pooling* cheaper: in the
# usual order it is slow there, and with the 16 numbers of a pixel side by side it takes
# them together. The convolutions gained little. Who would have guessed that? Profile.
#
# ### Half the bits
#
# *For whoever has heard of bfloat16. 4 minutes.* A `float32` has 32 bits. `bfloat16` has
# 16: the range of float32, and two to three decimal digits. `autocast` lets matrix
# products and convolutions calculate in it, and leaves alone what needs the digits: the
# weights themselves, the optimizer, and, thanks to `.float()`, our loss.

# %%
third = torch.tensor(1 / 3)
print(f"{third.item():.7f}, as bfloat16 {third.bfloat16().item():.7f}")
print("1 + 0.003 in bfloat16:", (1 + torch.tensor(0.003, dtype=torch.bfloat16)).item())
big = torch.tensor(1e38)
print("1e38 as bfloat16:", big.bfloat16().item(), "as float16:", big.half().item())

# %% [markdown]
# An addition that small is lost, and so would be small updates: that is why weights stay in float32.
# Is it faster? Only where the processor has instructions for it, and where arithmetic is
# what one waits for: the list of section 6 says how it is on yours. Two relatives, a line
# each:
#
# * `float16` has more digits and a small range, so small slopes become 0. Multiply the loss
#   before `backward`, and divide the slopes after it: `torch.amp.GradScaler` does.
# * **TF32** is for newer NVIDIA cards: float32 outside, fewer digits inside a product. One
#   line switches it on: `torch.set_float32_matmul_precision("high")`.
#
# ### What was not worth it
#
# *For whoever has a trick of their own. 2 minutes.* The stored runs beside the ladder:
# the last rung with one change.

# %%
last = ladder[-1]
for name in [last, *(n for n in runs if runs[n][0]["place"] == "beside")]:
    seconds, fitted = column(runs[name], "seconds"), column(runs[name], "fitted")
    print(f"{name:16} {seconds.median():5.1f} s, fitted loss {fitted.mean():.4f} "
          f"({fitted.min():.4f} to {fitted.max():.4f})")

# %% [markdown]
# *Batch 512* has a fourth of the updates of 128, and the learning rate that the root rule
# gives. *Moved* shifts each batch by a random pixel; in a single epoch no image comes
# twice anyway. If another one stands here, it brought no time, or no loss, on the machine
# that measured.
#
# ### torch.compile
#
# *For whoever trains for hours. 4 minutes.* `torch.compile(model)` translates a model
# into a program of its own and joins operations that follow each other.
# `mode="reduce-overhead"` records on a GPU all orders of a step as well (next section).
# The translation happens at the first call. It needs a C++ compiler on a CPU. The stored
# numbers, in seconds:

# %%
compiled = [name for name in runs if runs[name][0]["place"] == "compile"]
for name in compiled:
    print(f"{name:32} {column(runs[name], 'seconds').item():8.4f}")
if not compiled:
    print("(not measured where the file was made)")

# %% [markdown]
# Divide the first call by what an update saves, if it saves anything: so many updates
# must follow until it has paid. Our whole training has a few thousand at most. (A batch of another
# size is another translation, in the middle of the run; `dynamic=True` asks for one that
# fits several.) To try it on your machine:
# `compile_times(final)`.

# %%
def compile_times(recipe, n=20):
    X, y = next(iter(recipe["images"](few, recipe["batch_size"], recipe["border"])()))
    times = {}
    for mode in ("as it is", "default", "reduce-overhead"):
        model = conv_network(recipe["border"], recipe["layout"]).to(device)
        run = model if mode == "as it is" else torch.compile(model, mode=mode)
        taken = []
        for _ in range(n + 1):
            wait()
            begin = time.perf_counter()
            loss_of(run, X, y, recipe).backward()
            wait()
            taken.append(time.perf_counter() - begin)
        times[f"compile {mode}, first"] = taken[0]
        times[f"compile {mode}, then"] = sorted(taken[1:])[n // 2]
    return times


# %% [markdown]
# ### A captured graph
#
# *For whoever has an NVIDIA GPU. 8 minutes.* Our step is made of about a hundred small
# orders. If Python needs longer to give them than the GPU to carry them out, the GPU
# waits. A **CUDA graph** writes down all orders of one step and repeats them at a single
# command. What is written down are *addresses*, so batch and learning rate need fixed
# places, and new values are put there with `copy_`. (Warming up happens on a **stream**
# of its own, a queue of orders, so that nothing of it is captured. Elsewhere `captured`
# gives the function back, so this code can be tried anywhere. No GPU has run it so far.)

# %%
def captured(one_update):
    """Return a function that repeats one_update as one command, on a CUDA GPU."""
    if device.type != "cuda":
        one_update()
        return one_update
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            one_update()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        one_update()
    return graph.replay


# %% [markdown]
# The updates for warming up have a learning rate of 0, so weights stay as they are.
# Adam's running means are set back to 0.

# %%
def graph_of(model, X, y, recipe):
    rows = torch.zeros(recipe["batch_size"], dtype=torch.int64, device=device)
    lr = torch.zeros((), device=device)
    cuda = device.type == "cuda"
    optimizer = optimizer_of(model, recipe, lr=lr, capturable=cuda)

    def one_update():
        optimizer.zero_grad()
        loss_of(model, X[rows], y[rows], recipe).backward()
        optimizer.step()

    replay = captured(one_update)
    for state in optimizer.state.values():
        for mean_or_count in state.values():
            mean_or_count.zero_()
    return rows, lr, replay


# %%
def train_graph(recipe, images, seed):
    torch.manual_seed(seed)
    model = conv_network(recipe["border"], recipe["layout"]).to(device)
    X, y = prepared(images, recipe["border"]), images.y.to(device)
    size = recipe["batch_size"]
    rows, lr, replay = graph_of(model, X, y, recipe)
    n_batches = len(y) // size
    top = recipe["lr"] * (size / 64) ** 0.5
    rates = learning_rates(recipe["schedule"], top, recipe["n_epochs"] * n_batches)
    rates = iter(torch.tensor(rates).to(device))
    wait()
    begin = time.perf_counter()
    for _ in range(recipe["n_epochs"]):
        order = torch.randperm(len(y))[: n_batches * size].to(device)
        for picked in order.split(size):
            rows.copy_(picked)
            lr.copy_(next(rates))
            replay()
    wait()
    return model, time.perf_counter() - begin


# %% [markdown]
# Does it train the same model? A few updates with each, from the same seed:

# %%
tiny = Split(few.X[:512], few.y[:512])
recipe = start | changes["index"] | changes["layout"] | changes["OneCycle"]
one, other = train(recipe, tiny, seed=0)[0], train_graph(recipe, tiny, seed=0)[0]
gap = logits_of(one, recipe, tiny) - logits_of(other, recipe, tiny)
print(f"largest difference of a logit below 0.01: {gap.abs().max().item() < 0.01}")

# %% [markdown]
# ### What the kernels became
#
# *For whoever believes in learned edge detectors. 4 minutes.* Seven kernels of the first
# layer of the last run, at the start and at the end, and what each makes of one image.

# %% tags=["ignore-figures", "differs=rounding"]
torch.manual_seed(0)
begin = conv_network(final["border"])[0].weight.detach()[:, 0]  # (16, 5, 5)
trained_model = last_model
layer = trained_model[0]
end = layer.weight.detach().cpu()[:, 0]
with torch.no_grad():
    maps = layer(prepared(Split(mnist.test.X[:1], mnist.test.y[:1]), final["border"]))
fig, axes = plt.subplots(3, 7, figsize=(7.5, 3.3))
for row, pictures in zip(axes, (begin, end, maps[0].cpu()), strict=True):
    for ax, picture in zip(row, pictures[:7], strict=True):
        plots.signed_image(picture, ax).axis("off")
likeness = F.cosine_similarity(begin.flatten(1), end.flatten(1))
print(f"median likeness of start and end: {likeness.median():.1f}")

# %% [markdown]
# **What you should see** Above the kernels as they were drawn at random, red positive,
# blue negative. In the middle the same ones after training. Below, the channels of a
# digit, with red and blue edges. (The likeness is the cosine of the angle between the
# two: 1 means the same direction.)
#
# It is tempting to say that the network has invented detectors of edges. But with the
# full data most kernels are still much like their random start: any small kernel with
# weights of both signs answers to edges. A picture of weights alone proves nothing.
# Compare it with the start.
#
# ### Smoothed labels
#
# *For whoever wonders about `smoothing`. 1 minute.* `label_smoothing=0.05` gives a
# twentieth of the target to all ten classes alike. [Lab
# 3](03_cross_entropy_with_torch.ipynb) takes it apart, in its part *Deeper*. What it did
# to loss and temperature stands among the stored runs.
#
# ### Three traps
#
# *For whoever measures and reports. 8 minutes.* **One step of the scheduler per epoch.**
# Many schedulers are stepped once per epoch. OneCycle counts *updates*. Step it once per
# epoch, and its rate stays at the foot of the hill. No error appears.

# %% tags=["pitfall"]
rates = learning_rates(one_cycle, 0.001, 780)
print(f"largest rate if stepped per batch {max(rates):.5f}")
print(f"largest rate if stepped per epoch {max(rates[:2]):.5f}")
assert max(rates[:2]) < max(rates) / 20

# %% [markdown]
# **Rule** Print the learning rate of the first, the middle and the last update.
#
# **Standardised by their own numbers.** Somebody standardises each batch of new images by its
# own mean and standard deviation. One and the same image, once in the company of ones and
# once of zeros:

# %% tags=["pitfall", "nbval-ignore-output", "differs=rounding"]
logits = []
for company in (0, 1):
    X = torch.cat([held.X[:1], held.X[held.y == company][:99]])
    X = ((X - X.mean()) / X.std()).to(device)  # the mistake
    cut = slice(final["border"], 28 - final["border"])
    logits.append(last_model(X[..., cut, cut])[0].detach())
difference = (logits[0] - logits[1]).abs().max().item()
print(f"largest difference of a logit of the same image: {difference:.1f}")
assert difference > 0.1

# %% [markdown]
# **Rule** One function prepares images, for training and for everything after it. Its
# numbers come from the training images.
#
# **The best of ten seeds.** "99.1%!" says a report. It is the best of ten runs. Suppose a
# recipe is *truly* at 98.95%, and chance decides on which of the 10,000 test images it
# errs. Ten such models take the test, a thousand times over.

# %% tags=["pitfall", "nbval-atol=2e-2"]
generator = torch.Generator().manual_seed(0)
size, share = (1000, 10), 0.0105
errors = torch.full(size, 10_000.0), torch.full(size, share)
scores = 1 - torch.binomial(*errors, generator=generator) / 10_000
best, mean_of_ten = scores.amax(dim=1), scores.mean(dim=1)
print(f"the best of ten is above 99%: {(best > 0.99).double().mean():.3f}")
print(f"the mean of ten is above 99%: {(mean_of_ten > 0.99).double().mean():.3f}")
assert (best > 0.99).double().mean() > 0.8

# %% [markdown]
# The best of ten "reaches" what the recipe cannot do. (Real models err on the same hard
# images, so their scores scatter less. The direction is the same.)
#
# ### The short last batch
#
# *For whoever captures or compiles. 2 minutes.* 50,000 images in batches of 128 leave 80
# over. Ordinary loops do not mind. The fixed places of a captured graph do:

# %% tags=["pitfall"]
place = torch.zeros(128, dtype=torch.int64)
try:
    place.copy_(torch.arange(80))
except RuntimeError as error:
    print("RuntimeError:", str(error).split(" at ")[0])
place.copy_(torch.tensor([7]))
print("one position, copied to", (place == 7).sum().item(), "places, without a word")

# %% [markdown]
# **Rule** Where shapes are fixed, drop the short batch, and shuffle anew in each epoch.
