// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client received the content of a page. */
public final class PageLoadedEvent extends Event {
    private final String pageQueryId;
    private final String backendVariant;
    private final String backendSourceType;
    private final String backendSource;

    PageLoadedEvent(PageLoadedEventBuilder builder) {
        pageQueryId = builder.pageQueryId;
        backendVariant = builder.backendVariant;
        backendSourceType = builder.backendSourceType;
        backendSource = builder.backendSource;
    }

    /** Begins one of which nothing is set. */
    public static PageLoadedEventBuilder builder() {
        return new PageLoadedEventBuilder();
    }

    /** The same as in the page's PageOpenedEvent. */
    public String getPageQueryId() {
        return pageQueryId;
    }

    /** The variant of the page that the backend chose. */
    public String getBackendVariant() {
        return backendVariant;
    }

    /** What kind of source the backend took the content from. */
    public String getBackendSourceType() {
        return backendSourceType;
    }

    /** Which source of that kind. */
    public String getBackendSource() {
        return backendSource;
    }

    @Override
    public String eventType() {
        return "pageLoadedEvent";
    }

    @Override
    public int eventNumber() {
        return 11;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.STRING, pageQueryId);
        out.write(6, ProtoValue.STRING, backendVariant);
        out.write(7, ProtoValue.STRING, backendSourceType);
        out.write(8, ProtoValue.STRING, backendSource);
    }
}
