// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened a page and asked the backend for its content. */
public final class PageOpenedEvent extends Event {
    private final String pageQueryId;

    PageOpenedEvent(PageOpenedEventBuilder builder) {
        pageQueryId = builder.pageQueryId;
    }

    /** Begins one of which nothing is set. */
    public static PageOpenedEventBuilder builder() {
        return new PageOpenedEventBuilder();
    }

    /** Ties together the events of one request for a page. */
    public String getPageQueryId() {
        return pageQueryId;
    }

    @Override
    public String eventType() {
        return "pageOpenedEvent";
    }

    @Override
    public int eventNumber() {
        return 10;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.STRING, pageQueryId);
    }
}
