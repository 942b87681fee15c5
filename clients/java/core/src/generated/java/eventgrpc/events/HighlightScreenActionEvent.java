// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client acted on a highlight screen. */
public final class HighlightScreenActionEvent extends Event {
    private final String id;
    private final String creator;
    private final String title;
    private final String type;
    private final long visitCount;
    private final String actionType;

    HighlightScreenActionEvent(HighlightScreenActionEventBuilder builder) {
        id = builder.id;
        creator = builder.creator;
        title = builder.title;
        type = builder.type;
        visitCount = builder.visitCount;
        actionType = builder.actionType;
    }

    /** Begins one of which nothing is set. */
    public static HighlightScreenActionEventBuilder builder() {
        return new HighlightScreenActionEventBuilder();
    }

    /** The highlight's id; the event has its own. */
    public String getId() {
        return id;
    }

    /** Who made the highlight. */
    public String getCreator() {
        return creator;
    }

    /** {@code title}. */
    public String getTitle() {
        return title;
    }

    /** The kind of highlight. */
    public String getType() {
        return type;
    }

    /** How many visits the client has counted. */
    public long getVisitCount() {
        return visitCount;
    }

    /** What the user did. */
    public String getActionType() {
        return actionType;
    }

    @Override
    public String eventType() {
        return "highlightScreenActionEvent";
    }

    @Override
    public int eventNumber() {
        return 38;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, id);
        out.write(5, ProtoValue.STRING, creator);
        out.write(6, ProtoValue.STRING, title);
        out.write(7, ProtoValue.STRING, type);
        out.write(8, ProtoValue.INT64, visitCount);
        out.write(9, ProtoValue.STRING, actionType);
    }
}
