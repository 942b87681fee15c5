package eventgrpc;

/** What the caller knows better than the client about one event. All of it may be left out. */
public final class Details {
    private String id = "";
    private String timestamp = "";
    private String currentUrl = "";

    /** Nothing yet. */
    public Details() {}

    /**
     * Sets the event's id, which must be its own: what has the same is stored once.
     *
     * @param id made by the client if null or empty
     * @return this
     */
    public Details id(String id) {
        this.id = id == null ? "" : id;
        return this;
    }

    /**
     * Sets when the event happened.
     *
     * @param millis since the epoch
     * @return this
     */
    public Details timestamp(long millis) {
        this.timestamp = Long.toString(millis);
        return this;
    }

    /**
     * Sets where in the app the event happened.
     *
     * @param url left out if null or empty
     * @return this
     */
    public Details currentUrl(String url) {
        this.currentUrl = url == null ? "" : url;
        return this;
    }

    String id() {
        return id;
    }

    String timestamp() {
        return timestamp;
    }

    String currentUrl() {
        return currentUrl;
    }
}
