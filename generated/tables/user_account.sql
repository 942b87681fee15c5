CREATE TABLE IF NOT EXISTS "user_account" (
    "account_id" bigint NOT NULL,
    "user_id" bigint,
    "client_id" text,
    "client_app_type" text,
    "created_on" timestamptz(3) NOT NULL,
    "device_id" text,
    "custom_device_id" text,
    "insert_timestamp" timestamptz(3) NOT NULL,
    "unknown_fields" text,
    "client" text,
    PRIMARY KEY ("account_id")
);
COMMENT ON TABLE "user_account" IS 'Accounts, as they were when they were made.';
COMMENT ON COLUMN "user_account"."account_id" IS 'Its id.';
COMMENT ON COLUMN "user_account"."user_id" IS 'Whose it is; may be absent or null.';
COMMENT ON COLUMN "user_account"."client_id" IS 'The app; may be absent or null.';
COMMENT ON COLUMN "user_account"."client_app_type" IS 'What kind of app; may be absent or null.';
COMMENT ON COLUMN "user_account"."created_on" IS 'When it was made, in milliseconds since the epoch.';
COMMENT ON COLUMN "user_account"."device_id" IS '$headers."x-bb-deviceid"';
COMMENT ON COLUMN "user_account"."custom_device_id" IS '$headers."x-bb-custom-deviceid"';
COMMENT ON COLUMN "user_account"."insert_timestamp" IS '$now';
COMMENT ON COLUMN "user_account"."unknown_fields" IS 'What the build that stored the row did not know of it: a JSON object by pointer; empty as a rule.';
COMMENT ON COLUMN "user_account"."client" IS 'Who sent it: the client that its key proved; empty if nothing did.';
CREATE INDEX IF NOT EXISTS "user_account_device_id_idx" ON "user_account" ("device_id");
CREATE INDEX IF NOT EXISTS "user_account_custom_device_id_idx" ON "user_account" ("custom_device_id")
