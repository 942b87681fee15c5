// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client acted on the profile screen. */
public final class ProfileActionEvent extends Event {
    private final String action;

    ProfileActionEvent(ProfileActionEventBuilder builder) {
        action = builder.action;
    }

    /** Begins one of which nothing is set. */
    public static ProfileActionEventBuilder builder() {
        return new ProfileActionEventBuilder();
    }

    /** What the user did. */
    public String getAction() {
        return action;
    }

    @Override
    public String eventType() {
        return "profileActionEvent";
    }

    @Override
    public int eventNumber() {
        return 52;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, action);
    }
}
