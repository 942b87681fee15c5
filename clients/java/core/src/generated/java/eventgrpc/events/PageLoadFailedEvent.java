// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client could not load a page. */
public final class PageLoadFailedEvent extends Event {
    private final String pageQueryId;
    private final String reason;
    private final String errorMessageShown;

    PageLoadFailedEvent(PageLoadFailedEventBuilder builder) {
        pageQueryId = builder.pageQueryId;
        reason = builder.reason;
        errorMessageShown = builder.errorMessageShown;
    }

    /** Begins one of which nothing is set. */
    public static PageLoadFailedEventBuilder builder() {
        return new PageLoadFailedEventBuilder();
    }

    /** The same as in the page's PageOpenedEvent. */
    public String getPageQueryId() {
        return pageQueryId;
    }

    /** Why, as the client knows it. */
    public String getReason() {
        return reason;
    }

    /** What the user was told. */
    public String getErrorMessageShown() {
        return errorMessageShown;
    }

    @Override
    public String eventType() {
        return "pageLoadFailedEvent";
    }

    @Override
    public int eventNumber() {
        return 12;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.STRING, pageQueryId);
        out.write(6, ProtoValue.STRING, reason);
        out.write(7, ProtoValue.STRING, errorMessageShown);
    }
}
