"""The dashboard: where it is, whether its page comes, and whether a token logs in.

The page and the login go through the API server's proxy to the Service, so that neither the
runner nor a probe pod needs a way to it. A token is made for the one login, and kept nowhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from kubecheck.cluster import parse
from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.attempt import attempt
from kubecheck.cluster.objects import Service, ServicePort
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.reviews import account_may
from kubecheck.cluster.services import slices_of
from kubecheck.input import parse_json
from kubecheck.outcomes import NO_PROBES

# Labels that tell the Service which browsers are sent to, the newest way of installing it first.
KINDS = {
    "Headlamp": "app.kubernetes.io/name=headlamp",
    "Kubernetes Dashboard": "k8s-app=kubernetes-dashboard",
    "Kubernetes Dashboard behind Kong": "app.kubernetes.io/name=kong",
}
KONG = "kubernetes-dashboard-kong-proxy"
PAGE_KEPT = 300  # characters
PROXY = "services/proxy"
TOKEN_SECONDS = 600  # the shortest that an API server grants


@dataclass(frozen=True)
class Login:
    """What became of one login with a token of ``account``. ``problem`` is empty when it succeeded.

    ``administrator`` is the authorizer's word on whether the account may do everything.
    """

    account: str
    problem: str
    administrator: Reading[bool]


@dataclass(frozen=True)
class Dashboard:
    """A dashboard. ``page`` is how its first page begins, read through the API server's proxy.

    ``login`` is absent where the run was to create nothing, tokens among it.
    """

    kind: str
    service: Service
    page: Reading[str]
    login: Reading[Login]

    @property
    def page_refused(self) -> bool:
        """Whether it was the API server that did not let these credentials read the page."""
        return f'resource "{PROXY}"' in self.page.problem

    @property
    def node_port(self) -> int:
        """The NodePort that leads to its HTTPS; 0 when there is none."""
        return next((port.node_port for port in self.service.ports if _is_tls(port)), 0)


def read_dashboards(api: Api, account: str, *, log_in: bool = True) -> tuple[Dashboard, ...]:
    """All dashboards that are installed; each with a login as ``account``, if there is to be one.

    Raises ApiError.
    """
    found = []
    for kind, label in KINDS.items():
        for item in api.items("/api/v1/services", labelSelector=label):
            name = item["metadata"]["name"]
            if label.endswith("=kong") and name != KONG:
                continue
            service = parse.service(item, slices_of(api, item["metadata"]["namespace"], name))
            login = (
                _login(api, kind, _proxy(service), account)
                if log_in
                else Reading[Login](problem=NO_PROBES, absent=True)
            )
            found.append(Dashboard(kind, service, _page(api, service), login))
    return tuple(found)


def _page(api: Api, service: Service) -> Reading[str]:
    return attempt("the dashboard's page", lambda: api.through_proxy("GET", _proxy(service))[:PAGE_KEPT])


def _proxy(service: Service) -> str:
    port = next((port for port in service.ports if _is_tls(port)), service.ports[0])
    place = f"{'https' if _is_tls(port) else 'http'}:{service.name}:{port.name or port.port}"
    return f"/api/v1/namespaces/{service.namespace}/services/{place}/proxy/"


def _is_tls(port: ServicePort) -> bool:
    return port.port == 443 or port.name == "https"


def _login(api: Api, kind: str, proxy: str, account: str) -> Reading[Login]:
    if not account:
        return Reading(problem="policy names no account to log in with (addons.dashboard_admin)")
    return attempt(f"a login as ServiceAccount {account}", lambda: _log_in(api, kind, proxy, account))


def _log_in(api: Api, kind: str, proxy: str, account: str) -> Login:
    namespace, _, name = account.partition("/")
    administrator = attempt(
        f"the rights of {account}",
        lambda: account_may(api, namespace, name, verb="*", group="*", resource="*"),
    )
    try:
        token = api.create(
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": {"expirationSeconds": TOKEN_SECONDS},
            },
        )["status"]["token"]
    except ApiError as problem:
        if problem.status != 404:
            raise
        return Login(account, f"there is no ServiceAccount {account}", administrator)
    if kind == "Headlamp":
        # Headlamp hands the token to the API server, and the proxy would take it for itself.
        return Login(account, _refused_by_api_server(api, token), administrator)
    return Login(account, _refused_by_dashboard(api, proxy, token), administrator)


def _refused_by_dashboard(api: Api, proxy: str, token: str) -> str:
    """Why a login with ``token`` failed, empty when it did not."""
    try:
        said = parse_json(api.through_proxy("GET", f"{proxy}api/v1/csrftoken/login"))
        headers = {"X-CSRF-TOKEN": str(said["token"])}
        answer = parse_json(api.through_proxy("POST", f"{proxy}api/v1/login", {"token": token}, headers))
    except ApiError as problem:
        if f'resource "{PROXY}"' in str(problem):
            raise  # the API server's own refusal: the dashboard was not asked
        return f"the login answered {problem.status or 'nothing'}: {problem}".replace(token, "TOKEN")
    # A refusal may be inside an answer that is itself a success.
    if answer.get("jweToken") or answer.get("token"):
        return ""
    errors = answer.get("errors") or [answer]
    return f"the login refused the token: {json.dumps(errors)[:300]}".replace(token, "TOKEN")


def _refused_by_api_server(api: Api, token: str) -> str:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    status = api.create("/apis/authentication.k8s.io/v1/tokenreviews", review)["status"]
    return (
        "" if status.get("authenticated") else f"the API server refused the token: {status.get('error', '')}"
    )
