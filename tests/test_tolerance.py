import pytest

from course_utils.authoring.tolerance import Tolerance, read_tags, respell

SAME = {
    "relative": ("loss 0.738749", "loss 0.738751"),
    "absolute": ("0.0000004", "0.0000011"),
    "last place up": ("accuracy 0.98", "accuracy 0.97"),
    "last place across a carry": ("1.00", "0.99"),
    "last place of a mantissa": ("1.2e+03", "1.3e+03"),
    "mantissa across a power of ten": ("9.9e+02", "1.0e+03"),
    "percent": ("97.8%", "97.9%"),
    "end of a sentence": ("It is 0.738749.", "It is 0.738751."),
    "dots after it": ("0.738749...", "0.738751..."),
    "list": ("[0.1000, 0.2001]", "[0.1000, 0.2000]"),
    "no digit before the point": (".738749", ".738751"),
    "exponent": ("1.0001e-03", "1.0000e-03"),
    "exponent without decimals": ("1e-03", "0.0010001"),
    "numpy's point before an exponent": ("2.e+20", "2.001e+20"),
    "sign of a rounded zero": ("[-0.0000, 1.5]", "[ 0.0000, 1.5]"),
    "padded field": ("loss  9.9996", "loss 10.0001"),
    "glued to an operator": ("x=1.0001", "x=1.0002"),
    "several lines": ("a 1.0001\nb 2.0001\n", "a 1.0002\nb 2.0002\n"),
}
DIFFERENT = {
    "rounded away": ("loss 0.74", "loss 0.738749"),
    "too far": ("loss 0.7397", "loss 0.7387"),
    "two units": ("0.98", "0.96"),
    "learning rate": ("lr 0.101", "lr 0.1"),
    "nan": ("loss nan", "loss 0.738749"),
    "inf": ("loss inf", "loss 0.738749"),
    "too large for a float": ("1e5", "1e999"),
    "sign": ("-0.738749", "0.738749"),
    "word": ("accuracy 0.98", "precision 0.97"),
    "epoch": ("epoch 101 0.5", "epoch 100 0.5"),
    "version": ("2.15.1", "2.15.0"),
    "version that would be close": ("2.16.0", "2.15.0"),
    "whole float": ("tensor(4.)", "tensor(3.)"),
    "whole or not": ("3.", "2.9999"),
    "more numbers": ("0.5 0.5", "0.5"),
    "small": ("2e-05", "1e-05"),
    "hex": ("0x1e5", "0x1e6"),
    "glued to letters": ("2.001s", "2.000s"),
    "thousands": ("1,235.5", "1,234.5"),
    "spaces": ("a  0.5", "a 0.5"),
    "other digits": ("\u0661.\u0662\u0663\u0664", "\u0661.\u0662\u0663\u0665"),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME.keys())
def test_close(pair):
    new, stored = pair
    assert new != stored
    assert respell(new, stored, Tolerance()) == stored


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_not_close(pair):
    new, stored = pair
    assert respell(new, stored, Tolerance()) == new


def test_only_the_difference_is_left_to_see():
    new, stored = "loss 0.738749, then 0.9000", "loss 0.738751, then 0.8000"
    assert respell(new, stored, Tolerance()) == "loss 0.738751, then 0.9000"


def test_tolerance_of_the_cell():
    new, stored = "0.7397", "0.7387"
    assert respell(new, stored, Tolerance(rtol=1e-2)) == stored
    assert respell(new, stored, Tolerance(atol=1e-2)) == stored
    assert respell("0.7388", stored, Tolerance(exact=True)) == "0.7388"


def test_tags():
    assert read_tags([], "In [1]") == Tolerance()
    assert read_tags(["pitfall", "nbval-rtol=1e-2"], "In [1]") == Tolerance(rtol=0.01)
    assert read_tags(["nbval-atol=0.1"], "In [1]") == Tolerance(atol=0.1)
    assert read_tags(["nbval-exact"], "In [1]") == Tolerance(exact=True)
    assert read_tags(["nbval-ignore-output", "differs=time"], "In [1]") == Tolerance()
    some = read_tags(["nbval-rtol=0.1", "ignore-figures", "differs=rounding"], "In [1]")
    assert some == Tolerance(rtol=0.1, figures=False)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (["nbval-rtl=1e-2"], r"In \[3\]: .*nbval-rtl=1e-2.*did you mean 'nbval-rtol='"),
        (["raises_exception"], "did you mean 'raises-exception'"),
        (["nbval-skip"], "unknown tag 'nbval-skip'"),
        (["nbval-rtol"], "did you mean 'nbval-rtol='"),
        (["nbval-exact=1"], "unknown tag"),
        (["nbval-rtol=small"], "not a tolerance"),
        (["nbval-rtol=1"], "not a tolerance"),
        (["nbval-atol=-1"], "not a tolerance"),
        (["nbval-atol=inf"], "not a tolerance"),
        (["nbval-exact", "nbval-rtol=1e-2"], "contradict"),
        (["nbval-exact", "nbval-ignore-output"], "contradict"),
        (
            ["raises-exception", "nbval-ignore-output", "differs=time"],
            "no longer raised",
        ),
        ("pitfall", "must be a list"),
        (["nbval-ignore-output"], "needs a reason"),
        (["ignore-figures"], "needs a reason"),
        (
            ["ignore-figures", "differs=luck"],
            "with time, device, version, rounding or solution",
        ),
        (["differs=time"], "nothing else has one"),
        (["nbval-ignore-output", "differs=time", "differs=device"], "needs a reason"),
    ],
)
def test_refused_tags(tags, message):
    with pytest.raises(ValueError, match=message):
        read_tags(tags, "In [3]")
