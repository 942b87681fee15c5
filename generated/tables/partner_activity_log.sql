CREATE TABLE IF NOT EXISTS `partner_activity_log`
(
    `module_name` LowCardinality(String) COMMENT 'The part of the service.',
    `activity_name` LowCardinality(String) COMMENT 'What was done.',
    `event_timestamp` DateTime('UTC') COMMENT 'When: YYYY-MM-DD HH:MM:SS in India.',
    `activity_meta` JSON COMMENT 'What else is known of it: a JSON object inside a string.',
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `increment_count` Int64 COMMENT 'How often.',
    `partner_id` Int64 COMMENT 'Which partner.',
    `account_id` Int64 COMMENT 'Which of the partner\'s accounts.',
    `activity_id` Nullable(Int64) COMMENT 'What it was done with; may be absent or null.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`partner_id`, `event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'What partners did.'
