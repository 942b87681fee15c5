// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.CompleteSearchEvent;
import eventgrpc.events.CompleteSearchEventBuilder;
import eventgrpc.events.InitiateSearchEvent;
import eventgrpc.events.InitiateSearchEventBuilder;
import eventgrpc.events.SearchRequestComplete;
import eventgrpc.events.SearchRequestCompleteBuilder;

/** Makes messages of JSON, for tests. */
final class SearchJson {
    private SearchJson() {}

    static InitiateSearchEvent initiateSearchEvent(Fields fields) {
        InitiateSearchEventBuilder builder = InitiateSearchEvent.builder();
        fields.with("method", value -> builder.method(Values.string(value)));
        return builder.build();
    }

    static SearchRequestComplete searchRequestComplete(Fields fields) {
        SearchRequestCompleteBuilder builder = SearchRequestComplete.builder();
        fields.with("query", value -> builder.query(Values.string(value)));
        fields.with("responseCount", value -> builder.responseCount(Values.int32(value)));
        fields.with("method", value -> builder.method(Values.string(value)));
        return builder.build();
    }

    static CompleteSearchEvent completeSearchEvent(Fields fields) {
        CompleteSearchEventBuilder builder = CompleteSearchEvent.builder();
        fields.with("query", value -> builder.query(Values.string(value)));
        fields.with("method", value -> builder.method(Values.string(value)));
        fields.with("actionPath", value -> builder.actionPath(Values.string(value)));
        return builder.build();
    }
}
