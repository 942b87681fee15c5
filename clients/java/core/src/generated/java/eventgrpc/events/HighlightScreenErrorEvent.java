// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client could not load a highlight screen. */
public final class HighlightScreenErrorEvent extends Event {
    private final String id;
    private final String creator;
    private final String title;
    private final String type;
    private final long visitCount;

    HighlightScreenErrorEvent(HighlightScreenErrorEventBuilder builder) {
        id = builder.id;
        creator = builder.creator;
        title = builder.title;
        type = builder.type;
        visitCount = builder.visitCount;
    }

    /** Begins one of which nothing is set. */
    public static HighlightScreenErrorEventBuilder builder() {
        return new HighlightScreenErrorEventBuilder();
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

    @Override
    public String eventType() {
        return "highlightScreenErrorEvent";
    }

    @Override
    public int eventNumber() {
        return 37;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, id);
        out.write(5, ProtoValue.STRING, creator);
        out.write(6, ProtoValue.STRING, title);
        out.write(7, ProtoValue.STRING, type);
        out.write(8, ProtoValue.INT64, visitCount);
    }
}
