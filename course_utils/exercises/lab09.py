"""Exercises of lab 09, binary classification: solutions, hints, typical mistakes."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import lab03, lab04, lab06
from course_utils.exercises.checks import exercise
from course_utils.exercises.diagnose import between, holds, rows_sum_to
from course_utils.exercises.fixtures import Case, sized, whole_number
from course_utils.exercises.observe import same
from course_utils.exercises.pairs import two_of
from course_utils.exercises.questions import WarmUp, choice, number, several

# The logs of an exercise ----------------------------------------------------------


def logs() -> None:
    """Train a small network four times, and print four logs.

    Each line says after how many epochs: the loss, the largest slope of the last layer,
    and how far each of the two layers has moved since the start.
    """
    for i, fault in enumerate(("no zero_grad", "another", "last layer", "rate 0"), 1):
        print(f"log {i}   epoch   loss   slope   moved: first   last layer")
        for epoch, values in enumerate(_log(fault), 1):
            print("{:13}{:8.3f}{:8.3f}{:14.3f}{:13.3f}".format(epoch, *values))


def _log(fault):
    g = torch.Generator().manual_seed(1)
    X = torch.randn(80, 5, generator=g)
    y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).long()
    model, other = _small(0), _small(1)
    start = [p.detach().clone() for p in model.parameters()]
    held = {"another": other, "last layer": model[2]}.get(fault, model)
    lr = 0.0 if fault == "rate 0" else 0.5
    optimizer = torch.optim.SGD(held.parameters(), lr=lr)
    for _ in range(6):
        if fault != "no zero_grad":
            optimizer.zero_grad()
        loss = F.cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()
        pairs = zip(model.parameters(), start, strict=True)
        moved = [(p.detach() - old).abs().max().item() for p, old in pairs]
        slope = model[2].weight.grad.abs().max().item()
        yield loss.item(), slope, max(moved[:2]), max(moved[2:])


def _small(seed):
    g = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=g) / 2)
    return model


@exercise(
    evidence={
        "log 1": "both layers move, so the optimizer holds them, and the learning rate "
        "is not 0.",
        "log 2": "nothing moves, and the slopes grow from epoch to epoch, so nobody "
        "clears them. Whose `zero_grad` does that?",
        "log 3": "one layer moves, and the other does not.",
        "log 4": "nothing moves, and the slopes are the same in each epoch, so "
        "somebody clears them.",
    },
    inputs=[()],
    hints=[
        "Look at what has moved. In which logs does nothing move, in which a part?",
        "Two logs stand still, with the same loss for ever. Compare their slopes: what "
        "does `optimizer.zero_grad()` clear if the optimizer holds another network?",
        "The slopes of a network that stands still are the same in each epoch. If they "
        "are 2, 3, 4 times as large, they were never cleared.",
    ],
    praise="Loss, slopes, distance moved: three numbers, and such a bug has a name.",
)
def faults():
    """Return what is wrong in each of the four logs."""
    return "c", "a", "d", "b"


@faults.mistake
def faults_still_exchanged():
    """In logs 2 and 4 nothing moves. You took the one with growing slopes for the
    learning rate 0. But then `zero_grad` would clear them, and they would be the same
    in each epoch. They grow because `zero_grad` clears those of another network.
    """
    return "c", "b", "d", "a"


@faults.mistake
def faults_moving_exchanged():
    """Logs 1 and 3 are exchanged. Without `zero_grad` both layers move, with steps of
    all slopes so far. If the optimizer holds the last layer alone, the first stays.
    """
    return "d", "a", "c", "b"


@faults.mistake
def faults_layer_is_another_network():
    """You took log 3 for the foreign optimizer and log 2 for the last layer alone. An
    optimizer of another network moves nothing here at all. In log 3 the last layer
    moves, in log 2 nothing does.
    """
    return "c", "d", "a", "b"


@faults.mistake
def faults_growing_exchanged():
    """Logs 1 and 2 are exchanged: in both the slopes are not cleared. But in log 2
    nothing moves at all, so the optimizer moves something else.
    """
    return "a", "c", "d", "b"


def _network(seed):
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return network


def _case(kind):
    """Make a model, and an optimizer that holds what ``kind`` says."""
    model, other = _network(0), _network(1)
    parameters = {
        "all": model.parameters(),
        "another": other.parameters(),
        "last layer": model[2].parameters(),
        "groups": [{"params": layer.parameters()} for layer in (model[0], model[2])],
        "copy": copy.deepcopy(model).parameters(),
        "both": [*other.parameters(), *model.parameters()],
        "mixed": [model[0].weight, other[2].weight, model[2].bias, other[0].bias,
                  other[2].bias],
    }  # fmt: skip
    return torch.optim.SGD(parameters[kind], lr=0.1), model


@exercise(
    inputs=lambda: [  # when they are needed: the first optimizer takes seconds
        Case(_case("all"), "an optimizer that holds everything"),
        Case(_case("last layer"), "an optimizer that holds the last layer"),
        Case(_case("another"), "the optimizer holds another network", False),
        Case(_case("groups"), "the optimizer has two groups", False),
        Case(_case("both"), "the optimizer holds two networks", False),
        Case(_case("mixed"), "the optimizer holds parts of two networks", False),
        Case(_case("copy"), "the optimizer holds a copy of the network", False),
    ],
    hints=[
        "Ask for each parameter of the model whether the optimizer holds it. Equal "
        "numbers are not enough, it has to be the same object.",
        "optimizer.param_groups is a list of dictionaries, and group['params'] a list "
        "of tensors. There may be more than one group.",
        "id(p) is another number for each object. Collect those of all groups, then "
        "count the parameters of the model whose id is not among them.",
    ],
    praise="One line in a training script, and the loss never stands still unnoticed.",
)
def forgotten(optimizer, model):
    """Return how many parameters of the model the optimizer does not hold."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return sum(id(p) not in held for p in model.parameters())


def _held(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


@forgotten.mistake
def forgotten_by_value(optimizer, model):
    """You compared the numbers in the parameters. Another network that was made with
    the same seed, or a copy, has equal numbers, and the optimizer moves *it*. Compare
    objects: `p is q`, or id(p).
    """
    held = _held(optimizer)
    return sum(not any(torch.equal(p, q) for q in held) for p in model.parameters())


@forgotten.mistake
def forgotten_with_in(optimizer, model):
    """`p in list_of_tensors` compares with ==, and that gives a tensor of True and
    False for each pair (or an error, if the shapes do not fit), not an answer. Compare
    id(p), a plain number for each object.
    """
    held = _held(optimizer)
    return sum(p not in held for p in model.parameters())


@forgotten.mistake
def forgotten_difference(optimizer, model):
    """You compared how many there are. An optimizer that holds another network of the
    same size has the right number of them, and not one that you need. Look at each
    parameter.
    """
    return len(list(model.parameters())) - len(_held(optimizer))


@forgotten.mistake
def forgotten_without_grad(optimizer, model):
    """You counted all parameters, held or not. Perhaps you asked for p.grad, which is
    None until backward() is called, for any parameter; or for optimizer.state, which is
    empty until the first step. Look into optimizer.param_groups.
    """
    return sum(p.grad is None for p in model.parameters())


@forgotten.mistake
def forgotten_first_group(optimizer, model):
    """You looked only at param_groups[0]. An optimizer may have several groups, each
    with its own learning rate, as in section 1: go through all of them.
    """
    held = {id(p) for p in optimizer.param_groups[0]["params"]}
    return sum(id(p) not in held for p in model.parameters())


@forgotten.mistake
def forgotten_other_way(optimizer, model):
    """You counted what the optimizer holds and the model does not have. The question is
    the other one: which parameters *of the model* does nobody move?
    """
    own = {id(p) for p in model.parameters()}
    return sum(id(p) not in own for p in _held(optimizer))


@forgotten.mistake
def forgotten_yes_or_no(optimizer, model):
    """You returned True or False. How many are forgotten? Count them, for instance
    with sum(...) over the parameters of the model.
    """
    held = {id(p) for p in _held(optimizer)}
    return any(id(p) not in held for p in model.parameters())


@forgotten.mistake
def forgotten_numbers(optimizer, model):
    """You counted the numbers inside the tensors (numel). Here the tensors are to be
    counted: a weight is one, a bias is one.
    """
    held = {id(p) for p in _held(optimizer)}
    return sum(p.numel() for p in model.parameters() if id(p) not in held)


@forgotten.mistake
def forgotten_held(optimizer, model):
    """You counted those that the optimizer *does* hold. The forgotten ones are the
    others: `not in`.
    """
    held = {id(p) for p in _held(optimizer)}
    return sum(id(p) in held for p in model.parameters())


@forgotten.mistake
def forgotten_difference_first_group(optimizer, model):
    """Two things. You looked only at param_groups[0]: an optimizer may have several
    groups. And you compared how many there are: an optimizer that holds another network
    has the right number, and not one that you need. Look at each parameter.
    """
    n_held = len(optimizer.param_groups[0]["params"])
    return len(list(model.parameters())) - n_held


@forgotten.mistake
def forgotten_by_value_first_group(optimizer, model):
    """Two things. You looked only at param_groups[0]: an optimizer may have several
    groups. And you compared numbers: another network can have equal ones. Compare
    objects: `p is q`, or id(p).
    """
    held = optimizer.param_groups[0]["params"]
    return sum(not any(torch.equal(p, q) for q in held) for p in model.parameters())


@two_of(
    forgotten,
    forgotten_first_group,
    forgotten_other_way,
    forgotten_numbers,
    forgotten_held,
    forgotten_yes_or_no,
)
def _forgotten(slips, optimizer, model):
    held = _held(optimizer)
    if forgotten_first_group in slips:
        held = optimizer.param_groups[0]["params"]
    asked, known = list(model.parameters()), held
    if forgotten_other_way in slips:
        asked, known = known, asked
    ids = {id(p) for p in known}
    inside = forgotten_held in slips
    found = [p for p in asked if (id(p) in ids) == inside]
    if forgotten_yes_or_no in slips:
        return bool(found)
    return sum(p.numel() if forgotten_numbers in slips else 1 for p in found)


# The share of 9s to find: fractions that float32 holds exactly, so that "at least" is
# the same for everybody.
_EIGHTHS = [k / 8 for k in range(1, 9)]


@sized()
def _least(g, sizes, before):
    return _EIGHTHS[int(torch.randint(8, (), generator=g))]


@sized("N")
def _some_nines(g, sizes, before):
    y = (torch.rand(sizes["N"], generator=g) < 0.5).float()
    y[int(torch.randint(sizes["N"], (), generator=g))] = 1.0  # there is one to find
    return y


_LINE = torch.tensor([0.3, 2.1, -1.7, 1.2, -0.4, 0.9, -2.6, 1.6])
_NINES = torch.tensor([1.0, 1, 0, 0, 1, 0, 1, 0])


@exercise(
    given={"logits": "ranked N", "y": _some_nines, "least": _least},
    slopes=False,
    inputs=[
        (_LINE, _NINES, 0.5),
        (_LINE, _NINES, 0.75),
        (_LINE, _NINES, 0.6),
        Case((_LINE, _NINES, 1.0), "all of them have to be found", False),
        Case((_LINE, _NINES, 0.125), "an eighth of four 9s", False),
        (_LINE, 1 - _NINES, 0.3),
        (_LINE[:5] - 4, _NINES[:5], 0.5),
        Case((_LINE, torch.eye(8)[3], 0.25), "a single 9", False),
        Case((_LINE.round(), _NINES, 0.5), "equal logits", False),
        Case((torch.arange(5.0, 0, -0.5), torch.ones(10), 0.9), "nine of ten", False),
    ],
    hints=[
        "Only the logits of the 9s decide about recall: logits[y == 1]. Sort them, the "
        "largest first.",
        "With the threshold at the first of them one 9 is found, at the second two. "
        "Which is the first place at which found / number of 9s is at least `least`?",
        "for k, logit in enumerate(sorted_logits, 1): ... compare k / n with least. "
        "A Python number is asked for: .item().",
    ],
    praise="The wish decides, not the number 0. Choose it on held-out images, and then "
    "count the alarms.",
)
def choose_threshold(logits, y, least):
    """Return the largest threshold with a recall of at least ``least``."""
    nines = logits[y == 1].sort(descending=True).values
    for k, logit in enumerate(nines, 1):
        if k / len(nines) >= least:
            return logit.item()


@choose_threshold.mistake
def threshold_rounded_share(logits, y, least):
    """Nearly. Your share is a float32 number, in which 9 of 10 is 0.89999998, and that
    is below 0.9. Divide Python numbers, which have more digits: k / n.
    """
    nines = logits[y == 1].sort(descending=True).values
    for k, logit in enumerate(nines, 1):
        if (torch.tensor(float(k)) / len(nines)).item() >= least:
            return logit.item()


@choose_threshold.mistake
def threshold_one_too_few(logits, y, least):
    """You rounded the number of 9s to be found down. With `least` 0.6 and four 9s two
    are not enough: at least 0.6 of them means three.
    """
    nines = logits[y == 1].sort(descending=True).values
    return nines[max(int(least * len(nines)) - 1, 0)].item()


@choose_threshold.mistake
def threshold_rounded_down(logits, y, least):
    """You rounded the number of 9s to be found down: with `least` 0.6 and four 9s two
    are not enough. (And where it is rounded to 0, the position is -1, the last one.)
    "At least" means up.
    """
    nines = logits[y == 1].sort(descending=True).values
    return nines[int(least * len(nines)) - 1].item()


@choose_threshold.mistake
def threshold_one_too_many(logits, y, least):
    """Your threshold is one 9 too low where the wish is met exactly: a recall of just
    `least` is allowed, >= and not >. (If you count: the k-th 9 has position k - 1.)
    """
    nines = logits[y == 1].sort(descending=True).values
    return nines[min(int(least * len(nines)), len(nines) - 1)].item()


@choose_threshold.mistake
def threshold_ascending(logits, y, least):
    """You go through the logits of the 9s from the smallest. With the threshold there
    all others are found, too. An alarm means logits >= threshold, so begin with the
    largest.
    """
    nines = logits[y == 1].sort().values
    for k, logit in enumerate(nines, 1):
        if k / len(nines) >= least:
            return logit.item()


@choose_threshold.mistake
def threshold_of_all(logits, y, least):
    """You took that share of *all* logits. Recall asks for a share of the 9s: look at
    logits[y == 1] alone. The others only raise false alarms.
    """
    ordered = logits.sort(descending=True).values
    for k, logit in enumerate(ordered, 1):
        if k / len(ordered) >= least:
            return logit.item()


@choose_threshold.mistake
def threshold_of_precision(logits, y, least):
    """You asked for the precision: of the alarms, which share is a 9. Asked for is the
    recall: of the 9s, which share raises an alarm.
    """
    good = [
        t
        for t in logits
        if ((y == 1) & (logits >= t)).sum() >= least * (logits >= t).sum()
    ]
    return max(good).item() if good else None


@choose_threshold.mistake
def threshold_smallest(logits, y, least):
    """You returned the lowest threshold that meets the wish. It finds every 9, and
    raises the most false alarms. Of those that meet the wish, the *largest* is
    asked for.
    """
    return logits.min().item()


@choose_threshold.mistake
def threshold_of_others(logits, y, least):
    """You sorted the logits of the *others* (y == 0). Recall is about the 9s:
    logits[y == 1].
    """
    return choose_threshold.reference(logits, 1 - y, least)


@choose_threshold.mistake
def threshold_as_probability(logits, y, least):
    """Your threshold is a probability: you sent the logit through the sigmoid. The
    alarm compares logits, so return the logit itself.
    """
    nines = logits[y == 1].sort(descending=True).values
    for k, logit in enumerate(nines, 1):
        if k / len(nines) >= least:
            return torch.sigmoid(logit).item()


@choose_threshold.mistake
def threshold_quantile(logits, y, least):
    """torch.quantile looks at the right logits, those of the 9s. But it takes a place
    between two of them, and counts n - 1 gaps, not n images. So the threshold falls
    beside a logit, and the recall may be too small. Count: the k-th largest, with k / n
    at least `least`.
    """
    return torch.quantile(logits[y == 1], 1 - least).item()


@choose_threshold.mistake
def threshold_rounded(logits, y, least):
    """You rounded to the nearest number of 9s. If that is down, too few are found (and
    with 0 the position is -1, the last one): "at least" means up.
    """
    nines = logits[y == 1].sort(descending=True).values
    return nines[round(least * len(nines)) - 1].item()


@choose_threshold.mistake
def threshold_strict(logits, y, least):
    """You counted logits > threshold. An alarm is raised where logits >= threshold, so
    the image with just this logit counts as found.
    """
    for t in logits.sort(descending=True).values:
        if ((logits > t) & (y == 1)).sum() / y.sum() >= least:
            return t.item()
    return logits.min().item()


@choose_threshold.mistake
def threshold_tensor(logits, y, least):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    nines = logits[y == 1].sort(descending=True).values
    for k, logit in enumerate(nines, 1):
        if k / len(nines) >= least:
            return logit


@two_of(
    choose_threshold,
    threshold_strict,
    threshold_smallest,
    threshold_of_all,
    threshold_of_others,
    threshold_of_precision,
    threshold_as_probability,
)
def _threshold(slips, logits, y, least):
    if threshold_of_others in slips:
        y = 1 - y
    ordered = logits.sort(descending=threshold_smallest not in slips).values
    nine = y == 1
    for t in ordered:
        found = logits > t if threshold_strict in slips else logits >= t
        hits, of = (found & nine).sum(), nine.sum()
        if threshold_of_all in slips:
            hits, of = found.sum(), len(y)
        if threshold_of_precision in slips:
            of = found.sum()
        if int(of) and int(hits) / int(of) >= least:
            break
    return torch.sigmoid(t).item() if threshold_as_probability in slips else t.item()


@sized("M")
def _rare(g, sizes, before):
    """Make a column of labels in which both classes occur."""
    y = (torch.rand(sizes["M"], 1, generator=g) < 0.25).float()
    y[0], y[1] = 1.0, 0.0
    return y


_FEATURES = torch.tensor(
    [[0.2, 1.0], [-1.1, 0.4], [0.9, -0.3], [0.1, 0.8], [-0.7, -1.2], [1.5, 0.6]]
)
_ONE_NINE = torch.tensor([[0.0], [0], [1], [0], [0], [1]])


@exercise(
    given={
        "X": "features M D",
        "y": _rare,
        "lr": "rate",
        "n_steps": whole_number(2, 6),
    },
    results=("W", "b"),
    slopes=False,
    inputs=[
        (_FEATURES, _ONE_NINE, 0.5, 3),
        (_FEATURES, 1 - _ONE_NINE, 0.25, 4),
        (_FEATURES, torch.eye(6)[:, [4]], 0.5, 2),
        Case((_FEATURES, _ONE_NINE, 0.5, 1), "a single step", False),
    ],
    hints=[
        "Each 9 has to count as often as there are others for it: how many others are "
        "there for one 9? y.sum() counts the 9s.",
        "F.binary_cross_entropy_with_logits(z, y, pos_weight=w) wants w as a tensor. "
        "It divides by N, whatever w is.",
        "W = torch.zeros(D, 1, requires_grad=True) and b = torch.zeros(1, "
        "requires_grad=True) into torch.optim.SGD([W, b], lr=lr), then the four lines, "
        "n_steps times. Return W.detach() and b.detach().",
    ],
    praise="Now each class has one vote. Remember that p has become another number.",
)
def train_balanced(X, y, lr, n_steps):
    """Return W and b after gradient descent with a balancing pos_weight."""
    W = torch.zeros(X.shape[1], 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    pos_weight = (1 - y).sum() / y.sum()
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(X @ W + b, y, pos_weight=pos_weight)
        loss.backward()
        optimizer.step()
    return W.detach(), b.detach()


def _descend(X, y, lr, n_steps, weight):
    """Descend from zeros, each example with a weight of its own."""
    W, b = torch.zeros(X.shape[1], 1), torch.zeros(1)
    for _ in range(n_steps):
        error = weight * (torch.sigmoid(X @ W + b) - y) / len(y)
        W, b = W - lr * X.T @ error, b - lr * error.sum(dim=0)
    return W, b


@train_balanced.mistake
def balanced_without_weight(X, y, lr, n_steps):
    """This is the ordinary loss: the common class has more votes. pos_weight has to
    be the number of others for each 9.
    """
    return _descend(X, y, lr, n_steps, torch.ones_like(y))


@train_balanced.mistake
def balanced_nine(X, y, lr, n_steps):
    """Your pos_weight is 9. That was right for one 9 in ten images. Count in *this* y:
    how many others are there for each 9?
    """
    return _descend(X, y, lr, n_steps, 1 + 8 * y)


@train_balanced.mistake
def balanced_inverted(X, y, lr, n_steps):
    """Your pos_weight is the wrong way round: 9s / others makes the rare class count
    even less. It is others / 9s.
    """
    return _descend(X, y, lr, n_steps, 1 + y * (y.sum() / (1 - y).sum() - 1))


@train_balanced.mistake
def balanced_by_all(X, y, lr, n_steps):
    """You divided the number of *all* examples by that of the 9s. The 9s themselves
    are not among the others: with one 9 in ten it is 9, not 10.
    """
    return _descend(X, y, lr, n_steps, 1 + y * (len(y) / y.sum() - 1))


@train_balanced.mistake
def balanced_share_of_others(X, y, lr, n_steps):
    """Your pos_weight is the share of the others among all examples, a number below
    1. It has to be others / 9s: how often a 9 would have to be there to be as common.
    """
    return _descend(X, y, lr, n_steps, 1 + y * ((1 - y).mean() - 1))


@train_balanced.mistake
def balanced_other_class(X, y, lr, n_steps):
    """You weighted the others instead of the 9s. pos_weight stands before the part of
    the loss with y = 1, the "positive" class.
    """
    return _descend(X, y, lr, n_steps, 1 + (1 - y) * ((1 - y).sum() / y.sum() - 1))


@train_balanced.mistake
def balanced_by_sum(X, y, lr, n_steps):
    """You divided the loss by the sum of the weights, as `cross_entropy` does. Here
    the mean is over the N examples, whatever pos_weight is (lab 3).
    """
    weight = 1 + y * ((1 - y).sum() / y.sum() - 1)
    return _descend(X, y, lr, n_steps, weight * len(y) / weight.sum())


@train_balanced.mistake
def balanced_summed(X, y, lr, n_steps):
    """You used the sum of the losses. The mean is asked for: divide by N, or the
    steps are N times as long.
    """
    weight = 1 + y * ((1 - y).sum() / y.sum() - 1)
    return _descend(X, y, lr, n_steps, weight * len(y))


@train_balanced.mistake
def balanced_uphill(X, y, lr, n_steps):
    """The loss rises: W and b are moved along their slopes. Downhill is against
    them: minus lr times the slope.
    """
    weight = 1 + y * ((1 - y).sum() / y.sum() - 1)
    return _descend(X, y, -lr, n_steps, weight)


@train_balanced.mistake
def balanced_without_bias(X, y, lr, n_steps):
    """The bias stays 0. It has to be trained like the weights: give both to the
    optimizer.
    """
    W = torch.zeros(X.shape[1], 1)
    weight = 1 + y * ((1 - y).sum() / y.sum() - 1)
    for _ in range(n_steps):
        W = W - lr * X.T @ (weight * (torch.sigmoid(X @ W) - y)) / len(y)
    return W, torch.zeros(1)


@train_balanced.mistake
def balanced_without_zero_grad(X, y, lr, n_steps):
    """The first step is right, later ones are too long: the slopes add up, because
    `zero_grad()` is missing.
    """
    W = torch.zeros(X.shape[1], 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([W, b], lr=lr)
    pos_weight = (1 - y).sum() / y.sum()
    for _ in range(n_steps):
        F.binary_cross_entropy_with_logits(
            X @ W + b, y, pos_weight=pos_weight
        ).backward()
        optimizer.step()
    return W.detach(), b.detach()


@train_balanced.mistake
def balanced_random_start(X, y, lr, n_steps):
    """The steps are right, the start is not: `nn.Linear` draws random weights. Start
    from zeros, as asked, for instance with nn.init.zeros_.
    """
    model = nn.Linear(X.shape[1], 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    pos_weight = (1 - y).sum() / y.sum()
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(X), y, pos_weight=pos_weight)
        loss.backward()
        optimizer.step()
    return model.weight.detach().T, model.bias.detach()


@train_balanced.mistake
def balanced_one_step(X, y, lr, n_steps):
    """You made a single step, whatever n_steps is. The four lines of training belong
    in a loop that runs n_steps times.
    """
    return _descend(X, y, lr, 1, 1 + y * ((1 - y).sum() / y.sum() - 1))


@train_balanced.mistake
def balanced_both_classes(X, y, lr, n_steps):
    """Your weight stands before the errors of both classes, so both count alike, and
    the steps are longer. It is for the 9s alone: the others keep the weight 1.
    """
    weight = (1 - y).sum() / y.sum()
    return _descend(X, y, lr, n_steps, torch.ones_like(y) * weight)


@two_of(
    train_balanced,
    balanced_without_weight,
    balanced_inverted,
    balanced_by_all,
    balanced_share_of_others,
    balanced_other_class,
    balanced_both_classes,
    balanced_by_sum,
    balanced_summed,
    balanced_uphill,
    balanced_one_step,
)
def _balanced(slips, X, y, lr, n_steps):
    nines, others = y.sum(), (1 - y).sum()
    w = others / nines
    if balanced_without_weight in slips:
        w = 1
    if balanced_inverted in slips:
        w = nines / others
    if balanced_by_all in slips:
        w = len(y) / nines
    if balanced_share_of_others in slips:
        w = others / len(y)
    where = 1 - y if balanced_other_class in slips else y
    if balanced_both_classes in slips:
        where = torch.ones_like(y)
    weight = 1 + where * (w - 1)
    if balanced_by_sum in slips:
        weight = weight * len(y) / weight.sum()
    if balanced_summed in slips:
        weight = weight * len(y)
    rate = -lr if balanced_uphill in slips else lr
    return _descend(X, y, rate, 1 if balanced_one_step in slips else n_steps, weight)


@sized("N", "K")
def _mostly_right(g, sizes, before):
    logits = before[0]
    return ((logits > 0) ^ (torch.rand(logits.shape, generator=g) < 0.15)).float()


# Some logits between 0 and 0.5, rows with no label, with one and with several.
_MULTI = torch.tensor(
    [[2.1, -0.7, 0.3], [-1.2, 0.4, -3.0], [-0.6, -0.9, -2.2], [1.8, 2.5, -0.1],
     [0.2, -1.4, 0.9], [-0.5, 1.1, 0.6], [2.7, -0.8, -1.9]]
)  # fmt: skip
_TARGETS = torch.tensor(
    [[1.0, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]]
)


@exercise(
    given={"logits": "smooth N K", "y": _mostly_right},
    properties=[between(0, 1, "A fraction lies between 0 and 1.")],
    inputs=[
        (_MULTI, _TARGETS),
        (_MULTI[[0, 3, 5, 6]], _TARGETS[[0, 3, 4, 6]]),
        (_MULTI[:, :2], _TARGETS[:, :2]),
        (-_MULTI, 1 - _TARGETS),
        (_MULTI[:4], _TARGETS[:4]),  # two labels are right everywhere
        (_MULTI[:3], _TARGETS[:3]),  # all is right
    ],
    hints=[
        "Each label has its own decision: is its logit above 0? Then compare with y, "
        "number by number.",
        ".all(dim=1) of a table of True and False says for each row whether all of it "
        "is true.",
        "The order matters: compare number by number, then ask for each row with "
        "all(dim=...), then take the mean, as a Python number.",
    ],
    praise="The strictest of the multi-label measures; it is called the exact match.",
)
def all_labels_right(logits, y):
    """Return the fraction of rows whose labels are all right; both (N, K)."""
    return ((logits > 0) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_one_by_one(logits, y):
    """This is the fraction of single labels that are right. A picture with two right
    labels and a wrong one counts two thirds here. Asked for are the pictures on which
    nothing is wrong: .all(dim=1) before the mean.
    """
    return ((logits > 0) == y).float().mean().item()


@all_labels_right.mistake
def labels_any(logits, y):
    """.any(dim=1) is true as soon as one label of the picture is right. All of them
    have to be: .all(dim=1).
    """
    return ((logits > 0) == y).any(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_dim_0(logits, y):
    """.all(dim=0) goes down the columns: it asks for which *label* all pictures are
    right. Each picture is a row: dim=1.
    """
    return ((logits > 0) == y).all(dim=0).float().mean().item()


@all_labels_right.mistake
def labels_all_of_table(logits, y):
    """.all() without dim asks whether the *whole table* is right: one mistake in one
    picture makes 0.0 of it. Ask for each picture: .all(dim=1), then the mean.
    """
    return ((logits > 0) == y).all().float().mean().item()


@all_labels_right.mistake
def labels_without_decision(logits, y):
    """You compared the logits themselves with the targets. A logit is hardly ever
    exactly 0 or 1. First decide for each label, logits > 0, and compare the decisions.
    """
    return (logits == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_majority(logits, y):
    """You count a picture if more than half of its labels are right. All of them have
    to be: .all(dim=1).
    """
    return (((logits > 0) == y).float().mean(dim=1) > 0.5).float().mean().item()


@all_labels_right.mistake
def labels_softmax_share(logits, y):
    """You compared softmax with 1 / K, an equal share. But whether a label is there
    does not depend on the others, and softmax makes them compete. Each logit is
    compared with 0 on its own.
    """
    probs = torch.softmax(logits, dim=1)
    return ((probs > 1 / logits.shape[1]) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_threshold_half(logits, y):
    """You compared logits with one half. One half is the threshold for probabilities;
    for logits it is 0, since sigmoid(0) is one half.
    """
    return ((logits > 0.5) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_sigmoid_zero(logits, y):
    """You compared sigmoids with 0. They are always above it, so every label is
    answered with yes. Compare the logits with 0, or the sigmoids with one half.
    """
    return ((torch.sigmoid(logits) > 0) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_argmax(logits, y):
    """Only one winner comes out of argmax. Here a picture can have several labels, or
    none: each logit is compared with 0 on its own.
    """
    return (logits.argmax(dim=1) == y.argmax(dim=1)).float().mean().item()


@all_labels_right.mistake
def labels_softmax(logits, y):
    """Softmax makes the labels compete for a sum of 1, so at most one can exceed one
    half. Several labels need a sigmoid each, which here means: logits above 0.
    """
    probs = torch.softmax(logits, dim=1)
    return ((probs > 0.5) == y).all(dim=1).float().mean().item()


@all_labels_right.mistake
def labels_tensor(logits, y):
    """The number is right, but it is still a tensor with one element. .item() takes
    the plain Python number out.
    """
    return ((logits > 0) == y).all(dim=1).float().mean()


@all_labels_right.mistake
def labels_count(logits, y):
    """You counted the pictures. Divide by N, or take the mean, so that data sets of
    different size can be compared.
    """
    return ((logits > 0) == y).all(dim=1).sum().item()


@all_labels_right.mistake
def labels_how_many(logits, y):
    """You compared how many labels are given, and not which. Two pictures can have
    equally many, and others: compare label by label, then .all(dim=1).
    """
    return ((logits > 0).sum(dim=1) == y.sum(dim=1)).float().mean().item()


@two_of(
    all_labels_right,
    labels_one_by_one,
    labels_any,
    labels_dim_0,
    labels_majority,
    labels_threshold_half,
    labels_softmax,
    labels_count,
)
def _labels(slips, logits, y):
    given = logits > 0
    if labels_threshold_half in slips:
        given = logits > 0.5
    if labels_softmax in slips:
        given = torch.softmax(logits, dim=1) > 0.5
    right, dim = given == y, 0 if labels_dim_0 in slips else 1
    whole = right.any(dim=dim) if labels_any in slips else right.all(dim=dim)
    if labels_majority in slips:
        whole = right.float().mean(dim=dim) > 0.5
    if labels_one_by_one in slips:
        whole = right
    if labels_count in slips:
        return whole.sum().item()
    return whole.float().mean().item()


# Two challenges of Deeper -----------------------------------------------------------


@exercise(
    given={"z": "smooth N"},  # the formula has a kink at 0
    properties=[
        between(-torch.inf, 0, "The logarithm of a probability is never above 0."),
    ],
    forbids={"By the formula above and without F.": "F. logsigmoid log_sigmoid"},
    inputs=[
        (torch.tensor([-2.0, 0.5, 3.0, -0.7]),),
        (torch.tensor([[4.0], [-6.0], [1.5]]),),
        (torch.tensor([-1000.0, 1000.0, 5.0, -100.0]),),
    ],
    hints=[
        "The formula has two terms: one that is 0 for positive z, "
        "and one in which the exponent is never positive.",
        "z.clamp(max=0) is the smaller of z and 0, number by number. z.abs() is |z|.",
        "With -z.abs() in the exponent nothing overflows. torch.log1p(x) is log(1 + "
        "x). One term is subtracted from the other: no result may be above 0.",
    ],
    praise="For a logit of any size, in value and in slope, to six decimals.",
)
def logsigmoid(z):
    """Return log(sigmoid(z)) for z of any size."""
    return z.clamp(max=0) - torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_typed(z):
    """Right for moderate z. For z = -1000 it is minus infinity: sigmoid(-1000) is
    rounded to 0 (and in -log(1 + exp(-z)) the exponential overflows). The true value is
    -1000. The formula with |z| has no large positive exponent and no log of 0.
    """
    return torch.log(torch.sigmoid(z))


@logsigmoid.mistake
def logsigmoid_other_side(z):
    """The form z - log(1 + exp(z)) is right on paper, and for negative z of any size.
    For z = 1000 the exponential overflows. Each of the two spellings is good on one
    side of 0 only; |z| makes one of them.
    """
    return z - torch.log(1 + torch.exp(z))


@logsigmoid.mistake
def logsigmoid_clamped(z):
    """You keep the probability away from 0 by force. Then there is no infinity, but
    for large negative z the answer is always the same number, and its slope is 0: a
    confident mistake is not corrected any more. Do it without the probability.
    """
    return torch.log(torch.sigmoid(z).clamp(min=1e-7))


@logsigmoid.mistake
def logsigmoid_where(z):
    """The values are right, the slopes are not: torch.where calculates both branches
    for every number and throws one away. In the branch that is thrown away exp(1000)
    overflowed, and autograd makes nan of 0 times infinity. Put |z| into the exponent,
    then nothing overflows.
    """
    negative, positive = z - torch.log(1 + z.exp()), -torch.log(1 + (-z).exp())
    return torch.where(z < 0, negative, positive)


@logsigmoid.mistake
def logsigmoid_without_abs(z):
    """The exponent lacks the |z|: with exp(-z) and a negative z the second term is
    large as well, so that z counts twice. It has to be exp(-z.abs()).
    """
    return z.clamp(max=0) - torch.log1p(torch.exp(-z))


@logsigmoid.mistake
def logsigmoid_max(z):
    """You took the larger of z and 0. A log-probability is never positive: the first
    term is the smaller of the two, z.clamp(max=0). (clamp(max=0) means: at most 0.)
    """
    return z.clamp(min=0) - torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_plus(z):
    """The second term has the wrong sign: log(1 + ...) is subtracted. As it stands the
    result is positive for positive z, and a log-probability is at most 0.
    """
    return z.clamp(max=0) + torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_class_0(z):
    """This is log(1 - sigmoid(z)), the log-probability of class 0. Class 1 becomes more
    likely as z grows, so the result has to rise with z.
    """
    return (-z).clamp(max=0) - torch.log1p(torch.exp(-z.abs()))


@logsigmoid.mistake
def logsigmoid_positive(z):
    """The sign is wrong: this is the loss -log(sigmoid(z)), which is positive. A
    probability is at most 1, so its logarithm is at most 0.
    """
    return torch.log1p(torch.exp(-z.abs())) - z.clamp(max=0)


@logsigmoid.mistake
def logsigmoid_probability(z):
    """This is the probability itself. Its logarithm is asked for, calculated without
    the probability as an intermediate step.
    """
    return torch.sigmoid(z)


@exercise(
    given={"z": "logits N 1"},
    properties=[
        holds(
            "The second logit minus the first must be z, or the distribution is "
            "another one. Yours is not.",
            lambda value, z: same(value[:, 1:] - value[:, :1], z),
        ),
        rows_sum_to(
            0, "The cheapest pair lies at equal distance from 0 on both sides."
        ),
    ],
    inputs=[
        (torch.tensor([[1.0], [-2.5], [0.4]]),),
        (torch.tensor([[-0.3], [6.0]]),),
        (torch.tensor([[1000.0], [-1000.0], [3.0]]),),
    ],
    hints=[
        "Softmax over two logits is the sigmoid of their difference, second minus "
        "first. So the difference has to be z.",
        "All pairs (c, c + z) will do. One of them has the smallest sum of squares.",
        "The cheapest pair lies at the same distance from 0 on both sides. "
        "torch.cat([..., ...], dim=1) puts two columns side by side.",
    ],
    praise="The same distribution, and the L2 penalty likes it best.",
)
def to_two_logits(z):
    """Return the cheapest two logits (N, 2) with the distribution of one, (N, 1)."""
    return torch.cat([-z / 2, z / 2], dim=1)


@to_two_logits.mistake
def two_from_zero(z):
    """The distribution is right: the difference is z. But (0, z) is not the cheapest
    pair, its sum of squares is z squared. Share z between the two logits.
    """
    return torch.cat([torch.zeros_like(z), z], dim=1)


@to_two_logits.mistake
def two_minus_z_and_z(z):
    """The difference of -z and z is 2z, so this distribution is more certain than that
    of the one logit. Each of the two may move by half only.
    """
    return torch.cat([-z, z], dim=1)


@to_two_logits.mistake
def two_from_zero_swapped(z):
    """Second minus first is -z here, so class 0 gets the probability of class 1. The
    last column is that of class 1. (And with one logit at 0 the pair is not the
    cheapest: share z between the two.)
    """
    return torch.cat([z, torch.zeros_like(z)], dim=1)


@to_two_logits.mistake
def two_minus_z_and_zero(z):
    """The distribution is right: the difference is z. But (-z, 0) is not the cheapest
    pair, its sum of squares is z squared. Share z between the two logits.
    """
    return torch.cat([-z, torch.zeros_like(z)], dim=1)


@to_two_logits.mistake
def two_z_and_minus_z(z):
    """Two things: the columns are swapped, class 1 is the last one and has to rise with
    z; and the difference of z and -z is 2z, where z is wanted. Each moves by half.
    """
    return torch.cat([z, -z], dim=1)


@to_two_logits.mistake
def two_swapped(z):
    """The columns are in the wrong order: this gives class 0 the probability of class
    1. The logit of class 1, the last column, has to rise with z.
    """
    return torch.cat([z / 2, -z / 2], dim=1)


@to_two_logits.mistake
def two_probabilities(z):
    """These are the two probabilities, not logits. Their softmax is another
    distribution, much closer to one half: it would be softmax applied twice.
    """
    return torch.cat([torch.sigmoid(-z), torch.sigmoid(z)], dim=1)


@to_two_logits.mistake
def two_log_probs(z):
    """Well seen: log-probabilities are logits of the right distribution, since their
    difference is z. But they are not the cheapest pair. Both are negative, and a common
    shift would bring them closer to 0.
    """
    return torch.cat([F.logsigmoid(-z), F.logsigmoid(z)], dim=1)


@to_two_logits.mistake
def two_stacked(z):
    """The numbers are right, the shape is not: torch.stack makes a new direction, here
    (N, 2, 1). torch.cat([..., ...], dim=1) puts the two columns into one table.
    """
    return torch.stack([-z / 2, z / 2], dim=1)


@to_two_logits.mistake
def two_below_each_other(z):
    """torch.cat joined the two columns one below the other, shape (2N, 1). With dim=1
    they stand side by side, (N, 2).
    """
    return torch.cat([-z / 2, z / 2])


@to_two_logits.mistake
def two_equal(z):
    """Both logits are the same, so their difference is 0 and the distribution is one
    half each, whatever z is. One of the two needs a minus.
    """
    return torch.cat([z / 2, z / 2], dim=1)


# Questions ----------------------------------------------------------------------

warm_up = WarmUp("lab09", lab06.first_adam_step, lab04.threshold, lab03.one_column)

family = choice(
    "lab09.family",
    "A trained network has two logits, made of the same hidden units h: z0 = w0 h + b0 "
    "and z1 = w1 h + b1; softmax makes the probabilities. Now a single logit of these "
    "units, with a sigmoid, shall give every image the same probability of class 1. "
    "Which weights and bias does it need?",
    right="b",
    because="Softmax over two logits is the sigmoid of z1 - z0. That difference is a "
    "weighted sum of the same hidden units, with the differences of the weights and "
    "the difference of the biases.",
    a=(
        "w1 and b1",
        "z1 alone says nothing: add 5 to both logits, and no probability changes, but "
        "the sigmoid of z1 does.",
    ),
    b="w1 - w0 and b1 - b0",
    c=(
        "(w1 - w0) / 2 and (b1 - b0) / 2",
        "The sigmoid of half of the difference is closer to one half: the same order, "
        "and less certainty.",
    ),
    d=(
        "There are none: two logits hold more than one.",
        "They are two numbers, but softmax looks at their difference alone, and a "
        "difference is one number.",
    ),
)

spread = choice(
    "lab09.spread",
    "The weights of a last layer are drawn at random, as often positive as negative. "
    "In the one-logit network each hidden unit has one such weight. In the merged "
    "network it has the *difference* of two. How large is a difference, typically, "
    "compared with one weight?",
    right="c",
    because="Sometimes the two have the same sign and nearly cancel, sometimes "
    "opposite signs and add up. On the whole the squares add up, as with the two "
    "short sides of a right triangle: the long side is the root of 2 times as long, "
    "1.41.",
    a=(
        "Smaller: the two cancel.",
        "Those of the same sign do so, in part. Those of opposite signs, just as many, "
        "give a difference that is larger than each of them.",
    ),
    b=(
        "Equally large.",
        "That would need one of the two to be 0. A second accident comes on top of "
        "the first.",
    ),
    c="Larger, but less than twice as large.",
    d=(
        "Twice as large.",
        "Only if the two always had opposite signs and equal size.",
    ),
)

opposite = number(
    "lab09.opposite",
    "Two logits, softmax, cross entropy. Row 1 of the last layer makes z1, row 0 makes "
    "z0, from the same hidden units. A weight in row 1 has the slope 0.3. What is the "
    "slope of the weight in row 0 that belongs to the same hidden unit?",
    right=-0.3,
    because="The slope in z1 is p1 - y. In z0 it is p0 - (1 - y), and as p0 = 1 - p1, "
    "that is -(p1 - y). Both are multiplied by the same hidden unit. What one row "
    "gains, the other loses.",
    wrong={
        0.3: "The size is right. But raising z0 does the opposite of raising z1: only "
        "the difference counts.",
        0: "Row 0 is not idle: lowering z0 is as good as raising z1.",
        0.7: "The probabilities of the two classes sum to 1. Their slopes sum to "
        "something else.",
    },
    otherwise="Add the slopes in z0 and z1: (p0 - (1 - y)) + (p1 - y). What is that?",
    tolerance=0.01,
)

first_step = number(
    "lab09.first_step",
    "Adam, learning rate 0.001, makes its first step with the two-logit network. A "
    "weight w1 of row 1 and its partner w0 of row 0 have opposite slopes. By how much, "
    "in size, does the difference w1 - w0 move? (It is the weight of the merged "
    "network.)",
    right=0.002,
    because="Adam's first step is 0.001 long in each weight, whatever the size of the "
    "slope. The two go in opposite directions, so their difference moves by twice as "
    "much. And so on: opposite slopes in every epoch make opposite steps in every "
    "epoch.",
    wrong={
        0.001: "That is how far each of the two moves, and they move in opposite "
        "directions.",
        0: "It would be 0 if both went the same way. Their slopes are opposite, and so "
        "are their steps.",
        0.0014: "The root of 2 is for accidents, as at the start. Opposite steps are "
        "no accident: they always add up.",
    },
    otherwise="One weight moves by 0.001 up, the other by 0.001 down.",
    tolerance=0.0002,
)

held_out = choice(
    "lab09.held_out",
    "The network with two logits ends with half the training loss of the other. How do "
    "the two do on held-out 4s and 9s?",
    right="b",
    because="It has gone further on the same road, and that is all. Late on this road "
    "the 600 images are learned by heart. A smaller training loss then brings surer "
    "answers, and no better ones.",
    a=(
        "Two logits have half the loss there as well.",
        "They are the same family on the same images. Late on this road these are "
        "learned by heart, and the held-out loss stands still.",
    ),
    b="Nearly alike: two logits gain nothing there.",
    c=(
        "One logit does better: it has fewer weights.",
        "It has 33 fewer of 25,186, and they make no difference to what it can say.",
    ),
)

survivors = several(
    "lab09.survivors",
    "The truth is y = 0, the logit is z = 50, in float32. Which ways still pull with "
    "the slope 1?",
    right="bcd",
    because="From logits to loss without a probability in between, nothing is rounded "
    "to 1. By way of the sigmoid p becomes exactly 1; the loss is cut off at 100 and "
    "its slope is 0, as in lab 4 with the logit 17.",
    a=(
        "sigmoid, then `binary_cross_entropy`",
        "sigmoid(50) is rounded to 1, and there the sigmoid is flat: p (1 - p) = 0. No "
        "slope gets through.",
    ),
    b=(
        "`binary_cross_entropy_with_logits`",
        "It calculates log(1 + e^z) in a safe form, without the probability.",
    ),
    c=(
        "`logsigmoid(-z)` and `logsigmoid(z)`, then `nll_loss`",
        "`logsigmoid(-50)` is -50, with all its digits: the logarithm is calculated "
        "directly, and never that of a rounded number.",
    ),
    d=(
        "the logits (0, z), then `cross_entropy`",
        "It takes the log-softmax of the two logits, which subtracts the larger one "
        "(lab 1).",
    ),
)

stale = choice(
    "lab09.stale",
    "The logits were calculated once, before the loop. Each epoch calculates the loss "
    "from them, then `backward` and `step`. What happens?",
    right="d",
    because="The first `backward` walks through the graph that leads from the loss to "
    "the weights, and then frees it. In the second epoch the loss is new, but behind "
    "the old logits there is no graph any more.",
    a=(
        "It trains as it should.",
        "The weights would change, but the logits are numbers that were calculated "
        "with the old ones. Nobody calculates them anew.",
    ),
    b=(
        "No error; the loss stays at its first value.",
        "The second `backward` has to walk through a graph, and the first one has "
        "thrown it away.",
    ),
    c=(
        "An error in the first epoch.",
        "In the first epoch all is in order: the logits are fresh, and so is their "
        "graph.",
    ),
    d="An error in the second epoch.",
)

retain = choice(
    "lab09.retain",
    "The same loop with `loss.backward(retain_graph=True)`: the graph is kept. What "
    "happens now?",
    right="b",
    because="On the way back the slopes of the hidden layer are multiplied by the "
    "weights of the last layer, as they were on the way forward. But `step` has "
    "changed these weights in place. PyTorch notices, and refuses to calculate slopes "
    "of a network that does not exist any more. This error saves you.",
    a=(
        "It trains as it should.",
        "Even if it ran: the loss is made of logits from before the first step. It "
        "would never see what training has changed.",
    ),
    b="Another error in the second epoch.",
    c=(
        "No error; the loss stays at its first value.",
        "That is what would happen if PyTorch did not watch over its graph. It does: "
        "the graph belongs to weights that `step` has changed.",
    ),
)

does_it_learn = choice(
    "lab09.does_it_learn",
    "The optimizer holds the parameters of a network that was made first. The network "
    "that is trained was made afterwards. What does the loss do?",
    right="c",
    because="`backward` fills the slopes of the new network. `step` looks after the "
    "old one, which has no slopes: nothing moves at all.",
    a=(
        "It falls, since both networks have the same form.",
        "The optimizer does not look for a form. It keeps the tensors it was given, "
        "and these belong to the old network.",
    ),
    b=(
        "An error: the optimizer has no slopes to work with.",
        "`step` passes over parameters whose slope is None, and says nothing.",
    ),
    c="It stays the same, to the last bit.",
    d=(
        "It changes a little at random.",
        "There is no accident here: the same weights and the same images give the same "
        "loss.",
    ),
)

second_symptom = number(
    "lab09.second_symptom",
    "`optimizer.zero_grad()` is called in each of the 20 epochs, by the optimizer of "
    "the other network. How many times as large as after epoch 1 are the slopes of "
    "the network that is used, after epoch 20?",
    right=20,
    because="`optimizer.zero_grad()` clears the slopes of the parameters that *it* "
    "holds. So those of the new network are never cleared. Its weights do not move, so "
    "each epoch adds the same slope once more.",
    wrong={
        1: "That would be so if they were cleared. Whose slopes does this optimizer "
        "clear?",
        19: "After epoch 1 the slope is there once, after epoch 2 twice.",
        0: "They are not cleared to 0: this optimizer knows only the other network.",
    },
    otherwise="Each `backward` adds the same slopes to those that are there.",
    tolerance=0.1,
)

never = number(
    "lab09.never",
    "One image in ten is a 9. A machine says of *every* image: not a 9. What is its "
    "accuracy?",
    right=0.9,
    because="It is right with nine images in ten, and has found nothing. Always "
    "compare with this number, the share of the most common class.",
    wrong={
        0.1: "That is the share of the 9s, on which it is wrong.",
        0.5: "A coin is right half the time. This machine is right with every image "
        "that is not a 9.",
        0: "It is wrong with the 9s alone.",
        1: "With the 9s it is wrong.",
    },
    otherwise="For which share of the images is its answer right?",
    tolerance=0.005,
)

lower = several(
    "lab09.lower",
    "The threshold is lowered from 0 to -2: an alarm now needs less. Which statements "
    "are *sure*, whatever the network?",
    right="bd",
    because="All alarms from before stay, and others may join them. So 9s that were "
    "found stay found. What joins may be 9s or others; in what proportion, nobody "
    "knows beforehand.",
    a=(
        "The precision falls.",
        "Usually, but not always: if only 9s join, it rises.",
    ),
    b=(
        "There are at least as many alarms.",
        "Whoever was above 0 is above -2.",
    ),
    c=(
        "The accuracy falls.",
        "It rises if more 9s than others join.",
    ),
    d=(
        "The recall does not fall.",
        "A 9 that was found raises an alarm still, and the number of 9s is the same.",
    ),
)

weight = choice(
    "lab09.weight",
    "The same network is trained again, with `pos_weight` 9: each 9 counts nine "
    "times. Without it, the mean of p over the held-out images was a little below the "
    "share of 9s, one in ten. What becomes of this mean?",
    right="c",
    because="To miss a 9 costs nine times as much, so in doubt p goes up. The mean of "
    "p is no longer the share of 9s. It does not reach one half, because for most "
    "images there is little doubt, and their p stays near 0.",
    a=(
        "It stays: the network still sees that one image in ten is a 9.",
        "It sees the loss alone, and there each 9 counts like nine of them.",
    ),
    b=(
        "It falls: the network becomes more careful with 9s.",
        "The dear mistake is now to miss a 9, so it says 9 more readily.",
    ),
    c="It rises.",
    d=(
        "It becomes exactly one half, because both classes weigh the same.",
        "That would be so if the images told nothing. They do: most of them are "
        "clearly not a 9.",
    ),
)

base_rate = number(
    "lab09.base_rate",
    "A threshold finds 90% of the 9s and raises a false alarm for 5% of the others. "
    "With one 9 in ten images its precision is 0.67. What is it with one 9 in a "
    "*hundred* images, for the same point on the ROC curve? (Count in 1,000 images.)",
    right=0.154,
    because="Of 10 nines it finds 9. Of 990 others about 50 raise an alarm. So of 59 "
    "alarms 9 are right. Recall, false alarm rate and the ROC curve are what they "
    "were; the precision depends on how rare the class is. With rare diseases most "
    "alarms may be false, even if the test looks good.",
    wrong={
        0.67: "There are as many false alarms as before, or more, but ten times fewer "
        "9s to be found.",
        0.9: "That is the recall: a share of the 9s, not of the alarms.",
        0.067: "A tenth of 0.67 is too low: the sum of the alarms changes, too. Count "
        "them.",
        0.18: "9 divided by 50 leaves the right alarms out of the sum: it is 9 of 59.",
    },
    otherwise="1,000 images: 10 nines, of which 90% raise an alarm; 990 others, of "
    "which 5% do. What share of the alarms is right?",
    tolerance=0.01,
)

answers = number(
    "lab09.answers",
    "Three digits, a yes or no for each of them by a sigmoid of its own. How many "
    "different answers can such a network give? (Softmax with `argmax` can give "
    "three.)",
    right=8,
    because="Each of the three is there or not, whatever the others are: 2 * 2 * 2. "
    'Among the eight are "all three" and "none", which softmax lacks.',
    wrong={
        3: "That is softmax: one of three.",
        6: "Two answers for each digit, but they combine: 2 * 2 * 2, not 2 + 2 + 2.",
        7: '"None of them" is an answer, too.',
        9: "2 * 2 * 2, not 3 * 3.",
    },
    otherwise="Each digit is there or not, independently of the others.",
)
