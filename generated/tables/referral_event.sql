CREATE TABLE IF NOT EXISTS "referral_event" (
    "account_id" bigint NOT NULL,
    "kind" text NOT NULL,
    "user_id" bigint,
    "client_id" text,
    "client_app_type" text,
    "account_created_on" timestamptz(3) NOT NULL,
    "device_id" text,
    "custom_device_id" text,
    "insert_timestamp" timestamptz(3) NOT NULL,
    "unknown_fields" text,
    "client" text,
    "instagram_followers" bigint,
    "launched_at" timestamptz(3),
    "launch_id" text,
    "referral_identifier" text,
    "dynamic_link" text,
    "deep_link" text,
    PRIMARY KEY ("account_id", "kind")
);
COMMENT ON TABLE "referral_event" IS 'What was earned for whom: SIGNUP for an account that was made on a device with a launch referral, PROFILE_COMPLETION for one whose profile was completed; each once an account.';
COMMENT ON COLUMN "referral_event"."account_id" IS 'Its id.';
COMMENT ON COLUMN "referral_event"."kind" IS '"PROFILE_COMPLETION"';
COMMENT ON COLUMN "referral_event"."user_id" IS 'Whose it is; may be absent or null.';
COMMENT ON COLUMN "referral_event"."client_id" IS 'The app; may be absent or null.';
COMMENT ON COLUMN "referral_event"."client_app_type" IS 'What kind of app; may be absent or null.';
COMMENT ON COLUMN "referral_event"."account_created_on" IS 'When it was made, in milliseconds since the epoch.';
COMMENT ON COLUMN "referral_event"."device_id" IS '$headers."x-bb-deviceid"';
COMMENT ON COLUMN "referral_event"."custom_device_id" IS '$headers."x-bb-custom-deviceid"';
COMMENT ON COLUMN "referral_event"."insert_timestamp" IS '$now';
COMMENT ON COLUMN "referral_event"."unknown_fields" IS 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.';
COMMENT ON COLUMN "referral_event"."client" IS 'Who sent it: the client that its key proved; empty if nothing did.';
COMMENT ON COLUMN "referral_event"."instagram_followers" IS 'How many followed the account on Instagram when its profile was completed.';
COMMENT ON COLUMN "referral_event"."launched_at" IS 'When the app was started through the link: the first such start on the account''s device.';
COMMENT ON COLUMN "referral_event"."launch_id" IS 'The launch event''s id.';
COMMENT ON COLUMN "referral_event"."referral_identifier" IS 'Whose link it was.';
COMMENT ON COLUMN "referral_event"."dynamic_link" IS 'The link.';
COMMENT ON COLUMN "referral_event"."deep_link" IS 'Where the link leads in the app.'
