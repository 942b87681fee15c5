// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

/** Collects what makes up a {@link HashTagClickEvent}. */
public final class HashTagClickEventBuilder {
    String hashtag = "";
    String url = "";
    String parentId = "";
    String parentType = "";

    HashTagClickEventBuilder() {}

    /** {@code hashtag}. */
    public HashTagClickEventBuilder hashtag(String hashtag) {
        this.hashtag = hashtag == null ? "" : hashtag;
        return this;
    }

    /** Where the hashtag leads. */
    public HashTagClickEventBuilder url(String url) {
        this.url = url == null ? "" : url;
        return this;
    }

    /** What the hashtag was shown on. */
    public HashTagClickEventBuilder parentId(String parentId) {
        this.parentId = parentId == null ? "" : parentId;
        return this;
    }

    /** The kind of thing it was shown on. */
    public HashTagClickEventBuilder parentType(String parentType) {
        this.parentType = parentType == null ? "" : parentType;
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public HashTagClickEvent build() {
        return new HashTagClickEvent(this);
    }
}
