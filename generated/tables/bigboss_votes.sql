CREATE TABLE IF NOT EXISTS `bigboss_votes`
(
    `id` String COMMENT 'The vote\'s id there.',
    `vendorcode` LowCardinality(String) COMMENT 'Who took the vote.',
    `country` LowCardinality(String) COMMENT 'Where the voter is.',
    `createdat` DateTime64(6, 'UTC') COMMENT 'When it was made: YYYY-MM-DD HH:MM:SS.ffffff+ZZ:ZZ.',
    `updatedat` DateTime64(6, 'UTC') COMMENT 'When it last changed: YYYY-MM-DD HH:MM:SS.ffffff+ZZ:ZZ.',
    `_sdc_received_at` String COMMENT 'When the collector received it, in its own words.',
    `_sdc_batched_at` String COMMENT 'When the collector put it into a batch, in its own words.',
    `_sdc_extracted_at` String COMMENT 'When the collector took it out of its database, in its own words.',
    `_sdc_table_version` Int64 COMMENT 'The version of the table in the collector\'s database.',
    `_sdc_sequence` Int64 COMMENT 'The collector\'s own order.',
    `key` String COMMENT 'What the vote is about.',
    `meta` JSON COMMENT 'What else is known of it; any JSON object.',
    `contestantid` String COMMENT 'Whom the vote is for.',
    `identifier` String COMMENT 'Who voted.',
    `languages` String COMMENT 'The voter\'s languages.',
    `insert_timestamp` DateTime64(3, 'UTC') COMMENT '$now',
    `unknown_fields` String COMMENT 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.',
    `client` LowCardinality(String) COMMENT 'Who sent it: the client that its key proved; empty if nothing did.'
)
ENGINE = ReplacingMergeTree(updatedat)
ORDER BY (`id`)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1
COMMENT 'Votes for contestants: of each the latest state.'
