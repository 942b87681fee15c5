"""A client as others would write one: grpcio, and code that the protobuf compiler made from `proto/`.

    client.py send   --stubs DIR --target HOST:PORT --seed N --now MILLISECONDS --sent FILE --record FILE
    client.py resend --stubs DIR --target HOST:PORT --record FILE

`send` makes the events, sends them, and writes to SENT, as lines of JSON, how many events of each type it sent and a
sample of them in full. RECORD takes every request as it was on the wire; `resend` sends the same bytes again. Both
print what the server answered, as one JSON object.
"""

import argparse
import collections
import concurrent.futures
import json
import random
import struct
import sys
import threading
import time

import grpc

# The server says by these that trying again is safe and of use.
RETRYABLE = {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
METHOD = "/event.EventService/dispatch"


def main():
    arguments = parse()
    # The generated code is on no path until now.
    sys.path.insert(0, arguments.stubs)
    if arguments.command == "send":
        requests, sent = make(arguments)
        with open(arguments.record, "wb") as record:
            for body in map(recorded, requests):
                record.write(struct.pack(">I", len(body)) + body)
        with open(arguments.sent, "w", encoding="utf-8") as file:
            for line in sent:
                file.write(json.dumps(line) + "\n")
        answers = send_all(arguments, requests, typed_dispatch)
    else:
        answers = send_all(arguments, list(read_record(arguments.record)), raw_dispatch)
    print(json.dumps(answers))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    send = commands.add_parser("send", help="make events and send them")
    resend = commands.add_parser("resend", help="send a record again")
    for command in (send, resend):
        command.add_argument("--stubs", required=True, help="directory of the generated code")
        command.add_argument("--target", required=True, help="the server's address")
        command.add_argument("--record", required=True, help="file of the requests' bytes")
        command.add_argument("--channels", type=int, default=4, help="connections")
        command.add_argument("--threads", type=int, default=128, help="requests under way at once")
    send.add_argument("--sent", required=True, help="file of what was sent, for the test to compare")
    send.add_argument("--seed", type=int, default=1)
    send.add_argument("--now", type=int, required=True, help="the present, in milliseconds since the epoch")
    send.add_argument("--batches", type=int, default=1_000)
    send.add_argument("--size", type=int, default=100, help="events in a batch")
    send.add_argument("--without-ids", type=int, default=2, help="further batches: an event of each type, no ids")
    send.add_argument("--sample", type=int, default=6, help="events of each type and kind of time to write in full")
    return parser.parse_args()


def make(arguments):
    """The requests, and the lines that say what is in them."""
    from make_events import Maker

    maker = Maker(arguments.seed, arguments.now)
    made = [maker.mixed(arguments.size) for _ in range(arguments.batches)]
    made += [maker.without_ids(number) for number in range(arguments.without_ids)]
    places = collections.defaultdict(list)
    for request, kinds in made:
        for event, kind in zip(request.events, kinds):
            kind = kind if event.id else "no id"
            places[getattr(event, event.WhichOneof("EventOf")).DESCRIPTOR.name, kind].append((request, event))
    counts = collections.Counter()
    for (name, _), found in places.items():
        counts[name] += len(found)
    lines = [{"counts": counts}]
    pick = random.Random(arguments.seed)
    for (name, kind), found in places.items():
        for request, event in pick.sample(found, min(arguments.sample, len(found))):
            lines.append({"event": whole(name, kind, request.header, event)})
    return [request for request, _ in made], lines


def whole(name, kind, header, event):
    """An event in full. The header has every field, the payload those that are not at their default."""
    return {
        "name": name,
        "kind": kind,
        "id": event.id,
        "timestamp": event.timestamp,
        "currentURL": event.currentURL,
        "header": {field.name: getattr(header, field.name) for field in header.DESCRIPTOR.fields},
        "payload": without_defaults(getattr(event, event.WhichOneof("EventOf"))),
    }


def without_defaults(message):
    from make_events import is_map

    fields = {}
    for field, value in message.ListFields():
        if is_map(field):
            fields[field.name] = dict(value)
        elif field.is_repeated:
            fields[field.name] = list(value)
        elif field.message_type is not None:
            # An object without members leaves nothing behind in a JSON column.
            if inner := without_defaults(value):
                fields[field.name] = inner
        elif field.type == field.TYPE_FLOAT:
            fields[field.name] = shortest(value)
        else:
            fields[field.name] = value
    return fields


def shortest(value):
    """The number with the fewest digits that is this one as a 32-bit float: 0.1 and not 0.10000000149."""
    for digits in range(1, 10):
        rounded = float(f"{value:.{digits}g}")
        try:
            if struct.unpack("f", struct.pack("f", rounded))[0] == value:
                return rounded
        except OverflowError:
            # Rounded up, the greatest float is none any more.
            continue
    return value


def recorded(request):
    """A request's bytes. grpcio serializes it once more, so that has to come out the same."""
    body = request.SerializeToString()
    if body != request.SerializeToString():
        raise RuntimeError("a request has not the same bytes twice")
    return body


def read_record(path):
    with open(path, "rb") as record:
        while head := record.read(4):
            yield record.read(struct.unpack(">I", head)[0])


def typed_dispatch(channel):
    """The call as the generated code makes it."""
    from event import service_pb2_grpc

    return service_pb2_grpc.EventServiceStub(channel).dispatch


def raw_dispatch(channel):
    """The same call for a request that is bytes already."""
    from event import service_pb2

    return channel.unary_unary(METHOD, response_deserializer=service_pb2.Response.FromString)


def send_all(arguments, requests, dispatch):
    """Sends the requests over several connections and sums up the answers."""
    channels = [
        # Without this grpcio would share one connection among them.
        grpc.insecure_channel(arguments.target, options=[("grpc.use_local_subchannel_pool", 1)])
        for _ in range(arguments.channels)
    ]
    calls = [dispatch(channel) for channel in channels]
    sums, lock = collections.Counter(), threading.Lock()
    begun = time.monotonic()

    def send(number):
        answer, retries = with_retries(calls[number % len(calls)], requests[number])
        with lock:
            sums["accepted"] += answer.accepted
            sums["rejected"] += len(answer.rejected)
            sums["answers other than SUCCESS"] += answer.status != "SUCCESS"
            sums["retries"] += retries

    with concurrent.futures.ThreadPoolExecutor(arguments.threads) as pool:
        for done in [pool.submit(send, number) for number in range(len(requests))]:
            done.result()
    seconds = time.monotonic() - begun
    for channel in channels:
        channel.close()
    return {"requests": len(requests), "seconds": round(seconds, 3), **sums}


def with_retries(call, request):
    """Sends one request, again where the server asks for that, as a client that wants to lose nothing does."""
    for retries in range(20):
        try:
            return call(request, timeout=30), retries
        except grpc.RpcError as error:
            if error.code() not in RETRYABLE:
                raise
            last = error
            time.sleep(min(0.1 * 2**retries, 1.0))
    raise last


if __name__ == "__main__":
    main()
