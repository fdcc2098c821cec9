"""The certificates that API servers show: at the kubernetes Service, by themselves, and through the VIP."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kubecheck.checks import (
    API,
    NODES,
    PODS,
    CannotTell,
    Facts,
    NotApplicable,
    Policy,
    Site,
    TlsAnswer,
    TlsHello,
    check,
    first_to_end,
    for_each,
    lasting_path,
)

RENEW = (
    "kubeadm certs check-expiration; kubeadm certs renew apiserver, and restart kube-apiserver",
    "to see it: openssl s_client -connect ADDRESS:PORT </dev/null | openssl x509 -noout -text",
    "names are missing: issue it anew with them (kubeadm: apiServer.certSANs in its ClusterConfiguration)",
)
CA_OF_PODS = "the CA in ConfigMap kube-root-ca.crt"


def must_serve(answer: TlsAnswer, names: Sequence[str], facts: Facts, policy: Policy) -> None:
    """The certificate is for these names, leads to the CA that pods believe, and all on the way is valid."""
    now, days = datetime.fromisoformat(facts.clock.value), policy.certificates.server_min_days
    answer.must_be_valid(now, days)
    answer.must_cover(names)
    answer.must_lead_to(facts.certificates.value.root.value, CA_OF_PODS, now, days)


def must_serve_cluster(answer: TlsAnswer, own: Sequence[str], facts: Facts, policy: Policy) -> None:
    """It serves for what clients inside the cluster call the API server, and for its ``own`` addresses."""
    service = "kubernetes.default.svc"
    must_serve(answer, (*facts.kubernetes_service.value.cluster_ips, service, *own), facts, policy)
    # Last, for the domain may not be known: what is wrong without it is told all the same.
    answer.must_cover((f"{service}.{facts.dns_domain.value}",))


@check(
    title="The kubernetes Service shows a certificate that pods accept",
    at=NODES | PODS,
    asks=lambda here: TlsHello(here.facts.kubernetes_service.value.ip, 443),
    remedy=RENEW,
)
def test_kubernetes_service_certificate(answer: TlsAnswer, facts: Facts, policy: Policy) -> None:
    """At the ClusterIP: valid today, for the ClusterIP and the Service's names, of the CA that pods have.

    Whatever runs in the cluster verifies all of that with each connection, and as well that the CAs above
    the certificate have not ended.
    Source: https://kubernetes.io/docs/setup/best-practices/certificates/
    """
    must_serve_cluster(answer, (), facts, policy)


@check(
    title="Each API server by itself shows a certificate that its clients accept",
    at=NODES,
    asks=lambda here: {
        server.name: TlsHello(server.address, server.port)
        for server in here.facts.control_plane.value.servers
    },
    remedy=RENEW,
)
def test_api_server_certificates(
    answers: Mapping[str, TlsAnswer | CannotTell], facts: Facts, policy: Policy
) -> None:
    """Every endpoint of the kubernetes Service, not only the one that a load balancer chose.

    One old certificate among three fails every third connection. One that runs on a node is asked
    for its own address too.
    Source: https://kubernetes.io/docs/setup/best-practices/certificates/
    """
    servers = {server.name: server for server in facts.control_plane.value.servers}

    def judge(name: str, answer: TlsAnswer) -> None:
        server = servers[name]
        own = (server.address,) if server.node else ()
        must_serve_cluster(answer, own, facts, policy)

    for_each(answers, judge)


def front(here: Site) -> TlsHello:
    """The address in front of the API servers."""
    host, port = here.front()
    return TlsHello(host, port)


@check(
    title="The address in front of the API servers shows a certificate that covers it",
    at=NODES,
    asks=front,
    remedy=RENEW,
)
def test_front_certificate(answer: TlsAnswer, facts: Facts, policy: Policy) -> None:
    """At the VIP, from every node: valid today, for the VIP, of the cluster's CA. Kubelets connect there.

    Source: https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/
    """
    assert isinstance(answer.question, TlsHello)
    must_serve(answer, (answer.question.host,), facts, policy)


@check(
    title="The kubeconfig's server shows a certificate that covers its address",
    at=API,
    remedy=RENEW,
)
def test_kubeconfig_server_certificate(facts: Facts, policy: Policy) -> None:
    """What the machine that kubecheck runs on sees: valid long enough, for the address in the kubeconfig.

    The connection itself has been verified, or there would be no run; this tells what is left. Where the
    certificate leads to the CA in kube-root-ca.crt, all on the way must be valid as long.
    Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
    """
    certificates = facts.certificates.value
    served = certificates.served.value
    mine = served.chain[0]
    now, wanted = datetime.fromisoformat(facts.clock.value), policy.certificates.server_min_days
    weakest = first_to_end(lasting_path(served.chain, certificates.root.found or (), now) or (mine,), now)
    left = weakest.days_left(now)
    way = "" if weakest == mine else f" by way of {weakest.subject}"
    assert left > wanted, (
        f"{facts.server} shows the certificate {mine.subject}{way}, which ends"
        f" {weakest.ends:%Y-%m-%d %H:%M} UTC, in {left:.1f} days; expected are at least {wanted}"
    )
    has = ", ".join((*mine.names, *mine.addresses)) or "none"
    assert mine.covers(served.asked), (
        f"{facts.server} shows the certificate {mine.subject} for {has}; expected is one for {served.asked}"
    )


@check(
    title="The kubeconfig's own client certificate is valid long enough",
    at=API,
    remedy=("get a fresh kubeconfig (kubeadm kubeconfig user, or /etc/kubernetes/admin.conf)",),
)
def test_own_client_certificate(facts: Facts, policy: Policy) -> None:
    """The administrator who runs this will still be let in next week.

    A certificate that a credential plugin issues is left out: it is a short one, and the plugin renews it.
    Source: https://kubernetes.io/docs/setup/best-practices/certificates/#configure-certificates-for-user-accounts
    """
    own = facts.certificates.value.own
    if own.absent:
        raise NotApplicable(own.problem)
    left = own.value.days_left(datetime.fromisoformat(facts.clock.value))
    wanted = policy.certificates.server_min_days
    assert left > wanted, (
        f"the kubeconfig's certificate {own.value.subject} ends {own.value.ends:%Y-%m-%d %H:%M} UTC, in"
        f" {left:.1f} days; expected are at least {wanted}"
    )
