CREATE TABLE IF NOT EXISTS `graphy_event`
(
    `id` String COMMENT '$id',
    `receive_timestamp` DateTime64(3, 'UTC') COMMENT '$received',
    `event_name` LowCardinality(String) COMMENT '$headers."Spayee-Event" | default("NO_EVENT_NAME") | low_cardinality',
    `event_data` JSON COMMENT 'body | json',
    `headers` JSON COMMENT '$headers | json',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(receive_timestamp)
ORDER BY (`event_name`, `id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'What happens on Graphy: courses, learners and their payments.'
