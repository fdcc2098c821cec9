"""A Service has nobody behind it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kubecheck.cluster.objects import Service
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import METRICS_API, NOBODY, metrics, without_dns
from kubecheck.diagnosis.evidence import Evidence, Symptom


@dataclass(frozen=True)
class Empty:
    """A Service without a ready endpoint, what follows, and whether ready pods were there for it."""

    namespace: str
    name: str
    selector: str
    explains: frozenset[Symptom]
    beside: tuple[str, ...]


@cause(
    title="A Service has no ready endpoint",
    confirm=(
        "kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name}",
        "kubectl -n {namespace} get service {name} -o jsonpath='{.spec.selector}'",
        "kubectl -n {namespace} get pods --show-labels -o wide",
    ),
    remedy=(
        "kubectl -n {namespace} get pods --show-labels -o wide, and compare with the selector {selector}",
        "its pods are there and ready: kubectl -n {namespace} edit service {name}, and mend spec.selector",
        "they are not: kubectl -n {namespace} get deployments; scale up or mend the one that is not ready",
    ),
    source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#does-the-service-have-any-endpoints",
)
def service_without_endpoints(evidence: Evidence) -> Iterator[Finding]:
    """A Service selects no pod that is ready: its selector fits none, or its pods do not run.

    Connections to its ClusterIP and NodePorts are refused on every node.
    """
    for empty in _empty(evidence):
        full = f"{empty.namespace}/{empty.name}"
        if any(symptom.failed for symptom in empty.explains):
            why = (
                f"its selector {empty.selector} fits none of the ready pods {', '.join(empty.beside[:3])}"
                if empty.beside
                else f"no pod with {empty.selector} is ready"
            )
            yield Finding(
                says=f"Service {full} has no ready endpoint: {why}",
                blames=(f"Service/{full}",),
                explains=empty.explains,
                confidence=Confidence.CERTAIN,
                names={"namespace": empty.namespace, "name": empty.name, "selector": empty.selector},
                confirmed=(f"EndpointSlices of Service {full}: no ready address",),
            )


def _empty(evidence: Evidence) -> Iterator[Empty]:
    facts = evidence.facts
    for dashboard in facts.dashboards.found or ():
        service = dashboard.service
        if not service.endpoints:
            yield _of(service, _of_dashboard(evidence, service), ())
    dns = facts.dns_service.found
    if dns and not dns.endpoints and (beside := _ready_deployments(evidence, dns)):
        yield _of(dns, without_dns(evidence), beside)
    for api in facts.api_services.found or ():
        namespace, _, name = api.service.partition("/")
        workloads = facts.workloads.found
        serving = [
            f"{each.namespace}/{each.name}"
            for each in (workloads.deployments if workloads else ())
            if each.namespace == namespace and each.name == name and each.ready
        ]
        if api.name == METRICS_API and api.available.reason in NOBODY and serving:
            yield Empty(namespace, name, "in its spec", metrics(evidence), tuple(serving))


def _of(service: Service, explains: Iterable[Symptom], beside: tuple[str, ...]) -> Empty:
    selector = ",".join(f"{key}={value}" for key, value in sorted(service.selector.items())) or "(none)"
    return Empty(service.namespace, service.name, selector, frozenset(explains), beside)


def _of_dashboard(evidence: Evidence, service: Service) -> set[Symptom]:
    ports = {port.node_port for port in service.ports if port.node_port}
    named = evidence.find("addons.dashboard_page", "addons.dashboard_login")
    found = {s for s in named if s.target in ("", service.full_name)}
    return found | {
        s
        for s in evidence.find("addons.dashboard_node_port")
        if not s.target or any(s.target.endswith(f":{port}") for port in ports)
    }


def _ready_deployments(evidence: Evidence, dns: Service) -> tuple[str, ...]:
    """The cluster DNS's Deployments that have ready replicas, which its Service therefore misses."""
    return tuple(
        f"{dns.namespace}/{each.name}" for each in evidence.facts.dns_deployments.found or () if each.ready
    )
