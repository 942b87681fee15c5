CREATE TABLE IF NOT EXISTS "launch_referral" (
    "launch_id" text NOT NULL,
    "launched_at" timestamptz(3) NOT NULL,
    "user_id" bigint,
    "device_id" text NOT NULL,
    "bb_device_id" text NOT NULL,
    "user_account_id" bigint,
    "client_id" text NOT NULL,
    "referral_identifier" text NOT NULL,
    "dynamic_link" text NOT NULL,
    "deep_link" text,
    "insert_timestamp" timestamptz(3) NOT NULL,
    "unknown_fields" text,
    "client" text,
    PRIMARY KEY ("launch_id")
);
COMMENT ON TABLE "launch_referral" IS 'Starts of apps through somebody''s referral link, for the accounts that are made on the same device.';
COMMENT ON COLUMN "launch_referral"."launch_id" IS 'Given by the sender; the same on every resend.';
COMMENT ON COLUMN "launch_referral"."launched_at" IS 'When, in seconds since the epoch.';
COMMENT ON COLUMN "launch_referral"."user_id" IS 'The user, if known; may be absent or null.';
COMMENT ON COLUMN "launch_referral"."device_id" IS 'The device, in its own words.';
COMMENT ON COLUMN "launch_referral"."bb_device_id" IS 'The device, in ours.';
COMMENT ON COLUMN "launch_referral"."user_account_id" IS 'The user''s account, if known; may be absent or null.';
COMMENT ON COLUMN "launch_referral"."client_id" IS 'The app.';
COMMENT ON COLUMN "launch_referral"."referral_identifier" IS 'Whose link it was.';
COMMENT ON COLUMN "launch_referral"."dynamic_link" IS 'The link.';
COMMENT ON COLUMN "launch_referral"."deep_link" IS 'Where the link leads in the app; may be absent or null.';
COMMENT ON COLUMN "launch_referral"."insert_timestamp" IS '$now';
COMMENT ON COLUMN "launch_referral"."unknown_fields" IS 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.';
COMMENT ON COLUMN "launch_referral"."client" IS 'Who sent it: the client that its key proved; empty if nothing did.';
CREATE INDEX IF NOT EXISTS "launch_referral_device_id_idx" ON "launch_referral" ("device_id");
CREATE INDEX IF NOT EXISTS "launch_referral_bb_device_id_idx" ON "launch_referral" ("bb_device_id")
