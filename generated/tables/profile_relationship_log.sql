CREATE TABLE IF NOT EXISTS `profile_relationship_log`
(
    `source` LowCardinality(String) COMMENT 'Where this is known from.',
    `relationship_type` LowCardinality(String) COMMENT 'What the one is to the other.',
    `platform` LowCardinality(String) COMMENT 'The social platform.',
    `event_timestamp` DateTime('UTC') COMMENT 'When it was looked at: YYYY-MM-DD HH:MM:SS in UTC.',
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `source_profile_id` String COMMENT 'The one, as the platform numbers its profiles.',
    `target_profile_id` String COMMENT 'The other, as the platform numbers its profiles.',
    `source_metrics` JSON COMMENT 'Counters of the one; any JSON object.',
    `target_metrics` JSON COMMENT 'Counters of the other; any JSON object.',
    `source_dimensions` JSON COMMENT 'What else describes the one; any JSON object.',
    `target_dimensions` JSON COMMENT 'What else describes the other; any JSON object.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`platform`, `source_profile_id`, `target_profile_id`, `event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Which profiles have to do with which.'
