CREATE TABLE IF NOT EXISTS `trace_log`
(
    `id` String COMMENT '$id',
    `timestamp` DateTime64(3, 'UTC') COMMENT '$received',
    `host_name` LowCardinality(String) COMMENT 'The machine.',
    `service_name` LowCardinality(String) COMMENT 'The service on it.',
    `method` LowCardinality(String) COMMENT 'The HTTP method.',
    `time_taken` Int64 COMMENT 'How long it took, in milliseconds.',
    `uri` String COMMENT 'What was asked for.',
    `headers` JSON COMMENT 'The request\'s headers; any JSON object.',
    `response_status` Int32 COMMENT 'The HTTP status of the answer.',
    `remote_address` String COMMENT 'Who asked.',
    `only_request` Bool COMMENT 'Whether the answer was left out.',
    `request_body` String COMMENT 'What was sent.',
    `response_body` String COMMENT 'What was answered.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (`service_name`, `uri`, `id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Requests to the service that knows accounts, and its answers.'
