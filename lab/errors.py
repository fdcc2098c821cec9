"""The one kind of error that the lab tells its user."""


class LabError(Exception):
    """Something the user can mend: the message is one sentence that says what is wrong and what to do."""
