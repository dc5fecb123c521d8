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
# # 5. Softmax regression
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/05_softmax_regression.ipynb)
#
# A thermostat has one number to look at, the temperature, and three answers: cold, fine,
# hot. Its machine has a straight line for each answer, and the highest line wins. On the
# right, where it is warm, *hot* is the highest. On the left it is *cold*. And in the
# middle? A straight line has no hump. The same machine, with 64 numbers to look at, then
# learns to read ten digits.
#
# **You will be able to**
#
# * write a classifier for any number of classes as one matrix product, and say every
#   shape in it;
# * draw its borders, and read its weights as pictures;
# * say what its probabilities mean, near the examples and far away from them;
# * recognise two well-hidden bugs, and say what to print to see them.
#
# **Needs** Labs 1 to 4: softmax, cross entropy, $p - y$, the four lines of training. From
# school: straight lines.
#
# **Takes** 45 minutes to read and run, 38 more for the exercises.
#
# **Source** The training loops of *Lab06 - Softmax Classification* and of two of the
# other notes that lab 0 names. They stand, with their numbers, in
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

from course_utils import explorables, plots
from course_utils.exercises import lab05
from course_utils.training import accuracy

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from earlier labs. Answer from memory.

# %% slideshow={"slide_type": "fragment"}
lab05.warm_up.ask()

# %%
lab05.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. Cold, fine, hot
#
# Here are 60 rooms, made up for this lab. A **feature** is a number that the machine looks
# at. Here there is one: by how many degrees a room is warmer than 20 °C. Somebody has
# called 20 of the rooms cold, 20 fine and 20 hot, which are the classes 0, 1 and 2.
# (`repeat_interleave(20)` repeats each number 20 times, `randn` draws random numbers
# around 0, and the generator makes them the same for everybody.)

# %%
generator = torch.Generator().manual_seed(0)
feeling = torch.arange(3).repeat_interleave(20)  # (60,)
centres = torch.tensor([-5.0, 0.0, 5.0])[feeling]
degrees = (centres + torch.randn(60, generator=generator)).reshape(-1, 1)  # (60, 1)
print(degrees[[0, 20, 40]].flatten(), feeling[[0, 20, 40]])

# %% [markdown] slideshow={"slide_type": "fragment"}
# Lab 4 had two classes and one logit, $w x + b$. Now **each class has a logit of its
# own**, with its own weight and its own bias. Drawn over $x$, each is a straight line:
#
# $$\begin{aligned} z_k = w_k\, x + b_k, \qquad k = 0, 1, 2 \end{aligned} \tag{lines}$$
#
# Softmax turns the three logits into probabilities, cross entropy compares these with the
# truth. The answer is the class with the highest line.

# %% slideshow={"slide_type": "slide"}
lab05.middle.ask()

# %% [markdown]
# Let it learn. The four lines are those of lab 4; only the loss has changed, because
# there are more than two classes.

# %% slideshow={"slide_type": "fragment"}
W = torch.zeros(1, 3, requires_grad=True)  # a weight for each class
b = torch.zeros(3, requires_grad=True)  # a bias for each class
optimizer = torch.optim.SGD([W, b], lr=0.1)
for _ in range(1000):
    optimizer.zero_grad()
    loss = F.cross_entropy(degrees * W + b, feeling)  # logits (60, 3)
    loss.backward()
    optimizer.step()
print("w", W.detach(), "b", b.detach())


# %% [markdown] slideshow={"slide_type": "fragment"}
# (`.detach()` gives the tensor alone, without PyTorch's notes for slopes. `accuracy`,
# from the helpers of the course, says which fraction of the rows has its largest logit at
# the right class. You may skip the lines of a `def` that only draws.)

# %% slideshow={"slide_type": "slide"}
def draw_lines(ax, W, b):
    t = torch.linspace(-8, 8, 161).reshape(-1, 1)
    logits = t * W.detach() + b.detach()  # (161, 3)
    ax.plot(t, logits.amax(dim=1), color="0.8", linestyle="-", linewidth=9)
    for k, label in enumerate(("cold", "fine", "hot")):
        ax.plot(t, logits[:, k], label=label)
        at = degrees[feeling == k]
        ax.scatter(at, torch.full_like(at, -16 - k), marker="os^"[k], s=12)
    ax.set(xlabel="degrees above 20 °C", ylabel="logit", ylim=(-19, 19))
    ax.legend(loc="upper center")


draw_lines(plt.subplots(figsize=(5, 3.2))[1], W, b)
print(f"right: {accuracy(degrees * W + b, feeling):.0%}")
lab05.middle.result()
assert accuracy(degrees * W + b, feeling) > 0.95

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** One straight line for each class, below them the rooms, and a
# wide grey band along the highest line. *Cold* falls and *hot* rises. *Fine* is nearly
# flat, and its bias has lifted it above the place where the other two cross.
#
# This machine is called **softmax regression**. With two classes it is logistic
# regression: only the difference of the two logits counts.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. Two features, and the shapes
#
# Back to the digits of lab 1: all 4s, 7s and 9s. We measure two things in each image: the
# ink in the upper half minus the ink in the lower half, and the ink in the centre. They
# have different sizes, so we **standardise** them: minus the mean, divided by the standard
# deviation, a typical distance from the mean. Then one learning rate suits both.
# (`bincount` counts how often each class occurs.)

# %%
digits = load_digits()
images = torch.tensor(digits.images / 16).float()  # (1797, 8, 8)
numbers = torch.tensor(digits.target)
kinds = torch.tensor([4, 7, 9])
some = torch.isin(numbers, kinds)  # True for a 4, a 7 or a 9
y = torch.searchsorted(kinds, numbers[some])  # (540,): 4, 7, 9 become 0, 1, 2
upper, lower = images[some, :4].sum(dim=(1, 2)), images[some, 4:].sum(dim=(1, 2))
centre = images[some, 2:6, 3:5].sum(dim=(1, 2))  # 8 pixels
X = torch.stack([upper - lower, centre], dim=1)  # (540, 2)
X = (X - X.mean(dim=0)) / X.std(dim=0)
print(X.shape, "images of each class:", y.bincount().tolist())

# %% [markdown] slideshow={"slide_type": "fragment"}
# With two features a logit is $z_k = x_0 W_{0k} + x_1 W_{1k} + b_k$: each feature times
# its weight, added up, plus the bias. That for all images and all classes at once is the
# **matrix product** `X @ W`: each row of `X` meets each column of `W`, number by number,
# and the products are added up.

# %% slideshow={"slide_type": "slide"}
lab05.shapes.ask()


# %% slideshow={"slide_type": "fragment"}
def draw_matrix(ax, left, shape, name, marked):
    n_rows, n_columns = shape
    for i in range(n_rows):
        for j in range(n_columns):
            hit = marked(i, j)
            corner, color = (left + j, n_rows / 2 - i - 1), "C1" if hit else "white"
            ax.add_patch(plt.Rectangle(corner, 1, 1, facecolor=color, edgecolor="k",
                                       hatch="//" if hit else None, linewidth=1))
    ax.text(left + n_columns / 2, -5.4, name, ha="center", va="center")


fig, ax = plt.subplots(figsize=(8, 3.4))
draw_matrix(ax, 0, (8, 2), "X\n(N, 2)", lambda i, j: i == 2)
draw_matrix(ax, 5, (2, 3), "W\n(2, 3)", lambda i, j: j == 1)
draw_matrix(ax, 11, (1, 3), "b\n(3,)", lambda i, j: j == 1)
draw_matrix(ax, 17, (8, 3), "logits\n(N, 3)", lambda i, j: (i, j) == (2, 1))
draw_matrix(ax, 25, (8, 3), "probabilities\n(N, 3)", lambda i, j: i == 2)
for x, sign in ((3.5, "@"), (9.5, "+"), (15.5, "="), (22.5, "softmax")):
    ax.text(x, 0, sign, ha="center", va="center", fontsize="large")
ax.set(xlim=(-0.5, 28.5), ylim=(-6.4, 4.3), aspect="equal")
ax.axis("off")
lab05.shapes.result()

# %% [markdown]
# **What you should see** Tables of boxes; of the 540 rows only eight are drawn. The
# hatched row of X and the hatched column of W meet, the hatched box of b is added, and
# the result is one logit: third image, middle class. Softmax then takes the whole row.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** `(N, D) @ (D, K) + (K,)` gives `(N, K)`. Write the shapes beside the code.
#
# From here on we need the training more than once. So it goes into a function, which
# changes the `W` and `b` that it is given. (What follows the `*` has to be given by name.)

# %% slideshow={"slide_type": "slide"}
def train(X, y, W, b, *, lr=1.0, n_updates=500, loss_fn=F.cross_entropy):
    optimizer = torch.optim.SGD([W, b], lr=lr)
    for _ in range(n_updates):
        optimizer.zero_grad()
        loss = loss_fn(X @ W + b, y)
        loss.backward()
        optimizer.step()
    return loss.item()


W, b = torch.zeros(2, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
loss = train(X, y, W, b)
print(f"loss {loss:.2f} nats, right {accuracy(X @ W + b, y):.1%}")
assert 0.80 < accuracy(X @ W + b, y) < 0.83

# %% [markdown]
# Two numbers instead of 64 pixels, and eight of ten are right. Always naming the most
# frequent class would get a third.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. Where the borders lie
#
# Drawn over two features, a logit is a tilted sheet, a **plane**. On the border between two
# classes their logits are equal, and that is the equation of a straight line. Three
# classes have three pairs.

# %% slideshow={"slide_type": "slide"}
lab05.borders.ask()

# %% slideshow={"slide_type": "fragment"}
W, b = W.detach(), b.detach()
# z0 = z1 means (column of class 0 minus column of class 1) · x = b1 - b0. The same with
# z2: two equations for one point.
A = torch.stack([W[:, 0] - W[:, 1], W[:, 0] - W[:, 2]])  # (2, 2)
c = torch.stack([b[1] - b[0], b[2] - b[0]])
place = torch.linalg.solve(A, c)  # the x with A @ x = c
print("where they meet:", torch.softmax(place @ W + b, dim=0))
ax = plots.decision_regions(lambda X: (X @ W + b).argmax(dim=1), X, y, labels="479")
_ = ax.set(xlabel="ink above minus ink below (standardised)",
           ylabel="ink in the centre (standardised)")
lab05.borders.result()
assert_close(torch.softmax(place @ W + b, dim=0), torch.full((3,), 1 / 3))

# %% [markdown]
# **What you should see** Three regions with straight borders. The 4s are on the left,
# with more ink below. The 9s and the 7s share the right: a 7 has a stroke through the
# centre, a 9 has its hole there. Near the borders many points lie on the wrong side.
# Of each of the three lines you see one half: beyond the meeting point the third class is
# higher than both, so there that line is no border.

# %% [markdown] slideshow={"slide_type": "slide"}
# And how sure is the machine, here and there?

# %% slideshow={"slide_type": "fragment"}
lab05.far.ask()

# %% slideshow={"slide_type": "fragment"}
places = {"middle of the 9s": X[y == 2].mean(dim=0), "nowhere": torch.tensor([9, -9.0])}
for name, point in places.items():
    print(f"{name:17} largest probability", torch.softmax(point @ W + b, dim=0).max())
lab05.far.result()
assert torch.softmax(places["nowhere"] @ W + b, dim=0).max() > 0.9999

# %% [markdown] slideshow={"slide_type": "fragment"}
# That is the scribble of lab 0 again: a machine can be sure where it has never been.
#
# Now with your hand. Drag the points, or a whole class. The machine learns anew at once.

# %% slideshow={"slide_type": "slide"}
explorables.three_classes()

# %% [markdown]
# **What you should see** Points of three classes and three straight borders, which follow
# your hand. The right side shows the logits along the dotted line; move it by its handle.
# The task below the figure is the riddle of the thermostat, in the plane.
#
# **So far** The logit of each class is a straight line, or a plane, and the highest wins.
# A class can win in the middle. Borders are straight, those of three classes meet in one
# point unless they are parallel, and probabilities grow with the distance from them. This
# is a good place to stop. The second half reads ten digits, and then breaks the machine
# twice.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. Ten digits
#
# Now all 64 pixels, and all ten digits. We put every fifth image aside, do not train on
# it, and judge the machine by it as well. (`flatten(1)` makes a row of 64 numbers of each
# image. `%` is the remainder of a division, `~` means *not*.)

# %% slideshow={"slide_type": "slide"}
lab05.parameters.ask()

# %% slideshow={"slide_type": "fragment"}
pixels = images.flatten(1)  # (1797, 64)
aside = torch.arange(1797) % 5 == 4  # True for every fifth
W_10 = torch.zeros(64, 10, requires_grad=True)
b_10 = torch.zeros(10, requires_grad=True)
print("numbers to learn:", W_10.numel() + b_10.numel())
lab05.parameters.result()
train(pixels[~aside], numbers[~aside], W_10, b_10, n_updates=300)
for name, chosen in (("trained on", ~aside), ("put aside", aside)):
    right = accuracy(pixels[chosen] @ W_10 + b_10, numbers[chosen])
    print(f"{name:10} {int(chosen.sum()):5} images, right {right:.1%}")
assert accuracy(pixels[aside] @ W_10 + b_10, numbers[aside]) > 0.94

# %% [markdown]
# (`numel` counts the numbers in a tensor.) Ten digits, and more than nine of ten images
# that it has never seen are right. What does it look for? Each class has 64 weights, one
# for each pixel, so they are a picture, like the templates of lab 1. But those were means
# that we calculated. These have been learned.

# %% slideshow={"slide_type": "slide"}
def show_weights(ax, k):
    plots.signed_image(W_10[:, k].reshape(8, 8), ax, limit=2.5).axis("off")


show_weights(plt.subplots(figsize=(2, 2))[1], numbers[1032])  # of some digit

# %% [markdown]
# **What you should see** The weights of one class. Red is positive: ink there speaks for
# the digit. Blue is negative: ink there speaks against it.

# %% slideshow={"slide_type": "slide"}
lab05.whose.ask()

# %% slideshow={"slide_type": "fragment"}
fig, axes = plt.subplots(2, 5, figsize=(7, 3.2))
for k, ax in enumerate(axes.flat):
    show_weights(ax, k)
    ax.set_title(k, loc="center")
lab05.whose.result()

# %% [markdown]
# **What you should see** Ten pictures. Some show a part of their digit: the hole of the
# 0 is blue, the 7 is blue at its lower right. But none is a digit. The machine has not
# learned how a 3 looks, only what tells it from the nine others.
#
# The pictures come from the slopes. In lab 4 the slope of a weight was error times
# feature, averaged over the examples. It is the same here, with an error for each class:
# $p_k - y_k$, where $y_k$ is 1 for the right class and else 0.
#
# $$\begin{aligned}
# \text{slope in } W_{dk} =
# \frac{1}{N} \sum_n x_{nd}\, (p_{nk} - y_{nk})
# \end{aligned} \tag{slope}$$
#
# ($n$ counts the images, $d$ the pixels, $k$ the classes. So here $y$ is the one-hot table.)

# %% slideshow={"slide_type": "slide"}
lab05.ten_pictures.ask()

# %% slideshow={"slide_type": "fragment"}
sums = W_10.detach().sum(dim=1)  # over the classes, one for each pixel
print("the largest of 64 sums is 0, up to rounding:", bool(sums.abs().max() < 1e-4))
lab05.ten_pictures.result()
assert sums.abs().max() < 1e-4

# %% [markdown] slideshow={"slide_type": "fragment"}
# In a library, the same machine is one layer, `nn.Linear`. It makes its own weights and
# biases, at random.

# %% slideshow={"slide_type": "slide"}
lab05.rows.ask()

# %% slideshow={"slide_type": "fragment"}
layer = nn.Linear(64, 10)
print("weight", tuple(layer.weight.shape), "bias", tuple(layer.bias.shape))
lab05.rows.result()
with torch.no_grad():  # what we fill in is no step of training: no slopes are noted
    layer.weight.copy_(W_10.T)  # writes our numbers over those of the layer
    layer.bias.copy_(b_10)
assert_close(layer(pixels), pixels @ W_10 + b_10)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. One bias for all
#
# Back to the thermostat, and to a line of code that was published and copied many times:
# `b = torch.zeros(1)`.

# %% slideshow={"slide_type": "fragment"}
lab05.shared.ask()

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
W_shared, b_shared = torch.zeros(1, 3, requires_grad=True), torch.zeros(1)
b_shared.requires_grad_()  # from here on PyTorch notes slopes for it
train(degrees, feeling, W_shared, b_shared, lr=0.1, n_updates=1000)
print("0, up to rounding:", bool(b_shared.abs().max() < 1e-5))
lab05.shared.result()
assert b_shared.abs().max() < 1e-5

# %% [markdown]
# It had a slope in each of the 1,000 updates, and each time it was 0. Without its bias,
# what is left of the thermostat?

# %% slideshow={"slide_type": "slide"}
lab05.lost.ask()

# %% slideshow={"slide_type": "fragment"}
draw_lines(plt.subplots(figsize=(5, 3.2))[1], W_shared, b_shared)
right = accuracy(degrees * W_shared + b_shared, feeling)
print(f"right: {right:.1%}")
lab05.lost.result()
assert right < 0.7
W_s, b_s = torch.zeros(64, 10, requires_grad=True), torch.zeros(1, requires_grad=True)
train(pixels[~aside], numbers[~aside], W_s, b_s, n_updates=300)
of_ten = accuracy(pixels[aside] @ W_s + b_s, numbers[aside])
print(f"ten digits with one bias, put aside: right {of_ten:.1%}")
assert of_ten > 0.94 and pixels.sum(dim=1).std() < 0.12 * pixels.sum(dim=1).mean()
assert not ((degrees * W_shared + b_shared).argmax(dim=1) == 1).any()

# %% [markdown]
# **What you should see** Three lines again, flatter ones, and all of them pass through one
# point, at 0 degrees. Left of it *cold* is on top, right of it *hot*, and *fine* nowhere.
#
# No patience helps: a third of the rooms stays wrong for ever. With the ten digits the
# same bug costs next to nothing, as the last line shows: each image has about as much ink
# as the others, so equal weights for all pixels do the work of a bias. That is how the bug
# lives for years.

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** `b` has shape (K,). After the first `backward()`, look at the slopes of each
# parameter: one whose slopes are all 0 has a reason.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. Softmax, twice
#
# `F.cross_entropy` begins with a softmax. Many programs apply one before it as well. Lab
# 3 has shown that to be sure and right still costs 0.55 then. To be sure and wrong costs
# 1.55 at most, 1 nat more:

# %% slideshow={"slide_type": "fragment"} tags=["pitfall"]
def softmax_twice(logits, y):
    return F.cross_entropy(torch.softmax(logits, dim=1), y)


answers = torch.tensor([[100.0, 0, 0], [0, 100.0, 0]])  # sure and right, sure and wrong
costs = [softmax_twice(row.unsqueeze(0), torch.tensor([0])) for row in answers]
print(f"sure and right {costs[0]:.2f}, sure and wrong {costs[1]:.2f} nats")
assert_close(torch.stack(costs), torch.tensor([0.5514, 1.5514]), atol=1e-4, rtol=0)

# %% [markdown] slideshow={"slide_type": "fragment"}
# What does that do to a machine that learns? Here are 4, 7 and 9 again.

# %% slideshow={"slide_type": "slide"}
lab05.twice.ask()

# %% slideshow={"slide_type": "slide"} tags=["pitfall"]
W_2, b_2 = torch.zeros(2, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
done, true = 0, {}
print("updates  printed loss  true loss  right")
for total in (0, 20, 50, 200, 1000, 2000, 4000):
    if total > done:
        train(X, y, W_2, b_2, n_updates=total - done, loss_fn=softmax_twice)
    done, logits = total, X @ W_2 + b_2
    printed, true[total] = softmax_twice(logits, y), F.cross_entropy(logits, y).item()
    print(f"{total:7}  {printed:12.3f}  {true[total]:9.3f}  {accuracy(logits, y):5.1%}")
lab05.twice.result()
assert printed < 0.75 and min(true.values()) == true[50] < 0.58 and true[4000] > 1.2
W_1, b_1 = W.clone().requires_grad_(), b.clone().requires_grad_()  # of section 2
train(X, y, W_1, b_1, n_updates=3500)
print(f"softmax once, 4000 updates: right {accuracy(X @ W_1 + b_1, y):.1%}")
assert accuracy(X @ W_1 + b_1, y) == accuracy(X @ W + b, y) < accuracy(logits, y)

# %% [markdown]
# The printed loss falls in each line. The accuracy rises, and in the end it is even
# *better* than that of the machine of section 2, which more updates do not help, as the
# last line shows. The true cross entropy fell at first as well. It was lowest, about 0.57,
# near update 50. Then it rose to 1.22, and that is worse than a machine of zeros, which is
# at $\log 3$, about 1.1. Which of the two would you trust? Look at the probabilities that
# the two machines give to the right class, sorted. One of these lines is the machine of section 2.

# %% slideshow={"slide_type": "slide"}
curves = []
for weights, biases in ((W, b), (W_2.detach(), b_2.detach())):
    p = torch.softmax(X @ weights + biases, dim=1)[torch.arange(540), y]
    curves.append(p.sort().values)
curves.sort(key=lambda p: p[0])  # A is the one that begins lower
fig, ax = plt.subplots(figsize=(5, 2.8))
for name, p in zip("AB", curves, strict=True):
    ax.plot(p, label=name)
    print(name, "below a thousandth:", int((p < 0.001).sum()),
          "below one half:", int((p < 0.5).sum()))
ax.set(xlabel="images, sorted", ylabel="probability of the right class")
_ = ax.legend()

# %% [markdown]
# **What you should see** Two rising lines. A is flat at 0, climbs steeply and is flat
# at 1. B climbs slowly. A crosses one half a little earlier than B.

# %% slideshow={"slide_type": "slide"}
lab05.sure.ask()

# %% slideshow={"slide_type": "fragment"}
z = torch.tensor([[-8.0, 0.0, 0.0]], requires_grad=True)  # class 0 was given up
for name, loss_fn in (("once ", F.cross_entropy), ("twice", softmax_twice)):
    slopes = torch.autograd.grad(loss_fn(z, torch.tensor([0])), z)[0]
    print(f"softmax {name}: slope of the right logit {slopes[0, 0]:.4f}")
lab05.sure.result()
assert slopes[0, 0].abs() < 1e-3

# %% [markdown] slideshow={"slide_type": "fragment"}
# (`torch.autograd.grad` returns slopes instead of storing them.) Here an image has a
# probability of nearly 0 for its right class. With one softmax its logit is pulled up as
# strongly as can be, $p - y$ is nearly -1. With two the pull is gone: it is multiplied by
# the probability itself. An image that has been given up stays so
# ([Deeper](#Why-an-example-that-is-given-up-stays-so) shows why).
#
# Neither the printed loss nor the accuracy would have told you.
#
# **Rule** One softmax only, and it is inside `F.cross_entropy`: give it logits.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` in front of `hint()` for a hint.
#
# **Exercise 1** (6 minutes): a diagnosis. The machine for 4, 7 and 9 was trained five
# times, and each time from zeros. Here are the logs. What happened? (a) nothing is wrong,
# (b) softmax was taken twice, (c) the learning rate is far too large, (d) the optimizer
# was given `b` alone, (e) the loss is the sum over the images, not the mean (and the
# learning rate is as much smaller). Return five letters, each once, for logs 1 to 5, as in
# `return "a", "b", "c", "d", "e"`.

# %% slideshow={"slide_type": "slide"}
lab05.logs()


# %% tags=["exercise"]
def faults():
    ...


lab05.faults.check(faults)
# lab05.faults.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 2** (5 minutes): a decision. Softmax regression for these data, yes or no?
# `True` if there are weights and biases with which every example is right.
#
# 1. One feature; from left to right lie A A B B C C, with gaps of any size between them.
# 2. One feature; from left to right lie A A B B A A, with gaps of any size as well.
# 3. Two features; a square, with class A, B, C, D in one corner each.
# 4. Two features; a square, with A in two opposite corners and B in the other two.
# 5. Two features; A in the centre of a circle, B, C and D on it at 12, 4 and 8 o'clock.
# 6. Two features; A in the centre of a circle, B all around on it.
#
# Return six values, such as `return True, True, True, True, True, True`. Draw first.

# %% tags=["exercise"]
def can_separate():
    ...


lab05.can_separate.check(can_separate)
# lab05.can_separate.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 3** (6 minutes). Build a thermostat by hand. Given are the slopes of its three
# lines, `w` of shape (3,), smallest first, and the two temperatures at which the answer
# shall change, from cold to fine at `low` and from fine to hot at `high`. `biases(w, low,
# high)` returns the three biases, shape (3,). Only differences count, so let the first
# be 0.

# %% tags=["exercise"]
def biases(w, low, high):
    ...


lab05.biases.check(biases)
# lab05.biases.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 4** (8 minutes): mend and train. This function shall train softmax regression
# from zeros and return `W` and `b`. It has four faults, and none raises an error.
#
# ```python
# def train_from_zeros(X, y, n_classes, lr, n_updates):
#     W = torch.zeros(X.shape[1], n_classes, requires_grad=True)
#     b = torch.zeros(1, requires_grad=True)
#     optimizer = torch.optim.SGD([W], lr=lr)
#     for _ in range(n_updates):
#         probs = torch.softmax(X @ W + b, dim=1)
#         loss = F.cross_entropy(probs, y)
#         loss.backward()
#         optimizer.step()
#     return W.detach(), b.detach()
# ```

# %% tags=["exercise"]
def train_from_zeros(X, y, n_classes, lr, n_updates):
    ...


lab05.train_from_zeros.check(train_from_zeros)
# lab05.train_from_zeros.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 5** (8 minutes): the heart of it, without autograd. `training_step(X, y, W, b,
# lr)` makes one step, with the slopes by hand. Formula (slope) is a matrix product, for
# all weights at once: which shapes must meet so that (D, K) comes out? For the biases
# leave the features out. Return the new `W` and the new `b`, and leave the old ones as
# they are. (`F.one_hot(y, K)` is the table of zeros and ones.)

# %% tags=["exercise"]
def training_step(X, y, W, b, lr):
    ...


lab05.training_step.check(training_step)
# lab05.training_step.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# **Exercise 6** (5 minutes). Two classes, two logits: `W` has shape (D, 2) and `b` shape
# (2,). Turn it into logistic regression with one logit. `to_logistic(W, b)` returns its
# weights, shape (D,), and its bias, a tensor of shape (), so that the sigmoid of the one
# logit is the probability of class 1. (Lab 1, section 7.)

# %% tags=["exercise"]
def to_logistic(W, b):
    ...


lab05.to_logistic.check(to_logistic)
# lab05.to_logistic.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Each class has its own weights and its own bias; the highest logit wins.
# * `X @ W + b`: (N, D) @ (D, K) + (K,) gives (N, K). `nn.Linear` keeps `W` as (K, D).
# * Borders are straight. With at least three classes one of them can lie in the middle.
# * Probabilities grow with the distance from the borders, also where no example is.
# * A slope is error times feature, the mean over the examples. Over the classes the slopes
#   sum to 0.
# * A bias that all classes share never learns.
# * Softmax twice: the printed loss falls, the accuracy rises, the probabilities go bad.
#
# Next: [**lab 6, hidden layers**](06_hidden_layers.ipynb). Data that no straight border parts.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Deeper
#
# Everything from here on is optional.

# %% [markdown]
# ### The published lab
#
# *For whoever wants to compare with the source notes, or has copied from them. 25
# minutes.* Three of the notes train on the same eight examples of three classes:
# [Lab06 - Softmax Classification](https://github.com/kookeej/DILAB/blob/main/7.1-7.7/Lab06.ipynb),
# *1.6 Softmax Classification*, and
# [\[PyTorch\] Classifier: Logistic & Softmax Regression Model](https://zoshs2.github.io).
# Nobody says what the four features mean.

# %%
X_8 = torch.tensor(
    [[1, 2, 1, 1], [2, 1, 3, 2], [3, 1, 3, 4], [4, 1, 5, 5],
     [1, 7, 5, 5], [1, 2, 5, 6], [1, 6, 6, 6], [1, 7, 7, 7]],
    dtype=torch.float32,
)
y_8 = torch.tensor([2, 2, 2, 1, 1, 1, 0, 0])
start = F.cross_entropy(torch.zeros(8, 3), y_8)  # of a machine of zeros: log 3
print("X", tuple(X_8.shape), "y", tuple(y_8.shape), "counts", y_8.bincount().tolist())

# %% [markdown]
# The largest class has 3 of 8 examples, so 3/8 is the accuracy of somebody who never looks
# at the features. Lab06 calls the model "a linear regression from 4 to 3". The logits are
# linear in the features, but it is a classifier. As a picture, like one of the notes has
# it:

# %%
fig, ax = plt.subplots(figsize=(6, 2.8))
heights = {0: [3, 2, 1, 0], 2: [2.5, 1.5, 0.5], 5: [2.5, 1.5, 0.5]}
for x_in in heights[0]:
    for z_in in heights[2]:
        ax.plot([0, 2], [x_in, z_in], color="0.6", linestyle="-", linewidth=1)
ax.add_patch(plt.Rectangle((3, 0), 1, 3, facecolor="white", edgecolor="k"))
ax.text(3.5, 1.5, "softmax", ha="center", va="center", rotation=90)
for x, letter in ((0, "x"), (2, "z"), (5, "p")):
    for i, height in enumerate(heights[x]):
        ax.text(x, height, f"${letter}_{i}$", ha="center", va="center",
                bbox={"boxstyle": "circle", "facecolor": "white"})
        if letter != "x":
            ends = [2.2, 3] if letter == "z" else [4, 4.8]
            ax.plot(ends, [height, height], "k-", linewidth=1)
ax.set(xlim=(-0.5, 5.5), ylim=(-0.5, 3.5))
_ = ax.axis("off")

# %% [markdown]
# **What you should see** Four inputs, each joined to each of three logits by a line, which
# is one weight: twelve lines. Softmax takes all three logits together and gives three
# probabilities.
#
# This is the loop of Lab06 and of 1.6, line for line, in a function. It calls
# `hypothesis` what we call `probs`, `cost` the loss, and an update an `epoch`. (`matmul` is `@` by its long
# name. `scatter_` writes the ones of the one-hot table.)

# %% tags=["pitfall"]
def as_published(X, y):
    W = torch.zeros((4, 3), requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=0.1)
    for epoch in range(1000 + 1):
        hypothesis = F.softmax(X.matmul(W) + b, dim=1)
        y_one_hot = torch.zeros_like(hypothesis)
        y_one_hot.scatter_(1, y.unsqueeze(1), 1)
        cost = (y_one_hot * -torch.log(F.softmax(hypothesis, dim=1))).sum(dim=1).mean()
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        if epoch % 100 == 0:
            print(f"epoch {epoch:4}  cost {cost.item():.6f}")
    return W.detach(), b.detach()


W_published, b_published = as_published(X_8, y_8)
true_loss = F.cross_entropy(X_8 @ W_published + b_published, y_8)
print(f"true cross entropy: before {start:.4f}, after {true_loss:.4f}")
assert_close(true_loss, torch.tensor(1.6849), atol=2e-4, rtol=0)

# %% [markdown]
# "The cost falls properly", says Lab06. It takes softmax twice. Beside it, update by
# update, the true cross entropy and the accuracy of the same model. For that we need a
# loop that takes any loss and keeps all logits, the bias, and the slope of the bias.
# (`torch.stack` makes one tensor of a list of tensors; `|` puts two dictionaries
# together.)

# %%
def recorded(loss_fn, X, y, n_biases, *, lr=0.1, n_updates=1001):
    W = torch.zeros(X.shape[1], 3, requires_grad=True)
    b = torch.zeros(n_biases, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    kept = {"loss": [], "logits": [], "bias": [], "bias_grad": []}
    for _ in range(n_updates):
        optimizer.zero_grad()
        logits = X @ W + b
        loss = loss_fn(logits, y)
        loss.backward()
        now = (loss, logits, b, b.grad)
        for values, value in zip(kept.values(), now, strict=True):
            values.append(value.detach().clone())  # step() writes into b
        optimizer.step()
    run = {name: torch.stack(values) for name, values in kept.items()}
    return run | {"W": W.detach(), "b": b.detach()}


# %%
double = recorded(softmax_twice, X_8, y_8, n_biases=1)
true_losses = torch.stack([F.cross_entropy(logits, y_8) for logits in double["logits"]])
print("update  printed cost  true cross entropy  accuracy")
for i in range(0, 1001, 100):
    right = accuracy(double["logits"][i], y_8)
    print(f"{i:6}  {double['loss'][i]:12.6f}  {true_losses[i]:18.4f}  {right:8.1%}")

# %% [markdown]
# (The last line is a little below what we printed before the table: it is taken before the
# last update, that number after it.) The accuracy rises to seven of eight and stays. The
# probabilities go bad.

# %%
assert_close(double["W"], W_published)
published = torch.tensor([1.098612, 0.901535, 0.839114, 0.807826, 0.788472, 0.774822,
                          0.764449, 0.756191, 0.749398, 0.743671, 0.738749])
assert_close(double["loss"][::100], published, atol=1e-5, rtol=0)
ax = plots.learning_curves(
    {"printed cost (softmax twice)": double["loss"], "true cross entropy": true_losses},
    epochs=range(1001),
    baseline=("knows nothing, log 3", start),
)
_ = ax.set(ylim=(0, 1.8), xlabel="update")
assert double["loss"][-1] < double["loss"][0] and true_losses[-1] > true_losses[0]
assert [accuracy(double["logits"][i], y_8) for i in (0, -1)] == [0.25, 0.875]

# %% [markdown]
# **What you should see** The solid line, which the notes print, falls from beginning to
# end. The dashed line is the true cross entropy of the same model. It falls for a short
# while, turns, crosses the dotted line of knowing nothing, and rises on and on.
#
# Which example pays for that?

# %%
probs = torch.softmax(X_8 @ double["W"] + double["b"], dim=1)
for n in range(8):
    print(f"example {n + 1}  class {y_8[n]}  probability {probs[n, y_8[n]]:.4f}")

# %% [markdown]
# Example 5 has been given up. **The fix** is to delete one softmax: probabilities need a
# logarithm and nothing else. (`torch.log` is good enough for small logits;
# `F.cross_entropy` uses `log_softmax`, for the reasons of lab 1.)

# %%
def single_softmax_loss(logits, y):
    probs = torch.softmax(logits, dim=1)
    return (F.one_hot(y, 3) * -torch.log(probs)).sum(dim=1).mean()


once = recorded(single_softmax_loss, X_8, y_8, n_biases=1)
for i in range(0, 1001, 100):
    print(f"update {i:4}  loss {once['loss'][i]:.6f}")
published = torch.tensor([1.098612, 0.761050, 0.689991, 0.643229, 0.604117, 0.568255,
                          0.533922, 0.500291, 0.466908, 0.433507, 0.399962])
assert_close(once["loss"][::100], published, atol=1e-5, rtol=0)

# %% [markdown]
# The notes go on with a second loop, which calls `F.cross_entropy` on the logits, and
# present it as a shorter way to write the first. It prints the numbers that you have just
# seen, not those of the first loop. For years the two logs of "the same" training stood
# one below the other, different in every line but the first. One assert would have been
# enough.

# %%
library = recorded(F.cross_entropy, X_8, y_8, n_biases=1)
assert_close(once["loss"], library["loss"], atol=1e-5, rtol=0)  # all 1,001 of them
try:
    assert_close(double["loss"], library["loss"], atol=1e-5, rtol=0)
except AssertionError:
    print("caught: softmax twice is another loss")
else:
    raise RuntimeError("the two losses were taken for equal")

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
others = [n for n in range(8) if n != 4]
for ax, run, times in zip(axes, (double, library), ("twice", "once"), strict=True):
    probs = torch.softmax(run["logits"], dim=-1)  # (1001, 8, 3): update, example, class
    probs = probs[:, torch.arange(8), y_8]  # (1001, 8)
    ax.plot(range(0, 1001, 10), probs[::10, others], color="0.6", ls="-", lw=1)
    fifth = probs[::10, 4]
    ax.plot(range(0, 1001, 10), fifth, "C1--o", markevery=10, label="example 5")
    ax.set(title=f"softmax {times}", xlabel="update", ylim=(0, 1.02))
    assert probs[50, 4] < 0.1 and probs[50, others].min() > 0.3
    assert (probs[-1, 4] > 0.2) if times == "once" else (probs[-1, 4] < 1e-4)
axes[0].set_ylabel("probability of the right class")
_ = axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.3))

# %% [markdown]
# **What you should see** One line for each example: how much its right class gets. In both
# pictures example 5 (dashed, with dots) falls far below the seven others (grey) within
# the first fifty updates. Left, with softmax twice, it stays at 0. Right, with softmax
# once, it turns and climbs. Just before the last update the accuracy is the same for
# both.
#
# The mended loop still has `b = torch.zeros(1)`, the bias that cannot learn. Nobody seems
# to have reported that one.

# %% tags=["pitfall"]
own = recorded(F.cross_entropy, X_8, y_8, n_biases=3)
print("update  shared bias  one bias per class")
for i in range(0, 1001, 100):
    print(f"{i:6}  {library['loss'][i]:11.6f}  {own['loss'][i]:18.6f}")
for name, run in (("shared", library), ("own", own)):
    right = accuracy(run["logits"][-1], y_8)
    print(f"{name:6}  loss {run['loss'][-1]:.4f}  accuracy {right:.1%}")
assert library["b"].abs().max() < 1e-5 and library["bias_grad"].abs().max() < 1e-6
assert double["bias_grad"].abs().max() < 1e-6
assert_close(own["loss"][-1], torch.tensor(0.2482), atol=1e-4, rtol=0)
assert accuracy(own["logits"][-1], y_8) == 1

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
for k, dashes in enumerate(("-", "--", "-.")):
    left.plot(own["bias"][:, k], f"C{k}{dashes}", label=f"class {k}")
left.plot(library["bias"], "k:", label="shared")
left.set(xlabel="update", ylabel="bias", ylim=(-3, 5.5))
left.legend(fontsize="small", loc="upper left", ncols=2)
losses = {"shared": library["loss"][::10], "one per class": own["loss"][::10]}
plots.learning_curves(losses, right, epochs=range(0, 1001, 10))
_ = right.set_xlabel("update")

# %% [markdown]
# **What you should see** Left, three biases part, and the dotted one, which is shared,
# stays on 0. Right, every tenth loss: the two start at the same point, and the dashed
# one, with a bias for each class, is below ever after.
#
# Is it only a matter of patience? For these eight examples it is; for the thermostat it
# was not.

# %%
patient = recorded(F.cross_entropy, X_8, y_8, n_biases=1, n_updates=2002)
print(f"shared bias, 2002 updates: accuracy {accuracy(patient['logits'][-1], y_8):.0%}")
assert accuracy(patient["logits"][-1], y_8) == 1

# %% [markdown]
# At last the notes write the model as a class, and train it. A class keeps the layers, and
# `forward` says what to do with the input. `super().__init__()` prepares the model so
# that PyTorch finds its parameters.

# %%
class SoftmaxRegression(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.linear = nn.Linear(n_features, n_classes)

    def forward(self, X):
        return self.linear(X)  # logits (N, K)


def train_model(model, n_updates=1001):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses, accuracies = [], []
    for _ in range(n_updates):
        optimizer.zero_grad()
        logits = model(X_8)
        loss = F.cross_entropy(logits, y_8)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        accuracies.append(accuracy(logits, y_8))
    return losses[::100], accuracies[::100]  # updates 0, 100, ..., 1000


# %% [markdown]
# A new `nn.Linear` starts from random numbers, drawn from one long **stream** that
# `manual_seed` sets back to its beginning. Lab06 had used up a part of the stream before,
# for the examples of lab 2. To get its numbers we draw the same first.

# %%
published = [1.849513, 0.689894, 0.609258, 0.551218, 0.500141, 0.451947,
             0.405051, 0.358733, 0.312912, 0.269521, 0.241922]
torch.manual_seed(1)
torch.rand(3, 5)
torch.randint(5, (3,))
later_losses, later_accuracies = train_model(SoftmaxRegression(4, 3))

print("update  published  here")
for i, (theirs, ours) in enumerate(zip(published, later_losses, strict=True)):
    print(f"{100 * i:6}  {theirs:.6f}   {ours:.6f}")
assert_close(torch.tensor(later_losses), torch.tensor(published), atol=1e-5, rtol=0)

# %% [markdown]
# Compare the two columns digit by digit, at updates 200 and 900 for example. They agree,
# but perhaps not in the last digit: `float32` rounds after each operation, another
# processor or another version adds in another order, and hundreds of updates carry the
# difference on. That is why the tests of this course compare numbers with a
# **tolerance**, and never as text.
#
# *\[PyTorch\] Classifier* calls `manual_seed(1)` right before it makes the model, and
# prints its parameters. The same seed, the same class, the same data; another log, since
# the weights come from another place in the stream. A seed fixes the stream, not the
# model: set it right before the thing that it is to fix.

# %%
torch.manual_seed(1)
model = SoftmaxRegression(4, 3)
print(list(model.parameters()))
first_weight = model.linear.weight.detach().clone()
losses, accuracies = train_model(model)
print("update    loss  accuracy")
for i, (loss, right) in enumerate(zip(losses, accuracies, strict=True)):
    print(f"{100 * i:6}  {loss:.4f}  {right:8.1%}")

# %%
printed = torch.tensor([[0.2576, -0.2207, -0.0969, 0.2347],
                        [-0.4707, 0.2999, -0.1029, 0.2544],
                        [0.0695, -0.0612, 0.1387, 0.0247]])
assert_close(first_weight, printed, atol=6e-5, rtol=0)
expected = torch.tensor([1.6168, 0.6589, 0.5734, 0.5182, 0.4733, 0.4335,
                         0.3966, 0.3609, 0.3254, 0.2892, 0.2541])
assert_close(torch.tensor(losses), expected, atol=1e-4, rtol=0)
assert accuracies == [0.25, 0.625, 0.625, 0.625, 0.75, 0.75, 0.75,
                      0.875, 0.875, 0.875, 1.0]

# %% [markdown]
# The author wonders why the weights have shape (3, 4), and explains that the layer
# calculates with `weight.T()`. The reason is right, the brackets are not.

# %% tags=["pitfall"]
weight, bias = model.linear.weight.detach(), model.linear.bias.detach()
try:
    X_8 @ weight.T() + bias
except TypeError as error:
    print("TypeError:", error)
else:
    raise AssertionError("weight.T could be called")
assert_close(X_8 @ weight.T + bias, model(X_8))

# %% [markdown]
# `.T` is a property. It already is a tensor, and a tensor cannot be called like a
# function. This error is the friendly one. If D happens to equal K, a forgotten transpose
# raises none. Here with the first three features only:

# %% tags=["pitfall"]
square = nn.Linear(3, 3)  # D = K
X_3 = X_8[:, :3]
print("no error, shape", tuple((X_3 @ square.weight + square.bias).shape))
assert not torch.allclose(X_3 @ square.weight + square.bias, square(X_3))  # but wrong
assert_close(X_3 @ square.weight.T + square.bias, square(X_3))

# %% [markdown]
# The fifth note, [lab06.ipynb](https://github.com/Jaehooni/2022_Summer_D.Com_DeepLearning_Study/blob/main/lab06.ipynb),
# sets no seed, so nobody can draw its numbers again. But it prints them: the logarithms of
# the probabilities of three examples, and the labels 4, 0, 4. Log-probabilities *are*
# logits, whose softmax is those probabilities, so its loss follows from the table. (Only
# up to the last digit: the table is rounded.)

# %%
table = torch.tensor([[-1.8411, -1.4048, -2.2069, -1.5385, -1.3050],
                      [-1.5687, -1.5143, -1.6399, -1.6570, -1.6767],
                      [-1.4436, -1.3189, -1.7466, -1.5925, -2.1311]])
labels = torch.tensor([4, 0, 4])
probs = torch.softmax(table, dim=1)
print(probs)
print("by one-hot      ", -(F.one_hot(labels, 5) * probs.log()).sum(dim=1).mean())
print("by nll_loss     ", F.nll_loss(torch.log_softmax(table, dim=1), labels))
print("by cross_entropy", F.cross_entropy(table, labels), "published 1.6682")
assert_close(F.cross_entropy(table, labels), torch.tensor(1.6682), atol=1e-4, rtol=0)
assert_close(probs[0, :3], torch.tensor([0.1586, 0.2454, 0.1100]), atol=1e-4, rtol=0)

# %% [markdown]
# ### Why an example that is given up stays so
#
# *For whoever likes slopes. 8 minutes.* Softmax applied twice gives up an example for two
# reasons. **It is cheap**: the second softmax sees numbers from 0 to 1, so the best and
# the worst answer are exactly 1 nat apart. It is cheaper still to spread the blame over
# both wrong classes.

# %%
rows = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]])
class_0 = torch.zeros(3, dtype=torch.int64)
best, worst, shared_out = F.cross_entropy(rows, class_0, reduction="none")
print(f"certain and right {best:.4f}, certain and wrong {worst:.4f}, "
      f"shared out {shared_out:.4f}")
floor = (7 * best + shared_out) / 8
print(f"seven right, one given up: {floor:.4f}")
assert_close(worst - best, torch.tensor(1.0))
long = recorded(softmax_twice, X_8, y_8, n_biases=1, n_updates=10_010)
print(f"1,001 updates {double['loss'][-1]:.4f}, 10,010 updates {long['loss'][-1]:.4f}")
assert (long["loss"][1000::1000].diff() < 0).all()  # still falling,
assert floor < long["loss"][-1] < floor + 0.02  # and nearly there

# %% [markdown]
# (The rows are probabilities, and the loss takes them for logits: that is the bug.) The
# published cost is heading for that number. It will look like a model that has learned
# all it can.
#
# **There is no way back.** Let $p$ be the probabilities, $s$ the softmax of $p$, and $y$
# the one-hot label. The slopes of the doubled loss with respect to $p$ are $v = s - y$.
# If the logit $z_i$ rises, $p_i$ rises with the slope $p_i (1 - p_i)$, and every other
# $p_j$ falls with the slope $-p_i\, p_j$ (lab 1, *The slopes of softmax*). Slope times
# slope, added up over the classes:
#
# $$\begin{aligned}
# \text{slope in } z_i
# = v_i\, p_i (1 - p_i) - \sum_{j \ne i} v_j\, p_j\, p_i
# = p_i \Bigl( v_i - \sum_j p_j v_j \Bigr)
# \end{aligned}$$
#
# The factor in front says it: **the pull on a logit is multiplied by its own
# probability.** For example 5:

# %%
z5 = (X_8 @ double["W"] + double["b"])[4].requires_grad_()
truth = F.one_hot(y_8, 3)[4].float()
p = torch.softmax(z5, dim=0)
v = torch.softmax(p, dim=0) - truth
by_formula = p * (v - (p * v).sum())
loss = softmax_twice(z5.unsqueeze(0), y_8[4:5])
assert_close(by_formula, torch.autograd.grad(loss, z5)[0])
for k in range(3):
    print(f"class {k}  slope, softmax twice {by_formula[k]:7.4f}, "
          f"once {(p - truth)[k]:7.4f}")
assert by_formula[1].abs() < 1e-4 and (p - truth)[1] < -0.99

# %% [markdown]
# ### The slopes, for all examples at once
#
# *For whoever did exercise 5, or is stuck in it. 4 minutes.* The sum of formula (slope) is
# a matrix product: $X^{\mathsf T}$, of shape (D, N), times the errors, of shape (N, K).
# A slope always has the shape of its parameter. Does autograd agree, in both kinds of
# numbers, `float32` and the more precise `float64`?

# %%
generator = torch.Generator().manual_seed(0)
W_any = torch.randn(4, 3, generator=generator)
b_any = torch.randn(3, generator=generator)
for dtype in (torch.float32, torch.float64):
    W1, b1 = (t.to(dtype).clone().requires_grad_() for t in (W_any, b_any))
    X1 = X_8.to(dtype)
    W1_grad, b1_grad = torch.autograd.grad(F.cross_entropy(X1 @ W1 + b1, y_8), [W1, b1])
    errors = (torch.softmax(X1 @ W1 + b1, dim=1) - F.one_hot(y_8, 3)) / len(X1)
    assert_close(X1.T @ errors, W1_grad)
    assert_close(errors.sum(dim=0), b1_grad)
    print(dtype, tuple(W1_grad.shape), "agrees; each row sums to 0, up to rounding:",
          bool(W1_grad.sum(dim=1).abs().max() < 1e-6))

# %% [markdown]
# ### A learning rate that is too large, and nobody sees it
#
# *For whoever chooses learning rates. 10 minutes.* The published logs had one line in 100
# updates, and the loss fell from line to line. From one update to the next it does this:

# %%
fig, ax = plt.subplots(figsize=(6.4, 2.8))
ax.plot(range(480, 521), own["loss"][480:521], "-o", markersize=3, label="every update")
ax.plot(500, own["loss"][500], "k*", markersize=12, label="what the log shows")
ax.set(xlabel="update", ylabel="cross entropy (nats)")
_ = ax.legend(loc="upper right", bbox_to_anchor=(1, 1.2), ncols=2)
rises = own["loss"].diff() > 0
assert rises[480:520:2].all() != rises[481:520:2].all()  # up, down, up, down

# %% [markdown]
# **What you should see** A zigzag. The loss goes up and down with every single update. The
# star, the only point of the log in this range, lies on the upper line.
#
# Each update jumps across the valley and lands on the other side. In a valley with the
# shape of $\tfrac{1}{2} c\, x^2$ the slope is $c\,x$, so a step leads from $x$ to
# $(1 - \text{lr} \cdot c)\, x$. That is farther away than before if lr is above $2/c$.
# PyTorch can calculate $c$, how strongly the loss bends, in the steepest of all
# directions: the largest eigenvalue of the table of all second slopes (the **Hessian**).
# Here after 500 updates with a learning rate of 0.08:

# %%
def loss_of_all(flat):  # 12 weights and 3 biases in one row
    return F.cross_entropy(X_8 @ flat[:12].reshape(4, 3) + flat[12:], y_8)


calm = recorded(F.cross_entropy, X_8, y_8, n_biases=3, lr=0.08, n_updates=500)
flat = torch.cat([calm["W"].flatten(), calm["b"]])
hessian = torch.autograd.functional.hessian(loss_of_all, flat)  # (15, 15)
limit = 2 / torch.linalg.eigvalsh(hessian).max()
print(f"largest stable learning rate: {limit:.3f}")
assert 0.08 < limit < 0.1
longer = recorded(F.cross_entropy, X_8, y_8, n_biases=3, lr=0.08)
assert (longer["loss"].diff()[480:520] < 0).all()
ends = [run["loss"][-1] for run in (own, longer)]
print(f"loss at the end: lr 0.1 {ends[0]:.4f}, lr 0.08 {ends[1]:.4f}")

# %% [markdown]
# The calm one is higher at the end, since shorter steps get less far. So the zigzag did no
# harm here. It is a warning that nobody could see in the log.
#
# **Rule** Look at the loss of every update at least once.
#
# The scale of the features counts as well:

# %% slideshow={"slide_type": "fragment"}
lab05.times_ten.ask()

# %% slideshow={"slide_type": "fragment"}
for factor in (1, 10):
    W_t, b_t = torch.zeros(2, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    loss = train(factor * X, y, W_t, b_t, n_updates=20)
    print(f"features times {factor:2}: loss after 20 updates {loss:.2f}")
lab05.times_ten.result()

# %% [markdown]
# 4, 7 and 9 with five learning rates. The axis of the loss is logarithmic, so that large
# losses fit on it.

# %% tags=["ignore-figures", "differs=rounding"]
fig, axes = plt.subplots(1, 5, figsize=(9, 2.6), sharey=True)
losses = []
for ax, lr in zip(axes, (0.01, 0.1, 1.0, 10.0, 100.0), strict=True):
    run = recorded(F.cross_entropy, X, y, n_biases=3, lr=lr, n_updates=100)
    losses.append(run["loss"])
    ax.plot(run["loss"], linewidth=1.3)
    ax.axhline(start, color="black", linestyle=":", linewidth=1.2)
    ax.set(title=f"lr = {lr:g}", xlabel="update", yscale="log")
_ = axes[0].set_ylabel("cross entropy (nats)")

slow, tenth, one, jumps, thrown = losses
assert all(loss.diff().max() < 1e-5 for loss in (slow, tenth, one))  # they fall
assert slow.diff()[-1] < -1e-3 and slow[-1] > tenth[-1] > one[-1]
assert jumps.argmin() < 10 and jumps[10:].min() > one[-1]
assert 10 < (jumps[50:].diff() > 0).sum() < 40  # up about as often as down
assert thrown[1] > 5 * start and thrown[1:].min() > start

# %% [markdown]
# **What you should see** Five losses; the dotted line is $\log 3$. With 0.01 the loss
# falls slowly and is not done. With 0.1 and 1 it falls evenly and faster. With 10 it falls,
# turns, and then jumps up and down a little, higher than with 1. With 100 it is thrown
# far above the dotted line, and stays there.
#
# (Even so it does not grow without end. No entry of $p - y$ is larger than 1, so the
# length of an update is limited.)
#
# Find the largest learning rate that still falls evenly. The slider sets the power of
# ten: 0 means 1, 2 means 100.

# %%
def draw(power):
    run = recorded(F.cross_entropy, X, y, 3, lr=10**power, n_updates=100)
    left, right = plt.subplots(1, 2, figsize=(8, 3.4))[1]
    plots.learning_curves({"loss": run["loss"]}, left, epochs=range(100),
                          baseline=("log 3", start))
    left.set(title=f"lr = {10**power:.3g}", xlabel="update", ylim=(0, 3))
    W, b = run["W"], run["b"]
    plots.decision_regions(lambda X: (X @ W + b).argmax(dim=1), X, y, right)
    right.set(xlabel="feature 1", ylabel="feature 2")


plots.slider(draw, power=(-3.0, 2.0, 0.0))

# %% [markdown]
# ### A second opinion
#
# *For whoever compares models; lab 10 comes back to it. 8 minutes.* scikit-learn's
# `LogisticRegression` fits softmax regression, too, by another method than ours.
# `C=float("inf")` switches off its penalty on large weights. We take 4, 7 and 9, whose
# classes overlap. The eight examples would not do: straight borders part them, so their
# weights would grow for ever. On our side: an `nn.Linear` with a random start, in
# `float64`, so that rounding does not spoil the comparison.

# %%
from sklearn.linear_model import LogisticRegression

X_64 = X.double()
oracle = LogisticRegression(C=float("inf"), tol=1e-10, max_iter=1000)
oracle.fit(X_64.numpy(), y.numpy())

torch.manual_seed(0)
model = nn.Linear(2, 3, dtype=torch.float64)
start_sum = model.weight.sum(dim=0).detach()
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
for _ in range(3000):
    optimizer.zero_grad()
    F.cross_entropy(model(X_64), y).backward()
    optimizer.step()

# %%
with torch.no_grad():
    probs = torch.softmax(model(X_64), dim=1)
theirs = torch.tensor(oracle.predict_proba(X_64.numpy()))
assert_close(probs, theirs, atol=1e-5, rtol=0)
print("all 1,620 probabilities agree to 5 digits. And the weights?")
ours, theirs = model.weight.detach(), torch.tensor(oracle.coef_)
print("ours\n", ours)
print("scikit-learn\n", theirs)
print("ours minus theirs\n", ours - theirs)

# %% [markdown]
# (`predict_proba` returns the probabilities, shape (N, K).) Not one weight is the same. But
# the three rows of the difference are: add one and the same row to the weights of *every*
# class, and the logits of an example all move by the same number. That is the common
# shift again. No loss can tell the two models apart. To compare weights, remove what
# cannot be known: subtract the mean over the classes.

# %%
assert_close(ours - theirs, (ours - theirs)[0].expand(3, 2), atol=1e-4, rtol=0)
assert_close(ours - ours.mean(dim=0), theirs - theirs.mean(dim=0), atol=1e-4, rtol=0)
b_ours, b_theirs = model.bias.detach(), torch.tensor(oracle.intercept_)
assert_close(b_ours - b_ours.mean(), b_theirs - b_theirs.mean(), atol=1e-4, rtol=0)
print("weights and biases agree up to a common shift")

# %% [markdown]
# (`expand(3, 2)` repeats a row three times.) Our shift comes from the random start. The
# slopes of the classes sum to 0, so no update ever changes the sum of the weights over
# the classes. scikit-learn starts from zeros, and its sum is 0 still.

# %%
assert_close(model.weight.sum(dim=0).detach(), start_sum)
print("ours, first and last:", start_sum, model.weight.sum(dim=0).detach())
print("scikit-learn's sum is 0:", bool(theirs.sum(dim=0).abs().max() < 1e-6))

# %% [markdown]
# So of the $(D + 1) K$ parameters only $(D + 1)(K - 1)$ matter. One class could be fixed
# at 0 without any harm. For K = 2, that leaves logistic regression.
#
# **Rule** Compare probabilities, and weights only without their common shift.
#
# ### Two classes: one logit or two?
#
# *For readers of lab 9, and of exercise 6. 8 minutes.* Softmax over two logits is the
# sigmoid of their difference. For a linear model that difference is itself a weighted
# sum:
#
# $$\begin{aligned}
# p_1 = \sigma(z_1 - z_0), \qquad
# z_1 - z_0 = (w_1 - w_0) \cdot x + (b_1 - b_0)
# \end{aligned} \tag{two classes}$$
#
# So softmax regression with two classes **is** logistic regression, with the weights
# $w_1 - w_0$. We take the exam scores of lab 4's published data and give both models the
# same start. (`two.weight[1:]` is the last row, kept as a table of shape (1, 3).)

# %%
X_exam = torch.tensor(
    [[1, 2, 2], [2, 3, 1], [3, 1, 1], [4, 3, 5], [5, 3, 6], [6, 2, 4]],
    dtype=torch.float64,
)
y_exam = torch.tensor([0, 0, 0, 1, 1, 1])


def same_start():
    torch.manual_seed(0)
    two = nn.Linear(3, 2, dtype=torch.float64)
    one = nn.Linear(3, 1, dtype=torch.float64)
    with torch.no_grad():
        one.weight.copy_(two.weight[1:] - two.weight[:1])  # (1, 3)
        one.bias.copy_(two.bias[1:] - two.bias[:1])
    return two, one


two, one = same_start()
assert_close(torch.softmax(two(X_exam), dim=1)[:, 1:], torch.sigmoid(one(X_exam)))

# %% [markdown]
# The probabilities agree. Do the models also *learn* alike, with plain SGD and the same
# learning rate?

# %%
def curve(model, loss_of, lr, n_updates=100):
    """Return the losses and the weights of one logit, before every update."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses, weights = [], []
    for _ in range(n_updates):
        w = model.weight.detach().clone()
        weights.append(w if len(w) == 1 else w[1:] - w[:1])
        optimizer.zero_grad()
        loss = loss_of(model(X_exam))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, torch.stack(weights)


def loss_two(logits):
    return F.cross_entropy(logits, y_exam)


def loss_one(logits):
    return F.binary_cross_entropy_with_logits(logits.flatten(), y_exam.double())


# %%
losses_two, weights_two = curve(two, loss_two, lr=0.05)
losses_slow, _ = curve(one, loss_one, lr=0.05)
print(f"after 99 updates: two logits {losses_two[-1]:.4f}, one {losses_slow[-1]:.4f}")
assert all(losses_two[i] < losses_slow[i] for i in range(1, 100))

# %% [markdown]
# Two logits are faster. Let $g = p_1 - y$. With one logit an update moves its weights by
# $-\text{lr} \cdot g\,x$. With two logits the slopes are $g$ for class 1 and $-g$ for
# class 0. **Both** move, in opposite directions, so the difference $w_1 - w_0$ moves by
# $-2\,\text{lr} \cdot g\,x$: twice as far. So one logit with *twice* the learning rate
# must follow two logits step by step.

# %%
losses_one, weights_one = curve(same_start()[1], loss_one, lr=0.1)
assert_close(weights_two, weights_one)
print("the same weights before each of 100 updates")

# %%
ax = plots.learning_curves({
    "two logits, lr 0.05": losses_two,
    "one logit, lr 0.1": losses_one,
    "one logit, lr 0.05": losses_slow,
}, epochs=range(100))
ax.lines[0].set(linewidth=7, alpha=0.4)
ax.legend()
_ = ax.set(ylim=(0, None), xlabel="update")

# %% [markdown]
# **What you should see** Three losses from the same start. The dashed line, one logit at
# 0.1, runs exactly inside the broad line, two logits at 0.05. The third, one logit at
# 0.05, is behind them all the way.
#
# So "two logits learn faster" is true and means nothing. It is a learning rate in
# disguise. (All this is about plain SGD. Other optimizers choose the length of the step
# themselves.)
#
# **Rule** Two models, or one with two learning rates? Ask this before you compare.
#
# ### Two more questions
#
# *For whoever wants to be sure. 4 minutes.*

# %% slideshow={"slide_type": "slide"}
lab05.per_example.ask()

# %% slideshow={"slide_type": "fragment"}
b_rows = torch.zeros(8, 1, requires_grad=True)
F.cross_entropy(X_8 @ torch.ones(4, 3) + b_rows, y_8).backward()
print("all slopes are 0:", bool((b_rows.grad.abs() < 1e-6).all()))
lab05.per_example.result()

# %% [markdown]
# And if a class is there twice?

# %% slideshow={"slide_type": "slide"}
lab05.copied.ask()

# %% slideshow={"slide_type": "fragment"}
for z in (torch.tensor([2.0, 1.0, 0.0]), torch.tensor([2.0, 1.0, 0.0, 2.0])):
    p = torch.softmax(z, dim=0)
    print(f"second {p[1]:.3f}, third {p[2]:.3f}, ratio {p[1] / p[2]:.3f}")
lab05.copied.result()
