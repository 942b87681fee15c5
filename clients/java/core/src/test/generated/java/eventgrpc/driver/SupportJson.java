// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.HelpActionEvent;
import eventgrpc.events.HelpActionEventBuilder;
import eventgrpc.events.WhatsAppBuddyChatOpen;
import eventgrpc.events.WhatsAppBuddyChatOpenBuilder;

/** Makes messages of JSON, for tests. */
final class SupportJson {
    private SupportJson() {}

    static HelpActionEvent helpActionEvent(Fields fields) {
        HelpActionEventBuilder builder = HelpActionEvent.builder();
        fields.with("source", value -> builder.source(Values.string(value)));
        fields.with("action", value -> builder.action(Values.string(value)));
        return builder.build();
    }

    static WhatsAppBuddyChatOpen whatsAppBuddyChatOpen(Fields fields) {
        WhatsAppBuddyChatOpenBuilder builder = WhatsAppBuddyChatOpen.builder();
        fields.with("source", value -> builder.source(Values.string(value)));
        return builder.build();
    }
}
