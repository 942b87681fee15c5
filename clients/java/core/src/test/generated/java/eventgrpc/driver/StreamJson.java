// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.ChooseProductEvent;
import eventgrpc.events.ChooseProductEventBuilder;
import eventgrpc.events.SocialStreamActionEvent;
import eventgrpc.events.SocialStreamActionEventBuilder;
import eventgrpc.events.SocialStreamEnterEvent;
import eventgrpc.events.SocialStreamEnterEventBuilder;
import eventgrpc.events.StreamEnterEvent;
import eventgrpc.events.StreamEnterEventBuilder;

/** Makes messages of JSON, for tests. */
final class StreamJson {
    private StreamJson() {}

    static StreamEnterEvent streamEnterEvent(Fields fields) {
        StreamEnterEventBuilder builder = StreamEnterEvent.builder();
        fields.with("streamId", value -> builder.streamId(Values.int64(value)));
        fields.with("streamTitle", value -> builder.streamTitle(Values.string(value)));
        fields.with("streamDescription", value -> builder.streamDescription(Values.string(value)));
        fields.with("isLive", value -> builder.isLive(Values.bool(value)));
        fields.with("productIds", value -> builder.productIds(Values.list(value, Values::int64)));
        fields.with("sourceURL", value -> builder.sourceURL(Values.string(value)));
        fields.with("sourceComponent", value -> builder.sourceComponent(Values.string(value)));
        return builder.build();
    }

    static ChooseProductEvent chooseProductEvent(Fields fields) {
        ChooseProductEventBuilder builder = ChooseProductEvent.builder();
        fields.with("streamId", value -> builder.streamId(Values.int64(value)));
        fields.with("streamTitle", value -> builder.streamTitle(Values.string(value)));
        fields.with("streamDescription", value -> builder.streamDescription(Values.string(value)));
        fields.with("isLive", value -> builder.isLive(Values.bool(value)));
        fields.with("productIds", value -> builder.productIds(Values.list(value, Values::int64)));
        return builder.build();
    }

    static SocialStreamEnterEvent socialStreamEnterEvent(Fields fields) {
        SocialStreamEnterEventBuilder builder = SocialStreamEnterEvent.builder();
        fields.with("socialStreamId", value -> builder.socialStreamId(Values.int64(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("hostProfileType", value -> builder.hostProfileType(Values.string(value)));
        fields.with("socialNetwork", value -> builder.socialNetwork(Values.string(value)));
        fields.with("videoOrientation", value -> builder.videoOrientation(Values.string(value)));
        fields.with("streamingMode", value -> builder.streamingMode(Values.string(value)));
        fields.with("numberOfHashTags", value -> builder.numberOfHashTags(Values.int64(value)));
        fields.with("likeCount", value -> builder.likeCount(Values.int64(value)));
        fields.with("orderOnlyOnWhatsapp", value -> builder.orderOnlyOnWhatsapp(Values.bool(value)));
        return builder.build();
    }

    static SocialStreamActionEvent socialStreamActionEvent(Fields fields) {
        SocialStreamActionEventBuilder builder = SocialStreamActionEvent.builder();
        fields.with("socialStreamId", value -> builder.socialStreamId(Values.int64(value)));
        fields.with("actionType", value -> builder.actionType(Values.string(value)));
        fields.with("hostProfileType", value -> builder.hostProfileType(Values.string(value)));
        fields.with("title", value -> builder.title(Values.string(value)));
        fields.with("socialNetwork", value -> builder.socialNetwork(Values.string(value)));
        fields.with("videoOrientation", value -> builder.videoOrientation(Values.string(value)));
        fields.with("timeElapsed", value -> builder.timeElapsed(Values.int64(value)));
        fields.with("streamingMode", value -> builder.streamingMode(Values.string(value)));
        fields.with("totalVideoDuration", value -> builder.totalVideoDuration(Values.int64(value)));
        return builder.build();
    }
}
