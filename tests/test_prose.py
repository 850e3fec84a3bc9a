import ast
from itertools import pairwise
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mghp"

_VERBS = """
Accept Accumulate Add Adopt Append Apply Ask Assemble Assign Average Begin Bound Bring Build Call Change Check Choose
Clamp Clear Clip Close Collect Compare Compile Compose Compute Construct Convert Copy Count Create Crop Cut Decide
Decode Delete Derive Describe Displace Divide Do Draw Drive Drop Encode End Enlarge Escape Estimate Evaluate Examine
Exchange Grow
Exclude Explain Export Express Extend Fail Fill Filter Find Finish Fit Flush Fold Forbid Forget Format Gather Generate
Give Group Hash Hide Hold Import Include Inherit Initialise Insert Install Interpolate Iterate Join Judge Keep Kill
Lay Leave Let List Load Lock Log Look Lower Make Map Mark Match Measure Merge Mirror Mix Move Multiply Name Normalise
Note Number Open Order Pack Pad Paint Pair Parse Pass Pause Pick Place Plan Plot Predict Prepare Print Process Project
Provide Publish Put Queue Raise Rank Read Record Reduce Refuse Register Reject Release Remove Render Reorder Repeat
Replace Report Request Resample Reset Resize Resolve Restore Restrict Resume Return Reverse Round Run Sample Save
Scale Score Search Seed Select Send Separate Serve Set Share Show Silence Simulate Skip Solve Sort Split Spread Stack
Start State Stop Store Submit Substitute Subtract Sum Swap Sweep Take Tell Test Time Trace Train Transform Translate
Truncate Tune Turn Unpack Update Use Validate Visit Vote Wait Walk Warn Watch Weight Wrap Write Yield Zip
"""
VERBS = frozenset(_VERBS.split())
"""Imperatives with which a function's docstring may begin; a new one is added here."""

FRAGMENTS = ("And ", "As ", "It ", "Its ", "Of ", "The same", "Whether ")
"""Beginnings that make sense only beside the name."""


def is_property(function):
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


def documented(tree):
    """Yield the kind, line and docstring of all functions, properties, classes and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
            kind = "class" if isinstance(node, ast.ClassDef) else "property" if is_property(node) else "function"
            yield kind, node.lineno, text
        body = node.body if isinstance(node, ast.Module | ast.ClassDef) else []
        for named, after in pairwise(body):
            if isinstance(named, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
                yield "attribute", after.lineno, str(getattr(after.value, "value", ""))


def fault(kind, text):
    """Return what is wrong with a docstring's beginning, or an empty text."""
    if text.startswith(FRAGMENTS):
        return "begins like a fragment"
    if kind == "function" and text.split()[0].rstrip(",:") not in VERBS:
        return "is no imperative (or a verb that VERBS does not know)"
    if kind == "property" and not text.startswith(("The ", "A ", "An ", "True if ", "True in ")):
        return "is no noun phrase with an article, nor begins with True if"
    return ""


def faults(file):
    found = [(line, fault(kind, text), text) for kind, line, text in documented(ast.parse(file.read_text()))]
    return [f"{file.name}:{line}: {text.splitlines()[0]!r} {what}" for line, what, text in found if what]


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_docstrings_make_sense_in_a_hover_box(file):
    assert faults(file) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("function", "The people of one picture."),
        ("function", "Whether a run folder holds cases."),
        ("function", "Returns the cases."),
        ("function", "Of all windows along one axis."),
        ("property", "Which of how many processes this is."),
        ("property", "Return the skeleton."),
        ("class", "As Lightning's own."),
        ("attribute", "Of any picture, pixels."),
        ("attribute", "The same in a sentence."),
        ("attribute", "Its unit is the pixel."),
    ],
)
def test_a_fragment_is_found(kind, text):
    assert fault(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("function", "Check, then write."), ("property", "True if nothing is wrong."), ("attribute", "Pixels of a side.")],
)
def test_a_whole_sentence_is_not(kind, text):
    assert not fault(kind, text)


def test_docstrings_of_all_kinds_are_looked_at(tmp_path):
    lines = ["x = 1", '"""Of x."""', "class A:", '    """Of A."""', "    y: int = 2", '    """Of y."""']
    lines += ["    @property", "    def z(self):", '        """Of z."""', "        def f():", '            """Of f."""']
    (tmp_path / "planted.py").write_text("\n".join(lines))
    assert len(faults(tmp_path / "planted.py")) == 5
