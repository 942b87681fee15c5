CREATE TABLE IF NOT EXISTS `shopify_event`
(
    `id` String COMMENT '$id',
    `event_name` LowCardinality(String) COMMENT 'What happened, in Shopify\'s words.',
    `store_url` LowCardinality(String) COMMENT 'The address of the store.',
    `event_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened, in milliseconds since the epoch.',
    `data` JSON COMMENT 'What Shopify says about it; any JSON object.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`event_name`, `event_timestamp`, `id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
