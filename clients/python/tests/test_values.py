"""What values become on the wire, and which are refused."""

import math
import unittest
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, Mapping, Optional, Sequence

from event_grpc import kinds
from event_grpc.events import AddToCartEvent, Header
from event_grpc.item import make, uuid7
from event_grpc.kinds import EnumOf, Invalid, ListOf, MapOf
from event_grpc.message import Message, MessageOf, field


class Colour(IntEnum):
    COLOUR_NONE = 0
    COLOUR_RED = 1


class Item(Message):
    size: Optional[int] = field("size", kinds.INT32)
    parent: "Optional[Item]" = field("parent", MessageOf(lambda: Item), optional=True)


class Everything(Message):
    big: Optional[int] = field("big", kinds.UINT64)
    price: Optional[float] = field("price", kinds.FLOAT32)
    data: Optional[bytes] = field("data", kinds.BINARY)
    colour: Optional[Colour] = field("colour", EnumOf(Colour))
    items: Optional[Sequence[Item]] = field("items", ListOf(MessageOf(lambda: Item)))
    by_id: Optional[Mapping[int, str]] = field("byId", MapOf(kinds.INT64, kinds.STRING))
    at: Optional[datetime] = field("at", kinds.TIMESTAMP, optional=True)
    took: Optional[timedelta] = field("took", kinds.DURATION, optional=True)
    free: Optional[Mapping[str, Any]] = field("free", kinds.STRUCT, optional=True)
    maybe: Optional[int] = field("maybe", kinds.INT64, optional=True)


class Values(unittest.TestCase):
    def test_each_kind_has_its_form(self) -> None:
        cases = [
            (Everything(big=2**64 - 1), {"big": "18446744073709551615"}),
            (Everything(price=math.nan), {"price": "NaN"}),
            (Everything(price=-math.inf), {"price": "-Infinity"}),
            (Everything(price=3), {"price": 3.0}),
            (Everything(data=b"\xfb\xff"), {"data": "+/8="}),
            (Everything(colour=Colour.COLOUR_RED), {"colour": "COLOUR_RED"}),
            (Everything(colour=7), {"colour": 7}),
            (Everything(items=[Item(size=1), Item()]), {"items": [{"size": 1}, {}]}),
            (Everything(items=(Item(parent=Item()),)), {"items": [{"parent": {}}]}),
            (Everything(by_id={-1: "a"}), {"byId": {"-1": "a"}}),
            (
                Everything(at=datetime(2026, 1, 2, 3, 4, 5, 600, timezone(timedelta(hours=1)))),
                {"at": "2026-01-02T02:04:05.000600Z"},
            ),
            (Everything(took=timedelta(seconds=-1.5)), {"took": "-1.500000s"}),
            (
                Everything(free={"a": [1, None, {"b": "\ud83d"}]}),
                {"free": {"a": [1, None, {"b": "\ufffd"}]}},
            ),
        ]
        for message, expected in cases:
            with self.subTest(message=message):
                self.assertEqual(message.to_json(), expected)

    def test_defaults_are_left_out_but_for_optional_ones(self) -> None:
        self.assertEqual(Everything(big=0, price=0.0, data=b"", items=[], by_id={}).to_json(), {})
        self.assertEqual(Everything(colour=Colour.COLOUR_NONE).to_json(), {})
        self.assertEqual(Everything(maybe=0, free={}).to_json(), {"maybe": "0", "free": {}})

    def test_wrong_values_are_refused_with_their_place_and_without_themselves(self) -> None:
        cases = [
            (Everything(big="42"), "big: should be an int, is a str"),
            (Everything(big=True), "big: should be an int, is a bool"),
            (Everything(big=-1), "big: should be from 0 to 18446744073709551615"),
            (Everything(price="1"), "price: should be a float, is a str"),
            (Everything(price=1e39), "price: is too large for a float of 32 bits"),
            (Everything(price=10**400), "price: is too large for a float"),
            (Everything(data="x"), "data: should be bytes, is a str"),
            (Everything(items="x"), "items: should be a list, is a str"),
            (
                Everything(items=[Item(), Item(size=2**31)]),
                "items[1].size: should be from -2147483648 to 2147483647",
            ),
            (Everything(items=[None]), "items[0]: should be a Item, is a NoneType"),
            (Everything(by_id={1: 2}), "by_id[1]: should be a str, is a int"),
            (
                Everything(at=datetime(2026, 1, 1)),
                "at: should be a datetime with a tzinfo, has none",
            ),
            (Everything(free=[1]), "free: should be a dict, is a list"),
            (AddToCartEvent(is_live=1), "is_live: should be a bool, is a int"),  # type: ignore[arg-type]
        ]
        for message, expected in cases:
            with self.subTest(expected=expected):
                with self.assertRaises(Invalid) as caught:
                    message.to_json()
                self.assertEqual(str(caught.exception), expected)

    def test_messages_are_like_dataclasses(self) -> None:
        event = AddToCartEvent(product_id=42)
        self.assertEqual(repr(event), "AddToCartEvent(product_id=42)")
        self.assertEqual(event, AddToCartEvent(product_id=42, quantity=None))
        self.assertNotEqual(event, AddToCartEvent(product_id=43))
        self.assertIsNone(event.quantity)
        with self.assertRaisesRegex(TypeError, "no field 'colour'"):
            AddToCartEvent(colour="red")  # type: ignore[call-arg]

    def test_a_taken_event_has_id_time_and_place(self) -> None:
        item = make(AddToCartEvent(), b"{}", "e-1", datetime.fromtimestamp(1.5, timezone.utc), "/a")
        self.assertEqual(
            item.event, b'{"id":"e-1","timestamp":"1500","currentURL":"/a","addToCartEvent":{}}'
        )
        with self.assertRaisesRegex(Invalid, "timestamp: should be an int, is a str"):
            make(AddToCartEvent(), b"{}", None, "1", None)  # type: ignore[arg-type]
        with self.assertRaisesRegex(
            Invalid, "should be an event of event_grpc.events, is a Header"
        ):
            make(Header(), b"{}", None, None, None)  # type: ignore[arg-type]

    def test_uuid7(self) -> None:
        made = [uuid7(1_700_000_000_000) for _ in range(100)]
        self.assertEqual(len(set(made)), 100)
        for text in made:
            self.assertRegex(text, "^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


if __name__ == "__main__":
    unittest.main()
