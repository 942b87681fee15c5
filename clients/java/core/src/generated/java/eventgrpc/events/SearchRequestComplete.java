// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client received the answer to a search. */
public final class SearchRequestComplete extends Event {
    private final String query;
    private final int responseCount;
    private final String method;

    SearchRequestComplete(SearchRequestCompleteBuilder builder) {
        query = builder.query;
        responseCount = builder.responseCount;
        method = builder.method;
    }

    /** Begins one of which nothing is set. */
    public static SearchRequestCompleteBuilder builder() {
        return new SearchRequestCompleteBuilder();
    }

    /** What was searched for. */
    public String getQuery() {
        return query;
    }

    /** How many results came back. */
    public int getResponseCount() {
        return responseCount;
    }

    /** How the search was entered. */
    public String getMethod() {
        return method;
    }

    @Override
    public String eventType() {
        return "searchRequestComplete";
    }

    @Override
    public int eventNumber() {
        return 34;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, query);
        out.write(5, ProtoValue.INT32, responseCount);
        out.write(6, ProtoValue.STRING, method);
    }
}
