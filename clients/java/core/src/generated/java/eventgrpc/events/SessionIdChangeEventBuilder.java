// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link SessionIdChangeEvent}. */
public final class SessionIdChangeEventBuilder {
    String oldSessionId = "";
    String newSessionId = "";

    SessionIdChangeEventBuilder() {}

    /** {@code oldSessionId}. */
    public SessionIdChangeEventBuilder oldSessionId(String oldSessionId) {
        this.oldSessionId = oldSessionId == null ? "" : oldSessionId;
        return this;
    }

    /** {@code newSessionId}. */
    public SessionIdChangeEventBuilder newSessionId(String newSessionId) {
        this.newSessionId = newSessionId == null ? "" : newSessionId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public SessionIdChangeEvent build() {
        return new SessionIdChangeEvent(this);
    }
}
