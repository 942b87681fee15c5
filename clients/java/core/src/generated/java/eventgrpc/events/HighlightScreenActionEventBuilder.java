// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HighlightScreenActionEvent}. */
public final class HighlightScreenActionEventBuilder {
    String id = "";
    String creator = "";
    String title = "";
    String type = "";
    long visitCount;
    String actionType = "";

    HighlightScreenActionEventBuilder() {}

    /** The highlight's id; the event has its own. */
    public HighlightScreenActionEventBuilder id(String id) {
        this.id = id == null ? "" : id;
        return this;
    }

    /** Who made the highlight. */
    public HighlightScreenActionEventBuilder creator(String creator) {
        this.creator = creator == null ? "" : creator;
        return this;
    }

    /** {@code title}. */
    public HighlightScreenActionEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** The kind of highlight. */
    public HighlightScreenActionEventBuilder type(String type) {
        this.type = type == null ? "" : type;
        return this;
    }

    /** How many visits the client has counted. */
    public HighlightScreenActionEventBuilder visitCount(long visitCount) {
        this.visitCount = visitCount;
        return this;
    }

    /** What the user did. */
    public HighlightScreenActionEventBuilder actionType(String actionType) {
        this.actionType = actionType == null ? "" : actionType;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HighlightScreenActionEvent build() {
        return new HighlightScreenActionEvent(this);
    }
}
