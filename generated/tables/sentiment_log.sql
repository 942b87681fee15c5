CREATE TABLE IF NOT EXISTS `sentiment_log`
(
    `source` LowCardinality(String) COMMENT 'Where the comment comes from.',
    `platform` LowCardinality(String) COMMENT 'The social platform.',
    `sentiment` LowCardinality(String) COMMENT 'The mood.',
    `event_timestamp` DateTime('UTC') COMMENT 'When it was looked at: YYYY-MM-DD HH:MM:SS in UTC.',
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `shortcode` String COMMENT 'The post\'s name in its address.',
    `comment_id` String COMMENT 'The comment, as the platform numbers it.',
    `comment` String COMMENT 'What the comment says.',
    `score` Float64 COMMENT 'How strong the mood is.',
    `metrics` JSON COMMENT 'The comment\'s counters; any JSON object.',
    `dimensions` JSON COMMENT 'What else describes the comment; any JSON object.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`platform`, `shortcode`, `comment_id`, `event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'The mood of comments.'
