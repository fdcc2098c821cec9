import ast
import re
import string
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.faults import catalogue
from lab.faults.catalogue import fault_named, faults

CHECKS = Path(__file__).parents[3] / "tests"
OBJECT = re.compile(r"[A-Z]\w+(/[\w:.{}-]+){0,2}")


def every_fault():
    return [pytest.param(fault, id=name) for name, fault in faults().items()]


def fields(template):
    return {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}


def check_ids():
    """Group and name of every check, from the names of the functions that judge them."""
    return {
        f"{path.parent.name}.{node.name.removeprefix('test_')}"
        for path in CHECKS.glob("*/test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_modules_and_faults_bear_one_name():
    modules = sorted(path.stem for path in Path(catalogue.__path__[0]).glob("[a-z]*.py"))
    assert modules
    assert list(faults()) == [module.replace("_", "-") for module in modules]


def test_each_says_something_of_its_own():
    sentences = [fault.breaks for fault in faults().values()]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("fault", every_fault())
def test_a_fault_tells_what_it_breaks_and_who_is_to_blame(fault):
    assert re.fullmatch(r".{10,140}\.", fault.breaks), fault.breaks
    assert bool(fault.causes) == bool(fault.blames) == bool(fault.red)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", cause) for cause in fault.causes)


@pytest.mark.parametrize("fault", every_fault())
def test_a_fault_blames_objects(fault):
    for template in fault.blames:
        assert OBJECT.match(template), template


@pytest.mark.parametrize("fault", every_fault())
def test_what_may_turn_red_is_a_check(fault):
    known = check_ids()
    for pattern in fault.red:
        check, _, vantage = pattern.partition("@")
        expression = re.compile(re.escape(check).replace(r"\*", ".*"))
        assert any(expression.fullmatch(one) for one in known), f"{pattern} is no check's"
        assert re.fullmatch(r"(api|rehearsal|[a-z*]+:.+)?", vantage), pattern


@pytest.mark.parametrize("fault", every_fault())
def test_templates_hold_few_and_plain_names(fault):
    used = {name for template in (*fault.blames, *fault.red) for name in fields(template)}
    assert all(re.fullmatch(r"[a-z]+", name) for name in used)


def test_a_name_that_none_has():
    with pytest.raises(LabError, match="There is no fault 'dns-on-holiday'; `python -m lab fault list`"):
        fault_named("dns-on-holiday")
