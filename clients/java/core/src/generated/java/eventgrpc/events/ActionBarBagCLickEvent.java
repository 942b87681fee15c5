// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client tapped the bag in the action bar. */
public final class ActionBarBagCLickEvent extends Event {
    private final String screen;
    private final boolean redDot;

    ActionBarBagCLickEvent(ActionBarBagCLickEventBuilder builder) {
        screen = builder.screen;
        redDot = builder.redDot;
    }

    /** Begins one of which nothing is set. */
    public static ActionBarBagCLickEventBuilder builder() {
        return new ActionBarBagCLickEventBuilder();
    }

    /** {@code screen}. */
    public String getScreen() {
        return screen;
    }

    /** Whether the bag showed a red dot. */
    public boolean getRedDot() {
        return redDot;
    }

    @Override
    public String eventType() {
        return "actionBarBagCLickEvent";
    }

    @Override
    public int eventNumber() {
        return 50;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, screen);
        out.write(5, ProtoValue.BOOL, redDot);
    }
}
