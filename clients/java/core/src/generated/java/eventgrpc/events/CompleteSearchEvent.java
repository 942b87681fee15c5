// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client ended a search by going on to something. */
public final class CompleteSearchEvent extends Event {
    private final String query;
    private final String method;
    private final String actionPath;

    CompleteSearchEvent(CompleteSearchEventBuilder builder) {
        query = builder.query;
        method = builder.method;
        actionPath = builder.actionPath;
    }

    /** Begins one of which nothing is set. */
    public static CompleteSearchEventBuilder builder() {
        return new CompleteSearchEventBuilder();
    }

    /** What was searched for. */
    public String getQuery() {
        return query;
    }

    /** How the search was entered. */
    public String getMethod() {
        return method;
    }

    /** Where the user went from the search. */
    public String getActionPath() {
        return actionPath;
    }

    @Override
    public String eventType() {
        return "completeSearchEvent";
    }

    @Override
    public int eventNumber() {
        return 33;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, query);
        out.write(5, ProtoValue.STRING, method);
        out.write(6, ProtoValue.STRING, actionPath);
    }
}
