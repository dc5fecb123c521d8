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
# # 0. Start here
#
# [![Open in Colab](open-in-colab.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/00_start_here.ipynb) [![Open in Binder](open-in-binder.svg)](https://mybinder.org/v2/gh/OWNER/REPOSITORY/main?urlpath=lab/tree/notebooks/00_start_here.ipynb)
#
# This is a course on **classification**: programs that look at something and say which
# kind it is. You build one from the first formula to a network that reads handwritten
# digits. Every page is a **lab**: text, and code that runs on your computer.
#
# **You will be able to**
#
# * run a lab, cell by cell, and start it over when something is muddled;
# * use the checks, hints and solutions of the exercises;
# * say what your computer brings along: versions, graphics card, data.
#
# **Needs** Python: numbers, lists, loops, functions. Nothing of machine learning.
#
# **Takes** 5 minutes.

# %% jupyter={"source_hidden": true} tags=["colab"]
# @title For Colab only: fetch the helpers of the course
import sys
from importlib.util import find_spec

if "google.colab" in sys.modules and find_spec("course_utils") is None:
    # %pip install -q --no-deps "https://github.com/OWNER/REPOSITORY/releases/download/v0.2.0/course_utils-0.2.0-py3-none-any.whl" anywidget psygnal
    assert find_spec("course_utils"), "pip failed: its lines above say why"

# %%
import platform

import matplotlib
import torch

from course_utils.data import load_mnist
from course_utils.exercises import lab00
from course_utils.training import pick_device

# %% [markdown] tags=["slide"]
# ## 1. How to read a lab
#
# A lab consists of **cells**. Click into a code cell and press **Shift+Enter**: it runs,
# and its output appears below it. Go from top to bottom, because later cells use what
# earlier ones made.
#
# * **Predict** asks you to decide what will come out *before* you run the next cell. Do
#   it. You learn most where you were wrong.
# * **What you should see** describes a figure in words.
# * **Pitfall** shows a real bug from published notes: it runs, you see what goes wrong,
#   you learn why, it is mended, and a **Rule** remains.
#
# **PyTorch** is the library for calculating that the whole course uses. The **kernel** is
# the Python program in the background that runs your cells and remembers their variables.
#
# **When something is muddled** (you changed a cell, ran cells out of order, or a variable
# has a strange value), choose *Kernel*, then *Restart Kernel and Run All Cells*. In Colab
# it is *Runtime*, *Restart session and run all*. All labs run from top to bottom like
# this.

# %% tags=["slide-more"]
n_runs = 0

# %% tags=["slide-more"]
n_runs += 1
print("n_runs is", n_runs)

# %% [markdown] tags=["slide-more"]
# Now run only the last cell again, two or three times. The number grows, although the
# code is the same: the variable remembers. That is the most common way to get lost in a
# notebook, and a restart is the way back.

# %% [markdown] tags=["slide"]
# ## 2. What this computer brings along
#
# The next cell prints it. If you ask somebody for help, send these lines along. The first
# time it may download the MNIST images, 12 MB; without a network the labs use 5,000
# images that came with an installed package.

# %% tags=["nbval-ignore-output", "slide-more"]
print("Python     ", platform.python_version())
print("PyTorch    ", torch.__version__)
print("Matplotlib ", matplotlib.__version__)
print("runs on    ", pick_device())
print(load_mnist(digits=(0,)).describe())

# %% [markdown] tags=["slide-more"]
# `runs on` says `cuda` or `mps` if there is a graphics card that can help, else `cpu`. No
# lab needs more than a CPU.

# %% [markdown] tags=["slide"]
# ## 3. The map
#
# | lab | what it is about | minutes |
# |:--|:--|--:|
# | 0 Start here | how the labs work | 5 |
# | 1 Softmax | from scores to probabilities | 75 |
# | 2 Cross entropy by hand | how good is a probability? | 100 |
# | 3 Cross entropy with PyTorch | the same from the library, and its traps | 100 |
# | 4 Logistic regression | the first model that learns: two classes | 120 |
# | 5 Softmax regression | three classes, and three published bugs | 105 |
# | 6 MNIST, two digits | a network on real images, and what its accuracy means | 90 |
# | 7 GPU and mini-batches | more updates in less time, and the loop in a function | 110 |
# | 8 Binary classification, four ways | the same model four times, and how each fails | 120 |
# | 9 MNIST, many digits | ten classes, and how to read a classifier | 105 |
# | 10 Faster | a convolutional network, from minutes to seconds | 105 |
#
# The minutes include the exercises.

# %% [markdown] tags=["slide"]
# ## Exercises
#
# In an exercise you replace `...` by your own code and run the cell. The check then tries
# your function on several inputs. It knows the typical mistakes: if you make one of them,
# it tells you which one, and why it is wrong.
#
# Try it. Write `fraction_right(answers, truth)`: both are lists of the same length, and
# the result is which part of the answers is right, as a number from 0 to 1. Then make a
# mistake on purpose, for example `//` instead of `/`, and run the cell again.

# %% tags=["exercise", "slide-more"]
def fraction_right(answers, truth):
    ...


lab00.fraction_right.check(fraction_right)
# lab00.fraction_right.hint()
# lab00.fraction_right.solution()

# %% [markdown]
# Remove the `#` in front of `hint()` and run the cell to get a hint, and once more for
# the next one. `solution()` shows one way to do it. Yours may look quite different and be
# just as good; the check only looks at what it does.

# %% [markdown] tags=["slide"]
# ## Summary
#
# * Shift+Enter runs a cell. Go from top to bottom.
# * Predict first, then run.
# * When in doubt, restart the kernel and run all cells.
# * `check`, `hint`, `solution`, in this order.
#
# Next: **lab 1, softmax**.
