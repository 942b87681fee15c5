// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link LaunchReferEvent}. */
public final class LaunchReferEventBuilder {
    String dynamicLink = "";
    String utmSource = "";
    String utmMedium = "";
    String utmCampaign = "";
    String deepLink = "";
    String androidDeepLink = "";

    LaunchReferEventBuilder() {}

    /** The link as it was followed. */
    public LaunchReferEventBuilder dynamicLink(String dynamicLink) {
        this.dynamicLink = dynamicLink == null ? "" : dynamicLink;
        return this;
    }

    /** {@code utmSource}. */
    public LaunchReferEventBuilder utmSource(String utmSource) {
        this.utmSource = utmSource == null ? "" : utmSource;
        return this;
    }

    /** {@code utmMedium}. */
    public LaunchReferEventBuilder utmMedium(String utmMedium) {
        this.utmMedium = utmMedium == null ? "" : utmMedium;
        return this;
    }

    /** {@code utmCampaign}. */
    public LaunchReferEventBuilder utmCampaign(String utmCampaign) {
        this.utmCampaign = utmCampaign == null ? "" : utmCampaign;
        return this;
    }

    /** The place in the app that the link leads to. */
    public LaunchReferEventBuilder deepLink(String deepLink) {
        this.deepLink = deepLink == null ? "" : deepLink;
        return this;
    }

    /** The same place in its Android form. */
    public LaunchReferEventBuilder androidDeepLink(String androidDeepLink) {
        this.androidDeepLink = androidDeepLink == null ? "" : androidDeepLink;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public LaunchReferEvent build() {
        return new LaunchReferEvent(this);
    }
}
