CREATE TABLE IF NOT EXISTS `post_activity_log`
(
    `source` LowCardinality(String) COMMENT 'Where this is known from.',
    `activity_type` LowCardinality(String) COMMENT 'What was done.',
    `platform` LowCardinality(String) COMMENT 'The social platform.',
    `event_timestamp` DateTime('UTC') COMMENT 'When it was looked at: YYYY-MM-DD HH:MM:SS in UTC.',
    `publish_time` Nullable(DateTime('UTC')) COMMENT 'When the post was posted: YYYY-MM-DD HH:MM:SS in UTC; may be absent or null.',
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `actor_profile_id` String COMMENT 'Who did it, as the platform numbers its profiles.',
    `shortcode` String COMMENT 'The post\'s name in its address.',
    `metrics` JSON COMMENT 'Counters; any JSON object.',
    `dimensions` JSON COMMENT 'What else describes it; any JSON object.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`platform`, `shortcode`, `actor_profile_id`, `event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'What people did with posts.'
