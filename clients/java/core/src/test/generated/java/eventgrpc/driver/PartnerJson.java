// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.AffiliateActionEvent;
import eventgrpc.events.AffiliateActionEventBuilder;
import eventgrpc.events.HostActionEvent;
import eventgrpc.events.HostActionEventBuilder;

/** Makes messages of JSON, for tests. */
final class PartnerJson {
    private PartnerJson() {}

    static AffiliateActionEvent affiliateActionEvent(Fields fields) {
        AffiliateActionEventBuilder builder = AffiliateActionEvent.builder();
        fields.with("action", value -> builder.action(Values.string(value)));
        fields.with("reason", value -> builder.reason(Values.string(value)));
        fields.with("url", value -> builder.url(Values.string(value)));
        return builder.build();
    }

    static HostActionEvent hostActionEvent(Fields fields) {
        HostActionEventBuilder builder = HostActionEvent.builder();
        fields.with("action", value -> builder.action(Values.string(value)));
        fields.with("hostPpid", value -> builder.hostPpid(Values.string(value)));
        return builder.build();
    }
}
