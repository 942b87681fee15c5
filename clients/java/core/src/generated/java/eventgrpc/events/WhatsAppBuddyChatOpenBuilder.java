// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link WhatsAppBuddyChatOpen}. */
public final class WhatsAppBuddyChatOpenBuilder {
    String source = "";

    WhatsAppBuddyChatOpenBuilder() {}

    /** The screen that the chat was opened from. */
    public WhatsAppBuddyChatOpenBuilder source(String source) {
        this.source = source == null ? "" : source;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public WhatsAppBuddyChatOpen build() {
        return new WhatsAppBuddyChatOpen(this);
    }
}
