"""A policy printed reads back as itself, and wrong keys are found where they stand."""

import tomllib
from pathlib import Path

import pytest

from kubecheck.policy import Policy, PolicyError, load_policy
from kubecheck.policy.lines import line_of
from kubecheck.policy.load import profiles
from kubecheck.policy.section import Section
from kubecheck.policy.show import policy_text


@pytest.mark.parametrize("profile", profiles())
def test_a_printed_policy_reads_back_as_itself(profile, tmp_path):
    policy = load_policy(profile)
    path = tmp_path / "kubecheck.toml"
    path.write_text(policy_text(policy))
    assert load_policy(str(path)) == policy


def keys(section: type[Section], prefix: str = ""):
    for name, field in section.model_fields.items():
        yield f"{prefix}{name}", field
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from keys(field.annotation, f"{prefix}{name}.")


def test_every_key_is_explained():
    unexplained = [
        name
        for name, field in keys(Policy)
        if not field.description
        and not (isinstance(field.annotation, type) and issubclass(field.annotation, Section))
    ]
    assert unexplained == []


def test_every_key_stands_in_the_printed_policy():
    printed = tomllib.loads(policy_text(load_policy("runbook")))
    for name, _ in keys(Policy):
        found = printed
        for part in name.split("."):
            assert part in found, name
            found = found[part]


TEXT = """profile = "default"

[dns]
min_replicas = 2
spread = "yes"  # a comment

[kubelet.expect]
rotateCertificates = true
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("profile",), 1),
        (("dns", "spread"), 5),
        (("dns", "nothing"), 3),
        (("kubelet", "expect", "rotateCertificates"), 8),
        (("network", "ping"), None),
    ],
)
def test_the_line_of_a_key(location, line):
    assert line_of(TEXT, location) == line


def test_a_wrong_value_is_told_with_its_line(tmp_path):
    path = tmp_path / "kubecheck.toml"
    path.write_text(TEXT)
    with pytest.raises(PolicyError, match=r"dns\.spread \(line 5\) is 'yes'"):
        load_policy(str(path))


def test_the_documented_policy_is_up_to_date():
    documented = Path(__file__).parents[4] / "docs" / "kubecheck.toml"
    assert documented.read_text() == policy_text(load_policy("runbook")), (
        "renew it: kubecheck policy runbook > docs/kubecheck.toml"
    )
