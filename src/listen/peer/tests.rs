//! Verdicts on connections, and shares of a peer.

use super::*;

fn peer() -> Arc<Peer> {
    let address = ([127, 0, 0, 1], 1).into();
    Arc::new(Peer::new("test", address, Arc::default()))
}

fn after(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[test]
fn whoever_says_nothing_or_half_a_head_is_cut() {
    let silent = peer();
    assert_eq!(silent.verdict(after(9)), ConnectionVerdict::Stays);
    assert_eq!(silent.verdict(after(11)), ConnectionVerdict::Cut("silent"));
    silent.heard(&PREFACE[..10]);
    assert_eq!(silent.verdict(after(11)), ConnectionVerdict::Cut("silent"));
    let half = peer();
    half.heard(b"POST /event/dispatch HTTP/1.1\r\nhost: a\r\n");
    assert_eq!(half.verdict(after(11)), ConnectionVerdict::Cut("head"));
    let request = half.request(Version::HTTP_11);
    assert_eq!(half.verdict(after(1000)), ConnectionVerdict::Stays);
    drop(request);
    half.heard(b"\r\n");
    assert_eq!(half.verdict(after(70)), ConnectionVerdict::Stays);
    assert_eq!(half.verdict(after(80)), ConnectionVerdict::Leaves("idle"));
}

#[test]
fn http2_connections_wait_longer_for_calls_and_grow_old() {
    let peer = peer();
    peer.heard(PREFACE);
    assert_eq!(peer.verdict(after(200)), ConnectionVerdict::Stays);
    assert_eq!(peer.verdict(after(310)), ConnectionVerdict::Leaves("idle"));
    let _call = peer.request(Version::HTTP_2);
    assert_eq!(peer.verdict(after(1600)), ConnectionVerdict::Stays);
    assert_eq!(peer.verdict(after(2000)), ConnectionVerdict::Leaves("age"));
}

#[test]
fn what_never_ends_keeps_no_connection_from_leaving() {
    let peer = peer();
    let watch = peer.request(Version::HTTP_2);
    assert!(peer.idle().is_none());
    let endless = peer.endless(1);
    assert!(endless.is_some() && peer.endless(1).is_none());
    assert!(peer.idle().is_some());
    let call = peer.request(Version::HTTP_2);
    assert!(peer.idle().is_none());
    drop(call);
    assert!(peer.idle().is_some());
    // It isn't idle, but it grows old.
    assert_eq!(peer.verdict(after(1600)), ConnectionVerdict::Stays);
    assert_eq!(peer.verdict(after(2000)), ConnectionVerdict::Leaves("age"));
    drop((watch, endless));
    assert_eq!(peer.verdict(after(310)), ConnectionVerdict::Leaves("idle"));
}

#[test]
fn answers_have_to_be_read() {
    let peer = peer();
    let call = peer.request(Version::HTTP_2);
    peer.stuck(true);
    assert_eq!(peer.verdict(after(31)), ConnectionVerdict::Cut("unread"));
    peer.stuck(false);
    assert_eq!(peer.verdict(after(61)), ConnectionVerdict::Stays);
    let piece = Arc::new(call).piece();
    assert_eq!(peer.verdict(after(61)), ConnectionVerdict::Cut("unread"));
    drop(piece);
    assert_eq!(peer.verdict(after(61)), ConnectionVerdict::Stays);
}

#[test]
fn a_connection_has_its_share_of_what_is_unfinished() {
    let peer = peer();
    assert!(peer.upload(60, 100));
    assert!(!peer.upload(60, 100));
    assert!(peer.upload(40, 100));
    peer.uploaded(60);
    assert!(peer.upload(60, 100));
}
