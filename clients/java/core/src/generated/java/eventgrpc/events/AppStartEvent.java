// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client started up, or failed to. */
public final class AppStartEvent extends Event {
    private final String action;
    private final String error;
    private final boolean isBlocking;

    AppStartEvent(AppStartEventBuilder builder) {
        action = builder.action;
        error = builder.error;
        isBlocking = builder.isBlocking;
    }

    /** Begins one of which nothing is set. */
    public static AppStartEventBuilder builder() {
        return new AppStartEventBuilder();
    }

    /** The step of starting up that was reached. */
    public String getAction() {
        return action;
    }

    /** What went wrong; empty if nothing did. */
    public String getError() {
        return error;
    }

    /** Whether the error keeps the app from being used. */
    public boolean isBlocking() {
        return isBlocking;
    }

    @Override
    public String eventType() {
        return "appStartEvent";
    }

    @Override
    public int eventNumber() {
        return 59;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, action);
        out.write(5, ProtoValue.STRING, error);
        out.write(6, ProtoValue.BOOL, isBlocking);
    }
}
