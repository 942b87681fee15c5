// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Collection;
import java.util.List;

/** Collects what makes up a {@link StreamEnterEvent}. */
public final class StreamEnterEventBuilder {
    long streamId;
    String streamTitle = "";
    String streamDescription = "";
    boolean isLive;
    List<Long> productIds = Copies.list(null);
    String sourceURL = "";
    String sourceComponent = "";

    StreamEnterEventBuilder() {}

    /** {@code streamId}. */
    public StreamEnterEventBuilder streamId(long streamId) {
        this.streamId = streamId;
        return this;
    }

    /** {@code streamTitle}. */
    public StreamEnterEventBuilder streamTitle(String streamTitle) {
        this.streamTitle = streamTitle == null ? "" : streamTitle;
        return this;
    }

    /** {@code streamDescription}. */
    public StreamEnterEventBuilder streamDescription(String streamDescription) {
        this.streamDescription = streamDescription == null ? "" : streamDescription;
        return this;
    }

    /** Whether the stream was live. */
    public StreamEnterEventBuilder isLive(boolean isLive) {
        this.isLive = isLive;
        return this;
    }

    /** The products that the stream shows. */
    public StreamEnterEventBuilder productIds(Collection<Long> productIds) {
        this.productIds = Copies.list(productIds);
        return this;
    }

    /** The address that the stream was opened from. */
    public StreamEnterEventBuilder sourceURL(String sourceURL) {
        this.sourceURL = sourceURL == null ? "" : sourceURL;
        return this;
    }

    /** The part of the screen that it was opened from. */
    public StreamEnterEventBuilder sourceComponent(String sourceComponent) {
        this.sourceComponent = sourceComponent == null ? "" : sourceComponent;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public StreamEnterEvent build() {
        return new StreamEnterEvent(this);
    }
}
