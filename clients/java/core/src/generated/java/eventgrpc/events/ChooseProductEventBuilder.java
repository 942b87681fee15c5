// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Collection;
import java.util.List;

/** Collects what makes up a {@link ChooseProductEvent}. */
public final class ChooseProductEventBuilder {
    long streamId;
    String streamTitle = "";
    String streamDescription = "";
    boolean isLive;
    List<Long> productIds = Copies.list(null);

    ChooseProductEventBuilder() {}

    /** {@code streamId}. */
    public ChooseProductEventBuilder streamId(long streamId) {
        this.streamId = streamId;
        return this;
    }

    /** {@code streamTitle}. */
    public ChooseProductEventBuilder streamTitle(String streamTitle) {
        this.streamTitle = streamTitle == null ? "" : streamTitle;
        return this;
    }

    /** {@code streamDescription}. */
    public ChooseProductEventBuilder streamDescription(String streamDescription) {
        this.streamDescription = streamDescription == null ? "" : streamDescription;
        return this;
    }

    /** Whether the stream was live. */
    public ChooseProductEventBuilder isLive(boolean isLive) {
        this.isLive = isLive;
        return this;
    }

    /** The products to choose from. */
    public ChooseProductEventBuilder productIds(Collection<Long> productIds) {
        this.productIds = Copies.list(productIds);
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public ChooseProductEvent build() {
        return new ChooseProductEvent(this);
    }
}
