// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link ProfileActionEvent}. */
public final class ProfileActionEventBuilder {
    String action = "";

    ProfileActionEventBuilder() {}

    /** What the user did. */
    public ProfileActionEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public ProfileActionEvent build() {
        return new ProfileActionEvent(this);
    }
}
