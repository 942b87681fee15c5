// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client began a search. */
public final class InitiateSearchEvent extends Event {
    private final String method;

    InitiateSearchEvent(InitiateSearchEventBuilder builder) {
        method = builder.method;
    }

    /** Begins one of which nothing is set. */
    public static InitiateSearchEventBuilder builder() {
        return new InitiateSearchEventBuilder();
    }

    /** How the search is entered. */
    public String getMethod() {
        return method;
    }

    @Override
    public String eventType() {
        return "initiateSearchEvent";
    }

    @Override
    public int eventNumber() {
        return 32;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, method);
    }
}
