"""The administrator's account of the dashboard lacks its rights."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence


@cause(
    title="The dashboard's administrator has no rights",
    confirm=(
        "kubectl auth can-i '*' '*' --as system:serviceaccount:{namespace}:{name}",
        "kubectl get clusterrolebindings -o wide | grep {name}",
    ),
    remedy=(
        "kubectl -n {namespace} create serviceaccount {name}, when it is not there",
        "kubectl create clusterrolebinding {name} --clusterrole=cluster-admin --serviceaccount={namespace}:{name}",
        "kubectl -n {namespace} create token {name}, and log in with it",
    ),
    source="https://github.com/kubernetes/dashboard/blob/master/docs/user/access-control/creating-sample-user.md",
)
def dashboard_admin(evidence: Evidence) -> Iterator[Finding]:
    """The ServiceAccount that policy names for the dashboard is not there, or not bound to cluster-admin.

    A login with its token comes about, and then every page says "forbidden".
    """
    account = evidence.policy.addons.dashboard_admin
    failed = evidence.find("addons.dashboard_login", failed=True)
    namespace, _, name = account.partition("/")
    for dashboard in evidence.facts.dashboards.found or ():
        login = dashboard.login.found
        if login is None:
            continue
        missing = "there is no ServiceAccount" in login.problem
        powerless = login.administrator.found is False
        explained = frozenset(s for s in failed if s.target in ("", dashboard.service.full_name))
        if explained and (missing or powerless):
            yield Finding(
                says=f"ServiceAccount {account}, which must log in to {dashboard.kind}, "
                + ("does not exist" if missing else "is not bound to cluster-admin"),
                blames=(f"ServiceAccount/{account}",),
                explains=explained,
                confidence=Confidence.CERTAIN,
                names={"namespace": namespace, "name": name},
                confirmed=tuple(symptom.message for symptom in explained),
            )
            return
