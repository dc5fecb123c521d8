"""A pytest plugin: nbval, with a tolerance for floats and without its blind spots.

nbval compares every text output of a lab with the stored one. This plugin

* respells new floats that are close to the stored ones, see `tolerance`;
* compares figures, see `pictures`, where the same Matplotlib drew them;
* refuses notebooks that nbval would pass without comparing: cells that were not run in
  order, tags and comments that it does not know or that switch the comparison off;
* decides which MNIST data the labs get, and compares with the outputs made from it.

It subclasses and wraps; nothing of nbval is replaced, and all its options work.
"""

import base64
import contextlib
import importlib.metadata
import os
from collections import defaultdict

import nbformat
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from course_utils.authoring import pictures
from course_utils.authoring.labs import (
    check_run,
    code_cells,
    kernel_environment,
    mnist_source,
    outline,
)
from course_utils.authoring.tolerance import respell

WARN_ENCODING = "PYTHONWARNDEFAULTENCODING"


def pytest_configure(config):
    """Choose the data before the workers start: they inherit the environment."""
    if config.option.nbval or config.option.nbval_lax:
        patch = pytest.MonkeyPatch()
        config.add_cleanup(patch.undo)
        # First, because looking for MNIST may import torch, which reads it once.
        patch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS") or "1")
        patch.setenv("COURSE_MNIST", mnist_source())
        # On a new machine Matplotlib looks for fonts once, and where that is slow it
        # says so: an output that no lab has stored.
        import matplotlib.font_manager  # noqa: F401

        # The workers warn of text without an encoding, see pyproject.toml. What they
        # start, kernels of other people's packages above all, does not.
        if hasattr(config, "workerinput"):
            patch.delenv(WARN_ENCODING, raising=False)
        elif getattr(config.option, "numprocesses", None):
            patch.setenv(WARN_ENCODING, "1")


def pytest_report_header(config):
    """Say which data the labs get, and whether their figures are compared."""
    if not (config.option.nbval or config.option.nbval_lax):
        return None
    if os.environ["COURSE_MNIST"] == "embedded":
        where = "tests/embedded/ where a lab uses MNIST"
        data = f"MNIST: embedded images (stored outputs in {where})"
    else:
        data = "MNIST: full (stored outputs in notebooks/)"
    here = importlib.metadata.version("matplotlib")
    others = sorted(_versions(config.rootpath) - {here})
    compared = "Figures: compared with the stored ones"
    if others:
        drawn = ", ".join(others)
        compared = f"Figures: NOT compared; Matplotlib {drawn} drew them, not {here}"
    return [data, compared]


def _versions(root):
    """Return the versions of Matplotlib that drew the stored figures."""
    found = set()
    for path in [*root.glob("notebooks/*.ipynb"), *root.glob("tests/embedded/*.ipynb")]:
        with contextlib.suppress(ValueError):  # reported when it is collected
            for cell in code_cells(nbformat.read(path, as_version=4)):
                found |= {pictures.drawn_by(png) for png in _pngs(cell.outputs)}
    return found - {""}


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Put `LabFile` in the place of nbval's own class."""
    collected = yield
    return [
        LabFile.from_parent(parent, path=item.path) if type(item) is IPyNbFile else item
        for item in collected
    ]


class LabFile(IPyNbFile):
    """A notebook whose stored outputs are fit to be compared with."""

    def setup(self):
        """Start the kernel in the environment in which the outputs were made."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in kernel_environment().items():
                patch.setenv(name, value)
            super().setup()
        # As in `labs.execute`; stored figures are to be met again.
        retina = "get_ipython().config.InlineBackend.figure_formats = {'retina'}"
        self.kernel.await_reply(self.kernel.execute_cell_input(retina), timeout=60)

    def collect(self):
        """Yield the code cells, each with the stored outputs to compare with."""
        items = list(super().collect())
        stored = self.stored_run()
        try:
            tolerances = check_run(stored)
        except ValueError as error:
            raise self.CollectError(f"{self.path.name}, {error}") from None
        for item, cell, tolerance in zip(
            items, code_cells(stored), tolerances, strict=True
        ):
            yield LabCell.from_parent(
                self,
                name=item.name,
                cell_num=item.cell_num,
                cell=cell,
                options=item.options,
                tolerance=tolerance,
            )

    def stored_run(self):
        """Return the notebook whose outputs were made from the data in use."""
        embedded = self.path.parent.parent / "tests" / "embedded" / self.path.name
        if os.environ["COURSE_MNIST"] != "embedded" or not embedded.exists():
            return self.nb
        stored = nbformat.read(embedded, as_version=4)
        if outline(stored) != outline(self.nb):
            raise self.CollectError(
                f"{embedded} is stale: its cells are not those of {self.path}. "
                f"Run: python -m course_utils.authoring refresh {self.path.stem}"
            )
        return stored


class LabCell(IPyNbCell):
    """A cell whose outputs may differ by the noise of floating point."""

    def __init__(self, *, tolerance, **kwargs):
        super().__init__(**kwargs)
        self.tolerance = tolerance
        # nbval fails a cell whose output is 5 s late, which a busy machine can be
        # (https://github.com/computationalmodelling/nbval/issues/231).
        self.output_timeout = 60

    def compare_outputs(self, test, ref, skip_compare=None):
        """Respell the new outputs, then let nbval compare."""
        # Both as nbval will compare them; these are copies.
        test, ref = self.sanitize_outputs(test), self.sanitize_outputs(ref)
        stored = _texts(ref)
        for key, places in _texts(test).items():
            pairs = zip(places, stored.get(key, []), strict=False)
            for (output, name), (ref_output, ref_name) in pairs:
                new, old = output[name], ref_output[ref_name]
                if isinstance(new, str) and isinstance(old, str):
                    output[name] = respell(new, old, self.tolerance)
        same = super().compare_outputs(test, ref, skip_compare)
        if self.tolerance.figures:
            same = same and self.compare_figures(_pngs(test), _pngs(ref))
        return same

    def compare_figures(self, new, stored):
        """Compare the figures of this run; write those that differ to build/."""
        if len(new) != len(stored):
            text = f"{len(new)} figures, and {len(stored)} are stored"
            self.comparison_traceback.append(text)
            return False
        same = True
        for k, (png, old) in enumerate(zip(new, stored, strict=True), 1):
            if pictures.drawn_by(png) != pictures.drawn_by(old):
                continue  # as the header says
            text, marks = pictures.difference(png, old)
            if not text:
                continue
            same = False
            folder = self.config.rootpath / "build" / "pictures"
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{self.path.stem}-{self.cell_num + 1}-{k}"
            (folder / f"{name}-new.png").write_bytes(base64.b64decode(png))
            (folder / f"{name}-stored.png").write_bytes(base64.b64decode(old))
            if marks:
                marks.save(folder / f"{name}-difference.png")
            self.comparison_traceback.append(
                f"In [{self.cell_num + 1}], figure {k}: {text}. "
                f"Look at build/pictures/{name}-*.png"
            )
        return same


def _pngs(outputs):
    """Return the figures of a cell, each as base64."""
    found = (output.get("data", {}).get("image/png") for output in outputs)
    return [png for png in found if png]


def _texts(outputs):
    """Return where the texts are, grouped as nbval compares them: by key, in order."""
    places = defaultdict(list)
    for output in outputs:
        if output.output_type == "stream":
            places[output.name].append((output, "text"))
        for key in output.get("data", {}):
            places[key].append((output.data, key))
        if "evalue" in output:
            places["evalue"].append((output, "evalue"))
    return places
