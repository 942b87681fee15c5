// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link PageLoadedEvent}. */
public final class PageLoadedEventBuilder {
    String pageQueryId = "";
    String backendVariant = "";
    String backendSourceType = "";
    String backendSource = "";

    PageLoadedEventBuilder() {}

    /** The same as in the page's PageOpenedEvent. */
    public PageLoadedEventBuilder pageQueryId(String pageQueryId) {
        this.pageQueryId = pageQueryId == null ? "" : pageQueryId;
        return this;
    }

    /** The variant of the page that the backend chose. */
    public PageLoadedEventBuilder backendVariant(String backendVariant) {
        this.backendVariant = backendVariant == null ? "" : backendVariant;
        return this;
    }

    /** What kind of source the backend took the content from. */
    public PageLoadedEventBuilder backendSourceType(String backendSourceType) {
        this.backendSourceType = backendSourceType == null ? "" : backendSourceType;
        return this;
    }

    /** Which source of that kind. */
    public PageLoadedEventBuilder backendSource(String backendSource) {
        this.backendSource = backendSource == null ? "" : backendSource;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public PageLoadedEvent build() {
        return new PageLoadedEvent(this);
    }
}
