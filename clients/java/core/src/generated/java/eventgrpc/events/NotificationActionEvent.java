// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client handled a notification, or the user acted on it. */
public final class NotificationActionEvent extends Event {
    private final String action;
    private final String deeplink;
    private final String type;
    private final boolean isInAppNotification;
    private final String utmMedium;
    private final String utmCampaign;
    private final String utmSource;
    private final String title;
    private final String subtitle;

    NotificationActionEvent(NotificationActionEventBuilder builder) {
        action = builder.action;
        deeplink = builder.deeplink;
        type = builder.type;
        isInAppNotification = builder.isInAppNotification;
        utmMedium = builder.utmMedium;
        utmCampaign = builder.utmCampaign;
        utmSource = builder.utmSource;
        title = builder.title;
        subtitle = builder.subtitle;
    }

    /** Begins one of which nothing is set. */
    public static NotificationActionEventBuilder builder() {
        return new NotificationActionEventBuilder();
    }

    /** What happened to the notification. */
    public String getAction() {
        return action;
    }

    /** The place in the app that it leads to. */
    public String getDeeplink() {
        return deeplink;
    }

    /** The kind of notification. */
    public String getType() {
        return type;
    }

    /** Whether it was shown inside the app instead of by the system. */
    public boolean isInAppNotification() {
        return isInAppNotification;
    }

    /** {@code utmMedium}. */
    public String getUtmMedium() {
        return utmMedium;
    }

    /** {@code utmCampaign}. */
    public String getUtmCampaign() {
        return utmCampaign;
    }

    /** {@code utmSource}. */
    public String getUtmSource() {
        return utmSource;
    }

    /** {@code title}. */
    public String getTitle() {
        return title;
    }

    /** {@code subtitle}. */
    public String getSubtitle() {
        return subtitle;
    }

    @Override
    public String eventType() {
        return "notificationActionEvent";
    }

    @Override
    public int eventNumber() {
        return 62;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, action);
        out.write(5, ProtoValue.STRING, deeplink);
        out.write(6, ProtoValue.STRING, type);
        out.write(7, ProtoValue.BOOL, isInAppNotification);
        out.write(8, ProtoValue.STRING, utmMedium);
        out.write(9, ProtoValue.STRING, utmCampaign);
        out.write(10, ProtoValue.STRING, utmSource);
        out.write(11, ProtoValue.STRING, title);
        out.write(12, ProtoValue.STRING, subtitle);
    }
}
