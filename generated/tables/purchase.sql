CREATE TABLE IF NOT EXISTS `purchase`
(
    `event_id` String COMMENT 'Chosen by the client, the same on every resend; made at intake if empty.',
    `event_name` LowCardinality(String) COMMENT '$type | low_cardinality',
    `sent_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened: milliseconds since the epoch, as a decimal string.',
    `event_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened: milliseconds since the epoch, as a decimal string.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `user_id` Int64 COMMENT 'The user who is signed in.',
    `bb_device_id` Int64 COMMENT 'The device as the backend numbers it; deviceId is the client\'s own name for it.',
    `session_id` String COMMENT 'header.sessionId',
    `client_id` String COMMENT 'header.clientId',
    `os` LowCardinality(String) COMMENT 'Operating system.',
    `app_version` LowCardinality(String) COMMENT 'Version for people; appVersionCode is the build\'s number.',
    `payment_method` LowCardinality(String) COMMENT 'payload.paymentMethod | low_cardinality',
    `is_bag` Bool COMMENT 'Whether the whole bag is bought instead of a single product.',
    `product_id` Int64 COMMENT 'For a single product; productIds lists those of a cart.',
    `product_type` String COMMENT 'payload.productType',
    `checkout_id` String COMMENT 'payload.checkoutId',
    `chargeable_amount` Float32 COMMENT 'What the user is to pay.',
    `coupon` String COMMENT 'The coupon code that was applied.',
    `product_ids` Array(Int64) COMMENT 'payload.productIds',
    `cart_id` String COMMENT 'payload.cartId',
    `social_stream_ids` Array(Int64) COMMENT 'The social streams that the products were picked from.',
    `transaction_id` String COMMENT 'The payment\'s own identifier.',
    `reason` String COMMENT 'Why, as the client knows it.',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`event_name`, `sent_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'What somebody tried to buy, and how it ended: typed columns, and a queue of its own.'
