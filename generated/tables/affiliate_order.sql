CREATE TABLE IF NOT EXISTS `affiliate_order`
(
    `platform` LowCardinality(String) COMMENT 'Where it was placed.',
    `created_on` DateTime('UTC') COMMENT 'When it was placed: YYYY-MM-DD HH:MM:SS in UTC.',
    `last_modified_on` DateTime('UTC') COMMENT 'When it last changed: YYYY-MM-DD HH:MM:SS in UTC.',
    `delivered_on` Nullable(DateTime('UTC')) COMMENT 'When it was delivered: YYYY-MM-DD HH:MM:SS in UTC; may be absent or null.',
    `status` LowCardinality(String) COMMENT 'Where it stands.',
    `order_id` String COMMENT 'The order, as the platform numbers it.',
    `referral_code` String COMMENT 'Who is paid for it.',
    `meta` JSON COMMENT 'What else is known of it; any JSON object.',
    `amount` Int64 COMMENT 'What it cost.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(last_modified_on)
ORDER BY (`order_id`, `platform`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Orders that somebody is paid for: of each the latest state.'
