// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.List;

/** The client opened a stream. */
public final class StreamEnterEvent extends Event {
    private final long streamId;
    private final String streamTitle;
    private final String streamDescription;
    private final boolean isLive;
    private final List<Long> productIds;
    private final String sourceURL;
    private final String sourceComponent;

    StreamEnterEvent(StreamEnterEventBuilder builder) {
        streamId = builder.streamId;
        streamTitle = builder.streamTitle;
        streamDescription = builder.streamDescription;
        isLive = builder.isLive;
        productIds = builder.productIds;
        sourceURL = builder.sourceURL;
        sourceComponent = builder.sourceComponent;
    }

    /** Begins one of which nothing is set. */
    public static StreamEnterEventBuilder builder() {
        return new StreamEnterEventBuilder();
    }

    /** {@code streamId}. */
    public long getStreamId() {
        return streamId;
    }

    /** {@code streamTitle}. */
    public String getStreamTitle() {
        return streamTitle;
    }

    /** {@code streamDescription}. */
    public String getStreamDescription() {
        return streamDescription;
    }

    /** Whether the stream was live. */
    public boolean isLive() {
        return isLive;
    }

    /** The products that the stream shows. */
    public List<Long> getProductIds() {
        return productIds;
    }

    /** The address that the stream was opened from. */
    public String getSourceURL() {
        return sourceURL;
    }

    /** The part of the screen that it was opened from. */
    public String getSourceComponent() {
        return sourceComponent;
    }

    @Override
    public String eventType() {
        return "streamEnterEvent";
    }

    @Override
    public int eventNumber() {
        return 18;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, streamId);
        out.write(6, ProtoValue.STRING, streamTitle);
        out.write(7, ProtoValue.STRING, streamDescription);
        out.write(8, ProtoValue.BOOL, isLive);
        out.packed(9, ProtoValue.INT64, productIds);
        out.write(10, ProtoValue.STRING, sourceURL);
        out.write(11, ProtoValue.STRING, sourceComponent);
    }
}
