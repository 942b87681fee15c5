CREATE TABLE IF NOT EXISTS `everything`
(
    `event_id` String COMMENT 'event_id',
    `event_name` String COMMENT 'event_name',
    `flag` Bool COMMENT 'payload.flag',
    `small` Int32 COMMENT 'payload.small',
    `big` Int64 COMMENT 'payload.big',
    `natural` UInt32 COMMENT 'payload.natural',
    `large` UInt64 COMMENT 'payload.large',
    `zigzag` Int64 COMMENT 'payload.zigzag',
    `single` Float32 COMMENT 'payload.single',
    `double` Float64 COMMENT 'payload.double',
    `raw` String COMMENT 'payload.raw',
    `maybe` Nullable(Int64) COMMENT 'payload.maybe',
    `color` LowCardinality(String) COMMENT 'payload.color',
    `maybe_color` LowCardinality(Nullable(String)) COMMENT 'payload.maybe_color',
    `numbers` Array(Int64) COMMENT 'payload.numbers',
    `names` Array(String) COMMENT 'payload.names',
    `labels` Map(String, Int64) COMMENT 'payload.labels',
    `at` Nullable(DateTime64(6, 'UTC')) COMMENT 'payload.at',
    `free` JSON COMMENT 'payload.free',
    `inner` JSON COMMENT 'payload.inner',
    `items` Array(JSON) COMMENT 'payload.items',
    `choice_text` Nullable(String) COMMENT 'payload.choice_text',
    `products` Map(String, JSON) COMMENT 'payload.products',
    `colors` Array(LowCardinality(String)) COMMENT 'payload.colors',
    `times` Array(DateTime64(6, 'UTC')) COMMENT 'payload.times',
    `answers` Map(Int32, Bool) COMMENT 'payload.answers',
    `product_id` Int64 COMMENT 'payload.product_id',
    `unknown_fields` String COMMENT 'unknown_fields',
    `client` LowCardinality(String) COMMENT 'client'
)
ENGINE = ReplacingMergeTree
ORDER BY (`event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
