// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client tapped the search bar in the header. */
public final class HeaderSearchBarClick extends Event {
    private final String source;

    HeaderSearchBarClick(HeaderSearchBarClickBuilder builder) {
        source = builder.source;
    }

    /** Begins one of which nothing is set. */
    public static HeaderSearchBarClickBuilder builder() {
        return new HeaderSearchBarClickBuilder();
    }

    /** The screen that the header was on. */
    public String getSource() {
        return source;
    }

    @Override
    public String eventType() {
        return "headerSearchBarClick";
    }

    @Override
    public int eventNumber() {
        return 56;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, source);
    }
}
