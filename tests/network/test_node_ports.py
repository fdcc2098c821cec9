"""NodePorts: what the world outside uses to reach a Service at any node."""

from collections.abc import Mapping

from kubecheck.checks import (
    NODES,
    PODS,
    CannotTell,
    HttpAnswer,
    HttpGet,
    NotApplicable,
    Site,
    Standing,
    check,
    for_each,
)


def node_ports(here: Site) -> dict[str, HttpGet | CannotTell]:
    """The NodePort of this run's Service at every node that this one asks."""
    if not here.policy.network.node_ports:
        raise NotApplicable("the policy says that this cluster offers no NodePorts (network.node_ports)")
    here.fleet.service(f"{here.fleet.namespace}/node-port")
    port = here.fleet.node_port
    # The Service has one family, the cluster's first.
    return here.node_addresses_to_ask(
        lambda address, _: HttpGet(address, port, settles=True), each_family=False
    )


@check(
    title="A NodePort made now answers at every node",
    at=NODES | PODS,
    asks=node_ports,
    remedy=(
        "on the node that is asked: curl -s http://localhost:10256/healthz (kube-proxy)",
        "look at kube-proxy's --nodeport-addresses, and for a firewall before ports 30000 to 32767",
    ),
)
def test_node_port(answers: Mapping[str, HttpAnswer | CannotTell], fleet: Standing) -> None:
    """The NodePort of a Service that this run created leads to one of its pods, at each node's address.

    It is asked from every node and from a pod on every node: load balancers outside do the same.
    Source: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport
    """
    for_each(answers, lambda _, answer: answer.must_come_from_namespace(fleet.namespace))
