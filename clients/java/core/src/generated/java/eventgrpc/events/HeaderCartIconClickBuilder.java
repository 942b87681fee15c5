// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HeaderCartIconClick}. */
public final class HeaderCartIconClickBuilder {
    String source = "";

    HeaderCartIconClickBuilder() {}

    /** The screen that the header was on. */
    public HeaderCartIconClickBuilder source(String source) {
        this.source = source == null ? "" : source;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HeaderCartIconClick build() {
        return new HeaderCartIconClick(this);
    }
}
