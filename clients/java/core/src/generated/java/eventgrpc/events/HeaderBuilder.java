// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link Header}. */
public final class HeaderBuilder {
    String sessionId = "";
    long bbDeviceId;
    long userId;
    String deviceId = "";
    String androidAdvertisingId = "";
    String clientId = "";
    String channel = "";
    String os = "";
    String clientType = "";
    String appLanguage = "";
    String appVersion = "";
    String appVersionCode = "";
    String currentURL = "";
    String merchantId = "";
    String utmReferrer = "";
    String utmPlatform = "";
    String utmSource = "";
    String utmMedium = "";
    String utmCampaign = "";
    String ppId = "";

    HeaderBuilder() {}

    /** {@code sessionId}. */
    public HeaderBuilder sessionId(String sessionId) {
        this.sessionId = sessionId == null ? "" : sessionId;
        return this;
    }

    /** The device as the backend numbers it; deviceId is the client's own name for it. */
    public HeaderBuilder bbDeviceId(long bbDeviceId) {
        this.bbDeviceId = bbDeviceId;
        return this;
    }

    /** The user who is signed in. */
    public HeaderBuilder userId(long userId) {
        this.userId = userId;
        return this;
    }

    /** {@code deviceId}. */
    public HeaderBuilder deviceId(String deviceId) {
        this.deviceId = deviceId == null ? "" : deviceId;
        return this;
    }

    /** Advertising identifier of an Android device. */
    public HeaderBuilder androidAdvertisingId(String androidAdvertisingId) {
        this.androidAdvertisingId = androidAdvertisingId == null ? "" : androidAdvertisingId;
        return this;
    }

    /** {@code clientId}. */
    public HeaderBuilder clientId(String clientId) {
        this.clientId = clientId == null ? "" : clientId;
        return this;
    }

    /** {@code channel}. */
    public HeaderBuilder channel(String channel) {
        this.channel = channel == null ? "" : channel;
        return this;
    }

    /** Operating system. */
    public HeaderBuilder os(String os) {
        this.os = os == null ? "" : os;
        return this;
    }

    /** {@code clientType}. */
    public HeaderBuilder clientType(String clientType) {
        this.clientType = clientType == null ? "" : clientType;
        return this;
    }

    /** {@code appLanguage}. */
    public HeaderBuilder appLanguage(String appLanguage) {
        this.appLanguage = appLanguage == null ? "" : appLanguage;
        return this;
    }

    /** Version for people; appVersionCode is the build's number. */
    public HeaderBuilder appVersion(String appVersion) {
        this.appVersion = appVersion == null ? "" : appVersion;
        return this;
    }

    /** {@code appVersionCode}. */
    public HeaderBuilder appVersionCode(String appVersionCode) {
        this.appVersionCode = appVersionCode == null ? "" : appVersionCode;
        return this;
    }

    /** Where the client was when it sent the request; an event may carry its own. */
    public HeaderBuilder currentURL(String currentURL) {
        this.currentURL = currentURL == null ? "" : currentURL;
        return this;
    }

    /** {@code merchantId}. */
    public HeaderBuilder merchantId(String merchantId) {
        this.merchantId = merchantId == null ? "" : merchantId;
        return this;
    }

    /** The campaign that brought the user here: utmReferrer to utmCampaign. */
    public HeaderBuilder utmReferrer(String utmReferrer) {
        this.utmReferrer = utmReferrer == null ? "" : utmReferrer;
        return this;
    }

    /** {@code utmPlatform}. */
    public HeaderBuilder utmPlatform(String utmPlatform) {
        this.utmPlatform = utmPlatform == null ? "" : utmPlatform;
        return this;
    }

    /** {@code utmSource}. */
    public HeaderBuilder utmSource(String utmSource) {
        this.utmSource = utmSource == null ? "" : utmSource;
        return this;
    }

    /** {@code utmMedium}. */
    public HeaderBuilder utmMedium(String utmMedium) {
        this.utmMedium = utmMedium == null ? "" : utmMedium;
        return this;
    }

    /** {@code utmCampaign}. */
    public HeaderBuilder utmCampaign(String utmCampaign) {
        this.utmCampaign = utmCampaign == null ? "" : utmCampaign;
        return this;
    }

    /** An identifier that the client passes on as it is. */
    public HeaderBuilder ppId(String ppId) {
        this.ppId = ppId == null ? "" : ppId;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public Header build() {
        return new Header(this);
    }
}
