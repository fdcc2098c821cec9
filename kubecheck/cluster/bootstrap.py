"""How a node joins and renews its certificate: bootstrap tokens, who may ask, and what was asked lately.

Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubecheck.cluster.api import Api
from kubecheck.cluster.attempt import attempt
from kubecheck.cluster.reading import Reading
from kubecheck.cluster.reviews import may
from kubecheck.probes import Certificate
from kubecheck.probes.x509 import as_value_errors

Json = dict[str, Any]

CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet"
SERVING_SIGNER = "kubernetes.io/kubelet-serving"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
TOKENS = "/api/v1/namespaces/kube-system/secrets"
TOKEN_TYPE = "bootstrap.kubernetes.io/token"  # noqa: S105
ANSWERED_WITHIN = 60.0  # seconds; who approves requests does so within one
REVIEWED = 5  # tokens whose rights are asked for; a cluster has one or two


@dataclass(frozen=True)
class BootstrapToken:
    """A bootstrap token, without its secret half.

    ``authenticates`` is its usage-bootstrap-authentication, ``signs`` its usage-bootstrap-signing, ``ends``
    its expiration in RFC 3339, empty for never. ``groups`` are those that it names besides
    system:bootstrappers. ``damage`` says why API servers take no notice of it; empty when it is whole.
    """

    id: str
    authenticates: bool
    ends: str
    groups: tuple[str, ...]
    damage: str = ""
    signs: bool = False

    @property
    def user(self) -> str:
        """Who it makes its bearer."""
        return f"system:bootstrap:{self.id}"

    @property
    def all_groups(self) -> tuple[str, ...]:
        """The groups that it puts its bearer in."""
        return ("system:bootstrappers", *self.groups, "system:authenticated")

    def unusable(self, now: datetime) -> str:
        """Why no node can join with it at ``now``; empty when one can."""
        if self.damage:
            return self.damage
        if not self.authenticates:
            return "usage-bootstrap-authentication is not true"
        if self.ends and _time(self.ends) <= now:
            return f"it expired at {self.ends}"
        return ""


@dataclass(frozen=True)
class SigningRequest:
    """A CertificateSigningRequest of a kubelet.

    ``state`` is Pending, Approved, Denied or Failed; Approved without ``ends`` is not signed yet.
    ``common_name`` and ``organizations`` are those of the certificate, or of the request.
    """

    name: str
    signer: str
    user: str
    created: str
    state: str
    reason: str
    common_name: str
    organizations: tuple[str, ...]
    ends: str = ""


def unanswered(
    requests: Iterable[SigningRequest], signer: str, now: datetime
) -> list[tuple[SigningRequest, float]]:
    """The requests to ``signer`` that wait for a certificate, each with the seconds since it was made.

    One that was denied has its answer, and so has one whose kubelet was served later.
    """
    mine = [each for each in requests if each.signer == signer]
    served: dict[str, str] = {}
    for each in mine:
        if each.ends:
            served[each.common_name] = max(each.created, served.get(each.common_name, ""))
    return [
        (each, (now - _time(each.created)).total_seconds())
        for each in mine
        if not each.ends and each.state != "Denied" and served.get(each.common_name, "") <= each.created
    ]


@dataclass(frozen=True)
class Bootstrap:
    """What joining and renewing rest upon, each with the reason when it could not be read.

    ``may_request`` and ``approves`` say by token id whether its bearer may create requests, and
    whether they would be approved by the controller-manager. ``renews`` says the latter of a
    node's own renewal.
    """

    tokens: Reading[tuple[BootstrapToken, ...]]
    may_request: Reading[dict[str, bool]]
    approves: Reading[dict[str, bool]]
    renews: Reading[bool]
    requests: Reading[tuple[SigningRequest, ...]]


@dataclass(frozen=True)
class Rehearsal:
    """A new node's joining, as this run rehearsed it.

    ``omitted`` says why there was none, which is no fault of the cluster. ``refusal`` says where it
    ended, ``conditions`` what was said of the request. ``certificate`` is what was issued to
    ``node``, for a key that nobody has, ``seconds`` after it was asked for.
    """

    omitted: str = ""
    token: str = ""
    node: str = ""
    seconds: float = 0.0
    conditions: tuple[str, ...] = ()
    refusal: str = ""
    certificate: Certificate | None = None


def read_bootstrap(api: Api, node: str, tokens: Reading[tuple[BootstrapToken, ...]]) -> Bootstrap:
    """All of it. ``node`` is the name of some node: renewal is asked of the authorizer for it."""
    usable = [each for each in tokens.found or () if each.authenticates and not each.damage][:REVIEWED]
    with ThreadPoolExecutor(4, thread_name_prefix="bootstrap") as pool:

        def review(what: str, subresource: str) -> Reading[dict[str, bool]]:
            if tokens.found is None:
                return Reading(problem=tokens.problem)
            return attempt(
                what, lambda: {t.id: _allowed(api, t.user, t.all_groups, subresource) for t in usable}
            )

        def ask(read: Callable[..., Reading[Any]], *arguments: Any) -> Any:
            return pool.submit(read, *arguments)

        may = ask(review, "the rights of bootstrap tokens", "")
        approves = ask(review, "the approval of bootstrap tokens' requests", "nodeclient")
        renews = ask(
            attempt,
            "the approval of renewals",
            lambda: _allowed(
                api, f"system:node:{node}", ("system:nodes", "system:authenticated"), "selfnodeclient"
            ),
        )
        requests = ask(attempt, "CertificateSigningRequests", lambda: _requests(api))
        return Bootstrap(tokens, may.result(), approves.result(), renews.result(), requests.result())


def read_tokens(api: Api) -> tuple[BootstrapToken, ...]:
    """All bootstrap tokens, without their secrets. Raises ApiError."""
    return tuple(token(item) for item in api.items(TOKENS, fieldSelector=f"type={TOKEN_TYPE}"))


def token(secret: Json) -> BootstrapToken:
    """The token in a Secret of type bootstrap.kubernetes.io/token.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
    """
    data = {key: _decoded(value) for key, value in (secret.get("data") or {}).items()}
    name, identity = secret["metadata"]["name"], data.get("token-id", "")
    groups = tuple(filter(None, map(str.strip, data.get("auth-extra-groups", "").split(","))))
    damage = ""
    if not re.fullmatch(r"[a-z0-9]{6}", identity) or name != f"bootstrap-token-{identity}":
        damage = f"Secret {name} holds the token-id {identity!r}, which must be the end of its name"
    elif not re.fullmatch(r"[a-z0-9]{16}", data.get("token-secret", "")):
        damage = f"Secret {name} has no token-secret of 16 small letters and digits"
    elif wrong := [group for group in groups if not group.startswith("system:bootstrappers:")]:
        damage = f"auth-extra-groups names {', '.join(wrong)}; all must begin with system:bootstrappers:"
    elif data.get("expiration") and not _is_time(data["expiration"]):
        damage = f"its expiration {data['expiration']!r} is no time in RFC 3339"
    return BootstrapToken(
        id=identity or name.removeprefix("bootstrap-token-"),
        authenticates=data.get("usage-bootstrap-authentication") == "true",
        ends=data.get("expiration", ""),
        groups=groups,
        damage=damage,
        signs=data.get("usage-bootstrap-signing") == "true",
    )


def signing_request(item: Json) -> SigningRequest:
    """A CertificateSigningRequest, and what was asked for or issued in it."""
    spec, status = item["spec"], item.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    state = next((kind for kind in ("Failed", "Denied", "Approved") if kind in conditions), "Pending")
    said = conditions.get(state, {})
    ends = ""
    if status.get("certificate"):
        issued = Certificate.from_pem(base64.b64decode(status["certificate"]).decode())[0]
        common_name, organizations, ends = issued.common_name, issued.organizations, issued.ends.isoformat()
    else:
        common_name, organizations = _requested(base64.b64decode(spec["request"]))
    return SigningRequest(
        name=item["metadata"]["name"],
        signer=spec.get("signerName", ""),
        user=spec.get("username", ""),
        created=item["metadata"]["creationTimestamp"],
        state=state,
        reason=f"{said.get('reason', '')} {said.get('message', '')}".strip(),
        common_name=common_name,
        organizations=organizations,
        ends=ends,
    )


def _requests(api: Api) -> tuple[SigningRequest, ...]:
    """The requests of kubelets; those of a run of ours are none."""
    items = api.items(REQUESTS, labelSelector="app.kubernetes.io/managed-by!=kubecheck")
    wanted = (CLIENT_SIGNER, SERVING_SIGNER)
    return tuple(signing_request(item) for item in items if item["spec"].get("signerName") in wanted)


def _allowed(api: Api, user: str, groups: tuple[str, ...], subresource: str) -> bool:
    return may(
        api, user, groups, verb="create", group="certificates.k8s.io", version="*",
        resource="certificatesigningrequests", subresource=subresource,
    )  # fmt: skip


def _requested(pem: bytes) -> tuple[str, tuple[str, ...]]:
    """Common name and organizations that a request in PEM asks for."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    with as_value_errors():
        subject = x509.load_pem_x509_csr(pem).subject
    common = [str(each.value) for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    organizations = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return "".join(common[:1]), tuple(str(each.value) for each in organizations)


def _decoded(value: str) -> str:
    return base64.b64decode(value or "").decode("utf-8", "replace")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_time(text: str) -> bool:
    try:
        return _time(text).tzinfo is not None
    except ValueError:
        return False
