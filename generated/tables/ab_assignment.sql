CREATE TABLE IF NOT EXISTS `ab_assignment`
(
    `id` String COMMENT '$id',
    `timestamp` DateTime64(3, 'UTC') COMMENT 'When, in seconds since the epoch.',
    `version` LowCardinality(Nullable(String)) COMMENT 'The app\'s version; may be absent or null.',
    `checksum` LowCardinality(String) COMMENT 'Of the experiments\' configuration.',
    `assignments` JSON COMMENT 'The variant of each experiment; any JSON object.',
    `user_id` Nullable(Int64) COMMENT 'The user, if known; may be absent or null.',
    `bb_device_id` Nullable(String) COMMENT 'The device; may be absent or null.',
    `new_user` Bool COMMENT 'Whether the user is new.',
    `ver` Int64 COMMENT 'The version of the experiments\' configuration.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (`timestamp`, `id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Who was assigned to which variants of experiments.'
