"""Nothing that a test does may reach the progress of the person who runs it."""

import os

os.environ["COURSE_PROGRESS"] = "off"

# What takes minutes begins first: else one worker ends with it, and the others wait.
LONGEST = (
    *("test_browser", "test_site", "test_exercises", "test_slides", "test_handouts"),
    *("test_explorables_browser", "test_class", "test_new", "test_environment"),
    *("test_notebooks", "test_regression_plugin"),
)


def pytest_collection_modifyitems(items):
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
