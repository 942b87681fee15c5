// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.List;

/** The client opened the choice of products of a stream. */
public final class ChooseProductEvent extends Event {
    private final long streamId;
    private final String streamTitle;
    private final String streamDescription;
    private final boolean isLive;
    private final List<Long> productIds;

    ChooseProductEvent(ChooseProductEventBuilder builder) {
        streamId = builder.streamId;
        streamTitle = builder.streamTitle;
        streamDescription = builder.streamDescription;
        isLive = builder.isLive;
        productIds = builder.productIds;
    }

    /** Begins one of which nothing is set. */
    public static ChooseProductEventBuilder builder() {
        return new ChooseProductEventBuilder();
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

    /** The products to choose from. */
    public List<Long> getProductIds() {
        return productIds;
    }

    @Override
    public String eventType() {
        return "chooseProductEvent";
    }

    @Override
    public int eventNumber() {
        return 19;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.INT64, streamId);
        out.write(6, ProtoValue.STRING, streamTitle);
        out.write(7, ProtoValue.STRING, streamDescription);
        out.write(8, ProtoValue.BOOL, isLive);
        out.packed(9, ProtoValue.INT64, productIds);
    }
}
