"""The peer Deployment: where its replicas may stand."""

from dataclasses import replace

from kubecheck.fleet.manifests import peer_deployment
from kubecheck.policy import Policy


def test_replicas_go_to_tainted_nodes_and_not_to_those_that_are_away(facts):
    one, other = facts.nodes
    nodes = (
        replace(one, taints=("dedicated=db:NoSchedule", "node.kubernetes.io/unreachable=:NoExecute")),
        replace(other, taints=("node.kubernetes.io/not-ready=:NoSchedule",)),
    )
    spec = peer_deployment("r1", nodes, Policy())["spec"]["template"]["spec"]
    assert spec["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
