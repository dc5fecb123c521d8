"""Helpers for the labs: data, training, plots and exercise checks.

Each module is imported by name (``from course_utils import data``); importing
the package alone loads nothing else, so it costs no time.
"""

__version__ = "0.2.0"
