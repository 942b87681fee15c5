// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client was launched by a referral link and knows the campaign behind it. */
public final class LaunchReferEvent extends Event {
    private final String dynamicLink;
    private final String utmSource;
    private final String utmMedium;
    private final String utmCampaign;
    private final String deepLink;
    private final String androidDeepLink;

    LaunchReferEvent(LaunchReferEventBuilder builder) {
        dynamicLink = builder.dynamicLink;
        utmSource = builder.utmSource;
        utmMedium = builder.utmMedium;
        utmCampaign = builder.utmCampaign;
        deepLink = builder.deepLink;
        androidDeepLink = builder.androidDeepLink;
    }

    /** Begins one of which nothing is set. */
    public static LaunchReferEventBuilder builder() {
        return new LaunchReferEventBuilder();
    }

    /** The link as it was followed. */
    public String getDynamicLink() {
        return dynamicLink;
    }

    /** {@code utmSource}. */
    public String getUtmSource() {
        return utmSource;
    }

    /** {@code utmMedium}. */
    public String getUtmMedium() {
        return utmMedium;
    }

    /** {@code utmCampaign}. */
    public String getUtmCampaign() {
        return utmCampaign;
    }

    /** The place in the app that the link leads to. */
    public String getDeepLink() {
        return deepLink;
    }

    /** The same place in its Android form. */
    public String getAndroidDeepLink() {
        return androidDeepLink;
    }

    @Override
    public String eventType() {
        return "launchReferEvent";
    }

    @Override
    public int eventNumber() {
        return 30;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(6, ProtoValue.STRING, dynamicLink);
        out.write(7, ProtoValue.STRING, utmSource);
        out.write(8, ProtoValue.STRING, utmMedium);
        out.write(9, ProtoValue.STRING, utmCampaign);
        out.write(10, ProtoValue.STRING, deepLink);
        out.write(11, ProtoValue.STRING, androidDeepLink);
    }
}
