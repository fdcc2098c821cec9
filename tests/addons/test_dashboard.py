"""The dashboard: its HTTPS on every node's address, its page, and the administrator's login."""

from collections.abc import Mapping

from kubecheck.checks import (
    API,
    NODES,
    CannotTell,
    Dashboard,
    Facts,
    NotApplicable,
    Policy,
    Site,
    TlsAnswer,
    TlsHello,
    check,
    for_each,
)

LOOK = (
    "kubectl get services,endpointslices,pods --all-namespaces -l k8s-app=kubernetes-dashboard -o wide",
    "kubectl -n kubernetes-dashboard logs deployment/kubernetes-dashboard --tail=50",
)


def dashboards(facts: Facts, policy: Policy) -> dict[str, Dashboard]:
    """The dashboards by the name of their Service. A cluster without one is judged if it promised one."""
    found = {each.service.full_name: each for each in facts.dashboards.value}
    if not found and not policy.addons.dashboard:
        raise NotApplicable("no dashboard is installed, and policy does not ask for one")
    assert found, (
        "there is no Service of Kubernetes Dashboard or Headlamp (labels k8s-app=kubernetes-dashboard,"
        " app.kubernetes.io/name=kong or headlamp), and policy asks for a dashboard"
    )
    return found


@check(
    title="The dashboard is installed and serves its page",
    at=API,
    runbook=("R5",),
    remedy=LOOK,
)
def test_dashboard_page(facts: Facts, policy: Policy) -> None:
    """The dashboard's Service has a ready endpoint, and its first page comes, through the API server's proxy.

    Source: https://kubernetes.io/docs/tasks/access-application-cluster/web-ui-dashboard/
    """

    def judge(name: str, dashboard: Dashboard) -> None:
        assert dashboard.service.endpoints, (
            f"Service {name} of {dashboard.kind} has no ready endpoint: its pods do not run, or are not ready"
        )
        page = dashboard.page
        if dashboard.page_refused:
            raise CannotTell(page.problem)
        assert page.found is not None, (
            f"asked for the page of {dashboard.kind} at Service {name}: {page.problem}"
        )
        assert "<html" in page.found.lower() or "<!doctype html" in page.found.lower(), (
            f"asked for the page of {dashboard.kind} at Service {name}: {page.found[:120]!r}; expected HTML"
        )

    for_each(dashboards(facts, policy), judge)


def node_ports(here: Site) -> dict[str, TlsHello | CannotTell]:
    """The dashboard's NodePort on every node that this one asks."""
    ports = {each.node_port for each in dashboards(here.facts, here.policy).values() if each.node_port}
    if not ports:
        if not here.policy.addons.dashboard:
            raise NotApplicable("the dashboard has no NodePort, and policy does not ask for one")
        raise AssertionError("the dashboard's Service has no NodePort for HTTPS, and policy asks for one")

    def at(port: int) -> dict[str, TlsHello | CannotTell]:
        # A Service may have one family, the cluster's first.
        return here.node_addresses_to_ask(lambda address, _: TlsHello(address, port), each_family=False)

    return {f"{name}:{port}": question for port in sorted(ports) for name, question in at(port).items()}


@check(
    title="The dashboard answers HTTPS on its NodePort at every node",
    at=NODES,
    asks=node_ports,
    runbook=("R5",),
    remedy=(
        "kubectl -n kubernetes-dashboard edit service kubernetes-dashboard, and set type: NodePort",
        "on the node: systemctl status kube-proxy; iptables-save | grep NODEPORT, or nft list ruleset",
        *LOOK,
    ),
)
def test_dashboard_node_port(answers: Mapping[str, TlsAnswer | CannotTell]) -> None:
    """https://ANY-NODE:PORT answers with TLS, whichever node runs the dashboard's pod.

    Source: https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport
    """
    for_each(answers, lambda _, answer: answer.must_speak_tls())


@check(
    title="The administrator's token logs in to the dashboard",
    at=API,
    runbook=("R6",),
    remedy=(
        "kubectl -n kube-system create serviceaccount admin-user",
        "bind it to ClusterRole cluster-admin: kubectl create clusterrolebinding --help",
        "kubectl -n kube-system create token admin-user",
        *LOOK,
    ),
)
def test_dashboard_login(facts: Facts, policy: Policy) -> None:
    """A token made for the ServiceAccount that policy names logs in, and the account may do everything.

    Headlamp hands the token to the API server, so there it is the API server that must accept it.
    Source: https://github.com/kubernetes/dashboard/blob/master/docs/user/access-control/creating-sample-user.md
    """
    if not policy.addons.dashboard_admin:
        raise NotApplicable("policy names no account that must log in (addons.dashboard_admin)")

    def judge(name: str, dashboard: Dashboard) -> None:
        if dashboard.login.absent:
            raise NotApplicable(dashboard.login.problem)
        login = dashboard.login.value
        assert not login.problem, f"{dashboard.kind} at Service {name}, as {login.account}: {login.problem}"
        assert login.administrator.value, (
            f"ServiceAccount {login.account} logs in to {dashboard.kind}, but the authorizer says that it may"
            " not do everything (verb *, resource *): it is not bound to cluster-admin"
        )

    for_each(dashboards(facts, policy), judge)
