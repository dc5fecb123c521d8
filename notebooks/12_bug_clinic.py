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
# # 12. Bug clinic
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/12_bug_clinic.ipynb)
#
# A model has a loss of 0.03: it is sure, and right, nearly always. The next line of its log
# says that it reads half of the images correctly. No error, no warning. Both numbers come
# from the same model and the same images. What would you look at first? This lab is about that: programs
# that run, and are wrong.
#
# **You will be able to**
#
# * say which number to measure first when a training run looks strange, or looks too good;
# * choose the one measurement that tells two causes apart;
# * name the faults that this course has met, from ten lines of code and a log;
# * mend them, and prove that they are mended.
#
# **Needs** Labs 0 to 11. Each case says in the end which lab to open again.
#
# **Takes** 46 minutes to read and run, 35 more for the exercises.
#
# **Source** None of the five notes has a clinic. Some of their own faults lie in it:
# [The published lab](#The-published-lab).

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

from course_utils.exercises import cases, lab12

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Warm up
#
# Three questions from earlier labs.

# %% slideshow={"slide_type": "fragment"}
lab12.warm_up.ask()

# %%
lab12.warm_up.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. The short list
#
# A doctor does not begin with a theory. She takes temperature and pulse, because these cost
# a second and rule out much. Here is the same for a network. Each line is one or two lines
# of code, and each answers one question.
#
# | measure | a healthy run says |
# |:--|:--|
# | shapes, smallest and largest number of all that comes in | as you would have said before |
# | the first loss | log K, the loss of "all K classes alike" |
# | the norm (the length) of each slope | not 0, for no part of the model |
# | how far the weights move in one step | a little |
# | the loss of ten images, trained to the end | near 0: anybody can learn ten by heart |
# | the accuracy of whoever always says the largest class | well below yours |
# | the accuracy twice, on the same images | the same number |
# | the same run from other seeds | about the same |
#
# We take all of them from a healthy patient, so that you know what health looks like. (`cases` holds
# what this lab tries its cases on. `digits(seed)` gives 200 of the 8 x 8 images, other ones
# for another seed, and `network(seed)` a network with 30 hidden units.)

# %% slideshow={"slide_type": "slide"}
X, y = cases.digits(seed=0)
model = cases.network(seed=0)
print(tuple(X.shape), tuple(y.shape), "ink", X.min().item(), "to", X.max().item())
loss = F.cross_entropy(model(X), y)
print(f"first loss {loss:.2f}, log K {math.log(10):.2f}")
print(f"largest class {y.bincount().max() / len(y):.2f}")

# %% [markdown]
# The slopes, parameter by parameter: weights and biases of the first layer, then of the
# second. The **norm** of a slope is its length, the root of the sum of the squares. And one
# step: how far does it carry them?

# %%
loss.backward()
before = [p.detach().clone() for p in model.parameters()]
torch.optim.SGD(model.parameters(), lr=0.1).step()
for old, p in zip(before, model.parameters(), strict=True):
    print(f"slope {p.grad.norm():.3f}   moved by {(p - old).norm():.4f}")

# %% [markdown]
# Each moved by `lr` times its slope, as it should. Now ten images, to the end:

# %%
model, loss = cases.network(seed=0), torch.tensor(0.0)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for _ in range(100):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X[:10]), y[:10])
    loss.backward()
    optimizer.step()
print(f"loss of ten images {loss:.4f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# **Rule** Before you search, measure. Before you believe, measure as well: the worst faults
# make a log look *better*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. Ten cases
#
# Each case is a function of about ten lines, and what came out when it was run. None of
# that is typed in: the numbers are those of the faulty code. You answer two questions, and
# say how sure you are.
#
# 1. Which **fault** explains what you see? All four options are faults that do occur.
# 2. Which **one measurement** tells this fault from the others? Most are useful. Look for
#    one that comes out one way for this fault, and another way for each of its rivals.
#
# The result comes with that measurement, made with the faulty function and with a mended
# one. A line *To be compared* is for whoever mends the case
# ([More cases](#More-cases) says how). We go from easy to hard.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 1
#
# A curve. The loss before each step.

# %% slideshow={"slide_type": "fragment"}
lab12.case01.show()

# %% [markdown]
# **What you should see** Above, a loop with a loss, `backward` and a step. Below, a curve
# that goes down smoothly for dozens of steps, turns, and rises for the rest of the run.

# %% slideshow={"slide_type": "slide"}
lab12.case01.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case01.result()
lab12.case01.measured()

# %% [markdown]
# The slope that was used is many times as long as the slope at this place. What is too much
# in it is old. [Lab 4](04_logistic_regression.ipynb) has the same, with one weight.
#
# **Rule** `zero_grad`, loss, `backward`, `step`: read a loop for these four first.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 2
#
# A log.

# %% slideshow={"slide_type": "fragment"}
lab12.case02.show()

# %% [markdown]
# Would you stop this training?

# %% slideshow={"slide_type": "slide"}
lab12.case02.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case02.result()
lab12.case02.measured()

# %% [markdown]
# It trains, it reads the digits, and nobody would notice if the log were not printed.
# [Lab 3](03_cross_entropy_with_torch.ipynb) lists what each loss takes.
#
# **Rule** The first loss against log K. It costs one line, before any training.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 3
#
# The riddle from the top of this lab.

# %% slideshow={"slide_type": "fragment"}
lab12.case03.show()

# %% [markdown] slideshow={"slide_type": "fragment"}
# Both numbers are about the same logits and the same labels.

# %% slideshow={"slide_type": "slide"}
lab12.case03.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case03.result()
lab12.case03.measured()

# %% [markdown] slideshow={"slide_type": "fragment"}
# That is the riddle. Nothing is wrong with the model, and nothing with the loss, which
# refuses such shapes. It is `==` that takes everything.
# [Lab 7](07_mnist_binary.ipynb) makes the same mistake with real images.
#
# **Rule** Compare only what has the same shape, and let an `assert` say so.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 4
#
# Look at the loss and at the accuracy.

# %% slideshow={"slide_type": "fragment"}
lab12.case04.show()

# %% [markdown]
# Here is a run that many would stop, because "it does not learn".

# %% slideshow={"slide_type": "slide"}
lab12.case04.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case04.result()
lab12.case04.measured()

# %% [markdown]
# A loss with a floor. [Lab 5](05_softmax_regression.ipynb) calculates where the floor lies.
#
# **Rule** Ten images, trained to the end, have loss 0. If not, something is built in.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 5
#
# Two rows, and a model that is fine on one of them.

# %% slideshow={"slide_type": "fragment"}
lab12.case05.show()

# %% [markdown]
# Compare the rows column by column.

# %% slideshow={"slide_type": "slide"}
lab12.case05.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case05.result()
lab12.case05.measured()

# %% [markdown]
# Accuracy sees only which logit is the largest. The cross entropy sees how sure the model
# is, and so it shows the fault ([lab 7](07_mnist_binary.ipynb)).
#
# **Rule** Whatever is done to one set is done to all of them, by the same function.
#
# **So far** Five faults, and each was found by a measurement that needs a line or two: a
# slope, a first loss, a shape, ten images, a range. This is a good place to stop. The five
# that follow look healthier.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 6
#
# Two people, the same weights, the same images.

# %% slideshow={"slide_type": "fragment"}
lab12.case06.show()

# %% [markdown] slideshow={"slide_type": "fragment"}
# One of them is right. The other loses about one image in twenty somewhere.

# %% slideshow={"slide_type": "slide"}
lab12.case06.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case06.result()
lab12.case06.measured()

# %% [markdown] slideshow={"slide_type": "fragment"}
# [Lab 7](07_mnist_binary.ipynb) has the same with MNIST.
#
# **Rule** `eval()` for the answers, `no_grad()` for the memory. One does not replace the
# other.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 7
#
# A confusion matrix (lab 10): each row is a true class, each column an answer.

# %% slideshow={"slide_type": "fragment"}
lab12.case07.show()

# %% [markdown]
# The model has a favourite.

# %% slideshow={"slide_type": "slide"}
lab12.case07.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case07.result()
lab12.case07.measured()

# %% [markdown]
# During such a pass the log looks splendid ([lab 8](08_gpu_and_minibatches.ipynb)): a model
# that repeats the last answer is nearly always right, as long as the data is sorted.
#
# **Rule** Look at one batch with your own eyes.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 8
#
# The same weights, the same images, five batch sizes.

# %% slideshow={"slide_type": "fragment"}
lab12.case08.show()

# %% [markdown]
# Only the batch size differs.

# %% slideshow={"slide_type": "slide"}
lab12.case08.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case08.result()
lab12.case08.measured()

# %% [markdown]
# Lab 2 had it with two classes of unequal size, [lab 8](08_gpu_and_minibatches.ipynb) with
# batches.
#
# **Rule** A mean of means is a mean only if all are of the same size.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 9
#
# Four decimals, so that you can see what happens.

# %% slideshow={"slide_type": "fragment"}
lab12.case09.show()

# %% [markdown]
# Nothing happens. Why?

# %% slideshow={"slide_type": "slide"}
lab12.case09.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case09.result()
lab12.case09.measured()

# %% [markdown]
# In a notebook that is easily done: run the cell with the model again, and not the one with
# the optimizer ([lab 9](09_binary_four_ways.ipynb)).
#
# **Rule** Slopes, and how far the weights move: together they say where it is stuck.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Case 10
#
# The last one has no wrong line. Each does what it says.

# %% slideshow={"slide_type": "fragment"}
lab12.case10.show()

# %% [markdown] slideshow={"slide_type": "fragment"}
# A good report, and a bad year.

# %% slideshow={"slide_type": "slide"}
lab12.case10.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.case10.result()
lab12.case10.measured()

# %% [markdown] slideshow={"slide_type": "fragment"}
# (The log is one draw, and chance plays a part in it. The measurement is the mean of five.)
# The mended one reports less, and keeps its word. See [lab 7](07_mnist_binary.ipynb) and
# [lab 11](11_faster.ipynb), which picks the best of ten seeds.
#
# **Rule** What chose the model cannot judge it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. Your score
#
# A point for each fault, one for each measurement, one for each mend.

# %%
lab12.score()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# The first two mend cases. Three more build what the short list needs.
#
# **Exercise 1** (5 minutes). Mend case 1: `train(model, X, y, n_steps)` returns the losses,
# each before its step. Keep the optimizer, and its learning rate of 1.

# %% tags=["exercise"]
def train(model, X, y, n_steps):
    ...


lab12.train.check(train)
# lab12.train.hint()

# %% [markdown]
# **Exercise 2** (6 minutes). Mend case 8: `mean_loss(model, X, y, batch_size)` goes through
# the images batch by batch, and returns the mean loss over all images as a number.

# %% tags=["exercise"]
def mean_loss(model, X, y, batch_size):
    ...


lab12.mean_loss.check(mean_loss)
# lab12.mean_loss.hint()

# %% [markdown]
# **Exercise 3** (8 minutes). A diagnosis by program: `first_look(losses, n_classes)` reads a
# log, one number for each epoch. Return the first of these words that fits:
#
# * `"start"`: the first loss is off log K by more than a tenth of log K, in either direction;
# * `"diverges"`: the last loss is nan, or more than 1.02 times the first;
# * `"stuck"`: the last loss is more than 0.98 times the first;
# * `"falls"` otherwise.

# %% tags=["exercise"]
def first_look(losses, n_classes):
    ...


lab12.first_look.check(first_look)
# lab12.first_look.hint()

# %% [markdown]
# **Exercise 4** (7 minutes). `slope_norms(model, X, y)` returns a list of Python numbers: for
# each parameter,
# in the order of `model.parameters()`, the norm of the slope of the cross entropy. A
# parameter that plays no part has no slope, None; it gets 0.0.

# %% tags=["exercise"]
def slope_norms(model, X, y):
    ...


lab12.slope_norms.check(slope_norms)
# lab12.slope_norms.hint()

# %% [markdown]
# **Exercise 5** (9 minutes). Decide. Two versions of a program were run from the same seeds;
# `a` and `b` are lists of their accuracies, seed by seed. Is one better, or is it luck? Take
# the differences b - a. Their mean is uncertain by their standard deviation (`.std()` of a
# tensor), divided by the root of how many there are: its **standard error**. If the mean is
# more than two standard errors above 0, return `"b"`; if it is more than two below 0, `"a"`;
# otherwise `"cannot tell"`.

# %% tags=["exercise"]
def better(a, b):
    ...


lab12.better.check(better)
# lab12.better.hint()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Measure before you search, and also when the log looks good.
# * Shapes and ranges first, then the first loss against log K.
# * Slopes, and how far the weights move, say which part is dead.
# * Ten images trained to the end tell a fault from a hard task.
# * The same number twice, the same run from other seeds: that is chance, or it is not.
# * A measurement is worth what it tells apart. If all rivals give the same number, take
#   another one.
#
# Next: [**lab 13, a project of your own**](13_project.ipynb).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Deeper
#
# Everything from here on is optional.

# %% [markdown]
# ### More cases
#
# *For whoever wants to practise. Two to three minutes a case.* `deal` gives you another case,
# from all labs. First comes what you missed last time, then what you have not seen, from easy
# to hard, then what you have not seen for longest; with other data each time. Run the three
# cells again and again. (`case = lab12.case(15, seed=3)` gives a certain one, with `case.show()`
# and so on.)

# %% slideshow={"slide_type": "slide"}
lab12.deal.show()

# %% [markdown]
# **What you should see** A function, and what came out of it. Fault and measurement:

# %% slideshow={"slide_type": "fragment"}
lab12.deal.ask()

# %% slideshow={"slide_type": "fragment"}
lab12.deal.result()
lab12.deal.measured()

# %% [markdown]
# To mend it, copy the function from above into a cell, change what has to be changed, and
# hand it in with `lab12.deal.mend(...)`. The faulty one is refused, and its fault is named.
# Handed in as it is, case 1 looks like this:

# %% tags=["pitfall"]
verdict = lab12.case01.exercise.judge(lab12.case01.faulty)
print(verdict.text)

# %% [markdown]
# ### The published lab
#
# *For whoever compares with the source notes. 3 minutes.* None of the five notes has such a
# lesson. But these cases are theirs: in the first note softmax is taken twice and printed
# beside a loss "for the same thing" (case 4); in the third, `05wk-1.ipynb`, images come
# sorted and not shuffled (case 7), an accuracy compares a column with a list (case 3), and an
# optimizer belongs to an earlier network (case 9).
# The labs 3, 7, 8 and 9 reproduce them, figure by figure. Here is how large the mistake of
# case 3 is for *their* sizes, 12,665 training images of 0 and 1: that many comparisons are
# made in the place of that many images.

# %%
n = 12_665
print(f"{n} images, {n * n:,} comparisons")
