// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client acted on a social stream, such as by playing or liking it. */
public final class SocialStreamActionEvent extends Event {
    private final long socialStreamId;
    private final String actionType;
    private final String hostProfileType;
    private final String title;
    private final String socialNetwork;
    private final String videoOrientation;
    private final long timeElapsed;
    private final String streamingMode;
    private final long totalVideoDuration;

    SocialStreamActionEvent(SocialStreamActionEventBuilder builder) {
        socialStreamId = builder.socialStreamId;
        actionType = builder.actionType;
        hostProfileType = builder.hostProfileType;
        title = builder.title;
        socialNetwork = builder.socialNetwork;
        videoOrientation = builder.videoOrientation;
        timeElapsed = builder.timeElapsed;
        streamingMode = builder.streamingMode;
        totalVideoDuration = builder.totalVideoDuration;
    }

    /** Begins one of which nothing is set. */
    public static SocialStreamActionEventBuilder builder() {
        return new SocialStreamActionEventBuilder();
    }

    /** {@code socialStreamId}. */
    public long getSocialStreamId() {
        return socialStreamId;
    }

    /** What the user did. */
    public String getActionType() {
        return actionType;
    }

    /** The kind of profile that hosts the stream. */
    public String getHostProfileType() {
        return hostProfileType;
    }

    /** {@code title}. */
    public String getTitle() {
        return title;
    }

    /** The network that the video comes from. */
    public String getSocialNetwork() {
        return socialNetwork;
    }

    /** {@code videoOrientation}. */
    public String getVideoOrientation() {
        return videoOrientation;
    }

    /** How far into the video, in the client's own unit. */
    public long getTimeElapsed() {
        return timeElapsed;
    }

    /** {@code streamingMode}. */
    public String getStreamingMode() {
        return streamingMode;
    }

    /** How long the video is, in the unit of timeElapsed. */
    public long getTotalVideoDuration() {
        return totalVideoDuration;
    }

    @Override
    public String eventType() {
        return "socialStreamActionEvent";
    }

    @Override
    public int eventNumber() {
        return 28;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, socialStreamId);
        out.write(6, ProtoValue.STRING, actionType);
        out.write(7, ProtoValue.STRING, hostProfileType);
        out.write(8, ProtoValue.STRING, title);
        out.write(9, ProtoValue.STRING, socialNetwork);
        out.write(10, ProtoValue.STRING, videoOrientation);
        out.write(11, ProtoValue.INT64, timeElapsed);
        out.write(12, ProtoValue.STRING, streamingMode);
        out.write(13, ProtoValue.INT64, totalVideoDuration);
    }
}
