"""Which fields of a kubelet's configuration a failure is about."""

from __future__ import annotations

import re

from kubecheck.diagnosis.evidence import Evidence, Symptom

CONFIGURED = ("nodes.kubelet_drift", "nodes.kubelet_configuration")

# As cluster/kubelets.py tells them: ``maxPods is 50, ...``, several with semicolons between them.
_FIELD = re.compile(r"(?:^|: |; )([a-z]\w+(?:\.\w+)*) (?:is|are) ")


def fields(symptom: Symptom) -> frozenset[str]:
    """The fields of a KubeletConfiguration that the symptom's message names."""
    return frozenset(_FIELD.findall(symptom.message))


def wrong_in(evidence: Evidence, node: str, *named: str) -> frozenset[Symptom]:
    """What is wrong with the configuration of ``node``'s kubelet in these fields and in no other."""
    return frozenset(
        symptom
        for symptom in evidence.find(*CONFIGURED, node=node)
        if (wrong := fields(symptom)) and wrong <= set(named)
    )
