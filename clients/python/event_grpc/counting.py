"""Counters while they count."""

from event_grpc.results import GIVEN_UP, REFUSED, Counters


class Counts:
    """What `Counters` is a copy of."""

    def __init__(self) -> None:
        self.taken = 0
        self.refused = dict.fromkeys(REFUSED, 0)
        self.accepted = 0
        self.given_up = dict.fromkeys(GIVEN_UP, 0)
        self.requests = 0
        self.retries = 0
        self.damaged = 0
        self.last_failure = ""

    def copy(self, queued: int) -> Counters:
        """The numbers of now."""
        return Counters(
            taken=self.taken,
            refused=dict(self.refused),
            accepted=self.accepted,
            given_up=dict(self.given_up),
            queued=queued,
            requests=self.requests,
            retries=self.retries,
            damaged=self.damaged,
            last_failure=self.last_failure,
        )
