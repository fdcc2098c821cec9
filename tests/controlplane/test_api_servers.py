"""API servers: how many, each by itself, and the address in front of them."""

from collections.abc import Mapping

from kubecheck.checks import (
    API,
    NODES,
    SERVER_SILENT,
    ApiServer,
    CannotTell,
    Facts,
    NotApplicable,
    Policy,
    Site,
    TlsAnswer,
    TlsHello,
    check,
    for_each,
    minor,
)

LOOK = (
    "kubectl get endpointslices -l kubernetes.io/service-name=kubernetes",
    "kubectl get --raw '/api/v1/nodes/https:NODE:6443/proxy/readyz?verbose'",
    "on the node: journalctl -u kube-apiserver --since -10min, or crictl ps -a --name kube-apiserver",
)
REACH = (
    "on the node that asks: ip route get ADDRESS; nc -w 3 ADDRESS PORT </dev/null && echo open",
    "on the API server's node: ss -tln | grep PORT, and its firewall",
    *LOOK,
)


def api_servers(facts: Facts) -> dict[str, ApiServer]:
    """The API servers by name."""
    return {server.name: server for server in facts.control_plane.value.servers}


@check(title="There are as many API servers as promised", at=API, remedy=LOOK)
def test_api_servers_count(facts: Facts, policy: Policy) -> None:
    """The kubernetes Service has an endpoint for each API server that runs.

    An API server that dies loses its endpoint within seconds, so that its absence shows here only.
    Source: the lease endpoint reconciler, --endpoint-reconciler-type of kube-apiserver.
    """
    found = facts.control_plane.value.servers
    wanted = policy.control_plane.api_servers
    there = ", ".join(f"{server.name} ({server.address}:{server.port})" for server in found) or "none"
    assert len(found) >= wanted, (
        f"Service default/kubernetes has endpoints for {len(found)} API servers: {there};"
        f" expected are at least {wanted}"
    )


@check(title="No API server has gone silent", at=API, remedy=LOOK)
def test_api_servers_are_alive(facts: Facts) -> None:
    """Each API server renews the Lease that bears its identity.

    The Lease outlives its API server by an hour, and names the machine. One that was taken away on
    purpose within the last hour shows here too. API servers before 1.26 have no such Lease.
    Source: https://kubernetes.io/docs/concepts/architecture/leases/#api-server-identity
    """
    leases = facts.leases.value
    if not leases.api_servers:
        raise NotApplicable("these API servers have no identity Leases (they begin with 1.26)")
    silent = {
        host: age for host, lease in leases.api_servers.items() if (age := leases.age(lease)) > SERVER_SILENT
    }
    assert not silent, (
        "; ".join(
            f"the API server on {host} has not renewed its Lease kube-system/{leases.api_servers[host].name}"
            f" for {age:.0f} s"
            for host, age in silent.items()
        )
        + f"; expected every 10 s. {len(leases.api_servers) - len(silent)} others do"
    )


@check(title="Each API server by itself says that it is ready", at=API, remedy=LOOK)
def test_api_servers_ready(facts: Facts) -> None:
    """/readyz of every API server, not only of the one that a load balancer chose: etcd, informers, hooks.

    The one that the kubeconfig leads to is asked directly, the others through it. One that runs on no node
    of the cluster, or lets in nobody without credentials (--anonymous-auth=false), is asked by nodes only.
    Source: https://kubernetes.io/docs/reference/using-api/health-checks/
    """
    control_plane = facts.control_plane.value
    targets: dict[str, tuple[str, ...] | CannotTell] = {}
    for name, server in api_servers(facts).items():
        if server.node and not server.failing.absent:
            targets[name] = _told(server)
    failing = control_plane.failing
    targets["the kubeconfig's"] = failing.found if failing.found is not None else CannotTell(failing.problem)

    def judge(name: str, failing: tuple[str, ...]) -> None:
        assert not failing, f"asked /readyz of {name} API server: {'; '.join(failing)}; expected ok"

    for_each(targets, judge)


def _told(server: ApiServer) -> tuple[str, ...] | CannotTell:
    return server.failing.found if server.failing.found is not None else CannotTell(server.failing.problem)


def each_api_server(here: Site) -> dict[str, TlsHello]:
    """Every API server at its own address."""
    return {name: TlsHello(server.address, server.port) for name, server in api_servers(here.facts).items()}


@check(title="Every node reaches each API server by itself", at=NODES, asks=each_api_server, remedy=REACH)
def test_api_servers_reachable(answers: Mapping[str, TlsAnswer | CannotTell]) -> None:
    """Each endpoint of the kubernetes Service answers with TLS, from the host network of every node.

    kube-proxy sends every pod to one of them at random: with one of three out of reach, every third
    connection to the API fails.
    Source: https://kubernetes.io/docs/reference/networking/virtual-ips/
    """
    for_each(answers, lambda _, answer: answer.must_speak_tls())


@check(
    title="Every node reaches the address in front of the API servers",
    at=NODES,
    asks=lambda here: TlsHello(*here.front()),
    remedy=(
        "on the load balancer's machines: systemctl status keepalived haproxy; ip -brief address | grep VIP",
        *REACH,
    ),
)
def test_vip_reachable(answer: TlsAnswer) -> None:
    """Something answers there with TLS. Kubelets, schedulers and administrators go that way.

    Source: https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/
    """
    answer.must_speak_tls()


@check(
    title="The API servers' versions are at most one minor version apart",
    at=API,
    remedy=("finish the upgrade: the API servers are brought to one version first", *LOOK),
)
def test_api_server_versions(facts: Facts) -> None:
    """In a highly available cluster the newest and the oldest API server are within one minor version.

    One that runs on no node of the cluster, or lets in nobody without credentials, does not tell its own.
    Source: https://kubernetes.io/releases/version-skew-policy/#kube-apiserver
    """
    servers = api_servers(facts)
    known = {name: server.version.found for name, server in servers.items() if server.version.found}
    unknown = [f"{name}: {server.version.problem}" for name, server in servers.items() if name not in known]
    if len(servers) < 2:
        raise NotApplicable("there are no two API servers")
    if all(server.version.absent for server in servers.values()):
        raise NotApplicable(f"no API server tells its version through another one; {'; '.join(unknown)}")
    minors = {name: minor(version) for name, version in known.items()}
    shown = ", ".join(f"{name} {version}" for name, version in known.items())
    if minors:
        apart = max(minors.values()) - min(minors.values())
        assert apart <= 1, f"API servers are {apart} minor versions apart: {shown}; supported is one"
    if unknown:
        raise CannotTell(f"not every API server told its version; {'; '.join(unknown)}")
