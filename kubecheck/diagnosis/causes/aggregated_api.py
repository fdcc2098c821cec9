"""An aggregated API is registered and not served."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import METRICS_API
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="An aggregated API is not available",
    confirm=(
        "kubectl get apiservice {api} -o yaml",
        "kubectl -n {namespace} get service,endpointslices,pods -o wide",
    ),
    remedy=(
        "kubectl -n {namespace} get pods -o wide, and bring back what serves Service {service}",
        "when its product is gone: kubectl delete apiservice {api}",
    ),
    source="https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/",
)
def aggregated_api(evidence: Evidence) -> Iterator[Finding]:
    """An APIService is registered, and what should serve it does not answer.

    Besides the API itself this breaks deletion of namespaces, whose contents cannot all be listed any
    more, and slows kubectl, which waits for it at every discovery.
    """
    for each in evidence.facts.api_services.found or ():
        said = each.available
        explained = frozenset(
            s
            for s in evidence.find("addons.aggregated_apis_available")
            if each.name in (s.target or s.message)
        )
        # The metrics API has causes of its own.
        if each.name == METRICS_API or said.status == "True" or not explained:
            continue
        namespace, _, service = each.service.partition("/")
        yield Finding(
            says=f"APIService {each.name}, served by Service {each.service}, is not available: {said.reason}",
            blames=(f"APIService/{each.name}",),
            explains=explained,
            confidence=Confidence.CERTAIN,
            names={"api": each.name, "namespace": namespace, "service": service},
            confirmed=(f"{said.reason}: {said.message}",),
        )
