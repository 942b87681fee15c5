//! Numbers and what they are as integers and floats.

use super::*;

#[test]
fn a_number_is_written_as_it_came() {
    for text in [
        "0",
        "-0",
        "7",
        "-7",
        "10.50",
        "1e3",
        "1E+03",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1234567890123456789012",
        "0.1000000000000000055",
        "1e400",
    ] {
        assert_eq!(Number::written(text).to_string(), text);
    }
    assert_eq!(Number::from(5_u64), Number::from(5_i64));
    assert_eq!(
        Number::from_f64(1e16).map(|n| n.to_string()).as_deref(),
        Some("1e16")
    );
}

#[test]
fn integers_are_what_is_written_or_nothing() {
    for (text, wanted) in [
        ("5", Some(5)),
        ("+5", Some(5)),
        ("-5", Some(-5)),
        ("007", Some(7)),
        ("5.0", Some(5)),
        ("5.", Some(5)),
        ("0.5e1", Some(5)),
        ("50e-1", Some(5)),
        ("-0", Some(0)),
        ("0e999999999999999999999", Some(0)),
        ("1e3", Some(1000)),
        ("9007199254740993.0", Some(9_007_199_254_740_993)),
        ("9223372036854775808.0", Some(9_223_372_036_854_775_808)),
        ("1e37", Some(10_i128.pow(37))),
        ("1e38", None),
        ("1e99999999999999999999", None),
        ("1.5", None),
        ("1e-1", None),
        ("", None),
        (".", None),
        ("-", None),
        ("e5", None),
        ("1e", None),
        ("1e+", None),
        ("0x10", None),
        ("1_000", None),
        ("1,000", None),
        ("NaN", None),
        ("inf", None),
        ("١", None),
        ("--5", None),
        (" 5", None),
    ] {
        assert_eq!(integer(text), wanted, "{text}");
    }
    assert_eq!(Number::written("9223372036854775808.0").as_i64(), None);
    assert_eq!(
        Number::written("9223372036854775808.0").as_u64(),
        Some(1 << 63)
    );
    assert_eq!(Number::written("18446744073709551616").as_u64(), None);
}

#[test]
fn floats_hold_what_is_written_or_nothing() {
    for (text, wanted) in [
        ("0.1", Some(0.1)),
        ("10.50", Some(10.5)),
        ("0.1000000000000000055", Some(0.1)),
        ("-0", Some(-0.0)),
        ("0e400", Some(0.0)),
        ("1e23", Some(1e23)),
        ("1.2345678901234568e+21", Some(1.234_567_890_123_456_8e21)),
        ("9007199254740992", Some(9_007_199_254_740_992.0)),
        ("9007199254740993", None),
        ("9007199254740993.0", None),
        ("18446744073709551616", Some(18_446_744_073_709_551_616.0)),
        ("1234567890123456789012", None),
        ("1e400", None),
        ("-1e400", None),
        ("1e-400", None),
        ("5e-324", Some(5e-324)),
        ("1.7976931348623157e308", Some(f64::MAX)),
        ("inf", None),
        ("NaN", None),
        ("infinity", None),
        ("0x1p3", None),
    ] {
        assert_eq!(double(text), wanted, "{text}");
    }
    for (text, wanted) in [
        ("499.99", Some(499.99)),
        ("16777216", Some(16_777_216.0)),
        ("16777217", None),
        ("123456789", None),
        ("1e10", Some(1e10)),
        ("3.4028235e38", Some(f32::MAX)),
        ("1e39", None),
        ("1e-46", None),
        ("-0.0", Some(-0.0)),
    ] {
        assert_eq!(float(text), wanted, "{text}");
    }
}

#[test]
fn what_is_stored_of_a_number_is_the_number() {
    let plain = |text: &str| Number::written(text).plain();
    assert_eq!(plain("-0"), Ok(Plain::Signed(0)));
    assert_eq!(plain("18446744073709551615"), Ok(Plain::Unsigned(u64::MAX)));
    assert_eq!(plain("1.0"), Ok(Plain::Double(1.0)));
    let wide = |value: i128| {
        let mut bytes = [if value < 0 { 255 } else { 0 }; 32];
        bytes[..16].copy_from_slice(&value.to_le_bytes());
        Ok(Plain::Wide(bytes))
    };
    for value in [
        1_234_567_890_123_456_789_012,
        -1_234_567_890_123_456_789_012,
        i128::MAX,
        i128::MIN,
        -9_223_372_036_854_775_809,
    ] {
        assert_eq!(plain(&value.to_string()), wide(value));
    }
    assert!(matches!(plain(&"9".repeat(76)), Ok(Plain::Wide(_))));
    for refused in [&*"9".repeat(77), "1e400", "-1e400", "1e-400", "2e-324"] {
        assert!(plain(refused).is_err(), "{refused}");
    }
    assert_eq!(plain("0e-400"), Ok(Plain::Double(0.0)));
}
