// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link AppStartEvent}. */
public final class AppStartEventBuilder {
    String action = "";
    String error = "";
    boolean isBlocking;

    AppStartEventBuilder() {}

    /** The step of starting up that was reached. */
    public AppStartEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** What went wrong; empty if nothing did. */
    public AppStartEventBuilder error(String error) {
        this.error = error == null ? "" : error;
        return this;
    }

    /** Whether the error keeps the app from being used. */
    public AppStartEventBuilder isBlocking(boolean isBlocking) {
        this.isBlocking = isBlocking;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public AppStartEvent build() {
        return new AppStartEvent(this);
    }
}
