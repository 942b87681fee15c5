CREATE TABLE IF NOT EXISTS `event`
(
    `event_id` String COMMENT 'event_id',
    `type` LowCardinality(String) COMMENT 'type',
    `sent_timestamp` DateTime64(3, 'UTC') COMMENT 'sent_timestamp',
    `event_timestamp` DateTime64(3, 'UTC') COMMENT 'event_timestamp',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT 'insert_timestamp',
    `country` String COMMENT 'Where it\'s from; `country` of "geo".',
    `latitude` Nullable(Float64) COMMENT 'latitude',
    `campaign` LowCardinality(Nullable(String)) COMMENT 'campaign',
    `channel` String COMMENT 'channel',
    `params` JSON COMMENT 'params',
    `unknown_fields` String COMMENT 'unknown_fields',
    INDEX `find_event_id` `event_id` TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(insert_timestamp)
ORDER BY (`type`, `sent_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Every event, with its payload as JSON.'
