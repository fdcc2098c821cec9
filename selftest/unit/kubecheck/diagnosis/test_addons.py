"""Causes in metrics-server, the dashboard, aggregated APIs and DaemonSets."""

from dataclasses import replace

import pytest

from kubecheck.checks import Policy
from kubecheck.cluster.dashboard import Dashboard, Login
from kubecheck.cluster.extensions import ApiService
from kubecheck.cluster.objects import Condition, Deployment, Pod, Service, ServicePort, Usage
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.workloads import DaemonSet, Workloads
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, passed, unexplained, unknown

METRICS = "v1beta1.metrics.k8s.io"
USAGE = Usage(0.2, 1e9, "2026-01-01T00:00:00Z")


def metrics_known(reason, message="", *, ready=1, name="metrics-server", namespace="kube-system"):
    """Facts of a metrics API that is not available, and of the Deployment behind it."""
    said = Condition("Available", "False", reason, message)
    return {
        "metrics_api": said,
        "api_services": (ApiService(METRICS, f"{namespace}/{name}", said),),
        "workloads": Workloads((Deployment(namespace, name, ready, ready, ready),), ()),
        "pods": (),
    }


NO_METRICS = [
    failed("addons.metrics_api_available", message="APIService v1beta1.metrics.k8s.io: no"),
    failed("addons.aggregated_apis_available", message=f"APIService {METRICS}, served by kube-system/x: no"),
    unknown("addons.node_has_metrics", "api:node1"),
    unknown("addons.pods_have_metrics"),
]


class TestMetrics:
    @pytest.mark.parametrize(("namespace", "name"), [("kube-system", "metrics-server"), ("mon", "metrics")])
    def test_nobody_there(self, facts, namespace, name):
        known = metrics_known("MissingEndpoints", ready=0, name=name, namespace=namespace)
        made = evidence(NO_METRICS, facts, **known)
        assert causes(made) == [("metrics-server-down", (f"Deployment/{namespace}/{name}",))]
        assert not unexplained(made)

    def test_a_wrong_ca(self, facts):
        made = evidence(
            NO_METRICS, facts, **metrics_known("FailedDiscoveryCheck", "tls: x509: unknown authority")
        )
        assert causes(made) == [("metrics-apiservice", (f"APIService/{METRICS}",))]

    def test_a_service_that_misses_its_ready_pods(self, facts):
        made = evidence(NO_METRICS, facts, **metrics_known("MissingEndpoints"))
        assert causes(made) == [("service-without-endpoints", ("Service/kube-system/metrics-server",))]

    @pytest.mark.parametrize("node", ["node1", "node2"])
    def test_one_node_without_a_row(self, facts, node):
        other = "node2" if node == "node1" else "node1"
        made = evidence(
            [
                failed("addons.node_has_metrics", f"api:{node}", f"kubectl top node has no row for {node}"),
                unknown("addons.node_metrics_fresh", f"api:{node}"),
                passed("addons.node_metrics_fresh", f"api:{other}"),
                failed("addons.pods_have_metrics", message="1 of 9 running pods have no row: kube-system/p1"),
            ],
            facts,
            node_usage={other: USAGE},
            pods=(Pod("kube-system", "p1", node, "Running", True, "10.0.0.1", False),),
        )
        assert causes(made) == [("metrics-not-scraped", (f"Node/{node}",))]
        assert not unexplained(made)

    def test_a_way_that_is_blocked_is_certain(self, facts):
        seat = Pod("kube-system", "metrics-server-1", "node1", "Running", True, "10.0.0.1", False)
        made = evidence(
            [
                failed("addons.node_has_metrics", "api:node2"),
                passed("addons.node_metrics_fresh", "api:node1"),
            ],
            facts,
            standing=make_standing(("node1", "node2")),
            answers={("pod:node1", "tcp 192.168.232.1:10250"): (143, "")},
            node_usage={"node1": USAGE},
            pods=(seat,),
        )
        assert causes(made) == [("metrics-not-scraped", ("Node/node2",))]

    def test_implausible_figures_are_no_matter_of_reaching_the_node(self, facts):
        made = evidence(
            [
                failed("addons.node_has_metrics", "api:node2", "node2: 99 cores used of 2"),
                passed("addons.node_metrics_fresh", "api:node1"),
            ],
            facts,
            node_usage={"node1": USAGE, "node2": USAGE},
        )
        assert causes(made) == []

    def test_another_aggregated_api(self, facts):
        dead = ApiService(
            "v1.custom.example", "apps/custom", Condition("Available", "False", "ServiceNotFound")
        )
        made = evidence(
            [failed("addons.aggregated_apis_available", message="APIService v1.custom.example, served by x")],
            facts,
            api_services=(dead,),
        )
        assert causes(made) == [("aggregated-api", ("APIService/v1.custom.example",))]


def dashboard(endpoints=(), login=None, namespace="kubernetes-dashboard", name="kubernetes-dashboard"):
    service = Service(
        namespace,
        name,
        ("10.96.7.7",),
        (ServicePort("https", "TCP", 443, 32443),),
        {"k8s-app": name},
        endpoints,
    )
    return Dashboard(
        "Kubernetes Dashboard", service, Reading("<html>"), login or Reading(problem="none tried")
    )


def nodeport_failure(node, port=32443):
    return failed(
        "addons.dashboard_node_port", f"node:{node}", "2 of 2 fail", [f"node1:{port}", f"node2:{port}"]
    )


class TestDashboard:
    @pytest.mark.parametrize("name", ["kubernetes-dashboard", "headlamp"])
    def test_without_endpoints(self, facts, name):
        made = evidence(
            [
                failed("addons.dashboard_page", message="no ready endpoint", targets=[f"web/{name}"]),
                failed("addons.dashboard_login", message="answered 503", targets=[f"web/{name}"]),
                nodeport_failure("node1"),
                nodeport_failure("node2"),
            ],
            facts,
            dashboards=(dashboard(namespace="web", name=name),),
        )
        assert causes(made) == [("service-without-endpoints", (f"Service/web/{name}",))]
        assert not unexplained(made)

    def test_of_two_the_other_is_not_explained_by_it(self, facts):
        made = evidence(
            [
                failed(
                    "addons.dashboard_page", targets=["a/one", "b/two"], message="2 of 2 fail: a/one, b/two"
                )
            ],
            facts,
            dashboards=(
                dashboard(namespace="a", name="one"),
                dashboard(("1.1.1.1",), namespace="b", name="two"),
            ),
        )
        assert causes(made) == [("service-without-endpoints", ("Service/a/one",))]
        assert unexplained(made) == {"addons.dashboard_page@api"}

    @pytest.mark.parametrize(
        "login",
        [
            Login("kube-system/admin-user", "", Reading(False)),
            Login(
                "kube-system/admin-user", "there is no ServiceAccount kube-system/admin-user", Reading(False)
            ),
        ],
    )
    def test_an_account_without_rights(self, facts, login):
        made = evidence(
            [failed("addons.dashboard_login", targets=["kubernetes-dashboard/kubernetes-dashboard"])],
            facts,
            policy=Policy.model_validate({"addons": {"dashboard_admin": "kube-system/admin-user"}}),
            dashboards=(dashboard(("10.244.1.9",), Reading(login)),),
        )
        assert causes(made) == [("dashboard-admin", ("ServiceAccount/kube-system/admin-user",))]

    def test_a_refused_login_of_an_administrator_is_another_matter(self, facts):
        login = Reading(Login("kube-system/admin-user", "the login refused the token", Reading(True)))
        made = evidence(
            [failed("addons.dashboard_login", targets=["kubernetes-dashboard/kubernetes-dashboard"])],
            facts,
            dashboards=(dashboard(("10.244.1.9",), login),),
        )
        assert causes(made) == []


CNI_NODES = ("node1", "node2", "node3")


def agent(node, name="cni-x", ready=True):
    return Pod("kube-system", f"{name}-{node}", node, "Running", ready, "", True, {"app": name})


class TestDaemonSets:
    @pytest.mark.parametrize("node", ["node1", "node2"])
    @pytest.mark.parametrize("name", ["calico-node", "kube-proxy"])
    def test_a_pod_that_is_missing(self, facts, node, name):
        other = "node2" if node == "node1" else "node1"
        daemon_set = DaemonSet("kube-system", name, {"app": name}, 2, 1, 1)
        results = {
            "calico-node": failed(
                "addons.cni_pod_ready", f"api:{node}", f"DaemonSet kube-system/{name} has no"
            ),
            "kube-proxy": failed("addons.kube_proxy_healthy", f"node:{node}", "no kube-proxy runs"),
        }
        stuck = failed("controlplane.no_rollout_is_stuck", targets=[f"DaemonSet kube-system/{name}"])
        made = evidence(
            [results[name], stuck], facts, workloads=Workloads((), (daemon_set,)), pods=(agent(other, name),)
        )
        assert causes(made) == [("daemonset-pod-missing", (f"DaemonSet/kube-system/{name}", f"Node/{node}"))]
        assert not unexplained(made)

    @pytest.mark.parametrize("node", CNI_NODES)
    def test_an_agent_that_crashes_takes_the_pods_network_with_it(self, node):
        facts = make_facts(CNI_NODES)
        name = "kube-flannel-ds"
        daemon_set = DaemonSet("kube-system", name, {"app": name}, 3, 3, 2)
        addresses = {each: f"10.244.{number}.5" for number, each in enumerate(CNI_NODES)}

        def asked(source):
            for to in CNI_NODES:
                bad = source != to and node in (source, to)
                yield Target(to, Outcome.FAILED if bad else Outcome.PASSED, "", addresses[to], "no answer")

        crash = failed("controlplane.no_system_pod_crashes", targets=[f"kube-system/{name}-{node}"])
        made = evidence(
            [
                failed(
                    "addons.cni_pod_ready", f"api:{node}", f"DaemonSet kube-system/{name} has no ready pod"
                ),
                crash,
                *(
                    failed("network.pod_to_pod", f"pod:{each}", "some fail", asked(each))
                    for each in CNI_NODES
                ),
                failed("dns.pod_resolves_kubernetes", f"pod:{node}", "no reply"),
                failed("network.kubernetes_service_reachable", f"pod:{node}", "no answer"),
            ],
            facts,
            standing=make_standing(CNI_NODES),
            workloads=Workloads((), (daemon_set,)),
            pods=tuple(agent(each, name, ready=each != node) for each in CNI_NODES),
        )
        assert causes(made) == [("daemonset-pod-missing", (f"DaemonSet/kube-system/{name}", f"Node/{node}"))]
        assert not unexplained(made)

    def test_an_agent_without_which_no_pod_starts(self, facts):
        daemon_set = DaemonSet("kube-system", "calico-node", {"app": "calico-node"}, 2, 2, 1)
        said = 'FailedCreatePodSandBox: plugin type="calico" failed (add): stat /var/lib/calico/nodename'
        ready = failed("addons.cni_pod_ready", "api:node2", "DaemonSet kube-system/calico-node has no")
        gone = failed("nodes.node_without_pressure", "api:node2", "NetworkUnavailable=True CalicoIsDown")
        made = evidence(
            [ready, gone, failed("network.probe_pod_runs", "pod:node2", said)],
            facts,
            workloads=Workloads((), (daemon_set,)),
            pods=(agent("node1", "calico-node"), agent("node2", "calico-node", ready=False)),
        )
        assert [name for name, _ in causes(made)] == ["daemonset-pod-missing"]
        assert not unexplained(made)

    def test_a_node_that_is_down_is_not_its_fault(self, facts):
        down = replace(facts.nodes[1], conditions=(Condition("Ready", "Unknown"),))
        daemon_set = DaemonSet("kube-system", "calico-node", {"app": "calico-node"}, 2, 2, 1)
        made = evidence(
            [
                failed("nodes.node_ready", "api:node2", "node node2 is Ready=Unknown"),
                failed(
                    "addons.cni_pod_ready", "api:node2", "DaemonSet kube-system/calico-node has no ready pod"
                ),
            ],
            facts,
            nodes=(facts.nodes[0], down),
            workloads=Workloads((), (daemon_set,)),
            pods=(agent("node1", "calico-node"), agent("node2", "calico-node", ready=False)),
        )
        assert causes(made) == [("kubelet-down", ("Node/node2",))]
        assert not unexplained(made)


def test_what_is_not_known_raises_nothing(facts):
    results = [
        *NO_METRICS,
        failed("addons.dashboard_page", targets=["a/b"]),
        failed("addons.dashboard_login", targets=["a/b"]),
        nodeport_failure("node1"),
        failed("addons.cni_pod_ready", "api:node1"),
        failed("controlplane.webhooks_have_endpoints"),
        failed("x.y", targets=[Target("z", Outcome.FAILED, "tcp", "10.0.0.1", "no")]),
    ]
    assert unexplained(evidence(results, facts))
