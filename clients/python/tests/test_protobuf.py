"""JSON of random events, read by protobuf itself. Needs the package `protobuf`, which the library doesn't."""

import math
import os
import random
import sys
import unittest
from typing import Any

from event_grpc import kinds
from event_grpc.events import Header
from event_grpc.item import encode
from event_grpc.kinds import EnumOf, Float, Integer, Kind, ListOf, MapOf
from event_grpc.message import Message, MessageOf, event_types

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
except ImportError:
    json_format = None  # type: ignore[assignment]
    print("test_protobuf is skipped: pip install protobuf", file=sys.stderr)

DESCRIPTORS = os.path.join(
    os.path.dirname(__file__), "..", "..", "..", "generated", "descriptors.binpb"
)
TEXTS = ["", "0", "ü", "🛒", '"\\\u2028\0', "NaN", "x" * 100]


def random_value(kind: Kind, dice: random.Random) -> Any:
    if isinstance(kind, ListOf):
        return [random_value(kind.items, dice) for _ in range(dice.randrange(4))]
    if isinstance(kind, MapOf):
        return {random_value(kind.keys, dice): random_value(kind.values, dice) for _ in range(3)}
    if isinstance(kind, MessageOf):
        return random_message(kind.message(), dice)
    if isinstance(kind, EnumOf):
        return dice.choice(list(kind.enum))
    if isinstance(kind, Integer):
        return dice.choice([0, 1, kind._least, kind._most, dice.randint(kind._least, kind._most)])
    if isinstance(kind, Float):
        wide = 1.5e308 if math.isinf(kind._most) else 3.4e38
        return dice.choice([0.0, math.nan, math.inf, -math.inf, 0.1, dice.uniform(-wide, wide)])
    return {
        kinds.BOOLEAN: dice.random() < 0.5,
        kinds.BINARY: dice.randbytes(9) if hasattr(dice, "randbytes") else b"\xff",
    }.get(kind, dice.choice(TEXTS))


def random_message(of: Any, dice: random.Random) -> Message:
    fields = {n: f for n, f in of.FIELDS.items() if dice.random() < 0.7}
    made: Message = of(**{name: random_value(f.kind, dice) for name, f in fields.items()})
    return made


@unittest.skipIf(json_format is None, "the package protobuf isn't installed (pip install protobuf)")
@unittest.skipUnless(
    os.path.exists(DESCRIPTORS), "there is no generated/descriptors.binpb beside this library"
)
class Protobuf(unittest.TestCase):
    def test_random_events_are_read_as_they_were_made(self) -> None:
        files = descriptor_pb2.FileDescriptorSet()
        with open(DESCRIPTORS, "rb") as file:
            files.ParseFromString(file.read())
        pool = descriptor_pool.DescriptorPool()
        for described in files.file:
            pool.Add(described)
        events = message_factory.GetMessageClass(pool.FindMessageTypeByName("event.Events"))
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        for name, of in event_types().items():
            for _ in range(20):
                header, event = random_message(Header, dice), random_message(of, dice)
                with self.subTest(seed=seed, event=event):
                    request = {
                        "header": header.to_json(),
                        "events": [{"id": "e", name: event.to_json()}],
                    }
                    read = json_format.Parse(encode(request), events())
                    self.same(header, read.header)
                    self.same(event, getattr(read.events[0], name))
                    # What isn't there by its own account must be in nobody's.
                    printed = json_format.MessageToDict(read)["events"][0]
                    self.assertEqual(set(printed[name]), set(event.to_json()))

    def same(self, made: Message, read: Any) -> None:
        fields = {f.json_name: f for f in read.DESCRIPTOR.fields}
        for name, field in made.FIELDS.items():
            value, found = getattr(made, name), getattr(read, fields[field.json].name)
            if value is None:
                continue
            if isinstance(field.kind, MessageOf):
                self.same(value, found)
            elif isinstance(field.kind, Float):
                self.assertTrue(
                    found == value or math.isclose(found, value, rel_tol=1e-6) or found != found
                )
                self.assertEqual(math.isnan(found), math.isnan(value))
            elif isinstance(field.kind, ListOf):
                self.assertEqual(list(found), value)
            elif isinstance(field.kind, MapOf):
                self.assertEqual(dict(found), value)
            else:
                self.assertEqual(found, value)


if __name__ == "__main__":
    unittest.main()
