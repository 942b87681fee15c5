//! Ids of dead letters.

use xxhash_rust::xxh3::xxh3_128;

/// Id of a dead letter: the same for the same failure, whoever makes it and however often. `identity` distinguishes
/// messages with the same body, and so does the client that sent them: nobody replaces another one's dead letter.
pub fn letter_id(queue: &str, client: &str, identity: &str, body: &[u8]) -> String {
    let mut seed = queue.as_bytes().to_vec();
    seed.extend_from_slice(&xxh3_128(body).to_le_bytes());
    if !client.is_empty() {
        // No identity begins like this: it is UTF-8.
        seed.push(0xff);
        seed.extend_from_slice(&xxh3_128(client.as_bytes()).to_le_bytes());
    }
    if !identity.is_empty() {
        seed.extend_from_slice(identity.as_bytes());
    }
    uuid::Uuid::from_u128(xxh3_128(&seed)).to_string()
}
