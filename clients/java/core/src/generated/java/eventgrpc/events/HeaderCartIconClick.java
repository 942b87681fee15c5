// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client tapped the cart in the header. */
public final class HeaderCartIconClick extends Event {
    private final String source;

    HeaderCartIconClick(HeaderCartIconClickBuilder builder) {
        source = builder.source;
    }

    /** Begins one of which nothing is set. */
    public static HeaderCartIconClickBuilder builder() {
        return new HeaderCartIconClickBuilder();
    }

    /** The screen that the header was on. */
    public String getSource() {
        return source;
    }

    @Override
    public String eventType() {
        return "headerCartIconClick";
    }

    @Override
    public int eventNumber() {
        return 57;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, source);
    }
}
