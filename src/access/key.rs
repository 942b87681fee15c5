//! Write key: `eg_ENV_ID_SECRET`, its parts and its digest, and how a new one is made.

use flate2::Crc;
use rand::Rng as _;
use rand::distr::Alphanumeric;
use sha2::{Digest as _, Sha256};

/// Regular expression that finds keys, for scanners of secrets.
pub const PATTERN: &str = r"\beg_[a-z0-9]{1,16}_[A-Za-z][0-9A-Za-z]{11}_[0-9A-Za-z]{49}\b";

/// What every key begins with.
pub(super) const PREFIX: &str = "eg_";

/// Length of an id, in characters.
const ID: usize = 12;

/// Length of the random part of a secret, in characters of 62: 256 bits.
const RANDOM: usize = 43;

/// Length of the check behind it: the CRC-32 of all that is before it, in characters of 62.
const CHECK: usize = 6;

/// Maximum length of the environment's name, in characters.
const ENVIRONMENT: usize = 16;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// SHA-256 of a whole key.
pub(super) type KeyDigest = [u8; 32];

/// Key as it was presented; its form is right, and nothing else is known of it.
#[derive(Clone, Copy)]
pub(super) struct PresentedKey<'a> {
    text: &'a str,
    /// Public part, by which the key is found.
    pub(super) id: &'a str,
}

/// A key that was just made. It is shown once, and its digest is kept.
pub struct Made {
    /// Public part, by which the key is found.
    pub id: String,
    /// The whole key.
    pub text: String,
}

impl<'a> PresentedKey<'a> {
    /// Reads a key; none if the text has another form, or is mistyped.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (environment, rest) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let (id, secret) = rest.split_once('_')?;
        let fits = is_environment(environment) && is_id(id) && is_secret(secret);
        let (checked, check) = text.split_at_checked(text.len().checked_sub(CHECK)?)?;
        (fits && self::check(checked) == check).then_some(PresentedKey { text, id })
    }

    /// SHA-256 of the key.
    pub(super) fn digest(self) -> KeyDigest {
        digest(self.text)
    }
}

/// SHA-256 of a key, as the key file holds it.
pub(super) fn digest(text: &str) -> KeyDigest {
    Sha256::digest(text.as_bytes()).into()
}

/// Makes a key of an environment, whose name [`is_environment`].
pub fn make(environment: &str) -> Made {
    make_of(environment, &mut rand::rng())
}

/// The same of these random numbers, for tests: whoever knows them knows the key.
pub fn make_of(environment: &str, random: &mut impl rand::Rng) -> Made {
    let mut id = String::with_capacity(ID);
    // A text that begins with a letter is never a number in YAML.
    id.push(char::from(random.random_range(b'a'..=b'z')));
    id.extend(sample(random, ID - 1));
    let secret: String = sample(random, RANDOM).collect();
    let mut text = format!("{PREFIX}{environment}_{id}_{secret}");
    let check = check(&text);
    text.push_str(&check);
    Made { id, text }
}

fn sample(random: &mut impl rand::Rng, count: usize) -> impl Iterator<Item = char> {
    random.sample_iter(Alphanumeric).take(count).map(char::from)
}

/// True if a text can be the environment of a key, as in `live` or `test`.
pub fn is_environment(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty() && text.len() <= ENVIRONMENT && text.bytes().all(fits)
}

/// True if a text can be the id of a key.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == ID
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_secret(text: &str) -> bool {
    text.len() == RANDOM + CHECK && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// CRC-32 of a text, in characters of 62.
fn check(text: &str) -> String {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    let mut rest = crc.sum() as usize;
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS.get(rest % DIGITS.len()).copied().unwrap_or(b'0');
        rest /= DIGITS.len();
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_reads_as_what_it_is_and_a_mistyped_one_does_not() {
        let made = make("live");
        let read = PresentedKey::read(&made.text);
        assert_eq!(read.map(|key| key.id), Some(made.id.as_str()));
        assert_eq!(made.text.len(), "eg_live__".len() + ID + RANDOM + CHECK);
        let at = made.text.len() - 20;
        let other = if made.text[at..].starts_with('a') {
            "b"
        } else {
            "a"
        };
        let mut mistyped = made.text.clone();
        mistyped.replace_range(at..=at, other);
        assert!(PresentedKey::read(&mistyped).is_none());
        for wrong in [
            "",
            "eg_",
            "eg__a_b",
            &made.text[..made.text.len() - 1],
            &format!("{}a", made.text),
            &made.text.replacen("live", "LIVE", 1),
            &made.text.replacen("eg_", "sk_", 1),
        ] {
            assert!(PresentedKey::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn no_two_keys_are_alike() {
        let (one, other) = (make("test"), make("test"));
        assert_ne!(one.id, other.id);
        assert_ne!(one.text, other.text);
    }
}
