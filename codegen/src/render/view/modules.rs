//! Modules of messages: a folder for each package, and in it a file for each message with all that is declared inside.
//!
//! So a new message has a file of its own, and no other message's file changes.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, MessageDescriptor};

use super::names::{Taken, snake};

/// Where a message or an enum is declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its package.
    pub package: String,
    /// The message or enum of the package that it is, or is declared inside of.
    pub top: String,
    /// Its name below that; empty if it is that.
    pub local: String,
}

/// The modules of all places.
#[derive(Debug, Default)]
pub struct Modules(BTreeMap<String, Package>);

/// The modules of a package.
#[derive(Debug, Default)]
struct Package {
    module: String,
    files: BTreeMap<String, String>,
}

// === impl Place ===

impl Place {
    /// A message's.
    pub fn of(message: &MessageDescriptor) -> Self {
        Place::named(message.full_name(), message.package_name())
    }

    /// An enum's.
    pub fn of_enum(names: &EnumDescriptor) -> Self {
        Place::named(names.full_name(), names.package_name())
    }

    fn named(full_name: &str, package: &str) -> Self {
        let inside = full_name.strip_prefix(package).unwrap_or(full_name);
        let inside = inside.trim_start_matches('.');
        let (top, local) = inside.split_once('.').unwrap_or((inside, ""));
        Place {
            package: package.to_owned(),
            top: top.to_owned(),
            local: local.to_owned(),
        }
    }
}

// === impl Modules ===

impl Modules {
    /// Names the modules of these places.
    pub fn of<'p>(places: impl Iterator<Item = &'p Place>) -> Self {
        let places: BTreeSet<_> = places.map(|place| (&place.package, &place.top)).collect();
        let mut modules = Modules::default();
        let mut folders = Taken::with(&["mod"]);
        let mut files: BTreeMap<&String, Taken> = BTreeMap::new();
        for (package, top) in places {
            let known = modules.0.entry(package.clone()).or_insert_with(|| Package {
                module: folders.claim(snake(package)),
                files: BTreeMap::new(),
            });
            let taken = files
                .entry(package)
                .or_insert_with(|| Taken::with(&["mod"]));
            known.files.insert(top.clone(), taken.claim(snake(top)));
        }
        modules
    }

    /// The modules of a place: its package's, and its file's.
    pub fn modules(&self, place: &Place) -> (&str, &str) {
        let package = self.0.get(&place.package);
        let file = package.and_then(|package| package.files.get(&place.top));
        (
            package.map_or("", |package| &package.module),
            file.map_or("", String::as_str),
        )
    }

    /// The module of a place's file, as a path.
    pub fn path(&self, place: &Place) -> String {
        let (package, file) = self.modules(place);
        format!("{package}::{file}")
    }

    /// The packages: name, module, and the modules of its files in order.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &str, Vec<&str>)> {
        self.0.iter().map(|(name, package)| {
            let mut files: Vec<&str> = package.files.values().map(String::as_str).collect();
            files.sort_unstable();
            (name.as_str(), package.module.as_str(), files)
        })
    }
}
