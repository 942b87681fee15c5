"""What schemathesis needs to know beside the description."""

import schemathesis
from hypothesis import strategies

# A request with a header and one event, an addToCartEvent without fields, in protobuf.
REQUEST = bytes.fromhex("22 00 2a 03 ba 01 00")

schemathesis.openapi.media_type("application/x-protobuf", strategies.just(REQUEST))


@schemathesis.hook
def before_load_schema(context, document):
    """An event has one type. The description says so in words; requests are made of a schema that says it, too."""
    schemas = document["components"]["schemas"]
    event = schemas["event.Event"]
    members = event.pop("properties")
    types = [name for name, schema in members.items() if "/event." in schema.get("$ref", "")]
    common = {name: schema for name, schema in members.items() if name not in types}
    event["oneOf"] = [
        {
            "type": "object",
            "required": [name],
            "properties": {**common, name: members[name]},
            "additionalProperties": False,
        }
        for name in types
    ]
