// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HelpActionEvent}. */
public final class HelpActionEventBuilder {
    String source = "";
    String action = "";

    HelpActionEventBuilder() {}

    /** The screen that help was opened from. */
    public HelpActionEventBuilder source(String source) {
        this.source = source == null ? "" : source;
        return this;
    }

    /** What the user did. */
    public HelpActionEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HelpActionEvent build() {
        return new HelpActionEvent(this);
    }
}
