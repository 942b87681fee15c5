// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client was launched, by its icon or by a link. */
public final class LaunchEvent extends Event {
    private final String dynamicLink;
    private final long appLaunchCount;

    LaunchEvent(LaunchEventBuilder builder) {
        dynamicLink = builder.dynamicLink;
        appLaunchCount = builder.appLaunchCount;
    }

    /** Begins one of which nothing is set. */
    public static LaunchEventBuilder builder() {
        return new LaunchEventBuilder();
    }

    /** The link that launched it; empty if none did. */
    public String getDynamicLink() {
        return dynamicLink;
    }

    /** How many times this installation has been launched. */
    public long getAppLaunchCount() {
        return appLaunchCount;
    }

    @Override
    public String eventType() {
        return "launchEvent";
    }

    @Override
    public int eventNumber() {
        return 9;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(6, ProtoValue.STRING, dynamicLink);
        out.write(7, ProtoValue.INT64, appLaunchCount);
    }
}
