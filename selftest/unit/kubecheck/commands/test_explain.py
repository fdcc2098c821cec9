import pytest

from kubecheck.commands import explain


def test_a_check_is_explained(capsys):
    assert explain.main(["dns.pod_resolves_kubernetes"]) == 0
    said = capsys.readouterr().out
    for words in (
        "dns.pod_resolves_kubernetes\nA pod resolves the kubernetes Service",
        "\nWhat it means\n",
        "\nWhy it matters\n",
        "\nTo look by hand, and what mends it\n  kubectl ",
        "\n  kubecheck -k pod_resolves_kubernetes\n",
        "\n  R7: a pod resolves a Service of its own namespace\n",
        "\nSource\n  https://",
    ):
        assert words in said


def test_a_cause_is_explained_with_capitals_for_names(capsys):
    assert explain.main(["kube-proxy-down"]) == 0
    said = capsys.readouterr().out
    assert "\nTo confirm it by hand\n" in said
    assert "\nWhat mends it\n  on NODE: " in said
    assert "{" not in said


@pytest.mark.parametrize(
    "name",
    [
        "pod_resolves_kubernetes",
        "test_pod_resolves_kubernetes",
        "DNS.pod-resolves-kubernetes",
        "tests/dns/test_lookup.py::test_pod_resolves_kubernetes",
        "../suites/dns/test_lookup.py::test_pod_resolves_kubernetes[pod:k8s-node01]",
    ],
)
def test_a_check_is_known_by_all_of_its_names(name, capsys):
    assert explain.main([name]) == 0
    assert capsys.readouterr().out.startswith("dns.pod_resolves_kubernetes\n")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("kube-proxy", "kube-proxy-down"),
        ("dns.pod_resolvs_kubernetes", "dns.pod_resolves_kubernetes"),
        ("pod_resolves", "dns.pod_resolves_kubernetes"),
        ("dns", "and "),
    ],
)
def test_another_name_is_told_with_those_near_to_it(name, near, capsys):
    assert explain.main([name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"kubecheck: there is no check and no cause {name!r}: did you mean ")
    assert near in said.err


@pytest.mark.parametrize("name", ["", "zzzzzzzz", "\x1b[31m"])
def test_a_name_like_no_other_is_told_where_all_are_listed(name, capsys):
    assert explain.main([name]) == 2
    said = capsys.readouterr().err
    assert "did you mean" not in said
    assert "\x1b" not in said
    assert said.endswith("`kubecheck explain` lists them all\n")


def test_all_are_listed(capsys):
    assert explain.main([]) == 0
    said = capsys.readouterr().out
    assert "Checks, dns: " in said
    assert "  kube-proxy-down " in said
    assert "  dns.pod_resolves_kubernetes " in said


def test_commands_stay_in_one_piece_and_prose_does_not():
    from kubecheck.checks.catalogue import load_checks, suites
    from kubecheck.report.explanation import explained

    for each in explained(load_checks(suites()), []):
        lines = explain.told(each, 60)
        assert all(f"  {step}" in lines for step in each.remedy)
        why = lines.index("Judged")
        assert all(len(line) <= 60 or " " not in line.strip() for line in lines[3:why])
