// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import eventgrpc.RequestHeader;

/** Who and what sent the events: session, device, user, app and campaign. */
public final class Header extends RequestHeader {
    private final String sessionId;
    private final long bbDeviceId;
    private final long userId;
    private final String deviceId;
    private final String androidAdvertisingId;
    private final String clientId;
    private final String channel;
    private final String os;
    private final String clientType;
    private final String appLanguage;
    private final String appVersion;
    private final String appVersionCode;
    private final String currentURL;
    private final String merchantId;
    private final String utmReferrer;
    private final String utmPlatform;
    private final String utmSource;
    private final String utmMedium;
    private final String utmCampaign;
    private final String ppId;

    Header(HeaderBuilder builder) {
        sessionId = builder.sessionId;
        bbDeviceId = builder.bbDeviceId;
        userId = builder.userId;
        deviceId = builder.deviceId;
        androidAdvertisingId = builder.androidAdvertisingId;
        clientId = builder.clientId;
        channel = builder.channel;
        os = builder.os;
        clientType = builder.clientType;
        appLanguage = builder.appLanguage;
        appVersion = builder.appVersion;
        appVersionCode = builder.appVersionCode;
        currentURL = builder.currentURL;
        merchantId = builder.merchantId;
        utmReferrer = builder.utmReferrer;
        utmPlatform = builder.utmPlatform;
        utmSource = builder.utmSource;
        utmMedium = builder.utmMedium;
        utmCampaign = builder.utmCampaign;
        ppId = builder.ppId;
    }

    /** Begins one of which nothing is set. */
    public static HeaderBuilder builder() {
        return new HeaderBuilder();
    }

    /** {@code sessionId}. */
    public String getSessionId() {
        return sessionId;
    }

    /** The device as the backend numbers it; deviceId is the client's own name for it. */
    public long getBbDeviceId() {
        return bbDeviceId;
    }

    /** The user who is signed in. */
    public long getUserId() {
        return userId;
    }

    /** {@code deviceId}. */
    public String getDeviceId() {
        return deviceId;
    }

    /** Advertising identifier of an Android device. */
    public String getAndroidAdvertisingId() {
        return androidAdvertisingId;
    }

    /** {@code clientId}. */
    public String getClientId() {
        return clientId;
    }

    /** {@code channel}. */
    public String getChannel() {
        return channel;
    }

    /** Operating system. */
    public String getOs() {
        return os;
    }

    /** {@code clientType}. */
    public String getClientType() {
        return clientType;
    }

    /** {@code appLanguage}. */
    public String getAppLanguage() {
        return appLanguage;
    }

    /** Version for people; appVersionCode is the build's number. */
    public String getAppVersion() {
        return appVersion;
    }

    /** {@code appVersionCode}. */
    public String getAppVersionCode() {
        return appVersionCode;
    }

    /** Where the client was when it sent the request; an event may carry its own. */
    public String getCurrentURL() {
        return currentURL;
    }

    /** {@code merchantId}. */
    public String getMerchantId() {
        return merchantId;
    }

    /** The campaign that brought the user here: utmReferrer to utmCampaign. */
    public String getUtmReferrer() {
        return utmReferrer;
    }

    /** {@code utmPlatform}. */
    public String getUtmPlatform() {
        return utmPlatform;
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

    /** An identifier that the client passes on as it is. */
    public String getPpId() {
        return ppId;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.STRING, sessionId);
        out.write(6, ProtoValue.INT64, bbDeviceId);
        out.write(7, ProtoValue.INT64, userId);
        out.write(8, ProtoValue.STRING, deviceId);
        out.write(9, ProtoValue.STRING, androidAdvertisingId);
        out.write(10, ProtoValue.STRING, clientId);
        out.write(11, ProtoValue.STRING, channel);
        out.write(12, ProtoValue.STRING, os);
        out.write(13, ProtoValue.STRING, clientType);
        out.write(14, ProtoValue.STRING, appLanguage);
        out.write(15, ProtoValue.STRING, appVersion);
        out.write(16, ProtoValue.STRING, appVersionCode);
        out.write(17, ProtoValue.STRING, currentURL);
        out.write(18, ProtoValue.STRING, merchantId);
        out.write(19, ProtoValue.STRING, utmReferrer);
        out.write(20, ProtoValue.STRING, utmPlatform);
        out.write(21, ProtoValue.STRING, utmSource);
        out.write(22, ProtoValue.STRING, utmMedium);
        out.write(23, ProtoValue.STRING, utmCampaign);
        out.write(24, ProtoValue.STRING, ppId);
    }
}
