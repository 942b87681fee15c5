// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link NotificationActionEvent}. */
public final class NotificationActionEventBuilder {
    String action = "";
    String deeplink = "";
    String type = "";
    boolean isInAppNotification;
    String utmMedium = "";
    String utmCampaign = "";
    String utmSource = "";
    String title = "";
    String subtitle = "";

    NotificationActionEventBuilder() {}

    /** What happened to the notification. */
    public NotificationActionEventBuilder action(String action) {
        this.action = action == null ? "" : action;
        return this;
    }

    /** The place in the app that it leads to. */
    public NotificationActionEventBuilder deeplink(String deeplink) {
        this.deeplink = deeplink == null ? "" : deeplink;
        return this;
    }

    /** The kind of notification. */
    public NotificationActionEventBuilder type(String type) {
        this.type = type == null ? "" : type;
        return this;
    }

    /** Whether it was shown inside the app instead of by the system. */
    public NotificationActionEventBuilder isInAppNotification(boolean isInAppNotification) {
        this.isInAppNotification = isInAppNotification;
        return this;
    }

    /** {@code utmMedium}. */
    public NotificationActionEventBuilder utmMedium(String utmMedium) {
        this.utmMedium = utmMedium == null ? "" : utmMedium;
        return this;
    }

    /** {@code utmCampaign}. */
    public NotificationActionEventBuilder utmCampaign(String utmCampaign) {
        this.utmCampaign = utmCampaign == null ? "" : utmCampaign;
        return this;
    }

    /** {@code utmSource}. */
    public NotificationActionEventBuilder utmSource(String utmSource) {
        this.utmSource = utmSource == null ? "" : utmSource;
        return this;
    }

    /** {@code title}. */
    public NotificationActionEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** {@code subtitle}. */
    public NotificationActionEventBuilder subtitle(String subtitle) {
        this.subtitle = subtitle == null ? "" : subtitle;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public NotificationActionEvent build() {
        return new NotificationActionEvent(this);
    }
}
