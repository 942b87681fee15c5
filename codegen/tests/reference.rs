//! The reference of the expression language in `docs/pipeline.md` is what the functions say of themselves.
//!
//! `UPDATE_EXPECT=1` writes it anew.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use event_grpc_codegen::function::reference::table;

#[test]
fn the_table_of_functions_is_what_they_say_of_themselves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pipeline.md");
    let page = fs::read_to_string(&path).unwrap();
    let table = table();
    let head = table.lines().next().unwrap();
    let start = page.find(head).unwrap();
    let length = page[start..].find("\n\n").unwrap() + 1;
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let page = [&page[..start], &table, &page[start + length..]].concat();
        fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(
        page[start..][..length],
        table,
        "UPDATE_EXPECT=1 writes the table of docs/pipeline.md anew"
    );
}
