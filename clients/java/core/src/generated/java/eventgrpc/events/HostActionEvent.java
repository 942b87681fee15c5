// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client acted on a host. */
public final class HostActionEvent extends Event {
    private final String action;
    private final String hostPpid;

    HostActionEvent(HostActionEventBuilder builder) {
        action = builder.action;
        hostPpid = builder.hostPpid;
    }

    /** Begins one of which nothing is set. */
    public static HostActionEventBuilder builder() {
        return new HostActionEventBuilder();
    }

    /** What the user did. */
    public String getAction() {
        return action;
    }

    /** The host's ppId. */
    public String getHostPpid() {
        return hostPpid;
    }

    @Override
    public String eventType() {
        return "hostActionEvent";
    }

    @Override
    public int eventNumber() {
        return 64;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, action);
        out.write(5, ProtoValue.STRING, hostPpid);
    }
}
