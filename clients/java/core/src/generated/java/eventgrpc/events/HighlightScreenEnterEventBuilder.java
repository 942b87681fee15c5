// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HighlightScreenEnterEvent}. */
public final class HighlightScreenEnterEventBuilder {
    String id = "";
    String creator = "";
    String title = "";
    String type = "";
    long visitCount;

    HighlightScreenEnterEventBuilder() {}

    /** The highlight's id; the event has its own. */
    public HighlightScreenEnterEventBuilder id(String id) {
        this.id = id == null ? "" : id;
        return this;
    }

    /** Who made the highlight. */
    public HighlightScreenEnterEventBuilder creator(String creator) {
        this.creator = creator == null ? "" : creator;
        return this;
    }

    /** {@code title}. */
    public HighlightScreenEnterEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** The kind of highlight. */
    public HighlightScreenEnterEventBuilder type(String type) {
        this.type = type == null ? "" : type;
        return this;
    }

    /** How many visits the client has counted. */
    public HighlightScreenEnterEventBuilder visitCount(long visitCount) {
        this.visitCount = visitCount;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HighlightScreenEnterEvent build() {
        return new HighlightScreenEnterEvent(this);
    }
}
