// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PageLoadFailedEvent}. */
public final class PageLoadFailedEventBuilder {
    String pageQueryId = "";
    String reason = "";
    String errorMessageShown = "";

    PageLoadFailedEventBuilder() {}

    /** The same as in the page's PageOpenedEvent. */
    public PageLoadFailedEventBuilder pageQueryId(String pageQueryId) {
        this.pageQueryId = pageQueryId == null ? "" : pageQueryId;
        return this;
    }

    /** Why, as the client knows it. */
    public PageLoadFailedEventBuilder reason(String reason) {
        this.reason = reason == null ? "" : reason;
        return this;
    }

    /** What the user was told. */
    public PageLoadFailedEventBuilder errorMessageShown(String errorMessageShown) {
        this.errorMessageShown = errorMessageShown == null ? "" : errorMessageShown;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PageLoadFailedEvent build() {
        return new PageLoadFailedEvent(this);
    }
}
