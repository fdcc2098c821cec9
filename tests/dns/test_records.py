"""What CoreDNS says of the objects of this run: each kind of record that the DNS specification names.

Source: https://github.com/kubernetes/dns/blob/master/docs/specification.md
"""

from collections.abc import Mapping
from ipaddress import ip_address

from kubecheck.checks import (
    EXTERNAL,
    HEADLESS,
    MANY,
    PODS,
    CannotTell,
    DnsAnswer,
    DnsOverTcp,
    DnsOverUdp,
    Facts,
    NotApplicable,
    Probe,
    Resolve,
    ResolveAnswer,
    Site,
    Standing,
    check,
    for_each,
    many_addresses,
    record_type,
)

COREDNS_LOG = "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=50"
COREFILE = "kubectl -n kube-system get configmap coredns -o yaml"
SLICES = "kubectl get endpointslices --all-namespaces, and look whether new pods appear in them"


def server_of(here: Site) -> str:
    """The DNS Service's address."""
    return here.facts.dns_service.value.ip


def name_of(here: Site, service: str) -> str:
    """The full name of a Service that this run made in the probe pods' namespace."""
    made = f"{here.fleet.namespace}/{service}"
    if made in here.fleet.refused:
        raise CannotTell(f"Service {made} could not be made: {here.fleet.refused[made]}")
    return f"{service}.{here.fleet.namespace}.svc.{here.facts.dns_domain.value}"


def headless(here: Site) -> DnsOverTcp:
    """The headless Service in front of this pod and others; over TCP, for they may be a hundred."""
    name = name_of(here, here.probe.headless)
    return DnsOverTcp(name, server_of(here), record_type(here.probe.address))


@check(
    title="A headless Service's name has the addresses of all its pods",
    at=PODS,
    asks=headless,
    remedy=(SLICES, "kubectl -n kube-system get lease kube-controller-manager", COREDNS_LOG),
)
def test_headless_service(answer: DnsAnswer, probe: Probe, fleet: Standing) -> None:
    """StatefulSets and clients that balance by themselves see every pod behind a headless Service.

    Source: https://kubernetes.io/docs/concepts/services-networking/service/#headless-services
    """
    group = fleet.behind(probe.headless)
    ours = {address for each in group for address in addresses_of(each)}
    running = {each.address: each.name for each in group if not each.problem}
    missing = [name for address, name in running.items() if address not in answer.addresses]
    answer.must(not missing, f"{len(running)} pods' addresses; missing: {', '.join(missing)}")
    strange = [address for address in answer.addresses if address not in ours]
    answer.must(not strange, f"the probe pods' addresses and no others; {', '.join(strange)} is none")


def addresses_of(probe: Probe) -> set[str]:
    """All of a pod's addresses that are known."""
    return {address for address in (probe.address, *probe.addresses) if address}


@check(
    title="An SRV record names a Service's port",
    at=PODS,
    asks=lambda here: DnsOverUdp(
        f"_http._tcp.{name_of(here, 'probe')}", server_of(here), "SRV", settles=True
    ),
    remedy=(COREDNS_LOG, COREFILE),
)
def test_srv_record(answer: DnsAnswer, fleet: Standing, facts: Facts) -> None:
    """A named port of a Service has an SRV record with the port's number and the Service's name.

    Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#srv-records
    """
    target = f"80 probe.{fleet.namespace}.svc.{facts.dns_domain.value}"
    found = [name.split(" ", 2)[-1].lower() for name in answer.names]
    answer.must(found == [target.lower()], f"port and name {target}")


def reverse_of(here: Site, address: str) -> str:
    """The name to ask for an address's PTR record; where CoreDNS is not given its zone there is none."""
    name = ip_address(address).reverse_pointer
    zones = here.facts.dns_setup.value.zones
    if not zones.absent and not any(f".{name}".endswith(f".{zone}") for zone in zones.value):
        raise NotApplicable(f"CoreDNS serves {', '.join(zones.value)}, and so no reverse lookups")
    return name


@check(
    title="The kubernetes Service's address leads back to its name",
    at=PODS,
    asks=lambda here: DnsOverUdp(
        reverse_of(here, here.facts.kubernetes_service.value.ip), server_of(here), "PTR"
    ),
    remedy=(COREFILE, COREDNS_LOG),
)
def test_reverse_of_service(answer: DnsAnswer, facts: Facts) -> None:
    """A ClusterIP has a PTR record with the Service's full name.

    Source: https://github.com/kubernetes/dns/blob/master/docs/specification.md#233---ptr-record
    """
    expected = f"kubernetes.default.svc.{facts.dns_domain.value}"
    answer.must([name.lower() for name in answer.names] == [expected.lower()], expected)


def reverse_of_pod(here: Site) -> DnsOverTcp:
    """The pod's own address; over TCP, for each Service in front of it may have given it a name."""
    name_of(here, here.probe.headless)
    here.probe.must_run()
    return DnsOverTcp(reverse_of(here, here.probe.address), server_of(here), "PTR")


@check(
    title="A pod's address leads back to its name in a headless Service",
    at=PODS,
    asks=reverse_of_pod,
    remedy=(COREFILE, COREDNS_LOG, SLICES),
)
def test_reverse_of_pod(answer: DnsAnswer, probe: Probe, facts: Facts, fleet: Standing) -> None:
    """A pod behind a headless Service has a PTR record below the Service's name.

    Databases and Kerberos look at who connects by reverse lookups.
    Source: https://github.com/kubernetes/dns/blob/master/docs/specification.md#243---ptr-record
    """
    suffix = f".{probe.headless}.{fleet.namespace}.svc.{facts.dns_domain.value}".lower()
    own = f".{fleet.namespace}.".lower()
    if any(f".{HEADLESS}" in name.lower() and own not in name.lower() for name in answer.names):
        raise CannotTell(
            f"CoreDNS still keeps an earlier run's answer: {answer.told(f'a name in {suffix[1:]}')}"
        )
    answer.must(any(name.lower().endswith(suffix) for name in answer.names), f"a name in {suffix[1:]}")


@check(
    title="An ExternalName Service leads to the name that it stands for",
    at=PODS,
    asks=lambda here: DnsOverUdp(
        name_of(here, EXTERNAL),
        server_of(here),
        record_type(here.facts.kubernetes_service.value.ip),
        settles=True,
    ),
    remedy=(COREDNS_LOG, COREFILE),
)
def test_external_name(answer: DnsAnswer, facts: Facts) -> None:
    """The name of an ExternalName Service is an alias, and its target's address comes with it.

    Source: https://kubernetes.io/docs/concepts/services-networking/service/#externalname
    """
    service = facts.kubernetes_service.value
    target = f"kubernetes.default.svc.{facts.dns_domain.value}"
    answer.must(
        [name.lower() for name in answer.names] == [target.lower()] and set(answer.addresses) == {service.ip},
        f"alias {target} with address {service.ip}",
    )


def names_of_nothing(here: Site) -> dict[str, DnsOverUdp | Resolve]:
    """Names that nobody has: one in the cluster's domain, and one through the pod's search path."""
    nobody = f"nobody-{here.fleet.run}"
    domain = here.facts.dns_domain.value
    return {
        "in the cluster's domain": DnsOverUdp(f"{nobody}.default.svc.{domain}", server_of(here)),
        "through the search path": Resolve(nobody, 80),
    }


@check(
    title="A name that does not exist does not resolve",
    at=PODS,
    asks=names_of_nothing,
    remedy=(
        COREFILE + ", and look for template, rewrite and hosts in it",
        "look for a wildcard record (*.DOMAIN) in the search domains of the nodes' own resolv.conf",
    ),
)
def test_no_such_name(answers: Mapping[str, DnsAnswer | ResolveAnswer | CannotTell]) -> None:
    """CoreDNS says NXDOMAIN, and no wildcard in a search domain takes the name's place.

    Short names go through the search path first: a wildcard in a domain that the pods have from
    their node answers for every outside name. A search that gets no answer in time shows neither.
    Source: RFC 8020, and https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
    """
    for_each(answers, _must_not_exist)


def _must_not_exist(_: str, answer: DnsAnswer | ResolveAnswer) -> None:
    if isinstance(answer, DnsAnswer):
        answer.must_refuse("NXDOMAIN")
        return
    expected = "no address: the name does not exist"
    answer.must(not answer.resolved, expected)
    if not answer.nonexistent:
        raise NotApplicable(
            f"{answer.told(expected)}; dns.pod_resolves_kubernetes and dns.outside_name judge that"
        )


def many(here: Site) -> dict[str, DnsOverUdp | DnsOverTcp]:
    """A name with more addresses than a plain UDP reply can hold."""
    name, server = name_of(here, MANY), server_of(here)
    rdtype = record_type(many_addresses(here.facts)[0])
    return {
        "over UDP": DnsOverUdp(name, server, rdtype, settles=True),
        "over TCP": DnsOverTcp(name, server, rdtype),
    }


@check(
    title="A large answer comes cut over UDP, and whole over TCP",
    at=PODS,
    asks=many,
    remedy=(
        "kubectl get networkpolicies --all-namespaces, and look whether TCP 53 is let through as well as UDP",
        COREFILE + ", and look for bufsize and for what stands before CoreDNS",
    ),
)
def test_large_answer(answers: Mapping[str, DnsAnswer | CannotTell], facts: Facts) -> None:
    """Sixty addresses do not fit into 512 bytes: UDP brings some of them, and TCP all.

    A resolver that gets a cut answer asks again over TCP; where that does not come through, names
    with many addresses fail and all others work.
    Source: RFC 7766, section 5.
    """
    expected = set(many_addresses(facts))

    def judge(transport: str, answer: DnsAnswer) -> None:
        found = set(answer.addresses)
        if transport == "over TCP":
            answer.must(
                found == expected, f"all {len(expected)} addresses, {len(expected - found)} are missing"
            )
        else:
            answer.must(bool(found) and found <= expected, f"some of {len(expected)} addresses")

    for_each(answers, judge)
