// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link SocialStreamActionEvent}. */
public final class SocialStreamActionEventBuilder {
    long socialStreamId;
    String actionType = "";
    String hostProfileType = "";
    String title = "";
    String socialNetwork = "";
    String videoOrientation = "";
    long timeElapsed;
    String streamingMode = "";
    long totalVideoDuration;

    SocialStreamActionEventBuilder() {}

    /** {@code socialStreamId}. */
    public SocialStreamActionEventBuilder socialStreamId(long socialStreamId) {
        this.socialStreamId = socialStreamId;
        return this;
    }

    /** What the user did. */
    public SocialStreamActionEventBuilder actionType(String actionType) {
        this.actionType = actionType == null ? "" : actionType;
        return this;
    }

    /** The kind of profile that hosts the stream. */
    public SocialStreamActionEventBuilder hostProfileType(String hostProfileType) {
        this.hostProfileType = hostProfileType == null ? "" : hostProfileType;
        return this;
    }

    /** {@code title}. */
    public SocialStreamActionEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** The network that the video comes from. */
    public SocialStreamActionEventBuilder socialNetwork(String socialNetwork) {
        this.socialNetwork = socialNetwork == null ? "" : socialNetwork;
        return this;
    }

    /** {@code videoOrientation}. */
    public SocialStreamActionEventBuilder videoOrientation(String videoOrientation) {
        this.videoOrientation = videoOrientation == null ? "" : videoOrientation;
        return this;
    }

    /** How far into the video, in the client's own unit. */
    public SocialStreamActionEventBuilder timeElapsed(long timeElapsed) {
        this.timeElapsed = timeElapsed;
        return this;
    }

    /** {@code streamingMode}. */
    public SocialStreamActionEventBuilder streamingMode(String streamingMode) {
        this.streamingMode = streamingMode == null ? "" : streamingMode;
        return this;
    }

    /** How long the video is, in the unit of timeElapsed. */
    public SocialStreamActionEventBuilder totalVideoDuration(long totalVideoDuration) {
        this.totalVideoDuration = totalVideoDuration;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public SocialStreamActionEvent build() {
        return new SocialStreamActionEvent(this);
    }
}
