"""A bootstrap token past its end, in a cluster whose tokencleaner does not run, so that it is still there."""

import base64
from datetime import UTC, datetime, timedelta
from random import Random

from lab.errors import LabError
from lab.faults import leaders, objects
from lab.faults.fault import Fault, Victims
from lab.handle import Lab

NAME = "bootstrap-token-expired"
SECRETS = "/api/v1/namespaces/kube-system/secrets"
TOKENS = f"{SECRETS}?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken"
# Kubernetes' default, and the signer: the cleaner would delete the token at once.
CONTROLLERS = "*,bootstrapsigner"


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """One of the tokens."""
    items = objects.read(lab, TOKENS)["items"]
    if not items:
        raise LabError("The lab has no bootstrap token.")
    return {"token": base64.b64decode(random.choice(items)["data"]["token-id"]).decode()}


def _path(victims: Victims) -> str:
    return f"{SECRETS}/bootstrap-token-{victims['token']}"


def inject(lab: Lab, victims: Victims) -> None:
    """Let it have ended a moment ago."""
    objects.keep(lab, NAME, _path(victims))
    leaders.run_controller_managers(lab, {"--controllers": CONTROLLERS})
    ended = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lab.api().patch(_path(victims), {"stringData": {"expiration": ended}})


def heal(lab: Lab, victims: Victims) -> None:
    """Let it have no end again, and only then run the cleaner."""
    objects.restore(lab, NAME, _path(victims))
    leaders.run_controller_managers(lab, {})


FAULT = Fault(
    name=NAME,
    breaks="The bootstrap token has expired, and no tokencleaner removes it.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("bootstrap-token",),
    blames=("Secret/kube-system/bootstrap-token-{token}",),
    red=(
        "certs.bootstrap_token_usable@api",
        "certs.token_may_request@api",
        "certs.token_is_approved@api",
        "certs.new_node_gets_certificate",
        "certs.issued_*",
        "controlplane.tokens_cleaned@api",
    ),
)
