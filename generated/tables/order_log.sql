CREATE TABLE IF NOT EXISTS `order_log`
(
    `source` LowCardinality(String) COMMENT 'Where the order is known from.',
    `platform` LowCardinality(String) COMMENT 'The platform of the shop.',
    `store` LowCardinality(String) COMMENT 'The shop.',
    `event_timestamp` DateTime('UTC') COMMENT 'When it was looked at: YYYY-MM-DD HH:MM:SS in UTC.',
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `platform_order_id` String COMMENT 'The order, as the platform numbers it.',
    `metrics` JSON COMMENT 'The order\'s numbers; any JSON object.',
    `dimensions` JSON COMMENT 'What else describes the order; any JSON object.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`platform`, `store`, `platform_order_id`, `event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Orders in shops, each time that they were looked at.'
