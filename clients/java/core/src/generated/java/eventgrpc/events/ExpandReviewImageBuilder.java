// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link ExpandReviewImage}. */
public final class ExpandReviewImageBuilder {
    String componentName = "";

    ExpandReviewImageBuilder() {}

    /** The part of the screen that the picture was in. */
    public ExpandReviewImageBuilder componentName(String componentName) {
        this.componentName = componentName == null ? "" : componentName;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public ExpandReviewImage build() {
        return new ExpandReviewImage(this);
    }
}
