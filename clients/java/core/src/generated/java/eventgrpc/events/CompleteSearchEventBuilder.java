// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link CompleteSearchEvent}. */
public final class CompleteSearchEventBuilder {
    String query = "";
    String method = "";
    String actionPath = "";

    CompleteSearchEventBuilder() {}

    /** What was searched for. */
    public CompleteSearchEventBuilder query(String query) {
        this.query = query == null ? "" : query;
        return this;
    }

    /** How the search was entered. */
    public CompleteSearchEventBuilder method(String method) {
        this.method = method == null ? "" : method;
        return this;
    }

    /** Where the user went from the search. */
    public CompleteSearchEventBuilder actionPath(String actionPath) {
        this.actionPath = actionPath == null ? "" : actionPath;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public CompleteSearchEvent build() {
        return new CompleteSearchEvent(this);
    }
}
