// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link SearchRequestComplete}. */
public final class SearchRequestCompleteBuilder {
    String query = "";
    int responseCount;
    String method = "";

    SearchRequestCompleteBuilder() {}

    /** What was searched for. */
    public SearchRequestCompleteBuilder query(String query) {
        this.query = query == null ? "" : query;
        return this;
    }

    /** How many results came back. */
    public SearchRequestCompleteBuilder responseCount(int responseCount) {
        this.responseCount = responseCount;
        return this;
    }

    /** How the search was entered. */
    public SearchRequestCompleteBuilder method(String method) {
        this.method = method == null ? "" : method;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public SearchRequestComplete build() {
        return new SearchRequestComplete(this);
    }
}
