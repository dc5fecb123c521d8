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
# # 0. Start here
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/learner/notebooks/00_start_here.ipynb) [![Open in Binder](open-in-binder.svg)](https://mybinder.org/v2/gh/OWNER/REPOSITORY/learner?urlpath=lab/tree/notebooks/00_start_here.ipynb)
#
# In this course you build a machine that reads handwritten digits, from the first formula
# to a network that makes one mistake in a hundred. It is a course on **classification**:
# programs that look at something and say which kind it is. Every page is a **lab**: text,
# questions, and code that runs on your computer.
#
# **You will be able to**
#
# * run a lab, cell by cell, and get out of a muddle;
# * answer its questions, and say how sure you are;
# * use the checks, hints and solutions of the exercises;
# * find your way: what each lab is about, what you have done, what the symbols mean.
#
# **Needs** Python: numbers, lists, loops, functions. Nothing of machine learning.
#
# **Takes** 29 minutes to read and run, 4 more for the exercise.

# %% jupyter={"source_hidden": true} tags=["colab"]
# @title For Colab only: fetch the helpers of the course
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and find_spec("course_utils") is None:
    # %pip install -q --no-deps "https://github.com/OWNER/REPOSITORY/releases/download/v0.2.0/course_utils-0.2.0-py3-none-any.whl" anywidget psygnal
    assert find_spec("course_utils"), "pip failed: its lines above say why"

# %%
from math import log

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits

from course_utils import explorables, plots, progress
from course_utils.data import load_mnist
from course_utils.exercises import lab00
from course_utils.training import pick_device

plt.style.use("course_utils.course")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1. A machine that reads digits
#
# A lab consists of **cells**. Click into a code cell and press **Shift+Enter**: it runs,
# and its output appears below it. Run what stands above, then the next cell.
#
# In a moment you will draw for a machine that has learned to read digits. It answers with
# ten bars, one for each digit. The length of a bar is a probability. First a question
# about it. Choose an answer, say how sure you are, and press *Commit*.
# You need not know it: a guess that you have made yourself is what makes you remember the
# answer.

# %% slideshow={"slide_type": "fragment"}
lab00.scribble.ask()

# %% [markdown] slideshow={"slide_type": "fragment"}
# The panel does not say whether you are right. Find out: run the next cell and draw. A 3
# first, then other digits, then your scribble.

# %% slideshow={"slide_type": "slide"}
pad = explorables.draw_digit()
pad

# %% [markdown]
# **What you should see** A pad to draw on, what the machine sees of it, and its ten bars.
#
# The result of a question comes in a later cell. Here it is. (Its last line is the price
# of your certainty, in *nats*. Section 3 explains both.)

# %% slideshow={"slide_type": "fragment"}
lab00.scribble.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# What happens between the pad and the bars? Your drawing becomes 28 × 28 numbers, one for
# each pixel. They are multiplied by numbers that the machine has learned, and added up.
# This is done a few times, one **layer** after the other; between two layers, what is
# below 0 becomes 0. Ten scores come out, one for each digit, and a last step makes the
# bars of them. That is the whole machine. Each lab explains a part of it, until you have
# built all of it yourself: section 6 has the map.
#
# And where do its numbers come from? Nobody told it what a 3 looks like: it has *learned*
# it. Watch a small machine do that. It has 64 numbers for each digit, one for each pixel
# of an image of 8 × 8 pixels, and at the start all of them are 0. In one **step** it looks
# at 1,000 images with their right answers, and changes each number once, so that its bars
# get better. It never learns from the other 797 images: they are its test.

# %% slideshow={"slide_type": "slide"}
lab00.first_step.ask()

# %% [markdown] slideshow={"slide_type": "fragment"}
# You need not follow the code. In lab 5 you write it yourself.

# %%
digits = load_digits()
X = torch.tensor(digits.data / 16).float()  # 1,797 rows of 64 pixels
y = torch.tensor(digits.target)  # what was really written
W = torch.zeros(64, 10, requires_grad=True)
seen = {}
for step in range(101):
    if step in (0, 1, 10, 100):
        seen[step] = W.detach().clone()
    loss = torch.nn.functional.cross_entropy(X[:1000] @ W, y[:1000])
    loss.backward()
    with torch.no_grad():
        W -= W.grad
        W.grad.zero_()

# %% slideshow={"slide_type": "fragment"}
for step, numbers in seen.items():
    right = ((X[1000:] @ numbers).argmax(dim=1) == y[1000:]).float().mean()
    print(f"after {step:3} steps: {right:.0%} of the test images are right")
lab00.first_step.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# What has it learned? Here are its 64 numbers for the 3, as an image.

# %% slideshow={"slide_type": "slide"}
fig, axes = plt.subplots(1, 4, figsize=(6.4, 1.8))
for ax, (step, numbers) in zip(axes, seen.items(), strict=True):
    plots.signed_image(numbers[:, 3].reshape(8, 8), ax)
    ax.set_title(f"step {step}", loc="center")
    ax.axis("off")

# %% [markdown] slideshow={"slide_type": "fragment"}
# **What you should see** At step 0 there is nothing. After a single step one can see a 3:
# red where ink speaks for it; blue, with a minus, where ink speaks against it. The other
# 99 steps only work out the details. (Each panel has its own colours: its largest number
# is the darkest.)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2. How to read a lab
#
# * A **question** stands before what answers it. Commit, then see. By keyboard: *Tab* goes
#   to the next field, *space* chooses. You can also type the answer in a cell:
#   `lab00.scribble.answer("a", sure=0.8)`.
# * **What you should see** describes a figure in words.
# * **Pitfall** and **Rule** are about a real bug: it runs, you see what goes wrong and
#   why, and one line remains to be kept.
# * **Warm up**, at the start of each lab, asks three questions from earlier labs: first
#   those that you missed, then those that you have not seen for longest.
# * **Deeper**, at the end, is optional.
#
# **PyTorch** is the library for calculating that the whole course uses. The **kernel** is
# the Python program in the background that runs your cells and remembers their variables.

# %%
n_runs = 0

# %%
n_runs += 1
print("n_runs is", n_runs)

# %% [markdown]
# Do not run them again yet. First answer this:

# %% slideshow={"slide_type": "slide"}
lab00.counter.ask()

# %% [markdown]
# Now try it: click into the cell above that prints, and run it two more times.

# %% slideshow={"slide_type": "fragment"}
lab00.counter.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# That is the most common way to get lost in a notebook. So what do you do when something
# is strange?

# %% slideshow={"slide_type": "fragment"}
lab00.muddled.ask()

# %% slideshow={"slide_type": "fragment"}
lab00.muddled.result()

# %% [markdown] slideshow={"slide_type": "fragment"}
# In JupyterLab it is *Kernel*, then *Restart Kernel and Run All Cells*; in Colab
# *Runtime*, then *Restart session and run all*. Your answers are not lost.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3. How sure are you?
#
# The slider below each question asks for a probability: how sure you are that your answer
# is right. The course measures its machines by such numbers, and you by the same rule.

# %% slideshow={"slide_type": "fragment"}
lab00.honest.ask()

# %% slideshow={"slide_type": "fragment"}
lab00.honest.result()

# %% [markdown] slideshow={"slide_type": "slide"}
# A certainty has a price, which the result shows. For it only two outcomes count: your
# answer is right, or it is wrong. Say 80%, and you give 80% to *right* and the other 20%
# to *wrong*. The price is minus the natural logarithm, school's ln, of what you gave to
# the outcome that came. If *wrong* came, you had given it 0.2, and pay $-\ln 0.2 = 1.61$.

# %% slideshow={"slide_type": "fragment"}
for sure in (0.5, 0.8, 0.99):
    print(f"{sure:.0%} sure: right costs {-log(sure):.2f}, wrong {-log(1 - sure):.2f}")

# %% [markdown] slideshow={"slide_type": "fragment"}
# Saying 50% each time is what a coin does. Whoever is surer pays less if right, and much
# more if wrong. 100% counts as 99%, because 100% and wrong would cost infinitely much.
#
# The unit of the price is called **nat**, after the *nat*ural logarithm. Why a logarithm?
# Take two answers, each right with probability 0.8. Both are right with 0.8 · 0.8, and
# $\ln(0.8 \cdot 0.8) = \ln 0.8 + \ln 0.8$: one price for each. The mean of such prices is
# the **cross entropy**, by which nearly all classifiers learn. Lab 2 is about it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4. Where you stand
#
# Answers and solved exercises are kept in one small file on this computer. Nothing is ever
# sent anywhere. Come back to this cell at any time: it says what is solved, what is shaky,
# and where to go on.

# %% slideshow={"slide_type": "fragment"}
progress.show()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5. What this computer has
#
# The next cell prints it. If you ask somebody for help, send these lines along. The first
# time it may download the MNIST images, 70,000 handwritten digits, 12 MB. Without a
# network the labs use 5,000 of them that came with an installed package.

# %% slideshow={"slide_type": "fragment"} tags=["differs=version", "nbval-ignore-output"]
import platform

import matplotlib

print("Python     ", platform.python_version())
print("PyTorch    ", torch.__version__)
print("Matplotlib ", matplotlib.__version__)
print("runs on    ", pick_device())
print(load_mnist(digits=(0,)).describe())  # to look, the zeros are enough

# %% [markdown] slideshow={"slide_type": "fragment"}
# `runs on` says `cuda` or `mps` if there is a graphics card that can help, else `cpu`. No
# lab needs more than a CPU.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6. The map
#
# Each lab explains a part of the machine that you have drawn for, or how it learns. The
# first one begins with its last step.
#
# | lab | the part of the machine | minutes |
# |:--|:--|--:|
# | 0 Start here | all of it, seen from outside | 33 |
# | 1 Softmax | its last step: where the bars come from | 59 |
# | 2 Cross entropy by hand | its grade: how good are these bars? | 64 |
# | 3 Cross entropy with PyTorch | the same grade from the library, and its traps | 77 |
# | 4 Logistic regression | how it learns: the first small machine, with two bars | 74 |
# | 5 Softmax regression | more bars: three classes, then ten digits | 83 |
# | 6 Hidden layers | what is in the middle of the machine | 88 |
# | 7 MNIST, two digits | real images, and what a percentage of right answers is worth | 85 |
# | 8 GPU and mini-batches | how it learns from many images: many small steps | 89 |
# | 9 Binary classification, four ways | two bars or one; how to look for what is rare | 93 |
# | 10 MNIST, many digits | all ten bars, and how to read them; the pad again | 90 |
# | 11 Faster | how it sees neighbouring pixels: the machine of the pad | 105 |
# | 12 Bug clinic | what may be wrong with it when nothing complains | 81 |
# | 13 Project | a machine of your own, for data that you do not know | 87 |
#
# The minutes include the exercises.

# %% [markdown]
# ### The symbols
#
# You need none of them yet. They mean the same in all labs, so come back to this table
# when you meet one.
#
# | symbol | in code | meaning |
# |:--|:--|:--|
# | $x$ | `X` | what goes in: a row for each example, $D$ numbers in a row |
# | $y$ | `y` | the truth: the class of each example |
# | $N$, $D$, $K$ | | how many examples, numbers per example, classes |
# | $z$ | `logits` | the scores that a machine gives, one for each class |
# | $p$ | `probs` | the probabilities made of them |
# | $W$, $b$ | `W`, `b` | the numbers that a machine learns: weights and bias |
# | $L$ | `loss` | how bad the answers are on average, in nats |
# | $T$ | `T` | temperature: divides the logits |
# | $\log$ | `torch.log` | the natural logarithm, school's $\ln$ |
# | $\sum_j$ | `sum` | the sum over all $j$ |
#
# ### The source notes
#
# The course grew from five notes that learners published. Their code, their numbers, and
# the bugs that thousands have copied stand in sections called *The published lab*. Thank
# you to their authors.
#
# * [Lab06 - Softmax Classification](https://github.com/kookeej/DILAB/blob/main/7.1-7.7/Lab06.ipynb)
# * [\[PyTorch\] Classifier: Logistic & Softmax Regression Model](https://zoshs2.github.io),
#   4 March 2024, based on [a book](https://wikidocs.net/book/2788)
#   (PyTorch로 시작하는 딥 러닝 입문, by 유원준 and 안상준)
# * [05wk-1.ipynb](https://github.com/guebin/DL2025/blob/main/posts/05wk-1.ipynb), without
#   a title (its headings: 데이터분석 코딩패턴, 이진분류 코딩패턴, 다중클래스 분류)
# * *1.6 Softmax Classification* (in full: \[파이토치로 시작하는 딥러닝 기초\] 1.6 Softmax
#   Classification), after a course of that name at EDWITH; no address given
# * [lab06.ipynb](https://github.com/Jaehooni/2022_Summer_D.Com_DeepLearning_Study/blob/main/lab06.ipynb),
#   without a title: Softmax, Cross Entropy Loss

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exercises
#
# In an exercise you replace `...` by your own code and run the cell. The check then tries
# your function on several inputs. It knows the typical mistakes: if you make one of them,
# it tells you which one, and why it is wrong.
#
# **Exercise 1** (4 minutes). Write `fraction_right(answers, truth)`: both are lists of the
# same length, and the result says which fraction of the answers is right, as a number
# from 0 to 1. Then make a mistake on purpose, for example `//` instead of `/`, and run
# the cell again.

# %% slideshow={"slide_type": "fragment"} tags=["exercise"]
def fraction_right(answers, truth):
    ...


lab00.fraction_right.check(fraction_right)
# lab00.fraction_right.hint()
# lab00.fraction_right.solution()

# %% [markdown]
# Remove the `#` in front of `hint()` and run the cell to get a hint; `hint(2)` gives the
# next one. `solution()` shows one way. Another one may be as good: the check looks at what
# a function does.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Shift+Enter runs a cell. Go from top to bottom.
# * Commit first, then look.
# * Say 80% if you are right 8 times in 10.
# * When in doubt, restart the kernel and run all cells.
# * `check`, `hint`, `solution`, in this order.
#
# Next: [**lab 1, softmax**](01_softmax.ipynb).
