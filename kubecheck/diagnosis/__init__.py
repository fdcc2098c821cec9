"""Causes: what explains the failures of a run, whom it blames, and what mends it."""

from kubecheck.diagnosis.cause import Cause, Confidence, Kind
from kubecheck.diagnosis.choose import Diagnosis, diagnose
from kubecheck.diagnosis.evidence import Evidence

__all__ = ["Cause", "Confidence", "Diagnosis", "Evidence", "Kind", "diagnose"]
