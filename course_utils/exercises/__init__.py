"""Exercises of the labs: ``from course_utils.exercises import lab01``.

`checks` does the checking; each ``labNN`` holds one lab's reference solutions,
hints and typical mistakes.
"""
