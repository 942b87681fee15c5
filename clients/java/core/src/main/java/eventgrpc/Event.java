package eventgrpc;

/** An app event. The classes in {@link eventgrpc.events} are made from the server's declarations. */
public abstract class Event extends ProtoMessage {
    /** Only generated events extend this. */
    protected Event() {}

    /**
     * The name of its type, such as {@code addToCartEvent}.
     *
     * @return never null
     */
    public abstract String eventType();

    /**
     * The number of its type on the wire.
     *
     * @return greater than 0
     */
    public abstract int eventNumber();
}
