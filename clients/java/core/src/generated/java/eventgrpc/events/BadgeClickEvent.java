// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client tapped a badge. */
public final class BadgeClickEvent extends Event {
    private final String name;
    private final String screen;

    BadgeClickEvent(BadgeClickEventBuilder builder) {
        name = builder.name;
        screen = builder.screen;
    }

    /** Begins one of which nothing is set. */
    public static BadgeClickEventBuilder builder() {
        return new BadgeClickEventBuilder();
    }

    /** The badge's name. */
    public String getName() {
        return name;
    }

    /** {@code screen}. */
    public String getScreen() {
        return screen;
    }

    @Override
    public String eventType() {
        return "badgeClickEvent";
    }

    @Override
    public int eventNumber() {
        return 53;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, name);
        out.write(5, ProtoValue.STRING, screen);
    }
}
