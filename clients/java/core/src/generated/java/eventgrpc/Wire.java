// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc;

/** Where requests go, and the numbers of the fields that events travel in. */
public final class Wire {
    /** The path of HTTP. */
    public static final String PATH = "/event/dispatch";
    /** The method of gRPC. */
    public static final String METHOD = "event.EventService/dispatch";
    /** The header in a request. */
    static final int HEADER = 4;
    /** The events in a request. */
    static final int EVENTS = 5;
    /** The id in an event. */
    static final int ID = 4;
    /** The timestamp in an event. */
    static final int TIMESTAMP = 5;
    /** The URL in an event. */
    static final int CURRENT_URL = 6;

    private Wire() {}
}
