"""Kinds of fields: what a field holds, and how that becomes proto3 JSON."""

import base64
import math
import operator
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, Type

_LARGEST_FLOAT = 3.4028235677973366e38
_SURROGATE = re.compile("[\ud800-\udfff]")


class Invalid(ValueError):
    """A value that its field can't hold."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path

    def within(self, name: str) -> "Invalid":
        """The same, seen from what holds the field."""
        dot = "." if self.path and not self.path.startswith("[") else ""
        return Invalid(self.reason, f"{name}{dot}{self.path}")


def _not(expected: str, value: object) -> Invalid:
    return Invalid(f"should be {expected}, is a {type(value).__name__}")


class Kind:
    """What a field holds."""

    def to_json(self, value: Any) -> Any:
        """The value as `json.dumps` takes it. Raises `Invalid`."""
        raise NotImplementedError


class Integer(Kind):
    """A whole number; one of 64 bits is text in JSON."""

    def __init__(self, bits: int, signed: bool) -> None:
        self._text = bits == 64
        self._least = -(1 << (bits - 1)) if signed else 0
        self._most = (1 << (bits - 1 if signed else bits)) - 1

    def to_json(self, value: Any) -> Any:
        try:
            number = operator.index(value)
        except TypeError:
            raise _not("an int", value) from None
        if isinstance(value, bool):
            raise _not("an int", value)
        if not self._least <= number <= self._most:
            raise Invalid(f"should be from {self._least} to {self._most}")
        return str(number) if self._text else number


class Float(Kind):
    """A floating-point number; not-a-number and the infinities are text in JSON."""

    def __init__(self, bits: int) -> None:
        self._most = _LARGEST_FLOAT if bits == 32 else math.inf

    def to_json(self, value: Any) -> Any:
        if isinstance(value, (str, bytes, bool)) or not hasattr(value, "__float__"):
            raise _not("a float", value)
        try:
            number = float(value)
        except OverflowError:
            raise Invalid("is too large for a float") from None
        if math.isnan(number):
            return "NaN"
        if math.isinf(number):
            return "Infinity" if number > 0 else "-Infinity"
        if abs(number) >= self._most:
            raise Invalid("is too large for a float of 32 bits")
        return number


class Bool(Kind):
    """A truth value."""

    def to_json(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise _not("a bool", value)
        return value


class String(Kind):
    """Text. Halves of characters, such as of an emoji that was cut, become U+FFFD."""

    def to_json(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise _not("a str", value)
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)


class Bytes(Kind):
    """Bytes, in JSON as base64."""

    def to_json(self, value: Any) -> Any:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise _not("bytes", value)
        return base64.b64encode(value).decode("ascii")


class Timestamp(Kind):
    """A time with its zone, in JSON as RFC 3339 in UTC."""

    def to_json(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            raise _not("a datetime", value)
        if value.tzinfo is None:
            raise Invalid("should be a datetime with a tzinfo, has none")
        return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"


class Duration(Kind):
    """A span of time, in JSON as seconds with an `s`."""

    def to_json(self, value: Any) -> Any:
        if not isinstance(value, timedelta):
            raise _not("a timedelta", value)
        micros = value // timedelta(microseconds=1)
        sign = "-" if micros < 0 else ""
        return f"{sign}{abs(micros) // 1_000_000}.{abs(micros) % 1_000_000:06}s"


class Json(Kind):
    """Anything that JSON can say."""

    def to_json(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return STRING.to_json(value)
        if isinstance(value, (int, float)):
            return DOUBLE.to_json(value) if isinstance(value, float) else value
        if isinstance(value, Mapping):
            return MapOf(STRING, self).to_json(value)
        return ListOf(self).to_json(value)


class Struct(Json):
    """A JSON object."""

    def to_json(self, value: Any) -> Any:
        return MapOf(STRING, Json()).to_json(value)


class ListOf(Kind):
    """Several values of one kind."""

    def __init__(self, items: Kind) -> None:
        self.items = items

    def to_json(self, value: Any) -> Any:
        if isinstance(value, (str, bytes, bytearray)) or not isinstance(value, Sequence):
            raise _not("a list", value)
        made = []
        for index, item in enumerate(value):
            try:
                made.append(self.items.to_json(item))
            except Invalid as invalid:
                raise invalid.within(f"[{index}]") from None
        return made


class MapOf(Kind):
    """Values of one kind, by keys of another."""

    def __init__(self, keys: Kind, values: Kind) -> None:
        self.keys = keys
        self.values = values

    def to_json(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise _not("a dict", value)
        made = {}
        for key, item in value.items():
            try:
                name = self.keys.to_json(key)
                name = str(name).lower() if isinstance(name, bool) else str(name)
                made[name] = self.values.to_json(item)
            except Invalid as invalid:
                raise invalid.within(f"[{key!r}]") from None
        return made


class EnumOf(Kind):
    """A value of an enum, in JSON its name; a number that has none is sent as it is."""

    def __init__(self, enum: Type[IntEnum]) -> None:
        self.enum = enum

    def to_json(self, value: Any) -> Any:
        number = INT32.to_json(value)
        try:
            return self.enum(number).name
        except ValueError:
            return number


BOOLEAN = Bool()
STRING = String()
BINARY = Bytes()
INT32 = Integer(32, signed=True)
INT64 = Integer(64, signed=True)
UINT32 = Integer(32, signed=False)
UINT64 = Integer(64, signed=False)
FLOAT32 = Float(32)
DOUBLE = Float(64)
TIMESTAMP = Timestamp()
DURATION = Duration()
STRUCT = Struct()
ANYTHING = Json()
