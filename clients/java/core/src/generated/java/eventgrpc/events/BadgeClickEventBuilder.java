// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link BadgeClickEvent}. */
public final class BadgeClickEventBuilder {
    String name = "";
    String screen = "";

    BadgeClickEventBuilder() {}

    /** The badge's name. */
    public BadgeClickEventBuilder name(String name) {
        this.name = name == null ? "" : name;
        return this;
    }

    /** {@code screen}. */
    public BadgeClickEventBuilder screen(String screen) {
        this.screen = screen == null ? "" : screen;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public BadgeClickEvent build() {
        return new BadgeClickEvent(this);
    }
}
