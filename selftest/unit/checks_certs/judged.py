"""What the judging tests share: policies, a site, answers of servers that were never asked."""

from kubecheck.checks import CLIENT_SIGNER, Policy, SigningRequest, Site, Vantage
from kubecheck.cluster.objects import Kubelet
from kubecheck.cluster.reading import Reading
from kubecheck.policy import load_policy
from kubecheck.probes import Raw, TlsHello
from kubecheck.probes.tls import TlsAnswer
from selftest.unit.checks_certs.conftest import NOW, changed
from selftest.unit.kubecheck.conftest import make_standing

DEFAULT, RUNBOOK = Policy(), load_policy("runbook")


def policy(**certificates):
    return Policy.model_validate({"certificates": certificates})


def site(facts, rules=DEFAULT):
    return Site(Vantage("node", "node1"), facts, rules, make_standing(("node1", "node2")))


def shown(*chain, suite="TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", alert="", host="192.168.232.1"):
    return TlsAnswer(TlsHello(host, 6443), "node node1", Raw(0, b"", 0.1), suite, alert, chain)


def kubelet(**config):
    return Reading(Kubelet(365.5 * 86400, config))


SIGNED = SigningRequest(
    "csr-1", CLIENT_SIGNER, "system:bootstrap:abcdef", NOW.isoformat(), "Approved", "",
    "system:node:node1", ("system:nodes",), "2027-11-24T12:00:00+00:00",
)  # fmt: skip


def asked_for(facts, *found):
    return changed(facts, "bootstrap", requests=Reading(found))
