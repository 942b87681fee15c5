//! Messages of senders as they are before the release.

/// Exchange and routing key of a service that publishes.
pub(super) type Route = (&'static str, &'static str);

pub(super) const ORDERS: Route = ("affiliate.dx", "ordered");
pub(super) const ASSIGNED: Route = ("ab.dx", "ab_assignments");
pub(super) const CHOSEN: Route = ("ab.dx", "ab_chosen");
pub(super) const BACKUP: Route = ("beat.dx", "post_log_events_bkp");
pub(super) const ACTIVITY: Route = ("beat.dx", "post_activity_log_events");
pub(super) const REQUESTS: Route = ("beat.dx", "scrape_request_log_events");
pub(super) const PARTNERS: Route = ("coffee.dx", "activity_tracker_rk");
pub(super) const VOTES: Route = ("bigboss", "vote");
pub(super) const TRACES: Route = ("identity.dx", "traced");

const TIME: &str = "2026-11-27 02:00:00";

pub(super) fn order(id: &str, coupon: Option<&str>) -> String {
    let coupon = coupon.map_or(String::new(), |coupon| format!(r#","coupon":"{coupon}""#));
    format!(
        r#"{{"order_id":"{id}","platform":"shop","referral_code":"r","meta":{{}},"created_on":"{TIME}","last_modified_on":"{TIME}","amount":7,"status":"open"{coupon}}}"#
    )
}

pub(super) fn assignment(id: &str) -> String {
    format!(
        r#"{{"timestamp":1795744800,"userId":1,"newUser":false,"version":"1","ver":1,"checksum":"{id}","assignments":{{}}}}"#
    )
}

pub(super) fn post(id: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","source":"s","platform":"p","profile_id":"p1","handle":"h","shortcode":"c","publish_time":"{TIME}","event_timestamp":"{TIME}","metrics":{{}},"dimensions":{{}}}}"#
    )
}

pub(super) fn activity(id: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","source":"s","activity_type":"like","platform":"p","actor_profile_id":"a","shortcode":"c","publish_time":"{TIME}","metrics":{{}},"dimensions":{{}},"event_timestamp":"{TIME}"}}"#
    )
}

pub(super) fn request(id: &str, flow: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","scl_id":1,"flow":"{flow}","platform":"p","params":{{}},"status":"done","event_timestamp":"{TIME}"}}"#
    )
}

pub(super) fn partner(id: &str) -> String {
    format!(
        r#"{{"eventId":"{id}","moduleName":"m","activityName":"a","incrementCount":1,"partnerId":1,"accountId":1,"activityMeta":"{{}}","eventTimestamp":"{TIME}"}}"#
    )
}

pub(super) fn vote(id: &str) -> String {
    let time = "2026-11-27 02:00:00.000+00:00";
    format!(
        r#"{{"_id":"{id}","key":"k","vendorcode":"v","country":"IN","meta":{{}},"contestantid":"c","identifier":"i","languages":"hi","_sdc_received_at":"{time}","_sdc_batched_at":"{time}","_sdc_extracted_at":"{time}","createdat":"{time}","updatedat":"{time}","_sdc_table_version":1,"_sdc_sequence":1}}"#
    )
}

pub(super) fn trace(id: &str) -> String {
    format!(
        r#"{{"hostName":"h","serviceName":"s","timeTaken":1,"method":"get","uri":"{id}","headers":{{}},"responseStatus":200,"remoteAddress":"127.0.0.1","onlyRequest":false,"requestBody":"","responseBody":""}}"#
    )
}

/// A request with one app event.
pub(super) fn event(id: &str, member: &str, payload: &str) -> String {
    format!(
        r#"{{"header":{{"sessionId":"walk"}},"events":[{{"id":"{id}","timestamp":"1795744800000","{member}":{payload}}}]}}"#
    )
}

/// A purchase that failed.
pub(super) fn failed(id: &str) -> String {
    let payload = r#"{"checkoutId":"c","chargeableAmount":1.5,"reason":"card","cartId":"a"}"#;
    event(id, "purchaseFailedEvent", payload)
}

pub(super) fn branch(id: &str) -> String {
    format!(r#"{{"id":"{id}","name":"OPEN","timestamp":1795744800000}}"#)
}

pub(super) fn vidooly(id: &str, channel: Option<&str>) -> String {
    let channel = channel.map_or(String::new(), |channel| {
        format!(r#","channel":"{channel}""#)
    });
    format!(r#"{{"name":"VIEWED","of":"{id}"{channel}}}"#)
}

pub(super) fn webengage(id: &str, who: &str) -> String {
    format!(r#"{{"{who}":"u","eventName":"{id}","eventTime":"1795744800000","eventData":{{}}}}"#)
}

pub(super) fn shopify(id: &str) -> String {
    format!(
        r#"{{"storeUrl":"{id}.example","eventName":"paid","eventTime":"1795744800000","eventData":{{}}}}"#
    )
}
