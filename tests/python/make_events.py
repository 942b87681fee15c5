"""Random app events that look like those of real clients, the same ones for the same seed.

Nothing here knows an event type by name: the payloads follow the descriptors of the generated code, so that a new
type or field takes part without a change.
"""

import random
import uuid

from event import envelope_pb2
from google.protobuf.descriptor import FieldDescriptor

EVENT_OF = envelope_pb2.Event.DESCRIPTOR.oneofs_by_name["EventOf"]

DAY = 24 * 60 * 60 * 1000

# The months of late events are partitions in ClickHouse, so there are few of them. Before 1970 the number is negative;
# 1900 and 2299 are as far as the columns reach.
LATE = [1_552_000_000_000, 946_684_799_999, 0, 1, -1, -86_400_000, -2_208_988_800_000]
FAR_FUTURE = [4_000_000_000_000, 10_413_791_999_999]

WORDS = (
    "home grid carousel banner summer sale kurta saree lipstick combo trending wishlist offer new arrivals "
    "bestseller creator live festive beauty footwear explore similar recommended size guide upi card cod"
).split()
# What a careless reader or writer of text trips over.
ODD_TEXTS = [
    'say "hello"',
    "back\\slash",
    "line\nbreak\ttab",
    "कुर्ता और साड़ी",
    "🛍️ 50% छूट",
    "nul\0inside",
    "\x01\x1f\x7f",
    "null",
    "0",
    "{\"a\":[1]}",
    " spaces ",
    "é" * 300,
    "x" * 5_000,
]
ODD_KEYS = ["a.b", "a b", "ключ", "'", "0"]
ODD_INTEGERS = {
    64: [1, -1, 2**53 + 1, 2**63 - 1, -(2**63)],
    32: [1, -1, 2**31 - 1, -(2**31)],
}
ODD_FLOATS = [0.1, 1e-7, 16_777_216.0, -1.5, 3.4028234663852886e38, 1.401298464324817e-45]


class Maker:
    """Makes requests, one after the other."""

    def __init__(self, seed, now):
        self.random = random.Random(seed)
        self.now = now
        # Popular types come ten times as often as rare ones.
        self.weights = [1 + 9 * self.random.random() for _ in EVENT_OF.fields]
        self.devices = [self._device() for _ in range(400)]

    def mixed(self, size):
        """A request of `size` events of any types, each with an id, and what kind of time each of them has."""
        # What is late comes from few clients, which were offline for long, and all at once.
        late = 60 if self.random.random() < 0.07 else 0
        fields = self.random.choices(EVENT_OF.fields, self.weights, k=size)
        kinds = self.random.choices(["recent", "future", "absent", "late"], [80, 9, 6, late], k=size)
        request = envelope_pb2.Events(header=self._header())
        for field, kind in zip(fields, kinds):
            event = request.events.add(id=self._uuid(), timestamp=self._timestamp(kind))
            if self.random.random() < 0.7:
                event.currentURL = self._url()
            self._payload(event, field)
        return request, kinds

    def without_ids(self, number):
        """A request with one event of each type that have no id; their URLs are unique, to find them again."""
        request = envelope_pb2.Events(header=self._header())
        kinds = []
        for field in EVENT_OF.fields:
            kinds.append(self.random.choice(["recent", "future", "late"]))
            event = request.events.add(timestamp=self._timestamp(kinds[-1]))
            event.currentURL = f"https://shop.example/no-id/{number}/{field.name}"
            self._payload(event, field)
        return request, kinds

    def _uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def _url(self):
        return f"https://shop.example/{self.random.choice(WORDS)}/{self.random.randrange(10**6)}?ref=a%20b&x=1"

    def _timestamp(self, kind):
        if kind == "absent":
            return ""
        if kind == "late":
            return str(self.random.choice(LATE))
        if kind == "future":
            ahead = self.random.randrange(DAY // 12, 3 * DAY)
            return str(self.random.choice([self.now + ahead, *FAR_FUTURE]))
        return str(self.now - self.random.randrange(3 * DAY))

    def _device(self):
        pick = self.random.choice
        campaign = self.random.random() < 0.3
        return {
            "sessionId": self._uuid(),
            "bbDeviceId": self.random.randrange(1, 10**9),
            "userId": pick([0, self.random.randrange(1, 10**8), 2**63 - 1]),
            "deviceId": f"{self.random.getrandbits(64):016x}",
            "androidAdvertisingId": self._uuid(),
            "clientId": f"client-{self.random.randrange(1_000)}",
            "channel": pick(["app", "pwa", "web", ""]),
            "os": pick(["android", "ios", "Windows", "मोबाइल", ""]),
            "clientType": pick(["CUSTOMER", "HOST", ""]),
            "appLanguage": pick(["en", "hi", "ta", ""]),
            "appVersion": f"{self.random.randrange(1, 9)}.{self.random.randrange(20)}.0",
            "appVersionCode": str(self.random.randrange(100, 400)),
            "currentURL": pick([self._url(), ""]),
            "merchantId": pick(["", f"m-{self.random.randrange(50)}"]),
            "utmReferrer": self._url() if campaign else "",
            "utmPlatform": pick(["meta", "google"]) if campaign else "",
            "utmSource": pick(["newsletter", "feed"]) if campaign else "",
            "utmMedium": pick(["cpc", "social"]) if campaign else "",
            "utmCampaign": f"summer \"{self.random.randrange(30)}\"" if campaign else "",
            "ppId": f"pp-{self.random.randrange(10**6)}",
        }

    def _header(self):
        return envelope_pb2.Header(**self.random.choice(self.devices))

    def _payload(self, event, field):
        payload = getattr(event, field.name)
        # The variant is there even if every field of it has its default.
        payload.SetInParent()
        if self.random.random() >= 0.02:
            self._fill(payload)

    def _fill(self, message):
        for field in message.DESCRIPTOR.fields:
            # Clients leave out what they don't know.
            if self.random.random() < 0.15:
                continue
            if is_map(field):
                entries = getattr(message, field.name)
                for _ in range(self.random.randrange(5)):
                    entries[self._key()] = self._value(field.message_type.fields_by_name["value"])
            elif field.is_repeated:
                values = getattr(message, field.name)
                values.extend(self._value(field) for _ in range(self.random.randrange(5)))
            elif field.type == FieldDescriptor.TYPE_MESSAGE:
                inner = getattr(message, field.name)
                inner.SetInParent()
                if self.random.random() >= 0.1:
                    self._fill(inner)
            else:
                setattr(message, field.name, self._value(field))

    def _key(self):
        if self.random.random() < 0.1:
            return self.random.choice(ODD_KEYS)
        return f"{self.random.choice(WORDS)}_{self.random.randrange(20)}"

    def _value(self, field):
        odd = self.random.random() < 0.03
        if field.type == FieldDescriptor.TYPE_STRING:
            return self.random.choice(ODD_TEXTS) if odd else self._text(field.name)
        if field.type == FieldDescriptor.TYPE_BOOL:
            return self.random.random() < 0.5
        if field.type in (FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_INT32):
            bits = 64 if field.type == FieldDescriptor.TYPE_INT64 else 32
            return self.random.choice(ODD_INTEGERS[bits]) if odd else self.random.randrange(10**7)
        if field.type == FieldDescriptor.TYPE_FLOAT:
            return self.random.choice(ODD_FLOATS) if odd else round(5_000 * self.random.random(), 2)
        raise TypeError(f"{field.full_name}: no values are made for this type yet")

    def _text(self, name):
        name = name.lower()
        if name.endswith(("url", "link", "path")):
            return self._url()
        if name.endswith("id"):
            return f"{name}-{self.random.getrandbits(40):010x}"
        return " ".join(self.random.choices(WORDS, k=self.random.randrange(4)))


def is_map(field):
    """Whether a field is a map; a map is a repeated message by its descriptor."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry
