// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up an {@link InitiateSearchEvent}. */
public final class InitiateSearchEventBuilder {
    String method = "";

    InitiateSearchEventBuilder() {}

    /** How the search is entered. */
    public InitiateSearchEventBuilder method(String method) {
        this.method = method == null ? "" : method;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public InitiateSearchEvent build() {
        return new InitiateSearchEvent(this);
    }
}
