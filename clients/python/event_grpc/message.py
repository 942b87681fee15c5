"""Messages: classes whose fields are declared with their names and kinds on the wire."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, ClassVar, Dict, List, Tuple, Type

from event_grpc.kinds import Invalid, Kind

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        """What type checkers know from `typing_extensions`, which a program doesn't need."""
        return lambda cls: cls


class Field:
    """A field on the wire: its JSON name, its kind, and whether it is sent at its default."""

    __slots__ = ("json", "kind", "optional")

    def __init__(self, json: str, kind: Kind, optional: bool) -> None:
        self.json = json
        self.kind = kind
        self.optional = optional


def field(json: str, kind: Kind, *, optional: bool = False) -> Any:
    """Declares a field. One that isn't `optional` is left out where it has its type's default."""
    return Field(json, kind, optional)


@dataclass_transform(kw_only_default=True)
class Message:
    """What generated classes are: keyword arguments become fields, all of which may be left out."""

    FIELDS: ClassVar[Mapping[str, Field]] = {}

    def __init_subclass__(cls) -> None:
        declared = {name: f for name, f in vars(cls).items() if isinstance(f, Field)}
        cls.FIELDS = {**cls.FIELDS, **declared}
        for name in declared:
            setattr(cls, name, None)

    def __init__(self, **values: Any) -> None:
        for name in values:
            if name not in self.FIELDS:
                raise TypeError(f"{type(self).__name__} has no field {name!r}")
        self.__dict__.update(values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self._key() == other._key()

    def __repr__(self) -> str:
        values = (f"{name}={value!r}" for name, value in self._key()[1].items())
        return f"{type(self).__name__}({', '.join(values)})"

    def _key(self) -> Tuple[type, Dict[str, Any]]:
        return type(self), {n: v for n, v in vars(self).items() if v is not None}

    def to_json(self) -> Dict[str, Any]:
        """The message as `json.dumps` takes it. Raises `Invalid`."""
        values = vars(self)
        made = {}
        for name, declared in self.FIELDS.items():
            value = values.get(name)
            if value is None:
                continue
            try:
                json = declared.kind.to_json(value)
            except Invalid as invalid:
                raise invalid.within(name) from None
            if declared.optional or value:
                made[declared.json] = json
        return made


class Event(Message):
    """An event; `TYPE` is its name on the wire."""

    TYPE: ClassVar[str] = ""


class MessageOf(Kind):
    """A message within another, whose class may come further below."""

    def __init__(self, message: Callable[[], Type[Message]]) -> None:
        self.message = message

    def to_json(self, value: Any) -> Any:
        message = self.message()
        if not isinstance(value, message):
            raise Invalid(f"should be a {message.__name__}, is a {type(value).__name__}")
        return value.to_json()


def event_types() -> Dict[str, Type[Event]]:
    """The classes of all events that were imported, by their names on the wire."""
    found: List[Type[Event]] = Event.__subclasses__()
    return {event.TYPE: event for event in found}
