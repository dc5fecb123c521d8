"""The exercises and the check that recognises a learner's mistake."""

import ast
import functools
import importlib
import inspect
import math
import pkgutil
import random
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import course_utils.exercises as package
from course_utils.exercises import (
    diagnose,
    fixtures,
    lab00,
    lab01,
    lab02,
    lab03,
    lab05,
    lab06,
    lab10,
    locate,
    observe,
    repair,
    slips,
    study,
)
from course_utils.exercises.checks import Exercise, exercise, find
from course_utils.exercises.observe import problem, same
from course_utils.exercises.questions import without_marks

LABS = [
    importlib.import_module(f"course_utils.exercises.{module.name}")
    for module in pkgutil.iter_modules(package.__path__)
    if module.name.startswith("lab")
]
EXERCISES = [
    pytest.param(value, id=f"{lab.__name__[-5:]}.{value.name}")
    for lab in LABS
    for value in vars(lab).values()
    if isinstance(value, Exercise)
]
MISTAKES = [
    pytest.param(e.values[0], mistake, id=f"{e.id}-{mistake.__name__}")
    for e in EXERCISES
    for mistake in e.values[0].mistakes
]


def words(verdict):
    """Return in one line what a verdict says, with `code` still marked."""
    said = " ".join([*verdict.messages, *verdict.details])
    return f"{verdict.exercise}: {' '.join(said.split())}"


@pytest.fixture
def patient(monkeypatch):
    """Give the searches more time than a learner would wait, on a busy machine."""
    monkeypatch.setattr(study, "MAY_TAKE", 4.0)
    monkeypatch.setattr(repair, "PAIRS_MAY_TAKE", 4.0)
    monkeypatch.setattr(locate, "MAY_TAKE", 4.0)


def said(capsys, checked, function):
    checked.check(function)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("lab", LABS[1:], ids=lambda lab: lab.__name__[-5:])
def test_a_lab_has_four_exercises(lab):
    assert sum(isinstance(value, Exercise) for value in vars(lab).values()) >= 4


def solution(checked):
    """Return the reference as a learner would have it: from its source."""
    namespace = dict(vars(sys.modules[checked.reference.__module__]))
    exec(checked.solution_source(), namespace)  # its names are those of its lab
    return namespace[checked.name]


@pytest.mark.parametrize("checked", EXERCISES)
def test_solution_passes(checked, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STRICT", "1")
    text = said(capsys, checked, solution(checked))
    assert text.startswith(f"{checked.name}: correct. ")
    assert checked.praise in text
    source = checked.solution_source()
    assert source.startswith("def ")
    assert max(map(len, source.splitlines())) <= 88


@pytest.mark.parametrize("checked", EXERCISES)
def test_the_courses_own_solution_is_not_an_answer(checked):
    @functools.wraps(checked.reference)
    def wrapper(*args):
        return checked.reference(*args)

    for handed_in in (checked.reference, wrapper):
        verdict = checked.judge(handed_in)
        assert (verdict.right, verdict.kind) == (False, "forbidden")
        assert "The values are right" in verdict.text


@pytest.mark.parametrize("checked", EXERCISES)
def test_properties_hold_for_the_solution(checked):
    """What a check holds against a learner must be true of what is right."""
    for case in checked.cases:
        right = checked.right_run(case)
        if right.error or not case.ordinary:
            continue

        def call(args):
            return checked.observe(checked.reference, args).value

        for property_ in checked.properties:
            assert property_(call, right.value, *case.args) is None


@pytest.mark.parametrize("checked", EXERCISES)
def test_an_exercise_is_complete(checked):
    assert len(checked.mistakes) >= 4
    assert len(checked.hints) >= 2
    assert checked.praise
    solution_ = checked.solution_source().split("return ")[-1].strip()
    assert all(solution_ not in hint for hint in checked.hints)
    explanations = [mistake.__doc__ for mistake in checked.mistakes]
    assert all(len(text) > 80 for text in explanations)
    assert len(set(explanations)) == len(explanations)


@pytest.mark.parametrize(("checked", "mistake"), MISTAKES)
def test_a_mistake_gets_its_own_explanation(checked, mistake, capsys):
    text = said(capsys, checked, mistake)
    assert checked.last.name == mistake.__name__
    assert checked.last.kind == "listed"
    for each in checked.mistakes:
        explained = without_marks(" ".join(each.__doc__.split())) in text
        assert explained == (each is mistake), each.__name__


@pytest.mark.parametrize("checked", EXERCISES)
def test_stub_is_recognised(checked, capsys):
    def empty(*args): ...

    def documented(*args):
        """Say what it does."""
        ...

    def passing(*args):
        pass

    def not_implemented(*args):
        raise NotImplementedError

    for stub in (empty, documented, passing, not_implemented):
        assert "not attempted yet" in said(capsys, checked, stub)


def test_strict_raises(monkeypatch):
    @exercise(inputs=[(1,)], hints=[])
    def double(x):
        return 2 * x

    monkeypatch.setenv("COURSE_STRICT", "1")

    def stub(x): ...

    for wrong in (stub, lambda x: 3 * x, 5):
        with pytest.raises(AssertionError):
            double.check(wrong)
    double.check(lambda x: x + x)


# ---- the properties that are named when no known mistake fits -----------------------


@exercise(inputs=[(torch.tensor([1.0, 2.0]),)], hints=["One.", "Two."], praise="Good.")
def double(x):
    return 2 * x


@double.mistake
def squared(x):
    """You squared."""
    return x**2


class Hostile:
    """An object on which everything fails."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __eq__(self, other):
        raise RuntimeError("no eq")

    def __str__(self):
        raise RuntimeError("no str")

    __hash__ = None


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def raises(error):
    def function(x):
        raise error

    return function


def in_place(x):
    x *= 2
    return x


def recursive(x):
    return recursive(x)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: 2 * x + 0 * x.sum(), "correct. Good."),
        (lambda x: x**2, "You squared."),
        (lambda x: (x**2).double(), "You squared."),
        (lambda x: print(x * 2), "returned None"),
        (lambda x: [2, 4], "It returned a list; expected a tensor of shape (2,)"),
        (lambda x: (2 * x).numpy(), "expected a tensor of shape (2,)"),
        (lambda x: 2 * x[:1], "The result has shape (1,); expected (2,)"),
        (lambda x: (2 * x).double(), "dtype torch.float64; expected torch.float32"),
        (lambda x: x / 0, "The result holds inf"),
        (lambda x: 0 * x / 0, "The result holds nan"),
        (lambda x: 3 * x, "Expected tensor([2., 4.]) Got tensor([3., 6.])"),
        (lambda x: 2 * x.detach(), "has to remember how the result was made"),
        (lambda x: x + x.detach(), "but their slope with respect to x is not"),
        (lambda x: 2 * x + 0 * (x - x).sqrt(), "their slope is nan or inf"),
        (in_place, "changed x (its numbers)"),
        (
            lambda x: x.nonsense,
            "It stopped with AttributeError: 'Tensor' object has no",
        ),
        (lambda: 1, "it with 1 arguments: x."),
        (recursive, "RecursionError"),
        (raises(SystemExit(3)), "SystemExit"),
        (raises(KeyboardInterrupt()), "KeyboardInterrupt"),
        (raises(HostileError()), "HostileError"),
        (lambda x: Hostile(), "It returned a Hostile"),
        (Hostile(), "pass the function itself"),
        (torch.tensor(1.0), "pass the function itself, without calling it"),
        (print, "It returned None"),
        (int, "It stopped with ValueError"),
    ],
)
def test_first_failing_property(capsys, function, expected):
    assert expected in said(capsys, double, function)


def test_printed_text_is_shown_with_the_problem(capsys):
    def talks(x):
        print("x is", x)
        return 3 * x

    text = said(capsys, double, talks)
    assert "It printed: x is tensor([1., 2.])" in text
    assert text.count("x is") == 1 and "requires_grad" not in text


def test_a_check_leaves_no_trace(capsys):
    def careless(x):
        torch.manual_seed(5)
        random.seed(5)
        np.random.seed(5)
        torch.set_default_dtype(torch.float64)
        return 2 * x

    torch.manual_seed(0)
    before = torch.get_rng_state()
    np.random.randn()  # the other one of two is kept for the next call
    states = random.getstate(), str(np.random.get_state())
    double.check(careless)
    double.check(lambda x: torch.rand(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert (random.getstate(), str(np.random.get_state())) == states
    assert torch.get_default_dtype() == torch.float32
    assert torch.equal(double.inputs[0][0], torch.tensor([1.0, 2.0]))


def test_the_first_failing_input_decides(capsys):
    """Two mistakes at once: the one on the ordinary input is explained first."""

    def columns_and_unstable(logits):
        return logits.exp() / logits.exp().sum(dim=0)

    text = said(capsys, lab01.softmax, columns_and_unstable)
    assert "columns sum to 1" in text


def test_a_raising_reference(capsys):
    @exercise(inputs=[(1,), (-1,)], hints=[])
    def root(x):
        if x < 0:
            raise ValueError("negative")
        return x**0.5

    assert "it should raise ValueError" in said(capsys, root, lambda x: abs(x) ** 0.5)

    def root_of(x):
        if x < 0:
            raise ValueError
        return x**0.5

    assert "correct" in said(capsys, root, root_of)

    def other_error(x):
        return root.reference(x) if x > 0 else {}["no"]

    assert "should raise ValueError" in said(capsys, root, other_error)


def test_slopes_can_be_left_out_of_account():
    inputs = [(torch.tensor([1.0, 2.0]),)]
    strict, free = (
        exercise(inputs=inputs, hints=[], slopes=slopes)(lambda x: 2 * x)
        for slopes in (True, False)
    )
    assert "has to remember" in strict.judge(lambda x: 2 * x.detach()).text.replace(
        "\n  ", " "
    )
    assert free.judge(lambda x: 2 * x.detach()).right


def test_slopes_may_lose_digits_that_float32_has_not():
    """Of 10,000 it keeps three decimals, and this slope is a small difference."""

    def by_logsumexp(logits, T):
        scaled = logits / T
        return torch.exp(scaled - scaled.logsumexp(dim=1, keepdim=True))

    assert lab01.softmax_with_temperature.judge(by_logsumexp).right


def test_another_dtype_in_a_tuple_is_no_other_mistake():
    inputs = [(torch.tensor([1.0, 2.0]),), (torch.tensor([0.0]),)]

    @exercise(inputs=inputs, hints=[])
    def both(x):
        return x, x

    @both.mistake
    def divided(x):
        """You divided by zero."""
        return x, x * x / x

    text = both.judge(lambda x: (x, x.double())).text
    assert "Number 2 of the 2 results: The numbers themselves are right" in text
    assert "zero" not in text


def test_huge_numbers_are_compared():
    @exercise(inputs=[(784, 10)], hints=[])
    def product(a, b):
        return a * b

    @product.mistake
    def fraction(a, b):
        """You divided."""
        return a / b

    @product.mistake
    def power(a, b):
        """You took the power."""
        return a**b

    assert product.judge(lambda a, b: a**b).messages[1] == "You took the power."


def test_a_cut_gradient_is_no_other_mistake():
    """Right values with a wrong gradient are explained only by the same gradient."""

    @exercise(inputs=[(torch.tensor([1.0, 2.0]),), (torch.tensor([1e4]),)], hints=[])
    def log_of_exp(x):
        return x.clone()

    @log_of_exp.mistake
    def overflows(x):
        """It overflows."""
        return x.exp().log()

    assert "It overflows." in log_of_exp.judge(lambda x: x.exp().log()).text
    cut = log_of_exp.judge(lambda x: 0.5 * x + 0.5 * x.detach()).text
    assert "overflows" not in cut and "cut off" in cut


def test_hints_come_on_request(capsys):
    fresh = exercise(inputs=[(1,)], hints=["First.", "Second."])(lambda x: x)

    def shown(*number):
        fresh.hint(*number)
        return capsys.readouterr().out.strip()

    assert shown() == "Hint 1 of 2: First.\n(.hint(2) gives more.)"
    assert shown() == shown(1)  # running a cell again burns none
    assert shown(2) == "Hint 2 of 2: Second."
    assert "solution()" in shown(3)
    fresh.check(lambda x: x + 1)
    capsys.readouterr()
    assert "First" in shown()
    fresh.check(lambda x: x)
    capsys.readouterr()
    assert "First" not in shown()
    assert "First" in shown(1)


# ---- mechanisms that need no list ------------------------------------------------


def one_exercise(reference=None, **options):
    """Make an exercise of no lab: the engine knows nothing of this course."""
    given = options.pop("given", {"logits": "logits N K", "y": "classes N K"})
    return exercise(given=given, **options)(reference or mean_loss)


def mean_loss(logits, y):
    picked = torch.log_softmax(logits, dim=1)[torch.arange(len(y)), y]
    return -picked.mean()


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        (lambda z, y: F.cross_entropy(z, y) * len(y), "relation", "N times the right"),
        (lambda z, y: -F.cross_entropy(z, y) * len(y), "relation", "-N times"),
        (
            lambda z, y: F.cross_entropy(z, y).detach(),
            "slope",
            "has to remember how the result was made",
        ),
        (
            lambda z, y: F.nll_loss(z.softmax(1).log(), y),
            "property",
            "Right for ordinary inputs. Wrong on this input: large numbers.",
        ),
        (
            lambda z, y: F.cross_entropy(z, y, reduction="none"),
            "form",
            "The mean of your",
        ),
    ],
)
def test_a_mistake_that_nobody_listed(wrong, kind, said):
    checked = one_exercise(hints=[])
    verdict = checked.judge(wrong)
    assert verdict.kind == kind
    assert said in " ".join(verdict.messages)


def columns(logits, y):
    log_probs = torch.log_softmax(logits, dim=0)
    return -log_probs[torch.arange(len(y)), y].mean()


def columns_and_sum(logits, y):
    log_probs = torch.log_softmax(logits, dim=0)
    return -log_probs[torch.arange(len(y)), y].sum()


def all_pairs(logits, y):
    return -torch.log_softmax(logits, dim=1)[:, y].mean()


def not_stable(logits, y):
    exps = logits.exp()
    probs = exps / exps.sum(dim=1, keepdim=True)
    return -probs[torch.arange(len(y)), y].log().mean()


def three_classes(logits, y):
    one_hot = F.one_hot(y, 3)
    return -(one_hot * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (columns, "One change would make it right: `dim=1` in place of `dim=0`."),
        (columns_and_sum, "Two changes would make it right."),
        (columns_and_sum, "`dim=1` in place of `dim=0`"),
        (all_pairs, "[torch.arange(len(y)), y]` in place of"),
        (
            not_stable,
            "inf appears first in `logits.exp()`, where `logits` lies between",
        ),
        (three_classes, "`F.one_hot(y, logits.shape[1])` in place of"),
    ],
)
def test_a_change_that_would_make_it_right_is_named(wrong, said):
    """And only one with which the whole check accepts the learner's own function."""

    def solution_(logits, y):
        picked = torch.log_softmax(logits, dim=1)[torch.arange(len(y)), y]
        return -picked.mean() + 0 * logits.shape[1]

    checked = one_exercise(solution_, hints=[])
    verdict = checked.judge(wrong)
    assert said in words(verdict)
    if wrong in (columns, three_classes):  # and it is true
        new, old = verdict.messages[1].split("`")[1::2]
        source = textwrap.dedent(inspect.getsource(wrong)).replace(old, new)
        space = dict(globals())
        exec(source, space)
        assert checked.judge(space[wrong.__name__]).right


def loss_and_rows(logits, y):
    log_probs = torch.log_softmax(logits, dim=1)
    return -log_probs[torch.arange(len(y)), y].mean(), log_probs.exp().max(dim=1).values


def two_slips_one_of_them_strange(logits, y):
    log_probs = torch.log_softmax(logits, dim=1)
    rows = (logits**2).cumsum(dim=1)[:, 0] * 1.7
    return -log_probs[torch.arange(len(y)), y].sum(), rows


@pytest.mark.usefixtures("patient")
def test_one_of_two_slips_is_named_if_it_mends_a_part_and_spoils_nothing():
    checked = one_exercise(loss_and_rows, hints=[], results=("loss", "rows"))
    text = words(checked.judge(two_slips_one_of_them_strange))
    assert "One thing that it needs: `log_probs[torch.arange(len(y))" in text
    assert ".mean()` in place of `log_probs" in text
    assert "Then check again." in text

    def strange(logits, y):
        return (logits**2).sum() * 1.7, (logits**2).cumsum(dim=1)[:, 0] * 1.7

    assert "two things" not in words(checked.judge(strange))


def test_a_whole_number_comes_right_by_chance():
    """And so does one of the numbers that were given: no change is named for that."""

    def trial(value):
        run = observe.Run(value)
        case = fixtures.Case((2.5, torch.tensor([0.25, 4.0])))
        return study.Trial(case, observe.Run(7.5), run, ("value", ""))

    trials = [trial(value) for value in (3, 2.5, 0.25, 1.0, 3.25)]
    right = iter([3, 2.5, 0.25, 1.0, 3.25])
    assert repair._gain(trials, lambda *args: next(right)) == 1
    assert repair._gain(trials, lambda *args: 7.5) == 0
    spoiled = study.Trial(trials[0].case, *[observe.Run(1.5)] * 2, None)
    assert repair._gain([*trials, spoiled], lambda *args: 3.25) == 0


def test_no_part_is_put_in_the_place_of_itself_with_what_is_around_it():
    def answer(logits, y):
        return 3 * (logits > y.sum())

    tree = slips.source_tree(answer)
    said = [slips.described(tree, edit) for edit in slips.repairs(tree, [])]
    assert any(text.endswith("` in place of `logits > y.sum()`") for text in said)
    assert not any("`logits > y.sum()` in place of `logits`" in text for text in said)
    assert not any("`logits > y.sum()` in place of `y" in text for text in said)


def test_a_sum_for_a_mean_is_no_second_mistake_if_no_solution_needs_it():
    def norm(a):
        return (a**2).sum(dim=1).sqrt()

    checked = exercise(given={"a": "features N D"}, hints=[])(norm)
    for new, old, fits in (
        ("a.abs().mean()", "a.abs().sum()", False),
        ("a.abs().mean()", "a.abs()", False),
        ("a.abs().sum()", "a.abs().mean()", True),
        ("a.T", "a", True),
        ("a + 1", "a", False),
    ):
        assert repair._replaces(f"`{new}` in place of `{old}`", checked) == fits


def test_a_change_that_fits_one_input_only_is_not_named():
    """For a = b = 1 it is enough to leave b out; for the others it is not."""

    def product(a, b):
        return a * b

    checked = exercise(inputs=[(1, 1), (3, 5), (4, 7)], hints=[])(product)

    def total(a, b):
        return a + b

    def far(a, b):
        return a**3 + 17 * b**4 - 2

    assert '"a * b" in place of "a + b"' in checked.judge(total).text
    assert "<code>a * b</code> in place of" in checked.judge(total)._repr_html_()
    assert "change" not in checked.judge(far).text


def test_a_change_that_never_ends_is_given_up():
    def repeated(logits, y):
        rows = [0]
        for _ in rows:
            if len(rows) < 1:
                rows.append(0)
        return logits.sum() + len(rows)

    start = time.process_time()
    assert not one_exercise(hints=[]).judge(repeated).right
    assert time.process_time() - start < 5
    with pytest.raises(slips.TooLongError), slips.limited_steps():
        tree = slips.source_tree(endless)
        slips.build(endless, tree)()


def endless():
    rows = [0]
    for _ in rows:
        rows.append(0)


def doubled():
    rows = [0]
    for _ in rows:
        rows += rows


def huge():
    number = 2
    for _ in range(1000):
        number *= number


@pytest.mark.parametrize("function", [doubled, huge])
def test_a_change_that_fills_the_memory_is_given_up(function):
    with pytest.raises(slips.TooLongError), slips.limited_steps():
        slips.build(function, slips.source_tree(function))()


def test_a_list_that_holds_itself_is_no_number():
    """A change of `rows.append(x)` makes one, and PyTorch crashes on it."""
    rows = [1.5, 2.5]
    rows.append(rows)
    assert locate.mark(rows) is None and locate.key_of(rows) == "[1.5, 2.5, [...]]"
    assert locate.mark([1.5, 2.5]) == locate.mark(torch.tensor([1.5, 2.5]))


def test_an_answer_that_occurs_somewhere_is_not_right():
    def fraction_right(answers, truth):
        n = 0
        for a in answers:
            if a in truth:
                n += 1
        return n / len(answers)

    verdict = lab00.fraction_right.judge(fraction_right)
    assert verdict.name == "occurs_anywhere"


def test_the_same_error_in_two_lines_gets_two_sorts_of_advice():
    """Advice holds only if the learner's line has what it speaks of."""

    def chained(logits, y):
        return (logits > 0.5 == logits).sum() + 3.7

    def condition(logits, y):
        if logits > 0:
            return logits
        return y

    chained_text, condition_text = (
        words(one_exercise(hints=[]).judge(f)) for f in (chained, condition)
    )
    assert "Set brackets" in chained_text and "Set brackets" not in condition_text
    assert "a single True or False" in condition_text
    assert "a single True or False" not in chained_text


def test_a_step_is_compared_by_what_it_adds():
    def step(W, lr):
        return W - lr * W.sum(dim=0)

    given = {"W": "weights N K", "lr": "rate"}
    checked = exercise(given=given, hints=[], steps=("W",))(step)
    text = checked.judge(lambda W, lr: W + 2 * lr * W.sum(dim=0)).text
    assert "Your step is -2 times the right one" in text


def test_a_listed_mistake_and_a_factor():
    checked = one_exercise(hints=[])

    @checked.mistake
    def columns_(logits, y):
        """The rows are right. You took softmax down the columns."""
        return -torch.log_softmax(logits, dim=0)[torch.arange(len(y)), y].mean()

    @checked.mistake
    def summed(logits, y):
        """You took the sum of the losses."""
        return F.cross_entropy(logits, y, reduction="sum")

    minus = words(checked.judge(lambda z, y: -columns(z, y)))
    assert "Two things. One: You took softmax down the columns." in minus
    assert "The other: the sign is the wrong way round." in minus
    assert "Two things" not in words(checked.judge(lambda z, y: -mean_loss(z, y)))


def test_a_mistake_is_named_only_if_it_fits_all_inputs():
    def product(a, b):
        return a * b

    checked = exercise(inputs=[(2, 2), (3, 5), (4, 7)], hints=[])(product)

    @checked.mistake
    def total(a, b):
        """You added the two, and 2 + 2 is 4; that fits by accident only."""
        return a + b

    assert checked.judge(lambda a, b: a + b).name == "total"
    assert checked.judge(lambda a, b: a + b if a < 4 else 0).name != "total"


def test_right_numbers_in_a_list_are_no_two_mistakes(capsys):
    checked = lab05.biases
    text = said(capsys, checked, lambda *args: checked.reference(*args).tolist())
    assert "Wrap them in torch.tensor([...])." in text
    assert "Two things" not in text


def loss_and_slope(X, y, W):
    probs = torch.sigmoid(X @ W)
    error = probs - y
    return X.T @ error / len(y)


def weighted(X, y, W):
    p = torch.sigmoid(X @ W)
    wrong = (p**2 - 3 * y) * p  # this
    slope = X.T @ wrong
    return slope / y.shape[0]


def weighted_and_wide(X, y, W):
    p = torch.sigmoid(X @ W)
    wrong = (p - y) * p  # this
    return X.T @ wrong / (len(y) * X.shape[1] + 3)  # and this


def without_sigmoid(X, y, W):
    z = X @ W
    return X.T @ (z - y) / len(y)


def otherwise(X, y, W):
    z = X @ W
    error = -y + 1 / (1 + torch.exp(-z))
    total = 3 * X.T @ error + 1
    return total / len(y)


def mean_of_all_cells(logits, y):
    one_hot = F.one_hot(y, logits.shape[1])
    return torch.logsumexp(logits, dim=1).mean() - (one_hot * logits).mean()


@pytest.mark.usefixtures("patient")
def test_where_another_form_helps_the_mistake_may_follow():
    def by_parts(logits, y):
        picked = logits[torch.arange(len(y)), y]
        return torch.logsumexp(logits, dim=1).mean() - picked.mean()

    checked, answer = one_exercise(by_parts, hints=[]), mean_of_all_cells
    trials = [checked.trial(answer, c) for c in checked.cases]
    said = study.Study(checked, answer, trials).crossing.said()
    assert said.startswith("It goes wrong at `one_hot * logits` in your line")
    assert "or in what is done with it next" in said


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("answer", "places", "said"),
    [
        (
            weighted,
            ["(p ** 2 - 3 * y) * p"],
            "wrong = (p ** 2 - 3 * y) * p`, or in what",
        ),
        (weighted_and_wide, ["(p - y) * p", "len(y) * X.shape[1] + 3"], "Two places"),
        (without_sigmoid, ["z - y"], "`z - y` in your line `return X.T @ (z - y) /"),
        (otherwise, ["3 * X.T @ error + 1"], "3 * X.T @ error + 1`, or in what goes"),
        (loss_and_slope, [], ""),
    ],
)
def test_where_an_answer_leaves_the_solution(answer, places, said):
    given = {"X": "features N D", "y": "features N K", "W": "weights D K"}
    checked = exercise(given=given, hints=[])(loss_and_slope)
    found = study.Study(
        checked, answer, [checked.trial(answer, c) for c in checked.cases]
    )
    crossing = found.crossing
    assert [place.text for place in crossing.found] == places
    if places:
        assert said in crossing.said()


def trained(w, X, n_steps):
    w = w.clone().requires_grad_()
    for _ in range(n_steps):
        w.grad = None
        ((X @ w) ** 2).mean().backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
    return w.detach(), X.sum()


def piling(w, X, n_steps):
    w = w.clone().requires_grad_()
    for _ in range(n_steps):
        ((X @ w) ** 2).mean().backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
    return w.detach(), X.sum()


def kept(w, X, n_steps):
    return w, X.sum()


@pytest.mark.parametrize(
    ("answer", "sentences"),
    [
        (piling, ["Slopes pile up", "With a single round, n_steps = 1, the result is"]),
        (kept, ["`total` is right for all inputs, `w` not.", "`w` came back as given"]),
    ],
)
def test_what_is_said_of_a_training(answer, sentences):
    given = {"w": "weights D", "X": "features N D", "n_steps": "size"}
    checked = exercise(given=given, hints=[], results=("w", "total"))(trained)
    text = words(checked.judge(answer))
    assert all(sentence in text for sentence in sentences)
    assert "pile up" not in text or answer is piling


def test_what_changes_special_numbers_alone():
    def surprise(p):
        return -p.log().mean()

    tiny = fixtures.Case((torch.tensor([0.5, 1e-30]),), "a tiny probability", False)
    usual = [(torch.tensor([0.5, 0.25]),), (torch.tensor([0.125, 0.75]),)]
    checked = exercise(inputs=[*usual, tiny], hints=[], slopes=False)(surprise)
    text = words(checked.judge(lambda p: -(p + 1e-9).log().mean()))
    assert "Right for ordinary inputs" in text

    def lid(p):
        raised = p.clamp(min=1e-9)
        return -raised.log().mean()

    trials = [checked.trial(lid, case) for case in checked.cases]
    said = diagnose.only_at_edges(study.Study(checked, lid, trials))
    assert said == (
        "`p.clamp(min=1e-09)` changes nothing in ordinary numbers. But here it makes "
        "1e-09 of 1e-30."
    )


EVIDENCE = [e for e in EXERCISES if e.values[0].evidence]


def test_some_exercises_have_evidence():
    assert len(EVIDENCE) == 7


@pytest.mark.parametrize("checked", EVIDENCE)
def test_each_entry_has_its_evidence(checked):
    """A wrong entry is named, and the right one is never said."""
    right = checked.reference()
    assert len(checked.evidence) == len(right)
    others = [*dict.fromkeys(right)]
    for i, (name, why) in enumerate(checked.evidence.items()):
        wrong = [*right]
        wrong[i] = next(x for x in others if x != right[i])
        verdict = checked.judge(lambda wrong=wrong: tuple(wrong))
        text = words(verdict)
        if verdict.kind != "listed":
            assert f"Look again at {name}: {why}" in text
            assert text.count("Look again") == 1
        if isinstance(right[i], str):
            assert f"({right[i]})" not in why
        assert "Expected" not in text and "You gave (" in text


def test_a_listed_mistake_behind_a_change_of_form(patient):
    checked = lab06.slopes

    def slopes(x, y, W, c, v, d):
        h = torch.relu(x @ W + c)
        error = torch.sigmoid(h @ v + d) - y
        slope_a = error * v  # the fold is forgotten
        return torch.outer(slope_a, x), slope_a, error * h, error  # and so is a turn

    text = words(checked.judge(slopes))
    assert "Two things. One: You let the slope pass every fold." in text
    assert "The other: it needs `torch.outer(slope_a, x).T` in place of" in text


def test_what_is_said_of_two_mistakes_does_not_begin_with_praise():
    def slipped(x):
        """The weights are right, but the bias is their sum. Divide by N."""

    def honest(x):
        """You count a case if half of it is right. All of it has to be."""

    def named(x):
        """The rows are right, and dx has no effect. Use it."""

    said = [study.explanation(f, alone=False) for f in (slipped, honest, named)]
    assert said[0] == "The bias is their sum. Divide by N."
    assert said[1].startswith("You count a case")
    assert said[2] == "dx has no effect. Use it."


def test_a_second_mistake_is_mentioned():
    checked = one_exercise(hints=[])

    @checked.mistake
    def summed(logits, y):
        """This is a sum."""
        return F.cross_entropy(logits, y, reduction="sum")

    verdict = checked.judge(lambda z, y: F.nll_loss(z.exp().log_softmax(1), y))
    assert verdict.name != "summed"
    unstable = checked.judge(
        lambda z, y: -(z.exp() / z.exp().sum(1, True)).log()[range(len(y)), y].sum()
    )
    assert (unstable.kind, unstable.name) == ("listed and more", "summed")
    assert "second thing; it shows on this input: large numbers" in unstable.text


def test_an_error_shows_the_line_and_the_shapes():
    def broken(logits, y):
        rows = logits.sum(dim=1)
        return logits / rows

    text = words(one_exercise(hints=[]).judge(broken))
    assert "In your line `return logits / rows`" in text
    assert "logits has shape (7, 4) and rows has shape (7,)." in text
    assert "Two shapes do not fit together" in text


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda z, y: z[y], "Got"),
        (lambda z, y: z[:, 99], "Position 99 does not exist"),
        (lambda z, y: z.sum(dim=2), "dim=2 does not exist"),
        (lambda z, y: z.max(dim=1) - 1, "two things, the values and their positions"),
        (lambda z: z, "calls it with 2 arguments: logits, y"),
    ],
)
def test_an_error_comes_with_advice(wrong, advice):
    if advice == "Got":
        advice = "The result has shape"
    assert advice in words(one_exercise(hints=[]).judge(wrong))


def test_a_number_that_no_solution_needs():
    def ten_classes(confusion):
        recall = torch.zeros(10)
        for k in range(10):
            recall[k] = confusion[k, k] / confusion[k].sum()
        return recall, recall

    text = words(lab10.recall_and_precision.judge(ten_classes))
    assert "Your code holds the number 10, which is right for one size at most." in text


def test_a_listed_mistake_beside_a_change_spoils_what_is_wrong():
    """Here the row that was never seen is right: nobody forgot it."""

    def cell_by_cell(counts):
        sums = counts.sum(dim=1, keepdim=True)
        return torch.where(counts == 0, torch.tensor(1 / 3), counts / sums)

    text = words(lab01.conditional_table.judge(cell_by_cell))
    assert "never seen" not in text


def test_lints():
    def careless(logits, y):
        logits - logits.max()
        return logits

    thrown, unused = diagnose.lints(careless)
    assert thrown == "`logits - logits.max()` is calculated and thrown away."
    assert unused == "`y` never occurs in your code."
    assert diagnose.lints(mean_loss) == []


@pytest.mark.parametrize(
    ("forbidden", "answer"),
    [
        ("log_softmax", lambda z, y: -z.log_softmax(1)[range(len(y)), y].mean()),
        ("cross_entropy", F.cross_entropy),
        ("cross_entropy", nn.CrossEntropyLoss()),
        ("F.", lambda z, y: F.nll_loss(z.log_softmax(1), y)),
        ("weight=", lambda z, y: F.cross_entropy(z, y, torch.ones(z.shape[1]))),
        ("backward", lambda z, y: z.sum().backward() if z.requires_grad else None),
    ],
)
def test_what_an_exercise_forbids_is_observed(forbidden, answer):
    rule = {"Not like that.": forbidden}
    checked = one_exercise(hints=[], forbids=rule)
    if forbidden == "backward":

        def answer(z, y):
            z.detach().requires_grad_().sum().backward()
            return -z.log_softmax(1)[range(len(y)), y].mean()

    verdict = checked.judge(answer)
    assert (verdict.right, verdict.kind) == (False, "forbidden")
    text = " ".join(verdict.messages)
    assert "The values are right" in text and "Not like that." in text
    by_hand = checked.judge(
        lambda z, y: (z.logsumexp(1) - z.gather(1, y[:, None]).squeeze(1)).mean()
    )
    assert by_hand.right


def squares():
    return (torch.ones(2, requires_grad=True) ** 2).sum()


def gradient():
    x = torch.ones(2, requires_grad=True)
    return torch.autograd.grad((x**2).sum(), x)


TABLE, LABELS = torch.ones(2, 2), torch.tensor([0, 1])
# One way to call each of the functions that some exercise rules out.
FORBIDDEN_CALLS = {
    "cat": lambda: torch.cat([torch.ones(1)]),
    "concat": lambda: torch.concat([torch.ones(1)]),
    "softmax": lambda: TABLE.softmax(1),
    "log_softmax": lambda: F.log_softmax(TABLE, dim=1),
    "softmin": lambda: F.softmin(TABLE, dim=1),
    "logsumexp": lambda: torch.logsumexp(TABLE, dim=1),
    "sigmoid": lambda: TABLE.sigmoid(),
    "expit": lambda: torch.special.expit(TABLE),
    "logsigmoid": lambda: nn.LogSigmoid()(TABLE),
    "log_sigmoid": lambda: F.logsigmoid(TABLE),
    "cross_entropy": lambda: nn.CrossEntropyLoss()(TABLE, LABELS),
    "weight=": lambda: F.cross_entropy(TABLE, LABELS, torch.ones(2)),
    "label_smoothing=": lambda: nn.CrossEntropyLoss(label_smoothing=0.1)(TABLE, LABELS),
    "backward": lambda: squares().backward(),
    "jacobian": lambda: torch.autograd.functional.jacobian(torch.exp, TABLE),
    "vjp": lambda: torch.autograd.functional.vjp(torch.exp, TABLE, TABLE),
    "grad": lambda: gradient(),
    "conv1d": lambda: F.conv1d(TABLE[None], TABLE[None]),
    "conv2d": lambda: nn.Conv2d(1, 1, 2)(TABLE[None]),
    "F.": lambda: F.nll_loss(TABLE, LABELS),
}


@pytest.mark.parametrize(
    "checked", [e for e in EXERCISES if e.values[0].forbids], ids=lambda e: e.name
)
def test_what_an_exercise_says_it_forbids_is_refused(checked):
    solution_ = solution(checked)
    for sentence, names in checked.forbids.items():
        for name in names.split():

            def answer(*args, name=name):
                FORBIDDEN_CALLS[name]()
                return solution_(*args)

            verdict = checked.judge(answer)
            assert (verdict.right, verdict.kind) == (False, "forbidden"), name
            assert "The values are right" in verdict.text
            assert sentence in " ".join(verdict.messages)
    assert checked.judge(solution_).right


def test_what_was_changed_is_said():
    model = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5), fixtures.GradientWatch())

    @exercise(inputs=[(model, torch.ones(3, 2))], hints=[], slopes=False)
    def predict(model, X):
        training = model.training
        model.eval()
        with torch.no_grad():
            y = model(X)
        model.train(training)
        return y

    def with_gradients(model, X):
        training = model.training
        y = model.eval()(X).detach()
        model.train(training)
        return y

    def left_in_eval(model, X):
        with torch.no_grad():
            return model.eval()(X)

    def frozen(model, X):
        y = copy_of(model, X)
        model.requires_grad_(False)
        return y

    def copy_of(model, X):
        training = model.training
        with torch.no_grad():
            y = model.eval()(X)
        model.train(training)
        return y

    assert "no_grad" in predict.judge(with_gradients).text
    assert "its mode, train or eval" in predict.judge(left_in_eval).text
    assert "requires_grad" in predict.judge(frozen).text
    assert predict.judge(copy_of).right


def test_without_private_parts_of_torch_one_exercise_says_so(monkeypatch):
    def missing():
        raise AttributeError("no such part")

    checked = exercise(inputs=missing, hints=[])(lambda x: x)
    verdict = checked.judge(lambda x: x)
    assert (verdict.right, verdict.kind) == (False, "unavailable")
    monkeypatch.setenv("COURSE_STRICT", "1")
    checked.check(lambda x: x)  # no error


def test_a_verdict_is_shown_as_html_where_somebody_reads_it(monkeypatch, capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()  # no instance(): that would stay for other tests
    shown = []
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    monkeypatch.setenv("COURSE_STATIC", "0")
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    double.check(lambda x: 3 * x)
    page, text = shown[0]["text/html"], shown[0]["text/plain"]
    assert 'role="status"' in page and "<details" in page and "\u2717" in page
    assert text.startswith("double: not yet.")
    assert not capsys.readouterr().out
    double.check(lambda x: x + x)
    assert "\u2713" in shown[1]["text/html"]

    @exercise(inputs=[(1,)], hints=[])
    def same(x):
        return x

    same.check(lambda x: "<b>")
    assert "<b>" not in shown[2]["text/html"] and "&lt;b&gt;" in shown[2]["text/html"]
    monkeypatch.setenv("COURSE_STATIC", "1")  # stored outputs and paper: plain text
    double.check(lambda x: 3 * x)
    assert len(shown) == 3 and "double: not yet." in capsys.readouterr().out


def test_a_verdict_is_data():
    verdict = double.judge(lambda x: x**2)
    assert (verdict.right, verdict.kind, verdict.name) == (False, "listed", "squared")
    assert verdict.messages[:2] == ("not yet.", "You squared.")
    with pytest.raises(AttributeError):
        verdict.right = True


def test_the_sizes_of_random_inputs_tell_slips_apart():
    for sizes in fixtures.SIZES:
        n, k, d = (sizes[letter] for letter in "NKD")
        assert len({n, k, d, k - 1, d + 1}) == 5


@pytest.mark.parametrize("kind", fixtures.KINDS)
def test_every_kind_of_argument_is_drawn_alike_each_time(kind):
    letters = {"classes": "N K", "answers": "N", "sizes": "N", "probs": "N 1"}.get(
        kind, "N K"
    )
    if kind in ("temperature", "rate", "share", "size"):
        letters = ""
    given = {"a": f"{kind} {letters}".strip()}
    one, other = fixtures.make_cases(given), fixtures.make_cases(given)
    assert all(same(a.args, b.args) for a, b in zip(one, other, strict=True))
    assert len({case.caption for case in one if not case.ordinary}) == sum(
        not case.ordinary for case in one
    )


def test_a_teacher_adds_an_exercise_in_a_module_of_their_own(tmp_path, monkeypatch):
    """The example at the top of checks.py, as it stands there."""
    from course_utils.exercises import checks

    example = checks.__doc__.split("::\n")[1].partition("\nIn the notebook:")[0]
    (tmp_path / "mylab.py").write_text(textwrap.dedent(example), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    tempered = find("mylab", "tempered")
    assert tempered.judge(lambda z, T: torch.exp(z / T - 0) * 0).kind != "right"
    verdict = tempered.judge(lambda z, T: torch.softmax(z * T, dim=1))
    assert verdict.name == "multiplied"
    assert tempered.judge(lambda z, T: torch.softmax(z / T, dim=1)).kind == "forbidden"
    assert find("lab01", "softmax").name == "softmax"
    with pytest.raises(LookupError):
        find("mylab", "nothing")


# ---- what first readers met: nothing that is said may be false ---------------------


def softmax_of_numbers(logits):
    rows = []
    for row in logits.tolist():
        exps = [math.exp(x - max(row)) for x in row]
        rows.append([x / sum(exps) for x in exps])
    return torch.tensor(rows)


def softmax_detached(logits):
    shifted = logits.detach() - logits.max(dim=1, keepdim=True).values
    return torch.softmax(shifted - 0.0, dim=1).detach()


@pytest.mark.parametrize("answer", [softmax_of_numbers, softmax_detached])
def test_a_side_effect_is_named_only_if_it_was_seen(answer):
    text = words(lab01.softmax.judge(answer))
    assert "changed" not in text and "gradient" not in text
    assert "PyTorch has to remember how the result was made" in text


@pytest.mark.parametrize(
    ("checked", "answer", "never"),
    [
        (
            lab01.conditional_table,
            lambda c: torch.where(c == 0, 1 / len(c), c / c.sum(1, keepdim=True)),
            "a row without counts",
        ),
        (
            lab02.best_hedge,
            lambda p, y, shares: min(
                shares,
                key=lambda s: -((1 - s) * p + s / 3)[range(len(y)), y].log().sum(),
            ),
            "class 0",
        ),
        (
            lab02.best_hedge,
            lambda p, y, shares: min(
                -((1 - s) * p + s / p.shape[1])[range(len(y)), y].log().sum()
                for s in shares
            ),
            "divide by N",
        ),
        (
            lab03.weighted_cross_entropy,
            lambda z, y, w: (
                (w[y] * F.cross_entropy(z, y, reduction="none")).mean() / w.mean()
            ),
            "of classes",
        ),
    ],
)
def test_what_is_not_the_cause_is_not_named(checked, answer, never):
    verdict = checked.judge(answer)
    assert not verdict.right
    assert never not in words(verdict)


def test_a_caption_holds_for_all_such_inputs_and_no_others():
    ordinary, special = (study.Trial(fixtures.Case((), c), None, None, None)
                         for c in ("", "special"))  # fmt: skip
    other = study.Trial(fixtures.Case((), "special"), None, None, None)
    said = functools.partial(study.shared_caption, [ordinary, special, other])
    assert said([special, other]) == "special"
    assert said([special]) == said([special, other, ordinary]) == ""


def test_no_second_mistake_where_only_the_listed_one_has_trouble():
    def swapped(counts, p):
        q = counts / counts.sum()
        keep = q > 0
        return (p[keep] * (p[keep] / q[keep]).log()).sum().item()

    verdict = lab02.kl_from_counts.judge(swapped)
    assert (verdict.kind, verdict.name) == ("listed", "kl_swapped")


def test_no_warning_of_the_check_itself_is_shown():
    def warns(value, *args):
        warnings.warn("not for the learner", stacklevel=1)
        return False

    checked = one_exercise(hints=[], properties=[diagnose.holds("No.", warns)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert not checked.judge(lambda z, y: z.sum() + 3.7).right
    assert not caught


def grad_of_a_result(X, y, W, n_steps):
    for _ in range(n_steps):
        W = W.clone().requires_grad_()
        F.cross_entropy(X @ W, y).backward()
        with torch.no_grad():
            W -= 0.1 * W.grad
    return W.detach()


def grad_too_early(X, y, W, n_steps):
    W = W.clone().requires_grad_()
    return W - 0.1 * W.grad


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (grad_of_a_result, "W is the result of a calculation."),
        (grad_too_early, "W.grad is still None. backward() fills .grad"),
    ],
)
def test_an_error_with_grad_speaks_of_grad(answer, said):
    text = words(lab03.train.judge(answer))
    assert said in text
    assert "W has shape" not in text


def test_where_a_whole_number_is_expected_nothing_is_said_of_slopes():
    text = words(
        exercise(inputs=[(3,)], hints=[])(lambda n: 2 * n).judge(lambda n: 1.5)
    )
    assert "It returned a float (1.5); expected an int. Tried" in text


def test_a_change_must_hold_for_other_inputs_too():
    def kinked(logits, y):
        return torch.where(logits[0, 0] < 0, logits[0, 0], 5 * logits[0, 0])

    def minus(logits, y):
        return -logits[0, 0]

    checked = one_exercise(kinked, hints=[])
    # The check sees inputs only for which it is enough to leave the minus out.
    checked.cases = [c for c in checked.cases if c.ordinary and c.args[0][0, 0] < 0]
    assert checked.cases and "One change" not in words(checked.judge(minus))


def start_that_is_no_candidate(logits, y, temperatures):
    best, best_loss = 1.0, F.cross_entropy(logits, y)
    for T in temperatures:
        loss = F.cross_entropy(logits / T, y)
        if loss < best_loss:
            best, best_loss = T, loss
    return best


def test_odd_changes_are_not_named():
    answer = start_that_is_no_candidate
    assert "`-logits`" not in words(lab10.best_temperature.judge(answer))
    tree = slips.source_tree(answer)
    node = next(n for n in ast.walk(tree) if isinstance(n, ast.BinOp))
    test = next(n for n in ast.walk(tree) if isinstance(n, ast.If)).test
    for place, odd in ((node, "_ * 1"), (node, "_ + 0"), (test, "0")):
        edit = slips.Edit((place.place,), slips._around(odd), "")
        assert not slips.described(tree, edit)
    assert slips.described(tree, slips.Edit((node.place,), slips._around("_ * 2"), ""))

    def cut(x):
        best, least = None, 1000
        return x[1:], best, least

    tree = slips.source_tree(cut)
    said = {slips.described(tree, edit) for edit in slips.repairs(tree, [])}
    assert "`x[:-1]` in place of `x[1:]`" in said
    assert "`float('inf')` in place of `1000`" in said


# ---- the other way round: one slip in a right answer must be refused -----------------


EQUAL_LENGTH = "only its length counts, and that is the same"
AT_THE_THRESHOLD = "the exercise does not say what is right exactly at the threshold"
AT_THE_FOLD = "a sum is never exactly 0 here, and there either slope would do"
MEAN_OF_PAIRS = "the mean of a over all pairs minus that of b is the mean of a - b"
SAME_PLACE = "a positive factor does not move the place of the smallest loss"
# Slips that a check cannot refuse, because nothing is wrong with them.
HARMLESS = {
    # Of the skeleton that `new` writes: a square has no sign.
    "lab15.distance": {"the two sides of `x - y` are exchanged": "it is squared"},
    "lab00.fraction_right": {
        "`answers` stands where `truth` is wanted": EQUAL_LENGTH,
        "strict=True is left out": EQUAL_LENGTH,
    },
    "lab01.conditional_table": {
        "`tensor` is left out": "torch.where takes a plain number, too",
        "`counts.shape[0]` stands where `counts.shape[1]` is wanted": "it is square",
    },
    "lab02.loss_from_indices": {
        "`probs` stands where `y` is wanted": EQUAL_LENGTH,
    },
    "lab02.perplexity": {"`logits` stands where `y` is wanted": EQUAL_LENGTH},
    "lab02.mended_loss": {"`logits` stands where `y` is wanted": EQUAL_LENGTH},
    "lab02.best_hedge": {
        "`probs` stands where `y` is wanted": EQUAL_LENGTH,
        "`sum` stands where `mean` is wanted": SAME_PLACE,
        "`log2` stands where `log` is wanted": SAME_PLACE,
        "`log10` stands where `log` is wanted": SAME_PLACE,
    },
    "lab03.cross_entropy": {
        "`squeeze()` is left out": MEAN_OF_PAIRS,
        "0 stands where 1 is wanted": MEAN_OF_PAIRS,
    },
    "lab03.train": {"`detach()` is left out": "only the values are compared"},
    "lab04.decide": {"`>=` stands where `>` is wanted": AT_THE_THRESHOLD},
    "lab04.accuracy": {"`>=` stands where `>` is wanted": AT_THE_THRESHOLD},
    "lab04.gradient_step": {"`y` stands where `X` is wanted": EQUAL_LENGTH},
    "lab04.bce_with_logits": {
        "`y` stands where `logits` is wanted": "zeros of the same shape",
    },
    "lab04.stable_sigmoid": {
        "`min=-1` stands where `min=0` is wanted": "any m near the larger will do",
        "`min=1` stands where `min=0` is wanted": "any m near the larger will do",
    },
    "lab05.train_from_zeros": {"`detach()` is left out": "the numbers are the same"},
    "lab05.training_step": {"`y` stands where `X` is wanted": EQUAL_LENGTH},
    "lab06.slopes": {"`>=` stands where `>` is wanted": AT_THE_FOLD},
    "lab06.step": {
        "`>=` stands where `>` is wanted": AT_THE_FOLD,
        "`X` stands where `y` is wanted": EQUAL_LENGTH,
    },
    "lab06.fit": {"`detach()` is left out": "the numbers are those asked for"},
    "lab07.evaluate": {"`>=` stands where `>` is wanted": AT_THE_THRESHOLD},
    "lab07.keep_best": {
        "`<=` stands where `<` is wanted": "no two losses on the way are equal",
    },
    "lab08.accumulate": {
        "`model` stands where `optimizer` is wanted": "model.zero_grad() is as good",
    },
    "lab09.train_balanced": {
        "`detach()` is left out": "the numbers are those asked for"
    },
    "lab10.best_temperature": {"`item()` is left out": "tensors are compared as well"},
    "lab10.calibration_error": {
        "the two sides of `hits.mean() - says.mean()` are exchanged": "the absolute "
        "value is taken",
        "`confidence` stands where `right` is wanted": EQUAL_LENGTH,
        "strict=True is left out": EQUAL_LENGTH,
    },
    "lab11.triangle": {
        "`<=` stands where `<` is wanted": "at the top both lines give max_lr",
    },
    "lab11.decide": {
        "`seconds` stands where `losses` is wanted": "both have the same names"
    },
    "lab11.shift_each": {
        "`(1, 2, 1, 1)` stands where `(1, 1, 1, 1)` is wanted": "a wider border",
        "`(1, 1, 1, 2)` stands where `(1, 1, 1, 1)` is wanted": "a wider border",
        "-1 stands where 0 is wanted": "there is one channel, the first and the last",
    },
    "lab12.mean_loss": {"`y` stands where `X` is wanted": EQUAL_LENGTH},
    "lab12.first_look": {
        "`>=` stands where `>` is wanted": AT_THE_THRESHOLD,
        "the two sides of `first - undecided` are exchanged": "the absolute value is "
        "taken",
    },
}


@pytest.mark.parametrize("checked", EXERCISES)
def test_a_solution_with_a_slip_is_refused(checked):
    tree = slips.source_tree(checked.reference)
    survivors = set()
    for edit in slips.edits(tree):
        slipped = slips.build(checked.reference, tree, edit)
        if slipped is None or len(edit.places) > 1:
            continue
        for case in sorted(checked.cases, key=lambda case: not case.ordinary):
            got = checked.observe(slipped, case.args)
            if problem(got, checked.right_run(case)):
                break
        else:
            survivors.add(edit.text)
    lab = checked.reference.__module__.rpartition(".")[2]
    assert survivors == set(HARMLESS.get(f"{lab}.{checked.name}", ()))


@pytest.mark.parametrize("checked", EXERCISES)
def test_a_check_is_quick(checked):
    """Less than a second of work, for a wrong answer that nobody listed, too."""

    def wrong(*args):
        return solution_(*args)

    solution_ = solution(checked)
    checked.judge(solution_)
    mistakes = [wrong, lambda *args: None, *checked.mistakes[:2]]
    for function in mistakes:
        start = time.process_time()
        checked.judge(function)
        assert time.process_time() - start < 2  # a second, and what a busy machine adds
