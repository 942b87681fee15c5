// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HighlightScreenLoadedEvent}. */
public final class HighlightScreenLoadedEventBuilder {
    String id = "";
    String creator = "";
    String title = "";
    String type = "";
    long visitCount;

    HighlightScreenLoadedEventBuilder() {}

    /** The highlight's id; the event has its own. */
    public HighlightScreenLoadedEventBuilder id(String id) {
        this.id = id == null ? "" : id;
        return this;
    }

    /** Who made the highlight. */
    public HighlightScreenLoadedEventBuilder creator(String creator) {
        this.creator = creator == null ? "" : creator;
        return this;
    }

    /** {@code title}. */
    public HighlightScreenLoadedEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** The kind of highlight. */
    public HighlightScreenLoadedEventBuilder type(String type) {
        this.type = type == null ? "" : type;
        return this;
    }

    /** How many visits the client has counted. */
    public HighlightScreenLoadedEventBuilder visitCount(long visitCount) {
        this.visitCount = visitCount;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HighlightScreenLoadedEvent build() {
        return new HighlightScreenLoadedEvent(this);
    }
}
