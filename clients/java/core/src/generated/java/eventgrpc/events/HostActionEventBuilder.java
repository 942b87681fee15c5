// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HostActionEvent}. */
public final class HostActionEventBuilder {
    String action = "";
    String hostPpid = "";

    HostActionEventBuilder() {}

    /** What the user did. */
    public HostActionEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** The host's ppId. */
    public HostActionEventBuilder hostPpid(String hostPpid) {
        this.hostPpid = hostPpid == null ? "" : hostPpid;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HostActionEvent build() {
        return new HostActionEvent(this);
    }
}
