"""Options from the environment: under a flag, over what an option is by itself."""

import argparse

import pytest

from kubecheck.environment import Environment
from kubecheck.options import declare


class Refused(Exception):
    pass


def refuse(text):
    raise Refused(text)


@pytest.fixture
def parsed(monkeypatch):
    """Options as they are with these variables and arguments."""

    def parse(*arguments, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        parser = argparse.ArgumentParser()
        declare(Environment(parser.add_argument, refuse))
        return parser.parse_args(arguments)

    return parse


def test_every_option_has_its_variable(monkeypatch):
    names = []
    declare(Environment(lambda name, **_: names.append(name), refuse))
    for name in names:
        value = "1/1" if name == "--shard" else "1"
        monkeypatch.setenv(f"KUBECHECK_{name[2:].replace('-', '_').upper()}", value)
    defaults = {}
    declare(Environment(lambda name, **about: defaults.update({name: about["default"]}), refuse))
    assert set(defaults) == set(names)
    assert {"--kubeconfig", "--as-group", "--reports", "--node-access"} < set(names)


def test_flag_over_variable_over_default(parsed):
    assert parsed().reports == "reports"
    assert parsed(KUBECHECK_REPORTS="there").reports == "there"
    assert parsed("--reports", "here").reports == "here"
    assert parsed("--reports=here", KUBECHECK_REPORTS="").reports == "here"


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("0", False), ("", False)])
def test_a_switch(parsed, text, value):
    assert parsed(KUBECHECK_NODE_ACCESS=text).node_access is value
    assert parsed("--node-access").node_access is True


def test_what_is_repeated_takes_the_place_of_the_variable(parsed):
    assert parsed().as_group == []
    assert parsed(KUBECHECK_AS="me", KUBECHECK_AS_GROUP="a,b").as_group == ["a", "b"]
    assert parsed("--as-group", "c", "--as-group=d").as_group == ["c", "d"]
    assert parsed().as_user == "me"


def test_a_value_is_read_as_the_flag_reads_it(parsed):
    assert parsed(KUBECHECK_DEADLINE="2m").deadline == 120.0


@pytest.mark.parametrize(("name", "text"), [("KUBECHECK_NODE_ACCESS", "?!"), ("KUBECHECK_DEADLINE", "soon")])
def test_nonsense_is_refused_with_the_variables_name(parsed, name, text):
    with pytest.raises(Refused, match=rf"{name}: '\W*\w*' is n"):
        parsed(**{name: text})
