"""The exercises and the check that recognises a learner's mistake."""

import importlib
import pkgutil
import sys

import pytest
import torch

import course_utils.exercises as package
from course_utils.exercises.checks import Exercise, exercise

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


def said(capsys, checked, function):
    checked.check(function)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("lab", LABS[1:], ids=lambda lab: lab.__name__[-5:])
def test_a_lab_has_four_exercises(lab):
    assert sum(isinstance(value, Exercise) for value in vars(lab).values()) >= 4


@pytest.mark.parametrize("checked", EXERCISES)
def test_reference_passes(checked, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_STRICT", "1")
    text = said(capsys, checked, checked.reference)
    assert text.startswith(f"{checked.name}: correct. ")
    assert checked.praise in text


@pytest.mark.parametrize("checked", EXERCISES)
def test_shown_solution_passes(checked):
    source = checked.solution_source()
    namespace = dict(vars(sys.modules[checked.reference.__module__]))
    exec(source, namespace)  # the names that the solution uses are those of its lab
    assert checked.judge(namespace[checked.name])[0]
    assert source.startswith("def ")
    assert max(map(len, source.splitlines())) <= 88


@pytest.mark.parametrize("checked", EXERCISES)
def test_an_exercise_is_complete(checked):
    assert len(checked.mistakes) >= 4
    assert len(checked.hints) >= 2
    assert checked.praise
    explanations = [mistake.__doc__ for mistake in checked.mistakes]
    assert all(len(text) > 80 for text in explanations)
    assert len(set(explanations)) == len(explanations)


@pytest.mark.parametrize(("checked", "mistake"), MISTAKES)
def test_a_mistake_gets_its_own_explanation(checked, mistake, capsys):
    text = said(capsys, checked, mistake)
    assert " ".join(mistake.__doc__.split()) in text
    for other in checked.mistakes:
        if other is not mistake:
            assert " ".join(other.__doc__.split()) not in text


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
        (lambda x: 2 * x.detach(), "the gradient is lost"),
        (lambda x: x + x.detach(), "but the gradient is not"),
        (lambda x: 2 * x + 0 * (x - x).sqrt(), "the gradient is nan or inf"),
        (in_place, "changed argument 1"),
        (
            lambda x: x.nonsense,
            "It stopped with AttributeError: 'Tensor' object has no",
        ),
        (lambda: 1, "It stopped with TypeError"),
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

    assert "It printed: x is tensor([1., 2.])" in said(capsys, double, talks)


def test_a_check_leaves_no_trace(capsys):
    def careless(x):
        torch.manual_seed(5)
        torch.set_default_dtype(torch.float64)
        return 2 * x

    torch.manual_seed(0)
    before = torch.get_rng_state()
    double.check(careless)
    double.check(lambda x: torch.rand(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_default_dtype() == torch.float32
    assert torch.equal(double.inputs[0][0], torch.tensor([1.0, 2.0]))


def test_the_first_failing_input_decides(capsys):
    """Two mistakes at once: the one on the ordinary input is explained first."""
    from course_utils.exercises import lab01

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
    assert "correct" in said(capsys, root, root.reference)

    def other_error(x):
        return root.reference(x) if x > 0 else {}["no"]

    assert "should raise ValueError" in said(capsys, root, other_error)


def test_slopes_can_be_left_out_of_account():
    inputs = [(torch.tensor([1.0, 2.0]),)]
    strict, free = (
        exercise(inputs=inputs, hints=[], slopes=slopes)(lambda x: 2 * x)
        for slopes in (True, False)
    )
    assert "gradient is lost" in strict.judge(lambda x: 2 * x.detach())[1]
    assert free.judge(lambda x: 2 * x.detach())[0]


def test_another_dtype_in_a_tuple_is_no_other_mistake():
    inputs = [(torch.tensor([1.0, 2.0]),), (torch.tensor([0.0]),)]

    @exercise(inputs=inputs, hints=[])
    def both(x):
        return x, x

    @both.mistake
    def divided(x):
        """You divided by zero."""
        return x, x * x / x

    text = both.judge(lambda x: (x, x.double()))[1]
    assert "Number 2 of the 2 results: The result has dtype" in text
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

    assert product.judge(lambda a, b: a**b)[1].startswith(
        "not yet.\nYou took the power."
    )


def test_a_cut_gradient_is_no_other_mistake():
    """Right values with a wrong gradient are explained only by the same gradient."""

    @exercise(inputs=[(torch.tensor([1.0, 2.0]),), (torch.tensor([1e4]),)], hints=[])
    def log_of_exp(x):
        return x.clone()

    @log_of_exp.mistake
    def overflows(x):
        """It overflows."""
        return x.exp().log()

    assert "It overflows." in log_of_exp.judge(lambda x: x.exp().log())[1]
    cut = log_of_exp.judge(lambda x: 0.5 * x + 0.5 * x.detach())[1]
    assert "overflows" not in cut and "cut off" in cut


def test_hints_come_one_by_one(capsys):
    fresh = exercise(inputs=[(1,)], hints=["First.", "Second."])(lambda x: x)
    texts = []
    for _ in range(3):
        fresh.hint()
        texts.append(capsys.readouterr().out.strip())
    assert texts[0] == "Hint 1 of 2: First."
    assert texts[1] == "Hint 2 of 2: Second."
    assert "solution()" in texts[2]
