import tomllib

from lab.faults.policy import merged

POLICY = """\
profile = "runbook"

[addons]
kube_proxy_mode = "iptables"
dashboard = true

# why
[nodes]
a = 1
"""


def test_a_table_that_is_not_there_is_added():
    assert tomllib.loads(merged(POLICY, '[dns]\noutside_name = "x.test"\n'))["dns"] == {
        "outside_name": "x.test"
    }


def test_keys_go_into_a_table_that_is_there_and_win():
    text = merged(POLICY, "[addons]\ndashboard = false\nmetrics_server = false\n")
    assert tomllib.loads(text) == {
        "profile": "runbook",
        "addons": {"kube_proxy_mode": "iptables", "dashboard": False, "metrics_server": False},
        "nodes": {"a": 1},
    }
    assert "# why" in text


def test_nothing_more_changes_nothing():
    assert merged(POLICY, "") == POLICY
