// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Event;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;

/** The client tapped a hashtag. */
public final class HashTagClickEvent extends Event {
    private final String hashtag;
    private final String url;
    private final String parentId;
    private final String parentType;

    HashTagClickEvent(HashTagClickEventBuilder builder) {
        hashtag = builder.hashtag;
        url = builder.url;
        parentId = builder.parentId;
        parentType = builder.parentType;
    }

    /** Begins one of which nothing is set. */
    public static HashTagClickEventBuilder builder() {
        return new HashTagClickEventBuilder();
    }

    /** {@code hashtag}. */
    public String getHashtag() {
        return hashtag;
    }

    /** Where the hashtag leads. */
    public String getUrl() {
        return url;
    }

    /** What the hashtag was shown on. */
    public String getParentId() {
        return parentId;
    }

    /** The kind of thing it was shown on. */
    public String getParentType() {
        return parentType;
    }

    @Override
    public String eventType() {
        return "hashTagClickEvent";
    }

    @Override
    public int eventNumber() {
        return 54;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(4, ProtoValue.STRING, hashtag);
        out.write(5, ProtoValue.STRING, url);
        out.write(6, ProtoValue.STRING, parentId);
        out.write(7, ProtoValue.STRING, parentType);
    }
}
