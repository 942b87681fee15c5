CREATE TABLE IF NOT EXISTS `error`
(
    `error_id` String COMMENT 'error_id',
    `reason` String COMMENT 'reason',
    `attempts` UInt32 COMMENT 'attempts',
    `first_failed` DateTime64(3, 'UTC') COMMENT 'first_failed',
    `body` String COMMENT 'body',
    `client` LowCardinality(String) COMMENT 'client',
    `event_name` String COMMENT 'event_name',
    `event_id` String COMMENT 'event_id',
    `event_timestamp` DateTime64(3, 'UTC') COMMENT 'event_timestamp',
    `country` String COMMENT 'country',
    `campaign` Nullable(String) COMMENT 'campaign',
    `params` JSON COMMENT 'params',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT 'insert_timestamp'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(insert_timestamp)
ORDER BY (`first_failed`, `error_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
