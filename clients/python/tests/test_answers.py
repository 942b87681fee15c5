"""Answers, pauses and batches: what scenarios can't show for lack of clocks."""

import time
import unittest
from email.utils import formatdate
from unittest import mock

from event_grpc import Limits
from event_grpc.answer import ACCEPTED, FAILED, read, seconds
from event_grpc.batch import body, front
from event_grpc.item import Item
from event_grpc.pacing import Division, Pacing


class Answers(unittest.TestCase):
    def test_retry_after_is_seconds_or_a_date_by_the_servers_clock(self) -> None:
        now = formatdate(time.time(), usegmt=True)
        self.assertEqual(seconds("12"), 12)
        self.assertEqual(
            seconds("Wed, 21 Oct 2026 07:28:30 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"), 30
        )
        self.assertEqual(seconds("Wed, 21 Oct 2015 07:28:00 GMT", now), 0)
        self.assertLessEqual(seconds(formatdate(time.time() + 9, usegmt=True)), 9)
        for nonsense in (None, "", "-1", "1.5", "soon", "\u0663", "Wed, 99 Oct 2015 07:28:00 GMT"):
            self.assertIsNone(seconds(nonsense), nonsense)

    def test_rejected_events(self) -> None:
        listed = b"""{"status": "SUCCESS", "rejected": [{"code": "A"}, {"index": "1"}, {"index": true},
            {"index": 1e999}, {"index": 2.0, "retryable": true}, {"index": 3, "retryable": "yes"}, 7, null]}"""
        answer = read(200, {}, listed)
        self.assertEqual(answer.outcome, ACCEPTED)
        self.assertEqual(
            {i: r.retryable for i, r in answer.rejected.items()}, {0: False, 2: True, 3: False}
        )

    def test_hostile_answers_are_none(self) -> None:
        for text in (b"[" * 100_000, b'{"status":' + b"9" * 1_000_000 + b"}", b"\xff", b"NaN"):
            self.assertEqual(read(200, {}, text).outcome, FAILED)


class Pauses(unittest.TestCase):
    def test_they_grow_with_full_jitter_up_to_their_bound(self) -> None:
        pacing = Pacing(Limits())
        with mock.patch("random.random", return_value=0.5):
            pauses = []
            for _ in range(2000):
                pacing.failed(100.0, None)
                pauses.append(pacing.until - 100.0)
        self.assertEqual(pauses[:4], [0.5, 1.0, 2.0, 4.0])
        self.assertEqual(pauses[-1], 300.0)

    def test_retry_after_is_a_floor_of_an_hour_at_most(self) -> None:
        pacing = Pacing(Limits())
        pacing.failed(100.0, 1e9)
        self.assertEqual(pacing.until, 100.0 + 3600.0)
        pacing.cut()
        self.assertEqual(pacing.until, 100.0 + 3600.0)
        pacing.failed(100.0, None)
        pacing.cut()
        self.assertLessEqual(pacing.until, 100.0)

    def test_a_division_holds_until_its_batch_is_settled(self) -> None:
        division = Division()
        division.divide(50, 50)
        self.assertEqual(division.most(1, 50), 25)
        division.divide(25, 25)
        self.assertEqual([division.most(n, 50) for n in (1, 25, 26, 50, 51)], [12, 12, 25, 25, 50])


class Batches(unittest.TestCase):
    def test_events_go_together_up_to_the_bounds(self) -> None:
        a = [Item(str(n), "t", b"{}", b"x" * 10, 0) for n in range(3)]
        other = Item("o", "t", b'{"os":"a"}', b"x", 0)
        self.assertEqual(front(a, 50, 1000), (a, False))
        self.assertEqual(front(a, 3, 1000), (a, True))
        self.assertEqual(front([*a, other], 50, 1000), (a, True))
        exactly = len(body(a))
        self.assertEqual(front(a, 50, exactly), (a, True))
        self.assertEqual(front(a, 50, exactly - 1), (a[:2], True))
        self.assertEqual(front(a, 50, 1), (a[:1], True))


if __name__ == "__main__":
    unittest.main()
