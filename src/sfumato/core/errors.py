"""Every error that Sfumato raises on purpose, in one tree, so that each door can say whose turn it is.

`RequestError`: the person who asked can mend it (exit 2, HTTP 4xx). `JobFailed`: we could not do what was rightly asked
(exit 1, HTTP 5xx). A message is one line, names the wrong value, and says what to do next.
"""


class SfumatoError(Exception):
    """What all of these have in common; the text is for a person."""


class RequestError(SfumatoError):
    """Something asked for is not possible as asked."""


class UnknownName(RequestError):
    """No such model, sampler, style or other part."""


class NotFound(UnknownName):
    """No such job or picture, or not this owner's."""


class OutputExists(RequestError):
    """A file stands where the picture should go, and was not to be overwritten."""


class UnreadableFile(RequestError):
    """A file given to us is not what it should be: not a picture, damaged, or beyond a limit."""


class NoPicture(UnreadableFile):
    """A file's content is not of a kind that is read."""


class MissingWeights(RequestError):
    """Weights that a step needs have not been pulled."""


class MissingPackage(RequestError):
    """A part of Python that a step needs is not installed."""


class Conflict(RequestError):
    """It does not go together with what is there: a state, or what the same key was used for."""


class KeyReused(Conflict):
    """The same idempotency key came with another order."""


class TooMany(RequestError):
    """More than is allowed at a time. wait: whole seconds until it may be tried again."""

    def __init__(self, text: str, wait: int):
        super().__init__(text)
        self.wait = wait


class Forbidden(RequestError):
    """Not for this caller, or not from there."""


class JobFailed(SfumatoError):
    """The work could not be finished."""


class DamagedWeights(JobFailed):
    """A weight file is missing, or is not the one its card states."""


class CannotWrite(JobFailed):
    """A picture could not be put where it should go: no room, no right, no such folder."""


class Cancelled(SfumatoError):
    """The person stopped it."""
