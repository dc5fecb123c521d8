"""Nothing that a test does may reach the progress of the person who runs it."""

import os

os.environ["COURSE_PROGRESS"] = "off"
