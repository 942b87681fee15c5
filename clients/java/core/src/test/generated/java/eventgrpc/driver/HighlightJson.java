// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.HighlightScreenActionEvent;
import eventgrpc.events.HighlightScreenActionEventBuilder;
import eventgrpc.events.HighlightScreenEnterEvent;
import eventgrpc.events.HighlightScreenEnterEventBuilder;
import eventgrpc.events.HighlightScreenErrorEvent;
import eventgrpc.events.HighlightScreenErrorEventBuilder;
import eventgrpc.events.HighlightScreenLoadedEvent;
import eventgrpc.events.HighlightScreenLoadedEventBuilder;

/** Makes messages of JSON, for tests. */
final class HighlightJson {
    private HighlightJson() {}

    static HighlightScreenEnterEvent highlightScreenEnterEvent(Fields fields) {
        HighlightScreenEnterEventBuilder builder = HighlightScreenEnterEvent.builder();
        fields.with("id", value -> builder.id(Values.string(value)));
        fields.with("creator", value -> builder.creator(Values.string(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("type", value -> builder.type(Values.string(value)));
        fields.with("visitCount", value -> builder.visitCount(Values.int64(value)));
        return builder.build();
    }

    static HighlightScreenLoadedEvent highlightScreenLoadedEvent(Fields fields) {
        HighlightScreenLoadedEventBuilder builder = HighlightScreenLoadedEvent.builder();
        fields.with("id", value -> builder.id(Values.string(value)));
        fields.with("creator", value -> builder.creator(Values.string(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("type", value -> builder.type(Values.string(value)));
        fields.with("visitCount", value -> builder.visitCount(Values.int64(value)));
        return builder.build();
    }

    static HighlightScreenErrorEvent highlightScreenErrorEvent(Fields fields) {
        HighlightScreenErrorEventBuilder builder = HighlightScreenErrorEvent.builder();
        fields.with("id", value -> builder.id(Values.string(value)));
        fields.with("creator", value -> builder.creator(Values.string(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("type", value -> builder.type(Values.string(value)));
        fields.with("visitCount", value -> builder.visitCount(Values.int64(value)));
        return builder.build();
    }

    static HighlightScreenActionEvent highlightScreenActionEvent(Fields fields) {
        HighlightScreenActionEventBuilder builder = HighlightScreenActionEvent.builder();
        fields.with("id", value -> builder.id(Values.string(value)));
        fields.with("creator", value -> builder.creator(Values.string(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("type", value -> builder.type(Values.string(value)));
        fields.with("visitCount", value -> builder.visitCount(Values.int64(value)));
        fields.with("actionType", value -> builder.actionType(Values.string(value)));
        return builder.build();
    }
}
