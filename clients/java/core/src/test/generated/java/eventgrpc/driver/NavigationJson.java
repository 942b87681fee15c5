// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.driver;

import eventgrpc.events.ActionBarBagCLickEvent;
import eventgrpc.events.ActionBarBagCLickEventBuilder;
import eventgrpc.events.BadgeClickEvent;
import eventgrpc.events.BadgeClickEventBuilder;
import eventgrpc.events.HashTagClickEvent;
import eventgrpc.events.HashTagClickEventBuilder;
import eventgrpc.events.HeaderCartIconClick;
import eventgrpc.events.HeaderCartIconClickBuilder;
import eventgrpc.events.HeaderSearchBarClick;
import eventgrpc.events.HeaderSearchBarClickBuilder;

/** Makes messages of JSON, for tests. */
final class NavigationJson {
    private NavigationJson() {}

    static HeaderSearchBarClick headerSearchBarClick(Fields fields) {
        HeaderSearchBarClickBuilder builder = HeaderSearchBarClick.builder();
        fields.with("source", value -> builder.source(Values.string(value)));
        return builder.build();
    }

    static HeaderCartIconClick headerCartIconClick(Fields fields) {
        HeaderCartIconClickBuilder builder = HeaderCartIconClick.builder();
        fields.with("source", value -> builder.source(Values.string(value)));
        return builder.build();
    }

    static ActionBarBagCLickEvent actionBarBagCLickEvent(Fields fields) {
        ActionBarBagCLickEventBuilder builder = ActionBarBagCLickEvent.builder();
        fields.with("screen", value -> builder.screen(Values.string(value)));
        fields.with("redDot", value -> builder.redDot(Values.bool(value)));
        return builder.build();
    }

    static BadgeClickEvent badgeClickEvent(Fields fields) {
        BadgeClickEventBuilder builder = BadgeClickEvent.builder();
        fields.with("name", value -> builder.name(Values.string(value)));
        fields.with("screen", value -> builder.screen(Values.string(value)));
        return builder.build();
    }

    static HashTagClickEvent hashTagClickEvent(Fields fields) {
        HashTagClickEventBuilder builder = HashTagClickEvent.builder();
        fields.with("hashtag", value -> builder.hashtag(Values.string(value)));
        fields.with("url", value -> builder.url(Values.string(value)));
        fields.with("parentId", value -> builder.parentId(Values.string(value)));
        fields.with("parentType", value -> builder.parentType(Values.string(value)));
        return builder.build();
    }
}
