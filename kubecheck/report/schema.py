"""What verdict.json holds, and what each field means; schema_files.py makes the JSON Schema out of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


def _whole(text: Any) -> Any:
    """JSON of the cluster may carry half of a surrogate pair, which no file can."""
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_whole)]
Counted = Literal["passed", "failed", "unknown", "not-applicable"]


class Part(BaseModel):
    """Base of all that the document is made of: no field more than is named, each with its meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class CheckResult(Part):
    """One check judged at one vantage."""

    id: Text
    """The check's id, AREA.NAME; `catalogue` says what it demands."""
    vantage: Text
    """Where it was judged from: pod:NODE, node:NODE, kubectl:NODE, api:NODE, api, fleet or rehearsal."""
    outcome: Counted
    """passed, failed (the cluster is wrong), unknown (it could not be told) or not-applicable."""
    message: Text
    """The evidence, or the reason; empty where it passed. May have several lines."""
    seconds: float
    """How long its longest question took, or the judging where it asks none."""
    targets: dict[Counted, list[Text]]
    """The targets that it judges, by outcome: mostly names of nodes. Empty where it judges one thing."""


class About(Part):
    """What a check demands."""

    title: Text
    """The state in which it passes."""
    runbook: list[Text]
    """The runbook's lines that it stands for, R1 to R28."""
    remedy: list[Text]
    """The next steps where it fails: commands, with placeholders in capitals."""


class Explained(Part):
    """A result, or some of its targets."""

    check: Text
    """The check's id."""
    vantage: Text
    """The vantage, as in `checks`."""
    targets: list[Text]
    """Which of its targets are meant; empty where the result has none."""


class CauseFound(Part):
    """What explains failures."""

    id: Text
    """The kind of cause."""
    title: Text
    """What its kind is called."""
    says: Text
    """What is wrong in this cluster, in one sentence."""
    blames: list[Text]
    """The objects to blame: Kind/NAME or Kind/NAMESPACE/NAME."""
    confidence: Literal["certain", "likely", "possible"]
    """certain: the cluster says so itself; likely: no other known cause fits; possible: others fit too."""
    confirmed: list[Text]
    """What confirms it."""
    remedy: list[Text]
    """What mends it: commands with this cluster's names."""
    source: Text
    """The document that says so."""
    explains: list[Explained]
    """The results that it explains."""


class Changed(Part):
    """A check whose outcome changed alike at some vantages."""

    check: Text
    """The check's id."""
    vantages: list[Text]
    """Where it changed."""
    before: Counted | None
    """What it was; null: there was no result, or the check did not apply."""
    now: Counted | None
    """What it is; null: there is no result, or the check does not apply."""
    targets: list[Text] = []
    """Targets that fail now and did not, of a result that failed before too."""
    history: list[Counted] = []
    """Of what is flaky: what it was in each run."""


class CauseNamed(Part):
    """A cause that came or went."""

    id: Text
    """The kind of cause."""
    says: Text
    """What was wrong, in one sentence."""


class Since(Part):
    """What became different since an earlier run."""

    run: Text
    """That run's id."""
    started: AwareDatetime
    """When that run began."""
    verdict: Text
    """That run's verdict."""
    worse: bool
    """Whether something broke, cannot be told any more, or is new and fails."""
    broke: list[Changed]
    """What fails now and did not."""
    untold: list[Changed]
    """What could be told then, and cannot be now."""
    healed: list[Changed]
    """What passes now and did not."""
    new: list[Changed]
    """What had no result then, or did not apply."""
    gone: list[Changed]
    """What has no result now, or does not apply any more."""
    flaky: list[Changed]
    """What went back and forth: always empty here, where two runs are compared; see `kubecheck diff`."""
    causes_new: list[CauseNamed]
    """Causes that are new."""
    causes_gone: list[CauseNamed]
    """Causes that are gone: something that they explained passes now."""


class MissingRight(Part):
    """A right that the run needs and its credentials lack."""

    part: Text
    """Which ClusterRole of `kubecheck rights` grants it: kubecheck-PART."""
    verb: Text
    """What was to be done: get, list, create and so on."""
    what: Text
    """To what: a resource as kubectl names it (deployments.apps, pods/exec), or a URL."""
    namespace: Text
    """Where; empty for all namespaces, and for what has none."""
    name: Text
    """The object's name; empty for all."""
    why: Text
    """What needs it."""
    checks: list[Text]
    """The checks of this run that could not be told without it."""


class NodeFound(Part):
    """A node, as the API server described it when the run began."""

    name: Text
    """Its name."""
    kubelet: Text
    """Its kubelet's version."""
    ready: bool
    """Whether its Ready condition was True."""


class Requests(Part):
    """What the run asked of the API until the reports were written, by all of its processes."""

    total: int
    """All requests."""
    by_verb: dict[Text, int]
    """By HTTP method; apart from those WATCH, and CONNECT for exec and port-forward."""
    repeated: int
    """How many were sent again, because a busy API server asked for it (429, or 503 with Retry-After)."""


class Cluster(Part):
    """The cluster that was judged."""

    server: Text
    """The API server's address, as the kubeconfig names it."""
    version: Text
    """The API server's version."""
    nodes: list[NodeFound]
    """All nodes."""


class Base(Part):
    """What every document has."""

    schema_: Literal[1] = Field(1, alias="schema")
    """The schema's version: a new field leaves it as it is, one that goes or changes its meaning does not."""
    kubecheck: Text
    """The version of kubecheck that wrote this."""


class Judged(Base):
    """A run that began, whether or not it came to its end."""

    verdict: Literal["READY", "NOT READY", "UNDECIDED"]
    """READY: all that was checked holds. NOT READY: something failed. UNDECIDED: nothing failed, and
    something could not be told or the run stopped before its end."""
    exit_code: int
    """The process's exit code: 0, 1 or 10 as the verdict has it, or one of pytest's own (2: interrupted)."""
    interrupted: bool
    """Whether the run was stopped before its end: checks are then missing."""
    run: Text
    """The run's id, which the names of its namespaces end with."""
    started: AwareDatetime
    """When the run began, RFC 3339."""
    ended: AwareDatetime
    """When the last check was judged."""
    recorded: AwareDatetime | None
    """For a record that was judged again (--replay): when the run that it is of began. null: a live run."""
    counts: dict[Counted, int]
    """Results by outcome; every outcome is named."""
    fleet_problem: Text
    """Why the probe pods could not be put there; empty where they stood, or where none were needed."""
    read_only: bool = False
    """Whether the run created nothing in the cluster (--no-probes): what needs more than the API was not
    looked at, whatever the verdict says."""
    shard: Text = "1/1"
    """Which share of the nodes was judged: "2/4" is the second of four. "1/1": all of them."""
    missing_rights: list[MissingRight] | None = None
    """The rights that the run needs and its credentials lack. null: that could not be asked."""
    causes: list[CauseFound]
    """What explains the failures, the cause that explains most first. Empty where nothing failed."""
    diagnosed: bool = True
    """Whether causes were looked for. false: the run was stopped, and all its failures are unexplained."""
    unexplained: list[Explained]
    """Failures that no known cause explains."""
    since: Since | None
    """What became different since the run that --compare-with names, or the one before in the same folder
    if it is of the same cluster. null: there is none."""
    cluster: Cluster
    """The cluster."""
    policy: dict[str, Any]
    """What the cluster promises: every key of the policy with its value, as `kubecheck policy` explains them.
    `profile` is the profile that it starts from."""
    timings: dict[str, float]
    """Seconds by phase."""
    requests: Requests | None = None
    """What the run asked of the API. null: a record was judged again, which asks nothing."""
    catalogue: dict[str, About]
    """What each check that was judged demands, by its id."""
    checks: list[CheckResult]
    """All results."""


class NotJudged(Base):
    """A run that could not begin: the cluster could not be reached, or the policy could not be read."""

    verdict: Literal["NO VERDICT"]
    """Always NO VERDICT."""
    exit_code: Literal[11]
    """Always 11."""
    reason: Text
    """Why there is no verdict, in a sentence."""
    ended: AwareDatetime
    """When that was found, RFC 3339."""
    checks: list[CheckResult] = Field(max_length=0)
    """Always empty."""


Document = Annotated[Judged | NotJudged, Field(discriminator="verdict")]
