// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client acted on help. */
public final class HelpActionEvent extends Event {
    private final String source;
    private final String action;

    HelpActionEvent(HelpActionEventBuilder builder) {
        source = builder.source;
        action = builder.action;
    }

    /** Begins one of which nothing is set. */
    public static HelpActionEventBuilder builder() {
        return new HelpActionEventBuilder();
    }

    /** The screen that help was opened from. */
    public String getSource() {
        return source;
    }

    /** What the user did. */
    public String getAction() {
        return action;
    }

    @Override
    public String eventType() {
        return "helpActionEvent";
    }

    @Override
    public int eventNumber() {
        return 58;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, source);
        out.write(5, ProtoValue.STRING, action);
    }
}
