// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HeaderSearchBarClick}. */
public final class HeaderSearchBarClickBuilder {
    String source = "";

    HeaderSearchBarClickBuilder() {}

    /** The screen that the header was on. */
    public HeaderSearchBarClickBuilder source(String source) {
        this.source = source == null ? "" : source;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HeaderSearchBarClick build() {
        return new HeaderSearchBarClick(this);
    }
}
