// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened the WhatsApp chat with a buddy. */
public final class WhatsAppBuddyChatOpen extends Event {
    private final String source;

    WhatsAppBuddyChatOpen(WhatsAppBuddyChatOpenBuilder builder) {
        source = builder.source;
    }

    /** Begins one of which nothing is set. */
    public static WhatsAppBuddyChatOpenBuilder builder() {
        return new WhatsAppBuddyChatOpenBuilder();
    }

    /** The screen that the chat was opened from. */
    public String getSource() {
        return source;
    }

    @Override
    public String eventType() {
        return "whatsAppBuddyChatOpen";
    }

    @Override
    public int eventNumber() {
        return 55;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, source);
    }
}
