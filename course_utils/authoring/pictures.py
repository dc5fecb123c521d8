"""Compare the figures of two runs of a lab.

Both figures are first made small. They agree if each pixel of one looks like a pixel of
the other that is at most `REACH` away. So a curve may move by a fraction of a pixel, as
the noise of floating point moves it, and one that goes elsewhere is noticed. Nothing
here knows of nbval or pytest.
"""

import base64
import io
import re

import numpy as np
from PIL import Image, ImageChops, ImageFilter, PngImagePlugin

SCALE = 2  # how many pixels of a figure go into one that is compared
SHADES = 6  # of red, green and blue in a small copy: at most 216 colours
COLOURS = 160  # of a light copy: no eye sees a difference, and it has a third of the kB
REACH = 1  # pixels that a line may move, about 1/600 of the width
LEVELS = 64  # of 255 that a colour may differ; half a shade is 25 of them
PIXELS = 3  # that may differ by more


def read(data: str) -> Image.Image:
    """Return a picture from a notebook, where it is a PNG in base64."""
    return Image.open(io.BytesIO(base64.b64decode(data)))


def drawn_by(data: str) -> str:
    """Return the version of Matplotlib that a picture names, or an empty text."""
    software = read(data).info.get("Software", "")
    found = re.match(r"Matplotlib version([^,]+)", software)
    return found[1] if found else ""


def small(data: str) -> str:
    """Return a copy of a picture to compare with: few pixels, few colours, few kB."""
    picture = read(data)
    levels = np.rint(np.asarray(_reduced(picture)) / 255 * (SHADES - 1))
    copy = Image.fromarray(np.rint(levels / (SHADES - 1) * 255).astype(np.uint8))
    copy = copy.quantize(SHADES**3, dither=Image.Dither.NONE)
    return _written(copy, picture.info, Comment="small")


def light(data: str) -> str:
    """Return a picture with as many pixels, but few colours, as it is stored.

    One that has few already is left as it is.
    """
    picture = read(data)
    if picture.mode == "P":
        return data
    copy = _on_white(picture).quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
    return _written(copy, picture.info)


def _written(copy: Image.Image, info: dict, **notes: str) -> str:
    """Return a copy of a picture in base64, with the facts about the picture."""
    told = PngImagePlugin.PngInfo()
    for key, value in {"Software": info.get("Software", ""), **notes}.items():
        told.add_text(key, value)
    size = {"dpi": info["dpi"]} if "dpi" in info else {}
    file = io.BytesIO()
    copy.save(file, "PNG", optimize=True, pnginfo=told, **size)
    return base64.b64encode(file.getvalue()).decode()


def difference(new: str, stored: str) -> tuple[str, Image.Image | None]:
    """Compare a picture with the stored one, or with a `small` copy of that.

    Returns
    -------
    text : str
        What is different, or an empty text.
    marks : Image or None
        The places in black, where the pictures have the same size.
    """
    new, stored = (_reduced(read(data)) for data in (new, stored))
    if new.size != stored.size:
        sizes = ("{} x {}".format(*picture.size) for picture in (new, stored))
        return "{}, not {} pixels (made small)".format(*sizes), None
    away = ImageChops.lighter(_away(new, stored), _away(stored, new))
    marks = np.asarray(away).max(axis=2) > LEVELS
    count = int(marks.sum())
    text = f"{count} of {marks.size} pixels differ" if count > PIXELS else ""
    return text, Image.fromarray(~marks)


def _reduced(picture: Image.Image) -> Image.Image:
    """Return a picture on white, made small unless it is."""
    flat = _on_white(picture)
    done = picture.info.get("Comment") == "small"
    return flat if done else flat.reduce(SCALE)


def _on_white(picture: Image.Image) -> Image.Image:
    picture = picture.convert("RGBA")
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture)
    return flat.convert("RGB")


def _away(one: Image.Image, other: Image.Image) -> Image.Image:
    """Return how far each pixel is from the range of those around it in the other."""
    size = 2 * REACH + 1
    darkest = other.filter(ImageFilter.MinFilter(size))
    lightest = other.filter(ImageFilter.MaxFilter(size))
    above = ImageChops.subtract(one, lightest)  # 0 where it would be negative
    below = ImageChops.subtract(darkest, one)
    return ImageChops.lighter(above, below)
