// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link SocialStreamEnterEvent}. */
public final class SocialStreamEnterEventBuilder {
    long socialStreamId;
    String title = "";
    String hostProfileType = "";
    String socialNetwork = "";
    String videoOrientation = "";
    String streamingMode = "";
    long numberOfHashTags;
    long likeCount;
    boolean orderOnlyOnWhatsapp;

    SocialStreamEnterEventBuilder() {}

    /** {@code socialStreamId}. */
    public SocialStreamEnterEventBuilder socialStreamId(long socialStreamId) {
        this.socialStreamId = socialStreamId;
        return this;
    }

    /** {@code title}. */
    public SocialStreamEnterEventBuilder title(String title) {
        this.title = title == null ? "" : title;
        return this;
    }

    /** The kind of profile that hosts the stream. */
    public SocialStreamEnterEventBuilder hostProfileType(String hostProfileType) {
        this.hostProfileType = hostProfileType == null ? "" : hostProfileType;
        return this;
    }

    /** The network that the video comes from. */
    public SocialStreamEnterEventBuilder socialNetwork(String socialNetwork) {
        this.socialNetwork = socialNetwork == null ? "" : socialNetwork;
        return this;
    }

    /** {@code videoOrientation}. */
    public SocialStreamEnterEventBuilder videoOrientation(String videoOrientation) {
        this.videoOrientation = videoOrientation == null ? "" : videoOrientation;
        return this;
    }

    /** {@code streamingMode}. */
    public SocialStreamEnterEventBuilder streamingMode(String streamingMode) {
        this.streamingMode = streamingMode == null ? "" : streamingMode;
        return this;
    }

    /** {@code numberOfHashTags}. */
    public SocialStreamEnterEventBuilder numberOfHashTags(long numberOfHashTags) {
        this.numberOfHashTags = numberOfHashTags;
        return this;
    }

    /** {@code likeCount}. */
    public SocialStreamEnterEventBuilder likeCount(long likeCount) {
        this.likeCount = likeCount;
        return this;
    }

    /** Whether orders are taken on WhatsApp only. */
    public SocialStreamEnterEventBuilder orderOnlyOnWhatsapp(boolean orderOnlyOnWhatsapp) {
        this.orderOnlyOnWhatsapp = orderOnlyOnWhatsapp;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public SocialStreamEnterEvent build() {
        return new SocialStreamEnterEvent(this);
    }
}
