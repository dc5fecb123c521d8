"""The one door of the course: make its environment, then start something in it.

    python3 -m course_utils open          JupyterLab with the course's start page
    python3 -m course_utils test          every test; more words go to pytest
    python3 -m course_utils run           every lab, without a browser

For teachers and authors:

    python3 -m course_utils class FOLDER  handed-in labs: marks, and what went wrong
    python3 -m course_utils pack FOLDER   the course for machines without a network
    python3 -m course_utils handouts      paper, in build/handouts/
    python3 -m course_utils site          the web site, in build/site/
    python3 -m course_utils slides        slides for the projector, in build/slides/
    python3 -m course_utils notebooks     for students and for instructors, in build/
    python3 -m course_utils build         all four of these
    python3 -m course_utils refresh       the stored outputs of the labs, made anew
    python3 -m course_utils gallery       a page with all explorables, in build/gallery/
    python3 -m course_utils stamp         the repository's address in labs and README
    python3 -m course_utils new           the skeleton of another lab
    python3 -m course_utils release       whether a tag can become a release
    python3 -m course_utils lock          the list of packages, resolved anew
    python3 -m course_utils stills        the pictures that stand for explorables
    python3 -m course_utils train-digit   the network of the first explorable

Run it in the folder of the course; it needs Python 3.11 or newer and nothing else. All
that it installs is in the folder .course. After a word, --help says more of it.
"""
# No word of this file is newer than Python 3.0: an old one must be able to say so.

import sys

OLDEST = (3, 11)

# Which packages a word needs: an extra of pyproject.toml.
EXTRAS = {
    "open": "lab",
    "run": "lab",
    "test": "test",
    "class": "lab",
    "pack": "authoring",
    "handouts": "authoring",
    "site": "authoring",
    "slides": "authoring",
    "notebooks": "authoring",
    "build": "authoring",
    "refresh": "authoring",
    "gallery": "authoring",
    "stills": "test",
    "train-digit": "authoring",
    "stamp": "authoring",
    "new": "authoring",
    "release": "authoring",
    "lock": "authoring",
}


def main(words):
    """Do what the words of the command line say and return the exit status."""
    if not words or words[0] not in EXTRAS:
        sys.stderr.write(__doc__.strip() + "\n")
        return 0 if words and words[0] in ("-h", "--help") else 2
    if sys.version_info < OLDEST:
        return _stop(
            "This is Python %s; the course needs 3.11 or newer. Get one from your "  # noqa: UP031
            "system or https://www.python.org/downloads/ and start with it."
            % sys.version.split()[0]
        )
    try:
        from course_utils.environment import SetupError, make, run
    except (ImportError, SyntaxError) as error:
        return _stop(
            "This copy of the course is damaged ({}): copy it again.".format(error)  # noqa: UP032
        )
    try:
        make(EXTRAS[words[0]])
        return run(command(words))
    except SetupError as error:
        return _stop(str(error))
    except KeyboardInterrupt:  # Ctrl-C reaches the program in the environment as well
        return 130


def command(words):
    """Return what follows ``python -m``, in the environment, for the words given."""
    word, more = words[0], list(words[1:])
    if word == "open":
        return open_command() + more
    if word == "test":
        return ["pytest"] + more  # noqa: RUF005
    return ["course_utils.authoring"] + list(words)  # noqa: RUF005


def open_command():
    """Return how JupyterLab is started: the only place that knows."""
    import os

    from course_utils import environment, workspace

    # Not `jupyter lab`, a script that knows the path at which it was installed.
    start = ["jupyterlab"]
    start += workspace.jupyterlab(environment.ROOT, environment.FOLDER, environment.ENV)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        start.append("--allow-root")  # in a container there is no other user
    return start


def _stop(message):
    sys.stderr.write(message + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
