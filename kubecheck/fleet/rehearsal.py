"""A new node's joining, rehearsed: a certificate is asked for with a bootstrap token, as a kubelet would.

The one object that this makes outside of the run's namespaces is the request, which is deleted
whatever happens. The private key is dropped as soon as the request is signed with it, so the
certificate is of use to nobody.
"""

from __future__ import annotations

import base64
import copy
import threading
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.attempt import MALFORMED, malformed
from kubecheck.cluster.bootstrap import CLIENT_SIGNER, REQUESTS, TOKEN_TYPE, TOKENS, Rehearsal, token
from kubecheck.cluster.reading import Reading
from kubecheck.fleet.manifests import MANAGED_BY, RUN_LABEL
from kubecheck.fleet.removal import ANSWER
from kubecheck.fleet.waiting import follow
from kubecheck.policy import Policy
from kubecheck.probes import Certificate

Json = dict[str, Any]

SILENT = {0, 409, 410, 429, *range(500, 600)}  # nothing is learnt of the token from these
NODE = "kubecheck-rehearsal-"
LONGEST = 64 - len("system:node:" + NODE)  # of a run's id: X.509 has no longer common names (RFC 5280, A.1)
TRIED = 3  # usable tokens that are tried before it counts as refused
# What every kubelet may ask for: before 1.27 the approver insists on all three.
USAGES = ["digital signature", "key encipherment", "client auth"]


class Rehearsing:
    """One run's rehearsal. ``perform`` and ``remove`` may be called from different threads.

    ``may_not`` says which rights are missing for it: whoever may not delete the request must not make it.
    """

    def __init__(self, api: Api, policy: Policy, run: str, may_not: str = "") -> None:
        self.api = api
        self.policy = policy
        self.run = run
        self.may_not = may_not
        self.name = f"kubecheck-{run}-rehearsal"
        self.node = NODE + run[-LONGEST:].lstrip("-")
        self._lock = threading.Lock()
        self._stopped = False
        self._created = False

    def perform(self) -> Reading[Rehearsal]:
        """Join as a new node would. What cannot be told has its reason in the reading."""
        if not self.policy.certificates.rehearse_bootstrap:
            return Reading(
                Rehearsal(omitted="policy turns the rehearsal off (certificates.rehearse_bootstrap)")
            )
        if self.may_not:
            return Reading(problem=f"a node's joining was not rehearsed: {self.may_not}")
        try:
            return self._perform()
        except ApiError as problem:
            return Reading(problem=f"a node's joining could not be rehearsed: {problem}")
        except MALFORMED as problem:
            return Reading(problem=f"the rehearsal met what is not understood: {malformed(problem)}")
        finally:
            self._tidy()

    def remove(self) -> None:
        """Delete the request if there is one, and let none be made any more. Raises ApiError."""
        with self._lock:
            self._stopped = True
            if self._created:
                self.api.delete(f"{REQUESTS}/{self.name}", seconds=ANSWER)
                self._created = False

    def _tidy(self) -> None:
        try:
            self.remove()
        except ApiError:
            # Still marked as created: the run's end tries again, and tells when that fails too.
            return

    def _perform(self) -> Reading[Rehearsal]:
        now = datetime.fromisoformat(self.api.clock())
        secrets = self.api.items(TOKENS, fieldSelector=f"type={TOKEN_TYPE}")
        usable = [secret for secret in secrets if not token(secret).unusable(now)]
        if not usable:
            return Reading(Rehearsal(omitted="there is no usable bootstrap token to rehearse with"))
        tried: list[Rehearsal] = []
        for secret in usable[:TRIED]:
            tried.append(self._join(secret))
            if tried[-1].certificate:
                break
        return Reading(tried[-1] if tried[-1].certificate else tried[0])

    def _join(self, secret: Json) -> Rehearsal:
        """Ask for a certificate with the token in ``secret``, and wait for it."""
        bearer = token(secret)
        begun = Rehearsal(token=bearer.id, node=self.node)
        as_node = _with_token(self.api, secret)
        with self._lock:
            if self._stopped:
                raise ApiError(0, "Stopped", "the run was stopped")
            # Left by the token before, or by a run of the same id that was killed.
            self.api.delete(f"{REQUESTS}/{self.name}", seconds=ANSWER)
            self._created = True  # before it is: a lost answer may have made it
            clock = time.monotonic()
            try:
                as_node.create(REQUESTS, self._request())
            except ApiError as problem:
                if problem.status in SILENT:
                    raise
                return replace(begun, refusal=f"the request was refused: {_told(problem)}")
        try:
            found = self._wait(as_node, self.policy.certificates.approval_seconds)
        except ApiError as problem:
            if problem.status in SILENT:
                raise
            return replace(begun, refusal=f"the request could not be watched: {_told(problem)}")
        took = round(time.monotonic() - clock, 2)
        status = found.get("status") or {}
        conditions = tuple(
            f"{each['type']}: {each.get('message') or each.get('reason', '')}"
            for each in status.get("conditions") or ()
        )
        if not status.get("certificate"):
            return replace(begun, seconds=took, conditions=conditions, refusal=_unissued(conditions, took))
        issued = Certificate.from_pem(base64.b64decode(status["certificate"]).decode())[0]
        return replace(begun, seconds=took, conditions=conditions, certificate=issued)

    def _wait(self, as_node: Api, seconds: float) -> Json:
        """The request once it is signed or turned down, or as it is after ``seconds``.

        It is listed and watched, as a kubelet does. Source: WaitForCertificate in client-go,
        util/certificate/csr/csr.go.
        """
        found: Json = {}
        for events in follow(as_node, REQUESTS, seconds, fieldSelector=f"metadata.name={self.name}"):
            for event in events:
                found = {} if event["type"] == "DELETED" else event["object"]
            if not found:
                raise ApiError(0, "Deleted", "somebody deleted the request while it was waited for")
            if _settled(found):
                break
        return found

    def _request(self) -> Json:
        return {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"name": self.name, "labels": {**MANAGED_BY, RUN_LABEL: self.run}},
            "spec": {
                "request": base64.b64encode(_signing_request(self.node)).decode(),
                "signerName": CLIENT_SIGNER,
                "usages": USAGES,
            },
        }


def _signing_request(node: str) -> bytes:
    """A request in PEM for the identity of ``node``, signed with a key that nobody keeps."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:nodes"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"system:node:{node}"),
        ]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.PEM)


def _with_token(api: Api, secret: Json) -> Api:
    """A connection to the same server with the bootstrap token alone."""
    from kubernetes.client import ApiClient

    data = secret["data"]
    parts = (base64.b64decode(data[key]).decode() for key in ("token-id", "token-secret"))
    configuration = copy.deepcopy(api.client.configuration)
    configuration.cert_file = configuration.key_file = None
    configuration.username = configuration.password = None
    configuration.refresh_api_key_hook = None
    configuration.api_key = {"BearerToken": ".".join(parts)}
    configuration.api_key_prefix = {"BearerToken": "Bearer"}
    configuration.connection_pool_maxsize = 2
    made = Api(ApiClient(configuration), requests=api.requests)
    made.deadline = api.deadline
    return made


def _settled(request: Json) -> bool:
    status = request.get("status") or {}
    turned_down = {"Denied", "Failed"} & {each["type"] for each in status.get("conditions") or ()}
    return bool(status.get("certificate") or turned_down)


def _unissued(conditions: tuple[str, ...], seconds: float) -> str:
    if not conditions:
        return f"nobody approved the request within {seconds:.1f} s"
    if conditions[0].startswith("Approved"):
        return f"the request was approved, and nobody signed it within {seconds:.1f} s"
    return f"the request was turned down ({'; '.join(conditions)})"


def _told(problem: ApiError) -> str:
    if problem.status == 401:
        return (
            "the API server does not accept the token (401): is --enable-bootstrap-token-auth set, and the"
            " token's Secret whole?"
        )
    return str(problem)
