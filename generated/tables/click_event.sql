CREATE TABLE IF NOT EXISTS `click_event`
(
    `event_id` String COMMENT 'Given by the sender; the same on every resend.',
    `event_timestamp` DateTime64(3, 'UTC') COMMENT 'When, in seconds since the epoch.',
    `current_url` String COMMENT 'The address that was asked for.',
    `base_url` String COMMENT 'The address that was asked for.',
    `referer` String COMMENT 'The request\'s headers: lists of texts by name.',
    `headers` JSON COMMENT 'The request\'s headers: lists of texts by name.',
    `client_ip` String COMMENT 'Where the request came from.',
    `deep_link` String COMMENT 'Where the link leads in the app.',
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
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`event_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Who followed which link.'
