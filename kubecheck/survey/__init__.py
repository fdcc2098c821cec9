"""The survey: every question of the selected checks, put to every vantage, and kept."""

from kubecheck.survey.record import Record, RecordProblem, load_record, save_record
from kubecheck.survey.survey import Survey

__all__ = ["Record", "RecordProblem", "Survey", "load_record", "save_record"]
