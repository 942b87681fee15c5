CREATE TABLE IF NOT EXISTS `profile_log`
(
    `source` LowCardinality(String) COMMENT 'Where the numbers come from.',
    `platform` LowCardinality(String) COMMENT 'The social platform.',
    `event_timestamp` DateTime('UTC') COMMENT 'When it was looked at: YYYY-MM-DD HH:MM:SS in UTC.',
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `profile_id` String COMMENT 'The profile, as the platform numbers it.',
    `handle` Nullable(String) COMMENT 'The profile, by the name people see; may be absent or null.',
    `metrics` JSON COMMENT 'The profile\'s counters; any JSON object.',
    `dimensions` JSON COMMENT 'What else describes the profile; any JSON object.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`platform`, `profile_id`, `event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'The numbers of profiles on social platforms, each time that they were looked at.'
