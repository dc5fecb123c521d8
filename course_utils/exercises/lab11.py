"""Exercises and questions of lab 11, faster: solutions, hints, typical mistakes."""

import statistics

import torch

from course_utils.exercises import lab05, lab06, lab08
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import holds
from course_utils.exercises.fixtures import Case, sized
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, order, several


def _pick(g, low, high):
    return int(torch.randint(low, high, (), generator=g))


def _times(g, sizes, before):
    n = _pick(g, 4, 8)
    return [t / 10 for t in torch.randint(10, 99, (n,), generator=g).tolist()]


@sized("N", "H", "W")
def _small_images(g, sizes, before):
    shape = sizes["N"], 1, sizes["H"], sizes["W"]
    return torch.randint(1, 99, shape, generator=g) / 10


def _layers(g, sizes, before):
    kinds = [(5, 1), (3, 1), (2, 2), (3, 2), (4, 2), (2, 1)]
    return [kinds[_pick(g, 0, 6)] for _ in range(_pick(g, 2, 5))]


def _seconds(g, sizes, before):
    order = torch.randperm(20, generator=g)[:4]
    return {
        f"recipe {name}": 1.0 + int(s) for name, s in zip("ABCD", order, strict=True)
    }


def _losses(g, sizes, before):
    easy = torch.rand(6, generator=g)  # how hard each seed is for everybody
    shift = 0.1 * torch.rand(4, 1, generator=g)
    losses = 1 + easy + shift + 0.2 * torch.rand(4, 6, generator=g)
    return dict(zip(before[0], losses.double().round(decimals=4).tolist(), strict=True))


@exercise(
    given={
        "side": lambda g, sizes, before: _pick(g, 7, 15),
        "c_in": "size",
        "c_out": "size",
        "kernel": lambda g, sizes, before: _pick(g, 2, 6),
        "stride": lambda g, sizes, before: _pick(g, 1, 4),
    },
    results=("the side", "the number of parameters"),
    inputs=[
        Case((28, 3, 16, 5, 1), "stride 1"),
        Case((28, 1, 16, 5, 2), "steps that do not fit evenly"),
        Case((24, 16, 32, 3, 3), "stride 3, which fits evenly"),
        Case((5, 2, 4, 5, 1), "a kernel that fits once"),
        Case((10, 4, 4, 1, 1), "a kernel of side 1"),
    ],
    hints=[
        "Without stride: at how many places does a kernel of 5 fit into a row of 28? "
        "The first begins at 0, the last at 28 - 5.",
        "With stride only every stride-th of these positions counts: "
        "(side - kernel) // stride + 1.",
        "Each output channel has a kernel of its own, with c_in x kernel x kernel "
        "weights, and one bias.",
    ],
    praise="The side of the image plays no part in the number of parameters.",
)
def conv_facts(side, c_in, c_out, kernel, stride):
    """Return the side of the output and the number of parameters."""
    side_out = (side - kernel) // stride + 1
    return side_out, c_out * (c_in * kernel * kernel + 1)


@conv_facts.mistake
def facts_without_plus_one(side, c_in, c_out, kernel, stride):
    """The side is one too small. A kernel of 5 fits into a row of 5 once, not 0 times:
    count the first place, too. (side - kernel) // stride + 1.
    """
    return (side - kernel) // stride, conv_facts.reference(
        side, c_in, c_out, kernel, stride
    )[1]


@conv_facts.mistake
def facts_same_side(side, c_in, c_out, kernel, stride):
    """You left the side as it is, divided by the stride. That would be right with
    zeros added around the image (padding). Without them the kernel has to fit: a
    kernel of 5 loses 4 places.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return -(-side // stride), right[1]


@conv_facts.mistake
def facts_without_stride(side, c_in, c_out, kernel, stride):
    """The stride is missing in the side. With a stride above 1 the kernel leaves places
    out: only every stride-th of the side - kernel + 1 places is calculated.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, 1)
    return right


@conv_facts.mistake
def facts_plus_one_first(side, c_in, c_out, kernel, stride):
    """You divided side - kernel + 1 by the stride. The first place always counts, so
    the 1 comes after the division: (side - kernel) // stride + 1.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return (side - kernel + 1) // stride, right[1]


@conv_facts.mistake
def facts_without_bias(side, c_in, c_out, kernel, stride):
    """The side is right, the biases are missing from the number of parameters: one for
    each output channel, whatever the image.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return right[0], right[1] - c_out


@conv_facts.mistake
def facts_bias_per_kernel_slice(side, c_in, c_out, kernel, stride):
    """You gave every pair of an input and an output channel a bias. There is one per
    output channel: all input channels are added up first, and then comes the bias.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return right[0], c_in * c_out * (kernel * kernel + 1)


@conv_facts.mistake
def facts_without_c_in(side, c_in, c_out, kernel, stride):
    """Each kernel looks at all input channels at once, so it has c_in x kernel x kernel
    weights. Yours has kernel x kernel. That is right for grey images only.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return right[0], c_out * (kernel * kernel + 1)


@conv_facts.mistake
def facts_weights_per_place(side, c_in, c_out, kernel, stride):
    """You counted the weights again for each place. But all places share the same ones:
    that is the idea of a convolution. The number does not depend on the image.
    """
    side_out, n = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return side_out, n * side_out**2


@conv_facts.mistake
def facts_kernel_not_squared(side, c_in, c_out, kernel, stride):
    """A kernel of side 5 is a square. It has 25 weights for each input channel, not 5:
    kernel * kernel.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return right[0], c_out * (c_in * kernel + 1)


@conv_facts.mistake
def facts_number_of_outputs(side, c_in, c_out, kernel, stride):
    """The second number is that of the outputs. The exercise asks for the parameters:
    weights and biases, which do not depend on the image.
    """
    side_out, _ = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return side_out, c_out * side_out**2


@conv_facts.mistake
def facts_rounded_up(side, c_in, c_out, kernel, stride):
    """The side is one too large where the steps do not fit evenly. The kernel must not
    stick out at the end, so round down: // and not a rounding up.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return -(-(side - kernel) // stride) + 1, right[1]


@conv_facts.mistake
def facts_swapped(side, c_in, c_out, kernel, stride):
    """Both numbers are right, but in the other order. First the side, then the number
    of parameters.
    """
    return conv_facts.reference(side, c_in, c_out, kernel, stride)[::-1]


@conv_facts.mistake
def facts_float_side(side, c_in, c_out, kernel, stride):
    """You divided with /, so the side is a decimal number, and not always a whole one.
    A side counts places: use //, which leaves out what remains.
    """
    right = conv_facts.reference(side, c_in, c_out, kernel, stride)
    return (side - kernel) / stride + 1, right[1]


@two_of(
    conv_facts,
    facts_without_plus_one,
    facts_same_side,
    facts_without_stride,
    facts_plus_one_first,
    facts_rounded_up,
    facts_without_bias,
    facts_bias_per_kernel_slice,
    facts_without_c_in,
    facts_kernel_not_squared,
    facts_weights_per_place,
    facts_swapped,
)
def _facts(slips, side, c_in, c_out, kernel, stride):
    args = side, c_in, c_out, kernel, stride
    side_out, n = right = conv_facts.reference(*args)
    for slip in slips:
        if slip is not facts_swapped:
            side_, n_ = slip(*args)
            side_out = side_ if side_ != right[0] else side_out
            n = n_ if n_ != right[1] else n
    return (n, side_out) if facts_swapped in slips else (side_out, n)


@exercise(
    given={"layers": _layers},
    inputs=[
        Case(([(5, 1), (2, 2), (3, 1)],), "the layers of section 3"),
        Case(([(3, 1)],), "a single layer"),
        Case(([(3, 1), (3, 1), (3, 1)],), "three layers of stride 1"),
        Case(([(5, 2), (3, 2), (3, 1)],), "convolutions with a stride"),
        Case(([(2, 2), (2, 2), (2, 2)],), "pooling alone"),
        Case(([(1, 1), (1, 1)],), "kernels of side 1"),
        Case(([(3, 1), (2, 2)],), "a pooling at the end"),
        Case(([(2, 2), (3, 1)],), "a pooling at the start"),
    ],
    hints=[
        "Begin with one answer of the last layer, and go through the layers from the "
        "last one to the first: reversed(layers).",
        "One answer of a layer with a kernel of 3 sees 3 of its inputs in a row. Two "
        "neighbours see 3 + stride together, because the second begins a stride later.",
        "So two in a row see kernel + stride, three see kernel + 2 * stride, and so "
        "on. That many are in the row of the layer before.",
    ],
    praise="With strides the window grows faster and faster: that is how deep networks "
    "see all of an image.",
)
def sees(layers):
    """Return the side of the square that one answer of the last layer sees."""
    width = 1
    for kernel, stride in reversed(layers):
        width = kernel + (width - 1) * stride
    return width


@sees.mistake
def sees_forward(layers):
    """You go from the first layer to the last. Then a stride acts on what comes before
    it, and not on what comes behind it. Begin at the end: reversed(layers).
    """
    side = 1
    for kernel, stride in layers:
        side = kernel + (side - 1) * stride
    return side


@sees.mistake
def sees_without_stride(layers):
    """You added up the kernels (each minus 1), as if all strides were 1. Behind a
    pooling, neighbours lie two pixels apart in the image, so a kernel there reaches
    twice as far.
    """
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@sees.mistake
def sees_product(layers):
    """You multiplied the sides of the kernels. Windows of neighbours overlap: three in
    a row with a kernel of 3 and stride 1 see 5 pixels together, not 9.
    """
    side = 1
    for kernel, _ in layers:
        side *= kernel
    return side


@sees.mistake
def sees_last(layers):
    """This is the kernel of the last layer. It sees so many answers of the layer before
    it. How many pixels of the image do these see together?
    """
    return layers[-1][0]


@sees.mistake
def sees_all_strides(layers):
    """You multiplied by the stride once too often: `side` windows in a row have only
    side - 1 steps between them. kernel + (side - 1) * stride.
    """
    side = 1
    for kernel, stride in reversed(layers):
        side = kernel + side * stride
    return side


@sees.mistake
def sees_sum(layers):
    """You added up the kernels. One answer is a window of side 1, and each layer with
    stride 1 widens the window by kernel - 1, because neighbours overlap.
    """
    return sum(kernel for kernel, _ in layers)


@sees.mistake
def sees_area(layers):
    """This is the number of pixels in the square. The exercise asks for its side, which
    is the root of that.
    """
    return sees.reference(layers) ** 2


@sees.mistake
def sees_from_zero(layers):
    """You begin with 0. One answer of the last layer is a square of side 1, so begin
    with 1.
    """
    return _sees({sees_from_zero}, layers)


@sees.mistake
def sees_own_stride(layers):
    """Each kernel reaches further by kernel - 1 steps, and you made these steps as long
    as its own stride. A step in the input of a layer is as long as all the strides
    *before* it, multiplied. The layer's own stride counts for those behind it.
    """
    return _jumping({sees_own_stride}, layers)


@sees.mistake
def sees_early_stride(layers):
    """You multiplied by a layer's own stride too early: it is the distance of its
    answers, so it counts for the layers behind it. Add (kernel - 1) * jump first, then
    jump = jump * stride.
    """
    return _jumping({sees_early_stride}, layers)


@sees.mistake
def sees_whole_kernels(layers):
    """Each layer adds its whole kernel. But the first pixel of the window was counted
    before: it adds kernel - 1 steps.
    """
    return _jumping({sees_whole_kernels}, layers)


@two_of(sees, sees_forward, sees_from_zero, sees_all_strides)
def _sees(slips, layers):
    side = 0 if sees_from_zero in slips else 1
    common = 0 if sees_all_strides in slips else 1
    for kernel, stride in layers if sees_forward in slips else reversed(layers):
        side = kernel + (side - common) * stride
    return side


@two_of(sees, sees_from_zero, sees_own_stride, sees_early_stride, sees_whole_kernels)
def _jumping(slips, layers):
    side, jump = 0 if sees_from_zero in slips else 1, 1
    for kernel, stride in layers:
        step = stride if sees_own_stride in slips else jump
        step = jump * stride if sees_early_stride in slips else step
        side += (kernel if sees_whole_kernels in slips else kernel - 1) * step
        jump *= stride
    return side


@exercise(
    given={
        "update": lambda g, sizes, before: _pick(g, 0, 20),
        "n_updates": lambda g, sizes, before: before[0] + _pick(g, 9, 30),
        "max_lr": "rate",
    },
    properties=[
        holds(
            "The rate is never below 0 and never above max_lr. Yours is.",
            lambda value, update, n, max_lr: -1e-6 <= value <= max_lr + 1e-6,
        )
    ],
    inputs=[
        Case((50, 400, 0.02), "an update on the way up"),
        Case((300, 400, 0.02), "an update on the way down"),
        Case((100, 400, 0.02), "the update at the top"),
        Case((0, 400, 0.02), "update 0"),
        Case((399, 400, 0.02), "the last update"),
        Case((2, 10, 0.5), "10 updates, of which a quarter is 2"),
        Case((6, 10, 0.5), "an update on the way down"),
    ],
    hints=[
        "There are two straight lines, so an `if update < top`, with "
        "top = n_updates // 4.",
        "On the way up the share is update / top: 0 at the beginning, 1 at the top.",
        "On the way down: how many updates remain, as a share of those between the "
        "top and the end? That is 1 at the top and 0 at the end. Times max_lr.",
    ],
    praise="With torch.optim.lr_scheduler.LambdaLR any such function is a schedule.",
)
def triangle(update, n_updates, max_lr):
    """Return the learning rate of an update."""
    top = n_updates // 4
    if update < top:
        return max_lr * update / top
    return max_lr * (n_updates - update) / (n_updates - top)


@triangle.mistake
def triangle_constant_after(update, n_updates, max_lr):
    """The way up is right. But after the top you stay there. From the top it goes down
    to 0 at update n_updates.
    """
    return max_lr * min(1.0, update / (n_updates // 4))


@triangle.mistake
def triangle_never_down(update, n_updates, max_lr):
    """It climbs and climbs: after the first quarter the rate is above the maximum. From
    update n_updates // 4 on it must go down, so an `if` is needed.
    """
    return max_lr * update / (n_updates // 4)


@triangle.mistake
def triangle_only_down(update, n_updates, max_lr):
    """You start at the maximum and go down. The first quarter is a warm-up: from 0 to
    max_lr.
    """
    return max_lr * (n_updates - update) / n_updates


@triangle.mistake
def triangle_jump(update, n_updates, max_lr):
    """At the top the rate jumps down: the way down starts as if it had begun at update
    0. Divide by what remains, n_updates - top, so that it is max_lr at the top.
    """
    top = n_updates // 4
    if update < top:
        return max_lr * update / top
    return max_lr * (n_updates - update) / n_updates


@triangle.mistake
def triangle_jump_behind(update, n_updates, max_lr):
    """Behind the top the rate jumps down: the way down starts as if it had begun at
    update 0. Divide by what remains at the top, n_updates - top.
    """
    top = n_updates // 4
    if update <= top:
        return max_lr * update / top
    return max_lr * (n_updates - update) / n_updates


@triangle.mistake
def triangle_share(update, n_updates, max_lr):
    """This is the share of the maximum, between 0 and 1. The exercise asks for the
    learning rate: times max_lr.
    """
    return triangle.reference(update, n_updates, 1.0)


@triangle.mistake
def triangle_counted_from_top(update, n_updates, max_lr):
    """On the way down you go up: (update - top) grows from 0. What remains until the
    end is n_updates - update.
    """
    top = n_updates // 4
    if update < top:
        return max_lr * update / top
    return max_lr * (update - top) / (n_updates - top)


@triangle.mistake
def triangle_middle(update, n_updates, max_lr):
    """Your top is in the middle. Here it is reached after a quarter of the updates:
    n_updates // 4.
    """
    top = n_updates // 2
    if update < top:
        return max_lr * update / top
    return max_lr * (n_updates - update) / (n_updates - top)


@triangle.mistake
def triangle_counted_from_one(update, n_updates, max_lr):
    """You count the updates from 1. Here the first one is update 0, and its rate is
    0.
    """
    return triangle.reference(update + 1, n_updates, max_lr)


@triangle.mistake
def triangle_broken_top(update, n_updates, max_lr):
    """You divide by 4 with /, so the top lies between two updates if n_updates
    is no multiple of 4. The exercise has it at n_updates // 4.
    """
    top = n_updates / 4
    if update < top:
        return max_lr * update / top
    return max_lr * (n_updates - update) / (n_updates - top)


@triangle.mistake
def triangle_down_to_last(update, n_updates, max_lr):
    """You reach 0 at the last update, n_updates - 1, which would then change nothing.
    Here the 0 lies just behind it, at n_updates.
    """
    top = n_updates // 4
    if update < top:
        return max_lr * update / top
    return max_lr * (n_updates - 1 - update) / (n_updates - 1 - top)


@triangle.mistake
def triangle_up_from_one(update, n_updates, max_lr):
    """On the way up you count the updates from 1. Here the first one is update 0, and
    its rate is 0.
    """
    return _triangle({triangle_up_from_one}, update, n_updates, max_lr)


@triangle.mistake
def triangle_too_flat(update, n_updates, max_lr):
    """The way down is as long as the whole training, so it does not reach 0 at the end.
    What lies between the top and the end is n_updates - top: divide by that.
    """
    return _triangle({triangle_too_flat}, update, n_updates, max_lr)


def _triangle(slips, update, n_updates, max_lr, at_top=0):
    """Return the rate; `at_top` = 1: the top itself belongs to the way up."""
    top, end = n_updates // 4, n_updates
    if triangle_middle in slips:
        top = n_updates // 2
    if triangle_broken_top in slips:
        top = n_updates / 4
    if triangle_down_to_last in slips:
        end = n_updates - 1
    if triangle_share in slips:
        max_lr = 1.0
    if triangle_counted_from_one in slips:
        update = update + 1
    if update < top + at_top:
        return max_lr * (update + (triangle_up_from_one in slips)) / top
    if triangle_too_flat in slips:
        return max_lr * (1 - (update - top) / n_updates)
    if triangle_counted_from_top in slips:
        return max_lr * (update - top) / (end - top)
    jump = triangle_jump in slips or triangle_jump_behind in slips
    return max_lr * (end - update) / (end if jump else end - top)


@two_of(
    triangle,
    triangle_middle,
    triangle_broken_top,
    triangle_down_to_last,
    triangle_share,
    triangle_counted_from_one,
    triangle_up_from_one,
    triangle_too_flat,
    triangle_counted_from_top,
    triangle_jump,
)
def _triangle_top_down(slips, update, n_updates, max_lr):
    return _triangle(slips, update, n_updates, max_lr)


@two_of(
    triangle,
    triangle_middle,
    triangle_down_to_last,
    triangle_share,
    triangle_up_from_one,
    triangle_too_flat,
    triangle_jump_behind,
)
def _triangle_top_up(slips, update, n_updates, max_lr):
    return _triangle(slips, update, n_updates, max_lr, at_top=1)


@exercise(
    given={"before": _times, "after": _times},
    inputs=[
        ([9.0, 2.0, 2.5, 2.1, 7.0, 2.2], [5.0, 1.0, 1.1, 0.9]),  # a slow one: 7.0
        ([3.0, 1.0, 1.2, 1.1], [0.5, 2.0, 2.2, 2.1, 6.0]),  # slower: 2.1 and 2.2
        ([4.0, 2.0], [4.0, 0.5]),
        ([1.0, 3.0, 1.0, 2.0], [8.0, 1.0, 4.0, 2.0]),
    ],
    hints=[
        "before[1:] leaves out the first one, the warm-up.",
        "After import statistics, statistics.median gives the one in the middle; of an "
        "even number of times it is halfway between the two in the middle.",
        "How many times as fast: the time before divided by the time after.",
    ],
    praise="A busy moment of the computer does not move a median.",
)
def speedup(before, after):
    """Return how many times as fast, from the medians without the warm-up."""
    import statistics

    return statistics.median(before[1:]) / statistics.median(after[1:])


@speedup.mistake
def speedup_mean(before, after):
    """You took the mean. One slow run, when the computer was busy with something else,
    moves it. The median is the one in the middle, whatever the others do.
    """
    return statistics.mean(before[1:]) / statistics.mean(after[1:])


@speedup.mistake
def speedup_with_warm_up(before, after):
    """The first time of each list is in. It is the warm-up, in which memory is fetched
    and methods are chosen: before[1:].
    """
    return statistics.median(before) / statistics.median(after)


@speedup.mistake
def speedup_upside_down(before, after):
    """This is the time after, divided by the time before: below 1 if it became faster.
    "How many times as fast" is the other way round.
    """
    return 1 / speedup.reference(before, after)


@speedup.mistake
def speedup_saved(before, after):
    """This is the share of the time that was saved. 0.5 here means "twice as fast". The
    exercise asks for the ratio of the times.
    """
    return 1 - 1 / speedup.reference(before, after)


@speedup.mistake
def speedup_minus_one(before, after):
    """You subtracted 1: "so much faster". "How many times as fast" is the ratio itself,
    1 if nothing has changed.
    """
    return speedup.reference(before, after) - 1


@speedup.mistake
def speedup_seconds(before, after):
    """This is a difference in seconds. It says little without the time itself: one
    second of two is much, of a thousand it is nothing. Divide.
    """
    return statistics.median(before[1:]) - statistics.median(after[1:])


@speedup.mistake
def speedup_best(before, after):
    """You compared the best times. That is a usual choice, too, and section 5 makes it.
    The exercise asks for the medians.
    """
    return min(before[1:]) / min(after[1:])


@speedup.mistake
def speedup_sums(before, after):
    """You compared sums. The lists need not be equally long, so the longer one looks
    slower. And one slow run counts in full.
    """
    return sum(before[1:]) / sum(after[1:])


@speedup.mistake
def speedup_totals(before, after):
    """You compared the sums of everything, with the warm-up, and of lists that need not
    be equally long. Leave out the first of each, and take the medians.
    """
    return sum(before) / sum(after)


@speedup.mistake
def speedup_not_sorted(before, after):
    """You took the one that stands in the middle of the list. The median is the one in
    the middle after sorting.
    """
    return before[1:][len(before[1:]) // 2] / after[1:][len(after[1:]) // 2]


@speedup.mistake
def speedup_two_not_sorted(before, after):
    """You took what stands in the middle of the list, one time or the mean of two. The
    median is what is in the middle *after sorting*.
    """
    middles = []
    for times in (before[1:], after[1:]):
        n = len(times)
        middles.append((times[(n - 1) // 2] + times[n // 2]) / 2)
    return middles[0] / middles[1]


@speedup.mistake
def speedup_upper_median(before, after):
    """Of an even number of times there are two in the middle, and you took the larger
    of them. The median lies halfway between. statistics.median does it.
    """
    one, other = sorted(before[1:]), sorted(after[1:])
    return one[len(one) // 2] / other[len(other) // 2]


@speedup.mistake
def speedup_lower_median(before, after):
    """Of an even number of times there are two in the middle. torch.median takes the
    smaller of them; the median lies halfway between. statistics.median does it.
    """
    one, other = sorted(before[1:]), sorted(after[1:])
    return one[(len(one) - 1) // 2] / other[(len(other) - 1) // 2]


@speedup.mistake
def speedup_without_fastest(before, after):
    """You sorted before you left out the first, so it is the fastest time that goes,
    and the warm-up stays. Leave out the first as it was measured: before[1:].
    """
    return _speedup({speedup_without_fastest}, before, after)


@speedup.mistake
def speedup_of_pairs(before, after):
    """You divided time by time, and then took the middle. The first time of one list
    has nothing to do with the first of the other, and one list can be longer. Take the
    median of each list, then divide.
    """
    pairs = zip(before[1:], after[1:], strict=False)
    return statistics.median(one / other for one, other in pairs)


@two_of(
    speedup,
    speedup_mean,
    speedup_best,
    speedup_sums,
    speedup_not_sorted,
    speedup_upper_median,
    speedup_lower_median,
    speedup_with_warm_up,
    speedup_without_fastest,
    speedup_upside_down,
    speedup_minus_one,
    speedup_saved,
    speedup_seconds,
)
def _speedup(slips, before, after):
    def middle(times):
        if speedup_without_fastest in slips:
            times = sorted(times)[1:]
        elif speedup_with_warm_up not in slips:
            times = times[1:]
        n, in_order = len(times), sorted(times)
        ways = {
            speedup_mean: statistics.mean(times),
            speedup_best: in_order[0],
            speedup_sums: sum(times),
            speedup_not_sorted: times[n // 2],
            speedup_upper_median: in_order[n // 2],
            speedup_lower_median: in_order[(n - 1) // 2],
        }
        chosen = [way for way in ways if way in slips]
        return ways[chosen[0]] if chosen else statistics.median(times)

    one, other = middle(before), middle(after)
    if speedup_upside_down in slips:
        one, other = other, one
    if speedup_seconds in slips:
        return one - other
    if speedup_saved in slips:
        return 1 - other / one
    return one / other - (speedup_minus_one in slips)


_SEEDS = [0.31, 0.75, 0.12, 0.58, 0.94, 0.27, 0.66, 0.43, 0.85]  # hard ones, easy ones
_SCATTER = [-0.5, 1.0, -1.5, 0.0, 1.5, -0.25, 0.5, -1.0, 0.25]  # it adds up to 0


def _case(caption, **far):
    """Make recipes; `far`: how many of their deviations they are worse than the best.

    The further behind a name stands, the faster is its recipe.
    """
    deviation = statistics.stdev(_SCATTER)
    losses = {"best": _SEEDS}
    for name, n in far.items():
        steps = [0.01 * (n * deviation + s) for s in _SCATTER]
        losses[name] = [round(a + b, 4) for a, b in zip(_SEEDS, steps, strict=True)]
    seconds = {name: 9.0 - k for k, name in enumerate(losses)}
    return Case((seconds, losses), caption)


@exercise(
    given={"seconds": _seconds, "losses": _losses},
    inputs=[
        _case("a recipe that is equal", near=0.5),
        _case("a recipe that is equal, and one that is not", near=0.28, far=1.0),
        _case("a recipe that is a little worse with every seed", worse=4.0),
        _case("a recipe whose range overlaps", worse=22.0),
        _case("a recipe whose range overlaps", worse=16.0),
        _case("a recipe whose range overlaps", worse=40.0),
        _case("a recipe whose range overlaps", worse=65.0),
        _case("a recipe whose range overlaps", worse=83.0),
        _case("three recipes that are equal", one=0.1, two=0.3, three=0.6),
        Case(
            ({"a": 2.0, "b": 1.0, "c": 3.0}, {"a": _SEEDS, "b": _SEEDS, "c": _SEEDS}),
            "recipes that do exactly the same",
        ),
        Case(
            (
                {"a": 1.0, "b": 2.0, "c": 3.0},
                {"a": [0.2, 0.3, 9.1], "b": [0.4, 0.5, 0.6], "c": [0.5, 0.6, 0.7]},
            ),
            "a recipe that went wrong with one seed",
        ),
        Case(
            ({"a": 3.0, "b": 1.0}, {"a": [0.2, 0.3, 0.4], "b": [0.9, 0.8, 0.95]}),
            "a fast recipe that is worse",
        ),
        Case(
            ({"a": 1.0, "b": 3.0}, {"a": [0.2, 0.3, 0.4], "b": [0.9, 0.8, 0.95]}),
            "the best recipe is the fastest",
        ),
    ],
    hints=[
        "statistics.mean gives the mean of a list. The best: min(losses, key=lambda "
        "name: statistics.mean(losses[name])).",
        "Differences, seed by seed: [loss - other for loss, other in "
        "zip(losses[name], losses[best])].",
        "The standard error is statistics.stdev(differences) / "
        "len(differences) ** 0.5. Collect the names for which the mean of the "
        "differences is at most twice that, and the best itself.",
    ],
    praise="Pairs of runs with the same seed see smaller differences than ranges do.",
)
def decide(seconds, losses):
    """Return the fastest of the best recipe and its equals."""
    import statistics

    best = min(losses, key=lambda name: statistics.mean(losses[name]))
    equals = [best]
    for name in losses:
        if name != best:
            n = len(losses[name])
            differences = [losses[name][k] - losses[best][k] for k in range(n)]
            limit = 2 * statistics.stdev(differences) / n**0.5
            if statistics.mean(differences) <= limit:
                equals.append(name)
    return min(equals, key=lambda name: seconds[name])


@decide.mistake
def decide_fastest(seconds, losses):
    """Your answer is always the fastest recipe of all. First ask whose losses are equal
    to those of the best one, then take the fastest of these.
    """
    return min(seconds, key=seconds.get)


@decide.mistake
def decide_best(seconds, losses):
    """Your answer is always the recipe with the lowest mean loss. A faster one whose
    losses cannot be told from these is the better choice.
    """
    return min(losses, key=lambda name: statistics.mean(losses[name]))


@decide.mistake
def decide_by_ranges(seconds, losses):
    """This is the rule of section 7: you compared ranges. Compare seed by seed: a
    recipe that is a little worse with *every* seed is worse, though the ranges overlap.
    """
    best = min(losses, key=lambda name: statistics.mean(losses[name]))
    equals = [name for name in losses if min(losses[name]) <= max(losses[best])]
    return min(equals, key=lambda name: seconds[name])


@decide.mistake
def decide_by_deviation(seconds, losses):
    """You took twice the standard deviation of the differences. The mean of several
    differences is more certain than one of them: divide by the root of their number.
    """
    return _decide({decide_by_deviation}, seconds, losses)


@decide.mistake
def decide_once(seconds, losses):
    """You took the standard error once. The exercise takes it twice, since the mean is
    further away than one standard error quite often, by chance alone.
    """
    return _decide({decide_once}, seconds, losses)


@decide.mistake
def decide_divided_by_number(seconds, losses):
    """You divided the standard deviation by the number of the seeds. It is the root of
    their number: four times as many seeds halve the error.
    """
    return _decide({decide_divided_by_number}, seconds, losses)


@decide.mistake
def decide_unpaired(seconds, losses):
    """You took the standard deviation of the recipe's own losses. In these is also how
    easy or hard each seed is for everybody. Take that of the differences to the best.
    """
    return _decide({decide_unpaired}, seconds, losses)


@decide.mistake
def decide_with_two_errors(seconds, losses):
    """You put the errors of both means together, as if each recipe had had seeds of its
    own. They had the *same* seeds, and what is hard for both cancels: take the standard
    deviation of the differences, seed by seed.
    """
    return _decide({decide_with_two_errors}, seconds, losses)


@decide.mistake
def decide_by_lowest_loss(seconds, losses):
    """You took the recipe with the lowest single loss as the best one. One lucky seed
    is enough for that. The best has the lowest *mean* loss.
    """
    return _decide({decide_by_lowest_loss}, seconds, losses)


@decide.mistake
def decide_slowest(seconds, losses):
    """You chose rightly between equal recipes and others, but then took the slowest.
    Among equals the fewest seconds win: min, not max.
    """
    return _decide({decide_slowest}, seconds, losses)


@decide.mistake
def decide_without_best(seconds, losses):
    """The best recipe is missing among those that you choose from. It may be the
    fastest one itself: begin the list of the equals with it.
    """
    return _decide({decide_without_best}, seconds, losses)


@two_of(
    decide,
    decide_by_deviation,
    decide_once,
    decide_divided_by_number,
    decide_unpaired,
    decide_with_two_errors,
    decide_by_lowest_loss,
    decide_slowest,
    decide_without_best,
)
def _decide(slips, seconds, losses):
    middle = min if decide_by_lowest_loss in slips else statistics.mean
    best = min(losses, key=lambda name: middle(losses[name]))
    equals = [best]
    for name in losses:
        pairs = zip(losses[name], losses[best], strict=True)
        differences = [loss - other for loss, other in pairs]
        of = losses[name] if decide_unpaired in slips else differences
        variance = statistics.variance(of)
        if decide_with_two_errors in slips:
            variance = sum(statistics.variance(losses[k]) for k in (name, best))
        n = len(differences)
        if decide_divided_by_number in slips:
            n = n**2
        if decide_by_deviation in slips:
            n = 1
        limit = (variance / n) ** 0.5 * (1 if decide_once in slips else 2)
        if name != best and statistics.mean(differences) <= limit:
            equals.append(name)
    if decide_without_best in slips:
        equals = equals[1:] or [best]
    last = max if decide_slowest in slips else min
    return last(equals, key=lambda name: seconds[name])


_PICTURES = torch.linspace(0.1, 2.4, 24).reshape(2, 1, 4, 3)
_DOWN, _RIGHT = torch.tensor([1, 0]), torch.tensor([0, -1])


@exercise(
    given={"X": _small_images, "dy": "shifts N", "dx": "shifts N"},
    inputs=[
        (_PICTURES, _DOWN, _RIGHT),
        (_PICTURES, torch.tensor([-1, 1]), torch.tensor([1, -1])),
        (_PICTURES, torch.tensor([0, 0]), torch.tensor([0, 0])),
        (_PICTURES[:1], _DOWN[:1], _RIGHT[:1] + 1),
        (
            torch.linspace(1, 4, 48).reshape(3, 1, 4, 4),
            torch.tensor([0, 1, -1]),
            torch.tensor([1, 0, -1]),
        ),
    ],
    hints=[
        "F.pad(X, (1, 1, 1, 1)) puts a border of one 0 around every image: shape "
        "(N, 1, H + 2, W + 2). A shifted image is a window of H x W in it.",
        "Without shift the window begins at row 1, column 1. If the image is to move "
        "down by dy, it begins at row 1 - dy; and at column 1 - dx.",
        "Without a loop: rows = torch.arange(H) + 1 - dy[:, None] has shape (N, H), "
        "and cols, made likewise, (N, W). Index with three tensors that stretch to "
        "(N, H, W): which image, which row, which column.",
    ],
    praise="A shift is only another way to index, so it costs next to nothing.",
)
def shift_each(X, dy, dx):
    """Return images, each moved by its own number of pixels."""
    N, _, H, W = X.shape
    padded = torch.nn.functional.pad(X, (1, 1, 1, 1))
    i = torch.arange(N)[:, None, None]  # (N, 1, 1)
    rows = torch.arange(H) + 1 - dy[:, None]  # (N, H)
    cols = torch.arange(W) + 1 - dx[:, None]  # (N, W)
    return padded[i, 0, rows[:, :, None], cols[:, None, :]].unsqueeze(1)


@shift_each.mistake
def shift_rolled(X, dy, dx):
    """What leaves the image on one side comes back on the other: that is what roll
    does. Here 0 moves in. Add a border of zeros first: F.pad(X, (1, 1, 1, 1)).
    """
    return _shifted({shift_rolled}, X, dy, dx)


@shift_each.mistake
def shift_rolled_alike(X, dy, dx):
    """Two things: all images move as the first one does, and what leaves on one side
    comes back on the other, because roll does that. Each has its own dy[i] and dx[i],
    and 0 moves in: F.pad(X, (1, 1, 1, 1)).
    """
    return X.roll((int(dy[0]), int(dx[0])), dims=(2, 3))


@shift_each.mistake
def shift_not_moved(X, dy, dx):
    """Nothing moves: you return the images as they are. A window that begins at row 1,
    column 1 of the image with a border is the image itself. It begins at row 1 - dy and
    column 1 - dx.
    """
    return X.clone()


@shift_each.mistake
def shift_other_way(X, dy, dx):
    """The images move the other way. If the window moves down, the image in it moves
    up. The window begins at row 1 - dy and column 1 - dx.
    """
    return shift_each.reference(X, -dy, -dx)


@shift_each.mistake
def shift_swapped(X, dy, dx):
    """Down and right are exchanged. dy belongs to the rows, which is the third
    dimension of (N, 1, H, W), and dx to the columns, the last.
    """
    return shift_each.reference(X, dx, dy)


@shift_each.mistake
def shift_all_alike(X, dy, dx):
    """All images move as the first one does. Each has a shift of its own: dy[i] and
    dx[i].
    """
    return shift_each.reference(X, dy[:1].expand(len(X)), dx[:1].expand(len(X)))


@shift_each.mistake
def shift_only_down(X, dy, dx):
    """The rows are right, and dx has no effect. The window has a column where it
    begins, too: 1 - dx.
    """
    return shift_each.reference(X, dy, torch.zeros_like(dx))


@shift_each.mistake
def shift_only_right(X, dy, dx):
    """The columns are right, and dy has no effect. The window has a row where it
    begins, too: 1 - dy.
    """
    return shift_each.reference(X, torch.zeros_like(dy), dx)


@shift_each.mistake
def shift_without_channel(X, dy, dx):
    """The images are right, but the channel is lost: the shape is (N, H, W). The
    network wants (N, 1, H, W): .unsqueeze(1).
    """
    return shift_each.reference(X, dy, dx).squeeze(1)


@shift_each.mistake
def shift_not_cut(X, dy, dx):
    """The border is there, and nothing was cut out of it: the images have become
    larger. Take a window of the old size, H x W.
    """
    return torch.nn.functional.pad(X, (1, 1, 1, 1))


@shift_each.mistake
def shift_from_corner(X, dy, dx):
    """Your windows begin at row dy and column dx of the image with its border. The
    image itself begins at (1, 1) there, so without shift the window does, too: 1 - dy
    and 1 - dx. (Negative numbers count from the end!)
    """
    N, _, H, W = X.shape
    padded = torch.nn.functional.pad(X, (1, 1, 1, 1))
    i = torch.arange(N)[:, None, None]
    rows = torch.arange(H) + dy[:, None]
    cols = torch.arange(W) + dx[:, None]
    return padded[i, 0, rows[:, :, None], cols[:, None, :]].unsqueeze(1)


@shift_each.mistake
def shift_repeated_edge(X, dy, dx):
    """What moves in is a copy of the edge. Here it is 0, as white as the margin:
    F.pad(X, (1, 1, 1, 1)) without a mode.
    """
    N, _, H, W = X.shape
    padded = torch.nn.functional.pad(X, (1, 1, 1, 1), mode="replicate")
    i = torch.arange(N)[:, None, None]
    rows = torch.arange(H) + 1 - dy[:, None]
    cols = torch.arange(W) + 1 - dx[:, None]
    return padded[i, 0, rows[:, :, None], cols[:, None, :]].unsqueeze(1)


@shift_each.mistake
def shift_half_cleared(X, dy, dx):
    """If an image moves up or to the left, what leaves it there comes back on the other
    side: then the last row or column has to become 0.
    """
    return _shifted({shift_half_cleared}, X, dy, dx)


@shift_each.mistake
def shift_first_cleared(X, dy, dx):
    """It is always the first row or column that becomes 0. If an image moves up or to
    the left, new pixels come in at the other end: clear the last one then.
    """
    return _shifted({shift_first_cleared}, X, dy, dx)


@shift_each.mistake
def shift_square(X, dy, dx):
    """You took the width for the height as well. That is right for square images only:
    there are H rows and W columns.
    """
    W = X.shape[3]
    padded = torch.nn.functional.pad(X, (1, 1, 1, 1))
    moves = zip(padded, dy.tolist(), dx.tolist(), strict=True)
    return torch.stack(
        [image[:, 1 - y : 1 - y + W, 1 - x : 1 - x + W] for image, y, x in moves]
    )


@two_of(
    shift_each,
    shift_other_way,
    shift_swapped,
    shift_all_alike,
    shift_only_down,
    shift_only_right,
    shift_rolled,
    shift_repeated_edge,
    shift_half_cleared,
    shift_first_cleared,
)
def _shifted(slips, X, dy, dx):
    if shift_all_alike in slips:
        dy, dx = dy[:1].expand(len(X)), dx[:1].expand(len(X))
    if shift_only_down in slips:
        dx = torch.zeros_like(dx)
    if shift_only_right in slips:
        dy = torch.zeros_like(dy)
    if shift_swapped in slips:
        dy, dx = dx, dy
    if shift_other_way in slips:
        dy, dx = -dy, -dx
    moved = []
    for image, *shifts in zip(X, dy.tolist(), dx.tolist(), strict=True):
        image = image.roll(shifts, dims=(1, 2))
        for dim, shift in zip((1, 2), shifts, strict=True):
            new = image.select(dim, 0 if shift > 0 else -1)  # the row that came in
            if shift_repeated_edge in slips and shift and image.shape[dim] > 1:
                new.copy_(image.select(dim, 1 if shift > 0 else -2).clone())
            elif shift_first_cleared in slips and shift:
                image.select(dim, 0).zero_()
            elif shift_rolled in slips or (shift_half_cleared in slips and shift < 0):
                continue
            elif shift:
                new.zero_()
        moved.append(image)
    return torch.stack(moved)


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab11", lab06.first_adam_step, lab05.parameters, lab08.four_times)

shuffled_hidden = choice(
    "lab11.shuffled_hidden",
    "A network with one hidden layer takes in 784 pixels. It is trained on digits "
    "whose pixels were shuffled, in all images in the same way, and is tested on such "
    "images. How good is it, compared with one that got the images as they are?",
    right="b",
    because="A unit adds up weights times pixels, and a sum does not care for the "
    "order. The pixel has a new number, and the weight that belongs to it has the same "
    "one. For this network an image never was more than 784 numbers.",
    a=(
        "It is much worse: no strokes are left to see.",
        "It never saw strokes. Each unit has one weight for each pixel, wherever that "
        "pixel lies.",
    ),
    b="About as good.",
    c=(
        "It is right in about one of ten: it can only guess.",
        "The pixels were not lost. Whoever knows the new places could put each image "
        "together again, and the weights can learn with the new places just as well.",
    ),
)

shuffled_window = choice(
    "lab11.shuffled_window",
    "A convolutional network first looks at squares of 5 x 5 neighbouring pixels, with "
    "the same weights everywhere. Behind that it has a hidden layer. It is trained on "
    "digits whose pixels were shuffled alike in all images, and tested on such images. "
    "How good is it, compared with one that got the images as they are?",
    right="b",
    because="In each square it now finds 25 pixels that have nothing to do with each "
    "other, and looks for the same pattern in all of them. What the squares answer "
    "still depends on the digit, and the hidden layer makes something of that. But "
    "what was an advantage is now in the way.",
    a=(
        "About as good, as the other network.",
        "The other one has a weight for each pixel. This one uses the same weights for "
        "all squares, and that only helps if squares in different places have "
        "something in common.",
    ),
    b="Clearly worse, but much better than guessing.",
    c=(
        "It is right in about one of ten: it can only guess.",
        "The answers of the squares still differ from digit to digit, in the same way "
        "in every image, and the hidden layer behind them can learn that.",
    ),
)

one_place = number(
    "lab11.one_place",
    "A kernel has the rows (-1, -1, -1), (0, 0, 0), (1, 1, 1). It lies on the pixels "
    "(0, 0, 0.2), (0.5, 1, 1), (1, 1, 0.8). The bias is 0. What is its answer?",
    right=2.6,
    because="The upper row costs 0.2, the middle one does not count, the lower one "
    "gives 2.8. It is light above and dark below: an upper edge, and the answer is "
    "large.",
    wrong={
        3.0: "The upper row has the weight -1, so its 0.2 is subtracted.",
        2.8: "That is the lower row alone. The upper one has 0.2 ink, with weight -1.",
        5.5: "That is all the ink below the kernel. Each pixel counts with its weight.",
        5.1: "The middle row has the weight 0, so it does not count.",
        -2.6: "The signs are turned round: the lower row is positive.",
    },
    otherwise="Nine products, each weight times the pixel below it, added up. Only the "
    "upper and the lower row have weights other than 0.",
    tolerance=0.01,
)

moved_digit = choice(
    "lab11.moved_digit",
    "A digit is moved two pixels to the right. What happens to the output of a "
    "convolution (apart from the edge of the image)?",
    right="a",
    because="At each place the kernel finds what it found two pixels further left "
    "before, and gives the same answer.",
    a="The same answers, two pixels further to the right.",
    b=(
        "Nothing: the answers are the same, at the same places.",
        "At a given place there are other pixels now, so there is another answer. "
        "The old one has moved along with its pixels.",
    ),
    c=(
        "Other answers, because other weights lie on the digit.",
        "It is the same kernel everywhere, with the same nine weights.",
    ),
)

weights_of_layer = number(
    "lab11.weights_of_layer",
    "A convolutional layer has 16 kernels of 5 x 5, for images with one channel, and a "
    "bias for each kernel. How many numbers does it have to learn?",
    right=416,
    because="16 times 25 weights, and 16 biases. The size of the image plays no part.",
    wrong={
        400: "The biases are missing: one for each of the 16 kernels.",
        401: "Each kernel has a bias of its own, not one for all.",
        41: "That would be one kernel of 25, and 16 biases. Each of the 16 kernels has "
        "25 weights of its own.",
        26: "That is one kernel with its bias. There are 16.",
        314016: "That is a weight for each pixel. A kernel has only 25.",
        9216: "That is the number of its answers, 16 times 24 times 24. The weights "
        "are the same at all places.",
    },
    otherwise="For one kernel: 5 times 5 weights and a bias. Then 16 of these.",
    tolerance=0.2,
)

pooling = choice(
    "lab11.pooling",
    "Images are moved by one pixel. By how much do the answers of a convolution "
    "change, place by place, and by how much after 2 x 2 max-pooling, each in parts of "
    "their usual size?",
    right="c",
    because="A large answer often stays in its 2 x 2 square, and then the largest of "
    "the square is still the same. Without pooling it lies at another place.",
    a=(
        "Without pooling they do not change at all: the answers move with the image.",
        "They move, so at each *place* there is another answer. Place by place they "
        "change very much.",
    ),
    b=(
        "More after pooling: three of four answers are thrown away.",
        "What is thrown away are the smaller ones. The largest one is what is left if "
        "the stroke moves a little within the square.",
    ),
    c="Less after pooling.",
    d=(
        "By the same part in both.",
        "In each 2 x 2 square a large answer may move to a neighbour, and the largest "
        "stays as it was. Without pooling both places have changed.",
    ),
)

reach = number(
    "lab11.reach",
    "First comes a convolution with kernels of 5 x 5, then pooling of 2 x 2 squares, "
    "then a convolution of 3 x 3. How many pixels wide is the square of the image that "
    "one answer of the last one sees?",
    right=10,
    because="It sees 3 pooled answers in a row, these are made of 6 answers of the "
    "first layer, and 6 neighbours with windows of 5 see 6 + 5 - 1 pixels.",
    wrong={
        3: "So many pooled answers it sees. Each of those sees more than one pixel.",
        6: "So many answers of the first layer. Each of these sees 5 pixels.",
        15: "3 times 5: but pooled answers lie two pixels apart, and windows overlap.",
        30: "6 times 5: but the windows of neighbours overlap.",
        7: "That would be right without pooling, which doubles the steps.",
        8: "5 + 3: but windows do not add up like that. Neighbours overlap, and pooled "
        "answers lie two pixels apart.",
        9: "Nearly: each pooled answer is made of two in a row, so there are 6.",
        5: "That is what one answer of the first layer sees.",
    },
    otherwise="Go back: 3 pooled answers in a row, made of how many answers of the "
    "first layer? And how many pixels do these see?",
    tolerance=0.1,
)

shift_curve = choice(
    "lab11.shift_curve",
    "Both networks learned from digits in the middle of the image. Now held-out digits "
    "are moved to the right, by 0 to 6 pixels. What happens?",
    right="b",
    because="Kernels find the strokes wherever they are, and pooling forgives a pixel "
    "or two. But then comes a layer that has learned *where* they have to be.",
    a=(
        "The hidden network gets worse, the convolutional one does not.",
        "It would be so if the network ended with its kernels. But the layer behind "
        "them has a weight of its own for each place.",
    ),
    b="Both get worse, the convolutional one later.",
    c=(
        "Both get worse, equally early.",
        "A unit of the hidden network has other pixels below its weights at once. The "
        "convolutional one has answers that were pooled, so a pixel changes less.",
    ),
    d=(
        "Neither gets worse: it is still the same digit.",
        "For a reader it is. The weights of a hidden unit stay where they are, while "
        "the digit moves away below them.",
    ),
)

work = order(
    "lab11.work",
    "A network has four layers with weights. Which needs the most multiplications for "
    "an image, and which the fewest? Most first.",
    right="bacd",
    because="460,800, 230,400, 204,800 and 2,560. The linear layer has 44 times as "
    "many weights as the second convolution, and less work: each of its weights is "
    "used once, those of a kernel at a hundred places.",
    a=(
        "16 kernels of 5 x 5 weights, at 24 x 24 places",
        "16 times 25 times 576, which is 230,400.",
    ),
    b=(
        "32 kernels of 16 x 3 x 3 weights, at 10 x 10 places",
        "32 times 144 times 100, which is 460,800.",
    ),
    c=(
        "a linear layer from 800 to 256",
        "Each of its 204,800 weights is used once.",
    ),
    d=("a linear layer from 256 to 10", "2,560 weights, each used once."),
)

kinds = several(
    "lab11.kinds",
    "Which of these changes make an update *cheaper* without changing what is "
    "calculated (apart from rounding)?",
    right="abc",
    because="Fetching, order in the memory, and the number of single operations do not "
    "change the arithmetic. Larger batches and a cut border do, so with them the "
    "accuracy has to be looked at.",
    a=(
        "Picking a batch by a list of positions, in the place of image by image.",
        "The batch holds the same kind of images, and the network does the same.",
    ),
    b=(
        "Another order of the numbers in the memory.",
        "The same numbers are multiplied and added.",
    ),
    c=(
        "Adam in one operation, in the place of many small ones.",
        "The formula is the same.",
    ),
    d=(
        "128 images in a batch, in the place of 64.",
        "There are half as many updates, and each goes another way.",
    ),
    e=(
        "Cutting off the border of the images.",
        "The network gets fewer pixels: it is another network.",
    ),
)

spread = choice(
    "lab11.spread",
    "Two recipes, not of this ladder. One has a mean accuracy of 99.11% over five "
    "seeds, from 99.07% to 99.17%. The other has 99.10%, from 99.00% to 99.18%. Both "
    "need the same time. Which is better?",
    right="c",
    because="From seed to seed each of them varies by more than the difference of the "
    "two means. Five other seeds could turn it round.",
    a=(
        "The first: its mean is higher.",
        "By a hundredth of a percent, one image of 10,000. One more seed could change "
        "that.",
    ),
    b=(
        "The second: its best run is better.",
        "The best of several runs says more about luck than about the recipe.",
    ),
    c="These runs cannot say.",
)

tone = choice(
    "lab11.tone",
    "Two recipes are equally accurate. The loss of one is clearly higher. It was "
    "trained with smoothed targets, which ask for about 95% in the place of 100%. What "
    "do you do before you reject it?",
    right="b",
    because="One number, fitted on validation images, sets the tone right, and does "
    "not change which answer is given. Only what is left then is knowledge.",
    a=(
        "Nothing: a higher loss is a worse model.",
        "Part of a loss is tone: how sure the answers sound. Lab 10 mended a model by "
        "a temperature alone.",
    ),
    b="Fit a temperature for each of them, then compare the losses.",
    c=(
        "Compare the accuracies more closely.",
        "Accuracy looks only at the winner. How sure the network was, and where, says "
        "more, once its tone is right.",
    ),
)
