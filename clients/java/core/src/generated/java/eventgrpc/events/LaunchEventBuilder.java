// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link LaunchEvent}. */
public final class LaunchEventBuilder {
    String dynamicLink = "";
    long appLaunchCount;

    LaunchEventBuilder() {}

    /** The link that launched it; empty if none did. */
    public LaunchEventBuilder dynamicLink(String dynamicLink) {
        this.dynamicLink = dynamicLink == null ? "" : dynamicLink;
        return this;
    }

    /** How many times this installation has been launched. */
    public LaunchEventBuilder appLaunchCount(long appLaunchCount) {
        this.appLaunchCount = appLaunchCount;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public LaunchEvent build() {
        return new LaunchEvent(this);
    }
}
