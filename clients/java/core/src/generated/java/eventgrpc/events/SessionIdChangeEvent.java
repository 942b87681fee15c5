// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client ended one session and began another. */
public final class SessionIdChangeEvent extends Event {
    private final String oldSessionId;
    private final String newSessionId;

    SessionIdChangeEvent(SessionIdChangeEventBuilder builder) {
        oldSessionId = builder.oldSessionId;
        newSessionId = builder.newSessionId;
    }

    /** Begins one of which nothing is set. */
    public static SessionIdChangeEventBuilder builder() {
        return new SessionIdChangeEventBuilder();
    }

    /** {@code oldSessionId}. */
    public String getOldSessionId() {
        return oldSessionId;
    }

    /** {@code newSessionId}. */
    public String getNewSessionId() {
        return newSessionId;
    }

    @Override
    public String eventType() {
        return "SessionIdChangeEvent";
    }

    @Override
    public int eventNumber() {
        return 47;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, oldSessionId);
        out.write(5, ProtoValue.STRING, newSessionId);
    }
}
