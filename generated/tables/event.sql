CREATE TABLE IF NOT EXISTS `event`
(
    `event_id` String COMMENT 'Chosen by the client, the same on every resend; made at intake if empty.',
    `event_name` LowCardinality(String) COMMENT '$type | low_cardinality',
    `sent_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened: milliseconds since the epoch, as a decimal string.',
    `event_timestamp` DateTime64(3, 'UTC') COMMENT 'When it happened: milliseconds since the epoch, as a decimal string.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `channel` LowCardinality(String) COMMENT 'header.channel | low_cardinality',
    `os` LowCardinality(String) COMMENT 'Operating system.',
    `client_type` LowCardinality(String) COMMENT 'header.clientType | low_cardinality',
    `app_language` LowCardinality(String) COMMENT 'header.appLanguage | low_cardinality',
    `app_version` LowCardinality(String) COMMENT 'Version for people; appVersionCode is the build\'s number.',
    `app_version_code` LowCardinality(String) COMMENT 'header.appVersionCode | low_cardinality',
    `merchant_id` LowCardinality(String) COMMENT 'header.merchantId | low_cardinality',
    `utm_platform` LowCardinality(String) COMMENT 'header.utmPlatform | low_cardinality',
    `utm_source` LowCardinality(String) COMMENT 'header.utmSource | low_cardinality',
    `utm_medium` LowCardinality(String) COMMENT 'header.utmMedium | low_cardinality',
    `utm_campaign` LowCardinality(String) COMMENT 'header.utmCampaign | low_cardinality',
    `session_id` String COMMENT 'header.sessionId',
    `bb_device_id` Int64 COMMENT 'The device as the backend numbers it; deviceId is the client\'s own name for it.',
    `user_id` Int64 COMMENT 'The user who is signed in.',
    `device_id` String COMMENT 'header.deviceId',
    `android_advertising_id` String COMMENT 'Advertising identifier of an Android device.',
    `client_id` String COMMENT 'header.clientId',
    `current_url` String COMMENT 'Where the client was when it sent the request; an event may carry its own.',
    `utm_referrer` String COMMENT 'The campaign that brought the user here: utmReferrer to utmCampaign.',
    `pp_id` String COMMENT 'An identifier that the client passes on as it is.',
    `event_current_url` String COMMENT 'Where in the client it happened; the header has the request\'s.',
    `event_params` JSON COMMENT '$payload | json',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(insert_timestamp)
PARTITION BY toYYYYMM(event_timestamp)
ORDER BY (`event_name`, `sent_timestamp`, `event_id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Every app event, with its payload as JSON.'
