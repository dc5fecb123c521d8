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
# # 10. MNIST, many digits
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/10_mnist_multiclass.ipynb)
#
# All ten digits at last. Training such a model takes five lines, and you know all of
# them. So most of this lab is about what comes after: reading what a classifier has
# learned, what it confuses, and whether its probabilities can be believed. You will meet
# a model that gets better and worse at the same time, and repair it with a single number.
#
# **You will be able to**
#
# * train a classifier for any number of classes, with one-hot targets or class indices;
# * compare models fairly, on validation images and over several seeds;
# * read a confusion matrix, and calculate precision and recall of each class;
# * look at the weights of a linear model and see what it looks for;
# * test whether "90% sure" is right 90 times in 100, and mend it if not;
# * recognise three bugs of ten-class models by their symptoms;
# * choose distribution, loss and target for a new kind of data.
#
# **Needs** Labs 1 to 8: softmax and its temperature, cross entropy, `nn.Linear`, the
# three-way split of lab 7, `batches` and `fit` of lab 8.
#
# **Takes** 90 minutes to read and run, 45 more for the exercises and the quiz.

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
from sklearn import calibration, metrics
from torch import distributions, nn
from torch.testing import assert_close

from course_utils import plots, training
from course_utils.data import load_mnist
from course_utils.exercises import lab10

plt.style.use("course_utils.course")

# %% [markdown]
# ## 1. Three digits: one-hot or index
#
# First the published experiment, with the digits 0, 1 and 2. Compared with two digits
# (lab 7) little changes. The last layer has one output per class, and the loss is
# `F.cross_entropy` of the logits.
#
# The notes run it twice. Once `y` is a one-hot table; they call this the code of
# "somebody who knows statistics and not PyTorch". Once `y` holds class indices; that is
# the code of "somebody who knows PyTorch". Labs 2 and 3 have shown that both give the
# same loss. Do they also *train* the same model?

# %%
mnist = load_mnist(digits=(0, 1, 2), validation=0, order="class")
X_three, y_three = mnist.train
one_hot = F.one_hot(y_three, num_classes=3).float()
print(mnist.describe())
print("X", tuple(X_three.shape), "images of each digit:", y_three.bincount().tolist())
for name, target in (("index", y_three), ("one-hot", one_hot)):
    print(f"{name:8}", target.dtype, tuple(target.shape))


# %%
def train_three(target):
    torch.manual_seed(43052)
    model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(model.parameters())
    losses = []
    for _ in range(100):
        logits = model(X_three)
        loss = F.cross_entropy(logits, target)
        loss.backward()
        if not losses:  # the first time: keep a copy of the gradient
            grads = [p.grad.clone() for p in model.parameters()]
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return model, logits.detach(), losses, grads


# %% [markdown]
# As in the notes, each update uses all images (so an epoch is one update), and the
# accuracy comes from the logits of the *last forward pass*, before the last update.
# (Adam chooses the step for each parameter, as in lab 7.)
#
# **Predict** The first loss of an untrained model with three classes: about which number?

# %%
runs = {name: train_three(t) for name, t in (("index", y_three), ("one-hot", one_hot))}
for name, (_, logits, losses, _) in runs.items():
    accuracy = training.accuracy(logits, y_three)
    print(f"{name:8} first loss {losses[0]:.4f}, last {losses[-1]:.4f}, "
          f"accuracy {accuracy:.4f}")
    if mnist.source != "embedded":
        assert_close(accuracy, 0.9827, atol=5e-5, rtol=0)

# %% [markdown]
# The first loss is near ln 3, that of a model without any opinion. The two runs print the
# same numbers. Now without looking: all 100 losses, and all slopes of the first update.

# %%
assert_close(runs["index"][2], runs["one-hot"][2], atol=1e-5, rtol=0)
assert_close(runs["index"][3], runs["one-hot"][3], atol=1e-6, rtol=1e-4)
assert abs(runs["index"][2][0] - 1.0986) < 0.02  # ln 3
print("the same 100 losses, the same first gradient")

# %% [markdown]
# "Completely the same code", say the notes, and that is true. Then which one? The index
# stores one whole number per image where one-hot stores K decimal numbers, and `argmax`
# and `accuracy` want it anyway. One-hot rows are needed for targets that *are* not a
# single class, such as the opinions of several people (lab 3).
#
# **A small piece of detective work.** The notes also print the logits of six images, and
# do not say which images. If our model is theirs, then these six rows must be somewhere
# among ours. `torch.cdist` compares each row of one table with each row of another; with
# `p=inf` it gives the largest of the three differences.

# %%
published = torch.tensor([
    [4.4836, -4.5924, -3.4632], [1.9839, -3.4456, 0.3030], [5.9082, -7.5250, -0.7634],
    [-0.8089, -0.8294, 0.6012], [-2.1901, -0.4458, 0.7465], [-1.6856, -2.2825, 5.1892],
])
model, logits_before, _, _ = runs["index"]
logits_after = model(X_three).detach()
for name, logits in (("before", logits_before), ("after", logits_after)):
    nearest = torch.cdist(published, logits, p=float("inf")).min(dim=1).values
    found = int((nearest < 6e-5).sum())
    print(f"{name:6} the last update: {found} of the 6 rows are among ours")
    if mnist.source != "embedded":
        assert found == (6 if name == "after" else 0)

# %% [markdown]
# With the full data set all six are there, to every printed digit, but only *after* the
# last update. (The embedded images are others; none of them fits.) So the notes print an
# accuracy from before the last update and logits from after it. Here it makes no
# difference to the accuracy. Lab 4 has shown that it can.
#
# Which image leaves this model most undecided? `max(dim=1).values` is the probability of
# the predicted class, which is called the **confidence** of the model.

# %%
probs = torch.softmax(logits_after, dim=1)
confidence = probs.max(dim=1).values
i = confidence.argmin()
fig, axes = plt.subplots(1, 3, figsize=(8, 2.6))
fig.get_layout_engine().set(wspace=0.1)  # more room between the panels
plots.image_grid(X_three[i], [f"true {y_three[i]}"], axes[:1])
axes = plots.logits_and_probs(logits_after[i], probs[i], axes[1:])

# %% [markdown]
# **What you should see** Left the training image that is most doubtful to the model, with
# its true digit. In the middle its three logits, right its probabilities. At least two of
# them are close to each other: the model cannot decide.

# %%
top_two = probs[i].topk(2).values
assert confidence.min() < 0.6 and top_two[0] - top_two[1] < 0.2

# %% [markdown]
# (`topk(2)` gives the two largest values and, as `.indices`, their positions.)

# %% [markdown]
# ## 2. Ten digits: choose on validation
#
# Now all ten. We train on 2,000 images only. That is quick, and it makes visible what
# later sections are about. `torch.randperm` puts numbers into a random order, and we take
# the first 2,000. The validation images are for choosing. **The test images stay closed
# until section 8.**

# %%
mnist = load_mnist()
order = torch.randperm(len(mnist.train.y), generator=torch.Generator().manual_seed(0))
X, y = mnist.train.X[order[:2000]], mnist.train.y[order[:2000]]
X_val, y_val = mnist.validation
for name, digits in (("train", y), ("validation", y_val)):
    counts = digits.bincount().tolist()
    print(f"{name:10} {len(digits):4} images, of each digit {counts}")
print(f"always answer 1: accuracy {(y_val == 1).float().mean():.4f}")

# %% [markdown]
# With ten classes of about the same size the baseline is about one tenth, and a model
# that knows nothing pays ln 10, about 2.3 nats.
#
# Two models compete. **Linear** is softmax regression (lab 5): a weighted sum of the
# pixels for each digit. **MLP** has a hidden layer of 128 units. (The letters mean
# "multi-layer perceptron", which is the old name for a network of linear layers with
# something like ReLU between them.) Both end in logits. `fit` and `batches` are those of
# lab 8, and so is the device.

# %%
device = training.pick_device()


def make_model(kind):
    if kind == "linear":
        return nn.Linear(784, 10)
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def trained(kind, lr, seed, n_epochs=10, **options):
    torch.manual_seed(seed)
    model = make_model(kind).to(device)
    loader = training.batches(X.to(device), y.to(device), 128, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history = training.fit(model, loader, F.cross_entropy, optimizer,
                           n_epochs=n_epochs, progress=False, **options)
    return model, history


# %% [markdown]
# (`**options` hands further named arguments on to `fit`.)
#
# A fair comparison gives each model its own best learning rate, and more than one seed.
# **Predict** What matters more: the hidden layer or the learning rate?

# %% tags=["nbval-rtol=2e-2"]
validation = [(X_val.to(device), y_val.to(device))]
grid = {"linear": (0.001, 0.01, 0.1), "MLP": (0.0003, 0.003, 0.03)}
mean_loss, best_seed = {"linear": {}, "MLP": {}}, {}
for kind, learning_rates in grid.items():
    for lr in learning_rates:
        models = [trained(kind, lr, seed)[0] for seed in range(3)]
        results = [training.run_epoch(m, validation, F.cross_entropy) for m in models]
        losses, accs = zip(*results, strict=True)
        mean_loss[kind][lr], best_seed[kind, lr] = sum(losses) / 3, max(accs)
        print(f"{kind:6} lr {lr:6.4f}  mean loss {mean_loss[kind][lr]:.4f}, "
              f"accuracy from {min(accs):.4f} to {max(accs):.4f}")
assert best_seed["MLP", 0.03] > best_seed["MLP", 0.003]

# %%
best_lr = {kind: min(losses, key=losses.get) for kind, losses in mean_loss.items()}
print("chosen:", best_lr)
assert best_lr == {"linear": 0.01, "MLP": 0.003}
at_best = {kind: min(losses.values()) for kind, losses in mean_loss.items()}
assert at_best["MLP"] < at_best["linear"] < max(mean_loss["MLP"].values())
gain = at_best["linear"] - at_best["MLP"]
for kind, losses in mean_loss.items():  # worst learning rate minus best
    assert max(losses.values()) - at_best[kind] > gain

# %% [markdown]
# (`zip(*results)` makes of many pairs two long lists, one of losses, one of accuracies.)
#
# Each at its best, the MLP wins. But a bad learning rate costs more than the hidden layer
# gains: the linear model at its best beats the MLP with a badly chosen one. Whoever tunes one model and not the other can "prove" what he
# likes. And look at the last row: its loss is much larger than in the row above, and yet
# its best seed has the higher accuracy. Section 6 is about that.
#
# We train one of each kind, with `fit` noting the validation loss after every epoch.

# %%
linear, linear_history = trained("linear", best_lr["linear"], 0, validation=validation)
mlp, mlp_history = trained("MLP", best_lr["MLP"], 0, validation=validation)

# %% tags=["slide"]
fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
for ax, history in zip(axes, (linear_history, mlp_history), strict=True):
    curves = {"training": history["loss"], "validation": history["val_loss"]}
    plots.learning_curves(curves, ax)
axes[0].set(title="linear", ylim=(0, 2.4))
_ = axes[1].set(title="MLP", ylabel="")

# %% [markdown] tags=["slide-more"]
# **What you should see** All four curves fall below 2.3, the loss of knowing nothing, in
# the first epoch. Left, the linear model. Right, the MLP: its training loss (solid) goes
# on falling, while its validation loss (dashed) is level in the second half. The gap
# between the two is what it has learned by heart. (During the first epoch the training
# loss is the larger one: `fit` takes it while the model still changes, the validation
# loss afterwards.)

# %%
assert mlp_history["loss"][-1] < 0.12 < 0.2 < mlp_history["val_loss"][-1]

# %% [markdown] tags=["slide"]
# ## 3. What the linear model looks for
#
# A linear model can be read. Each logit is a sum over the pixels, pixel times weight:
#
# $$\begin{aligned} z_k = b_k + \sum_{d=1}^{784} x_d\, W_{dk} \end{aligned}$$
#
# So the 784 weights of a digit can be drawn as an image, its **template**: where ink
# speaks for this digit, and where against it. (`nn.Linear` keeps them as rows, one per
# digit.) One thing first. Lab 5 showed that a common
# shift of all classes cannot be seen in any probability. So we remove it: from every
# pixel we subtract the mean weight over the ten digits.

# %%
@torch.no_grad()
def logits_of(model, X):
    model.eval()
    return model(X.to(device)).cpu()


weight, bias = linear.weight.detach().cpu(), linear.bias.detach().cpu()  # (10, 784)
templates = weight - weight.mean(dim=0)
probs = torch.softmax(X_val @ templates.T + bias, dim=1)
assert_close(probs, torch.softmax(logits_of(linear, X_val), dim=1), atol=1e-5, rtol=0)

# %% [markdown] tags=["slide"]
# **Predict** Will the template of the 0 look like a 0?

# %% tags=["slide-more"]
fig, axes = plt.subplots(2, 5, figsize=(8, 3.6))
axes = plots.image_grid(templates, list("0123456789"), axes, signed=True)

# %% [markdown] tags=["slide-more"]
# **What you should see** Ten templates, one per digit; red where ink speaks for the
# digit, blue where it speaks against it. The 0 has a blue middle: a 0 is recognised above
# all by the ink that is *not* there. The 1 has a red stroke with blue on both sides. The
# others are harder to read, and the margin round the digits is pale.
#
# A template is not a picture of the digit. It is what tells this digit from the other
# nine. What all digits have in common it leaves out. Where are the darkest spots? We take
# the ten pixels with the largest weights, and ask in how many images they have ink.

# %%
strongest = templates.abs().max(dim=0).values.topk(10).indices
inked = (X > 0).float().mean(dim=0)  # share of the images with ink, per pixel
print(f"the ten strongest pixels {inked[strongest].mean():.1%}, "
      f"all pixels {inked.mean():.1%}")
assert inked[strongest].mean() < 0.25 * inked.mean()

# %% [markdown]
# Where ink is rare! Few training images decide about such a pixel, and the model gives it
# the largest weights. That can be learning by heart.
#
# **The pale margin** deserves a look, too. Pale is not 0. **Predict** How far does training
# move the weight of a pixel that is white in every training image?

# %%
never_inked = X.max(dim=0).values == 0  # (784,)
torch.manual_seed(0)
start = nn.Linear(784, 10).weight.detach()  # the same seed: the same start
print("pixels without ink in all 2,000 images:", int(never_inked.sum()))
for name, pixels in (("these", never_inked), ("the others", ~never_inked)):
    moved = (weight[:, pixels] - start[:, pixels]).abs().max()
    print(f"largest change of a weight, {name}: {moved:.4f}")
assert weight[:, never_inked].equal(start[:, never_inked])
assert not weight[:, ~never_inked].equal(start[:, ~never_inked])

# %% [markdown]
# Not at all. The slope of a weight is error times input (lab 4), and the input is always
# 0. So these weights are still the random numbers of the start. They do nothing, until an
# image comes that has ink there. Then the model adds random numbers to its logits, and
# nobody has ever tested that. (`~` turns True into False and back.)
#
# **Why 4 and not 9?** Only differences of logits count. So the question has a picture as
# its answer: the pixels, times the *difference* of the two templates.

# %%
i = int((y_val == 4).nonzero()[0])  # the first 4 of the validation images
difference = templates[4] - templates[9]
votes = X_val[i] * difference
logit_difference = logits_of(linear, X_val[i : i + 1])[0, [4, 9]]
assert_close(votes.sum() + bias[4] - bias[9], logit_difference[0] - logit_difference[1],
             atol=1e-4, rtol=1e-4)

# %% tags=["slide"]
fig, axes = plt.subplots(1, 3, figsize=(7, 2.8))
plots.image_grid(X_val[i], ["the image"], axes[:1])
plots.image_grid(difference, ["template 4 minus 9"], axes[1:2], signed=True)
axes = plots.image_grid(votes, ["image times difference"], axes[2:], signed=True)
fig.text(0.99, 0.02, f"sum {votes.sum():.2f}", ha="right")
print(f"for 4: {votes[votes > 0].sum():.2f}, for 9: {votes[votes < 0].sum():.2f}")

# %% [markdown] tags=["slide-more"]
# **What you should see** A 4 on the left. In the middle the difference of two templates:
# red is where ink speaks for 4, blue where it speaks for 9. Right, the votes of this
# image, only where it has ink. The sum below it, together with the two biases, is the
# difference of the two logits. The strongest votes for 9, dark blue, lie at the top end
# of the right-hand stroke: there the arc that closes a 9 would be.
#
# (`nonzero()` lists the positions at which something is true.) An MLP has no such
# picture: its sums go through ReLU and are summed again.

# %% [markdown]
# ## 4. The confusion matrix
#
# Accuracy says how many answers are wrong. It does not say *which*. For that we count all
# pairs (true digit, predicted digit) in a table with one row per true digit and one column
# per predicted one. It is called the **confusion matrix**. First as a plain loop:

# %%
logits_val = logits_of(mlp, X_val)
y_pred = logits_val.argmax(dim=1)

confusion = torch.zeros(10, 10, dtype=torch.int64)
for true, predicted in zip(y_val.tolist(), y_pred.tolist(), strict=True):
    confusion[true, predicted] += 1

# %% [markdown]
# Without a loop: ten times the true digit plus the predicted one is a number from 0 to
# 99, different for each pair. `bincount` counts those. `minlength=100` asks for 100
# counts, even if the last pairs never occur, and `reshape` makes a table of them.

# %%
counted = (10 * y_val + y_pred).bincount(minlength=100).reshape(10, 10)
oracle = metrics.confusion_matrix(y_val.numpy(), y_pred.numpy())
assert counted.equal(confusion)
assert confusion.equal(torch.from_numpy(oracle))

# %% [markdown] tags=["slide"]
# Three ways, one table, and the last is scikit-learn's. In the picture the colours end at
# the largest *mistake*, otherwise only the diagonal would have a colour.
#
# **Predict** Which two digits will be confused most often?

# %% tags=["slide-more"]
mistakes = confusion - confusion.diag().diag()  # the diagonal is set to 0
fig, ax = plt.subplots(figsize=(7, 4.2))
plots.number_table(confusion, ax, digits=0, vmax=int(mistakes.max()))
_ = ax.set(xlabel="predicted digit", ylabel="true digit", title="number of images")

# %% [markdown] tags=["slide-more"]
# **What you should see** A table of ten rows and ten columns. The diagonal is dark: there
# prediction and truth agree. Off the diagonal most cells are pale, and a few stand out.
# The table is not symmetric: a digit may be taken for another much more often than the
# other way round.
#
# (`diag()` of a table is its diagonal, and `diag()` of a list is a table with that
# diagonal.) The three most frequent mistakes:

# %% tags=["nbval-rtol=2e-2"]
top = mistakes.flatten().sort(descending=True, stable=True).indices[:3]
for position in top.tolist():
    true, predicted = position // 10, position % 10
    share = mistakes[true, predicted] / confusion[true].sum()
    print(f"a {true} taken for a {predicted}: {share:.1%} of all {true}s")
print(f"mistakes in all: {mistakes.sum() / len(y_val):.1%}")

# %% [markdown] tags=["slide"]
# (A position in the flat list is ten times the row plus the column. `//` and `%`, whole
# division and its rest, take it apart. `stable=True` keeps the order of equal numbers.)
#
# Two questions can be put to each digit, and they are often mixed up.
#
# * **Recall**: of all true 4s, how many were found? Diagonal divided by the sum of the
#   *row*.
# * **Precision**: of all answers "4", how many are right? Diagonal divided by the sum of
#   the *column*.

# %%
recall = confusion.diag() / confusion.sum(dim=1)
precision = confusion.diag() / confusion.sum(dim=0)
labels, said = y_val.numpy(), y_pred.numpy()
oracle = metrics.recall_score(labels, said, average=None)
assert_close(recall.double(), torch.from_numpy(oracle), atol=1e-6, rtol=0)
oracle = metrics.precision_score(labels, said, average=None)
assert_close(precision.double(), torch.from_numpy(oracle), atol=1e-6, rtol=0)

# %% tags=["slide-more"]
fig, axes = plt.subplots(2, 1, figsize=(6.4, 4), sharex=True)
plots.bars(recall, axes[0], ylabel="recall")
plots.bars(precision, axes[1], ylabel="precision", color="C4")
for ax in axes:
    ax.set_ylim(0.5, 1.08)
_ = axes[1].set_xlabel("digit")

# %% [markdown] tags=["slide-more"]
# **What you should see** Above the recall of each digit, below its precision. (The axes
# begin at one half.) The 0 and the 1 are found nearly always. Some digits have a tall bar
# in one panel and a short one in the other: the model says them too rarely, or too
# readily.

# %%
assert min(recall[0], recall[1]) > recall.median()
accuracy = confusion.diag().sum() / confusion.sum()
shares = confusion.sum(dim=1) / confusion.sum()
assert_close(accuracy, (shares * recall).sum())
assert_close(accuracy.item(), training.accuracy(logits_val, y_val))

# %% [markdown]
# The accuracy is the mean of the recalls, weighted by how common each digit is. So for a
# rare class the recall may be 0, and the accuracy hardly shows it.
#
# **Nearly right.** How often is the true digit among the best *two* guesses?
# `topk(k, dim=1)` gives the k best columns of each row, shape (N, k), and we ask whether
# `any` of them is the label. This is **top-k accuracy**.

# %% tags=["nbval-rtol=2e-2"]
for k in (1, 2, 3):
    best = logits_val.topk(k, dim=1).indices  # (N, k)
    hit = (best == y_val.unsqueeze(1)).any(dim=1)
    print(f"top-{k} accuracy {hit.double().mean():.4f}")
    oracle = metrics.top_k_accuracy_score(labels, logits_val.numpy(), k=k)
    assert_close(hit.double().mean().item(), float(oracle))
assert hit.double().mean() > 0.97

# %% [markdown]
# Most wrong answers have the right one in second or third place. That is worth knowing if
# a person looks at the list, and it is the usual measure where there are a thousand
# classes.

# %% [markdown]
# ## 5. The images it gets most wrong
#
# The loss of each single image tells where to look. `reduction="none"` keeps all of them.

# %% tags=["slide"]
losses = F.cross_entropy(logits_val, y_val, reduction="none")  # (N,)
probs_val = torch.softmax(logits_val, dim=1)
worst = losses.argsort(descending=True)[:16]
titles = [f"{y_val[i]}, said {y_pred[i]}\n{losses[i]:.1f} nats" for i in worst]
axes = plots.image_grid(X_val[worst], titles)

# %% [markdown] tags=["slide-more"]
# **What you should see** Sixteen validation images with the true digit, what the model
# said, and the loss. Some would be hard for you, too. Others are perfectly clear to a
# person, but written in an unusual way: slanted, thick, with a foot or a loop. The model
# has seen only 2,000 images, and none like these.
#
# And on most of them the model was *sure*. **Predict** The loss is a mean over all
# validation images. What part of it comes from the worst hundredth of them? From the worst
# tenth?

# %% tags=["nbval-rtol=2e-2", "slide-more"]
share = losses.sort(descending=True).values.cumsum(dim=0) / losses.sum()
for part in (0.01, 0.1):
    print(f"worst {part:.0%} of the images: {share[round(part * len(losses)) - 1]:.1%}")
print(f"median loss {losses.median():.3f}, mean loss {losses.mean():.3f}")
assert share[len(losses) // 10 - 1] > 0.7 and losses.mean() > 5 * losses.median()

# %%
fig, ax = plt.subplots(figsize=(5.6, 3))
ax.plot(torch.linspace(0, 1, len(share)), share)
ax.axvline(mistakes.sum() / len(y_val), color="black", linestyle=":",
           label="as many as are wrong")
ax.set(xlabel="share of the images, the worst first", ylabel="share of the whole loss")
_ = ax.legend(loc="lower right")

# %% [markdown]
# **What you should see** A curve that shoots up at the left edge and is nearly level from
# about one fifth on. (`cumsum` adds up from the beginning: the first, the first two, the
# first three, ...) The few images left of the dotted line, as many as the model gets
# wrong, make up most of the loss. For the rest it hardly pays anything.
#
# So two models with nearly the same answers can have very different losses. It depends on
# *how sure* they are where they are wrong. That is the next section.

# %% [markdown] tags=["slide"]
# ## 6. Better and worse at the same time
#
# The MLP was stopped after ten epochs. What if it goes on? We start again from the same
# seed and keep the validation logits after each of 40 epochs.

# %% tags=["nbval-rtol=2e-2"]
def long_run(n_epochs):
    torch.manual_seed(0)
    model = make_model("MLP").to(device)
    loader = training.batches(X.to(device), y.to(device), 128, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=best_lr["MLP"])
    kept, train_loss = [], []
    for _ in range(n_epochs):
        history = training.fit(model, loader, F.cross_entropy, optimizer,
                               n_epochs=1, progress=False)
        train_loss.append(history["loss"][0])
        kept.append(logits_of(model, X_val))
    return model, torch.stack(kept), train_loss


long_mlp, kept, train_loss = long_run(40)  # kept: (40, N, 10)
val_loss = [F.cross_entropy(logits, y_val).item() for logits in kept]
val_accuracy = [training.accuracy(logits, y_val) for logits in kept]
for n in (1, 10, 40):
    print(f"epoch {n:2}  training loss {train_loss[n - 1]:.4f}, validation: "
          f"loss {val_loss[n - 1]:.4f}, accuracy {val_accuracy[n - 1]:.4f}")

# %% tags=["slide-more"]
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
curves = {"training": train_loss, "validation": val_loss}
plots.learning_curves(curves, left)
left.set_ylim(0, 1.0)
plots.learning_curves({"accuracy": val_accuracy}, right, ylabel="validation accuracy")
_ = right.set_ylim(0.8, 1)

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, the training loss (solid) goes to 0; the validation loss
# (dashed) falls, turns round and rises again. Right, the validation accuracy rises
# quickly, then slowly, and does *not* turn round.

# %% tags=["nbval-rtol=2e-2"]
lowest = val_loss.index(min(val_loss))
print(f"lowest validation loss {val_loss[lowest]:.4f}, last one {val_loss[-1]:.4f}")
assert_close(kept[9], logits_val, atol=1e-2, rtol=1e-2)  # the model of section 2
assert val_loss[-1] > 1.1 * val_loss[lowest] and lowest < 20
assert val_accuracy[-1] >= val_accuracy[lowest]
assert training.accuracy(logits_of(long_mlp, X), y) == 1

# %% [markdown]
# The answers get no worse, the loss does. Both look at the same logits. What the loss
# sees and the accuracy does not is how *sure* the answers are. The confidence of an
# answer is a promise: "I am 90% sure" should mean that 90 of 100 such answers are right.
# A model that keeps this promise is called **calibrated**. First the crudest test:

# %% tags=["nbval-rtol=2e-2"]
def confidence_and_right(logits, y):
    confidence, y_pred = torch.softmax(logits.double(), dim=1).max(dim=1)
    return confidence, (y_pred == y).double()


early = confidence_and_right(kept[0], y_val)
late = confidence_and_right(kept[-1], y_val)
for name, (confidence, right) in (("1 epoch", early), ("40 epochs", late)):
    print(f"after {name:9} mean confidence {confidence.mean():.4f}, "
          f"accuracy {right.mean():.4f}")
assert early[0].mean() < early[1].mean() and late[0].mean() > late[1].mean()

# %% [markdown]
# Two opposite faults in one and the same model. After one epoch it was too *modest*: right
# more often than it promised. After 40 epochs it is too sure, **overconfident**. Its
# training loss tells why. It is right on all training images, so making every logit
# twice as large makes the training loss smaller still, and nothing ever holds it back.
# (In lab 4 the weights of separable data grew without end. This is the same.)
#
# **Bin by bin.** A mean can hide much. So we sort the images into ten **bins** by
# confidence: 0 to 0.1, 0.1 to 0.2, and so on. For each bin we compare the mean confidence
# with the accuracy. `torch.bucketize` says for each number between which of the given
# edges it lies. And `bincount` adds up numbers instead of counting, if it is given them.

# %% tags=["nbval-rtol=2e-2", "nbval-atol=3e-3"]
def reliability(confidence, right, n_bins=10):
    edges = torch.linspace(0, 1, n_bins + 1, dtype=torch.float64)
    bins = torch.bucketize(confidence, edges[1:-1])  # 0 to n_bins - 1
    n = bins.bincount(minlength=n_bins)
    mean_confidence = bins.bincount(confidence, minlength=n_bins) / n
    accuracy = bins.bincount(right, minlength=n_bins) / n
    return n, mean_confidence, accuracy


n, mean_confidence, accuracy = reliability(*late)
print("share of the images in each bin:")
print(*(f"{share:.3f}" for share in n / n.sum()))

# %% [markdown]
# An empty bin gives 0 / 0, `nan`. (With ten classes the largest probability is at least
# one tenth, so the first bin is always empty.) scikit-learn has the same, and leaves empty
# bins out:

# %%
theirs = calibration.calibration_curve(late[1].numpy(), late[0].numpy(), n_bins=10)
filled = n > 0
assert_close(accuracy[filled], torch.from_numpy(theirs[0]))
assert_close(mean_confidence[filled], torch.from_numpy(theirs[1]))


# %% [markdown]
# The picture of these numbers is called a **reliability diagram**.

# %% tags=["slide"]
def draw_reliability(confidence, right, axes, title):
    n, mean_confidence, accuracy = reliability(confidence, right)
    left, shown = torch.arange(10) / 10, n >= 10
    axes[0].bar(left[shown], accuracy[shown], 0.1, align="edge", edgecolor="black",
                color="C5", label="accuracy in the bin")
    axes[0].plot(mean_confidence[shown], accuracy[shown], "ko", markersize=4)
    axes[0].plot([0, 1], [0, 1], "k--", linewidth=1.2, label="promise kept")
    axes[0].set(title=title, xlim=(0, 1), ylim=(0, 1.05), ylabel="accuracy")
    axes[1].bar(left, n / n.sum(), 0.1, align="edge", edgecolor="black", color="0.7")
    axes[1].set(xlabel="confidence", ylim=(0, 1), ylabel="share of\nimages")


def draw_two(one, other, titles):
    size = {"figsize": (8, 4.6), "sharex": True, "height_ratios": (3, 1)}
    fig, axes = plt.subplots(2, 2, **size)
    draw_reliability(*one, axes[:, 0], titles[0])
    draw_reliability(*other, axes[:, 1], titles[1])
    handles = axes[0, 0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside upper right", ncols=2)


draw_two(early, late, ("after 1 epoch", "after 40 epochs"))

# %% [markdown] tags=["slide-more"]
# **What you should see** Each bar is a bin. Its height is the accuracy, and its dot sits
# at the mean confidence of the bin. (Bins with fewer than ten images are left out.) On the
# dashed diagonal the promise is kept. Left, after one epoch, most dots lie above the
# diagonal: too modest. Right, after 40 epochs, they lie below it: too sure. The grey bars
# show where the images are: after one epoch they are spread out, after 40 nearly all are
# in the last bin.
#
# **One number.** The **expected calibration error** (ECE) is the mean distance of the
# dots from the diagonal, each bin weighted by its share of the images:
#
# $$\begin{aligned}
# \text{ECE} = \sum_b \frac{n_b}{N} \, \bigl| \text{accuracy}_b - \text{confidence}_b \bigr|
# \end{aligned} \tag{calibration error}$$

# %% tags=["nbval-rtol=5e-2"]
def ece(confidence, right):
    n, mean_confidence, accuracy = reliability(confidence, right)
    gaps = (accuracy - mean_confidence).abs()
    return (n / n.sum() * gaps).nansum().item()  # nansum: a sum without the nan


for name, answers in (("1 epoch", early), ("40 epochs", late)):
    print(f"after {name:9} ECE {ece(*answers):.4f}")

# %% [markdown]
# **How small can it be?** Not 0, even for a perfectly honest model: in a bin with 20
# images the accuracy moves in steps of one twentieth. So we let a coin decide which
# answers are right, and make it come up "right" exactly as often as promised
# (`torch.bernoulli`, lab 4). All that is left then is chance.

# %% tags=["nbval-rtol=5e-2"]
generator = torch.Generator().manual_seed(0)
honest = [ece(late[0], torch.bernoulli(late[0], generator=generator))
          for _ in range(50)]
print(f"ECE of an honest model with these confidences: {sum(honest) / 50:.4f}")
assert sum(honest) / 50 < 0.5 * ece(*late) < ece(*early)

# %% [markdown]
# Keep this number in mind. An ECE of that size is as good as perfect.

# %% [markdown]
# ## 7. One number repairs it
#
# The model is too sure, and lab 1 has a knob for that: the **temperature**. Divide all
# logits by $T$ before softmax. $T > 1$ makes every answer less sure, and the order of the
# classes stays, so *no answer changes*. This is called temperature scaling. $T$ is one
# more parameter, so we can look for the one with the smallest loss. (Lab 7 met the
# opposite by accident: images 255 times too bright were a temperature of 1/255.)
#
# **Predict** On which images: training, validation or test?

# %% tags=["nbval-rtol=5e-2"]
temperatures = torch.logspace(-0.6, 0.6, 121)  # from 10^-0.6 to 10^0.6, in equal ratios


def losses_by_temperature(logits, y):
    return torch.stack([F.cross_entropy(logits / T, y) for T in temperatures])


def fit_temperature(logits, y):
    return temperatures[losses_by_temperature(logits, y).argmin()].item()


for name, X_any, y_any in (("training", X, y), ("validation", X_val, y_val)):
    T = fit_temperature(logits_of(long_mlp, X_any), y_any)
    print(f"best on the {name} images: T = {T:.2f}")
    assert (temperatures[0] == T) == (name == "training")

# %% [markdown]
# On the training images the best temperature is the lowest on our list: on these it is
# always right, so it can never be sure enough. They say nothing about new images. And the
# test images are for the end. So $T$ is fitted on **validation**.

# %%
T = fit_temperature(kept[-1], y_val)
by_T = losses_by_temperature(kept[-1], y_val)
fig, ax = plt.subplots(figsize=(5.6, 3))
ax.plot(temperatures, by_T)
ax.plot(T, by_T.min(), "k*", markersize=12, label=f"T = {T:.2f}")
ax.plot(1, val_loss[-1], "ko", label="T = 1, as trained")
ax.axvline(1, color="black", linestyle=":")
ax.set(xscale="log", xlabel="temperature T", ylabel="validation cross entropy (nats)",
       xticks=[0.25, 0.5, 1, 2, 4], xticklabels=["1/4", "1/2", "1", "2", "4"],
       xlim=(0.25, 4), ylim=(0, 2))
ax.minorticks_off()
_ = ax.legend()

# %% [markdown]
# **What you should see** A valley. At $T = 1$ (dot) the model is as it was trained. The
# lowest point (star) lies clearly to the right of it. Towards low temperatures the loss
# shoots up: sharper promises from a model that is already too sure.
#
# Is a list of 121 numbers a proper way to fit a parameter? For one parameter it is. But
# the four lines of lab 4 do it as well. **Predict** Will they find the same?

# %% tags=["nbval-rtol=5e-2"]
T_learned = torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([T_learned], lr=2.0)
for _ in range(200):
    loss = F.cross_entropy(kept[-1] / T_learned, y_val)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
print(f"by the list {T:.2f}, by gradient descent {T_learned.item():.2f}")
assert abs(T - T_learned.item()) < 0.05 and T > 1.5


# %% [markdown]
# The slider shows the diagram at any temperature. Find the one at which most dots lie on
# the diagonal. Is it the same?

# %%
def draw(T):
    _, axes = plt.subplots(2, 1, figsize=(4.6, 4.2), sharex=True, height_ratios=(3, 1))
    answers = confidence_and_right(kept[-1] / T, y_val)
    draw_reliability(*answers, axes, f"T = {T:.2f}: ECE {ece(*answers):.3f}")


draw(T)

# %% [markdown]
# **What you should see** The diagram of the model after 40 epochs at its fitted
# temperature. Most dots now lie close to the dashed diagonal, at least where a bin holds
# many images. The grey bars below are spread out more than before: the model is no longer
# sure of nearly everything.

# %%
plots.slider(draw, T=(0.3, 4.0, 1.0))

# %% [markdown] tags=["slide"]
# **What was wrong with the 40 epochs?** Section 6 ended with a riddle: the loss rises and
# the accuracy does not fall. Now we can take the loss apart. For every third epoch we fit
# a temperature of its own. What remains at the best temperature is what the model *does
# not know*. The rest was only the wrong tone.
#
# **Predict** Does the loss at the best temperature rise in the end, too?

# %% tags=["slide-more"]
best_T = [fit_temperature(logits, y_val) for logits in kept[::3]]
cooled = [F.cross_entropy(logits / T, y_val).item()
          for logits, T in zip(kept[::3], best_T, strict=True)]

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
curves = {"as trained": val_loss[::3], "at the best T": cooled}
plots.learning_curves(curves, left, epochs=range(1, 41, 3),
                      ylabel="validation loss (nats)")
left.set_ylim(0, 0.7)
plots.learning_curves({"best T": best_T}, right, epochs=range(1, 41, 3),
                      ylabel="temperature", baseline=("T = 1", 1.0))
_ = right.set_ylim(0, 2.2)

# %% [markdown] tags=["slide-more"]
# **What you should see** Left, the loss as trained (solid) turns and rises. The loss at
# the best temperature (dashed) does not turn: it goes down and then stays down. All of
# the rise is confidence. Right, the best temperature begins below the dotted line, too
# modest, crosses it in the first ten epochs and grows steadily: too sure.

# %% tags=["nbval-rtol=2e-2"]
print(f"lowest loss as trained: {val_loss[lowest]:.4f}")
T_lowest = fit_temperature(kept[lowest], y_val)
cooled_lowest = F.cross_entropy(kept[lowest] / T_lowest, y_val).item()
print(f"the same epoch, at its best T:  {cooled_lowest:.4f}")
print(f"after 40 epochs, at the best T: {cooled[-1]:.4f}")
assert best_T[0] < 0.8 and best_T[-1] > 1.5
assert best_T[0] < 1 < min(best_T[3:])
assert cooled[-1] < min(min(val_loss), min(cooled) + 0.01)
slack = 0.005 if mnist.source == "embedded" else -0.01
assert cooled[-1] < cooled_lowest + slack

# %% [markdown] tags=["slide-more"]
# Somebody who stops where the validation loss is lowest keeps a model that knows no more
# than the last one, each at its best temperature (on the full data set it knows *less*).
#
# **Rule** A rising validation loss may mean that the answers get worse, or that they get
# too sure. Fit a temperature to tell the two apart.

# %% [markdown]
# ## 8. The test set, opened once
#
# All choices are made: learning rates, epochs, temperature. One more model comes along,
# to see what data can do. It is the MLP of before, trained on *all* training images, with
# about as many updates as the 40 epochs on 2,000. (Updates, not epochs: lab 8.)

# %% tags=["nbval-rtol=2e-2"]
n_updates = 40 * len(training.batches(X, y, 128))
X_all, y_all = mnist.train.X.to(device), mnist.train.y.to(device)
loader = training.batches(X_all, y_all, 128, shuffle=True)
torch.manual_seed(0)
mlp_all = make_model("MLP").to(device)
optimizer = torch.optim.Adam(mlp_all.parameters(), lr=best_lr["MLP"])
n_epochs = max(1, round(n_updates / len(loader)))
training.fit(mlp_all, loader, F.cross_entropy, optimizer,
             n_epochs=n_epochs, progress=False)
T_all = fit_temperature(logits_of(mlp_all, X_val), y_val)
print(f"{len(y_all)} images, {n_epochs} epochs, {n_epochs * len(loader)} updates "
      f"(before: {n_updates}), T = {T_all:.2f}")

# %% [markdown]
# **Predict** What does the temperature change on the test set: accuracy, cross entropy,
# ECE?

# %% tags=["nbval-rtol=2e-2", "nbval-atol=2e-3"]
X_test, y_test = mnist.test
rows = {
    "linear": (linear, 1.0),
    "MLP, 10 epochs": (mlp, 1.0),
    "MLP, 40 epochs": (long_mlp, 1.0),
    "MLP, 40 epochs, with T": (long_mlp, T),
    "MLP, all images": (mlp_all, 1.0),
    "MLP, all images, with T": (mlp_all, T_all),
}
results = {}
for name, (model, temperature) in rows.items():
    logits = logits_of(model, X_test) / temperature
    loss = F.cross_entropy(logits, y_test).item()
    answers = confidence_and_right(logits, y_test)
    results[name] = training.accuracy(logits, y_test), loss, ece(*answers)
    print(f"{name:24} accuracy {results[name][0]:.4f}  loss {loss:.4f}  "
          f"ECE {results[name][2]:.4f}")

# %%
before, after = results["MLP, 40 epochs"], results["MLP, 40 epochs, with T"]
logits_test = logits_of(long_mlp, X_test)
assert (logits_test / T).argmax(dim=1).equal(logits_test.argmax(dim=1))
assert after[0] == before[0]  # not one answer has changed
assert after[1] < 0.8 * before[1] and after[2] < 0.5 * before[2]
assert results["MLP, all images, with T"][1] < after[1] < results["linear"][1]

# %% [markdown]
# One number, fitted on other images: the loss falls by more than a fifth, the ECE by more
# than half, and not one answer has changed. (The rest of the ECE is partly chance, partly
# what a single number cannot mend.) The last row shows what helps more than any trick:
# more images. (With the full data set they are 25 times as many. In so few updates
# no network learns them by heart, and the best temperature stays near 1.)

# %% tags=["slide"]
as_trained = confidence_and_right(logits_test, y_test)
with_T = confidence_and_right(logits_test / T, y_test)
draw_two(as_trained, with_T, ("test, as trained", f"test, T = {T:.2f}"))

# %% [markdown] tags=["slide-more"]
# **What you should see** The MLP after 40 epochs, on the test images. Left, as trained:
# the dots lie below the dashed diagonal. Right, with the temperature from the validation
# images, most of them follow it.
#
# **Rule** Report accuracy *and* cross entropy, and say on which images each setting was
# chosen. Fit the temperature on validation, once, at the end.

# %% [markdown] tags=["slide"]
# ## 9. Three bugs and their symptoms
#
# None of them raises an error. Each is a single line.
#
# ### Pitfall: ReLU on the logits
#
# Whoever writes ReLU after every layer may write it after the last one, too. Here is the
# MLP without and with it. **Predict** What will suffer: all digits a little, or some of
# them a lot?

# %% tags=["pitfall", "nbval-rtol=2e-2", "nbval-atol=3e-3"]
def run_with_end(*last, seed, n_epochs=10):
    torch.manual_seed(seed)
    model = make_model("MLP").extend(last).to(device)
    loader = training.batches(X.to(device), y.to(device), 128, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=best_lr["MLP"])
    history = training.fit(model, loader, F.cross_entropy, optimizer,
                           n_epochs=n_epochs, progress=False)
    return logits_of(model, X_val), history


good, _ = run_with_end(seed=6)
bad, _ = run_with_end(nn.ReLU(), seed=6)
for name, logits in (("without", good), ("with ReLU", bad)):
    said = logits.argmax(dim=1).bincount(minlength=10) / len(y_val)
    print(f"{name:9} accuracy {training.accuracy(logits, y_val):.4f}, share of each "
          "answer:\n   ", *(f"{share:.3f}" for share in said))

# %% [markdown]
# (`extend` adds more parts to the end of an `nn.Sequential`.) Two digits are never said.
# Is that the fault of the seed?

# %% tags=["nbval-rtol=2e-2"]
for seed in (6, 7, 8):
    logits, _ = run_with_end(nn.ReLU(), seed=seed)
    dead = (logits.argmax(dim=1).bincount(minlength=10) == 0).nonzero().flatten()
    print(f"seed {seed}: never predicted {dead.tolist()}, "
          f"their logits are all 0: {bool((logits[:, dead] == 0).all())}")
    assert len(dead) > 0
    assert (dead.tolist() == [2, 9]) == (seed == 6) or device.type != "cpu"
assert training.accuracy(bad, y_val) < 0.8 < training.accuracy(good, y_val) - 0.07

# %% [markdown]
# The seed decides *which* digits die, and seldom whether. ReLU turns a negative number
# into 0, and its slope there is 0. Once the last layer gives a digit a negative number
# for every image, nothing reaches its weights any more: no slope, no update. It happens in
# the first updates, and hardly ever mends itself. All other digits do well, so the
# accuracy, about three quarters, looks like a model that only needs more training. (The 0
# is said too often: where all ten logits are 0, the first one wins.)

# %% tags=["slide-more"]
fig, axes = plt.subplots(1, 2, figsize=(10, 2.8), sharey=True)
for ax, logits, title in zip(axes, (good, bad), ("without", "ReLU on the logits"),
                             strict=True):
    hit = logits.argmax(dim=1) == y_val
    recall = y_val.bincount(hit.double(), minlength=10) / y_val.bincount()
    plots.bars(recall, ax, ylabel="recall")
    ax.set(title=title, xlabel="digit", ylim=(0, 1.15))

# %% [markdown] tags=["slide-more"]
# **What you should see** The recall of each digit. Left all bars are tall. Right two
# digits have no bar at all.
#
# **Rule** Nothing after the last linear layer. Look at the recall of each class.
#
# ### Pitfall: sorted data, not shuffled
#
# Lab 8 has shown it for two digits. Many data sets are stored class by class; the embedded
# images of this course are. **Predict** One epoch of plain SGD, first all the zeros, then
# all the ones, up to the nines. What will the model say afterwards?

# %% tags=["pitfall", "nbval-rtol=2e-2", "slide-more"]
def one_epoch(order, shuffle):
    torch.manual_seed(0)
    model = make_model("MLP").to(device)
    X_now, y_now = X[order].to(device), y[order].to(device)
    loader = training.batches(X_now, y_now, 128, shuffle=shuffle)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    training.fit(model, loader, F.cross_entropy, optimizer, n_epochs=1, progress=False)
    return logits_of(model, X_val)


by_digit = y.argsort(stable=True)  # stable: equal digits keep their order
for shuffle in (False, True):
    logits = one_epoch(by_digit, shuffle)
    nines = (logits.argmax(dim=1) == 9).float().mean()
    print(f"shuffle={shuffle!s:5} accuracy {training.accuracy(logits, y_val):.4f}, "
          f"answers that are 9: {nines:.1%}")
    assert (nines > 0.8) != shuffle

# %% [markdown] tags=["slide-more"]
# Nearly everything is a 9. Each batch pulls the model towards its own digit and away from
# all others, and the nines came last. What was learned before is overwritten.
#
# **Rule** `shuffle=True` for training. One column of the confusion matrix holds nearly
# everything: look at the order of the data.
#
# ### Pitfall: `nn.Softmax` in the model
#
# The notes have it in their model as a comment, switched off by a `#`. Without the `#`
# softmax is applied twice (labs 3 and 5). For ten classes the loss has the floor
# $\ln(1 + 9/e)$. **Predict** Will a long training get down to it?

# %% tags=["pitfall", "nbval-rtol=2e-2"]
floor = torch.log(1 + 9 * torch.tensor(-1.0).exp())
probs_twice, twice = run_with_end(nn.Softmax(dim=1), seed=0, n_epochs=40)
print(f"floor {floor:.4f}, training loss after 40 epochs: softmax twice "
      f"{twice['loss'][-1]:.4f}, once {train_loss[-1]:.4f}")
assert_close(floor, torch.tensor(1.4612), atol=5e-5, rtol=0)
assert floor < twice["loss"][-1] < floor + 0.15

# %% tags=["slide-more"]
curves = {"softmax twice": twice["loss"], "softmax once": train_loss}
ax = plots.learning_curves(curves, ylabel="training loss (nats)",
                           baseline=("floor ln(1 + 9/e)", floor))
_ = ax.set_ylim(0, 2.4)

# %% [markdown]
# **What you should see** The loss with softmax twice (solid) comes down quickly and
# then stays just above the dotted floor. With softmax once (dashed) it goes to 0.
#
# What is the rest above the floor? Lab 5 knows: images that the model has *given up*. Lab
# 3 says what each of them costs: the best and the worst answer are exactly one nat apart.
# **Predict** So what does the height above the floor tell?

# %% tags=["nbval-rtol=2e-2"]
print(f"above the floor: {twice['loss'][-1] - floor:.4f} nats, "
      f"training images that are wrong: {1 - twice['accuracy'][-1]:.4f}")
assert abs(twice["loss"][-1] - floor - (1 - twice["accuracy"][-1])) < 0.01
true_loss = F.nll_loss(probs_twice.log(), y_val).item()
for name, value, loss in (("twice", training.accuracy(probs_twice, y_val), true_loss),
                          ("once", val_accuracy[-1], val_loss[-1])):
    print(f"softmax {name:5} validation accuracy {value:.4f}, true loss {loss:.4f}")
assert true_loss > val_loss[-1] and training.accuracy(probs_twice, y_val) < 0.9

# %% [markdown] tags=["slide-more"]
# It is the share of the training images that the model has given up: each of them costs
# one nat more than the floor, so the mean lies above it by their share. (The true loss is
# the cross entropy of the probabilities that it really gives.) The validation accuracy is
# lower than it could be, but not so low that anybody would be alarmed.
#
# **Rule** A model ends in logits. A loss for ten classes that stays just above
# `1.46` probably has softmax in it twice.

# %% [markdown] tags=["slide"]
# ## 10. The closing table
#
# You have met the same idea again and again: *choose a distribution for y, let the model
# calculate its parameters, and take minus the log-likelihood as the loss*. So the loss is
# never a matter of taste. It follows from the kind of y.
#
# The notes close with such a table of three rows. It calls the distribution of the last
# one "multinomial with n = 1", and it has no row for class indices. The multinomial
# counts how often each of K outcomes comes in n tries. With a single try it is the
# **categorical** distribution of labs 1 and 2, and then one may as well write down *which*
# outcome came: an index. Here is the whole table. N is the number of examples, K the
# number of classes.
#
# | kind of y | distribution | last activation | loss | PyTorch loss | outputs | target |
# |:--|:--|:--|:--|:--|:--|:--|
# | a number, 3.45 | normal | none (identity) | squared error (MSE) | `nn.MSELoss` | (N, 1) | `float32` (N, 1) |
# | yes or no, 0 or 1 | Bernoulli (binomial, n = 1) | sigmoid | binary cross entropy | `nn.BCEWithLogitsLoss` | (N, 1) | `float32` (N, 1) |
# | one of K, an index | categorical | softmax | cross entropy | `nn.CrossEntropyLoss` | (N, K) | `int64` (N,) |
# | one of K, one-hot or probabilities | categorical (multinomial, n = 1) | softmax | cross entropy | `nn.CrossEntropyLoss` | (N, K) | `float32` (N, K) |
# | any of K, several at once | K Bernoullis | sigmoid, K times | binary cross entropy | `nn.BCEWithLogitsLoss` | (N, K) | `float32` (N, K) |
#
# "Last activation" is what turns the outputs of the last linear layer into parameters of
# the distribution. It is *not* in the model: the PyTorch loss contains it.
#
# One row is new, the first. It is **regression**: y is not a class but a number. The model
# calculates the mean of a **normal distribution**, the bell curve, and the loss is the mean
# of the squared differences (MSE, "mean squared error"). Why squares? Because the logarithm
# of a bell curve with mean $\mu$ and width 1 is
# $-\tfrac12 (y - \mu)^2 - \tfrac12 \ln 2\pi$. The last row is the multi-label
# classification of lab 9.
#
# The table, as asserts. `torch.distributions` knows the log-probability of every
# distribution.

# %%
torch.manual_seed(0)
outputs, one_output = torch.randn(6, 4), torch.randn(6, 1)  # of some model
number, yes_no = torch.randn(6, 1), torch.randint(2, (6, 1)).float()
index = torch.randint(4, (6,))
hot = F.one_hot(index, num_classes=4).float()
several = torch.randint(2, (6, 4)).float()
half_log_2pi = 0.5 * torch.log(torch.tensor(2 * torch.pi))

nll = -distributions.Normal(one_output, 1.0).log_prob(number).mean()
assert_close(nll, nn.MSELoss()(one_output, number) / 2 + half_log_2pi)
nll = -distributions.Bernoulli(logits=one_output).log_prob(yes_no).mean()
assert_close(nll, nn.BCEWithLogitsLoss()(one_output, yes_no))
nll = -distributions.Categorical(logits=outputs).log_prob(index).mean()
assert_close(nll, nn.CrossEntropyLoss()(outputs, index))
multinomial = distributions.Multinomial(total_count=1, logits=outputs)
nll = -multinomial.log_prob(hot).mean()
assert_close(nll, nn.CrossEntropyLoss()(outputs, hot))
nll = -distributions.Bernoulli(logits=outputs).log_prob(several).mean()
assert_close(nll, nn.BCEWithLogitsLoss()(outputs, several))
print("five rows, five times minus the log-likelihood")

# %% [markdown]
# (The factor one half and the added constant in the first row move no minimum. In the last
# row PyTorch takes the mean over all N × K questions.)
#
# Read the table from left to right whenever you meet new data. "How many stars, one to
# five?" is one of K. "Will it rain, and will there be wind?" is two Bernoullis. "How many
# degrees?" is a normal distribution. What is *not* in the table can be added by the same
# recipe: find the distribution, and take minus the log-likelihood.

# %% [markdown] tags=["slide"]
# ## Exercises
#
# Replace the `...` and run the cell. Remove the `#` for a hint.
#
# **Exercise 1.** `confusion_matrix(y, y_pred, n_classes)`: the table of counts, shape
# (K, K), `int64`, rows for the true class and columns for the predicted one. Both inputs
# have shape (N,).

# %% tags=["exercise"]
def confusion_matrix(y, y_pred, n_classes):
    ...


lab10.confusion_matrix.check(confusion_matrix)
# lab10.confusion_matrix.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 2.** `recall_and_precision(confusion)`: two tensors of shape (K,), in this
# order, from a confusion matrix as above. A class that does not occur has recall 0, and a
# class that is never predicted has precision 0.

# %% tags=["exercise"]
def recall_and_precision(confusion):
    ...


lab10.recall_and_precision.check(recall_and_precision)
# lab10.recall_and_precision.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 3.** `top_k_accuracy(logits, y, k)`: the fraction of the examples whose label
# is among the k largest logits, as a Python number.

# %% tags=["exercise"]
def top_k_accuracy(logits, y, k):
    ...


lab10.top_k_accuracy.check(top_k_accuracy)
# lab10.top_k_accuracy.hint()

# %% [markdown] tags=["slide"]
# **Exercise 4.** `best_temperature(logits, y, temperatures)`: that number of the list
# `temperatures` with which the cross entropy is smallest, as a Python number.

# %% tags=["exercise"]
def best_temperature(logits, y, temperatures):
    ...


lab10.best_temperature.check(best_temperature)
# lab10.best_temperature.hint()

# %% [markdown] tags=["slide-more"]
# **Exercise 5.** `calibration_error(confidence, right, n_bins)`: the ECE as a Python
# number. `confidence` and `right` have shape (N,); `right` holds 1.0 and 0.0. A confidence
# of exactly 1 belongs to the last bin. Empty bins count nothing.

# %% tags=["exercise"]
def calibration_error(confidence, right, n_bins):
    ...


lab10.calibration_error.check(calibration_error)
# lab10.calibration_error.hint()

# %% [markdown]
# **To think about** (1) A post office lets the model read postal codes and sends every
# image below a certain confidence to a person. How would you choose that limit, and why
# does it matter that the model is calibrated? (2) Each digit could have a temperature of
# its own. Could that change answers? (3) You turn an image by 90 degrees. What will a
# calibrated model say, and which promise does it break?

# %% [markdown]
# ## Quiz
#
# Five cells. Decide what each will print before you run it.
#
# **Question 1.** Three images of a 0, all taken for a 1, are counted in one line, without a
# loop. What will this cell print?
#
# ```python
# table = torch.zeros(2, 2, dtype=torch.int64)
# table[torch.tensor([0, 0, 0]), torch.tensor([1, 1, 1])] += 1
# print(table)
# ```

# %%
table = torch.zeros(2, 2, dtype=torch.int64)
table[torch.tensor([0, 0, 0]), torch.tensor([1, 1, 1])] += 1
print(table)

# %% [markdown]
# One, not three. The line reads the three places, adds 1 to each copy and writes the
# three copies back to the same place. That is why we used `bincount`.
#
# **Question 2.** The table has 90 images of class 0 and 10 of class 1, and a model that
# always says 0. What will this cell print?
#
# ```python
# table = torch.tensor([[90, 0], [10, 0]])
# print("accuracy", (table.diag().sum() / table.sum()).item())
# print("recall  ", table.diag() / table.sum(dim=1))
# ```

# %%
table = torch.tensor([[90, 0], [10, 0]])
print("accuracy", (table.diag().sum() / table.sum()).item())
print("recall  ", table.diag() / table.sum(dim=1))

# %% [markdown]
# A good accuracy, and class 1 is never found. (Its precision would be 0 / 0.)
#
# **Question 3.** A model does not look at the images. It says of everything "a 1, and I am
# sure to 11.24%". (That is the share of the ones in the 60,000 training images of MNIST.)
# `y_val` holds the true digits. What will this cell print: is the ECE small or large?
#
# ```python
# lazy = torch.full((len(y_val),), 0.1124, dtype=torch.float64)
# print(f"ECE {ece(lazy, (y_val == 1).double()):.2f}")
# ```

# %%
lazy = torch.full((len(y_val),), 0.1124, dtype=torch.float64)
print(f"ECE {ece(lazy, (y_val == 1).double()):.2f}")

# %% [markdown]
# Next to nothing. It promises little and keeps it. Calibration is honesty, not
# knowledge. You need the accuracy, or the cross entropy, beside it.
#
# **Question 4.** Two images; `A` has one strong rival, `B` has nine weak ones. Each line
# shows the two confidences. What will this cell print: which of the two is the surer
# answer?
#
# ```python
# A = torch.tensor([5.0, 4.0] + 8 * [-9.0])
# B = torch.tensor([3.0] + 9 * [0.0])
# for T in (0.5, 1.0):
#     pair = torch.stack([A, B]) / T
#     print(T, torch.softmax(pair, dim=1).max(dim=1).values)
# ```

# %%
A = torch.tensor([5.0, 4.0] + 8 * [-9.0])
B = torch.tensor([3.0] + 9 * [0.0])
for T in (0.5, 1.0):
    pair = torch.stack([A, B]) / T
    print(T, torch.softmax(pair, dim=1).max(dim=1).values)

# %% [markdown]
# It depends on the temperature! *Within* an image no temperature changes the order.
# *Between* images it can (lab 1: order holds within a row only).
#
# **Question 5.** A new, untrained model gives 0 for everything. What will this cell print:
# which of the two losses depends on the number of classes?
#
# ```python
# for K in (2, 10, 100):
#     z, one = torch.zeros(1, K), F.one_hot(torch.tensor([1]), K).float()
#     print(K, F.cross_entropy(z, one), F.binary_cross_entropy_with_logits(z, one))
# ```

# %%
for K in (2, 10, 100):
    z, one = torch.zeros(1, K), F.one_hot(torch.tensor([1]), K).float()
    print(K, F.cross_entropy(z, one), F.binary_cross_entropy_with_logits(z, one))

# %% [markdown]
# Softmax shares one unit of probability among K classes: ln K. K sigmoids answer K
# separate questions with one half each, and the mean is ln 2.

# %% [markdown] tags=["slide"]
# ## Summary
#
# * K classes: K logits, `F.cross_entropy`, class indices. One-hot trains the same model.
# * Choose on validation, each model with its own best settings, over several seeds.
# * The confusion matrix says *which* answers are wrong. Recall goes along its rows,
#   precision down its columns.
# * A linear model can be read: templates, up to a common shift.
# * A few sure mistakes make up most of the loss. Look at them.
# * Trained long, a network becomes too sure. One temperature, fitted on validation,
#   repairs the probabilities and changes no answer.
# * ReLU on the logits kills classes; sorted data leave only the last one; softmax twice
#   has a floor.
# * The kind of y decides the distribution, the distribution decides the loss.
#
# This was the last lab about new ideas. You can now take a data set, name its baseline,
# build a model for any kind of label, train it on any device, prove each step against a
# second source, and say how far its answers and its probabilities can be trusted.
#
# Next: [**lab 11, faster**](11_faster.ipynb).
