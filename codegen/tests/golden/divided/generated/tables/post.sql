CREATE TABLE IF NOT EXISTS `post`
(
    `id` String COMMENT 'id',
    `name` LowCardinality(String) COMMENT 'name',
    `handle` Nullable(String) COMMENT 'handle',
    `likes` Int64 COMMENT 'likes',
    `score` Nullable(Float64) COMMENT 'score',
    `at` DateTime('UTC') COMMENT 'at',
    `seen` Nullable(DateTime('UTC')) COMMENT 'seen',
    `made` DateTime64(3, 'UTC') COMMENT 'made',
    `changed` Nullable(DateTime64(3, 'UTC')) COMMENT 'changed',
    `country` String COMMENT 'country',
    `metrics` JSON COMMENT 'metrics',
    `extra` JSON COMMENT 'extra',
    `views` Nullable(Int64) COMMENT 'views',
    `channel` String COMMENT 'channel',
    `touch` JSON COMMENT 'touch',
    `items` Array(JSON) COMMENT 'items',
    `kind` String COMMENT 'kind',
    `device` Nullable(String) COMMENT 'device',
    `headers` JSON COMMENT 'headers',
    `device_shown` String COMMENT 'device_shown',
    `handle_plain` String COMMENT 'handle_plain',
    `handle_shown` String COMMENT 'handle_shown',
    `told` JSON COMMENT 'told',
    `told_less` JSON COMMENT 'told_less',
    `os` String COMMENT 'os',
    `bot` Bool COMMENT 'bot',
    `complete` JSON COMMENT 'complete',
    `client` LowCardinality(String) COMMENT 'client',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT 'insert_timestamp'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(insert_timestamp)
ORDER BY (`name`, `id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
