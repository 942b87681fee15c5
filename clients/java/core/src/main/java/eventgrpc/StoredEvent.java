package eventgrpc;

/** An event as it waits: encoded, with what a storage needs to know of it. */
public final class StoredEvent {
    private final long sequence;
    private final long takenAtMillis;
    private final String id;
    private final String type;
    private final byte[] header;
    private final byte[] body;

    /**
     * As a storage has kept it.
     *
     * @param sequence its place in the order of the queue, which is its key
     * @param takenAtMillis when it was taken, milliseconds since the epoch
     * @param id its id
     * @param type its type, such as {@code addToCartEvent}
     * @param header the header as protobuf; not copied, and must not change
     * @param body the event as protobuf; not copied, and must not change
     */
    public StoredEvent(long sequence, long takenAtMillis, String id, String type, byte[] header, byte[] body) {
        this.sequence = sequence;
        this.takenAtMillis = takenAtMillis;
        this.id = id;
        this.type = type;
        this.header = header;
        this.body = body;
    }

    /**
     * Its place in the order of the queue.
     *
     * @return a number that no other event of the storage has
     */
    public long sequence() {
        return sequence;
    }

    /**
     * When it was taken.
     *
     * @return milliseconds since the epoch
     */
    public long takenAtMillis() {
        return takenAtMillis;
    }

    /**
     * Its id.
     *
     * @return never null
     */
    public String id() {
        return id;
    }

    /**
     * Its type, such as {@code addToCartEvent}.
     *
     * @return never null
     */
    public String type() {
        return type;
    }

    /**
     * The header that was set when it was taken, as protobuf.
     *
     * @return not a copy
     */
    public byte[] header() {
        return header;
    }

    /**
     * The event as protobuf.
     *
     * @return not a copy
     */
    public byte[] body() {
        return body;
    }
}
