"""Notebooks for students and instructors, and what other programs make of labs."""

import base64
import functools

from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat import v4

from course_utils.authoring import editions, labs

PATHS = labs.lab_paths()

# In the place of a picture: here the words about it count.
PIXEL = base64.b64encode(b"GIF89a").decode()

stored = functools.cache(editions.read_executed)


# Pictures in words ----------------------------------------------------------------


def pngs(nb):
    return [
        o
        for c in labs.code_cells(nb)
        for o in c.outputs
        if "image/png" in o.get("data", {})
    ]


def test_nbconvert_has_words_for_every_picture(caplog):
    # (Its template `lab` has no place for them, in 7.17 nor at its newest; nor has
    # JupyterLab 4. Both have asked for this key: jupyter/enhancement-proposals#120.)
    nb = v4.new_notebook()
    for path in PATHS:
        nb.cells += [c.copy() for c in labs.code_cells(stored(path)) if c.outputs]
    expected = []
    for output in pngs(nb):
        expected.append(output.metadata["image/png"].get("alt"))
        output.data = {"image/png": PIXEL}
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(nb)
    assert "Alternative text is missing" not in caplog.text
    assert [img["alt"] for img in BeautifulSoup(html, "html.parser")("img")] == expected
    assert len(expected) > 100
