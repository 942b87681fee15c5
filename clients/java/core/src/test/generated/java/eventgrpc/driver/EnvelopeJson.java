// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.Header;
import eventgrpc.events.HeaderBuilder;

/** Makes messages of JSON, for tests. */
final class EnvelopeJson {
    private EnvelopeJson() {}

    static Header header(Fields fields) {
        HeaderBuilder builder = Header.builder();
        fields.with("sessionId", value -> builder.sessionId(Values.string(value)));
        fields.with("bbDeviceId", value -> builder.bbDeviceId(Values.int64(value)));
        fields.with("userId", value -> builder.userId(Values.int64(value)));
        fields.with("deviceId", value -> builder.deviceId(Values.string(value)));
        fields.with("androidAdvertisingId", value -> builder.androidAdvertisingId(Values.string(value)));
        fields.with("clientId", value -> builder.clientId(Values.string(value)));
        fields.with("channel", value -> builder.channel(Values.string(value)));
        fields.with("os", value -> builder.os(Values.string(value)));
        fields.with("clientType", value -> builder.clientType(Values.string(value)));
        fields.with("appLanguage", value -> builder.appLanguage(Values.string(value)));
        fields.with("appVersion", value -> builder.appVersion(Values.string(value)));
        fields.with("appVersionCode", value -> builder.appVersionCode(Values.string(value)));
        fields.with("currentURL", value -> builder.currentURL(Values.string(value)));
        fields.with("merchantId", value -> builder.merchantId(Values.string(value)));
        fields.with("utmReferrer", value -> builder.utmReferrer(Values.string(value)));
        fields.with("utmPlatform", value -> builder.utmPlatform(Values.string(value)));
        fields.with("utmSource", value -> builder.utmSource(Values.string(value)));
        fields.with("utmMedium", value -> builder.utmMedium(Values.string(value)));
        fields.with("utmCampaign", value -> builder.utmCampaign(Values.string(value)));
        fields.with("ppId", value -> builder.ppId(Values.string(value)));
        return builder.build();
    }
}
