CREATE TABLE IF NOT EXISTS `webengage_event`
(
    `id` String COMMENT '$id',
    `event_name` LowCardinality(String) COMMENT 'What happened.',
    `account_type` LowCardinality(Nullable(String)) COMMENT 'Which app it was, and so which account at WebEngage: USER or BRAND.',
    `timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened, in milliseconds since the epoch.',
    `user_id` Nullable(String) COMMENT 'Who, if there is an account.',
    `anonymous_id` Nullable(String) COMMENT 'Who, if there is none.',
    `data` JSON COMMENT 'What else there is to say of it.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (`event_name`, `timestamp`, `id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'What people did, as WebEngage is told it.'
