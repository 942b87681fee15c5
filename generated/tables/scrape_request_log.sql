CREATE TABLE IF NOT EXISTS `scrape_request_log`
(
    `flow` LowCardinality(String) COMMENT 'Which kind of work it is.',
    `platform` LowCardinality(String) COMMENT 'The social platform.',
    `status` LowCardinality(String) COMMENT 'Where the request stands.',
    `event_timestamp` DateTime('UTC') COMMENT 'When this was so: YYYY-MM-DD HH:MM:SS in UTC.',
    `picked_at` Nullable(DateTime('UTC')) COMMENT 'When the work began: YYYY-MM-DD HH:MM:SS in UTC; may be absent or null.',
    `expires_at` Nullable(DateTime('UTC')) COMMENT 'When it is of no use any more: YYYY-MM-DD HH:MM:SS in UTC; may be absent or null.',
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `scl_id` UInt64 COMMENT 'The request\'s number in the service\'s own database.',
    `params` JSON COMMENT 'What was asked for; any JSON object.',
    `priority` Nullable(Int32) COMMENT 'Greater is sooner; may be absent or null.',
    `reason` Nullable(String) COMMENT 'Why it failed; may be absent or null.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMMDD(event_timestamp)
ORDER BY (`flow`, `platform`, `event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'What was to be fetched from platforms, and what became of it: by day and kind of work.'
