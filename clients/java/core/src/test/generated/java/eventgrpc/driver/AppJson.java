// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.AppStartEvent;
import eventgrpc.events.AppStartEventBuilder;
import eventgrpc.events.LaunchEvent;
import eventgrpc.events.LaunchEventBuilder;
import eventgrpc.events.LaunchReferEvent;
import eventgrpc.events.LaunchReferEventBuilder;
import eventgrpc.events.NotificationActionEvent;
import eventgrpc.events.NotificationActionEventBuilder;
import eventgrpc.events.SessionIdChangeEvent;
import eventgrpc.events.SessionIdChangeEventBuilder;
import eventgrpc.events.TestEvent;
import eventgrpc.events.TestEventBuilder;

/** Makes messages of JSON, for tests. */
final class AppJson {
    private AppJson() {}

    static AppStartEvent appStartEvent(Fields fields) {
        AppStartEventBuilder builder = AppStartEvent.builder();
        fields.with("action", value -> builder.action(Values.string(value)));
        fields.with("error", value -> builder.error(Values.string(value)));
        fields.with("isBlocking", value -> builder.isBlocking(Values.bool(value)));
        return builder.build();
    }

    static LaunchEvent launchEvent(Fields fields) {
        LaunchEventBuilder builder = LaunchEvent.builder();
        fields.with("dynamicLink", value -> builder.dynamicLink(Values.string(value)));
        fields.with("appLaunchCount", value -> builder.appLaunchCount(Values.int64(value)));
        return builder.build();
    }

    static LaunchReferEvent launchReferEvent(Fields fields) {
        LaunchReferEventBuilder builder = LaunchReferEvent.builder();
        fields.with("dynamicLink", value -> builder.dynamicLink(Values.string(value)));
        fields.with("utmSource", value -> builder.utmSource(Values.string(value)));
        fields.with("utmMedium", value -> builder.utmMedium(Values.string(value)));
        fields.with("utmCampaign", value -> builder.utmCampaign(Values.string(value)));
        fields.with("deepLink", value -> builder.deepLink(Values.string(value)));
        fields.with("androidDeepLink", value -> builder.androidDeepLink(Values.string(value)));
        return builder.build();
    }

    static SessionIdChangeEvent sessionIdChangeEvent(Fields fields) {
        SessionIdChangeEventBuilder builder = SessionIdChangeEvent.builder();
        fields.with("oldSessionId", value -> builder.oldSessionId(Values.string(value)));
        fields.with("newSessionId", value -> builder.newSessionId(Values.string(value)));
        return builder.build();
    }

    static NotificationActionEvent notificationActionEvent(Fields fields) {
        NotificationActionEventBuilder builder = NotificationActionEvent.builder();
        fields.with("action", value -> builder.action(Values.string(value)));
        fields.with("deeplink", value -> builder.deeplink(Values.string(value)));
        fields.with("type", value -> builder.type(Values.string(value)));
        fields.with("isInAppNotification", value -> builder.isInAppNotification(Values.bool(value)));
        fields.with("utmMedium", value -> builder.utmMedium(Values.string(value)));
        fields.with("utmCampaign", value -> builder.utmCampaign(Values.string(value)));
        fields.with("utmSource", value -> builder.utmSource(Values.string(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("subtitle", value -> builder.subtitle(Values.string(value)));
        return builder.build();
    }

    static TestEvent testEvent(Fields fields) {
        TestEventBuilder builder = TestEvent.builder();
        fields.with("testParam1", value -> builder.testParam1(Values.string(value)));
        fields.with("testParam2", value -> builder.testParam2(Values.int64(value)));
        return builder.build();
    }
}
