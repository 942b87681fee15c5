// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link ActionBarBagCLickEvent}. */
public final class ActionBarBagCLickEventBuilder {
    String screen = "";
    boolean redDot;

    ActionBarBagCLickEventBuilder() {}

    /** {@code screen}. */
    public ActionBarBagCLickEventBuilder screen(String screen) {
        this.screen = screen == null ? "" : screen;
        return this;
    }

    /** Whether the bag showed a red dot. */
    public ActionBarBagCLickEventBuilder redDot(boolean redDot) {
        this.redDot = redDot;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public ActionBarBagCLickEvent build() {
        return new ActionBarBagCLickEvent(this);
    }
}
