// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.PageLoadFailedEvent;
import eventgrpc.events.PageLoadFailedEventBuilder;
import eventgrpc.events.PageLoadedEvent;
import eventgrpc.events.PageLoadedEventBuilder;
import eventgrpc.events.PageOpenedEvent;
import eventgrpc.events.PageOpenedEventBuilder;

/** Makes messages of JSON, for tests. */
final class PageJson {
    private PageJson() {}

    static PageOpenedEvent pageOpenedEvent(Fields fields) {
        PageOpenedEventBuilder builder = PageOpenedEvent.builder();
        fields.with("pageQueryId", value -> builder.pageQueryId(Values.string(value)));
        return builder.build();
    }

    static PageLoadedEvent pageLoadedEvent(Fields fields) {
        PageLoadedEventBuilder builder = PageLoadedEvent.builder();
        fields.with("pageQueryId", value -> builder.pageQueryId(Values.string(value)));
        fields.with("backendVariant", value -> builder.backendVariant(Values.string(value)));
        fields.with("backendSourceType", value -> builder.backendSourceType(Values.string(value)));
        fields.with("backendSource", value -> builder.backendSource(Values.string(value)));
        return builder.build();
    }

    static PageLoadFailedEvent pageLoadFailedEvent(Fields fields) {
        PageLoadFailedEventBuilder builder = PageLoadFailedEvent.builder();
        fields.with("pageQueryId", value -> builder.pageQueryId(Values.string(value)));
        fields.with("reason", value -> builder.reason(Values.string(value)));
        fields.with("errorMessageShown", value -> builder.errorMessageShown(Values.string(value)));
        return builder.build();
    }
}
