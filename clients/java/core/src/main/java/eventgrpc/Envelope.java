package eventgrpc;

import java.util.List;

/** What events travel in: the encoding of an event with its id and time, and of a request. */
final class Envelope {
    private Envelope() {}

    /** An event as it is stored and sent. */
    static byte[] event(Event event, String id, String timestamp, String currentUrl) {
        return bytes(out -> {
            out.write(Wire.ID, ProtoValue.STRING, id);
            out.write(Wire.TIMESTAMP, ProtoValue.STRING, timestamp);
            if (Wire.CURRENT_URL != 0) {
                out.write(Wire.CURRENT_URL, ProtoValue.STRING, currentUrl);
            }
            out.put(event.eventNumber(), ProtoValue.MESSAGE, event);
        });
    }

    /** The request with some events of one header. */
    static byte[] request(byte[] header, List<StoredEvent> events) {
        return bytes(out -> {
            // A server takes no request without a header, be it an empty one.
            out.put(Wire.HEADER, ProtoValue.BYTES, header);
            for (StoredEvent event : events) {
                out.put(Wire.EVENTS, ProtoValue.BYTES, event.body());
            }
        });
    }

    /** How many bytes of a request a header has. */
    static int headerSize(byte[] header) {
        return size(out -> out.put(Wire.HEADER, ProtoValue.BYTES, header));
    }

    /** How many bytes of a request an event has. */
    static int eventSize(StoredEvent event) {
        return size(out -> out.put(Wire.EVENTS, ProtoValue.BYTES, event.body()));
    }

    private static byte[] bytes(Fields fields) {
        byte[] bytes = new byte[size(fields)];
        fields.write(new ProtoWriter(bytes));
        return bytes;
    }

    private static int size(Fields fields) {
        ProtoWriter count = new ProtoWriter(null);
        fields.write(count);
        return count.length();
    }

    private interface Fields {
        void write(ProtoWriter out);
    }
}
