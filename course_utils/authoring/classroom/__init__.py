"""Judge a pile of handed-in labs: ``python3 -m course_utils class FOLDER``.

`collect` finds notebooks and their owners, `worker` runs and judges answers in
processes that can do no harm, `judge` keeps these going, `report` writes what a teacher
reads, `nbgrader` makes an assignment of a lab.
"""
