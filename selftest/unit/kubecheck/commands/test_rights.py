import pytest

from kubecheck.commands.rights import main
from kubecheck.policy.load import load_policy
from kubecheck.report.rights import manifest


@pytest.mark.parametrize(("arguments", "source"), [([], "default"), (["runbook"], "runbook")])
def test_the_manifest_of_a_policy_is_printed(arguments, source, capsys):
    assert main(arguments) == 0
    assert capsys.readouterr().out == manifest(load_policy(source), source)


def test_a_policy_that_cannot_be_used_is_refused_in_a_line(capsys):
    assert main(["nowhere.toml"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
