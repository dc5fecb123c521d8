"""Sliders over a figure that Python draws, for `course_utils.plots.slider`."""

import base64
import io
from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt

from course_utils.explorables import FOLDER

SHARPER = 2  # pixels for each one on the page, as in the labs' other figures


def picture(draw: Callable[..., object], values: Mapping[str, float]) -> tuple:
    """Return the figure that `draw` makes, as a URL, and its width in pixels.

    Raises
    ------
    ValueError
        If it draws no figure.
    """
    before = set(plt.get_fignums())
    try:
        draw(**values)
        drawn = sorted(set(plt.get_fignums()) - before)
        if not drawn:
            raise ValueError("the function of a slider must draw a new figure")
        figure = plt.figure(drawn[-1])
        stream = io.BytesIO()
        dpi = SHARPER * figure.dpi
        figure.savefig(stream, format="png", dpi=dpi, bbox_inches="tight")
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
    content = stream.getvalue()
    width = int.from_bytes(content[16:20], "big") // SHARPER
    return f"data:image/png;base64,{base64.b64encode(content).decode()}", width


def widget(
    draw: Callable[..., object], positions: Mapping[str, tuple[Sequence[float], int]]
) -> object:
    """Return the widget: for each name its values, and which of them is the start."""
    import anywidget
    import traitlets

    class Slider(anywidget.AnyWidget):
        _esm = FOLDER.joinpath("slider.js").read_text(encoding="utf-8")
        data = traitlets.Dict().tag(sync=True)

    def at(place: Sequence[int]) -> dict[str, float]:
        return {
            name: values[k]
            for (name, (values, _)), k in zip(positions.items(), place, strict=True)
        }

    def answer(asked: object, content: Mapping, buffers: object) -> None:
        place = content["place"]
        try:
            told = {"picture": picture(draw, at(place))[0]}
        except Exception as error:  # whatever it is, the reader shall see it
            told = {"error": f"{type(error).__name__}: {error}"}
        asked.send({"place": place, **told})

    first, width = picture(draw, at([start for _, start in positions.values()]))
    sliders = [
        {"name": name, "values": list(values), "start": start}
        for name, (values, start) in positions.items()
    ]
    made = Slider(data={"sliders": sliders, "first": first, "width": width})
    made.on_msg(answer)
    return made
