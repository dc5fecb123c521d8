"""A tree as HTML, for decks and for the web site.

Formulas become MathML, which browsers show without a script.
"""

import hashlib
import json
import re
from html import escape
from pathlib import Path

from course_utils.authoring import credits, tree
from course_utils.authoring.tree import Node

TEMPLATES = Path(__file__).with_name("templates")
PICTURE = re.compile(r"data:image/png;base64,[\w+/=]+", re.ASCII)

# The name of a function, such as log, in the MathML that pandoc writes; but not with an
# index: in an <msub> there is no room for anything else.
FUNCTION = (
    "".join(
        rf"(?<!<{tag}>)(?<!<{tag}><mrow>)"
        for tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover", "mfrac")
    )
    + r'(?:<mrow>)?<mi mathvariant="normal">\w\w+</mi>'
    r"(?:<mo>(?:&#8289;|\u2061)</mo></mrow>)?+"
)


def html(blocks: list[Node], *, template: str, variables: dict) -> bytes:
    """Return a whole HTML file of blocks, with all that it needs inside."""
    pictures = {}

    def hide(found: re.Match) -> str:
        digest = hashlib.sha256(found[0].encode()).hexdigest()  # base64, too
        key = f"data:image/png;base64,{digest}"
        pictures[key] = found[0]
        return key

    # Pandoc has nothing to do with pictures, and takes seconds for it.
    blocks = json.loads(PICTURE.sub(hide, json.dumps(blocks)))
    variables = {"credits": escape(credits.read().line), **variables}
    options = [f"--variable={name}:{value}" for name, value in variables.items()]
    options += ["--mathml", "--embed-resources", "--standalone"]
    options.append(f"--template={TEMPLATES / template}")
    text = tree.write(blocks, "html5", options)
    text = space_functions(text).rstrip("\n") + "\n"
    text = PICTURE.sub(lambda found: pictures.get(found[0], found[0]), text)
    return text.encode("utf-8")


def space_functions(text: str) -> str:
    """Set a thin space around the names of functions, which MathML has not.

    As TeX does: y log p, but log(p).
    """
    thin = '<mspace width="0.167em"></mspace>'
    text = re.sub(rf"({FUNCTION})(?!<mo[^>]*>[(\[])", rf"\1{thin}", text)
    operand = r"</mi>|</mn>|</msub>|</msup>|</mfrac>|postfix\">[)\]]</mo>"
    return re.sub(rf"({operand})(?={FUNCTION})", rf"\1{thin}", text)
