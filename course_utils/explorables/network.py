"""A small network as plain text: for a page that runs it, and back."""

import base64
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["export", "restore"]

TYPES = {"f2": "<f2", "f4": "<f4"}  # half and single precision, low byte first


def export(model: nn.Module, *, precision: str = "f4") -> list[dict]:
    """Return the layers of a model as a list that JSON can hold.

    Parameters
    ----------
    model : nn.Sequential
        Of ``Linear``, ``Conv2d``, ``MaxPool2d``, ``ReLU``, ``Tanh``, ``Sigmoid``,
        ``Flatten``, and ``Dropout``, which does nothing here.
    precision : {"f4", "f2"}
        Four or two bytes for each number.

    Raises
    ------
    TypeError
        For any other layer; its name is in the text.
    """
    if not isinstance(model, nn.Sequential):
        raise TypeError(
            f"give an nn.Sequential, not {type(model).__name__}: "
            "the page runs its layers one after the other"
        )
    layers = []
    for layer in model:
        if isinstance(layer, nn.Sequential):
            layers += export(layer, precision=precision)
        elif not isinstance(layer, nn.Dropout):
            layers.append(_layer(layer, precision))
    return layers


def _layer(layer: nn.Module, precision: str) -> dict:
    for kind in (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Flatten):
        if isinstance(layer, kind):
            return {"kind": kind.__name__.lower()}
    if isinstance(layer, nn.MaxPool2d):
        size, stride = _one(layer.kernel_size), _one(layer.stride)
        if (_one(layer.padding), _one(layer.dilation), layer.ceil_mode) != (0, 1, 0):
            raise TypeError("the page knows MaxPool2d with size and stride only")
        return {"kind": "maxpool", "size": size, "stride": stride}
    if isinstance(layer, nn.Linear):
        return {"kind": "linear", **_numbers(layer, precision)}
    if isinstance(layer, nn.Conv2d):
        if (layer.groups, _one(layer.dilation), layer.padding_mode) != (1, 1, "zeros"):
            raise TypeError("the page knows Conv2d with stride and padding only")
        padding = layer.padding
        if isinstance(padding, str):
            padding = _one(layer.kernel_size) // 2 if padding == "same" else 0
        return {
            "kind": "conv",
            "stride": _one(layer.stride),
            "padding": _one(padding),
            **_numbers(layer, precision),
        }
    raise TypeError(f"the page knows no layer {type(layer).__name__}")


def _one(value: int | tuple[int, ...]) -> int:
    """Return the number in a pair of two equal numbers."""
    numbers = {value} if isinstance(value, int) else set(value)
    if len(numbers) != 1:
        raise TypeError(f"the page needs the same number in both directions: {value}")
    return numbers.pop()


def _numbers(layer: nn.Linear | nn.Conv2d, precision: str) -> dict:
    bias = layer.bias if layer.bias is not None else torch.zeros(layer.weight.shape[0])
    return {
        "shape": list(layer.weight.shape),
        "precision": precision,
        "weight": _text(layer.weight, precision),
        "bias": _text(bias, precision),
    }


def _text(values: Tensor, precision: str) -> str:
    array = values.detach().cpu().numpy().astype(TYPES[precision])
    return base64.b64encode(array.tobytes()).decode()


def restore(layers: Sequence[Mapping]) -> nn.Sequential:
    """Return the model that `export` wrote down, with weights in single precision."""
    return nn.Sequential(*map(_restored, layers))


def _restored(layer: Mapping) -> nn.Module:
    kind = layer["kind"]
    simple = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
    if kind in simple:
        return simple[kind]()
    if kind == "flatten":
        return nn.Flatten()
    if kind == "maxpool":
        return nn.MaxPool2d(layer["size"], layer["stride"])
    n_out, n_in, *size = layer["shape"]
    if kind == "linear":
        module = nn.Linear(n_in, n_out)
    else:
        ways = {"stride": layer["stride"], "padding": layer["padding"]}
        module = nn.Conv2d(n_in, n_out, tuple(size), **ways)
    for name, value in (("weight", layer["weight"]), ("bias", layer["bias"])):
        array = np.frombuffer(base64.b64decode(value), TYPES[layer["precision"]])
        parameter = getattr(module, name)
        parameter.data = torch.from_numpy(array.astype("f4")).reshape(parameter.shape)
    return module
