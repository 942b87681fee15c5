//! Referrals: attributes a new account to the referral link through which an app was started on the same device.
//!
//! Accounts and launches arrive in any order, also concurrently, and either may complete the other. Both sides store
//! their row, then lock the device, then look for the other side: whoever gets the lock later sees the row of the
//! other. Of several launches on a device the first counts, whenever it arrives.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

use crate::contract::Message;
use crate::json::{self, Map, Value};
use crate::row_error::RowError;
use crate::sink::postgres::hook::HookError;

/// Takes advisory locks on the devices of some accounts until the end of the transaction, in an order that is the same
/// for all. Devices share 128 locks, since a server has room for some thousands only. The first number separates these
/// locks from others.
const LOCK_DEVICES_OF_ACCOUNTS: &str = "\
SELECT pg_advisory_xact_lock(1919247980, key) FROM (
    SELECT DISTINCT (hashtextextended(name, 0) & 127)::int AS key
    FROM user_account a, unnest(ARRAY[a.device_id, a.custom_device_id]) AS name
    WHERE a.account_id = ANY ($1) AND name <> ''
    ORDER BY key
) AS locks";

/// Takes the locks on the devices of some launches, as above.
const LOCK_DEVICES_OF_LAUNCHES: &str = "\
SELECT pg_advisory_xact_lock(1919247980, key) FROM (
    SELECT DISTINCT (hashtextextended(name, 0) & 127)::int AS key
    FROM launch_referral l, unnest(ARRAY[l.device_id, l.bb_device_id]) AS name
    WHERE l.launch_id = ANY ($1) AND name <> ''
    ORDER BY key
) AS locks";

/// Accounts that were created on the devices of some launches.
const ACCOUNTS_OF_LAUNCHES: &str = "\
SELECT a.account_id
FROM launch_referral l, unnest(ARRAY[l.device_id, l.bb_device_id]) AS name
JOIN user_account a ON a.device_id = name
WHERE l.launch_id = ANY ($1) AND name <> ''
UNION
SELECT a.account_id
FROM launch_referral l, unnest(ARRAY[l.device_id, l.bb_device_id]) AS name
JOIN user_account a ON a.custom_device_id = name
WHERE l.launch_id = ANY ($1) AND name <> ''";

/// Inserts the referrals of accounts whose device has a launch. An earlier launch replaces a later one.
const COMPLETE: &str = "\
INSERT INTO referral_event AS r (
    account_id, kind, user_id, client_id, client_app_type, account_created_on, device_id, custom_device_id,
    insert_timestamp, launched_at, launch_id, referral_identifier, dynamic_link, deep_link
)
SELECT a.account_id, 'SIGNUP', a.user_id, a.client_id, a.client_app_type, a.created_on, a.device_id, a.custom_device_id,
       now(), l.launched_at, l.launch_id, l.referral_identifier, l.dynamic_link, l.deep_link
FROM user_account a
CROSS JOIN LATERAL (
    SELECT * FROM (
        SELECT * FROM launch_referral
        WHERE device_id IN (a.device_id, a.custom_device_id) AND device_id <> ''
        UNION ALL
        SELECT * FROM launch_referral
        WHERE bb_device_id IN (a.device_id, a.custom_device_id) AND bb_device_id <> ''
    ) AS launches
    ORDER BY launched_at, launch_id
    LIMIT 1
) AS l
WHERE a.account_id = ANY ($1)
ORDER BY a.account_id
ON CONFLICT (account_id, kind) DO UPDATE SET
    launched_at = EXCLUDED.launched_at, launch_id = EXCLUDED.launch_id,
    referral_identifier = EXCLUDED.referral_identifier, dynamic_link = EXCLUDED.dynamic_link,
    deep_link = EXCLUDED.deep_link
WHERE (r.launched_at, r.launch_id) > (EXCLUDED.launched_at, EXCLUDED.launch_id)";

/// Fills in the follower counts of profile-completion messages, where none is set yet.
const FOLLOWERS: &str = "\
UPDATE referral_event AS r SET instagram_followers = said.followers
FROM unnest($1::bigint[], $2::bigint[]) AS said (account_id, followers)
WHERE r.account_id = said.account_id AND r.kind = 'PROFILE_COMPLETION' AND r.instagram_followers IS NULL";

/// Hook of signups: accounts whose device has a launch get their referral.
pub(super) fn signup<'a>(
    transaction: &'a Transaction<'a>,
    messages: &'a [Message<'a>],
) -> BoxFuture<'a, Result<(), HookError>> {
    async move {
        let mut accounts = messages
            .iter()
            .map(|message| account_id(message.body))
            .collect::<Result<Vec<_>, _>>()?;
        accounts.sort_unstable();
        accounts.dedup();
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&accounts, Type::INT8_ARRAY)];
        transaction
            .query_typed(LOCK_DEVICES_OF_ACCOUNTS, &parameters)
            .await?;
        transaction.execute_typed(COMPLETE, &parameters).await?;
        Ok(())
    }
    .boxed()
}

/// Hook of launches: accounts that were created on their devices get their referral.
pub(super) fn launch<'a>(
    transaction: &'a Transaction<'a>,
    messages: &'a [Message<'a>],
) -> BoxFuture<'a, Result<(), HookError>> {
    async move {
        let launches = messages
            .iter()
            .map(|message| {
                Ok(json::text(message.body, &["eventId"])
                    .map_err(bad)?
                    .into_owned())
            })
            .collect::<Result<Vec<String>, HookError>>()?;
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&launches, Type::TEXT_ARRAY)];
        transaction
            .query_typed(LOCK_DEVICES_OF_LAUNCHES, &parameters)
            .await?;
        // A separate statement, because it has to see rows that were committed before the lock was granted.
        let rows = transaction
            .query_typed(ACCOUNTS_OF_LAUNCHES, &parameters)
            .await?;
        let accounts = rows
            .iter()
            .map(|row| row.try_get::<_, i64>(0))
            .collect::<Result<Vec<_>, _>>()?;
        if !accounts.is_empty() {
            transaction
                .execute_typed(COMPLETE, &[(&accounts, Type::INT8_ARRAY)])
                .await?;
        }
        Ok(())
    }
    .boxed()
}

/// Hook of completed profiles: stores the follower counts from their lists of social accounts.
pub(super) fn profile_completion<'a>(
    transaction: &'a Transaction<'a>,
    messages: &'a [Message<'a>],
) -> BoxFuture<'a, Result<(), HookError>> {
    async move {
        let mut said: BTreeMap<i64, i64> = BTreeMap::new();
        for message in messages {
            if let Some(followers) = followers(message.body).map_err(bad)? {
                said.entry(account_id(message.body)?).or_insert(followers);
            }
        }
        if said.is_empty() {
            return Ok(());
        }
        let (accounts, followers): (Vec<i64>, Vec<i64>) = said.into_iter().unzip();
        transaction
            .execute_typed(
                FOLLOWERS,
                &[
                    (&accounts, Type::INT8_ARRAY),
                    (&followers, Type::INT8_ARRAY),
                ],
            )
            .await?;
        Ok(())
    }
    .boxed()
}

fn account_id(body: &Map<String, Value>) -> Result<i64, HookError> {
    json::int64(body, &["newEntry", "id"]).map_err(bad)
}

/// Number of Instagram followers, if the message has it.
fn followers(body: &Map<String, Value>) -> Result<Option<i64>, RowError> {
    const FIELD: &str = "newEntry.socialAccounts";
    let accounts = body
        .get("newEntry")
        .and_then(|entry| entry.get("socialAccounts"));
    let accounts = match accounts {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(accounts)) => accounts,
        Some(_) => return Err(RowError::field(FIELD, "should be a list")),
    };
    for account in accounts {
        let Value::Object(account) = account else {
            return Err(RowError::field(FIELD, "should be a list of objects"));
        };
        let platform = json::optional_text(account, &["platform"])?.unwrap_or_default();
        if platform.eq_ignore_ascii_case("INSTAGRAM") {
            let followers = json::optional_int64(account, &["metrics", "followers"]);
            if let Some(followers) = followers.map_err(|e| RowError::field(FIELD, e.to_string()))? {
                return Ok(Some(followers));
            }
        }
    }
    Ok(None)
}

fn bad(bad: RowError) -> HookError {
    HookError::Refused(bad.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn said(accounts: serde_json::Value) -> Result<Option<i64>, RowError> {
        let body = json!({"newEntry": {"id": 1, "socialAccounts": accounts}});
        let body = Value::from(body);
        followers(body.as_object().unwrap())
    }

    #[test]
    fn the_followers_are_those_on_instagram() {
        let accounts = json!([
            {"platform": "YOUTUBE", "metrics": {"followers": 5}},
            {"platform": "INSTAGRAM", "metrics": null},
            {"platform": "Instagram", "metrics": {"followers": "7"}},
            {"platform": "INSTAGRAM", "metrics": {"followers": 9}},
        ]);
        assert_eq!(said(accounts), Ok(Some(7)));
        assert_eq!(said(json!([])), Ok(None));
        assert_eq!(said(json!(null)), Ok(None));
        assert_eq!(followers(&Map::new()), Ok(None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for accounts in [
            json!("INSTAGRAM"),
            json!(["INSTAGRAM"]),
            json!([{"platform": "INSTAGRAM", "metrics": {"followers": "many"}}]),
        ] {
            let error = said(accounts).unwrap_err().to_string();
            assert!(error.contains("newEntry.socialAccounts"), "{error}");
        }
    }
}
