"""Exercises of lab 11, faster: solutions, hints, typical mistakes."""

import statistics

import torch

from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import follows, holds
from course_utils.exercises.fixtures import Case, sized


def _pick(g, low, high):
    return int(torch.randint(low, high, (), generator=g))


def _times(g, sizes, before):
    n = _pick(g, 4, 8)
    return [t / 10 for t in torch.randint(10, 99, (n,), generator=g).tolist()]


@sized("N", "H", "W")
def _small_images(g, sizes, before):
    shape = sizes["N"], 1, sizes["H"], sizes["W"]
    return torch.randint(1, 99, shape, generator=g) / 10


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
    """Right for stride 1. With a larger stride the kernel leaves places out: only
    every stride-th of the side - kernel + 1 places is calculated.
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


# Neither symmetric nor square, so flips, transposes and swapped sides all show.
_IMAGE = torch.tensor(
    [
        [0.2, 0.9, 0.4, 0.1, 0.7],
        [0.5, 0.3, 0.8, 0.6, 0.0],
        [0.1, 0.7, 0.2, 0.9, 0.4],
        [0.6, 0.0, 0.5, 0.3, 0.8],
        [0.3, 0.4, 0.1, 0.2, 0.9],
        [0.8, 0.6, 0.7, 0.0, 0.1],
    ]
)
_KERNEL = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0], [2.0, 0.25, -0.5]])


@exercise(
    given={"image": "features H W", "kernel": "features S S"},
    properties=[
        follows(
            "With a kernel twice as large in all its numbers the result is doubled.",
            lambda image, kernel: (image, 2 * kernel),
            lambda value: 2 * value,
        )
    ],
    forbids={"Loops are welcome, F.conv2d is not.": "conv2d conv1d"},
    inputs=[
        (_IMAGE, _KERNEL),
        (_IMAGE.T.contiguous(), _KERNEL[:2, 1:]),  # the kernel has another side
        (_IMAGE[:3, :3], _KERNEL),  # it fits once
        (_IMAGE, torch.tensor([[2.0]])),
    ],
    hints=[
        "Two loops, over the rows and the columns of the result. At (i, j) the kernel "
        "lies on image[i : i + k, j : j + k].",
        "Multiply that patch with the kernel, number by number, and add up: "
        "(kernel * patch).sum().",
        "To keep the gradient put the sums into a list and then torch.stack(sums), or "
        "write them into torch.zeros(H - k + 1, W - k + 1).",
    ],
    praise="This is what nn.Conv2d does, for every channel and every image.",
)
def convolve(image, kernel):
    """Return the convolution of one image with one kernel."""
    k = len(kernel)
    H, W = image.shape
    sums = [
        (kernel * image[i : i + k, j : j + k]).sum()
        for i in range(H - k + 1)
        for j in range(W - k + 1)
    ]
    return torch.stack(sums).reshape(H - k + 1, W - k + 1)


@convolve.mistake
def convolve_flipped(image, kernel):
    """You turned the kernel round by 180 degrees. The convolution of the textbooks on
    signals does that; in neural networks (and in F.conv2d) the kernel is laid on as it
    is.
    """
    return convolve.reference(image, kernel.flip(0, 1))


@convolve.mistake
def convolve_transposed(image, kernel):
    """Rows and columns of the kernel are exchanged. kernel[u, v] belongs to the pixel
    u below and v to the right of the corner.
    """
    return convolve.reference(image, kernel.T)


@convolve.mistake
def convolve_mean(image, kernel):
    """You took the mean of the products. A convolution adds them up: .sum(). With the
    mean a larger kernel would always give smaller numbers.
    """
    return convolve.reference(image, kernel) / kernel.numel()


@convolve.mistake
def convolve_one_too_small(image, kernel):
    """The last row and the last column are missing. range(n) stops before n, and the
    kernel fits at H - k + 1 places: range(H - k + 1).
    """
    k = len(kernel)
    H, W = image.shape
    full = convolve.reference(image, kernel)
    return full[: H - k, : W - k]


@convolve.mistake
def convolve_padded(image, kernel):
    """Your result is as large as the image, so the kernel sticks out at the edge. Here
    it must fit: the result has shape (H - k + 1, W - k + 1).
    """
    k = len(kernel)
    before, after = (k - 1) // 2, k // 2
    padded = torch.nn.functional.pad(image, (before, after, before, after))
    return convolve.reference(padded, kernel)


@convolve.mistake
def convolve_side_by_side(image, kernel):
    """You put the kernel side by side, as a pooling does: it moves k pixels at a time.
    Here it moves by one pixel, and its places overlap.
    """
    k = len(kernel)
    return convolve.reference(image, kernel)[::k, ::k]


@convolve.mistake
def convolve_swapped_sides(image, kernel):
    """The image is not square, and you exchanged its height and its width. image.shape
    is (H, W): rows first.
    """
    return convolve.reference(image.T, kernel.T)


@convolve.mistake
def convolve_matrix_product(image, kernel):
    """@ is the product of two matrices: rows times columns. Here each weight meets the
    pixel below it: *, and then the sum of all.
    """
    k = len(kernel)
    H, W = image.shape
    sums = [
        (kernel @ image[i : i + k, j : j + k]).sum()
        for i in range(H - k + 1)
        for j in range(W - k + 1)
    ]
    return torch.stack(sums).reshape(H - k + 1, W - k + 1)


@convolve.mistake
def convolve_always_three(image, kernel):
    """You always take a kernel of side 3. Its side is that of the argument:
    k = len(kernel).
    """
    H, W = image.shape
    sums = [
        (kernel * image[i : i + 3, j : j + 3]).sum()
        for i in range(H - 2)
        for j in range(W - 2)
    ]
    return torch.stack(sums).reshape(H - 2, W - 2)


@convolve.mistake
def convolve_flat(image, kernel):
    """The numbers are right, but they lie in one long row. Give them the shape of the
    places: .reshape(H - k + 1, W - k + 1).
    """
    return convolve.reference(image, kernel).flatten()


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
    """Nearly. You divide by 4 with /, so the top lies between two updates if n_updates
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


_ROWS = torch.arange(22.0).reshape(11, 2)
_LABELS = torch.arange(11)


@exercise(
    given={
        "X": "features N 2",
        "y": lambda g, sizes, before: torch.arange(len(before[0])),
        "batch_size": "size",
    },
    properties=[
        holds(
            "Every batch must have batch_size rows. Yours do not.",
            lambda value, X, y, batch_size: all(len(b[0]) == batch_size for b in value),
        ),
        holds(
            "No row may come twice in an epoch. In yours one does.",
            lambda value, X, y, batch_size: (
                not value
                or len(torch.cat([b[1] for b in value]).unique())
                == sum(len(b[1]) for b in value)
            ),
        ),
    ],
    inputs=[
        (_ROWS, _LABELS, 3),  # two rows are left over
        (_ROWS, _LABELS, 4),
        (_ROWS[:8], _LABELS[:8], 4),  # nothing is left over
        (_ROWS[:5], _LABELS[:5], 5),
        Case((_ROWS[:5], _LABELS[:5], 8), "fewer rows than a batch has", False),
    ],
    hints=[
        "order = torch.randperm(len(X)) is a random order of the rows. Use the same "
        "one for X and for y.",
        "Only whole batches: the first len(X) // batch_size * batch_size of them.",
        "order.split(batch_size) cuts it into pieces. Of each piece `rows` make the "
        "pair (X[rows], y[rows]). (An empty order gives one empty piece.)",
    ],
    praise="Every batch has the same shape, so a graph or a compiler has one case.",
    slopes=False,
)
def whole_batches(X, y, batch_size):
    """Return a list of batches of equal size."""
    n_batches = len(X) // batch_size
    order = torch.randperm(len(X))
    pieces = [order[i * batch_size : (i + 1) * batch_size] for i in range(n_batches)]
    return [(X[rows], y[rows]) for rows in pieces]


@whole_batches.mistake
def whole_with_short(X, y, batch_size):
    """There is a batch too many: the short one at the end. Leave it out. If there are
    fewer rows than one batch needs, the list is empty.
    """
    order = torch.randperm(len(X)).split(batch_size)
    return [(X[rows], y[rows]) for rows in order]


@whole_batches.mistake
def whole_in_order(X, y, batch_size):
    """The rows come in the order of the file. Sorted data then give batches of a single
    class (lab 8): draw an order with torch.randperm(len(X)).
    """
    n = len(X) // batch_size
    rows = [torch.arange(i * batch_size, (i + 1) * batch_size) for i in range(n)]
    return [(X[r], y[r]) for r in rows]


@whole_batches.mistake
def whole_plain_cut(X, y, batch_size):
    """Two things: the rows come in the order of the file, and the short batch at the
    end is in. Draw an order with torch.randperm(len(X)), and stop after the last whole
    batch.
    """
    return list(zip(X.split(batch_size), y.split(batch_size), strict=True))


@whole_batches.mistake
def whole_last_always_left_out(X, y, batch_size):
    """You always leave out the last batch. If the rows fit evenly, it is a whole one,
    and belongs to the others. Only what is shorter goes.
    """
    return whole_with_short(X, y, batch_size)[:-1]


@whole_batches.mistake
def whole_empty_batch(X, y, batch_size):
    """Nearly. If there are fewer rows than one batch needs, you return a batch without
    rows, because .split of nothing gives one empty piece. The loss of no images is nan.
    The list must be empty then.
    """
    n = len(X) // batch_size * batch_size
    order = torch.randperm(len(X))[:n]
    return [(X[rows], y[rows]) for rows in order.split(batch_size)]


@whole_batches.mistake
def whole_two_orders(X, y, batch_size):
    """You drew one order for X and another for y. So each image has the label of
    another one, and nothing can be learned. Draw once, and use it for both.
    """
    one, other = torch.randperm(len(X)), torch.randperm(len(X))
    n = len(X) // batch_size * batch_size
    pairs = zip(one[:n].split(batch_size), other[:n].split(batch_size), strict=True)
    return [(X[a], y[b]) for a, b in pairs if len(a)]


@whole_batches.mistake
def whole_only_x_shuffled(X, y, batch_size):
    """X is shuffled, y is not: each image gets the label of another one. Pick both with
    the same rows.
    """
    order = torch.randperm(len(X))
    n = len(X) // batch_size
    cut = [slice(i * batch_size, (i + 1) * batch_size) for i in range(n)]
    return [(X[order[part]], y[part]) for part in cut]


@whole_batches.mistake
def whole_with_replacement(X, y, batch_size):
    """torch.randint draws each position anew, so some rows come several times and
    others never. torch.randperm gives each of them once.
    """
    n = len(X) // batch_size * batch_size
    order = torch.randint(len(X), (n,))
    return [(X[rows], y[rows]) for rows in order.split(batch_size) if len(rows)]


@whole_batches.mistake
def whole_order_of_part(X, y, batch_size):
    """You drew an order of the first rows only, so the same rows are left out in every
    epoch. Draw an order of all len(X) rows, and leave out the end of the order.
    """
    n = len(X) // batch_size * batch_size
    order = torch.randperm(n)
    return [(X[rows], y[rows]) for rows in order.split(batch_size) if len(rows)]


@whole_batches.mistake
def whole_order_per_batch(X, y, batch_size):
    """You drew a new order for each batch. So an image may come twice in an epoch, and
    another not at all. One order for the whole epoch, then cut it.
    """
    n = len(X) // batch_size
    rows = [torch.randperm(len(X))[:batch_size] for _ in range(n)]
    return [(X[r], y[r]) for r in rows]


@whole_batches.mistake
def whole_only_images(X, y, batch_size):
    """The batches hold the images alone, and nobody can train on them without labels.
    Each batch is a pair: (X[rows], y[rows]).
    """
    return [pair[0] for pair in whole_batches.reference(X, y, batch_size)]


@whole_batches.mistake
def whole_tensors(X, y, batch_size):
    """You return two things, all the images and all the labels. The exercise asks for
    one list with a pair for each batch.
    """
    pairs = whole_batches.reference(X, y, batch_size)
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


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
    """You compared the best times. That is a usual choice, too, but it shows a lucky
    moment. The exercise asks for the medians.
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
def speedup_upper_median(before, after):
    """Nearly: of an even number of times there are two in the middle, and you took the
    larger of them. The median lies halfway between. statistics.median does it.
    """
    one, other = sorted(before[1:]), sorted(after[1:])
    return one[len(one) // 2] / other[len(other) // 2]


@speedup.mistake
def speedup_lower_median(before, after):
    """Nearly: of an even number of times there are two in the middle. torch.median
    takes the smaller of them; the median lies halfway between. statistics.median does
    it.
    """
    one, other = sorted(before[1:]), sorted(after[1:])
    return one[(len(one) - 1) // 2] / other[(len(other) - 1) // 2]


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
    rolled = [
        image.roll((int(down), int(right)), dims=(1, 2))
        for image, down, right in zip(X, dy, dx, strict=True)
    ]
    return torch.stack(rolled)


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
