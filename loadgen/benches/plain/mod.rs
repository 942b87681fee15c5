//! The plain way to a row, to compare with: decode the request into structs, then write each event as a JSON object
//! of the table's columns, as ClickHouse takes it with `JSONEachRow`.

use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{Event, Events, Header};
use prost::Message as _;
use serde_json::{Map, Value, json};

/// Appends the rows of a request.
pub(crate) fn rows(request: &[u8], now_ms: i64, out: &mut Vec<u8>) {
    let request = Events::decode(request).unwrap();
    let header = request.header.unwrap_or_default();
    for event in &request.events {
        serde_json::to_writer(&mut *out, &row(&header, event, now_ms)).unwrap();
        out.push(b'\n');
    }
}

fn row(header: &Header, event: &Event, now_ms: i64) -> Value {
    let sent: i64 = event.timestamp.parse().unwrap_or_default();
    let (name, params) = params(event);
    json!({
        "event_id": event.id,
        "event_name": name,
        "sent_timestamp": sent,
        "event_timestamp": sent.min(now_ms),
        "insert_timestamp": now_ms,
        "channel": header.channel,
        "os": header.os,
        "client_type": header.client_type,
        "app_language": header.app_language,
        "app_version": header.app_version,
        "app_version_code": header.app_version_code,
        "merchant_id": header.merchant_id,
        "utm_platform": header.utm_platform,
        "utm_source": header.utm_source,
        "utm_medium": header.utm_medium,
        "utm_campaign": header.utm_campaign,
        "session_id": header.session_id,
        "bb_device_id": header.bb_device_id,
        "user_id": header.user_id,
        "device_id": header.device_id,
        "android_advertising_id": header.android_advertising_id,
        "client_id": header.client_id,
        "current_url": header.current_url,
        "utm_referrer": header.utm_referrer,
        "pp_id": header.pp_id,
        "event_current_url": event.current_url,
        "event_params": params,
    })
}

/// The name of an event's type, and its payload as an object without fields at their default.
pub(crate) fn params(event: &Event) -> (&'static str, Map<String, Value>) {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        let absent = match &value {
            Value::String(text) => text.is_empty(),
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::Bool(truth) => !truth,
            Value::Array(list) => list.is_empty(),
            Value::Object(inner) => inner.is_empty(),
            Value::Null => true,
        };
        if !absent {
            object.insert(name.to_owned(), value);
        }
    };
    let name = match &event.event_of {
        Some(EventOf::AddToCartEvent(e)) => {
            put("productId", json!(e.product_id));
            put("productType", json!(e.product_type));
            put("variantId", json!(e.variant_id));
            put("quantity", json!(e.quantity));
            put("chargeableAmount", json!(e.chargeable_amount));
            put("checkoutId", json!(e.checkout_id));
            put("streamId", json!(e.stream_id));
            put("isLive", json!(e.is_live));
            put("hcpId", json!(e.hcp_id));
            put("cartId", json!(e.cart_id));
            put("checkoutType", json!(e.checkout_type));
            "AddToCartEvent"
        }
        Some(EventOf::LaunchEvent(e)) => {
            put("dynamicLink", json!(e.dynamic_link));
            put("appLaunchCount", json!(e.app_launch_count));
            "LaunchEvent"
        }
        Some(EventOf::CompletePurchaseEvent(e)) => {
            put("productId", json!(e.product_id));
            put("productType", json!(e.product_type));
            put("checkoutId", json!(e.checkout_id));
            put("chargeableAmount", json!(e.chargeable_amount));
            put("coupon", json!(e.coupon));
            put("paymentMethod", json!(e.payment_method));
            put("transactionId", json!(e.transaction_id));
            put("productIds", json!(e.product_ids));
            put("cartId", json!(e.cart_id));
            put("socialStreamIds", json!(e.social_stream_ids));
            "CompletePurchaseEvent"
        }
        Some(EventOf::WidgetViewEvent(e)) => {
            put("variantName", json!(e.variant_name));
            put("widgetType", json!(e.widget_type));
            put("elementCount", json!(e.element_count));
            put("pageSlot", json!(e.page_slot));
            put("widgetId", json!(e.widget_id));
            put("title", json!(e.title));
            put("subTitle", json!(e.sub_title));
            put("label", json!(e.label));
            put("elementType", json!(e.element_type));
            put("hasCTA", json!(e.has_cta));
            put("source", json!(e.source));
            put("sourceIdentifier", json!(e.source_identifier));
            put("pageSlug", json!(e.page_slug));
            put("widgetDataId", json!(e.widget_data_id));
            put("headerVariantName", json!(e.header_variant_name));
            put("footerVariantName", json!(e.footer_variant_name));
            put("recoInfoKV", json!(e.reco_info_kv));
            put("pageNo", json!(e.page_no));
            "WidgetViewEvent"
        }
        _ => "",
    };
    (name, object)
}
