// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HighlightScreenErrorEvent}. */
public final class HighlightScreenErrorEventBuilder {
    String id = "";
    String creator = "";
    String title = "";
    String type = "";
    long visitCount;

    HighlightScreenErrorEventBuilder() {}

    /** The highlight's id; the event has its own. */
    public HighlightScreenErrorEventBuilder id(String id) {
        this.id = id == null ? "" : id;
        return this;
    }

    /** Who made the highlight. */
    public HighlightScreenErrorEventBuilder creator(String creator) {
        this.creator = creator == null ? "" : creator;
        return this;
    }

    /** {@code title}. */
    public HighlightScreenErrorEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** The kind of highlight. */
    public HighlightScreenErrorEventBuilder type(String type) {
        this.type = type == null ? "" : type;
        return this;
    }

    /** How many visits the client has counted. */
    public HighlightScreenErrorEventBuilder visitCount(long visitCount) {
        this.visitCount = visitCount;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HighlightScreenErrorEvent build() {
        return new HighlightScreenErrorEvent(this);
    }
}
