"""etcd, as far as it shows without touching it: its speed, and its members on the masters."""

from collections.abc import Mapping

from kubecheck.checks import (
    API,
    NODES,
    CannotTell,
    Facts,
    NotApplicable,
    Policy,
    Site,
    TlsAnswer,
    TlsHello,
    check,
    for_each,
)

ENOUGH = 5  # writes that a median can be taken of; an idle API server sends some every 10 seconds
CLIENT_PORT = 2379


@check(
    title="etcd writes as fast as promised",
    at=API,
    runbook=("R21",),
    remedy=(
        "on the masters: curl -s http://127.0.0.1:2381/metrics | grep etcd_disk_wal_fsync_duration_seconds",
        "put /var/lib/etcd on an SSD of its own, apart from logs, images and other databases",
        "on the masters: iostat -x 1, and etcdctl endpoint status --cluster -w table",
    ),
)
def test_etcd_writes_fast(facts: Facts, policy: Policy) -> None:
    """Half of the writes that the API server has sent to etcd since it started were done within the limit.

    A write ends once most members have it on disk, so this is fsync and the network between members. A
    slow disk ends in lost leaders. etcd's own guide wants 99 of 100 fsyncs within 10 ms.
    Source: https://etcd.io/docs/v3.5/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean;
    the metric etcd_request_duration_seconds of kube-apiserver.
    """
    writes = facts.etcd_writes.value
    if writes.count < ENOUGH:
        raise CannotTell(f"the API server has sent only {writes.count} writes to etcd since it started")
    limit = policy.control_plane.etcd_write_seconds
    assert writes.p50 <= limit, (
        f"of {writes.count} writes to etcd half took more than {writes.p50 * 1000:.0f} ms, a tenth more than"
        f" {writes.p90 * 1000:.0f} ms, a hundredth more than {writes.p99 * 1000:.0f} ms, as an API server"
        f" behind {facts.server} has measured; expected is a median of at most {limit * 1000:.0f} ms"
    )


def members_beside_api_servers(here: Site) -> dict[str, TlsHello]:
    """The etcd member on each master, asked from a master: others need no way to it."""
    servers = here.facts.control_plane.value.servers
    if here.node.name not in {server.node for server in servers}:
        raise NotApplicable(f"{here.node.name} runs no API server, so it needs no way to etcd")
    return {server.name: TlsHello(server.address, CLIENT_PORT) for server in servers}


@check(
    title="Every master reaches the etcd member of each master",
    at=NODES,
    asks=members_beside_api_servers,
    remedy=(
        "on the master that does not answer: systemctl status etcd, or crictl ps -a --name etcd",
        "on another master: etcdctl member list; etcdctl endpoint health --cluster",
        "between masters 2379 and 2380 must be open",
    ),
)
def test_etcd_members_answer(answers: Mapping[str, TlsAnswer | CannotTell]) -> None:
    """Where etcd runs beside the API servers, each member answers with TLS on 2379.

    With one of three members gone the cluster still works, and the next one takes it down. Where no
    master at all has an etcd, it runs elsewhere, which is not seen from here.
    Source: https://kubernetes.io/docs/reference/networking/ports-and-protocols/
    """
    told = [answer for answer in answers.values() if not isinstance(answer, CannotTell)]
    if told and not any(answer.spoke_tls for answer in told):
        raise NotApplicable(
            f"no master answers with TLS on {CLIENT_PORT}: etcd is not beside the API servers"
        )
    for_each(answers, lambda _, answer: answer.must_speak_tls())
