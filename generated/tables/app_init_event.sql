CREATE TABLE IF NOT EXISTS `app_init_event`
(
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `event_timestamp` DateTime64(3, 'UTC') COMMENT 'When, in seconds since the epoch.',
    `client_id` LowCardinality(String) COMMENT 'The app.',
    `headers` JSON COMMENT 'The request\'s headers: lists of texts by name.',
    `client_ip` String COMMENT 'Where the request came from.',
    `user_id` Nullable(String) COMMENT 'The user, if known; may be absent or null.',
    `device_id` String COMMENT 'The device, in its own words.',
    `bb_device_id` String COMMENT 'The device, in ours.',
    `user_account_id` Nullable(String) COMMENT 'The user\'s account, if known; may be absent or null.',
    `event_data` JSON COMMENT 'body | json',
    `user_agent` String COMMENT 'The request\'s user agent.',
    `mozilla` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `platform` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `os` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `os_name` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `os_full_name` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `os_version` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `localization` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `model` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `browser_name` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `browser_version` LowCardinality(String) COMMENT 'The request\'s user agent.',
    `bot` Bool COMMENT 'The request\'s user agent.',
    `mobile` Bool COMMENT 'The request\'s user agent.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Who started an app.'
