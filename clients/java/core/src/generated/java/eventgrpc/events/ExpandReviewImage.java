// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client enlarged a picture of a review. */
public final class ExpandReviewImage extends Event {
    private final String componentName;

    ExpandReviewImage(ExpandReviewImageBuilder builder) {
        componentName = builder.componentName;
    }

    /** Begins one of which nothing is set. */
    public static ExpandReviewImageBuilder builder() {
        return new ExpandReviewImageBuilder();
    }

    /** The part of the screen that the picture was in. */
    public String getComponentName() {
        return componentName;
    }

    @Override
    public String eventType() {
        return "expandReviewImage";
    }

    @Override
    public int eventNumber() {
        return 45;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, componentName);
    }
}
