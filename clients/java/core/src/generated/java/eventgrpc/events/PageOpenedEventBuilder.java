// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PageOpenedEvent}. */
public final class PageOpenedEventBuilder {
    String pageQueryId = "";

    PageOpenedEventBuilder() {}

    /** Ties together the events of one request for a page. */
    public PageOpenedEventBuilder pageQueryId(String pageQueryId) {
        this.pageQueryId = pageQueryId == null ? "" : pageQueryId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PageOpenedEvent build() {
        return new PageOpenedEvent(this);
    }
}
