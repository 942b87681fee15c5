// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client opened a social stream. */
public final class SocialStreamEnterEvent extends Event {
    private final long socialStreamId;
    private final String title;
    private final String hostProfileType;
    private final String socialNetwork;
    private final String videoOrientation;
    private final String streamingMode;
    private final long numberOfHashTags;
    private final long likeCount;
    private final boolean orderOnlyOnWhatsapp;

    SocialStreamEnterEvent(SocialStreamEnterEventBuilder builder) {
        socialStreamId = builder.socialStreamId;
        title = builder.title;
        hostProfileType = builder.hostProfileType;
        socialNetwork = builder.socialNetwork;
        videoOrientation = builder.videoOrientation;
        streamingMode = builder.streamingMode;
        numberOfHashTags = builder.numberOfHashTags;
        likeCount = builder.likeCount;
        orderOnlyOnWhatsapp = builder.orderOnlyOnWhatsapp;
    }

    /** Begins one of which nothing is set. */
    public static SocialStreamEnterEventBuilder builder() {
        return new SocialStreamEnterEventBuilder();
    }

    /** {@code socialStreamId}. */
    public long getSocialStreamId() {
        return socialStreamId;
    }

    /** {@code title}. */
    public String getTitle() {
        return title;
    }

    /** The kind of profile that hosts the stream. */
    public String getHostProfileType() {
        return hostProfileType;
    }

    /** The network that the video comes from. */
    public String getSocialNetwork() {
        return socialNetwork;
    }

    /** {@code videoOrientation}. */
    public String getVideoOrientation() {
        return videoOrientation;
    }

    /** {@code streamingMode}. */
    public String getStreamingMode() {
        return streamingMode;
    }

    /** {@code numberOfHashTags}. */
    public long getNumberOfHashTags() {
        return numberOfHashTags;
    }

    /** {@code likeCount}. */
    public long getLikeCount() {
        return likeCount;
    }

    /** Whether orders are taken on WhatsApp only. */
    public boolean getOrderOnlyOnWhatsapp() {
        return orderOnlyOnWhatsapp;
    }

    @Override
    public String eventType() {
        return "socialStreamEnterEvent";
    }

    @Override
    public int eventNumber() {
        return 27;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, socialStreamId);
        out.write(6, ProtoValue.STRING, title);
        out.write(7, ProtoValue.STRING, hostProfileType);
        out.write(8, ProtoValue.STRING, socialNetwork);
        out.write(9, ProtoValue.STRING, videoOrientation);
        out.write(10, ProtoValue.STRING, streamingMode);
        out.write(11, ProtoValue.INT64, numberOfHashTags);
        out.write(12, ProtoValue.INT64, likeCount);
        out.write(13, ProtoValue.BOOL, orderOnlyOnWhatsapp);
    }
}
